package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"time"

	"phoned/hal"
	"phoned/hal/sim"
	"phoned/internal/app"
	"phoned/lab"
	"phoned/lab/oauth"
	"phoned/manage"
	"phoned/media/audio"
	"phoned/media/device"
	"phoned/media/device/malgodev"
	"phoned/media/mediatest/sentence"
	"phoned/phone"
	"phoned/provisioning"
	"phoned/sip"
)

// world is a phone with its virtual board and what it calls.
type world struct {
	*app.System
	lab    *lab.Exchange // nil with a configuration of one's own
	keypad *sim.Keypad
	hook   *sim.Hook
	bench  *bench // nil when a real sound card is used
	volume chan int
	url    string

	end  context.CancelFunc
	done chan error
	temp string
}

// extension is whose phone this is in the lab.
const extension = "1001"

// start builds a world and lets it run. listen "" means no front panel.
func start(ctx context.Context, o options, log *slog.Logger, listen string, forceBench bool) (w *world, err error) {
	w = &world{keypad: sim.NewKeypad(time.Now), hook: sim.NewHook(time.Now, false), done: make(chan error, 1), volume: make(chan int)}
	defer func() {
		if err != nil {
			err = errors.Join(err, w.cleanUp())
		}
	}()
	data := o.data
	if data == "" {
		if w.temp, err = os.MkdirTemp("", "phonesim-"); err != nil {
			return nil, err
		}
		data = w.temp
	}
	opts := app.Options{
		DataDir: data, Codecs: o.codecList(), Version: version, Log: log, PageLife: o.pageLife,
		Board: app.Board{Name: "virtual", Keypads: []hal.Keypad{w.keypad}, Hook: w.hook, Lamps: &sim.Lamps{}, FewKeys: o.profile == "minimal"},
	}
	if opts.ScreenBox, err = o.screen(); err != nil {
		return nil, err
	}
	if o.trace {
		opts.Trace = func(m sip.TraceMessage) { log.Debug("sip", "line", m.Line, "sent", m.Sent, "text", m.Text) }
	}
	if o.config != "" {
		err = w.configured(&opts, o.config, log)
	} else {
		err = w.withLab(ctx, &opts, log, o.fresh, !o.noGrant)
	}
	if err != nil {
		return nil, err
	}
	if forceBench {
		o.sound = "bench"
	}
	opts.Devices = w.sound(o.sound, log)
	if w.bench == nil && o.sound != "loop" { // a room with a loudspeaker in it
		opts.Processor = app.HandsFree
	}
	opts.Web, opts.TrustLocal = w.web, true // the panel is for whoever sits at this PC
	if w.System, err = app.Assemble(opts); err != nil {
		return nil, err
	}
	var l net.Listener
	if listen != "" {
		if l, err = manage.Listen(listen); err != nil {
			return nil, err
		}
		w.url = "http://" + l.Addr().String() + "/"
	}
	runCtx, cancel := context.WithCancel(context.Background())
	w.end = cancel
	go func() { w.done <- w.Run(runCtx, l) }()
	if o.autoAnswer {
		go w.answerCalls(runCtx)
	}
	return w, nil
}

// withLab starts the lab exchange and configures the phone for it.
func (w *world) withLab(ctx context.Context, opts *app.Options, log *slog.Logger, fresh, grant bool) error {
	var err error
	if w.lab, err = lab.Start(ctx, lab.Config{Log: log, Speech: speech8k()}); err != nil {
		return err
	}
	doc := fmt.Sprintf("oauth_endpoint = %q\napi_url = %q\nws_servers = [%q]\ndisplay_name = \"Front desk\"\nlocale = \"en\"\ntime_zone = %q\n",
		w.lab.OAuthURL(), w.lab.APIURL(), w.lab.WSSURL(), zone())
	if grant {
		doc += fmt.Sprintf("device_authorization_endpoint = %q\ntoken_endpoint = %q\nclient_id = %q\n",
			w.lab.APIURL()+oauth.DevicePath, w.lab.APIURL()+oauth.DeviceTokenPath, oauth.DeviceClient)
	}
	if !fresh {
		access, refresh, ok := w.lab.Tokens(extension)
		if !ok {
			return fmt.Errorf("the lab has no account for %s", extension)
		}
		doc += fmt.Sprintf("access_token = %q\nrefresh_token = %q\n", access, refresh)
	}
	cfg, warns, err := provisioning.Load(provisioning.Text{From: provisioning.Origin{Layer: provisioning.LayerSite, Name: "lab"}, Data: []byte(doc)})
	if err != nil {
		return err
	}
	for _, warn := range warns {
		log.Warn("configuration", "err", warn.String())
	}
	opts.Config, opts.Roots, opts.Loopback, opts.PhoneName = cfg, w.lab.CertPool(), true, "Front desk"
	return nil
}

