// Package phone_test drives the whole phone in one process: the real core,
// signalling, media, backend, store and management server, with a simulated
// board and a sound card of software, against the lab exchange on loopback.
//
// Every world also listens to everything the phone says (logs down to the
// transport's, published events, SIP traces, management answers, screens, the
// database) and fails when a secret is in it; see secrets_test.go.
package phone_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"phoned/hal"
	"phoned/hal/sim"
	"phoned/internal/app"
	"phoned/internal/health"
	"phoned/lab"
	"phoned/lab/b2b"
	"phoned/manage"
	"phoned/media/mediatest"
	"phoned/phone"
	"phoned/provisioning"
	"phoned/sip"
)

const (
	extension = "1001"
	// patience bounds every wait: long, because machines are slow; nothing
	// waits for it unless something is broken.
	patience = time.Minute
)

// setup is how a world differs from the usual one.
type setup struct {
	network  *app.Network // the management is served on
	lab      lab.Config
	external *lab.Exchange // use this one instead
	config   string        // replaces the whole document
	more     string        // is added to it
	fresh    bool          // without tokens
	bad      bool          // the configuration is meant to be refused
	user     string        // "": 1001
	api      bool          // with api_url
	codecs   []string
	data     string
	waitIn   bool
	clock    *leaper
	before   func(*lab.Exchange)
	check    func(reboot bool)  // is asked to fetch the configuration again
	sound    func(*app.Options) // exchanges the sound card
	// realNetwork: media by whatever addresses the machine has.
	realNetwork bool
}

type world struct {
	*app.System
	t      *testing.T
	ctx    context.Context
	lab    *lab.Exchange
	keypad *sim.Keypad
	hook   *sim.Hook
	bench  *bench
	clock  *leaper
	heard  *listener
	data   string
	end    context.CancelFunc
	done   chan error
	over   bool
	ownLab bool
	wiped  bool             // by a reset: there is no database to look at
	told   []health.Problem // of the configuration
}

// idleScanner has nothing to read and ends when it is closed, which a phone that
// ends has to do.
type idleScanner struct {
	codes chan []byte
	once  sync.Once
}

func (s *idleScanner) Codes() <-chan []byte { return s.codes }
func (s *idleScanner) Err() error           { return nil }
func (s *idleScanner) Close() error         { s.once.Do(func() { close(s.codes) }); return nil }

// start builds a world and lets it run.
func start(t testing.TB, s setup) *world {
	t.Helper()
	tt, _ := t.(*testing.T)
	ctx, cancel := context.WithCancel(context.Background())
	w := &world{t: tt, ctx: ctx, keypad: sim.NewKeypad(time.Now), hook: sim.NewHook(time.Now, false), bench: newBench(), clock: s.clock, done: make(chan error, 1), data: s.data, lab: s.external}
	t.Cleanup(cancel)
	if w.clock == nil {
		w.clock = newLeaper()
	}
	if w.data == "" {
		w.data = t.TempDir()
	}
	var err error
	if w.lab == nil {
		if w.lab, err = lab.Start(context.Background(), s.lab); err != nil {
			t.Fatal(err)
		}
		w.ownLab = true
	}
	if s.before != nil {
		s.before(w.lab)
	}
	w.heard = &listener{}
	opts := app.Options{
		DataDir: w.data, Devices: w.bench.card, Codecs: s.codecs, Version: "test", Clock: w.clock, TrustLocal: true,
		Board: app.Board{Name: "virtual", Keypads: []hal.Keypad{w.keypad}, Hook: w.hook, Lamps: &sim.Lamps{}, Scanners: []hal.Scanner{&idleScanner{codes: make(chan []byte)}}},
		Log:   slog.New(slog.NewJSONHandler(w.heard.writer("log"), &slog.HandlerOptions{Level: slog.LevelDebug - 8})),
		Trace: func(m sip.TraceMessage) { w.heard.add("sip trace", m.Text) },
		Roots: w.lab.CertPool(), Loopback: !s.realNetwork, PhoneName: "Front desk", CheckConfig: s.check,
		Record: func(e phone.Event) {
			if k, ok := e.What.(phone.KeyDown); ok {
				w.heard.add("keys of the record", string(k.Key))
			}
		},
	}
	if s.sound != nil {
		s.sound(&opts)
	}
	opts.Config = w.configuration(t, s)
	if w.System, err = app.Assemble(opts); err != nil {
		t.Fatal(err)
	}
	for _, h := range w.told {
		w.Health.Set(h)
	}
	if s.network != nil {
		w.UseNetwork(*s.network)
	}
	run, stop := context.WithCancel(context.Background())
	w.end = stop
	go func() { w.done <- w.Run(run, nil) }()
	followed := w.follow(run)
	t.Cleanup(func() {
		w.close(t)
		<-followed
		w.heard.judge(t, w)
	})
	if !s.waitIn {
		return w
	}
	w.registered()
	return w
}

