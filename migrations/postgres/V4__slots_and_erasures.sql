-- What the reference of a hook refers to.
CREATE UNIQUE INDEX inline_hook_with_key ON inline_hook (org_id, hook_key_id, id);

-- Who uses a key. A row here blocks the deletion of its key, and is what `isUsed` means.
CREATE TABLE hook_key_reference (
    org_id         TEXT    COLLATE "C" NOT NULL,
    hook_key_id    TEXT    COLLATE "C" NOT NULL,
    consumer_kind  TEXT    COLLATE "C" NOT NULL CHECK (length(consumer_kind) > 0),
    consumer_id    TEXT    COLLATE "C" NOT NULL CHECK (length(consumer_id) > 0),
    consumer_name  TEXT    COLLATE "C" NOT NULL,
    since          BIGINT  NOT NULL,
    -- When the key last signed for the one that refers to it, to the minute.
    last_used      BIGINT,
    -- The cap: other programs have 100 slots of a key, and each takes one.
    slot           INTEGER CHECK (slot BETWEEN 1 AND 100),
    -- The hook, where the consumer is one: it takes no slot.
    inline_hook_id TEXT    COLLATE "C" CHECK (inline_hook_id = consumer_id),
    PRIMARY KEY (org_id, hook_key_id, consumer_id),
    CONSTRAINT hook_key_reference_slot_unique UNIQUE (org_id, hook_key_id, slot),
    CONSTRAINT hook_key_reference_key_fkey FOREIGN KEY (org_id, hook_key_id) REFERENCES hook_key (org_id, id),
    CONSTRAINT hook_key_reference_hook_fkey
        FOREIGN KEY (org_id, hook_key_id, inline_hook_id) REFERENCES inline_hook (org_id, hook_key_id, id),
    CONSTRAINT hook_key_reference_slot CHECK ((slot IS NULL) = (inline_hook_id IS NOT NULL)),
    CHECK ((consumer_kind = 'inline hook') = (inline_hook_id IS NOT NULL))
);

-- Deletions whose sealed bytes may still be found by a query. A row goes when VACUUM has removed them.
CREATE TABLE pending_erasure (
    seq   BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    since BIGINT NOT NULL
);
