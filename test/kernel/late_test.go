//go:build kernel

package kernel

import (
	"testing"
	"time"

	boardfile "phoned/hal/board"
)

// testLateLines: a hook switch on a GPIO chip that comes after the board was started is
// taken; when the chip goes, that is told; and the one that takes its place works.
func testLateLines(t *testing.T) {
	told := make(chan boardfile.Missing, 64)
	d, wrong := boardfile.Start(&boardfile.File{Hook: &boardfile.Hook{Line: "late:GPIO5", OffHook: "low"}}, func(m boardfile.Missing) { told <- m })
	if len(wrong) > 0 {
		t.Fatalf("%+v", wrong)
	}
	defer d.Close()
	await := func(what string, there bool) {
		t.Helper()
		for end := time.After(20 * time.Second); ; {
			select {
			case m := <-told:
				t.Logf("%s: %s %v", what, m.Part, m.Err)
				if (m.Err == nil) == there {
					return
				}
			case <-end:
				t.Fatalf("%s: never told", what)
			}
		}
	}
	for _, round := range []string{"the first chip", "the second chip"} {
		t.Run(round, func(t *testing.T) {
			chip := simChip(t, "late", "late")
			await(round+" comes", true)
			pull := func(how string, offHook bool) {
				t.Helper()
				write(t, chip+"/sim_gpio5/pull", how)
				for end := time.After(20 * time.Second); ; {
					select {
					case e := <-d.Hook.Events(): // the place at the start may come before
						if e.OffHook == offHook {
							return
						}
					case <-end:
						t.Fatalf("%s, %s: no event", round, how)
					}
				}
			}
			pull("pull-down", true)
			pull("pull-up", false)
		})
		await(round+" goes", false)
	}
}
