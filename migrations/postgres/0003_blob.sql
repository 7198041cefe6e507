-- Message contents: immutable bytes, addressed by BLAKE3 within a tenant, never shared across tenants.
-- One row per content; `refs` counts exactly who needs it, and the row goes in the transaction that
-- leaves it without a reference. `refs` stands before `data` so that counting never reads the data.
CREATE TABLE blob (
    tenant_id     BIGINT NOT NULL,
    hash          BYTEA NOT NULL,
    size          BIGINT NOT NULL,       -- bytes of the content itself
    stored_size   BIGINT NOT NULL,       -- bytes as stored, after compression
    encoding      BIGINT NOT NULL,       -- 0 raw, 1 zstd, 2 zstd under the key `key_id`
    place         BIGINT NOT NULL,       -- 0 in `data`, 1 an object of its own, 2 a range of a pack
    refs          BIGINT NOT NULL,
    created_at    BIGINT NOT NULL,
    object_name   TEXT,
    object_offset BIGINT,
    object_length BIGINT,
    key_id        BIGINT,
    data          BYTEA,
    PRIMARY KEY (tenant_id, hash),
    CHECK (refs > 0),
    CHECK ((place = 0 AND data IS NOT NULL) OR (place <> 0 AND object_name IS NOT NULL))
);
-- The contents are compressed by us already.
ALTER TABLE blob ALTER COLUMN data SET STORAGE EXTERNAL;
