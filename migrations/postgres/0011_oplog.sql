-- The operation log (design §5): append-only, hash-chained. chain 0 is the platform's, every other
-- number the tenant's id. A tenant's entries outlive the tenant: no foreign key.
--
-- Sequence numbers of a chain have no holes, and its instants never go back: a stretch of time is a
-- stretch of numbers. Entries up to pruned_seq were removed after their time; their last hash, with
-- a keyed MAC, is where checking begins.
CREATE TABLE oplog_chain (
    chain       BIGINT NOT NULL PRIMARY KEY,
    seq         BIGINT NOT NULL,              -- of the last entry; 0: none yet
    hash        TEXT    NOT NULL,             -- of the last entry; '' before the first
    at          BIGINT NOT NULL DEFAULT 0,    -- of the last entry
    pruned_seq  BIGINT NOT NULL DEFAULT 0,    -- the last entry that was removed; 0: none yet
    pruned_hash TEXT    NOT NULL DEFAULT '',  -- its hash
    pruned_mac  TEXT    NOT NULL DEFAULT '',  -- keyed, over chain, number and hash
    CHECK (pruned_seq <= seq)
);

CREATE TABLE oplog_entry (
    chain       BIGINT NOT NULL REFERENCES oplog_chain (chain),
    seq         BIGINT NOT NULL,
    id          BIGINT NOT NULL UNIQUE,
    at          BIGINT NOT NULL,              -- ms since 1970
    action      TEXT    NOT NULL,             -- thing.verb
    actor_id    TEXT    NOT NULL,             -- columns repeat the body for searching
    actor_name  TEXT    NOT NULL,
    target_kind TEXT    NOT NULL,
    target_id   TEXT    NOT NULL,
    target_name TEXT    NOT NULL,
    words       TEXT    NOT NULL,             -- names, action and reason, folded, to search in
    shown_to    BIGINT,                       -- the account whose owner sees it too
    body        TEXT    NOT NULL,             -- JSON: what is hashed
    hash        TEXT    NOT NULL,
    PRIMARY KEY (chain, seq)
);

CREATE INDEX oplog_by_time ON oplog_entry (chain, at, seq);
CREATE INDEX oplog_by_target ON oplog_entry (chain, target_kind, target_id, seq);
CREATE INDEX oplog_by_actor ON oplog_entry (chain, actor_id, seq);
CREATE INDEX oplog_by_owner ON oplog_entry (chain, shown_to, seq) WHERE shown_to IS NOT NULL;

-- The key of the MACs over what pruning leaves. One row.
CREATE TABLE oplog_key (
    one BIGINT NOT NULL PRIMARY KEY CHECK (one = 1),
    key BYTEA NOT NULL
);

-- The database itself refuses what the program never does: change an entry, remove one before its
-- checkpoint was written, or set a chain back.
CREATE FUNCTION oplog_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the operation log only grows' USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE FUNCTION oplog_keep() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.seq > (SELECT pruned_seq FROM oplog_chain WHERE chain = OLD.chain) THEN
        RAISE EXCEPTION 'entries of the operation log cannot be removed'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN OLD;
END $$;

CREATE TRIGGER oplog_entry_stays BEFORE UPDATE ON oplog_entry
    FOR EACH ROW EXECUTE FUNCTION oplog_refuse();
CREATE TRIGGER oplog_entry_kept BEFORE DELETE ON oplog_entry
    FOR EACH ROW EXECUTE FUNCTION oplog_keep();
CREATE TRIGGER oplog_entry_all BEFORE TRUNCATE ON oplog_entry
    FOR EACH STATEMENT EXECUTE FUNCTION oplog_refuse();
CREATE TRIGGER oplog_chain_grows BEFORE UPDATE ON oplog_chain FOR EACH ROW
    WHEN (NEW.chain <> OLD.chain OR NEW.seq < OLD.seq OR NEW.pruned_seq < OLD.pruned_seq)
    EXECUTE FUNCTION oplog_refuse();
CREATE TRIGGER oplog_chain_stays BEFORE DELETE ON oplog_chain
    FOR EACH ROW EXECUTE FUNCTION oplog_refuse();
