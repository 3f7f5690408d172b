-- Task lists: which team works a queue, who has which task, and who gave it to whom.
CREATE SCHEMA IF NOT EXISTS work;

-- A queue's code stands on steps; one that nobody has set up yet is worked by those who may assign.
CREATE TABLE work.queue (
    code       text        PRIMARY KEY CHECK (length(code) BETWEEN 1 AND 100),
    name       text        NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    team_id    bigint      REFERENCES parties.team,
    calendar   text        REFERENCES base.calendar,
    sla_hours  numeric(8, 2) CHECK (sla_hours > 0),
    created_at timestamptz NOT NULL DEFAULT base.now()
);
CREATE INDEX queue_of_team ON work.queue (team_id);

CREATE TABLE work.assignment (
    process_id  bigint      NOT NULL,
    number      integer     NOT NULL,
    user_id     bigint      NOT NULL REFERENCES parties.user,
    assigned_at timestamptz NOT NULL DEFAULT base.now(),
    PRIMARY KEY (process_id, number),
    FOREIGN KEY (process_id, number) REFERENCES processes.step ON DELETE CASCADE
);
CREATE INDEX assignment_of_user ON work.assignment (user_id, process_id, number);

CREATE TABLE work.assignment_log (
    id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    process_id bigint      NOT NULL,
    number     integer     NOT NULL,
    action     text        NOT NULL CHECK (action IN ('claimed', 'assigned', 'released')),
    user_id    bigint      NOT NULL,
    actor_name text        NOT NULL,
    reason     text,
    at         timestamptz NOT NULL DEFAULT base.now()
);
CREATE INDEX assignment_log_of_step ON work.assignment_log (process_id, number);
