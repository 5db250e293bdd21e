package phone

// moves: a transfer, a conference and a question about a slot belong to calls
// that are there, and a caller on hold is never left to nobody.
func (k *checker) moves(s *State) {
	x := s.xfer
	a, b := s.call(x.call), s.call(x.other)
	up := a != nil && a.State == Active && !a.emergency
	k.must(x.stage == TransferNone || up, "transfer (%s) of call %d that is not up", x.stage, x.call)
	k.must((s.station == stationTransfer) == (x.stage == TransferDial), "transfer at %q, station %d", x.stage, s.station)
	k.must(x.call == 0 || x.call != x.other, "call %d is handed to itself", x.call)
	switch x.stage {
	case TransferDial, TransferReturn:
		k.must(up && a.OnHold, "call %d is not on hold while the target of its transfer is entered", x.call)
	case TransferConsult:
		k.must(b != nil && b.live() && b.State != Incoming, "the consultation %d is not there", x.other)
	case TransferCancel:
		k.must(up && a.OnHold && !x.conf && x.target != "", "semi-attended transfer of call %d without a target", x.call)
	case TransferPending:
		k.must(!x.conf && (x.target != "" || x.attended), "call %d is handed to nobody", x.call)
	case TransferNone:
		k.must(x == transfer{}, "rest of a transfer: %+v", x)
	}
	k.must(len(s.conf) == 0 || len(s.conf) == 2 && s.conf[0] != s.conf[1], "conference of calls %v", s.conf)
	for _, id := range s.conf {
		c := s.call(id)
		k.must(c != nil && c.State == Active && !c.emergency && c.OnHold == s.call(s.conf[0]).OnHold, "call %d in the conference", id)
		k.must(!x.has(id) || x.stage == TransferNone, "call %d of the conference is handed on", id)
	}
	p := s.park
	c := s.call(p.call)
	k.must(p.stage != parkPick && p.stage != parkFresh || c != nil && c.State == Active && !c.emergency, "call %d is being parked", p.call)
	k.must(p.stage == parkNone || p.stage == parkPick || p.slot != "", "park stage %d without a slot", p.stage)
	k.must(p.stage != parkSent || p.wanted != 0, "call %d is moved and nobody asked whether slot %s is free", p.call, p.slot)
	k.must(!s.question.on || s.call(s.question.Call.ID) != nil, "question about a transfer of call %d", s.question.Call.ID)
}
