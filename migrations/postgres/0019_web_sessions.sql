-- Browsers that are signed in, second factors, links and codes by mail. Instants are ms since 1970.
-- Tokens are 256 random bits and stored as their BLAKE3 hash only.

-- What the web knows of an account besides its credentials. No row: nothing of it.
CREATE TABLE web_account (
    tenant_id        BIGINT  NOT NULL,
    account_id       BIGINT  NOT NULL,
    recovery_address TEXT,                            -- confirmed (U-028)
    enrol_from       BIGINT,                          -- when the grace of a required factor began
    factor_failures  BIGINT  NOT NULL DEFAULT 0,      -- wrong codes in a row
    factor_failed_at BIGINT,
    codes_sent       BIGINT  NOT NULL DEFAULT 0,      -- by mail, since codes_since
    codes_since      BIGINT,
    PRIMARY KEY (tenant_id, account_id),
    FOREIGN KEY (tenant_id, account_id) REFERENCES account (tenant_id, id) ON DELETE CASCADE
);

-- Signed-in browsers, also those that still owe a code or a new password.
CREATE TABLE web_session (
    id               BIGINT  NOT NULL PRIMARY KEY,
    tenant_id        BIGINT  NOT NULL,
    account_id       BIGINT  NOT NULL,
    token_hash       BYTEA   NOT NULL UNIQUE,
    state            TEXT    NOT NULL,                -- access::sessions::SessionState
    credential       BIGINT  NOT NULL,                -- version of the password it was opened with
    address          TEXT    NOT NULL,                -- where it was opened from
    client           TEXT    NOT NULL,                -- as the browser calls itself, may be empty
    created_at       BIGINT  NOT NULL,
    authenticated_at BIGINT  NOT NULL,                -- when the password was last shown
    factor_at        BIGINT,                          -- when a second factor was last shown
    last_seen_at     BIGINT  NOT NULL,                -- written lazily
    idle_ms          BIGINT  NOT NULL,                -- over when not seen for so long
    ends_at          BIGINT  NOT NULL,                -- over in any case
    stays            BIGINT  NOT NULL,                -- 1: longer than the browser's window
    tries            BIGINT  NOT NULL DEFAULT 0,      -- wrong codes
    code_hash        BYTEA,                           -- of the code mailed, keyed by the token
    code_factor_id   BIGINT,                          -- by which factor
    codes_sent       BIGINT  NOT NULL DEFAULT 0,
    code_sent_at     BIGINT,
    FOREIGN KEY (tenant_id, account_id) REFERENCES account (tenant_id, id) ON DELETE CASCADE,
    CHECK (state IN ('factor', 'enrol', 'change', 'complete'))
);

CREATE INDEX web_session_by_account ON web_session (tenant_id, account_id, last_seen_at, id);
CREATE INDEX web_session_by_end ON web_session (ends_at);

-- Second factors; one without confirmed_at is being set up and counts for nothing.
CREATE TABLE second_factor (
    id           BIGINT  NOT NULL PRIMARY KEY,
    tenant_id    BIGINT  NOT NULL,
    account_id   BIGINT  NOT NULL,
    kind         TEXT    NOT NULL,                    -- access::factors::FactorKind
    label        TEXT    NOT NULL,
    secret       TEXT    NOT NULL,                    -- of TOTP, sealed with the key file; else ''
    address      TEXT    NOT NULL,                    -- of e-mail codes; else ''
    last_step    BIGINT  NOT NULL DEFAULT 0,          -- of TOTP: no code of this step or before
    created_at   BIGINT  NOT NULL,
    confirmed_at BIGINT,
    last_used_at BIGINT,
    FOREIGN KEY (tenant_id, account_id) REFERENCES account (tenant_id, id) ON DELETE CASCADE
);

CREATE INDEX second_factor_by_account ON second_factor (tenant_id, account_id, id);

CREATE TABLE backup_code (
    tenant_id  BIGINT  NOT NULL,
    account_id BIGINT  NOT NULL,
    hash       BYTEA   NOT NULL,                      -- keyed by the key file
    used_at    BIGINT,
    PRIMARY KEY (tenant_id, account_id, hash),
    FOREIGN KEY (tenant_id, account_id) REFERENCES account (tenant_id, id) ON DELETE CASCADE
);

-- Browsers that need not show a second factor for a while (U-027).
CREATE TABLE remembered_browser (
    id           BIGINT  NOT NULL PRIMARY KEY,
    tenant_id    BIGINT  NOT NULL,
    account_id   BIGINT  NOT NULL,
    token_hash   BYTEA   NOT NULL UNIQUE,
    address      TEXT    NOT NULL,
    client       TEXT    NOT NULL,
    created_at   BIGINT  NOT NULL,                    -- when the factor was shown
    last_used_at BIGINT  NOT NULL,
    ends_at      BIGINT  NOT NULL,
    FOREIGN KEY (tenant_id, account_id) REFERENCES account (tenant_id, id) ON DELETE CASCADE
);

CREATE INDEX remembered_browser_by_account
    ON remembered_browser (tenant_id, account_id, last_used_at, id);
CREATE INDEX remembered_browser_by_end ON remembered_browser (ends_at);

-- Single-use links by mail. Those that are over are kept for a while: their page says what became
-- of them.
CREATE TABLE mailed_link (
    id         BIGINT  NOT NULL PRIMARY KEY,
    tenant_id  BIGINT  NOT NULL,
    account_id BIGINT  NOT NULL,
    kind       TEXT    NOT NULL,                      -- access::links::LinkKind
    token_hash BYTEA   NOT NULL UNIQUE,
    address    TEXT    NOT NULL,                      -- to which it was mailed
    subject_id BIGINT,                                -- the factor it confirms
    created_at BIGINT  NOT NULL,
    ends_at    BIGINT  NOT NULL,
    ended      TEXT,                                  -- used, withdrawn; NULL: neither
    FOREIGN KEY (tenant_id, account_id) REFERENCES account (tenant_id, id) ON DELETE CASCADE
);

CREATE INDEX mailed_link_by_account ON mailed_link (tenant_id, account_id, kind, created_at);
CREATE INDEX mailed_link_by_end ON mailed_link (ends_at);
