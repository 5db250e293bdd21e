package phone

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"
)

// Who reads a record of events learns no PIN, nor from the key that comes up
// when the form has gone.
func TestRecordHidesThePIN(t *testing.T) {
	var seen []string
	l := NewLoop(New(Settings{PINSet: true, Locked: true}), time.Now, nil)
	done := make(chan struct{})
	l.Record = func(e Event) {
		seen = append(seen, fmt.Sprint(e.What))
		if _, ok := e.What.(Heartbeat); ok {
			close(done)
		}
	}
	go l.Run(context.Background())
	defer l.Close()
	l.Post(KeyDown{KeySoft1})
	l.Post(KeyUp{KeySoft1})
	for _, k := range []Key{"4", "7", "1"} {
		l.Post(KeyDown{k})
		l.Post(KeyUp{k})
	}
	l.Post(KeyDown{"9"})
	for range 5 { // four digits, then the form itself
		l.Post(KeyDown{KeyBack})
		l.Post(KeyUp{KeyBack})
	}
	l.Post(KeyUp{"9"})
	l.Post(KeyDown{"6"})
	l.Post(KeyUp{"6"})
	l.Post(Heartbeat{})
	<-done
	s := strings.Join(seen, " ")
	if want := "{0} {0} {0} {0} {0} {0} {0}" + strings.Repeat(" {back} {back}", 5) + " {0} {6} {6}"; !strings.Contains(s, want) {
		t.Errorf("recorded %s, wanted %s", s, want)
	}
}
