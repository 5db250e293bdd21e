package phone

import (
	"slices"
	"testing"
)

func TestWordPairs(t *testing.T) {
	if got := wordPairs("a-b-c-d-e-f"); !slices.Equal(got, []string{"a-b", "c-d", "e-f"}) {
		t.Error(got)
	}
	if got := wordPairs(""); got != nil {
		t.Error(got)
	}
}

// TestForgettingAccountsAsksForThePIN: whoever may forget the accounts is the next
// administrator, so the phone's PIN stands before it where there is one.
func TestForgettingAccountsAsksForThePIN(t *testing.T) {
	begin := func(pin bool) *turn {
		s, _ := Step(New(Defaults(Settings{PINSet: pin})), Event{What: DeviceChanged{DeviceInfo{Web: WebInfo{Served: true, Accounts: 2}}}})
		tn := &turn{State: s}
		sub(menuWeb).do(tn)
		for _, e := range tn.webMenu() {
			if e.id == "web_forget" {
				e.do(tn)
				return tn
			}
		}
		t.Fatal("the menu has no such row")
		return nil
	}
	emitted := func(tn *turn) (forgot, asked bool) {
		for _, e := range tn.out {
			switch e.(type) {
			case ForgetAccounts:
				forgot = true
			case CheckPIN:
				asked = true
			}
		}
		return forgot, asked
	}
	tn := begin(false)
	if tn.page.menu != confirmForget {
		t.Errorf("without a PIN: %+v", tn.page)
	}
	tn = begin(true)
	if tn.page.form == nil || tn.page.form.id != "web_forget" {
		t.Fatalf("with a PIN: %+v", tn.page)
	}
	askPIN(tn, tn.page.form, "4711")
	if _, asked := emitted(tn); !asked {
		t.Fatal("the PIN is not checked")
	}
	tn.pinChecked(PINChecked{OK: false})
	if tn.page.form == nil {
		t.Errorf("a wrong PIN leads on: %+v", tn.page)
	}
	askPIN(tn, tn.page.form, "4712")
	tn.pinChecked(PINChecked{OK: true})
	if tn.page.menu != confirmForget {
		t.Fatalf("the right PIN does not lead on: %+v", tn.page)
	}
	tn.confirmed()
	if forgot, _ := emitted(tn); !forgot || tn.page.menu != menuWeb {
		t.Errorf("forgot %v, then %+v", forgot, tn.page)
	}
}
