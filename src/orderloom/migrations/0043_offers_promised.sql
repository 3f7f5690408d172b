-- An offer that goes out by e-mail has a promised link: its token is made when the mail is sent, and is kept nowhere.
ALTER TABLE quotes.link ALTER COLUMN token_hash DROP NOT NULL;
ALTER TABLE quotes.link ADD COLUMN promised_id bigint UNIQUE REFERENCES parties.link (id) ON DELETE SET NULL;
COMMENT ON COLUMN quotes.link.promised_id IS 'Of a link that goes out by e-mail; it has the digest of the token. Others have it themselves.';

ALTER TABLE messages.message DROP COLUMN link;
