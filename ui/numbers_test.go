package ui

import (
	"testing"

	"phoned/phone"
)

// TestNumbersAreGrouped: numbers stand as people of the phone's country write
// them, on calls, in lists and in suggestions, whose typed digits are found
// all the same.
func TestNumbersAreGrouped(t *testing.T) {
	v := phone.View{Screen: phone.ScreenActive, Settings: phone.Settings{Country: "DE"},
		Calls: []phone.CallView{{ID: 1, State: phone.Active, Party: phone.Party{Name: "Mara", Number: "+493090182018"}}}}
	if c := Build(v, Env{Now: now}).Body.(Call); c.Number != "+49 30 90182018" {
		t.Errorf("call: %q", c.Number)
	}
	v.Calls[0].Party = phone.Party{Name: "03090182018", Number: "03090182018"}
	if c := Build(v, Env{Now: now}).Body.(Call); c.Name != "030 90182018" || c.Number != "" {
		t.Errorf("bare number: %q %q", c.Name, c.Number)
	}
	v.Screen, v.Input = phone.ScreenPredial, phone.Input{Text: "0309", Cursor: 4}
	v.Menu.Items = []phone.MenuItem{{ID: "1", Label: "Mara", Value: "03090182018"}}
	r := Build(v, Env{Now: now}).Body.(Entry).Rows[1]
	if r.Value.S != "030 90182018" || r.Value.S[r.Hit[0]:r.Hit[1]] != "030 9" {
		t.Errorf("suggestion: %+v", r)
	}
}

// TestTransferToast: what became of it, why, and who is back.
func TestTransferToast(t *testing.T) {
	v := phone.View{Screen: phone.ScreenIdle, Toast: &phone.Toast{Code: phone.ToastTransferBack, Arg: "1002", Why: phone.CauseBusy, Who: "Workshop", Since: now}}
	if s := Build(v, Env{Now: now}).Toast; s.Text != "1002: Busy – Workshop is back" {
		t.Errorf("%q", s.Text)
	}
}
