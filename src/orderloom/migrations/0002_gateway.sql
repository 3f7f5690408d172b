-- The wire: partners, the outbox of calls, the inbox of messages, webhooks.
CREATE SCHEMA IF NOT EXISTS gateway;

-- An outside system. What all workers must agree on (circuit, tokens) stands here, not in a process.
CREATE TABLE gateway.partner (
    id                bigint           GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code              text             NOT NULL UNIQUE CHECK (code ~ '^[A-Za-z][A-Za-z0-9_-]{0,39}$'),
    kind              text             NOT NULL DEFAULT 'system' CHECK (kind IN ('system', 'webhook')),
    name              text             NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    endpoint          text             NOT NULL CHECK (endpoint ~ '^https?://' AND length(endpoint) <= 2000),
    rate_per_second   double precision NOT NULL DEFAULT 50 CHECK (rate_per_second BETWEEN 0.001 AND 10000),
    max_in_flight     integer          NOT NULL DEFAULT 10 CHECK (max_in_flight BETWEEN 1 AND 1000),
    timeout_seconds   double precision NOT NULL DEFAULT 30 CHECK (timeout_seconds BETWEEN 0.05 AND 300),
    retry_seconds     double precision[] NOT NULL DEFAULT '{5,30,120,600,3600}'
                      CHECK (cardinality(retry_seconds) <= 20 AND 0 <= ALL (retry_seconds)),
    stop_when_unknown text[]           NOT NULL DEFAULT '{}',
    online            boolean          NOT NULL DEFAULT true,
    offline_reason    text,
    circuit           text             NOT NULL DEFAULT 'closed' CHECK (circuit IN ('closed', 'open', 'half_open')),
    failures          integer          NOT NULL DEFAULT 0 CHECK (failures >= 0),
    failure_limit     integer          NOT NULL DEFAULT 5 CHECK (failure_limit BETWEEN 1 AND 1000),
    cool_down_seconds double precision NOT NULL DEFAULT 30 CHECK (cool_down_seconds BETWEEN 0.01 AND 3600),
    times_opened      integer          NOT NULL DEFAULT 0,
    probe_at          timestamptz,
    tokens            double precision NOT NULL DEFAULT 1,
    tokens_at         timestamptz      NOT NULL DEFAULT clock_timestamp(),
    created_at        timestamptz      NOT NULL DEFAULT base.now(),
    CHECK ((circuit = 'open') = (probe_at IS NOT NULL)),
    CHECK ((kind = 'webhook') = starts_with(code, 'webhook-'))
) WITH (fillfactor = 50);

