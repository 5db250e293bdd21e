package sip

import (
	"context"
	"fmt"
	"reflect"
	"time"

	"phoned/internal/backoff"
)

const (
	maxBackoff = 60 * time.Second
	// held is how long a registration must last before the back-off starts over.
	held = 60 * time.Second
	// slowRetry is the wait after an answer that says a person must act: wrong
	// credentials tried every few seconds get an address blocked.
	slowRetry = 5 * time.Minute
	// fleetSpread is over how long the phones of a restarted exchange return:
	// a thousand registrations in one second would bring it down again.
	fleetSpread = 30 * time.Second
)

// line is one AOR: its flow, its registration, its place in the list of
// servers. It belongs to the loop.
type line struct {
	a    *Agent
	cfg  Line
	next *Line // what to become when the last leg is over
	host string
	link *link

	dialing    int // the attempt under way or, counted up, the last one
	cancelDial context.CancelFunc
	server     int // index into cfg.Servers
	target     int // which of that server's hosts
	targets    int // how many it has, as far as known
	back       *backoff.Backoff
	retry      *timer
	steady     *timer // resets back

	reg       registration
	state     LineChanged
	probing   bool     // over UDP: KeepAlive was given
	bereft    bool     // the flow of a registration was lost and is not back
	owed      []func() // BYEs that could not be sent while the flow was down
	rehoming  bool     // the flow is given up for another address
	lastLocal string   // our address when we registered last
	left      bool     // removed: unregistering, then gone

	subs    map[Subscription]*subscription
	invites bucket // limits what the exchange can make us do
	news    bucket
	syncs   bucket
}

func newLine(a *Agent, cfg Line) *line {
	l := &line{
		a: a, host: newTag() + ".invalid", subs: map[Subscription]*subscription{},
		invites: bucket{rate: 10, burst: 30}, news: bucket{rate: 10, burst: 100}, syncs: bucket{rate: 0.1, burst: 1},
	}
	l.configure(cfg)
	return l
}

// configure fills in the defaults that Line documents.
func (l *line) configure(c Line) {
	l.cfg, l.next = c, nil
	if l.cfg.AuthUser == "" {
		l.cfg.AuthUser = c.User
	}
	l.probing = c.KeepAlive > 0
	setDefault(&l.cfg.Expires, 600*time.Second)
	setDefault(&l.cfg.KeepAlive, 5*time.Second)
	setDefault(&l.cfg.Pong, 4*time.Second)
	setDefault(&l.cfg.Backoff, time.Second)
	l.back = backoff.New(l.cfg.Backoff, max(l.cfg.Backoff, maxBackoff), 0.5, l.a.rand)
	l.server, l.target = 0, 0
	l.reg = registration{line: l, callID: newCallID(), tag: newTag(), expires: l.cfg.Expires}
}

func setDefault(d *time.Duration, v time.Duration) {
	if *d <= 0 {
		*d = v
	}
}

// SetLines implements UserAgent.
func (a *Agent) SetLines(lines []Line) {
	a.wait(func() {
		if a.closing {
			return
		}
		want := map[string]Line{}
		for _, c := range lines {
			want[c.ID] = c
		}
		for id, l := range a.lines {
			if _, ok := want[id]; !ok {
				delete(a.lines, id)
				l.leave()
			}
		}
		for id, c := range want {
			l := a.lines[id]
			if l == nil {
				l = newLine(a, c)
				a.lines[id] = l
				l.connect()
				continue
			}
			l.change(c)
		}
	})
}

// change makes the line what c says; at once, or when its last leg is over.
func (l *line) change(c Line) {
	probe := &line{a: l.a}
	probe.configure(c)
	if sameLine(probe.cfg, l.cfg) {
		l.next = nil
		return
	}
	if l.busy() {
		l.next = &c
		return
	}
	// The old registration is taken back on the old flow, which closes after.
	if l.link != nil {
		old := &line{a: l.a, cfg: l.cfg, host: l.host, link: l.link, reg: l.reg}
		old.reg.line = old
		old.link.line = old
		l.link = nil
		l.reg = registration{}
		old.leave()
	}
	for _, s := range l.subs {
		s.lost()
	}
	l.stopTimers()
	l.host = newTag() + ".invalid"
	l.configure(c)
	l.connect()
}

