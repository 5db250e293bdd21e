package keypad

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"phoned/hal"
	"phoned/hal/haltest"
)

// diary writes down what the driver says, in order.
type diary struct {
	mu   sync.Mutex
	said []string
	done chan struct{}
}

func (d *diary) soFar() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.said)
}

// keep opens a driver on m and writes down what it says until end.
func keep(t *testing.T, m *haltest.Matrix) (d *diary, end func() []string) {
	t.Helper()
	d = &diary{done: make(chan struct{})}
	type word struct {
		key  hal.Key
		what string
	}
	words := make(chan word, 100)
	k := openOn(t, m, func(key hal.Key, stuck bool) {
		words <- word{key, map[bool]string{true: "stuck", false: "free"}[stuck]}
	})
	go func() {
		for e := range k.Events() {
			words <- word{e.Key, map[bool]string{true: "down", false: "up"}[e.Down]}
		}
		close(words)
	}()
	go func() {
		for w := range words {
			d.mu.Lock()
			d.said = append(d.said, fmt.Sprint(w.key, " ", w.what))
			d.mu.Unlock()
		}
		close(d.done)
	}()
	return d, func() []string {
		if err := k.Close(); err != nil {
			t.Error(err)
		}
		<-d.done
		return d.soFar()
	}
}

// A key that is down when the phone is switched on is named, and is no press; all
// others work, quick ones too, wherever they are; it is told when it is free and
// works as before.
func TestStuckAtPowerUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := haltest.NewMatrix(4, 3)
		m.Key(2, 1, true)
		_, end := keep(t, m)
		time.Sleep(time.Second)
		want := []string{"2/1 stuck"}
		tap := func(r, c int) {
			m.Key(r, c, true)
			time.Sleep(80 * ms)
			m.Key(r, c, false)
			time.Sleep(120 * ms)
			want = append(want, fmt.Sprintf("%d/%d down", r, c), fmt.Sprintf("%d/%d up", r, c))
		}
		for range 2 { // at once and minutes later
			for r := range 4 {
				for c := range 3 {
					if r != 2 || c != 1 {
						tap(r, c)
					}
				}
			}
			time.Sleep(5 * time.Minute)
		}
		m.Key(2, 1, false)
		time.Sleep(200 * ms)
		want = append(want, "2/1 free")
		tap(2, 1)
		if got := end(); !slices.Equal(got, want) {
			t.Errorf("said  %q\nwant %q", got, want)
		}
	})
}

// A key that stays down is let go after StuckAfter, so that nothing repeats for
// ever, and named.
func TestStuckInUse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := haltest.NewMatrix(4, 3)
		d, end := keep(t, m)
		time.Sleep(time.Second)
		m.Key(3, 2, true)
		time.Sleep(StuckAfter - time.Second)
		synctest.Wait()
		if said := d.soFar(); !slices.Equal(said, []string{"3/2 down"}) {
			t.Errorf("before its time: %q", said)
		}
		time.Sleep(5 * time.Minute)
		m.Key(0, 0, true)
		time.Sleep(200 * ms)
		m.Key(0, 0, false)
		time.Sleep(200 * ms)
		m.Key(3, 2, false)
		time.Sleep(200 * ms)
		want := []string{"3/2 down", "3/2 up", "3/2 stuck", "0/0 down", "0/0 up", "3/2 free"}
		got := end()
		if len(got) > 3 {
			slices.SortFunc(got[1:3], func(a, b string) int { return len(a) - len(b) }) // two goroutines write them
		}
		if !slices.Equal(got, want) {
			t.Errorf("said  %q\nwant %q", got, want)
		}
	})
}

// Two keys that are stuck leave those that make no rectangle with them.
func TestTwoStuck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := haltest.NewMatrix(4, 3)
		m.Key(0, 0, true)
		m.Key(1, 1, true)
		_, end := keep(t, m)
		time.Sleep(time.Minute)
		m.Key(3, 2, true)
		time.Sleep(100 * ms)
		m.Key(3, 2, false)
		time.Sleep(100 * ms)
		m.Key(1, 1, false)
		time.Sleep(100 * ms)
		want := []string{"0/0 stuck", "1/1 stuck", "3/2 down", "3/2 up", "1/1 free"}
		if got := end(); !slices.Equal(got, want) {
			t.Errorf("said  %q\nwant %q", got, want)
		}
	})
}

// Long wires: a column takes 30 µs to rise, and still has the level of the row
// before when the next one is read.
func TestColumnsRiseSlowly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := haltest.NewMatrix(4, 3)
		m.Rise(30 * time.Microsecond)
		_, end := keep(t, m)
		time.Sleep(100 * ms)
		m.Key(1, 1, true)
		time.Sleep(100 * ms)
		m.Key(2, 1, true)
		time.Sleep(100 * ms)
		m.Key(1, 1, false)
		time.Sleep(100 * ms)
		m.Key(2, 1, false)
		time.Sleep(100 * ms)
		want := []string{"1/1 down", "2/1 down", "1/1 up", "2/1 up"}
		if got := end(); !slices.Equal(got, want) {
			t.Errorf("said  %q\nwant %q", got, want)
		}
	})
}
