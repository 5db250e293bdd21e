// Command phoned is the firmware's daemon: it starts the drivers that the board
// file names, reads the configuration and is a phone until it is told to stop.
// What is missing it says in one sentence each, and runs on with the rest.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"time"

	"phoned/hal"
	"phoned/hal/board"
	"phoned/hal/camera"
	"phoned/internal/app"
	"phoned/internal/health"
	"phoned/internal/netsettings"
	"phoned/internal/netwatch"
	"phoned/internal/sdnotify"
	"phoned/internal/stickout"
	"phoned/media/device"
	"phoned/media/device/malgodev"
	"phoned/provisioning"
	"phoned/provisioning/dhcpask"
)

// version is set by the linker.
var version = "dev"

type options struct {
	board, config, data, key, listen string
	loopback, trustLocal             bool
	level                            slog.Level
	sockets                          sdnotify.Sockets
}

func main() {
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case "board":
			os.Exit(boardCommand(os.Args[2:], os.Stdin, os.Stdout, os.Stderr))
		case "provision":
			os.Exit(provisionCommand(os.Args[2:], os.Stdout, os.Stderr))
		case "update-helper":
			os.Exit(updateHelper(os.Stdin, os.Stdout, os.Stderr))
		case "network-helper":
			os.Exit(networkHelper(os.Stdin, os.Stdout, os.Stderr))
		case "stickout": // the helper of stickSocket; no command for people
			if err := stickout.Serve(stickDir, os.Stdin, os.Stdout); err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
			return
		case "dhcp-ask": // the helper of dhcpSocket; no command for people
			if err := dhcpask.Serve(context.Background(), os.Stdout); err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
			return
		case "tones":
			os.Exit(tonesCommand(os.Args[2:], os.Stdout, os.Stderr))
		}
	}
	var o options
	flag.StringVar(&o.board, "board", "/etc/phoned/board.toml", "board `file`")
	flag.StringVar(&o.config, "config", "/etc/phoned/phoned.toml", "configuration `file`")
	flag.StringVar(&o.data, "data", dataFolder, "`folder` for what is kept")
	flag.StringVar(&o.key, "secrets-key", "", "`file` with the key that seals the secrets, on another partition than -data")
	flag.StringVar(&o.listen, "listen", "127.0.0.1:8480", "`address` of the management server (loopback only), \"\" for none")
	flag.BoolVar(&o.loopback, "loopback", false, "take loopback addresses as media addresses: for an exchange on this machine")
	flag.BoolVar(&o.trustLocal, "trust-local", false, "let programs of this machine manage the phone without signing in")
	flag.TextVar(&o.level, "log", slog.LevelInfo, "log `level`: debug, info, warn, error")
	show := flag.Bool("version", false, "print the version")
	flag.Parse()
	if flag.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "phoned: there is no command %q; phoned -help lists the options, and board, provision and tones are commands\n", flag.Arg(0))
		os.Exit(2)
	}
	if *show {
		fmt.Println(version)
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	app.SaveMemory(ctx)
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
	o.sockets = sdnotify.TakeSockets()
	// Something on the display before anything that takes its time.
	devices := startBoard(o.board, log)
	defer func() {
		if devices != nil {
			_ = devices.Close() // no phone has taken them: there is another error
		}
	}()
	if err := prepareData(o.data); err != nil {
		return err
	}
	app.ShowStarting(o.data, devices.Panels, log)
	prov, err := provisioner(o, log)
	if err != nil {
		return err
	}
	updates, stopUpdates := startUpdates(ctx, o, log)
	defer stopUpdates()
	r := app.Runner{Provisioner: prov, Log: log,
		Make: func(cfg provisioning.Config, told []health.Problem) (app.Made, error) {
			b := devices
			if devices = nil; b == nil {
				b = startBoard(o.board, log)
			}
			return assemble(o, cfg, told, b, prov, updates, log)
		},
		Started: func(s *app.System) {
			if err := sdnotify.Send(sdnotify.Ready); err != nil {
				log.Warn("systemd was not told", "err", err)
			}
			current.Store(s)
			updates.Attach(s)
		},
	}
	watched, stopWatching := context.WithCancel(ctx)
	defer stopWatching()
	go watchdog(watched, log)
	err = r.Run(ctx)
	_ = sdnotify.Send(sdnotify.Stopping)
	return err
}

// stickDir is where phoned-stick@.service mounts a stick; on stickSocket the service
// manager listens for files that phoned-stickout@.service writes to it.
const (
	stickDir    = "/run/phoned/stick"
	stickSocket = "/run/phoned/stickout.sock"
)

// dhcpSocket is where the service manager listens for who asks what DHCP says;
// phoned-dhcp@.service does the asking.
const dhcpSocket = "/run/phoned/dhcp.sock"

// siteOffers is what DHCP says in option 66: what the servers answer when they are
// asked, else what hooks of the client left. ISC's dhclient and udhcpc hand their hooks
// host names alone; an address is lost or spoilt on the way.
func siteOffers(ctx context.Context, log *slog.Logger) []string {
	if !dhcpask.Possible() {
		return provisioning.Offers("/") // there will be a change of the network
	}
	said, err := dhcpask.Offers(ctx, dhcpSocket)
	if err != nil && !errors.Is(err, fs.ErrNotExist) && ctx.Err() == nil { // without systemd there is no helper
		log.Warn("DHCP could not be asked for the site's server", "err", err)
	}
	if len(said) > 0 {
		return said
	}
	return provisioning.Offers("/")
}

// current is the phone that runs, for the watchdog.
var current atomic.Pointer[app.System]

