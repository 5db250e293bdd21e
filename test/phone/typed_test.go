package phone_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"phoned/hal"
	"phoned/lab"
	"phoned/lab/faults"
	"phoned/phone"
	"phoned/ui"
)

// stroke is what writes one letter; the letter before is settled first if it is on
// the same key.
type stroke struct {
	keys   []string
	settle bool
}

// strokes write a text into a form that starts with small letters.
func strokes(t testing.TB, kind phone.FormKind, text string) []stroke {
	t.Helper()
	modes := []phone.TextMode{phone.ModeLower, phone.ModeUpper, phone.ModeDigits}
	var out []stroke
	mode, last := 0, ""
	for _, r := range text {
		key, n, want := "", 0, mode
		for _, k := range "1234567890*" {
			i := slices.Index(kind.Letters(byte(k)), unicode.ToLower(r))
			if i < 0 {
				continue
			}
			key, n = string(k), i+1
			switch {
			case unicode.IsUpper(r):
				want = 1
			case unicode.IsLower(r), mode == 2 && !unicode.IsDigit(r):
				want = 0
			case mode == 2:
				n = 1
			}
			break
		}
		if key == "" {
			t.Fatalf("no key writes %q", r)
		}
		var s stroke
		for ; mode != want; mode = (mode + 1) % len(modes) {
			s.keys = append(s.keys, "#")
			last = ""
		}
		s.settle = key == last && mode != 2
		s.keys = append(s.keys, slices.Repeat([]string{key}, n)...)
		last = key
		out = append(out, s)
	}
	return out
}

// hand writes into forms as a person does.
type hand struct {
	t     testing.TB
	clock *leaper
	press func(key string)
	until func(what string, is func(phone.View) bool)
}

// write types a text and reports how many keys that took.
func (h hand) write(kind phone.FormKind, text string) (keys int) {
	h.t.Helper()
	form := func(n int) func(phone.View) bool {
		return func(v phone.View) bool { return v.Form != nil && v.Form.Kind == kind && len([]rune(v.Form.Text)) == n }
	}
	h.until("an empty form "+string(kind), form(0))
	for i, s := range strokes(h.t, kind, text) {
		if s.settle {
			h.until("the letter is settled", func(v phone.View) bool {
				if !v.Form.Pending {
					return true
				}
				h.clock.leap(time.Second)
				return false
			})
		}
		for _, k := range s.keys {
			h.press(k)
			keys++
		}
		h.until("the next letter", form(i+1))
	}
	return keys
}

func (w *world) hand() hand {
	return hand{w.t, w.clock, func(k string) { w.must(w.keypad.Press(hal.Key(k))) }, func(what string, is func(phone.View) bool) { w.until(what, is) }}
}

func byPassword(ex *lab.Exchange) string {
	return fmt.Sprintf("oauth_endpoint = %q\nws_servers = [%q]\n", ex.OAuthURL(), ex.WSSURL())
}

// E-mail and password by the keypad alone. What was typed stays when the server
// refuses it or can't be reached; the world's listener finds the password nowhere.
func TestSignInByKeypad(t *testing.T) {
	t.Parallel()
	ex := newLab(t, labDefault)
	w := start(t, setup{external: ex, config: byPassword(ex)})
	w.screen(phone.ScreenSigningIn) // with the page of the phone's own
	w.softKey(phone.ActTypeIn)
	w.hand().write(phone.FormEmail, lab.Email("1002"))
	w.softKey(phone.ActNext)
	w.hand().write(phone.FormPassword, lab.AccountPassword+"x")
	w.softKey(phone.ActSignIn)
	v := w.until("a refusal", func(v phone.View) bool { return v.Form != nil && v.Form.Error != "" })
	if v.Form.Error != "form.error.password" || strings.Trim(v.Form.Text, "•") != "" || len([]rune(v.Form.Text)) != len(lab.AccountPassword)+1 {
		t.Fatalf("the form after a refusal: %+v", v.Form)
	}
	if e, ok := ui.Build(v, ui.EnvOf(v, w.clock.Now())).Body.(ui.Entry); !ok || e.Note.S != "Wrong e-mail or password" {
		t.Errorf("the screen says %+v", e)
	}
	w.softKey(phone.ActDelete)
	w.must(ex.Faults.SetHTTP("token", faults.HTTP{Status: 503, Times: 1}))
	w.softKey(phone.ActSignIn)
	w.until("trouble", func(v phone.View) bool { return v.Form != nil && v.Form.Error == "form.error.busy" })
	w.softKey(phone.ActSignIn)
	v = w.registered()
	if v.Lines[0].Number != "1002" || v.Form != nil {
		t.Errorf("signed in as %+v, form %+v", v.Lines[0], v.Form)
	}
	w.dial("9196")
	w.active()
	w.hangUp()
	w.gone()
}

// A phone that knows no server takes one by its keys, keeps it, and people sign
// in there. What can't be a server's address is asked for again.
func TestSignInServerByKeypad(t *testing.T) {
	t.Parallel()
	h := liveWith(t, nil, func(ex *lab.Exchange) string { return fmt.Sprintf("ws_servers = [%q]\n", ex.WSSURL()) })
	press := func(n int, keys ...phone.Key) {
		for _, k := range keys {
			h.phone(n).Phone.Post(phone.KeyDown{Key: k})
			h.phone(n).Phone.Post(phone.KeyUp{Key: k})
		}
	}
	write := func(n int, kind phone.FormKind, text string) {
		t.Helper()
		hand{t, h.clock, func(k string) { press(n, phone.Key(k)) }, func(what string, is func(phone.View) bool) { h.until(n, what, is) }}.write(kind, text)
	}
	h.until(1, "a way to sign in", func(v phone.View) bool {
		return v.Screen == phone.ScreenUnprovisioned && v.SoftKeys[0] == phone.ActSignIn
	})
	press(1, phone.KeySoft1)
	write(1, phone.FormHost, "x.:7:7")
	press(1, phone.KeyOK)
	h.until(1, "no server's address", func(v phone.View) bool { return v.Form != nil && v.Form.Error == "form.error.host" })
	for range 6 {
		press(1, phone.KeyBack)
	}
	write(1, phone.FormHost, strings.TrimSuffix(strings.TrimPrefix(h.lab.OAuthURL(), "https://"), "/oauth/internal"))
	press(1, phone.KeyOK)
	h.until(2, "another phone", func(v phone.View) bool { return v.Screen == phone.ScreenSigningIn && v.Session.URL != "" })
	if cfg, _, err := h.prov.Config(); err != nil || cfg.OAuthEndpoint.Value != h.lab.OAuthURL() {
		t.Fatalf("the server is %q, %v", cfg.OAuthEndpoint.Value, err)
	}
	h.clock.leap(time.Second) // a label that is new does not act yet
	press(2, phone.KeySoft4)  // Cancel: the ways are a choice
	h.until(2, "no code", func(v phone.View) bool { return v.Screen == phone.ScreenUnprovisioned })
	h.clock.leap(time.Second)
	press(2, phone.KeySoft1)
	h.until(2, "three ways", func(v phone.View) bool { return v.Screen == phone.ScreenMenu && len(v.Menu.Items) == 3 })
	press(2, phone.KeyArrowDown, phone.KeyOK)
	write(2, phone.FormEmail, lab.Email(extension))
	press(2, phone.KeyOK)
	write(2, phone.FormPassword, lab.AccountPassword)
	press(2, phone.KeyOK)
	h.registered(2)
}
