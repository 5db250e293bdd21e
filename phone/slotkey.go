package phone

// slotKey is the key of a park slot: it fetches who is parked there. In a call
// a lit one does nothing: the exchange would connect two strangers (C4).
func (t *turn) slotKey(k ProgKey) {
	if _, known := slotIn(t.park.slots, k.Value); known {
		t.parkKey(k.Value)
		return
	}
	w := t.watchOf(k)
	taken := w != nil && (w.State == WatchBusy || w.State == WatchRinging)
	a := t.talking()
	switch {
	case taken && a != nil:
		t.blip()
		t.say(ToastSlotTaken, k.Value, true)
	case taken:
		t.place(order{typed: k.Value, number: k.Value, line: w.line, path: t.freePath(), cause: "retrieve", party: w.Remote})
	case a != nil: // nobody knows the slots: it might be taken
		t.blip()
	case w == nil || w.State == WatchUnknown:
		t.dialNumber(k.Value, k.Line)
	default:
		t.blip()
		t.say(ToastSlotEmpty, k.Value, true)
	}
}
