-- Rules that hold on every engine, however many write at once: slots in place of counting, and no triggers. The vault writes the
-- reference of a hook in the transaction of the hook; foreign keys and a check keep the two together.

DROP TRIGGER inline_hook_inserted;
DROP TRIGGER inline_hook_rekeyed;
DROP TRIGGER inline_hook_renamed;
DROP TRIGGER inline_hook_deleted;
DROP TRIGGER inline_hook_moved;
DROP TRIGGER inline_hook_replaced;
DROP TRIGGER inline_hook_slot_replaced;
DROP TRIGGER inline_hook_update_replaced;
DROP TRIGGER hook_key_reference_inserted;
DROP TRIGGER hook_key_reference_deleted;
DROP TRIGGER hook_key_reference_moved;
DROP TRIGGER hook_key_reference_update_replaced;
DROP TRIGGER hook_key_reference_replaced;
DROP TRIGGER hook_key_reference_capped;
DROP TRIGGER hook_key_deleted;
DROP TRIGGER service_app_deleted;

-- What the reference of a hook refers to.
CREATE UNIQUE INDEX inline_hook_with_key ON inline_hook (org_id, hook_key_id, id);

ALTER TABLE hook_key_reference RENAME TO hook_key_reference_before;

CREATE TABLE hook_key_reference (
    org_id         TEXT    NOT NULL,
    hook_key_id    TEXT    NOT NULL,
    consumer_kind  TEXT    NOT NULL CHECK (length(consumer_kind) > 0),
    consumer_id    TEXT    NOT NULL CHECK (length(consumer_id) > 0),
    consumer_name  TEXT    NOT NULL,
    since          INTEGER NOT NULL,
    -- When the key last signed for the one that refers to it, to the minute.
    last_used      INTEGER,
    -- The cap: other programs have 100 slots of a key, and each takes one.
    slot           INTEGER CHECK (slot BETWEEN 1 AND 100),
    -- The hook, where the consumer is one: it takes no slot.
    inline_hook_id TEXT    CHECK (inline_hook_id = consumer_id),
    PRIMARY KEY (org_id, hook_key_id, consumer_id),
    UNIQUE (org_id, hook_key_id, slot),
    FOREIGN KEY (org_id, hook_key_id) REFERENCES hook_key (org_id, id),
    FOREIGN KEY (org_id, hook_key_id, inline_hook_id) REFERENCES inline_hook (org_id, hook_key_id, id),
    CONSTRAINT hook_key_reference_slot CHECK ((slot IS NULL) = (inline_hook_id IS NOT NULL)),
    CHECK ((consumer_kind = 'inline hook') = (inline_hook_id IS NOT NULL))
) STRICT, WITHOUT ROWID;

INSERT INTO hook_key_reference
    (org_id, hook_key_id, consumer_kind, consumer_id, consumer_name, since, last_used, slot, inline_hook_id)
SELECT h.org_id, h.hook_key_id, 'inline hook', h.id, h.name, coalesce(r.since, h.created), r.last_used, NULL, h.id
FROM inline_hook AS h
LEFT JOIN hook_key_reference_before AS r
    ON r.org_id = h.org_id AND r.hook_key_id = h.hook_key_id AND r.consumer_kind = 'inline hook' AND r.consumer_id = h.id
WHERE h.hook_key_id IS NOT NULL;

INSERT INTO hook_key_reference
    (org_id, hook_key_id, consumer_kind, consumer_id, consumer_name, since, last_used, slot, inline_hook_id)
SELECT org_id, hook_key_id, consumer_kind, consumer_id, consumer_name, since, last_used,
       row_number() OVER (PARTITION BY org_id, hook_key_id ORDER BY since, consumer_id), NULL
FROM hook_key_reference_before
WHERE consumer_kind <> 'inline hook';

DROP TABLE hook_key_reference_before;

-- Deletions whose sealed bytes may still be on the disk. A row goes when they are not.
CREATE TABLE pending_erasure (
    seq   INTEGER PRIMARY KEY AUTOINCREMENT,
    since INTEGER NOT NULL
) STRICT;
