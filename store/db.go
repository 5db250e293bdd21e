package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"

	_ "modernc.org/sqlite" // the driver "sqlite"

	"phoned/internal/clock"
)

// Memory as a path gives a database that lives in memory only: for tests, and
// for a phone whose storage is broken.
const Memory = ":memory:"

// Options of Open; the zero value works.
type Options struct {
	// MaxHistory is how many calls are kept; what the backend has not accepted
	// yet is kept beyond that. 0: 1000.
	MaxHistory int
	// MaxBytes the database may grow to, 0: 64 MiB. Beyond it: ErrFull.
	MaxBytes int64
	// SetAside moves a damaged database out of the way, starts a new one and
	// saves what can still be read. Without it Open fails with ErrCorrupt.
	SetAside bool
	// Refused is told of a transaction that the disk did not take (ErrFull,
	// ErrReadOnly), and with nil of the next one that it did take. It is called by
	// whoever wrote, must not block and must not use the DB. nil: nobody is told.
	Refused func(error)

	Clock clock.Clock  // nil: clock.Real
	Log   *slog.Logger // nil: discard
}

const (
	defaultMaxHistory = 1000
	defaultMaxBytes   = 64 << 20
	pageSize          = 4096 // SQLite's default
	readers           = 3
)

// DB is the open database, safe for concurrent use.
type DB struct {
	write, read *sql.DB
	path        string
	opts        Options
	salvaged    *Salvage
	refused     atomic.Bool // Options.Refused was told of an error
}

// Salvage tells of a damaged database that was set aside.
type Salvage struct {
	Path string // where the damaged file is now
	Rows int    // saved from it
}

// Open opens or creates the database at path, checks it, and brings its schema
// forward. ErrNewer, ErrCorrupt, ErrReadOnly and ErrFull tell what a person
// can do something about.
func Open(path string, opts Options) (*DB, error) {
	if opts.MaxHistory == 0 {
		opts.MaxHistory = defaultMaxHistory
	}
	if opts.MaxBytes == 0 {
		opts.MaxBytes = defaultMaxBytes
	}
	if opts.Clock == nil {
		opts.Clock = clock.Real{}
	}
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	d, err := open(path, opts, false)
	if errors.Is(err, ErrFull) && path != Memory {
		if d, err := open(path, opts, true); err == nil {
			opts.Log.Warn("the disk is full: the database is read, and nothing is kept until there is room", "dev", filepath.Base(path))
			d.refuse(ErrFull)
			return d, nil
		}
	}
	if errors.Is(err, ErrCorrupt) && opts.SetAside && path != Memory {
		return reopen(path, opts, err)
	}
	return d, err
}

// open opens the database; alone: by one connection, which keeps the index of the WAL in
// its own memory. The usual one lies in a file of 32 KiB, which a full disk has no room for.
func open(path string, opts Options, alone bool) (*DB, error) {
	d := &DB{path: path, opts: opts}
	if path != Memory {
		if err := createPrivate(path); err != nil {
			return nil, explain("open "+filepath.Base(path), err)
		}
	}
	ok := false
	defer func() {
		if !ok {
			_ = d.Close()
		}
	}()
	var err error
	mode := "journal_mode(WAL)"
	if alone { // the file says itself that it has a WAL; to ask for one would open it too soon
		mode = "locking_mode(EXCLUSIVE)"
	}
	if d.write, err = sql.Open("sqlite", dsn(path, mode, "_txlock=immediate&_pragma=max_page_count("+strconv.FormatInt(max(opts.MaxBytes/pageSize, 1), 10)+")")); err != nil {
		return nil, explain("open", err)
	}
	d.write.SetMaxOpenConns(1)
	d.write.SetMaxIdleConns(1)
	d.read = d.write
	if path != Memory && !alone {
		if d.read, err = sql.Open("sqlite", dsn(path, mode, "_pragma=query_only(1)")); err != nil {
			return nil, explain("open", err)
		}
		d.read.SetMaxOpenConns(readers)
	}
	if err := d.check(context.Background()); err != nil {
		return nil, err
	}
	ok = true
	return d, nil
}

// check looks the file over before anything relies on it.
func (d *DB) check(ctx context.Context) error {
	var said string
	if err := d.write.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&said); err != nil {
		return explain("check the database", err)
	}
	if said != "ok" {
		return fmt.Errorf("check the database: %w: %s", ErrCorrupt, said)
	}
	steps, err := readMigrations(migrationFiles)
	if err != nil {
		return err
	}
	return migrate(ctx, d.write, steps)
}

// createPrivate makes the directory 0700 and the file 0600 before SQLite does
// with a wider mode; its WAL takes the mode of the file.
func createPrivate(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}

func dsn(path, mode, more string) string {
	pragmas := "_pragma=busy_timeout(5000)&_pragma=" + mode + "&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)&_pragma=secure_delete(1)&"
	if path == Memory {
		return "file::memory:?" + pragmas + more
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		abs = path
	}
	return (&url.URL{Scheme: "file", Path: abs, RawQuery: pragmas + more}).String()
}

// Close closes the database; a transaction on its way ends first.
func (d *DB) Close() error {
	var errs []error
	if d.read != nil && d.read != d.write {
		errs = append(errs, d.read.Close())
	}
	if d.write != nil {
		errs = append(errs, d.write.Close())
	}
	return errors.Join(errs...)
}

// Salvaged tells whether Open had to set a damaged database aside; nil: no.
func (d *DB) Salvaged() *Salvage { return d.salvaged }

// Tx is one transaction. It is for one goroutine and ends with the function
// that Tx was given to; inside it, use its methods and never the DB's.
type Tx struct {
	tx   *sql.Tx
	ctx  context.Context // a Tx lives no longer than the call it was made for
	opts *Options
}

// Tx runs f in one writing transaction: everything or nothing. When it returns
// nil the changes are on the disk.
func (d *DB) Tx(ctx context.Context, f func(*Tx) error) (err error) {
	defer func() { d.refuse(err) }()
	tx, err := d.write.BeginTx(ctx, nil)
	if err != nil {
		return explain("begin", err)
	}
	done := false
	defer func() {
		if !done { // an error, or a panic on its way up
			_ = tx.Rollback()
		}
	}()
	if err := f(&Tx{tx: tx, ctx: ctx, opts: &d.opts}); err != nil {
		return explain("transaction", err)
	}
	done = true
	return explain("commit", tx.Commit())
}

// refuse tells whether the disk takes what is written, once each time that changes.
func (d *DB) refuse(err error) {
	bad := errors.Is(err, ErrFull) || errors.Is(err, ErrReadOnly)
	if err != nil && !bad || d.opts.Refused == nil || !d.refused.CompareAndSwap(!bad, bad) {
		return
	}
	d.opts.Refused(err)
}

func (t *Tx) exec(query string, args ...any) (int64, error) {
	r, err := t.tx.ExecContext(t.ctx, query, args...)
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

// querier is what reading needs: a pool, or a transaction.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// collect scans every row.
func collect[T any](ctx context.Context, q querier, scan func(*sql.Rows) (T, error), query string, args ...any) ([]T, error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	out := []T{}
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, rows.Err()
}