func sameLine(x, y Line) bool {
	roots := x.Roots == y.Roots || x.Roots != nil && y.Roots != nil && x.Roots.Equal(y.Roots)
	x.Roots, y.Roots = nil, nil
	return roots && reflect.DeepEqual(x, y)
}

func (l *line) busy() bool {
	for _, g := range l.a.legs {
		if g.line == l {
			return true
		}
	}
	return false
}

// legOver is called when a leg is released.
func (l *line) legOver() {
	if l.busy() {
		return
	}
	if l.left {
		l.unregister()
	} else if l.next != nil {
		l.change(*l.next)
	}
}

// Reconnect implements UserAgent.
func (a *Agent) Reconnect(id string) {
	a.post(func() {
		for _, l := range a.lines {
			if id == "" || id == l.cfg.ID {
				l.reconnect()
			}
		}
	})
}

func (l *line) reconnect() {
	l.back.Reset()
	l.bereft = false
	if l.link != nil {
		if !l.cfg.CallsOnly {
			l.reg.register(l.link)
		}
		return
	}
	l.server, l.target = 0, 0
	l.connect()
}

// connect dials the server whose turn it is.
func (l *line) connect() {
	l.retry.stop()
	l.stopDialing()
	if len(l.cfg.Servers) == 0 {
		l.report(LineChanged{State: Failed, Err: fmt.Errorf("the line has no server: %w", ErrUnreachable)})
		return
	}
	if l.state.State != Connecting {
		l.report(LineChanged{State: Connecting})
	}
	attempt, server, cfg := l.dialing, l.cfg.Servers[l.server], l.cfg
	cfg.target = l.target
	wait, cancel := context.WithCancel(context.Background())
	l.cancelDial = cancel
	l.a.wg.Go(func() {
		var f Flow
		var info flowInfo
		var err error
		if secured(server) {
			err = l.a.cfg.Gate.Wait(wait)
		}
		if err == nil {
			ctx, stop := deadline(wait, l.a.clock, dialTimeout)
			err = ErrUnreachable
			l.a.guard("dialling failed", func() { f, info, err = l.a.dial(ctx, server, cfg) })
			stop()
		}
		taken := false
		l.a.wait(func() {
			if attempt == l.dialing {
				taken = err == nil
				l.dialed(f, info, err)
			}
		})
		if !taken && f != nil {
			_ = f.Close()
		}
	})
}

// stopDialing makes the attempt under way come to nothing.
func (l *line) stopDialing() {
	l.dialing++
	if l.cancelDial != nil {
		l.cancelDial()
		l.cancelDial = nil
	}
}

func (l *line) dialed(f Flow, info flowInfo, err error) {
	l.stopDialing()
	l.targets = info.targets
	if err != nil {
		l.serverFailed(0, err, 0)
		return
	}
	l.link = newLink(l.a, l, f, info)
	l.a.log.Debug("connected", "line", l.cfg.ID, "server", l.cfg.Servers[l.server])
	l.begin(l.link)
}

// serverFailed goes on to the next server, or waits when all were tried. A
// positive pause is what the server asked for.
func (l *line) serverFailed(code int, err error, pause time.Duration) {
	l.dropLink()
	if l.target++; l.target < l.targets {
		l.a.log.Info("server failed, trying its next host", "line", l.cfg.ID, "code", code, "err", err)
		l.connect()
		return
	}
	l.target = 0
	l.server++
	if l.server < len(l.cfg.Servers) {
		l.a.log.Info("server failed, trying the next", "line", l.cfg.ID, "code", code, "err", err)
		l.connect()
		return
	}
	l.server, l.target = 0, 0
	if l.emergency() != nil { // somebody waits for help
		l.retryIn(emergencyRetry, LineChanged{State: Connecting, Code: code, Err: err})
		return
	}
	wait := max(l.pause(), pause+time.Duration(l.a.rand()*float64(min(pause, fleetSpread))))
	if l.bereft && !l.busy() {
		// It went and has not come back at once: it restarts, for everybody.
		wait = min(wait+time.Duration(l.a.rand()*float64(fleetSpread)), max(wait, maxBackoff))
	}
	l.retryIn(wait, LineChanged{State: Connecting, Code: code, Err: err})
}

