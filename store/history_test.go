package store

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"phoned/internal/calllog"
	"phoned/internal/secret"
)

var errROFS, errNoSpace error = syscall.EROFS, syscall.ENOSPC

func secretsFor(i int) map[string]secret.String {
	return map[string]secret.String{
		"access":  secret.New(strings.Repeat("a", 900) + strconv.Itoa(i)),
		"refresh": secret.New(strings.Repeat("r", 60) + strconv.Itoa(i)),
	}
}

func ids(l []calllog.Record) string {
	var out []string
	for _, r := range l {
		out = append(out, strings.TrimLeft(strings.TrimPrefix(r.CallID, "id-"), "0"))
	}
	return strings.Join(out, " ")
}

func history(t *testing.T, d *DB) string {
	t.Helper()
	l, err := d.Calls(t.Context(), CallQuery{Limit: 1000})
	must(t, err)
	return ids(l)
}

func TestCallsComeBackAsTheyWereAdded(t *testing.T) {
	both(t, Options{}, func(t *testing.T, d *DB) {
		want := record(1)
		must(t, d.AddCall(t.Context(), want, false))
		got, err := d.Call(t.Context(), want.CallID)
		if err != nil || got != want {
			t.Errorf("got  %+v, %v\nwant %+v", got, err, want)
		}
		if _, err := d.Call(t.Context(), "x"); !errors.Is(err, ErrNotFound) {
			t.Errorf("got %v", err)
		}
		if err := d.AddCall(t.Context(), calllog.Record{}, false); err == nil {
			t.Error("took a call without an id")
		}
	})
}

func TestCallsAreChosenAndPaged(t *testing.T) {
	both(t, Options{}, func(t *testing.T, d *DB) {
		for i := 1; i <= 5; i++ {
			r := record(i)
			if i%2 == 0 {
				r.Direction, r.Disposition = calllog.Inbound, calllog.Missed
			}
			if i == 5 {
				r.UserID = "other"
			}
			must(t, d.AddCall(t.Context(), r, false))
		}
		for _, c := range []struct {
			q    CallQuery
			want string
		}{
			{CallQuery{}, "5 4 3 2 1"}, {CallQuery{UserID: "123"}, "4 3 2 1"}, {CallQuery{Disposition: calllog.Missed}, "4 2"},
			{CallQuery{Direction: calllog.Outbound}, "5 3 1"}, {CallQuery{Limit: 2, Offset: 1}, "4 3"}, {CallQuery{Offset: -1, Limit: -1}, "5 4 3 2 1"},
		} {
			l, err := d.Calls(t.Context(), c.q)
			if err != nil || ids(l) != c.want {
				t.Errorf("%+v: %s, %v", c.q, ids(l), err)
			}
		}
		n, err := d.MissedUnseen(t.Context(), "123")
		if err != nil || n != 2 {
			t.Errorf("%d missed, %v", n, err)
		}
		must(t, d.MarkSeen(t.Context(), "123"))
		if n, _ := d.MissedUnseen(t.Context(), ""); n != 0 {
			t.Errorf("%d missed after looking", n)
		}
	})
}

func TestHistoryIsBoundedButForgetsNothingThatWaits(t *testing.T) {
	both(t, Options{MaxHistory: 3}, func(t *testing.T, d *DB) {
		for i := 1; i <= 9; i++ {
			must(t, d.AddCall(t.Context(), record(i), i <= 2))
		}
		if got := history(t, d); got != "9 8 7 2 1" {
			t.Errorf("kept %s", got)
		}
	})
}

