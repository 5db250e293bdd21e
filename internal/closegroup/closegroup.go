// Package closegroup has a sync.WaitGroup for those who can't know that its end
// has begun: callbacks of a library, connections that come in.
package closegroup

import "sync"

// Group counts goroutines until it is closed; from then on nobody gets in. A plain
// WaitGroup may not be joined while it is waited for. The zero value is ready, and
// all methods may be called concurrently.
type Group struct {
	mu     sync.Mutex
	closed bool
	wg     sync.WaitGroup
}

// Enter counts the caller in and reports whether it may go on; who entered must
// Leave.
func (g *Group) Enter() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return false
	}
	g.wg.Add(1)
	return true
}

// Leave counts the caller out.
func (g *Group) Leave() { g.wg.Done() }

// Go runs f on a goroutine of the group; on a closed group it does nothing and
// reports false.
func (g *Group) Go(f func()) bool {
	if !g.Enter() {
		return false
	}
	go func() {
		defer g.Leave()
		f()
	}()
	return true
}

// Close lets nobody in any more and waits for those who are. It is idempotent.
func (g *Group) Close() {
	g.mu.Lock()
	g.closed = true
	g.mu.Unlock()
	g.wg.Wait()
}
