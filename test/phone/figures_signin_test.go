package phone_test

import (
	"testing"
	"time"

	"phoned/hal"
	"phoned/lab"
	"phoned/phone"
)

// From putting an empty phone together to a registered line, by each way to sign
// in: the keys pressed, and the phone's own time, that is without a person's. The
// lab approves at once and asks to be polled each second.
func TestFigureSignIn(t *testing.T) {
	measured(t)
	ex := newLab(t, labDefault)
	const rounds = 5
	var grant, page, keypad []time.Duration
	keys, settled := 0, 0
	for range rounds {
		began := time.Now()
		w := start(t, setup{external: ex, config: byCode(ex)})
		v := w.until("a code", func(v phone.View) bool { return v.Session.Code != "" })
		w.must(ex.OAuth.Approve(v.Session.Code, lab.Email("1001")))
		w.registered()
		grant = append(grant, time.Since(began))
		w.close(t)

		began = time.Now()
		w = start(t, setup{external: ex, config: byPassword(ex)})
		v = w.until("the page", func(v phone.View) bool { return v.Session.Fingerprint != "" })
		if status, why, _ := w.browse(v.Session.URL, v.Session.Code, lab.Email("1001"), lab.AccountPassword); status != 204 {
			t.Fatal(status, why)
		}
		w.registered()
		page = append(page, time.Since(began))
		w.close(t)

		began = time.Now()
		w = start(t, setup{external: ex, config: byPassword(ex)})
		w.screen(phone.ScreenSigningIn)
		w.softKey(phone.ActTypeIn)
		keys = 1 + w.hand().write(phone.FormEmail, lab.Email("1001"))
		w.must(w.keypad.Press(hal.Key("ok")))
		keys += 2 + w.hand().write(phone.FormPassword, lab.AccountPassword)
		w.must(w.keypad.Press(hal.Key("ok")))
		w.registered()
		keypad = append(keypad, time.Since(began))
		w.close(t)
		settled = 0
		for _, s := range append(strokes(t, phone.FormEmail, lab.Email("1001")), strokes(t, phone.FormPassword, lab.AccountPassword)...) {
			if s.settle {
				settled++
			}
		}
	}
	t.Logf("FIGURE empty phone to registered, device grant approved at once: no key, %s", spread(grant))
	t.Logf("FIGURE empty phone to registered, the phone's own page: no key, %s", spread(page))
	t.Logf("FIGURE empty phone to registered, keypad (%s, %d characters of password): %d keys, %d waits of 1 s for a letter, else %s",
		lab.Email("1001"), len(lab.AccountPassword), keys, settled, spread(keypad))
}
