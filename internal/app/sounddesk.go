package app

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"sync"
	"time"

	"phoned/internal/health"
	"phoned/manage"
	"phoned/media"
	"phoned/media/audio"
	"phoned/media/audio/wav"
	"phoned/media/device"
	"phoned/phone"
)

// soundDesk is the sound of a System for management.
type soundDesk struct{ s *System }

var _ manage.Sound = soundDesk{}

// deskPaths are the ways of the sound as management calls them.
var deskPaths = []struct {
	name  string
	media media.Path
	phone phone.Path
}{
	{"handset", media.PathHandset, phone.PathHandset}, {"headset", media.PathHeadset, phone.PathHeadset},
	{"speaker", media.PathSpeaker, phone.PathSpeaker}, {"ringer", media.PathNone, phone.PathNone},
}

// Devices implements manage.Sound.
func (d soundDesk) Devices() ([]manage.Device, error) {
	list, err := d.s.Sound.List()
	out := make([]manage.Device, 0, len(list))
	for _, i := range list {
		kind := "audiooutput"
		if i.Direction == device.Capture {
			kind = "audioinput"
		}
		out = append(out, manage.Device{ID: i.ID, Label: i.Name, Kind: kind})
	}
	return out, err
}

// Paths implements manage.Sound.
func (d soundDesk) Paths() []manage.PathResource {
	v, use := d.s.Phone.View(), d.s.Sound.InUse()
	var out []manage.PathResource
	for _, p := range deskPaths {
		volume, set := v.Settings.Volumes[p.phone]
		if !set {
			volume = 100
		}
		r := manage.PathResource{Path: p.name, Speaker: use[SoundRole{p.media, device.Playback}], Volume: volume, InUse: v.Path == p.phone}
		if p.media == media.PathNone {
			r.InUse = v.Plan.Ring.On
		} else {
			r.Microphone = use[SoundRole{p.media, device.Capture}]
		}
		out = append(out, r)
	}
	return out
}

func deskPath(name string) (media.Path, phone.Path, error) {
	for _, p := range deskPaths {
		if p.name == name {
			return p.media, p.phone, nil
		}
	}
	return "", 0, fmt.Errorf("path %q: %w", name, manage.ErrNotFound)
}

// Choose implements manage.Sound.
func (d soundDesk) Choose(ctx context.Context, path, role, id string) error {
	p, _, err := deskPath(path)
	if err != nil {
		return err
	}
	direction := device.Playback
	if role == "microphone" {
		direction = device.Capture
	}
	err = d.s.Sound.Choose(ctx, SoundRole{p, direction}, id)
	if errors.Is(err, ErrNoSoundRole) || errors.Is(err, device.ErrNotFound) {
		return errors.Join(manage.ErrInvalid, err)
	}
	return err
}

// SetVolume implements manage.Sound.
func (d soundDesk) SetVolume(path string, percent int) error {
	_, p, err := deskPath(path)
	if err == nil && !d.s.Phone.Post(phone.SetPathVolume{Path: p, Percent: percent}) {
		err = fmt.Errorf("%w: the phone takes no orders", manage.ErrNotNow)
	}
	return err
}

// Figures implements manage.Sound.
func (d soundDesk) Figures() map[string]any {
	out := map[string]any{}
	if b, err := json.Marshal(d.s.SoundStats()); err == nil {
		_ = json.Unmarshal(b, &out)
	}
	return out
}

// taps are the points that are being recorded.
type taps struct {
	mu     sync.Mutex
	points map[media.TapPoint]bool
}

// begin takes a point; the phone shows it until over is called.
func (s *System) beginTap(p media.TapPoint) (over func(), err error) {
	s.taps.mu.Lock()
	defer s.taps.mu.Unlock()
	if s.taps.points[p] {
		return nil, fmt.Errorf("%w: %s is being recorded already", manage.ErrNotNow, p)
	}
	if s.taps.points == nil {
		s.taps.points = map[media.TapPoint]bool{}
	}
	s.taps.points[p] = true
	s.Health.Set(health.Problem{Code: "support.tap", Severity: health.Info, Title: "The sound of this phone is being recorded for support",
		Advice: "It ends by itself. Ask your administrator who does it.", Detail: p.String()})
	s.log.Warn("the sound is recorded", "dev", p.String())
	return func() {
		s.taps.mu.Lock()
		defer s.taps.mu.Unlock()
		delete(s.taps.points, p)
		if len(s.taps.points) == 0 {
			s.Health.Clear("support.tap", "")
		}
	}, nil
}

// frames hands on what passes a point, in slices of its own.
type frames struct {
	to   chan []int16
	lost bool
}

// WriteFrame implements audio.Sink.
func (f *frames) WriteFrame(src []int16) {
	select {
	case f.to <- slices.Clone(src):
	default:
		f.lost = true // only the tap's goroutine is here; read after it has ended
	}
}

