package store

import (
	"context"
	"database/sql"
	"time"
)

// auditKept is how many entries of the audit log are kept.
const auditKept = 5000

// AuditEntry is something that somebody did by remote management.
type AuditEntry struct {
	ID     int64 // set by the database
	At     time.Time
	Name   string // of the account or token
	Role   string
	Means  string // "session", "token", "certificate", "local", "phone" or ""
	From   string // the address
	What   string // the operation
	Target string
	Status int // with what it was answered (HTTP)
	Count  int // how often
}

// AddAudit writes an entry; the oldest beyond 5000 go.
func (d *DB) AddAudit(ctx context.Context, e AuditEntry) error {
	return explain("write the audit log", d.Tx(ctx, func(t *Tx) error {
		if _, err := t.exec("INSERT INTO audit (at, name, role, means, address, what, target, status, count) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
			toMillis(e.At), e.Name, e.Role, e.Means, e.From, e.What, e.Target, e.Status, e.Count); err != nil {
			return err
		}
		_, err := t.exec("DELETE FROM audit WHERE id <= (SELECT max(id) FROM audit) - ?", auditKept)
		return err
	}))
}

// Audit reads entries, the newest first: those before an ID, with 0 the newest.
func (d *DB) Audit(ctx context.Context, before int64, limit int) ([]AuditEntry, error) {
	l, err := collect(ctx, d.read, scanAudit, "SELECT id, at, name, role, means, address, what, target, status, count FROM audit WHERE ?1 = 0 OR id < ?1 ORDER BY id DESC LIMIT ?2", before, limit)
	return l, explain("read the audit log", err)
}

func scanAudit(r *sql.Rows) (AuditEntry, error) {
	var e AuditEntry
	var at int64
	err := r.Scan(&e.ID, &at, &e.Name, &e.Role, &e.Means, &e.From, &e.What, &e.Target, &e.Status, &e.Count)
	e.At = fromMillis(at)
	return e, err
}
