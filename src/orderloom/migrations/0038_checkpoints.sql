-- What the logs of requests ended with at a moment, signed with a key that lies outside of the database. `body` is
-- canonical JSON with the heads (request, entry, hash) that are new since the checkpoint before, whose hash is in it.
CREATE TABLE approvals.checkpoint (
    number    bigint      PRIMARY KEY CHECK (number > 0),
    body      text        NOT NULL,
    hash      bytea       NOT NULL UNIQUE CHECK (hash = sha256(convert_to(body, 'UTF8'))),
    signature bytea       NOT NULL CHECK (length(signature) = 64)
);
CREATE TRIGGER checkpoint_is_never_changed BEFORE UPDATE OR DELETE ON approvals.checkpoint
    FOR EACH ROW EXECUTE FUNCTION base.refuse_change();

-- Which entry of a request's log the newest checkpoint about it covers.
CREATE TABLE approvals.covered (
    request_id bigint  PRIMARY KEY REFERENCES approvals.request,
    number     integer NOT NULL CHECK (number > 0)
) WITH (fillfactor = 80);
