-- The message trace: one row per message and recipient with its outcome (design §1.2).
CREATE TABLE trace (
    id             INTEGER NOT NULL PRIMARY KEY,
    tenant_id      INTEGER NOT NULL,
    account_id     INTEGER,           -- whose mailbox it reached
    transaction_id INTEGER NOT NULL,  -- the message; what the 250 reply names
    session_id     INTEGER NOT NULL,
    at             INTEGER NOT NULL,  -- ms since 1970
    via            TEXT    NOT NULL,  -- smtp, submission, lmtp
    client_ip      TEXT    NOT NULL,
    sender         TEXT    NOT NULL,  -- empty for the null sender
    recipient      TEXT    NOT NULL,
    message_id     TEXT    NOT NULL,  -- header field, empty when missing
    size           INTEGER NOT NULL,
    outcome        INTEGER NOT NULL,  -- transport::trace::Outcome
    detail         TEXT    NOT NULL
) STRICT;

CREATE INDEX trace_by_tenant ON trace (tenant_id, at);
