-- The readable truth of the database, dumped from what the migrations make (make schema).

CREATE SCHEMA approvals;

CREATE SCHEMA assets;

CREATE SCHEMA base;

CREATE SCHEMA billing;

CREATE SCHEMA catalog;

CREATE SCHEMA documents;

COMMENT ON SCHEMA documents IS 'Papers for customers: what was asked for, and the PDF that came of it.';

CREATE SCHEMA fulfilment;

CREATE SCHEMA gateway;

CREATE SCHEMA insight;

CREATE SCHEMA messages;

COMMENT ON SCHEMA messages IS 'What is said to customers and colleagues outside of the program, and what became of it.';

CREATE SCHEMA orders;

CREATE SCHEMA parties;

COMMENT ON SCHEMA parties IS 'Whom we deal with and who we are: accounts, places, billing accounts; users, teams, roles, sessions.';

CREATE SCHEMA processes;

CREATE SCHEMA quotes;

CREATE SCHEMA stock;

CREATE SCHEMA work;

CREATE EXTENSION IF NOT EXISTS btree_gin WITH SCHEMA public;

COMMENT ON EXTENSION btree_gin IS 'support for indexing common datatypes in GIN';

CREATE EXTENSION IF NOT EXISTS btree_gist WITH SCHEMA public;

COMMENT ON EXTENSION btree_gist IS 'support for indexing common datatypes in GiST';

CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA public;

COMMENT ON EXTENSION pg_trgm IS 'text similarity measurement and index searching based on trigrams';

CREATE EXTENSION IF NOT EXISTS unaccent WITH SCHEMA public;

COMMENT ON EXTENSION unaccent IS 'text search dictionary that removes accents';

CREATE FUNCTION base.add_months(parent regclass, first_month date, last_month date) RETURNS integer
    LANGUAGE plpgsql
    AS $$
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

CREATE FUNCTION base.add_months_to_all(first_month date, last_month date) RETURNS integer
    LANGUAGE sql
    AS $$
    SELECT coalesce(sum(base.add_months(partrelid::regclass, first_month, last_month)), 0)::integer
      FROM pg_partitioned_table
     WHERE partdefid <> 0;
$$;

CREATE FUNCTION base.add_series(new_code text, new_template text) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
    INSERT INTO base.series (code, template) VALUES (new_code, new_template);
    EXECUTE format('CREATE SEQUENCE base.%I', 'number_' || new_code);
END $$;

