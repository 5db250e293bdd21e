package phone

import (
	"strings"
	"time"
)

// page is a list, a form or an explanation in front of the idle screen, or of
// the call that it is about.
type page struct {
	screen Screen // "": none
	menu   string // which ScreenMenu or ScreenConfirm
	index  int
	was    int         // the index before the last step
	moved  time.Time   // when that was
	placed bool        // the history shows placed calls only: REDIAL's list
	parent bool        // Back leads to the page beneath
	arg    string      // what it is about: a contact
	filter string      // digits that narrow the contacts
	call   CallID      // the call it is about; it goes with it
	form   *form       // of ScreenForm
	text   []string    // of ScreenLicence, in pieces
	record *CallRecord // of ScreenRecord; never written to
}

// openPage shows p; on top of the present page if it has a parent.
func (t *turn) openPage(p page) {
	t.dismiss()
	if p.parent && t.page.screen != "" {
		t.under = append(t.under[:len(t.under):len(t.under)], t.page)
	} else {
		t.under = nil
	}
	t.showPage(p)
}

func (t *turn) showPage(p page) {
	if p.form != nil && (p.form.tap.key != 0 || p.form.peek) { // a letter is settled by now
		f := *p.form
		f.tap, f.peek = tap{}, false
		p.form = &f
	}
	t.page = p
	t.stop(Timer{Kind: TimerTap})
	t.start(Timer{Kind: TimerMenu}, t.pageTime())
}

// replacePage puts p in the place of the page on top.
func (t *turn) replacePage(p page) {
	p.parent, p.call = t.page.parent, t.page.call
	t.showPage(p)
}

func (t *turn) replaceForm(f *form) { t.replacePage(page{screen: ScreenForm, form: f}) }

func (t *turn) closePage() {
	t.page, t.under = page{}, nil
	t.stop(Timer{Kind: TimerTap})
	t.stop(Timer{Kind: TimerMenu})
}

// pageBack returns to the page beneath.
func (t *turn) pageBack() {
	if t.page.screen == ScreenOffer {
		t.declineOffer()
	}
	t.leaveSignIn()
	n := len(t.under)
	if n == 0 {
		t.closePage()
		return
	}
	p := t.under[n-1]
	t.under = t.under[: n-1 : n-1]
	t.showPage(p)
}

// settlePage closes a page whose call is gone or has lost the focus.
func (t *turn) settlePage() {
	unlocking := t.page.form != nil && t.page.form.id == "unlock"
	if t.locked() && !t.pageWhileLocked() || unlocking && !t.locked() {
		t.closePage()
	}
	if f := t.page.form; f != nil && f.id == "unlock" && !t.locked() { // unlocked from elsewhere
		t.closePage()
	}
	if t.page.call == 0 {
		return
	}
	c := t.call(t.page.call)
	ringing := t.page.form != nil && t.page.form.id == "forward_call"
	measured := t.page.screen == ScreenQuality
	if c == nil || !c.live() || t.focus != c.ID || ringing && c.State != Incoming || measured && (c.State != Active || c.OnHold) {
		t.closePage()
	}
}

// moveIndex reports whether the selection moved.
func (t *turn) moveIndex(by int) bool {
	t.start(Timer{Kind: TimerMenu}, t.settings.Timers.Menu)
	n := t.menuView().Index + by
	if n < 0 || n >= max(len(t.menuView().Items), len(t.page.text)) {
		return false
	}
	t.page.was, t.page.moved, t.page.index = t.page.index, t.at, n
	return true
}

