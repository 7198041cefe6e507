-- Pools, locks and the history of usage (C-01 to C-03, C-20, O-013 to O-016). Instants are ms since 1970.

-- What all mailboxes of a domain may hold together, within the tenant's pool; NULL: that is not said.
ALTER TABLE domain ADD COLUMN pool_bytes BIGINT;

-- What all mailboxes of a tenant, or of one of its domains, hold together, as it was measured last,
-- and how far it is above what the contract allows. Never written on the way of a message.
CREATE TABLE pool (
    tenant_id       BIGINT  NOT NULL REFERENCES tenant (id) ON DELETE CASCADE,
    domain_id       BIGINT  NOT NULL,         -- 0: the whole tenant
    limit_bytes     BIGINT  NOT NULL,         -- 0: none
    used_bytes      BIGINT  NOT NULL,
    used_messages   BIGINT  NOT NULL,
    accounts        BIGINT  NOT NULL,
    allocated_bytes BIGINT  NOT NULL,         -- what the mailboxes may hold, one by one
    unlimited       BIGINT  NOT NULL,         -- mailboxes without a limit of their own
    band            BIGINT  NOT NULL,         -- 0, 80, 90, 100: the percent it has reached
    band_since      BIGINT  NOT NULL,
    over_since      BIGINT,                  -- NULL: not above 100 %
    over_ms         BIGINT  NOT NULL,         -- how much of the grace is gone
    grace_hours     BIGINT  NOT NULL,
    extra_hours     BIGINT  NOT NULL,         -- given by an operator
    locked_at       BIGINT,
    noticed         BIGINT  NOT NULL,         -- 1: 90 % was told
    measured_at     BIGINT  NOT NULL,
    PRIMARY KEY (tenant_id, domain_id),
    CHECK (band IN (0, 80, 90, 100)),
    CHECK (noticed IN (0, 1)),
    CHECK (locked_at IS NULL OR over_since IS NOT NULL)
);

-- What operators look at: pools that need attention.
CREATE INDEX pool_by_band ON pool (tenant_id, domain_id) WHERE band > 0;

-- The pools that are locked: nearly always none. Routing reads it, with the recipient.
CREATE TABLE pool_lock (
    tenant_id     BIGINT  NOT NULL REFERENCES tenant (id) ON DELETE CASCADE,
    domain_id     BIGINT  NOT NULL,           -- 0: the whole tenant
    reply         BIGINT  NOT NULL,           -- 1: senders try again (4xx), 2: they get it back (5xx)
    blocks_sending BIGINT  NOT NULL,          -- 1: nothing is sent either
    PRIMARY KEY (tenant_id, domain_id),
    CHECK (reply IN (1, 2)),
    CHECK (blocks_sending IN (0, 1))
);

-- The usage of each mailbox as it was measured last, in the orders in which lists show it: the
-- counters themselves change with every message and have no index for that.
CREATE TABLE usage_account (
    account_id     BIGINT  NOT NULL PRIMARY KEY,
    tenant_id      BIGINT  NOT NULL,
    domain_id      BIGINT  NOT NULL,
    used_bytes     BIGINT  NOT NULL,
    used_messages  BIGINT  NOT NULL,
    quota_bytes    BIGINT  NOT NULL,          -- 0: none
    quota_messages BIGINT  NOT NULL,          -- 0: none
    permille       BIGINT  NOT NULL,          -- of the limit that is nearer; 0 without one
    noticed        BIGINT  NOT NULL,          -- 0, 80, 90: what the owner was told
    CHECK (noticed IN (0, 80, 90))
);

CREATE INDEX usage_account_used ON usage_account (tenant_id, used_bytes, account_id);
CREATE INDEX usage_account_ratio ON usage_account (tenant_id, permille, account_id);

-- For charts: the last measurement of each hour, for two days.
CREATE TABLE usage_hour (
    tenant_id     BIGINT  NOT NULL REFERENCES tenant (id) ON DELETE CASCADE,
    domain_id     BIGINT  NOT NULL,           -- 0: the whole tenant
    at            BIGINT  NOT NULL,           -- the beginning of the hour
    used_bytes    BIGINT  NOT NULL,
    used_messages BIGINT  NOT NULL,
    accounts      BIGINT  NOT NULL,
    limit_bytes   BIGINT  NOT NULL,
    PRIMARY KEY (tenant_id, domain_id, at)
);

CREATE INDEX usage_hour_past ON usage_hour (at);

-- The same for each day of the tenant's time zone, with the highest of the day, for 400 days.
CREATE TABLE usage_day (
    tenant_id     BIGINT  NOT NULL REFERENCES tenant (id) ON DELETE CASCADE,
    domain_id     BIGINT  NOT NULL,           -- 0: the whole tenant
    at            BIGINT  NOT NULL,           -- the beginning of the day
    used_bytes    BIGINT  NOT NULL,
    peak_bytes    BIGINT  NOT NULL,
    used_messages BIGINT  NOT NULL,
    accounts      BIGINT  NOT NULL,
    limit_bytes   BIGINT  NOT NULL,
    PRIMARY KEY (tenant_id, domain_id, at)
);

CREATE INDEX usage_day_past ON usage_day (at);

-- The largest mailboxes of a tenant on a day, by the address they had then.
CREATE TABLE usage_top (
    tenant_id     BIGINT  NOT NULL REFERENCES tenant (id) ON DELETE CASCADE,
    at            BIGINT  NOT NULL,           -- the beginning of the day
    place         BIGINT  NOT NULL,           -- from 1
    account_id    BIGINT  NOT NULL,
    address       TEXT    NOT NULL,
    used_bytes    BIGINT  NOT NULL,
    used_messages BIGINT  NOT NULL,
    quota_bytes   BIGINT  NOT NULL,
    PRIMARY KEY (tenant_id, at, place)
);

CREATE INDEX usage_top_past ON usage_top (at);

-- What a tenant decides about the usage of its people's mailboxes. No row: the defaults.
CREATE TABLE usage_policy (
    tenant_id      BIGINT  NOT NULL PRIMARY KEY REFERENCES tenant (id) ON DELETE CASCADE,
    own_initialise BIGINT  NOT NULL,             -- 1: people may delete all of their own mail (U-008)
    CHECK (own_initialise IN (0, 1))
);
