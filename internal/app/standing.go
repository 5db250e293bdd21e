package app

import "phoned/provisioning"

// RollBackNow takes the last change back because somebody wants it: one on trial at
// once, with why in the outcome; else what its layer had before comes back, which is
// on trial then as any change is. ErrNothingBefore: there is nothing to go back to.
func (p *Provisioner) RollBackNow(why string) ([]provisioning.Change, error) {
	if _, trial := p.cfg.Depot.Trial(); trial {
		from, _, _ := p.Config()
		if err := p.cfg.Depot.RollBack(why); err != nil {
			return nil, err
		}
		to, _, _ := p.Config()
		p.cfg.Log.Warn("the configuration was taken back", "err", why)
		poke(p.changed)
		return provisioning.Diff(&from, &to), nil
	}
	pr, err := p.cfg.Depot.Undo(p.cfg.Base...)
	if err != nil {
		return nil, err
	}
	return pr.Changes, p.Apply(pr)
}

// Standing is where the configuration stands: what is on trial, and how the last trial
// ended; nil: nothing is, there was none.
func (p *Provisioner) Standing() (trial *provisioning.Trial, last *provisioning.Outcome) {
	if t, on := p.cfg.Depot.Trial(); on {
		trial = &t
	}
	if o, there := p.cfg.Depot.Last(); there {
		last = &o
	}
	return trial, last
}
