package media

import (
	"time"

	"phoned/media/audio"
	"phoned/media/device"
	"phoned/media/process"
)

// routing is the open devices as the audio thread sees them; immutable.
type routing struct {
	outs   []outRole
	master *output // whose clock pulls; nil: nothing is open
	mic    *input
	proc   process.Processor
	path   int // index of the volumes that hold, see pathIndex
	rings  bool
}

// outRole is what an output plays in a routing.
type outRole struct {
	*output
	speech bool // the path's loudspeaker
	group  bool // the loudspeaker beside the handset
	ring   bool
}

// output is an open loudspeaker. If it is the master it pulls the graph, if
// not it reads what the graph wrote for it, at its own clock.
type output struct {
	id      string
	dev     device.Device
	elastic *audio.Elastic

	// Its own thread's.
	slave bool
	last  int16
	fade  audio.Fade

	// The tick's.
	volume  audio.Gain
	curve   audio.Equaliser
	ringIn  audio.Input
	limiter audio.Limiter
	buf     [audio.FrameLen]int16
}

// input is an open microphone.
type input struct {
	id      string
	dev     device.Device
	elastic *audio.Elastic
}

// tickState is what lives from tick to tick, and scratch space.
type tickState struct {
	mixer    audio.Mixer
	mic      [audio.FrameLen]int16
	far      [audio.FrameLen]int16 // what the ports say
	speech   [audio.FrameLen]int16 // and the tones
	ring     [audio.FrameLen]int16
	beep     [audio.FrameLen]int16
	scratch  [audio.FrameLen]int16
	micGain  audio.Gain
	micCurve audio.Equaliser
	voice    audio.VoiceDetector
	path     Path // that hearing is about
	mutedFor int  // frames of speech into the muted microphone
	quietFor int  // frames since it was told, or since there was none
	micFrom  *input
	micLast  int16
	tone     audio.TonePlayer
	toneNow  *audio.Tone
	toneIn   audio.Input
	once     audio.TonePlayer
	onceIn   audio.Input
	side     audio.Input
	melody   audio.LoopPlayer
	ringing  *int16 // first sample of the melody that plays
	oneInput audio.Input
	send     [audio.FrameLen]int16 // the microphone, unless muted
	sendIn   audio.Input
	// Sums of voices are limited, not cut off.
	farPeaks, speechPeaks, mixedPeaks audio.Limiter
}

// silence is a frame of zeros for ports that hear nothing.
var silence [audio.FrameLen]int16

// pull is the callback of a loudspeaker.
func (e *Engine) pull(o *output, frame []int16) {
	if e.routing.Load().master == o {
		e.tickMu.Lock()
		if r := e.routing.Load(); r.master == o {
			start := time.Now()
			e.tick(r, frame)
			e.counts.tickTime(time.Since(start))
			e.tickMu.Unlock()
			o.slave = false
			o.fade.Apply(frame)
			o.last = frame[audio.FrameLen-1]
			return
		}
		e.tickMu.Unlock()
	}
	if !o.slave {
		o.slave = true
		o.elastic.Reset()
	}
	if !o.elastic.Read(frame) {
		audio.Tail(frame, o.last)
	}
	o.last = frame[audio.FrameLen-1]
}

// tick moves one frame through the graph; tickMu is held.
func (e *Engine) tick(r *routing, speaker []int16) {
	g := e.graph.Load()
	e.counts.ticks.Add(1)
	e.hear(r, g)
	for _, p := range g.ports {
		if !p.port.ReadFrame(p.frame[:]) {
			clear(p.frame[:])
		}
	}
	e.mixSpeech(r, g)
	e.mixRing(r, g)
	e.play(r, g, speaker)
	e.tapFrame(TapSpeaker, speaker)
	e.meters.speaker.Frame(speaker)
	heard, played := e.hears.raw(e.t.mic[:], speaker)
	if r.proc != nil {
		r.proc.Process(e.t.mic[:], speaker)
	}
	e.meters.mic.Frame(e.t.mic[:])
	if !e.watchMuted(g, speaker) {
		e.hears.echo(heard, played)
	}
	e.speak(g)
}

// hear takes a microphone frame.
func (e *Engine) hear(r *routing, g *graph) {
	t := &e.t
	before := t.micLast
	if g.path == PathNone {
		// The path was left: nothing of the room goes out any more, though its
		// microphone may still be open for a moment.
		if r.mic != nil {
			r.mic.elastic.Read(t.mic[:])
		}
		audio.Tail(t.mic[:], 0)
	} else if r.mic == nil || !r.mic.elastic.Read(t.mic[:]) {
		audio.Tail(t.mic[:], before)
	} else if t.micFrom != r.mic && before != 0 {
		// Another microphone: its first frame fades in over the tail of the
		// one before.
		audio.Tail(t.scratch[:], before)
		for i, v := range t.scratch[:audio.RampLen] {
			t.mic[i] += v / 2
		}
	}
	t.micFrom, t.micLast = r.mic, t.mic[audio.FrameLen-1]
	e.tapFrame(TapMicrophone, t.mic[:])
	tuning := g.tuning[r.path]
	t.micCurve.Set(tuning.micCurve)
	t.micCurve.Apply(t.mic[:])
	t.micGain.Set(tuning.mic)
	t.micGain.Apply(t.mic[:])
}

