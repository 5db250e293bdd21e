package media

import (
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"phoned/internal/health"
	"phoned/media/audio"
	"phoned/media/device"
	"phoned/media/process"
)

const (
	// deviceRetry is how often a missing device is looked for.
	deviceRetry = 2 * time.Second
	// hurryTime is how long it is looked for each hurryRetry after something was
	// plugged in or out.
	hurryTime  = 4 * time.Second
	hurryRetry = 50 * time.Millisecond
	// linger keeps a loudspeaker open after its last use: its fading tail is
	// played, and lifting again at once costs nothing.
	linger = time.Second
	// silentID is the loudspeaker that keeps the clock when there is none.
	silentID = "\x00silent"
)

// problemCode is the code of a missing device's health.Problem; its subject is
// "handset speaker", "ringer" and so on.
const problemCode = "audio.device"

// patchbay opens and closes devices so that they are what the plan needs. All
// of it but melodies belongs to the goroutine of run.
type patchbay struct {
	e *Engine

	outs    map[string]*openOut
	mic     *openMic
	silent  *device.Card
	proc    process.Processor
	path    Path              // proc's
	missing map[string]bool   // in this round, by role
	told    map[string]string // problems reported, by role
	watch   sync.WaitGroup

	melodies melodyCache
}

type openOut struct {
	*output
	closeAt time.Time // zero: in use
	lost    *atomic.Bool
	closed  chan struct{}
}

type openMic struct {
	*input
	lost   *atomic.Bool
	closed chan struct{}
}

// needs is what the plan wants to be open.
type needs struct {
	path         Path
	speech       bool // the path's loudspeaker and microphone are wanted
	speaker, mic string
	group        bool
	groupSpeaker string
	ring         bool // the ringer is wanted, for ringing or a beep
	ringer       string
	clock        bool // there are ports that must be pulled
}

func newPatchbay(e *Engine) *patchbay {
	return &patchbay{e: e, outs: map[string]*openOut{}, missing: map[string]bool{}, told: map[string]string{}, silent: device.NewNull()}
}

// needs reads the plan.
func (e *Engine) needs() needs {
	e.mu.Lock()
	defer e.mu.Unlock()
	n := needs{path: e.plan.Path, ringer: e.ringer, clock: len(e.ports) > 0}
	if n.path == "" {
		n.path = PathNone
	}
	if n.path != PathNone {
		ep := e.paths[speechPath(n.path)]
		n.speech, n.speaker, n.mic = true, ep.Speaker, ep.Microphone
	}
	if n.path == PathGroup {
		n.group, n.groupSpeaker = true, e.paths[PathSpeaker].Speaker
	}
	n.ring = e.plan.Ring.On || n.path == PathNone && e.beeps.Load() > 0
	return n
}

// run is the control goroutine.
func (b *patchbay) run() {
	defer close(b.e.done)
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		select {
		case <-b.e.quit:
			b.closeAll()
			return
		case <-b.e.wake:
		case <-timer.C:
		}
		if b.e.spoke.Swap(false) && b.e.cfg.Voice != nil {
			b.e.cfg.Voice()
		}
		next := b.reconcile()
		b.e.counts.turns.Add(1)
		timer.Reset(next)
	}
}

// reconcile opens what is missing, exchanges the routing, closes what is left
// over, and says when to come again.
func (b *patchbay) reconcile() time.Duration {
	n := b.e.needs()
	clear(b.missing)
	b.dropLost()
	r := &routing{path: pathIndex(n.path)}
	if n.speech {
		b.addOut(r, n.speaker, outRole{speech: true}, string(speechPath(n.path))+" speaker")
	}
	if n.group {
		b.addOut(r, n.groupSpeaker, outRole{group: true}, "loudspeaker")
	}
	if n.ring {
		b.addOut(r, n.ringer, outRole{ring: true}, "ringer")
	}
	if len(r.outs) == 0 && (n.clock || n.speech || n.ring) {
		b.addOut(r, silentID, outRole{}, "")
	}
	for _, o := range r.outs {
		r.rings = r.rings || o.ring
	}
	if len(r.outs) > 0 {
		r.master = r.outs[0].output
	}
	oldMic := b.openMicrophone(n, r)
	oldProc := b.enter(n.path, r)
	b.e.routing.Store(r)
	b.e.settle()
	if oldMic != nil {
		b.closeMic(oldMic)
	}
	if oldProc != nil {
		if err := oldProc.Close(); err != nil {
			b.e.log.Warn("audio processing did not close", "err", err)
		}
	}
	next := b.retire(r)
	b.tellMissing()
	b.melodies.fill(b.e) // last: the path does not wait for it
	if len(b.missing) > 0 {
		next = min(next, deviceRetry)
		if time.Now().UnixNano() < b.e.hurry.Load() {
			next = min(next, hurryRetry)
		}
	}
	return next
}