func TestOutboxOrderAndIdempotence(t *testing.T) {
	both(t, Options{}, func(t *testing.T, d *DB) {
		ctx := t.Context()
		for i := 1; i <= 3; i++ {
			must(t, d.AddCall(ctx, record(i), true))
		}
		must(t, d.AddCall(ctx, record(1), true)) // again: nothing
		url := "https://r"
		must(t, d.UpdateCall(ctx, record(1).CallID, calllog.Patch{RecordingURL: &url}, true))
		if err := d.UpdateCall(ctx, "x", calllog.Patch{}, true); !errors.Is(err, ErrNotFound) {
			t.Errorf("got %v", err)
		}
		next := func() string {
			p, found, err := d.NextPending(ctx, "123")
			must(t, err)
			if !found {
				return "none"
			}
			return fmt.Sprint(p.Kind, " ", ids([]calllog.Record{p.Record}), " ", p.Attempts)
		}
		take := func() calllog.Pending {
			p, _, err := d.NextPending(ctx, "123")
			must(t, err)
			return p
		}
		steps := []struct {
			want string
			do   func() error
		}{
			{"create 1 0", func() error { return d.Postpone(ctx, take().Seq, day.Add(time.Minute), "503") }},
			{"create 2 0", func() error { return d.SetAside(ctx, take().Seq, "400") }},
			{"create 3 0", func() error { return d.Accepted(ctx, take().Seq) }},
			{"create 1 1", func() error { return d.Accepted(ctx, take().Seq) }},
			{"update 1 0", func() error { return d.Accepted(ctx, take().Seq) }},
			{"none", func() error { return nil }},
		}
		for i, s := range steps {
			if got := next(); got != s.want {
				t.Fatalf("step %d: %s, want %s", i, got, s.want)
			}
			if s.want == "update 1 0" {
				if p := take(); p.Patch.RecordingURL == nil || *p.Patch.RecordingURL != url || p.Patch.Duration != nil {
					t.Errorf("patch %+v", p.Patch)
				}
			}
			must(t, s.do())
		}
		pending, aside, err := d.OutboxCount(ctx)
		if err != nil || pending != 0 || aside != 1 {
			t.Errorf("%d wait, %d aside, %v", pending, aside, err)
		}
		if _, found, _ := d.NextPending(ctx, "someone else"); found {
			t.Error("gave an entry to another user")
		}
	})
}

func TestOutboxChangesGoWithACallThatWasSetAside(t *testing.T) {
	d := openTest(t, Memory, Options{})
	ctx := t.Context()
	must(t, d.AddCall(ctx, record(1), true))
	dur := time.Second
	must(t, d.UpdateCall(ctx, record(1).CallID, calllog.Patch{Duration: &dur}, true))
	p, _, _ := d.NextPending(ctx, "123")
	must(t, d.SetAside(ctx, p.Seq, "422"))
	if p, found, _ := d.NextPending(ctx, "123"); found {
		t.Errorf("still waits: %+v", p)
	}
}

func TestRouseForgetsWaits(t *testing.T) {
	d := openTest(t, Memory, Options{})
	must(t, d.AddCall(t.Context(), record(1), true))
	p, _, _ := d.NextPending(t.Context(), "123")
	must(t, d.Postpone(t.Context(), p.Seq, day.Add(1000*time.Hour), "no clock"))
	must(t, d.Rouse(t.Context()))
	if p, _, _ := d.NextPending(t.Context(), "123"); !p.Due.IsZero() || p.Attempts != 1 {
		t.Errorf("got %+v", p)
	}
}

func TestReplaceHistory(t *testing.T) {
	both(t, Options{}, func(t *testing.T, d *DB) {
		ctx := t.Context()
		accept := func(i int) {
			for {
				p, found, err := d.NextPending(ctx, "123")
				must(t, err)
				if !found {
					return
				}
				must(t, d.Accepted(ctx, p.Seq))
			}
		}
		must(t, d.AddCall(ctx, record(1), true))
		must(t, d.AddCall(ctx, record(2), true))
		accept(2)
		must(t, d.AddCall(ctx, record(3), true)) // waits
		mark, err := d.HistoryMark(ctx)
		must(t, err)
		must(t, d.AddCall(ctx, record(4), true)) // between question and answer
		other := record(8)
		other.UserID = "other"
		must(t, d.AddCall(ctx, other, false))
		theirs := record(2)
		theirs.Disposition, theirs.RecordingURL, theirs.Name, theirs.Outcome, theirs.Line = calllog.Missed, "https://r", "", "", ""
		foreign := record(9)
		foreign.UserID = ""
		must(t, d.ReplaceHistory(ctx, "123", "prod", mark, []calllog.Record{theirs, foreign, foreign}))
		if got := history(t, d); got != "9 8 4 3 2" {
			t.Errorf("kept %s", got)
		}
		r, err := d.Call(ctx, record(2).CallID)
		if err != nil || r.Disposition != calllog.Missed || r.RecordingURL != "https://r" || r.Name != "Echo" || r.Line != "1001@prod" {
			t.Errorf("got %+v, %v", r, err)
		}
		pending, _, _ := d.OutboxCount(ctx)
		if pending != 2 {
			t.Errorf("%d wait", pending)
		}
		must(t, d.ClearHistory(ctx))
		if got := history(t, d); got != "4 3" {
			t.Errorf("after clearing: %s", got)
		}
	})
}
