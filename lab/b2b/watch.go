package b2b

import (
	"encoding/xml"
	"errors"
	"fmt"
	"strings"
)

// Errors of SetLamp, SetMailbox and CheckSync.
var (
	ErrNoUser  = errors.New("no such user or slot")
	ErrNoState = errors.New("no such state of a lamp")
)

// Lamp is what a watched line or slot is said to be doing, whatever is true.
type Lamp struct {
	State  string `json:"state"` // idle, trying, ringing or confirmed; "": the truth
	Remote string `json:"remote,omitempty"`
	Held   bool   `json:"held,omitempty"`
}

// Mailbox is a user's voice mail: messages not heard yet, and heard ones.
type Mailbox struct {
	New int `json:"new"`
	Old int `json:"old"`
}

// states of RFC 4235 §3.7.1 by the words of a Lamp.
var dialogStates = map[string]string{"trying": "trying", "ringing": "early", "confirmed": "confirmed"}

// SetLamp makes who watches a user or slot be told of that state until another
// is set; a zero Lamp goes back to what is true.
func (e *Engine) SetLamp(resource string, l Lamp) error {
	if _, ok := dialogStates[l.State]; !ok && l.State != "" && l.State != "idle" {
		return fmt.Errorf("%w: %q", ErrNoState, l.State)
	}
	err := fmt.Errorf("%w: %q", ErrNoUser, resource)
	if closed := e.do(func() {
		if !e.watchable(resource) {
			return
		}
		err = nil
		if resource = slotOf(resource); l == (Lamp{}) {
			delete(e.lamps, resource)
		} else {
			e.lamps[resource] = l
		}
	}); closed != nil {
		return closed
	}
	return err
}

// slotOf takes FreeSWITCH's prefix off a slot: "park+701" is 701.
func slotOf(resource string) string { return strings.TrimPrefix(resource, "park+") }

func (e *Engine) watchable(resource string) bool {
	_, slot := slotLabel(slotOf(resource))
	_, user := e.cfg.Users[resource]
	return slot || user
}

// watchedDialog is one <dialog> of a document.
type watchedDialog struct {
	XMLName   xml.Name `xml:"dialog"`
	ID        string   `xml:"id,attr"`
	CallID    string   `xml:"call-id,attr,omitempty"`
	LocalTag  string   `xml:"local-tag,attr,omitempty"`
	RemoteTag string   `xml:"remote-tag,attr,omitempty"`
	Direction string   `xml:"direction,attr,omitempty"`
	State     string   `xml:"state"`
	Local     party    `xml:"local"`
	Remote    party    `xml:"remote"`
}

type party struct {
	Identity identity `xml:"identity"`
	Target   target   `xml:"target"`
}

type identity struct {
	Display string `xml:"display,attr,omitempty"`
	URI     string `xml:",chardata"`
}

type target struct {
	URI   string `xml:"uri,attr"`
	Param *param `xml:"param"`
}

type param struct {
	Name  string `xml:"pname,attr"`
	Value string `xml:"pvalue,attr"`
}

// onHold is how a held side is marked (RFC 5359 uses +sip.rendering so).
var onHold = &param{"+sip.rendering", "no"}

// dialogs says what a user or slot is doing now. The loop's.
func (e *Engine) dialogs(resource string) []watchedDialog {
	resource = slotOf(resource)
	if l, set := e.lamps[resource]; set {
		if l.State == "idle" {
			return nil
		}
		d := watchedDialog{ID: "set", State: dialogStates[l.State], Direction: "recipient",
			Local: e.party(resource), Remote: e.party(l.Remote)}
		if l.Held {
			d.Local.Target.Param = onHold
		}
		return []watchedDialog{d}
	}
	if _, ok := slotLabel(resource); ok {
		if p := e.parked[resource]; p != nil {
			return []watchedDialog{{ID: resource, State: "confirmed", Direction: "recipient", Local: e.party(resource), Remote: e.party(p.party)}}
		}
		return nil
	}
	var out []watchedDialog
	for _, c := range e.calls { // in order, so that the same state is the same document
		for _, l := range c.legs {
			if l.user == resource && l.state != "ended" && l.call == c {
				out = append(out, l.watched())
			}
		}
	}
	return out
}

// watched shows a leg as its phone sees it: local is the phone's own side.
func (l *leg) watched() watchedDialog {
	d := watchedDialog{ID: l.callID + "." + l.tag, CallID: l.callID, LocalTag: orElse(l.theirs, l.ringTag), RemoteTag: l.tag,
		Direction: "recipient", State: "confirmed", Local: l.e.party(l.user), Remote: l.e.party(l.remote())}
	if l.uac == nil {
		d.Direction = "initiator"
	}
	if l.state == "early" {
		d.State = "early"
		if l.ringTag == "" {
			d.State = "trying"
		}
	}
	if l.holds {
		d.Local.Target.Param = onHold
	}
	return d
}

// remote is the number on the far side of a leg.
func (l *leg) remote() string {
	switch other, end := l.opposite(); {
	case other != nil:
		return other.user
	case end != nil:
		return end.name
	case l.call != nil:
		return l.call.c.To
	}
	return ""
}

func (e *Engine) party(number string) party {
	if number == "" {
		number = "anonymous"
	}
	uri := "sip:" + number + "@" + e.cfg.Domain
	return party{identity{e.cfg.Users[number].Display, uri}, target{URI: uri}}
}

// dialogInfo writes a whole document (RFC 4235 §4.1).
func dialogInfo(entity string, version int, dialogs []watchedDialog) []byte {
	b, err := xml.Marshal(struct {
		XMLName xml.Name `xml:"urn:ietf:params:xml:ns:dialog-info dialog-info"`
		Version int      `xml:"version,attr"`
		State   string   `xml:"state,attr"`
		Entity  string   `xml:"entity,attr"`
		Dialogs []watchedDialog
	}{Version: version, State: "full", Entity: entity, Dialogs: dialogs})
	if err != nil { // only strings: can't happen
		return nil
	}
	return append([]byte(xml.Header), b...)
}

// summary writes application/simple-message-summary (RFC 3842 §5.2).
func (m Mailbox) summary(account string) []byte {
	waiting := "no"
	if m.New > 0 {
		waiting = "yes"
	}
	return fmt.Appendf(nil, "Messages-Waiting: %s\r\nMessage-Account: %s\r\nVoice-Message: %d/%d (0/0)\r\n", waiting, account, m.New, m.Old)
}
