-- A second factor to log in with: codes of an authenticator (RFC 6238), and codes on paper for the day it is lost.
CREATE TABLE parties.second_factor (
    user_id bigint PRIMARY KEY REFERENCES parties.user (id),
    secret bytea NOT NULL CHECK (length(secret) = 20),
    made_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    confirmed_at timestamptz,
    last_step bigint NOT NULL DEFAULT 0
);
COMMENT ON COLUMN parties.second_factor.confirmed_at IS 'Empty while it is set up: then nobody is asked for a code yet.';
COMMENT ON COLUMN parties.second_factor.last_step IS 'The half minute of the newest code that counted; it and earlier ones count no more.';

CREATE TABLE parties.recovery_code (
    user_id bigint NOT NULL REFERENCES parties.second_factor (user_id) ON DELETE CASCADE,
    code_hash bytea NOT NULL CHECK (length(code_hash) = 32),
    used_at timestamptz,
    PRIMARY KEY (user_id, code_hash)
);

ALTER TABLE parties.session ADD COLUMN second_factor_at timestamptz;
COMMENT ON COLUMN parties.session.second_factor_at IS 'When a second factor was last shown in this session.';
