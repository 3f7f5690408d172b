-- The one ladder of reminders and escalation: what happens to an open task of a queue, so many working hours before
-- (negative) or after it is due.
CREATE TABLE work.rung (
    queue  text          NOT NULL REFERENCES work.queue,
    place  integer       NOT NULL CHECK (place > 0),
    hours  numeric(8, 2) NOT NULL,
    act    text          NOT NULL CHECK (act IN ('remind', 'add_manager', 'reassign', 'raise_priority')),
    PRIMARY KEY (queue, place)
);

-- When a rung is due for a task; it acts once, however late somebody looks.
CREATE TABLE work.alarm (
    process_id bigint        NOT NULL,
    number     integer       NOT NULL,
    place      integer       NOT NULL,
    hours      numeric(8, 2) NOT NULL,
    act        text          NOT NULL,
    due        timestamptz   NOT NULL,
    at         timestamptz   NOT NULL,
    fired_at   timestamptz,
    PRIMARY KEY (process_id, number, place),
    FOREIGN KEY (process_id, number) REFERENCES processes.step ON DELETE CASCADE
) WITH (fillfactor = 80);
COMMENT ON COLUMN work.alarm.due IS 'The due date that `at` was worked out from; a task that is due later by now waits.';
CREATE INDEX alarm_due ON work.alarm (at) WHERE fired_at IS NULL;
