-- Background work (design §1.7): what was asked for, how far it is, what came of it. Ended jobs are
-- kept for a week. Instants are ms since 1970.
CREATE TABLE job (
    id            BIGINT NOT NULL PRIMARY KEY,
    tenant_id     BIGINT NOT NULL,          -- whose work it is; 0: the platform's
    owner_kind    BIGINT NOT NULL,          -- 0 the house, 1 the console, 2 an account, 3 an API key
    owner_id      BIGINT NOT NULL,          -- the account or the key; 0 for the others
    kind          TEXT NOT NULL COLLATE "C",          -- the word of the work
    title         TEXT NOT NULL,          -- for people
    state         BIGINT NOT NULL,          -- 1 waits, 2 runs, 3 done, 4 done with errors, 5 failed, 6 cancelled
    cancel        BIGINT NOT NULL,          -- 1: somebody asked for its end
    input         TEXT NOT NULL,          -- JSON; emptied when the job ends
    checkpoint    TEXT,                      -- JSON: where the work goes on after a crash
    done          BIGINT NOT NULL,          -- units of work
    total         BIGINT,                   -- NULL: not known
    errors        BIGINT NOT NULL,          -- units that could not be done
    reason        TEXT,                      -- why it failed, for people
    attempt       BIGINT NOT NULL,          -- counts the claims: a claim that was lost cannot write
    strikes       BIGINT NOT NULL,          -- claims that ended without a word
    due_at        BIGINT NOT NULL,          -- not before
    lease_owner   BIGINT,                   -- who runs it
    lease_until   BIGINT,
    begun_done    BIGINT NOT NULL,          -- `done` when this attempt began: for the rate
    created_at    BIGINT NOT NULL,
    started_at    BIGINT,                   -- of the newest attempt
    progress_at   BIGINT,
    ended_at      BIGINT,
    expires_at    BIGINT,                   -- when an ended job is forgotten
    CHECK (state BETWEEN 1 AND 6),
    CHECK (cancel IN (0, 1)),
    CHECK ((state = 2) = (lease_owner IS NOT NULL)),
    CHECK ((state > 2) = (expires_at IS NOT NULL))
);
CREATE INDEX job_of_tenant ON job (tenant_id, id);
CREATE INDEX job_of_owner ON job (owner_kind, owner_id, id);
CREATE INDEX job_waiting ON job (tenant_id, due_at, id) WHERE state = 1;
CREATE INDEX job_running ON job (lease_until, id) WHERE state = 2;
CREATE INDEX job_started ON job (tenant_id, started_at) WHERE started_at IS NOT NULL;
CREATE INDEX job_past ON job (expires_at) WHERE expires_at IS NOT NULL;

-- Files of a job: what it works on, and what came of it. Written in pieces, each in the transaction
-- of the work it tells of.
CREATE TABLE job_file (
    job_id     BIGINT NOT NULL,
    name       TEXT NOT NULL COLLATE "C",
    role       BIGINT NOT NULL,             -- 1 input, 2 result, 3 result that is given out once
    media_type TEXT NOT NULL COLLATE "C",
    parts      BIGINT NOT NULL,
    size       BIGINT NOT NULL,             -- bytes
    created_at BIGINT NOT NULL,
    expires_at BIGINT,                      -- NULL: goes with the job
    PRIMARY KEY (job_id, name)
);
CREATE INDEX job_file_past ON job_file (expires_at) WHERE expires_at IS NOT NULL;

CREATE TABLE job_file_part (
    job_id BIGINT NOT NULL,
    name   TEXT NOT NULL COLLATE "C",
    part   BIGINT NOT NULL,                 -- from 0
    bytes  BYTEA   NOT NULL,
    PRIMARY KEY (job_id, name, part)
);
