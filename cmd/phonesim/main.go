// Command phonesim is the phone on a PC: the same core, signalling, media and
// screens as the firmware, with a front panel in the browser and, unless a
// configuration names another, the lab exchange inside.
//
//	phonesim                       the phone with its panel and the lab
//	phonesim -demo [-echo=off]     a call that checks itself, as JSON lines
//	phonesim -script               driven by JSON lines on standard input, such as the
//	                               panel's Record button saves
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"image"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"

	"phoned/internal/app"
)

// version is set by the linker.
var version = "dev"

type options struct {
	demo, script bool
	echo         string
	config       string
	listen       string
	data         string
	sound        string
	autoAnswer   bool
	fresh        bool
	noGrant      bool
	pageLife     time.Duration
	codecs       string
	panel        string
	profile      string
	open         bool
	verbose      bool
	trace        bool
	demoSeconds  float64
}

func main() {
	var o options
	flag.BoolVar(&o.demo, "demo", false, "call the echo test, check what comes back, and end")
	flag.StringVar(&o.echo, "echo", "on", "the lab's echo: on or off (with -demo)")
	flag.Float64Var(&o.demoSeconds, "seconds", 5, "length of each of the demo's calls")
	flag.BoolVar(&o.script, "script", false, "read commands as JSON lines from standard input, write events to standard output")
	flag.StringVar(&o.config, "config", "", "configuration `file`; without one the lab exchange is started")
	flag.StringVar(&o.listen, "listen", "127.0.0.1:8480", "`address` of the front panel (loopback only); port 0: any free one")
	flag.StringVar(&o.data, "data", "", "`folder` for what is kept; without one nothing survives")
	flag.StringVar(&o.sound, "sound", "auto", "auto: the sound card, or a spoken sentence without one; bench: always the sentence; loop: the microphone hears the loudspeaker")
	flag.BoolVar(&o.autoAnswer, "auto-answer", false, "lift the handset at once when the phone rings")
	flag.BoolVar(&o.fresh, "fresh", false, "start as out of the box: nobody is signed in, a code and its QR code are shown; POST /sim/approve enters it")
	flag.BoolVar(&o.noGrant, "no-grant", false, "with -fresh: the lab offers no sign-in by a code, so the phone shows a page of its own")
	flag.DurationVar(&o.pageLife, "page-life", 0, "how long a code of that page is good for, 0: ten minutes")
	flag.StringVar(&o.codecs, "codecs", "", "codecs in the order of preference: opus,G722,PCMA,PCMU")
	flag.StringVar(&o.panel, "panel", "320x240", "`size` of the display; below 320x240 it has one bit a pixel: 128x64")
	flag.StringVar(&o.profile, "profile", "full", "keys of the panel: full, or minimal: a matrix of 0-9 * # and A to D beside the cradle")
	flag.BoolVar(&o.open, "open", false, "open the panel in the desktop's browser, if there is a desktop")
	flag.BoolVar(&o.verbose, "v", false, "log what the phone does")
	flag.BoolVar(&o.trace, "trace", false, "log every SIP message (secrets removed)")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	app.SaveMemory(ctx)
	if err := run(ctx, o, os.Stdin, os.Stdout); err != nil {
		if !errors.Is(err, errDemoFailed) {
			fmt.Fprintln(os.Stderr, "phonesim:", err)
		}
		os.Exit(1)
	}
}

func run(ctx context.Context, o options, in io.Reader, out io.Writer) error {
	level := slog.LevelWarn
	if o.verbose || o.trace {
		level = slog.LevelDebug
	}
	if o.profile != "full" && o.profile != "minimal" && o.profile != "" {
		return fmt.Errorf("-profile %s: expected full or minimal", o.profile)
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
	switch {
	case o.demo:
		return demo(ctx, o, out, log)
	case o.script:
		return script(ctx, o, in, out, log)
	}
	return serve(ctx, o, out, log)
}

// screen reads the size of the display.
func (o options) screen() (image.Point, error) {
	var p image.Point
	if o.panel == "" {
		return p, nil
	}
	w, h, _ := strings.Cut(o.panel, "x")
	var err [2]error
	p.X, err[0] = strconv.Atoi(w)
	p.Y, err[1] = strconv.Atoi(h)
	if err[0] != nil || err[1] != nil || p.X > 2000 || p.Y > 2000 {
		return p, fmt.Errorf("-panel %s: expected width and height such as 320x240", o.panel)
	}
	return p, nil
}

func (o options) codecList() []string {
	if o.codecs == "" {
		return nil
	}
	return strings.Split(o.codecs, ",")
}
