-- What the API remembers: idempotency keys, so that a request that creates something and is sent again
-- has no second effect. A row is taken before the work begins and removed a day later.
CREATE TABLE api_idempotency (
    principal TEXT   COLLATE "C" NOT NULL,  -- account:ID, key:ID, console:NAME
    key       TEXT   COLLATE "C" NOT NULL,  -- as the client chose it
    request   BYTEA  NOT NULL,              -- hash of method, path and body
    state     BIGINT NOT NULL,              -- 0 being worked on, 1 done, 2 done, and the answer was not kept
    status    BIGINT,                       -- of the answer
    answer    TEXT,                         -- JSON; never one with secrets
    begun_at  BIGINT NOT NULL,              -- ms since 1970
    PRIMARY KEY (principal, key)
);

CREATE INDEX api_idempotency_by_time ON api_idempotency (begun_at);
