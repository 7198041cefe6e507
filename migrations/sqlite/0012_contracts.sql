-- Contracts: tenants in full, plans, options, domains in full. Instants are ms since 1970; columns of
-- JSON hold the words of the types that the comment names.

ALTER TABLE tenant ADD COLUMN customer_number TEXT;
ALTER TABLE tenant ADD COLUMN kana TEXT NOT NULL DEFAULT '';
ALTER TABLE tenant ADD COLUMN search TEXT NOT NULL DEFAULT '';  -- folded: name, kana, number
ALTER TABLE tenant ADD COLUMN service_start_at INTEGER;         -- a preparing one becomes active then
ALTER TABLE tenant ADD COLUMN end_at INTEGER;                   -- the contract ends then
UPDATE tenant SET search = canonical;
CREATE UNIQUE INDEX tenant_customer_number ON tenant (customer_number);
CREATE INDEX tenant_due_start ON tenant (service_start_at) WHERE status = 'preparing';
CREATE INDEX tenant_due_end ON tenant (end_at) WHERE end_at IS NOT NULL;

CREATE TABLE plan (
    id          INTEGER NOT NULL PRIMARY KEY,
    name        TEXT    NOT NULL,
    canonical   TEXT    NOT NULL UNIQUE,               -- folded: what must be unique
    status      TEXT    NOT NULL,                      -- directory::plans::PlanStatus
    revision    INTEGER NOT NULL,                      -- of the terms, from 1
    description TEXT    NOT NULL,
    price_label TEXT    NOT NULL,
    terms       TEXT    NOT NULL,                      -- JSON: directory::plans::Terms
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL,
    CHECK (name <> '' AND canonical <> '')
) STRICT;

CREATE TABLE catalogue_option (
    id          INTEGER NOT NULL PRIMARY KEY,
    code        TEXT    NOT NULL UNIQUE,               -- a word for programs
    name_ja     TEXT    NOT NULL,
    name_en     TEXT    NOT NULL,
    unit_ja     TEXT    NOT NULL,                      -- what a pack holds, for people
    unit_en     TEXT    NOT NULL,
    price_label TEXT    NOT NULL,
    max_packs   INTEGER,                               -- NULL: any number
    needs       TEXT,                                  -- the code of the option it adds to
    effect      TEXT    NOT NULL,                      -- JSON: directory::options::Effect
    retired_at  INTEGER,                               -- nobody can order it any more
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL,
    CHECK (code <> '' AND (max_packs IS NULL OR max_packs > 0))
) STRICT;

-- What was agreed with a tenant. A tenant without a row has no plan, and every function. `terms` is
-- what the plan promised when it was applied, `in_force` the same with the effects of the options.
CREATE TABLE contract (
    tenant_id     INTEGER NOT NULL PRIMARY KEY REFERENCES tenant (id),
    plan_id       INTEGER REFERENCES plan (id),
    plan_revision INTEGER,
    terms         TEXT,                                -- JSON: directory::plans::Terms
    in_force      TEXT,                                -- JSON: directory::plans::Terms
    seats         INTEGER,                             -- ordered, without packs; NULL: the plan's most
    grace_days    INTEGER NOT NULL,                    -- from the end until data may be erased
    details       TEXT    NOT NULL,                    -- JSON: directory::contracts::Details
    created_at    INTEGER NOT NULL,
    updated_at    INTEGER NOT NULL,
    CHECK ((plan_id IS NULL) = (terms IS NULL) AND (plan_id IS NULL) = (in_force IS NULL))
) STRICT;
CREATE INDEX contract_by_plan ON contract (plan_id, tenant_id) WHERE plan_id IS NOT NULL;

CREATE TABLE tenant_option (
    tenant_id INTEGER NOT NULL REFERENCES tenant (id),
    option_id INTEGER NOT NULL REFERENCES catalogue_option (id),
    packs     INTEGER NOT NULL CHECK (packs > 0),
    since_at  INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, option_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX tenant_option_by_option ON tenant_option (option_id);

-- An alias of another domain of the same tenant has no addresses of its own: it has all of the other's.
ALTER TABLE domain ADD COLUMN alias_of_id INTEGER REFERENCES domain (id);
ALTER TABLE domain ADD COLUMN verification TEXT NOT NULL DEFAULT 'verified'; -- domains::Verification
ALTER TABLE domain ADD COLUMN verification_token TEXT;
ALTER TABLE domain ADD COLUMN verified_at INTEGER;
ALTER TABLE domain ADD COLUMN checked_at INTEGER;               -- the last look at the TXT record
ALTER TABLE domain ADD COLUMN serving INTEGER NOT NULL DEFAULT 1; -- 0: not ours until it is verified
ALTER TABLE domain ADD COLUMN mailbox_quota_bytes INTEGER;      -- the tier; NULL: individual
ALTER TABLE domain ADD COLUMN search TEXT NOT NULL DEFAULT '';  -- the name as A-labels and as people read it
UPDATE domain SET search = name;
CREATE INDEX domain_by_tenant ON domain (tenant_id, name);
CREATE INDEX domain_by_alias ON domain (alias_of_id) WHERE alias_of_id IS NOT NULL;

-- What counts as a seat.
CREATE INDEX account_seat ON account (tenant_id, domain_id)
    WHERE deleted_at IS NULL AND kind <> 'system';
