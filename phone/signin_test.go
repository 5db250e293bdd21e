package phone

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"
)

// Whatever stands on a computer's keyboard can be typed into a password, and
// what an address may hold into an e-mail and a server's address.
func TestEveryCharacterCanBeTyped(t *testing.T) {
	const ascii = " !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~"
	for kind, want := range map[FormKind]string{
		FormPassword: ascii + "äöüßéÄÖÜ€§",
		FormEmail:    "abcdefghijklmnopqrstuvwxyz0123456789@.-_+!#$%&'*/=?^`{|}~",
		FormHost:     "abcdefghijklmnopqrstuvwxyz0123456789.-:/_",
	} {
		can := map[rune]bool{}
		for _, mode := range []TextMode{ModeLower, ModeUpper, ModeDigits} {
			for _, key := range "0123456789*" {
				set := kind.Letters(byte(key))
				if len(set) == 0 {
					t.Fatalf("%s: key %c writes nothing", kind, key)
				}
				for n := range set {
					f := newForm("x", "", kind, "")
					f.mode = mode
					for range n + 1 {
						f.press(byte(key))
					}
					if mode != ModeDigits && len(f.text) != 1 {
						t.Fatalf("%s: %d presses of %c write %q", kind, n+1, key, string(f.text))
					}
					can[f.text[0]] = true
				}
			}
		}
		for _, r := range want {
			if !can[r] {
				t.Errorf("%s: no key writes %q", kind, r)
			}
		}
	}
}

// Neither a record of events nor a printed effect holds a password.
func TestRecordHidesThePassword(t *testing.T) {
	var seen []string
	var effects []string
	l := NewLoop(New(Settings{}), time.Now, func(out []Effect) {
		for _, x := range out {
			effects = append(effects, fmt.Sprintf("%v %+v %#v", x, x, x))
		}
	})
	done := make(chan struct{})
	l.Record = func(e Event) {
		seen = append(seen, fmt.Sprint(e.What))
		if _, ok := e.What.(Heartbeat); ok {
			close(done)
		}
	}
	go l.Run(context.Background())
	defer l.Close()
	l.Post(SignInWaysChanged{SignInWays{Password: true}})
	press := func(keys ...Key) {
		for _, k := range keys {
			l.Post(KeyDown{k})
			l.Post(KeyUp{k})
		}
	}
	press(KeySoft1, "2", "1", "1", "3", KeyOK) // a@d
	press("7", "8", "9", "*", "4", "1", KeySoft3, KeySoft3, "5", KeyOK)
	l.Post(Heartbeat{})
	<-done
	s := strings.Join(seen, " ")
	if want := "{ok} {ok}" + strings.Repeat(" {0} {0}", 6) + " {sk3} {sk3} {sk3} {sk3} {0} {0} {ok} {ok}"; !strings.Contains(s, want) {
		t.Errorf("recorded %s, wanted %s", s, want)
	}
	out := strings.Join(effects, "\n")
	if strings.Contains(out, "ptw*g.5") || !strings.Contains(out, "SignInWith") || !strings.Contains(out, "a@d") {
		t.Errorf("the effects are %s", out)
	}
}
