package mdns

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// Packet is what a Link heard.
type Packet struct {
	Data []byte
	From netip.AddrPort
}

// Link sends on one interface. Send without an address is multicast, by IPv4 and
// IPv6 as far as the interface has them.
type Link interface {
	Send(b []byte, to netip.AddrPort) error
	Close() error
}

// Config of a Responder.
type Config struct {
	Service Service
	// Interfaces tells where the service is to be announced now; it is asked at Run and
	// at Refresh. None: nowhere.
	Interfaces func() []Interface
	// Open begins to listen; hear is called on the Link's goroutine until Close. nil:
	// sockets of this machine.
	Open func(i Interface, hear func(Packet)) (Link, error)
	// Text gives the service's text anew whenever the interfaces are looked at; nil: it
	// stays as it is.
	Text func() []string
	// Named is told the names in use, at first and when they had to change; nil: nobody.
	Named func(Service)
	Log   *slog.Logger
}

// Intervals of RFC 6762.
const (
	probeGap     = 250 * time.Millisecond // §8.1
	probes       = 3
	announceGap  = time.Second // §8.3
	announces    = 2
	yieldTime    = time.Second           // §8.2: after a duel that was lost
	answerLeast  = 20 * time.Millisecond // §6
	answerMost   = 120 * time.Millisecond
	againTime    = time.Second     // §6: a record goes out once a second at most
	manyTime     = 5 * time.Second // §8.1: after fifteen conflicts
	manyConflict = 15
	maxUnicast   = 50  // answers a second to single resolvers
	heard        = 256 // packets that may wait
	ownPort      = 5353
)

// station is an interface that is announced on.
type station struct {
	Interface
	link Link
	last map[string]time.Time // when a record went out
	due  []record             // answers that wait for their moment
}

type packet struct {
	Packet
	index int
}

// Responder announces a service. Make it with New.
type Responder struct {
	cfg     Config
	kick    chan struct{}
	packets chan packet

	// Run's own:
	s          Service
	hostNo     int
	instanceNo int
	on         map[int]*station
	conflicts  int
	known      bool // the log has the names
	step       int  // 0–2: the next probe; 3–4: the next announcement; 5: at rest
	next       *time.Timer
	answer     *time.Timer
	waits      bool      // for answer
	second     time.Time // of unicast
	spent      int
}

// New makes a Responder.
func New(c Config) *Responder {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Open == nil {
		c.Open = open
	}
	return &Responder{cfg: c, s: c.Service, hostNo: 1, instanceNo: 1, kick: make(chan struct{}, 1), packets: make(chan packet, heard), on: map[int]*station{}}
}

// Refresh has the interfaces looked at anew: addresses have changed, or the service
// comes or goes. It never blocks.
func (r *Responder) Refresh() {
	select {
	case r.kick <- struct{}{}:
	default:
	}
}

// Run announces until ctx ends, and says goodbye.
func (r *Responder) Run(ctx context.Context) {
	r.next, r.answer = time.NewTimer(time.Hour), time.NewTimer(time.Hour)
	defer r.next.Stop()
	defer r.answer.Stop()
	r.name()
	r.look()
	for {
		select {
		case <-ctx.Done():
			for index := range r.on {
				r.leave(index)
			}
			return
		case <-r.kick:
			r.look()
		case <-r.next.C:
			r.advance()
		case <-r.answer.C:
			r.flushAnswers()
		case p := <-r.packets:
			if st := r.on[p.index]; st != nil && st.hears(p.From.Addr()) {
				r.hear(st, p.Packet)
			}
		}
	}
}

func (r *Responder) name() {
	r.known = false
	if r.cfg.Named != nil {
		r.cfg.Named(r.s)
	}
}

