-- Browsers that are signed in, second factors, links and codes by mail. Instants are ms since 1970.
-- Tokens are 256 random bits and stored as their BLAKE3 hash only.

-- What the web knows of an account besides its credentials. No row: nothing of it.
CREATE TABLE web_account (
    tenant_id        INTEGER NOT NULL,
    account_id       INTEGER NOT NULL,
    recovery_address TEXT,                            -- confirmed (U-028)
    enrol_from       INTEGER,                         -- when the grace of a required factor began
    factor_failures  INTEGER NOT NULL DEFAULT 0,      -- wrong codes in a row
    factor_failed_at INTEGER,
    codes_sent       INTEGER NOT NULL DEFAULT 0,      -- by mail, since codes_since
    codes_since      INTEGER,
    PRIMARY KEY (tenant_id, account_id),
    FOREIGN KEY (tenant_id, account_id) REFERENCES account (tenant_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- Signed-in browsers, also those that still owe a code or a new password.
CREATE TABLE web_session (
    id               INTEGER NOT NULL PRIMARY KEY,
    tenant_id        INTEGER NOT NULL,
    account_id       INTEGER NOT NULL,
    token_hash       BLOB    NOT NULL UNIQUE,
    state            TEXT    NOT NULL,                -- access::sessions::SessionState
    credential       INTEGER NOT NULL,                -- version of the password it was opened with
    address          TEXT    NOT NULL,                -- where it was opened from
    client           TEXT    NOT NULL,                -- as the browser calls itself, may be empty
    created_at       INTEGER NOT NULL,
    authenticated_at INTEGER NOT NULL,                -- when the password was last shown
    factor_at        INTEGER,                         -- when a second factor was last shown
    last_seen_at     INTEGER NOT NULL,                -- written lazily
    idle_ms          INTEGER NOT NULL,                -- over when not seen for so long
    ends_at          INTEGER NOT NULL,                -- over in any case
    stays            INTEGER NOT NULL,                -- 1: longer than the browser's window
    tries            INTEGER NOT NULL DEFAULT 0,      -- wrong codes
    code_hash        BLOB,                            -- of the code mailed, keyed by the token
    code_factor_id   INTEGER,                         -- by which factor
    codes_sent       INTEGER NOT NULL DEFAULT 0,
    code_sent_at     INTEGER,
    FOREIGN KEY (tenant_id, account_id) REFERENCES account (tenant_id, id) ON DELETE CASCADE,
    CHECK (state IN ('factor', 'enrol', 'change', 'complete'))
) STRICT;

CREATE INDEX web_session_by_account ON web_session (tenant_id, account_id, last_seen_at, id);
CREATE INDEX web_session_by_end ON web_session (ends_at);

-- Second factors; one without confirmed_at is being set up and counts for nothing.
CREATE TABLE second_factor (
    id           INTEGER NOT NULL PRIMARY KEY,
    tenant_id    INTEGER NOT NULL,
    account_id   INTEGER NOT NULL,
    kind         TEXT    NOT NULL,                    -- access::factors::FactorKind
    label        TEXT    NOT NULL,
    secret       TEXT    NOT NULL,                    -- of TOTP, sealed with the key file; else ''
    address      TEXT    NOT NULL,                    -- of e-mail codes; else ''
    last_step    INTEGER NOT NULL DEFAULT 0,          -- of TOTP: no code of this step or before
    created_at   INTEGER NOT NULL,
    confirmed_at INTEGER,
    last_used_at INTEGER,
    FOREIGN KEY (tenant_id, account_id) REFERENCES account (tenant_id, id) ON DELETE CASCADE
) STRICT;

CREATE INDEX second_factor_by_account ON second_factor (tenant_id, account_id, id);

CREATE TABLE backup_code (
    tenant_id  INTEGER NOT NULL,
    account_id INTEGER NOT NULL,
    hash       BLOB    NOT NULL,                      -- keyed by the key file
    used_at    INTEGER,
    PRIMARY KEY (tenant_id, account_id, hash),
    FOREIGN KEY (tenant_id, account_id) REFERENCES account (tenant_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- Browsers that need not show a second factor for a while (U-027).
CREATE TABLE remembered_browser (
    id           INTEGER NOT NULL PRIMARY KEY,
    tenant_id    INTEGER NOT NULL,
    account_id   INTEGER NOT NULL,
    token_hash   BLOB    NOT NULL UNIQUE,
    address      TEXT    NOT NULL,
    client       TEXT    NOT NULL,
    created_at   INTEGER NOT NULL,                    -- when the factor was shown
    last_used_at INTEGER NOT NULL,
    ends_at      INTEGER NOT NULL,
    FOREIGN KEY (tenant_id, account_id) REFERENCES account (tenant_id, id) ON DELETE CASCADE
) STRICT;

CREATE INDEX remembered_browser_by_account
    ON remembered_browser (tenant_id, account_id, last_used_at, id);
CREATE INDEX remembered_browser_by_end ON remembered_browser (ends_at);

-- Single-use links by mail. Those that are over are kept for a while: their page says what became
-- of them.
CREATE TABLE mailed_link (
    id         INTEGER NOT NULL PRIMARY KEY,
    tenant_id  INTEGER NOT NULL,
    account_id INTEGER NOT NULL,
    kind       TEXT    NOT NULL,                      -- access::links::LinkKind
    token_hash BLOB    NOT NULL UNIQUE,
    address    TEXT    NOT NULL,                      -- to which it was mailed
    subject_id INTEGER,                               -- the factor it confirms
    created_at INTEGER NOT NULL,
    ends_at    INTEGER NOT NULL,
    ended      TEXT,                                  -- used, withdrawn; NULL: neither
    FOREIGN KEY (tenant_id, account_id) REFERENCES account (tenant_id, id) ON DELETE CASCADE
) STRICT;

CREATE INDEX mailed_link_by_account ON mailed_link (tenant_id, account_id, kind, created_at);
CREATE INDEX mailed_link_by_end ON mailed_link (ends_at);
