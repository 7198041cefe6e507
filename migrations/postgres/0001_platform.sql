-- The node numbers in the ids of this database (design §3). Whoever holds a number may give ids whose
-- milliseconds are not above id_mark; its successor begins above it.
CREATE TABLE node (
    number BIGINT NOT NULL PRIMARY KEY CHECK (number BETWEEN 0 AND 1023),
    holder TEXT,                     -- a random name of the process; NULL: free
    id_mark BIGINT NOT NULL,         -- milliseconds since 2025-01-01T00:00:00Z
    leased_until BIGINT NOT NULL     -- milliseconds since 1970
);
