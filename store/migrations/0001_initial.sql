-- Times are Unix milliseconds; 0 means none.
CREATE TABLE settings (
  key        TEXT PRIMARY KEY,
  value      TEXT NOT NULL,              -- JSON
  source     TEXT NOT NULL DEFAULT '',
  locked     INTEGER NOT NULL DEFAULT 0,
  changed_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE history (
  call_id          TEXT PRIMARY KEY,
  user_id          TEXT NOT NULL,
  sip_domain       TEXT NOT NULL,
  caller_id_number TEXT NOT NULL,
  phone_number     TEXT NOT NULL,
  direction        TEXT NOT NULL,
  disposition      TEXT NOT NULL,
  started_at       INTEGER NOT NULL,
  ended_at         INTEGER NOT NULL,
  duration_seconds INTEGER NOT NULL,
  recording_url    TEXT NOT NULL,
  created_at       INTEGER NOT NULL,
  outcome          TEXT NOT NULL,
  line             TEXT NOT NULL,
  name             TEXT NOT NULL,
  voicemail        INTEGER NOT NULL,
  seen             INTEGER NOT NULL,
  synced           INTEGER NOT NULL,
  changed          INTEGER NOT NULL      -- the revision that wrote it last
) STRICT;
CREATE INDEX history_by_time ON history (started_at DESC, created_at DESC);

CREATE TABLE revision (n INTEGER NOT NULL) STRICT;
INSERT INTO revision VALUES (0);

CREATE TABLE outbox (
  seq      INTEGER PRIMARY KEY AUTOINCREMENT,
  kind     TEXT NOT NULL,                -- create, update
  call_id  TEXT NOT NULL,
  user_id  TEXT NOT NULL,
  patch    TEXT NOT NULL,                -- JSON, of an update
  attempts INTEGER NOT NULL DEFAULT 0,
  next_at  INTEGER NOT NULL DEFAULT 0,
  state    TEXT NOT NULL DEFAULT 'pending', -- pending, set_aside
  reason   TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX outbox_by_call ON outbox (call_id, seq);
CREATE INDEX outbox_pending ON outbox (state, user_id, next_at, seq);

CREATE TABLE contacts (
  id         TEXT PRIMARY KEY,
  name       TEXT NOT NULL,
  source     TEXT NOT NULL,
  changed_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX contacts_by_name ON contacts (name COLLATE NOCASE);

CREATE TABLE contact_numbers (
  contact_id TEXT NOT NULL REFERENCES contacts (id) ON DELETE CASCADE,
  position   INTEGER NOT NULL,
  number     TEXT NOT NULL,
  label      TEXT NOT NULL,
  digits     TEXT NOT NULL,              -- the number without its decoration
  PRIMARY KEY (contact_id, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX contact_numbers_by_digits ON contact_numbers (digits);
