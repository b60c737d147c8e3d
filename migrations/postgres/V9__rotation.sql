-- Rotation of hook keys. The row of a hook key stays the key that signs; beside it stand the next one and those that are retired.

-- From when on the key signs; NULL where it does since it was made.
ALTER TABLE hook_key ADD COLUMN signs_from BIGINT;
-- In seconds; NULL where nobody but a person rotates it.
ALTER TABLE hook_key ADD COLUMN rotate_every BIGINT CHECK (rotate_every > 0);

CREATE INDEX hook_key_rotating ON hook_key ((coalesce(signs_from, created) + rotate_every), id) WHERE rotate_every IS NOT NULL;

CREATE TABLE hook_key_version (
    -- No key of `hook_key` has it either: the vault makes each once.
    key_id       TEXT   COLLATE "C" NOT NULL,
    org_id       TEXT   COLLATE "C" NOT NULL,
    hook_key_id  TEXT   COLLATE "C" NOT NULL,
    modulus      BYTEA  NOT NULL CHECK (octet_length(modulus) BETWEEN 256 AND 512),
    exponent     BYTEA  NOT NULL CHECK (octet_length(exponent) > 0),
    -- From when on it will sign, or has signed.
    signs_from   BIGINT NOT NULL,
    -- Of a next key: for how many seconds the one before it stays published then.
    grace        BIGINT CHECK (grace >= 0),
    -- Of a retired key: until when it is published.
    until        BIGINT,
    -- Of a next key: that of a retired one is gone.
    sealed_pkcs8 BYTEA  CHECK (octet_length(sealed_pkcs8) > 0),
    -- As in `hook_key`.
    origin       TEXT   COLLATE "C" CHECK (origin IN ('made', 'imported')),
    born_by      TEXT   COLLATE "C",
    born_with    TEXT   COLLATE "C",
    seal         BYTEA  NOT NULL,
    CONSTRAINT hook_key_version_key_id PRIMARY KEY (key_id),
    CONSTRAINT hook_key_version_key_fkey FOREIGN KEY (org_id, hook_key_id) REFERENCES hook_key (org_id, id) ON DELETE CASCADE,
    CHECK ((until IS NULL) = (grace IS NOT NULL)),
    CHECK ((until IS NULL) = (sealed_pkcs8 IS NOT NULL))
);

-- One key is the next one.
CREATE UNIQUE INDEX hook_key_version_next ON hook_key_version (org_id, hook_key_id) WHERE until IS NULL;

CREATE INDEX hook_key_version_key ON hook_key_version (org_id, hook_key_id);

-- When something is to be done about it.
CREATE INDEX hook_key_version_due ON hook_key_version (coalesce(until, signs_from), hook_key_id);
