package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"phoned/internal/calllog"
)

const historyColumns = "h.call_id, h.user_id, h.sip_domain, h.caller_id_number, h.phone_number, h.direction, h.disposition, h.started_at, h.ended_at, " +
	"h.duration_seconds, h.recording_url, h.created_at, h.outcome, h.line, h.name, h.voicemail, h.seen, h.synced"

// rowOf scans historyColumns into r; more are columns after them.
func rowOf(rows *sql.Rows, r *calllog.Record, more ...any) error {
	var started, ended, seconds, created int64
	into := []any{&r.CallID, &r.UserID, &r.SIPDomain, &r.CallerIDNumber, &r.PhoneNumber, &r.Direction, &r.Disposition, &started, &ended,
		&seconds, &r.RecordingURL, &created, &r.Outcome, &r.Line, &r.Name, &r.Voicemail, &r.Seen, &r.Synced}
	if err := rows.Scan(append(into, more...)...); err != nil {
		return err
	}
	r.StartedAt, r.EndedAt, r.CreatedAt = fromMillis(started), fromMillis(ended), fromMillis(created)
	r.Duration = time.Duration(seconds) * time.Second
	return nil
}

func scanRecord(rows *sql.Rows) (r calllog.Record, err error) { err = rowOf(rows, &r); return r, err }

