// Command phoned is the firmware's daemon: it starts the drivers that the board
// file names, reads the configuration and is a phone until it is told to stop.
// What is missing it says in one sentence each, and runs on with the rest.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"phoned/internal/app"
	"phoned/internal/health"
	"phoned/internal/sdnotify"
	"phoned/media"
	"phoned/media/device"
	"phoned/media/device/malgodev"
	"phoned/provisioning"
)

// version is set by the linker.
var version = "dev"

type options struct {
	board, config, data, key, listen string
	loopback                         bool
	level                            slog.Level
}

func main() {
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case "board":
			os.Exit(boardCommand(os.Args[2:], os.Stdin, os.Stdout, os.Stderr))
		case "provision":
			os.Exit(provisionCommand(os.Args[2:], os.Stdout, os.Stderr))
		}
	}
	var o options
	flag.StringVar(&o.board, "board", "/etc/phoned/board.toml", "board `file`")
	flag.StringVar(&o.config, "config", "/etc/phoned/phoned.toml", "configuration `file`")
	flag.StringVar(&o.data, "data", "/var/lib/phoned", "`folder` for what is kept")
	flag.StringVar(&o.key, "secrets-key", "", "`file` with the key that seals the secrets, on another partition than -data")
	flag.StringVar(&o.listen, "listen", "127.0.0.1:8480", "`address` of the management server (loopback only), \"\" for none")
	flag.BoolVar(&o.loopback, "loopback", false, "take loopback addresses as media addresses: for an exchange on this machine")
	flag.TextVar(&o.level, "log", slog.LevelInfo, "log `level`: debug, info, warn, error")
	show := flag.Bool("version", false, "print the version")
	flag.Parse()
	if *show {
		fmt.Println(version)
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: o.level}))
	switch err := run(ctx, o, log); {
	case errors.Is(err, app.ErrFactoryReset): // the service manager starts it again
		log.Info("phoned ended", "err", err)
	case err != nil:
		log.Error("phoned ended", "err", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options, log *slog.Logger) error {
	var told []health.Problem // before there is a registry to tell
	parts := boardParts{log: log}
	devices := openBoard(o.board, log, &told, parts.changed)
	cfg := configuration(o, log, &told)
	cards, err := malgodev.New(malgodev.Config{Log: log})
	if err != nil {
		return fmt.Errorf("sound: %w", err)
	}
	opts := app.Options{
		Config: cfg, DataDir: o.data, SecretsKey: o.key, Built: installed(), Devices: device.Mux{Default: cards, Named: map[string]device.Driver{"null": device.NewNull()}},
		Processor: app.HandsFree, Loopback: o.loopback, PhoneName: cfg.DisplayName.Value, Version: version, Log: log,
		Paths: map[media.Path]media.Endpoint{
			media.PathHandset: media.Endpoint(devices.Audio.Handset),
			media.PathHeadset: media.Endpoint(devices.Audio.Headset),
			media.PathSpeaker: media.Endpoint(devices.Audio.Speaker),
		},
		Ringer: devices.Audio.Ringer.Speaker,
		Board:  app.Board{Name: devices.Name, Keypads: devices.Keypads, Hook: devices.Hook, Lamps: devices.Lamps, Panels: devices.Panels},
	}
	s, err := app.Assemble(opts)
	if err != nil {
		return errors.Join(err, cards.Close(), devices.Close())
	}
	for _, p := range told {
		s.Health.Set(p)
	}
	parts.tell(s.Health)
	if n := sdnotify.Send(sdnotify.Ready); n != nil {
		log.Warn("systemd was not told", "err", n)
	}
	watched, stopWatching := context.WithCancel(ctx)
	defer stopWatching()
	go watchdog(watched, s.Phone)
	err = listenAndRun(ctx, s, o.listen, log)
	_ = sdnotify.Send(sdnotify.Stopping)
	return errors.Join(err, cards.Close(), devices.Close())
}

func listenAndRun(ctx context.Context, s *app.System, addr string, log *slog.Logger) error {
	if addr == "" {
		return s.Run(ctx, nil)
	}
	l, err := s.Listen(addr)
	if err != nil { // a phone without its web page is still a phone
		s.Health.Set(health.Problem{Code: "web.address", Severity: health.Warning, Title: "The web page can't be reached", Detail: err.Error()})
		return s.Run(ctx, nil)
	}
	log.Info("management", "addr", l.Addr().String())
	return s.Run(ctx, l)
}

// configuration reads the sources; one that is refused is replaced by what it
// last said, and the phone stays alive without any.
func configuration(o options, log *slog.Logger, told *[]health.Problem) provisioning.Config {
	loader := provisioning.Loader{Dir: filepath.Join(o.data, "config"), Log: log}
	cfg, warns, err := loader.Load(provisioning.File{Path: o.config, Layer: provisioning.LayerUser})
	for _, p := range app.ConfigProblems(warns, err) {
		log.Warn(p.Title, "key", p.Subject, "err", p.Detail)
		*told = append(*told, p)
	}
	return cfg
}

// watchdog keeps systemd from restarting the daemon for as long as the core's
// loop answers.
func watchdog(ctx context.Context, p *app.Phone) {
	every := sdnotify.Watchdog() / 2
	if every == 0 {
		return
	}
	t := time.NewTicker(every)
	defer t.Stop()
	for {
		select {
		case <-t.C:
			if p.Healthy(every) {
				_ = sdnotify.Send(sdnotify.Alive)
			}
		case <-ctx.Done():
			return
		}
	}
}

// installed is the date of the program's file, which packages keep from the
// build: the time of day is later. Zero: unknown.
func installed() time.Time {
	path, err := os.Executable()
	if err != nil {
		return time.Time{}
	}
	info, err := os.Stat(path)
	if err != nil {
		return time.Time{}
	}
	return info.ModTime()
}
