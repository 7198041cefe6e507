-- Message contents: immutable bytes, addressed by BLAKE3 within a tenant, never shared across tenants.
-- One row per content; `refs` counts exactly who needs it, and the row goes in the transaction that
-- leaves it without a reference. `refs` stands before `data` so that counting never reads the data.
CREATE TABLE blob (
    tenant_id     INTEGER NOT NULL,
    hash          BLOB NOT NULL,
    size          INTEGER NOT NULL,       -- bytes of the content itself
    stored_size   INTEGER NOT NULL,       -- bytes as stored, after compression
    encoding      INTEGER NOT NULL,       -- 0 raw, 1 zstd, 2 zstd under the key `key_id`
    place         INTEGER NOT NULL,       -- 0 in `data`, 1 an object of its own, 2 a range of a pack
    refs          INTEGER NOT NULL,
    created_at    INTEGER NOT NULL,
    object_name   TEXT,
    object_offset INTEGER,
    object_length INTEGER,
    key_id        INTEGER,
    data          BLOB,
    PRIMARY KEY (tenant_id, hash),
    CHECK (refs > 0),
    CHECK ((place = 0 AND data IS NOT NULL) OR (place <> 0 AND object_name IS NOT NULL))
) STRICT;