// menuView is the list on the screen.
func (s *State) menuView() MenuView {
	v := MenuView{Index: s.page.index, Was: s.page.was, Moved: s.page.moved}
	switch s.page.screen {
	case ScreenParkList:
		v.Title, v.Items = "@park", s.parkedItems()
	case ScreenMenu:
		v.Title = "@" + s.page.menu
		for _, e := range s.menuEntries() {
			v.Items = append(v.Items, MenuItem{ID: e.id, Label: e.label, Value: e.value})
		}
	case ScreenConfirm:
		v.Title = "@" + s.page.menu
	case ScreenOffer:
		v.Title, v.Items = s.offerItems()
	case ScreenStatus:
		v.Title, v.Items = "@status", s.statusItems()
	case ScreenNetwork:
		v.Title, v.Items = "@network", s.networkItems()
	case ScreenCertificate:
		v.Title, v.Items = "@certificate", s.fingerprintItems()
	case ScreenAbout:
		v.Title, v.Items = "@about", s.aboutItems()
	case ScreenLicences:
		v.Title, v.Items = "@licences", s.licenceItems()
	case ScreenLicence:
		v.Title = strings.TrimPrefix(s.page.arg, "github.com/")
		return v
	case ScreenRecord:
		v.Title, v.Items = "@record", recordItems(s.page.record)
	case ScreenQuality:
		v.Title, v.Items = "@quality", qualityItems()
	case ScreenContacts:
		v.Title, v.Items = "@contacts", s.contactItems()
	case ScreenContact:
		v.Items = s.contactDetail()
		if c := s.contact(s.page.arg); c != nil {
			v.Title = c.Name
		}
	case ScreenVoicemail:
		v.Title, v.Items = "@voicemail", s.mailboxItems()
	case ScreenEmergency:
		v.Title = "@emergency"
		for _, n := range s.settings.Emergency {
			v.Items = append(v.Items, MenuItem{ID: n, Label: n})
		}
	case ScreenForm:
		if s.page.form.id == "forward_call" {
			v.Items = s.forwardRows()
		}
	case ScreenHistory:
		v.Title = "@history"
		if s.page.placed {
			v.Title = "@redial"
		}
		for _, r := range s.historyRows() {
			v.Items = append(v.Items, MenuItem{ID: r.Party.Number, Label: s.named(r.Party).label(), Value: "@" + historyWord(r)})
		}
	}
	if v.Index >= len(v.Items) {
		v.Index = max(0, len(v.Items)-1)
	}
	return v
}

// selectedID is the selected row, "" if there is none.
func (s *State) selectedID() string {
	v := s.menuView()
	if len(v.Items) == 0 {
		return ""
	}
	return v.Items[v.Index].ID
}

// statusItems tells what a person asks the phone about itself. Addresses and
// the like come as problems and from the page of the manager.
func (s *State) statusItems() []MenuItem {
	var items []MenuItem
	if s.settings.PhoneName != "" {
		items = append(items, MenuItem{ID: "name", Label: "@phone_name", Value: s.settings.PhoneName})
	}
	if s.session.User != "" {
		items = append(items, MenuItem{ID: "user", Label: "@signed_in_as", Value: s.session.User})
	}
	for _, l := range s.lines {
		label := l.Label
		if label == "" {
			label = l.Number
		}
		state := l.State
		if state == "" {
			state = LineOff
		}
		items = append(items, MenuItem{ID: "line/" + string(l.ID), Label: label, Value: "@" + string(state)})
	}
	for _, p := range s.problems {
		items = append(items, MenuItem{ID: "problem/" + p.Code + "/" + p.Subject, Label: p.Title, Value: p.Advice})
	}
	return items
}

// historyWord is what became of a call, a key of ui's catalogue. Only a call
// that nobody took and nobody turned away was missed.
func historyWord(r CallRecord) string {
	switch {
	case r.Direction == Outbound:
		return "placed"
	case !r.AnsweredAt.IsZero():
		return "received"
	}
	switch r.Outcome {
	case CauseElsewhere, CauseRejected, CauseDND, CauseForwarded, CauseBlocked, CauseAnonymous:
		return string(r.Outcome)
	}
	return "missed"
}

func (s *State) historyRows() []CallRecord {
	if !s.page.placed {
		return s.recent
	}
	var rows []CallRecord
	for _, r := range s.recent {
		if r.Direction == Outbound {
			rows = append(rows, r)
		}
	}
	return rows
}

func (t *turn) historyLoaded(calls []CallRecord) {
	t.choice = 0 // what is suggested changes under the hand
	t.recent = append([]CallRecord(nil), calls[:min(len(calls), recentLimit)]...)
	t.choice = min(t.choice, len(t.suggestions())) // they came from the list that is gone
	if t.last.typed != "" {
		return
	}
	for _, r := range t.recent {
		if r.Direction == Outbound && !t.isEmergency(r.Party.Number) {
			number, _ := t.digits.Rewrite(r.Party.Number)
			t.last = lastNumber{r.Party.Number, number, r.Line}
			return
		}
	}
}