const (
	mutedSpeech = 100  // frames of speech before somebody is told
	mutedAgain  = 1000 // frames until somebody is told again
)

// watchMuted notices somebody who speaks and has forgotten the mute key, and how
// loud whoever speaks is. It says whether somebody speaks.
func (e *Engine) watchMuted(g *graph, speaker []int16) (speaks bool) {
	t := &e.t
	speaks = t.voice.Frame(t.mic[:], speaker)
	if speaks && !g.muted {
		e.hears.said(t.mic[:])
	}
	if g.path != t.path {
		t.path = g.path
		e.hears.reset()
	}
	t.quietFor++
	switch {
	case !g.muted || g.path == PathNone:
		t.mutedFor, t.quietFor = 0, mutedAgain
	case speaks && t.mutedFor < mutedSpeech:
		t.mutedFor++
	case speaks && t.quietFor >= mutedAgain:
		t.mutedFor, t.quietFor = 0, 0
		e.spoke.Store(true)
		e.signal()
	case !speaks && t.mutedFor > 0:
		t.mutedFor-- // a pause for breath is not forgotten at once
	}
	return speaks
}

// mixSpeech makes what the path's loudspeaker plays, before its volume.
func (e *Engine) mixSpeech(r *routing, g *graph) {
	t := &e.t
	t.mixer.Clear()
	for _, s := range g.gone {
		t.mixer.Break(&s.input)
	}
	for _, p := range g.ports {
		gain := float32(0)
		if p.heard {
			gain = 1
		}
		p.input.Set(gain)
		t.mixer.Add(&p.input, p.frame[:])
	}
	t.mixer.Limit(t.far[:], &t.farPeaks)
	e.meters.far.Frame(t.far[:])
	e.tapFrame(TapReceive, t.far[:])

	under := float32(1)
	if g.heard > 0 {
		under = underSpeech
	}
	if t.toneNow != g.tone {
		// What sounded is cut here and its end ramped down.
		t.mixer.Break(&t.toneIn)
		t.toneNow = g.tone
		t.tone.Play(g.tone)
	}
	t.toneIn.Set(under)
	t.tone.ReadFrame(t.scratch[:])
	t.mixer.Add(&t.toneIn, t.scratch[:])
	if side := g.tuning[r.path].sidetone; side > 0 || !t.side.Silent() {
		t.side.Set(side)
		t.mixer.Add(&t.side, t.mic[:])
	}
	e.nextBeep(r, g)
	if g.path != PathNone {
		t.onceIn.Set(under)
		t.mixer.Add(&t.onceIn, t.beep[:])
	}
	t.mixer.Limit(t.speech[:], &t.speechPeaks)
}

// nextBeep makes the beeps, as soon as there is a loudspeaker for them.
func (e *Engine) nextBeep(r *routing, g *graph) {
	t := &e.t
	if !t.once.Playing() && (g.path != PathNone || r.rings) {
		select {
		case tone := <-e.oneShot:
			t.once.Play(tone)
		default:
		}
	}
	playing := t.once.Playing()
	t.once.ReadFrame(t.beep[:])
	if playing && !t.once.Playing() && e.beeps.Add(-1) == 0 {
		e.signal() // the ringer may be let go
	}
}

// mixRing makes what the ringer plays.
func (e *Engine) mixRing(r *routing, g *graph) {
	t := &e.t
	var want *int16
	if r.rings && len(g.ring) > 0 {
		want = &g.ring[0]
	}
	if want != t.ringing {
		if want == nil {
			t.melody.Play(nil)
		} else {
			t.melody.Play(g.ring)
		}
		t.ringing = want
	}
	t.melody.ReadFrame(t.ring[:])
}

// play gives every open loudspeaker its frame.
func (e *Engine) play(r *routing, g *graph, speaker []int16) {
	t := &e.t
	for _, o := range r.outs {
		t.mixer.Clear()
		copy(o.buf[:], t.speech[:])
		e.shape(o, g, r.path)
		if o.ring {
			o.ringIn.Set(g.ringGain)
			if len(g.ring) == 0 {
				o.ringIn.Set(0)
			}
			t.mixer.Add(&o.ringIn, t.ring[:])
			t.mixer.Add(e.plain(), o.buf[:])
			if g.path == PathNone {
				t.mixer.Add(e.plain(), t.beep[:])
			}
			t.mixer.Mix(o.buf[:])
		}
		if o.output == r.master {
			copy(speaker, o.buf[:])
		} else {
			o.elastic.Write(o.buf[:])
		}
	}
}

// shape is what a loudspeaker does to speech: its path's equaliser, gain and
// volume, and its limit.
func (e *Engine) shape(o outRole, g *graph, path int) {
	if !o.speech && !o.group {
		o.volume.Set(0)
		o.volume.Apply(o.buf[:])
		return
	}
	if !o.speech {
		path = loudIndex
	}
	tuning := g.tuning[path]
	o.curve.Set(tuning.curve)
	o.curve.Apply(o.buf[:])
	o.volume.Set(g.volume[path] * tuning.speaker)
	o.volume.Apply(o.buf[:])
	o.limiter.Ceiling = tuning.ceiling
	o.limiter.Apply(o.buf[:])
}

// plain is an input at full level that keeps nothing.
func (e *Engine) plain() *audio.Input {
	e.t.oneInput = audio.UnityInput()
	return &e.t.oneInput
}