// configuration is what a phone of the lab is told, or what the test wants.
func (w *world) configuration(t testing.TB, s setup) provisioning.Config {
	t.Helper()
	doc := s.config
	if doc == "" {
		doc = fmt.Sprintf("oauth_endpoint = %q\nws_servers = [%q]\ndisplay_name = \"Front desk\"\n", w.lab.OAuthURL(), w.lab.WSSURL())
		if s.api {
			doc += fmt.Sprintf("api_url = %q\n", w.lab.APIURL())
		}
		if !s.fresh {
			access, refresh, _ := w.lab.Tokens(cmp.Or(s.user, extension))
			doc += fmt.Sprintf("access_token = %q\nrefresh_token = %q\n", access, refresh)
		}
	}
	cfg, warns, err := provisioning.Load(provisioning.Text{From: provisioning.Origin{Layer: provisioning.LayerSite, Name: "test"}, Data: []byte(doc + s.more)})
	for _, x := range warns {
		w.heard.add("configuration warning", x.String())
	}
	w.told = app.ConfigProblems(warns, err)
	if err != nil && !s.bad {
		t.Fatal(err)
	}
	return cfg
}

// ready starts a world whose phone is registered.
func ready(t testing.TB, s setup) *world {
	t.Helper()
	s.waitIn = true
	return start(t, s)
}

// close ends the phone as a shutdown would, then the lab.
func (w *world) close(t testing.TB) {
	if w.over {
		return
	}
	w.over = true
	w.apiAnswers()
	w.end()
	if err := <-w.done; err != nil {
		w.heard.add("error", err.Error())
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("the phone ended with: %v", err)
		}
	}
	if w.ownLab {
		if err := w.lab.Close(); err != nil {
			t.Error(err)
		}
	}
	if err := w.bench.card.Close(); err != nil {
		t.Error(err)
	}
}

func (w *world) waiting() (context.Context, context.CancelFunc) {
	return context.WithTimeout(w.ctx, patience)
}

// until waits for a view and returns it.
func (w *world) until(what string, is func(phone.View) bool) phone.View {
	w.t.Helper()
	ctx, cancel := w.waiting()
	defer cancel()
	views, stop := w.Phone.Subscribe()
	defer stop()
	for {
		select {
		case v, ok := <-views:
			if !ok {
				w.t.Fatalf("%s: the phone stopped", what)
			}
			if is(v) {
				return v
			}
		case <-ctx.Done():
			v := w.Phone.View()
			w.t.Fatalf("never: %s; screen %s, session %s, calls %+v, lines %+v, problems %+v, lab %+v", what, v.Screen, v.Session.State, v.Calls, v.Lines, v.Problems, tail(w.lab.Engine.Record.Events(0), 12))
		}
	}
}

func tail[E any](l []E, n int) []E { return l[max(0, len(l)-n):] }

func (w *world) screen(s phone.Screen) phone.View {
	w.t.Helper()
	return w.until("screen "+string(s), func(v phone.View) bool { return v.Screen == s })
}

