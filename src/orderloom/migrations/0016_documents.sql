-- Files under the hash of their content: written once, never changed, shared by whoever names them.
CREATE TABLE base.blob (
    hash       bytea       PRIMARY KEY,
    content    bytea       NOT NULL,
    created_at timestamptz NOT NULL DEFAULT base.now(),
    CONSTRAINT content_is_what_its_hash_says CHECK (hash = sha256(content)),
    CHECK (octet_length(content) BETWEEN 1 AND 50000000)
);
ALTER TABLE base.blob ALTER COLUMN content SET STORAGE EXTERNAL;

CREATE FUNCTION base.refuse_change() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    RAISE EXCEPTION '% is never changed', TG_TABLE_SCHEMA || '.' || TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER blob_is_never_changed BEFORE UPDATE OR DELETE ON base.blob
    FOR EACH ROW EXECUTE FUNCTION base.refuse_change();

CREATE SCHEMA documents;
COMMENT ON SCHEMA documents IS 'Papers for customers: what was asked for, and the PDF that came of it.';

-- A sheet on its way to a PDF. The same sheet for the same subject is one document.
CREATE TABLE documents.document (
    id            bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    subject_kind  text        NOT NULL CHECK (subject_kind <> ''),
    subject_id    bigint      NOT NULL,
    subject_label text        NOT NULL,
    account_id    bigint      REFERENCES parties.account,
    kind          text        NOT NULL
                  CHECK (kind IN ('order_confirmation', 'quote', 'invoice', 'credit_note', 'delivery_note')),
    number        text        NOT NULL,
    language      text        NOT NULL,
    with_prices   boolean     NOT NULL,
    sheet         jsonb       NOT NULL CHECK (jsonb_typeof(sheet) = 'object'),
    sheet_hash    bytea       NOT NULL,
    template      text        NOT NULL,
    state         text        NOT NULL DEFAULT 'requested' CHECK (state IN ('requested', 'rendered', 'refused')),
    problem       text        NOT NULL DEFAULT '',
    attempt       integer     NOT NULL DEFAULT 0,
    lease_until   timestamptz,
    file_hash     bytea       REFERENCES base.blob,
    pages         integer     CHECK (pages > 0),
    byte_count    integer     CHECK (byte_count > 0),
    render_ms     numeric,
    requested_by  text        NOT NULL,
    requested_at  timestamptz NOT NULL DEFAULT base.now(),
    ended_at      timestamptz,
    UNIQUE (subject_kind, subject_id, sheet_hash, template),
    CHECK ((state = 'rendered') = (file_hash IS NOT NULL)),
    CHECK (num_nulls(file_hash, pages, byte_count) IN (0, 3)),
    CHECK ((state = 'refused') = (problem <> '')),
    CHECK ((state = 'requested') = (ended_at IS NULL))
) WITH (fillfactor = 85);
CREATE INDEX document_to_render ON documents.document (id) WHERE state = 'requested';
CREATE INDEX document_of_account ON documents.document (account_id, id);

CREATE TRIGGER document_is_never_changed BEFORE UPDATE ON documents.document
    FOR EACH ROW WHEN (OLD.state = 'rendered' AND OLD IS DISTINCT FROM NEW) EXECUTE FUNCTION base.refuse_change();