// look compares the interfaces with those that are announced on.
func (r *Responder) look() {
	want := map[int]Interface{}
	for _, i := range r.cfg.Interfaces() {
		if len(i.Addrs) > 0 {
			want[i.Index] = i
		}
	}
	for index := range r.on {
		if _, ok := want[index]; !ok {
			r.leave(index)
		}
	}
	fresh, changed, told := false, false, false
	if r.cfg.Text != nil {
		if text := r.cfg.Text(); !slices.Equal(text, r.s.Text) {
			r.s.Text, told = text, true
		}
	}
	for index, i := range want {
		if st := r.on[index]; st != nil {
			if !slices.Equal(st.Addrs, i.Addrs) {
				r.say(st, true, gone(r.s.addresses(st.Interface), r.s.addresses(i)))
				// A socket of an address family may have to be opened: begin anew.
				_ = st.link.Close()
				delete(r.on, index)
				changed = true
			} else {
				continue
			}
		}
		link, err := r.cfg.Open(i, func(p Packet) {
			select {
			case r.packets <- packet{p, index}:
			default: // a flood: the network loses packets as well
			}
		})
		if err != nil {
			r.cfg.Log.Warn("the phone is not announced on a network", "interface", i.Name, "err", err)
			continue
		}
		r.on[index] = &station{Interface: i, link: link, last: map[string]time.Time{}}
		fresh = true
	}
	switch {
	case fresh || changed:
		r.probe(rand.N(probeGap))
	case told && r.step > probes: // RFC 6762 §8.4
		r.step = probes
		r.next.Reset(0)
	}
}

// gone are the records of a that are not in b.
func gone(a, b []record) []record {
	return slices.DeleteFunc(a, func(x record) bool { return slices.ContainsFunc(b, x.same) })
}

// leave says goodbye on an interface.
func (r *Responder) leave(index int) {
	st := r.on[index]
	delete(r.on, index)
	if r.step > probes { // before that nobody has heard of it
		r.say(st, true, r.s.records(st.Interface))
	}
	if err := st.link.Close(); err != nil {
		r.cfg.Log.Debug("announcement", "interface", st.Name, "err", err)
	}
}

// say sends records by multicast, with a goodbye or without.
func (r *Responder) say(st *station, goodbye bool, records []record) {
	if len(records) == 0 {
		return
	}
	for _, b := range (builder{ended: goodbye}).responses(records, nil) {
		r.send(st, b, netip.AddrPort{})
	}
}

func (r *Responder) send(st *station, b []byte, to netip.AddrPort) {
	if b == nil {
		return
	}
	if err := st.link.Send(b, to); err != nil {
		r.cfg.Log.Debug("announcement", "interface", st.Name, "err", err)
	}
}

// probe begins to ask whether anybody has the names.
func (r *Responder) probe(after time.Duration) {
	r.step = 0
	for _, st := range r.on {
		st.due = nil
	}
	if r.conflicts >= manyConflict {
		after = max(after, manyTime)
	}
	r.next.Reset(after)
}

// advance does what is next: a probe, an announcement.
func (r *Responder) advance() {
	switch {
	case r.step < probes:
		for _, st := range r.on {
			r.send(st, r.question(st), netip.AddrPort{})
		}
		r.step++
		r.next.Reset(probeGap)
	case r.step < probes+announces:
		if r.step == probes && !r.known {
			r.known = true
			r.cfg.Log.Info("announced on the network", "name", r.s.Instance, "host", r.s.hostName())
		}
		for _, st := range r.on {
			r.say(st, false, r.s.records(st.Interface))
		}
		r.step++
		if r.step < probes+announces {
			r.next.Reset(announceGap)
		}
	}
}

// question is a probe: anything of our names, and what we would answer.
func (r *Responder) question(st *station) []byte {
	c := builder{}
	var own []record
	for _, x := range r.s.records(st.Interface) {
		if !x.unique {
			continue
		}
		own = append(own, x)
		name, err := dnsmessage.NewName(x.name)
		if err == nil && !slices.ContainsFunc(c.questions, func(q dnsmessage.Question) bool { return q.Name == name }) {
			c.questions = append(c.questions, dnsmessage.Question{Name: name, Type: dnsmessage.TypeALL, Class: dnsmessage.ClassINET})
		}
	}
	return c.pack(nil, own, nil)
}

// hear takes one packet of the network.
func (r *Responder) hear(st *station, p Packet) {
	m, ok := parse(p.Data)
	if !ok {
		return
	}
	if m.response {
		if p.From.Port() == ownPort { // RFC 6762 §6
			r.judge(m.answers)
		}
		return
	}
	if r.step <= probes { // not announced yet
		r.meet(m.proposed)
		return
	}
	r.reply(st, m, p.From)
}

// ours are our records on all interfaces: what comes back to us over a bridge
// is no conflict.
func (r *Responder) ours() []record {
	var out []record
	for _, st := range r.on {
		out = append(out, r.s.records(st.Interface)...)
	}
	return out
}

