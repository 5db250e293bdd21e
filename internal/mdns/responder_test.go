package mdns

import (
	"context"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// wireNet is a network of stations: what one sends by multicast all hear, itself too.
type wireNet struct {
	mu    sync.Mutex
	ports map[netip.AddrPort]func(Packet)
	sent  []sent
}

type sent struct {
	from, to netip.AddrPort
	m        message
	data     []byte
}

type tap struct {
	net *wireNet
	at  netip.AddrPort
}

func (n *wireNet) attach(at netip.AddrPort, hear func(Packet)) *tap {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.ports == nil {
		n.ports = map[netip.AddrPort]func(Packet){}
	}
	n.ports[at] = hear
	return &tap{n, at}
}

func (t *tap) Send(b []byte, to netip.AddrPort) error {
	t.net.mu.Lock()
	defer t.net.mu.Unlock()
	m, _ := parse(b)
	t.net.sent = append(t.net.sent, sent{t.at, to, m, b})
	for at, hear := range t.net.ports {
		if !to.IsValid() && at.Port() == ownPort || at == to {
			hear(Packet{b, t.at})
		}
	}
	return nil
}

func (t *tap) Close() error {
	t.net.mu.Lock()
	defer t.net.mu.Unlock()
	delete(t.net.ports, t.at)
	return nil
}

// take gives what was sent since the last time.
func (n *wireNet) take() []sent {
	n.mu.Lock()
	defer n.mu.Unlock()
	out := n.sent
	n.sent = nil
	return out
}

func station0(addr string) Interface {
	return Interface{Index: 1, Name: "eth0", Addrs: []netip.Prefix{netip.MustParsePrefix(addr + "/24")}}
}

var phone = Service{Instance: "phoned 1a2b3c", Types: []string{"_phoned._tcp", "_https._tcp"}, Host: "phone-1a2b3c", Port: 443, Text: []string{"txtvers=1", "key=AB:CD"}}

type running struct {
	*Responder
	mu    sync.Mutex
	names []Service
	on    []Interface
	stop  func()
}

func run(t *testing.T, n *wireNet, s Service, addr string) *running {
	t.Helper()
	r := &running{on: []Interface{station0(addr)}}
	r.Responder = New(Config{
		Service:    s,
		Interfaces: func() []Interface { r.mu.Lock(); defer r.mu.Unlock(); return slices.Clone(r.on) },
		Open: func(i Interface, hear func(Packet)) (Link, error) {
			return n.attach(netip.AddrPortFrom(i.Addrs[0].Addr(), ownPort), hear), nil
		},
		Named: func(s Service) { r.mu.Lock(); defer r.mu.Unlock(); r.names = append(r.names, s) },
	})
	ctx, cancel := context.WithCancel(t.Context())
	over := make(chan struct{})
	go func() { r.Run(ctx); close(over) }()
	r.stop = func() { cancel(); <-over }
	t.Cleanup(r.stop)
	return r
}

func (r *running) name() (instance, host string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	last := r.names[len(r.names)-1]
	return last.Instance, last.Host
}

func pass(d time.Duration) { time.Sleep(d); synctest.Wait() } // of the bubble's time

// TestProbesAnnouncesAndSaysGoodbye: RFC 6762 §8.1, §8.3, §10.1.
func TestProbesAnnouncesAndSaysGoodbye(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &wireNet{}
		r := run(t, n, phone, "192.0.2.7")
		pass(3 * probeGap)
		if got := n.take(); len(got) != 3 || got[0].m.response || len(got[0].m.proposed) != 5 || len(got[0].m.questions) != 3 {
			t.Fatalf("%d probes", len(got))
		}
		pass(3 * time.Second)
		got := n.take()
		if len(got) != 2 || !got[1].m.response || len(got[0].m.answers) != 9 {
			t.Fatalf("%d announcements", len(got))
		}
		for _, x := range got[0].m.answers {
			if x.unique != (x.kind != dnsmessage.TypePTR) || x.ttl == 0 {
				t.Errorf("%+v", x)
			}
		}
		// The address changes: the old one goes, and everything is said anew.
		r.mu.Lock()
		r.on = []Interface{station0("192.0.2.8")}
		r.mu.Unlock()
		r.Refresh()
		pass(5 * time.Second)
		got = n.take()
		if a := got[0].m.answers; len(a) != 1 || a[0].ttl != 0 || a[0].kind != dnsmessage.TypeA {
			t.Errorf("%+v", got[0])
		}
		if last := got[len(got)-1]; last.from.Addr().String() != "192.0.2.8" || len(last.m.answers) != 9 {
			t.Errorf("%+v", last)
		}
		r.stop()
		got = n.take()
		if len(got) != 1 || len(got[0].m.answers) != 9 || slices.ContainsFunc(got[0].m.answers, func(x record) bool { return x.ttl != 0 }) {
			t.Errorf("goodbye: %+v", got)
		}
	})
}

