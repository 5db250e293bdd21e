package store

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// The tables worth saving; revision is made anew.
var salvageTables = []string{"settings", "history", "outbox", "contacts", "contact_numbers", "audit"}

// reopen moves a damaged database aside, starts a new one and copies what can
// still be read. The history is only a cache, but the out-box is not.
func reopen(path string, opts Options, cause error) (*DB, error) {
	aside, err := setAside(path)
	if err != nil {
		return nil, explain("set the damaged database aside", err)
	}
	d, err := open(path, opts, false)
	if err != nil {
		return nil, err
	}
	n := d.salvage(context.Background(), aside)
	d.salvaged = &Salvage{Path: aside, Rows: n}
	opts.Log.Error("the database was damaged; a new one was started", "err", cause, "rows", n)
	return d, nil
}

// damaged ends the name of a database that was set aside.
const damaged = ".damaged"

// setAside renames the files; only the newest damaged copy is kept.
func setAside(path string) (string, error) {
	aside := path + damaged
	for _, suffix := range []string{"", "-wal", "-shm"} {
		err := os.Rename(path+suffix, aside+suffix)
		if os.IsNotExist(err) {
			err = os.Remove(aside + suffix)
		}
		if err != nil && !os.IsNotExist(err) {
			return "", err
		}
	}
	return aside, syncDir(filepath.Dir(path))
}

// salvage copies row by row until a table can't be read further.
func (d *DB) salvage(ctx context.Context, from string) int {
	old, err := sql.Open("sqlite", dsn(from, "journal_mode(WAL)", "_pragma=query_only(1)"))
	if err != nil {
		return 0
	}
	defer func() { _ = old.Close() }()
	total := 0
	for _, table := range salvageTables {
		n, err := d.salvageTable(ctx, old, table)
		total += n
		if err != nil {
			d.opts.Log.Warn("a damaged table was saved in part", "table", table, "rows", n, "err", err)
		}
	}
	return total
}

func (d *DB) salvageTable(ctx context.Context, old *sql.DB, table string) (int, error) {
	rows, err := old.QueryContext(ctx, "SELECT * FROM "+table)
	if err != nil {
		return 0, err
	}
	defer func() { _ = rows.Close() }()
	columns, err := rows.Columns()
	if err != nil {
		return 0, err
	}
	insert := fmt.Sprintf("INSERT OR IGNORE INTO %s (%s) VALUES (?%s)", table, strings.Join(columns, ", "), strings.Repeat(", ?", len(columns)-1))
	n := 0
	for rows.Next() {
		values := make([]any, len(columns))
		into := make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			return n, err
		}
		// A row that breaks a rule of the schema is damage as well.
		if err := d.Tx(ctx, func(t *Tx) error { _, err := t.exec(insert, values...); return err }); err == nil {
			n++
		}
	}
	return n, rows.Err()
}
