-- Who managed the phone: bounded, the oldest go.
CREATE TABLE audit (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    at      INTEGER NOT NULL, -- ms
    name    TEXT NOT NULL,
    role    TEXT NOT NULL,
    means   TEXT NOT NULL,
    address TEXT NOT NULL,
    what    TEXT NOT NULL,
    target  TEXT NOT NULL,
    status  INTEGER NOT NULL,
    count   INTEGER NOT NULL
) STRICT;
