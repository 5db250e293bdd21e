package app

import (
	"maps"
	"slices"

	"phoned/backend"
	"phoned/phone"
	"phoned/sip"
)

// watchedAt is a resource that a line watches.
type watchedAt struct{ line, resource string }

// noteRefusal notes which dialog subscriptions the exchange does not take: the lamps
// of park slots follow the backend's list then (contract §4). A subscription that
// only was lost with its connection is on its way back and changes nothing.
func (p *Phone) noteRefusal(e sip.SubscriptionChanged) {
	if e.Subscription.Event != sip.EventDialog || !e.Active && e.Code < 300 {
		return
	}
	w := &p.watching
	at := watchedAt{e.Line, e.Subscription.Resource}
	w.mu.Lock()
	news := w.refused[at] == e.Active
	if w.refused == nil {
		w.refused = map[watchedAt]bool{}
	}
	if e.Active {
		delete(w.refused, at)
	} else {
		w.refused[at] = true
	}
	w.mu.Unlock()
	if news {
		p.pollLamps()
	}
}

// refusedSlots are the slots of park keys whose subscriptions are refused.
func (p *Phone) refusedSlots() map[watchedAt]string {
	p.watching.mu.Lock()
	refused := maps.Clone(p.watching.refused)
	p.watching.mu.Unlock()
	out := map[watchedAt]string{}
	if len(refused) == 0 {
		return out
	}
	keys := p.loop.View().Keys
	for at := range refused {
		i := slices.IndexFunc(keys, func(k phone.KeyView) bool { return k.Function == phone.KeyPark && k.Resource() == at.resource })
		if i >= 0 {
			out[at] = keys[i].Value
		}
	}
	return out
}

// pollLamps has the slots of refused park lamps looked at once a minute, others not.
func (p *Phone) pollLamps() {
	if p.parking == nil {
		return
	}
	var domains []string
	for at := range p.refusedSlots() {
		if l := p.line(at.line); l != nil {
			domains = append(domains, l.cfg.SIP.Domain)
		}
	}
	slices.Sort(domains)
	p.parking.lamps(slices.Compact(domains))
}

// lamps says whose slots lamps show.
func (k *parker) lamps(domains []string) {
	k.mu.Lock()
	same := slices.Equal(domains, k.lit)
	k.lit = domains
	k.mu.Unlock()
	if !same {
		k.b.Lamps(domains)
	}
}

// lampsFromSlots sets the refused park lamps by what the backend says.
func (p *Phone) lampsFromSlots(domain string, slots []backend.ParkSlot) {
	for at, extension := range p.refusedSlots() {
		l := p.line(at.line)
		i := slices.IndexFunc(slots, func(s backend.ParkSlot) bool { return s.Extension == extension })
		if l == nil || l.cfg.SIP.Domain != domain || i < 0 {
			continue
		}
		c := phone.WatchChanged{Line: phone.LineID(at.line), Resource: at.resource, State: phone.WatchIdle}
		if s := slots[i]; s.Occupied {
			c.State = phone.WatchBusy
			if s.Parked != nil {
				c.Remote.Number, c.Since = s.Parked.PhoneNumber, s.Parked.ParkedAt
			}
		}
		p.loop.Post(c)
	}
}
