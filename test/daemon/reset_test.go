package daemon_test

import (
	"fmt"
	"io/fs"
	"path/filepath"
	"testing"
	"time"

	"phoned/lab"
	"phoned/lab/oauth"
)

// After a reset to factory settings nothing is left. Tokens of the image's file
// that were spent before it are tried once, not at every start: the phone shows how
// to sign in.
func TestResetWithSpentTokens(t *testing.T) {
	x := newExchange(t, func(ex *lab.Exchange) string {
		return session(ex) + fmt.Sprintf("device_authorization_endpoint = %q\ntoken_endpoint = %q\nclient_id = \"phoned\"\n",
			ex.APIURL()+oauth.DevicePath, ex.APIURL()+oauth.DeviceTokenPath)
	})
	d := x.start(t)
	d.await("sip-registered", nil)
	x.OAuth.Expire()
	if err := d.post("session/refresh", ""); err != nil {
		t.Fatal(err)
	}
	d.await("token-refreshed", nil)
	if _, err := d.call(true); err != nil {
		t.Fatal(err)
	}
	if err := d.post("factory-reset", `{"confirm":"erase everything"}`); err != nil {
		t.Fatal(err)
	}
	<-d.exited
	if d.err != nil {
		t.Errorf("phoned ended with %v\n%s", d.err, d.log)
	}
	data := filepath.Join(x.dir, "data")
	if err := filepath.WalkDir(data, func(path string, _ fs.DirEntry, err error) error {
		if path != data {
			t.Errorf("%s is left", path)
		}
		return err
	}); err != nil {
		t.Error(err)
	}

	d = x.start(t)
	d.refused = true
	d.await("auth-failed", nil)
	tried := x.OAuth.Counts()["refresh-token"]
	codes := x.showsCode(d, 0)
	d.kill()
	d = x.start(t) // auth-failed would fail the test now
	x.showsCode(d, codes)
	if n := x.OAuth.Counts()["refresh-token"]; n != tried {
		t.Errorf("the spent tokens were tried again: %d requests, then %d", tried, n)
	}
}

// showsCode waits until the phone has fetched a code to sign in with, beyond the
// first ones, and shows it.
func (x exchange) showsCode(d *daemon, first int) int {
	d.t.Helper()
	for limit := time.Now().Add(patience); time.Now().Before(limit); {
		session, _ := d.get("status")["session"].(map[string]any)
		if n := x.OAuth.Counts()["device"]; n > first && session["state"] == "signing_in" {
			return n
		}
		d.pause(100 * time.Millisecond)
	}
	d.t.Fatalf("the phone never showed a code: %v\n%s", d.get("status"), d.log)
	return 0
}
