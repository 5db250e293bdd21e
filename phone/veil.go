package phone

// veil hides the keys of a PIN or a password from a record of events. Each becomes a zero,
// so that a replay has as many keys in the same places. The zero veil is ready.
type veil struct {
	down [256]bool // digits that went down on such a form: their way up is hidden too
}

// over is e as it may be recorded; s is the State before e.
func (v *veil) over(s *State, e Event) Event {
	switch w := e.What.(type) {
	case KeyDown:
		d, ok := w.Key.Digit()
		if !ok {
			return e
		}
		if v.down[d] = s.page.form != nil && s.page.form.kind.Secret(); v.down[d] {
			e.What = KeyDown{"0"}
		}
	case Offered:
		if w.Offer.Code != "" { // as good as a password for three minutes
			w.Offer.Code = "0000 0000"
			e.What = w
		}
	case KeyUp:
		if d, ok := w.Key.Digit(); ok && v.down[d] {
			v.down[d] = false
			e.What = KeyUp{"0"}
		}
	}
	return e
}
