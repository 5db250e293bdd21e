//go:build image

package image_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"phoned/hal/panel/pages"
)

func TestBoot(t *testing.T) {
	m := newMachine(t)
	m.sound = true
	m.on()
	m.up()
	m.awaitRegistered()
	if s := m.slot(); s != "A" {
		t.Errorf("slot %s", s)
	}
	t.Run("display", func(t *testing.T) {
		m.until("a picture on the display", func() bool { m.glass.follow(t); return !m.glass.first.IsZero() })
		// The bits on the wires are the picture that the daemon's API has of itself.
		m.until("the display shows the phone's picture", func() bool {
			m.glass.follow(t)
			return bytes.Equal(m.glass.Seen(false).Pix, m.screen().Pix)
		})
		if n := lit(m.glass.Seen(false)); n < 100 || n > 5000 {
			t.Errorf("%d pixels of 8192 are lit", n)
		}
		m.picture("display")
	})
	t.Run("dial tone", func(t *testing.T) {
		lifted := time.Now()
		m.lift(true)
		heard := m.listen(350, 440) // North America's, which is the default
		t.Logf("FIGURE lifted to dial tone: %.1f s; userland to dial tone: %.1f s", heard.Sub(lifted).Seconds(), heard.Sub(m.userland()).Seconds())
		m.lift(false)
	})
	t.Run("read-only", func(t *testing.T) {
		if out, code := m.sh("touch /usr/x"); code == 0 {
			t.Errorf("the root can be written: %s", out)
		}
	})
	t.Run("confirmed", func(t *testing.T) { m.confirmed("A") })
	t.Run("no unit failed", func(t *testing.T) {
		if out := m.must("systemctl --failed --no-legend --plain"); out != "" {
			t.Errorf("%s\n%s", out, m.journal())
		}
	})
	t.Run("rauc", func(t *testing.T) {
		if out := m.must("rauc status"); !strings.Contains(out, "booted") {
			t.Error(out)
		}
	})
	t.Run("figures", func(t *testing.T) { m.figures() })
	// The first boot makes keys, certificates and databases.
	t.Run("a later boot", func(t *testing.T) {
		m.must("sync")
		m.cut()
		m.on()
		m.up()
		m.awaitRegistered()
		m.until("a picture on the display", func() bool { m.glass.follow(t); return !m.glass.first.IsZero() })
		m.confirmed("A")
		m.figures()
	})
	if !t.Failed() {
		m.monitor("device_del", map[string]any{"id": "card"})
		m.until("the sound card is unplugged", func() bool { _, code := m.sh("[ -e /proc/asound/card0 ]"); return code > 0 })
		m.save()
	}
}

// screen is the display's picture from the phone's API, as a display of one bit has it.
func (m *machine) screen() *image.RGBA {
	m.t.Helper()
	out, _ := m.sh("busybox wget -q -O - " + api + "screen.png | base64 -w 0")
	b, err := base64.StdEncoding.DecodeString(out)
	if err != nil {
		m.t.Fatal(err)
	}
	img, err := png.Decode(bytes.NewReader(b))
	if err != nil {
		m.t.Fatalf("screen.png: %v", err)
	}
	bits := image.NewRGBA(img.Bounds())
	draw.Draw(bits, bits.Rect, img, bits.Rect.Min, draw.Src)
	for y := range bits.Rect.Dy() {
		for x := range bits.Rect.Dx() {
			c := color.RGBA{A: 255}
			if pages.Lit(bits, x, y) {
				c = color.RGBA{255, 255, 255, 255}
			}
			bits.SetRGBA(x, y, c)
		}
	}
	return bits
}

// picture keeps what the display shows in PHONED_IMAGE_SHOTS, to be looked at.
func (m *machine) picture(name string) {
	m.t.Helper()
	dir := os.Getenv("PHONED_IMAGE_SHOTS")
	if dir == "" {
		return
	}
	f, err := os.Create(filepath.Join(dir, name+".png"))
	if err != nil {
		m.t.Fatal(err)
	}
	defer f.Close()
	if err := png.Encode(f, m.glass.Seen(false)); err != nil {
		m.t.Fatal(err)
	}
}

