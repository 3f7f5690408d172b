-- What came back to a message that asked for a verdict, and what became of it; the same mail counts once.
CREATE TABLE approvals.reply (
    id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    digest     bytea       NOT NULL UNIQUE CHECK (length(digest) = 32),
    channel    text        NOT NULL CHECK (channel IN ('email', 'sms', 'chat')),
    sender     text        NOT NULL,
    message_id bigint      REFERENCES messages.message,
    request_id bigint      REFERENCES approvals.request,
    user_id    bigint      REFERENCES parties.user,
    outcome    text        NOT NULL CHECK (outcome IN ('decided', 'refused', 'unclear', 'not_believed', 'not_a_person')),
    problem    text        NOT NULL DEFAULT '',
    said       text        NOT NULL DEFAULT '' CHECK (length(said) <= 2000),
    at         timestamptz NOT NULL DEFAULT base.now(),
    CHECK ((outcome = 'decided') = (problem = ''))
);
CREATE INDEX reply_of_request ON approvals.reply (request_id, id);
CREATE INDEX reply_of_message ON approvals.reply (message_id);
