package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"time"

	"phoned/hal"
	"phoned/lab/b2b"
	"phoned/lab/faults"
	"phoned/media/mediatest"
	"phoned/media/mediatest/sentence"
	"phoned/phone"
)

// errDemoFailed: the summary said so already.
var errDemoFailed = errors.New("the demo call was not heard")

const (
	demoNumber = "9196"
	demoLimit  = 2 * time.Minute
	// heardAt is the correlation from which a call counts as heard.
	heardAt = 0.9
	// A PC that keeps its sound waiting longer than disturbed, ms, says nothing
	// about the call; it may try again. No phone's board does that.
	disturbed = 30
	demoTries = 3
	// audible is the level of the far end's meter from which it counts as heard.
	audible = 0.01
)

// demoCall is what one call of the demo gave.
type demoCall struct {
	Codec        string      `json:"codec"`
	AnswerMS     float64     `json:"answer_ms"`
	FirstAudioMS float64     `json:"first_audio_ms"`
	LoopDelayMS  float64     `json:"loop_delay_ms"`
	Correlation  float64     `json:"echo_correlation"`
	ByeSeen      bool        `json:"bye_seen"`
	SRTPProfile  string      `json:"srtp_profile"`
	LocalPrint   string      `json:"local_fingerprint"`
	RemotePrint  string      `json:"remote_fingerprint"`
	Lab          interface{} `json:"lab_media"`
	PacketsSent  uint64      `json:"packets_sent"`
	PacketsRecv  uint64      `json:"packets_received"`
	Concealed    uint64      `json:"concealed_frames"`
	// LateMS is the longest the PC kept the bench waiting.
	LateMS float64 `json:"bench_late_ms"`
	OK     bool    `json:"ok"`
}

// demoSummary is the last line.
type demoSummary struct {
	OK           bool       `json:"ok"`
	RegisteredMS float64    `json:"registered_ms"`
	AnswerMS     float64    `json:"answer_ms"`
	FirstAudioMS float64    `json:"first_audio_ms"`
	LoopDelayMS  float64    `json:"loop_delay_ms"`
	Correlation  float64    `json:"echo_correlation"`
	Unregistered bool       `json:"unregistered"`
	Calls        []demoCall `json:"calls"`
	Error        string     `json:"error,omitempty"`
}

type reporter struct {
	out   io.Writer
	start time.Time
}

func (r reporter) step(name string, detail any) {
	r.line(map[string]any{"step": name, "at_ms": ms(time.Since(r.start)), "detail": detail})
}

func (r reporter) line(v any) {
	b, err := json.Marshal(v)
	if err != nil {
		b = fmt.Appendf(nil, `{"error":%q}`, err)
	}
	_, _ = r.out.Write(append(b, '\n'))
}

func ms(d time.Duration) float64 { return math.Round(float64(d)/float64(time.Microsecond)/100) / 10 }

func demo(ctx context.Context, o options, out io.Writer, log *slog.Logger) error {
	ctx, cancel := context.WithTimeout(ctx, demoLimit)
	defer cancel()
	r := reporter{out, time.Now()}
	sum := demoSummary{Calls: []demoCall{}}
	o.config = ""
	w, err := start(context.WithoutCancel(ctx), o, log, "", true)
	if err == nil {
		err = w.demo(ctx, o, r, &sum)
		last := len(w.lab.Engine.Record.Events(0))
		err = errors.Join(err, w.goodbye(ctx, last, r, &sum))
	}
	sum.OK = err == nil && sum.Unregistered && len(sum.Calls) == 2
	sum.Correlation = 1
	for i, c := range sum.Calls {
		sum.OK = sum.OK && c.OK
		sum.Correlation = min(sum.Correlation, c.Correlation)
		if i == 0 {
			sum.AnswerMS, sum.FirstAudioMS, sum.LoopDelayMS = c.AnswerMS, c.FirstAudioMS, c.LoopDelayMS
		}
	}
	if len(sum.Calls) == 0 {
		sum.Correlation = 0
	}
	if err != nil {
		sum.Error = err.Error()
	}
	r.line(sum)
	if !sum.OK {
		return errDemoFailed
	}
	return nil
}

func (w *world) demo(ctx context.Context, o options, r reporter, sum *demoSummary) error {
	r.step("started", map[string]any{"exchange": w.lab.WSSURL(), "version": version})
	v, err := w.until(ctx, func(v phone.View) bool { return v.Session.State == phone.SessionIn })
	if err != nil {
		return fmt.Errorf("sign in: %w", err)
	}
	r.step("signed-in", map[string]any{"user": v.Session.User})
	v, err = w.until(ctx, func(v phone.View) bool { return len(v.Lines) > 0 && v.Lines[0].State == phone.LineRegistered })
	if err != nil {
		return fmt.Errorf("register: %w", err)
	}
	sum.RegisteredMS = ms(time.Since(r.start))
	r.step("registered", map[string]any{"line": v.Lines[0].Number, "domain": v.Lines[0].Domain})
	for _, codec := range []string{"pcmu", "opus"} {
		w.lab.Faults.SetSIP(faults.SIP{Codecs: []string{codec}, EchoOff: o.echo == "off"})
		c, err := w.demoCall(ctx, o, r)
		for try := 1; err == nil && !c.OK && c.LateMS > disturbed && o.echo != "off" && try < demoTries; try++ {
			r.step("again", map[string]any{"because": "this PC was too busy to keep the sound in time", "late_ms": c.LateMS})
			c, err = w.demoCall(ctx, o, r)
		}
		if err != nil {
			return fmt.Errorf("call with %s: %w", codec, err)
		}
		sum.Calls = append(sum.Calls, c)
	}
	return nil
}

