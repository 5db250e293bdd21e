package app

import (
	"testing"

	"phoned/internal/health"
)

// A part that is waited for and not there fails the phone's test of itself, with the cause.
func TestBoardTrouble(t *testing.T) {
	list := []health.Problem{{Code: "board.key", Subject: "1", Detail: "stuck"}, {Code: "board.lamp", Subject: "mute", Title: "A lamp does not work."}, {Code: "board.hook", Detail: "line HOOK: busy"}}
	for code, want := range map[string]string{"board.hook": "line HOOK: busy", "board.lamp": "A lamp does not work.", "board.keypad": "", "board.panel": ""} {
		if why, bad := boardTrouble(list, code); why != want || bad != (want != "") {
			t.Errorf("%s: %q, %v", code, why, bad)
		}
	}
}
