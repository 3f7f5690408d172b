CREATE SCHEMA messages;
COMMENT ON SCHEMA messages IS 'What is said to customers and colleagues outside of the program, and what became of it.';

CREATE TABLE messages.message (
    id            bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    channel       text        NOT NULL CHECK (channel IN ('email', 'sms', 'chat')),
    subject_kind  text        NOT NULL CHECK (subject_kind <> ''),
    subject_id    bigint      NOT NULL,
    subject_label text        NOT NULL,
    account_id    bigint      REFERENCES parties.account,
    letter        text        NOT NULL,
    language      text        NOT NULL,
    title         text        NOT NULL CHECK (title <> '' AND title !~ '[[:cntrl:]]'),
    body          text        NOT NULL,
    html          text        NOT NULL,
    token         uuid        NOT NULL UNIQUE DEFAULT gen_random_uuid(),
    key           text        UNIQUE,
    created_by    text        NOT NULL,
    created_at    timestamptz NOT NULL DEFAULT base.now()
);
COMMENT ON COLUMN messages.message.token IS 'The left part of its Message-ID, the same for ever.';
CREATE INDEX message_of_subject ON messages.message (subject_kind, subject_id, id);
CREATE INDEX message_of_account ON messages.message (account_id, id);

-- A file that goes with a message; what it is of is known before it is made.
CREATE TABLE messages.attachment (
    message_id  bigint  NOT NULL REFERENCES messages.message,
    position    integer NOT NULL CHECK (position > 0),
    source_kind text    NOT NULL,
    source_id   bigint  NOT NULL,
    name        text    NOT NULL DEFAULT '',
    media_type  text    NOT NULL DEFAULT '',
    file_hash   bytea   REFERENCES base.blob,
    PRIMARY KEY (message_id, position),
    CHECK ((file_hash IS NULL) = (name = '')),
    CHECK ((file_hash IS NULL) = (media_type = ''))
);

-- A message on its way to one recipient.
CREATE TABLE messages.delivery (
    id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    message_id  bigint      NOT NULL REFERENCES messages.message,
    channel     text        NOT NULL,
    address     text        NOT NULL CHECK (address <> '' AND address !~ '[[:cntrl:][:space:]]'),
    name        text        NOT NULL DEFAULT '' CHECK (name !~ '[[:cntrl:]]'),
    role        text        NOT NULL DEFAULT 'to' CHECK (role IN ('to', 'cc')),
    state       text        NOT NULL CHECK (state IN ('waiting', 'queued', 'sending', 'sent', 'refused', 'exhausted',
                                                      'unknown', 'bounced', 'cancelled')),
    attempt     integer     NOT NULL DEFAULT 0 CHECK (attempt >= 0),
    round       integer     NOT NULL DEFAULT 0 CHECK (round >= 0),
    due_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    lease_until timestamptz,
    code        integer,
    reply       text        NOT NULL DEFAULT '',
    moved_at    timestamptz NOT NULL DEFAULT base.now(),
    UNIQUE (message_id, address),
    CHECK ((state = 'sending') = (lease_until IS NOT NULL))
) WITH (fillfactor = 80);
COMMENT ON COLUMN messages.delivery.round IS 'Attempts since somebody last had it sent again; it decides the pause.';
CREATE INDEX delivery_due ON messages.delivery (channel, due_at) WHERE state = 'queued';
CREATE INDEX delivery_waiting ON messages.delivery (message_id) WHERE state = 'waiting';
CREATE INDEX delivery_in_hand ON messages.delivery (lease_until) WHERE state = 'sending';
CREATE INDEX delivery_troubled ON messages.delivery (id) WHERE state IN ('refused', 'exhausted', 'unknown', 'bounced');

CREATE TABLE messages.attempt (
    delivery_id bigint      NOT NULL REFERENCES messages.delivery,
    number      integer     NOT NULL CHECK (number > 0),
    at          timestamptz NOT NULL DEFAULT base.now(),
    outcome     text        NOT NULL CHECK (outcome IN ('accepted', 'postponed', 'refused', 'unknown')),
    code        integer,
    reply       text        NOT NULL DEFAULT '',
    PRIMARY KEY (delivery_id, number)
);
CREATE TRIGGER attempt_is_never_changed BEFORE UPDATE OR DELETE ON messages.attempt
    FOR EACH ROW EXECUTE FUNCTION base.refuse_change();

UPDATE parties.role
   SET permissions = permissions || ARRAY['messages.read']
 WHERE code IN ('sales', 'order_manager', 'billing', 'auditor');
UPDATE parties.role
   SET permissions = permissions || ARRAY['messages.write']
 WHERE code IN ('sales', 'order_manager', 'billing');
