package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"phoned/internal/calllog"
	"phoned/internal/clock"
)

var day = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func openTest(t testing.TB, path string, o Options) *DB {
	t.Helper()
	d, err := Open(path, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	return d
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// both runs a test on a file and in memory: they must behave alike.
func both(t *testing.T, o Options, f func(t *testing.T, d *DB)) {
	if o.Clock == nil {
		o.Clock = clock.NewFake(day)
	}
	t.Run("file", func(t *testing.T) { f(t, openTest(t, filepath.Join(t.TempDir(), "p.db"), o)) })
	t.Run("memory", func(t *testing.T) { f(t, openTest(t, Memory, o)) })
}

func TestOpenSetsWhatMakesCommitsDurable(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state", "phone db?#%.sqlite")
	d := openTest(t, path, Options{})
	for pragma, want := range map[string]string{"journal_mode": "wal", "synchronous": "2", "busy_timeout": "5000", "foreign_keys": "1", "secure_delete": "1"} {
		var got string
		must(t, d.write.QueryRow("PRAGMA "+pragma).Scan(&got))
		if got != want {
			t.Errorf("%s = %s, want %s", pragma, got, want)
		}
	}
	for _, suffix := range []string{"", "-wal"} {
		info, err := os.Stat(path + suffix)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v %v", suffix, info, err)
		}
	}
	if _, err := d.read.Exec("DELETE FROM settings"); !errors.Is(kindOf(err), ErrReadOnly) {
		t.Errorf("the reading pool writes: %v", err)
	}
}

func TestTxIsEverythingOrNothing(t *testing.T) {
	both(t, Options{}, func(t *testing.T, d *DB) {
		boom := errors.New("boom")
		err := d.Tx(t.Context(), func(tx *Tx) error {
			must(t, tx.SetSetting(Setting{Key: "a", Value: json.RawMessage(`1`)}))
			return boom
		})
		if !errors.Is(err, boom) {
			t.Fatalf("got %v", err)
		}
		func() {
			defer func() { _ = recover() }()
			_ = d.Tx(t.Context(), func(tx *Tx) error {
				must(t, tx.SetSetting(Setting{Key: "b", Value: json.RawMessage(`1`)}))
				panic("boom")
			})
		}()
		l, err := d.Settings(t.Context())
		if err != nil || len(l) != 0 {
			t.Errorf("kept %v, %v", l, err)
		}
	})
}

func TestSettings(t *testing.T) {
	both(t, Options{}, func(t *testing.T, d *DB) {
		ctx := t.Context()
		if _, err := d.Setting(ctx, "theme"); !errors.Is(err, ErrNotFound) {
			t.Errorf("got %v", err)
		}
		must(t, d.SetSetting(ctx, Setting{Key: "theme", Value: json.RawMessage(`"dark"`), Source: "stick", Locked: true}))
		err := d.SetSetting(ctx, Setting{Key: "theme", Value: json.RawMessage(`"light"`), Source: "user"})
		if !errors.Is(err, ErrLocked) || !strings.Contains(err.Error(), "theme") {
			t.Errorf("got %v", err)
		}
		must(t, d.SetSetting(ctx, Setting{Key: "theme", Value: json.RawMessage(`"light"`), Source: "stick"}))
		must(t, d.SetSetting(ctx, Setting{Key: "theme", Value: json.RawMessage(`"dark"`), Source: "user"}))
		s, err := d.Setting(ctx, "theme")
		if err != nil || string(s.Value) != `"dark"` || s.Source != "user" || s.Locked {
			t.Errorf("got %+v, %v", s, err)
		}
		if err := d.SetSetting(ctx, Setting{Key: "x", Value: json.RawMessage(`{`)}); err == nil {
			t.Error("took broken JSON")
		}
		must(t, d.Tx(ctx, func(tx *Tx) error { return tx.DeleteSetting("theme") }))
		if _, err := d.Setting(ctx, "theme"); !errors.Is(err, ErrNotFound) {
			t.Errorf("got %v", err)
		}
	})
}

func TestOpenRefusesANewerSchema(t *testing.T) {
	path := filepath.Join(t.TempDir(), "p.db")
	d := openTest(t, path, Options{})
	_, err := d.write.Exec("PRAGMA user_version = 99; PRAGMA application_id = 99")
	must(t, err)
	must(t, d.Close())
	_, err = Open(path, Options{SetAside: true})
	if !errors.Is(err, ErrNewer) || !strings.Contains(err.Error(), "99") {
		t.Errorf("got %v", err)
	}
}

// A firmware that was updated and rolled back uses its database on, unless a step
// says that it can't; forward again nothing runs twice.
func TestAFirmwareIsRolledBack(t *testing.T) {
	for _, c := range []struct {
		name, third, fourth string
		usable              bool
	}{
		{"steps that add", "-- usable from: 2\nALTER TABLE a ADD COLUMN y DEFAULT 0;", "-- usable from: 2\nCREATE TABLE c (x);", true},
		{"a step that does not say so", "ALTER TABLE a RENAME COLUMN x TO z;", "", false},
		{"one that adds after one that does not", "ALTER TABLE a RENAME COLUMN x TO z;", "-- usable from: 2\nCREATE TABLE c (x);", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			db, err := sql.Open("sqlite", dsn(Memory, "journal_mode(WAL)", ""))
			must(t, err)
			defer db.Close()
			db.SetMaxOpenConns(1)
			files := fstest.MapFS{"migrations/0001_a.sql": {Data: []byte("CREATE TABLE a (x);")}, "migrations/0002_b.sql": {Data: []byte("CREATE TABLE b (x);")},
				"migrations/0003_c.sql": {Data: []byte(c.third)}}
			if c.fourth != "" {
				files["migrations/0004_d.sql"] = &fstest.MapFile{Data: []byte(c.fourth)}
			}
			after, err := readMigrations(files)
			must(t, err)
			before := after[:2]
			must(t, migrate(t.Context(), db, before))
			_, err = db.Exec("INSERT INTO a (x) VALUES (1)")
			must(t, err)
			must(t, migrate(t.Context(), db, after))
			err = migrate(t.Context(), db, before)
			if c.usable {
				must(t, err)
				_, err = db.Exec("INSERT INTO a (x) VALUES (2)")
				must(t, err)
				var rows int
				must(t, db.QueryRow("SELECT count(*) FROM a").Scan(&rows))
				if rows != 2 {
					t.Errorf("%d rows", rows)
				}
			} else if !errors.Is(err, ErrNewer) {
				t.Errorf("got %v", err)
			}
			must(t, migrate(t.Context(), db, after))
		})
	}
	for _, line := range []string{"-- usable from: 3", "-- usable from: 0", "-- usable from: x"} {
		if _, err := readMigrations(fstest.MapFS{"migrations/0001_a.sql": {}, "migrations/0002_b.sql": {Data: []byte(line)}}); err == nil {
			t.Errorf("%q was taken", line)
		}
	}
}

