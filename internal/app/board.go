package app

import (
	"phoned/hal"
	"phoned/phone"
)

// startBoard reads every driver until it ends, and keeps the lamps as the view
// wants them.
func (p *Phone) startBoard() {
	b := p.cfg.Board
	for _, k := range b.Keypads {
		p.wg.Go(func() { p.readKeys(k) })
	}
	if b.Hook != nil {
		p.wg.Go(func() { p.readHook(b.Hook) })
	}
	if b.Lamps != nil {
		changed, cancel := p.loop.Subscribe()
		p.wg.Go(func() {
			defer cancel()
			p.showLamps(b.Lamps, changed)
		})
	}
}

func (p *Phone) readKeys(k hal.Keypad) {
	for e := range k.Events() {
		key := phone.Key(e.Key)
		if !key.Valid() {
			p.log.Warn("the keypad has a key that this phone does not know", "dev", string(e.Key))
			continue
		}
		if e.Down {
			p.loop.Post(phone.KeyDown{Key: key})
		} else {
			p.loop.Post(phone.KeyUp{Key: key})
		}
	}
	if err := k.Err(); err != nil {
		p.log.Error("the keypad is gone", "err", err)
	}
}

func (p *Phone) readHook(h hal.Hook) {
	for e := range h.Events() {
		p.loop.Post(phone.HookMoved{OffHook: e.OffHook})
	}
	if err := h.Err(); err != nil {
		p.log.Error("the hook switch is gone", "err", err)
	}
}

func (p *Phone) showLamps(l hal.Lamps, changed <-chan phone.View) {
	shown := map[string]phone.LampState{}
	for {
		select {
		case v := <-changed:
			for id, s := range phone.Lamps(v) {
				if shown[id] == s {
					continue
				}
				shown[id] = s
				err := l.Set(hal.LampID(id), hal.LampState{Pattern: hal.Pattern(s.Pattern), Colour: hal.Colour(s.Colour)})
				if err != nil {
					p.log.Warn("a lamp can't be set", "dev", id, "err", err)
				}
			}
		case <-p.ctx.Done():
			return
		}
	}
}

// closeBoard ends the drivers, which ends their readers.
func (p *Phone) closeBoard() {
	b := p.cfg.Board
	for _, k := range b.Keypads {
		_ = k.Close()
	}
	if b.Hook != nil {
		_ = b.Hook.Close()
	}
	if b.Lamps != nil {
		_ = b.Lamps.Close()
	}
	for _, d := range b.Panels {
		_ = d.Close()
	}
	for _, s := range b.Scanners {
		_ = s.Close() // who reads its codes waits for that
	}
}
