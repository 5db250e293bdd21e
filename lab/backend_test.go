package lab_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"testing"

	"phoned/lab"
	"phoned/lab/faults"
)

// ask sends one request; body nil: GET.
func ask(t *testing.T, ex *lab.Exchange, method, url, bearer string, in any) (int, map[string]any, http.Header) {
	t.Helper()
	var body io.Reader
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			t.Fatal(err)
		}
		body = bytes.NewReader(b)
	}
	r, err := http.NewRequestWithContext(t.Context(), method, url, body)
	if err != nil {
		t.Fatal(err)
	}
	if bearer != "" {
		r.Header.Set("Authorization", "Bearer "+bearer)
	}
	res, err := httpClient(ex).Do(r)
	if err != nil {
		return 0, nil, nil
	}
	defer res.Body.Close()
	var out map[string]any
	_ = json.NewDecoder(res.Body).Decode(&out) // lists and garbage give nil
	return res.StatusCode, out, res.Header
}

func TestSignIn(t *testing.T) {
	ex := startLab(t, lab.Config{})
	o := ex.OAuthURL()
	if code, _, _ := ask(t, ex, "POST", o+"/token", "", map[string]string{"email": "1001@lab.test", "password": "no"}); code != 401 {
		t.Fatal(code)
	}
	_, out, _ := ask(t, ex, "POST", o+"/token", "", map[string]string{"email": "1001@lab.test", "password": lab.AccountPassword})
	tok := out["data"].(map[string]any)
	access, refresh := tok["access_token"].(string), tok["refresh_token"].(string)
	code, out, _ := ask(t, ex, "GET", o+"/session", access, nil)
	user := out["user"].(map[string]any)
	dom := user["dialer_config"].(map[string]any)["domains"].([]any)[0].(map[string]any)
	if code != 200 || user["user_id"] != 123.0 || dom["sip_domain"] != "prod-registration" || dom["sip_proxy_1"] != "127.0.0.1" {
		t.Fatal(out)
	}
	code, out, _ = ask(t, ex, "POST", o+"/refresh-token", "", map[string]string{"refresh_token": refresh})
	if code != 200 || out["access_token"] == access || out["user"].(map[string]any)["user_id"] != nil {
		t.Fatal(code, out)
	}
	if code, out, _ := ask(t, ex, "POST", o+"/refresh-token", "", map[string]string{"refresh_token": refresh}); code != 400 || out["error"] != "invalid_grant" {
		t.Fatal(code, out)
	}
	next := out["refresh_token"].(string)
	ex.OAuth.Expire()
	if code, _, _ := ask(t, ex, "GET", o+"/session", access, nil); code != 401 {
		t.Fatal(code)
	}
	// The answer is lost after the token was used up.
	if err := ex.Faults.SetHTTP("refresh", faults.HTTP{Lose: true, Times: 1}); err != nil {
		t.Fatal(err)
	}
	if code, _, _ := ask(t, ex, "POST", o+"/refresh-token", "", map[string]string{"refresh_token": next}); code != 0 {
		t.Fatal(code)
	}
	if code, _, _ := ask(t, ex, "POST", o+"/refresh-token", "", map[string]string{"refresh_token": next}); code != 400 {
		t.Fatal(code)
	}
}

func TestHTTPFaults(t *testing.T) {
	ex := startLab(t, lab.Config{})
	access, _, _ := ex.Tokens("1001")
	session := ex.OAuthURL() + "/session"
	for _, f := range []faults.HTTP{{Status: 401, Times: 1}, {Status: 403, Times: 1}, {Status: 429, RetryAfter: 3, Times: 1}, {Status: 503, Times: 1}} {
		if err := ex.Faults.SetHTTP("*", f); err != nil {
			t.Fatal(err)
		}
		code, _, h := ask(t, ex, "GET", session, access, nil)
		if code != f.Status || f.RetryAfter > 0 && h.Get("Retry-After") != "3" {
			t.Fatal(code, h)
		}
		if code, _, _ := ask(t, ex, "GET", session, access, nil); code != 200 {
			t.Fatal(code)
		}
	}
	ex.Faults.SetToken(faults.Token{SkewS: 7200})
	if code, _, _ := ask(t, ex, "GET", session, access, nil); code != 401 {
		t.Fatal("a token outlived its hour", code)
	}
	for shape, want := range map[string]bool{"no-domains": true, "extra": true, "garbage": false, "wrong-types": true} {
		ex.Faults.SetToken(faults.Token{SessionShape: shape})
		if _, out, _ := ask(t, ex, "GET", session, access, nil); (out != nil) != want {
			t.Error(shape, out)
		}
	}
	for _, bad := range []string{"expired", "name", "unknown"} {
		ex.Faults.SetToken(faults.Token{BadCertificate: bad})
		if code, _, _ := ask(t, ex, "GET", session, access, nil); code != 0 {
			t.Error("accepted a certificate that is", bad)
		}
	}
	ex.Faults.Clear()
	if code, _, _ := ask(t, ex, "GET", session, access, nil); code != 200 {
		t.Fatal(code)
	}
}

