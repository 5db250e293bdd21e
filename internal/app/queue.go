package app

import "sync"

// queue runs functions one after another on a goroutine of its own. Add never
// blocks, so the core's loop may call it; close lets what is queued finish.
type queue struct {
	mu     sync.Mutex
	todo   []func()
	wake   chan struct{}
	closed bool
	done   chan struct{}
}

func newQueue() *queue {
	q := &queue{wake: make(chan struct{}, 1), done: make(chan struct{})}
	go q.run()
	return q
}

// add puts f at the end; after close it does nothing and reports false.
func (q *queue) add(f func()) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return false
	}
	q.todo = append(q.todo, f)
	q.signalLocked()
	return true
}

// close ends the queue after everything that was added before has run.
func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.signalLocked()
}

func (q *queue) signalLocked() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

func (q *queue) run() {
	defer close(q.done)
	for range q.wake {
		for {
			q.mu.Lock()
			todo, closed := q.todo, q.closed
			q.todo = nil
			q.mu.Unlock()
			for _, f := range todo {
				f()
			}
			if len(todo) == 0 {
				if closed {
					return
				}
				break
			}
		}
	}
}
