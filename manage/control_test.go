package manage

import (
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"phoned/phone"
)

func TestOrdersBecomeEvents(t *testing.T) {
	for _, c := range []struct {
		path, body string
		want       []phone.What
	}{
		{"keys", `{"key":"5"}`, []phone.What{phone.KeyDown{Key: "5"}, phone.KeyUp{Key: "5"}}},
		{"keys", `{"key":"vol+","action":"press"}`, []phone.What{phone.KeyDown{Key: "vol+"}, phone.KeyUp{Key: "vol+"}}},
		{"keys", `{"key":"#","action":"down"}`, []phone.What{phone.KeyDown{Key: "#"}}},
		{"keys", `{"key":"k8","action":"up"}`, []phone.What{phone.KeyUp{Key: "k8"}}},
		{"hook", `{"offHook":true}`, []phone.What{phone.HookMoved{OffHook: true}}},
		{"hook", `{"offHook":false}`, []phone.What{phone.HookMoved{}}},
		{"headset", `{"in":true}`, []phone.What{phone.HeadsetPlugged{In: true}}},
		{"commands/dial", `{"number":"9196","line":"main","callerId":"1001","callerIdName":"Front desk"}`,
			[]phone.What{phone.Dial{Number: "9196", Line: "main", Identity: phone.Party{Number: "1001", Name: "Front desk"}}}},
		{"commands/dial", ``, []phone.What{phone.Dial{}}},
		{"commands/answer", `{"callId":3}`, []phone.What{phone.Answer{Call: 3}}},
		{"commands/answer", ``, []phone.What{phone.Answer{}}},
		{"commands/reject", `{"callId":3}`, []phone.What{phone.Reject{Call: 3}}},
		{"commands/end", `{}`, []phone.What{phone.End{}}},
		{"commands/mute", ``, []phone.What{phone.SetMute{On: phone.Flip}}},
		{"commands/mute", `{"on":true}`, []phone.What{phone.SetMute{On: phone.On}}},
		{"commands/hold", `{"on":false,"callId":3}`, []phone.What{phone.SetHolding{Call: 3, On: phone.Off}}},
		{"commands/dtmf", `{"digits":"12*#AD"}`, []phone.What{phone.Digits{Digits: "12*#AD"}}},
		{"commands/record", `{"on":true}`, []phone.What{phone.Record{On: phone.On}}},
		{"commands/volume", `{"volume":0}`, []phone.What{phone.SetVolume{Percent: 0}}},
		{"commands/volume", `{"volume":100}`, []phone.What{phone.SetVolume{Percent: 100}}},
		{"commands/reconnect", `{}`, []phone.What{phone.Reconnect{}}},
		{"commands/wake", ``, []phone.What{phone.Wake{}}},
		{"commands/sleep", ``, []phone.What{phone.Sleep{}}},
		{"commands/toggle", ``, []phone.What{phone.ToggleDisplay{}}},
		{"commands/setTheme", `{"theme":"large-light"}`, []phone.What{phone.SetThemeTo{Theme: "large-light"}}},
	} {
		b := newBench(t)
		w := b.do(http.MethodPost, "/api/v1/"+c.path, c.body)
		if w.Code != http.StatusAccepted || w.Body.Len() != 0 {
			t.Errorf("%s %s: %d %s", c.path, c.body, w.Code, w.Body)
		}
		if got := b.phone.take(); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s %s: posted %#v, want %#v", c.path, c.body, got, c.want)
		}
	}
}

func TestBadOrdersAreProblemsAndPostNothing(t *testing.T) {
	large := `{"number":"` + strings.Repeat("1", 64<<10) + `"}`
	for _, c := range []struct {
		method, path, body string
		status             int
	}{
		{"POST", "keys", `{"key":"k9"}`, 422},
		{"POST", "keys", `{"key":""}`, 422},
		{"POST", "keys", `{"key":"5","action":"stroke"}`, 422},
		{"POST", "keys", `{"key":5}`, 400},
		{"POST", "keys", `{"key":"5","extra":1}`, 400},
		{"POST", "keys", `{"key":"5"}{"key":"6"}`, 400},
		{"POST", "keys", `{"key":"5"`, 400},
		{"POST", "keys", `["5"]`, 400},
		{"POST", "keys", ``, 400},
		{"POST", "hook", `{}`, 422},
		{"POST", "hook", `{"offHook":"yes"}`, 400},
		{"POST", "headset", `{}`, 422},
		{"POST", "commands/explode", ``, 404},
		{"POST", "commands/dial", `{"number":"` + strings.Repeat("1", maxNumber+1) + `"}`, 422},
		{"POST", "commands/dial", `{"number":"1\r\nVia: x"}`, 422},
		{"POST", "commands/dial", large, 413},
		{"POST", "commands/answer", `{"callId":4}`, 409},
		{"POST", "commands/dtmf", `{"digits":""}`, 422},
		{"POST", "commands/dtmf", `{"digits":"12x"}`, 422},
		{"POST", "commands/dtmf", `{"digits":"` + strings.Repeat("1", 65) + `"}`, 422},
		{"POST", "commands/volume", `{}`, 422},
		{"POST", "commands/setTheme", `{}`, 422},
		{"POST", "commands/setTheme", `{"theme":"pink"}`, 422},
		{"POST", "commands/volume", `{"volume":101}`, 422},
		{"POST", "commands/volume", `{"volume":-1}`, 422},
		{"POST", "nothing", `{}`, 404},
		{"GET", "nothing", ``, 404},
	} {
		b := newBench(t)
		wantProblem(t, b.do(c.method, "/api/v1/"+c.path, c.body), c.status)
		if got := b.phone.take(); len(got) != 0 {
			t.Errorf("%s %s posted %#v", c.path, c.body, got)
		}
	}
}

