-- The queue of messages for other hosts (design §4). A message has a row as long as a recipient
-- waits, and one reference to its content as long. Instants are ms since 1970.
CREATE TABLE queue_message (
    id             BIGINT NOT NULL PRIMARY KEY,
    tenant_id      BIGINT NOT NULL,          -- the sender's: who may see and change it
    account_id     BIGINT,                   -- who sent it; NULL: a report of the house
    sender         TEXT   NOT NULL,          -- empty for the null sender
    blob_hash      BYTEA  NOT NULL,          -- the content: `prefix`, then this blob
    prefix         BYTEA  NOT NULL,
    size           BIGINT NOT NULL,          -- bytes of prefix and blob
    message_id     TEXT   NOT NULL,          -- header field, empty when missing
    envelope_id    TEXT,                     -- RFC 3461 ENVID
    returned       BIGINT,                   -- RFC 3461 RET: 1 full, 2 headers; NULL: not said
    host           TEXT   NOT NULL,          -- the name under which this house reports
    eight_bit      BIGINT NOT NULL,          -- 1: octets above 127
    utf8           BIGINT NOT NULL,          -- 1: the header needs RFC 6531
    transaction_id BIGINT NOT NULL,          -- what the 250 reply named
    session_id     BIGINT NOT NULL,
    recipients     BIGINT NOT NULL,          -- rows in queue_recipient
    accepted_at    BIGINT NOT NULL,
    expires_at     BIGINT NOT NULL,
    CHECK (recipients > 0)
);
CREATE INDEX queue_message_by_blob ON queue_message (tenant_id, blob_hash);

CREATE TABLE queue_recipient (
    id            BIGINT NOT NULL PRIMARY KEY,
    message_id    BIGINT NOT NULL,
    tenant_id     BIGINT NOT NULL,
    trace_id      BIGINT NOT NULL,           -- the row that tells what becomes of it
    address       TEXT   NOT NULL,
    destination   TEXT   NOT NULL COLLATE "C", -- the domain of the address
    notify        BIGINT,                    -- 1 success + 2 failure + 4 delay; NULL: not said
    original_type TEXT,                      -- RFC 3461 ORCPT
    original      TEXT,
    state         BIGINT NOT NULL,           -- 1 waits, 2 is being sent
    held          BIGINT NOT NULL,           -- 1: not before somebody releases it
    attempts      BIGINT NOT NULL,
    due_at        BIGINT NOT NULL,           -- when the next attempt may begin
    watch_at      BIGINT NOT NULL,           -- when a notice of delay is due, then when it expires
    noticed       BIGINT NOT NULL,           -- 1: the sender was told of the delay
    tried_at      BIGINT,
    trouble       TEXT,                      -- of the last attempt: transport::queue::TroubleKind
    status        TEXT,
    remote_host   TEXT,
    reply         TEXT,
    lease_owner   BIGINT,                    -- who sends it
    lease_until   BIGINT,
    CHECK (state IN (1, 2)),
    CHECK (held IN (0, 1)),
    CHECK ((state = 2) = (lease_owner IS NOT NULL))
);
CREATE INDEX queue_recipient_by_message ON queue_recipient (message_id, id);
CREATE INDEX queue_recipient_due ON queue_recipient (destination, due_at, id)
    WHERE state = 1 AND held = 0;
CREATE INDEX queue_recipient_watch ON queue_recipient (watch_at) WHERE state = 1 AND held = 0;
CREATE INDEX queue_recipient_lease ON queue_recipient (lease_until) WHERE state = 2;

-- Destinations that could not be reached lately: none of their mail is tried before `until`.
CREATE TABLE queue_destination (
    destination TEXT   NOT NULL COLLATE "C" PRIMARY KEY,
    failures    BIGINT NOT NULL,             -- in a row
    until_at    BIGINT NOT NULL,
    trouble     TEXT   NOT NULL,
    status      TEXT   NOT NULL,
    remote_host TEXT,
    reply       TEXT
);
