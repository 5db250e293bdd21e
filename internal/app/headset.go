package app

import (
	"context"
	"time"

	"phoned/media"
	"phoned/media/device"
	"phoned/media/device/hotplug"
	"phoned/phone"
)

// cardsSettle is how long the messages of a card that comes or goes take: the
// list is told once, after the last one.
const cardsSettle = 300 * time.Millisecond

// watchCards tells engine, core and interfaces when sound cards come and go,
// until ctx ends. It starts two goroutines.
func (s *System) watchCards(ctx context.Context) {
	s.Sound.watchHeadset(func(in bool) {
		if s.Phone != nil {
			s.Phone.Post(phone.HeadsetPlugged{In: in})
		}
	})
	changes := make(chan struct{}, 1)
	err := hotplug.Watch(ctx, func(hotplug.Change) {
		select {
		case changes <- struct{}{}:
		default:
		}
	})
	if err != nil {
		s.log.Info("sound cards that are plugged in later are found by trying", "err", err)
		return
	}
	go s.Sound.follow(ctx, changes)
}

// follow acts on changes: devices are looked for and a headset's absence is told
// at once, the list when all is quiet again.
func (c *SoundCards) follow(ctx context.Context, changes <-chan struct{}) {
	settled := time.NewTimer(time.Hour)
	defer settled.Stop()
	for {
		select {
		case <-changes:
			c.engine.DevicesChanged()
			c.lookForHeadset()
			settled.Reset(cardsSettle)
		case <-settled.C:
			c.changed()
		case <-ctx.Done():
			return
		}
	}
}

// watchHeadset has f told whether the headset's card is plugged in: now, if it is
// not, and whenever that changes. A headset whose id names no card counts as
// always there.
func (c *SoundCards) watchHeadset(f func(in bool)) {
	c.mu.Lock()
	c.headset = f
	c.mu.Unlock()
	c.lookForHeadset()
}

// lookForHeadset tells a change since it looked last.
func (c *SoundCards) lookForHeadset() {
	p, ok := c.driver.(device.Presence)
	if !ok {
		return
	}
	in := true
	for r, id := range c.InUse() {
		if r.Path != media.PathHeadset {
			continue
		}
		if plugged, known := p.Plugged(id); known && !plugged {
			in = false
		}
	}
	c.mu.Lock()
	f, was := c.headset, !c.headsetOut
	if f != nil {
		c.headsetOut = !in
	}
	c.mu.Unlock()
	if f == nil || in == was {
		return
	}
	c.log.Info("headset", "state", map[bool]string{true: "plugged in", false: "not plugged in"}[in])
	f(in)
}
