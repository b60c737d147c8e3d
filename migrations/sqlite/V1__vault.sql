-- Rules that must never break are constraints here: they hold whatever program writes to the file.
-- Times are whole seconds since 1970. `seq` keeps the order of creation within one second.

CREATE TABLE org (
    seq        INTEGER PRIMARY KEY AUTOINCREMENT,
    id         TEXT    NOT NULL UNIQUE,
    name       TEXT    NOT NULL UNIQUE CHECK (length(name) BETWEEN 1 AND 255),
    domain     TEXT    UNIQUE,
    is_default INTEGER NOT NULL CHECK (is_default IN (0, 1)),
    created    INTEGER NOT NULL
) STRICT;

CREATE UNIQUE INDEX org_default ON org (is_default) WHERE is_default = 1;

CREATE TABLE hook_key (
    seq          INTEGER PRIMARY KEY AUTOINCREMENT,
    id           TEXT    NOT NULL UNIQUE,
    org_id       TEXT    NOT NULL REFERENCES org (id),
    -- The cap: an org has 50 slots, and a key takes one.
    slot         INTEGER NOT NULL CHECK (slot BETWEEN 1 AND 50),
    key_id       TEXT    NOT NULL UNIQUE,
    name         TEXT    NOT NULL CHECK (length(name) BETWEEN 1 AND 255),
    created      INTEGER NOT NULL,
    last_updated INTEGER NOT NULL,
    modulus      BLOB    NOT NULL CHECK (length(modulus) = 256),
    exponent     BLOB    NOT NULL CHECK (length(exponent) > 0),
    sealed_pkcs8 BLOB    NOT NULL CHECK (length(sealed_pkcs8) > 0),
    UNIQUE (org_id, name),
    UNIQUE (org_id, slot),
    UNIQUE (org_id, id)
) STRICT;

-- Who uses a key. A row here blocks the deletion of its key, and is what `isUsed` means.
CREATE TABLE hook_key_reference (
    org_id        TEXT    NOT NULL,
    hook_key_id   TEXT    NOT NULL,
    consumer_kind TEXT    NOT NULL CHECK (length(consumer_kind) > 0),
    consumer_id   TEXT    NOT NULL CHECK (length(consumer_id) > 0),
    consumer_name TEXT    NOT NULL,
    since         INTEGER NOT NULL,
    PRIMARY KEY (org_id, hook_key_id, consumer_kind, consumer_id),
    FOREIGN KEY (org_id, hook_key_id) REFERENCES hook_key (org_id, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE api_token (
    seq     INTEGER PRIMARY KEY AUTOINCREMENT,
    id      TEXT    NOT NULL UNIQUE,
    org_id  TEXT    NOT NULL REFERENCES org (id),
    user_id TEXT    NOT NULL UNIQUE,
    name    TEXT    NOT NULL CHECK (length(name) BETWEEN 1 AND 255),
    -- SHA-256 of the token.
    hash    BLOB    NOT NULL UNIQUE CHECK (length(hash) = 32),
    scopes  TEXT    NOT NULL,
    created INTEGER NOT NULL,
    expires INTEGER,
    revoked INTEGER
) STRICT;

-- A name is free again once its token is revoked.
CREATE UNIQUE INDEX api_token_name ON api_token (org_id, name) WHERE revoked IS NULL;

-- Which master key seals this file. `probe` is a known value under it: it opens with that key alone.
CREATE TABLE master_key (
    only    INTEGER PRIMARY KEY CHECK (only = 1),
    id      BLOB    NOT NULL CHECK (length(id) = 8),
    probe   BLOB    NOT NULL,
    created INTEGER NOT NULL
) STRICT;
