package serialpad

import (
	"bytes"
	"errors"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"phoned/hal"
	"phoned/hal/haltest"
	"phoned/hal/serialport"
)

// device is the microcontroller at the far end of a terminal device.
type device struct {
	*haltest.Pty
	mu    sync.Mutex
	seq   uint8
	down  []string
	lamps map[string]string
	asked chan struct{}
}

func newDevice(t *testing.T) *device {
	d := &device{Pty: haltest.NewPty(t), lamps: map[string]string{}, asked: make(chan struct{}, 64)}
	return d
}

// serve answers until the device is unplugged.
func (d *device) serve() {
	var in lines
	b := make([]byte, 256)
	for {
		n, err := d.Read(b)
		if err != nil {
			return
		}
		in.feed(b[:n], func(line []byte) {
			m, err := Decode(line)
			if err != nil {
				return
			}
			switch m.Word {
			case "?":
				d.send("S", d.held()...)
				d.asked <- struct{}{}
			case "L":
				d.mu.Lock()
				d.lamps[m.Args[0]] = m.Args[1]
				d.mu.Unlock()
			}
		})
	}
}

func (d *device) held() []string { d.mu.Lock(); defer d.mu.Unlock(); return slices.Clone(d.down) }

func (d *device) send(word string, args ...string) {
	d.mu.Lock()
	m := Message{d.seq, word, args}
	d.seq++
	d.mu.Unlock()
	d.Type(m.Encode())
}

func (d *device) move(n int, down bool) {
	s := strconv.Itoa(n)
	d.mu.Lock()
	d.down = slices.DeleteFunc(d.down, func(k string) bool { return k == s })
	if down {
		d.down = append(d.down, s)
	}
	d.mu.Unlock()
	d.send("K", s, map[bool]string{true: "1", false: "0"}[down])
}

var keys = map[int]hal.Key{1: "1", 2: "2", 7: "sk1"}

func open(t *testing.T) (*Pad, *device, chan error) {
	t.Helper()
	d := newDevice(t)
	lost := make(chan error, 64)
	up := make(chan struct{}, 64)
	p, err := New(Config{
		Keys: keys, Lamps: map[hal.LampID]int{"message": 0, "k1": 3},
		Port: serialport.Config{Device: d.Path, Reopen: 20 * time.Millisecond, Lost: func(err error) { lost <- err }, Up: func() { up <- struct{}{} }},
	})
	if err != nil {
		t.Fatal(err)
	}
	<-up
	go d.serve()
	<-d.asked
	return p, d, lost
}

func TestConformance(t *testing.T) {
	number := map[hal.Key]int{"1": 1, "2": 2, "sk1": 7}
	haltest.Keypad(t, haltest.Real, func(t *testing.T) haltest.KeypadRig {
		p, d, _ := open(t)
		return haltest.KeypadRig{Keypad: p, Keys: []hal.Key{"1", "2", "sk1"}, Move: func(k hal.Key, down bool) { d.move(number[k], down) }}
	})
	haltest.Lamps(t, haltest.Real, func(t *testing.T) haltest.LampsRig {
		p, _, _ := open(t)
		return haltest.LampsRig{Lamps: p, IDs: []hal.LampID{"message", "k1"}}
	})
}

func want(t *testing.T, p *Pad, key hal.Key, down bool) {
	t.Helper()
	if e := <-p.Events(); e.Key != key || e.Down != down {
		t.Fatalf("%s %v came, want %s %v", e.Key, e.Down, key, down)
	}
}

// Noise, cut lines and wrong checksums move no key, and cost no later one.
func TestNoise(t *testing.T) {
	p, d, _ := open(t)
	defer p.Close()
	for _, junk := range []string{"\x00\xff\x1b", "$1,K,1,1*00\r\n", "$12,K", strings.Repeat("x", 5000) + "\n", "$,,*\n", "\n\n\r"} {
		d.Type([]byte(junk))
	}
	d.move(7, true)
	want(t, p, "sk1", true)
	if p.Refused() == 0 {
		t.Error("nothing was refused")
	}
}

// A lost message is noticed by the next one's number; the state heals it.
func TestLostMessage(t *testing.T) {
	p, d, _ := open(t)
	defer p.Close()
	d.move(1, true)
	want(t, p, "1", true)
	d.mu.Lock()
	d.down, d.seq = nil, d.seq+1 // "1 up" is lost on the way
	d.mu.Unlock()
	d.move(2, true)
	want(t, p, "2", true)
	want(t, p, "1", false)
}

// A device that goes lets its keys go; when it is back its lamps are set again.
func TestHotPlug(t *testing.T) {
	p, d, lost := open(t)
	defer p.Close()
	if err := p.Set("message", hal.LampState{Pattern: hal.SlowPulse}); err != nil {
		t.Fatal(err)
	}
	d.move(1, true)
	want(t, p, "1", true)
	d.Unplug()
	want(t, p, "1", false)
	<-lost
	if err := p.Set("k1", hal.LampState{Pattern: hal.Solid}); err != nil {
		t.Errorf("a lamp of a device that is away: %v", err)
	}
	d.mu.Lock()
	d.down, d.lamps = nil, map[string]string{}
	d.mu.Unlock()
	d.Plug()
	go d.serve()
	<-d.asked
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(time.Millisecond) {
		d.mu.Lock()
		done := d.lamps["0"] == "pulse" && d.lamps["3"] == "on"
		d.mu.Unlock()
		if done {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("lamps %v", d.lamps)
		}
	}
	d.move(2, true)
	want(t, p, "2", true)
}

func TestDecode(t *testing.T) {
	for _, c := range []struct {
		line string
		err  error
	}{
		{"$0,K,1,1*" + sum("0,K,1,1"), nil}, {"rest$9,S*" + sum("9,S"), nil}, {"$0,K,1,1*00", ErrChecksum}, {"", ErrFrame}, {"$", ErrFrame},
		{"$0,K*0", ErrFrame}, {"$300,K*" + sum("300,K"), ErrFrame}, {"$0*" + sum("0"), ErrFrame}, {"$0,*" + sum("0,"), ErrFrame},
	} {
		if _, err := Decode([]byte(c.line)); !errors.Is(err, c.err) {
			t.Errorf("%q: %v, want %v", c.line, err, c.err)
		}
	}
	if got := checksum([]byte("123456789")); got != 0xf4 { // the catalogue's check value of CRC-8
		t.Errorf("checksum %#x", got)
	}
}

func sum(s string) string { return strings.ToUpper(hex(checksum([]byte(s)))) }
func hex(b byte) string {
	s := strconv.FormatUint(uint64(b), 16)
	return strings.Repeat("0", 2-len(s)) + s
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte("$0,K,1,1*6B"))
	f.Add(Message{3, "S", []string{"1", "2"}}.Encode())
	f.Fuzz(func(t *testing.T, in []byte) {
		var l lines
		l.feed(in, func(line []byte) {
			m, err := Decode(line)
			if err != nil {
				return
			}
			again, err := Decode(bytes.TrimRight(m.Encode(), "\r\n"))
			if err != nil || again.Word != m.Word || again.Seq != m.Seq || !slices.Equal(again.Args, m.Args) {
				t.Fatalf("%+v, then %+v, %v", m, again, err)
			}
		})
	})
}
