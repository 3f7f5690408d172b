-- Who reports to whom, and who looks after an account: what approvals go by.
CREATE TABLE parties.reporting (
    user_id    bigint      PRIMARY KEY REFERENCES parties.user ON DELETE CASCADE,
    manager_id bigint      NOT NULL REFERENCES parties.user,
    CHECK (user_id <> manager_id)
);
CREATE INDEX reporting_by_manager ON parties.reporting (manager_id);

CREATE TABLE parties.account_owner (
    account_id bigint      PRIMARY KEY REFERENCES parties.account,
    user_id    bigint      NOT NULL REFERENCES parties.user
);
CREATE INDEX account_owner_by_user ON parties.account_owner (user_id);

-- Approvals: policies and their versions, what was asked and answered, and the log that nobody can change unseen.
CREATE SCHEMA approvals;
SELECT base.add_series('approval', 'AP-{year}-{number}');

CREATE TABLE approvals.policy (
    id           bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code         text        NOT NULL UNIQUE CHECK (code <> ''),
    subject_kind text        NOT NULL CHECK (subject_kind ~ '^[a-z][a-z0-9_]{0,39}$'),
    is_active    boolean     NOT NULL DEFAULT true
);
CREATE UNIQUE INDEX one_policy_a_kind ON approvals.policy (subject_kind) WHERE is_active;

-- A published version never changes; requests keep the one that they were asked by.
CREATE TABLE approvals.policy_version (
    id           bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    policy_id    bigint      NOT NULL REFERENCES approvals.policy,
    number       integer     NOT NULL CHECK (number > 0),
    document     jsonb       NOT NULL CHECK (jsonb_typeof(document) = 'object'),
    published_by text        NOT NULL,
    published_at timestamptz NOT NULL DEFAULT base.now(),
    UNIQUE (policy_id, number)
);

-- Every question whether something needs approval, with what was known then: a policy is tried on these.
CREATE TABLE approvals.submission (
    id           bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    subject_kind text        NOT NULL,
    subject_id   bigint      NOT NULL,
    account_id   bigint      REFERENCES parties.account,
    version_id   bigint      REFERENCES approvals.policy_version,
    inputs       jsonb       NOT NULL CHECK (jsonb_typeof(inputs) = 'object'),
    needed       text[]      NOT NULL,
    flag         text        NOT NULL DEFAULT '',
    at           timestamptz NOT NULL DEFAULT base.now()
);
CREATE INDEX submission_by_kind ON approvals.submission (subject_kind, at);
CREATE INDEX submission_of_account ON approvals.submission (account_id, subject_kind, at);
CREATE INDEX submission_of_subject ON approvals.submission (subject_kind, subject_id, id);

-- One run of a chain for one content of one subject. `snapshot` is what was shown, as canonical JSON.
CREATE TABLE approvals.request (
    id            bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    number        text        NOT NULL UNIQUE,
    subject_kind  text        NOT NULL,
    subject_id    bigint      NOT NULL,
    subject_label text        NOT NULL,
    account_id    bigint      REFERENCES parties.account,
    submission_id bigint      NOT NULL REFERENCES approvals.submission,
    version_id    bigint      NOT NULL REFERENCES approvals.policy_version,
    process_id    bigint      UNIQUE REFERENCES processes.process,
    state         text        NOT NULL DEFAULT 'open'
                  CHECK (state IN ('open', 'approved', 'rejected', 'recalled', 'void')),
    snapshot      text        NOT NULL,
    content_hash  bytea       NOT NULL CHECK (content_hash = sha256(convert_to(snapshot, 'UTF8'))),
    identity      jsonb       NOT NULL CHECK (jsonb_typeof(identity) = 'object'),
    requester_id  bigint      REFERENCES parties.user,
    requesters    bigint[]    NOT NULL,
    requested_at  timestamptz NOT NULL DEFAULT base.now(),
    decided_at    timestamptz,
    outcome       text        NOT NULL DEFAULT '',
    CHECK ((state = 'open') = (decided_at IS NULL)),
    CHECK (requester_id IS NULL OR requester_id = ANY (requesters))
) WITH (fillfactor = 85);
CREATE UNIQUE INDEX one_open_request ON approvals.request (subject_kind, subject_id) WHERE state = 'open';
CREATE INDEX request_of_subject ON approvals.request (subject_kind, subject_id, id);
CREATE INDEX request_of_account ON approvals.request (account_id);
CREATE INDEX request_by_requester ON approvals.request (requester_id, id);
CREATE INDEX request_open ON approvals.request (id) WHERE state = 'open';

