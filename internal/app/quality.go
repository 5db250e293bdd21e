package app

import (
	"slices"
	"time"

	"phoned/media"
	"phoned/phone"
)

const qualityEvery = 2 * time.Second

// sampleQuality looks at every call each two seconds (contract §6).
func (p *Phone) sampleQuality() {
	last := map[phone.CallRef]media.Stats{}
	tick := make(chan struct{}, 1)
	for {
		t := p.clock.AfterFunc(qualityEvery, func() { tick <- struct{}{} })
		select {
		case <-tick:
		case <-p.ctx.Done():
			t.Stop()
			return
		}
		seen := map[phone.CallRef]media.Stats{}
		for _, c := range p.calls.all() {
			s := c.media()
			if s == nil {
				continue
			}
			now := s.Stats()
			if now.PacketsRecv == 0 && now.PacketsSent == 0 {
				continue
			}
			seen[c.ref()] = now
			p.loop.Post(phone.QualitySampled{Call: c.ref(), Quality: quality(now, last[c.ref()], p.judge(s, now, last[c.ref()]))})
		}
		last = seen
	}
}

// hearer is an engine that can tell how our own end sounds.
type hearer interface{ Hearing() media.Hearing }

// judge looks for the cause of a bad call at our own end too.
func (p *Phone) judge(s media.Session, now, before media.Stats) media.Rating {
	h := media.Hearing{}
	if e, ok := p.cfg.Audio.(hearer); ok {
		h = e.Hearing()
	}
	v := p.loop.View()
	ours, theirs := s.Directions()
	mutual := ours == media.SendRecv && theirs == media.SendRecv
	return media.Judge(now, before, h, v.Path == phone.PathSpeaker || v.Path == phone.PathGroup, v.Muted || !mutual, mutual)
}

func quality(now, before media.Stats, r media.Rating) phone.Quality {
	bits := float64(now.BytesRecv-before.BytesRecv+now.BytesSent-before.BytesSent) * 8
	return phone.Quality{
		Word:        r.Word,
		BitrateKbps: bits / qualityEvery.Seconds() / 1000,
		LossPercent: now.LossPercent,
		Jitter:      now.Jitter,
		RoundTrip:   now.RoundTrip,
		Delay:       r.Delay,
		Level:       now.Level,
		RemoteLoss:  now.RemoteLoss,
		Advice:      r.Cause,
		Side:        r.Side,
	}
}

// MediaStats are the counters of every call that has media now, oldest first.
func (p *Phone) MediaStats() []media.Stats {
	calls := p.calls.all()
	slices.SortFunc(calls, func(a, b *call) int { return int(a.id - b.id) })
	out := []media.Stats{}
	for _, c := range calls {
		if s := c.media(); s != nil {
			out = append(out, s.Stats())
		}
	}
	return out
}
