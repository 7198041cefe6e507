-- Moving old mail in: what was imported from where, so that a run that was cut goes on where it stood
-- and another run takes only what is new. All of it is written in the transactions that write the mail.

-- One run. `source_key` names format and place of the source; the newest few of an account are kept.
CREATE TABLE import_run (
    account_id BIGINT NOT NULL,
    id         BIGINT NOT NULL,
    source     TEXT NOT NULL,            -- for people
    source_key BYTEA NOT NULL,
    started_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    state      BIGINT NOT NULL,         -- 0 not finished, 1 complete, 2 the mailbox was full
    found      BIGINT NOT NULL,
    imported   BIGINT NOT NULL,
    present    BIGINT NOT NULL,         -- an earlier run had imported them
    skipped    BIGINT NOT NULL,
    dropped    BIGINT NOT NULL,         -- no mail: records of mail programs, and what they had deleted
    bytes      BIGINT NOT NULL,         -- of what was imported
    PRIMARY KEY (account_id, id)
);

-- How far a file of a source (an mbox, or a folder of a Maildir) was taken: everything before `place` is
-- in the account or was there. `mark` is a hash of what stands before it, to know the file again.
CREATE TABLE import_position (
    account_id BIGINT NOT NULL,
    source_key BYTEA NOT NULL,
    file       BYTEA NOT NULL,
    place      BIGINT NOT NULL,         -- a byte of an mbox, a number of files of a Maildir
    mark       BYTEA NOT NULL,
    pass       BIGINT NOT NULL,         -- the run that began to read the file
    messages   BIGINT NOT NULL,
    PRIMARY KEY (account_id, source_key, file)
);

-- Each message that was ever imported, by its content and folder; several copies of one are numbered.
-- `pass` says which pass through a source counted the copy last. The message may be gone since.
CREATE TABLE import_message (
    account_id BIGINT NOT NULL,
    identity   BYTEA NOT NULL,
    copy       BIGINT NOT NULL,
    pass       BIGINT NOT NULL,
    message_id BIGINT NOT NULL,
    PRIMARY KEY (account_id, identity, copy)
);