func TestCommandsForACallNeedOne(t *testing.T) {
	b := newBench(t)
	v := call()
	v.Calls[0].State = phone.Ended
	b.phone.show(v)
	for _, name := range []string{"answer", "reject", "end", "hold", "record"} {
		wantProblem(t, b.do(http.MethodPost, "/api/v1/commands/"+name, `{}`), http.StatusConflict)
	}
	wantProblem(t, b.do(http.MethodPost, "/api/v1/commands/dtmf", `{"digits":"1"}`), http.StatusConflict)
}

func TestAPhoneThatTakesNothingSaysSo(t *testing.T) {
	b := newBench(t)
	b.phone.full = true
	for path, body := range map[string]string{"keys": `{"key":"1"}`, "hook": `{"offHook":true}`, "headset": `{"in":true}`, "commands/reconnect": ``} {
		wantProblem(t, b.do(http.MethodPost, "/api/v1/"+path, body), http.StatusServiceUnavailable)
	}
	wantProblem(t, b.do(http.MethodPost, "/api/v1/keys", `{"key":"1","action":"down"}`), http.StatusServiceUnavailable)
}

func TestAKeyWithoutAPanelIsLetGoInTime(t *testing.T) {
	b := newBench(t)
	press := func(action, panel string) {
		t.Helper()
		if w := b.do(http.MethodPost, "/api/v1/keys", `{"key":"up","action":"`+action+`","panel":"`+panel+`"}`); w.Code != http.StatusAccepted {
			t.Fatal(w.Code, w.Body)
		}
	}
	press("down", "")
	b.clock.Advance(holdLimit - time.Second)
	press("down", "99") // a panel that does not exist is no panel: the time starts again
	b.phone.take()
	b.clock.Advance(holdLimit - time.Second)
	if got := b.phone.take(); len(got) != 0 {
		t.Fatalf("let go early: %#v", got)
	}
	b.clock.Advance(time.Second)
	if got := b.phone.take(); !reflect.DeepEqual(got, []phone.What{phone.KeyUp{Key: "up"}}) {
		t.Fatalf("after %v: %#v", holdLimit, got)
	}
	press("down", "")
	press("up", "")
	b.phone.take()
	b.clock.Advance(2 * holdLimit)
	if got := b.phone.take(); len(got) != 0 {
		t.Fatalf("let go twice: %#v", got)
	}
}

// FuzzOrders: whatever the body, an answer is 202 or a problem, and what
// reaches the phone is a key it has or a number it can dial.
func FuzzOrders(f *testing.F) {
	for _, path := range []string{"keys", "hook", "headset", "commands/dial", "commands/dtmf", "commands/volume", "commands/end"} {
		for _, body := range []string{`{"key":"5","action":"down"}`, `{"offHook":true}`, `{"in":false}`, `{"number":"9196","line":"x"}`, `{"digits":"1#"}`, `{"volume":50}`, ``, `{}`, `null`, "{\"number\":\"\xff\\u0000\"}"} {
			f.Add(path, body)
		}
	}
	f.Fuzz(func(t *testing.T, path, body string) {
		known := map[string]bool{"keys": true, "hook": true, "headset": true, "commands/dial": true, "commands/dtmf": true, "commands/volume": true, "commands/end": true}
		if !known[path] {
			path = "keys"
		}
		b := newBench(t)
		w := b.do(http.MethodPost, "/api/v1/"+path, body)
		posted := b.phone.take()
		if w.Code != http.StatusAccepted {
			wantProblem(t, w, w.Code)
			if len(posted) > 0 {
				t.Fatalf("%d and yet posted %#v", w.Code, posted)
			}
			return
		}
		for _, what := range posted {
			switch e := what.(type) {
			case phone.KeyDown:
				if !e.Key.Valid() {
					t.Fatalf("key %q", e.Key)
				}
			case phone.Dial:
				if strings.ContainsAny(e.Number, "\r\n\x00") || len([]rune(e.Number)) > maxNumber {
					t.Fatalf("number %q", e.Number)
				}
			case phone.SetVolume:
				if e.Percent < 0 || e.Percent > 100 {
					t.Fatalf("volume %d", e.Percent)
				}
			case phone.Digits:
				if e.Digits == "" || strings.Trim(e.Digits, "0123456789*#ABCD") != "" {
					t.Fatalf("digits %q", e.Digits)
				}
			}
		}
	})
}
