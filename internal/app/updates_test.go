package app

import (
	"testing"

	"phoned/phone"
	"phoned/update"
)

func TestFactsOfThePhone(t *testing.T) {
	line := func(s phone.LineState) []phone.LineView {
		return []phone.LineView{{State: phone.LineFailed}, {State: s}}
	}
	for _, c := range []struct {
		name string
		v    phone.View
		want update.Facts
	}{
		{"idle", phone.View{}, update.Facts{Ready: true}},
		{"in service", phone.View{Lines: line(phone.LineRegistered)}, update.Facts{Ready: true, Registered: true}},
		{"not yet", phone.View{Lines: line(phone.LineConnecting)}, update.Facts{Ready: true}},
		{"a call", phone.View{Calls: make([]phone.CallView, 1)}, update.Facts{Ready: true, Busy: true}},
		{"dial tone", phone.View{OffHook: true}, update.Facts{Ready: true, Busy: true}},
		{"digits", phone.View{Screen: phone.ScreenDialing}, update.Facts{Ready: true, Busy: true}},
		{"keeps nothing", phone.View{Problems: []phone.ProblemInfo{{Code: codeStoreUnusable, Detail: "full"}}}, update.Facts{Ready: true, Fault: "full"}},
		{"other problems", phone.View{Problems: []phone.ProblemInfo{{Code: "oauth.unreachable"}}}, update.Facts{Ready: true}},
	} {
		if got := factsOf(c.v); got != c.want {
			t.Errorf("%s: %+v, expected %+v", c.name, got, c.want)
		}
	}
}