// selectItem is OK or Select on a row.
func (t *turn) selectItem() {
	t.start(Timer{Kind: TimerMenu}, t.settings.Timers.Menu)
	id := t.selectedID()
	switch t.page.screen {
	case ScreenMenu:
		t.selectMenu(id)
	case ScreenHistory:
		t.dialSelected()
	case ScreenRecord:
		t.callRecord(*t.page.record)
	case ScreenParkList:
		t.retrieveSelected(PathNone, "key")
	case ScreenWhy:
		t.retry()
	case ScreenContacts:
		if t.picking() {
			t.pickContact()
			return
		}
		t.openContact(id)
	case ScreenContact:
		t.selectContactRow(id)
	case ScreenVoicemail:
		t.dialMailboxRow(t.menuView().Index)
	case ScreenEmergency:
		t.dialEmergency(id)
	case ScreenAbout:
		t.openAbout(id)
	case ScreenLicences:
		t.openLicence(id)
	case ScreenConfirm, ScreenOffer:
		t.confirmed()
	case ScreenForm:
		t.formDone()
	default:
		t.blip()
	}
}

func (t *turn) selectMenu(id string) {
	for _, e := range t.menuEntries() {
		if e.id == id {
			e.do(t)
			return
		}
	}
	t.blip()
}

func (t *turn) dialEmergency(number string) {
	if !t.isEmergency(number) {
		t.blip()
		return
	}
	t.place(order{typed: number, number: number, path: t.freePath(), cause: "key"})
}

// signIn asks for a code to sign in with.
func (t *turn) signIn() {
	t.closePage()
	t.emit(AskSignIn{})
}

// openHistory shows the finished calls; the missed ones count as seen.
func (t *turn) openHistory(fromMenu bool) {
	if t.settings.HistoryOff {
		t.blip()
		t.say(ToastHistoryOff, "", true)
		return
	}
	t.missed = 0
	t.openPage(page{screen: ScreenHistory, parent: fromMenu})
}

// toggleDND is the menu row, a key set up for it and # held down.
func (t *turn) toggleDND() {
	t.changeSwitch(SetDND, !t.settings.DND)
	code := ToastDNDOff
	if t.settings.DND {
		code = ToastDNDOn
	}
	t.say(code, "", false)
}

// redialKey: with dial tone it dials at once; idle it opens the list, and
// pressed again it dials (C8).
func (t *turn) redialKey() {
	switch {
	case t.busyPath() || t.ringScreen():
		t.blip()
	case t.page.screen == ScreenHistory && t.page.placed:
		t.dialSelected()
	case t.path == PathNone && (t.dialScreen() || t.held() != nil):
		t.blip()
	case t.settings.HistoryOff:
		t.blip()
		t.say(ToastHistoryOff, "", true)
	case t.path != PathNone:
		t.redialLast()
	default:
		t.openRedial()
	}
}

// openRedial selects the newest number that may be repeated by a single key.
func (t *turn) openRedial() {
	t.openPage(page{screen: ScreenHistory, placed: true})
	for i, r := range t.historyRows() {
		if !t.isEmergency(r.Party.Number) {
			t.page.index = i
			return
		}
	}
}

func (t *turn) redialLast() {
	if t.last.typed == "" {
		t.blip()
		t.say(ToastEmpty, "", true)
		return
	}
	t.place(order{typed: t.last.typed, number: t.last.number, line: t.last.line, path: t.freePath(), cause: "redial"})
}

// redialShown repeats the call of the ENDED or FAILED screen, or calls back
// who called.
func (t *turn) redialShown(c *call) {
	o := order{typed: c.Party.Number, number: c.dialled, line: c.Line, path: t.freePath(), private: c.private, cause: "redial"}
	if c.Direction == Inbound {
		o.number, _ = t.digits.Rewrite(o.typed)
	}
	t.place(o)
}

// forwardedShown: the screen tells of a call that was to go elsewhere.
func (s *State) forwardedShown() bool {
	c := s.call(s.shown)
	return c != nil && c.Cause == CauseRedirected && c.Forwarded.Number != ""
}

// callForwarded calls whom the exchange named instead of the number dialled.
func (t *turn) callForwarded(c *call) {
	n := c.Forwarded.Number
	t.place(order{typed: n, number: n, line: c.Line, path: t.freePath(), private: c.private, party: c.Forwarded, cause: "redirect"})
}

// dialSelected calls the number of the selected row.
func (t *turn) dialSelected() {
	rows := t.historyRows()
	if len(rows) == 0 {
		t.blip()
		return
	}
	t.callRecord(rows[min(t.page.index, len(rows)-1)])
}

// retry asks every line to register at once.
func (t *turn) retry() {
	t.emit(AskReconnect{})
	t.say(ToastRetrying, "", false)
}
