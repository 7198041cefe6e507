-- The operation log (design §5): append-only, hash-chained. chain 0 is the platform's, every other
-- number the tenant's id. A tenant's entries outlive the tenant: no foreign key.
CREATE TABLE oplog_chain (
    chain BIGINT NOT NULL PRIMARY KEY,
    seq   BIGINT NOT NULL,            -- of the last entry; 0: none yet
    hash  TEXT    NOT NULL             -- of the last entry; '' before the first
);

CREATE TABLE oplog_entry (
    chain       BIGINT NOT NULL REFERENCES oplog_chain (chain),
    seq         BIGINT NOT NULL,
    id          BIGINT NOT NULL UNIQUE,
    at          BIGINT NOT NULL,      -- ms since 1970
    action      TEXT    NOT NULL,      -- thing.verb
    actor_id    TEXT    NOT NULL,      -- columns repeat the body for searching
    actor_name  TEXT    NOT NULL,
    target_kind TEXT    NOT NULL,
    target_id   TEXT    NOT NULL,
    target_name TEXT    NOT NULL,
    body        TEXT    NOT NULL,      -- JSON: what is hashed
    hash        TEXT    NOT NULL,
    PRIMARY KEY (chain, seq)
);

CREATE INDEX oplog_by_time ON oplog_entry (chain, at, seq);
CREATE INDEX oplog_by_target ON oplog_entry (chain, target_kind, target_id, seq);
CREATE INDEX oplog_by_actor ON oplog_entry (chain, actor_id, seq);
