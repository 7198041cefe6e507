-- Accounts in full: what is known of a person, what an account may do, templates, aliases of several
-- accounts, and the terms by which accounts are searched.

-- What is known of whoever uses the account (T-020, AD-03). `attributes` is a JSON object of free
-- directory attributes; `sort_name` and `search_text` are made of the other columns.
ALTER TABLE account ADD COLUMN family_name TEXT NOT NULL DEFAULT '';
ALTER TABLE account ADD COLUMN given_name TEXT NOT NULL DEFAULT '';
ALTER TABLE account ADD COLUMN family_kana TEXT NOT NULL DEFAULT '';
ALTER TABLE account ADD COLUMN given_kana TEXT NOT NULL DEFAULT '';
ALTER TABLE account ADD COLUMN department TEXT NOT NULL DEFAULT '';
ALTER TABLE account ADD COLUMN title TEXT NOT NULL DEFAULT '';
ALTER TABLE account ADD COLUMN organisation TEXT NOT NULL DEFAULT '';
ALTER TABLE account ADD COLUMN phone TEXT NOT NULL DEFAULT '';
ALTER TABLE account ADD COLUMN employee_number TEXT NOT NULL DEFAULT '';
ALTER TABLE account ADD COLUMN attributes TEXT NOT NULL DEFAULT '{}';
ALTER TABLE account ADD COLUMN notes TEXT NOT NULL DEFAULT '';          -- of administrators

-- What the account may do. `receiving`: open, suspended, discarded; `sending`: open, suspended.
-- `networks`: from where which protocol may sign in, directory::AllowedNetworks.
ALTER TABLE account ADD COLUMN receiving TEXT NOT NULL DEFAULT 'open';
ALTER TABLE account ADD COLUMN sending TEXT NOT NULL DEFAULT 'open';
ALTER TABLE account ADD COLUMN may_change_password INTEGER NOT NULL DEFAULT 1;
ALTER TABLE account ADD COLUMN may_edit_profile INTEGER NOT NULL DEFAULT 1;
ALTER TABLE account ADD COLUMN in_gal INTEGER NOT NULL DEFAULT 1;
ALTER TABLE account ADD COLUMN in_directory INTEGER NOT NULL DEFAULT 0;
ALTER TABLE account ADD COLUMN networks TEXT NOT NULL DEFAULT '';
ALTER TABLE account ADD COLUMN template_id INTEGER;                     -- it was made of; may be gone

ALTER TABLE account ADD COLUMN sort_name TEXT NOT NULL DEFAULT '';
ALTER TABLE account ADD COLUMN search_text TEXT NOT NULL DEFAULT '';
ALTER TABLE account ADD COLUMN search_version INTEGER NOT NULL DEFAULT 0; -- 0: no terms yet

CREATE INDEX account_by_name ON account (tenant_id, sort_name, id) WHERE deleted_at IS NULL;
CREATE INDEX account_by_domain_name ON account (tenant_id, domain_id, sort_name, id)
    WHERE deleted_at IS NULL;
CREATE INDEX account_by_name_everywhere ON account (sort_name, id) WHERE deleted_at IS NULL;
CREATE INDEX account_by_creation ON account (created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX account_deleted_of_tenant ON account (tenant_id, deleted_at, id)
    WHERE deleted_at IS NOT NULL;
CREATE INDEX account_unsearchable ON account (id) WHERE search_version = 0;

-- By which accounts are found: pieces of the folded texts, and words for the filters of lists. Written
-- in the transaction that writes the account.
CREATE TABLE account_term (
    term       TEXT    NOT NULL,
    tenant_id  INTEGER NOT NULL,
    account_id INTEGER NOT NULL,
    PRIMARY KEY (term, tenant_id, account_id)
) STRICT, WITHOUT ROWID;

-- Aliases (F-53). `account_id` of an alias is its first target; an alias with several has its own id
-- in `spread_id`, and all of them in alias_target.
ALTER TABLE address ADD COLUMN spread_id INTEGER;
ALTER TABLE address ADD COLUMN may_send INTEGER NOT NULL DEFAULT 1;     -- the one target as this alias
ALTER TABLE address ADD COLUMN enabled INTEGER NOT NULL DEFAULT 1;
ALTER TABLE address ADD COLUMN expires_at INTEGER;
ALTER TABLE address ADD COLUMN note TEXT NOT NULL DEFAULT '';

CREATE TABLE alias_target (
    address_id INTEGER NOT NULL REFERENCES address (id),
    account_id INTEGER NOT NULL,
    tenant_id  INTEGER NOT NULL,
    may_send   INTEGER NOT NULL,
    PRIMARY KEY (address_id, account_id),
    FOREIGN KEY (tenant_id, account_id) REFERENCES account (tenant_id, id),
    CHECK (may_send IN (0, 1))
) STRICT, WITHOUT ROWID;
CREATE INDEX alias_target_by_account ON alias_target (tenant_id, account_id);

-- Templates of accounts (AD-04). `settings` is JSON: directory::templates::TemplateSettings. The row of
-- the built-in one exists once it was changed.
CREATE TABLE account_template (
    id         INTEGER NOT NULL PRIMARY KEY,
    tenant_id  INTEGER NOT NULL REFERENCES tenant (id),
    name       TEXT    NOT NULL,
    canonical  TEXT    NOT NULL,            -- folded: what must be unique
    built_in   INTEGER NOT NULL,
    settings   TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    UNIQUE (tenant_id, canonical),
    CHECK (name <> '' AND built_in IN (0, 1))
) STRICT;
