-- Tenants, domains, accounts, addresses, login names and credentials (design §5).
--
-- Words with an open end (tenant.status, address.kind, credential.kind) have no CHECK list: a later
-- release adds to them without rebuilding the table; the directory crate is their judge and
-- `doctor` reports unknown ones. Composite keys (tenant_id, …) make it impossible for a row to
-- point into another tenant. Instants are ms since 1970.

CREATE TABLE tenant (
    id         INTEGER NOT NULL PRIMARY KEY,
    name       TEXT    NOT NULL,                      -- as entered
    canonical  TEXT    NOT NULL UNIQUE,               -- NFC, case-folded: what must be unique
    status     TEXT    NOT NULL,                      -- directory::TenantStatus
    language   TEXT    NOT NULL DEFAULT 'ja',
    time_zone  TEXT    NOT NULL DEFAULT 'Asia/Tokyo', -- IANA name
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    CHECK (name <> '' AND canonical <> '')
) STRICT;

CREATE TABLE domain (
    id                   INTEGER NOT NULL PRIMARY KEY,
    tenant_id            INTEGER NOT NULL REFERENCES tenant (id),
    name                 TEXT    NOT NULL UNIQUE,     -- lower-case A-labels
    subaddressing        INTEGER NOT NULL DEFAULT 1,  -- user+tag@ reaches user@
    catch_all_account_id INTEGER,                     -- "nobody": who gets unknown addresses
    created_at           INTEGER NOT NULL,
    updated_at           INTEGER NOT NULL,
    UNIQUE (tenant_id, id),
    FOREIGN KEY (tenant_id, catch_all_account_id) REFERENCES account (tenant_id, id),
    CHECK (name <> '' AND name = lower(name)),
    CHECK (subaddressing IN (0, 1))
) STRICT;

CREATE INDEX domain_by_catch_all ON domain (catch_all_account_id)
    WHERE catch_all_account_id IS NOT NULL;

CREATE TABLE account (
    id          INTEGER NOT NULL PRIMARY KEY,
    tenant_id   INTEGER NOT NULL,
    domain_id   INTEGER NOT NULL,                     -- of its own address
    kind        TEXT    NOT NULL,
    name        TEXT    NOT NULL,                     -- display name, may be empty
    status      TEXT    NOT NULL,
    access_pop  INTEGER NOT NULL,
    access_imap INTEGER NOT NULL,
    access_smtp INTEGER NOT NULL,
    access_web  INTEGER NOT NULL,
    time_zone   TEXT,                                 -- NULL: the tenant's
    language    TEXT,                                 -- NULL: the tenant's
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL,
    deleted_at  INTEGER,                              -- set: gone for everyone, names still taken
    UNIQUE (tenant_id, id),
    FOREIGN KEY (tenant_id, domain_id) REFERENCES domain (tenant_id, id),
    CHECK (kind IN ('person', 'shared', 'system')),
    CHECK (status IN ('active', 'suspended')),
    CHECK (access_pop IN (0, 1) AND access_imap IN (0, 1)
       AND access_smtp IN (0, 1) AND access_web IN (0, 1))
) STRICT;

CREATE INDEX account_by_domain ON account (tenant_id, domain_id, created_at, id);
CREATE INDEX account_by_tenant ON account (tenant_id, created_at, id);
CREATE INDEX account_deleted ON account (deleted_at) WHERE deleted_at IS NOT NULL;

-- Every routable address of the platform; its UNIQUE is the "this address exists already" rule.
CREATE TABLE address (
    id         INTEGER NOT NULL PRIMARY KEY,
    tenant_id  INTEGER NOT NULL,
    domain_id  INTEGER NOT NULL,
    canonical  TEXT    NOT NULL UNIQUE,               -- local@domain, folded, never quoted
    local_part TEXT    NOT NULL,                      -- as entered, never quoted
    kind       TEXT    NOT NULL,                      -- account, alias; later list, forward
    account_id INTEGER,                               -- whose mailbox; of account and alias
    created_at INTEGER NOT NULL,
    FOREIGN KEY (tenant_id, domain_id) REFERENCES domain (tenant_id, id),
    FOREIGN KEY (tenant_id, account_id) REFERENCES account (tenant_id, id),
    CHECK (account_id IS NOT NULL OR kind NOT IN ('account', 'alias')),
    CHECK (canonical NOT LIKE 'nobody@%')             -- means the catch-all
) STRICT;

CREATE UNIQUE INDEX address_own ON address (account_id) WHERE kind = 'account';
CREATE INDEX address_by_account ON address (tenant_id, account_id);
CREATE INDEX address_by_tenant ON address (tenant_id, kind, canonical);
CREATE INDEX address_by_domain ON address (tenant_id, domain_id, kind, canonical);

-- Registered legacy login ids (C-07). Never like an address: those are login names by themselves.
CREATE TABLE login_alias (
    canonical  TEXT    NOT NULL PRIMARY KEY,
    shown      TEXT    NOT NULL,
    tenant_id  INTEGER NOT NULL,
    account_id INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    FOREIGN KEY (tenant_id, account_id) REFERENCES account (tenant_id, id),
    CHECK (canonical <> '' AND replace(replace(canonical, '@', ''), '%', '') = canonical)
) STRICT, WITHOUT ROWID;

CREATE INDEX login_alias_by_account ON login_alias (tenant_id, account_id);

CREATE TABLE credential (
    id         INTEGER NOT NULL PRIMARY KEY,
    tenant_id  INTEGER NOT NULL,
    account_id INTEGER NOT NULL,
    kind       TEXT    NOT NULL,                      -- password; later app passwords and others
    secret     TEXT    NOT NULL,                      -- of a password: a PHC string
    version    INTEGER NOT NULL UNIQUE,               -- an id of its own for every change
    created_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    FOREIGN KEY (tenant_id, account_id) REFERENCES account (tenant_id, id),
    CHECK (secret <> '')
) STRICT;

CREATE UNIQUE INDEX credential_password ON credential (account_id) WHERE kind = 'password';
CREATE INDEX credential_by_account ON credential (tenant_id, account_id, kind);
