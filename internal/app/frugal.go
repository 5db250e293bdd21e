package app

import (
	"context"
	"os"
	"runtime/debug"
	"time"
)

// startLasts is when a phone stands and what its start needed can be given back.
const startLasts = 8 * time.Second

// SaveMemory suits the process to a board with little of it: the heap may grow by
// half of what is in use before it is cleaned (a phone makes little garbage, so
// this costs next to nothing), and what the start needed goes back to the system
// when it is over. GOGC in the environment wins. For programs that are a phone;
// it holds for the whole process.
func SaveMemory(ctx context.Context) {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(50)
	}
	after := time.AfterFunc(startLasts, debug.FreeOSMemory)
	context.AfterFunc(ctx, func() { after.Stop() })
}