func (w *world) registered() phone.View {
	w.t.Helper()
	return w.until("registered", func(v phone.View) bool {
		return len(v.Lines) > 0 && v.Lines[0].State == phone.LineRegistered
	})
}

func newest(v phone.View) phone.CallView {
	if len(v.Calls) == 0 {
		return phone.CallView{}
	}
	return v.Calls[len(v.Calls)-1]
}

// active waits until the newest call is up with its media.
func (w *world) active() phone.CallView {
	w.t.Helper()
	return newest(w.until("active with media", func(v phone.View) bool {
		c := newest(v)
		return c.State == phone.Active && c.MediaUp
	}))
}

// gone waits until no call is alive.
func (w *world) gone() phone.View {
	w.t.Helper()
	return w.until("no live call", func(v phone.View) bool {
		for _, c := range v.Calls {
			if c.State != phone.Ended {
				return false
			}
		}
		return true
	})
}

// problem waits for a problem of this code.
func (w *world) problem(code string) phone.ProblemInfo {
	w.t.Helper()
	var found phone.ProblemInfo
	w.until("problem "+code, func(v phone.View) bool {
		for _, p := range v.Problems {
			if p.Code == code {
				found = p
				return true
			}
		}
		return false
	})
	return found
}

// healed waits until no problem of this code is left.
func (w *world) healed(code string) {
	w.t.Helper()
	w.until("problem "+code+" gone", func(v phone.View) bool {
		for _, p := range v.Problems {
			if p.Code == code {
				return false
			}
		}
		return true
	})
}

// mark is where to look on from, in published events and the lab's.
type mark struct {
	bus int64
	lab int
}

func (w *world) mark() mark {
	m := mark{bus: w.Bus.Last()}
	if l := w.lab.Engine.Record.Events(0); len(l) > 0 {
		m.lab = l[len(l)-1].N
	}
	return m
}

// event waits for a published event after m.
func (w *world) event(m mark, name string, match func(map[string]any) bool) manage.Published {
	w.t.Helper()
	ctx, cancel := w.waiting()
	defer cancel()
	after := m.bus
	for {
		list, more := w.Bus.After(after)
		for _, e := range list {
			after = e.ID
			if e.Name == name && (match == nil || match(e.Detail)) {
				return e
			}
		}
		select {
		case <-more:
		case <-ctx.Done():
			w.t.Fatalf("never published: %q", name)
		}
	}
}

// labEvent waits for something that the exchange saw after m.
func (w *world) labEvent(m mark, kind string, match func(b2b.Event) bool) b2b.Event {
	w.t.Helper()
	ctx, cancel := w.waiting()
	defer cancel()
	e, err := w.lab.Await(ctx, m.lab, func(e b2b.Event) bool { return e.Kind == kind && (match == nil || match(e)) })
	if err != nil {
		w.t.Fatalf("the lab never saw %q: %+v", kind, tail(w.lab.Engine.Record.Events(m.lab), 20))
	}
	return e
}

// lastCall is the exchange's newest call.
func (w *world) lastCall() b2b.Call {
	w.t.Helper()
	calls := w.lab.Calls()
	if len(calls) == 0 {
		w.t.Fatal("the lab has had no call")
	}
	return calls[len(calls)-1]
}

// lift, press and hang up are fingers.
func (w *world) lift() {
	w.t.Helper()
	w.must(w.hook.Lift())
	w.until("off hook", func(v phone.View) bool { return v.OffHook })
}

func (w *world) hangUp() {
	w.t.Helper()
	w.must(w.hook.HangUp())
	w.until("on hook", func(v phone.View) bool { return !v.OffHook })
}

