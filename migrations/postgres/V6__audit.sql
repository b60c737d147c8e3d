-- The audit trail: entries that are numbered without a gap in each org, and the nodes of the tree over them (RFC 6962).

CREATE TABLE audit_head (
    org_id    TEXT   COLLATE "C" PRIMARY KEY REFERENCES org (id),
    -- The number of the next entry.
    size      BIGINT  NOT NULL CHECK (size >= 0),
    -- Entries before this one have lost their texts, for their age.
    forgotten BIGINT  NOT NULL CHECK (forgotten BETWEEN 0 AND size),
    seal      BYTEA   NOT NULL
);

CREATE TABLE audit_entry (
    org_id    TEXT   COLLATE "C" NOT NULL REFERENCES org (id),
    number    BIGINT  NOT NULL CHECK (number >= 0),
    published BIGINT  NOT NULL,
    kind      TEXT   COLLATE "C" NOT NULL,
    -- JSON, in one line.
    entry     TEXT   COLLATE "C",
    -- The hash of the text: it stays when that goes.
    leaf      BYTEA   NOT NULL CHECK (octet_length(leaf) = 32),
    seal      BYTEA   NOT NULL,
    PRIMARY KEY (org_id, number)
);

CREATE INDEX audit_entry_published ON audit_entry (org_id, published, number);

CREATE TABLE audit_node (
    org_id TEXT   COLLATE "C" NOT NULL REFERENCES org (id),
    -- In the order in which nodes are completed.
    place  BIGINT  NOT NULL CHECK (place >= 0),
    hash   BYTEA   NOT NULL CHECK (octet_length(hash) = 32),
    PRIMARY KEY (org_id, place)
);

-- What signs an org's checkpoints: Ed25519.
CREATE TABLE audit_key (
    org_id      TEXT   COLLATE "C" PRIMARY KEY REFERENCES org (id),
    public_key  BYTEA   NOT NULL CHECK (octet_length(public_key) = 32),
    sealed_seed BYTEA   NOT NULL CHECK (octet_length(sealed_seed) > 0),
    created     BIGINT  NOT NULL,
    seal        BYTEA   NOT NULL
);
