package mdns

import (
	"bytes"
	"net/netip"
	"slices"
	"strings"

	"golang.org/x/net/dns/dnsmessage"
)

// Service is what is announced.
type Service struct {
	Instance string   // for people: "phoned 1a2b3c"
	Types    []string // "_phoned._tcp"
	Host     string   // one label: "phone-1a2b3c"
	Port     uint16
	Text     []string // "key=value" (RFC 6763 §6), the first ones matter most
}

// Interface is a network that the service is announced on.
type Interface struct {
	Index int
	Name  string
	Addrs []netip.Prefix // of the machine there
}

// hears: an address is of this network (RFC 6762 §11).
func (i Interface) hears(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	return a.IsLinkLocalUnicast() || slices.ContainsFunc(i.Addrs, func(p netip.Prefix) bool { return p.Contains(a) })
}

const (
	hostTTL = 120  // of what has the host's name in it (RFC 6762 §10)
	longTTL = 4500 // of the rest, seconds
	domain  = "local."
	// flush tells caches to forget other records of the name (§10.2); in a question
	// the same bit asks for an answer by unicast (§5.4).
	flush = 1 << 15
	// enumeration lists the types of services (RFC 6763 §9).
	enumeration = "_services._dns-sd._udp." + domain
	maxLabel    = 63
)

// record is one of ours, or one that was heard.
type record struct {
	name   string
	kind   dnsmessage.Type
	ttl    uint32
	unique bool // nobody else may have records of this name and type
	body   dnsmessage.ResourceBody
}

// label fits a text into one label of a name. The library can't have dots in it.
func label(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '.':
			return '-'
		case r < ' ' || r == 0x7f:
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	for len(s) > maxLabel {
		_, size := lastRune(s)
		s = s[:len(s)-size]
	}
	return s
}

func (s Service) hostName() string             { return label(s.Host) + "." + domain }
func (s Service) instanceName(t string) string { return label(s.Instance) + "." + t + "." + domain }
func (s Service) owns(name string) (host, instance bool) {
	host = strings.EqualFold(name, s.hostName())
	for _, t := range s.Types {
		instance = instance || strings.EqualFold(name, s.instanceName(t))
	}
	return host, instance
}

// addresses are the A and AAAA records of an interface.
func (s Service) addresses(i Interface) []record {
	out := make([]record, 0, len(i.Addrs))
	for _, p := range i.Addrs {
		a := p.Addr().Unmap().WithZone("")
		if a.Is4() {
			out = append(out, record{s.hostName(), dnsmessage.TypeA, hostTTL, true, &dnsmessage.AResource{A: a.As4()}})
		} else {
			out = append(out, record{s.hostName(), dnsmessage.TypeAAAA, hostTTL, true, &dnsmessage.AAAAResource{AAAA: a.As16()}})
		}
	}
	return out
}

// records are all that stand on an interface. Names that are no DNS names make none.
func (s Service) records(i Interface) []record {
	text := s.Text
	if len(text) == 0 {
		text = []string{""} // a TXT record is never empty (RFC 6763 §6.1)
	}
	var out []record
	host, err := dnsmessage.NewName(s.hostName())
	if err != nil {
		return nil
	}
	for _, t := range s.Types {
		service, err := dnsmessage.NewName(t + "." + domain)
		instance, err2 := dnsmessage.NewName(s.instanceName(t))
		if err != nil || err2 != nil {
			return nil
		}
		out = append(out,
			record{service.String(), dnsmessage.TypePTR, longTTL, false, &dnsmessage.PTRResource{PTR: instance}},
			record{instance.String(), dnsmessage.TypeSRV, hostTTL, true, &dnsmessage.SRVResource{Port: s.Port, Target: host}},
			record{instance.String(), dnsmessage.TypeTXT, longTTL, true, &dnsmessage.TXTResource{TXT: text}},
			record{enumeration, dnsmessage.TypePTR, longTTL, false, &dnsmessage.PTRResource{PTR: service}})
	}
	return append(out, s.addresses(i)...)
}

// data is a record's rdata without compression and in small letters, to compare
// (RFC 6762 §8.2.1); nil: of a type that is not ours.
func (r record) data() []byte {
	switch b := r.body.(type) {
	case *dnsmessage.AResource:
		return b.A[:]
	case *dnsmessage.AAAAResource:
		return b.AAAA[:]
	case *dnsmessage.PTRResource:
		return wire(b.PTR.String())
	case *dnsmessage.SRVResource:
		head := []byte{byte(b.Priority >> 8), byte(b.Priority), byte(b.Weight >> 8), byte(b.Weight), byte(b.Port >> 8), byte(b.Port)}
		return append(head, wire(b.Target.String())...)
	case *dnsmessage.TXTResource:
		var out []byte
		for _, s := range b.TXT {
			out = append(append(out, byte(len(s))), s...) //nolint:gosec // 255 at most
		}
		return out
	}
	return nil
}

func wire(name string) []byte {
	var out []byte
	for l := range strings.SplitSeq(strings.TrimSuffix(strings.ToLower(name), "."), ".") {
		out = append(append(out, byte(len(l))), l...) //nolint:gosec // 63 at most
	}
	return append(out, 0)
}

func (r record) same(o record) bool {
	return r.kind == o.kind && strings.EqualFold(r.name, o.name) && bytes.Equal(r.data(), o.data())
}

// later orders records as RFC 6762 §8.2 does: by type, then by data.
func later(a, b record) int {
	if a.kind != b.kind {
		return int(a.kind) - int(b.kind)
	}
	return bytes.Compare(a.data(), b.data())
}

// duel compares two sets of records of a name that are both being probed for: below 0,
// the first one has to yield.
func duel(ours, theirs []record) int {
	slices.SortFunc(ours, later)
	slices.SortFunc(theirs, later)
	return slices.CompareFunc(ours, theirs, later)
}
