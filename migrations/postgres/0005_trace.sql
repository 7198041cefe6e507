-- The message trace: one row per message and recipient with its outcome (design §1.2).
CREATE TABLE trace (
    id             BIGINT NOT NULL PRIMARY KEY,
    tenant_id      BIGINT NOT NULL,
    account_id     BIGINT,           -- whose mailbox it reached
    transaction_id BIGINT NOT NULL,  -- the message; what the 250 reply names
    session_id     BIGINT NOT NULL,
    at             BIGINT NOT NULL,  -- ms since 1970
    via            TEXT   NOT NULL,  -- smtp, submission, lmtp
    client_ip      TEXT   NOT NULL,
    sender         TEXT   NOT NULL,  -- empty for the null sender
    recipient      TEXT   NOT NULL,
    message_id     TEXT   NOT NULL,  -- header field, empty when missing
    size           BIGINT NOT NULL,
    outcome        BIGINT NOT NULL,  -- transport::trace::Outcome
    detail         TEXT   NOT NULL
);

CREATE INDEX trace_by_tenant ON trace (tenant_id, at);
