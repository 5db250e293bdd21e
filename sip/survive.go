package sip

import (
	"context"
	"net"
	"net/netip"
)

// LegRestored: the flow of a call in progress was lost and is back. The agent
// asks by itself whether the other side still has the dialog, and LegEnded
// follows if not. The receiver renews the media: by ReInvite with a new offer,
// which also tells the other side where the dialog is reached now. Moved: our
// address is another than before, so the media must move as well.
type LegRestored struct {
	Leg   LegID
	Moved bool
}

func (LegRestored) event() {}

// AddressChanged implements UserAgent.
func (a *Agent) AddressChanged() {
	a.post(func() {
		for _, l := range a.lines {
			l.rehome()
		}
	})
}

// route is the local address from which a server is reached now.
func (a *Agent) route(l *line, remote string) (netip.Addr, error) {
	if a.cfg.Route != nil {
		return a.cfg.Route(remote)
	}
	d, err := netDialer(l.cfg, "udp")
	if err != nil {
		return netip.Addr{}, err
	}
	// A connected socket only asks the kernel; nothing is sent.
	c, err := d.DialContext(context.Background(), "udp", remote)
	if err != nil {
		return netip.Addr{}, err
	}
	defer func() { _ = c.Close() }()
	return c.LocalAddr().(*net.UDPAddr).AddrPort().Addr().Unmap(), nil
}

// rehome gives up a flow that leaves from an address which is not the one to
// use any more, and dials at once. Without any route the flow is left alone:
// the cable may come back, and a dead peer is noticed anyway.
func (l *line) rehome() {
	if l.link == nil {
		if !l.left {
			l.reconnect()
		}
		return
	}
	was, err := netip.ParseAddrPort(l.link.info.Local)
	if err != nil {
		return
	}
	now, err := l.a.route(l, l.link.info.Remote)
	if err != nil || now == was.Addr().Unmap() {
		return
	}
	l.a.log.Info("address changed", "line", l.cfg.ID, "from", was.Addr(), "to", now)
	l.back.Reset()
	l.bereft = false
	l.rehoming = true
	l.dropLink()
	l.rehoming = false
	if l.left {
		l.gone()
		return
	}
	l.retryIn(0, LineChanged{State: Connecting, Err: ErrAddressChanged})
}

// restored tells of every call of the line that its flow is back.
func (l *line) restored(k *link) {
	local, _ := splitAddr(k.info.Local)
	moved := l.lastLocal != "" && l.lastLocal != local
	l.lastLocal = local
	for _, g := range l.a.legs {
		if g.line != l || g.state != confirmed {
			continue
		}
		g.probe()
		if g.severed {
			g.severed = false
			l.a.emit(LegRestored{Leg: g.id, Moved: moved})
		}
	}
}
