package app

import (
	"context"
	"errors"
	"fmt"

	"phoned/media"
	"phoned/phone"
	"phoned/sip"
)

// watchNetwork tells the user agent when the machine's addresses change.
func (p *Phone) watchNetwork() {
	if p.cfg.Network == nil {
		return
	}
	p.wg.Go(func() {
		err := p.cfg.Network(p.ctx, func() {
			p.common.add(p.agent.AddressChanged)
			p.networkChanged()
		})
		if err != nil && p.ctx.Err() == nil {
			p.log.Warn("changes of the network are not noticed", "err", err)
		}
	})
}

// detailOf is what log and API say of an end besides its status.
func detailOf(e sip.LegEnded) string {
	d := e.Reason
	if e.Q850 != 0 {
		d += fmt.Sprintf(" (Q.850 cause %d)", e.Q850)
	}
	if e.Warning != "" {
		d += " (warning " + e.Warning + ")"
	}
	return d
}

// restored renews the media of a call whose connection to the exchange is
// back: at a new address they move there, else the re-INVITE only tells the
// far end where we are reached now. A call that the far end does not know any
// more ends by its own LegEnded; one whose media can't move ends here, on both
// sides.
func (p *Phone) restored(c *call, moved bool) {
	s := c.media()
	if s == nil {
		return
	}
	ctx, cancel := context.WithTimeout(c.ctx, gatherTime+holdTime)
	defer cancel()
	var offer []byte
	var err error
	if m, ok := s.(media.Mover); ok && moved {
		offer, err = m.Move(ctx)
	} else {
		offer, err = s.Offer(ctx)
	}
	if err == nil {
		var answer []byte
		if answer, err = p.agent.ReInvite(ctx, c.legID(), offer); err == nil && len(answer) > 0 {
			if err = s.Apply(ctx, answer); err == nil {
				p.heardAnswer(c, s)
			}
		}
	}
	switch {
	case err == nil:
		p.log.Info("call restored", "call", c.ref().ID, "line", c.line.cfg.SIP.ID, "state", moved)
	case c.ctx.Err() != nil || errors.Is(err, sip.ErrNoLeg) || errors.Is(err, sip.ErrFlowDown):
		// It has ended, or the connection went again and will be back.
	case moved:
		p.log.Warn("the call could not follow to the new address", "call", c.ref().ID, "err", err)
		_ = p.agent.End(c.legID(), "no media")
		p.callFailed(c, phone.CauseNoMedia, err)
	default:
		p.log.Warn("the restored call was not renewed", "call", c.ref().ID, "err", err)
	}
}
