package phone

type (
	// ConsentAsked: somebody far away wants to record what is said here. A person at
	// the phone is asked; a later question replaces an earlier one, which is a no.
	ConsentAsked struct{ ID int }
	// ConsentEnded: nobody waits for an answer any more.
	ConsentEnded struct{ ID int }
	// Consented is the person's answer. Whoever leaves the question has said no.
	Consented struct {
		ID  int
		Yes bool
	}
	// SetPathVolume changes the volume of any path; PathNone is the ringer.
	SetPathVolume struct {
		Path    Path
		Percent int
	}
)

func (ConsentAsked) what()  {}
func (ConsentEnded) what()  {}
func (Consented) effect()   {}
func (SetPathVolume) what() {}

// consenting is the question that waits or is on the screen; ID 0: there is none.
type consenting struct {
	id    int
	shown bool
}

// confirmCapture asks whether what is said may be recorded for support.
const confirmCapture = "confirm.capture"

func (s *State) consentPage() bool {
	return s.page.screen == ScreenConfirm && s.page.menu == confirmCapture
}

func (t *turn) consentAsked(e ConsentAsked) {
	t.consentOver(false)
	t.consent = consenting{id: e.ID}
}

func (t *turn) consentEnded(e ConsentEnded) {
	if t.consent.id != e.ID {
		return
	}
	if t.consentPage() {
		t.closePage()
	}
	t.consent = consenting{}
}

// consentOver gives the answer to the present question.
func (t *turn) consentOver(yes bool) {
	if t.consent.id == 0 {
		return
	}
	if t.consentPage() {
		t.closePage()
	}
	t.emit(Consented{ID: t.consent.id, Yes: yes})
	t.consent = consenting{}
}

// settleConsent shows the question as soon as nothing else is asked and nobody
// dials, also in the middle of a call.
func (t *turn) settleConsent() {
	switch {
	case t.consent.id == 0:
	case t.consent.shown && !t.consentPage():
		t.consentOver(false)
	case !t.consent.shown && !t.dialScreen() && !t.locked() && t.page.screen == "":
		t.consent.shown = true
		t.openPage(page{screen: ScreenConfirm, menu: confirmCapture, call: t.focus})
	}
}

// applySupport takes what support asks for from far away; false: it is something else.
func (t *turn) applySupport(w What) bool {
	switch w := w.(type) {
	case SetPathVolume:
		t.setVolume(w.Path, w.Percent)
	case ConsentAsked:
		t.consentAsked(w)
	case ConsentEnded:
		t.consentEnded(w)
	case ReportMade:
		t.reportMade(w)
	default:
		return false
	}
	return true
}
