package sip

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// maxDialogs bounds what is remembered of one watched line; nobody has so many
// calls at once.
const maxDialogs = 32

// DialogState is what a watched line or park slot is doing (RFC 4235 §3.7.1,
// with what an indicator has no use for left out).
type DialogState string

// The states. Trying covers whoever calls out and is not answered yet.
const (
	DialogUnknown   DialogState = "unknown"
	DialogIdle      DialogState = "idle"
	DialogTrying    DialogState = "trying"
	DialogRinging   DialogState = "ringing"
	DialogConfirmed DialogState = "confirmed"
)

// DialogInfo reports a change of a resource that is watched by a subscription
// to "dialog". Of several dialogs the one that rings is told, then the one in
// progress. It is unknown until the exchange has said something, and again
// when the subscription or the flow is lost.
type DialogInfo struct {
	Line, Resource string
	State          DialogState
	Remote         Identity // the other party, if the exchange tells
	Held           bool     // the watched side has put it on hold
	// Pickup and Target take a ringing call over: Invite(line, Target,
	// InviteOptions{Replaces: Pickup}). Pickup is nil where the exchange does
	// not name the dialog.
	Pickup *Replaces
	Target string
}

func (DialogInfo) event() {}

// watchedDialog is one <dialog>.
type watchedDialog struct {
	id       string
	state    DialogState
	remote   Identity
	held     bool
	callID   string
	localTag string
	farTag   string
	target   string
}

// dialogDocument is an application/dialog-info+xml body.
type dialogDocument struct {
	version uint64
	partial bool
	dialogs []watchedDialog
}

type xmlDialogInfo struct {
	XMLName xml.Name    `xml:"dialog-info"`
	Version string      `xml:"version,attr"`
	State   string      `xml:"state,attr"`
	Dialogs []xmlDialog `xml:"dialog"`
}

type xmlDialog struct {
	ID        string   `xml:"id,attr"`
	CallID    string   `xml:"call-id,attr"`
	LocalTag  string   `xml:"local-tag,attr"`
	RemoteTag string   `xml:"remote-tag,attr"`
	Direction string   `xml:"direction,attr"`
	State     string   `xml:"state"`
	Local     xmlParty `xml:"local"`
	Remote    xmlParty `xml:"remote"`
}

type xmlParty struct {
	Identity struct {
		Display string `xml:"display,attr"`
		URI     string `xml:",chardata"`
	} `xml:"identity"`
	Target struct {
		URI    string `xml:"uri,attr"`
		Params []struct {
			Name  string `xml:"pname,attr"`
			Value string `xml:"pvalue,attr"`
		} `xml:"param"`
	} `xml:"target"`
}

// parseDialogInfo reads a document; messages are bounded already, and entities
// other than XML's own are an error.
func parseDialogInfo(body []byte) (dialogDocument, error) {
	var x xmlDialogInfo
	d := xml.NewDecoder(bytes.NewReader(body))
	d.CharsetReader = latin1
	if err := d.Decode(&x); err != nil {
		return dialogDocument{}, fmt.Errorf("dialog-info: %w", err)
	}
	doc := dialogDocument{partial: strings.EqualFold(strings.TrimSpace(x.State), "partial")}
	doc.version, _ = strconv.ParseUint(strings.TrimSpace(x.Version), 10, 32)
	for i, v := range x.Dialogs {
		if i == maxDialogs {
			break
		}
		doc.dialogs = append(doc.dialogs, v.watched())
	}
	return doc, nil
}

// latin1 reads the one-byte character sets that exchanges still declare.
func latin1(charset string, r io.Reader) (io.Reader, error) {
	switch strings.ToLower(charset) {
	case "us-ascii", "ascii":
		return r, nil
	case "iso-8859-1", "latin1":
	default:
		return nil, fmt.Errorf("character set %q", charset)
	}
	b, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	var s strings.Builder
	for _, c := range b {
		s.WriteRune(rune(c))
	}
	return strings.NewReader(s.String()), nil
}