// prepareData makes the data folder, and ends a reset before what it wipes is read.
func prepareData(data string) error {
	if err := os.MkdirAll(data, 0o700); err != nil {
		return fmt.Errorf("data folder: %w", err)
	}
	return app.FinishReset(data)
}

// provisioner reads what the phone was given before. What can't be read any more
// leaves a phone that has only its file.
func provisioner(o options, log *slog.Logger) (*app.Provisioner, error) {
	vault, err := openVault(filepath.Join(o.data, "provisioning.json"), o.key, log)
	if err != nil {
		return nil, err
	}
	copies, err := openVault(filepath.Join(o.data, "config", "good"), o.key, log)
	if err != nil {
		return nil, err
	}
	depot, err := provisioning.OpenDepot(vault, nil)
	if err != nil {
		log.Warn("what the phone was given before can't be read", "err", err)
	}
	if err := depot.UseFolder(filepath.Join(o.data, "parts")); err != nil {
		log.Warn("the files of bundles can't be kept", "err", err)
	}
	return app.NewProvisioner(app.ProvisionerConfig{
		Depot: depot, Log: log, Who: app.Identify("/", version),
		Base:   []provisioning.Source{provisioning.File{Path: o.config, Layer: provisioning.LayerImage}},
		Loader: &provisioning.Loader{Vault: copies, Dir: filepath.Join(o.data, "config"), Log: log},
		Offers: func(ctx context.Context) []string { return siteOffers(ctx, log) }, Network: netwatch.Watch,
		HTTP: app.SiteClient(version),
	})
}

// openVault goes on with an empty vault where the kept one can't be read.
func openVault(path, keyFile string, log *slog.Logger) (provisioning.Vault, error) {
	vault, err := app.OpenVault(path, keyFile)
	if vault == nil {
		return nil, err
	}
	if err != nil {
		log.Warn("what the phone was given before can't be read", "err", err)
	}
	return vault, nil
}

// assemble makes a phone of its board file and a configuration.
func assemble(o options, cfg provisioning.Config, told []health.Problem, devices *startedBoard, prov *app.Provisioner, updates *app.Updates, log *slog.Logger) (app.Made, error) {
	for _, p := range told {
		log.Warn(p.Title, "key", p.Subject, "err", p.Detail)
	}
	told = append(told, devices.told...)
	cards, err := malgodev.New(malgodev.Config{Log: log})
	if err != nil {
		return app.Made{}, errors.Join(fmt.Errorf("sound: %w", err), devices.Close())
	}
	closeAll := func() error {
		current.Store(nil) // until the next one runs there is none that could hang
		return errors.Join(cards.Close(), devices.Close())
	}
	opts := app.Options{
		Config: cfg, DataDir: o.data, SecretsKey: o.key, Built: installed(), Devices: device.Mux{Default: cards, Named: map[string]device.Driver{"null": device.NewNull().Real()}},
		Loopback: o.loopback, TrustLocal: o.trustLocal, PhoneName: cfg.DisplayName.Value, Version: version, Who: app.Identify("/", version), Log: log,
		Board:   app.Board{Name: devices.Name, Keypads: devices.Keypads, Hook: devices.Hook, Lamps: devices.Lamps, Panels: devices.Panels, FewKeys: devices.FewKeys, Scanners: devices.Scanners, Camera: openCamera(devices.Camera)},
		Network: &netsettings.Client{}, Updater: updates, Reboot: updates.Reboot, Given: prov, StickDir: stickDir, StickSocket: stickSocket, SetServer: prov.SetSignInServer, SetKeys: prov.SetKeys,
		CheckConfig: func(reboot bool) {
			prov.CheckSync()
			if reboot {
				prov.Anew()
			}
		},
	}
	opts.UseBoard(devices.Audio)
	s, err := app.Assemble(opts)
	if err != nil {
		return app.Made{}, errors.Join(err, closeAll())
	}
	for _, p := range told {
		s.Health.Set(p)
	}
	devices.parts.tell(s.Health)
	openNetwork(s, o.sockets, log)
	return app.Made{System: s, Listen: listen(s, o.listen, log), Close: closeAll}, nil
}

// openCamera gives what opens the board's camera; nil without one.
func openCamera(c *board.Camera) func() (hal.Scanner, error) {
	if c == nil {
		return nil
	}
	return func() (hal.Scanner, error) {
		src, err := camera.Open(c.Device)
		if err != nil {
			return nil, err
		}
		return camera.New(src), nil
	}
}

// listen opens the management server; a phone without its web page is still a phone.
func listen(s *app.System, addr string, log *slog.Logger) net.Listener {
	if addr == "" {
		return nil
	}
	l, err := s.Listen(addr)
	if err != nil {
		s.Health.Set(health.Problem{Code: "web.address", Severity: health.Warning, Title: "The web page can't be reached", Detail: err.Error()})
		return nil
	}
	log.Info("management", "addr", l.Addr().String())
	return l
}

// watchdog keeps systemd from restarting the daemon for as long as call control,
// signalling and sound answer. What hangs stands in the log before systemd acts:
// a phone that can't be called is worth less than one that starts anew.
func watchdog(ctx context.Context, log *slog.Logger) {
	every := sdnotify.Watchdog() / 2
	if every == 0 {
		return
	}
	t := time.NewTicker(every)
	defer t.Stop()
	for {
		select {
		case <-t.C:
			hangs := ""
			if s := current.Load(); s != nil {
				hangs = s.Hanging(every)
			}
			if hangs != "" {
				log.Error("a part of the phone hangs; the service manager restarts it", "part", hangs)
				continue
			}
			_ = sdnotify.Send(sdnotify.Alive)
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
