-- Inline hooks. The reference of a hook to its key is kept by triggers: it comes and goes with the hook, also where another
-- program inserts, updates or deletes hooks and references, and where that program has not switched foreign keys on.

CREATE TABLE inline_hook (
    seq           INTEGER PRIMARY KEY AUTOINCREMENT,
    id            TEXT    NOT NULL UNIQUE,
    org_id        TEXT    NOT NULL REFERENCES org (id),
    -- The cap: an org has 100 slots, and a hook takes one.
    slot          INTEGER NOT NULL CHECK (slot BETWEEN 1 AND 100),
    status        TEXT    NOT NULL CHECK (status IN ('ACTIVE', 'INACTIVE')),
    name          TEXT    NOT NULL CHECK (length(name) BETWEEN 1 AND 255),
    type          TEXT    NOT NULL,
    version       TEXT    NOT NULL,
    uri           TEXT    NOT NULL CHECK (length(uri) BETWEEN 1 AND 1024),
    -- A JSON array of {"key", "value"}.
    headers       TEXT    NOT NULL CHECK (json_valid(headers)),
    auth          TEXT    NOT NULL CHECK (auth IN ('none', 'header', 'client_secret_post', 'private_key_jwt')),
    auth_header   TEXT,
    client_id     TEXT,
    token_url     TEXT,
    scope         TEXT,
    hook_key_id   TEXT,
    sealed_secret BLOB,
    created       INTEGER NOT NULL,
    last_updated  INTEGER NOT NULL,
    UNIQUE (org_id, name),
    UNIQUE (org_id, slot),
    FOREIGN KEY (org_id, hook_key_id) REFERENCES hook_key (org_id, id),
    CHECK ((auth = 'header') = (auth_header IS NOT NULL)),
    CHECK ((auth IN ('header', 'client_secret_post')) = (sealed_secret IS NOT NULL)),
    CHECK ((auth IN ('client_secret_post', 'private_key_jwt')) = (client_id IS NOT NULL)),
    CHECK ((auth IN ('client_secret_post', 'private_key_jwt')) = (token_url IS NOT NULL)),
    CHECK ((auth = 'private_key_jwt') = (hook_key_id IS NOT NULL))
) STRICT;

CREATE INDEX inline_hook_key ON inline_hook (org_id, hook_key_id) WHERE hook_key_id IS NOT NULL;

-- When the key last signed for the one that refers to it, to the minute.
ALTER TABLE hook_key_reference ADD COLUMN last_used INTEGER;

-- A consumer is found by its id alone.
CREATE UNIQUE INDEX hook_key_reference_consumer ON hook_key_reference (org_id, hook_key_id, consumer_id);

CREATE TRIGGER inline_hook_inserted AFTER INSERT ON inline_hook WHEN NEW.hook_key_id IS NOT NULL
BEGIN
    INSERT INTO hook_key_reference (org_id, hook_key_id, consumer_kind, consumer_id, consumer_name, since)
    VALUES (NEW.org_id, NEW.hook_key_id, 'inline hook', NEW.id, NEW.name, NEW.created);
END;

CREATE TRIGGER inline_hook_rekeyed AFTER UPDATE OF hook_key_id ON inline_hook WHEN NEW.hook_key_id IS NOT OLD.hook_key_id
BEGIN
    DELETE FROM hook_key_reference
    WHERE org_id = OLD.org_id AND hook_key_id = OLD.hook_key_id AND consumer_kind = 'inline hook' AND consumer_id = OLD.id;
    INSERT INTO hook_key_reference (org_id, hook_key_id, consumer_kind, consumer_id, consumer_name, since)
    SELECT NEW.org_id, NEW.hook_key_id, 'inline hook', NEW.id, NEW.name, NEW.last_updated
    WHERE NEW.hook_key_id IS NOT NULL;
END;

CREATE TRIGGER inline_hook_renamed AFTER UPDATE OF name ON inline_hook WHEN NEW.name <> OLD.name
BEGIN
    UPDATE hook_key_reference SET consumer_name = NEW.name
    WHERE org_id = NEW.org_id AND hook_key_id = NEW.hook_key_id AND consumer_kind = 'inline hook' AND consumer_id = NEW.id;
END;

CREATE TRIGGER inline_hook_deleted AFTER DELETE ON inline_hook WHEN OLD.hook_key_id IS NOT NULL
BEGIN
    DELETE FROM hook_key_reference
    WHERE org_id = OLD.org_id AND hook_key_id = OLD.hook_key_id AND consumer_kind = 'inline hook' AND consumer_id = OLD.id;
END;