// pause is the next wait of the back-off, never above the limit: what the
// jitter adds beyond is taken off instead, so that the waits stay spread.
func (l *line) pause() time.Duration {
	d, limit := l.back.Next(), max(l.cfg.Backoff, maxBackoff)
	if d > limit {
		d = 2*limit - d
	}
	return d
}

// flowLost is called when the flow ends without our doing.
func (l *line) flowLost(k *link, err error) {
	if l.link != k || k.gone {
		return
	}
	l.bereft = k.trusted
	l.dropLink()
	if l.left {
		l.gone()
		return
	}
	if l.waiting() != nil {
		// Somebody waits for his call: the next server, at once.
		l.server, l.target = (l.server+1)%len(l.cfg.Servers), 0
		l.retryIn(0, LineChanged{State: Connecting, Err: err})
		return
	}
	l.server, l.target = 0, 0
	wait := l.pause()
	if k.restarting(err) && !l.busy() {
		wait += time.Duration(l.a.rand() * float64(fleetSpread))
	}
	l.retryIn(wait, LineChanged{State: Connecting, Err: err})
}

// dropLink closes the flow and tells the legs.
func (l *line) dropLink() {
	if l.link == nil {
		return
	}
	k := l.link
	l.link = nil
	l.reg.stop()
	l.steady.stop()
	k.close()
	for _, s := range l.subs {
		s.lost()
	}
	for _, g := range l.a.legs {
		if g.line == l {
			g.flowLost()
		}
	}
}

func (l *line) retryIn(d time.Duration, why LineChanged) {
	why.Next = l.a.clock.Now().Add(d)
	l.retry.stop()
	l.retry = l.a.after(d, func() {
		if l.link != nil && !l.cfg.CallsOnly {
			l.reg.register(l.link)
		} else if l.link == nil {
			l.connect()
		}
	})
	l.report(why)
}

// report emits a change; the same news twice is said once.
func (l *line) report(c LineChanged) {
	c.Line = l.cfg.ID
	if c == l.state {
		return
	}
	if c.State != l.state.State || c.Code != l.state.Code {
		l.a.log.Info("line", "line", c.Line, "state", c.State, "code", c.Code, "err", c.Err)
	}
	l.state = c
	if !l.left || c.State == Off {
		l.a.emit(c)
	}
}

// registered is called by the registration when it holds.
func (l *line) registered(k *link) {
	fresh := !k.trusted
	k.trusted, l.bereft = true, false
	l.retry.stop()
	l.report(LineChanged{State: Registered, Code: 200})
	if l.steady == nil || l.steady.dead {
		l.steady = l.a.after(held, l.back.Reset)
	}
	if !fresh {
		return
	}
	l.subscribeAll()
	k.watch()
	owed := l.owed
	l.owed = nil
	for _, f := range owed {
		f()
	}
	l.restored(k)
	if g := l.waiting(); g != nil {
		g.resume(k)
	}
}

// leave removes the line: at once, or when its last leg is over.
func (l *line) leave() {
	l.left = true
	for what, s := range l.subs {
		delete(l.subs, what)
		s.leave()
	}
	l.a.leaving[l] = struct{}{}
	l.retry.stop()
	l.stopDialing()
	if !l.busy() {
		l.unregister()
	}
}

func (l *line) unregister() {
	if l.link == nil || !l.link.trusted {
		l.gone()
		return
	}
	l.reg.unregister(l.link, l.gone)
}

// gone is the line's end.
func (l *line) gone() {
	if _, ok := l.a.leaving[l]; !ok {
		return
	}
	delete(l.a.leaving, l)
	l.stopTimers()
	l.dropLink()
	if l.a.lines[l.cfg.ID] == nil {
		l.report(LineChanged{State: Off})
	}
	l.a.lineGone()
}

func (l *line) stopTimers() {
	l.stopDialing()
	l.retry.stop()
	l.steady.stop()
	l.reg.stop()
	for _, s := range l.subs {
		s.forget()
	}
}
