// Package bench is the wire between a test and the agent inside the emulated board: the
// test asks, the agent answers, both by lines of JSON. Bytes may be lost or cut off at
// any moment, for the board is reset and its plug is pulled: every line has a line feed
// before it as well as after it, so that a torso spoils nothing behind it, and an answer
// is known by its question's number.
package bench

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"
)

// Order is a question. An empty one only asks whether somebody is there.
type Order struct {
	ID    int    `json:"id"`
	Shell string `json:"shell,omitempty"` // a command
	Get   string `json:"get,omitempty"`   // a URL
	Post  string `json:"post,omitempty"`  // a URL, with
	Body  string `json:"body,omitempty"`
	Type  string `json:"type,omitempty"` // of the body
}

// Answer is what became of it.
type Answer struct {
	ID   int    `json:"id"`
	Boot string `json:"boot"` // names the boot that answers
	Out  string `json:"out,omitempty"`
	Code int    `json:"code,omitempty"` // exit or HTTP status
	Err  string `json:"err,omitempty"`
}

// ErrSilent: no answer came in time. The order may have been carried out.
var ErrSilent = errors.New("the board is silent")

// write puts one line on the wire.
func write(w io.Writer, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	_, err = w.Write(append(append([]byte{'\n'}, b...), '\n'))
	return err
}

// Serve obeys orders from port, each on its own: one that hangs does not keep the
// others. It returns when reading fails; at the end of a file (nobody is connected) it
// asks idle, which takes its time, whether to go on.
func Serve(port io.ReadWriter, boot string, idle func() bool, obey func(Order) Answer) error {
	var mu sync.Mutex
	for lines := bufio.NewReader(port); ; {
		line, err := lines.ReadBytes('\n')
		switch {
		case err == nil:
		case errors.Is(err, io.EOF) && idle():
			continue
		default:
			return fmt.Errorf("read an order: %w", err)
		}
		var o Order
		if json.Unmarshal(line, &o) != nil || o.ID == 0 {
			continue
		}
		go func() {
			a := Answer{}
			if o.Shell != "" || o.Get != "" || o.Post != "" {
				a = obey(o)
			}
			a.ID, a.Boot = o.ID, boot
			mu.Lock()
			defer mu.Unlock()
			_ = write(port, a) // whoever asked asks again
		}()
	}
}

// Link is the test's end. Its methods are safe for concurrent use.
type Link struct {
	orders chan Order
	gone   chan struct{} // nothing can be asked any more

	mu      sync.Mutex
	id      int
	waiting map[int]chan Answer
}

// NewLink reads answers from port until that ends.
func NewLink(port io.ReadWriter) *Link {
	l := &Link{orders: make(chan Order, 64), gone: make(chan struct{}), waiting: map[int]chan Answer{}}
	go func() { // a board that is down does not read
		for {
			select {
			case o := <-l.orders:
				if write(port, o) != nil {
					return // reading ends as well
				}
			case <-l.gone:
				return
			}
		}
	}()
	go func() {
		defer close(l.gone)
		for lines := bufio.NewReader(port); ; {
			line, err := lines.ReadBytes('\n')
			if err != nil {
				return
			}
			var a Answer
			if json.Unmarshal(line, &a) != nil {
				continue
			}
			l.mu.Lock()
			c := l.waiting[a.ID]
			delete(l.waiting, a.ID)
			l.mu.Unlock()
			if c != nil {
				c <- a
			}
		}
	}()
	return l
}

// Ask gives an order and waits for its answer.
func (l *Link) Ask(o Order, wait time.Duration) (Answer, error) {
	c := make(chan Answer, 1)
	l.mu.Lock()
	l.id++
	o.ID = l.id
	l.waiting[o.ID] = c
	l.mu.Unlock()
	select {
	case l.orders <- o:
	default: // it has not read for long
	}
	defer func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.waiting, o.ID)
	}()
	late := time.NewTimer(wait)
	defer late.Stop()
	select {
	case a := <-c:
		return a, nil
	case <-late.C:
		return Answer{}, ErrSilent
	case <-l.gone:
		return Answer{}, fmt.Errorf("ask the board: %w", io.ErrClosedPipe)
	}
}

// Next waits until a boot answers that is not the one named, and names it.
func (l *Link) Next(boot string, wait time.Duration) (string, error) {
	for limit := time.Now().Add(wait); ; {
		a, err := l.Ask(Order{}, 2*time.Second)
		switch {
		case err == nil && a.Boot != boot:
			return a.Boot, nil
		case err == nil: // it is not down yet
			select {
			case <-time.After(time.Second):
			case <-l.gone:
			}
		case !errors.Is(err, ErrSilent):
			return "", err
		}
		if time.Now().After(limit) {
			return "", fmt.Errorf("no boot after %q: %w", boot, ErrSilent)
		}
	}
}
