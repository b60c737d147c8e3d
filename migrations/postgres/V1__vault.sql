-- Rules that must never break are constraints here: they hold whatever program writes to the database, and have names of their own.
-- Times are whole seconds since 1970. `seq` keeps the order of creation within one second. Texts are compared byte by byte.

CREATE TABLE org (
    seq        BIGINT  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id         TEXT    COLLATE "C" NOT NULL,
    name       TEXT    COLLATE "C" NOT NULL CHECK (length(name) BETWEEN 1 AND 255),
    domain     TEXT    COLLATE "C",
    is_default BOOLEAN NOT NULL,
    created    BIGINT  NOT NULL,
    CONSTRAINT org_id_unique UNIQUE (id),
    CONSTRAINT org_name_unique UNIQUE (name),
    CONSTRAINT org_domain_unique UNIQUE (domain)
);

CREATE UNIQUE INDEX org_default ON org (is_default) WHERE is_default;

CREATE TABLE hook_key (
    seq          BIGINT  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id           TEXT    COLLATE "C" NOT NULL,
    org_id       TEXT    COLLATE "C" NOT NULL REFERENCES org (id),
    -- The cap: an org has 50 slots, and a key takes one.
    slot         INTEGER NOT NULL CHECK (slot BETWEEN 1 AND 50),
    key_id       TEXT    COLLATE "C" NOT NULL,
    name         TEXT    COLLATE "C" NOT NULL CHECK (length(name) BETWEEN 1 AND 255),
    created      BIGINT  NOT NULL,
    last_updated BIGINT  NOT NULL,
    modulus      BYTEA   NOT NULL CHECK (octet_length(modulus) = 256),
    exponent     BYTEA   NOT NULL CHECK (octet_length(exponent) > 0),
    sealed_pkcs8 BYTEA   NOT NULL CHECK (octet_length(sealed_pkcs8) > 0),
    CONSTRAINT hook_key_id_unique UNIQUE (id),
    CONSTRAINT hook_key_key_id_unique UNIQUE (key_id),
    CONSTRAINT hook_key_name_unique UNIQUE (org_id, name),
    CONSTRAINT hook_key_slot_unique UNIQUE (org_id, slot),
    CONSTRAINT hook_key_of_org_unique UNIQUE (org_id, id)
);

CREATE TABLE api_token (
    seq     BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id      TEXT   COLLATE "C" NOT NULL,
    org_id  TEXT   COLLATE "C" NOT NULL REFERENCES org (id),
    user_id TEXT   COLLATE "C" NOT NULL,
    name    TEXT   COLLATE "C" NOT NULL CHECK (length(name) BETWEEN 1 AND 255),
    -- SHA-256 of the token.
    hash    BYTEA  NOT NULL CHECK (octet_length(hash) = 32),
    scopes  TEXT   COLLATE "C" NOT NULL,
    created BIGINT NOT NULL,
    expires BIGINT,
    revoked BIGINT,
    CONSTRAINT api_token_id_unique UNIQUE (id),
    CONSTRAINT api_token_user_id_unique UNIQUE (user_id),
    CONSTRAINT api_token_hash_unique UNIQUE (hash)
);

-- A name is free again once its token is revoked.
CREATE UNIQUE INDEX api_token_name ON api_token (org_id, name) WHERE revoked IS NULL;

-- Which master key seals this database. `probe` is a known value under it: it opens with that key alone.
CREATE TABLE master_key (
    "only"  BIGINT CONSTRAINT master_key_only PRIMARY KEY CHECK ("only" = 1),
    id      BYTEA  NOT NULL CHECK (octet_length(id) = 8),
    probe   BYTEA  NOT NULL,
    created BIGINT NOT NULL
);
