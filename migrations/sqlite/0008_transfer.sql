-- Moving old mail in: what was imported from where, so that a run that was cut goes on where it stood
-- and another run takes only what is new. All of it is written in the transactions that write the mail.

-- One run. `source_key` names format and place of the source; the newest few of an account are kept.
CREATE TABLE import_run (
    account_id INTEGER NOT NULL,
    id         INTEGER NOT NULL,
    source     TEXT NOT NULL,            -- for people
    source_key BLOB NOT NULL,
    started_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    state      INTEGER NOT NULL,         -- 0 not finished, 1 complete, 2 the mailbox was full
    found      INTEGER NOT NULL,
    imported   INTEGER NOT NULL,
    present    INTEGER NOT NULL,         -- an earlier run had imported them
    skipped    INTEGER NOT NULL,
    dropped    INTEGER NOT NULL,         -- no mail: records of mail programs, and what they had deleted
    bytes      INTEGER NOT NULL,         -- of what was imported
    PRIMARY KEY (account_id, id)
) STRICT, WITHOUT ROWID;

-- How far a file of a source (an mbox, or a folder of a Maildir) was taken: everything before `place` is
-- in the account or was there. `mark` is a hash of what stands before it, to know the file again.
CREATE TABLE import_position (
    account_id INTEGER NOT NULL,
    source_key BLOB NOT NULL,
    file       BLOB NOT NULL,
    place      INTEGER NOT NULL,         -- a byte of an mbox, a number of files of a Maildir
    mark       BLOB NOT NULL,
    pass       INTEGER NOT NULL,         -- the run that began to read the file
    messages   INTEGER NOT NULL,
    PRIMARY KEY (account_id, source_key, file)
) STRICT, WITHOUT ROWID;

-- Each message that was ever imported, by its content and folder; several copies of one are numbered.
-- `pass` says which pass through a source counted the copy last. The message may be gone since.
CREATE TABLE import_message (
    account_id INTEGER NOT NULL,
    identity   BLOB NOT NULL,
    copy       INTEGER NOT NULL,
    pass       INTEGER NOT NULL,
    message_id INTEGER NOT NULL,
    PRIMARY KEY (account_id, identity, copy)
) STRICT, WITHOUT ROWID;
