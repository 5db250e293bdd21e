package phone

import "slices"

// lineMWI is the message-waiting state of one line.
type lineMWI struct {
	line LineID
	MWIView
}

func (t *turn) linesConfigured(infos []LineInfo) {
	lines := make([]LineView, 0, len(infos))
	for _, in := range infos {
		v := LineView{LineInfo: in, State: LineOff, Since: t.at}
		if old := t.line(in.ID); old != nil {
			v = *old
			v.LineInfo = in
		}
		lines = append(lines, v)
	}
	t.lines = lines
	t.mwi = slices.DeleteFunc(slices.Clone(t.mwi), func(m lineMWI) bool { return t.line(m.line) == nil })
}

// lineChanged keeps and publishes a line's registration.
func (t *turn) lineChanged(e LineChanged) {
	if t.line(e.Line) == nil {
		return
	}
	served := t.service()
	t.lines = slices.Clone(t.lines)
	l := t.line(e.Line)
	was := *l
	l.State, l.Cause, l.Detail, l.Next = e.State, e.Cause, e.Detail, e.Next
	if was.State != e.State {
		l.Since = t.at
	}
	if was.State != e.State || was.Cause != e.Cause {
		t.noticeLine(e)
	}
	switch {
	case served == t.service():
	case served:
		t.serviceLost()
	default:
		t.serviceBack()
	}
}

func (t *turn) noticeLine(e LineChanged) {
	switch e.State {
	case LineConnecting:
		if e.Cause != CauseNone {
			t.publish("transport-error", e.Line, detail{"error": string(e.Cause), "detail": e.Detail})
		}
		t.publish("sip-connecting", e.Line, nil)
	case LineRegistered:
		t.publish("sip-registered", e.Line, nil)
	case LineUnregistered, LineOff:
		t.publish("sip-unregistered", e.Line, detail{"expired": e.Expired})
	case LineFailed:
		t.publish("registration-failed", e.Line, detail{"cause": string(e.Cause), "detail": e.Detail})
	}
}

// serviceBack gives dial tone to whoever waits for it.
func (t *turn) serviceBack() {
	if t.page.screen == ScreenWhy {
		t.closePage()
	}
	if t.bootLifted || t.station == stationDialtone {
		t.openDialtone(t.path, "service")
	}
}

// serviceLost: a dial tone that can't keep its word becomes reorder.
func (t *turn) serviceLost() {
	if t.station == stationDialtone {
		t.openDialtone(t.path, "service")
	}
}

func (t *turn) settingsChanged(n Settings) {
	n = Defaults(n)
	if n.DigitMap != t.settings.DigitMap {
		m, err := ParseDigitMap(n.DigitMap)
		if err != nil { // the old one stays
			n.DigitMap = t.settings.DigitMap
			t.say(ToastBadDigitMap, err.Error(), true)
		} else {
			t.digits = m
		}
	}
	t.settings, t.choice = n, 0
}

func (t *turn) messageWaiting(e MessageWaiting) {
	before := t.mwiView()
	if !e.Known { // what was known stays on the lamp (C7)
		for _, m := range t.mwi {
			if m.line == e.Line {
				e.New, e.Urgent = m.New, m.Urgent
			}
		}
	}
	t.mwi = slices.DeleteFunc(slices.Clone(t.mwi), func(m lineMWI) bool { return m.line == e.Line })
	t.mwi = append(t.mwi, lineMWI{e.Line, MWIView{e.Known, e.New, e.Urgent}})
	if v := t.mwiView(); v != before {
		t.publish("mwi", e.Line, detail{"count": v.New, "known": v.Known})
	}
}

func (s *State) mwiView() MWIView {
	var v MWIView
	stale := false
	for _, m := range s.mwi {
		v.Known = v.Known || m.Known
		stale = stale || !m.Known && m.New > 0
		v.New += m.New
		v.Urgent += m.Urgent
	}
	v.Known = v.Known && !stale
	return v
}

// lineKey is the key of a line. It answers what rings on the line, takes back
// what is held there, or opens it.
func (t *turn) lineKey(id LineID) {
	if t.line(id) == nil {
		t.blip()
		return
	}
	on := func(f func(*call) bool) *call {
		return t.find(func(c *call) bool { return c.Line == id && f(c) })
	}
	if c := on(isIncoming); c != nil {
		t.answer(c, PathNone, "key")
		return
	}
	if c := on((*call).talking); c != nil {
		t.setFocus(c.ID)
		return
	}
	if c := on(isHeld); c != nil {
		t.resume(c, PathNone, "key")
		return
	}
	if t.busyPath() {
		t.newFromCall()
	} else if t.station == stationPredial && t.input.Text != "" {
		t.dialLine = id
		t.sendInput(t.freePath(), "key")
		return
	} else {
		t.openDialtone(t.freePath(), "key")
	}
	if t.station == stationDialtone {
		t.dialLine = id
	}
}
