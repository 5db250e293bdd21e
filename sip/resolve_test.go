package sip

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"phoned/internal/clock"
)

// names is a Resolver made of records.
type names struct {
	srv map[string][]*net.SRV
	ip  map[string][]string
}

func (n names) LookupSRV(_ context.Context, service, proto, name string) (string, []*net.SRV, error) {
	r, ok := n.srv["_"+service+"._"+proto+"."+name]
	if !ok {
		return "", nil, &net.DNSError{Name: name, IsNotFound: true}
	}
	return "", r, nil
}

func (n names) LookupNetIP(_ context.Context, _, host string) ([]netip.Addr, error) {
	var list []netip.Addr
	for _, s := range n.ip[host] {
		list = append(list, netip.MustParseAddr(s))
	}
	if list == nil {
		return nil, &net.DNSError{Name: host, IsNotFound: true}
	}
	return list, nil
}

func TestTargets(t *testing.T) {
	n := names{srv: map[string][]*net.SRV{
		"_sip._udp.ex":   {{Target: "b.ex.", Port: 5070, Priority: 20}, {Target: "a.ex.", Port: 5080, Priority: 10}},
		"_sips._tcp.ex":  {{Target: "t.ex.", Port: 5061}},
		"_sip._tcp.none": {{Target: "."}},
	}}
	for server, want := range map[string]string{
		"udp://ex": "[{a.ex 5080} {b.ex 5070}]", "tls://ex": "[{t.ex 5061}]", "tcp://ex": "[{ex 5060}]", "udp://ex:5099": "[{ex 5099}]",
		"udp://127.0.0.1": "[{127.0.0.1 5060}]", "tls://[::1]": "[{::1 5061}]", "wss://ex": "[{ex 443}]", "ws://ex/x": "[{ex 80}]", "tcp://none": "error",
	} {
		u, err := url.Parse(server)
		if err != nil {
			t.Fatal(err)
		}
		list, err := targets(t.Context(), n, u)
		got := fmt.Sprint(list)
		if err != nil {
			got = "error"
		}
		if got != want {
			t.Errorf("%s: %s, want %s", server, got, want)
		}
	}
	list, err := target{"h", 5}.addresses(t.Context(), names{ip: map[string][]string{"h": {"10.0.0.1", "10.0.0.2", "::5", "::ffff:10.0.0.3"}}})
	if got := fmt.Sprint(list); err != nil || got != "[[::5]:5 10.0.0.1:5 10.0.0.2:5 10.0.0.3:5]" {
		t.Errorf("%s, %v", got, err)
	}
}

// TestRace: an address that swallows packets costs its successor 250 ms, one
// that refuses costs nothing.
func TestRace(t *testing.T) {
	for _, c := range []struct {
		hosts string // what each address does: s swallows, r refuses, a answers after a second, A at once
		took  time.Duration
		err   bool
	}{
		{"A", 0, false}, {"sA", 250 * time.Millisecond, false}, {"ssA", 500 * time.Millisecond, false}, {"rA", 0, false},
		{"aA", 250 * time.Millisecond, false}, {"as", time.Second, false}, {"rr", 0, true}, {"ss", 10 * time.Second, true},
	} {
		t.Run(c.hosts, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var addrs []netip.AddrPort
				for i := range c.hosts {
					addrs = append(addrs, netip.AddrPortFrom(netip.MustParseAddr("10.0.0.1"), uint16(i)))
				}
				open := 0
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
				defer cancel()
				begin := time.Now()
				conn, err := race(ctx, clock.Real{}, addrs, func(ctx context.Context, a netip.AddrPort) (net.Conn, error) {
					switch c.hosts[a.Port()] {
					case 'r':
						return nil, errors.New("refused")
					case 's':
						<-ctx.Done()
						return nil, ctx.Err()
					case 'a':
						select {
						case <-time.After(time.Second):
						case <-ctx.Done():
							return nil, ctx.Err()
						}
					}
					open++
					here, _ := net.Pipe()
					return here, nil
				})
				if d := time.Since(begin); d != c.took || (err != nil) != c.err || !c.err && conn == nil || open > 1 {
					t.Errorf("%v, %v, %d connections", d, err, open)
				}
			})
		})
	}
}

// TestDialByNames: a line is connected through SRV and address records, over
// the first host that works.
func TestDialByNames(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	port := uint16(l.Addr().(*net.TCPAddr).Port)
	n := names{
		srv: map[string][]*net.SRV{"_sip._tcp.ex": {{Target: "gone.ex.", Port: port, Priority: 1}, {Target: "here.ex.", Port: port, Priority: 2}},
			"_sip._udp.ex": {{Target: "here.ex.", Port: 7, Priority: 1}, {Target: "here.ex.", Port: 8, Priority: 2}}},
		ip: map[string][]string{"here.ex": {"127.0.0.1"}},
	}
	a, err := New(Config{InstanceID: "urn:uuid:x", Events: func(Event) {}, Resolver: n})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close(t.Context())
	cfg := Line{KeepAlive: time.Hour, Pong: time.Hour}
	f, info, err := a.dialServer(t.Context(), "tcp://ex", cfg)
	if err != nil || info.Remote != l.Addr().String() {
		t.Fatalf("%+v, %v", info, err)
	}
	_ = f.Close()
	for i, want := range []string{":7", ":8"} {
		cfg.target = i
		f, info, err = a.dialServer(t.Context(), "udp://ex", cfg)
		if err != nil || !strings.HasSuffix(info.Remote, want) || info.targets != 2 {
			t.Fatalf("%+v, %v", info, err)
		}
		_ = f.Close()
	}
	if _, _, err := a.dialServer(t.Context(), "tcp://nobody", cfg); !errors.Is(err, ErrUnreachable) {
		t.Error(err)
	}
}
