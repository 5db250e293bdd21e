// Package b2b is the switch of the lab exchange: a back-to-back user agent with
// its own transactions, dialogs, service numbers, parking and transfer.
//
// One goroutine, the loop, owns every leg, call and transaction; what arrives
// from flows, timers and media is queued to it. Media work runs on short
// goroutines that report back to the loop. Nothing here resolves names: a
// request in a dialog always travels on the flow its phone is connected by.
package b2b

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"time"

	"phoned/internal/clock"
	"phoned/lab/faults"
	"phoned/lab/flow"
	"phoned/lab/mediapeer"
	"phoned/lab/registrar"
	"phoned/lab/sdptext"
	"phoned/lab/sipmsg"
)

// ErrClosed: the exchange has ended.
var ErrClosed = errors.New("lab exchange closed")

// User is an account of the exchange.
type User struct {
	Name, Password, Display string
}

// Config of an Engine; all fields are required unless they say otherwise.
type Config struct {
	Domain     string
	MediaIP    string
	Users      map[string]User
	Algorithms []string      // of digest
	NonceLife  time.Duration // after which a nonce is stale
	Style      sdptext.Style
	RecordInfo bool // report recording by INFO, as the command asks
	// Orphans is how long a call outlives the socket of its phone.
	Orphans time.Duration
	Faults  *faults.Set
	Clock   clock.Clock
	Log     *slog.Logger
	Speech  []int16 // mono, 8000 Hz: what the second phone says; may be nil
}

// Engine is the switch. Its exported methods are safe for concurrent use.
type Engine struct {
	cfg    Config
	digest *registrar.Digest
	Record *Recorder

	qmu    sync.Mutex
	queue  []func()
	wake   chan struct{}
	ended  bool
	done   chan struct{}
	wg     sync.WaitGroup // media work
	ctx    context.Context
	cancel context.CancelFunc

	// Below: the loop's.
	bindings registrar.Bindings
	flows    map[int64]*flow.Flow
	server   map[string]*serverTx
	client   map[string]*clientTx
	legs     map[string]*leg
	timers   map[*timer]bool
	parked   map[string]*parkedCall
	second   *SecondPhone
	subs     map[string]*subscription
	lamps    map[string]Lamp
	boxes    map[string]Mailbox
	calls    []*call
	ids      int
}

// New starts the loop.
func New(cfg Config) *Engine {
	e := &Engine{cfg: cfg, wake: make(chan struct{}, 1), done: make(chan struct{}),
		digest: registrar.NewDigest(cfg.Domain, cfg.Algorithms, cfg.NonceLife, cfg.Clock.Now),
		Record: newRecorder(cfg.Clock.Now),
		flows:  map[int64]*flow.Flow{}, server: map[string]*serverTx{}, client: map[string]*clientTx{},
		legs: map[string]*leg{}, timers: map[*timer]bool{}, parked: map[string]*parkedCall{},
		subs: map[string]*subscription{}, lamps: map[string]Lamp{}, boxes: map[string]Mailbox{}}
	e.ctx, e.cancel = context.WithCancel(context.Background())
	e.second = newSecondPhone(e)
	go e.loop()
	return e
}

func (e *Engine) loop() {
	defer close(e.done)
	for {
		e.qmu.Lock()
		q := e.queue
		e.queue = nil
		ended := e.ended
		e.qmu.Unlock()
		for _, f := range q {
			f()
		}
		if len(q) > 0 && !ended {
			e.tellWatchers()
		}
		if len(q) == 0 {
			if ended {
				return
			}
			<-e.wake
		}
	}
}

// post queues f for the loop; after Close it is dropped.
func (e *Engine) post(f func()) {
	e.qmu.Lock()
	defer e.qmu.Unlock()
	if e.ended {
		return
	}
	e.queue = append(e.queue, f)
	select {
	case e.wake <- struct{}{}:
	default:
	}
}

// do runs f on the loop and waits for it.
func (e *Engine) do(f func()) error {
	ran := make(chan struct{})
	e.post(func() { f(); close(ran) })
	select {
	case <-ran:
		return nil
	case <-e.done:
		select {
		case <-ran:
			return nil
		default:
			return ErrClosed
		}
	}
}

// work runs slow on a goroutine and then its result on the loop.
func (e *Engine) work(slow func(context.Context) func()) {
	e.wg.Go(func() {
		ctx, cancel := context.WithTimeout(e.ctx, 10*time.Second)
		defer cancel()
		e.post(slow(ctx))
	})
}

// timer is an AfterFunc whose function runs on the loop.
type timer struct {
	t    clock.Timer
	live bool
}

func (e *Engine) after(d time.Duration, f func()) *timer {
	t := &timer{live: true}
	e.timers[t] = true
	t.t = e.cfg.Clock.AfterFunc(d, func() {
		e.post(func() {
			if t.live {
				t.live = false
				delete(e.timers, t)
				f()
			}
		})
	})
	return t
}

func (e *Engine) stop(t *timer) {
	if t != nil && t.live {
		t.live = false
		t.t.Stop()
		delete(e.timers, t)
	}
}

