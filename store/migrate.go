package store

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

// migration is one numbered step forward; there is no way back. But a firmware may be
// rolled back after the step, and must find its settings: a step that only adds says in
// its first line from which schema on it leaves the database usable, as in
//
//	-- usable from: 2
//
// and the database remembers it (PRAGMA application_id). Without that line only firmware
// that knows the step opens the database.
type migration struct {
	number int
	name   string
	sql    string
	oldest int // schema whose firmware may still use the database
}

const usableFrom = "-- usable from:"

// readMigrations reads NNNN_name.sql; numbers run from 1 without a gap.
func readMigrations(dir fs.FS) ([]migration, error) {
	entries, err := fs.ReadDir(dir, "migrations")
	if err != nil {
		return nil, fmt.Errorf("migrations: %w", err)
	}
	var out []migration
	for _, e := range entries { // ReadDir sorts by name
		digits, _, _ := strings.Cut(e.Name(), "_")
		n, err := strconv.Atoi(digits)
		if err != nil || n != len(out)+1 {
			return nil, fmt.Errorf("migrations: %s: want number %d", e.Name(), len(out)+1)
		}
		text, err := fs.ReadFile(dir, "migrations/"+e.Name())
		if err != nil {
			return nil, fmt.Errorf("migrations: %w", err)
		}
		m := migration{number: n, name: e.Name(), sql: string(text), oldest: n}
		first, _, _ := strings.Cut(m.sql, "\n")
		if v, ok := strings.CutPrefix(first, usableFrom); ok {
			if m.oldest, err = strconv.Atoi(strings.TrimSpace(v)); err != nil || m.oldest < 1 || m.oldest > n {
				return nil, fmt.Errorf("migrations: %s: %q: want a number from 1 to %d", e.Name(), first, n)
			}
		}
		out = append(out, m)
	}
	return out, nil
}

// migrate brings the schema to the newest version, one transaction a step:
// a power cut leaves the database at one version or the next.
func migrate(ctx context.Context, db *sql.DB, steps []migration) error {
	var have int
	if err := db.QueryRowContext(ctx, "PRAGMA user_version").Scan(&have); err != nil {
		return explain("read the schema's version", err)
	}
	oldest := have // a database from before this was remembered
	if err := db.QueryRowContext(ctx, "SELECT coalesce(nullif(application_id, 0), ?) FROM pragma_application_id", have).Scan(&oldest); err != nil {
		return explain("read the schema's version", err)
	}
	if have > len(steps) && oldest <= len(steps) {
		return nil // a newer firmware only added to it, and was rolled back
	}
	if have > len(steps) {
		return fmt.Errorf("%w: its schema is %d, this firmware knows %d; install the newer firmware or reset to factory settings", ErrNewer, have, len(steps))
	}
	for _, m := range steps[have:] {
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			return explain("migrate to "+m.name, err)
		}
		_, err = tx.ExecContext(ctx, m.sql)
		if err == nil { // a pragma takes no parameter; the number is ours
			_, err = tx.ExecContext(ctx, "PRAGMA user_version = "+strconv.Itoa(m.number))
		}
		oldest = max(oldest, m.oldest)
		if err == nil {
			_, err = tx.ExecContext(ctx, "PRAGMA application_id = "+strconv.Itoa(oldest))
		}
		if err != nil {
			_ = tx.Rollback() // the error that matters is err
			return explain("migrate to "+m.name, err)
		}
		if err := tx.Commit(); err != nil {
			return explain("migrate to "+m.name, err)
		}
	}
	return nil
}
