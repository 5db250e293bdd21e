package phone

import "time"

// detail is what a Notice says beside its name. The words are those of
// backend-and-calls.md §7; the call's UUID is added by the application.
type detail = map[string]any

func (t *turn) publish(name string, line LineID, d detail) {
	t.emit(Publish{Notice{Name: name, Line: line, Detail: d}})
}

func (t *turn) publishCall(name string, c *call, d detail) {
	t.emit(Publish{Notice{Name: name, Call: c.ID, Line: c.Line, Detail: d}})
}

// complain tells the caller of an interface that a command could not be done.
func (t *turn) complain(id CallID, what string) {
	t.emit(Publish{Notice{Name: "dialer-error", Call: id, Detail: detail{"error": what}}})
}

// statusWord is the contract's word for a call (§3).
func statusWord(c *call) string {
	switch c.State {
	case Dialing:
		return "dialing"
	case Alerting, Incoming, Answering:
		return "ringing"
	case Active:
		return "connected"
	}
	if c.failed() {
		return "error"
	}
	return "ended"
}

// StatusWord is the word of the backend contract (§3) for a call: dialing,
// ringing, connected, ended or error.
func StatusWord(v CallView) string { return statusWord(&call{CallView: v}) }

// failed: it did not end as a call should, so the screen is FAILED.
func (c *call) failed() bool {
	switch c.Cause {
	case CauseNone, CauseHungUp, CauseRemote, CauseCancelled, CauseMissed, CauseElsewhere, CauseRejected, CauseDND,
		CauseForwarded, CauseBlocked, CauseAnonymous, CauseTransferred, CauseReplaced, CauseParked:
		return false
	}
	return true
}

// noticeOver publishes the end of a call.
func (t *turn) noticeOver(c *call) {
	if c.failed() {
		t.publishCall("call-failed", c, detail{"error": string(c.Cause), "code": c.Code, "phoneNumber": c.Party.Number, "detail": c.detail})
		return
	}
	var d time.Duration
	if !c.AnsweredAt.IsZero() {
		d = c.EndedAt.Sub(c.AnsweredAt)
	}
	x := detail{"phoneNumber": c.Party.Number, "duration": d.Milliseconds(), "reason": string(c.Cause)}
	if c.Cause == CauseElsewhere {
		x["elsewhere"] = true
	}
	t.publishCall("call-ended", c, x)
}

func qualityDetail(q Quality) detail {
	return detail{
		"bitrate":    q.BitrateKbps,
		"packetLoss": q.LossPercent,
		"jitter":     float64(q.Jitter) / float64(time.Millisecond),
		"latency":    float64(q.RoundTrip) / float64(time.Millisecond),
		"audioLevel": q.Level,
		"quality":    q.Word,
		"cause":      q.Advice,
		"side":       q.Side,
	}
}
