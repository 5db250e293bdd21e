package app

import (
	"errors"
	"testing"

	"phoned/manage"
	"phoned/phone"
)

// Who calls while an echo test dials is not taken for its call, and so not ended with
// it; a phone that ends is told at once.
func TestAnsweredIsTheCallThatWasDialled(t *testing.T) {
	caller := phone.CallView{ID: 1, Direction: phone.Inbound, State: phone.Incoming}
	dialled := phone.CallView{ID: 2, Direction: phone.Outbound, State: phone.Active, MediaUp: true}
	views := make(chan phone.View, 3)
	views <- phone.View{Calls: []phone.CallView{caller}}
	views <- phone.View{Calls: []phone.CallView{caller, dialled}}
	if call, cause, err := answered(t.Context(), views); call != dialled.ID || cause != "" || err != nil {
		t.Errorf("call %d, %q, %v", call, cause, err)
	}
	views <- phone.View{Calls: []phone.CallView{caller}}
	close(views)
	if call, _, err := answered(t.Context(), views); call != 0 || !errors.Is(err, manage.ErrNotNow) {
		t.Errorf("call %d, %v", call, err)
	}
}
