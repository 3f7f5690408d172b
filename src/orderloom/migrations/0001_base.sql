-- The ground floor: events and the jobs they fan out to, the clock, number series, idempotency keys.
CREATE SCHEMA IF NOT EXISTS base;

CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA public;
CREATE EXTENSION IF NOT EXISTS btree_gist WITH SCHEMA public;
CREATE EXTENSION IF NOT EXISTS unaccent WITH SCHEMA public;

-- Business time: the transaction's time plus an offset that only a movable database may have.
CREATE TABLE base.clock (
    only_row       boolean  PRIMARY KEY DEFAULT true CHECK (only_row),
    movable        boolean  NOT NULL DEFAULT false,
    offset_seconds bigint   NOT NULL DEFAULT 0,
    CHECK (movable OR offset_seconds = 0)
);
INSERT INTO base.clock DEFAULT VALUES;

CREATE FUNCTION base.now() RETURNS timestamptz
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN transaction_timestamp() + (SELECT offset_seconds FROM base.clock) * interval '1 second';

-- Text as people search it: without case, accents or compatibility forms.
CREATE FUNCTION base.folded(value text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN lower(public.unaccent('public.unaccent'::regdictionary, normalize(value, NFKC)));

CREATE TABLE base.event (
    id            bigint      GENERATED ALWAYS AS IDENTITY,
    at            timestamptz NOT NULL DEFAULT base.now(),
    type          text        NOT NULL,
    actor_kind    text        NOT NULL,
    actor_name    text        NOT NULL,
    user_id       bigint,
    subject_kind  text        NOT NULL,
    subject_id    bigint      NOT NULL,
    subject_label text        NOT NULL,
    account_id    bigint,
    payload       jsonb       NOT NULL,
    PRIMARY KEY (id, at)
) PARTITION BY RANGE (at);
CREATE TABLE base.event_other PARTITION OF base.event DEFAULT;
CREATE INDEX event_of_subject ON base.event (subject_kind, subject_id, id);

-- Makes the monthly partitions of a table from one month to another; those that exist stay. Rows of such a
-- month that lie in the default partition (`<table>_other`) move into it.
CREATE FUNCTION base.add_months(parent regclass, first_month date, last_month date) RETURNS integer
    LANGUAGE plpgsql AS $$
DECLARE
    month date := date_trunc('month', first_month);
    home text := split_part(parent::text, '.', 1);
    name text := split_part(parent::text, '.', 2);
    child text;
    added integer := 0;
BEGIN
    WHILE month <= last_month LOOP
        child := format('%s_%s', name, to_char(month, 'YYYY_MM'));
        IF to_regclass(format('%I.%I', home, child)) IS NULL THEN
            EXECUTE format('CREATE TABLE %I.%I (LIKE %s INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', home, child, parent);
            EXECUTE format('WITH moved AS (DELETE FROM %I.%I WHERE at >= %L AND at < %L RETURNING *)'
                           ' INSERT INTO %I.%I SELECT * FROM moved',
                           home, name || '_other', month::timestamptz, (month + interval '1 month')::timestamptz, home, child);
            EXECUTE format('ALTER TABLE %s ATTACH PARTITION %I.%I FOR VALUES FROM (%L) TO (%L)',
                           parent, home, child, month::timestamptz, (month + interval '1 month')::timestamptz);
            added := added + 1;
        END IF;
        month := month + interval '1 month';
    END LOOP;
    RETURN added;
END $$;

-- The same for every table that is kept by month.
CREATE FUNCTION base.add_months_to_all(first_month date, last_month date) RETURNS integer
    LANGUAGE sql AS $$
    SELECT coalesce(sum(base.add_months(partrelid::regclass, first_month, last_month)), 0)::integer
      FROM pg_partitioned_table
     WHERE partdefid <> 0;
$$;

CREATE TABLE base.subscription (
    id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    subscriber text        NOT NULL,
    target_id  bigint      NOT NULL,
    event_type text        NOT NULL,
    account_id bigint,
    active     boolean     NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL DEFAULT base.now(),
    UNIQUE NULLS NOT DISTINCT (subscriber, target_id, event_type, account_id)
);
CREATE INDEX subscription_by_type ON base.subscription (event_type) WHERE active;

CREATE TABLE base.job (
    id              bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_id        bigint      NOT NULL,
    event_at        timestamptz NOT NULL,
    reaction        text        NOT NULL,
    subscription_id bigint      REFERENCES base.subscription ON DELETE CASCADE,
    subject_kind    text        NOT NULL,
    subject_id      bigint      NOT NULL,
    state           text        NOT NULL DEFAULT 'ready' CHECK (state IN ('ready', 'dead')),
    attempts        smallint    NOT NULL DEFAULT 0,
    run_at          timestamptz NOT NULL DEFAULT clock_timestamp(),
    error           text,
    UNIQUE NULLS NOT DISTINCT (event_id, reaction, subscription_id)
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);
CREATE INDEX job_to_run ON base.job (run_at, id) WHERE state = 'ready';
CREATE INDEX job_of_subject ON base.job (subject_kind, subject_id, id) WHERE state = 'ready';

CREATE TABLE base.series (
    code     text PRIMARY KEY CHECK (code ~ '^[a-z_]{1,40}$'),
    template text NOT NULL CHECK (template LIKE '%{number}%')
);

-- Numbers that people see. From a sequence: gaps are allowed, waiting for each other is not.
CREATE FUNCTION base.take_numbers(wanted text, how_many integer) RETURNS SETOF text
    LANGUAGE plpgsql AS $$
DECLARE
    pattern text;
BEGIN
    SELECT replace(template, '{year}', to_char(base.now() AT TIME ZONE 'UTC', 'YYYY')) INTO STRICT pattern
      FROM base.series WHERE code = wanted;
    RETURN QUERY
        SELECT replace(pattern, '{number}', CASE WHEN n < 1000000 THEN lpad(n::text, 6, '0') ELSE n::text END)
          FROM (SELECT nextval(format('base.number_%s', wanted)::regclass) AS n FROM generate_series(1, how_many)) taken;
END $$;

CREATE FUNCTION base.add_series(new_code text, new_template text) RETURNS void
    LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO base.series (code, template) VALUES (new_code, new_template);
    EXECUTE format('CREATE SEQUENCE base.%I', 'number_' || new_code);
END $$;

SELECT base.add_series('order', 'SO-{year}-{number}');
SELECT base.add_series('account', 'AC-{number}');
SELECT base.add_series('billing_account', 'BA-{number}');
SELECT base.add_series('shipment', 'SH-{year}-{number}');
SELECT base.add_series('purchase_order', 'PO-{year}-{number}');

CREATE TABLE base.idempotency_key (
    actor           text        NOT NULL,
    route           text        NOT NULL,
    key             text        NOT NULL CHECK (length(key) BETWEEN 1 AND 255),
    request_hash    bytea       NOT NULL,
    created_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    lease_until     timestamptz,
    answer_status   smallint,
    answer_headers  jsonb,
    answer_body     bytea,
    PRIMARY KEY (actor, route, key),
    CHECK ((answer_status IS NULL) = (answer_body IS NULL))
);
CREATE INDEX idempotency_key_age ON base.idempotency_key (created_at);

CREATE TABLE base.calendar (
    code      text  PRIMARY KEY,
    name      text  NOT NULL,
    time_zone text  NOT NULL,
    hours     jsonb NOT NULL,
    holidays  date[] NOT NULL DEFAULT '{}'
);
