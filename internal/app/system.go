package app

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"runtime"
	"runtime/metrics"
	"sync"
	"time"

	"phoned/internal/clock"
	"phoned/internal/flight"
	"phoned/internal/health"
	"phoned/internal/httpcall"
	"phoned/internal/logring"
	"phoned/internal/syslog"
	"phoned/internal/walltime"
	"phoned/manage"
	"phoned/media"
	"phoned/provisioning"
	"phoned/sip"
	"phoned/store"
	"phoned/update/check"
)

// System is an assembled phone with everything it owns.
type System struct {
	Phone  *Phone
	Server *manage.Server
	Bus    *manage.Bus
	Health *health.Registry
	Engine *media.Engine
	Sound  *SoundCards
	Mirror *manage.Mirror
	DB     *store.DB
	Agent  *sip.Agent
	// Flight records the last calls, Logs keeps the last lines of the log.
	Flight *flight.Recorder
	Logs   *logring.Ring
	// Gate says when the time of day can be believed.
	Gate     *walltime.Gate
	log      *slog.Logger
	clock    clock.Clock
	captures captures
	taps     taps

	web      *web
	network  Network
	syslog   *syslog.Sender // nil: there is no log server
	support  *support
	standing func() (*provisioning.Trial, *provisioning.Outcome) // of the configuration; nil: nobody knows

	filesOut int // noFiles, one look after the other

	data   string
	client *httpcall.Client // asks with the phone's authorities and its clock
	// applyNetwork puts the network settings in force; true: something has changed.
	applyNetwork func(context.Context) bool
	plainNetwork bool           // it has none
	applied      bool           // before Run
	updates      check.Settings // of the question for firmware; the zone is the person's
	forget       func() error   // wipes what others keep in the data folder; nil: nobody does
	resetting    sync.Once
	reset        chan struct{} // closed: everything is to be wiped
}

// Listen opens the management address.
func (s *System) Listen(addr string) (net.Listener, error) { return manage.Listen(addr) }

// Run runs the phone and its server until ctx ends, or until a reset to factory
// settings: then it returns ErrFactoryReset.
func (s *System) Run(ctx context.Context, l net.Listener) error {
	ctx, cancelRun := context.WithCancel(ctx)
	defer cancelRun()
	go func() {
		select {
		case <-s.reset:
			cancelRun()
		case <-ctx.Done():
		}
	}()
	served := make(chan error, 1)
	if l != nil {
		go func() { served <- s.Server.Serve(l) }()
	} else {
		served <- nil
	}
	over := s.serveNetwork()
	logged := s.startSyslog()
	silent := s.announce()
	s.Engine.PrepareRing(s.Phone.View().Settings.Melody)
	s.watchCards(ctx)
	settled := s.setUpNetwork(ctx)
	err := s.Phone.Run(ctx)
	silent()
	cancelRun()
	<-settled
	s.Gate.Close()
	stop, cancel := context.WithTimeout(context.Background(), stopTime)
	defer cancel()
	err = errors.Join(err, s.Server.Close(stop), <-served, over())
	err = errors.Join(err, s.Engine.Close())
	logged() // the goodbyes as well
	select {
	case <-s.reset:
		return errors.Join(err, s.wipe(), ErrFactoryReset)
	default:
		return errors.Join(err, s.DB.Close())
	}
}

// figures are the counters of the parts for /metrics.
func (s *System) figures() manage.Figures {
	sound := s.Engine.Stats()
	f := manage.Figures{
		"phoned_audio_xruns": float64(sound.Xruns), "phoned_audio_slow_ticks": float64(sound.SlowTicks),
		"phoned_audio_ticks": float64(sound.Ticks), "phoned_audio_devices_lost": float64(sound.DevicesLost),
	}
	if s.Agent != nil {
		c := s.Agent.Counters()
		f["phoned_sip_stranger"], f["phoned_sip_malformed"], f["phoned_sip_stray"] = float64(c.Stranger), float64(c.Malformed), float64(c.Stray)
		f["phoned_sip_untrusted"], f["phoned_sip_limited"], f["phoned_panics"] = float64(c.Untrusted), float64(c.Limited), float64(c.Panics)
	}
	if s.syslog != nil {
		sent, lost := s.syslog.Counters()
		f["phoned_syslog_sent"], f["phoned_syslog_lost"] = float64(sent), float64(lost)
	}
	return f
}

// counters are figures of the process: goroutines, and the bytes in use on the heap.
func counters() map[string]any {
	heap := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(heap)
	return map[string]any{"goroutines": runtime.NumGoroutine(), "heapBytes": heap[0].Value.Uint64()}
}

func (s *System) info(o Options, started time.Time) func() manage.Info {
	return func() manage.Info {
		e := s.SoundStats()
		return manage.Info{Version: o.Version, Started: started, Board: o.Board.Name, Media: map[string]any{
			"ticks": e.Ticks, "slowTicks": e.SlowTicks, "devicesLost": e.DevicesLost,
			"xruns": e.Xruns, "longestGapMs": e.LongestGapMS, "devices": e.Devices, "calls": e.Calls,
		}, Counters: counters()}
	}
}
