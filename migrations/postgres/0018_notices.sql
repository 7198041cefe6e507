-- Notices: templates, outbox, announcements. Instants are ms since 1970.

-- What a tenant has changed of the texts; tenant 0 is the platform, whose texts hold for all who
-- have none of their own. What is in neither is the program's default.
CREATE TABLE notice_template (
    tenant_id  BIGINT NOT NULL,       -- 0: the platform
    event      TEXT    NOT NULL,       -- notices::Event
    language   TEXT    NOT NULL,
    subject    TEXT    NOT NULL,
    body       TEXT    NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, event, language)
);

-- From whom notices come, and which administrators get them; tenant 0 is the platform.
CREATE TABLE notice_settings (
    tenant_id      BIGINT NOT NULL PRIMARY KEY,
    product        TEXT,               -- NULL: the platform's, then the program's name
    sender_name    TEXT,               -- NULL: the tenant's name
    sender_address TEXT,               -- NULL: noreply@ of its first domain
    administrators TEXT    NOT NULL,   -- JSON list of addresses; []: those who hold the role
    updated_at     BIGINT NOT NULL
);

-- Notices that are not yet handed to the transport: written in the transaction of the event. The
-- variables may hold a link or a code, so a row goes as soon as it is sent.
CREATE TABLE notice_outbox (
    id         BIGINT NOT NULL PRIMARY KEY,
    tenant_id  BIGINT NOT NULL,
    event      TEXT    NOT NULL,
    address    TEXT    NOT NULL,
    language   TEXT    NOT NULL,
    time_zone  TEXT    NOT NULL,
    variables  TEXT    NOT NULL,       -- JSON object
    created_at BIGINT NOT NULL,
    due_at     BIGINT NOT NULL,       -- also the lease of who is sending it
    attempts   BIGINT NOT NULL
);

CREATE INDEX notice_outbox_due ON notice_outbox (due_at, id);

-- Announcements on the pages of administrators and users (AD-30).
CREATE TABLE announcement (
    id         BIGINT NOT NULL PRIMARY KEY,
    tenant_id  BIGINT NOT NULL,       -- whose announcement; 0: the platform's
    audience   TEXT    NOT NULL,       -- notices::Audience
    kind       TEXT    NOT NULL,       -- info, important, maintenance
    title_ja   TEXT    NOT NULL,
    body_ja    TEXT    NOT NULL,
    title_en   TEXT    NOT NULL,       -- '': the Japanese one for all
    body_en    TEXT    NOT NULL,
    starts_at  BIGINT NOT NULL,
    ends_at    BIGINT,                -- NULL: until it is taken down
    created_by TEXT    NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE INDEX announcement_shown ON announcement (tenant_id, starts_at, id);
