-- The queue of messages for other hosts (design §4). A message has a row as long as a recipient
-- waits, and one reference to its content as long. Instants are ms since 1970.
CREATE TABLE queue_message (
    id             INTEGER NOT NULL PRIMARY KEY,
    tenant_id      INTEGER NOT NULL,         -- the sender's: who may see and change it
    account_id     INTEGER,                  -- who sent it; NULL: a report of the house
    sender         TEXT   NOT NULL,          -- empty for the null sender
    blob_hash      BLOB   NOT NULL,           -- the content: `prefix`, then this blob
    prefix         BLOB   NOT NULL,
    size           INTEGER NOT NULL,         -- bytes of prefix and blob
    message_id     TEXT   NOT NULL,          -- header field, empty when missing
    envelope_id    TEXT,                     -- RFC 3461 ENVID
    returned       INTEGER,                  -- RFC 3461 RET: 1 full, 2 headers; NULL: not said
    host           TEXT   NOT NULL,          -- the name under which this house reports
    eight_bit      INTEGER NOT NULL,         -- 1: octets above 127
    utf8           INTEGER NOT NULL,         -- 1: the header needs RFC 6531
    transaction_id INTEGER NOT NULL,         -- what the 250 reply named
    session_id     INTEGER NOT NULL,
    recipients     INTEGER NOT NULL,         -- rows in queue_recipient
    accepted_at    INTEGER NOT NULL,
    expires_at     INTEGER NOT NULL,
    CHECK (recipients > 0)
) STRICT;
CREATE INDEX queue_message_by_blob ON queue_message (tenant_id, blob_hash);

CREATE TABLE queue_recipient (
    id            INTEGER NOT NULL PRIMARY KEY,
    message_id    INTEGER NOT NULL,
    tenant_id     INTEGER NOT NULL,
    trace_id      INTEGER NOT NULL,          -- the row that tells what becomes of it
    address       TEXT   NOT NULL,
    destination   TEXT   NOT NULL,           -- the domain of the address
    notify        INTEGER,                   -- 1 success + 2 failure + 4 delay; NULL: not said
    original_type TEXT,                      -- RFC 3461 ORCPT
    original      TEXT,
    state         INTEGER NOT NULL,          -- 1 waits, 2 is being sent
    held          INTEGER NOT NULL,          -- 1: not before somebody releases it
    attempts      INTEGER NOT NULL,
    due_at        INTEGER NOT NULL,          -- when the next attempt may begin
    watch_at      INTEGER NOT NULL,          -- when a notice of delay is due, then when it expires
    noticed       INTEGER NOT NULL,          -- 1: the sender was told of the delay
    tried_at      INTEGER,
    trouble       TEXT,                      -- of the last attempt: transport::queue::TroubleKind
    status        TEXT,
    remote_host   TEXT,
    reply         TEXT,
    lease_owner   INTEGER,                   -- who sends it
    lease_until   INTEGER,
    CHECK (state IN (1, 2)),
    CHECK (held IN (0, 1)),
    CHECK ((state = 2) = (lease_owner IS NOT NULL))
) STRICT;
CREATE INDEX queue_recipient_by_message ON queue_recipient (message_id, id);
CREATE INDEX queue_recipient_due ON queue_recipient (destination, due_at, id)
    WHERE state = 1 AND held = 0;
CREATE INDEX queue_recipient_watch ON queue_recipient (watch_at) WHERE state = 1 AND held = 0;
CREATE INDEX queue_recipient_lease ON queue_recipient (lease_until) WHERE state = 2;

-- Destinations that could not be reached lately: none of their mail is tried before `until`.
CREATE TABLE queue_destination (
    destination TEXT   NOT NULL PRIMARY KEY,
    failures    INTEGER NOT NULL,            -- in a row
    until_at    INTEGER NOT NULL,
    trouble     TEXT   NOT NULL,
    status      TEXT   NOT NULL,
    remote_host TEXT,
    reply       TEXT
) STRICT;
