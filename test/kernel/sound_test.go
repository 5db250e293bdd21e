//go:build kernel

package kernel

import (
	"encoding/binary"
	"math"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gen2brain/malgo"
)

const (
	rate   = 48000
	toneHz = 1000
)

func openSound(t *testing.T) *malgo.AllocatedContext {
	t.Helper()
	ctx, err := malgo.InitContext([]malgo.Backend{malgo.BackendAlsa}, malgo.ContextConfig{}, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ctx.Uninit(); ctx.Free() })
	return ctx
}

// device opens one direction of a card, mono, 16 bits, 48 kHz.
func device(t *testing.T, ctx *malgo.AllocatedContext, kind malgo.DeviceType, name string, periodMS uint32, data malgo.DataProc) *malgo.Device {
	t.Helper()
	var id malgo.DeviceID
	copy(id[:], name)
	c := malgo.DefaultDeviceConfig(kind)
	c.SampleRate, c.PeriodSizeInMilliseconds, c.Periods = rate, periodMS, 3
	side := &c.Playback
	if kind == malgo.Capture {
		side = &c.Capture
	}
	side.Format, side.Channels, side.DeviceID = malgo.FormatS16, 1, id.Pointer()
	d, err := malgo.InitDevice(ctx.Context, c, malgo.DeviceCallbacks{Data: data})
	if err != nil {
		t.Fatal(name, err)
	}
	return d
}

// tone fills a playback buffer with toneHz, going on where it ended.
func tone() malgo.DataProc {
	n := 0
	return func(out, _ []byte, _ uint32) {
		for i := 0; i+1 < len(out); i += 2 {
			v := int16(12000 * math.Sin(2*math.Pi*toneHz*float64(n)/rate))
			binary.LittleEndian.PutUint16(out[i:], uint16(v))
			n++
		}
	}
}

// amplitude of one frequency in samples of full scale 1 (Goertzel's sum, written out).
func amplitude(x []float64, hz float64) float64 {
	var re, im float64
	for i, v := range x {
		a := 2 * math.Pi * hz * float64(i) / rate
		re += v * math.Cos(a)
		im += v * math.Sin(a)
	}
	return 2 * math.Hypot(re, im) / float64(len(x))
}

// recording collects captured samples until it has enough.
type recording struct {
	mu   sync.Mutex
	x    []float64
	want int
	full chan struct{}
}

func (r *recording) data(_, in []byte, _ uint32) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.x) >= r.want {
		return
	}
	for i := 0; i+1 < len(in); i += 2 {
		r.x = append(r.x, float64(int16(binary.LittleEndian.Uint16(in[i:])))/32768)
	}
	if len(r.x) >= r.want {
		close(r.full)
	}
}

// testSound plays a tone into the loopback card and captures it on the other end.
func testSound(t *testing.T, periodMS uint32) {
	ctx := openSound(t)
	rec := &recording{want: 2 * rate, full: make(chan struct{})}
	play := device(t, ctx, malgo.Playback, "hw:Loopback,0,0", periodMS, tone())
	capture := device(t, ctx, malgo.Capture, "hw:Loopback,1,0", periodMS, rec.data)
	for _, d := range []*malgo.Device{play, capture} {
		if err := d.Start(); err != nil {
			t.Fatal(err)
		}
	}
	start := time.Now()
	select {
	case <-rec.full:
	case <-time.After(30 * time.Second):
		t.Error("two seconds of sound did not come within 30 s")
	}
	t.Logf("2 s of sound in %.2f s, periods of %d ms", time.Since(start).Seconds(), periodMS)
	for _, d := range []*malgo.Device{play, capture} {
		if err := d.Stop(); err != nil {
			t.Error(err)
		}
		d.Uninit()
	}
	rec.mu.Lock()
	defer rec.mu.Unlock()
	if len(rec.x) < rate {
		t.Fatalf("only %d samples", len(rec.x))
	}
	last := rec.x[len(rec.x)-rate/2:]
	if a := amplitude(last, toneHz); a < 0.33 || a > 0.40 {
		t.Errorf("the tone is heard at %.3f, was played at 0.366", a)
	}
	if a := amplitude(last, 1700); a > 0.01 {
		t.Errorf("%.3f of a frequency that was not played", a)
	}
}

// testSoundUnplug takes the card away under a running stream, as a pulled USB card:
// Stop, then Uninit must return, and the card works again when it is back.
func testSoundUnplug(t *testing.T) {
	const driver = "/sys/bus/platform/drivers/snd_aloop/"
	ctx := openSound(t)
	var once sync.Once
	running := make(chan struct{})
	fill := tone()
	play := device(t, ctx, malgo.Playback, "hw:Loopback,0,0", 20, func(out, in []byte, n uint32) {
		fill(out, in, n)
		once.Do(func() { close(running) })
	})
	if err := play.Start(); err != nil {
		t.Fatal(err)
	}
	<-running
	unbound := make(chan error, 1) // the write returns when the last user has let go
	go func() { unbound <- os.WriteFile(driver+"unbind", []byte("snd_aloop.0"), 0o600) }()
	eventually(t, "the card is gone", func() bool { return !strings.Contains(read(t, "/proc/asound/cards"), "Loopback") })
	released := make(chan struct{})
	go func() { _ = play.Stop(); play.Uninit(); close(released) }()
	select {
	case <-released:
	case <-time.After(20 * time.Second):
		t.Fatal("Stop and Uninit did not return after the card was gone")
	}
	if err := <-unbound; err != nil {
		t.Fatal(err)
	}
	write(t, driver+"bind", "snd_aloop.0")
	eventually(t, "the card is back", func() bool { return strings.Contains(read(t, "/proc/asound/cards"), "Loopback") })
	testSound(t, 20)
}