// TestNoInterfaceNoWord: where it may not be announced nothing is sent, and it begins
// when it may.
func TestNoInterfaceNoWord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &wireNet{}
		r := run(t, n, phone, "192.0.2.7")
		pass(3 * time.Second)
		r.mu.Lock()
		on := r.on
		r.on = nil
		r.mu.Unlock()
		r.Refresh()
		synctest.Wait()
		got := n.take()
		if last := got[len(got)-1]; last.m.answers[0].ttl != 0 {
			t.Errorf("no goodbye: %+v", last)
		}
		pass(time.Minute)
		if got := n.take(); len(got) != 0 {
			t.Errorf("%+v", got)
		}
		r.mu.Lock()
		r.on = on
		r.mu.Unlock()
		r.Refresh()
		pass(3 * time.Second)
		if got := n.take(); len(got) != 5 {
			t.Errorf("%d messages", len(got))
		}
	})
}

func query(name string, kind dnsmessage.Type, class dnsmessage.Class, known ...record) []byte {
	n, err := dnsmessage.NewName(name)
	if err != nil {
		panic(err)
	}
	return (builder{questions: []dnsmessage.Question{{Name: n, Type: kind, Class: class}}}).pack(known, nil, nil)
}

func TestAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &wireNet{}
		run(t, n, phone, "192.0.2.7")
		pass(10 * time.Second)
		all := phone.records(station0("192.0.2.7"))
		asker := n.attach(netip.MustParseAddrPort("192.0.2.50:5353"), func(Packet) {})
		for name, c := range map[string]struct {
			b    []byte
			want int // answers, without what goes along
		}{
			"who is there":             {query("_phoned._tcp.local.", dnsmessage.TypePTR, dnsmessage.ClassINET), 1},
			"which types are there":    {query("_services._dns-sd._udp.local.", dnsmessage.TypePTR, dnsmessage.ClassINET), 2},
			"where, in other letters":  {query("PHONED 1A2b3c._phoned._tcp.LOCAL.", dnsmessage.TypeSRV, dnsmessage.ClassINET), 1},
			"anything of the host":     {query("phone-1a2b3c.local.", dnsmessage.TypeALL, dnsmessage.ClassANY), 1},
			"its IPv6, which it lacks": {query("phone-1a2b3c.local.", dnsmessage.TypeAAAA, dnsmessage.ClassINET), 0},
			"somebody else":            {query("_ipp._tcp.local.", dnsmessage.TypePTR, dnsmessage.ClassINET), 0},
			"it knows already":         {query("_phoned._tcp.local.", dnsmessage.TypePTR, dnsmessage.ClassINET, all[0]), 0},
		} {
			n.take()
			_ = asker.Send(c.b, netip.AddrPort{})
			pass(2 * time.Second)
			got := n.take()[1:]
			if c.want == 0 && len(got) == 0 {
				continue
			}
			if len(got) != 1 || got[0].to.IsValid() {
				t.Errorf("%s: %+v", name, got)
				continue
			}
			var m dnsmessage.Message
			if err := m.Unpack(got[0].data); err != nil || len(m.Answers) != c.want || !m.Authoritative {
				t.Errorf("%s: %v %+v", name, err, m)
			}
		}
		// The same again within a second is not said again.
		n.take()
		for range 5 {
			_ = asker.Send(query("_phoned._tcp.local.", dnsmessage.TypePTR, dnsmessage.ClassINET), netip.AddrPort{})
			pass(150 * time.Millisecond)
		}
		if got := n.take(); len(got) != 6 {
			t.Errorf("%d messages for five questions", len(got))
		}
	})
}

// TestSingleResolver: RFC 6762 §6.7; a stranger is not answered, and a flood not all.
func TestSingleResolver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &wireNet{}
		run(t, n, phone, "192.0.2.7")
		pass(5 * time.Second)
		n.take()
		legacy := n.attach(netip.MustParseAddrPort("192.0.2.50:40000"), func(Packet) {})
		b := query("_phoned._tcp.local.", dnsmessage.TypePTR, dnsmessage.ClassINET)
		b[0], b[1] = 0x12, 0x34
		for range 200 {
			_ = legacy.Send(b, netip.AddrPort{})
			synctest.Wait()
		}
		var got []sent
		for _, s := range n.take() {
			if s.to == legacy.at {
				got = append(got, s)
			}
		}
		if len(got) != maxUnicast {
			t.Fatalf("%d answers to 200 questions", len(got))
		}
		m := got[0].m
		if m.id != 0x1234 || len(m.questions) != 1 || len(m.answers) < 4 {
			t.Errorf("%+v", m)
		}
		for _, x := range m.answers {
			if x.ttl > 10 || x.unique {
				t.Errorf("%+v", x)
			}
		}
		far := n.attach(netip.MustParseAddrPort("198.51.100.1:40000"), func(Packet) {})
		pass(2 * time.Second)
		_ = far.Send(b, netip.AddrPort{})
		pass(2 * time.Second)
		if got := n.take(); len(got) != 1 {
			t.Errorf("a stranger was answered: %+v", got)
		}
	})
}