// judge looks for somebody who has our names (RFC 6762 §9).
func (r *Responder) judge(heard []record) {
	ours := r.ours()
	host, instance := false, false
	for _, x := range heard {
		h, i := r.s.owns(x.name)
		if !h && !i || x.ttl == 0 || x.data() == nil || slices.ContainsFunc(ours, x.same) {
			continue
		}
		// A name in use has only types that we have; while probing any is somebody's.
		if r.step <= probes || slices.ContainsFunc(ours, func(o record) bool { return o.unique && o.kind == x.kind && strings.EqualFold(o.name, x.name) }) {
			host, instance = host || h, instance || i
		}
	}
	if !host && !instance {
		return
	}
	r.conflicts++
	if host {
		r.hostNo++
		r.s.Host = fmt.Sprintf("%s-%d", trim(r.cfg.Service.Host), r.hostNo)
	}
	if instance {
		r.instanceNo++
		r.s.Instance = fmt.Sprintf("%s (%d)", trim(r.cfg.Service.Instance), r.instanceNo)
	}
	r.cfg.Log.Warn("somebody on the network has the phone's name; it takes another", "name", r.s.Instance, "host", r.s.hostName())
	r.name()
	r.probe(rand.N(probeGap))
}

// trim leaves room for a number.
func trim(s string) string {
	s = label(s)
	for len(s) > maxLabel-8 {
		_, n := lastRune(s)
		s = s[:len(s)-n]
	}
	return s
}

// meet: somebody probes for the same name at the same time; the later records win.
func (r *Responder) meet(proposed []record) {
	ours := r.ours()
	if !slices.ContainsFunc(proposed, func(x record) bool { return !slices.ContainsFunc(ours, x.same) }) {
		return // none, or our own
	}
	names := map[string][]record{}
	for _, x := range proposed {
		if h, i := r.s.owns(x.name); h || i {
			names[strings.ToLower(x.name)] = append(names[strings.ToLower(x.name)], x)
		}
	}
	for name, theirs := range names {
		for _, st := range r.on {
			var own []record
			for _, o := range r.s.records(st.Interface) {
				if o.unique && strings.EqualFold(o.name, name) {
					own = append(own, o)
				}
			}
			if duel(own, theirs) < 0 {
				r.probe(yieldTime)
				return
			}
		}
	}
}

// reply answers a query: at once to a single resolver, else in a moment to all.
func (r *Responder) reply(st *station, m message, from netip.AddrPort) {
	all := r.s.records(st.Interface)
	legacy := from.Port() != ownPort
	unicast := legacy
	var answers []record
	for _, q := range m.questions {
		unicast = unicast || q.Class&flush != 0
		for _, x := range all {
			if asks(q, x) && !slices.ContainsFunc(answers, x.same) && !known(m.answers, x) {
				answers = append(answers, x)
			}
		}
	}
	if len(answers) == 0 {
		return
	}
	if !unicast {
		st.due = append(st.due, gone(answers, st.due)...)
		if !r.waits {
			r.waits = true
			r.answer.Reset(answerLeast + rand.N(answerMost-answerLeast))
		}
		return
	}
	if now := time.Now(); now.Sub(r.second) >= time.Second {
		r.second, r.spent = now, 0
	}
	if r.spent++; r.spent > maxUnicast {
		return
	}
	c := builder{legacy: legacy}
	if legacy {
		c.header.ID, c.questions = m.id, m.questions
	}
	for _, b := range c.responses(answers, more(answers, all)) {
		r.send(st, b, from)
	}
}

// known: the asker has it for at least half of its life (RFC 6762 §7.1).
func known(list []record, x record) bool {
	return slices.ContainsFunc(list, func(k record) bool { return k.ttl >= x.ttl/2 && k.same(x) })
}

// more are the records that are asked for next (RFC 6763 §12).
func more(answers, all []record) []record {
	return slices.DeleteFunc(slices.Clone(all), func(x record) bool {
		return !x.unique || slices.ContainsFunc(answers, x.same)
	})
}

// flushAnswers sends what waits.
func (r *Responder) flushAnswers() {
	r.waits = false
	now := time.Now()
	for _, st := range r.on {
		answers := slices.DeleteFunc(st.due, func(x record) bool { return now.Sub(st.last[key(x)]) < againTime })
		st.due = nil
		if len(answers) == 0 {
			continue
		}
		for _, x := range answers {
			st.last[key(x)] = now
		}
		for _, b := range (builder{}).responses(answers, more(answers, r.s.records(st.Interface))) {
			r.send(st, b, netip.AddrPort{})
		}
	}
}

func key(x record) string { return x.kind.String() + " " + x.name + " " + string(x.data()) }
