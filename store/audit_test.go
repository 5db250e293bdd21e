package store

import (
	"testing"
	"time"
)

func TestAudit(t *testing.T) {
	db, err := Open(Memory, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	if err := db.Tx(t.Context(), func(tx *Tx) error { // as if it had been full for a while
		_, err := tx.exec("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) INSERT INTO audit (at, name, role, means, address, what, target, status, count) SELECT i, 'x', 'viewer', '', '', 'w', '', 200, 1 FROM n", auditKept+10)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	e := AuditEntry{At: at, Name: "ann'); DROP TABLE audit; --", Role: "operator", Means: "session", From: "192.0.2.1", What: "dial", Target: "9196", Status: 202, Count: 3}
	for range 5 {
		if err := db.AddAudit(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	list, err := db.Audit(t.Context(), 0, 2)
	if err != nil || len(list) != 2 || list[0].ID <= list[1].ID {
		t.Fatal(list, err)
	}
	e.ID = list[0].ID
	if list[0] != e {
		t.Errorf("%+v", list[0])
	}
	older, err := db.Audit(t.Context(), list[1].ID, auditKept*2)
	if err != nil || len(older) != auditKept-2 || older[0].ID != list[1].ID-1 {
		t.Errorf("%d entries are kept, %v", len(older)+2, err)
	}
	if err := db.Wipe(t.Context()); err != nil {
		t.Fatal(err)
	}
	if list, err := db.Audit(t.Context(), 0, 10); err != nil || len(list) != 0 {
		t.Error("a reset leaves", list, err)
	}
}
