-- Mail. Every key begins with the account, every statement names it, and every write begins by locking
-- the account's row: that makes UIDs and modification sequences visible in their order.

-- The account's side of its mail: counters, quota and what is kept of the past.
CREATE TABLE mail_account (
    account_id        BIGINT NOT NULL PRIMARY KEY,
    tenant_id         BIGINT NOT NULL,
    inbox_id          BIGINT NOT NULL,
    modseq            BIGINT NOT NULL,
    next_uid_validity BIGINT NOT NULL,   -- never goes back
    used_bytes        BIGINT NOT NULL,   -- each message that has a placement, once, at its RFC822.SIZE
    used_messages     BIGINT NOT NULL,
    quota_bytes       BIGINT NOT NULL,   -- 0 = unlimited
    quota_messages    BIGINT NOT NULL,   -- 0 = unlimited
    restore_seconds   BIGINT NOT NULL,   -- how long expunged messages stay restorable
    change_count      BIGINT NOT NULL,   -- rows in `change`
    kept_modseq       BIGINT NOT NULL    -- changes after this one are all in `change`
) WITH (fillfactor = 50);

-- One folder. `parent_id` 0 is the top, -1 a mailbox that was deleted and is still being emptied.
CREATE TABLE mailbox (
    account_id     BIGINT NOT NULL,
    id             BIGINT NOT NULL,
    parent_id      BIGINT NOT NULL,
    name           TEXT NOT NULL,
    role           BIGINT,               -- special use (RFC 6154): 1 archive 2 drafts 3 junk 4 sent 5 trash
    uid_validity   BIGINT NOT NULL,
    uid_next       BIGINT NOT NULL,
    recent_from    BIGINT NOT NULL,      -- UIDs from here on were shown to no session yet
    modseq         BIGINT NOT NULL,
    created_modseq BIGINT NOT NULL,
    total          BIGINT NOT NULL,
    unseen         BIGINT NOT NULL,
    deleted        BIGINT NOT NULL,
    size_bytes     BIGINT NOT NULL,
    PRIMARY KEY (account_id, id),
    UNIQUE (account_id, parent_id, name)
) WITH (fillfactor = 50);
CREATE UNIQUE INDEX mailbox_role ON mailbox (account_id, role) WHERE role IS NOT NULL;

-- What a deleted mailbox was called, for as long as messages of it can be restored.
CREATE TABLE deleted_mailbox (
    account_id BIGINT NOT NULL,
    mailbox_id BIGINT NOT NULL,
    path       TEXT NOT NULL,
    deleted_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, mailbox_id)
);

-- Names a user subscribed to. A name may outlive its mailbox (RFC 9051 §6.3.7).
CREATE TABLE subscription (
    account_id BIGINT NOT NULL,
    path       TEXT NOT NULL,
    PRIMARY KEY (account_id, path)
);

-- The immutable facts of one message (the Email of JMAP). As read it is `prefix`, then the blob from
-- byte `blob_skip` on. Offsets in `structure` count from the blob's first byte.
CREATE TABLE message (
    account_id      BIGINT NOT NULL,
    id              BIGINT NOT NULL,
    blob_hash       BYTEA NOT NULL,
    blob_skip       BIGINT NOT NULL,
    origin_hash     BYTEA,            -- the content a transform made this one from
    prefix          BYTEA NOT NULL,
    size            BIGINT NOT NULL,     -- RFC822.SIZE
    received_at     BIGINT NOT NULL,
    received_offset BIGINT NOT NULL,
    sent_at         BIGINT,              -- the Date header, where it can be read
    sent_offset     BIGINT,
    thread_id       BIGINT NOT NULL,
    delivery_id     BYTEA,            -- makes delivery and import idempotent
    envelope        BYTEA NOT NULL,
    structure       BYTEA NOT NULL,
    preview         TEXT NOT NULL,
    PRIMARY KEY (account_id, id)
);
CREATE UNIQUE INDEX message_delivery ON message (account_id, delivery_id) WHERE delivery_id IS NOT NULL;
CREATE INDEX message_thread ON message (account_id, thread_id);

-- A message in a mailbox. Flags belong to the placement. `size` repeats the message's, so that lists
-- and counters never touch the wide rows.
CREATE TABLE placement (
    account_id      BIGINT NOT NULL,
    mailbox_id      BIGINT NOT NULL,
    uid             BIGINT NOT NULL,
    message_id      BIGINT NOT NULL,
    flags           BIGINT NOT NULL,     -- 1 seen, 2 answered, 4 flagged, 8 deleted, 16 draft
    keywords        TEXT NOT NULL,      -- sorted, separated by spaces
    size            BIGINT NOT NULL,
    internal_at     BIGINT NOT NULL,
    internal_offset BIGINT NOT NULL,
    saved_at        BIGINT NOT NULL,
    modseq          BIGINT NOT NULL,
    created_modseq  BIGINT NOT NULL,
    PRIMARY KEY (account_id, mailbox_id, uid)
) WITH (fillfactor = 90);
CREATE INDEX placement_message ON placement (account_id, message_id);

-- The last placement of a message that has none left: what `restore` brings back until `purge_at`.
CREATE TABLE expunged (
    account_id      BIGINT NOT NULL,
    message_id      BIGINT NOT NULL,
    mailbox_id      BIGINT NOT NULL,
    uid             BIGINT NOT NULL,
    flags           BIGINT NOT NULL,
    keywords        TEXT NOT NULL,
    internal_at     BIGINT NOT NULL,
    internal_offset BIGINT NOT NULL,
    saved_at        BIGINT NOT NULL,
    expunged_at     BIGINT NOT NULL,
    purge_at        BIGINT NOT NULL,
    PRIMARY KEY (account_id, message_id)
);
CREATE INDEX expunged_purge ON expunged (account_id, purge_at);

-- What changed, in order. `uid` and `message_id` are 0 where the mailbox itself changed; `member_id` is
-- 0 unless only that member of a shared account sees the change.
CREATE TABLE change (
    account_id BIGINT NOT NULL,
    modseq     BIGINT NOT NULL,
    mailbox_id BIGINT NOT NULL,
    uid        BIGINT NOT NULL,
    kind       BIGINT NOT NULL,          -- 1 added, 2 flags, 3 removed, 4 mailbox made, 5 changed, 6 gone
    member_id  BIGINT NOT NULL,
    message_id BIGINT NOT NULL,
    PRIMARY KEY (account_id, modseq, mailbox_id, uid, kind, member_id)
);

-- Which conversation a Message-ID belongs to; `ref` is the first 16 bytes of its hash.
CREATE TABLE thread_ref (
    account_id BIGINT NOT NULL,
    ref        BYTEA NOT NULL,
    thread_id  BIGINT NOT NULL,
    PRIMARY KEY (account_id, ref)
);
CREATE INDEX thread_ref_thread ON thread_ref (account_id, thread_id);

-- What a member of a shared account has read, where that is kept for each member.
CREATE TABLE member_seen (
    account_id BIGINT NOT NULL,
    member_id  BIGINT NOT NULL,
    mailbox_id BIGINT NOT NULL,
    uid        BIGINT NOT NULL,
    modseq     BIGINT NOT NULL,
    PRIMARY KEY (account_id, member_id, mailbox_id, uid)
);