func TestMigrationsRunOnceAndStopAtTheBrokenOne(t *testing.T) {
	db, err := sql.Open("sqlite", dsn(Memory, "journal_mode(WAL)", ""))
	must(t, err)
	defer db.Close()
	db.SetMaxOpenConns(1)
	files := fstest.MapFS{
		"migrations/0001_a.sql": {Data: []byte("CREATE TABLE a (x); INSERT INTO a VALUES (1);")},
		"migrations/0002_b.sql": {Data: []byte("CREATE TABLE b (x); CREATE TABLE a (x);")},
	}
	steps, err := readMigrations(files)
	must(t, err)
	for range 2 {
		if err := migrate(t.Context(), db, steps); err == nil || !strings.Contains(err.Error(), "0002_b") {
			t.Fatalf("got %v", err)
		}
	}
	var version, rows, tables int
	must(t, db.QueryRow("PRAGMA user_version").Scan(&version))
	must(t, db.QueryRow("SELECT count(*) FROM a").Scan(&rows))
	must(t, db.QueryRow("SELECT count(*) FROM sqlite_master WHERE name = 'b'").Scan(&tables))
	if version != 1 || rows != 1 || tables != 0 {
		t.Errorf("version %d, rows %d, tables of the broken step %d", version, rows, tables)
	}
	files["migrations/0004_d.sql"] = &fstest.MapFile{}
	if _, err := readMigrations(files); err == nil {
		t.Error("a gap went unnoticed")
	}
}

