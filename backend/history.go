package backend

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"phoned/internal/calllog"
	"phoned/internal/httpcall"
)

// ErrSetAside: the server will never take this record (400, 422).
var ErrSetAside = errors.New("the server does not take this call record")

const (
	historyPath = "/api/call-history"
	// historyPage is the contract's limit.
	historyPage    = 100
	maxHistoryBody = 4 << 20
)

// CallPage is one page of the history.
type CallPage struct {
	Calls   []calllog.Record
	Total   int
	HasMore bool
	// Skipped counts records that could not be read.
	Skipped int
}

// wireCall is a record on its way out.
type wireCall struct {
	CallID          string `json:"callId"`
	UserID          string `json:"userId"`
	SIPDomain       string `json:"sipDomain"`
	CallerIDNumber  string `json:"callerIdNumber"`
	PhoneNumber     string `json:"phoneNumber"`
	Direction       string `json:"direction"`
	Disposition     string `json:"disposition"`
	StartedAt       int64  `json:"startedAt"`
	EndedAt         int64  `json:"endedAt,omitempty"`
	DurationSeconds int64  `json:"durationSeconds"`
	RecordingURL    string `json:"recordingUrl,omitempty"`
	CreatedAt       int64  `json:"createdAt"`
}

func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func toWire(r calllog.Record) wireCall {
	r = r.Clip()
	return wireCall{
		CallID: r.CallID, UserID: r.UserID, SIPDomain: r.SIPDomain, CallerIDNumber: r.CallerIDNumber,
		PhoneNumber: r.PhoneNumber, Direction: string(r.Direction), Disposition: string(r.Disposition),
		StartedAt: millis(r.StartedAt), EndedAt: millis(r.EndedAt), DurationSeconds: int64(r.Duration / time.Second),
		RecordingURL: r.RecordingURL, CreatedAt: millis(r.CreatedAt),
	}
}

// PostCall tells the backend of a call. It is idempotent by the call's id: a
// record that is there already (409, "duplicate") is success. ErrSetAside: it
// will never be taken.
func (c *Client) PostCall(ctx context.Context, r calllog.Record) error {
	_, err := c.api(ctx, historyPath, httpcall.Request{Op: "save a call", Method: http.MethodPost, JSON: toWire(r)})
	return verdict(err)
}

// PatchCall changes a record that the backend has.
func (c *Client) PatchCall(ctx context.Context, callID string, p calllog.Patch) error {
	body := map[string]any{}
	if p.Disposition != nil {
		body["disposition"] = string(*p.Disposition)
	}
	if p.EndedAt != nil {
		body["endedAt"] = millis(*p.EndedAt)
	}
	if p.Duration != nil {
		body["durationSeconds"] = int64(*p.Duration / time.Second)
	}
	if p.RecordingURL != nil {
		body["recordingUrl"] = calllog.Record{RecordingURL: *p.RecordingURL}.Clip().RecordingURL
	}
	_, err := c.api(ctx, historyPath+"/"+url.PathEscape(callID), httpcall.Request{Op: "change a call", Method: http.MethodPatch, JSON: body})
	return verdict(err)
}

// verdict sorts the answer to a record: taken, never, or later.
func verdict(err error) error {
	var he *httpcall.Error
	switch {
	case !errors.As(err, &he):
		return err
	case he.Duplicate:
		return nil
	case he.Status == http.StatusBadRequest, he.Status == http.StatusUnprocessableEntity:
		return fmt.Errorf("%w: %w", ErrSetAside, err)
	}
	return err
}

// Calls asks for one page of the history, newest first as the backend has it.
func (c *Client) Calls(ctx context.Context, userID, sipDomain string, offset int) (CallPage, error) {
	const op = "call history"
	a, err := c.api(ctx, historyPath, httpcall.Request{Op: op, MaxBody: maxHistoryBody, Query: url.Values{
		"userId": {userID}, "sipDomain": {sipDomain}, "limit": {strconv.Itoa(historyPage)}, "offset": {strconv.Itoa(offset)},
	}})
	if err != nil {
		return CallPage{}, err
	}
	root, err := parse(op, a.Body)
	if err != nil {
		return CallPage{}, err
	}
	defer c.remark(root)
	return readCalls(root)
}

func readCalls(root node) (CallPage, error) {
	root = underData(root, "calls")
	calls := root.get("calls")
	if !calls.present() {
		calls.fail("a list")
	}
	p := CallPage{Total: int(root.get("total").integer()), HasMore: root.get("hasMore").boolean()}
	p.Calls, p.Skipped = each(calls, historyPage, readCall)
	return p, root.doc.err
}

func readCall(n node) calllog.Record {
	n.knows("callId", "userId", "sipDomain", "callerIdNumber", "phoneNumber", "direction", "disposition", "status",
		"startedAt", "endedAt", "durationSeconds", "recordingUrl", "createdAt", "id", "updatedAt")
	r := calllog.Record{
		CallID: n.get("callId").text(), UserID: n.get("userId").optText(), SIPDomain: n.get("sipDomain").optText(),
		CallerIDNumber: n.get("callerIdNumber").optText(), PhoneNumber: n.get("phoneNumber").optText(),
		StartedAt: n.get("startedAt").moment(), EndedAt: n.get("endedAt").moment(), CreatedAt: n.get("createdAt").moment(),
		RecordingURL: n.get("recordingUrl").optText(), Synced: true,
	}
	// More than a week is no telephone call; a negative length is none either.
	const week = 7 * 24 * 60 * 60
	r.Duration = time.Duration(min(max(n.get("durationSeconds").integer(), 0), week)) * time.Second
	switch d := n.get("direction"); calllog.Direction(d.optText()) {
	case calllog.Inbound:
		r.Direction = calllog.Inbound
	case calllog.Outbound:
		r.Direction = calllog.Outbound
	default:
		d.fail(`"inbound" or "outbound"`)
	}
	s := n.get("disposition", "status")
	if r.Disposition = calllog.Disposition(s.optText()); !r.Disposition.Valid() {
		s.fail(`"answered", "missed", "rejected" or "failed"`)
	}
	return r.Clip()
}