// addOut adds a role to a routing, opening the device if need be.
func (b *patchbay) addOut(r *routing, id string, role outRole, name string) {
	o := b.openOut(id, name)
	if o == nil {
		return
	}
	for i := range r.outs {
		if r.outs[i].output == o.output {
			r.outs[i].speech = r.outs[i].speech || role.speech
			r.outs[i].group = r.outs[i].group || role.group
			r.outs[i].ring = r.outs[i].ring || role.ring
			return
		}
	}
	role.output = o.output
	r.outs = append(r.outs, role)
}

func (b *patchbay) openOut(id, name string) *openOut {
	if o := b.outs[id]; o != nil {
		o.closeAt = time.Time{}
		return o
	}
	driver := b.e.cfg.Devices
	if id == silentID {
		driver = b.silent
	}
	dev, err := driver.Open(device.Playback, id)
	if err != nil {
		b.report(name, id, err)
		return nil
	}
	o := &openOut{
		output: &output{id: id, dev: dev, elastic: audio.NewElastic(), slave: true},
		lost:   &atomic.Bool{}, closed: make(chan struct{}),
	}
	o.fade.In()
	if err := dev.Start(func(frame []int16) { b.e.pull(o.output, frame) }); err != nil {
		dev.Close()
		b.report(name, id, err)
		return nil
	}
	b.outs[id] = o
	b.watchLoss(dev, o.lost, o.closed)
	b.e.log.Info("loudspeaker opened", "dev", id)
	return o
}

// openMicrophone puts the path's microphone in r and returns the one to close.
func (b *patchbay) openMicrophone(n needs, r *routing) *openMic {
	old := b.mic
	switch {
	case !n.speech:
		b.mic = nil
		return old
	case old != nil && old.id == n.mic:
		r.mic = old.input
		return nil
	}
	name := string(speechPath(n.path)) + " microphone"
	dev, err := b.e.cfg.Devices.Open(device.Capture, n.mic)
	if err != nil {
		b.report(name, n.mic, err)
		b.mic = nil
		return old
	}
	m := &openMic{
		input: &input{id: n.mic, dev: dev, elastic: audio.NewElastic()},
		lost:  &atomic.Bool{}, closed: make(chan struct{}),
	}
	if err := dev.Start(m.elastic.Write); err != nil {
		dev.Close()
		b.report(name, n.mic, err)
		b.mic = nil
		return old
	}
	b.mic, r.mic = m, m.input
	b.watchLoss(dev, m.lost, m.closed)
	b.e.log.Info("microphone opened", "dev", n.mic)
	return old
}

func (b *patchbay) closeMic(m *openMic) {
	close(m.closed)
	if err := m.dev.Close(); err != nil {
		b.e.log.Warn("microphone did not close", "dev", m.id, "err", err)
	}
	b.e.counts.xruns.Add(m.dev.Stats().Xruns)
}

// enter makes the processing of a path and returns the one to close.
func (b *patchbay) enter(path Path, r *routing) process.Processor {
	if path == b.path {
		r.proc = b.proc
		b.tellDelay(r)
		return nil
	}
	old := b.proc
	b.proc, b.path = nil, path
	if b.e.cfg.Processor != nil && path != PathNone {
		p, err := b.e.cfg.Processor(path)
		if err != nil {
			b.e.log.Warn("no audio processing on this path", "path", string(path), "err", err)
		} else {
			b.proc = p
		}
	}
	r.proc = b.proc
	b.tellDelay(r)
	return old
}

