-- OAuth 2.0: service apps with their public keys, the keys that sign access tokens, and the ids of tokens that count once.

CREATE TABLE service_app (
    seq          INTEGER PRIMARY KEY AUTOINCREMENT,
    -- The client id.
    id           TEXT    NOT NULL UNIQUE,
    org_id       TEXT    NOT NULL REFERENCES org (id),
    name         TEXT    NOT NULL CHECK (length(name) BETWEEN 1 AND 255),
    scopes       TEXT    NOT NULL CHECK (length(scopes) > 0),
    dpop_bound   INTEGER NOT NULL CHECK (dpop_bound IN (0, 1)),
    active       INTEGER NOT NULL CHECK (active IN (0, 1)),
    created      INTEGER NOT NULL,
    last_updated INTEGER NOT NULL,
    -- How often it was activated again. A token counts for the one in which it was issued.
    activations  INTEGER NOT NULL CHECK (activations >= 0),
    UNIQUE (org_id, name)
) STRICT;

CREATE TRIGGER service_app_deleted BEFORE DELETE ON service_app WHEN OLD.active = 1
BEGIN
    SELECT RAISE(ABORT, 'the service app is active');
END;

CREATE TABLE service_app_key (
    seq     INTEGER PRIMARY KEY AUTOINCREMENT,
    app_id  TEXT    NOT NULL REFERENCES service_app (id) ON DELETE CASCADE,
    kid     TEXT    NOT NULL CHECK (length(kid) BETWEEN 1 AND 255),
    kind    TEXT    NOT NULL CHECK (kind IN ('RSA', 'P-256', 'P-384', 'P-521')),
    -- Of an RSA key modulus and exponent, of the others x and y.
    first   BLOB    NOT NULL CHECK (length(first) > 0),
    second  BLOB    NOT NULL CHECK (length(second) > 0),
    created INTEGER NOT NULL,
    UNIQUE (app_id, kid),
    CHECK (CASE kind
        WHEN 'RSA' THEN length(first) BETWEEN 256 AND 1024
        WHEN 'P-256' THEN length(first) = 32 AND length(second) = 32
        WHEN 'P-384' THEN length(first) = 48 AND length(second) = 48
        WHEN 'P-521' THEN length(first) = 66 AND length(second) = 66
    END)
) STRICT;

-- Which of an org's keys signs follows from `signs_from`: the latest that is not in the future, and of several the one that was
-- made last.
CREATE TABLE signing_key (
    org_id       TEXT    NOT NULL REFERENCES org (id),
    -- Two who rotate at once make the same generation, and one of them fails.
    generation   INTEGER NOT NULL CHECK (generation >= 1),
    key_id       TEXT    NOT NULL UNIQUE,
    modulus      BLOB    NOT NULL CHECK (length(modulus) = 256),
    exponent     BLOB    NOT NULL CHECK (length(exponent) > 0),
    sealed_pkcs8 BLOB    NOT NULL CHECK (length(sealed_pkcs8) > 0),
    created      INTEGER NOT NULL,
    signs_from   INTEGER NOT NULL,
    PRIMARY KEY (org_id, generation)
) STRICT, WITHOUT ROWID;

-- Client assertions and DPoP proofs that were used. A second use breaks the primary key, whichever process tries it.
CREATE TABLE used_token_id (
    -- SHA-256 of whose it is, and its `jti`.
    hash    BLOB    PRIMARY KEY CHECK (length(hash) = 32),
    -- From then on the token is refused for its age.
    expires INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX used_token_id_expires ON used_token_id (expires);
