package sip

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// The watchdog's question is answered by a working agent, and not by one whose
// loop or whose receiver of events hangs.
func TestResponds(t *testing.T) {
	for _, c := range []struct {
		name  string
		hang  func(a *Agent, until chan struct{})
		wants bool
	}{
		{"at work", func(*Agent, chan struct{}) {}, true},
		{"the loop hangs", func(a *Agent, until chan struct{}) { a.post(func() { <-until }) }, false},
		{"the receiver hangs", func(a *Agent, _ chan struct{}) { a.emit(LineChanged{}) }, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				until := make(chan struct{})
				a, err := New(Config{InstanceID: "urn:uuid:00000000-0000-4000-8000-000000000001", Events: func(Event) { <-until }})
				if err != nil {
					t.Fatal(err)
				}
				c.hang(a, until)
				ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
				defer cancel()
				if got := a.Responds(ctx); got != c.wants {
					t.Errorf("responds: %v, want %v", got, c.wants)
				}
				close(until)
				if err := a.Close(t.Context()); err != nil {
					t.Error(err)
				}
				if !a.Responds(t.Context()) {
					t.Error("a closed agent is no reason to restart")
				}
			})
		})
	}
}
