-- The step engine: definitions, processes, their steps, and the log of what was done to them.
CREATE SCHEMA IF NOT EXISTS processes;

-- An immutable graph. Its id is made from its content, so equal graphs are one row and a worker may
-- remember a graph by its id for ever.
CREATE TABLE processes.definition (
    id         bigint      PRIMARY KEY,
    hash       bytea       NOT NULL UNIQUE CHECK (length(hash) = 32),
    graph      jsonb       NOT NULL,
    created_at timestamptz NOT NULL DEFAULT base.now()
);

-- One running copy of a definition. Whoever moves its steps locks this row first.
CREATE TABLE processes.process (
    id            bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    definition_id bigint      NOT NULL REFERENCES processes.definition,
    subject_id    bigint      NOT NULL,
    account_id    bigint,
    started_at    timestamptz NOT NULL DEFAULT base.now(),
    finished_at   timestamptz,
    wake_at       timestamptz,
    priority      smallint    NOT NULL DEFAULT 1 CHECK (priority BETWEEN 0 AND 2),
    state         text        NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'done', 'cancelled')),
    subject_kind  text        NOT NULL,
    subject_label text        NOT NULL,
    variables     jsonb       NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(variables) = 'object'),
    CHECK ((state = 'running') = (finished_at IS NULL)),
    CHECK (state <> 'running' OR wake_at IS NOT NULL)
) WITH (fillfactor = 85);
CREATE INDEX process_of_subject ON processes.process (subject_kind, subject_id);
CREATE INDEX process_definition ON processes.process (definition_id);
CREATE INDEX process_to_wake ON processes.process (wake_at) WHERE state = 'running';

-- `pending` and `pending_finish` count the tokens that are still missing, `live` the true ones that
-- came over gateway edges. `token` is what the step has sent: nothing yet, true or false. Business
-- times: not_before, finish_after (lags), due, wake_at, ready_at, started_at, finished_at. Real times:
-- lease_until, retry_at.
--
-- A worker's claim is a lease on a ready step, not a state: no index mentions the lease, so that claiming
-- is a HOT update. For the same reason keys are unique per process by command and invariant, not by an
-- index: it would be written at each move and cost a fifth of the engine's speed.
CREATE TABLE processes.step (
    process_id     bigint      NOT NULL REFERENCES processes.process ON DELETE CASCADE,
    number         integer     NOT NULL CHECK (number >= 0),
    pending        integer     NOT NULL DEFAULT 0 CHECK (pending >= 0),
    pending_finish integer     NOT NULL DEFAULT 0 CHECK (pending_finish >= 0),
    live           integer     NOT NULL DEFAULT 0 CHECK (live >= 0),
    attempt        smallint    NOT NULL DEFAULT 0,
    retries        smallint    NOT NULL DEFAULT 0,
    lost           smallint    NOT NULL DEFAULT 0,
    priority       smallint    NOT NULL DEFAULT 1 CHECK (priority BETWEEN 0 AND 2),
    iteration      smallint    NOT NULL DEFAULT 0,
    scope          integer     NOT NULL DEFAULT 0,
    choice         integer,
    expected       integer     CHECK (expected >= 0),
    counted        integer     NOT NULL DEFAULT 0 CHECK (counted >= 0),
    token          boolean,
    mandatory      boolean     NOT NULL DEFAULT true,
    held           boolean     NOT NULL DEFAULT false,
    overdue        boolean     NOT NULL DEFAULT false,
    wake_at        timestamptz NOT NULL,
    not_before     timestamptz,
    finish_after   timestamptz,
    due            timestamptz,
    lease_until    timestamptz,
    retry_at       timestamptz,
    ready_at       timestamptz,
    started_at     timestamptz,
    finished_at    timestamptz,
    state          text        NOT NULL DEFAULT 'blocked'
                   CHECK (state IN ('blocked', 'ready', 'running', 'waiting', 'done', 'skipped', 'failed', 'cancelled')),
    mode           text        NOT NULL CHECK (mode IN ('auto', 'person', 'event', 'timer', 'pass')),
    kind           text        NOT NULL CHECK (length(kind) BETWEEN 1 AND 200),
    key            text        NOT NULL CHECK (length(key) BETWEEN 1 AND 1000),
    title          text        NOT NULL CHECK (length(title) BETWEEN 1 AND 1000),
    queue          text,
    partner        text,
    sub_reason     text,
    correlation    text,
    hold_reason    text,
    error_class    text        CHECK (error_class IN ('transient', 'data', 'business', 'unknown')),
    error          text,
    chosen         integer[],
    arrived        jsonb,
    outputs        jsonb,
    params         jsonb,
    PRIMARY KEY (process_id, number),
    CHECK ((state = 'waiting' OR state = 'skipped' OR state = 'cancelled') = (sub_reason IS NOT NULL)),
    CHECK ((state = 'failed') <= (error_class IS NOT NULL)),
    CHECK (lease_until IS NULL OR (state = 'ready' AND mode = 'auto')),
    CHECK (NOT (state = 'running' AND mode = 'auto')),
    CHECK ((state IN ('done', 'skipped', 'cancelled')) = (finished_at IS NOT NULL)),
    CHECK ((sub_reason IS NOT DISTINCT FROM 'retry') <= (retry_at IS NOT NULL)),
    CHECK (held = (hold_reason IS NOT NULL))
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 5000);
CREATE INDEX step_to_claim ON processes.step (priority, wake_at, process_id, number)
    WHERE state = 'ready' AND mode = 'auto' AND NOT held;
CREATE INDEX step_due ON processes.step (due) WHERE state = 'waiting' AND due IS NOT NULL AND NOT held;
CREATE INDEX step_to_retry ON processes.step (retry_at) WHERE state = 'waiting' AND retry_at IS NOT NULL AND NOT held;
CREATE INDEX step_correlation ON processes.step (correlation) WHERE correlation IS NOT NULL;
CREATE INDEX step_task ON processes.step (queue, (coalesce(due, 'infinity')), process_id, number)
    WHERE mode = 'person' AND state IN ('ready', 'running');
CREATE INDEX step_fallout ON processes.step (process_id, number) WHERE state = 'failed';

-- What was done to steps, by whom and why. That a step became ready, and that a worker took it, follows
-- from the rest and is told by ready_at; everything else is one row. Append-only.
CREATE TABLE processes.step_log (
    id          bigint      GENERATED ALWAYS AS IDENTITY,
    at          timestamptz NOT NULL DEFAULT base.now(),
    process_id  bigint      NOT NULL,
    ready_at    timestamptz,
    started_at  timestamptz,
    user_id     bigint,
    number      integer     NOT NULL,
    attempt     smallint    NOT NULL,
    from_state  text        NOT NULL,
    to_state    text        NOT NULL,
    sub_reason  text,
    actor_kind  text        NOT NULL,
    actor_name  text        NOT NULL,
    reason      text,
    error_class text,
    error       text,
    evidence    text,
    outputs     jsonb
) PARTITION BY RANGE (at);
CREATE TABLE processes.step_log_other PARTITION OF processes.step_log DEFAULT;
CREATE INDEX step_log_of_step ON processes.step_log (process_id, number);
-- The log grows in the order of its ids, so a few pages of summary find what is new for the live pages.
CREATE INDEX step_log_by_id ON processes.step_log USING brin (id) WITH (pages_per_range = 16, autosummarize = on);