func (w *world) press(keys ...string) {
	w.t.Helper()
	for _, k := range keys {
		w.must(w.keypad.Press(hal.Key(k)))
	}
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// softKey presses the key that has this action now.
func (w *world) softKey(a phone.Action) {
	w.t.Helper()
	v := w.until("soft key "+string(a), func(v phone.View) bool { return keyOf(v, a) != "" })
	w.clock.leap(v.Settings.Timers.Settle) // a label that is new does not act yet
	w.press(keyOf(v, a))
}

func keyOf(v phone.View, a phone.Action) string {
	for i, x := range v.SoftKeys {
		if x == a {
			return fmt.Sprintf("sk%d", i+1)
		}
	}
	return ""
}

// dial calls a number with the handset, key by key.
func (w *world) dial(number string) {
	w.t.Helper()
	w.lift()
	w.press(strings.Split(number+"#", "")...)
}

// command is a POST to the management interface; it gives the status.
func (w *world) command(name, body string) int {
	w.t.Helper()
	r := httptest.NewRequest("POST", "/api/v1/commands/"+name, strings.NewReader(body))
	r.Host, r.RemoteAddr = "127.0.0.1", "127.0.0.1:40000"
	r.Header.Set("Content-Type", "application/json")
	a := httptest.NewRecorder()
	w.Server.Handler().ServeHTTP(a, r)
	w.heard.add("management answer", a.Body.String())
	return a.Code
}

func (w *world) get(path string) (int, string) {
	r := httptest.NewRequest("GET", path, nil)
	r.Host, r.RemoteAddr = "127.0.0.1", "127.0.0.1:40000"
	a := httptest.NewRecorder()
	w.Server.Handler().ServeHTTP(a, r)
	w.heard.add("management answer", a.Body.String())
	return a.Code, a.Body.String()
}

func (w *world) apiAnswers() {
	for _, p := range []string{"/api/v1/status", "/api/v1/calls", "/api/v1/problems", "/healthz"} {
		w.get(p)
	}
}

// tone says whether a tone of hz is what comes out of the loudspeaker.
func (w *world) hearsTone(hz float64) {
	w.t.Helper()
	ctx, cancel := w.waiting()
	defer cancel()
	got, share := 0.0, 0.0
	for ctx.Err() == nil {
		_, heard, err := w.bench.listen(ctx, 0.3)
		if err != nil {
			break
		}
		if got, share = mediatest.Strongest(heard, 48000); got > hz-15 && got < hz+15 && share > 0.3 && mediatest.RMS(heard) > -40 {
			return
		}
	}
	w.t.Fatalf("no tone of %.0f Hz was heard, but %.0f Hz (share %.2f); %+v", hz, got, share, w.Phone.MediaStats())
}

// quietDB is the level from which a side counts as silent.
const quietDB = -60

// farLevel waits until what the lab's end of the newest call hears is on the
// wanted side of quietDB.
func (w *world) farHears(loud bool) {
	w.t.Helper()
	ctx, cancel := w.waiting()
	defer cancel()
	level := 0.0
	err := w.bench.until(ctx, func() bool {
		level = w.farLevel()
		return level > -40 && loud || level < quietDB && !loud
	})
	if err != nil {
		w.t.Fatalf("the far end hears %.1f dBFS, wanted loud = %v", level, loud)
	}
}

// farLevel is the level of the last 100 ms that the far end heard, in dBFS.
func (w *world) farLevel() float64 {
	calls := w.lab.Calls()
	if len(calls) == 0 {
		return -120
	}
	for _, l := range calls[len(calls)-1].Legs {
		if pcm, rate := w.lab.Engine.Heard(l.CallID); rate > 0 && len(pcm) > rate/10 {
			return mediatest.RMS(tail(pcm, rate/10))
		}
	}
	return -120
}

// databaseBytes are the files of the store, secrets.json left out: that is
// where secrets belong, and its mode is checked.
func databaseBytes(t testing.TB, dir string) []byte {
	t.Helper()
	var out []byte
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		if strings.HasPrefix(filepath.Base(name), "secrets") {
			if st, err := os.Stat(name); err != nil || st.Mode().Perm() != 0o600 {
				t.Errorf("%s must be for its owner only: %v %v", filepath.Base(name), st.Mode(), err)
			}
			continue
		}
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(f)
		f.Close()
		if err != nil {
			continue // a folder
		}
		out = append(out, b...)
	}
	return out
}
