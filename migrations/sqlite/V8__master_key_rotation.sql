-- A rotation of the master key that is under way: the next key beside the one that is recorded.

CREATE TABLE master_key_rotation (
    only        INTEGER PRIMARY KEY CHECK (only = 1),
    id          BLOB    NOT NULL CHECK (length(id) = 8),
    probe       BLOB    NOT NULL,
    created     INTEGER NOT NULL,
    -- Each of the two keys under the other; NULL where others may have the old one.
    sealed_next BLOB,
    sealed_old  BLOB
) STRICT;
