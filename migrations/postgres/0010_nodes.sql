-- What only one of several processes may do at a time, and for how long it is held: the sessions
-- of one mailbox that must be exclusive, the round of maintenance. A process that died lets go when
-- the time is over.
CREATE TABLE turn (
    name   TEXT   NOT NULL PRIMARY KEY,
    holder BIGINT NOT NULL,          -- an id of the holder's own, new for each turn
    until  BIGINT NOT NULL,          -- ms since 1970
    wanted BIGINT NOT NULL           -- 1 when somebody else waits for it
);