func record(i int) calllog.Record {
	at := day.Add(time.Duration(i) * time.Minute)
	return calllog.Record{
		CallID: fmt.Sprintf("id-%04d", i), UserID: "123", SIPDomain: "prod", CallerIDNumber: "1001", PhoneNumber: "9196", Direction: calllog.Outbound,
		Disposition: calllog.Answered, StartedAt: at, EndedAt: at.Add(5 * time.Second), Duration: 5 * time.Second, CreatedAt: at,
		Outcome: calllog.OutcomeAnswered, Line: "1001@prod", Name: "Echo",
	}
}

// damage overwrites the middle of the file, beyond the first pages.
func damage(t *testing.T, path string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	must(t, err)
	defer f.Close()
	info, _ := f.Stat()
	for off := info.Size() / 2; off < info.Size()*3/4; off += 512 {
		_, err = f.WriteAt([]byte(strings.Repeat("\xff", 512)), off)
		must(t, err)
	}
}

func TestDamagedDatabase(t *testing.T) {
	path := filepath.Join(t.TempDir(), "p.db")
	d := openTest(t, path, Options{})
	for i := range 300 {
		must(t, d.AddCall(t.Context(), record(i), true))
	}
	must(t, d.SetSetting(t.Context(), Setting{Key: "theme", Value: json.RawMessage(`"dark"`)}))
	must(t, d.Close())
	damage(t, path)
	if _, err := Open(path, Options{}); !errors.Is(err, ErrCorrupt) {
		t.Fatalf("got %v", err)
	}
	again := openTest(t, path, Options{SetAside: true})
	s := again.Salvaged()
	if s == nil || s.Rows == 0 {
		t.Fatalf("salvaged %+v", s)
	}
	if _, err := os.Stat(s.Path); err != nil {
		t.Error(err)
	}
	if _, err := again.Setting(t.Context(), "theme"); err != nil {
		t.Errorf("the setting was readable and is lost: %v", err)
	}
	calls, err := again.Calls(t.Context(), CallQuery{Limit: 1000})
	if err != nil || len(calls) == 0 {
		t.Errorf("no call was saved: %v", err)
	}
	t.Logf("saved %d rows, %d of 300 calls", s.Rows, len(calls))
	must(t, again.Close())
	if d := openTest(t, path, Options{}); d.Salvaged() != nil {
		t.Error("salvaged twice")
	}
}

func TestNoDatabaseAtAll(t *testing.T) {
	path := filepath.Join(t.TempDir(), "p.db")
	must(t, os.WriteFile(path, []byte(strings.Repeat("not a database ", 300)), 0o600))
	if _, err := Open(path, Options{}); !errors.Is(err, ErrCorrupt) {
		t.Errorf("got %v", err)
	}
	d := openTest(t, path, Options{SetAside: true})
	must(t, d.AddCall(t.Context(), record(1), false))
}

func TestFullDatabaseSaysSoAndStaysUsable(t *testing.T) {
	d := openTest(t, filepath.Join(t.TempDir(), "p.db"), Options{MaxBytes: 40 * 4096})
	var err error
	n := 0
	for ; n < 5000 && err == nil; n++ {
		err = d.AddCall(t.Context(), record(n), true)
	}
	if !errors.Is(err, ErrFull) {
		t.Fatalf("after %d calls: %v", n, err)
	}
	l, err := d.Calls(t.Context(), CallQuery{Limit: 1})
	if err != nil || len(l) != 1 || l[0].CallID != record(n-2).CallID {
		t.Errorf("got %v, %v", l, err)
	}
	p, found, err := d.NextPending(t.Context(), "123")
	if err != nil || !found {
		t.Fatal(err)
	}
	must(t, d.Accepted(t.Context(), p.Seq))
}

func TestReadOnlyDirectory(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root writes everywhere; the mapping of the error is tested without")
	}
	dir := t.TempDir()
	must(t, os.Chmod(dir, 0o500))
	if _, err := Open(filepath.Join(dir, "p.db"), Options{}); !errors.Is(err, ErrReadOnly) {
		t.Errorf("got %v", err)
	}
}

func TestErrorsOfTheKernelAreNamed(t *testing.T) {
	for err, want := range map[error]error{
		&os.PathError{Op: "open", Path: "x", Err: os.ErrPermission}: ErrReadOnly,
		fmt.Errorf("x: %w", errROFS):                                ErrReadOnly, fmt.Errorf("x: %w", errNoSpace): ErrFull,
	} {
		if got := explain("op", err); !errors.Is(got, want) {
			t.Errorf("%v: %v", err, got)
		}
	}
}

func TestWipeLeavesNothingInTheFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "p.db")
	d := openTest(t, path, Options{})
	r := record(1)
	r.Name = "Zebulon Quisenberry"
	must(t, d.AddCall(t.Context(), r, true))
	must(t, d.Tx(t.Context(), func(tx *Tx) error {
		return tx.PutContact(Contact{ID: "1", Name: "Zebulon Quisenberry", Numbers: []ContactNumber{{"123", ""}}})
	}))
	must(t, d.Wipe(t.Context()))
	for _, suffix := range []string{"", "-wal"} {
		b, err := os.ReadFile(path + suffix)
		if err != nil || strings.Contains(string(b), "Quisenberry") {
			t.Errorf("%q still holds the name (%v)", suffix, err)
		}
	}
	pending, _, err := d.OutboxCount(t.Context())
	if err != nil || pending != 0 {
		t.Errorf("%d wait, %v", pending, err)
	}
	must(t, d.AddCall(t.Context(), r, true))
}

func TestContacts(t *testing.T) {
	both(t, Options{}, func(t *testing.T, d *DB) {
		ctx := t.Context()
		put := func(c Contact) { must(t, d.Tx(ctx, func(tx *Tx) error { return tx.PutContact(c) })) }
		put(Contact{ID: "1", Name: "bob", Numbers: []ContactNumber{{"+49 (30) 123-45", "work"}, {"1002", ""}}})
		put(Contact{ID: "2", Name: "Alice"})
		put(Contact{ID: "1", Name: "Bob", Numbers: []ContactNumber{{"+49 (30) 123-45", "work"}}})
		l, err := d.Contacts(ctx, "", 0)
		if err != nil || len(l) != 2 || l[0].Name != "Alice" || l[1].Name != "Bob" || len(l[1].Numbers) != 1 {
			t.Errorf("got %+v, %v", l, err)
		}
		c, err := d.ContactByNumber(ctx, "+493012345")
		if err != nil || c.ID != "1" {
			t.Errorf("got %+v, %v", c, err)
		}
		for _, n := range []string{"1002", "", "()", "493012345"} {
			if _, err := d.ContactByNumber(ctx, n); !errors.Is(err, ErrNotFound) {
				t.Errorf("%q: %v", n, err)
			}
		}
		if l, _ := d.Contacts(ctx, "LIC", 0); len(l) != 1 || l[0].ID != "2" {
			t.Errorf("got %+v", l)
		}
		must(t, d.Tx(ctx, func(tx *Tx) error { return tx.DeleteContact("1") }))
		if _, err := d.ContactByNumber(ctx, "+493012345"); !errors.Is(err, ErrNotFound) {
			t.Errorf("the numbers outlive the contact: %v", err)
		}
	})
}

func BenchmarkAddCall(b *testing.B) {
	d := openTest(b, filepath.Join(b.TempDir(), "p.db"), Options{})
	ctx := context.Background()
	i := 0
	for b.Loop() {
		must(b, d.AddCall(ctx, record(i), true))
		i++
	}
}

func BenchmarkCalls(b *testing.B) {
	d := openTest(b, filepath.Join(b.TempDir(), "p.db"), Options{})
	ctx := context.Background()
	must(b, d.Tx(ctx, func(t *Tx) error {
		for i := range 1000 {
			if err := t.AddCall(record(i), false); err != nil {
				return err
			}
		}
		return nil
	}))
	for b.Loop() {
		if _, err := d.Calls(ctx, CallQuery{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSecretsSet(b *testing.B) {
	s, err := OpenSecrets(filepath.Join(b.TempDir(), "s.json"))
	must(b, err)
	i := 0
	for b.Loop() {
		must(b, s.Set(secretsFor(i)))
		i++
	}
}

func BenchmarkOpen(b *testing.B) {
	path := filepath.Join(b.TempDir(), "p.db")
	d := openTest(b, path, Options{})
	must(b, d.Tx(context.Background(), func(t *Tx) error {
		for i := range 1000 {
			if err := t.AddCall(record(i), false); err != nil {
				return err
			}
		}
		return nil
	}))
	must(b, d.Close())
	for b.Loop() {
		d, err := Open(path, Options{})
		must(b, err)
		must(b, d.Close())
	}
}
