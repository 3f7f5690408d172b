-- A one-time link is promised with what it is for, and gets its token when it is sent: only the hash is ever kept.
-- A link within another one gets its token from that one's.
ALTER TABLE parties.link
    ALTER COLUMN token_hash DROP NOT NULL,
    ADD COLUMN nonce  uuid   NOT NULL DEFAULT gen_random_uuid(),
    ADD COLUMN within bigint REFERENCES parties.link ON DELETE CASCADE;
CREATE INDEX link_within ON parties.link (within) WHERE within IS NOT NULL;

-- The links whose tokens stand in a message once it is sent; in what is kept there are their places.
ALTER TABLE messages.message ADD COLUMN links bigint[] NOT NULL DEFAULT '{}';

-- That somebody is to be told that a step waits for them, and when they were. `round` counts the reminders.
CREATE TABLE approvals.notice (
    request_id bigint      NOT NULL,
    step       text        NOT NULL,
    user_id    bigint      NOT NULL REFERENCES parties.user,
    round      integer     NOT NULL DEFAULT 0 CHECK (round >= 0),
    due_at     timestamptz NOT NULL DEFAULT base.now(),
    told_at    timestamptz,
    message_id bigint      REFERENCES messages.message,
    PRIMARY KEY (request_id, step, user_id, round),
    FOREIGN KEY (request_id, step) REFERENCES approvals.step,
    CHECK (message_id IS NULL OR told_at IS NOT NULL)
) WITH (fillfactor = 80);
CREATE INDEX notice_due ON approvals.notice (due_at) WHERE told_at IS NULL;
CREATE INDEX notice_of_message ON approvals.notice (message_id);
