-- What was taken over from mailboxes on other hosts, so that a later run takes only what is new
-- (O-046, C-17). One row per folder there and generation of its numbers; the rows of an older
-- generation are carried over to a newer one, message by message.
CREATE TABLE collected_folder (
    account_id  BIGINT NOT NULL,
    id          BIGINT NOT NULL,
    source      TEXT NOT NULL,      -- the user and the host there, without a password
    name        BYTEA NOT NULL,      -- the folder as it is named there
    generation  BIGINT NOT NULL,      -- UIDVALIDITY; 0 where there is none
    PRIMARY KEY (account_id, id)
);
CREATE UNIQUE INDEX collected_folder_name
    ON collected_folder (account_id, source, name, generation);

-- One row per message there that is settled.
CREATE TABLE collected_message (
    account_id  BIGINT NOT NULL,
    folder_id   BIGINT NOT NULL,
    name        BYTEA NOT NULL,      -- its UID, four bytes, or a hash of its UIDL, sixteen
    message_id  BIGINT NOT NULL,      -- the message here
    fingerprint BYTEA NOT NULL,      -- of Message-ID, size and date; empty where nobody asks
    flags       TEXT NOT NULL,      -- as they were last seen there: sorted, separated by spaces
    PRIMARY KEY (account_id, folder_id, name)
);
CREATE INDEX collected_message_fingerprint
    ON collected_message (account_id, folder_id, fingerprint);
