package haltest

import (
	"strings"
	"testing"

	"phoned/hal"
)

// ScannerRig is a scanner and a hand that shows codes to it.
type ScannerRig struct {
	hal.Scanner
	Show func(code string)
	// Unplug and Plug take the device away and bring it back; nil where it
	// can't go.
	Unplug, Plug func()
	// Fail ends the device for good; nil where it is waited for.
	Fail func()
}

// Scanner is the conformance suite of hal.Scanner.
func Scanner(t *testing.T, v Time, open func(*testing.T) ScannerRig) {
	v.part(t, "each code once, as read", func(t *testing.T) {
		r := open(t)
		for _, code := range []string{"A", "phoned:1?c=KXTQ-7F&u=https://phones.example/enrol", strings.Repeat("long ", 60)} {
			r.Show(code)
			r.want(t, code)
		}
		r.end(t)
	})
	v.part(t, "closed while nothing happens", func(t *testing.T) { open(t).end(t) })
	v.part(t, "closed while nobody reads", func(t *testing.T) {
		r := open(t)
		for _, code := range strings.Split("a b c d e f g h i j k l", " ") {
			r.Show(code)
		}
		r.end(t)
	})
	v.part(t, "gone and back", func(t *testing.T) {
		r := open(t)
		if r.Unplug != nil {
			r.Show("before")
			r.want(t, "before")
			r.Unplug()
			r.Plug()
			r.Show("after")
			r.want(t, "after")
		}
		r.end(t)
	})
	v.part(t, "closed while it is gone", func(t *testing.T) {
		r := open(t)
		if r.Unplug != nil {
			r.Unplug()
		}
		r.end(t)
	})
	v.part(t, "ended for good with a reason", func(t *testing.T) {
		r := open(t)
		if r.Fail == nil {
			r.end(t)
			return
		}
		r.Fail()
		closed(t, r.Codes())
		if r.Err() == nil {
			t.Error("Codes is closed and Err is nil")
		}
		within(t, "Close", func() { _ = r.Close() })
	})
}

func (r ScannerRig) want(t *testing.T, code string) {
	t.Helper()
	if got := next(t, "code", r.Codes()); string(got) != code {
		t.Fatalf("code %q came, want %q", got, code)
	}
}

func (r ScannerRig) end(t *testing.T) {
	t.Helper()
	closing(t, r)
	closed(t, r.Codes())
	if err := r.Err(); err != nil {
		t.Errorf("Err after Close: %v", err)
	}
}
