package phone

import "slices"

// OfferKind says where an offered configuration comes from.
type OfferKind string

const (
	OfferStick OfferKind = "stick"
	OfferCode  OfferKind = "code"
	// OfferAccess: a browser asks to be the first administrator. The code is entered
	// there; here one can only refuse.
	OfferAccess OfferKind = "access"
)

// Offer is a configuration that somebody at the phone has to agree to: what is on
// a stick, or where a scanned code leads.
type Offer struct {
	ID   string // told again in TakeOffer
	Kind OfferKind
	From string // the host that a code leads to, the address that asks for access; "" for a stick
	Code string // of an OfferAccess
	PIN  bool   // the PIN that came with it is needed
	// Changes are what would be different, in words, if that is known already.
	Changes []string
}

type (
	// Offered asks the person. It waits until nobody uses the phone; a later
	// offer replaces an earlier one.
	Offered struct{ Offer Offer }
	// OfferEnded: the stick is gone, or what was taken has been dealt with. With
	// WrongPIN it is asked for again.
	OfferEnded struct {
		ID       string
		WrongPIN bool
	}
	// TakeOffer uses it. Result: OfferEnded, or a phone that starts anew.
	TakeOffer struct {
		ID  string
		PIN PIN
	}
)

// ScanCode reads a code with the camera, for as long as somebody would hold one up.
// What it reads becomes an Offer or a problem.
type ScanCode struct{}

// StickChanged says whether a stick is in that reports can be written to.
type StickChanged struct{ In bool }

// SaveReport writes a report for whoever looks after the phone on the stick. Result:
// ReportSaved.
type SaveReport struct{}

// ReportSaved: the report is on the stick and the stick can be pulled out, or it is not.
type ReportSaved struct{ OK bool }

func (StickChanged) what() {}
func (ReportSaved) what()  {}
func (SaveReport) effect() {}
func (ScanCode) effect()   {}
func (Offered) what()      {}
func (OfferEnded) what()   {}
func (TakeOffer) effect()  {}

// offering is the offer that waits or is on the screen. It is replaced, never changed.
type offering struct {
	Offer
	shown bool
}

func (t *turn) offered(e Offered) {
	t.closeOffer()
	o := e.Offer
	o.Changes = slices.Clone(o.Changes)
	t.offer = &offering{Offer: o}
}

func (t *turn) offerEnded(e OfferEnded) {
	if t.offer == nil || t.offer.ID != e.ID {
		return
	}
	if e.WrongPIN && t.page.form != nil && t.page.form.id == formOffer {
		t.wrong("form.wrong_pin")
		return
	}
	t.closeOffer()
}

// closeOffer forgets the offer and takes its pages off the screen.
func (t *turn) closeOffer() {
	if t.offerPage() {
		t.closePage()
	}
	t.offer = nil
}

// offerPage: a page of the offer is on the screen.
func (s *State) offerPage() bool {
	return s.page.screen == ScreenOffer || s.page.form != nil && s.page.form.id == formOffer
}

// settleOffer shows the offer once nobody uses the phone. Whoever leaves its page
// has said no.
func (t *turn) settleOffer() {
	switch {
	case t.offer == nil:
	case t.offer.shown && !t.offerPage() && t.offer.Kind == OfferAccess:
		// A call or the handset came between: somebody waits before a browser.
		o := *t.offer
		o.shown = false
		t.offer = &o
	case t.offer.shown && !t.offerPage():
		t.declineOffer()
	case !t.offer.shown && !t.anyLive() && !t.dialScreen() && !t.locked() && t.page.screen == "" && t.shown == 0:
		o := *t.offer
		o.shown = true
		t.offer = &o
		t.openPage(page{screen: ScreenOffer})
	}
}

// declineOffer is No.
func (t *turn) declineOffer() {
	if t.offer != nil {
		t.emit(DeclineOffer{ID: t.offer.ID})
		t.offer = nil
	}
}

// takeOffer is Yes: the PIN is asked for if one is needed.
func (t *turn) takeOffer() {
	if t.offer == nil {
		t.closePage()
		return
	}
	if t.offer.Kind == OfferAccess { // the browser has the last word
		t.blip()
		return
	}
	if t.offer.PIN {
		t.openForm(newForm(formOffer, "", FormPIN, ""))
		return
	}
	t.emit(TakeOffer{ID: t.offer.ID})
	t.offer = nil
	t.closePage()
}

// formOffer is the form of an offer's PIN.
const formOffer = "offer_pin"

// offerPIN hands on the PIN; the form stays until it is known to be right.
func offerPIN(t *turn, _ *form, text string) {
	if t.offer == nil {
		t.closePage()
		return
	}
	if text == "" {
		t.wrong("form.wrong_pin")
		return
	}
	t.emit(TakeOffer{ID: t.offer.ID, PIN: PIN(text)})
}

func (s *State) offerItems() (title string, items []MenuItem) {
	if s.offer == nil {
		return "", nil
	}
	if s.offer.From != "" {
		items = append(items, MenuItem{ID: "from", Label: "@offer.from", Value: s.offer.From})
	}
	if s.offer.Kind == OfferAccess {
		return "@offer.access", append(items, MenuItem{ID: "code", Label: "@offer.access_code", Value: s.offer.Code})
	}
	for i, c := range s.offer.Changes {
		items = append(items, MenuItem{ID: "change/" + itoa(i), Label: c})
	}
	if s.offer.Kind == OfferStick {
		return "@offer.stick", items
	}
	return "@offer.code", items
}

// scanAct is Scan where there is a camera.
func (s *State) scanAct() Action {
	if s.device.Camera {
		return ActScan
	}
	return ActNone
}

// stickChanged shows or hides what can be done with a stick.
func (t *turn) stickChanged(in bool) {
	t.stick = in
	if t.page.screen == ScreenMenu && t.page.menu == menuSettings {
		t.page.index = min(t.page.index, len(t.menuEntries())-1)
	}
}

// saveReport is the entry of the settings; one report at a time.
func (t *turn) saveReport() {
	if t.reporting {
		return
	}
	t.reporting = true
	t.emit(SaveReport{})
	t.say(ToastReporting, "", false)
}

func (t *turn) reportSaved(ok bool) {
	t.reporting = false
	if ok {
		t.say(ToastReported, "", false)
	} else {
		t.say(ToastNotReported, "", true)
	}
}