// demoCall lifts the handset, dials key by key, speaks, listens and hangs up.
func (w *world) demoCall(ctx context.Context, o options, r reporter) (demoCall, error) {
	var c demoCall
	events := w.Bus.Last()
	labEvents := len(w.lab.Engine.Record.Events(0))
	if err := w.hook.Lift(); err != nil {
		return c, err
	}
	if _, err := w.until(ctx, func(v phone.View) bool { return v.Screen == phone.ScreenDialtone }); err != nil {
		return c, fmt.Errorf("dial tone: %w", err)
	}
	// The meter still falls from the call before; only then does it tell of this one.
	for w.Engine.Levels().Receive >= audible {
		if err := sleep(ctx, 2*time.Millisecond); err != nil {
			return c, err
		}
	}
	r.step("lifted", map[string]any{"tone": w.Phone.View().Plan.Tone})
	for _, key := range demoNumber + "#" {
		if err := w.keypad.Press(hal.Key(string(key))); err != nil {
			return c, err
		}
	}
	if _, err := w.event(ctx, events, "call-started"); err != nil {
		return c, err
	}
	called := time.Now()
	r.step("dialled", map[string]any{"number": demoNumber})
	if _, err := w.event(ctx, events, "call-answered"); err != nil {
		return c, err
	}
	answered := time.Now()
	c.AnswerMS = ms(answered.Sub(called))
	r.step("answered", nil)
	up := func(v phone.View) bool { return len(v.Calls) > 0 && v.Calls[len(v.Calls)-1].MediaUp }
	if _, err := w.until(ctx, up); err != nil {
		return c, fmt.Errorf("media: %w", err)
	}
	spoke := time.Now()
	w.bench.keep(sentence.NewSpeaker(false))
	listening, stopListening := context.WithCancel(ctx)
	defer stopListening()
	first := w.firstAudio(listening)
	r.step("media-up", map[string]any{"after_answer_ms": ms(spoke.Sub(answered))})
	if err := sleep(ctx, time.Duration(o.demoSeconds*float64(time.Second))); err != nil {
		return c, err
	}
	sent, heard, late := w.bench.kept()
	c.LateMS = ms(late)
	w.measure(&c, sent, heard)
	stopListening()
	c.FirstAudioMS = -1
	if at, ok := <-first; ok {
		c.FirstAudioMS = ms(at.Sub(answered))
	}
	r.step("listened", map[string]any{"codec": c.Codec, "correlation": c.Correlation, "loop_delay_ms": c.LoopDelayMS, "level_dbfs": math.Round(mediatest.RMS(heard)*10) / 10})
	if err := w.hook.HangUp(); err != nil {
		return c, err
	}
	bye, err := w.lab.Await(ctx, labEvents, func(e b2b.Event) bool { return e.Kind == "bye" })
	if err != nil {
		return c, fmt.Errorf("BYE: %w", err)
	}
	c.ByeSeen = true
	calls := w.lab.Calls()
	c.Lab = calls[len(calls)-1].Media
	r.step("hung-up", map[string]any{"bye_from": bye.User})
	if _, err := w.until(ctx, func(v phone.View) bool { return v.Screen == phone.ScreenIdle }); err != nil {
		return c, fmt.Errorf("idle again: %w", err)
	}
	c.OK = c.ByeSeen && c.Correlation >= heardAt
	return c, nil
}

// measure reads the phone's own counters and compares the two recordings: the
// waveform where the codec keeps it, else the spectrum over time.
func (w *world) measure(c *demoCall, sent, heard []int16) {
	for _, s := range w.Phone.MediaStats() {
		c.Codec, c.SRTPProfile, c.LocalPrint, c.RemotePrint = s.Codec, s.Profile, s.LocalPrint, s.RemotePrint
		c.PacketsSent, c.PacketsRecv, c.Concealed = s.PacketsSent, s.PacketsRecv, s.Concealed
	}
	corr, delay := mediatest.Correlate(sent, heard)
	if c.Codec == "opus" {
		corr = mediatest.EnvelopeCorrelation(sent, heard)
	}
	c.Correlation = math.Round(corr*1000) / 1000
	c.LoopDelayMS = ms(delay)
}

// firstAudio waits for the far end's first sound, by the engine's own meter of
// what comes in (local tones are not in it), and says when that was.
func (w *world) firstAudio(ctx context.Context) <-chan time.Time {
	heard := make(chan time.Time, 1)
	go func() {
		defer close(heard)
		for w.Engine.Levels().Receive < audible {
			if sleep(ctx, 2*time.Millisecond) != nil {
				return
			}
		}
		heard <- time.Now()
	}()
	return heard
}

// goodbye stops the phone and looks whether the exchange heard it leave.
func (w *world) goodbye(ctx context.Context, events int, r reporter, sum *demoSummary) error {
	w.end()
	err := <-w.done
	_, gone := w.lab.Await(ctx, events, func(e b2b.Event) bool { return e.Kind == "unregistered" })
	sum.Unregistered = gone == nil
	r.step("unregistered", map[string]any{"seen": sum.Unregistered})
	return errors.Join(err, gone, w.cleanUp())
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
