package sip

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"phoned/internal/clock"
)

// Resolver looks names up; *net.Resolver is one.
type Resolver interface {
	LookupSRV(ctx context.Context, service, proto, name string) (cname string, addrs []*net.SRV, err error)
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

const (
	// raceDelay is the head start of each address over the next (RFC 8305 §5).
	raceDelay = 250 * time.Millisecond
	// maxTargets bounds what one name can make us try.
	maxTargets = 16
	// minDialTime is what each of several hosts gets at least.
	minDialTime = 3 * time.Second
)

// target is one host of a server URL, to be tried as a whole.
type target struct {
	host string
	port int
}

// targets finds the hosts behind a server URL (RFC 3263 §4.2): for a classic
// transport and a name without a port the SRV records in their order, else the
// host itself. Which transport to use is the configuration's choice, so NAPTR
// is not asked.
func targets(ctx context.Context, r Resolver, u *url.URL) ([]target, error) {
	host := u.Hostname()
	_, ipErr := netip.ParseAddr(host)
	service := map[string][2]string{"udp": {"sip", "udp"}, "tcp": {"sip", "tcp"}, "tls": {"sips", "tcp"}}[u.Scheme]
	if u.Port() == "" && ipErr != nil && service[0] != "" {
		_, records, err := r.LookupSRV(ctx, service[0], service[1], host)
		if err != nil && ctx.Err() != nil {
			return nil, err
		}
		// A lone "." says that the service is not offered (RFC 2782).
		if len(records) == 1 && records[0].Target == "." {
			return nil, fmt.Errorf("%s is not offered by %s", u.Scheme, host)
		}
		// The resolver has put them in order, by priority and by lot among
		// those of a weight; only the priority is asserted here.
		slices.SortStableFunc(records, func(a, b *net.SRV) int { return cmp.Compare(a.Priority, b.Priority) })
		var list []target
		for _, s := range records[:min(len(records), maxTargets)] {
			list = append(list, target{strings.TrimSuffix(s.Target, "."), int(s.Port)})
		}
		if len(list) > 0 {
			return list, nil
		}
	}
	_, text, err := net.SplitHostPort(hostPort(u))
	if err != nil {
		return nil, err
	}
	port, err := strconv.Atoi(text)
	if err != nil {
		return nil, fmt.Errorf("port %q: %w", text, err)
	}
	return []target{{host, port}}, nil
}

// addresses of one target, IPv6 and IPv4 in turn (RFC 8305 §4).
func (t target) addresses(ctx context.Context, r Resolver) ([]netip.AddrPort, error) {
	if ip, err := netip.ParseAddr(t.host); err == nil {
		return []netip.AddrPort{netip.AddrPortFrom(ip, uint16(t.port))}, nil
	}
	ips, err := r.LookupNetIP(ctx, "ip", t.host)
	if err != nil {
		return nil, err
	}
	var six, four, list []netip.AddrPort
	for _, ip := range ips {
		if a := netip.AddrPortFrom(ip.Unmap(), uint16(t.port)); a.Addr().Is6() {
			six = append(six, a)
		} else {
			four = append(four, a)
		}
	}
	for len(six)+len(four) > 0 && len(list) < maxTargets {
		if len(six) > 0 {
			list, six = append(list, six[0]), six[1:]
		}
		if len(four) > 0 {
			list, four = append(list, four[0]), four[1:]
		}
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("%s has no address", t.host)
	}
	return list, nil
}

// race connects to the addresses, each a little after the one before or as
// soon as that has failed, and keeps the first that answers.
func race(ctx context.Context, c clock.Clock, addrs []netip.AddrPort, dial func(context.Context, netip.AddrPort) (net.Conn, error)) (net.Conn, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	type result struct {
		conn net.Conn
		err  error
	}
	results := make(chan result)
	running, next := 0, 0
	start := func() {
		a := addrs[next]
		next++
		running++
		go func() {
			conn, err := dial(ctx, a)
			results <- result{conn, err}
		}()
	}
	var errs []error
	var won net.Conn
	for won == nil && (next < len(addrs) || running > 0) {
		if running == 0 {
			start()
		}
		turn := make(chan struct{})
		var t clock.Timer
		if next < len(addrs) {
			t = c.AfterFunc(raceDelay, func() { close(turn) })
		}
		select {
		case <-turn:
			start()
		case r := <-results:
			running--
			if won = r.conn; r.err != nil {
				errs = append(errs, r.err)
				if next < len(addrs) && ctx.Err() == nil {
					start()
				}
			}
		}
		if t != nil {
			t.Stop()
		}
	}
	cancel()
	for range running { // late ones are not wanted
		if r := <-results; r.conn != nil {
			_ = r.conn.Close()
		}
	}
	if won == nil {
		return nil, errors.Join(errs...)
	}
	return won, nil
}

// connect opens a TCP connection to a server: its targets in order, the
// addresses of each in a race.
func (e flowEnv) connect(ctx context.Context, d *net.Dialer, u *url.URL) (net.Conn, error) {
	list, err := targets(ctx, e.resolver, u)
	if err != nil {
		return nil, err
	}
	var errs []error
	// One host that swallows packets must not use up the time of the others.
	share := max(dialTimeout/time.Duration(len(list)), minDialTime)
	for _, t := range list {
		ctx, cancel := deadline(ctx, e.clock, share)
		addrs, err := t.addresses(ctx, e.resolver)
		if err == nil {
			var conn net.Conn
			conn, err = race(ctx, e.clock, addrs, func(ctx context.Context, a netip.AddrPort) (net.Conn, error) {
				return d.DialContext(ctx, "tcp", a.String())
			})
			if err == nil {
				cancel()
				return conn, nil
			}
		}
		cancel()
		errs = append(errs, err)
	}
	return nil, errors.Join(errs...)
}

// udpServer finds the address of the nth target of a UDP server, and the local
// one that the kernel would use towards it; n counts what failed before. It
// tells how many targets there are.
func (e flowEnv) udpServer(ctx context.Context, d *net.Dialer, u *url.URL, n int) (server netip.AddrPort, local *net.UDPAddr, count int, err error) {
	list, err := targets(ctx, e.resolver, u)
	if err != nil {
		return server, nil, 0, err
	}
	count = len(list)
	addrs, err := list[n%count].addresses(ctx, e.resolver)
	if err != nil {
		return server, nil, count, err
	}
	for _, a := range addrs {
		// A connected socket is opened only to ask the kernel for the route.
		probe, dialErr := d.DialContext(ctx, "udp", a.String())
		if dialErr != nil {
			err = dialErr
			continue
		}
		local = probe.LocalAddr().(*net.UDPAddr)
		return a, local, count, probe.Close()
	}
	return server, nil, count, err
}