func (v xmlDialog) watched() watchedDialog {
	w := watchedDialog{
		id: v.ID, callID: strings.TrimSpace(v.CallID), localTag: strings.TrimSpace(v.LocalTag), farTag: strings.TrimSpace(v.RemoteTag),
		remote: v.Remote.identity(), target: printable(strings.TrimSpace(v.Remote.Target.URI)),
	}
	switch strings.ToLower(strings.TrimSpace(v.State)) {
	case "trying", "proceeding":
		w.state = DialogTrying
	case "early":
		w.state = DialogRinging
		if strings.EqualFold(v.Direction, "initiator") {
			w.state = DialogTrying
		}
	case "confirmed":
		w.state = DialogConfirmed
	default:
		w.state = DialogIdle
	}
	if w.target == "" {
		w.target = printable(strings.TrimSpace(v.Remote.Identity.URI))
	}
	for _, p := range v.Local.Target.Params {
		if strings.EqualFold(p.Name, "+sip.rendering") && strings.EqualFold(p.Value, "no") {
			w.held = true
		}
	}
	return w
}

func (p xmlParty) identity() Identity {
	uri := strings.TrimSpace(p.Identity.URI)
	if uri == "" {
		uri = strings.TrimSpace(p.Target.URI)
	}
	if uri == "" {
		return Identity{Display: printable(p.Identity.Display)}
	}
	id, _, ok := parseNameAddr(uri)
	if !ok {
		return Identity{Display: printable(p.Identity.Display)}
	}
	if p.Identity.Display != "" {
		id.Display = p.Identity.Display
	}
	return Identity{User: printable(id.User), Host: printable(id.Host), Display: printable(id.Display)}
}

// watched is what is known of one resource.
type watched struct {
	version uint64
	known   bool
	dialogs map[string]watchedDialog
	last    DialogInfo
}

// take merges a document (RFC 4235 §4.3). It reports false if a part is
// missing, which a full state must mend.
func (w *watched) take(doc dialogDocument) bool {
	whole := true
	switch {
	case !doc.partial:
		w.dialogs = map[string]watchedDialog{}
	case !w.known:
		whole = false
	case doc.version <= w.version:
		return true // older than what we know
	default:
		whole = doc.version == w.version+1
	}
	if w.dialogs == nil {
		w.dialogs = map[string]watchedDialog{}
	}
	w.version, w.known = doc.version, true
	for _, d := range doc.dialogs {
		if d.state == DialogIdle {
			delete(w.dialogs, d.id)
		} else if _, old := w.dialogs[d.id]; old || len(w.dialogs) < maxDialogs {
			w.dialogs[d.id] = d
		}
	}
	return whole
}

// info sums the dialogs up. A document without any is an idle line.
func (w *watched) info() DialogInfo {
	if !w.known {
		return DialogInfo{State: DialogUnknown}
	}
	rank := map[DialogState]int{DialogTrying: 1, DialogConfirmed: 2, DialogRinging: 3}
	var best watchedDialog
	for _, d := range w.dialogs {
		if r := rank[d.state] - rank[best.state]; r > 0 || r == 0 && (best.id == "" || d.id < best.id) {
			best = d
		}
	}
	if best.state == "" {
		return DialogInfo{State: DialogIdle}
	}
	i := DialogInfo{State: best.state, Remote: best.remote, Held: best.held && best.state == DialogConfirmed}
	if best.state == DialogRinging {
		i.Target = best.target
		if best.callID != "" && best.localTag != "" && best.farTag != "" {
			// The caller is asked to replace: the remote tag is his own.
			i.Pickup = &Replaces{CallID: best.callID, ToTag: best.farTag, FromTag: best.localTag, EarlyOnly: true}
		}
	}
	return i
}

// same ignores where the pickup is kept.
func (i DialogInfo) same(o DialogInfo) bool {
	p, q := i.Pickup, o.Pickup
	i.Pickup, o.Pickup = nil, nil
	return i == o && (p == nil) == (q == nil) && (p == nil || *p == *q)
}
