-- OAuth 2.0: service apps with their public keys, the keys that sign access tokens, and the ids of tokens that count once.

CREATE TABLE service_app (
    seq          BIGINT  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- The client id.
    id           TEXT    COLLATE "C" NOT NULL,
    org_id       TEXT    COLLATE "C" NOT NULL REFERENCES org (id),
    name         TEXT    COLLATE "C" NOT NULL CHECK (length(name) BETWEEN 1 AND 255),
    scopes       TEXT    COLLATE "C" NOT NULL CHECK (length(scopes) > 0),
    dpop_bound   BOOLEAN NOT NULL,
    active       BOOLEAN NOT NULL,
    created      BIGINT  NOT NULL,
    last_updated BIGINT  NOT NULL,
    -- How often it was activated again. A token counts for the one in which it was issued.
    activations  BIGINT  NOT NULL CHECK (activations >= 0),
    CONSTRAINT service_app_id_unique UNIQUE (id),
    CONSTRAINT service_app_name_unique UNIQUE (org_id, name)
);

CREATE TABLE service_app_key (
    seq     BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    app_id  TEXT   COLLATE "C" NOT NULL REFERENCES service_app (id) ON DELETE CASCADE,
    kid     TEXT   COLLATE "C" NOT NULL CHECK (length(kid) BETWEEN 1 AND 255),
    kind    TEXT   COLLATE "C" NOT NULL CHECK (kind IN ('RSA', 'P-256', 'P-384', 'P-521')),
    -- Of an RSA key modulus and exponent, of the others x and y.
    first   BYTEA  NOT NULL CHECK (octet_length(first) > 0),
    second  BYTEA  NOT NULL CHECK (octet_length(second) > 0),
    created BIGINT NOT NULL,
    CONSTRAINT service_app_key_kid_unique UNIQUE (app_id, kid),
    CHECK (CASE kind
        WHEN 'RSA' THEN octet_length(first) BETWEEN 256 AND 1024
        WHEN 'P-256' THEN octet_length(first) = 32 AND octet_length(second) = 32
        WHEN 'P-384' THEN octet_length(first) = 48 AND octet_length(second) = 48
        WHEN 'P-521' THEN octet_length(first) = 66 AND octet_length(second) = 66
    END)
);

-- Which of an org's keys signs follows from `signs_from`: the latest that is not in the future, and of several the one that was
-- made last.
CREATE TABLE signing_key (
    org_id       TEXT   COLLATE "C" NOT NULL REFERENCES org (id),
    -- Two who rotate at once make the same generation, and one of them fails.
    generation   BIGINT NOT NULL CHECK (generation >= 1),
    key_id       TEXT   COLLATE "C" NOT NULL,
    modulus      BYTEA  NOT NULL CHECK (octet_length(modulus) = 256),
    exponent     BYTEA  NOT NULL CHECK (octet_length(exponent) > 0),
    sealed_pkcs8 BYTEA  NOT NULL CHECK (octet_length(sealed_pkcs8) > 0),
    created      BIGINT NOT NULL,
    signs_from   BIGINT NOT NULL,
    CONSTRAINT signing_key_generation PRIMARY KEY (org_id, generation),
    CONSTRAINT signing_key_key_id_unique UNIQUE (key_id)
);

-- Client assertions and DPoP proofs that were used. A second use breaks the primary key, whichever server tries it.
CREATE TABLE used_token_id (
    -- SHA-256 of whose it is, and its `jti`.
    hash    BYTEA  PRIMARY KEY CHECK (octet_length(hash) = 32),
    -- From then on the token is refused for its age.
    expires BIGINT NOT NULL
);

CREATE INDEX used_token_id_expires ON used_token_id (expires);
