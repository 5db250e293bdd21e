package backend

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"time"

	"phoned/internal/httpcall"
)

// ErrParkRefused: the server answered, and did not park the call.
var ErrParkRefused = errors.New("the server did not park the call")

// ParkSlot is one place to park a call.
type ParkSlot struct {
	Extension string
	Label     string
	Occupied  bool
	Parked    *ParkedCall // nil: nothing known of a call
}

// ParkedCall is the call in an occupied slot.
type ParkedCall struct {
	PhoneNumber string
	ParkedBy    string
	ParkedAt    time.Time // zero: not told
}

// maxSlots bounds what is read; maxSlotsBody holds 10,000 of them.
const (
	maxSlots     = 10_000
	maxSlotsBody = 8 << 20
	maxTagged    = 50 // domains whose last answer is remembered
)

// ParkSlots asks for the slots of a domain. Where the server sends an ETag an
// unchanged list costs a 304. The caller may keep the slice.
func (c *Client) ParkSlots(ctx context.Context, sipDomain string) ([]ParkSlot, error) {
	const op = "park slots"
	c.mu.Lock()
	tagged := c.tags[sipDomain]
	c.mu.Unlock()
	a, err := c.api(ctx, "/v3/park-slots", httpcall.Request{
		Op: op, Query: url.Values{"domain": {sipDomain}}, ETag: tagged.etag, MaxBody: maxSlotsBody,
	})
	if err != nil {
		return nil, err
	}
	if a.Status == http.StatusNotModified {
		return slices.Clone(tagged.slots), nil
	}
	root, err := parse(op, a.Body)
	if err != nil {
		return nil, err
	}
	slots, err := readSlots(root)
	c.remark(root)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	switch _, known := c.tags[sipDomain]; {
	case a.ETag == "":
		delete(c.tags, sipDomain)
	case known || len(c.tags) < maxTagged:
		c.tags[sipDomain] = taggedDoc{a.ETag, slices.Clone(slots)}
	}
	return slots, nil
}

// readSlots reads the list, bare or under data, slots or items.
func readSlots(root node) ([]ParkSlot, error) {
	for _, name := range []string{"data", "slots", "items"} {
		if m, ok := root.v.(map[string]any); ok && m[name] != nil {
			root = root.get(name)
		}
	}
	if !root.present() {
		root.fail("a list")
	}
	slots, _ := each(root, maxSlots, readSlot)
	return slots, root.doc.err
}

func readSlot(n node) ParkSlot {
	n.knows("extension", "label", "occupied", "parkedCall")
	s := ParkSlot{
		Extension: n.get("extension").text(), Label: n.get("label").optText(), Occupied: n.get("occupied").boolean(),
	}
	if p := n.get("parkedCall"); p.present() {
		p.knows("phoneNumber", "parkedBy", "parkedAt")
		s.Parked = &ParkedCall{
			PhoneNumber: p.get("phoneNumber").optText(), ParkedBy: p.get("parkedBy").optText(), ParkedAt: p.get("parkedAt").moment(),
		}
	}
	return s
}

// Park asks the server to move the call with this UUID into a slot. On success
// the caller's own leg is to end. ErrParkRefused: answered without success.
func (c *Client) Park(ctx context.Context, slot, callUUID, sipDomain string) error {
	const op = "park"
	a, err := c.api(ctx, "/v3/park-call", httpcall.Request{
		Op: op, Method: http.MethodPost,
		JSON: map[string]string{"extension": slot, "callUuid": callUUID, "sipDomain": sipDomain},
	})
	if err != nil {
		return err
	}
	root, err := parse(op, a.Body)
	if err != nil {
		return err
	}
	ok := underData(root, "success").get("success").boolean()
	switch {
	case root.doc.err != nil:
		return root.doc.err
	case !ok:
		return ErrParkRefused
	}
	return nil
}
