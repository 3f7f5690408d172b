-- What went over the wire is forgotten after a while; that it went, when, and what came of it stays.
ALTER TABLE gateway.attempt ADD COLUMN forgotten_at timestamptz;
COMMENT ON COLUMN gateway.attempt.forgotten_at IS 'When headers and bodies were emptied, the time of keeping them being over.';
CREATE INDEX attempt_to_forget ON gateway.attempt (ended_at) WHERE forgotten_at IS NULL;

-- The calls of some accounts, the latest first: what a salesperson sees of the outbox.
CREATE INDEX call_of_account ON gateway.call (account_id, id);
