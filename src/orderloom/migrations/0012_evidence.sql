-- What somebody says about a step that billing waits for: it counts once a second person has confirmed it.
CREATE TABLE fulfilment.evidence (
    id            bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    process_id    bigint      NOT NULL,
    number        integer     NOT NULL,
    order_id      bigint      NOT NULL REFERENCES fulfilment.plan (order_id),
    evidence      text        NOT NULL CHECK (evidence <> ''),
    outputs       jsonb       CHECK (jsonb_typeof(outputs) = 'object'),
    recorded_by   bigint      NOT NULL REFERENCES parties.user,
    recorded_name text        NOT NULL,
    recorded_at   timestamptz NOT NULL DEFAULT base.now(),
    state         text        NOT NULL DEFAULT 'recorded'
                  CHECK (state IN ('recorded', 'confirmed', 'rejected', 'overtaken')),
    decided_by    bigint      REFERENCES parties.user,
    decided_at    timestamptz,
    reason        text        NOT NULL DEFAULT '',
    FOREIGN KEY (process_id, number) REFERENCES processes.step (process_id, number),
    CHECK ((state = 'recorded') = (decided_at IS NULL)),
    CHECK (state NOT IN ('confirmed', 'rejected') OR decided_by IS NOT NULL),
    CONSTRAINT confirmed_by_somebody_else CHECK (state <> 'confirmed' OR decided_by <> recorded_by)
) WITH (fillfactor = 85);
CREATE UNIQUE INDEX evidence_recorded ON fulfilment.evidence (process_id, number) WHERE state = 'recorded';
CREATE INDEX evidence_of_order ON fulfilment.evidence (order_id);