// Close ends all calls' media, the timers and the loop. Flows are the caller's.
func (e *Engine) Close() {
	e.cancel()
	_ = e.do(func() {
		for t := range e.timers {
			e.stop(t)
		}
		for _, l := range e.legs {
			l.drop()
		}
		for _, p := range e.parked {
			p.drop()
		}
	})
	e.wg.Wait()
	e.qmu.Lock()
	e.ended = true
	e.qmu.Unlock()
	select {
	case e.wake <- struct{}{}:
	default:
	}
	<-e.done
}

// Opened implements flow.Handler.
func (e *Engine) Opened(f *flow.Flow) {
	e.post(func() {
		e.flows[f.ID] = f
		e.Record.event(Event{Kind: "flow-open", Detail: f.Transport + " " + f.Remote})
	})
}

// Closed implements flow.Handler: bindings on the socket go with it.
func (e *Engine) Closed(f *flow.Flow, cause error) {
	e.post(func() {
		delete(e.flows, f.ID)
		e.Record.event(Event{Kind: "flow-closed", Detail: f.Remote + ": " + cause.Error()})
		for _, b := range e.bindings.Remove(func(b *registrar.Binding) bool { return b.Flow == f }) {
			e.Record.event(Event{Kind: "binding-lost", User: b.User})
		}
		e.unsubscribeFlow(f)
		for _, c := range e.clientsOn(f) {
			c.fail(503, "Flow Failed")
		}
		for _, l := range e.legs {
			if l.flow == f {
				l.orphan()
			}
		}
	})
}

// Received implements flow.Handler.
func (e *Engine) Received(f *flow.Flow, raw []byte) {
	text := strings.Trim(string(raw), "\r\n\x00 ")
	if text == "" { // RFC 5626 §3.5.1: CRLFCRLF is answered by CRLF
		if len(raw) >= 4 && f.Reliable() {
			_ = f.Send([]byte("\r\n"))
		}
		return
	}
	m, err := sipmsg.Parse(raw)
	if err != nil {
		e.Record.event(Event{Kind: "malformed", Detail: err.Error()})
		return
	}
	e.Record.message(f, false, m)
	e.post(func() {
		if m.Method == "" {
			e.response(f, m)
		} else {
			e.request(f, m)
		}
	})
}

// send writes a message and keeps it for tests; a dead flow only shows when
// its reader notices.
func (e *Engine) send(f *flow.Flow, m *sipmsg.Message) {
	e.Record.message(f, true, m)
	if err := f.Send(m.Bytes()); err != nil {
		e.cfg.Log.Debug("send failed", "err", err)
	}
}

// DropSockets cuts every WebSocket.
func (e *Engine) DropSockets() error {
	return e.do(func() {
		for _, f := range e.flows {
			f.Drop()
		}
	})
}

// PingAll sends a PING with a payload on every WebSocket and returns when each
// was answered, or the error of the first that was not.
func (e *Engine) PingAll(ctx context.Context) error {
	var all []*flow.Flow
	if err := e.do(func() {
		for _, f := range e.flows {
			all = append(all, f)
		}
	}); err != nil {
		return err
	}
	for _, f := range all {
		if err := f.Ping(ctx); err != nil {
			return err
		}
		e.Record.event(Event{Kind: "pong", Detail: f.Remote})
	}
	return nil
}

// AgeNonces makes the next request be challenged with stale=true.
func (e *Engine) AgeNonces() { e.digest.Age() }

// Registered lists the users that can be reached now.
func (e *Engine) Registered() []string {
	var out []string
	_ = e.do(func() {
		for _, b := range e.bindings.All() {
			if e.cfg.Clock.Now().Before(b.Expires) {
				out = append(out, b.User)
			}
		}
	})
	return out
}

// media makes an End as the switches are now.
func (e *Engine) media(secure bool, digit func(byte)) *mediapeer.End {
	f := e.cfg.Faults.SIP()
	return mediapeer.New(mediapeer.Config{IP: e.cfg.MediaIP, Style: e.cfg.Style, Codecs: f.Codecs,
		Passive: f.DTLSPassive, Deaf: f.Deaf(), Digit: digit}, secure)
}

func random(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails (crypto/rand)
	return hex.EncodeToString(b)
}

// contact is our Contact on a flow. FreeSWITCH writes an address that cannot be
// reached from a WebSocket.
func (e *Engine) contact(f *flow.Flow, user string) string {
	switch {
	case e.cfg.Style == sdptext.FreeSWITCH:
		return "<sip:" + user + "@" + e.cfg.MediaIP + ":5060;transport=udp>"
	case f.Transport == "UDP":
		return "<sip:" + user + "@" + e.host(f) + ">"
	}
	return "<sip:" + user + "@" + e.host(f) + ";transport=ws>"
}

// host is our own address as the phone on f sees it.
func (e *Engine) host(f *flow.Flow) string {
	if f.Upgrade != nil {
		return f.Upgrade.Host
	}
	return f.Local
}

var _ flow.Handler = (*Engine)(nil)