CREATE FUNCTION base.folded(value text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN lower(public.unaccent('public.unaccent'::regdictionary, NORMALIZE(value, NFKC)));

CREATE TABLE base.clock (
    only_row boolean DEFAULT true NOT NULL,
    movable boolean DEFAULT false NOT NULL,
    offset_seconds bigint DEFAULT 0 NOT NULL,
    CONSTRAINT clock_check CHECK ((movable OR (offset_seconds = 0))),
    CONSTRAINT clock_only_row_check CHECK (only_row)
);

CREATE FUNCTION base.now() RETURNS timestamp with time zone
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN (transaction_timestamp() + (((SELECT clock.offset_seconds FROM base.clock))::double precision * '00:00:01'::interval));

CREATE FUNCTION base.refuse_change() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    RAISE EXCEPTION '% is never changed', TG_TABLE_SCHEMA || '.' || TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END
$$;

CREATE FUNCTION base.take_numbers(wanted text, how_many integer) RETURNS SETOF text
    LANGUAGE plpgsql
    AS $$
DECLARE
    pattern text;
BEGIN
    SELECT replace(template, '{year}', to_char(base.now() AT TIME ZONE 'UTC', 'YYYY')) INTO STRICT pattern
      FROM base.series WHERE code = wanted;
    RETURN QUERY
        SELECT replace(pattern, '{number}', CASE WHEN n < 1000000 THEN lpad(n::text, 6, '0') ELSE n::text END)
          FROM (SELECT nextval(format('base.number_%s', wanted)::regclass) AS n FROM generate_series(1, how_many)) taken;
END $$;

CREATE FUNCTION billing.refuse_change() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    RAISE EXCEPTION '%.% is never changed once written', TG_TABLE_SCHEMA, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;

CREATE FUNCTION catalog.refuse_change() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    RAISE EXCEPTION 'what is published never changes; publish the next version of % %', OLD.kind, OLD.code;
END $$;

CREATE TABLE parties.account (
    id bigint NOT NULL,
    number text NOT NULL,
    name text NOT NULL,
    parent_id bigint,
    parent_path bigint[],
    path bigint[] GENERATED ALWAYS AS ((COALESCE(parent_path, '{}'::bigint[]) || id)) STORED NOT NULL,
    country text,
    segment text,
    language text,
    time_zone text,
    is_active boolean DEFAULT true NOT NULL,
    attributes jsonb DEFAULT '{}'::jsonb NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    created_at timestamp with time zone DEFAULT base.now() NOT NULL,
    changed_at timestamp with time zone DEFAULT base.now() NOT NULL,
    search text GENERATED ALWAYS AS (base.folded(((number || ' '::text) || name))) STORED NOT NULL,
    CONSTRAINT account_attributes_check CHECK ((jsonb_typeof(attributes) = 'object'::text)),
    CONSTRAINT account_country_check CHECK ((country ~ '^[A-Z]{2}$'::text)),
    CONSTRAINT account_is_not_its_own_ancestor CHECK ((id <> ALL (COALESCE(parent_path, '{}'::bigint[])))),
    CONSTRAINT account_name_check CHECK ((name <> ''::text)),
    CONSTRAINT account_tree_is_shallow CHECK ((cardinality(path) <= 12))
)
WITH (fillfactor='90');

CREATE TABLE parties.external_id (
    source text NOT NULL,
    external_id text NOT NULL,
    account_id bigint NOT NULL,
    CONSTRAINT external_id_external_id_check CHECK ((external_id <> ''::text)),
    CONSTRAINT external_id_source_check CHECK ((source <> ''::text))
);

CREATE FUNCTION parties.referred("references" text[]) RETURNS TABLE(reference text, account_id bigint)
    LANGUAGE sql STABLE PARALLEL SAFE
    BEGIN ATOMIC
 WITH found AS (
          SELECT wanted.wanted AS reference,
             1 AS place,
             account.id
            FROM (unnest(referred."references") wanted(wanted)
              JOIN parties.account ON ((account.number = wanted.wanted)))
         UNION ALL
          SELECT wanted.wanted,
             2,
             known.account_id
            FROM (unnest(referred."references") wanted(wanted)
              JOIN parties.external_id known ON ((known.external_id = wanted.wanted)))
         UNION ALL
          SELECT wanted.wanted,
             3,
             known.account_id
            FROM (unnest(referred."references") wanted(wanted)
              JOIN parties.external_id known ON (((known.source = split_part(wanted.wanted, ':'::text, 1)) AND (known.external_id = substr(wanted.wanted, (strpos(wanted.wanted, ':'::text) + 1))))))
           WHERE (strpos(wanted.wanted, ':'::text) > 1)
         )
  SELECT ranked.reference,
     min(ranked.id) AS min
    FROM ( SELECT found.reference,
             found.place,
             found.id,
             rank() OVER (PARTITION BY found.reference ORDER BY found.place) AS rank
            FROM found) ranked
   WHERE (ranked.rank = 1)
   GROUP BY ranked.reference
  HAVING (min(ranked.id) = max(ranked.id));
END;

CREATE FUNCTION quotes.keep_frozen() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
DECLARE
    touched bigint := (to_jsonb(OLD)->>CASE TG_TABLE_NAME WHEN 'line' THEN 'id' ELSE 'line_id' END)::bigint;
BEGIN
    IF TG_TABLE_NAME = 'line' AND TG_OP = 'UPDATE'
       AND to_jsonb(NEW) - '{is_chosen,converted}'::text[] = to_jsonb(OLD) - '{is_chosen,converted}'::text[] THEN
        RETURN NEW;
    END IF;
    IF EXISTS (SELECT FROM quotes.line JOIN quotes.version
                   ON version.quote_id = line.quote_id AND version.number = line.version
                WHERE line.id = touched AND version.frozen_at IS NOT NULL) THEN
        RAISE EXCEPTION 'quote line % was sent and is frozen', touched USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;

CREATE FUNCTION stock.refuse_change() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    RAISE EXCEPTION '%.% is append-only', TG_TABLE_SCHEMA, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;

CREATE TABLE approvals.candidate (
    request_id bigint NOT NULL,
    step text NOT NULL,
    user_id bigint NOT NULL,
    via text NOT NULL,
    is_active boolean DEFAULT true NOT NULL
);

CREATE TABLE approvals.checkpoint (
    number bigint NOT NULL,
    body text NOT NULL,
    hash bytea NOT NULL,
    signature bytea NOT NULL,
    CONSTRAINT checkpoint_check CHECK ((hash = sha256(convert_to(body, 'UTF8'::name)))),
    CONSTRAINT checkpoint_number_check CHECK ((number > 0)),
    CONSTRAINT checkpoint_signature_check CHECK ((length(signature) = 64))
);

CREATE TABLE approvals.covered (
    request_id bigint NOT NULL,
    number integer NOT NULL,
    CONSTRAINT covered_number_check CHECK ((number > 0))
)
WITH (fillfactor='80');

CREATE TABLE approvals.delegation (
    id bigint NOT NULL,
    user_id bigint NOT NULL,
    delegate_id bigint NOT NULL,
    during tstzrange NOT NULL,
    subjects text[] DEFAULT '{}'::text[] NOT NULL,
    reason text DEFAULT ''::text NOT NULL,
    made_by text NOT NULL,
    made_at timestamp with time zone DEFAULT base.now() NOT NULL,
    ended_at timestamp with time zone,
    CONSTRAINT delegation_check CHECK ((user_id <> delegate_id)),
    CONSTRAINT delegation_during_check CHECK ((NOT isempty(during)))
);

ALTER TABLE approvals.delegation ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME approvals.delegation_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE approvals.entry (
    request_id bigint NOT NULL,
    number integer NOT NULL,
    entry text NOT NULL,
    hash bytea NOT NULL,
    CONSTRAINT entry_hash_check CHECK ((length(hash) = 32)),
    CONSTRAINT entry_number_check CHECK ((number > 0))
);

CREATE TABLE approvals.notice (
    request_id bigint NOT NULL,
    step text NOT NULL,
    user_id bigint NOT NULL,
    round integer DEFAULT 0 NOT NULL,
    due_at timestamp with time zone DEFAULT base.now() NOT NULL,
    told_at timestamp with time zone,
    message_id bigint,
    CONSTRAINT notice_check CHECK (((message_id IS NULL) OR (told_at IS NOT NULL))),
    CONSTRAINT notice_round_check CHECK ((round >= 0))
)
WITH (fillfactor='80');

CREATE TABLE approvals.policy (
    id bigint NOT NULL,
    code text NOT NULL,
    subject_kind text NOT NULL,
    is_active boolean DEFAULT true NOT NULL,
    CONSTRAINT policy_code_check CHECK ((code <> ''::text)),
    CONSTRAINT policy_subject_kind_check CHECK ((subject_kind ~ '^[a-z][a-z0-9_]{0,39}$'::text))
);

ALTER TABLE approvals.policy ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME approvals.policy_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE approvals.policy_version (
    id bigint NOT NULL,
    policy_id bigint NOT NULL,
    number integer NOT NULL,
    document jsonb NOT NULL,
    published_by text NOT NULL,
    published_at timestamp with time zone DEFAULT base.now() NOT NULL,
    CONSTRAINT policy_version_document_check CHECK ((jsonb_typeof(document) = 'object'::text)),
    CONSTRAINT policy_version_number_check CHECK ((number > 0))
);

ALTER TABLE approvals.policy_version ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME approvals.policy_version_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE approvals.question (
    id bigint NOT NULL,
    request_id bigint NOT NULL,
    step text NOT NULL,
    asked_by bigint NOT NULL,
    question text NOT NULL,
    asked_at timestamp with time zone DEFAULT base.now() NOT NULL,
    answered_by bigint,
    answer text,
    answered_at timestamp with time zone,
    CONSTRAINT question_answer_check CHECK ((answer <> ''::text)),
    CONSTRAINT question_check CHECK ((num_nulls(answered_by, answer, answered_at) = ANY (ARRAY[0, 3]))),
    CONSTRAINT question_question_check CHECK ((question <> ''::text))
);

ALTER TABLE approvals.question ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME approvals.question_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE approvals.reply (
    id bigint NOT NULL,
    digest bytea NOT NULL,
    channel text NOT NULL,
    sender text NOT NULL,
    message_id bigint,
    request_id bigint,
    user_id bigint,
    outcome text NOT NULL,
    problem text DEFAULT ''::text NOT NULL,
    said text DEFAULT ''::text NOT NULL,
    at timestamp with time zone DEFAULT base.now() NOT NULL,
    CONSTRAINT reply_channel_check CHECK ((channel = ANY (ARRAY['email'::text, 'sms'::text, 'chat'::text]))),
    CONSTRAINT reply_check CHECK (((outcome = 'decided'::text) = (problem = ''::text))),
    CONSTRAINT reply_digest_check CHECK ((length(digest) = 32)),
    CONSTRAINT reply_outcome_check CHECK ((outcome = ANY (ARRAY['decided'::text, 'refused'::text, 'unclear'::text, 'not_believed'::text, 'not_a_person'::text]))),
    CONSTRAINT reply_said_check CHECK ((length(said) <= 2000))
);

ALTER TABLE approvals.reply ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME approvals.reply_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE approvals.request (
    id bigint NOT NULL,
    number text NOT NULL,
    subject_kind text NOT NULL,
    subject_id bigint NOT NULL,
    subject_label text NOT NULL,
    account_id bigint,
    submission_id bigint NOT NULL,
    version_id bigint NOT NULL,
    process_id bigint,
    state text DEFAULT 'open'::text NOT NULL,
    snapshot text NOT NULL,
    content_hash bytea NOT NULL,
    identity jsonb NOT NULL,
    requester_id bigint,
    requesters bigint[] NOT NULL,
    requested_at timestamp with time zone DEFAULT base.now() NOT NULL,
    decided_at timestamp with time zone,
    outcome text DEFAULT ''::text NOT NULL,
    CONSTRAINT request_check CHECK ((content_hash = sha256(convert_to(snapshot, 'UTF8'::name)))),
    CONSTRAINT request_check1 CHECK (((state = 'open'::text) = (decided_at IS NULL))),
    CONSTRAINT request_check2 CHECK (((requester_id IS NULL) OR (requester_id = ANY (requesters)))),
    CONSTRAINT request_identity_check CHECK ((jsonb_typeof(identity) = 'object'::text)),
    CONSTRAINT request_state_check CHECK ((state = ANY (ARRAY['open'::text, 'approved'::text, 'rejected'::text, 'recalled'::text, 'void'::text])))
)
WITH (fillfactor='85');

ALTER TABLE approvals.request ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME approvals.request_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE approvals.step (
    request_id bigint NOT NULL,
    name text NOT NULL,
    place integer NOT NULL,
    label text NOT NULL,
    number integer,
    needed integer NOT NULL,
    veto boolean NOT NULL,
    reasons jsonb NOT NULL,
    kept_from bigint,
    decision text,
    CONSTRAINT step_check CHECK (((number IS NULL) = (kept_from IS NOT NULL))),
    CONSTRAINT step_check1 CHECK (((NOT (decision IS DISTINCT FROM 'kept'::text)) = (kept_from IS NOT NULL))),
    CONSTRAINT step_decision_check CHECK ((decision = ANY (ARRAY['approved'::text, 'rejected'::text, 'kept'::text, 'overridden'::text, 'dropped'::text]))),
    CONSTRAINT step_needed_check CHECK ((needed >= 0)),
    CONSTRAINT step_reasons_check CHECK ((jsonb_typeof(reasons) = 'array'::text))
);

CREATE TABLE approvals.submission (
    id bigint NOT NULL,
    subject_kind text NOT NULL,
    subject_id bigint NOT NULL,
    account_id bigint,
    version_id bigint,
    inputs jsonb NOT NULL,
    needed text[] NOT NULL,
    flag text DEFAULT ''::text NOT NULL,
    at timestamp with time zone DEFAULT base.now() NOT NULL,
    CONSTRAINT submission_inputs_check CHECK ((jsonb_typeof(inputs) = 'object'::text))
);

ALTER TABLE approvals.submission ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME approvals.submission_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE approvals.verdict (
    request_id bigint NOT NULL,
    step text NOT NULL,
    candidate_id bigint NOT NULL,
    decided_by bigint NOT NULL,
    verdict text NOT NULL,
    comment text DEFAULT ''::text NOT NULL,
    channel text NOT NULL,
    content_hash bytea NOT NULL,
    at timestamp with time zone DEFAULT base.now() NOT NULL,
    CONSTRAINT verdict_channel_check CHECK ((channel = ANY (ARRAY['page'::text, 'api'::text, 'email'::text, 'sms'::text, 'chat'::text]))),
    CONSTRAINT verdict_check CHECK (((verdict = 'approve'::text) OR (comment <> ''::text))),
    CONSTRAINT verdict_content_hash_check CHECK ((length(content_hash) = 32)),
    CONSTRAINT verdict_verdict_check CHECK ((verdict = ANY (ARRAY['approve'::text, 'reject'::text])))
);

CREATE TABLE assets.asset (
    id bigint NOT NULL,
    number text NOT NULL,
    account_id bigint NOT NULL,
    parent_id bigint,
    product_id bigint,
    product_code text NOT NULL,
    product_name text NOT NULL,
    quantity numeric NOT NULL,
    is_bundle boolean DEFAULT false NOT NULL,
    role text DEFAULT ''::text NOT NULL,
    place text DEFAULT ''::text NOT NULL,
    order_id bigint NOT NULL,
    order_label text NOT NULL,
    order_item_id bigint NOT NULL,
    line text NOT NULL,
    state text DEFAULT 'created'::text NOT NULL,
    characteristics jsonb DEFAULT '{}'::jsonb NOT NULL,
    serials text[] DEFAULT '{}'::text[] NOT NULL,
    created_at timestamp with time zone DEFAULT base.now() NOT NULL,
    changed_at timestamp with time zone DEFAULT base.now() NOT NULL,
    started_at timestamp with time zone,
    ended_at timestamp with time zone,
    replaces_id bigint,
    state_before text,
    CONSTRAINT asset_characteristics_check CHECK ((jsonb_typeof(characteristics) = 'object'::text)),
    CONSTRAINT asset_check CHECK ((parent_id <> id)),
    CONSTRAINT asset_check1 CHECK (((state <> ALL (ARRAY['active'::text, 'suspended'::text, 'pending_terminate'::text, 'terminated'::text])) OR (started_at IS NOT NULL))),
    CONSTRAINT asset_check2 CHECK (((state = ANY (ARRAY['terminated'::text, 'cancelled'::text, 'aborted'::text])) = (ended_at IS NOT NULL))),
    CONSTRAINT asset_check3 CHECK ((replaces_id <> id)),
    CONSTRAINT asset_check4 CHECK (((state_before IS NULL) OR (state = 'pending_terminate'::text))),
    CONSTRAINT asset_product_code_check CHECK ((product_code <> ''::text)),
    CONSTRAINT asset_quantity_check CHECK ((quantity > (0)::numeric)),
    CONSTRAINT asset_state_before_check CHECK ((state_before = ANY (ARRAY['active'::text, 'suspended'::text]))),
    CONSTRAINT asset_state_check CHECK ((state = ANY (ARRAY['created'::text, 'pending_active'::text, 'active'::text, 'suspended'::text, 'pending_terminate'::text, 'terminated'::text, 'cancelled'::text, 'aborted'::text])))
)
WITH (fillfactor='80');

ALTER TABLE assets.asset ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME assets.asset_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE assets.realization (
    id bigint NOT NULL,
    key text NOT NULL,
    kind text NOT NULL,
    spec text NOT NULL,
    label text DEFAULT ''::text NOT NULL,
    place text DEFAULT ''::text NOT NULL,
    account_id bigint NOT NULL,
    state text DEFAULT 'reserved'::text NOT NULL,
    characteristics jsonb DEFAULT '{}'::jsonb NOT NULL,
    created_at timestamp with time zone DEFAULT base.now() NOT NULL,
    changed_at timestamp with time zone DEFAULT base.now() NOT NULL,
    CONSTRAINT realization_characteristics_check CHECK ((jsonb_typeof(characteristics) = 'object'::text)),
    CONSTRAINT realization_key_check CHECK ((key <> ''::text)),
    CONSTRAINT realization_kind_check CHECK ((kind = ANY (ARRAY['service'::text, 'resource'::text]))),
    CONSTRAINT realization_spec_check CHECK ((spec <> ''::text)),
    CONSTRAINT realization_state_check CHECK ((state = ANY (ARRAY['reserved'::text, 'active'::text, 'inactive'::text, 'terminated'::text])))
)
WITH (fillfactor='80');

ALTER TABLE assets.realization ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME assets.realization_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE assets.realization_user (
    realization_id bigint NOT NULL,
    asset_id bigint NOT NULL,
    since timestamp with time zone DEFAULT base.now() NOT NULL
);

CREATE TABLE base.blob (
    hash bytea NOT NULL,
    content bytea NOT NULL,
    created_at timestamp with time zone DEFAULT base.now() NOT NULL,
    CONSTRAINT blob_content_check CHECK (((octet_length(content) >= 1) AND (octet_length(content) <= 50000000))),
    CONSTRAINT content_is_what_its_hash_says CHECK ((hash = sha256(content)))
);
ALTER TABLE ONLY base.blob ALTER COLUMN content SET STORAGE EXTERNAL;

CREATE TABLE base.calendar (
    code text NOT NULL,
    name text NOT NULL,
    time_zone text NOT NULL,
    hours jsonb NOT NULL,
    holidays date[] DEFAULT '{}'::date[] NOT NULL
);

CREATE TABLE base.event (
    id bigint NOT NULL,
    at timestamp with time zone DEFAULT base.now() NOT NULL,
    type text NOT NULL,
    actor_kind text NOT NULL,
    actor_name text NOT NULL,
    user_id bigint,
    subject_kind text NOT NULL,
    subject_id bigint NOT NULL,
    subject_label text NOT NULL,
    account_id bigint,
    payload jsonb NOT NULL
)
PARTITION BY RANGE (at);

CREATE TABLE base.event_2026_11 (
    id bigint CONSTRAINT event_id_not_null NOT NULL,
    at timestamp with time zone DEFAULT base.now() CONSTRAINT event_at_not_null NOT NULL,
    type text CONSTRAINT event_type_not_null NOT NULL,
    actor_kind text CONSTRAINT event_actor_kind_not_null NOT NULL,
    actor_name text CONSTRAINT event_actor_name_not_null NOT NULL,
    user_id bigint,
    subject_kind text CONSTRAINT event_subject_kind_not_null NOT NULL,
    subject_id bigint CONSTRAINT event_subject_id_not_null NOT NULL,
    subject_label text CONSTRAINT event_subject_label_not_null NOT NULL,
    account_id bigint,
    payload jsonb CONSTRAINT event_payload_not_null NOT NULL
);

CREATE TABLE base.event_2026_12 (
    id bigint CONSTRAINT event_id_not_null NOT NULL,
    at timestamp with time zone DEFAULT base.now() CONSTRAINT event_at_not_null NOT NULL,
    type text CONSTRAINT event_type_not_null NOT NULL,
    actor_kind text CONSTRAINT event_actor_kind_not_null NOT NULL,
    actor_name text CONSTRAINT event_actor_name_not_null NOT NULL,
    user_id bigint,
    subject_kind text CONSTRAINT event_subject_kind_not_null NOT NULL,
    subject_id bigint CONSTRAINT event_subject_id_not_null NOT NULL,
    subject_label text CONSTRAINT event_subject_label_not_null NOT NULL,
    account_id bigint,
    payload jsonb CONSTRAINT event_payload_not_null NOT NULL
);

CREATE TABLE base.event_2027_01 (
    id bigint CONSTRAINT event_id_not_null NOT NULL,
    at timestamp with time zone DEFAULT base.now() CONSTRAINT event_at_not_null NOT NULL,
    type text CONSTRAINT event_type_not_null NOT NULL,
    actor_kind text CONSTRAINT event_actor_kind_not_null NOT NULL,
    actor_name text CONSTRAINT event_actor_name_not_null NOT NULL,
    user_id bigint,
    subject_kind text CONSTRAINT event_subject_kind_not_null NOT NULL,
    subject_id bigint CONSTRAINT event_subject_id_not_null NOT NULL,
    subject_label text CONSTRAINT event_subject_label_not_null NOT NULL,
    account_id bigint,
    payload jsonb CONSTRAINT event_payload_not_null NOT NULL
);

ALTER TABLE base.event ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME base.event_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE base.event_other (
    id bigint CONSTRAINT event_id_not_null NOT NULL,
    at timestamp with time zone DEFAULT base.now() CONSTRAINT event_at_not_null NOT NULL,
    type text CONSTRAINT event_type_not_null NOT NULL,
    actor_kind text CONSTRAINT event_actor_kind_not_null NOT NULL,
    actor_name text CONSTRAINT event_actor_name_not_null NOT NULL,
    user_id bigint,
    subject_kind text CONSTRAINT event_subject_kind_not_null NOT NULL,
    subject_id bigint CONSTRAINT event_subject_id_not_null NOT NULL,
    subject_label text CONSTRAINT event_subject_label_not_null NOT NULL,
    account_id bigint,
    payload jsonb CONSTRAINT event_payload_not_null NOT NULL
);

CREATE TABLE base.idempotency_key (
    actor text NOT NULL,
    route text NOT NULL,
    key text NOT NULL,
    request_hash bytea NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    lease_until timestamp with time zone,
    answer_status smallint,
    answer_headers jsonb,
    answer_body bytea,
    CONSTRAINT idempotency_key_check CHECK (((answer_status IS NULL) = (answer_body IS NULL))),
    CONSTRAINT idempotency_key_key_check CHECK (((length(key) >= 1) AND (length(key) <= 255)))
);

CREATE TABLE base.job (
    id bigint NOT NULL,
    event_id bigint NOT NULL,
    event_at timestamp with time zone NOT NULL,
    reaction text NOT NULL,
    subscription_id bigint,
    subject_kind text NOT NULL,
    subject_id bigint NOT NULL,
    state text DEFAULT 'ready'::text NOT NULL,
    attempts smallint DEFAULT 0 NOT NULL,
    run_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    error text,
    CONSTRAINT job_state_check CHECK ((state = ANY (ARRAY['ready'::text, 'dead'::text])))
)
WITH (fillfactor='80', autovacuum_vacuum_scale_factor='0.02', autovacuum_vacuum_threshold='1000');

ALTER TABLE base.job ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME base.job_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE base.migration (
    number integer NOT NULL,
    name text NOT NULL,
    checksum text NOT NULL,
    applied_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);

CREATE SEQUENCE base.number_account
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

CREATE SEQUENCE base.number_approval
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

CREATE SEQUENCE base.number_asset
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

CREATE SEQUENCE base.number_billing_account
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

CREATE SEQUENCE base.number_order
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

CREATE SEQUENCE base.number_pick_list
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

CREATE SEQUENCE base.number_purchase_order
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

CREATE SEQUENCE base.number_quote
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

CREATE SEQUENCE base.number_shipment
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

CREATE TABLE base.series (
    code text NOT NULL,
    template text NOT NULL,
    CONSTRAINT series_code_check CHECK ((code ~ '^[a-z_]{1,40}$'::text)),
    CONSTRAINT series_template_check CHECK ((template ~~ '%{number}%'::text))
);

CREATE TABLE base.subscription (
    id bigint NOT NULL,
    subscriber text NOT NULL,
    target_id bigint NOT NULL,
    event_type text NOT NULL,
    account_id bigint,
    active boolean DEFAULT true NOT NULL,
    created_at timestamp with time zone DEFAULT base.now() NOT NULL
);

ALTER TABLE base.subscription ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME base.subscription_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE billing.charge (
    id bigint NOT NULL,
    trigger_id bigint NOT NULL,
    billing_account_id bigint NOT NULL,
    increment_id bigint NOT NULL,
    subscription_id bigint,
    period_start date,
    period_end date,
    effective_on date NOT NULL,
    quantity numeric NOT NULL,
    unit_price numeric NOT NULL,
    amount numeric NOT NULL,
    allocated numeric,
    state text DEFAULT 'open'::text NOT NULL,
    created_at timestamp with time zone DEFAULT base.now() NOT NULL,
    adjusts_id bigint,
    CONSTRAINT charge_check CHECK ((num_nonnulls(subscription_id, period_start, period_end) = ANY (ARRAY[0, 3]))),
    CONSTRAINT charge_check1 CHECK ((period_start < period_end)),
    CONSTRAINT charge_check2 CHECK (((adjusts_id IS NULL) OR ((subscription_id IS NOT NULL) AND (amount <= (0)::numeric)))),
    CONSTRAINT charge_quantity_check CHECK ((quantity > (0)::numeric)),
    CONSTRAINT charge_state_check CHECK ((state = ANY (ARRAY['open'::text, 'invoiced'::text, 'voided'::text])))
)
WITH (fillfactor='80');

ALTER TABLE billing.charge ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME billing.charge_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE billing.gate (
    trigger_id bigint NOT NULL,
    order_id bigint NOT NULL,
    step text NOT NULL,
    decides_date boolean DEFAULT false NOT NULL,
    waives boolean DEFAULT false NOT NULL,
    quantity numeric,
    needed integer DEFAULT 1 NOT NULL,
    counted integer DEFAULT 0 NOT NULL,
    outcome text,
    met_at timestamp with time zone,
    CONSTRAINT gate_check CHECK (((outcome IS NULL) = (met_at IS NULL))),
    CONSTRAINT gate_check1 CHECK (((outcome IS DISTINCT FROM 'met'::text) OR (counted >= needed))),
    CONSTRAINT gate_counted_check CHECK ((counted >= 0)),
    CONSTRAINT gate_needed_check CHECK ((needed > 0)),
    CONSTRAINT gate_outcome_check CHECK ((outcome = ANY (ARRAY['met'::text, 'skipped'::text]))),
    CONSTRAINT gate_quantity_check CHECK ((quantity > (0)::numeric))
)
WITH (fillfactor='80');

CREATE TABLE billing.increment (
    id bigint NOT NULL,
    trigger_id bigint NOT NULL,
    key text NOT NULL,
    quantity numeric NOT NULL,
    effective_at timestamp with time zone NOT NULL,
    effective_on date NOT NULL,
    released_at timestamp with time zone DEFAULT base.now() NOT NULL,
    CONSTRAINT increment_quantity_check CHECK ((quantity > (0)::numeric))
);

ALTER TABLE billing.increment ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME billing.increment_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE billing.invoice (
    id bigint NOT NULL,
    kind text DEFAULT 'invoice'::text NOT NULL,
    corrects_id bigint,
    legal_entity_id bigint NOT NULL,
    series text NOT NULL,
    year integer NOT NULL,
    sequence bigint NOT NULL,
    number text NOT NULL,
    account_id bigint NOT NULL,
    billing_account_id bigint NOT NULL,
    order_id bigint,
    order_label text DEFAULT ''::text NOT NULL,
    po_number text DEFAULT ''::text NOT NULL,
    currency text NOT NULL,
    bill_to jsonb NOT NULL,
    issued_at timestamp with time zone DEFAULT base.now() NOT NULL,
    issued_on date NOT NULL,
    due_on date NOT NULL,
    net numeric NOT NULL,
    tax numeric NOT NULL,
    gross numeric NOT NULL,
    search text GENERATED ALWAYS AS (base.folded(((((((number || ' '::text) || COALESCE((bill_to ->> 'name'::text), ''::text)) || ' '::text) || order_label) || ' '::text) || po_number))) STORED NOT NULL,
    CONSTRAINT invoice_check CHECK ((gross = (net + tax))),
    CONSTRAINT invoice_check1 CHECK ((due_on >= issued_on)),
    CONSTRAINT invoice_check2 CHECK (((kind = 'credit_note'::text) = (corrects_id IS NOT NULL))),
    CONSTRAINT invoice_kind_check CHECK ((kind = ANY (ARRAY['invoice'::text, 'credit_note'::text]))),
    CONSTRAINT invoice_sequence_check CHECK ((sequence > 0))
);

ALTER TABLE billing.invoice ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME billing.invoice_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE billing.invoice_line (
    id bigint NOT NULL,
    invoice_id bigint NOT NULL,
    "position" integer NOT NULL,
    parent integer,
    charge_id bigint,
    order_id bigint NOT NULL,
    order_item_id bigint NOT NULL,
    line text NOT NULL,
    description text NOT NULL,
    bundle jsonb,
    quantity numeric NOT NULL,
    unit text DEFAULT ''::text NOT NULL,
    unit_price numeric NOT NULL,
    net numeric NOT NULL,
    tax_country text DEFAULT ''::text NOT NULL,
    tax_category text DEFAULT ''::text NOT NULL,
    tax_percent numeric DEFAULT 0 NOT NULL,
    tax numeric NOT NULL,
    effective_on date,
    period_start date,
    period_end date,
    gl_account text DEFAULT ''::text NOT NULL,
    cost_centre text DEFAULT ''::text NOT NULL,
    taxes jsonb DEFAULT '[]'::jsonb NOT NULL,
    CONSTRAINT invoice_line_check CHECK ((parent < "position")),
    CONSTRAINT invoice_line_check1 CHECK (((charge_id IS NOT NULL) OR ((net = (0)::numeric) AND (tax = (0)::numeric)))),
    CONSTRAINT invoice_line_position_check CHECK (("position" > 0)),
    CONSTRAINT invoice_line_taxes_check CHECK ((jsonb_typeof(taxes) = 'array'::text))
);

COMMENT ON COLUMN billing.invoice_line.tax_percent IS 'What all taxes of the line take together; each stands in taxes.';

ALTER TABLE billing.invoice_line ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME billing.invoice_line_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE billing.invoice_tax (
    invoice_id bigint NOT NULL,
    country text NOT NULL,
    category text NOT NULL,
    percent numeric NOT NULL,
    name text NOT NULL,
    net numeric NOT NULL,
    tax numeric NOT NULL,
    region text DEFAULT ''::text NOT NULL,
    treatment text DEFAULT 'taxed'::text NOT NULL,
    CONSTRAINT invoice_tax_treatment_check CHECK ((treatment = ANY (ARRAY['taxed'::text, 'exempt'::text, 'reverse_charge'::text])))
);

CREATE TABLE billing.payment (
    id bigint NOT NULL,
    invoice_id bigint NOT NULL,
    amount numeric NOT NULL,
    received_on date NOT NULL,
    reference text NOT NULL,
    note text DEFAULT ''::text NOT NULL,
    recorded_at timestamp with time zone DEFAULT base.now() NOT NULL,
    recorded_by text NOT NULL,
    legal_entity_id bigint NOT NULL,
    series text NOT NULL,
    year integer NOT NULL,
    sequence bigint NOT NULL,
    number text NOT NULL,
    CONSTRAINT payment_amount_check CHECK ((amount > (0)::numeric)),
    CONSTRAINT payment_reference_check CHECK ((reference <> ''::text)),
    CONSTRAINT payment_sequence_check CHECK ((sequence > 0))
);

ALTER TABLE billing.payment ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME billing.payment_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE billing.receivable (
    invoice_id bigint NOT NULL,
    billing_account_id bigint NOT NULL,
    due_on date NOT NULL,
    open_amount numeric NOT NULL,
    CONSTRAINT never_overpaid CHECK ((open_amount > (0)::numeric))
)
WITH (fillfactor='80');

CREATE TABLE billing.series (
    legal_entity_id bigint NOT NULL,
    series text NOT NULL,
    year integer NOT NULL,
    last bigint DEFAULT 0 NOT NULL,
    kind text DEFAULT 'invoice'::text NOT NULL,
    CONSTRAINT series_kind_check CHECK ((kind = ANY (ARRAY['invoice'::text, 'payment'::text]))),
    CONSTRAINT series_last_check CHECK ((last >= 0))
)
WITH (fillfactor='50');

CREATE TABLE billing.subscription (
    id bigint NOT NULL,
    increment_id bigint NOT NULL,
    trigger_id bigint NOT NULL,
    quantity numeric NOT NULL,
    unit_price numeric NOT NULL,
    period text NOT NULL,
    started_on date NOT NULL,
    ended_on date,
    periods_charged integer DEFAULT 0 NOT NULL,
    next_on date NOT NULL,
    state text DEFAULT 'active'::text NOT NULL,
    changed_at timestamp with time zone DEFAULT base.now() NOT NULL,
    continues_id bigint,
    paused_on date,
    full_price numeric,
    CONSTRAINT subscription_check CHECK (((state = 'ended'::text) = (ended_on IS NOT NULL))),
    CONSTRAINT subscription_check1 CHECK (((state = 'suspended'::text) = (paused_on IS NOT NULL))),
    CONSTRAINT subscription_check2 CHECK ((continues_id <> id)),
    CONSTRAINT subscription_period_check CHECK ((period = ANY (ARRAY['month'::text, 'year'::text]))),
    CONSTRAINT subscription_periods_charged_check CHECK ((periods_charged >= 0)),
    CONSTRAINT subscription_quantity_check CHECK ((quantity > (0)::numeric)),
    CONSTRAINT subscription_state_check CHECK ((state = ANY (ARRAY['active'::text, 'suspended'::text, 'ended'::text])))
)
WITH (fillfactor='80');

ALTER TABLE billing.subscription ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME billing.subscription_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE billing.trigger (
    id bigint NOT NULL,
    order_id bigint NOT NULL,
    order_label text NOT NULL,
    order_item_id bigint NOT NULL,
    line text NOT NULL,
    account_id bigint NOT NULL,
    billing_account_id bigint NOT NULL,
    price_kind text NOT NULL,
    price text DEFAULT ''::text NOT NULL,
    action text NOT NULL,
    revision integer NOT NULL,
    description text NOT NULL,
    quantity numeric NOT NULL,
    unit text NOT NULL,
    unit_price numeric NOT NULL,
    allocated numeric,
    currency text NOT NULL,
    period text,
    per_unit boolean DEFAULT false NOT NULL,
    tax_category text NOT NULL,
    tax_country text NOT NULL,
    bundle_item_id bigint,
    bundle_line text DEFAULT ''::text NOT NULL,
    bundle_label text DEFAULT ''::text NOT NULL,
    bundle jsonb,
    po_number text DEFAULT ''::text NOT NULL,
    gl_account text DEFAULT ''::text NOT NULL,
    cost_centre text DEFAULT ''::text NOT NULL,
    state text DEFAULT 'armed'::text NOT NULL,
    reason text DEFAULT ''::text NOT NULL,
    released numeric DEFAULT 0 NOT NULL,
    armed_at timestamp with time zone DEFAULT base.now() NOT NULL,
    changed_at timestamp with time zone DEFAULT base.now() NOT NULL,
    by_itself boolean DEFAULT false NOT NULL,
    tax_region text DEFAULT ''::text NOT NULL,
    CONSTRAINT never_more_than_ordered CHECK (((released >= (0)::numeric) AND (released <= quantity))),
    CONSTRAINT trigger_check CHECK (((price_kind = 'recurring'::text) = (period IS NOT NULL))),
    CONSTRAINT trigger_check1 CHECK (((state <> 'released'::text) OR (released = quantity))),
    CONSTRAINT trigger_check2 CHECK (((state <> 'armed'::text) OR (released = (0)::numeric))),
    CONSTRAINT trigger_currency_check CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT trigger_period_check CHECK ((period = ANY (ARRAY['month'::text, 'year'::text]))),
    CONSTRAINT trigger_price_kind_check CHECK ((price_kind = ANY (ARRAY['one_time'::text, 'recurring'::text, 'prepaid'::text]))),
    CONSTRAINT trigger_quantity_check CHECK ((quantity > (0)::numeric)),
    CONSTRAINT trigger_revision_check CHECK ((revision > 0)),
    CONSTRAINT trigger_state_check CHECK ((state = ANY (ARRAY['armed'::text, 'ready'::text, 'released'::text, 'reversed'::text, 'waived'::text])))
)
WITH (fillfactor='80');

COMMENT ON COLUMN billing.trigger.tax_region IS 'The region of tax_country where it is supplied; empty where none is known.';

ALTER TABLE billing.trigger ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME billing.trigger_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE catalog.catalogue (
    id bigint NOT NULL,
    code text NOT NULL,
    created_at timestamp with time zone DEFAULT base.now() NOT NULL,
    CONSTRAINT catalogue_code_check CHECK (((length(code) >= 1) AND (length(code) <= 100)))
);

ALTER TABLE catalog.catalogue ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME catalog.catalogue_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE catalog.component (
    version_id bigint NOT NULL,
    bundle_id bigint NOT NULL,
    "position" integer NOT NULL,
    product_id bigint NOT NULL,
    role text,
    group_code text,
    minimum integer DEFAULT 0 NOT NULL,
    maximum integer,
    quantity numeric,
    CONSTRAINT component_check CHECK ((maximum >= minimum)),
    CONSTRAINT component_check1 CHECK ((product_id <> bundle_id)),
    CONSTRAINT component_minimum_check CHECK ((minimum >= 0)),
    CONSTRAINT component_quantity_check CHECK ((quantity > (0)::numeric))
);

CREATE TABLE catalog.component_group (
    version_id bigint NOT NULL,
    bundle_id bigint NOT NULL,
    code text NOT NULL,
    minimum integer DEFAULT 0 NOT NULL,
    maximum integer,
    CONSTRAINT component_group_check CHECK ((maximum >= minimum)),
    CONSTRAINT component_group_minimum_check CHECK ((minimum >= 0))
);

CREATE TABLE catalog.offering (
    version_id bigint NOT NULL,
    product_id bigint NOT NULL,
    "position" integer NOT NULL,
    name text NOT NULL
);

CREATE TABLE catalog.price (
    id bigint NOT NULL,
    price_list_id bigint NOT NULL,
    product_id bigint NOT NULL,
    currency text NOT NULL,
    one_time numeric,
    recurring numeric,
    period text,
    valid tstzrange NOT NULL,
    CONSTRAINT price_check CHECK (((one_time IS NOT NULL) OR (recurring IS NOT NULL))),
    CONSTRAINT price_check1 CHECK (((recurring IS NULL) = (period IS NULL))),
    CONSTRAINT price_currency_check CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT price_one_time_check CHECK ((one_time >= (0)::numeric)),
    CONSTRAINT price_period_check CHECK ((period = ANY (ARRAY['day'::text, 'week'::text, 'month'::text, 'quarter'::text, 'year'::text]))),
    CONSTRAINT price_recurring_check CHECK ((recurring >= (0)::numeric)),
    CONSTRAINT price_valid_check CHECK ((NOT isempty(valid)))
);

ALTER TABLE catalog.price ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME catalog.price_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE catalog.price_list (
    id bigint NOT NULL,
    code text NOT NULL,
    name text NOT NULL
);

ALTER TABLE catalog.price_list ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME catalog.price_list_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE catalog.price_rule (
    id bigint NOT NULL,
    kind text NOT NULL,
    code text NOT NULL,
    version integer NOT NULL,
    valid daterange NOT NULL,
    currency text,
    list_code text,
    product_id bigint,
    account_id bigint,
    content jsonb,
    content_hash text NOT NULL,
    published_at timestamp with time zone DEFAULT base.now() NOT NULL,
    published_by text NOT NULL,
    CONSTRAINT price_rule_check CHECK (((kind = 'price'::text) = (list_code IS NOT NULL))),
    CONSTRAINT price_rule_check1 CHECK (((kind = 'contract'::text) = (account_id IS NOT NULL))),
    CONSTRAINT price_rule_check2 CHECK (((kind = ANY (ARRAY['price'::text, 'contract'::text, 'option'::text, 'cost'::text, 'floor'::text, 'terms'::text])) = (product_id IS NOT NULL))),
    CONSTRAINT price_rule_check3 CHECK (((kind = ANY (ARRAY['list'::text, 'price'::text, 'cost'::text])) <= (currency IS NOT NULL))),
    CONSTRAINT price_rule_code_check CHECK (((length(code) >= 1) AND (length(code) <= 400))),
    CONSTRAINT price_rule_content_check CHECK ((jsonb_typeof(content) = 'object'::text)),
    CONSTRAINT price_rule_currency_check CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT price_rule_kind_check CHECK ((kind = ANY (ARRAY['list'::text, 'price'::text, 'contract'::text, 'schedule'::text, 'promotion'::text, 'option'::text, 'cost'::text, 'floor'::text, 'limit'::text, 'rate'::text, 'reason'::text, 'terms'::text]))),
    CONSTRAINT price_rule_valid_check CHECK ((NOT isempty(valid))),
    CONSTRAINT price_rule_version_check CHECK ((version > 0))
);

COMMENT ON COLUMN catalog.price_rule.content IS 'What the rule says, in the words of a price file; NULL: withdrawn.';

ALTER TABLE catalog.price_rule ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME catalog.price_rule_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE catalog.product (
    id bigint NOT NULL,
    catalogue_id bigint NOT NULL,
    code text NOT NULL,
    name text NOT NULL,
    kind text NOT NULL,
    is_bundle boolean DEFAULT false NOT NULL,
    class text,
    unit text NOT NULL,
    tracking text DEFAULT 'none'::text NOT NULL,
    tax_category text DEFAULT 'standard'::text NOT NULL,
    sku text,
    vendor text,
    description text DEFAULT ''::text NOT NULL,
    characteristics jsonb DEFAULT '{}'::jsonb NOT NULL,
    is_open boolean DEFAULT false NOT NULL,
    changed_at timestamp with time zone DEFAULT base.now() NOT NULL,
    search text GENERATED ALWAYS AS (base.folded(((code || ' '::text) || name))) STORED NOT NULL,
    CONSTRAINT product_characteristics_check CHECK ((jsonb_typeof(characteristics) = 'object'::text)),
    CONSTRAINT product_code_check CHECK (((length(code) >= 1) AND (length(code) <= 200))),
    CONSTRAINT product_kind_check CHECK ((kind = ANY (ARRAY['good'::text, 'service'::text, 'subscription'::text, 'fee'::text]))),
    CONSTRAINT product_name_check CHECK (((length(name) >= 1) AND (length(name) <= 500))),
    CONSTRAINT product_tracking_check CHECK ((tracking = ANY (ARRAY['none'::text, 'lot'::text, 'serial'::text])))
);

ALTER TABLE catalog.product ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME catalog.product_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE catalog.tax_rate (
    id bigint NOT NULL,
    country text NOT NULL,
    region text,
    category text NOT NULL,
    name text DEFAULT 'VAT'::text NOT NULL,
    percent numeric NOT NULL,
    treatment text DEFAULT 'taxed'::text NOT NULL,
    valid_from date NOT NULL,
    valid_to date,
    CONSTRAINT tax_rate_category_check CHECK ((category <> ''::text)),
    CONSTRAINT tax_rate_check CHECK ((valid_from < valid_to)),
    CONSTRAINT tax_rate_country_check CHECK ((country ~ '^[A-Z]{2}$'::text)),
    CONSTRAINT tax_rate_percent_check CHECK (((percent >= (0)::numeric) AND (percent <= (100)::numeric))),
    CONSTRAINT tax_rate_region_check CHECK ((region <> ''::text)),
    CONSTRAINT tax_rate_treatment_check CHECK ((treatment = ANY (ARRAY['taxed'::text, 'exempt'::text, 'reverse_charge'::text])))
);

ALTER TABLE catalog.tax_rate ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME catalog.tax_rate_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE catalog.unit (
    code text NOT NULL,
    name text NOT NULL,
    decimals smallint DEFAULT 0 NOT NULL,
    CONSTRAINT unit_code_check CHECK (((length(code) >= 1) AND (length(code) <= 20))),
    CONSTRAINT unit_decimals_check CHECK (((decimals >= 0) AND (decimals <= 6)))
);

CREATE TABLE catalog.version (
    id bigint NOT NULL,
    catalogue_id bigint NOT NULL,
    number integer NOT NULL,
    state text DEFAULT 'draft'::text NOT NULL,
    effective tstzrange,
    source text NOT NULL,
    document jsonb NOT NULL,
    content_hash text NOT NULL,
    imported_at timestamp with time zone DEFAULT base.now() NOT NULL,
    imported_by text NOT NULL,
    CONSTRAINT version_check CHECK (((state <> 'published'::text) OR (effective IS NOT NULL))),
    CONSTRAINT version_check1 CHECK (((state <> 'draft'::text) OR (effective IS NULL))),
    CONSTRAINT version_document_check CHECK ((jsonb_typeof(document) = 'object'::text)),
    CONSTRAINT version_effective_check CHECK ((NOT isempty(effective))),
    CONSTRAINT version_number_check CHECK ((number > 0)),
    CONSTRAINT version_state_check CHECK ((state = ANY (ARRAY['draft'::text, 'published'::text, 'retired'::text])))
);

ALTER TABLE catalog.version ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME catalog.version_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE documents.document (
    id bigint NOT NULL,
    subject_kind text NOT NULL,
    subject_id bigint NOT NULL,
    subject_label text NOT NULL,
    account_id bigint,
    kind text NOT NULL,
    number text NOT NULL,
    language text NOT NULL,
    with_prices boolean NOT NULL,
    sheet jsonb NOT NULL,
    sheet_hash bytea NOT NULL,
    template text NOT NULL,
    state text DEFAULT 'requested'::text NOT NULL,
    problem text DEFAULT ''::text NOT NULL,
    attempt integer DEFAULT 0 NOT NULL,
    lease_until timestamp with time zone,
    file_hash bytea,
    pages integer,
    byte_count integer,
    render_ms numeric,
    requested_by text NOT NULL,
    requested_at timestamp with time zone DEFAULT base.now() NOT NULL,
    ended_at timestamp with time zone,
    CONSTRAINT document_byte_count_check CHECK ((byte_count > 0)),
    CONSTRAINT document_check CHECK (((state = 'rendered'::text) = (file_hash IS NOT NULL))),
    CONSTRAINT document_check1 CHECK ((num_nulls(file_hash, pages, byte_count) = ANY (ARRAY[0, 3]))),
    CONSTRAINT document_check2 CHECK (((state = 'refused'::text) = (problem <> ''::text))),
    CONSTRAINT document_check3 CHECK (((state = 'requested'::text) = (ended_at IS NULL))),
    CONSTRAINT document_kind_check CHECK ((kind = ANY (ARRAY['order_confirmation'::text, 'quote'::text, 'invoice'::text, 'credit_note'::text, 'delivery_note'::text]))),
    CONSTRAINT document_pages_check CHECK ((pages > 0)),
    CONSTRAINT document_sheet_check CHECK ((jsonb_typeof(sheet) = 'object'::text)),
    CONSTRAINT document_state_check CHECK ((state = ANY (ARRAY['requested'::text, 'rendered'::text, 'refused'::text]))),
    CONSTRAINT document_subject_kind_check CHECK ((subject_kind <> ''::text))
)
WITH (fillfactor='85');

ALTER TABLE documents.document ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME documents.document_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE fulfilment.evidence (
    id bigint NOT NULL,
    process_id bigint NOT NULL,
    number integer NOT NULL,
    order_id bigint NOT NULL,
    evidence text NOT NULL,
    outputs jsonb,
    recorded_by bigint NOT NULL,
    recorded_name text NOT NULL,
    recorded_at timestamp with time zone DEFAULT base.now() NOT NULL,
    state text DEFAULT 'recorded'::text NOT NULL,
    decided_by bigint,
    decided_at timestamp with time zone,
    reason text DEFAULT ''::text NOT NULL,
    CONSTRAINT confirmed_by_somebody_else CHECK (((state <> 'confirmed'::text) OR (decided_by <> recorded_by))),
    CONSTRAINT evidence_check CHECK (((state = 'recorded'::text) = (decided_at IS NULL))),
    CONSTRAINT evidence_check1 CHECK (((state <> ALL (ARRAY['confirmed'::text, 'rejected'::text])) OR (decided_by IS NOT NULL))),
    CONSTRAINT evidence_evidence_check CHECK ((evidence <> ''::text)),
    CONSTRAINT evidence_outputs_check CHECK ((jsonb_typeof(outputs) = 'object'::text)),
    CONSTRAINT evidence_state_check CHECK ((state = ANY (ARRAY['recorded'::text, 'confirmed'::text, 'rejected'::text, 'overtaken'::text])))
)
WITH (fillfactor='85');

ALTER TABLE fulfilment.evidence ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME fulfilment.evidence_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE fulfilment.item (
    id bigint NOT NULL,
    order_id bigint NOT NULL,
    "position" integer NOT NULL,
    key text NOT NULL,
    kind text NOT NULL,
    spec text NOT NULL,
    action text NOT NULL,
    label text NOT NULL,
    parent_key text,
    system text,
    scope text,
    place text,
    quantity numeric NOT NULL,
    characteristics jsonb DEFAULT '{}'::jsonb NOT NULL,
    lines jsonb DEFAULT '[]'::jsonb NOT NULL,
    sources bigint[] NOT NULL,
    why jsonb DEFAULT '[]'::jsonb NOT NULL,
    is_provisional boolean DEFAULT false NOT NULL,
    withdrawn boolean DEFAULT false NOT NULL,
    CONSTRAINT item_sources_check CHECK ((cardinality(sources) > 0))
);

ALTER TABLE fulfilment.item ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME fulfilment.item_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE fulfilment.plan (
    order_id bigint NOT NULL,
    process_id bigint NOT NULL,
    catalogue_version_id bigint NOT NULL,
    revision integer DEFAULT 1 NOT NULL,
    facts jsonb DEFAULT '{}'::jsonb NOT NULL,
    nothing_to_do bigint[] DEFAULT '{}'::bigint[] NOT NULL,
    critical_path integer[] DEFAULT '{}'::integer[] NOT NULL,
    optimistic_seconds bigint NOT NULL,
    typical_seconds bigint NOT NULL,
    pessimistic_seconds bigint NOT NULL,
    planned_at timestamp with time zone DEFAULT base.now() NOT NULL,
    forecast_at timestamp with time zone NOT NULL,
    promised_at timestamp with time zone NOT NULL,
    projected_at timestamp with time zone NOT NULL,
    jeopardy text DEFAULT 'none'::text NOT NULL,
    look_again_at timestamp with time zone,
    CONSTRAINT plan_facts_check CHECK ((jsonb_typeof(facts) = 'object'::text)),
    CONSTRAINT plan_jeopardy_check CHECK ((jeopardy = ANY (ARRAY['none'::text, 'low'::text, 'medium'::text, 'high'::text])))
)
WITH (fillfactor='85');

CREATE TABLE fulfilment.step (
    process_id bigint NOT NULL,
    number integer NOT NULL,
    order_id bigint NOT NULL,
    item_id bigint,
    order_items bigint[] DEFAULT '{}'::bigint[] NOT NULL,
    owner text NOT NULL,
    type text NOT NULL,
    planned_start timestamp with time zone NOT NULL,
    planned_finish timestamp with time zone NOT NULL,
    slack_seconds bigint,
    is_critical boolean DEFAULT false NOT NULL,
    why text DEFAULT ''::text NOT NULL
);

CREATE TABLE gateway.attempt (
    call_id bigint NOT NULL,
    number integer NOT NULL,
    partner_id bigint NOT NULL,
    edition integer NOT NULL,
    worker text NOT NULL,
    outcome text NOT NULL,
    started_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    duration_ms double precision DEFAULT 0 NOT NULL,
    request_url text DEFAULT ''::text NOT NULL,
    request_headers jsonb DEFAULT '{}'::jsonb NOT NULL,
    request_body text DEFAULT ''::text NOT NULL,
    status smallint,
    reply_headers jsonb DEFAULT '{}'::jsonb NOT NULL,
    reply_body text DEFAULT ''::text NOT NULL,
    problem text DEFAULT ''::text NOT NULL,
    forgotten_at timestamp with time zone,
    CONSTRAINT attempt_duration_ms_check CHECK ((duration_ms >= (0)::double precision)),
    CONSTRAINT attempt_number_check CHECK ((number > 0)),
    CONSTRAINT attempt_outcome_check CHECK ((outcome = ANY (ARRAY['answered'::text, 'refused'::text, 'nonsense'::text, 'busy'::text, 'failed'::text, 'unreachable'::text, 'blocked'::text, 'redirect'::text, 'timeout'::text, 'lost'::text, 'lease_lost'::text]))),
    CONSTRAINT attempt_reply_body_check CHECK ((length(reply_body) <= 16384)),
    CONSTRAINT attempt_request_body_check CHECK ((length(request_body) <= 16384)),
    CONSTRAINT attempt_status_check CHECK (((status >= 100) AND (status <= 599)))
);

COMMENT ON COLUMN gateway.attempt.forgotten_at IS 'When headers and bodies were emptied, the time of keeping them being over.';

CREATE TABLE gateway.call (
    id bigint NOT NULL,
    partner_id bigint NOT NULL,
    operation text NOT NULL,
    path text NOT NULL,
    payload jsonb NOT NULL,
    key text NOT NULL,
    edition integer DEFAULT 1 NOT NULL,
    correlation text,
    subject_kind text NOT NULL,
    subject_id bigint NOT NULL,
    subject_label text NOT NULL,
    account_id bigint,
    state text DEFAULT 'queued'::text NOT NULL,
    next_attempt_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    tries integer DEFAULT 0 NOT NULL,
    in_doubt boolean DEFAULT false NOT NULL,
    lease_owner text,
    lease_until timestamp with time zone,
    outcome text,
    status smallint,
    reply jsonb,
    reason text,
    queued_at timestamp with time zone DEFAULT base.now() NOT NULL,
    ended_at timestamp with time zone,
    CONSTRAINT call_attempts_check CHECK ((attempts >= 0)),
    CONSTRAINT call_check CHECK (((tries >= 0) AND (tries <= attempts))),
    CONSTRAINT call_check1 CHECK (((state = 'sending'::text) = (lease_until IS NOT NULL))),
    CONSTRAINT call_check2 CHECK (((state = ANY (ARRAY['queued'::text, 'sending'::text])) = (ended_at IS NULL))),
    CONSTRAINT call_check3 CHECK (((state <> ALL (ARRAY['sending'::text, 'answered'::text, 'refused'::text, 'unknown'::text, 'exhausted'::text])) OR (attempts > 0))),
    CONSTRAINT call_check4 CHECK (((state <> 'exhausted'::text) OR (NOT in_doubt))),
    CONSTRAINT call_check5 CHECK (((state <> 'answered'::text) OR ((status >= 200) AND (status <= 299)))),
    CONSTRAINT call_check6 CHECK (((state <> 'refused'::text) OR ((status >= 400) AND (status <= 499)))),
    CONSTRAINT call_correlation_check CHECK (((length(correlation) >= 1) AND (length(correlation) <= 200))),
    CONSTRAINT call_edition_check CHECK ((edition > 0)),
    CONSTRAINT call_key_check CHECK (((length(key) >= 1) AND (length(key) <= 200))),
    CONSTRAINT call_operation_check CHECK (((length(operation) >= 1) AND (length(operation) <= 200))),
    CONSTRAINT call_path_check CHECK ((length(path) <= 1000)),
    CONSTRAINT call_state_check CHECK ((state = ANY (ARRAY['queued'::text, 'sending'::text, 'answered'::text, 'refused'::text, 'unknown'::text, 'exhausted'::text, 'cancelled'::text]))),
    CONSTRAINT call_status_check CHECK (((status >= 100) AND (status <= 599)))
)
WITH (fillfactor='60', autovacuum_vacuum_scale_factor='0.02', autovacuum_vacuum_threshold='1000');

ALTER TABLE gateway.call ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME gateway.call_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE gateway.message (
    id bigint NOT NULL,
    partner_id bigint NOT NULL,
    message_id text NOT NULL,
    type text NOT NULL,
    correlation text,
    outputs jsonb NOT NULL,
    call_id bigint,
    subject_kind text,
    subject_id bigint,
    subject_label text,
    account_id bigint,
    state text NOT NULL,
    reason text DEFAULT ''::text NOT NULL,
    sent_at timestamp with time zone NOT NULL,
    received_at timestamp with time zone DEFAULT base.now() NOT NULL,
    ended_at timestamp with time zone,
    deliveries integer DEFAULT 1 NOT NULL,
    CONSTRAINT message_check CHECK ((num_nulls(call_id, subject_kind, subject_id, subject_label) = ANY (ARRAY[0, 4]))),
    CONSTRAINT message_check1 CHECK (((state = ANY (ARRAY['matched'::text, 'rejected'::text])) = (ended_at IS NOT NULL))),
    CONSTRAINT message_correlation_check CHECK (((length(correlation) >= 1) AND (length(correlation) <= 200))),
    CONSTRAINT message_deliveries_check CHECK ((deliveries > 0)),
    CONSTRAINT message_message_id_check CHECK (((length(message_id) >= 1) AND (length(message_id) <= 200))),
    CONSTRAINT message_state_check CHECK ((state = ANY (ARRAY['received'::text, 'matched'::text, 'unmatched'::text, 'rejected'::text])))
)
WITH (fillfactor='80');

ALTER TABLE gateway.message ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME gateway.message_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE gateway.partner (
    id bigint NOT NULL,
    code text NOT NULL,
    kind text DEFAULT 'system'::text NOT NULL,
    name text NOT NULL,
    endpoint text NOT NULL,
    rate_per_second double precision DEFAULT 50 NOT NULL,
    max_in_flight integer DEFAULT 10 NOT NULL,
    timeout_seconds double precision DEFAULT 30 NOT NULL,
    retry_seconds double precision[] DEFAULT '{5,30,120,600,3600}'::double precision[] NOT NULL,
    stop_when_unknown text[] DEFAULT '{}'::text[] NOT NULL,
    online boolean DEFAULT true NOT NULL,
    offline_reason text,
    circuit text DEFAULT 'closed'::text NOT NULL,
    failures integer DEFAULT 0 NOT NULL,
    failure_limit integer DEFAULT 5 NOT NULL,
    cool_down_seconds double precision DEFAULT 30 NOT NULL,
    times_opened integer DEFAULT 0 NOT NULL,
    probe_at timestamp with time zone,
    tokens double precision DEFAULT 1 NOT NULL,
    tokens_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    created_at timestamp with time zone DEFAULT base.now() NOT NULL,
    CONSTRAINT partner_check CHECK (((circuit = 'open'::text) = (probe_at IS NOT NULL))),
    CONSTRAINT partner_check1 CHECK (((kind = 'webhook'::text) = starts_with(code, 'webhook-'::text))),
    CONSTRAINT partner_circuit_check CHECK ((circuit = ANY (ARRAY['closed'::text, 'open'::text, 'half_open'::text]))),
    CONSTRAINT partner_code_check CHECK ((code ~ '^[A-Za-z][A-Za-z0-9_-]{0,39}$'::text)),
    CONSTRAINT partner_cool_down_seconds_check CHECK (((cool_down_seconds >= (0.01)::double precision) AND (cool_down_seconds <= (3600)::double precision))),
    CONSTRAINT partner_endpoint_check CHECK (((endpoint ~ '^https?://'::text) AND (length(endpoint) <= 2000))),
    CONSTRAINT partner_failure_limit_check CHECK (((failure_limit >= 1) AND (failure_limit <= 1000))),
    CONSTRAINT partner_failures_check CHECK ((failures >= 0)),
    CONSTRAINT partner_kind_check CHECK ((kind = ANY (ARRAY['system'::text, 'webhook'::text]))),
    CONSTRAINT partner_max_in_flight_check CHECK (((max_in_flight >= 1) AND (max_in_flight <= 1000))),
    CONSTRAINT partner_name_check CHECK (((length(name) >= 1) AND (length(name) <= 200))),
    CONSTRAINT partner_rate_per_second_check CHECK (((rate_per_second >= (0.001)::double precision) AND (rate_per_second <= (10000)::double precision))),
    CONSTRAINT partner_retry_seconds_check CHECK (((cardinality(retry_seconds) <= 20) AND ((0)::double precision <= ALL (retry_seconds)))),
    CONSTRAINT partner_timeout_seconds_check CHECK (((timeout_seconds >= (0.05)::double precision) AND (timeout_seconds <= (300)::double precision)))
)
WITH (fillfactor='50');

ALTER TABLE gateway.partner ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME gateway.partner_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE gateway.secret (
    id bigint NOT NULL,
    partner_id bigint NOT NULL,
    direction text NOT NULL,
    secret text NOT NULL,
    valid_until timestamp with time zone,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT secret_direction_check CHECK ((direction = ANY (ARRAY['out'::text, 'in'::text]))),
    CONSTRAINT secret_secret_check CHECK ((secret ~ '^whsec_[A-Za-z0-9+/]{32,}={0,2}$'::text))
);

ALTER TABLE gateway.secret ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME gateway.secret_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE gateway.turned_away (
    partner_id bigint NOT NULL,
    day date NOT NULL,
    reason text NOT NULL,
    times integer DEFAULT 1 NOT NULL,
    last_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);

CREATE TABLE gateway.webhook (
    id bigint NOT NULL,
    partner_id bigint NOT NULL,
    event_types text[] NOT NULL,
    account_id bigint,
    active boolean DEFAULT true NOT NULL,
    created_by text NOT NULL,
    created_at timestamp with time zone DEFAULT base.now() NOT NULL,
    CONSTRAINT webhook_event_types_check CHECK (((cardinality(event_types) >= 1) AND (cardinality(event_types) <= 100)))
);

ALTER TABLE gateway.webhook ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME gateway.webhook_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE insight.customer (
    id bigint NOT NULL,
    account_id bigint,
    label text NOT NULL,
    name text DEFAULT ''::text NOT NULL,
    search text GENERATED ALWAYS AS (base.folded(((label || ' '::text) || name))) STORED NOT NULL,
    CONSTRAINT customer_label_check CHECK ((label <> ''::text))
);

CREATE TABLE insight.customer_day (
    currency text NOT NULL,
    issued_on date NOT NULL,
    country text NOT NULL,
    customer_id bigint,
    invoices integer NOT NULL,
    credit_notes integer NOT NULL,
    sold numeric NOT NULL,
    returned numeric NOT NULL,
    quantity numeric NOT NULL,
    returned_quantity numeric NOT NULL
);

ALTER TABLE insight.customer ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME insight.customer_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE insight.customer_key (
    source text NOT NULL,
    external_id text NOT NULL,
    customer_id bigint NOT NULL,
    CONSTRAINT customer_key_external_id_check CHECK ((external_id <> ''::text)),
    CONSTRAINT customer_key_source_check CHECK ((source <> ''::text))
);

CREATE TABLE insight.customer_product (
    customer_id bigint NOT NULL,
    product_id bigint NOT NULL,
    currency text NOT NULL,
    days integer NOT NULL,
    first_on date NOT NULL,
    last_on date NOT NULL,
    quantity numeric NOT NULL,
    sold numeric NOT NULL,
    CONSTRAINT customer_product_days_check CHECK ((days > 0))
);

CREATE TABLE insight.document (
    id bigint NOT NULL,
    source text NOT NULL,
    number text NOT NULL,
    kind text NOT NULL,
    customer_id bigint,
    country text NOT NULL,
    currency text NOT NULL,
    issued_on date NOT NULL,
    issued_at timestamp with time zone NOT NULL,
    line_count integer NOT NULL,
    quantity numeric NOT NULL,
    net numeric NOT NULL,
    product_ids bigint[] NOT NULL,
    content uuid NOT NULL,
    import_id bigint,
    invoice_id bigint,
    search text GENERATED ALWAYS AS (base.folded(number)) STORED NOT NULL,
    CONSTRAINT document_check CHECK ((num_nonnulls(import_id, invoice_id) = 1)),
    CONSTRAINT document_currency_check CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT document_kind_check CHECK ((kind = ANY (ARRAY['invoice'::text, 'credit_note'::text, 'adjustment'::text, 'write_off'::text]))),
    CONSTRAINT document_line_count_check CHECK ((line_count >= 0)),
    CONSTRAINT document_number_check CHECK ((number <> ''::text)),
    CONSTRAINT document_source_check CHECK ((source <> ''::text))
);

ALTER TABLE insight.document ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME insight.document_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE insight.history_import (
    id bigint NOT NULL,
    file text NOT NULL,
    source text NOT NULL,
    content text NOT NULL,
    state text NOT NULL,
    mapping jsonb NOT NULL,
    row_count integer NOT NULL,
    outcomes jsonb NOT NULL,
    reasons jsonb NOT NULL,
    seconds numeric NOT NULL,
    made_by text NOT NULL,
    made_at timestamp with time zone DEFAULT base.now() NOT NULL,
    CONSTRAINT history_import_mapping_check CHECK ((jsonb_typeof(mapping) = 'object'::text)),
    CONSTRAINT history_import_outcomes_check CHECK ((jsonb_typeof(outcomes) = 'object'::text)),
    CONSTRAINT history_import_reasons_check CHECK ((jsonb_typeof(reasons) = 'object'::text)),
    CONSTRAINT history_import_row_count_check CHECK ((row_count >= 0)),
    CONSTRAINT history_import_seconds_check CHECK ((seconds >= (0)::numeric)),
    CONSTRAINT history_import_source_check CHECK ((source <> ''::text)),
    CONSTRAINT history_import_state_check CHECK ((state = ANY (ARRAY['tried'::text, 'imported'::text])))
);

ALTER TABLE insight.history_import ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME insight.history_import_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE insight.import_row (
    import_id bigint NOT NULL,
    "row" integer NOT NULL,
    outcome text NOT NULL,
    reasons text[] NOT NULL,
    number text NOT NULL,
    cells text[],
    CONSTRAINT import_row_outcome_check CHECK ((outcome = ANY (ARRAY['imported'::text, 'merged'::text, 'corrected'::text, 'unchanged'::text, 'refused'::text]))),
    CONSTRAINT import_row_row_check CHECK (("row" > 0))
);

CREATE TABLE insight.line (
    document_id bigint NOT NULL,
    "position" integer NOT NULL,
    product_id bigint NOT NULL,
    wording_id bigint NOT NULL,
    issued_on date NOT NULL,
    quantity numeric NOT NULL,
    unit_price numeric NOT NULL,
    amount numeric NOT NULL,
    hash uuid NOT NULL,
    copies integer DEFAULT 1 NOT NULL,
    source_row integer,
    CONSTRAINT line_copies_check CHECK ((copies > 0)),
    CONSTRAINT line_position_check CHECK (("position" > 0))
);

CREATE TABLE insight.product (
    id bigint NOT NULL,
    code text NOT NULL,
    name text DEFAULT ''::text NOT NULL,
    is_goods boolean DEFAULT true NOT NULL,
    search text NOT NULL,
    CONSTRAINT product_code_check CHECK ((code <> ''::text))
);

ALTER TABLE insight.product ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME insight.product_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE insight.product_month (
    currency text NOT NULL,
    month date NOT NULL,
    product_id bigint NOT NULL,
    invoices integer NOT NULL,
    customers integer NOT NULL,
    sold numeric NOT NULL,
    returned numeric NOT NULL,
    quantity numeric NOT NULL,
    returned_quantity numeric NOT NULL
);

CREATE TABLE insight.wording (
    id bigint NOT NULL,
    product_id bigint NOT NULL,
    text text NOT NULL
);

ALTER TABLE insight.wording ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME insight.wording_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE messages.attachment (
    message_id bigint NOT NULL,
    "position" integer NOT NULL,
    source_kind text NOT NULL,
    source_id bigint NOT NULL,
    name text DEFAULT ''::text NOT NULL,
    media_type text DEFAULT ''::text NOT NULL,
    file_hash bytea,
    CONSTRAINT attachment_check CHECK (((file_hash IS NULL) = (name = ''::text))),
    CONSTRAINT attachment_check1 CHECK (((file_hash IS NULL) = (media_type = ''::text))),
    CONSTRAINT attachment_position_check CHECK (("position" > 0))
);

CREATE TABLE messages.attempt (
    delivery_id bigint NOT NULL,
    number integer NOT NULL,
    at timestamp with time zone DEFAULT base.now() NOT NULL,
    outcome text NOT NULL,
    code integer,
    reply text DEFAULT ''::text NOT NULL,
    CONSTRAINT attempt_number_check CHECK ((number > 0)),
    CONSTRAINT attempt_outcome_check CHECK ((outcome = ANY (ARRAY['accepted'::text, 'postponed'::text, 'refused'::text, 'unknown'::text])))
);

CREATE TABLE messages.delivery (
    id bigint NOT NULL,
    message_id bigint NOT NULL,
    channel text NOT NULL,
    address text NOT NULL,
    name text DEFAULT ''::text NOT NULL,
    role text DEFAULT 'to'::text NOT NULL,
    state text NOT NULL,
    attempt integer DEFAULT 0 NOT NULL,
    round integer DEFAULT 0 NOT NULL,
    due_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    lease_until timestamp with time zone,
    code integer,
    reply text DEFAULT ''::text NOT NULL,
    moved_at timestamp with time zone DEFAULT base.now() NOT NULL,
    CONSTRAINT delivery_address_check CHECK (((address <> ''::text) AND (address !~ '[[:cntrl:][:space:]]'::text))),
    CONSTRAINT delivery_attempt_check CHECK ((attempt >= 0)),
    CONSTRAINT delivery_check CHECK (((state = 'sending'::text) = (lease_until IS NOT NULL))),
    CONSTRAINT delivery_name_check CHECK ((name !~ '[[:cntrl:]]'::text)),
    CONSTRAINT delivery_role_check CHECK ((role = ANY (ARRAY['to'::text, 'cc'::text]))),
    CONSTRAINT delivery_round_check CHECK ((round >= 0)),
    CONSTRAINT delivery_state_check CHECK ((state = ANY (ARRAY['waiting'::text, 'queued'::text, 'sending'::text, 'sent'::text, 'refused'::text, 'exhausted'::text, 'unknown'::text, 'bounced'::text, 'cancelled'::text])))
)
WITH (fillfactor='80');

COMMENT ON COLUMN messages.delivery.round IS 'Attempts since somebody last had it sent again; it decides the pause.';

ALTER TABLE messages.delivery ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME messages.delivery_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE messages.message (
    id bigint NOT NULL,
    channel text NOT NULL,
    subject_kind text NOT NULL,
    subject_id bigint NOT NULL,
    subject_label text NOT NULL,
    account_id bigint,
    letter text NOT NULL,
    language text NOT NULL,
    title text NOT NULL,
    body text NOT NULL,
    html text NOT NULL,
    token uuid DEFAULT gen_random_uuid() NOT NULL,
    key text,
    created_by text NOT NULL,
    created_at timestamp with time zone DEFAULT base.now() NOT NULL,
    links bigint[] DEFAULT '{}'::bigint[] NOT NULL,
    CONSTRAINT message_channel_check CHECK ((channel = ANY (ARRAY['email'::text, 'sms'::text, 'chat'::text]))),
    CONSTRAINT message_subject_kind_check CHECK ((subject_kind <> ''::text)),
    CONSTRAINT message_title_check CHECK (((title <> ''::text) AND (title !~ '[[:cntrl:]]'::text)))
);

COMMENT ON COLUMN messages.message.token IS 'The left part of its Message-ID, the same for ever.';

ALTER TABLE messages.message ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME messages.message_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE orders.change (
    id bigint NOT NULL,
    order_id bigint NOT NULL,
    number integer NOT NULL,
    state text DEFAULT 'drafted'::text NOT NULL,
    wishes jsonb NOT NULL,
    reason text NOT NULL,
    based_on integer NOT NULL,
    revision integer,
    version integer DEFAULT 1 NOT NULL,
    follow_on_id bigint,
    drafted_by text NOT NULL,
    drafted_at timestamp with time zone DEFAULT base.now() NOT NULL,
    ended_by text,
    ended_at timestamp with time zone,
    CONSTRAINT change_based_on_check CHECK ((based_on > 0)),
    CONSTRAINT change_check CHECK (((state = ANY (ARRAY['applied'::text, 'withdrawn'::text])) = (ended_at IS NOT NULL))),
    CONSTRAINT change_check1 CHECK ((num_nulls(ended_by, ended_at) = ANY (ARRAY[0, 2]))),
    CONSTRAINT change_check2 CHECK (((revision IS NULL) OR (state = 'applied'::text))),
    CONSTRAINT change_number_check CHECK ((number > 0)),
    CONSTRAINT change_reason_check CHECK ((reason <> ''::text)),
    CONSTRAINT change_revision_check CHECK ((revision > 1)),
    CONSTRAINT change_state_check CHECK ((state = ANY (ARRAY['drafted'::text, 'previewed'::text, 'applied'::text, 'withdrawn'::text, 'stale'::text]))),
    CONSTRAINT change_version_check CHECK ((version > 0)),
    CONSTRAINT change_wishes_check CHECK ((jsonb_typeof(wishes) = 'object'::text))
)
WITH (fillfactor='85');

ALTER TABLE orders.change ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME orders.change_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE orders.change_preview (
    id bigint NOT NULL,
    change_id bigint NOT NULL,
    revision integer NOT NULL,
    basis text NOT NULL,
    effects jsonb NOT NULL,
    seen_by text NOT NULL,
    seen_at timestamp with time zone DEFAULT base.now() NOT NULL,
    accepted boolean DEFAULT false NOT NULL
);

ALTER TABLE orders.change_preview ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME orders.change_preview_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE orders.credit (
    id bigint NOT NULL,
    order_id bigint NOT NULL,
    item_id bigint,
    "position" integer NOT NULL,
    payee text NOT NULL,
    user_id bigint NOT NULL,
    percent numeric NOT NULL,
    kind text NOT NULL,
    CONSTRAINT credit_kind_check CHECK ((kind = ANY (ARRAY['revenue'::text, 'non_revenue'::text]))),
    CONSTRAINT credit_percent_check CHECK (((percent > (0)::numeric) AND (percent <= (100)::numeric)))
);

ALTER TABLE orders.credit ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME orders.credit_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE orders.handed_in (
    order_id bigint NOT NULL,
    content jsonb NOT NULL,
    CONSTRAINT handed_in_content_check CHECK ((jsonb_typeof(content) = 'object'::text))
);

CREATE TABLE orders.hold (
    id bigint NOT NULL,
    order_id bigint NOT NULL,
    item_id bigint,
    code text NOT NULL,
    blocks text NOT NULL,
    reason text NOT NULL,
    release_permission text NOT NULL,
    placed_by text NOT NULL,
    placed_at timestamp with time zone DEFAULT base.now() NOT NULL,
    released_by text,
    released_at timestamp with time zone,
    release_reason text,
    CONSTRAINT hold_blocks_check CHECK ((blocks = ANY (ARRAY['shipping'::text, 'billing'::text, 'all'::text]))),
    CONSTRAINT hold_check CHECK ((num_nulls(released_by, released_at, release_reason) = ANY (ARRAY[0, 3]))),
    CONSTRAINT hold_reason_check CHECK ((reason <> ''::text))
);

CREATE TABLE orders.hold_code (
    code text NOT NULL,
    title text NOT NULL,
    blocks text NOT NULL,
    release_permission text NOT NULL,
    CONSTRAINT hold_code_blocks_check CHECK ((blocks = ANY (ARRAY['shipping'::text, 'billing'::text, 'all'::text]))),
    CONSTRAINT hold_code_code_check CHECK ((code ~ '^[a-z][a-z0-9_]{0,39}$'::text))
);

ALTER TABLE orders.hold ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME orders.hold_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE orders.item (
    id bigint NOT NULL,
    order_id bigint NOT NULL,
    "position" integer NOT NULL,
    line text NOT NULL,
    parent_id bigint,
    bundle_id bigint,
    role text,
    product_id bigint NOT NULL,
    product_code text NOT NULL,
    product_name text NOT NULL,
    kind text NOT NULL,
    action text DEFAULT 'add'::text NOT NULL,
    quantity numeric NOT NULL,
    per_parent numeric,
    unit text NOT NULL,
    characteristics jsonb DEFAULT '{}'::jsonb NOT NULL,
    place text,
    billing_account_id bigint,
    gl_account text,
    cost_centre text,
    tax_code text,
    one_time numeric,
    recurring numeric,
    period text,
    price_origin text DEFAULT 'none'::text NOT NULL,
    price_reason text,
    requested_on date,
    promised_on date,
    scheduled_on date,
    state text DEFAULT 'draft'::text NOT NULL,
    withdrawn_in integer,
    attributes jsonb DEFAULT '{}'::jsonb NOT NULL,
    added_in integer DEFAULT 1 NOT NULL,
    replaces_id bigint,
    asset text,
    CONSTRAINT item_action_check CHECK ((action = ANY (ARRAY['add'::text, 'modify'::text, 'delete'::text, 'suspend'::text, 'resume'::text, 'none'::text]))),
    CONSTRAINT item_added_in_check CHECK ((added_in > 0)),
    CONSTRAINT item_attributes_check CHECK ((jsonb_typeof(attributes) = 'object'::text)),
    CONSTRAINT item_characteristics_check CHECK ((jsonb_typeof(characteristics) = 'object'::text)),
    CONSTRAINT item_check CHECK (((parent_id IS NOT NULL) OR (per_parent IS NULL))),
    CONSTRAINT item_check1 CHECK (((recurring IS NULL) = (period IS NULL))),
    CONSTRAINT item_check2 CHECK (((price_origin = 'none'::text) = ((one_time IS NULL) AND (recurring IS NULL)))),
    CONSTRAINT item_check3 CHECK (((price_origin <> 'manual'::text) OR (price_reason IS NOT NULL))),
    CONSTRAINT item_line_check CHECK (((length(line) >= 1) AND (length(line) <= 100))),
    CONSTRAINT item_per_parent_check CHECK ((per_parent > (0)::numeric)),
    CONSTRAINT item_period_check CHECK ((period = ANY (ARRAY['day'::text, 'week'::text, 'month'::text, 'quarter'::text, 'year'::text]))),
    CONSTRAINT item_position_check CHECK (("position" >= 0)),
    CONSTRAINT item_price_origin_check CHECK ((price_origin = ANY (ARRAY['none'::text, 'list'::text, 'manual'::text, 'quote'::text]))),
    CONSTRAINT item_quantity_check CHECK ((quantity > (0)::numeric)),
    CONSTRAINT item_state_check CHECK ((state = ANY (ARRAY['draft'::text, 'submitted'::text, 'in_progress'::text, 'pending'::text, 'held'::text, 'assessing_cancellation'::text, 'cancelling'::text, 'rejected'::text, 'completed'::text, 'partial'::text, 'failed'::text, 'cancelled'::text]))),
    CONSTRAINT item_withdrawn_in_check CHECK ((withdrawn_in > 1)),
    CONSTRAINT never_its_own_child CHECK ((parent_id <> id))
)
WITH (fillfactor='85');

ALTER TABLE orders.item ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME orders.item_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE orders.item_price (
    order_id bigint NOT NULL,
    item_id bigint NOT NULL,
    priced jsonb NOT NULL,
    revision integer DEFAULT 1 NOT NULL,
    priced_at timestamp with time zone,
    CONSTRAINT item_price_priced_check CHECK ((jsonb_typeof((priced -> 'charges'::text)) = 'array'::text)),
    CONSTRAINT item_price_revision_check CHECK ((revision > 0))
);

COMMENT ON COLUMN orders.item_price.priced_at IS 'The moment whose rules priced it, where that is not when the line was written.';

CREATE TABLE orders.place (
    order_id bigint NOT NULL,
    code text NOT NULL,
    address_id bigint,
    recipient text DEFAULT ''::text NOT NULL,
    lines text[] DEFAULT '{}'::text[] NOT NULL,
    city text DEFAULT ''::text NOT NULL,
    region text DEFAULT ''::text NOT NULL,
    postal_code text DEFAULT ''::text NOT NULL,
    country text NOT NULL,
    CONSTRAINT place_code_check CHECK (((length(code) >= 1) AND (length(code) <= 100))),
    CONSTRAINT place_country_check CHECK ((country ~ '^[A-Z]{2}$'::text))
);

CREATE TABLE orders.quoted_item (
    item_id bigint NOT NULL,
    order_id bigint NOT NULL,
    line_id bigint NOT NULL
);

CREATE TABLE orders.quoted_order (
    order_id bigint NOT NULL,
    quote_id bigint NOT NULL,
    quote_number text NOT NULL,
    version integer NOT NULL,
    draw_id bigint NOT NULL
);

CREATE TABLE orders.relies_on (
    order_id bigint NOT NULL,
    item_id bigint NOT NULL,
    needed_id bigint NOT NULL,
    CONSTRAINT relies_on_check CHECK ((item_id <> needed_id))
);

CREATE TABLE orders.revision (
    order_id bigint NOT NULL,
    number integer NOT NULL,
    change_id bigint,
    content jsonb NOT NULL,
    made_by text NOT NULL,
    made_at timestamp with time zone NOT NULL,
    CONSTRAINT revision_check CHECK (((number = 1) = (change_id IS NULL))),
    CONSTRAINT revision_number_check CHECK ((number > 0))
);

CREATE TABLE orders.sales_order (
    id bigint NOT NULL,
    number text NOT NULL,
    account_id bigint NOT NULL,
    account_name text NOT NULL,
    channel text DEFAULT 'direct'::text NOT NULL,
    external_id text,
    type text DEFAULT 'sales'::text NOT NULL,
    priority text DEFAULT 'standard'::text NOT NULL,
    state text DEFAULT 'draft'::text NOT NULL,
    state_before text,
    state_reason text,
    currency text NOT NULL,
    bill_to text,
    ship_to text,
    billing_account_id bigint,
    po_number text,
    terms text,
    requested_on date,
    promised_on date,
    catalogue_version_id bigint NOT NULL,
    one_time_total numeric DEFAULT 0 NOT NULL,
    recurring_totals jsonb DEFAULT '{}'::jsonb NOT NULL,
    item_count integer NOT NULL,
    note text,
    attributes jsonb DEFAULT '{}'::jsonb NOT NULL,
    revision integer DEFAULT 1 NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    captured_at timestamp with time zone DEFAULT base.now() NOT NULL,
    captured_by text NOT NULL,
    submitted_at timestamp with time zone,
    ended_at timestamp with time zone,
    search text GENERATED ALWAYS AS (base.folded(((((((number || ' '::text) || account_name) || ' '::text) || COALESCE(po_number, ''::text)) || ' '::text) || COALESCE(external_id, ''::text)))) STORED NOT NULL,
    CONSTRAINT sales_order_attributes_check CHECK ((jsonb_typeof(attributes) = 'object'::text)),
    CONSTRAINT sales_order_check CHECK (((state <> 'assessing_cancellation'::text) OR (state_before IS NOT NULL))),
    CONSTRAINT sales_order_check1 CHECK (((state = ANY (ARRAY['rejected'::text, 'completed'::text, 'partial'::text, 'failed'::text, 'cancelled'::text])) = (ended_at IS NOT NULL))),
    CONSTRAINT sales_order_check2 CHECK (((state = ANY (ARRAY['draft'::text, 'rejected'::text, 'cancelled'::text])) OR (submitted_at IS NOT NULL))),
    CONSTRAINT sales_order_currency_check CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT sales_order_priority_check CHECK ((priority = ANY (ARRAY['urgent'::text, 'standard'::text, 'bulk'::text]))),
    CONSTRAINT sales_order_revision_check CHECK ((revision > 0)),
    CONSTRAINT sales_order_state_check CHECK ((state = ANY (ARRAY['draft'::text, 'submitted'::text, 'in_progress'::text, 'pending'::text, 'held'::text, 'assessing_cancellation'::text, 'cancelling'::text, 'rejected'::text, 'completed'::text, 'partial'::text, 'failed'::text, 'cancelled'::text]))),
    CONSTRAINT sales_order_version_check CHECK ((version > 0))
)
WITH (fillfactor='80');

ALTER TABLE orders.sales_order ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME orders.sales_order_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE orders.ship_group (
    id bigint NOT NULL,
    order_id bigint NOT NULL,
    item_id bigint NOT NULL,
    "position" integer NOT NULL,
    place text NOT NULL,
    quantity numeric NOT NULL,
    requested_on date,
    method text,
    CONSTRAINT ship_group_quantity_check CHECK ((quantity > (0)::numeric))
);

ALTER TABLE orders.ship_group ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME orders.ship_group_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

ALTER TABLE parties.account ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME parties.account_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE parties.account_owner (
    account_id bigint NOT NULL,
    user_id bigint NOT NULL
);

CREATE TABLE parties.address (
    id bigint NOT NULL,
    account_id bigint NOT NULL,
    code text NOT NULL,
    name text DEFAULT ''::text NOT NULL,
    company text DEFAULT ''::text NOT NULL,
    street text DEFAULT ''::text NOT NULL,
    city text DEFAULT ''::text NOT NULL,
    district text DEFAULT ''::text NOT NULL,
    area text DEFAULT ''::text NOT NULL,
    postal_code text DEFAULT ''::text NOT NULL,
    sorting_code text DEFAULT ''::text NOT NULL,
    country text NOT NULL,
    phone text,
    time_zone text,
    instructions text,
    is_ship_to boolean DEFAULT false NOT NULL,
    is_bill_to boolean DEFAULT false NOT NULL,
    is_active boolean DEFAULT true NOT NULL,
    created_at timestamp with time zone DEFAULT base.now() NOT NULL,
    changed_at timestamp with time zone DEFAULT base.now() NOT NULL,
    CONSTRAINT address_code_check CHECK ((code <> ''::text)),
    CONSTRAINT address_country_check CHECK ((country ~ '^[A-Z]{2}$'::text))
);

COMMENT ON COLUMN parties.address.is_ship_to IS 'The place that an order ships to when it names none.';

ALTER TABLE parties.address ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME parties.address_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE parties.api_key (
    id bigint NOT NULL,
    user_id bigint NOT NULL,
    name text NOT NULL,
    key_hash bytea NOT NULL,
    hint text NOT NULL,
    scopes text[] NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    last_used_at timestamp with time zone,
    expires_at timestamp with time zone,
    revoked_at timestamp with time zone,
    CONSTRAINT api_key_key_hash_check CHECK ((length(key_hash) = 32)),
    CONSTRAINT api_key_name_check CHECK ((name <> ''::text)),
    CONSTRAINT api_key_scopes_check CHECK ((cardinality(scopes) > 0))
)
WITH (fillfactor='80');

COMMENT ON COLUMN parties.api_key.hint IS 'The first characters, so that a person can tell keys apart.';

COMMENT ON COLUMN parties.api_key.scopes IS 'A subset of what the owner may; what the owner loses, the key loses too.';

ALTER TABLE parties.api_key ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME parties.api_key_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE parties.billing_account (
    id bigint NOT NULL,
    number text NOT NULL,
    account_id bigint NOT NULL,
    name text NOT NULL,
    legal_entity_id bigint NOT NULL,
    currency text NOT NULL,
    terms_days integer DEFAULT 30 NOT NULL,
    tax_country text,
    tax_id text,
    is_tax_exempt boolean DEFAULT false NOT NULL,
    credit_limit numeric,
    email text,
    is_default boolean DEFAULT false NOT NULL,
    is_active boolean DEFAULT true NOT NULL,
    created_at timestamp with time zone DEFAULT base.now() NOT NULL,
    changed_at timestamp with time zone DEFAULT base.now() NOT NULL,
    CONSTRAINT billing_account_check CHECK (((tax_id IS NULL) OR (tax_country IS NOT NULL))),
    CONSTRAINT billing_account_credit_limit_check CHECK (((credit_limit >= (0)::numeric) AND (credit_limit < '1000000000000000'::numeric))),
    CONSTRAINT billing_account_currency_check CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT billing_account_name_check CHECK ((name <> ''::text)),
    CONSTRAINT billing_account_tax_country_check CHECK ((tax_country ~ '^[A-Z]{2}$'::text)),
    CONSTRAINT billing_account_terms_days_check CHECK (((terms_days >= 0) AND (terms_days <= 365)))
);

COMMENT ON COLUMN parties.billing_account.credit_limit IS 'In the currency of the billing account; NULL: no limit.';

ALTER TABLE parties.billing_account ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME parties.billing_account_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE parties.contact (
    id bigint NOT NULL,
    account_id bigint NOT NULL,
    name text NOT NULL,
    email text,
    phone text,
    role text,
    language text,
    is_primary boolean DEFAULT false NOT NULL,
    is_active boolean DEFAULT true NOT NULL,
    created_at timestamp with time zone DEFAULT base.now() NOT NULL,
    CONSTRAINT contact_name_check CHECK ((name <> ''::text))
);

ALTER TABLE parties.contact ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME parties.contact_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE parties.team (
    id bigint NOT NULL,
    name text NOT NULL,
    is_active boolean DEFAULT true NOT NULL,
    created_at timestamp with time zone DEFAULT base.now() NOT NULL,
    CONSTRAINT team_name_check CHECK ((name <> ''::text))
);

CREATE TABLE parties.team_account (
    team_id bigint NOT NULL,
    account_id bigint NOT NULL,
    with_subtree boolean DEFAULT true NOT NULL
);

CREATE TABLE parties.team_territory (
    team_id bigint NOT NULL,
    territory_id bigint NOT NULL
);

CREATE TABLE parties.territory_rule (
    id bigint NOT NULL,
    territory_id bigint NOT NULL,
    country text,
    segment text,
    account_id bigint,
    CONSTRAINT territory_rule_check CHECK ((num_nonnulls(country, segment, account_id) > 0)),
    CONSTRAINT territory_rule_country_check CHECK ((country ~ '^[A-Z]{2}$'::text))
);

COMMENT ON COLUMN parties.territory_rule.account_id IS 'This account or one below it.';

CREATE VIEW parties.coverage AS
 SELECT covered.team_id,
    account.id AS account_id
   FROM (((parties.account account
     CROSS JOIN LATERAL unnest(account.path) ancestor(id))
     JOIN parties.team_account covered ON ((covered.account_id = ancestor.id)))
     JOIN parties.team team ON (((team.id = covered.team_id) AND team.is_active)))
  WHERE (covered.with_subtree OR (covered.account_id = account.id))
UNION
 SELECT team.id AS team_id,
    account.id AS account_id
   FROM (((parties.territory_rule rule
     JOIN parties.team_territory covered ON ((covered.territory_id = rule.territory_id)))
     JOIN parties.team team ON (((team.id = covered.team_id) AND team.is_active)))
     JOIN parties.account account ON ((((rule.country IS NULL) OR (rule.country = account.country)) AND ((rule.segment IS NULL) OR (rule.segment = account.segment)) AND ((rule.account_id IS NULL) OR (rule.account_id = ANY (account.path))))));

CREATE TABLE parties.legal_entity (
    id bigint NOT NULL,
    code text NOT NULL,
    name text NOT NULL,
    currency text NOT NULL,
    time_zone text DEFAULT 'UTC'::text NOT NULL,
    language text DEFAULT 'en'::text NOT NULL,
    tax_rounding text DEFAULT 'line'::text NOT NULL,
    invoice_series text NOT NULL,
    tax_id text,
    address jsonb DEFAULT '{}'::jsonb NOT NULL,
    created_at timestamp with time zone DEFAULT base.now() NOT NULL,
    payment_series text DEFAULT 'payment'::text NOT NULL,
    CONSTRAINT legal_entity_code_check CHECK ((code <> ''::text)),
    CONSTRAINT legal_entity_currency_check CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT legal_entity_invoice_series_check CHECK ((invoice_series <> ''::text)),
    CONSTRAINT legal_entity_name_check CHECK ((name <> ''::text)),
    CONSTRAINT legal_entity_payment_series_check CHECK ((payment_series <> ''::text)),
    CONSTRAINT legal_entity_tax_rounding_check CHECK ((tax_rounding = ANY (ARRAY['line'::text, 'total'::text])))
);

COMMENT ON COLUMN parties.legal_entity.payment_series IS 'What the numbers of payments begin with.';

ALTER TABLE parties.legal_entity ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME parties.legal_entity_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE parties.link (
    id bigint NOT NULL,
    token_hash bytea,
    purpose text NOT NULL,
    user_id bigint,
    subject_kind text,
    subject_id bigint,
    subject_label text,
    account_id bigint,
    params jsonb DEFAULT '{}'::jsonb NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    used_at timestamp with time zone,
    nonce uuid DEFAULT gen_random_uuid() NOT NULL,
    within bigint,
    CONSTRAINT link_check CHECK ((num_nulls(subject_kind, subject_id, subject_label) = ANY (ARRAY[0, 3]))),
    CONSTRAINT link_purpose_check CHECK ((purpose <> ''::text)),
    CONSTRAINT link_token_hash_check CHECK ((length(token_hash) = 32))
);

ALTER TABLE parties.link ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME parties.link_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE parties.recovery_code (
    user_id bigint NOT NULL,
    code_hash bytea NOT NULL,
    used_at timestamp with time zone,
    CONSTRAINT recovery_code_code_hash_check CHECK ((length(code_hash) = 32))
);

CREATE TABLE parties.reporting (
    user_id bigint NOT NULL,
    manager_id bigint NOT NULL,
    CONSTRAINT reporting_check CHECK ((user_id <> manager_id))
);

CREATE TABLE parties.role (
    id bigint NOT NULL,
    code text NOT NULL,
    name text NOT NULL,
    permissions text[] NOT NULL,
    all_accounts boolean DEFAULT false NOT NULL,
    is_shipped boolean DEFAULT false NOT NULL,
    CONSTRAINT role_code_check CHECK ((code ~ '^[a-z][a-z0-9_]*$'::text)),
    CONSTRAINT role_name_check CHECK ((name <> ''::text))
);

COMMENT ON COLUMN parties.role.all_accounts IS 'Sees every account, not only those that the user''s teams cover.';

ALTER TABLE parties.role ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME parties.role_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE parties.second_factor (
    user_id bigint NOT NULL,
    secret bytea NOT NULL,
    made_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    confirmed_at timestamp with time zone,
    last_step bigint DEFAULT 0 NOT NULL,
    CONSTRAINT second_factor_secret_check CHECK ((length(secret) = 20))
);

COMMENT ON COLUMN parties.second_factor.confirmed_at IS 'Empty while it is set up: then nobody is asked for a code yet.';

COMMENT ON COLUMN parties.second_factor.last_step IS 'The half minute of the newest code that counted; it and earlier ones count no more.';

CREATE TABLE parties.session (
    id bigint NOT NULL,
    user_id bigint NOT NULL,
    token_hash bytea NOT NULL,
    address text,
    agent text,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    last_used_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    revoked_at timestamp with time zone,
    second_factor_at timestamp with time zone,
    CONSTRAINT session_token_hash_check CHECK ((length(token_hash) = 32))
)
WITH (fillfactor='80');

COMMENT ON COLUMN parties.session.second_factor_at IS 'When a second factor was last shown in this session.';

ALTER TABLE parties.session ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME parties.session_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE parties.shipping_preference (
    account_id bigint NOT NULL,
    carrier text,
    service_level text,
    incoterm text,
    delivery text,
    window_from time without time zone,
    window_to time without time zone,
    cut_off time without time zone,
    instructions text,
    changed_at timestamp with time zone DEFAULT base.now() NOT NULL,
    CONSTRAINT shipping_preference_check CHECK (((window_from IS NULL) = (window_to IS NULL))),
    CONSTRAINT shipping_preference_check1 CHECK ((window_from < window_to)),
    CONSTRAINT shipping_preference_delivery_check CHECK ((delivery = ANY (ARRAY['complete'::text, 'partial'::text]))),
    CONSTRAINT shipping_preference_incoterm_check CHECK ((incoterm = ANY (ARRAY['EXW'::text, 'FCA'::text, 'CPT'::text, 'CIP'::text, 'DAP'::text, 'DPU'::text, 'DDP'::text, 'FAS'::text, 'FOB'::text, 'CFR'::text, 'CIF'::text])))
);

CREATE TABLE parties.skill (
    id bigint NOT NULL,
    name text NOT NULL,
    CONSTRAINT skill_name_check CHECK ((name <> ''::text))
);

ALTER TABLE parties.skill ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME parties.skill_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

ALTER TABLE parties.team ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME parties.team_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE parties.team_member (
    team_id bigint NOT NULL,
    user_id bigint NOT NULL,
    is_lead boolean DEFAULT false NOT NULL
);

CREATE TABLE parties.territory (
    id bigint NOT NULL,
    name text NOT NULL,
    created_at timestamp with time zone DEFAULT base.now() NOT NULL,
    CONSTRAINT territory_name_check CHECK ((name <> ''::text))
);

ALTER TABLE parties.territory ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME parties.territory_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

ALTER TABLE parties.territory_rule ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME parties.territory_rule_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE parties.throttle (
    kind text NOT NULL,
    key_hash bytea NOT NULL,
    attempts integer NOT NULL,
    started_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    locked_until timestamp with time zone,
    CONSTRAINT throttle_attempts_check CHECK ((attempts > 0)),
    CONSTRAINT throttle_key_hash_check CHECK ((length(key_hash) = 32)),
    CONSTRAINT throttle_kind_check CHECK ((kind = ANY (ARRAY['login'::text, 'address'::text])))
)
WITH (fillfactor='80');

CREATE TABLE parties."user" (
    id bigint NOT NULL,
    login text NOT NULL,
    name text NOT NULL,
    password_hash text,
    is_active boolean DEFAULT true NOT NULL,
    time_zone text DEFAULT 'UTC'::text NOT NULL,
    locale text DEFAULT 'en'::text NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    created_at timestamp with time zone DEFAULT base.now() NOT NULL,
    changed_at timestamp with time zone DEFAULT base.now() NOT NULL,
    CONSTRAINT user_login_check CHECK (((login = lower(login)) AND (login ~~ '%_@_%'::text))),
    CONSTRAINT user_name_check CHECK ((name <> ''::text)),
    CONSTRAINT user_password_hash_check CHECK ((password_hash ~~ '$argon2id$%'::text))
);

COMMENT ON COLUMN parties."user".password_hash IS 'argon2id; NULL: nobody can log in with a password.';

ALTER TABLE parties."user" ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME parties.user_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE parties.user_role (
    user_id bigint NOT NULL,
    role_id bigint NOT NULL
);

CREATE TABLE parties.user_skill (
    user_id bigint NOT NULL,
    skill_id bigint NOT NULL
);

CREATE TABLE parties.visible_account (
    team_id bigint NOT NULL,
    account_id bigint NOT NULL
);

CREATE TABLE processes.definition (
    id bigint NOT NULL,
    hash bytea NOT NULL,
    graph jsonb NOT NULL,
    created_at timestamp with time zone DEFAULT base.now() NOT NULL,
    CONSTRAINT definition_hash_check CHECK ((length(hash) = 32))
);

CREATE TABLE processes.process (
    id bigint NOT NULL,
    definition_id bigint NOT NULL,
    subject_id bigint NOT NULL,
    account_id bigint,
    started_at timestamp with time zone DEFAULT base.now() NOT NULL,
    finished_at timestamp with time zone,
    wake_at timestamp with time zone,
    priority smallint DEFAULT 1 NOT NULL,
    state text DEFAULT 'running'::text NOT NULL,
    subject_kind text NOT NULL,
    subject_label text NOT NULL,
    variables jsonb DEFAULT '{}'::jsonb NOT NULL,
    CONSTRAINT process_check CHECK (((state = 'running'::text) = (finished_at IS NULL))),
    CONSTRAINT process_check1 CHECK (((state <> 'running'::text) OR (wake_at IS NOT NULL))),
    CONSTRAINT process_priority_check CHECK (((priority >= 0) AND (priority <= 2))),
    CONSTRAINT process_state_check CHECK ((state = ANY (ARRAY['running'::text, 'done'::text, 'cancelled'::text]))),
    CONSTRAINT process_variables_check CHECK ((jsonb_typeof(variables) = 'object'::text))
)
WITH (fillfactor='85');

ALTER TABLE processes.process ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME processes.process_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE processes.step (
    process_id bigint NOT NULL,
    number integer NOT NULL,
    pending integer DEFAULT 0 NOT NULL,
    pending_finish integer DEFAULT 0 NOT NULL,
    live integer DEFAULT 0 NOT NULL,
    attempt smallint DEFAULT 0 NOT NULL,
    retries smallint DEFAULT 0 NOT NULL,
    lost smallint DEFAULT 0 NOT NULL,
    priority smallint DEFAULT 1 NOT NULL,
    iteration smallint DEFAULT 0 NOT NULL,
    scope integer DEFAULT 0 NOT NULL,
    choice integer,
    expected integer,
    counted integer DEFAULT 0 NOT NULL,
    token boolean,
    mandatory boolean DEFAULT true NOT NULL,
    held boolean DEFAULT false NOT NULL,
    overdue boolean DEFAULT false NOT NULL,
    wake_at timestamp with time zone NOT NULL,
    not_before timestamp with time zone,
    finish_after timestamp with time zone,
    due timestamp with time zone,
    lease_until timestamp with time zone,
    retry_at timestamp with time zone,
    ready_at timestamp with time zone,
    started_at timestamp with time zone,
    finished_at timestamp with time zone,
    state text DEFAULT 'blocked'::text NOT NULL,
    mode text NOT NULL,
    kind text NOT NULL,
    key text NOT NULL,
    title text NOT NULL,
    queue text,
    partner text,
    sub_reason text,
    correlation text,
    hold_reason text,
    error_class text,
    error text,
    chosen integer[],
    arrived jsonb,
    outputs jsonb,
    params jsonb,
    CONSTRAINT step_check CHECK ((((state = 'waiting'::text) OR (state = 'skipped'::text) OR (state = 'cancelled'::text)) = (sub_reason IS NOT NULL))),
    CONSTRAINT step_check1 CHECK (((state = 'failed'::text) <= (error_class IS NOT NULL))),
    CONSTRAINT step_check2 CHECK (((lease_until IS NULL) OR ((state = 'ready'::text) AND (mode = 'auto'::text)))),
    CONSTRAINT step_check3 CHECK ((NOT ((state = 'running'::text) AND (mode = 'auto'::text)))),
    CONSTRAINT step_check4 CHECK (((state = ANY (ARRAY['done'::text, 'skipped'::text, 'cancelled'::text])) = (finished_at IS NOT NULL))),
    CONSTRAINT step_check5 CHECK (((NOT (sub_reason IS DISTINCT FROM 'retry'::text)) <= (retry_at IS NOT NULL))),
    CONSTRAINT step_check6 CHECK ((held = (hold_reason IS NOT NULL))),
    CONSTRAINT step_counted_check CHECK ((counted >= 0)),
    CONSTRAINT step_error_class_check CHECK ((error_class = ANY (ARRAY['transient'::text, 'data'::text, 'business'::text, 'unknown'::text]))),
    CONSTRAINT step_expected_check CHECK ((expected >= 0)),
    CONSTRAINT step_key_check CHECK (((length(key) >= 1) AND (length(key) <= 1000))),
    CONSTRAINT step_kind_check CHECK (((length(kind) >= 1) AND (length(kind) <= 200))),
    CONSTRAINT step_live_check CHECK ((live >= 0)),
    CONSTRAINT step_mode_check CHECK ((mode = ANY (ARRAY['auto'::text, 'person'::text, 'event'::text, 'timer'::text, 'pass'::text]))),
    CONSTRAINT step_number_check CHECK ((number >= 0)),
    CONSTRAINT step_pending_check CHECK ((pending >= 0)),
    CONSTRAINT step_pending_finish_check CHECK ((pending_finish >= 0)),
    CONSTRAINT step_priority_check CHECK (((priority >= 0) AND (priority <= 2))),
    CONSTRAINT step_state_check CHECK ((state = ANY (ARRAY['blocked'::text, 'ready'::text, 'running'::text, 'waiting'::text, 'done'::text, 'skipped'::text, 'failed'::text, 'cancelled'::text]))),
    CONSTRAINT step_title_check CHECK (((length(title) >= 1) AND (length(title) <= 1000)))
)
WITH (fillfactor='70', autovacuum_vacuum_scale_factor='0.02', autovacuum_vacuum_threshold='5000');

CREATE TABLE processes.step_log (
    id bigint NOT NULL,
    at timestamp with time zone DEFAULT base.now() NOT NULL,
    process_id bigint NOT NULL,
    ready_at timestamp with time zone,
    started_at timestamp with time zone,
    user_id bigint,
    number integer NOT NULL,
    attempt smallint NOT NULL,
    from_state text NOT NULL,
    to_state text NOT NULL,
    sub_reason text,
    actor_kind text NOT NULL,
    actor_name text NOT NULL,
    reason text,
    error_class text,
    error text,
    evidence text,
    outputs jsonb
)
PARTITION BY RANGE (at);

CREATE TABLE processes.step_log_2026_11 (
    id bigint CONSTRAINT step_log_id_not_null NOT NULL,
    at timestamp with time zone DEFAULT base.now() CONSTRAINT step_log_at_not_null NOT NULL,
    process_id bigint CONSTRAINT step_log_process_id_not_null NOT NULL,
    ready_at timestamp with time zone,
    started_at timestamp with time zone,
    user_id bigint,
    number integer CONSTRAINT step_log_number_not_null NOT NULL,
    attempt smallint CONSTRAINT step_log_attempt_not_null NOT NULL,
    from_state text CONSTRAINT step_log_from_state_not_null NOT NULL,
    to_state text CONSTRAINT step_log_to_state_not_null NOT NULL,
    sub_reason text,
    actor_kind text CONSTRAINT step_log_actor_kind_not_null NOT NULL,
    actor_name text CONSTRAINT step_log_actor_name_not_null NOT NULL,
    reason text,
    error_class text,
    error text,
    evidence text,
    outputs jsonb
);

CREATE TABLE processes.step_log_2026_12 (
    id bigint CONSTRAINT step_log_id_not_null NOT NULL,
    at timestamp with time zone DEFAULT base.now() CONSTRAINT step_log_at_not_null NOT NULL,
    process_id bigint CONSTRAINT step_log_process_id_not_null NOT NULL,
    ready_at timestamp with time zone,
    started_at timestamp with time zone,
    user_id bigint,
    number integer CONSTRAINT step_log_number_not_null NOT NULL,
    attempt smallint CONSTRAINT step_log_attempt_not_null NOT NULL,
    from_state text CONSTRAINT step_log_from_state_not_null NOT NULL,
    to_state text CONSTRAINT step_log_to_state_not_null NOT NULL,
    sub_reason text,
    actor_kind text CONSTRAINT step_log_actor_kind_not_null NOT NULL,
    actor_name text CONSTRAINT step_log_actor_name_not_null NOT NULL,
    reason text,
    error_class text,
    error text,
    evidence text,
    outputs jsonb
);

CREATE TABLE processes.step_log_2027_01 (
    id bigint CONSTRAINT step_log_id_not_null NOT NULL,
    at timestamp with time zone DEFAULT base.now() CONSTRAINT step_log_at_not_null NOT NULL,
    process_id bigint CONSTRAINT step_log_process_id_not_null NOT NULL,
    ready_at timestamp with time zone,
    started_at timestamp with time zone,
    user_id bigint,
    number integer CONSTRAINT step_log_number_not_null NOT NULL,
    attempt smallint CONSTRAINT step_log_attempt_not_null NOT NULL,
    from_state text CONSTRAINT step_log_from_state_not_null NOT NULL,
    to_state text CONSTRAINT step_log_to_state_not_null NOT NULL,
    sub_reason text,
    actor_kind text CONSTRAINT step_log_actor_kind_not_null NOT NULL,
    actor_name text CONSTRAINT step_log_actor_name_not_null NOT NULL,
    reason text,
    error_class text,
    error text,
    evidence text,
    outputs jsonb
);

ALTER TABLE processes.step_log ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME processes.step_log_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE processes.step_log_other (
    id bigint CONSTRAINT step_log_id_not_null NOT NULL,
    at timestamp with time zone DEFAULT base.now() CONSTRAINT step_log_at_not_null NOT NULL,
    process_id bigint CONSTRAINT step_log_process_id_not_null NOT NULL,
    ready_at timestamp with time zone,
    started_at timestamp with time zone,
    user_id bigint,
    number integer CONSTRAINT step_log_number_not_null NOT NULL,
    attempt smallint CONSTRAINT step_log_attempt_not_null NOT NULL,
    from_state text CONSTRAINT step_log_from_state_not_null NOT NULL,
    to_state text CONSTRAINT step_log_to_state_not_null NOT NULL,
    sub_reason text,
    actor_kind text CONSTRAINT step_log_actor_kind_not_null NOT NULL,
    actor_name text CONSTRAINT step_log_actor_name_not_null NOT NULL,
    reason text,
    error_class text,
    error text,
    evidence text,
    outputs jsonb
);

CREATE TABLE quotes.acceptance (
    quote_id bigint NOT NULL,
    version integer NOT NULL,
    name text NOT NULL,
    by_customer boolean NOT NULL,
    note text DEFAULT ''::text NOT NULL,
    chosen text[] NOT NULL,
    link_id bigint,
    accepted_at timestamp with time zone DEFAULT base.now() NOT NULL,
    recorded_by text NOT NULL,
    CONSTRAINT acceptance_name_check CHECK ((name <> ''::text))
);

CREATE TABLE quotes.charge (
    line_id bigint NOT NULL,
    kind text NOT NULL,
    period text,
    quantity numeric NOT NULL,
    unit text NOT NULL,
    periods numeric NOT NULL,
    list_amount numeric NOT NULL,
    net numeric NOT NULL,
    tax numeric NOT NULL,
    gross numeric NOT NULL,
    unit_price numeric NOT NULL,
    given_percent numeric DEFAULT 0 NOT NULL,
    taxes jsonb DEFAULT '[]'::jsonb NOT NULL,
    CONSTRAINT charge_check CHECK ((gross = (net + tax))),
    CONSTRAINT charge_check1 CHECK (((kind = 'recurring'::text) = (period IS NOT NULL))),
    CONSTRAINT charge_kind_check CHECK ((kind = ANY (ARRAY['one_time'::text, 'recurring'::text]))),
    CONSTRAINT charge_period_check CHECK ((period = ANY (ARRAY['day'::text, 'week'::text, 'month'::text, 'quarter'::text, 'year'::text])))
);

CREATE TABLE quotes.cost (
    line_id bigint NOT NULL,
    charge text NOT NULL,
    amount numeric NOT NULL
);

CREATE TABLE quotes.credit (
    quote_id bigint NOT NULL,
    version integer NOT NULL,
    "position" integer NOT NULL,
    payee text NOT NULL,
    user_id bigint NOT NULL,
    percent numeric NOT NULL,
    kind text NOT NULL,
    CONSTRAINT credit_kind_check CHECK ((kind = ANY (ARRAY['revenue'::text, 'non_revenue'::text]))),
    CONSTRAINT credit_percent_check CHECK (((percent > (0)::numeric) AND (percent <= (100)::numeric)))
);

CREATE TABLE quotes.draw (
    id bigint NOT NULL,
    quote_id bigint NOT NULL,
    version integer NOT NULL,
    key text NOT NULL,
    order_id bigint,
    order_number text,
    drawn_by text NOT NULL,
    drawn_at timestamp with time zone DEFAULT base.now() NOT NULL,
    CONSTRAINT draw_check CHECK ((num_nulls(order_id, order_number) = ANY (ARRAY[0, 2]))),
    CONSTRAINT draw_key_check CHECK (((length(key) >= 1) AND (length(key) <= 255)))
);

ALTER TABLE quotes.draw ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME quotes.draw_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE quotes.drawn_line (
    draw_id bigint NOT NULL,
    line_id bigint NOT NULL,
    quantity numeric NOT NULL,
    CONSTRAINT drawn_line_quantity_check CHECK ((quantity > (0)::numeric))
);

CREATE TABLE quotes.line (
    id bigint NOT NULL,
    quote_id bigint NOT NULL,
    version integer NOT NULL,
    "position" integer NOT NULL,
    line text NOT NULL,
    kind text DEFAULT 'item'::text NOT NULL,
    title text DEFAULT ''::text NOT NULL,
    parent text,
    product_id bigint,
    product_code text,
    product_name text,
    quantity numeric,
    unit text,
    role text,
    characteristics jsonb DEFAULT '{}'::jsonb NOT NULL,
    place text,
    relies_on text[] DEFAULT '{}'::text[] NOT NULL,
    requested_on date,
    is_optional boolean DEFAULT false NOT NULL,
    alternative text,
    is_chosen boolean DEFAULT true NOT NULL,
    given jsonb DEFAULT '[]'::jsonb NOT NULL,
    notes jsonb DEFAULT '[]'::jsonb NOT NULL,
    shares jsonb DEFAULT '[]'::jsonb NOT NULL,
    terms jsonb DEFAULT '{}'::jsonb NOT NULL,
    converted numeric DEFAULT 0 NOT NULL,
    CONSTRAINT line_characteristics_check CHECK ((jsonb_typeof(characteristics) = 'object'::text)),
    CONSTRAINT line_check CHECK (((kind = 'item'::text) = (product_id IS NOT NULL))),
    CONSTRAINT line_check1 CHECK ((num_nulls(product_id, product_code, product_name, quantity, unit) = ANY (ARRAY[0, 5]))),
    CONSTRAINT line_check2 CHECK (((kind = 'item'::text) OR ((parent IS NULL) AND (NOT is_optional) AND (alternative IS NULL)))),
    CONSTRAINT line_check3 CHECK ((is_chosen OR is_optional OR (alternative IS NOT NULL))),
    CONSTRAINT line_given_check CHECK ((jsonb_typeof(given) = 'array'::text)),
    CONSTRAINT line_kind_check CHECK ((kind = ANY (ARRAY['item'::text, 'section'::text, 'note'::text]))),
    CONSTRAINT line_line_check CHECK (((length(line) >= 1) AND (length(line) <= 100))),
    CONSTRAINT line_position_check CHECK (("position" >= 0)),
    CONSTRAINT line_quantity_check CHECK ((quantity > (0)::numeric)),
    CONSTRAINT line_terms_check CHECK ((jsonb_typeof(terms) = 'object'::text)),
    CONSTRAINT never_its_own_part CHECK ((parent <> line)),
    CONSTRAINT never_more_than_quoted CHECK (((converted >= (0)::numeric) AND (converted <= COALESCE(quantity, (0)::numeric))))
)
WITH (fillfactor='85');

COMMENT ON COLUMN quotes.line.is_chosen IS 'Whether it counts: an option may be left out, of alternatives one is taken.';

ALTER TABLE quotes.line ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME quotes.line_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE quotes.link (
    id bigint NOT NULL,
    quote_id bigint NOT NULL,
    token_hash bytea,
    made_by text NOT NULL,
    made_at timestamp with time zone DEFAULT base.now() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    promised_id bigint,
    CONSTRAINT link_token_hash_check CHECK ((length(token_hash) = 32))
);

COMMENT ON COLUMN quotes.link.promised_id IS 'Of a link that goes out by e-mail; it has the digest of the token. Others have it themselves.';

ALTER TABLE quotes.link ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME quotes.link_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE quotes.lost_reason (
    code text NOT NULL,
    title text NOT NULL,
    CONSTRAINT lost_reason_code_check CHECK ((code ~ '^[a-z][a-z0-9_]{0,39}$'::text))
);

CREATE TABLE quotes.need (
    quote_id bigint NOT NULL,
    version integer NOT NULL,
    "position" integer NOT NULL,
    code text NOT NULL,
    needed_right text NOT NULL,
    lines text[] NOT NULL,
    message text NOT NULL,
    percent numeric,
    allowed numeric,
    basis text NOT NULL,
    confirmed_by text,
    confirmed_at timestamp with time zone,
    comment text DEFAULT ''::text NOT NULL,
    CONSTRAINT need_check CHECK ((num_nulls(confirmed_by, confirmed_at) = ANY (ARRAY[0, 2])))
);

COMMENT ON COLUMN quotes.need.basis IS 'A digest of what was confirmed; when it changes, so must the confirmation.';

CREATE TABLE quotes.price_step (
    line_id bigint NOT NULL,
    charge text NOT NULL,
    "position" integer NOT NULL,
    kind text NOT NULL,
    amount numeric NOT NULL,
    unit_amount numeric NOT NULL,
    rule text DEFAULT ''::text NOT NULL,
    rule_version integer,
    input jsonb DEFAULT '{}'::jsonb NOT NULL,
    who text DEFAULT ''::text NOT NULL,
    reason text DEFAULT ''::text NOT NULL,
    CONSTRAINT price_step_check CHECK (((who = ''::text) OR (reason <> ''::text))),
    CONSTRAINT price_step_position_check CHECK (("position" >= 0))
);

CREATE TABLE quotes.question (
    id bigint NOT NULL,
    quote_id bigint NOT NULL,
    version integer NOT NULL,
    asked_by text NOT NULL,
    text text NOT NULL,
    asked_at timestamp with time zone DEFAULT base.now() NOT NULL,
    answer text,
    answered_by text,
    answered_at timestamp with time zone,
    CONSTRAINT question_asked_by_check CHECK ((asked_by <> ''::text)),
    CONSTRAINT question_check CHECK ((num_nulls(answer, answered_by, answered_at) = ANY (ARRAY[0, 3]))),
    CONSTRAINT question_text_check CHECK ((text <> ''::text))
);

ALTER TABLE quotes.question ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME quotes.question_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE quotes.quote (
    id bigint NOT NULL,
    number text NOT NULL,
    account_id bigint,
    account_name text DEFAULT ''::text NOT NULL,
    is_template boolean DEFAULT false NOT NULL,
    type text DEFAULT 'sales'::text NOT NULL,
    channel text DEFAULT 'direct'::text NOT NULL,
    currency text NOT NULL,
    state text DEFAULT 'draft'::text NOT NULL,
    state_note text DEFAULT ''::text NOT NULL,
    lost_reason text,
    active_version integer DEFAULT 1 NOT NULL,
    owner_id bigint,
    copied_from_id bigint,
    time_zone text NOT NULL,
    valid_until date NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    stamp integer DEFAULT 1 NOT NULL,
    created_by text NOT NULL,
    created_at timestamp with time zone DEFAULT base.now() NOT NULL,
    sent_at timestamp with time zone,
    ended_at timestamp with time zone,
    search text GENERATED ALWAYS AS (base.folded(((number || ' '::text) || account_name))) STORED NOT NULL,
    CONSTRAINT quote_active_version_check CHECK ((active_version > 0)),
    CONSTRAINT quote_check CHECK (((account_id IS NULL) = is_template)),
    CONSTRAINT quote_check1 CHECK (((NOT is_template) OR (state = 'draft'::text))),
    CONSTRAINT quote_check2 CHECK (((state = 'lost'::text) = (lost_reason IS NOT NULL))),
    CONSTRAINT quote_check3 CHECK (((state = ANY (ARRAY['draft'::text, 'lost'::text])) OR (sent_at IS NOT NULL))),
    CONSTRAINT quote_check4 CHECK (((state = ANY (ARRAY['lost'::text, 'converted'::text])) = (ended_at IS NOT NULL))),
    CONSTRAINT quote_currency_check CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT quote_stamp_check CHECK ((stamp > 0)),
    CONSTRAINT quote_state_check CHECK ((state = ANY (ARRAY['draft'::text, 'sent'::text, 'accepted'::text, 'declined'::text, 'expired'::text, 'lost'::text, 'converted'::text]))),
    CONSTRAINT quote_type_check CHECK ((type = ANY (ARRAY['sales'::text, 'blanket'::text])))
)
WITH (fillfactor='80');

COMMENT ON COLUMN quotes.quote.expires_at IS 'The end of valid_until where the customer is.';

COMMENT ON COLUMN quotes.quote.stamp IS 'Counts changes; what If-Match names.';

ALTER TABLE quotes.quote ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME quotes.quote_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE quotes.version (
    quote_id bigint NOT NULL,
    number integer NOT NULL,
    title text DEFAULT ''::text NOT NULL,
    requested_on date,
    ship_to text,
    po_number text,
    terms text,
    note text DEFAULT ''::text NOT NULL,
    valid_until date NOT NULL,
    shared jsonb DEFAULT '[]'::jsonb NOT NULL,
    totals jsonb DEFAULT '[]'::jsonb NOT NULL,
    priced_at timestamp with time zone DEFAULT base.now() NOT NULL,
    priced_by text NOT NULL,
    made_at timestamp with time zone DEFAULT base.now() NOT NULL,
    frozen_at timestamp with time zone,
    CONSTRAINT version_number_check CHECK ((number > 0)),
    CONSTRAINT version_shared_check CHECK ((jsonb_typeof(shared) = 'array'::text)),
    CONSTRAINT version_totals_check CHECK ((jsonb_typeof(totals) = 'array'::text))
);

COMMENT ON COLUMN quotes.version.priced_at IS 'The moment whose published prices it has.';

CREATE TABLE stock.balance (
    id bigint NOT NULL,
    sku text NOT NULL,
    warehouse_id bigint NOT NULL,
    on_hand numeric DEFAULT 0 NOT NULL,
    reserved numeric DEFAULT 0 NOT NULL,
    incoming numeric DEFAULT 0 NOT NULL,
    CONSTRAINT incoming_not_negative CHECK ((incoming >= (0)::numeric)),
    CONSTRAINT never_below_zero CHECK ((on_hand >= (0)::numeric)),
    CONSTRAINT never_oversold CHECK (((reserved >= (0)::numeric) AND (reserved <= on_hand)))
)
WITH (fillfactor='70');

ALTER TABLE stock.balance ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME stock.balance_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE stock.movement (
    id bigint NOT NULL,
    at timestamp with time zone DEFAULT base.now() NOT NULL,
    sku text NOT NULL,
    warehouse_id bigint NOT NULL,
    kind text NOT NULL,
    quantity numeric NOT NULL,
    reason text DEFAULT ''::text NOT NULL,
    subject_kind text,
    subject_id bigint,
    subject_label text,
    actor_name text NOT NULL,
    CONSTRAINT movement_check CHECK (((subject_kind IS NULL) = (subject_id IS NULL))),
    CONSTRAINT movement_kind_check CHECK ((kind = ANY (ARRAY['opening'::text, 'receipt'::text, 'issue'::text, 'adjustment'::text, 'return'::text]))),
    CONSTRAINT movement_quantity_check CHECK ((quantity <> (0)::numeric))
);

ALTER TABLE stock.movement ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME stock.movement_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE stock.pick_line (
    id bigint NOT NULL,
    pick_list_id bigint NOT NULL,
    reservation_id bigint NOT NULL,
    sku text NOT NULL,
    order_item_id bigint NOT NULL,
    line text NOT NULL,
    quantity numeric NOT NULL,
    picked numeric DEFAULT 0 NOT NULL,
    serials text[] DEFAULT '{}'::text[] NOT NULL,
    is_open boolean DEFAULT true NOT NULL,
    CONSTRAINT pick_line_check CHECK (((picked >= (0)::numeric) AND (picked <= quantity))),
    CONSTRAINT pick_line_quantity_check CHECK ((quantity > (0)::numeric))
);

ALTER TABLE stock.pick_line ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME stock.pick_line_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE stock.pick_list (
    id bigint NOT NULL,
    number text NOT NULL,
    warehouse_id bigint NOT NULL,
    subject_kind text NOT NULL,
    subject_id bigint NOT NULL,
    subject_label text NOT NULL,
    account_id bigint,
    order_id bigint NOT NULL,
    state text DEFAULT 'open'::text NOT NULL,
    created_at timestamp with time zone DEFAULT base.now() NOT NULL,
    confirmed_at timestamp with time zone,
    confirmed_by text,
    CONSTRAINT pick_list_state_check CHECK ((state = ANY (ARRAY['open'::text, 'picked'::text, 'cancelled'::text])))
);

ALTER TABLE stock.pick_list ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME stock.pick_list_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE stock.purchase_line (
    id bigint NOT NULL,
    purchase_order_id bigint NOT NULL,
    order_item_id bigint,
    line text NOT NULL,
    sku text NOT NULL,
    bundle jsonb,
    quantity numeric NOT NULL,
    unit_cost numeric DEFAULT 0 NOT NULL,
    over_percent numeric DEFAULT 0 NOT NULL,
    under_percent numeric DEFAULT 0 NOT NULL,
    acknowledged numeric,
    notified numeric DEFAULT 0 NOT NULL,
    delivered numeric DEFAULT 0 NOT NULL,
    closed_short numeric DEFAULT 0 NOT NULL,
    CONSTRAINT delivered_was_notified CHECK (((delivered >= (0)::numeric) AND (delivered <= notified))),
    CONSTRAINT purchase_line_acknowledged_check CHECK ((acknowledged >= (0)::numeric)),
    CONSTRAINT purchase_line_closed_short_check CHECK ((closed_short >= (0)::numeric)),
    CONSTRAINT purchase_line_over_percent_check CHECK (((over_percent >= (0)::numeric) AND (over_percent <= (100)::numeric))),
    CONSTRAINT purchase_line_quantity_check CHECK ((quantity > (0)::numeric)),
    CONSTRAINT purchase_line_under_percent_check CHECK (((under_percent >= (0)::numeric) AND (under_percent <= (100)::numeric))),
    CONSTRAINT purchase_line_unit_cost_check CHECK ((unit_cost >= (0)::numeric)),
    CONSTRAINT within_over_tolerance CHECK (((notified >= (0)::numeric) AND (notified <= (quantity * ((1)::numeric + (over_percent / (100)::numeric))))))
);

ALTER TABLE stock.purchase_line ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME stock.purchase_line_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE stock.purchase_order (
    id bigint NOT NULL,
    number text NOT NULL,
    vendor text NOT NULL,
    warehouse_id bigint,
    ship_to text DEFAULT ''::text NOT NULL,
    subject_kind text NOT NULL,
    subject_id bigint NOT NULL,
    subject_label text NOT NULL,
    account_id bigint,
    order_id bigint,
    currency text NOT NULL,
    state text DEFAULT 'sent'::text NOT NULL,
    vendor_reference text,
    sent_at timestamp with time zone DEFAULT base.now() NOT NULL,
    expected_at timestamp with time zone,
    changed_at timestamp with time zone DEFAULT base.now() NOT NULL,
    CONSTRAINT purchase_order_currency_check CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT purchase_order_state_check CHECK ((state = ANY (ARRAY['sent'::text, 'acknowledged'::text, 'notified'::text, 'delivered'::text, 'closed'::text, 'cancelled'::text]))),
    CONSTRAINT purchase_order_vendor_check CHECK ((vendor <> ''::text))
);

ALTER TABLE stock.purchase_order ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME stock.purchase_order_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE stock.reservation (
    id bigint NOT NULL,
    sku text NOT NULL,
    warehouse_id bigint NOT NULL,
    subject_kind text NOT NULL,
    subject_id bigint NOT NULL,
    subject_label text NOT NULL,
    account_id bigint,
    order_id bigint NOT NULL,
    order_item_id bigint NOT NULL,
    line text NOT NULL,
    bundle jsonb,
    quantity numeric NOT NULL,
    firmness text DEFAULT 'hard'::text NOT NULL,
    expires_at timestamp with time zone,
    split_from_id bigint,
    state text DEFAULT 'active'::text NOT NULL,
    created_at timestamp with time zone DEFAULT base.now() NOT NULL,
    changed_at timestamp with time zone DEFAULT base.now() NOT NULL,
    CONSTRAINT reservation_check CHECK (((firmness = 'soft'::text) = (expires_at IS NOT NULL))),
    CONSTRAINT reservation_firmness_check CHECK ((firmness = ANY (ARRAY['soft'::text, 'hard'::text]))),
    CONSTRAINT reservation_quantity_check CHECK ((quantity > (0)::numeric)),
    CONSTRAINT reservation_state_check CHECK ((state = ANY (ARRAY['active'::text, 'picked'::text, 'shipped'::text, 'released'::text])))
)
WITH (fillfactor='80');

ALTER TABLE stock.reservation ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME stock.reservation_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE stock.serial (
    id bigint NOT NULL,
    sku text NOT NULL,
    serial text NOT NULL,
    state text NOT NULL,
    warehouse_id bigint,
    order_item_id bigint,
    reservation_id bigint,
    CONSTRAINT serial_serial_check CHECK (((serial <> ''::text) AND (length(serial) <= 100))),
    CONSTRAINT serial_state_check CHECK ((state = ANY (ARRAY['in_stock'::text, 'picked'::text, 'shipped'::text, 'delivered'::text])))
)
WITH (fillfactor='80');

ALTER TABLE stock.serial ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME stock.serial_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE stock.shipment (
    id bigint NOT NULL,
    number text NOT NULL,
    warehouse_id bigint,
    purchase_order_id bigint,
    notice text,
    subject_kind text NOT NULL,
    subject_id bigint NOT NULL,
    subject_label text NOT NULL,
    account_id bigint,
    order_id bigint,
    ship_to text DEFAULT ''::text NOT NULL,
    carrier text DEFAULT ''::text NOT NULL,
    service_level text DEFAULT ''::text NOT NULL,
    tracking text DEFAULT ''::text NOT NULL,
    state text DEFAULT 'packed'::text NOT NULL,
    packed_at timestamp with time zone DEFAULT base.now() NOT NULL,
    shipped_at timestamp with time zone,
    delivered_at timestamp with time zone,
    CONSTRAINT shipment_check CHECK (((warehouse_id IS NULL) <= (purchase_order_id IS NOT NULL))),
    CONSTRAINT shipment_check1 CHECK (((purchase_order_id IS NULL) = (notice IS NULL))),
    CONSTRAINT shipment_check2 CHECK (((state <> 'delivered'::text) OR (delivered_at IS NOT NULL))),
    CONSTRAINT shipment_state_check CHECK ((state = ANY (ARRAY['packed'::text, 'shipped'::text, 'delivered'::text, 'cancelled'::text])))
);

ALTER TABLE stock.shipment ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME stock.shipment_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE stock.shipment_line (
    id bigint NOT NULL,
    shipment_id bigint NOT NULL,
    reservation_id bigint,
    purchase_line_id bigint,
    order_item_id bigint,
    line text NOT NULL,
    sku text NOT NULL,
    bundle jsonb,
    quantity numeric NOT NULL,
    delivered numeric,
    serials text[] DEFAULT '{}'::text[] NOT NULL,
    CONSTRAINT shipment_line_check CHECK ((num_nonnulls(reservation_id, purchase_line_id) = 1)),
    CONSTRAINT shipment_line_check1 CHECK (((delivered >= (0)::numeric) AND (delivered <= quantity))),
    CONSTRAINT shipment_line_quantity_check CHECK ((quantity > (0)::numeric))
);

ALTER TABLE stock.shipment_line ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME stock.shipment_line_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE stock.sku (
    code text NOT NULL,
    name text NOT NULL,
    unit text DEFAULT 'piece'::text NOT NULL,
    tracking text DEFAULT 'none'::text NOT NULL,
    product_id bigint,
    CONSTRAINT sku_code_check CHECK (((code <> ''::text) AND (length(code) <= 64))),
    CONSTRAINT sku_name_check CHECK ((name <> ''::text)),
    CONSTRAINT sku_tracking_check CHECK ((tracking = ANY (ARRAY['none'::text, 'lot'::text, 'serial'::text])))
);

CREATE TABLE stock.vendor_invoice (
    id bigint NOT NULL,
    purchase_order_id bigint NOT NULL,
    vendor text NOT NULL,
    number text NOT NULL,
    currency text NOT NULL,
    state text NOT NULL,
    differences jsonb DEFAULT '[]'::jsonb NOT NULL,
    recorded_at timestamp with time zone DEFAULT base.now() NOT NULL,
    CONSTRAINT vendor_invoice_number_check CHECK ((number <> ''::text)),
    CONSTRAINT vendor_invoice_state_check CHECK ((state = ANY (ARRAY['matched'::text, 'differs'::text, 'accepted'::text])))
);

ALTER TABLE stock.vendor_invoice ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME stock.vendor_invoice_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE stock.vendor_invoice_line (
    vendor_invoice_id bigint NOT NULL,
    purchase_line_id bigint NOT NULL,
    quantity numeric NOT NULL,
    unit_price numeric NOT NULL,
    CONSTRAINT vendor_invoice_line_quantity_check CHECK ((quantity > (0)::numeric)),
    CONSTRAINT vendor_invoice_line_unit_price_check CHECK ((unit_price >= (0)::numeric))
);

CREATE TABLE stock.warehouse (
    id bigint NOT NULL,
    code text NOT NULL,
    name text NOT NULL,
    address text DEFAULT ''::text NOT NULL,
    rank integer DEFAULT 100 NOT NULL,
    is_active boolean DEFAULT true NOT NULL,
    created_at timestamp with time zone DEFAULT base.now() NOT NULL,
    CONSTRAINT warehouse_code_check CHECK (((code <> ''::text) AND (length(code) <= 64))),
    CONSTRAINT warehouse_name_check CHECK ((name <> ''::text))
);

ALTER TABLE stock.warehouse ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME stock.warehouse_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE work.alarm (
    process_id bigint NOT NULL,
    number integer NOT NULL,
    place integer NOT NULL,
    hours numeric(8,2) NOT NULL,
    act text NOT NULL,
    due timestamp with time zone NOT NULL,
    at timestamp with time zone NOT NULL,
    fired_at timestamp with time zone
)
WITH (fillfactor='80');

COMMENT ON COLUMN work.alarm.due IS 'The due date that `at` was worked out from; a task that is due later by now waits.';

CREATE TABLE work.assignment (
    process_id bigint NOT NULL,
    number integer NOT NULL,
    user_id bigint NOT NULL,
    assigned_at timestamp with time zone DEFAULT base.now() NOT NULL
);

CREATE TABLE work.assignment_log (
    id bigint NOT NULL,
    process_id bigint NOT NULL,
    number integer NOT NULL,
    action text NOT NULL,
    user_id bigint NOT NULL,
    actor_name text NOT NULL,
    reason text,
    at timestamp with time zone DEFAULT base.now() NOT NULL,
    CONSTRAINT assignment_log_action_check CHECK ((action = ANY (ARRAY['claimed'::text, 'assigned'::text, 'released'::text])))
);

ALTER TABLE work.assignment_log ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME work.assignment_log_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE work.queue (
    code text NOT NULL,
    name text NOT NULL,
    team_id bigint,
    calendar text,
    sla_hours numeric(8,2),
    created_at timestamp with time zone DEFAULT base.now() NOT NULL,
    CONSTRAINT queue_code_check CHECK (((length(code) >= 1) AND (length(code) <= 100))),
    CONSTRAINT queue_name_check CHECK (((length(name) >= 1) AND (length(name) <= 200))),
    CONSTRAINT queue_sla_hours_check CHECK ((sla_hours > (0)::numeric))
);

CREATE TABLE work.rung (
    queue text NOT NULL,
    place integer NOT NULL,
    hours numeric(8,2) NOT NULL,
    act text NOT NULL,
    CONSTRAINT rung_act_check CHECK ((act = ANY (ARRAY['remind'::text, 'add_manager'::text, 'reassign'::text, 'raise_priority'::text]))),
    CONSTRAINT rung_place_check CHECK ((place > 0))
);

ALTER TABLE ONLY base.event ATTACH PARTITION base.event_2026_11 FOR VALUES FROM ('2026-11-01 00:00:00+00') TO ('2026-12-01 00:00:00+00');

ALTER TABLE ONLY base.event ATTACH PARTITION base.event_2026_12 FOR VALUES FROM ('2026-12-01 00:00:00+00') TO ('2027-01-01 00:00:00+00');

ALTER TABLE ONLY base.event ATTACH PARTITION base.event_2027_01 FOR VALUES FROM ('2027-01-01 00:00:00+00') TO ('2027-02-01 00:00:00+00');

ALTER TABLE ONLY base.event ATTACH PARTITION base.event_other DEFAULT;

ALTER TABLE ONLY processes.step_log ATTACH PARTITION processes.step_log_2026_11 FOR VALUES FROM ('2026-11-01 00:00:00+00') TO ('2026-12-01 00:00:00+00');

ALTER TABLE ONLY processes.step_log ATTACH PARTITION processes.step_log_2026_12 FOR VALUES FROM ('2026-12-01 00:00:00+00') TO ('2027-01-01 00:00:00+00');

ALTER TABLE ONLY processes.step_log ATTACH PARTITION processes.step_log_2027_01 FOR VALUES FROM ('2027-01-01 00:00:00+00') TO ('2027-02-01 00:00:00+00');

ALTER TABLE ONLY processes.step_log ATTACH PARTITION processes.step_log_other DEFAULT;

ALTER TABLE ONLY approvals.candidate
    ADD CONSTRAINT candidate_pkey PRIMARY KEY (request_id, step, user_id);

ALTER TABLE ONLY approvals.checkpoint
    ADD CONSTRAINT checkpoint_hash_key UNIQUE (hash);

ALTER TABLE ONLY approvals.checkpoint
    ADD CONSTRAINT checkpoint_pkey PRIMARY KEY (number);

ALTER TABLE ONLY approvals.covered
    ADD CONSTRAINT covered_pkey PRIMARY KEY (request_id);

ALTER TABLE ONLY approvals.delegation
    ADD CONSTRAINT delegation_pkey PRIMARY KEY (id);

ALTER TABLE ONLY approvals.entry
    ADD CONSTRAINT entry_pkey PRIMARY KEY (request_id, number);

ALTER TABLE ONLY approvals.notice
    ADD CONSTRAINT notice_pkey PRIMARY KEY (request_id, step, user_id, round);

ALTER TABLE ONLY approvals.verdict
    ADD CONSTRAINT one_verdict_a_person UNIQUE (request_id, step, decided_by);

ALTER TABLE ONLY approvals.policy
    ADD CONSTRAINT policy_code_key UNIQUE (code);

ALTER TABLE ONLY approvals.policy
    ADD CONSTRAINT policy_pkey PRIMARY KEY (id);

ALTER TABLE ONLY approvals.policy_version
    ADD CONSTRAINT policy_version_pkey PRIMARY KEY (id);

ALTER TABLE ONLY approvals.policy_version
    ADD CONSTRAINT policy_version_policy_id_number_key UNIQUE (policy_id, number);

ALTER TABLE ONLY approvals.question
    ADD CONSTRAINT question_pkey PRIMARY KEY (id);

ALTER TABLE ONLY approvals.reply
    ADD CONSTRAINT reply_digest_key UNIQUE (digest);

ALTER TABLE ONLY approvals.reply
    ADD CONSTRAINT reply_pkey PRIMARY KEY (id);

ALTER TABLE ONLY approvals.request
    ADD CONSTRAINT request_number_key UNIQUE (number);

ALTER TABLE ONLY approvals.request
    ADD CONSTRAINT request_pkey PRIMARY KEY (id);

ALTER TABLE ONLY approvals.request
    ADD CONSTRAINT request_process_id_key UNIQUE (process_id);

ALTER TABLE ONLY approvals.step
    ADD CONSTRAINT step_pkey PRIMARY KEY (request_id, name);

ALTER TABLE ONLY approvals.step
    ADD CONSTRAINT step_request_id_number_key UNIQUE (request_id, number);

ALTER TABLE ONLY approvals.submission
    ADD CONSTRAINT submission_pkey PRIMARY KEY (id);

ALTER TABLE ONLY approvals.verdict
    ADD CONSTRAINT verdict_pkey PRIMARY KEY (request_id, step, candidate_id);

ALTER TABLE ONLY assets.asset
    ADD CONSTRAINT asset_number_key UNIQUE (number);

ALTER TABLE ONLY assets.asset
    ADD CONSTRAINT asset_order_item_id_key UNIQUE (order_item_id);

ALTER TABLE ONLY assets.asset
    ADD CONSTRAINT asset_pkey PRIMARY KEY (id);

ALTER TABLE ONLY assets.realization
    ADD CONSTRAINT realization_pkey PRIMARY KEY (id);

ALTER TABLE ONLY assets.realization_user
    ADD CONSTRAINT realization_user_pkey PRIMARY KEY (realization_id, asset_id);

ALTER TABLE ONLY base.blob
    ADD CONSTRAINT blob_pkey PRIMARY KEY (hash);

ALTER TABLE ONLY base.calendar
    ADD CONSTRAINT calendar_pkey PRIMARY KEY (code);

ALTER TABLE ONLY base.clock
    ADD CONSTRAINT clock_pkey PRIMARY KEY (only_row);

ALTER TABLE ONLY base.event
    ADD CONSTRAINT event_pkey PRIMARY KEY (id, at);

ALTER TABLE ONLY base.event_2026_11
    ADD CONSTRAINT event_2026_11_pkey PRIMARY KEY (id, at);

ALTER TABLE ONLY base.event_2026_12
    ADD CONSTRAINT event_2026_12_pkey PRIMARY KEY (id, at);

ALTER TABLE ONLY base.event_2027_01
    ADD CONSTRAINT event_2027_01_pkey PRIMARY KEY (id, at);

ALTER TABLE ONLY base.event_other
    ADD CONSTRAINT event_other_pkey PRIMARY KEY (id, at);

ALTER TABLE ONLY base.idempotency_key
    ADD CONSTRAINT idempotency_key_pkey PRIMARY KEY (actor, route, key);

ALTER TABLE ONLY base.job
    ADD CONSTRAINT job_event_id_reaction_subscription_id_key UNIQUE NULLS NOT DISTINCT (event_id, reaction, subscription_id);

ALTER TABLE ONLY base.job
    ADD CONSTRAINT job_pkey PRIMARY KEY (id);

ALTER TABLE ONLY base.migration
    ADD CONSTRAINT migration_pkey PRIMARY KEY (number);

ALTER TABLE ONLY base.series
    ADD CONSTRAINT series_pkey PRIMARY KEY (code);

ALTER TABLE ONLY base.subscription
    ADD CONSTRAINT subscription_pkey PRIMARY KEY (id);

ALTER TABLE ONLY base.subscription
    ADD CONSTRAINT subscription_subscriber_target_id_event_type_account_id_key UNIQUE NULLS NOT DISTINCT (subscriber, target_id, event_type, account_id);

ALTER TABLE ONLY billing.charge
    ADD CONSTRAINT charge_pkey PRIMARY KEY (id);

ALTER TABLE ONLY billing.gate
    ADD CONSTRAINT gate_pkey PRIMARY KEY (trigger_id, step);

ALTER TABLE ONLY billing.increment
    ADD CONSTRAINT increment_pkey PRIMARY KEY (id);

ALTER TABLE ONLY billing.increment
    ADD CONSTRAINT increment_trigger_id_key_key UNIQUE (trigger_id, key);

ALTER TABLE ONLY billing.invoice
    ADD CONSTRAINT invoice_legal_entity_id_number_key UNIQUE (legal_entity_id, number);

ALTER TABLE ONLY billing.invoice
    ADD CONSTRAINT invoice_legal_entity_id_series_year_sequence_key UNIQUE (legal_entity_id, series, year, sequence);

ALTER TABLE ONLY billing.invoice_line
    ADD CONSTRAINT invoice_line_charge_id_key UNIQUE (charge_id);

ALTER TABLE ONLY billing.invoice_line
    ADD CONSTRAINT invoice_line_invoice_id_position_key UNIQUE (invoice_id, "position");

ALTER TABLE ONLY billing.invoice_line
    ADD CONSTRAINT invoice_line_pkey PRIMARY KEY (id);

ALTER TABLE ONLY billing.invoice
    ADD CONSTRAINT invoice_pkey PRIMARY KEY (id);

ALTER TABLE ONLY billing.invoice_tax
    ADD CONSTRAINT invoice_tax_pkey PRIMARY KEY (invoice_id, country, region, category, percent, name, treatment);

ALTER TABLE ONLY billing.payment
    ADD CONSTRAINT payment_invoice_id_reference_key UNIQUE (invoice_id, reference);

ALTER TABLE ONLY billing.payment
    ADD CONSTRAINT payment_legal_entity_id_number_key UNIQUE (legal_entity_id, number);

ALTER TABLE ONLY billing.payment
    ADD CONSTRAINT payment_legal_entity_id_series_year_sequence_key UNIQUE (legal_entity_id, series, year, sequence);

ALTER TABLE ONLY billing.payment
    ADD CONSTRAINT payment_pkey PRIMARY KEY (id);

ALTER TABLE ONLY billing.receivable
    ADD CONSTRAINT receivable_pkey PRIMARY KEY (invoice_id);

ALTER TABLE ONLY billing.series
    ADD CONSTRAINT series_pkey PRIMARY KEY (legal_entity_id, kind, series, year);

ALTER TABLE ONLY billing.subscription
    ADD CONSTRAINT subscription_continues_id_key UNIQUE (continues_id);

ALTER TABLE ONLY billing.subscription
    ADD CONSTRAINT subscription_pkey PRIMARY KEY (id);

ALTER TABLE ONLY billing.trigger
    ADD CONSTRAINT trigger_order_item_id_price_kind_price_action_revision_key UNIQUE (order_item_id, price_kind, price, action, revision);

ALTER TABLE ONLY billing.trigger
    ADD CONSTRAINT trigger_pkey PRIMARY KEY (id);

ALTER TABLE ONLY catalog.catalogue
    ADD CONSTRAINT catalogue_code_key UNIQUE (code);

ALTER TABLE ONLY catalog.catalogue
    ADD CONSTRAINT catalogue_pkey PRIMARY KEY (id);

ALTER TABLE ONLY catalog.component_group
    ADD CONSTRAINT component_group_pkey PRIMARY KEY (version_id, bundle_id, code);

ALTER TABLE ONLY catalog.component
    ADD CONSTRAINT component_pkey PRIMARY KEY (version_id, bundle_id, "position");

ALTER TABLE ONLY catalog.offering
    ADD CONSTRAINT offering_pkey PRIMARY KEY (version_id, product_id);

ALTER TABLE ONLY catalog.price
    ADD CONSTRAINT one_price_at_a_time EXCLUDE USING gist (product_id WITH =, price_list_id WITH =, currency WITH =, valid WITH &&);

ALTER TABLE ONLY catalog.tax_rate
    ADD CONSTRAINT one_rate_at_a_time EXCLUDE USING gist (country WITH =, COALESCE(region, ''::text) WITH =, category WITH =, name WITH =, daterange(valid_from, valid_to) WITH &&);

ALTER TABLE ONLY catalog.version
    ADD CONSTRAINT one_version_is_effective_at_a_time EXCLUDE USING gist (catalogue_id WITH =, effective WITH &&) WHERE ((state = 'published'::text));

ALTER TABLE ONLY catalog.price_list
    ADD CONSTRAINT price_list_code_key UNIQUE (code);

ALTER TABLE ONLY catalog.price_list
    ADD CONSTRAINT price_list_pkey PRIMARY KEY (id);

ALTER TABLE ONLY catalog.price
    ADD CONSTRAINT price_pkey PRIMARY KEY (id);

ALTER TABLE ONLY catalog.price_rule
    ADD CONSTRAINT price_rule_kind_code_version_key UNIQUE (kind, code, version);

ALTER TABLE ONLY catalog.price_rule
    ADD CONSTRAINT price_rule_pkey PRIMARY KEY (id);

ALTER TABLE ONLY catalog.product
    ADD CONSTRAINT product_code_key UNIQUE (code);

ALTER TABLE ONLY catalog.product
    ADD CONSTRAINT product_pkey PRIMARY KEY (id);

ALTER TABLE ONLY catalog.tax_rate
    ADD CONSTRAINT tax_rate_pkey PRIMARY KEY (id);

ALTER TABLE ONLY catalog.unit
    ADD CONSTRAINT unit_pkey PRIMARY KEY (code);

ALTER TABLE ONLY catalog.version
    ADD CONSTRAINT version_catalogue_id_number_key UNIQUE (catalogue_id, number);

ALTER TABLE ONLY catalog.version
    ADD CONSTRAINT version_pkey PRIMARY KEY (id);

ALTER TABLE ONLY documents.document
    ADD CONSTRAINT document_pkey PRIMARY KEY (id);

ALTER TABLE ONLY documents.document
    ADD CONSTRAINT document_subject_kind_subject_id_sheet_hash_template_key UNIQUE (subject_kind, subject_id, sheet_hash, template);

ALTER TABLE ONLY fulfilment.evidence
    ADD CONSTRAINT evidence_pkey PRIMARY KEY (id);

ALTER TABLE ONLY fulfilment.item
    ADD CONSTRAINT item_order_id_key_key UNIQUE (order_id, key);

ALTER TABLE ONLY fulfilment.item
    ADD CONSTRAINT item_pkey PRIMARY KEY (id);

ALTER TABLE ONLY fulfilment.plan
    ADD CONSTRAINT plan_pkey PRIMARY KEY (order_id);

ALTER TABLE ONLY fulfilment.plan
    ADD CONSTRAINT plan_process_id_key UNIQUE (process_id);

ALTER TABLE ONLY fulfilment.step
    ADD CONSTRAINT step_pkey PRIMARY KEY (process_id, number);

ALTER TABLE ONLY gateway.attempt
    ADD CONSTRAINT attempt_pkey PRIMARY KEY (call_id, number);

ALTER TABLE ONLY gateway.call
    ADD CONSTRAINT call_partner_id_key_key UNIQUE (partner_id, key);

ALTER TABLE ONLY gateway.call
    ADD CONSTRAINT call_pkey PRIMARY KEY (id);

ALTER TABLE ONLY gateway.message
    ADD CONSTRAINT message_partner_id_message_id_key UNIQUE (partner_id, message_id);

ALTER TABLE ONLY gateway.message
    ADD CONSTRAINT message_pkey PRIMARY KEY (id);

ALTER TABLE ONLY gateway.partner
    ADD CONSTRAINT partner_code_key UNIQUE (code);

ALTER TABLE ONLY gateway.partner
    ADD CONSTRAINT partner_pkey PRIMARY KEY (id);

ALTER TABLE ONLY gateway.secret
    ADD CONSTRAINT secret_pkey PRIMARY KEY (id);

ALTER TABLE ONLY gateway.turned_away
    ADD CONSTRAINT turned_away_pkey PRIMARY KEY (partner_id, day, reason);

ALTER TABLE ONLY gateway.webhook
    ADD CONSTRAINT webhook_partner_id_key UNIQUE (partner_id);

ALTER TABLE ONLY gateway.webhook
    ADD CONSTRAINT webhook_pkey PRIMARY KEY (id);

ALTER TABLE ONLY insight.customer
    ADD CONSTRAINT customer_account_id_key UNIQUE (account_id);

ALTER TABLE ONLY insight.customer_day
    ADD CONSTRAINT customer_day_currency_issued_on_country_customer_id_key UNIQUE NULLS NOT DISTINCT (currency, issued_on, country, customer_id);

ALTER TABLE ONLY insight.customer_key
    ADD CONSTRAINT customer_key_pkey PRIMARY KEY (source, external_id);

ALTER TABLE ONLY insight.customer
    ADD CONSTRAINT customer_pkey PRIMARY KEY (id);

ALTER TABLE ONLY insight.customer_product
    ADD CONSTRAINT customer_product_pkey PRIMARY KEY (customer_id, product_id, currency);

ALTER TABLE ONLY insight.document
    ADD CONSTRAINT document_invoice_id_key UNIQUE (invoice_id);

ALTER TABLE ONLY insight.document
    ADD CONSTRAINT document_pkey PRIMARY KEY (id);

ALTER TABLE ONLY insight.document
    ADD CONSTRAINT document_source_number_key UNIQUE (source, number);

ALTER TABLE ONLY insight.history_import
    ADD CONSTRAINT history_import_pkey PRIMARY KEY (id);

ALTER TABLE ONLY insight.import_row
    ADD CONSTRAINT import_row_pkey PRIMARY KEY (import_id, "row");

ALTER TABLE ONLY insight.line
    ADD CONSTRAINT line_pkey PRIMARY KEY (document_id, "position");

ALTER TABLE ONLY insight.product
    ADD CONSTRAINT product_code_key UNIQUE (code);

ALTER TABLE ONLY insight.product_month
    ADD CONSTRAINT product_month_pkey PRIMARY KEY (currency, month, product_id);

ALTER TABLE ONLY insight.product
    ADD CONSTRAINT product_pkey PRIMARY KEY (id);

ALTER TABLE ONLY insight.wording
    ADD CONSTRAINT wording_id_product_id_key UNIQUE (id, product_id);

ALTER TABLE ONLY insight.wording
    ADD CONSTRAINT wording_pkey PRIMARY KEY (id);

ALTER TABLE ONLY insight.wording
    ADD CONSTRAINT wording_product_id_text_key UNIQUE (product_id, text);

ALTER TABLE ONLY messages.attachment
    ADD CONSTRAINT attachment_pkey PRIMARY KEY (message_id, "position");

ALTER TABLE ONLY messages.attempt
    ADD CONSTRAINT attempt_pkey PRIMARY KEY (delivery_id, number);

ALTER TABLE ONLY messages.delivery
    ADD CONSTRAINT delivery_message_id_address_key UNIQUE (message_id, address);

ALTER TABLE ONLY messages.delivery
    ADD CONSTRAINT delivery_pkey PRIMARY KEY (id);

ALTER TABLE ONLY messages.message
    ADD CONSTRAINT message_key_key UNIQUE (key);

ALTER TABLE ONLY messages.message
    ADD CONSTRAINT message_pkey PRIMARY KEY (id);

ALTER TABLE ONLY messages.message
    ADD CONSTRAINT message_token_key UNIQUE (token);

ALTER TABLE ONLY orders.change
    ADD CONSTRAINT change_order_id_number_key UNIQUE (order_id, number);

ALTER TABLE ONLY orders.change
    ADD CONSTRAINT change_pkey PRIMARY KEY (id);

ALTER TABLE ONLY orders.change_preview
    ADD CONSTRAINT change_preview_pkey PRIMARY KEY (id);

ALTER TABLE ONLY orders.credit
    ADD CONSTRAINT credit_order_id_item_id_position_key UNIQUE NULLS NOT DISTINCT (order_id, item_id, "position");

ALTER TABLE ONLY orders.credit
    ADD CONSTRAINT credit_order_id_item_id_user_id_kind_key UNIQUE NULLS NOT DISTINCT (order_id, item_id, user_id, kind);

ALTER TABLE ONLY orders.credit
    ADD CONSTRAINT credit_pkey PRIMARY KEY (id);

ALTER TABLE ONLY orders.handed_in
    ADD CONSTRAINT handed_in_pkey PRIMARY KEY (order_id);

ALTER TABLE ONLY orders.hold_code
    ADD CONSTRAINT hold_code_pkey PRIMARY KEY (code);

ALTER TABLE ONLY orders.hold
    ADD CONSTRAINT hold_pkey PRIMARY KEY (id);

ALTER TABLE ONLY orders.item
    ADD CONSTRAINT item_order_id_id_key UNIQUE (order_id, id);

ALTER TABLE ONLY orders.item
    ADD CONSTRAINT item_pkey PRIMARY KEY (id);

ALTER TABLE ONLY orders.item_price
    ADD CONSTRAINT item_price_pkey PRIMARY KEY (item_id, revision);

ALTER TABLE ONLY orders.place
    ADD CONSTRAINT place_pkey PRIMARY KEY (order_id, code);

ALTER TABLE ONLY orders.quoted_item
    ADD CONSTRAINT quoted_item_pkey PRIMARY KEY (item_id);

ALTER TABLE ONLY orders.quoted_order
    ADD CONSTRAINT quoted_order_draw_id_key UNIQUE (draw_id);

ALTER TABLE ONLY orders.quoted_order
    ADD CONSTRAINT quoted_order_pkey PRIMARY KEY (order_id);

ALTER TABLE ONLY orders.relies_on
    ADD CONSTRAINT relies_on_pkey PRIMARY KEY (item_id, needed_id);

ALTER TABLE ONLY orders.revision
    ADD CONSTRAINT revision_change_id_key UNIQUE (change_id);

ALTER TABLE ONLY orders.revision
    ADD CONSTRAINT revision_pkey PRIMARY KEY (order_id, number);

ALTER TABLE ONLY orders.sales_order
    ADD CONSTRAINT sales_order_number_key UNIQUE (number);

ALTER TABLE ONLY orders.sales_order
    ADD CONSTRAINT sales_order_pkey PRIMARY KEY (id);

ALTER TABLE ONLY orders.ship_group
    ADD CONSTRAINT ship_group_item_id_position_key UNIQUE (item_id, "position");

ALTER TABLE ONLY orders.ship_group
    ADD CONSTRAINT ship_group_pkey PRIMARY KEY (id);

ALTER TABLE ONLY parties.account
    ADD CONSTRAINT account_id_path_key UNIQUE (id, path);

ALTER TABLE ONLY parties.account
    ADD CONSTRAINT account_number_key UNIQUE (number);

ALTER TABLE ONLY parties.account_owner
    ADD CONSTRAINT account_owner_pkey PRIMARY KEY (account_id);

ALTER TABLE ONLY parties.account
    ADD CONSTRAINT account_pkey PRIMARY KEY (id);

ALTER TABLE ONLY parties.address
    ADD CONSTRAINT address_account_id_code_key UNIQUE (account_id, code);

ALTER TABLE ONLY parties.address
    ADD CONSTRAINT address_pkey PRIMARY KEY (id);

ALTER TABLE ONLY parties.api_key
    ADD CONSTRAINT api_key_key_hash_key UNIQUE (key_hash);

ALTER TABLE ONLY parties.api_key
    ADD CONSTRAINT api_key_pkey PRIMARY KEY (id);

ALTER TABLE ONLY parties.billing_account
    ADD CONSTRAINT billing_account_number_key UNIQUE (number);

ALTER TABLE ONLY parties.billing_account
    ADD CONSTRAINT billing_account_pkey PRIMARY KEY (id);

ALTER TABLE ONLY parties.contact
    ADD CONSTRAINT contact_pkey PRIMARY KEY (id);

ALTER TABLE ONLY parties.external_id
    ADD CONSTRAINT external_id_account_id_source_key UNIQUE (account_id, source);

ALTER TABLE ONLY parties.external_id
    ADD CONSTRAINT external_id_pkey PRIMARY KEY (source, external_id);

ALTER TABLE ONLY parties.legal_entity
    ADD CONSTRAINT legal_entity_code_key UNIQUE (code);

ALTER TABLE ONLY parties.legal_entity
    ADD CONSTRAINT legal_entity_pkey PRIMARY KEY (id);

ALTER TABLE ONLY parties.link
    ADD CONSTRAINT link_pkey PRIMARY KEY (id);

ALTER TABLE ONLY parties.link
    ADD CONSTRAINT link_token_hash_key UNIQUE (token_hash);

ALTER TABLE ONLY parties.recovery_code
    ADD CONSTRAINT recovery_code_pkey PRIMARY KEY (user_id, code_hash);

ALTER TABLE ONLY parties.reporting
    ADD CONSTRAINT reporting_pkey PRIMARY KEY (user_id);

ALTER TABLE ONLY parties.role
    ADD CONSTRAINT role_code_key UNIQUE (code);

ALTER TABLE ONLY parties.role
    ADD CONSTRAINT role_pkey PRIMARY KEY (id);

ALTER TABLE ONLY parties.second_factor
    ADD CONSTRAINT second_factor_pkey PRIMARY KEY (user_id);

ALTER TABLE ONLY parties.session
    ADD CONSTRAINT session_pkey PRIMARY KEY (id);

ALTER TABLE ONLY parties.session
    ADD CONSTRAINT session_token_hash_key UNIQUE (token_hash);

ALTER TABLE ONLY parties.shipping_preference
    ADD CONSTRAINT shipping_preference_pkey PRIMARY KEY (account_id);

ALTER TABLE ONLY parties.skill
    ADD CONSTRAINT skill_name_key UNIQUE (name);

ALTER TABLE ONLY parties.skill
    ADD CONSTRAINT skill_pkey PRIMARY KEY (id);

ALTER TABLE ONLY parties.team_account
    ADD CONSTRAINT team_account_pkey PRIMARY KEY (team_id, account_id);

ALTER TABLE ONLY parties.team_member
    ADD CONSTRAINT team_member_pkey PRIMARY KEY (team_id, user_id);

ALTER TABLE ONLY parties.team
    ADD CONSTRAINT team_name_key UNIQUE (name);

ALTER TABLE ONLY parties.team
    ADD CONSTRAINT team_pkey PRIMARY KEY (id);

ALTER TABLE ONLY parties.team_territory
    ADD CONSTRAINT team_territory_pkey PRIMARY KEY (team_id, territory_id);

ALTER TABLE ONLY parties.territory
    ADD CONSTRAINT territory_name_key UNIQUE (name);

ALTER TABLE ONLY parties.territory
    ADD CONSTRAINT territory_pkey PRIMARY KEY (id);

ALTER TABLE ONLY parties.territory_rule
    ADD CONSTRAINT territory_rule_pkey PRIMARY KEY (id);

ALTER TABLE ONLY parties.throttle
    ADD CONSTRAINT throttle_pkey PRIMARY KEY (kind, key_hash);

ALTER TABLE ONLY parties."user"
    ADD CONSTRAINT user_login_key UNIQUE (login);

ALTER TABLE ONLY parties."user"
    ADD CONSTRAINT user_pkey PRIMARY KEY (id);

ALTER TABLE ONLY parties.user_role
    ADD CONSTRAINT user_role_pkey PRIMARY KEY (user_id, role_id);

ALTER TABLE ONLY parties.user_skill
    ADD CONSTRAINT user_skill_pkey PRIMARY KEY (user_id, skill_id);

ALTER TABLE ONLY parties.visible_account
    ADD CONSTRAINT visible_account_pkey PRIMARY KEY (team_id, account_id);

ALTER TABLE ONLY processes.definition
    ADD CONSTRAINT definition_hash_key UNIQUE (hash);

ALTER TABLE ONLY processes.definition
    ADD CONSTRAINT definition_pkey PRIMARY KEY (id);

ALTER TABLE ONLY processes.process
    ADD CONSTRAINT process_pkey PRIMARY KEY (id);

ALTER TABLE ONLY processes.step
    ADD CONSTRAINT step_pkey PRIMARY KEY (process_id, number);

ALTER TABLE ONLY quotes.acceptance
    ADD CONSTRAINT acceptance_pkey PRIMARY KEY (quote_id, version);

ALTER TABLE ONLY quotes.charge
    ADD CONSTRAINT charge_pkey PRIMARY KEY (line_id, kind);

ALTER TABLE ONLY quotes.cost
    ADD CONSTRAINT cost_pkey PRIMARY KEY (line_id, charge);

ALTER TABLE ONLY quotes.credit
    ADD CONSTRAINT credit_pkey PRIMARY KEY (quote_id, version, "position");

ALTER TABLE ONLY quotes.credit
    ADD CONSTRAINT credit_quote_id_version_user_id_kind_key UNIQUE (quote_id, version, user_id, kind);

ALTER TABLE ONLY quotes.draw
    ADD CONSTRAINT draw_order_id_key UNIQUE (order_id);

ALTER TABLE ONLY quotes.draw
    ADD CONSTRAINT draw_pkey PRIMARY KEY (id);

ALTER TABLE ONLY quotes.draw
    ADD CONSTRAINT draw_quote_id_key_key UNIQUE (quote_id, key);

ALTER TABLE ONLY quotes.drawn_line
    ADD CONSTRAINT drawn_line_pkey PRIMARY KEY (draw_id, line_id);

ALTER TABLE ONLY quotes.line
    ADD CONSTRAINT line_pkey PRIMARY KEY (id);

ALTER TABLE ONLY quotes.line
    ADD CONSTRAINT line_quote_id_version_line_key UNIQUE (quote_id, version, line);

ALTER TABLE ONLY quotes.link
    ADD CONSTRAINT link_pkey PRIMARY KEY (id);

ALTER TABLE ONLY quotes.link
    ADD CONSTRAINT link_promised_id_key UNIQUE (promised_id);

ALTER TABLE ONLY quotes.link
    ADD CONSTRAINT link_token_hash_key UNIQUE (token_hash);

ALTER TABLE ONLY quotes.lost_reason
    ADD CONSTRAINT lost_reason_pkey PRIMARY KEY (code);

ALTER TABLE ONLY quotes.need
    ADD CONSTRAINT need_pkey PRIMARY KEY (quote_id, version, "position");

ALTER TABLE ONLY quotes.price_step
    ADD CONSTRAINT price_step_pkey PRIMARY KEY (line_id, charge, "position");

ALTER TABLE ONLY quotes.question
    ADD CONSTRAINT question_pkey PRIMARY KEY (id);

ALTER TABLE ONLY quotes.quote
    ADD CONSTRAINT quote_number_key UNIQUE (number);

ALTER TABLE ONLY quotes.quote
    ADD CONSTRAINT quote_pkey PRIMARY KEY (id);

ALTER TABLE ONLY quotes.version
    ADD CONSTRAINT version_pkey PRIMARY KEY (quote_id, number);

ALTER TABLE ONLY stock.balance
    ADD CONSTRAINT balance_pkey PRIMARY KEY (id);

ALTER TABLE ONLY stock.balance
    ADD CONSTRAINT balance_sku_warehouse_id_key UNIQUE (sku, warehouse_id);

ALTER TABLE ONLY stock.movement
    ADD CONSTRAINT movement_pkey PRIMARY KEY (id);

ALTER TABLE ONLY stock.pick_line
    ADD CONSTRAINT pick_line_pkey PRIMARY KEY (id);

ALTER TABLE ONLY stock.pick_list
    ADD CONSTRAINT pick_list_number_key UNIQUE (number);

ALTER TABLE ONLY stock.pick_list
    ADD CONSTRAINT pick_list_pkey PRIMARY KEY (id);

ALTER TABLE ONLY stock.purchase_line
    ADD CONSTRAINT purchase_line_pkey PRIMARY KEY (id);

ALTER TABLE ONLY stock.purchase_line
    ADD CONSTRAINT purchase_line_purchase_order_id_line_key UNIQUE (purchase_order_id, line);

ALTER TABLE ONLY stock.purchase_order
    ADD CONSTRAINT purchase_order_number_key UNIQUE (number);

ALTER TABLE ONLY stock.purchase_order
    ADD CONSTRAINT purchase_order_pkey PRIMARY KEY (id);

ALTER TABLE ONLY stock.reservation
    ADD CONSTRAINT reservation_pkey PRIMARY KEY (id);

ALTER TABLE ONLY stock.serial
    ADD CONSTRAINT serial_pkey PRIMARY KEY (id);

ALTER TABLE ONLY stock.serial
    ADD CONSTRAINT serial_sku_serial_key UNIQUE (sku, serial);

ALTER TABLE ONLY stock.shipment_line
    ADD CONSTRAINT shipment_line_pkey PRIMARY KEY (id);

ALTER TABLE ONLY stock.shipment_line
    ADD CONSTRAINT shipment_line_reservation_id_key UNIQUE (reservation_id);

ALTER TABLE ONLY stock.shipment
    ADD CONSTRAINT shipment_number_key UNIQUE (number);

ALTER TABLE ONLY stock.shipment
    ADD CONSTRAINT shipment_pkey PRIMARY KEY (id);

ALTER TABLE ONLY stock.shipment
    ADD CONSTRAINT shipment_purchase_order_id_notice_key UNIQUE (purchase_order_id, notice);

ALTER TABLE ONLY stock.sku
    ADD CONSTRAINT sku_pkey PRIMARY KEY (code);

ALTER TABLE ONLY stock.vendor_invoice_line
    ADD CONSTRAINT vendor_invoice_line_pkey PRIMARY KEY (vendor_invoice_id, purchase_line_id);

ALTER TABLE ONLY stock.vendor_invoice
    ADD CONSTRAINT vendor_invoice_pkey PRIMARY KEY (id);

ALTER TABLE ONLY stock.vendor_invoice
    ADD CONSTRAINT vendor_invoice_vendor_number_key UNIQUE (vendor, number);

ALTER TABLE ONLY stock.warehouse
    ADD CONSTRAINT warehouse_code_key UNIQUE (code);

ALTER TABLE ONLY stock.warehouse
    ADD CONSTRAINT warehouse_pkey PRIMARY KEY (id);

ALTER TABLE ONLY work.alarm
    ADD CONSTRAINT alarm_pkey PRIMARY KEY (process_id, number, place);

ALTER TABLE ONLY work.assignment_log
    ADD CONSTRAINT assignment_log_pkey PRIMARY KEY (id);

ALTER TABLE ONLY work.assignment
    ADD CONSTRAINT assignment_pkey PRIMARY KEY (process_id, number);

ALTER TABLE ONLY work.queue
    ADD CONSTRAINT queue_pkey PRIMARY KEY (code);

ALTER TABLE ONLY work.rung
    ADD CONSTRAINT rung_pkey PRIMARY KEY (queue, place);

CREATE INDEX candidate_by_user ON approvals.candidate USING btree (user_id, request_id) WHERE is_active;

CREATE INDEX delegation_of_user ON approvals.delegation USING btree (user_id) WHERE (ended_at IS NULL);

CREATE INDEX delegation_to ON approvals.delegation USING btree (delegate_id) WHERE (ended_at IS NULL);

CREATE INDEX notice_due ON approvals.notice USING btree (due_at) WHERE (told_at IS NULL);

CREATE INDEX notice_of_message ON approvals.notice USING btree (message_id);

CREATE UNIQUE INDEX one_open_question ON approvals.question USING btree (request_id) WHERE (answered_at IS NULL);

CREATE UNIQUE INDEX one_open_request ON approvals.request USING btree (subject_kind, subject_id) WHERE (state = 'open'::text);

CREATE UNIQUE INDEX one_policy_a_kind ON approvals.policy USING btree (subject_kind) WHERE is_active;

CREATE INDEX reply_of_message ON approvals.reply USING btree (message_id);

CREATE INDEX reply_of_request ON approvals.reply USING btree (request_id, id);

CREATE INDEX request_by_requester ON approvals.request USING btree (requester_id, id);

CREATE INDEX request_of_account ON approvals.request USING btree (account_id);

CREATE INDEX request_of_subject ON approvals.request USING btree (subject_kind, subject_id, id);

CREATE INDEX request_of_submission ON approvals.request USING btree (submission_id);

CREATE INDEX request_open ON approvals.request USING btree (id) WHERE (state = 'open'::text);

CREATE INDEX submission_by_kind ON approvals.submission USING btree (subject_kind, at);

CREATE INDEX submission_of_account ON approvals.submission USING btree (account_id, subject_kind, at);

CREATE INDEX submission_of_subject ON approvals.submission USING btree (subject_kind, subject_id, id);

CREATE INDEX asset_by_product ON assets.asset USING btree (product_code, account_id);

CREATE INDEX asset_by_replaced ON assets.asset USING btree (replaces_id) WHERE (replaces_id IS NOT NULL);

CREATE INDEX asset_of_account ON assets.asset USING btree (account_id, id);

CREATE INDEX asset_of_order ON assets.asset USING btree (order_id);

CREATE INDEX asset_of_parent ON assets.asset USING btree (parent_id) WHERE (parent_id IS NOT NULL);

CREATE INDEX realization_by_spec ON assets.realization USING btree (account_id, spec, place) WHERE (state <> 'terminated'::text);

CREATE UNIQUE INDEX realization_lives_once ON assets.realization USING btree (account_id, key) WHERE (state <> 'terminated'::text);

CREATE INDEX realization_user_of_asset ON assets.realization_user USING btree (asset_id);

CREATE INDEX event_of_subject ON ONLY base.event USING btree (subject_kind, subject_id, id);

CREATE INDEX event_2026_11_subject_kind_subject_id_id_idx ON base.event_2026_11 USING btree (subject_kind, subject_id, id);

CREATE INDEX event_2026_12_subject_kind_subject_id_id_idx ON base.event_2026_12 USING btree (subject_kind, subject_id, id);

CREATE INDEX event_2027_01_subject_kind_subject_id_id_idx ON base.event_2027_01 USING btree (subject_kind, subject_id, id);

CREATE INDEX event_other_subject_kind_subject_id_id_idx ON base.event_other USING btree (subject_kind, subject_id, id);

CREATE INDEX idempotency_key_age ON base.idempotency_key USING btree (created_at);

CREATE INDEX job_of_subject ON base.job USING btree (subject_kind, subject_id, id) WHERE (state = 'ready'::text);

CREATE INDEX job_to_run ON base.job USING btree (run_at, id) WHERE (state = 'ready'::text);

CREATE INDEX subscription_by_type ON base.subscription USING btree (event_type) WHERE active;

CREATE UNIQUE INDEX charge_adjusted_once ON billing.charge USING btree (adjusts_id) WHERE (adjusts_id IS NOT NULL);

CREATE INDEX charge_of_trigger ON billing.charge USING btree (trigger_id);

CREATE UNIQUE INDEX charge_once_per_increment ON billing.charge USING btree (increment_id) WHERE (subscription_id IS NULL);

CREATE UNIQUE INDEX charge_once_per_period ON billing.charge USING btree (subscription_id, period_start) WHERE (adjusts_id IS NULL);

CREATE INDEX charge_open ON billing.charge USING btree (billing_account_id, id) WHERE (state = 'open'::text);

CREATE INDEX charge_to_give_back ON billing.charge USING btree (billing_account_id) WHERE ((adjusts_id IS NOT NULL) AND (state = 'open'::text));

CREATE INDEX gate_by_step ON billing.gate USING btree (order_id, step) WHERE (outcome IS NULL);

CREATE INDEX invoice_by_day ON billing.invoice USING btree (issued_on, id);

CREATE INDEX invoice_by_number ON billing.invoice USING btree (number);

CREATE INDEX invoice_by_search ON billing.invoice USING gin (((id >> 16)), search public.gin_trgm_ops) WITH (fastupdate=off);

CREATE INDEX invoice_line_of_item ON billing.invoice_line USING btree (order_item_id);

CREATE INDEX invoice_line_of_order ON billing.invoice_line USING btree (order_id);

CREATE INDEX invoice_of_account ON billing.invoice USING btree (account_id, id);

CREATE INDEX invoice_of_billing_account ON billing.invoice USING btree (billing_account_id, id);

CREATE INDEX invoice_of_order ON billing.invoice USING btree (order_id) WHERE (order_id IS NOT NULL);

CREATE INDEX payment_by_number ON billing.payment USING btree (number);

CREATE INDEX receivable_by_due_date ON billing.receivable USING btree (due_on);

CREATE INDEX receivable_of_billing_account ON billing.receivable USING btree (billing_account_id);

CREATE INDEX subscription_due ON billing.subscription USING btree (next_on, id) WHERE (state = 'active'::text);

CREATE INDEX subscription_of_increment ON billing.subscription USING btree (increment_id);

CREATE INDEX subscription_of_trigger ON billing.subscription USING btree (trigger_id);

CREATE UNIQUE INDEX subscription_once_per_increment ON billing.subscription USING btree (increment_id) WHERE (continues_id IS NULL);

CREATE INDEX trigger_of_order ON billing.trigger USING btree (order_id);

CREATE INDEX trigger_unreleased ON billing.trigger USING btree (billing_account_id) WHERE (state = ANY (ARRAY['armed'::text, 'ready'::text]));

CREATE INDEX component_of_product ON catalog.component USING btree (product_id);

CREATE INDEX offering_of_product ON catalog.offering USING btree (product_id);

CREATE INDEX price_rule_for_all ON catalog.price_rule USING btree (kind, code) WHERE (product_id IS NULL);

CREATE INDEX price_rule_of_account ON catalog.price_rule USING btree (account_id) WHERE (account_id IS NOT NULL);

CREATE INDEX price_rule_of_list ON catalog.price_rule USING btree (list_code, code) WHERE (list_code IS NOT NULL);

CREATE INDEX price_rule_of_product ON catalog.price_rule USING btree (product_id) WHERE (product_id IS NOT NULL);

CREATE INDEX product_by_name ON catalog.product USING btree (name);

CREATE INDEX product_by_search ON catalog.product USING gin (((id >> 16)), search public.gin_trgm_ops) WITH (fastupdate=off);

CREATE INDEX product_by_sku ON catalog.product USING btree (sku) WHERE (sku IS NOT NULL);

CREATE INDEX product_of_catalogue ON catalog.product USING btree (catalogue_id);

CREATE INDEX document_of_account ON documents.document USING btree (account_id, id);

CREATE INDEX document_to_render ON documents.document USING btree (id) WHERE (state = 'requested'::text);

CREATE INDEX evidence_of_order ON fulfilment.evidence USING btree (order_id);

CREATE UNIQUE INDEX evidence_recorded ON fulfilment.evidence USING btree (process_id, number) WHERE (state = 'recorded'::text);

CREATE INDEX plan_in_jeopardy ON fulfilment.plan USING btree (jeopardy, order_id) WHERE (jeopardy <> 'none'::text);

CREATE INDEX plan_to_look_at ON fulfilment.plan USING btree (look_again_at) WHERE (look_again_at IS NOT NULL);

CREATE INDEX step_of_order ON fulfilment.step USING btree (order_id);

CREATE INDEX attempt_of_partner ON gateway.attempt USING btree (partner_id, ended_at);

CREATE INDEX attempt_to_forget ON gateway.attempt USING btree (ended_at) WHERE (forgotten_at IS NULL);

CREATE INDEX call_in_flight ON gateway.call USING btree (partner_id, lease_until) WHERE (state = 'sending'::text);

CREATE INDEX call_in_trouble ON gateway.call USING btree (partner_id, id) WHERE (state = ANY (ARRAY['refused'::text, 'unknown'::text, 'exhausted'::text]));

CREATE INDEX call_of_account ON gateway.call USING btree (account_id, id);

CREATE INDEX call_of_correlation ON gateway.call USING btree (correlation) WHERE (correlation IS NOT NULL);

CREATE INDEX call_of_partner ON gateway.call USING btree (partner_id, id);

CREATE INDEX call_of_subject ON gateway.call USING btree (subject_kind, subject_id, id);

CREATE INDEX call_to_send ON gateway.call USING btree (partner_id, next_attempt_at, id) WHERE (state = 'queued'::text);

CREATE INDEX message_of_call ON gateway.message USING btree (call_id) WHERE (call_id IS NOT NULL);

CREATE INDEX message_open ON gateway.message USING btree (id) WHERE (state = ANY (ARRAY['received'::text, 'unmatched'::text]));

CREATE INDEX message_to_match ON gateway.message USING btree (correlation) WHERE (state = ANY (ARRAY['received'::text, 'unmatched'::text]));

CREATE UNIQUE INDEX secret_current ON gateway.secret USING btree (partner_id, direction) WHERE (valid_until IS NULL);

CREATE INDEX secret_of_partner ON gateway.secret USING btree (partner_id, direction, id);

CREATE INDEX customer_by_search ON insight.customer USING gin (search public.gin_trgm_ops);

CREATE INDEX day_of_customer ON insight.customer_day USING btree (customer_id, issued_on);

CREATE INDEX document_beside_sales ON insight.document USING btree (currency, issued_on) WHERE (kind = ANY (ARRAY['adjustment'::text, 'write_off'::text]));

CREATE INDEX document_by_amount ON insight.document USING btree (net, id);

CREATE INDEX document_by_day ON insight.document USING btree (issued_on DESC, id DESC);

CREATE INDEX document_by_search ON insight.document USING gin (((id >> 16)), search public.gin_trgm_ops) WITH (fastupdate=off);

CREATE INDEX document_of_country ON insight.document USING btree (country, issued_on DESC, id DESC);

CREATE INDEX document_of_customer ON insight.document USING btree (customer_id, issued_on DESC, id DESC);

CREATE INDEX document_of_import ON insight.document USING btree (import_id) WHERE (import_id IS NOT NULL);

CREATE INDEX document_with_product ON insight.document USING gin (product_ids);

CREATE UNIQUE INDEX import_once ON insight.history_import USING btree (source, content) WHERE (state = 'imported'::text);

CREATE INDEX import_row_refused ON insight.import_row USING btree (import_id, "row") WHERE (outcome = 'refused'::text);

CREATE INDEX key_of_customer ON insight.customer_key USING btree (customer_id);

CREATE INDEX line_of_product ON insight.line USING btree (product_id, issued_on DESC, document_id DESC, "position");

CREATE INDEX month_of_product ON insight.product_month USING btree (product_id, month);

CREATE INDEX product_by_search ON insight.product USING gin (search public.gin_trgm_ops);

CREATE INDEX usual_product ON insight.customer_product USING btree (currency, last_on) WHERE (days >= 3);

CREATE INDEX delivery_due ON messages.delivery USING btree (channel, due_at) WHERE (state = 'queued'::text);

CREATE INDEX delivery_in_hand ON messages.delivery USING btree (lease_until) WHERE (state = 'sending'::text);

CREATE INDEX delivery_troubled ON messages.delivery USING btree (id) WHERE (state = ANY (ARRAY['refused'::text, 'exhausted'::text, 'unknown'::text, 'bounced'::text]));

CREATE INDEX delivery_waiting ON messages.delivery USING btree (message_id) WHERE (state = 'waiting'::text);

CREATE INDEX message_of_account ON messages.message USING btree (account_id, id);

CREATE INDEX message_of_subject ON messages.message USING btree (subject_kind, subject_id, id);

CREATE INDEX change_follow_on ON orders.change USING btree (follow_on_id) WHERE (follow_on_id IS NOT NULL);

CREATE INDEX credit_of_user ON orders.credit USING btree (user_id, order_id);

CREATE INDEX hold_of_order ON orders.hold USING btree (order_id);

CREATE UNIQUE INDEX hold_once_at_a_time ON orders.hold USING btree (order_id, item_id, code) NULLS NOT DISTINCT WHERE (released_at IS NULL);

CREATE INDEX item_of_asset ON orders.item USING btree (asset) WHERE (asset IS NOT NULL);

CREATE INDEX item_of_product ON orders.item USING btree (product_id, id);

CREATE INDEX item_price_of_order ON orders.item_price USING btree (order_id);

CREATE UNIQUE INDEX one_item_a_line ON orders.item USING btree (order_id, line) WHERE (withdrawn_in IS NULL);

CREATE UNIQUE INDEX one_open_order_changes_a_product ON orders.item USING btree (asset) WHERE ((asset IS NOT NULL) AND (action = ANY (ARRAY['modify'::text, 'delete'::text, 'suspend'::text, 'resume'::text])) AND (withdrawn_in IS NULL) AND (state = ANY (ARRAY['submitted'::text, 'in_progress'::text, 'pending'::text, 'held'::text, 'assessing_cancellation'::text, 'cancelling'::text])));

CREATE INDEX order_by_capture ON orders.sales_order USING btree (captured_at) INCLUDE (account_id);

CREATE INDEX order_by_po_number ON orders.sales_order USING btree (account_id, po_number) WHERE (po_number IS NOT NULL);

CREATE INDEX order_by_search ON orders.sales_order USING gin (((id >> 16)), search public.gin_trgm_ops) WITH (fastupdate=off);

CREATE UNIQUE INDEX order_external_id ON orders.sales_order USING btree (external_id, channel) WHERE (external_id IS NOT NULL);

CREATE INDEX order_in_state ON orders.sales_order USING btree (state, id);

CREATE INDEX order_of_account ON orders.sales_order USING btree (account_id, id);

CREATE INDEX order_of_billing_account ON orders.sales_order USING btree (billing_account_id);

CREATE INDEX preview_of_change ON orders.change_preview USING btree (change_id, id);

CREATE INDEX quoted_item_of_line ON orders.quoted_item USING btree (line_id);

CREATE INDEX quoted_item_of_order ON orders.quoted_item USING btree (order_id);

CREATE INDEX quoted_order_of_quote ON orders.quoted_order USING btree (quote_id);

CREATE INDEX relies_on_of_order ON orders.relies_on USING btree (order_id);

CREATE INDEX ship_group_of_order ON orders.ship_group USING btree (order_id);

CREATE INDEX account_by_name ON parties.account USING btree (name, id);

CREATE INDEX account_by_parent ON parties.account USING btree (parent_id) WHERE (parent_id IS NOT NULL);

CREATE INDEX account_by_root ON parties.account USING btree ((path[1]));

CREATE INDEX account_by_search ON parties.account USING gin (((id >> 16)), search public.gin_trgm_ops) WITH (fastupdate=off);

CREATE INDEX account_owner_by_user ON parties.account_owner USING btree (user_id);

CREATE INDEX api_key_by_user ON parties.api_key USING btree (user_id);

CREATE INDEX billing_account_by_account ON parties.billing_account USING btree (account_id);

CREATE INDEX billing_account_by_legal_entity ON parties.billing_account USING btree (legal_entity_id);

CREATE INDEX contact_by_account ON parties.contact USING btree (account_id);

CREATE INDEX external_id_by_itself ON parties.external_id USING btree (external_id);

CREATE INDEX link_by_expiry ON parties.link USING btree (expires_at);

CREATE INDEX link_by_subject ON parties.link USING btree (subject_kind, subject_id) WHERE (subject_id IS NOT NULL);

CREATE INDEX link_by_user ON parties.link USING btree (user_id) WHERE (user_id IS NOT NULL);

CREATE INDEX link_within ON parties.link USING btree (within) WHERE (within IS NOT NULL);

CREATE UNIQUE INDEX one_default_bill_to ON parties.address USING btree (account_id) WHERE is_bill_to;

CREATE UNIQUE INDEX one_default_billing_account ON parties.billing_account USING btree (account_id) WHERE is_default;

CREATE UNIQUE INDEX one_default_ship_to ON parties.address USING btree (account_id) WHERE is_ship_to;

CREATE UNIQUE INDEX one_primary_contact ON parties.contact USING btree (account_id) WHERE is_primary;

CREATE INDEX reporting_by_manager ON parties.reporting USING btree (manager_id);

CREATE INDEX session_by_expiry ON parties.session USING btree (expires_at);

CREATE INDEX session_by_user ON parties.session USING btree (user_id);

CREATE INDEX team_account_by_account ON parties.team_account USING btree (account_id);

CREATE INDEX team_member_by_user ON parties.team_member USING btree (user_id);

CREATE INDEX team_territory_by_territory ON parties.team_territory USING btree (territory_id);

CREATE INDEX territory_rule_by_account ON parties.territory_rule USING btree (account_id) WHERE (account_id IS NOT NULL);

CREATE INDEX territory_rule_by_territory ON parties.territory_rule USING btree (territory_id);

CREATE INDEX throttle_by_start ON parties.throttle USING btree (started_at);

CREATE INDEX user_by_name ON parties."user" USING btree (name, id);

CREATE INDEX user_role_by_role ON parties.user_role USING btree (role_id);

CREATE INDEX user_skill_by_skill ON parties.user_skill USING btree (skill_id);

CREATE INDEX visible_account_by_account ON parties.visible_account USING btree (account_id, team_id);

CREATE INDEX process_definition ON processes.process USING btree (definition_id);

CREATE INDEX process_of_subject ON processes.process USING btree (subject_kind, subject_id);

CREATE INDEX process_to_wake ON processes.process USING btree (wake_at) WHERE (state = 'running'::text);

CREATE INDEX step_correlation ON processes.step USING btree (correlation) WHERE (correlation IS NOT NULL);

CREATE INDEX step_due ON processes.step USING btree (due) WHERE ((state = 'waiting'::text) AND (due IS NOT NULL) AND (NOT held));

CREATE INDEX step_fallout ON processes.step USING btree (process_id, number) WHERE (state = 'failed'::text);

CREATE INDEX step_log_by_id ON ONLY processes.step_log USING brin (id) WITH (pages_per_range='16', autosummarize='on');

CREATE INDEX step_log_2026_11_id_idx ON processes.step_log_2026_11 USING brin (id) WITH (pages_per_range='16', autosummarize='on');

CREATE INDEX step_log_of_step ON ONLY processes.step_log USING btree (process_id, number);

CREATE INDEX step_log_2026_11_process_id_number_idx ON processes.step_log_2026_11 USING btree (process_id, number);

CREATE INDEX step_log_2026_12_id_idx ON processes.step_log_2026_12 USING brin (id) WITH (pages_per_range='16', autosummarize='on');

CREATE INDEX step_log_2026_12_process_id_number_idx ON processes.step_log_2026_12 USING btree (process_id, number);

CREATE INDEX step_log_2027_01_id_idx ON processes.step_log_2027_01 USING brin (id) WITH (pages_per_range='16', autosummarize='on');

CREATE INDEX step_log_2027_01_process_id_number_idx ON processes.step_log_2027_01 USING btree (process_id, number);

CREATE INDEX step_log_other_id_idx ON processes.step_log_other USING brin (id) WITH (pages_per_range='16', autosummarize='on');

CREATE INDEX step_log_other_process_id_number_idx ON processes.step_log_other USING btree (process_id, number);

CREATE INDEX step_task ON processes.step USING btree (queue, COALESCE(due, 'infinity'::timestamp with time zone), process_id, number) WHERE ((mode = 'person'::text) AND (state = ANY (ARRAY['ready'::text, 'running'::text])));

CREATE INDEX step_to_claim ON processes.step USING btree (priority, wake_at, process_id, number) WHERE ((state = 'ready'::text) AND (mode = 'auto'::text) AND (NOT held));

CREATE INDEX step_to_retry ON processes.step USING btree (retry_at) WHERE ((state = 'waiting'::text) AND (retry_at IS NOT NULL) AND (NOT held));

CREATE INDEX drawn_of_line ON quotes.drawn_line USING btree (line_id);

CREATE INDEX link_of_quote ON quotes.link USING btree (quote_id);

CREATE UNIQUE INDEX one_of_alternatives ON quotes.line USING btree (quote_id, version, alternative) WHERE (is_chosen AND (alternative IS NOT NULL) AND (parent IS NULL));

CREATE INDEX question_of_quote ON quotes.question USING btree (quote_id, id);

CREATE INDEX quote_by_search ON quotes.quote USING gin (((id >> 16)), search public.gin_trgm_ops) WITH (fastupdate=off);

CREATE INDEX quote_copies ON quotes.quote USING btree (copied_from_id) WHERE (copied_from_id IS NOT NULL);

CREATE INDEX quote_in_state ON quotes.quote USING btree (state, id);

CREATE INDEX quote_line_of_product ON quotes.line USING btree (product_id, quote_id);

CREATE INDEX quote_of_account ON quotes.quote USING btree (account_id, id);

CREATE INDEX quote_of_owner ON quotes.quote USING btree (owner_id, id);

CREATE INDEX quote_to_expire ON quotes.quote USING btree (expires_at) WHERE (state = 'sent'::text);

CREATE INDEX balance_by_warehouse ON stock.balance USING btree (warehouse_id, sku);

CREATE INDEX movement_of_balance ON stock.movement USING btree (sku, warehouse_id, id);

CREATE UNIQUE INDEX one_standing_purchase_order ON stock.purchase_order USING btree (vendor, subject_kind, subject_id) WHERE (state <> 'cancelled'::text);

CREATE INDEX pick_line_of_list ON stock.pick_line USING btree (pick_list_id);

CREATE INDEX pick_line_of_reservation ON stock.pick_line USING btree (reservation_id);

CREATE UNIQUE INDEX pick_line_once ON stock.pick_line USING btree (reservation_id) WHERE is_open;

CREATE INDEX pick_list_of_subject ON stock.pick_list USING btree (subject_kind, subject_id);

CREATE INDEX pick_list_open ON stock.pick_list USING btree (warehouse_id, id) WHERE (state = 'open'::text);

CREATE INDEX purchase_order_of_order ON stock.purchase_order USING btree (order_id);

CREATE INDEX purchase_order_of_subject ON stock.purchase_order USING btree (subject_kind, subject_id);

CREATE INDEX reservation_of_balance ON stock.reservation USING btree (sku, warehouse_id) WHERE (state = ANY (ARRAY['active'::text, 'picked'::text]));

CREATE INDEX reservation_of_order ON stock.reservation USING btree (order_id);

CREATE INDEX reservation_of_subject ON stock.reservation USING btree (subject_kind, subject_id);

CREATE INDEX reservation_to_expire ON stock.reservation USING btree (expires_at) WHERE ((state = 'active'::text) AND (firmness = 'soft'::text));

CREATE INDEX serial_of_order_item ON stock.serial USING btree (order_item_id) WHERE (order_item_id IS NOT NULL);

CREATE INDEX serial_of_reservation ON stock.serial USING btree (reservation_id) WHERE (reservation_id IS NOT NULL);

CREATE INDEX shipment_by_tracking ON stock.shipment USING btree (tracking) WHERE (tracking <> ''::text);

CREATE INDEX shipment_line_of_purchase ON stock.shipment_line USING btree (purchase_line_id) WHERE (purchase_line_id IS NOT NULL);

CREATE INDEX shipment_line_of_shipment ON stock.shipment_line USING btree (shipment_id);

CREATE INDEX shipment_of_order ON stock.shipment USING btree (order_id);

CREATE INDEX shipment_of_subject ON stock.shipment USING btree (subject_kind, subject_id);

CREATE INDEX sku_of_product ON stock.sku USING btree (product_id) WHERE (product_id IS NOT NULL);

CREATE INDEX vendor_invoice_line_of_purchase ON stock.vendor_invoice_line USING btree (purchase_line_id);

CREATE INDEX vendor_invoice_of_order ON stock.vendor_invoice USING btree (purchase_order_id);

CREATE INDEX alarm_due ON work.alarm USING btree (at) WHERE (fired_at IS NULL);

CREATE INDEX assignment_log_of_step ON work.assignment_log USING btree (process_id, number);

CREATE INDEX assignment_of_user ON work.assignment USING btree (user_id, process_id, number);

CREATE INDEX queue_of_team ON work.queue USING btree (team_id);

ALTER INDEX base.event_pkey ATTACH PARTITION base.event_2026_11_pkey;

ALTER INDEX base.event_of_subject ATTACH PARTITION base.event_2026_11_subject_kind_subject_id_id_idx;

ALTER INDEX base.event_pkey ATTACH PARTITION base.event_2026_12_pkey;

ALTER INDEX base.event_of_subject ATTACH PARTITION base.event_2026_12_subject_kind_subject_id_id_idx;

ALTER INDEX base.event_pkey ATTACH PARTITION base.event_2027_01_pkey;

ALTER INDEX base.event_of_subject ATTACH PARTITION base.event_2027_01_subject_kind_subject_id_id_idx;

ALTER INDEX base.event_pkey ATTACH PARTITION base.event_other_pkey;

ALTER INDEX base.event_of_subject ATTACH PARTITION base.event_other_subject_kind_subject_id_id_idx;

ALTER INDEX processes.step_log_by_id ATTACH PARTITION processes.step_log_2026_11_id_idx;

ALTER INDEX processes.step_log_of_step ATTACH PARTITION processes.step_log_2026_11_process_id_number_idx;

ALTER INDEX processes.step_log_by_id ATTACH PARTITION processes.step_log_2026_12_id_idx;

ALTER INDEX processes.step_log_of_step ATTACH PARTITION processes.step_log_2026_12_process_id_number_idx;

ALTER INDEX processes.step_log_by_id ATTACH PARTITION processes.step_log_2027_01_id_idx;

ALTER INDEX processes.step_log_of_step ATTACH PARTITION processes.step_log_2027_01_process_id_number_idx;

ALTER INDEX processes.step_log_by_id ATTACH PARTITION processes.step_log_other_id_idx;

ALTER INDEX processes.step_log_of_step ATTACH PARTITION processes.step_log_other_process_id_number_idx;

CREATE TRIGGER checkpoint_is_never_changed BEFORE DELETE OR UPDATE ON approvals.checkpoint FOR EACH ROW EXECUTE FUNCTION base.refuse_change();

CREATE TRIGGER blob_is_never_changed BEFORE DELETE OR UPDATE ON base.blob FOR EACH ROW EXECUTE FUNCTION base.refuse_change();

CREATE TRIGGER increment_is_never_changed BEFORE DELETE OR UPDATE ON billing.increment FOR EACH ROW EXECUTE FUNCTION billing.refuse_change();

CREATE TRIGGER invoice_is_never_changed BEFORE DELETE OR UPDATE ON billing.invoice FOR EACH ROW EXECUTE FUNCTION billing.refuse_change();

CREATE TRIGGER invoice_line_is_never_changed BEFORE DELETE OR UPDATE ON billing.invoice_line FOR EACH ROW EXECUTE FUNCTION billing.refuse_change();

CREATE TRIGGER invoice_tax_is_never_changed BEFORE DELETE OR UPDATE ON billing.invoice_tax FOR EACH ROW EXECUTE FUNCTION billing.refuse_change();

CREATE TRIGGER payment_is_never_changed BEFORE DELETE OR UPDATE ON billing.payment FOR EACH ROW EXECUTE FUNCTION billing.refuse_change();

CREATE TRIGGER price_rule_never_changes BEFORE DELETE OR UPDATE ON catalog.price_rule FOR EACH ROW EXECUTE FUNCTION catalog.refuse_change();

CREATE TRIGGER document_is_never_changed BEFORE UPDATE ON documents.document FOR EACH ROW WHEN (((old.state = 'rendered'::text) AND (old.* IS DISTINCT FROM new.*))) EXECUTE FUNCTION base.refuse_change();

CREATE TRIGGER attempt_is_never_changed BEFORE DELETE OR UPDATE ON messages.attempt FOR EACH ROW EXECUTE FUNCTION base.refuse_change();

CREATE TRIGGER keep_frozen BEFORE DELETE OR UPDATE ON quotes.charge FOR EACH ROW EXECUTE FUNCTION quotes.keep_frozen();

CREATE TRIGGER keep_frozen BEFORE DELETE OR UPDATE ON quotes.line FOR EACH ROW EXECUTE FUNCTION quotes.keep_frozen();

CREATE TRIGGER keep_frozen BEFORE DELETE OR UPDATE ON quotes.price_step FOR EACH ROW EXECUTE FUNCTION quotes.keep_frozen();

CREATE TRIGGER movement_is_append_only BEFORE DELETE OR UPDATE ON stock.movement FOR EACH ROW EXECUTE FUNCTION stock.refuse_change();

ALTER TABLE ONLY approvals.candidate
    ADD CONSTRAINT candidate_request_id_step_fkey FOREIGN KEY (request_id, step) REFERENCES approvals.step(request_id, name);

ALTER TABLE ONLY approvals.candidate
    ADD CONSTRAINT candidate_user_id_fkey FOREIGN KEY (user_id) REFERENCES parties."user"(id);

ALTER TABLE ONLY approvals.covered
    ADD CONSTRAINT covered_request_id_fkey FOREIGN KEY (request_id) REFERENCES approvals.request(id);

ALTER TABLE ONLY approvals.delegation
    ADD CONSTRAINT delegation_delegate_id_fkey FOREIGN KEY (delegate_id) REFERENCES parties."user"(id);

ALTER TABLE ONLY approvals.delegation
    ADD CONSTRAINT delegation_user_id_fkey FOREIGN KEY (user_id) REFERENCES parties."user"(id);

ALTER TABLE ONLY approvals.entry
    ADD CONSTRAINT entry_request_id_fkey FOREIGN KEY (request_id) REFERENCES approvals.request(id);

ALTER TABLE ONLY approvals.notice
    ADD CONSTRAINT notice_message_id_fkey FOREIGN KEY (message_id) REFERENCES messages.message(id);

ALTER TABLE ONLY approvals.notice
    ADD CONSTRAINT notice_request_id_step_fkey FOREIGN KEY (request_id, step) REFERENCES approvals.step(request_id, name);

ALTER TABLE ONLY approvals.notice
    ADD CONSTRAINT notice_user_id_fkey FOREIGN KEY (user_id) REFERENCES parties."user"(id);

ALTER TABLE ONLY approvals.policy_version
    ADD CONSTRAINT policy_version_policy_id_fkey FOREIGN KEY (policy_id) REFERENCES approvals.policy(id);

ALTER TABLE ONLY approvals.question
    ADD CONSTRAINT question_answered_by_fkey FOREIGN KEY (answered_by) REFERENCES parties."user"(id);

ALTER TABLE ONLY approvals.question
    ADD CONSTRAINT question_asked_by_fkey FOREIGN KEY (asked_by) REFERENCES parties."user"(id);

ALTER TABLE ONLY approvals.question
    ADD CONSTRAINT question_request_id_fkey FOREIGN KEY (request_id) REFERENCES approvals.request(id);

ALTER TABLE ONLY approvals.question
    ADD CONSTRAINT question_request_id_step_fkey FOREIGN KEY (request_id, step) REFERENCES approvals.step(request_id, name);

ALTER TABLE ONLY approvals.reply
    ADD CONSTRAINT reply_message_id_fkey FOREIGN KEY (message_id) REFERENCES messages.message(id);

ALTER TABLE ONLY approvals.reply
    ADD CONSTRAINT reply_request_id_fkey FOREIGN KEY (request_id) REFERENCES approvals.request(id);

ALTER TABLE ONLY approvals.reply
    ADD CONSTRAINT reply_user_id_fkey FOREIGN KEY (user_id) REFERENCES parties."user"(id);

ALTER TABLE ONLY approvals.request
    ADD CONSTRAINT request_account_id_fkey FOREIGN KEY (account_id) REFERENCES parties.account(id);

ALTER TABLE ONLY approvals.request
    ADD CONSTRAINT request_process_id_fkey FOREIGN KEY (process_id) REFERENCES processes.process(id);

ALTER TABLE ONLY approvals.request
    ADD CONSTRAINT request_requester_id_fkey FOREIGN KEY (requester_id) REFERENCES parties."user"(id);

ALTER TABLE ONLY approvals.request
    ADD CONSTRAINT request_submission_id_fkey FOREIGN KEY (submission_id) REFERENCES approvals.submission(id);

ALTER TABLE ONLY approvals.request
    ADD CONSTRAINT request_version_id_fkey FOREIGN KEY (version_id) REFERENCES approvals.policy_version(id);

ALTER TABLE ONLY approvals.step
    ADD CONSTRAINT step_kept_from_fkey FOREIGN KEY (kept_from) REFERENCES approvals.request(id);

ALTER TABLE ONLY approvals.step
    ADD CONSTRAINT step_request_id_fkey FOREIGN KEY (request_id) REFERENCES approvals.request(id);

ALTER TABLE ONLY approvals.submission
    ADD CONSTRAINT submission_account_id_fkey FOREIGN KEY (account_id) REFERENCES parties.account(id);

ALTER TABLE ONLY approvals.submission
    ADD CONSTRAINT submission_version_id_fkey FOREIGN KEY (version_id) REFERENCES approvals.policy_version(id);

ALTER TABLE ONLY approvals.verdict
    ADD CONSTRAINT verdict_decided_by_fkey FOREIGN KEY (decided_by) REFERENCES parties."user"(id);

ALTER TABLE ONLY approvals.verdict
    ADD CONSTRAINT verdict_request_id_step_candidate_id_fkey FOREIGN KEY (request_id, step, candidate_id) REFERENCES approvals.candidate(request_id, step, user_id);

ALTER TABLE ONLY assets.asset
    ADD CONSTRAINT asset_account_id_fkey FOREIGN KEY (account_id) REFERENCES parties.account(id);

ALTER TABLE ONLY assets.asset
    ADD CONSTRAINT asset_parent_id_fkey FOREIGN KEY (parent_id) REFERENCES assets.asset(id);

ALTER TABLE ONLY assets.asset
    ADD CONSTRAINT asset_product_id_fkey FOREIGN KEY (product_id) REFERENCES catalog.product(id);

ALTER TABLE ONLY assets.asset
    ADD CONSTRAINT asset_replaces_id_fkey FOREIGN KEY (replaces_id) REFERENCES assets.asset(id);

ALTER TABLE ONLY assets.realization
    ADD CONSTRAINT realization_account_id_fkey FOREIGN KEY (account_id) REFERENCES parties.account(id);

ALTER TABLE ONLY assets.realization_user
    ADD CONSTRAINT realization_user_asset_id_fkey FOREIGN KEY (asset_id) REFERENCES assets.asset(id);

ALTER TABLE ONLY assets.realization_user
    ADD CONSTRAINT realization_user_realization_id_fkey FOREIGN KEY (realization_id) REFERENCES assets.realization(id);

ALTER TABLE ONLY base.job
    ADD CONSTRAINT job_subscription_id_fkey FOREIGN KEY (subscription_id) REFERENCES base.subscription(id) ON DELETE CASCADE;

ALTER TABLE ONLY billing.charge
    ADD CONSTRAINT charge_adjusts_id_fkey FOREIGN KEY (adjusts_id) REFERENCES billing.charge(id);

ALTER TABLE ONLY billing.charge
    ADD CONSTRAINT charge_billing_account_id_fkey FOREIGN KEY (billing_account_id) REFERENCES parties.billing_account(id);

ALTER TABLE ONLY billing.charge
    ADD CONSTRAINT charge_increment_id_fkey FOREIGN KEY (increment_id) REFERENCES billing.increment(id);

ALTER TABLE ONLY billing.charge
    ADD CONSTRAINT charge_subscription_id_fkey FOREIGN KEY (subscription_id) REFERENCES billing.subscription(id);

ALTER TABLE ONLY billing.charge
    ADD CONSTRAINT charge_trigger_id_fkey FOREIGN KEY (trigger_id) REFERENCES billing.trigger(id);

ALTER TABLE ONLY billing.gate
    ADD CONSTRAINT gate_trigger_id_fkey FOREIGN KEY (trigger_id) REFERENCES billing.trigger(id);

ALTER TABLE ONLY billing.increment
    ADD CONSTRAINT increment_trigger_id_fkey FOREIGN KEY (trigger_id) REFERENCES billing.trigger(id);

ALTER TABLE ONLY billing.invoice
    ADD CONSTRAINT invoice_account_id_fkey FOREIGN KEY (account_id) REFERENCES parties.account(id);

ALTER TABLE ONLY billing.invoice
    ADD CONSTRAINT invoice_billing_account_id_fkey FOREIGN KEY (billing_account_id) REFERENCES parties.billing_account(id);

ALTER TABLE ONLY billing.invoice
    ADD CONSTRAINT invoice_corrects_id_fkey FOREIGN KEY (corrects_id) REFERENCES billing.invoice(id);

ALTER TABLE ONLY billing.invoice
    ADD CONSTRAINT invoice_legal_entity_id_fkey FOREIGN KEY (legal_entity_id) REFERENCES parties.legal_entity(id);

ALTER TABLE ONLY billing.invoice_line
    ADD CONSTRAINT invoice_line_charge_id_fkey FOREIGN KEY (charge_id) REFERENCES billing.charge(id);

ALTER TABLE ONLY billing.invoice_line
    ADD CONSTRAINT invoice_line_invoice_id_fkey FOREIGN KEY (invoice_id) REFERENCES billing.invoice(id);

ALTER TABLE ONLY billing.invoice_line
    ADD CONSTRAINT invoice_line_invoice_id_parent_fkey FOREIGN KEY (invoice_id, parent) REFERENCES billing.invoice_line(invoice_id, "position");

ALTER TABLE ONLY billing.invoice_tax
    ADD CONSTRAINT invoice_tax_invoice_id_fkey FOREIGN KEY (invoice_id) REFERENCES billing.invoice(id);

ALTER TABLE ONLY billing.payment
    ADD CONSTRAINT payment_invoice_id_fkey FOREIGN KEY (invoice_id) REFERENCES billing.invoice(id);

ALTER TABLE ONLY billing.payment
    ADD CONSTRAINT payment_legal_entity_id_fkey FOREIGN KEY (legal_entity_id) REFERENCES parties.legal_entity(id);

ALTER TABLE ONLY billing.receivable
    ADD CONSTRAINT receivable_billing_account_id_fkey FOREIGN KEY (billing_account_id) REFERENCES parties.billing_account(id);

ALTER TABLE ONLY billing.receivable
    ADD CONSTRAINT receivable_invoice_id_fkey FOREIGN KEY (invoice_id) REFERENCES billing.invoice(id);

ALTER TABLE ONLY billing.series
    ADD CONSTRAINT series_legal_entity_id_fkey FOREIGN KEY (legal_entity_id) REFERENCES parties.legal_entity(id);

ALTER TABLE ONLY billing.subscription
    ADD CONSTRAINT subscription_continues_id_fkey FOREIGN KEY (continues_id) REFERENCES billing.subscription(id);

ALTER TABLE ONLY billing.subscription
    ADD CONSTRAINT subscription_increment_id_fkey FOREIGN KEY (increment_id) REFERENCES billing.increment(id);

ALTER TABLE ONLY billing.subscription
    ADD CONSTRAINT subscription_trigger_id_fkey FOREIGN KEY (trigger_id) REFERENCES billing.trigger(id);

ALTER TABLE ONLY billing.trigger
    ADD CONSTRAINT trigger_account_id_fkey FOREIGN KEY (account_id) REFERENCES parties.account(id);

ALTER TABLE ONLY billing.trigger
    ADD CONSTRAINT trigger_billing_account_id_fkey FOREIGN KEY (billing_account_id) REFERENCES parties.billing_account(id);

ALTER TABLE ONLY catalog.component_group
    ADD CONSTRAINT component_group_version_id_bundle_id_fkey FOREIGN KEY (version_id, bundle_id) REFERENCES catalog.offering(version_id, product_id);

ALTER TABLE ONLY catalog.component
    ADD CONSTRAINT component_version_id_bundle_id_fkey FOREIGN KEY (version_id, bundle_id) REFERENCES catalog.offering(version_id, product_id);

ALTER TABLE ONLY catalog.component
    ADD CONSTRAINT component_version_id_bundle_id_group_code_fkey FOREIGN KEY (version_id, bundle_id, group_code) REFERENCES catalog.component_group(version_id, bundle_id, code);

ALTER TABLE ONLY catalog.component
    ADD CONSTRAINT component_version_id_product_id_fkey FOREIGN KEY (version_id, product_id) REFERENCES catalog.offering(version_id, product_id);

ALTER TABLE ONLY catalog.offering
    ADD CONSTRAINT offering_product_id_fkey FOREIGN KEY (product_id) REFERENCES catalog.product(id);

ALTER TABLE ONLY catalog.offering
    ADD CONSTRAINT offering_version_id_fkey FOREIGN KEY (version_id) REFERENCES catalog.version(id);

ALTER TABLE ONLY catalog.price
    ADD CONSTRAINT price_price_list_id_fkey FOREIGN KEY (price_list_id) REFERENCES catalog.price_list(id);

ALTER TABLE ONLY catalog.price
    ADD CONSTRAINT price_product_id_fkey FOREIGN KEY (product_id) REFERENCES catalog.product(id);

ALTER TABLE ONLY catalog.price_rule
    ADD CONSTRAINT price_rule_account_id_fkey FOREIGN KEY (account_id) REFERENCES parties.account(id);

ALTER TABLE ONLY catalog.price_rule
    ADD CONSTRAINT price_rule_product_id_fkey FOREIGN KEY (product_id) REFERENCES catalog.product(id);

ALTER TABLE ONLY catalog.product
    ADD CONSTRAINT product_catalogue_id_fkey FOREIGN KEY (catalogue_id) REFERENCES catalog.catalogue(id);

ALTER TABLE ONLY catalog.product
    ADD CONSTRAINT product_unit_fkey FOREIGN KEY (unit) REFERENCES catalog.unit(code);

ALTER TABLE ONLY catalog.version
    ADD CONSTRAINT version_catalogue_id_fkey FOREIGN KEY (catalogue_id) REFERENCES catalog.catalogue(id);

ALTER TABLE ONLY documents.document
    ADD CONSTRAINT document_account_id_fkey FOREIGN KEY (account_id) REFERENCES parties.account(id);

ALTER TABLE ONLY documents.document
    ADD CONSTRAINT document_file_hash_fkey FOREIGN KEY (file_hash) REFERENCES base.blob(hash);

ALTER TABLE ONLY fulfilment.evidence
    ADD CONSTRAINT evidence_decided_by_fkey FOREIGN KEY (decided_by) REFERENCES parties."user"(id);

ALTER TABLE ONLY fulfilment.evidence
    ADD CONSTRAINT evidence_order_id_fkey FOREIGN KEY (order_id) REFERENCES fulfilment.plan(order_id);

ALTER TABLE ONLY fulfilment.evidence
    ADD CONSTRAINT evidence_process_id_number_fkey FOREIGN KEY (process_id, number) REFERENCES processes.step(process_id, number);

ALTER TABLE ONLY fulfilment.evidence
    ADD CONSTRAINT evidence_recorded_by_fkey FOREIGN KEY (recorded_by) REFERENCES parties."user"(id);

ALTER TABLE ONLY fulfilment.item
    ADD CONSTRAINT item_order_id_fkey FOREIGN KEY (order_id) REFERENCES fulfilment.plan(order_id);

ALTER TABLE ONLY fulfilment.plan
    ADD CONSTRAINT plan_catalogue_version_id_fkey FOREIGN KEY (catalogue_version_id) REFERENCES catalog.version(id);

ALTER TABLE ONLY fulfilment.plan
    ADD CONSTRAINT plan_order_id_fkey FOREIGN KEY (order_id) REFERENCES orders.sales_order(id);

ALTER TABLE ONLY fulfilment.plan
    ADD CONSTRAINT plan_process_id_fkey FOREIGN KEY (process_id) REFERENCES processes.process(id);

ALTER TABLE ONLY fulfilment.step
    ADD CONSTRAINT step_item_id_fkey FOREIGN KEY (item_id) REFERENCES fulfilment.item(id);

ALTER TABLE ONLY fulfilment.step
    ADD CONSTRAINT step_order_id_fkey FOREIGN KEY (order_id) REFERENCES fulfilment.plan(order_id);

ALTER TABLE ONLY fulfilment.step
    ADD CONSTRAINT step_process_id_number_fkey FOREIGN KEY (process_id, number) REFERENCES processes.step(process_id, number);

ALTER TABLE ONLY gateway.attempt
    ADD CONSTRAINT attempt_call_id_fkey FOREIGN KEY (call_id) REFERENCES gateway.call(id);

ALTER TABLE ONLY gateway.attempt
    ADD CONSTRAINT attempt_partner_id_fkey FOREIGN KEY (partner_id) REFERENCES gateway.partner(id);

ALTER TABLE ONLY gateway.call
    ADD CONSTRAINT call_partner_id_fkey FOREIGN KEY (partner_id) REFERENCES gateway.partner(id);

ALTER TABLE ONLY gateway.message
    ADD CONSTRAINT message_call_id_fkey FOREIGN KEY (call_id) REFERENCES gateway.call(id);

ALTER TABLE ONLY gateway.message
    ADD CONSTRAINT message_partner_id_fkey FOREIGN KEY (partner_id) REFERENCES gateway.partner(id);

ALTER TABLE ONLY gateway.secret
    ADD CONSTRAINT secret_partner_id_fkey FOREIGN KEY (partner_id) REFERENCES gateway.partner(id) ON DELETE CASCADE;

ALTER TABLE ONLY gateway.turned_away
    ADD CONSTRAINT turned_away_partner_id_fkey FOREIGN KEY (partner_id) REFERENCES gateway.partner(id) ON DELETE CASCADE;

ALTER TABLE ONLY gateway.webhook
    ADD CONSTRAINT webhook_partner_id_fkey FOREIGN KEY (partner_id) REFERENCES gateway.partner(id);

ALTER TABLE ONLY insight.customer
    ADD CONSTRAINT customer_account_id_fkey FOREIGN KEY (account_id) REFERENCES parties.account(id);

ALTER TABLE ONLY insight.customer_day
    ADD CONSTRAINT customer_day_customer_id_fkey FOREIGN KEY (customer_id) REFERENCES insight.customer(id);

ALTER TABLE ONLY insight.customer_key
    ADD CONSTRAINT customer_key_customer_id_fkey FOREIGN KEY (customer_id) REFERENCES insight.customer(id);

ALTER TABLE ONLY insight.customer_product
    ADD CONSTRAINT customer_product_customer_id_fkey FOREIGN KEY (customer_id) REFERENCES insight.customer(id);

ALTER TABLE ONLY insight.customer_product
    ADD CONSTRAINT customer_product_product_id_fkey FOREIGN KEY (product_id) REFERENCES insight.product(id);

ALTER TABLE ONLY insight.document
    ADD CONSTRAINT document_customer_id_fkey FOREIGN KEY (customer_id) REFERENCES insight.customer(id);

ALTER TABLE ONLY insight.document
    ADD CONSTRAINT document_import_id_fkey FOREIGN KEY (import_id) REFERENCES insight.history_import(id);

ALTER TABLE ONLY insight.document
    ADD CONSTRAINT document_invoice_id_fkey FOREIGN KEY (invoice_id) REFERENCES billing.invoice(id);

ALTER TABLE ONLY insight.import_row
    ADD CONSTRAINT import_row_import_id_fkey FOREIGN KEY (import_id) REFERENCES insight.history_import(id) ON DELETE CASCADE;

ALTER TABLE ONLY insight.line
    ADD CONSTRAINT line_document_id_fkey FOREIGN KEY (document_id) REFERENCES insight.document(id) ON DELETE CASCADE;

ALTER TABLE ONLY insight.line
    ADD CONSTRAINT line_wording_id_product_id_fkey FOREIGN KEY (wording_id, product_id) REFERENCES insight.wording(id, product_id);

ALTER TABLE ONLY insight.product_month
    ADD CONSTRAINT product_month_product_id_fkey FOREIGN KEY (product_id) REFERENCES insight.product(id);

ALTER TABLE ONLY insight.wording
    ADD CONSTRAINT wording_product_id_fkey FOREIGN KEY (product_id) REFERENCES insight.product(id);

ALTER TABLE ONLY messages.attachment
    ADD CONSTRAINT attachment_file_hash_fkey FOREIGN KEY (file_hash) REFERENCES base.blob(hash);

ALTER TABLE ONLY messages.attachment
    ADD CONSTRAINT attachment_message_id_fkey FOREIGN KEY (message_id) REFERENCES messages.message(id);

ALTER TABLE ONLY messages.attempt
    ADD CONSTRAINT attempt_delivery_id_fkey FOREIGN KEY (delivery_id) REFERENCES messages.delivery(id);

ALTER TABLE ONLY messages.delivery
    ADD CONSTRAINT delivery_message_id_fkey FOREIGN KEY (message_id) REFERENCES messages.message(id);

ALTER TABLE ONLY messages.message
    ADD CONSTRAINT message_account_id_fkey FOREIGN KEY (account_id) REFERENCES parties.account(id);

ALTER TABLE ONLY orders.change
    ADD CONSTRAINT change_follow_on_id_fkey FOREIGN KEY (follow_on_id) REFERENCES orders.sales_order(id);

ALTER TABLE ONLY orders.change
    ADD CONSTRAINT change_order_id_fkey FOREIGN KEY (order_id) REFERENCES orders.sales_order(id);

ALTER TABLE ONLY orders.change_preview
    ADD CONSTRAINT change_preview_change_id_fkey FOREIGN KEY (change_id) REFERENCES orders.change(id);

ALTER TABLE ONLY orders.credit
    ADD CONSTRAINT credit_order_id_fkey FOREIGN KEY (order_id) REFERENCES orders.sales_order(id);

ALTER TABLE ONLY orders.credit
    ADD CONSTRAINT credit_order_id_item_id_fkey FOREIGN KEY (order_id, item_id) REFERENCES orders.item(order_id, id);

ALTER TABLE ONLY orders.credit
    ADD CONSTRAINT credit_user_id_fkey FOREIGN KEY (user_id) REFERENCES parties."user"(id);

ALTER TABLE ONLY orders.handed_in
    ADD CONSTRAINT handed_in_order_id_fkey FOREIGN KEY (order_id) REFERENCES orders.sales_order(id);

ALTER TABLE ONLY orders.hold
    ADD CONSTRAINT hold_code_fkey FOREIGN KEY (code) REFERENCES orders.hold_code(code);

ALTER TABLE ONLY orders.hold
    ADD CONSTRAINT hold_order_id_fkey FOREIGN KEY (order_id) REFERENCES orders.sales_order(id);

ALTER TABLE ONLY orders.hold
    ADD CONSTRAINT hold_order_id_item_id_fkey FOREIGN KEY (order_id, item_id) REFERENCES orders.item(order_id, id);

ALTER TABLE ONLY orders.item
    ADD CONSTRAINT item_asset_fkey FOREIGN KEY (asset) REFERENCES assets.asset(number);

ALTER TABLE ONLY orders.item
    ADD CONSTRAINT item_billing_account_id_fkey FOREIGN KEY (billing_account_id) REFERENCES parties.billing_account(id);

ALTER TABLE ONLY orders.item
    ADD CONSTRAINT item_order_id_bundle_id_fkey FOREIGN KEY (order_id, bundle_id) REFERENCES orders.item(order_id, id);

ALTER TABLE ONLY orders.item
    ADD CONSTRAINT item_order_id_fkey FOREIGN KEY (order_id) REFERENCES orders.sales_order(id);

ALTER TABLE ONLY orders.item
    ADD CONSTRAINT item_order_id_parent_id_fkey FOREIGN KEY (order_id, parent_id) REFERENCES orders.item(order_id, id);

ALTER TABLE ONLY orders.item
    ADD CONSTRAINT item_order_id_place_fkey FOREIGN KEY (order_id, place) REFERENCES orders.place(order_id, code);

ALTER TABLE ONLY orders.item
    ADD CONSTRAINT item_order_id_replaces_id_fkey FOREIGN KEY (order_id, replaces_id) REFERENCES orders.item(order_id, id);

ALTER TABLE ONLY orders.item_price
    ADD CONSTRAINT item_price_order_id_item_id_fkey FOREIGN KEY (order_id, item_id) REFERENCES orders.item(order_id, id);

ALTER TABLE ONLY orders.item
    ADD CONSTRAINT item_product_id_fkey FOREIGN KEY (product_id) REFERENCES catalog.product(id);

ALTER TABLE ONLY orders.item
    ADD CONSTRAINT item_unit_fkey FOREIGN KEY (unit) REFERENCES catalog.unit(code);

ALTER TABLE ONLY orders.place
    ADD CONSTRAINT place_address_id_fkey FOREIGN KEY (address_id) REFERENCES parties.address(id);

ALTER TABLE ONLY orders.place
    ADD CONSTRAINT place_order_id_fkey FOREIGN KEY (order_id) REFERENCES orders.sales_order(id);

ALTER TABLE ONLY orders.quoted_item
    ADD CONSTRAINT quoted_item_line_id_fkey FOREIGN KEY (line_id) REFERENCES quotes.line(id);

ALTER TABLE ONLY orders.quoted_item
    ADD CONSTRAINT quoted_item_order_id_fkey FOREIGN KEY (order_id) REFERENCES orders.quoted_order(order_id);

ALTER TABLE ONLY orders.quoted_item
    ADD CONSTRAINT quoted_item_order_id_item_id_fkey FOREIGN KEY (order_id, item_id) REFERENCES orders.item(order_id, id);

ALTER TABLE ONLY orders.quoted_order
    ADD CONSTRAINT quoted_order_draw_id_fkey FOREIGN KEY (draw_id) REFERENCES quotes.draw(id);

ALTER TABLE ONLY orders.quoted_order
    ADD CONSTRAINT quoted_order_order_id_fkey FOREIGN KEY (order_id) REFERENCES orders.sales_order(id);

ALTER TABLE ONLY orders.quoted_order
    ADD CONSTRAINT quoted_order_quote_id_fkey FOREIGN KEY (quote_id) REFERENCES quotes.quote(id);

ALTER TABLE ONLY orders.quoted_order
    ADD CONSTRAINT quoted_order_quote_id_version_fkey FOREIGN KEY (quote_id, version) REFERENCES quotes.version(quote_id, number);

ALTER TABLE ONLY orders.relies_on
    ADD CONSTRAINT relies_on_order_id_item_id_fkey FOREIGN KEY (order_id, item_id) REFERENCES orders.item(order_id, id);

ALTER TABLE ONLY orders.relies_on
    ADD CONSTRAINT relies_on_order_id_needed_id_fkey FOREIGN KEY (order_id, needed_id) REFERENCES orders.item(order_id, id);

ALTER TABLE ONLY orders.revision
    ADD CONSTRAINT revision_change_id_fkey FOREIGN KEY (change_id) REFERENCES orders.change(id);

ALTER TABLE ONLY orders.revision
    ADD CONSTRAINT revision_order_id_fkey FOREIGN KEY (order_id) REFERENCES orders.sales_order(id);

ALTER TABLE ONLY orders.sales_order
    ADD CONSTRAINT sales_order_account_id_fkey FOREIGN KEY (account_id) REFERENCES parties.account(id);

ALTER TABLE ONLY orders.sales_order
    ADD CONSTRAINT sales_order_billing_account_id_fkey FOREIGN KEY (billing_account_id) REFERENCES parties.billing_account(id);

ALTER TABLE ONLY orders.sales_order
    ADD CONSTRAINT sales_order_catalogue_version_id_fkey FOREIGN KEY (catalogue_version_id) REFERENCES catalog.version(id);

ALTER TABLE ONLY orders.sales_order
    ADD CONSTRAINT sales_order_id_bill_to_fkey FOREIGN KEY (id, bill_to) REFERENCES orders.place(order_id, code) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY orders.sales_order
    ADD CONSTRAINT sales_order_id_ship_to_fkey FOREIGN KEY (id, ship_to) REFERENCES orders.place(order_id, code) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY orders.ship_group
    ADD CONSTRAINT ship_group_order_id_item_id_fkey FOREIGN KEY (order_id, item_id) REFERENCES orders.item(order_id, id);

ALTER TABLE ONLY orders.ship_group
    ADD CONSTRAINT ship_group_order_id_place_fkey FOREIGN KEY (order_id, place) REFERENCES orders.place(order_id, code);

ALTER TABLE ONLY parties.account_owner
    ADD CONSTRAINT account_owner_account_id_fkey FOREIGN KEY (account_id) REFERENCES parties.account(id);

ALTER TABLE ONLY parties.account_owner
    ADD CONSTRAINT account_owner_user_id_fkey FOREIGN KEY (user_id) REFERENCES parties."user"(id);

ALTER TABLE ONLY parties.account
    ADD CONSTRAINT account_parent FOREIGN KEY (parent_id, parent_path) REFERENCES parties.account(id, path) MATCH FULL ON UPDATE CASCADE;

ALTER TABLE ONLY parties.address
    ADD CONSTRAINT address_account_id_fkey FOREIGN KEY (account_id) REFERENCES parties.account(id) ON DELETE CASCADE;

ALTER TABLE ONLY parties.api_key
    ADD CONSTRAINT api_key_user_id_fkey FOREIGN KEY (user_id) REFERENCES parties."user"(id) ON DELETE CASCADE;

ALTER TABLE ONLY parties.billing_account
    ADD CONSTRAINT billing_account_account_id_fkey FOREIGN KEY (account_id) REFERENCES parties.account(id) ON DELETE CASCADE;

ALTER TABLE ONLY parties.billing_account
    ADD CONSTRAINT billing_account_legal_entity_id_fkey FOREIGN KEY (legal_entity_id) REFERENCES parties.legal_entity(id);

ALTER TABLE ONLY parties.contact
    ADD CONSTRAINT contact_account_id_fkey FOREIGN KEY (account_id) REFERENCES parties.account(id) ON DELETE CASCADE;

ALTER TABLE ONLY parties.external_id
    ADD CONSTRAINT external_id_account_id_fkey FOREIGN KEY (account_id) REFERENCES parties.account(id) ON DELETE CASCADE;

ALTER TABLE ONLY parties.link
    ADD CONSTRAINT link_account_id_fkey FOREIGN KEY (account_id) REFERENCES parties.account(id) ON DELETE CASCADE;

ALTER TABLE ONLY parties.link
    ADD CONSTRAINT link_user_id_fkey FOREIGN KEY (user_id) REFERENCES parties."user"(id) ON DELETE CASCADE;

ALTER TABLE ONLY parties.link
    ADD CONSTRAINT link_within_fkey FOREIGN KEY (within) REFERENCES parties.link(id) ON DELETE CASCADE;

ALTER TABLE ONLY parties.recovery_code
    ADD CONSTRAINT recovery_code_user_id_fkey FOREIGN KEY (user_id) REFERENCES parties.second_factor(user_id) ON DELETE CASCADE;

ALTER TABLE ONLY parties.reporting
    ADD CONSTRAINT reporting_manager_id_fkey FOREIGN KEY (manager_id) REFERENCES parties."user"(id);

ALTER TABLE ONLY parties.reporting
    ADD CONSTRAINT reporting_user_id_fkey FOREIGN KEY (user_id) REFERENCES parties."user"(id) ON DELETE CASCADE;

ALTER TABLE ONLY parties.second_factor
    ADD CONSTRAINT second_factor_user_id_fkey FOREIGN KEY (user_id) REFERENCES parties."user"(id);

ALTER TABLE ONLY parties.session
    ADD CONSTRAINT session_user_id_fkey FOREIGN KEY (user_id) REFERENCES parties."user"(id) ON DELETE CASCADE;

ALTER TABLE ONLY parties.shipping_preference
    ADD CONSTRAINT shipping_preference_account_id_fkey FOREIGN KEY (account_id) REFERENCES parties.account(id) ON DELETE CASCADE;

ALTER TABLE ONLY parties.team_account
    ADD CONSTRAINT team_account_account_id_fkey FOREIGN KEY (account_id) REFERENCES parties.account(id) ON DELETE CASCADE;

ALTER TABLE ONLY parties.team_account
    ADD CONSTRAINT team_account_team_id_fkey FOREIGN KEY (team_id) REFERENCES parties.team(id) ON DELETE CASCADE;

ALTER TABLE ONLY parties.team_member
    ADD CONSTRAINT team_member_team_id_fkey FOREIGN KEY (team_id) REFERENCES parties.team(id) ON DELETE CASCADE;

ALTER TABLE ONLY parties.team_member
    ADD CONSTRAINT team_member_user_id_fkey FOREIGN KEY (user_id) REFERENCES parties."user"(id) ON DELETE CASCADE;

ALTER TABLE ONLY parties.team_territory
    ADD CONSTRAINT team_territory_team_id_fkey FOREIGN KEY (team_id) REFERENCES parties.team(id) ON DELETE CASCADE;

ALTER TABLE ONLY parties.team_territory
    ADD CONSTRAINT team_territory_territory_id_fkey FOREIGN KEY (territory_id) REFERENCES parties.territory(id) ON DELETE CASCADE;

ALTER TABLE ONLY parties.territory_rule
    ADD CONSTRAINT territory_rule_account_id_fkey FOREIGN KEY (account_id) REFERENCES parties.account(id) ON DELETE CASCADE;

ALTER TABLE ONLY parties.territory_rule
    ADD CONSTRAINT territory_rule_territory_id_fkey FOREIGN KEY (territory_id) REFERENCES parties.territory(id) ON DELETE CASCADE;

ALTER TABLE ONLY parties.user_role
    ADD CONSTRAINT user_role_role_id_fkey FOREIGN KEY (role_id) REFERENCES parties.role(id);

ALTER TABLE ONLY parties.user_role
    ADD CONSTRAINT user_role_user_id_fkey FOREIGN KEY (user_id) REFERENCES parties."user"(id) ON DELETE CASCADE;

ALTER TABLE ONLY parties.user_skill
    ADD CONSTRAINT user_skill_skill_id_fkey FOREIGN KEY (skill_id) REFERENCES parties.skill(id) ON DELETE CASCADE;

ALTER TABLE ONLY parties.user_skill
    ADD CONSTRAINT user_skill_user_id_fkey FOREIGN KEY (user_id) REFERENCES parties."user"(id) ON DELETE CASCADE;

ALTER TABLE ONLY parties.visible_account
    ADD CONSTRAINT visible_account_account_id_fkey FOREIGN KEY (account_id) REFERENCES parties.account(id) ON DELETE CASCADE;

ALTER TABLE ONLY parties.visible_account
    ADD CONSTRAINT visible_account_team_id_fkey FOREIGN KEY (team_id) REFERENCES parties.team(id) ON DELETE CASCADE;

ALTER TABLE ONLY processes.process
    ADD CONSTRAINT process_definition_id_fkey FOREIGN KEY (definition_id) REFERENCES processes.definition(id);

ALTER TABLE ONLY processes.step
    ADD CONSTRAINT step_process_id_fkey FOREIGN KEY (process_id) REFERENCES processes.process(id) ON DELETE CASCADE;

ALTER TABLE ONLY quotes.acceptance
    ADD CONSTRAINT acceptance_link_id_fkey FOREIGN KEY (link_id) REFERENCES quotes.link(id);

ALTER TABLE ONLY quotes.acceptance
    ADD CONSTRAINT acceptance_quote_id_version_fkey FOREIGN KEY (quote_id, version) REFERENCES quotes.version(quote_id, number);

ALTER TABLE ONLY quotes.charge
    ADD CONSTRAINT charge_line_id_fkey FOREIGN KEY (line_id) REFERENCES quotes.line(id) ON DELETE CASCADE;

ALTER TABLE ONLY quotes.cost
    ADD CONSTRAINT cost_line_id_charge_fkey FOREIGN KEY (line_id, charge) REFERENCES quotes.charge(line_id, kind) ON DELETE CASCADE;

ALTER TABLE ONLY quotes.credit
    ADD CONSTRAINT credit_quote_id_version_fkey FOREIGN KEY (quote_id, version) REFERENCES quotes.version(quote_id, number);

ALTER TABLE ONLY quotes.credit
    ADD CONSTRAINT credit_user_id_fkey FOREIGN KEY (user_id) REFERENCES parties."user"(id);

ALTER TABLE ONLY quotes.draw
    ADD CONSTRAINT draw_quote_id_version_fkey FOREIGN KEY (quote_id, version) REFERENCES quotes.version(quote_id, number);

ALTER TABLE ONLY quotes.drawn_line
    ADD CONSTRAINT drawn_line_draw_id_fkey FOREIGN KEY (draw_id) REFERENCES quotes.draw(id);

ALTER TABLE ONLY quotes.drawn_line
    ADD CONSTRAINT drawn_line_line_id_fkey FOREIGN KEY (line_id) REFERENCES quotes.line(id);

ALTER TABLE ONLY quotes.line
    ADD CONSTRAINT line_product_id_fkey FOREIGN KEY (product_id) REFERENCES catalog.product(id);

ALTER TABLE ONLY quotes.line
    ADD CONSTRAINT line_quote_id_version_fkey FOREIGN KEY (quote_id, version) REFERENCES quotes.version(quote_id, number);

ALTER TABLE ONLY quotes.line
    ADD CONSTRAINT line_quote_id_version_parent_fkey FOREIGN KEY (quote_id, version, parent) REFERENCES quotes.line(quote_id, version, line) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY quotes.line
    ADD CONSTRAINT line_unit_fkey FOREIGN KEY (unit) REFERENCES catalog.unit(code);

ALTER TABLE ONLY quotes.link
    ADD CONSTRAINT link_promised_id_fkey FOREIGN KEY (promised_id) REFERENCES parties.link(id) ON DELETE SET NULL;

ALTER TABLE ONLY quotes.link
    ADD CONSTRAINT link_quote_id_fkey FOREIGN KEY (quote_id) REFERENCES quotes.quote(id);

ALTER TABLE ONLY quotes.need
    ADD CONSTRAINT need_quote_id_version_fkey FOREIGN KEY (quote_id, version) REFERENCES quotes.version(quote_id, number);

ALTER TABLE ONLY quotes.price_step
    ADD CONSTRAINT price_step_line_id_charge_fkey FOREIGN KEY (line_id, charge) REFERENCES quotes.charge(line_id, kind) ON DELETE CASCADE;

ALTER TABLE ONLY quotes.question
    ADD CONSTRAINT question_quote_id_version_fkey FOREIGN KEY (quote_id, version) REFERENCES quotes.version(quote_id, number);

ALTER TABLE ONLY quotes.quote
    ADD CONSTRAINT quote_account_id_fkey FOREIGN KEY (account_id) REFERENCES parties.account(id);

ALTER TABLE ONLY quotes.quote
    ADD CONSTRAINT quote_copied_from_id_fkey FOREIGN KEY (copied_from_id) REFERENCES quotes.quote(id);

ALTER TABLE ONLY quotes.quote
    ADD CONSTRAINT quote_id_active_version_fkey FOREIGN KEY (id, active_version) REFERENCES quotes.version(quote_id, number) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY quotes.quote
    ADD CONSTRAINT quote_lost_reason_fkey FOREIGN KEY (lost_reason) REFERENCES quotes.lost_reason(code);

ALTER TABLE ONLY quotes.quote
    ADD CONSTRAINT quote_owner_id_fkey FOREIGN KEY (owner_id) REFERENCES parties."user"(id);

ALTER TABLE ONLY quotes.version
    ADD CONSTRAINT version_quote_id_fkey FOREIGN KEY (quote_id) REFERENCES quotes.quote(id);

ALTER TABLE ONLY stock.balance
    ADD CONSTRAINT balance_sku_fkey FOREIGN KEY (sku) REFERENCES stock.sku(code);

ALTER TABLE ONLY stock.balance
    ADD CONSTRAINT balance_warehouse_id_fkey FOREIGN KEY (warehouse_id) REFERENCES stock.warehouse(id);

ALTER TABLE ONLY stock.movement
    ADD CONSTRAINT movement_sku_warehouse_id_fkey FOREIGN KEY (sku, warehouse_id) REFERENCES stock.balance(sku, warehouse_id);

ALTER TABLE ONLY stock.pick_line
    ADD CONSTRAINT pick_line_pick_list_id_fkey FOREIGN KEY (pick_list_id) REFERENCES stock.pick_list(id);

ALTER TABLE ONLY stock.pick_line
    ADD CONSTRAINT pick_line_reservation_id_fkey FOREIGN KEY (reservation_id) REFERENCES stock.reservation(id);

ALTER TABLE ONLY stock.pick_line
    ADD CONSTRAINT pick_line_sku_fkey FOREIGN KEY (sku) REFERENCES stock.sku(code);

ALTER TABLE ONLY stock.pick_list
    ADD CONSTRAINT pick_list_account_id_fkey FOREIGN KEY (account_id) REFERENCES parties.account(id);

ALTER TABLE ONLY stock.pick_list
    ADD CONSTRAINT pick_list_warehouse_id_fkey FOREIGN KEY (warehouse_id) REFERENCES stock.warehouse(id);

ALTER TABLE ONLY stock.purchase_line
    ADD CONSTRAINT purchase_line_purchase_order_id_fkey FOREIGN KEY (purchase_order_id) REFERENCES stock.purchase_order(id);

ALTER TABLE ONLY stock.purchase_line
    ADD CONSTRAINT purchase_line_sku_fkey FOREIGN KEY (sku) REFERENCES stock.sku(code);

ALTER TABLE ONLY stock.purchase_order
    ADD CONSTRAINT purchase_order_account_id_fkey FOREIGN KEY (account_id) REFERENCES parties.account(id);

ALTER TABLE ONLY stock.purchase_order
    ADD CONSTRAINT purchase_order_warehouse_id_fkey FOREIGN KEY (warehouse_id) REFERENCES stock.warehouse(id);

ALTER TABLE ONLY stock.reservation
    ADD CONSTRAINT reservation_account_id_fkey FOREIGN KEY (account_id) REFERENCES parties.account(id);

ALTER TABLE ONLY stock.reservation
    ADD CONSTRAINT reservation_sku_warehouse_id_fkey FOREIGN KEY (sku, warehouse_id) REFERENCES stock.balance(sku, warehouse_id);

ALTER TABLE ONLY stock.reservation
    ADD CONSTRAINT reservation_split_from_id_fkey FOREIGN KEY (split_from_id) REFERENCES stock.reservation(id);

ALTER TABLE ONLY stock.serial
    ADD CONSTRAINT serial_reservation_id_fkey FOREIGN KEY (reservation_id) REFERENCES stock.reservation(id);

ALTER TABLE ONLY stock.serial
    ADD CONSTRAINT serial_sku_fkey FOREIGN KEY (sku) REFERENCES stock.sku(code);

ALTER TABLE ONLY stock.serial
    ADD CONSTRAINT serial_warehouse_id_fkey FOREIGN KEY (warehouse_id) REFERENCES stock.warehouse(id);

ALTER TABLE ONLY stock.shipment
    ADD CONSTRAINT shipment_account_id_fkey FOREIGN KEY (account_id) REFERENCES parties.account(id);

ALTER TABLE ONLY stock.shipment_line
    ADD CONSTRAINT shipment_line_purchase_line_id_fkey FOREIGN KEY (purchase_line_id) REFERENCES stock.purchase_line(id);

ALTER TABLE ONLY stock.shipment_line
    ADD CONSTRAINT shipment_line_reservation_id_fkey FOREIGN KEY (reservation_id) REFERENCES stock.reservation(id);

ALTER TABLE ONLY stock.shipment_line
    ADD CONSTRAINT shipment_line_shipment_id_fkey FOREIGN KEY (shipment_id) REFERENCES stock.shipment(id);

ALTER TABLE ONLY stock.shipment_line
    ADD CONSTRAINT shipment_line_sku_fkey FOREIGN KEY (sku) REFERENCES stock.sku(code);

ALTER TABLE ONLY stock.shipment
    ADD CONSTRAINT shipment_purchase_order_id_fkey FOREIGN KEY (purchase_order_id) REFERENCES stock.purchase_order(id);

ALTER TABLE ONLY stock.shipment
    ADD CONSTRAINT shipment_warehouse_id_fkey FOREIGN KEY (warehouse_id) REFERENCES stock.warehouse(id);

ALTER TABLE ONLY stock.sku
    ADD CONSTRAINT sku_product_id_fkey FOREIGN KEY (product_id) REFERENCES catalog.product(id);

ALTER TABLE ONLY stock.vendor_invoice_line
    ADD CONSTRAINT vendor_invoice_line_purchase_line_id_fkey FOREIGN KEY (purchase_line_id) REFERENCES stock.purchase_line(id);

ALTER TABLE ONLY stock.vendor_invoice_line
    ADD CONSTRAINT vendor_invoice_line_vendor_invoice_id_fkey FOREIGN KEY (vendor_invoice_id) REFERENCES stock.vendor_invoice(id);

ALTER TABLE ONLY stock.vendor_invoice
    ADD CONSTRAINT vendor_invoice_purchase_order_id_fkey FOREIGN KEY (purchase_order_id) REFERENCES stock.purchase_order(id);

ALTER TABLE ONLY work.alarm
    ADD CONSTRAINT alarm_process_id_number_fkey FOREIGN KEY (process_id, number) REFERENCES processes.step(process_id, number) ON DELETE CASCADE;

ALTER TABLE ONLY work.assignment
    ADD CONSTRAINT assignment_process_id_number_fkey FOREIGN KEY (process_id, number) REFERENCES processes.step(process_id, number) ON DELETE CASCADE;

ALTER TABLE ONLY work.assignment
    ADD CONSTRAINT assignment_user_id_fkey FOREIGN KEY (user_id) REFERENCES parties."user"(id);

ALTER TABLE ONLY work.queue
    ADD CONSTRAINT queue_calendar_fkey FOREIGN KEY (calendar) REFERENCES base.calendar(code);

ALTER TABLE ONLY work.queue
    ADD CONSTRAINT queue_team_id_fkey FOREIGN KEY (team_id) REFERENCES parties.team(id);

ALTER TABLE ONLY work.rung
    ADD CONSTRAINT rung_queue_fkey FOREIGN KEY (queue) REFERENCES work.queue(code);
