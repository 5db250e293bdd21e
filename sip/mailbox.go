package sip

import "sync"

// mailbox is an unbounded queue in order. Putting never blocks; what feeds it
// from the network waits for its message to be handled, so it stays short.
type mailbox[T any] struct {
	mu     sync.Mutex
	items  []T
	closed bool
	wake   chan struct{}
}

func newMailbox[T any]() *mailbox[T] { return &mailbox[T]{wake: make(chan struct{}, 1)} }

// put reports false when the box is closed and the item was not taken.
func (m *mailbox[T]) put(v T) bool {
	m.mu.Lock()
	if m.closed {
		m.mu.Unlock()
		return false
	}
	m.items = append(m.items, v)
	m.mu.Unlock()
	m.signal()
	return true
}

func (m *mailbox[T]) signal() {
	select {
	case m.wake <- struct{}{}:
	default:
	}
}

// close lets serve return after what is already queued.
func (m *mailbox[T]) close() {
	m.mu.Lock()
	m.closed = true
	m.mu.Unlock()
	m.signal()
}

// serve hands every item to f, in order, until the box is closed and empty.
func (m *mailbox[T]) serve(f func(T)) {
	for {
		m.mu.Lock()
		items, closed := m.items, m.closed
		m.items = nil
		m.mu.Unlock()
		for _, v := range items {
			f(v)
		}
		if len(items) > 0 {
			continue
		}
		if closed {
			return
		}
		<-m.wake
	}
}
