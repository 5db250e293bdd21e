package closegroup

import (
	"sync"
	"sync/atomic"
	"testing"
)

// Whoever gets in is waited for; whoever comes later is told so. The race
// detector watches those who come while the group closes.
func TestClose(t *testing.T) {
	for range 200 {
		var g Group
		var in, out atomic.Int32
		var callers sync.WaitGroup
		for range 4 {
			callers.Go(func() {
				g.Go(func() { in.Add(1); out.Add(1) })
				if g.Enter() {
					in.Add(1)
					out.Add(1)
					g.Leave()
				}
			})
		}
		g.Close()
		if i, o := in.Load(), out.Load(); i != o {
			t.Fatalf("closed with %d in and %d out", i, o)
		}
		seen := in.Load()
		if g.Go(func() { in.Add(1) }) || g.Enter() {
			t.Fatal("a closed group let somebody in")
		}
		g.Close()
		callers.Wait()
		if in.Load() != seen {
			t.Fatalf("%d came in after the end", in.Load()-seen)
		}
	}
}
