-- The audit trail: entries that are numbered without a gap in each org, and the nodes of the tree over them (RFC 6962).

CREATE TABLE audit_head (
    org_id    TEXT    PRIMARY KEY REFERENCES org (id),
    -- The number of the next entry.
    size      INTEGER NOT NULL CHECK (size >= 0),
    -- Entries before this one have lost their texts, for their age.
    forgotten INTEGER NOT NULL CHECK (forgotten BETWEEN 0 AND size),
    seal      BLOB    NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE audit_entry (
    org_id    TEXT    NOT NULL REFERENCES org (id),
    number    INTEGER NOT NULL CHECK (number >= 0),
    published INTEGER NOT NULL,
    kind      TEXT    NOT NULL,
    -- JSON, in one line.
    entry     TEXT,
    -- The hash of the text: it stays when that goes.
    leaf      BLOB    NOT NULL CHECK (length(leaf) = 32),
    seal      BLOB    NOT NULL,
    PRIMARY KEY (org_id, number)
) STRICT, WITHOUT ROWID;

CREATE INDEX audit_entry_published ON audit_entry (org_id, published, number);

CREATE TABLE audit_node (
    org_id TEXT    NOT NULL REFERENCES org (id),
    -- In the order in which nodes are completed.
    place  INTEGER NOT NULL CHECK (place >= 0),
    hash   BLOB    NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (org_id, place)
) STRICT, WITHOUT ROWID;

-- What signs an org's checkpoints: Ed25519.
CREATE TABLE audit_key (
    org_id      TEXT    PRIMARY KEY REFERENCES org (id),
    public_key  BLOB    NOT NULL CHECK (length(public_key) = 32),
    sealed_seed BLOB    NOT NULL CHECK (length(sealed_seed) > 0),
    created     INTEGER NOT NULL,
    seal        BLOB    NOT NULL
) STRICT, WITHOUT ROWID;
