-- Pools, locks and the history of usage (C-01 to C-03, C-20, O-013 to O-016). Instants are ms since 1970.

-- What all mailboxes of a domain may hold together, within the tenant's pool; NULL: that is not said.
ALTER TABLE domain ADD COLUMN pool_bytes INTEGER;

-- What all mailboxes of a tenant, or of one of its domains, hold together, as it was measured last,
-- and how far it is above what the contract allows. Never written on the way of a message.
CREATE TABLE pool (
    tenant_id       INTEGER NOT NULL REFERENCES tenant (id) ON DELETE CASCADE,
    domain_id       INTEGER NOT NULL,         -- 0: the whole tenant
    limit_bytes     INTEGER NOT NULL,         -- 0: none
    used_bytes      INTEGER NOT NULL,
    used_messages   INTEGER NOT NULL,
    accounts        INTEGER NOT NULL,
    allocated_bytes INTEGER NOT NULL,         -- what the mailboxes may hold, one by one
    unlimited       INTEGER NOT NULL,         -- mailboxes without a limit of their own
    band            INTEGER NOT NULL,         -- 0, 80, 90, 100: the percent it has reached
    band_since      INTEGER NOT NULL,
    over_since      INTEGER,                  -- NULL: not above 100 %
    over_ms         INTEGER NOT NULL,         -- how much of the grace is gone
    grace_hours     INTEGER NOT NULL,
    extra_hours     INTEGER NOT NULL,         -- given by an operator
    locked_at       INTEGER,
    noticed         INTEGER NOT NULL,         -- 1: 90 % was told
    measured_at     INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, domain_id),
    CHECK (band IN (0, 80, 90, 100)),
    CHECK (noticed IN (0, 1)),
    CHECK (locked_at IS NULL OR over_since IS NOT NULL)
) STRICT, WITHOUT ROWID;

-- What operators look at: pools that need attention.
CREATE INDEX pool_by_band ON pool (tenant_id, domain_id) WHERE band > 0;

-- The pools that are locked: nearly always none. Routing reads it, with the recipient.
CREATE TABLE pool_lock (
    tenant_id     INTEGER NOT NULL REFERENCES tenant (id) ON DELETE CASCADE,
    domain_id     INTEGER NOT NULL,           -- 0: the whole tenant
    reply         INTEGER NOT NULL,           -- 1: senders try again (4xx), 2: they get it back (5xx)
    blocks_sending INTEGER NOT NULL,          -- 1: nothing is sent either
    PRIMARY KEY (tenant_id, domain_id),
    CHECK (reply IN (1, 2)),
    CHECK (blocks_sending IN (0, 1))
) STRICT, WITHOUT ROWID;

-- The usage of each mailbox as it was measured last, in the orders in which lists show it: the
-- counters themselves change with every message and have no index for that.
CREATE TABLE usage_account (
    account_id     INTEGER NOT NULL PRIMARY KEY,
    tenant_id      INTEGER NOT NULL,
    domain_id      INTEGER NOT NULL,
    used_bytes     INTEGER NOT NULL,
    used_messages  INTEGER NOT NULL,
    quota_bytes    INTEGER NOT NULL,          -- 0: none
    quota_messages INTEGER NOT NULL,          -- 0: none
    permille       INTEGER NOT NULL,          -- of the limit that is nearer; 0 without one
    noticed        INTEGER NOT NULL,          -- 0, 80, 90: what the owner was told
    CHECK (noticed IN (0, 80, 90))
) STRICT;

CREATE INDEX usage_account_used ON usage_account (tenant_id, used_bytes, account_id);
CREATE INDEX usage_account_ratio ON usage_account (tenant_id, permille, account_id);

-- For charts: the last measurement of each hour, for two days.
CREATE TABLE usage_hour (
    tenant_id     INTEGER NOT NULL REFERENCES tenant (id) ON DELETE CASCADE,
    domain_id     INTEGER NOT NULL,           -- 0: the whole tenant
    at            INTEGER NOT NULL,           -- the beginning of the hour
    used_bytes    INTEGER NOT NULL,
    used_messages INTEGER NOT NULL,
    accounts      INTEGER NOT NULL,
    limit_bytes   INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, domain_id, at)
) STRICT, WITHOUT ROWID;

CREATE INDEX usage_hour_past ON usage_hour (at);

-- The same for each day of the tenant's time zone, with the highest of the day, for 400 days.
CREATE TABLE usage_day (
    tenant_id     INTEGER NOT NULL REFERENCES tenant (id) ON DELETE CASCADE,
    domain_id     INTEGER NOT NULL,           -- 0: the whole tenant
    at            INTEGER NOT NULL,           -- the beginning of the day
    used_bytes    INTEGER NOT NULL,
    peak_bytes    INTEGER NOT NULL,
    used_messages INTEGER NOT NULL,
    accounts      INTEGER NOT NULL,
    limit_bytes   INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, domain_id, at)
) STRICT, WITHOUT ROWID;

CREATE INDEX usage_day_past ON usage_day (at);

-- The largest mailboxes of a tenant on a day, by the address they had then.
CREATE TABLE usage_top (
    tenant_id     INTEGER NOT NULL REFERENCES tenant (id) ON DELETE CASCADE,
    at            INTEGER NOT NULL,           -- the beginning of the day
    place         INTEGER NOT NULL,           -- from 1
    account_id    INTEGER NOT NULL,
    address       TEXT    NOT NULL,
    used_bytes    INTEGER NOT NULL,
    used_messages INTEGER NOT NULL,
    quota_bytes   INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, at, place)
) STRICT, WITHOUT ROWID;

CREATE INDEX usage_top_past ON usage_top (at);

-- What a tenant decides about the usage of its people's mailboxes. No row: the defaults.
CREATE TABLE usage_policy (
    tenant_id      INTEGER NOT NULL PRIMARY KEY REFERENCES tenant (id) ON DELETE CASCADE,
    own_initialise INTEGER NOT NULL,             -- 1: people may delete all of their own mail (U-008)
    CHECK (own_initialise IN (0, 1))
) STRICT;
