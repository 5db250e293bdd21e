package app

import (
	"cmp"

	"phoned/media"
	"phoned/media/audio"
	"phoned/phone"
)

// applyAudio tells the engine what the core's plan means. Calls whose media do
// not exist yet are left out; opening them applies the plan again. It runs on
// the common queue, which owns p.plan.
func (p *Phone) applyAudio(plan phone.AudioPlan) {
	p.plan = plan
	view := p.loop.View()
	m := media.Plan{
		Path:       media.Path(plan.Path.String()),
		Conference: plan.Conference,
		Muted:      plan.Muted,
		Tone:       audio.ToneName(plan.Tone),
		Ring:       media.Ring{On: plan.Ring.On, Melody: ringMelody(plan.Ring.Melody, view.Settings.Melody), Soft: plan.Ring.Soft},
	}
	if c := p.calls.current(plan.Mic); c != nil && plan.Mic != 0 {
		m.Mic = portOf(c)
	}
	for _, id := range plan.Listen {
		if c := p.calls.current(id); c != nil {
			if port := portOf(c); port != nil {
				m.Listen = append(m.Listen, port)
			}
		}
	}
	m.Volumes = map[media.Path]int{}
	for path, percent := range view.Settings.Volumes {
		m.Volumes[media.Path(path.String())] = percent
	}
	if p.tone.port != nil && m.Mic == nil && len(m.Listen) == 0 {
		m.Path, m.Mic, m.Listen, m.Muted, m.Tone = p.tone.path, p.tone.port, []media.Port{p.tone.port}, false, ""
	}
	if err := p.engine.Apply(m); err != nil {
		p.log.Warn("sound", "err", err)
	}
}

// ringMelody is the caller's, or the one that the person has chosen.
func ringMelody(caller, own string) string {
	return cmp.Or(audio.MelodyName(caller), audio.MelodyName(own))
}

func portOf(c *call) media.Port {
	if s := c.media(); s != nil {
		return s.Port()
	}
	return nil
}

// mediaOpened connects a session that came into being after its plan.
func (p *Phone) mediaOpened(port media.Port) {
	p.engine.AddPort(port)
	p.common.add(func() { p.applyAudio(p.plan) })
}