// Tap implements manage.Sound.
func (d soundDesk) Tap(ctx context.Context, point string, length time.Duration, w io.Writer) error {
	i := slices.IndexFunc(media.TapPoints(), func(p media.TapPoint) bool { return p.String() == point })
	if i < 0 {
		return fmt.Errorf("point %q: %w", point, manage.ErrNotFound)
	}
	over, err := d.s.beginTap(media.TapPoints()[i])
	if err != nil {
		return err
	}
	defer over()
	in := &frames{to: make(chan []int16, 100)}
	stop, err := d.s.Engine.Tap(media.TapPoints()[i], in)
	if err != nil {
		return err
	}
	defer func() { _ = stop() }()
	want := int64(length/time.Millisecond) * audio.Rate / 1000
	if err := wav.Header(w, audio.Rate, want); err != nil {
		return err
	}
	// Where nothing passes the time goes on: what is missing is silence.
	late := time.NewTimer(length + time.Second)
	defer late.Stop()
	var buf []byte
	for want > 0 {
		var frame []int16
		select {
		case frame = <-in.to:
		case <-late.C:
			frame = make([]int16, want)
		case <-ctx.Done():
			return ctx.Err()
		}
		frame = frame[:min(int64(len(frame)), want)]
		want -= int64(len(frame))
		for _, v := range frame {
			buf = binary.LittleEndian.AppendUint16(buf, uint16(v))
		}
		if len(buf) >= audio.Rate/5 || want == 0 { // a tenth of a second
			if _, err := w.Write(buf); err != nil {
				return err
			}
			buf = buf[:0]
		}
	}
	return nil
}

// sine is a port that nobody is behind: it plays a tone and swallows the microphone.
type sine struct {
	mu          sync.Mutex
	phase, step float64
}

const sineLevel = 0.25 // of full scale, −12 dBFS

// ReadFrame implements audio.Source.
func (t *sine) ReadFrame(dst []int16) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := range dst {
		dst[i] = int16(sineLevel * math.MaxInt16 * math.Sin(t.phase))
		t.phase = math.Mod(t.phase+t.step, 2*math.Pi)
	}
	return true
}

// WriteFrame implements audio.Sink.
func (*sine) WriteFrame([]int16) {}

// Tone implements manage.Sound. It is for a phone that nobody uses.
func (d soundDesk) Tone(ctx context.Context, t manage.ToneTest) (manage.ToneResult, error) {
	path, _, err := deskPath(t.Path)
	if err != nil {
		return manage.ToneResult{}, err
	}
	if v := d.s.Phone.View(); len(v.Calls) > 0 || v.Path != phone.PathNone {
		return manage.ToneResult{}, fmt.Errorf("%w: the phone is in use", manage.ErrNotNow)
	}
	over, err := d.s.beginTap(media.TapMicrophone)
	if err != nil {
		return manage.ToneResult{}, err
	}
	defer over()
	port := &sine{step: 2 * math.Pi * t.Hz / audio.Rate}
	d.s.Phone.testTone(path, port)
	defer d.s.Phone.testTone("", nil)
	in := &frames{to: make(chan []int16, 2000)}
	stop, err := d.s.Engine.Tap(media.TapMicrophone, in)
	if err != nil {
		return manage.ToneResult{}, err
	}
	late := time.NewTimer(time.Duration(t.Seconds*float64(time.Second)) + 2*time.Second)
	defer late.Stop()
	var heard []int16
	for want := int(t.Seconds * audio.Rate); len(heard) < want; {
		select {
		case f := <-in.to:
			heard = append(heard, f...)
			continue
		case <-late.C:
		case <-ctx.Done():
			err = ctx.Err()
		}
		break
	}
	return judgeTone(t, heard), errors.Join(err, stop())
}

// judgeTone measures a tone in what was heard (Goertzel's filter).
func judgeTone(t manage.ToneTest, heard []int16) manage.ToneResult {
	out := manage.ToneResult{Path: t.Path, Hz: t.Hz, Microphone: -120, Tone: -120, Peaks: []int{}}
	if len(heard) == 0 {
		return out
	}
	sum, s1, s2 := 0.0, 0.0, 0.0
	k := 2 * math.Cos(2*math.Pi*t.Hz/audio.Rate)
	for _, v := range heard {
		x := float64(v) / math.MaxInt16
		sum += x * x
		s1, s2 = x+k*s1-s2, s1
	}
	n := float64(len(heard))
	db := func(power float64) float64 { return max(-120, 10*math.Log10(max(power, 1e-12))) }
	out.Microphone = db(sum / n)
	out.Tone = db(2 * max(0, s1*s1+s2*s2-k*s1*s2) / (n * n)) // the power of that sine
	out.Heard = out.Tone > -60 && out.Tone > out.Microphone-3
	out.Peaks = peaks(heard)
	return out
}

// testTone plays a port on a path until it is nil, unless somebody begins to use the
// phone.
func (p *Phone) testTone(path media.Path, port media.Port) {
	done := make(chan struct{})
	p.common.add(func() {
		defer close(done)
		if old := p.tone.port; old != nil {
			p.tone = toneTest{}
			p.applyAudio(p.plan)
			p.engine.RemovePort(old)
		}
		if port != nil {
			p.engine.AddPort(port)
			p.tone = toneTest{path, port}
			p.applyAudio(p.plan)
		}
	})
	select {
	case <-done:
	case <-p.ctx.Done():
	}
}

// toneTest is what testTone plays; owned by common.
type toneTest struct {
	path media.Path
	port media.Port
}