-- No reference of a hook that is not there, and none taken from one that is.
CREATE TRIGGER hook_key_reference_inserted BEFORE INSERT ON hook_key_reference
WHEN NEW.consumer_kind = 'inline hook' AND NOT EXISTS (
    SELECT 1 FROM inline_hook
    WHERE id = NEW.consumer_id AND org_id = NEW.org_id AND hook_key_id = NEW.hook_key_id
)
BEGIN
    SELECT RAISE(ABORT, 'reference without its inline hook');
END;

CREATE TRIGGER hook_key_reference_deleted BEFORE DELETE ON hook_key_reference
WHEN OLD.consumer_kind = 'inline hook' AND EXISTS (
    SELECT 1 FROM inline_hook
    WHERE id = OLD.consumer_id AND org_id = OLD.org_id AND hook_key_id = OLD.hook_key_id
)
BEGIN
    SELECT RAISE(ABORT, 'inline hook without its reference');
END;

-- What ties the two together does not change under either.
CREATE TRIGGER hook_key_reference_moved
BEFORE UPDATE OF org_id, hook_key_id, consumer_kind, consumer_id ON hook_key_reference
WHEN 'inline hook' IN (OLD.consumer_kind, NEW.consumer_kind)
BEGIN
    SELECT RAISE(ABORT, 'the reference of an inline hook cannot be moved');
END;

CREATE TRIGGER inline_hook_moved BEFORE UPDATE OF id, org_id ON inline_hook
WHEN NEW.id <> OLD.id OR NEW.org_id <> OLD.org_id
BEGIN
    SELECT RAISE(ABORT, 'an inline hook cannot be moved');
END;

-- INSERT OR REPLACE would delete rows without their triggers. The messages are those of the constraints.
CREATE TRIGGER inline_hook_replaced BEFORE INSERT ON inline_hook
WHEN EXISTS (SELECT 1 FROM inline_hook WHERE id = NEW.id OR (org_id = NEW.org_id AND name = NEW.name))
BEGIN
    SELECT RAISE(ABORT, 'UNIQUE constraint failed: inline_hook.org_id, inline_hook.name');
END;

CREATE TRIGGER inline_hook_slot_replaced BEFORE INSERT ON inline_hook
WHEN EXISTS (SELECT 1 FROM inline_hook WHERE org_id = NEW.org_id AND slot = NEW.slot)
BEGIN
    SELECT RAISE(ABORT, 'UNIQUE constraint failed: inline_hook.org_id, inline_hook.slot');
END;

CREATE TRIGGER inline_hook_update_replaced BEFORE UPDATE OF name, slot ON inline_hook
WHEN EXISTS (
    SELECT 1 FROM inline_hook
    WHERE org_id = NEW.org_id AND id <> NEW.id AND (name = NEW.name OR slot = NEW.slot)
)
BEGIN
    SELECT RAISE(ABORT, 'UNIQUE constraint failed: inline_hook.org_id, inline_hook.name');
END;

CREATE TRIGGER hook_key_reference_update_replaced BEFORE UPDATE OF consumer_id ON hook_key_reference
WHEN EXISTS (SELECT 1 FROM inline_hook WHERE id = NEW.consumer_id) AND NEW.consumer_id <> OLD.consumer_id
BEGIN
    SELECT RAISE(ABORT, 'the id belongs to an inline hook');
END;

CREATE TRIGGER hook_key_reference_replaced BEFORE INSERT ON hook_key_reference
WHEN NEW.consumer_kind <> 'inline hook' AND EXISTS (SELECT 1 FROM inline_hook WHERE id = NEW.consumer_id)
BEGIN
    SELECT RAISE(ABORT, 'the id belongs to an inline hook');
END;

-- The cap: other programs may register 100 uses of a key. The message has the form of a constraint's.
CREATE TRIGGER hook_key_reference_capped BEFORE INSERT ON hook_key_reference
WHEN NEW.consumer_kind <> 'inline hook' AND 100 <= (
    SELECT count(*) FROM hook_key_reference
    WHERE org_id = NEW.org_id AND hook_key_id = NEW.hook_key_id AND consumer_kind <> 'inline hook'
      AND consumer_id <> NEW.consumer_id
)
BEGIN
    SELECT RAISE(ABORT, 'CHECK constraint failed: hook_key_reference');
END;

CREATE TRIGGER hook_key_deleted BEFORE DELETE ON hook_key
WHEN EXISTS (SELECT 1 FROM hook_key_reference WHERE org_id = OLD.org_id AND hook_key_id = OLD.id)
BEGIN
    SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed');
END;
