-- Inline hooks. What refers to a key, hooks as well, comes with the fourth migration: this engine never had another form of it.

CREATE TABLE inline_hook (
    seq           BIGINT  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id            TEXT    COLLATE "C" NOT NULL,
    org_id        TEXT    COLLATE "C" NOT NULL REFERENCES org (id),
    -- The cap: an org has 100 slots, and a hook takes one.
    slot          INTEGER NOT NULL CHECK (slot BETWEEN 1 AND 100),
    status        TEXT    COLLATE "C" NOT NULL CHECK (status IN ('ACTIVE', 'INACTIVE')),
    name          TEXT    COLLATE "C" NOT NULL CHECK (length(name) BETWEEN 1 AND 255),
    type          TEXT    COLLATE "C" NOT NULL,
    version       TEXT    COLLATE "C" NOT NULL,
    uri           TEXT    COLLATE "C" NOT NULL CHECK (length(uri) BETWEEN 1 AND 1024),
    -- A JSON array of {"key", "value"}.
    headers       TEXT    COLLATE "C" NOT NULL CHECK (json_typeof(headers::json) = 'array'),
    auth          TEXT    COLLATE "C" NOT NULL CHECK (auth IN ('none', 'header', 'client_secret_post', 'private_key_jwt')),
    auth_header   TEXT    COLLATE "C",
    client_id     TEXT    COLLATE "C",
    token_url     TEXT    COLLATE "C",
    scope         TEXT    COLLATE "C",
    hook_key_id   TEXT    COLLATE "C",
    sealed_secret BYTEA,
    created       BIGINT  NOT NULL,
    last_updated  BIGINT  NOT NULL,
    CONSTRAINT inline_hook_id_unique UNIQUE (id),
    CONSTRAINT inline_hook_name_unique UNIQUE (org_id, name),
    CONSTRAINT inline_hook_slot_unique UNIQUE (org_id, slot),
    CONSTRAINT inline_hook_key_fkey FOREIGN KEY (org_id, hook_key_id) REFERENCES hook_key (org_id, id),
    CHECK ((auth = 'header') = (auth_header IS NOT NULL)),
    CHECK ((auth IN ('header', 'client_secret_post')) = (sealed_secret IS NOT NULL)),
    CHECK ((auth IN ('client_secret_post', 'private_key_jwt')) = (client_id IS NOT NULL)),
    CHECK ((auth IN ('client_secret_post', 'private_key_jwt')) = (token_url IS NOT NULL)),
    CHECK ((auth = 'private_key_jwt') = (hook_key_id IS NOT NULL))
);

CREATE INDEX inline_hook_key ON inline_hook (org_id, hook_key_id) WHERE hook_key_id IS NOT NULL;
