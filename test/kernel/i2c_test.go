//go:build kernel

package kernel

import (
	"encoding/binary"
	"errors"
	"image"
	"io"
	"os"
	"slices"
	"testing"
	"time"

	"periph.io/x/conn/v3/i2c/i2creg"

	boardfile "phoned/hal/board"
	"phoned/hal/haltest"
	"phoned/hal/panel/pages"
	"phoned/hal/panel/ssd1306"
)

const (
	i2cAbsent = "/sys/devices/platform/i2c-phonetest/absent"
	i2cHeader = 8 // struct record of kmod/i2c-phonetest.c
)

// twoWires follows what the recording I²C adapter has seen; a message is on record
// when the driver's call returns.
type twoWires struct {
	log      *os.File
	glass    *haltest.PageGlass
	messages int
	bytes    int // with the address and the control byte of each message
}

func watchI2C(t *testing.T) *twoWires {
	t.Helper()
	log, err := os.Open("/dev/i2c-phonetest")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = log.Close() })
	w := &twoWires{log: log, glass: haltest.NewPageGlass(ssd1306.Controller.Name)}
	w.follow(t)
	return w
}

func (w *twoWires) follow(t *testing.T) {
	t.Helper()
	for {
		var h [i2cHeader]byte
		if _, err := io.ReadFull(w.log, h[:]); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatal(err)
		}
		if n := binary.LittleEndian.Uint16(h[6:]); n != 0 {
			t.Fatalf("%d messages were not recorded", n)
		}
		b := make([]byte, binary.LittleEndian.Uint32(h[:]))
		if _, err := io.ReadFull(w.log, b); err != nil {
			t.Fatal(err)
		}
		if err := w.glass.Tx(binary.LittleEndian.Uint16(h[4:]), b, nil); err != nil {
			t.Fatalf("% x: %v", b, err)
		}
		w.messages++
		w.bytes += len(b) + 1
	}
}

func (w *twoWires) open(t *testing.T) haltest.PanelRig {
	t.Helper()
	if err := initPeriph(); err != nil {
		t.Fatal(err)
	}
	bus, err := i2creg.Open("I2C5")
	if err != nil {
		t.Fatal(err)
	}
	p, err := pages.New(pages.OverI2C(bus, 0), ssd1306.Controller, pages.Config{Lost: func(err error) { t.Error(err) }})
	if err != nil {
		t.Fatal(err)
	}
	return haltest.PanelRig{Panel: p, Shown: haltest.OneBit,
		Seen: func() *image.RGBA { w.follow(t); return w.glass.Seen(false) },
		Dark: func() bool { w.follow(t); return w.glass.Dark() },
	}
}

// testI2CDriver: the small display passes the panels' suite on the kernel's I²C, and
// the picture that the phone draws for it arrives pixel by pixel.
func testI2CDriver(t *testing.T) {
	w := watchI2C(t)
	haltest.Panel(t, haltest.Real, w.open)
	r := w.open(t)
	img := monoPicture(t)
	for _, part := range []image.Rectangle{img.Rect, image.Rect(80, 0, 128, 8)} {
		w.follow(t)
		before, messages := w.bytes, w.messages
		if err := r.Draw(img, part); err != nil {
			t.Fatal(err)
		}
		w.follow(t)
		n := w.bytes - before // nine bits each on the wires, start and stop
		t.Logf("%v: %d bytes in %d messages, %.1f ms on the wires at 400 kHz", part, n, w.messages-messages, float64(9*n+2*(w.messages-messages))/400)
	}
	sameMono(t, r.Seen(), img)
	if err := r.Close(); err != nil {
		t.Error(err)
	}
}

// testI2CBoard: a board whose display is not there is told; it is taken when it
// answers, shows what was to be seen, and is told again when it is pulled.
func testI2CBoard(t *testing.T) {
	write(t, i2cAbsent, 1)
	defer write(t, i2cAbsent, 0)
	f, err := boardfile.Parse([]byte("[panel]\ndriver = \"ssd1306\"\ni2c = \"I2C5\"\n"))
	if err != nil {
		t.Fatal(err)
	}
	told := make(chan boardfile.Missing, 64)
	d, missing := boardfile.Open(f, func(m boardfile.Missing) { told <- m })
	if len(missing) != 0 || len(d.Panels) != 1 {
		t.Fatalf("missing %+v, %d panels", missing, len(d.Panels))
	}
	panel, img := d.Panels[0], monoPicture(t)
	if err := panel.Backlight(100); err != nil { // kept until the display answers
		t.Fatal(err)
	}
	await := func(there bool) {
		t.Helper()
		for deadline := time.After(20 * time.Second); ; {
			if err := panel.Draw(img, img.Rect); err != nil && there {
				t.Log("draw:", err)
			}
			select {
			case m := <-told:
				if m.Part != "panel" || (m.Err == nil) != there {
					t.Fatalf("told %+v", m)
				}
				return
			case <-time.After(50 * time.Millisecond):
			case <-deadline:
				t.Fatalf("nobody was told that the display is there: %v", there)
			}
		}
	}
	await(false)
	w := watchI2C(t)
	write(t, i2cAbsent, 0)
	await(true)
	eventually(t, "the picture is there", func() bool {
		w.follow(t)
		return !w.glass.Dark() && slices.Equal(w.glass.Seen(false).Pix, oneBit(img).Pix)
	})
	write(t, i2cAbsent, 1)
	await(false)
	if err := panel.Close(); err != nil {
		t.Log("closing what is gone:", err)
	}
}
