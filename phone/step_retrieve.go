package phone

// Taking back who is parked, with a look at the slots before and after (C4).

// openParked is the list of who is parked.
func (t *turn) openParked() {
	t.openPage(page{screen: ScreenParkList})
	t.wantSlots("")
}

// retrieveSelected takes back who is selected in the list.
func (t *turn) retrieveSelected(p Path, cause string) {
	items := t.parkedItems()
	if len(items) == 0 {
		t.blip()
		return
	}
	slot := items[min(t.page.index, len(items)-1)].ID
	t.closePage()
	t.retrieve(order{typed: slot, number: slot, path: p, cause: cause})
}

// retrieve dials a slot, once the server has said that somebody is in it: an
// empty one would park ourselves.
func (t *turn) retrieve(o order) {
	if t.park.stage == parkCheck || t.park.pending() {
		t.blip()
		if t.station == stationDialing {
			t.reorder()
		}
		return
	}
	if a := t.talking(); a != nil && (a.State != Active || a.emergency) {
		t.blip()
		t.say(ToastAnswerPending, "", true)
		if t.station == stationDialing {
			t.reorder()
		}
		return
	}
	if o.path == PathNone {
		o.path = t.freePath()
	}
	t.endParking()
	t.clearStation()
	t.dismiss()
	t.closePage()
	p, _ := slotIn(t.park.slots, o.typed)
	t.park.stage, t.park.slot, t.park.party, t.park.order, t.park.since = parkCheck, o.typed, p.Party, o, t.at
	if t.talking() == nil {
		t.setPath(o.path, o.cause)
		t.focus = 0
	}
	t.park.wanted = t.wantSlots(o.line)
	t.start(Timer{Kind: TimerPark}, parkLimit)
}

// retrieveAfterCheck dials the slot, or says why not.
func (t *turn) retrieveAfterCheck(e ParkSlots) {
	o, slot := t.park.order, t.park.slot
	if e.Cause != CauseNone {
		t.stop(Timer{Kind: TimerPark})
		t.park.stage = parkAsk
		t.start(Timer{Kind: TimerParked}, t.settings.Timers.Menu)
		return
	}
	p, _ := slotIn(e.Slots, slot)
	t.endParking()
	if !p.Occupied {
		t.say(ToastSlotEmpty, slot, true)
		t.blip()
		t.publish("park-conflict", "", detail{"parkExtension": slot})
		t.idleAfterCheck()
		return
	}
	o.slot, o.party, o.path = slot, p.Party, PathNone // the ear may have moved since
	t.place(o)
}

// idleAfterCheck closes the path that was opened for a call that is not made.
func (t *turn) idleAfterCheck() {
	if t.path == PathHandset && t.talking() == nil && t.station == stationNone {
		t.quiet(true)
	}
}

// dialAnyway is the person's word that an unknown slot be dialled.
func (t *turn) dialAnyway() {
	o := t.park.order
	t.endParking()
	o.slot, o.path = o.typed, PathNone
	t.place(o)
}

// dropCheck gives up the question whether a slot is taken.
func (t *turn) dropCheck() {
	if t.park.stage == parkCheck || t.park.stage == parkAsk {
		t.endParking()
	}
}

// retrieved: the slot has answered. Whether that was who was parked, or the
// exchange has parked us instead, only the list can tell.
func (t *turn) retrieved(c *call) {
	if c.slot == "" || c.slot == noSlot {
		return
	}
	t.publishCall("park-retrieved", c, detail{"parkExtension": c.slot, "phoneNumber": c.Party.Number})
	t.park.verified = c.ID
	t.park.verify = t.wantSlots(c.Line)
}

// verifyRetrieved ends a call in which we were parked ourselves.
func (t *turn) verifyRetrieved() {
	c := t.call(t.park.verified)
	t.park.verify, t.park.verified = 0, 0
	if c == nil || !c.live() {
		return
	}
	p, _ := slotIn(t.park.slots, c.slot)
	l := t.line(c.Line)
	if l == nil || !p.Occupied || l.Number == "" || p.Party.Number != l.Number {
		return
	}
	t.publishCall("park-conflict", c, detail{"parkExtension": c.slot})
	t.endCall(c, CauseTaken, 0)
	t.blip()
	t.say(ToastSlotLost, c.slot, true)
}

// retrieveGone: a slot that was dialled turned us away, so somebody was faster.
func (t *turn) retrieveGone(c *call, e CallGone) bool {
	if c.slot == "" || c.slot == noSlot || c.State != Dialing && c.State != Alerting || e.Code != 404 && e.Code != 486 {
		return false
	}
	t.say(ToastSlotLost, c.slot, true)
	return false
}

// retrieveCommand is Retrieve of the API.
func (t *turn) retrieveCommand(e Retrieve) {
	if e.Slot == "" {
		if t.anyLive() {
			t.complain(0, "a call is up")
			return
		}
		t.openParked()
		return
	}
	t.retrieve(order{typed: e.Slot, number: e.Slot, cause: "api"})
}
