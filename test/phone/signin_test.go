package phone_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"phoned/lab"
	"phoned/lab/oauth"
	"phoned/phone"
	"phoned/ui"
)

var labDefault lab.Config

// byCode is the configuration of a phone that nobody is signed in on.
func byCode(ex *lab.Exchange) string {
	return fmt.Sprintf("oauth_endpoint = %q\nws_servers = [%q]\ndevice_authorization_endpoint = %q\ntoken_endpoint = %q\nclient_id = %q\n",
		ex.OAuthURL(), ex.WSSURL(), ex.APIURL()+oauth.DevicePath, ex.APIURL()+oauth.DeviceTokenPath, oauth.DeviceClient)
}

// A phone out of the box: a code and its QR code, entered at another device,
// and the phone is registered and calls. A code that runs out is replaced.
func TestSignInByCode(t *testing.T) {
	t.Parallel()
	ex := newLab(t, labDefault)
	w := start(t, setup{external: ex, config: byCode(ex)})
	code := func(v phone.View) bool { return v.Session.State == phone.SessionPending && v.Session.Code != "" }
	v := w.until("a code", code)
	s, ok := ui.Build(v, ui.EnvOf(v, w.clock.Now())).Body.(ui.SignIn)
	if !ok || s.Code != v.Session.Code || !strings.Contains(s.Payload, v.Session.Code) || !strings.HasPrefix(s.Payload, ex.APIURL()) {
		t.Fatalf("the screen is no sign-in with a QR code: %+v", s)
	}
	old := v.Session.Code
	ex.OAuth.ExpireCodes()
	w.clock.leap(2 * time.Second)
	v = w.until("a new code", func(v phone.View) bool { return code(v) && v.Session.Code != old })
	if err := ex.OAuth.Approve("WRONG-CODE", lab.Email("1001")); !errors.Is(err, oauth.ErrCode) {
		t.Error("a wrong code was taken:", err)
	}
	w.must(ex.OAuth.Approve(strings.ToLower(v.Session.Code), lab.Email("1001")))
	w.clock.leap(2 * time.Second)
	w.registered()
	w.dial("9196")
	w.active()
	w.hangUp()
	w.gone()

	// Signed out on the phone's side by the server: a new code is offered.
	if v := w.Phone.View(); v.Session.User != "123" {
		t.Errorf("signed in as %q", v.Session.User)
	}
}

// The person says no: the phone says that nobody is signed in and stays alive.
func TestSignInByCodeIsRefused(t *testing.T) {
	t.Parallel()
	ex := newLab(t, labDefault)
	w := start(t, setup{external: ex, config: byCode(ex)})
	v := w.until("a code", func(v phone.View) bool { return v.Session.Code != "" })
	w.must(ex.OAuth.Approve(v.Session.Code, ""))
	w.clock.leap(2 * time.Second)
	w.problem("signin.denied")
	w.until("no code", func(v phone.View) bool { return v.Session.State == phone.SessionOut && v.Session.Code == "" })
	w.softKey(phone.ActSignIn)
	w.screen(phone.ScreenMenu)
	w.press("ok") // by QR code
	v = w.until("another code", func(v phone.View) bool { return v.Session.Code != "" })
	w.healed("signin.denied")
	w.must(ex.OAuth.Approve(v.Session.Code, lab.Email("1002")))
	w.clock.leap(2 * time.Second)
	v = w.registered()
	if v.Lines[0].Number != "1002" {
		t.Errorf("signed in as %+v", v.Lines[0])
	}
}
