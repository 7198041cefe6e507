-- The operation log (design §5): append-only, hash-chained. chain 0 is the platform's, every other
-- number the tenant's id. A tenant's entries outlive the tenant: no foreign key.
--
-- Sequence numbers of a chain have no holes, and its instants never go back: a stretch of time is a
-- stretch of numbers. Entries up to pruned_seq were removed after their time; their last hash, with
-- a keyed MAC, is where checking begins.
CREATE TABLE oplog_chain (
    chain       INTEGER NOT NULL PRIMARY KEY,
    seq         INTEGER NOT NULL,              -- of the last entry; 0: none yet
    hash        TEXT    NOT NULL,             -- of the last entry; '' before the first
    at          INTEGER NOT NULL DEFAULT 0,    -- of the last entry
    pruned_seq  INTEGER NOT NULL DEFAULT 0,    -- the last entry that was removed; 0: none yet
    pruned_hash TEXT    NOT NULL DEFAULT '',  -- its hash
    pruned_mac  TEXT    NOT NULL DEFAULT '',  -- keyed, over chain, number and hash
    CHECK (pruned_seq <= seq)
) STRICT;

CREATE TABLE oplog_entry (
    chain       INTEGER NOT NULL REFERENCES oplog_chain (chain),
    seq         INTEGER NOT NULL,
    id          INTEGER NOT NULL UNIQUE,
    at          INTEGER NOT NULL,              -- ms since 1970
    action      TEXT    NOT NULL,             -- thing.verb
    actor_id    TEXT    NOT NULL,             -- columns repeat the body for searching
    actor_name  TEXT    NOT NULL,
    target_kind TEXT    NOT NULL,
    target_id   TEXT    NOT NULL,
    target_name TEXT    NOT NULL,
    words       TEXT    NOT NULL,             -- names, action and reason, folded, to search in
    shown_to    INTEGER,                       -- the account whose owner sees it too
    body        TEXT    NOT NULL,             -- JSON: what is hashed
    hash        TEXT    NOT NULL,
    PRIMARY KEY (chain, seq)
) STRICT, WITHOUT ROWID;

CREATE INDEX oplog_by_time ON oplog_entry (chain, at, seq);
CREATE INDEX oplog_by_target ON oplog_entry (chain, target_kind, target_id, seq);
CREATE INDEX oplog_by_actor ON oplog_entry (chain, actor_id, seq);
CREATE INDEX oplog_by_owner ON oplog_entry (chain, shown_to, seq) WHERE shown_to IS NOT NULL;

-- The key of the MACs over what pruning leaves. One row.
CREATE TABLE oplog_key (
    one INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    key BLOB NOT NULL
) STRICT;

-- The database itself refuses what the program never does: change an entry, remove one before its
-- checkpoint was written, or set a chain back.
CREATE TRIGGER oplog_entry_stays BEFORE UPDATE ON oplog_entry
BEGIN
    SELECT RAISE(ABORT, 'entries of the operation log cannot be changed');
END;

CREATE TRIGGER oplog_entry_kept BEFORE DELETE ON oplog_entry
WHEN OLD.seq > (SELECT pruned_seq FROM oplog_chain WHERE chain = OLD.chain)
BEGIN
    SELECT RAISE(ABORT, 'entries of the operation log cannot be removed');
END;

CREATE TRIGGER oplog_chain_grows BEFORE UPDATE ON oplog_chain
WHEN NEW.chain <> OLD.chain OR NEW.seq < OLD.seq OR NEW.pruned_seq < OLD.pruned_seq
BEGIN
    SELECT RAISE(ABORT, 'a chain of the operation log only grows');
END;

CREATE TRIGGER oplog_chain_stays BEFORE DELETE ON oplog_chain
BEGIN
    SELECT RAISE(ABORT, 'a chain of the operation log cannot be removed');
END;