// TestNamesOfOthers: who comes later takes another name, in a duel, over an announced
// name, and over one that turns up while it is in use.
func TestNamesOfOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &wireNet{}
		a := run(t, n, phone, "192.0.2.7")
		b := run(t, n, phone, "192.0.2.8") // at the same moment
		pass(20 * time.Second)
		ia, ha := a.name()
		ib, hb := b.name()
		if ha == hb || ha != "phone-1a2b3c" && hb != "phone-1a2b3c" {
			t.Errorf("%s %s, %s %s", ia, ha, ib, hb)
		}
		c := run(t, n, phone, "192.0.2.9")
		pass(20 * time.Second)
		ic, hc := c.name()
		if hc == ha || hc == hb {
			t.Errorf("%s %s", ic, hc)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		n := &wireNet{}
		a := run(t, n, phone, "192.0.2.7")
		pass(5 * time.Second)
		rude := n.attach(netip.MustParseAddrPort("192.0.2.66:5353"), func(Packet) {})
		other := phone.addresses(station0("192.0.2.66"))
		_ = rude.Send((builder{}).responses(other, nil)[0], netip.AddrPort{})
		pass(5 * time.Second)
		if i, h := a.name(); h != "phone-1a2b3c-2" || i != phone.Instance {
			t.Errorf("%s %s", i, h)
		}
		// Who never lets up gets an answer each five seconds, not each moment.
		n.take()
		for range 3000 {
			_, h := a.name()
			s := phone
			s.Host = h
			_ = rude.Send((builder{}).responses(s.addresses(station0("192.0.2.66")), nil)[0], netip.AddrPort{})
			pass(20 * time.Millisecond)
		}
		own := 0
		for _, s := range n.take() {
			if s.from != rude.at {
				own++
			}
		}
		if own > 60 {
			t.Errorf("%d messages in a minute of war", own)
		}
	})
}

func TestLabels(t *testing.T) {
	for in, want := range map[string]string{"a.b\n": "a-b", strings.Repeat("ü", 40): strings.Repeat("ü", 31), "": ""} {
		if got := label(in); got != want {
			t.Errorf("%q: %q", in, got)
		}
	}
	if len((Service{Instance: strings.Repeat("x", 300), Types: []string{"_phoned._tcp"}, Host: "h", Port: 1}).records(station0("192.0.2.1"))) == 0 {
		t.Error("a long name makes no records")
	}
}

// TestBrowseReads: an answer becomes a service, whatever else is in it.
func TestBrowseReads(t *testing.T) {
	all := phone.records(station0("192.0.2.7"))
	got := read(all, "_phoned._tcp.local.")
	if len(got) != 1 || got[0].Instance != "phoned 1a2b3c" || got[0].Host != "phone-1a2b3c.local" || got[0].Port != 443 || got[0].Text["key"] != "AB:CD" || got[0].Addresses[0].String() != "192.0.2.7" {
		t.Errorf("%+v", got)
	}
	if got := read(all[:3], "_phoned._tcp.local."); len(got) != 0 {
		t.Errorf("without an address: %+v", got)
	}
}

// FuzzHear: whatever comes from the network, nothing breaks, and what goes out fits a
// frame and can be read.
func FuzzHear(f *testing.F) {
	all := phone.records(station0("192.0.2.7"))
	f.Add(query("_phoned._tcp.local.", dnsmessage.TypePTR, dnsmessage.ClassINET), uint16(5353))
	f.Add(query("phone-1a2b3c.local.", dnsmessage.TypeALL, dnsmessage.ClassANY|flush, all...), uint16(1))
	f.Add((builder{}).responses(all, nil)[0], uint16(5353))
	f.Add((builder{}).pack(nil, all, nil), uint16(5353))
	f.Add([]byte{}, uint16(0))
	f.Fuzz(func(t *testing.T, b []byte, port uint16) {
		n := &wireNet{}
		from := netip.AddrPortFrom(netip.MustParseAddr("192.0.2.50"), port)
		for _, step := range []int{0, probes + announces} {
			r := New(Config{Service: phone, Open: func(Interface, func(Packet)) (Link, error) { return nil, nil }})
			r.next, r.answer, r.step = time.NewTimer(time.Hour), time.NewTimer(time.Hour), step
			st := &station{Interface: station0("192.0.2.7"), link: &tap{n, netip.AddrPort{}}, last: map[string]time.Time{}}
			r.on[1] = st
			r.hear(st, Packet{b, from})
			r.flushAnswers()
			for _, s := range n.take() {
				if len(s.data) > maxMessage && s.to.Port() == ownPort {
					t.Fatalf("%d bytes", len(s.data))
				}
				var m dnsmessage.Message
				if err := m.Unpack(s.data); err != nil {
					t.Fatalf("%v: %x", err, s.data)
				}
			}
		}
		if m, ok := parse(b); ok {
			read(m.answers, "_phoned._tcp.local.")
		}
	})
}