-- Keys for signatures; two may be valid at once, so that they can be changed without a gap.
CREATE TABLE gateway.secret (
    id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    partner_id  bigint      NOT NULL REFERENCES gateway.partner ON DELETE CASCADE,
    direction   text        NOT NULL CHECK (direction IN ('out', 'in')),
    secret      text        NOT NULL CHECK (secret ~ '^whsec_[A-Za-z0-9+/]{32,}={0,2}$'),
    valid_until timestamptz,
    created_at  timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE UNIQUE INDEX secret_current ON gateway.secret (partner_id, direction) WHERE valid_until IS NULL;
CREATE INDEX secret_of_partner ON gateway.secret (partner_id, direction, id);

-- The outbox. `key` names the work for the caller and never changes; `edition` counts its changed payloads.
CREATE TABLE gateway.call (
    id              bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    partner_id      bigint      NOT NULL REFERENCES gateway.partner,
    operation       text        NOT NULL CHECK (length(operation) BETWEEN 1 AND 200),
    path            text        NOT NULL CHECK (length(path) <= 1000),
    payload         jsonb       NOT NULL,
    key             text        NOT NULL CHECK (length(key) BETWEEN 1 AND 200),
    edition         integer     NOT NULL DEFAULT 1 CHECK (edition > 0),
    correlation     text        CHECK (length(correlation) BETWEEN 1 AND 200),
    subject_kind    text        NOT NULL,
    subject_id      bigint      NOT NULL,
    subject_label   text        NOT NULL,
    account_id      bigint,
    state           text        NOT NULL DEFAULT 'queued'
                    CHECK (state IN ('queued', 'sending', 'answered', 'refused', 'unknown', 'exhausted', 'cancelled')),
    next_attempt_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    attempts        integer     NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    tries           integer     NOT NULL DEFAULT 0 CHECK (tries BETWEEN 0 AND attempts),
    in_doubt        boolean     NOT NULL DEFAULT false,
    lease_owner     text,
    lease_until     timestamptz,
    outcome         text,
    status          smallint    CHECK (status BETWEEN 100 AND 599),
    reply           jsonb,
    reason          text,
    queued_at       timestamptz NOT NULL DEFAULT base.now(),
    ended_at        timestamptz,
    UNIQUE (partner_id, key),
    CHECK ((state = 'sending') = (lease_until IS NOT NULL)),
    CHECK ((state IN ('queued', 'sending')) = (ended_at IS NULL)),
    CHECK (state NOT IN ('sending', 'answered', 'refused', 'unknown', 'exhausted') OR attempts > 0),
    CHECK (state <> 'exhausted' OR NOT in_doubt),
    CHECK (state <> 'answered' OR status BETWEEN 200 AND 299),
    CHECK (state <> 'refused' OR status BETWEEN 400 AND 499)
) WITH (fillfactor = 60, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);
CREATE INDEX call_to_send ON gateway.call (partner_id, next_attempt_at, id) WHERE state = 'queued';
CREATE INDEX call_in_flight ON gateway.call (partner_id, lease_until) WHERE state = 'sending';
CREATE INDEX call_in_trouble ON gateway.call (partner_id, id) WHERE state IN ('refused', 'unknown', 'exhausted');
CREATE INDEX call_of_correlation ON gateway.call (correlation) WHERE correlation IS NOT NULL;
CREATE INDEX call_of_subject ON gateway.call (subject_kind, subject_id, id);
CREATE INDEX call_of_partner ON gateway.call (partner_id, id);

-- What went over the wire, attempt by attempt; written once, when the attempt has ended.
CREATE TABLE gateway.attempt (
    call_id         bigint           NOT NULL REFERENCES gateway.call,
    number          integer          NOT NULL CHECK (number > 0),
    partner_id      bigint           NOT NULL REFERENCES gateway.partner,
    edition         integer          NOT NULL,
    worker          text             NOT NULL,
    outcome         text             NOT NULL CHECK (outcome IN ('answered', 'refused', 'nonsense', 'busy', 'failed', 'unreachable',
                                                                 'blocked', 'redirect', 'timeout', 'lost', 'lease_lost')),
    started_at      timestamptz      NOT NULL,
    ended_at        timestamptz      NOT NULL DEFAULT clock_timestamp(),
    duration_ms     double precision NOT NULL DEFAULT 0 CHECK (duration_ms >= 0),
    request_url     text             NOT NULL DEFAULT '',
    request_headers jsonb            NOT NULL DEFAULT '{}',
    request_body    text             NOT NULL DEFAULT '' CHECK (length(request_body) <= 16384),
    status          smallint         CHECK (status BETWEEN 100 AND 599),
    reply_headers   jsonb            NOT NULL DEFAULT '{}',
    reply_body      text             NOT NULL DEFAULT '' CHECK (length(reply_body) <= 16384),
    problem         text             NOT NULL DEFAULT '',
    PRIMARY KEY (call_id, number)
);
CREATE INDEX attempt_of_partner ON gateway.attempt (partner_id, ended_at);

-- The inbox. One row a message of a partner, however often it is delivered.
CREATE TABLE gateway.message (
    id            bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    partner_id    bigint      NOT NULL REFERENCES gateway.partner,
    message_id    text        NOT NULL CHECK (length(message_id) BETWEEN 1 AND 200),
    type          text        NOT NULL,
    correlation   text        CHECK (length(correlation) BETWEEN 1 AND 200),
    outputs       jsonb       NOT NULL,
    call_id       bigint      REFERENCES gateway.call,
    subject_kind  text,
    subject_id    bigint,
    subject_label text,
    account_id    bigint,
    state         text        NOT NULL CHECK (state IN ('received', 'matched', 'unmatched', 'rejected')),
    reason        text        NOT NULL DEFAULT '',
    sent_at       timestamptz NOT NULL,
    received_at   timestamptz NOT NULL DEFAULT base.now(),
    ended_at      timestamptz,
    deliveries    integer     NOT NULL DEFAULT 1 CHECK (deliveries > 0),
    UNIQUE (partner_id, message_id),
    CHECK (num_nulls(call_id, subject_kind, subject_id, subject_label) IN (0, 4)),
    CHECK ((state IN ('matched', 'rejected')) = (ended_at IS NOT NULL))
) WITH (fillfactor = 80);
CREATE INDEX message_to_match ON gateway.message (correlation) WHERE state IN ('received', 'unmatched');
CREATE INDEX message_open ON gateway.message (id) WHERE state IN ('received', 'unmatched');
CREATE INDEX message_of_call ON gateway.message (call_id) WHERE call_id IS NOT NULL;

-- Messages that were turned away unread, counted, so that a forger cannot fill the disk.
CREATE TABLE gateway.turned_away (
    partner_id bigint      NOT NULL REFERENCES gateway.partner ON DELETE CASCADE,
    day        date        NOT NULL,
    reason     text        NOT NULL,
    times      integer     NOT NULL DEFAULT 1,
    last_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (partner_id, day, reason)
);

-- Who wants to be told of which facts; its calls go out through a partner of its own.
CREATE TABLE gateway.webhook (
    id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    partner_id  bigint      NOT NULL UNIQUE REFERENCES gateway.partner,
    event_types text[]      NOT NULL CHECK (cardinality(event_types) BETWEEN 1 AND 100),
    account_id  bigint,
    active      boolean     NOT NULL DEFAULT true,
    created_by  text        NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT base.now()
);
