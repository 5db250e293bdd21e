package keypad

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

var layout = Layout{
	{"1", "2", "3"},
	{"4", "5", "6"},
	{"7", "8", "9"},
	{"*", "0", "#"},
}

// matrix solves the circuit over virtual time: contacts close and open as the
// script says, and current flows through every closed contact both ways, so
// ghosts appear as they do in copper.
type matrix struct {
	t      *testing.T
	start  time.Time
	now    time.Time
	script []step
	closed map[[2]int]bool
	rested bool
}

type step struct {
	at   time.Duration
	key  [2]int
	down bool
}

var errOver = errors.New("the script is over")

func (m *matrix) Rest() error  { m.rested = true; return nil }
func (m *matrix) Close() error { return nil }

func (m *matrix) Wait(d time.Duration) error {
	if !m.rested {
		m.t.Error("waits while the rows do not rest: a key would go unseen")
	}
	until := m.now.Add(d)
	for len(m.script) > 0 {
		s := m.script[0]
		at := m.start.Add(s.at)
		if at.After(until) {
			m.now = until
			return nil
		}
		m.script = m.script[1:]
		m.closed[s.key] = s.down
		if at.After(m.now) {
			m.now = at
		}
		if s.at < 0 || d == idleWait {
			return nil // an edge
		}
	}
	if d == idleWait {
		return errOver
	}
	m.now = until
	return nil
}

func (m *matrix) Scan(row int) (uint32, error) {
	m.rested = false
	rows, cols := map[int]bool{row: true}, map[int]bool{}
	for again := true; again; {
		again = false
		for at, closed := range m.closed {
			if !closed || rows[at[0]] == cols[at[1]] {
				continue
			}
			rows[at[0]], cols[at[1]], again = true, true, true
		}
	}
	var out uint32
	for c := range cols {
		out |= 1 << c
	}
	m.now = m.now.Add(200 * time.Microsecond)
	return out, nil
}

func drive(t *testing.T, script ...step) (events []string, k *Keypad) {
	t.Helper()
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	m := &matrix{t: t, start: start, now: start, script: script, closed: map[[2]int]bool{}}
	k, err := New(layout, m, func() time.Time { return m.now })
	if err != nil {
		t.Fatal(err)
	}
	for e := range k.Events() {
		word := "up"
		if e.Down {
			word = "down"
		}
		events = append(events, fmt.Sprintf("%s %s", e.Key, word))
	}
	if !errors.Is(k.Err(), errOver) {
		t.Fatalf("ended with %v", k.Err())
	}
	return events, k
}

const ms = time.Millisecond

func TestEveryKey(t *testing.T) {
	for r, row := range layout {
		for c, key := range row {
			got, _ := drive(t, step{10 * ms, [2]int{r, c}, true}, step{110 * ms, [2]int{r, c}, false})
			if want := []string{string(key) + " down", string(key) + " up"}; !slices.Equal(got, want) {
				t.Errorf("key %s: %v", key, got)
			}
		}
	}
}

func TestBounceIsOnePress(t *testing.T) {
	five := [2]int{1, 1}
	got, _ := drive(t,
		step{10 * ms, five, true}, step{13 * ms, five, false}, step{15 * ms, five, true}, step{22 * ms, five, false}, step{25 * ms, five, true},
		step{200 * ms, five, false}, step{204 * ms, five, true}, step{209 * ms, five, false})
	if want := []string{"5 down", "5 up"}; !slices.Equal(got, want) {
		t.Errorf("%v", got)
	}
}

func TestGlitchIsNoPress(t *testing.T) {
	if got, _ := drive(t, step{10 * ms, [2]int{0, 0}, true}, step{30 * ms, [2]int{0, 0}, false}); len(got) != 0 {
		t.Errorf("a contact of 20 ms gave %v", got)
	}
}

func TestTwoKeysAtOnce(t *testing.T) {
	got, _ := drive(t, step{10 * ms, [2]int{0, 0}, true}, step{12 * ms, [2]int{1, 1}, true}, step{150 * ms, [2]int{0, 0}, false}, step{250 * ms, [2]int{1, 1}, false})
	slices.Sort(got[:2])
	if want := []string{"1 down", "5 down", "1 up", "5 up"}; !slices.Equal(got, want) {
		t.Errorf("%v", got)
	}
}

// Three corners of a rectangle make the fourth look closed: it must not be
// reported, and the keys that were down stay down.
func TestGhostIsNotAKey(t *testing.T) {
	got, k := drive(t,
		step{10 * ms, [2]int{0, 0}, true}, step{100 * ms, [2]int{0, 1}, true}, step{200 * ms, [2]int{1, 0}, true},
		step{400 * ms, [2]int{1, 0}, false}, step{500 * ms, [2]int{0, 1}, false}, step{600 * ms, [2]int{0, 0}, false})
	if want := []string{"1 down", "2 down", "2 up", "1 up"}; !slices.Equal(got, want) {
		t.Errorf("%v", got)
	}
	if k.Ghosts() == 0 {
		t.Error("the ghost was not noticed")
	}
}

func TestLayoutErrorsNameThePlace(t *testing.T) {
	for _, c := range []struct {
		l    Layout
		want string
	}{
		{Layout{}, "0 rows"},
		{Layout{{"1", "2"}, {"3"}}, "row 2 has 1"},
		{Layout{{"1", "2"}, {"3", "1"}}, `key "1" is at row 1, column 1 and at row 2, column 2`},
	} {
		if err := c.l.Validate(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: %v, want %q", c.l, err, c.want)
		}
	}
}