// tellDelay gives the processing what the devices say of their delays.
func (b *patchbay) tellDelay(r *routing) {
	if r.proc == nil || r.master == nil || r.mic == nil {
		return
	}
	d := r.master.dev.Latency() + r.mic.dev.Latency()
	b.e.tickMu.Lock()
	defer b.e.tickMu.Unlock()
	r.proc.SetDelay(int(d*audio.Rate/time.Second) + r.mic.elastic.Stats().Level)
}

// watchLoss tells the control goroutine when dev is gone.
func (b *patchbay) watchLoss(dev device.Device, lost *atomic.Bool, closed <-chan struct{}) {
	b.watch.Go(func() {
		select {
		case <-dev.Lost():
			lost.Store(true)
			b.e.signal()
		case <-closed:
		}
	})
}

// dropLost closes what was pulled out, so that it can be opened again.
func (b *patchbay) dropLost() {
	for id, o := range b.outs {
		if o.lost.Load() {
			b.e.log.Warn("loudspeaker lost", "dev", id)
			b.e.counts.lost.Add(1)
			b.closeOut(o)
		}
	}
	if b.mic != nil && b.mic.lost.Load() {
		b.e.log.Warn("microphone lost", "dev", b.mic.id)
		b.e.counts.lost.Add(1)
		b.closeMic(b.mic)
		b.mic = nil
	}
}

func (b *patchbay) closeOut(o *openOut) {
	delete(b.outs, o.id)
	close(o.closed)
	if err := o.dev.Close(); err != nil {
		b.e.log.Warn("loudspeaker did not close", "dev", o.id, "err", err)
	}
	b.e.counts.xruns.Add(o.dev.Stats().Xruns)
}

// retire closes loudspeakers whose time is over, and says when the next one's
// is.
func (b *patchbay) retire(r *routing) time.Duration {
	used := map[*output]bool{}
	for _, o := range r.outs {
		used[o.output] = true
	}
	next, now := time.Hour, time.Now()
	for _, o := range b.outs {
		switch {
		case used[o.output]:
		case o.closeAt.IsZero():
			o.closeAt = now.Add(linger)
			next = min(next, linger)
		case !o.closeAt.After(now):
			b.closeOut(o)
		default:
			next = min(next, o.closeAt.Sub(now))
		}
	}
	return next
}

func (b *patchbay) closeAll() {
	b.e.routing.Store(&routing{})
	b.e.settle()
	for _, o := range b.outs {
		b.closeOut(o)
	}
	if b.mic != nil {
		b.closeMic(b.mic)
	}
	if b.proc != nil {
		if err := b.proc.Close(); err != nil {
			b.e.log.Warn("audio processing did not close", "err", err)
		}
	}
	b.silent.Close()
	b.watch.Wait()
}

// report notes a device that is not there.
func (b *patchbay) report(name, id string, err error) {
	if name == "" {
		name = "clock"
	}
	b.missing[name] = true
	if b.told[name] == err.Error() {
		return
	}
	b.told[name] = err.Error()
	b.e.log.Warn("audio device can't be opened", "dev", id, "role", name, "err", err)
	if b.e.cfg.Problems == nil {
		return
	}
	advice := "Check that it is plugged in."
	if errors.Is(err, device.ErrBusy) {
		advice = "Another program is using it; close that program."
	}
	b.e.cfg.Problems.Set(health.Problem{
		Code: problemCode, Subject: name, Severity: health.Error,
		Title: "The " + name + " can't be used.", Advice: advice, Detail: err.Error(),
	})
}

// tellMissing clears the problems of devices that are there again.
func (b *patchbay) tellMissing() {
	for name := range b.told {
		if !b.missing[name] {
			delete(b.told, name)
			b.e.log.Info("audio device is back", slog.String("role", name))
			if b.e.cfg.Problems != nil {
				b.e.cfg.Problems.Clear(problemCode, name)
			}
		}
	}
}
