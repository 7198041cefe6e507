-- Contents that are objects outside of the database (ADR 0007).

-- Which store the objects are in: one row, written when the first object is. `swept_after` is the name up
-- to which the store was searched for uploads that no transaction came to need.
CREATE TABLE object_store (
    id          INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    store_id    TEXT    NOT NULL,         -- what the store's marker says
    swept_after TEXT    NOT NULL
) STRICT;

-- Objects that nothing needs any more, to be deleted after the grace time. A row comes in the transaction
-- that removes the content's row, or when the search finds an upload that was never used.
CREATE TABLE object_garbage (
    name  TEXT    NOT NULL PRIMARY KEY,
    since INTEGER NOT NULL                -- ms since 1970
) STRICT;
CREATE INDEX object_garbage_since ON object_garbage (since);

-- An object belongs to one content of one tenant.
CREATE UNIQUE INDEX blob_object ON blob (object_name) WHERE object_name IS NOT NULL;
