-- How an order is carried out: its plan, the things that must exist, and what each step is for.
CREATE SCHEMA IF NOT EXISTS fulfilment;

-- One plan an order. The steps themselves are the rows of its process.
CREATE TABLE fulfilment.plan (
    order_id             bigint      PRIMARY KEY REFERENCES orders.sales_order,
    process_id           bigint      NOT NULL UNIQUE REFERENCES processes.process,
    catalogue_version_id bigint      NOT NULL REFERENCES catalog.version,
    revision             integer     NOT NULL DEFAULT 1,
    facts                jsonb       NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(facts) = 'object'),
    nothing_to_do        bigint[]    NOT NULL DEFAULT '{}',
    critical_path        integer[]   NOT NULL DEFAULT '{}',
    optimistic_seconds   bigint      NOT NULL,
    typical_seconds      bigint      NOT NULL,
    pessimistic_seconds  bigint      NOT NULL,
    planned_at           timestamptz NOT NULL DEFAULT base.now(),
    forecast_at          timestamptz NOT NULL,
    promised_at          timestamptz NOT NULL,
    projected_at         timestamptz NOT NULL,
    jeopardy             text        NOT NULL DEFAULT 'none' CHECK (jeopardy IN ('none', 'low', 'medium', 'high')),
    look_again_at        timestamptz
) WITH (fillfactor = 85);
CREATE INDEX plan_in_jeopardy ON fulfilment.plan (jeopardy, order_id) WHERE jeopardy <> 'none';
CREATE INDEX plan_to_look_at ON fulfilment.plan (look_again_at) WHERE look_again_at IS NOT NULL;

-- A thing that must exist because of what was sold (a fulfilment item).
CREATE TABLE fulfilment.item (
    id              bigint  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    order_id        bigint  NOT NULL REFERENCES fulfilment.plan (order_id),
    position        integer NOT NULL,
    key             text    NOT NULL,
    kind            text    NOT NULL,
    spec            text    NOT NULL,
    action          text    NOT NULL,
    label           text    NOT NULL,
    parent_key      text,
    system          text,
    scope           text,
    place           text,
    quantity        numeric NOT NULL,
    characteristics jsonb   NOT NULL DEFAULT '{}',
    lines           jsonb   NOT NULL DEFAULT '[]',
    sources         bigint[] NOT NULL CHECK (cardinality(sources) > 0),
    why             jsonb   NOT NULL DEFAULT '[]',
    is_provisional  boolean NOT NULL DEFAULT false,
    withdrawn       boolean NOT NULL DEFAULT false,
    UNIQUE (order_id, key)
);

-- What a step of the order's process is for, and when it was expected.
CREATE TABLE fulfilment.step (
    process_id      bigint  NOT NULL,
    number          integer NOT NULL,
    order_id        bigint  NOT NULL REFERENCES fulfilment.plan (order_id),
    item_id         bigint  REFERENCES fulfilment.item,
    order_items     bigint[] NOT NULL DEFAULT '{}',
    owner           text    NOT NULL,
    type            text    NOT NULL,
    planned_start   timestamptz NOT NULL,
    planned_finish  timestamptz NOT NULL,
    slack_seconds   bigint,
    is_critical     boolean NOT NULL DEFAULT false,
    why             text    NOT NULL DEFAULT '',
    PRIMARY KEY (process_id, number),
    FOREIGN KEY (process_id, number) REFERENCES processes.step (process_id, number)
);
CREATE INDEX step_of_order ON fulfilment.step (order_id);