func (w *world) configured(opts *app.Options, file string, log *slog.Logger) error {
	cfg, warns, err := provisioning.Load(provisioning.File{Path: file, Layer: provisioning.LayerUser})
	for _, warn := range warns {
		log.Warn("configuration", "err", warn.String())
	}
	if err != nil {
		return err
	}
	opts.Config, opts.Loopback, opts.PhoneName = cfg, true, cfg.DisplayName.Value
	return nil
}

// zone is the PC's time zone by its IANA name.
func zone() string {
	if path, err := filepath.EvalSymlinks("/etc/localtime"); err == nil {
		for dir, rest := filepath.Split(path); dir != "/" && dir != ""; dir, rest = filepath.Dir(filepath.Clean(dir))+"/", filepath.Base(dir)+"/"+rest {
			if filepath.Base(dir) == "zoneinfo" {
				return rest
			}
		}
	}
	return "UTC"
}

// speech8k is the test sentence as the lab's second phone says it.
func speech8k() []int16 {
	s := sentence.Samples()
	r := audio.NewResampler(sentence.Rate, 8000)
	return r.Append(nil, s)
}

// sound finds the sound card; without one, the bench speaks and listens.
func (w *world) sound(kind string, log *slog.Logger) device.Driver {
	switch kind {
	case "loop":
		return device.NewLoop().Real()
	case "bench":
	default:
		d, err := card(log)
		if err == nil {
			return d
		}
		log.Info("no sound card", "err", err)
	}
	w.bench = newBench()
	return w.bench.card
}

// card is the PC's sound card, if its default devices can be opened: a list of
// names proves nothing, ALSA has some without any card.
func card(log *slog.Logger) (device.Driver, error) {
	d, err := malgodev.New(malgodev.Config{Log: log})
	if err != nil {
		return nil, err
	}
	for _, direction := range []device.Direction{device.Playback, device.Capture} {
		half, err := d.Open(direction, "")
		if err != nil {
			return nil, errors.Join(err, d.Close())
		}
		if err := half.Close(); err != nil {
			return nil, errors.Join(err, d.Close())
		}
	}
	return d, nil
}

// web puts the front panel first, and adds the simulator's own routes.
func (w *world) web(c *manage.Config) {
	c.Panel = true
	if w.lab != nil {
		c.Extra = w.routes()
	}
}

// stop ends the phone as a person would who pulls the plug after hanging up:
// it says goodbye to the exchange first.
func (w *world) stop() error {
	w.end()
	return errors.Join(<-w.done, w.cleanUp())
}

func (w *world) cleanUp() error {
	var errs []error
	if w.lab != nil {
		errs = append(errs, w.lab.Close())
	}
	if w.bench != nil {
		errs = append(errs, w.bench.card.Close())
	}
	if w.temp != "" {
		errs = append(errs, os.RemoveAll(w.temp))
	}
	return errors.Join(errs...)
}

// until waits for a view.
func (w *world) until(ctx context.Context, is func(phone.View) bool) (phone.View, error) {
	views, cancel := w.Phone.Subscribe()
	defer cancel()
	for {
		select {
		case v, ok := <-views:
			if !ok {
				return phone.View{}, errors.New("the phone stopped")
			}
			if is(v) {
				return v, nil
			}
		case <-ctx.Done():
			return w.Phone.View(), ctx.Err()
		}
	}
}

// event waits for a published event after the given one.
func (w *world) event(ctx context.Context, after int64, name string) (manage.Published, error) {
	for {
		list, more := w.Bus.After(after)
		for _, e := range list {
			after = e.ID
			if e.Name == name {
				return e, nil
			}
		}
		select {
		case <-more:
		case <-ctx.Done():
			return manage.Published{}, fmt.Errorf("no %q: %w", name, ctx.Err())
		}
	}
}