func toMillis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func fromMillis(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

// revise counts the writes to the history; see HistoryMark.
func (t *Tx) revise() (int64, error) {
	var n int64
	err := t.tx.QueryRowContext(t.ctx, "UPDATE revision SET n = n + 1 RETURNING n").Scan(&n)
	return n, err
}

// put writes a record unless its call is there; it tells whether it wrote.
func (t *Tx) put(r calllog.Record, revision int64) (bool, error) {
	n, err := t.exec("INSERT OR IGNORE INTO history (call_id, user_id, sip_domain, caller_id_number, phone_number, direction, disposition, started_at, ended_at, "+
		"duration_seconds, recording_url, created_at, outcome, line, name, voicemail, seen, synced, changed) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
		r.CallID, r.UserID, r.SIPDomain, r.CallerIDNumber, r.PhoneNumber, string(r.Direction), string(r.Disposition), toMillis(r.StartedAt), toMillis(r.EndedAt),
		int64(r.Duration/time.Second), r.RecordingURL, toMillis(r.CreatedAt), string(r.Outcome), r.Line, r.Name, r.Voicemail, r.Seen, r.Synced, revision)
	return n == 1, err
}

// AddCall keeps a finished call, and with queue puts it into the out-box in the
// same transaction. It is idempotent: the same CallID again changes nothing.
func (t *Tx) AddCall(r calllog.Record, queue bool) error {
	if r.CallID == "" {
		return errors.New("add call: the call id is empty")
	}
	rev, err := t.revise()
	if err != nil {
		return err
	}
	r.Synced = false
	fresh, err := t.put(r.Clip(), rev)
	if err != nil || !fresh {
		return err
	}
	if queue {
		if err := t.enqueue(calllog.PendingCreate, r.Clip(), calllog.Patch{}); err != nil {
			return err
		}
	}
	return t.trim()
}

// AddCall is Tx.AddCall in a transaction of its own.
func (d *DB) AddCall(ctx context.Context, r calllog.Record, queue bool) error {
	return d.Tx(ctx, func(t *Tx) error { return t.AddCall(r, queue) })
}

// UpdateCall changes a kept call, and with queue tells the backend after
// whatever is already waiting for that call. ErrNotFound: no such call.
func (d *DB) UpdateCall(ctx context.Context, callID string, p calllog.Patch, queue bool) error {
	return d.Tx(ctx, func(t *Tx) error {
		r, err := call(t.ctx, t.tx, callID)
		if err != nil {
			return err
		}
		p.Apply(&r)
		rev, err := t.revise()
		if err != nil {
			return err
		}
		_, err = t.exec("UPDATE history SET disposition = ?, ended_at = ?, duration_seconds = ?, recording_url = ?, changed = ? WHERE call_id = ?",
			string(r.Disposition), toMillis(r.EndedAt), int64(r.Duration/time.Second), r.Clip().RecordingURL, rev, callID)
		if err != nil || !queue {
			return err
		}
		return t.enqueue(calllog.PendingUpdate, r, p)
	})
}

// Call reads one; ErrNotFound: there is none.
func (d *DB) Call(ctx context.Context, callID string) (calllog.Record, error) {
	r, err := call(ctx, d.read, callID)
	return r, explain("read a call", err)
}

func call(ctx context.Context, q querier, callID string) (calllog.Record, error) {
	l, err := collect(ctx, q, scanRecord, "SELECT "+historyColumns+" FROM history h WHERE call_id = ?", callID)
	if err == nil && len(l) == 0 {
		err = fmt.Errorf("call: %w", ErrNotFound)
	}
	if err != nil {
		return calllog.Record{}, err
	}
	return l[0], nil
}

// CallQuery chooses calls. Empty fields do not choose.
type CallQuery struct {
	UserID      string
	Disposition calllog.Disposition
	Direction   calllog.Direction
	Limit       int // 0: 100, at most 1000
	Offset      int
}

// Calls reads the history, newest first.
func (d *DB) Calls(ctx context.Context, q CallQuery) ([]calllog.Record, error) {
	if q.Limit <= 0 {
		q.Limit = 100
	}
	l, err := collect(ctx, d.read, scanRecord, "SELECT "+historyColumns+" FROM history h WHERE (?1 = '' OR user_id = ?1) AND (?2 = '' OR disposition = ?2) "+
		"AND (?3 = '' OR direction = ?3) ORDER BY started_at DESC, created_at DESC, call_id LIMIT ?4 OFFSET ?5",
		q.UserID, string(q.Disposition), string(q.Direction), min(q.Limit, 1000), max(q.Offset, 0))
	return l, explain("read the history", err)
}

// MissedUnseen counts missed calls that nobody has looked at.
func (d *DB) MissedUnseen(ctx context.Context, userID string) (int, error) {
	var n int
	err := d.read.QueryRowContext(ctx, "SELECT count(*) FROM history WHERE disposition = 'missed' AND seen = 0 AND (?1 = '' OR user_id = ?1)", userID).Scan(&n)
	return n, explain("count missed calls", err)
}

// MarkSeen notes that a person has looked at the missed calls.
func (d *DB) MarkSeen(ctx context.Context, userID string) error {
	return d.Tx(ctx, func(t *Tx) error {
		_, err := t.exec("UPDATE history SET seen = 1 WHERE seen = 0 AND (?1 = '' OR user_id = ?1)", userID)
		return err
	})
}

// HistoryMark is taken before the backend is asked for its history and given
// to ReplaceHistory after: what was written between is newer than the answer.
func (d *DB) HistoryMark(ctx context.Context) (int64, error) {
	var n int64
	err := d.read.QueryRowContext(ctx, "SELECT n FROM revision").Scan(&n)
	return n, explain("read the history", err)
}

// ReplaceHistory puts the backend's records of a user and domain in the place
// of the cache. What the backend has not accepted yet stays, and so does what
// changed after mark. What only the phone knows of a call (finer outcome, name,
// line, seen) is kept.
func (d *DB) ReplaceHistory(ctx context.Context, userID, sipDomain string, mark int64, records []calllog.Record) error {
	return d.Tx(ctx, func(t *Tx) error {
		rev, err := t.revise()
		if err != nil {
			return err
		}
		for _, r := range records {
			if r.UserID == "" {
				r.UserID = userID
			}
			if r.SIPDomain == "" {
				r.SIPDomain = sipDomain
			}
			if err := t.merge(r.Clip(), mark, rev); err != nil {
				return err
			}
		}
		_, err = t.exec("DELETE FROM history WHERE synced = 1 AND changed <= ? AND user_id = ? AND sip_domain = ? AND call_id NOT IN (SELECT call_id FROM outbox WHERE state = 'pending')",
			mark, userID, sipDomain)
		if err != nil {
			return err
		}
		return t.trim()
	})
}

// merge takes one record of the backend.
func (t *Tx) merge(r calllog.Record, mark, rev int64) error {
	r.Synced = true
	old, err := call(t.ctx, t.tx, r.CallID)
	if errors.Is(err, ErrNotFound) {
		r.Seen = true // seen elsewhere or long ago: the lamp is for calls to this phone
		_, err = t.put(r, rev)
		return err
	}
	if err != nil || r.UserID != old.UserID {
		return err
	}
	_, err = t.exec("UPDATE history SET disposition = ?, started_at = ?, ended_at = ?, duration_seconds = ?, recording_url = ?, synced = 1, changed = ? "+
		"WHERE call_id = ? AND changed <= ? AND call_id NOT IN (SELECT call_id FROM outbox WHERE state = 'pending')",
		string(r.Disposition), toMillis(r.StartedAt), toMillis(r.EndedAt), int64(r.Duration/time.Second), r.RecordingURL, rev, r.CallID, mark)
	return err
}

// ClearHistory empties the cache of everything that does not wait in the
// out-box; the caller then loads it from the backend again.
func (d *DB) ClearHistory(ctx context.Context) error {
	return d.Tx(ctx, func(t *Tx) error {
		_, err := t.exec("DELETE FROM history WHERE call_id NOT IN (SELECT call_id FROM outbox WHERE state = 'pending')")
		if err == nil {
			_, err = t.exec("DELETE FROM outbox WHERE call_id NOT IN (SELECT call_id FROM history)")
		}
		return err
	})
}

// trim keeps the newest MaxHistory calls, and all that still wait.
func (t *Tx) trim() error {
	var n int
	if err := t.tx.QueryRowContext(t.ctx, "SELECT count(*) FROM history").Scan(&n); err != nil || n <= t.opts.MaxHistory {
		return err
	}
	_, err := t.exec("DELETE FROM history WHERE call_id IN (SELECT call_id FROM history ORDER BY started_at DESC, created_at DESC LIMIT -1 OFFSET ?) "+
		"AND call_id NOT IN (SELECT call_id FROM outbox WHERE state = 'pending')", t.opts.MaxHistory)
	if err == nil {
		_, err = t.exec("DELETE FROM outbox WHERE state = 'set_aside' AND call_id NOT IN (SELECT call_id FROM history)")
	}
	return err
}

// patchJSON is a Patch in the out-box.
type patchJSON struct {
	Disposition  *string `json:"disposition,omitempty"`
	EndedAt      *int64  `json:"endedAt,omitempty"`
	Seconds      *int64  `json:"durationSeconds,omitempty"`
	RecordingURL *string `json:"recordingUrl,omitempty"`
}

func encodePatch(p calllog.Patch) (string, error) {
	var j patchJSON
	if p.Disposition != nil {
		s := string(*p.Disposition)
		j.Disposition = &s
	}
	if p.EndedAt != nil {
		ms := toMillis(*p.EndedAt)
		j.EndedAt = &ms
	}
	if p.Duration != nil {
		s := int64(*p.Duration / time.Second)
		j.Seconds = &s
	}
	j.RecordingURL = p.RecordingURL
	b, err := json.Marshal(j)
	return string(b), err
}

func decodePatch(s string) (calllog.Patch, error) {
	var j patchJSON
	var p calllog.Patch
	if err := json.Unmarshal([]byte(s), &j); err != nil {
		return p, err
	}
	if j.Disposition != nil {
		d := calllog.Disposition(*j.Disposition)
		p.Disposition = &d
	}
	if j.EndedAt != nil {
		t := fromMillis(*j.EndedAt)
		p.EndedAt = &t
	}
	if j.Seconds != nil {
		d := time.Duration(*j.Seconds) * time.Second
		p.Duration = &d
	}
	p.RecordingURL = j.RecordingURL
	return p, nil
}
