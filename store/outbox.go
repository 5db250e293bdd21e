package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"phoned/internal/calllog"
)

// enqueue puts an entry behind all others.
func (t *Tx) enqueue(k calllog.PendingKind, r calllog.Record, p calllog.Patch) error {
	patch, err := encodePatch(p)
	if err != nil {
		return err
	}
	_, err = t.exec("INSERT INTO outbox (kind, call_id, user_id, patch) VALUES (?, ?, ?, ?)", string(k), r.CallID, r.UserID, patch)
	return err
}

const pendingColumns = historyColumns + ", o.seq, o.kind, o.patch, o.attempts, o.next_at"

func scanPending(rows *sql.Rows) (calllog.Pending, error) {
	var p calllog.Pending
	var patch string
	var due int64
	if err := rowOf(rows, &p.Record, &p.Seq, &p.Kind, &patch, &p.Attempts, &due); err != nil {
		return p, err
	}
	p.Due = fromMillis(due)
	var err error
	p.Patch, err = decodePatch(patch)
	return p, err
}

// NextPending gives the entry of a user that is due first; entries of one call
// come in the order they were made. found is false when nothing waits.
func (d *DB) NextPending(ctx context.Context, userID string) (p calllog.Pending, found bool, err error) {
	l, err := collect(ctx, d.read, scanPending, "SELECT "+pendingColumns+" FROM outbox o JOIN history h ON h.call_id = o.call_id "+
		"WHERE o.state = 'pending' AND o.user_id = ? AND NOT EXISTS (SELECT 1 FROM outbox e WHERE e.call_id = o.call_id AND e.state = 'pending' AND e.seq < o.seq) "+
		"ORDER BY o.next_at, o.seq LIMIT 1", userID)
	if err != nil || len(l) == 0 {
		return p, false, explain("read the out-box", err)
	}
	return l[0], true, nil
}

// Accepted removes an entry: the backend has it.
func (d *DB) Accepted(ctx context.Context, seq int64) error {
	return d.Tx(ctx, func(t *Tx) error {
		rev, err := t.revise()
		if err != nil {
			return err
		}
		_, err = t.exec("UPDATE history SET synced = 1, changed = ? WHERE call_id = (SELECT call_id FROM outbox WHERE seq = ?)", rev, seq)
		if err == nil {
			_, err = t.exec("DELETE FROM outbox WHERE seq = ?", seq)
		}
		return err
	})
}

// Postpone counts a failed attempt and says when to try again.
func (d *DB) Postpone(ctx context.Context, seq int64, due time.Time, reason string) error {
	return d.change(ctx, "UPDATE outbox SET attempts = attempts + 1, next_at = ?2, reason = ?3 WHERE seq = ?1", seq, toMillis(due), reason)
}

// SetAside keeps an entry that the backend will never take, out of the way.
// Later changes of a call whose record was set aside go with it.
func (d *DB) SetAside(ctx context.Context, seq int64, reason string) error {
	return d.Tx(ctx, func(t *Tx) error {
		_, err := t.exec("UPDATE outbox SET state = 'set_aside', attempts = attempts + 1, reason = ?2 WHERE seq = ?1", seq, reason)
		if err == nil {
			_, err = t.exec("UPDATE outbox SET state = 'set_aside', reason = 'the call itself was set aside' WHERE kind = 'update' AND state = 'pending' "+
				"AND call_id = (SELECT call_id FROM outbox WHERE seq = ?1 AND kind = 'create')", seq)
		}
		return err
	})
}

// Rouse makes everything due at once: waits do not outlive a restart, and a
// clock that was wrong when they were written does no harm.
func (d *DB) Rouse(ctx context.Context) error {
	return d.change(ctx, "UPDATE outbox SET next_at = 0 WHERE state = 'pending' AND next_at <> 0")
}

func (d *DB) change(ctx context.Context, query string, args ...any) error {
	return d.Tx(ctx, func(t *Tx) error { _, err := t.exec(query, args...); return err })
}

// OutboxCount tells how many entries wait and how many were set aside.
func (d *DB) OutboxCount(ctx context.Context) (pending, aside int, err error) {
	err = d.read.QueryRowContext(ctx, "SELECT count(*) FILTER (WHERE state = 'pending'), count(*) FILTER (WHERE state = 'set_aside') FROM outbox").Scan(&pending, &aside)
	return pending, aside, explain("count the out-box", err)
}

// Wipe is the factory reset of the database: every row of every table goes,
// overwritten (secure_delete), and the file is rebuilt. Flash memory may keep
// old copies of a page where no program can reach them.
func (d *DB) Wipe(ctx context.Context) error {
	err := d.Tx(ctx, func(t *Tx) error {
		for _, table := range []string{"settings", "outbox", "history", "contact_numbers", "contacts", "audit"} {
			if _, err := t.exec("DELETE FROM " + table); err != nil {
				return fmt.Errorf("wipe %s: %w", table, err)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if _, err := d.write.ExecContext(ctx, "VACUUM"); err != nil {
		return explain("wipe", err)
	}
	if _, err = d.write.ExecContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)"); err != nil || d.path == Memory {
		return explain("wipe", err)
	}
	for _, suffix := range []string{"", "-wal", "-shm"} { // what salvage set aside
		if err := Discard(d.path + damaged + suffix); err != nil {
			return err
		}
	}
	return nil
}