// listen waits until the USB card plays these frequencies and little else, and says when.
func (m *machine) listen(hz ...float64) (heard time.Time) {
	m.t.Helper()
	const rate, window, header, frame = 48000, 4800, 44, 4 // 16 bits, two channels
	path := filepath.Join(m.dir, fmt.Sprintf("sound-%d", m.n))
	m.soon(fmt.Sprintf("%.0f Hz from the sound card", hz), func() bool {
		b, err := os.ReadFile(path)
		if err != nil {
			m.t.Fatal(err)
		}
		heard = time.Now()
		if len(b) < header+window*frame {
			return false
		}
		b = b[len(b)-(len(b)-header)%frame-window*frame:]
		left := make([]float64, window)
		for i := range left {
			left[i] = float64(int16(uint16(b[i*frame])|uint16(b[i*frame+1])<<8)) / 32768
		}
		in, all := 0.0, 0.0
		for _, f := range hz {
			p, whole := tone(left, f, rate)
			in, all = in+p, whole
		}
		if all > 1e-5 {
			m.t.Logf("%.1f dBFS, of it %.0f %% at %.0f Hz", 10*math.Log10(all), 100*in/all, hz)
		}
		return all > 1e-5 && in/all > 0.8
	})
	return heard
}

// tone is the power of x at hz, and all of it.
func tone(x []float64, hz, rate float64) (in, all float64) {
	var re, im float64
	for i, v := range x {
		s, c := math.Sincos(2 * math.Pi * hz * float64(i) / rate)
		re, im, all = re+v*c, im+v*s, all+v*v
	}
	n := float64(len(x))
	return 2 * (re*re + im*im) / (n * n), all / n
}

// zero is when the system's monotonic clock began, by this machine's.
func (m *machine) zero() time.Time {
	m.t.Helper()
	asked := time.Now()
	out := m.must("cat /proc/uptime")
	half := time.Since(asked) / 2
	s, err := strconv.ParseFloat(strings.Fields(out)[0], 64)
	if err != nil {
		m.t.Fatal(err)
	}
	return asked.Add(half - time.Duration(s*float64(time.Second)))
}

// userland is when systemd began.
func (m *machine) userland() time.Time {
	m.t.Helper()
	us, err := strconv.Atoi(m.must("systemctl show --value -p UserspaceTimestampMonotonic"))
	if err != nil {
		m.t.Fatal(err)
	}
	return m.zero().Add(time.Duration(us) * time.Microsecond)
}

var monotonic = regexp.MustCompile(`^\[ *(\d+\.\d+)\]`)

// said is when the phone first said something like it, by the system's monotonic clock.
func (m *machine) said(pattern string) time.Time {
	m.t.Helper()
	out := m.must("journalctl -b -u phoned -o short-monotonic --no-pager | grep -m 1 -E '" + pattern + "'")
	match := monotonic.FindStringSubmatch(out)
	if match == nil {
		m.t.Fatalf("%q has no time", out)
	}
	s, err := strconv.ParseFloat(match[1], 64)
	if err != nil {
		m.t.Fatal(err)
	}
	return m.zero().Add(time.Duration(s * float64(time.Second)))
}

// figures are of an emulated board on a shared machine.
func (m *machine) figures() {
	m.t.Helper()
	user := m.userland()
	after := func(t time.Time) float64 { return t.Sub(user).Seconds() }
	m.t.Logf("FIGURE power to kernel: %.1f s, to userland: %.1f s", m.zero().Sub(m.began).Seconds(), user.Sub(m.began).Seconds())
	m.t.Logf("FIGURE userland to first picture: %.1f s, to registered: %.1f s", after(m.glass.first), after(m.said("state=registered")))
	for _, c := range []string{
		"systemd-analyze | head -n 2", "systemd-analyze blame | head -n 12", "systemd-analyze critical-chain phoned.service",
		"free -m | head -n 2; systemctl show -p MemoryCurrent phoned; grep -E 'VmRSS|VmHWM' /proc/$(systemctl show --value -p MainPID phoned)/status",
		"df -m / /state", "cat /proc/loadavg", "journalctl -b -u phoned -o short-monotonic --no-pager | head -n 30",
	} {
		out, _ := m.sh(c)
		m.t.Logf("FIGURE %s\n%s", c, out)
	}
	load, _ := os.ReadFile("/proc/loadavg")
	m.t.Logf("FIGURE load here: %s", load)
}
