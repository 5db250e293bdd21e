package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
)

// Setting is one remembered choice.
type Setting struct {
	Key    string
	Value  json.RawMessage
	Source string // who set it, in provisioning's words
	Locked bool   // only its source may change it
}

const settingColumns = "key, value, source, locked"

func scanSetting(r *sql.Rows) (Setting, error) {
	var s Setting
	var v string
	err := r.Scan(&s.Key, &v, &s.Source, &s.Locked)
	s.Value = json.RawMessage(v)
	return s, err
}

// Setting reads one; ErrNotFound: it was never set.
func (t *Tx) Setting(key string) (Setting, error) { return setting(t.ctx, t.tx, key) }

// Setting reads one; ErrNotFound: it was never set.
func (d *DB) Setting(ctx context.Context, key string) (Setting, error) {
	s, err := setting(ctx, d.read, key)
	return s, explain("read setting "+key, err)
}

func setting(ctx context.Context, q querier, key string) (Setting, error) {
	l, err := collect(ctx, q, scanSetting, "SELECT "+settingColumns+" FROM settings WHERE key = ?", key)
	if err == nil && len(l) == 0 {
		err = fmt.Errorf("setting %s: %w", key, ErrNotFound)
	}
	if err != nil {
		return Setting{}, err
	}
	return l[0], nil
}

// Settings reads all, by key.
func (d *DB) Settings(ctx context.Context) ([]Setting, error) {
	l, err := collect(ctx, d.read, scanSetting, "SELECT "+settingColumns+" FROM settings ORDER BY key")
	return l, explain("read the settings", err)
}

// SetSetting writes one. ErrLocked: it is locked by another source. An equal
// value is not written again.
func (t *Tx) SetSetting(s Setting) error {
	if !json.Valid(s.Value) {
		return fmt.Errorf("setting %s: the value is not JSON", s.Key)
	}
	old, err := t.Setting(s.Key)
	switch {
	case errors.Is(err, ErrNotFound):
	case err != nil:
		return err
	case old.Locked && old.Source != s.Source:
		return fmt.Errorf("setting %s: %w (%s)", s.Key, ErrLocked, old.Source)
	case string(old.Value) == string(s.Value) && old.Source == s.Source && old.Locked == s.Locked:
		return nil
	}
	_, err = t.exec("INSERT INTO settings (key, value, source, locked, changed_at) VALUES (?, ?, ?, ?, ?) "+
		"ON CONFLICT (key) DO UPDATE SET value = excluded.value, source = excluded.source, locked = excluded.locked, changed_at = excluded.changed_at",
		s.Key, string(s.Value), s.Source, s.Locked, t.opts.Clock.Now().UnixMilli())
	return err
}

// SetSetting writes one in a transaction of its own.
func (d *DB) SetSetting(ctx context.Context, s Setting) error {
	return d.Tx(ctx, func(t *Tx) error { return t.SetSetting(s) })
}

// DeleteSetting removes one, so that what was provisioned or built in counts.
func (t *Tx) DeleteSetting(key string) error {
	_, err := t.exec("DELETE FROM settings WHERE key = ?", key)
	return err
}
