-- Roles, grants, API keys, impersonation (design §5, AD-26, OP-19, OP-20).
--
-- Built-in roles are words of the program (control::roles); this table has the roles that people
-- defined. What is granted to an account goes with it, what is limited to a domain goes with that.

CREATE TABLE role (
    id          BIGINT NOT NULL PRIMARY KEY,
    tenant_id   BIGINT REFERENCES tenant (id),   -- NULL: a role of the operator's own people
    name        TEXT NOT NULL,                   -- as entered
    canonical   TEXT COLLATE "C" NOT NULL,         -- folded: what must be unique
    note        TEXT NOT NULL DEFAULT '',
    permissions TEXT NOT NULL,                   -- words of types::Permission, a space between
    created_at  BIGINT NOT NULL,
    updated_at  BIGINT NOT NULL,
    CHECK (name <> '' AND canonical <> '')
);

CREATE UNIQUE INDEX role_of_tenant ON role (tenant_id, canonical) WHERE tenant_id IS NOT NULL;
CREATE UNIQUE INDEX role_of_platform ON role (canonical) WHERE tenant_id IS NULL;

CREATE TABLE role_grant (
    id         BIGINT NOT NULL PRIMARY KEY,
    tenant_id  BIGINT NOT NULL,                  -- of the account
    account_id BIGINT NOT NULL,
    role       TEXT COLLATE "C" NOT NULL,          -- a built-in role's word, or role_id as text
    role_id    BIGINT REFERENCES role (id),      -- a role that somebody defined
    place      TEXT COLLATE "C" NOT NULL,          -- platform, tenant, or domain_id as text
    domain_id  BIGINT,
    expires_at BIGINT,                           -- NULL: never
    note       TEXT NOT NULL DEFAULT '',
    granted_by TEXT NOT NULL,                    -- a name, for people
    created_at BIGINT NOT NULL,
    UNIQUE (account_id, role, place),
    FOREIGN KEY (tenant_id, account_id) REFERENCES account (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, domain_id) REFERENCES domain (tenant_id, id) ON DELETE CASCADE,
    CHECK ((domain_id IS NULL) = (place IN ('platform', 'tenant')))
);

CREATE INDEX role_grant_by_account ON role_grant (tenant_id, account_id, id);
CREATE INDEX role_grant_by_tenant ON role_grant (tenant_id, id);
CREATE INDEX role_grant_by_role ON role_grant (tenant_id, role, place, id);
CREATE INDEX role_grant_by_role_id ON role_grant (role_id) WHERE role_id IS NOT NULL;
CREATE INDEX role_grant_by_domain ON role_grant (tenant_id, domain_id) WHERE domain_id IS NOT NULL;
CREATE INDEX role_grant_of_platform ON role_grant (place, id);

-- Keys of programs. A key belongs to its tenant (NULL: to the operator), not to who made it.
CREATE TABLE api_key (
    id          BIGINT NOT NULL PRIMARY KEY,
    tenant_id   BIGINT REFERENCES tenant (id),
    domain_id   BIGINT,                          -- limited to this domain
    label       TEXT NOT NULL,
    shown       TEXT NOT NULL,                   -- how the token begins, to recognise it
    hash        TEXT COLLATE "C" NOT NULL UNIQUE,  -- BLAKE3 of the token
    permissions TEXT NOT NULL,
    networks    TEXT NOT NULL DEFAULT '',        -- a space between; '': from anywhere
    made_by     TEXT NOT NULL,
    created_at  BIGINT NOT NULL,
    expires_at  BIGINT,
    used_at     BIGINT,                          -- written now and then, not at every use
    used_from   TEXT,
    FOREIGN KEY (tenant_id, domain_id) REFERENCES domain (tenant_id, id) ON DELETE CASCADE,
    CHECK (domain_id IS NULL OR tenant_id IS NOT NULL)
);

CREATE INDEX api_key_by_tenant ON api_key (tenant_id, id);

-- Each time that an administrator acted as somebody else. Kept as long as the account.
CREATE TABLE impersonation (
    id           BIGINT NOT NULL PRIMARY KEY,
    tenant_id    BIGINT NOT NULL,                -- of the account that was acted as
    account_id   BIGINT NOT NULL,
    by_tenant    BIGINT NOT NULL,                -- the administrator's, who may be gone
    by_account   BIGINT NOT NULL,
    by_name      TEXT NOT NULL,                  -- the administrator's address at the time
    reason       TEXT NOT NULL,
    content      BIGINT NOT NULL,                -- whether mail may be read
    started_at   BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL,
    ended_at     BIGINT,                         -- before its time
    token_hash   TEXT COLLATE "C" NOT NULL UNIQUE,     -- BLAKE3 of what the browser shows
    FOREIGN KEY (tenant_id, account_id) REFERENCES account (tenant_id, id) ON DELETE CASCADE,
    CHECK (content IN (0, 1))
);

CREATE INDEX impersonation_by_tenant ON impersonation (tenant_id, id);
CREATE INDEX impersonation_by_account ON impersonation (tenant_id, account_id, id);
CREATE INDEX impersonation_of_others ON impersonation (by_account, id);

-- Tenants that let the operator's people read mail while they act as somebody (F-44). Off: no row.
CREATE TABLE content_consent (
    tenant_id  BIGINT NOT NULL PRIMARY KEY REFERENCES tenant (id),
    given_by   TEXT NOT NULL,
    given_at   BIGINT NOT NULL,
    expires_at BIGINT
);