func TestHistory(t *testing.T) {
	ex := startLab(t, lab.Config{})
	access, _, _ := ex.Tokens("1001")
	u := ex.APIURL() + "/api/call-history"
	rec := map[string]any{"callId": "c1", "userId": "123", "sipDomain": "prod-registration", "phoneNumber": "9196",
		"direction": "outbound", "disposition": "answered", "startedAt": 1}
	for _, want := range []int{201, 409} {
		if code, out, _ := ask(t, ex, "POST", u, access, rec); code != want {
			t.Fatal(code, out)
		}
	}
	if ex.OAuth.Posts("c1") != 2 || len(ex.OAuth.History()) != 1 {
		t.Fatal("counted wrong")
	}
	if code, _, _ := ask(t, ex, "PATCH", u+"/c1", access, map[string]any{"durationSeconds": 4}); code != 200 {
		t.Fatal(code)
	}
	_, out, _ := ask(t, ex, "GET", u+"?userId=123&sipDomain=prod-registration&limit=100&offset=0", access, nil)
	if out["total"] != 1.0 || out["hasMore"] != false || out["calls"].([]any)[0].(map[string]any)["durationSeconds"] != 4.0 {
		t.Fatal(out)
	}
	delete(rec, "phoneNumber")
	if code, _, _ := ask(t, ex, "POST", u, access, rec); code != 422 {
		t.Fatal(code)
	}
	if code, _, _ := ask(t, ex, "GET", u, "nonsense", nil); code != 401 {
		t.Fatal(code)
	}
}

func TestParkREST(t *testing.T) {
	ex := startLab(t, lab.Config{})
	access, _, _ := ex.Tokens("1001")
	code, _, h := ask(t, ex, "GET", ex.APIURL()+"/v3/park-slots?domain=prod-registration", access, nil)
	if code != 200 || h.Get("ETag") == "" {
		t.Fatal(code, h)
	}
	code, out, _ := ask(t, ex, "POST", ex.APIURL()+"/v3/park-call", access,
		map[string]any{"extension": "700", "callUuid": "none", "sipDomain": "prod-registration"})
	if code != 404 || out["success"] != false {
		t.Fatal(code, out)
	}
	code, out, _ = ask(t, ex, "GET", ex.APIURL()+"/v3/phone-numbers?domainId=7&limit=1&status=provisioned", access, nil)
	if code != 200 || out["total"] != 2.0 || len(out["items"].([]any)) != 1 {
		t.Fatal(code, out)
	}
}

func TestAdmin(t *testing.T) {
	ex := startLab(t, lab.Config{})
	for path, want := range map[string]int{"/info": 200, "/faults": 200, "/tokens/1001": 200, "/tokens/9": 404, "/registered": 200} {
		if code, _, _ := ask(t, ex, "GET", ex.AdminURL()+path, "", nil); code != want {
			t.Error(path, code)
		}
	}
	if code, _, _ := ask(t, ex, "PUT", ex.AdminURL()+"/faults/sip", "", map[string]any{"lose_ack": 2}); code != 200 || ex.Faults.SIP().LoseACK != 2 {
		t.Error(code)
	}
	if code, _, _ := ask(t, ex, "PUT", ex.AdminURL()+"/faults/sip", "", map[string]any{"lost_ack": 2}); code != 400 {
		t.Error("an unknown switch was taken", code)
	}
	if code, _, _ := ask(t, ex, "PUT", ex.AdminURL()+"/faults/http/nothing", "", map[string]any{"status": 500}); code != 409 {
		t.Error(code)
	}
	if code, _, _ := ask(t, ex, "POST", ex.AdminURL()+"/second/hang-up", "", nil); code != 409 {
		t.Error(code)
	}
	if code, _, _ := ask(t, ex, "POST", ex.AdminURL()+"/revoke", "", nil); code != 200 {
		t.Error(code)
	}
}
