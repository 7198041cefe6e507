-- Credentials: app passwords, policies, locks, sign-in history. Instants are ms since 1970.

-- Whether the owner has to choose another password before anything else (C-16).
ALTER TABLE credential ADD COLUMN must_change BIGINT NOT NULL DEFAULT 0;
ALTER TABLE credential ADD COLUMN last_used_at BIGINT ;

-- What a tenant decides about passwords, second factors and sign-in (AD-24). No row: the defaults.
CREATE TABLE security_policy (
    tenant_id  BIGINT  NOT NULL PRIMARY KEY REFERENCES tenant (id) ON DELETE CASCADE,
    policy     TEXT    NOT NULL,                      -- JSON: access::SecurityPolicy
    updated_at BIGINT  NOT NULL
);

-- What sign-in asks of an account besides its credentials. No row: nothing of it.
CREATE TABLE account_security (
    tenant_id        BIGINT  NOT NULL,
    account_id       BIGINT  NOT NULL,
    second_factor_at BIGINT ,                         -- since when one is on; NULL: none is
    main_password    TEXT,                            -- access::MainPassword; NULL: the tenant's
    failures         BIGINT  NOT NULL DEFAULT 0,      -- since failures_since
    failures_since   BIGINT ,
    locked_until     BIGINT ,                         -- no sign-in with the password before
    PRIMARY KEY (tenant_id, account_id),
    FOREIGN KEY (tenant_id, account_id) REFERENCES account (tenant_id, id) ON DELETE CASCADE
);

-- Passwords of programs (US-06): random, so one fast hash protects them.
CREATE TABLE app_password (
    id            BIGINT  NOT NULL PRIMARY KEY,
    tenant_id     BIGINT  NOT NULL,
    account_id    BIGINT  NOT NULL,
    label         TEXT    NOT NULL,
    hash          TEXT    NOT NULL,                   -- of account and secret, hex
    protocols     TEXT    NOT NULL,                   -- words with a space between
    networks      TEXT    NOT NULL,                   -- the same; '': from anywhere
    created_at    BIGINT  NOT NULL,
    expires_at    BIGINT ,
    last_used_at  BIGINT ,
    last_protocol TEXT,
    last_address  TEXT,
    FOREIGN KEY (tenant_id, account_id) REFERENCES account (tenant_id, id) ON DELETE CASCADE
);

CREATE INDEX app_password_by_account ON app_password (tenant_id, account_id, id);

-- Who signed in, or tried to (US-07). Polling clients make one row a day: what is alike within the
-- time that `alike` names is counted.
CREATE TABLE sign_in_event (
    id         BIGINT  NOT NULL PRIMARY KEY,
    tenant_id  BIGINT  NOT NULL,
    account_id BIGINT  NOT NULL,
    alike      TEXT    COLLATE "C" NOT NULL,
    first_at   BIGINT  NOT NULL,
    last_at    BIGINT  NOT NULL,
    count      BIGINT  NOT NULL,
    protocol   TEXT    NOT NULL,
    address    TEXT    NOT NULL,
    client     TEXT    NOT NULL,                      -- as it calls itself, may be empty
    result     TEXT    NOT NULL,                      -- access::history::Outcome
    credential TEXT    NOT NULL,                      -- password, app_password
    label      TEXT    NOT NULL,                      -- of the app password
    FOREIGN KEY (tenant_id, account_id) REFERENCES account (tenant_id, id) ON DELETE CASCADE
);

CREATE UNIQUE INDEX sign_in_event_alike ON sign_in_event (tenant_id, account_id, alike);
CREATE INDEX sign_in_event_by_account ON sign_in_event (tenant_id, account_id, last_at, id);
CREATE INDEX sign_in_event_by_time ON sign_in_event (last_at);
