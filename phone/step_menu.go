package phone

// page is a list or an explanation in front of the idle screen.
type page struct {
	screen Screen // "": none
	index  int
	placed bool // the history shows placed calls only: REDIAL's list
	parent bool // Back leads to the menu
}

func (t *turn) openPage(p page) {
	t.dismiss()
	t.page = p
	t.start(Timer{Kind: TimerMenu}, t.settings.Timers.Menu)
}

func (t *turn) closePage() {
	t.page = page{}
	t.stop(Timer{Kind: TimerMenu})
}

func (t *turn) pageBack() {
	if t.page.parent {
		t.openPage(page{screen: ScreenMenu})
		return
	}
	t.closePage()
}

// moveIndex reports whether the selection moved.
func (t *turn) moveIndex(by int) bool {
	t.start(Timer{Kind: TimerMenu}, t.settings.Timers.Menu)
	n := t.page.index + by
	if n < 0 || n >= len(t.menuView().Items) {
		return false
	}
	t.page.index = n
	return true
}

// The rows of the menu.
const (
	menuStatus  = "status"
	menuHistory = "history"
	menuDND     = "dnd"
	menuTheme   = "theme"
	menuSignIn  = "sign_in"
	menuSignOut = "sign_out"
)

// menuView is the list on the screen.
func (s *State) menuView() MenuView {
	v := MenuView{Index: s.page.index}
	switch s.page.screen {
	case ScreenMenu:
		v.Title, v.Items = "@menu", s.menuItems()
	case ScreenStatus:
		v.Title, v.Items = "@status", s.statusItems()
	case ScreenHistory:
		v.Title = "@history"
		if s.page.placed {
			v.Title = "@redial"
		}
		for _, r := range s.historyRows() {
			v.Items = append(v.Items, MenuItem{ID: r.Party.Number, Label: r.Party.label(), Value: "@" + historyWord(r)})
		}
	}
	if v.Index >= len(v.Items) {
		v.Index = max(0, len(v.Items)-1)
	}
	return v
}

func (s *State) menuItems() []MenuItem {
	dnd := "@off"
	if s.settings.DND {
		dnd = "@on"
	}
	items := []MenuItem{
		{ID: menuStatus, Label: "@status"},
		{ID: menuHistory, Label: "@history"},
		{ID: menuDND, Label: "@dnd", Value: dnd},
		{ID: menuTheme, Label: "@theme", Value: "@" + s.settings.Theme},
	}
	switch s.session.State {
	case SessionIn:
		items = append(items, MenuItem{ID: menuSignOut, Label: "@sign_out", Value: s.session.User})
	case SessionPending:
	default:
		items = append(items, MenuItem{ID: menuSignIn, Label: "@sign_in"})
	}
	return items
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
		items = append(items, MenuItem{ID: "problem/" + p.Code, Label: p.Title, Value: p.Advice})
	}
	return items
}

func historyWord(r CallRecord) string {
	switch {
	case r.Direction == Outbound:
		return "placed"
	case !r.AnsweredAt.IsZero(), r.Outcome == CauseElsewhere:
		return "received"
	case r.Outcome == CauseRejected, r.Outcome == CauseDND:
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
	t.recent = append([]CallRecord(nil), calls[:min(len(calls), recentLimit)]...)
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
	switch t.page.screen {
	case ScreenMenu:
		if v := t.menuView(); len(v.Items) > 0 {
			t.selectMenu(v.Items[v.Index].ID)
		}
	case ScreenHistory:
		t.dialSelected()
	case ScreenWhy:
		t.retry()
	default:
		t.blip()
	}
}

func (t *turn) selectMenu(id string) {
	switch id {
	case menuStatus:
		t.openPage(page{screen: ScreenStatus, parent: true})
	case menuHistory:
		t.openHistory(true)
	case menuDND:
		t.toggleDND()
	case menuTheme:
		theme := "light"
		if t.settings.Theme == theme {
			theme = "dark"
		}
		t.settings.Theme = theme
		t.emit(SaveSetting{"theme", theme})
	case menuSignIn:
		t.signIn()
	case menuSignOut:
		t.closePage()
		t.endAll()
		t.emit(AskSignOut{})
	}
}

func (t *turn) signIn() {
	t.closePage()
	t.emit(AskSignIn{})
}

// openHistory shows the finished calls; the missed ones count as seen.
func (t *turn) openHistory(fromMenu bool) {
	t.missed = 0
	t.openPage(page{screen: ScreenHistory, parent: fromMenu})
}

// toggleDND is the menu row and # held down.
func (t *turn) toggleDND() {
	t.settings.DND = !t.settings.DND
	value, code := "false", ToastDNDOff
	if t.settings.DND {
		value, code = "true", ToastDNDOn
	}
	t.emit(SaveSetting{"dnd", value})
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
	case t.path != PathNone:
		t.redialLast()
	case t.dialScreen() || t.held() != nil:
		t.blip()
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

// dialSelected calls the number of the selected row.
func (t *turn) dialSelected() {
	rows := t.historyRows()
	if len(rows) == 0 {
		t.blip()
		return
	}
	r := rows[min(t.page.index, len(rows)-1)]
	if r.Party.Number == "" {
		t.blip()
		return
	}
	number := r.Party.Number
	if dialable(number) {
		number, _ = t.digits.Rewrite(number)
	}
	t.place(order{typed: r.Party.Number, number: number, line: r.Line, path: t.freePath(), cause: "redial"})
}

// retry asks every line to register at once.
func (t *turn) retry() {
	t.emit(AskReconnect{})
	t.say(ToastRetrying, "", false)
}
