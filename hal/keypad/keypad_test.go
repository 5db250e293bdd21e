package keypad

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"phoned/hal"
	"phoned/hal/haltest"
)

const ms = time.Millisecond

func layout(rows, cols int) (l Layout) {
	for r := range rows {
		l = append(l, nil)
		for c := range cols {
			l[r] = append(l[r], hal.Key(fmt.Sprintf("%d/%d", r, c)))
		}
	}
	return l
}

func open(t *testing.T, rows, cols int) (*Keypad, *haltest.Matrix) {
	t.Helper()
	m := haltest.NewMatrix(rows, cols)
	return openOn(t, m, nil), m
}

func openOn(t *testing.T, m *haltest.Matrix, stuck func(hal.Key, bool)) *Keypad {
	t.Helper()
	w, err := NewPins(haltest.IO(m.Rows), haltest.IO(m.Cols))
	if err != nil {
		t.Fatal(err)
	}
	k, err := New(Config{Layout: layout(len(m.Rows), len(m.Cols)), Now: time.Now, Stuck: stuck}, w)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestConformance(t *testing.T) {
	haltest.Keypad(t, haltest.Virtual, func(t *testing.T) haltest.KeypadRig {
		k, m := open(t, 5, 6)
		move := func(key hal.Key, down bool) {
			var r, c int
			_, _ = fmt.Sscanf(string(key), "%d/%d", &r, &c)
			m.Key(r, c, down)
		}
		return haltest.KeypadRig{
			Keypad: k, Keys: slices.Concat(layout(5, 6)...), Move: move, Fail: func() { m.Fail(errors.New("the chip is gone")) },
			Bounce: func(key hal.Key, down bool) {
				for range 7 { // 28 ms
					move(key, down)
					time.Sleep(2 * ms)
					move(key, !down)
					time.Sleep(2 * ms)
				}
				move(key, down)
			},
		}
	})
}

type step struct {
	at   time.Duration
	key  [2]int
	down bool
}

// play moves the keys of a 4×3 matrix and returns what was reported.
func play(t *testing.T, steps ...step) (events []string, ghosts uint64) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		k, m := open(t, 4, 3)
		start := time.Now()
		for _, s := range steps {
			time.Sleep(s.at - time.Since(start))
			m.Key(s.key[0], s.key[1], s.down)
		}
		time.Sleep(time.Second)
		if err := k.Close(); err != nil {
			t.Error(err)
		}
		for e := range k.Events() {
			events = append(events, fmt.Sprintf("%s %v", e.Key, map[bool]string{true: "down", false: "up"}[e.Down]))
		}
		if n := m.Shorts(); n > 0 {
			t.Errorf("%d shorts: two rows were driven against each other", n)
		}
		if turned := m.Turned(); turned != nil {
			t.Errorf("outputs were read: %v", turned)
		}
		ghosts = k.Ghosts()
	})
	return events, ghosts
}

func TestGlitchIsNoPress(t *testing.T) {
	if got, _ := play(t, step{10 * ms, [2]int{0, 0}, true}, step{30 * ms, [2]int{0, 0}, false}); len(got) != 0 {
		t.Errorf("a contact of 20 ms gave %v", got)
	}
}

// Two keys of one column join two rows: none may be driven high.
func TestTwoKeysOfOneColumn(t *testing.T) {
	got, _ := play(t, step{10 * ms, [2]int{0, 0}, true}, step{12 * ms, [2]int{1, 0}, true}, step{150 * ms, [2]int{0, 0}, false}, step{250 * ms, [2]int{1, 0}, false})
	slices.Sort(got[:2])
	if want := []string{"0/0 down", "1/0 down", "0/0 up", "1/0 up"}; !slices.Equal(got, want) {
		t.Errorf("%v", got)
	}
}

// Three corners of a rectangle make the fourth look closed: it must not be
// reported, and the keys that were down stay down.
func TestGhostIsNotAKey(t *testing.T) {
	got, ghosts := play(t,
		step{10 * ms, [2]int{0, 0}, true}, step{100 * ms, [2]int{0, 1}, true}, step{200 * ms, [2]int{1, 0}, true},
		step{400 * ms, [2]int{1, 0}, false}, step{500 * ms, [2]int{0, 1}, false}, step{600 * ms, [2]int{0, 0}, false})
	if want := []string{"0/0 down", "0/1 down", "0/1 up", "0/0 up"}; !slices.Equal(got, want) {
		t.Errorf("%v", got)
	}
	if ghosts == 0 {
		t.Error("the ghost was not noticed")
	}
}

// Three keys that close at once are all doubtful until one is let go.
func TestGhostFromTheFirstScan(t *testing.T) {
	got, _ := play(t,
		step{10 * ms, [2]int{0, 0}, true}, step{10 * ms, [2]int{0, 1}, true}, step{10 * ms, [2]int{1, 0}, true},
		step{300 * ms, [2]int{1, 0}, false}, step{400 * ms, [2]int{0, 1}, false}, step{400 * ms, [2]int{0, 0}, false})
	slices.Sort(got)
	if want := []string{"0/0 down", "0/0 up", "0/1 down", "0/1 up"}; !slices.Equal(got, want) {
		t.Errorf("%v", got)
	}
}

// calls counts the system calls of ten seconds.
func calls(t *testing.T, after time.Duration, down ...[2]int) (n int) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		k, m := open(t, 5, 6)
		time.Sleep(100 * ms) // or they would be down at the start
		for _, key := range down {
			m.Key(key[0], key[1], true)
		}
		time.Sleep(after)
		before := m.Calls()
		time.Sleep(10 * time.Second)
		n = m.Calls() - before
		_ = k.Close()
	})
	return n
}

// Idle, a keypad costs nearly nothing. One key that is held costs a fraction of
// scanning, which two need, and so does a stuck one.
func TestCallsPerSecond(t *testing.T) {
	a, b := [2]int{2, 2}, [2]int{3, 4}
	idle, held, two, stuck := calls(t, time.Second)/10, calls(t, time.Second, a)/10, calls(t, time.Second, a, b)/10, calls(t, time.Minute, a)/10
	t.Logf("system calls a second: idle %d, a key held %d, two %d, a key stuck %d", idle, held, two, stuck)
	if idle > 80 || held > two/12 || two > 100*55 || stuck > held*11/10 {
		t.Errorf("idle %d, held %d, two held %d, stuck %d", idle, held, two, stuck)
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

func TestPinThatIsTaken(t *testing.T) {
	m := haltest.NewMatrix(2, 2)
	m.Fail(errors.New("device or resource busy"))
	if _, err := NewPins(haltest.IO(m.Rows), haltest.IO(m.Cols)); err == nil || !strings.Contains(err.Error(), "row R0: device or resource busy") {
		t.Errorf("%v", err)
	}
}
