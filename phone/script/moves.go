package phonescript

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"phoned/phone"
)

// moves are transfers, conferences and parking.
//
// Network: transfer rings|done [NAME] · transfer failed|lost CODE [NAME] ·
// asked NUMBER [NAME] (a REFER of theirs) · redirected NUMBER [NAME] · moved
// [NAME] · slots 701 702=1002 … (the answer to the newest question; "by N"
// says who parked, "pushed" as the first word: unasked, "down": no answer) ·
// parked SLOT ok|CAUSE [NAME]
//
// API: handon [NAME] to NUMBER|with NAME · conference on|off · park [NAME]
// SLOT · retrieve SLOT
var moves = map[string]func(*World, []string) error{
	"transfer": func(w *World, a []string) error {
		name, code := word(a, 1), 0
		if n, err := strconv.Atoi(name); err == nil && n < 700 {
			name, code = word(a, 2), n
		}
		r, err := w.ref(name)
		if err != nil {
			return err
		}
		switch word(a, 0) {
		case "rings":
			return w.Do(phone.TransferNews{Call: r, Code: 180})
		case "done":
			return w.Do(phone.TransferDone{Call: r, OK: true, Code: 200})
		case "failed":
			return w.Do(phone.TransferDone{Call: r, Code: code, Recovered: true})
		case "lost":
			return w.Do(phone.TransferDone{Call: r, Code: code})
		}
		return fmt.Errorf("transfer %q?", word(a, 0))
	},
	"asked": func(w *World, a []string) error { // asked [outside] NUMBER [CALL]
		host := "example.com"
		if word(a, 0) == "outside" {
			host, a = "example.net", a[1:]
		}
		r, err := w.ref(word(a, 1))
		n := word(a, 0)
		return errors.Join(err, w.Do(phone.TransferAsked{Call: r, Refer: "refer-1", Target: "sip:" + n + "@" + host, Number: n}))
	},
	"redirected": func(w *World, a []string) error {
		r, err := w.ref(word(a, 1))
		n := word(a, 0)
		return errors.Join(err, w.Do(phone.CallRedirected{Call: r, Contacts: []phone.Contact{{URI: "sip:" + n + "@example.com", Party: phone.Party{Number: n}}}}))
	},
	"moved": func(w *World, a []string) error {
		r, err := w.ref(word(a, 0))
		if err != nil {
			return err
		}
		next := phone.CallRef{ID: r.ID, Gen: r.Gen + 1}
		for n, x := range w.names {
			if x == r {
				w.names[n] = next
			}
		}
		return w.Do(phone.CallMoved{Call: next})
	},
	"slots": func(w *World, a []string) error {
		e := phone.ParkSlots{Ask: w.asked}
		switch word(a, 0) {
		case "down":
			e.Cause = phone.CauseServer
			a = a[1:]
		case "pushed":
			e.Ask = 0
			a = a[1:]
		}
		for i := 0; i < len(a); i++ {
			if a[i] == "by" && i+1 < len(a) && len(e.Slots) > 0 {
				i++
				e.Slots[len(e.Slots)-1].By = a[i]
				e.Slots[len(e.Slots)-1].Since = w.at
				continue
			}
			ext, who, taken := strings.Cut(a[i], "=")
			e.Slots = append(e.Slots, phone.ParkSlot{Extension: ext, Occupied: taken, Party: phone.Party{Number: who}})
		}
		return w.Do(e)
	},
	"parked": func(w *World, a []string) error {
		r, err := w.ref(word(a, 2))
		e := phone.ParkResult{Call: r, Slot: word(a, 0), OK: word(a, 1) == "ok"}
		if !e.OK {
			e.Cause = phone.Cause(word(a, 1))
		}
		return errors.Join(err, w.Do(e))
	},
	"handon": func(w *World, a []string) error {
		e := phone.Transfer{}
		var err error
		if len(a) > 2 {
			e.Call, err = w.id(a[0])
			a = a[1:]
		}
		if word(a, 0) == "with" {
			var err2 error
			e.With, err2 = w.id(word(a, 1))
			err = errors.Join(err, err2)
		} else {
			e.Target = word(a, 1)
		}
		return errors.Join(err, w.Do(e))
	},
	"conference": func(w *World, a []string) error { return w.Do(phone.Conference{On: toggle(word(a, 0))}) },
	"park": func(w *World, a []string) error {
		e := phone.Park{}
		var err error
		if len(a) > 1 {
			e.Call, err = w.id(a[0])
			a = a[1:]
		}
		e.Slot = word(a, 0)
		return errors.Join(err, w.Do(e))
	},
	"retrieve": func(w *World, a []string) error { return w.Do(phone.Retrieve{Slot: word(a, 0)}) },
}

// lookMove gives transfer STAGE · conference NAMES|none · forwarded NAME NUMBER.
func (w *World) lookMove(v phone.View, what string, c phone.CallView) (string, bool) {
	switch what {
	case "transfer":
		return orNone(string(v.Transfer.Stage)), true
	case "conference":
		var names []string
		for _, id := range v.Conference {
			names = append(names, w.nameOf(id))
		}
		return orNone(strings.Join(names, " ")), true
	case "forwarded":
		return c.Forwarded.Number, true
	}
	return "", false
}

// describeMove writes their effects in words.
func (w *World) describeMove(x phone.Effect) string {
	call := func(r phone.CallRef) string { return w.nameOf(r.ID) }
	switch x := x.(type) {
	case phone.TransferCall:
		if x.Consult != (phone.CallRef{}) {
			return fmt.Sprintf("TransferCall %s with %s", call(x.Call), call(x.Consult))
		}
		return fmt.Sprintf("TransferCall %s to %s", call(x.Call), x.Target)
	case phone.AcceptTransfer:
		return "AcceptTransfer " + call(x.Call)
	case phone.RefuseTransfer:
		return fmt.Sprintf("RefuseTransfer %s %d", call(x.Call), x.Code)
	case phone.FollowRedirect:
		return fmt.Sprintf("FollowRedirect %s %s", call(x.Call), x.Contact)
	case phone.ParkCall:
		return fmt.Sprintf("ParkCall %s %s", call(x.Call), x.Slot)
	case phone.ParkWatch:
		return "ParkWatch " + onOff(x.On)
	}
	return strings.TrimPrefix(fmt.Sprintf("%T", x), "phone.")
}
