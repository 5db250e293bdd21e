package mdns

import (
	"context"
	"net/netip"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// asked is when the question goes out: what is lost is asked for again (RFC 6762 §5.2).
var asked = []time.Duration{0, time.Second, 2 * time.Second, 4 * time.Second}

// ask sends the question and reads answers until ctx ends.
func ask(ctx context.Context, name dnsmessage.Name, packets <-chan packet, found func(Found), send func([]byte)) error {
	question := (builder{questions: []dnsmessage.Question{{Name: name, Type: dnsmessage.TypePTR, Class: dnsmessage.ClassINET | flush}}}).pack(nil, nil, nil)
	var seen []string
	next := time.NewTimer(asked[0])
	defer next.Stop()
	for n := 0; ; {
		select {
		case <-ctx.Done():
			return nil
		case <-next.C:
			send(question)
			if n++; n < len(asked) {
				next.Reset(asked[n])
			}
		case p := <-packets:
			m, ok := parse(p.Data)
			if !ok || !m.response {
				continue
			}
			for _, f := range read(m.answers, name.String()) {
				key := strings.ToLower(f.Instance) + " " + f.Text["key"]
				if !slices.Contains(seen, key) && len(seen) < 1<<16 {
					seen = append(seen, key)
					found(f)
				}
			}
		}
	}
}

// read puts the records of one answer together; a service without an address, or
// without a port, is none.
func read(records []record, kind string) []Found {
	var out []Found
	for _, p := range records {
		ptr, ok := p.body.(*dnsmessage.PTRResource)
		if !ok || !strings.EqualFold(p.name, kind) || p.ttl == 0 {
			continue
		}
		f := Found{Text: map[string]string{}}
		instance := ptr.PTR.String()
		f.Instance = instance
		if i := len(instance) - len(kind) - 1; i > 0 && strings.EqualFold(instance[i+1:], kind) {
			f.Instance = instance[:i]
		}
		for _, x := range records {
			if !strings.EqualFold(x.name, instance) {
				continue
			}
			switch b := x.body.(type) {
			case *dnsmessage.SRVResource:
				f.Host, f.Port = strings.TrimSuffix(b.Target.String(), "."), b.Port
			case *dnsmessage.TXTResource:
				for _, s := range b.TXT {
					k, v, _ := strings.Cut(s, "=")
					if k = strings.ToLower(k); k != "" {
						if _, twice := f.Text[k]; !twice { // RFC 6763 §6.4: the first one counts
							f.Text[k] = v
						}
					}
				}
			}
		}
		for _, x := range records {
			if !strings.EqualFold(x.name, f.Host+".") {
				continue
			}
			switch b := x.body.(type) {
			case *dnsmessage.AResource:
				f.Addresses = append(f.Addresses, netip.AddrFrom4(b.A))
			case *dnsmessage.AAAAResource:
				f.Addresses = append(f.Addresses, netip.AddrFrom16(b.AAAA))
			}
		}
		if f.Port != 0 && len(f.Addresses) > 0 {
			out = append(out, f)
		}
	}
	return out
}