-- One decision of a chain: the step `number` of the request's process, or kept from an earlier request.
CREATE TABLE approvals.step (
    request_id   bigint      NOT NULL REFERENCES approvals.request,
    name         text        NOT NULL,
    place        integer     NOT NULL,
    label        text        NOT NULL,
    number       integer,
    needed       integer     NOT NULL CHECK (needed >= 0),
    veto         boolean     NOT NULL,
    reasons      jsonb       NOT NULL CHECK (jsonb_typeof(reasons) = 'array'),
    kept_from    bigint      REFERENCES approvals.request,
    decision     text        CHECK (decision IN ('approved', 'rejected', 'kept', 'overridden', 'dropped')),
    PRIMARY KEY (request_id, name),
    UNIQUE (request_id, number),
    CHECK ((number IS NULL) = (kept_from IS NOT NULL)),
    CHECK ((decision IS NOT DISTINCT FROM 'kept') = (kept_from IS NOT NULL))
);

CREATE TABLE approvals.candidate (
    request_id   bigint      NOT NULL,
    step         text        NOT NULL,
    user_id      bigint      NOT NULL REFERENCES parties.user,
    via          text        NOT NULL,
    is_active    boolean     NOT NULL DEFAULT true,
    PRIMARY KEY (request_id, step, user_id),
    FOREIGN KEY (request_id, step) REFERENCES approvals.step
);
CREATE INDEX candidate_by_user ON approvals.candidate (user_id, request_id) WHERE is_active;

-- One verdict of one candidate; `decided_by` differs from `candidate_id` where somebody decided for them.
CREATE TABLE approvals.verdict (
    request_id   bigint      NOT NULL,
    step         text        NOT NULL,
    candidate_id bigint      NOT NULL,
    decided_by   bigint      NOT NULL REFERENCES parties.user,
    verdict      text        NOT NULL CHECK (verdict IN ('approve', 'reject')),
    comment      text        NOT NULL DEFAULT '',
    channel      text        NOT NULL CHECK (channel IN ('page', 'api', 'email', 'sms', 'chat')),
    content_hash bytea       NOT NULL CHECK (length(content_hash) = 32),
    at           timestamptz NOT NULL DEFAULT base.now(),
    PRIMARY KEY (request_id, step, candidate_id),
    FOREIGN KEY (request_id, step, candidate_id) REFERENCES approvals.candidate,
    CHECK (verdict = 'approve' OR comment <> ''),
    CONSTRAINT one_verdict_a_person UNIQUE (request_id, step, decided_by)
);

-- A question back to the requester: while it is open the request's clock stands still.
CREATE TABLE approvals.question (
    id           bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    request_id   bigint      NOT NULL REFERENCES approvals.request,
    step         text        NOT NULL,
    asked_by     bigint      NOT NULL REFERENCES parties.user,
    question     text        NOT NULL CHECK (question <> ''),
    asked_at     timestamptz NOT NULL DEFAULT base.now(),
    answered_by  bigint      REFERENCES parties.user,
    answer       text        CHECK (answer <> ''),
    answered_at  timestamptz,
    CHECK (num_nulls(answered_by, answer, answered_at) IN (0, 3)),
    FOREIGN KEY (request_id, step) REFERENCES approvals.step
);
CREATE UNIQUE INDEX one_open_question ON approvals.question (request_id) WHERE answered_at IS NULL;

-- The log of a request: each hash is over the hash before it and the entry's own text.
CREATE TABLE approvals.entry (
    request_id bigint      NOT NULL REFERENCES approvals.request,
    number     integer     NOT NULL CHECK (number > 0),
    entry      text        NOT NULL,
    hash       bytea       NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (request_id, number)
);

-- Somebody decides for somebody, for a time.
CREATE TABLE approvals.delegation (
    id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id     bigint      NOT NULL REFERENCES parties.user,
    delegate_id bigint      NOT NULL REFERENCES parties.user,
    during      tstzrange   NOT NULL CHECK (NOT isempty(during)),
    subjects    text[]      NOT NULL DEFAULT '{}',
    reason      text        NOT NULL DEFAULT '',
    made_by     text        NOT NULL,
    made_at     timestamptz NOT NULL DEFAULT base.now(),
    ended_at    timestamptz,
    CHECK (user_id <> delegate_id)
);
CREATE INDEX delegation_of_user ON approvals.delegation (user_id) WHERE ended_at IS NULL;
CREATE INDEX delegation_to ON approvals.delegation (delegate_id) WHERE ended_at IS NULL;

UPDATE parties.role
   SET permissions = permissions || CASE
           WHEN code = 'order_manager' THEN '{approvals.write,approvals.override}'::text[]
           WHEN code = 'auditor' THEN '{approvals.read}'::text[]
           ELSE '{}'::text[] END
 WHERE is_shipped AND code IN ('order_manager', 'auditor');
