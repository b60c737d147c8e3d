-- A rotation of the master key that is under way: the next key beside the one that is recorded.

CREATE TABLE master_key_rotation (
    "only"      BIGINT CONSTRAINT master_key_rotation_only PRIMARY KEY CHECK ("only" = 1),
    id          BYTEA  NOT NULL CHECK (octet_length(id) = 8),
    probe       BYTEA  NOT NULL,
    created     BIGINT NOT NULL,
    -- Each of the two keys under the other; NULL where others may have the old one.
    sealed_next BYTEA,
    sealed_old  BYTEA
);
