-- Mail. Every key begins with the account, every statement names it, and every write begins by locking
-- the account's row: that makes UIDs and modification sequences visible in their order.

-- The account's side of its mail: counters, quota and what is kept of the past.
CREATE TABLE mail_account (
    account_id        INTEGER NOT NULL PRIMARY KEY,
    tenant_id         INTEGER NOT NULL,
    inbox_id          INTEGER NOT NULL,
    modseq            INTEGER NOT NULL,
    next_uid_validity INTEGER NOT NULL,   -- never goes back
    used_bytes        INTEGER NOT NULL,   -- each message that has a placement, once, at its RFC822.SIZE
    used_messages     INTEGER NOT NULL,
    quota_bytes       INTEGER NOT NULL,   -- 0 = unlimited
    quota_messages    INTEGER NOT NULL,   -- 0 = unlimited
    restore_seconds   INTEGER NOT NULL,   -- how long expunged messages stay restorable
    change_count      INTEGER NOT NULL,   -- rows in `change`
    kept_modseq       INTEGER NOT NULL    -- changes after this one are all in `change`
) STRICT;

-- One folder. `parent_id` 0 is the top, -1 a mailbox that was deleted and is still being emptied.
CREATE TABLE mailbox (
    account_id     INTEGER NOT NULL,
    id             INTEGER NOT NULL,
    parent_id      INTEGER NOT NULL,
    name           TEXT NOT NULL,
    role           INTEGER,               -- special use (RFC 6154): 1 archive 2 drafts 3 junk 4 sent 5 trash
    uid_validity   INTEGER NOT NULL,
    uid_next       INTEGER NOT NULL,
    recent_from    INTEGER NOT NULL,      -- UIDs from here on were shown to no session yet
    modseq         INTEGER NOT NULL,
    created_modseq INTEGER NOT NULL,
    total          INTEGER NOT NULL,
    unseen         INTEGER NOT NULL,
    deleted        INTEGER NOT NULL,
    size_bytes     INTEGER NOT NULL,
    PRIMARY KEY (account_id, id),
    UNIQUE (account_id, parent_id, name)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX mailbox_role ON mailbox (account_id, role) WHERE role IS NOT NULL;

-- What a deleted mailbox was called, for as long as messages of it can be restored.
CREATE TABLE deleted_mailbox (
    account_id INTEGER NOT NULL,
    mailbox_id INTEGER NOT NULL,
    path       TEXT NOT NULL,
    deleted_at INTEGER NOT NULL,
    PRIMARY KEY (account_id, mailbox_id)
) STRICT, WITHOUT ROWID;

-- Names a user subscribed to. A name may outlive its mailbox (RFC 9051 §6.3.7).
CREATE TABLE subscription (
    account_id INTEGER NOT NULL,
    path       TEXT NOT NULL,
    PRIMARY KEY (account_id, path)
) STRICT, WITHOUT ROWID;

-- The immutable facts of one message (the Email of JMAP). As read it is `prefix`, then the blob from
-- byte `blob_skip` on. Offsets in `structure` count from the blob's first byte.
CREATE TABLE message (
    -- Ids grow, so new rows are written one after the other.
    id              INTEGER PRIMARY KEY,
    account_id      INTEGER NOT NULL,
    blob_hash       BLOB NOT NULL,
    blob_skip       INTEGER NOT NULL,
    origin_hash     BLOB,            -- the content a transform made this one from
    prefix          BLOB NOT NULL,
    size            INTEGER NOT NULL,     -- RFC822.SIZE
    received_at     INTEGER NOT NULL,
    received_offset INTEGER NOT NULL,
    sent_at         INTEGER,              -- the Date header, where it can be read
    sent_offset     INTEGER,
    thread_id       INTEGER NOT NULL,
    delivery_id     BLOB,            -- makes delivery and import idempotent
    envelope        BLOB NOT NULL,
    structure       BLOB NOT NULL,
    preview         TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX message_delivery ON message (account_id, delivery_id) WHERE delivery_id IS NOT NULL;
CREATE INDEX message_thread ON message (account_id, thread_id);

-- A message in a mailbox. Flags belong to the placement. `size` repeats the message's, so that lists
-- and counters never touch the wide rows.
CREATE TABLE placement (
    account_id      INTEGER NOT NULL,
    mailbox_id      INTEGER NOT NULL,
    uid             INTEGER NOT NULL,
    message_id      INTEGER NOT NULL,
    flags           INTEGER NOT NULL,     -- 1 seen, 2 answered, 4 flagged, 8 deleted, 16 draft
    keywords        TEXT NOT NULL,      -- sorted, separated by spaces
    size            INTEGER NOT NULL,
    internal_at     INTEGER NOT NULL,
    internal_offset INTEGER NOT NULL,
    saved_at        INTEGER NOT NULL,
    modseq          INTEGER NOT NULL,
    created_modseq  INTEGER NOT NULL,
    PRIMARY KEY (account_id, mailbox_id, uid)
) STRICT, WITHOUT ROWID;
CREATE INDEX placement_message ON placement (account_id, message_id);

-- The last placement of a message that has none left: what `restore` brings back until `purge_at`.
CREATE TABLE expunged (
    account_id      INTEGER NOT NULL,
    message_id      INTEGER NOT NULL,
    mailbox_id      INTEGER NOT NULL,
    uid             INTEGER NOT NULL,
    flags           INTEGER NOT NULL,
    keywords        TEXT NOT NULL,
    internal_at     INTEGER NOT NULL,
    internal_offset INTEGER NOT NULL,
    saved_at        INTEGER NOT NULL,
    expunged_at     INTEGER NOT NULL,
    purge_at        INTEGER NOT NULL,
    PRIMARY KEY (account_id, message_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX expunged_purge ON expunged (account_id, purge_at);

-- What changed, in order. `uid` and `message_id` are 0 where the mailbox itself changed; `member_id` is
-- 0 unless only that member of a shared account sees the change.
CREATE TABLE change (
    account_id INTEGER NOT NULL,
    modseq     INTEGER NOT NULL,
    mailbox_id INTEGER NOT NULL,
    uid        INTEGER NOT NULL,
    kind       INTEGER NOT NULL,          -- 1 added, 2 flags, 3 removed, 4 mailbox made, 5 changed, 6 gone
    member_id  INTEGER NOT NULL,
    message_id INTEGER NOT NULL,
    PRIMARY KEY (account_id, modseq, mailbox_id, uid, kind, member_id)
) STRICT, WITHOUT ROWID;

-- Which conversation a Message-ID belongs to; `ref` is the first 16 bytes of its hash.
CREATE TABLE thread_ref (
    account_id INTEGER NOT NULL,
    ref        BLOB NOT NULL,
    thread_id  INTEGER NOT NULL,
    PRIMARY KEY (account_id, ref)
) STRICT, WITHOUT ROWID;
CREATE INDEX thread_ref_thread ON thread_ref (account_id, thread_id);

-- What a member of a shared account has read, where that is kept for each member.
CREATE TABLE member_seen (
    account_id INTEGER NOT NULL,
    member_id  INTEGER NOT NULL,
    mailbox_id INTEGER NOT NULL,
    uid        INTEGER NOT NULL,
    modseq     INTEGER NOT NULL,
    PRIMARY KEY (account_id, member_id, mailbox_id, uid)
) STRICT, WITHOUT ROWID;
