package app

import (
	"context"
	"strconv"
	"strings"
	"sync"
	"time"

	"phoned/internal/mdns"
	"phoned/internal/netwatch"
)

// lookAgain is how often the announcement is compared with what is true, beside the
// changes of the network: a certificate that was uploaded, a switch at the phone.
const lookAgain = time.Minute

// announcedHost is the phone's name by mDNS, before anybody disputes it.
func announcedHost(o Options) string {
	id := origin(o, deviceInfo(o, "")).MAC
	if id == "" {
		id = o.Who.Serial
	}
	if len(id) > 6 {
		id = id[len(id)-6:]
	}
	return strings.TrimSuffix("phone-"+strings.ToLower(id), "-")
}

// announce says on the networks where the phone may be managed that it is there, for
// as long as that is so; over says goodbye.
func (s *System) announce() (over func()) {
	w := s.web
	host := w.announced.Load()
	port, err := strconv.ParseUint(s.network.TLSPort, 10, 16)
	if host == nil || s.network.TLS == nil || err != nil || port == 0 {
		return func() {}
	}
	r := mdns.New(mdns.Config{
		Service:    mdns.Service{Instance: "phoned " + strings.TrimPrefix(*host, "phone-"), Types: []string{"_phoned._tcp", "_https._tcp"}, Host: *host, Port: uint16(port)},
		Text:       s.announcement,
		Interfaces: w.announcedOn,
		Named: func(n mdns.Service) {
			w.announced.Store(&n.Host)
			if err := w.cert.Refresh(); err != nil {
				s.log.Warn("the certificate does not have the phone's new name", "err", err)
			}
		},
		Log: s.log,
	})
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { r.Run(ctx) })
	wg.Go(func() {
		if err := netwatch.Watch(ctx, r.Refresh); err != nil {
			s.log.Warn("changes of the network are announced late", "err", err)
		}
	})
	wg.Go(func() { s.refreshAnnouncement(ctx, r.Refresh) })
	return func() {
		cancel()
		wg.Wait()
	}
}

// refreshAnnouncement calls refresh when the access is turned off or on at the phone,
// and now and then.
func (s *System) refreshAnnouncement(ctx context.Context, refresh func()) {
	views, stop := s.Phone.Subscribe()
	defer stop()
	tick := time.NewTicker(lookAgain)
	defer tick.Stop()
	off := s.Phone.View().Settings.WebOff
	for {
		select {
		case v, ok := <-views:
			if !ok {
				return // and so does the announcement
			}
			if v.Settings.WebOff != off {
				off = v.Settings.WebOff
				refresh()
			}
		case <-tick.C:
			refresh()
		case <-ctx.Done():
			return
		}
	}
}

// announcement is the text of it (RFC 6763 §6): what somebody who looks for a phone
// needs, and nothing of who uses it.
func (s *System) announcement() []string {
	o := origin(s.web.o, s.support.device())
	out := []string{"txtvers=1", "path=/admin/"}
	for _, p := range [][2]string{{"model", o.Model}, {"version", o.Version}, {"serial", o.Serial}, {"mac", o.MAC}, {"key", s.web.cert.Info().KeyPin}} {
		if p[1] != "" && len(p[0])+1+len(p[1]) <= 255 {
			out = append(out, p[0]+"="+p[1])
		}
	}
	return out
}

// announcedOn are the networks, each with the addresses that the phone may be managed by.
func (w *web) announcedOn() []mdns.Interface {
	all := mdns.Interfaces()
	for i := range all {
		kept := all[i].Addrs[:0]
		for _, p := range all[i].Addrs {
			if w.allowed(p.Addr().Unmap().WithZone("")) {
				kept = append(kept, p)
			}
		}
		all[i].Addrs = kept
	}
	return all // those without an address are passed over
}
