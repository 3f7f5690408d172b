-- Past invoices: one ledger over imported history and our own invoices, and summaries of it.
CREATE SCHEMA insight;

-- Who bought, as past invoices name them. One that means an account of ours is linked to it.
CREATE TABLE insight.customer (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id bigint UNIQUE REFERENCES parties.account,
    label      text   NOT NULL CHECK (label <> ''),
    name       text   NOT NULL DEFAULT '',
    search     text   NOT NULL GENERATED ALWAYS AS (base.folded(label || ' ' || name)) STORED
);
CREATE INDEX customer_by_search ON insight.customer USING gin (search public.gin_trgm_ops);

-- What a source calls a customer; several names may mean the same one.
CREATE TABLE insight.customer_key (
    source      text   NOT NULL CHECK (source <> ''),
    external_id text   NOT NULL CHECK (external_id <> ''),
    customer_id bigint NOT NULL REFERENCES insight.customer,
    PRIMARY KEY (source, external_id)
);
CREATE INDEX key_of_customer ON insight.customer_key (customer_id);

-- What was sold. `name` is its commonest wording, `search` its code and all of them.
CREATE TABLE insight.product (
    id       bigint  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code     text    NOT NULL UNIQUE CHECK (code <> ''),
    name     text    NOT NULL DEFAULT '',
    is_goods boolean NOT NULL DEFAULT true,
    search   text    NOT NULL
);
CREATE INDEX product_by_search ON insight.product USING gin (search public.gin_trgm_ops);

CREATE TABLE insight.wording (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    product_id bigint NOT NULL REFERENCES insight.product,
    text       text   NOT NULL,
    UNIQUE (product_id, text),
    UNIQUE (id, product_id)
);

-- A file that was tried or imported, and what became of its rows.
CREATE TABLE insight.history_import (
    id       bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    file     text        NOT NULL,
    source   text        NOT NULL CHECK (source <> ''),
    content  text        NOT NULL,
    state    text        NOT NULL CHECK (state IN ('tried', 'imported')),
    mapping  jsonb       NOT NULL CHECK (jsonb_typeof(mapping) = 'object'),
    row_count integer    NOT NULL CHECK (row_count >= 0),
    outcomes jsonb       NOT NULL CHECK (jsonb_typeof(outcomes) = 'object'),
    reasons  jsonb       NOT NULL CHECK (jsonb_typeof(reasons) = 'object'),
    seconds  numeric     NOT NULL CHECK (seconds >= 0),
    made_by  text        NOT NULL,
    made_at  timestamptz NOT NULL DEFAULT base.now()
);
CREATE UNIQUE INDEX import_once ON insight.history_import (source, content) WHERE state = 'imported';

-- What became of each row of a file, and why; `cells` is kept of those that were refused.
CREATE TABLE insight.import_row (
    import_id bigint  NOT NULL REFERENCES insight.history_import ON DELETE CASCADE,
    row       integer NOT NULL CHECK (row > 0),
    outcome   text    NOT NULL CHECK (outcome IN ('imported', 'merged', 'corrected', 'unchanged', 'refused')),
    reasons   text[]  NOT NULL,
    number    text    NOT NULL,
    cells     text[],
    PRIMARY KEY (import_id, row)
);
CREATE INDEX import_row_refused ON insight.import_row (import_id, row) WHERE outcome = 'refused';

-- An invoice, a credit note, an adjustment or a stock write-off, imported or our own. `content` tells whether a file
-- that brings it again says the same; `product_ids` answers which documents have a product.
CREATE TABLE insight.document (
    id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source      text        NOT NULL CHECK (source <> ''),
    number      text        NOT NULL CHECK (number <> ''),
    kind        text        NOT NULL CHECK (kind IN ('invoice', 'credit_note', 'adjustment', 'write_off')),
    customer_id bigint      REFERENCES insight.customer,
    country     text        NOT NULL,
    currency    text        NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    issued_on   date        NOT NULL,
    issued_at   timestamptz NOT NULL,
    line_count  integer     NOT NULL CHECK (line_count >= 0),
    quantity    numeric     NOT NULL,
    net         numeric     NOT NULL,
    product_ids bigint[]    NOT NULL,
    content     uuid        NOT NULL,
    import_id   bigint      REFERENCES insight.history_import,
    invoice_id  bigint      UNIQUE REFERENCES billing.invoice,
    search      text        NOT NULL GENERATED ALWAYS AS (base.folded(number)) STORED,
    UNIQUE (source, number),
    CHECK (num_nonnulls(import_id, invoice_id) = 1)
);
CREATE INDEX document_by_day ON insight.document (issued_on DESC, id DESC);
CREATE INDEX document_of_customer ON insight.document (customer_id, issued_on DESC, id DESC);
CREATE INDEX document_of_country ON insight.document (country, issued_on DESC, id DESC);
CREATE INDEX document_by_amount ON insight.document (net, id);
CREATE INDEX document_of_import ON insight.document (import_id) WHERE import_id IS NOT NULL;
CREATE INDEX document_by_search ON insight.document USING gin (search public.gin_trgm_ops);
CREATE INDEX document_with_product ON insight.document USING gin (product_ids);
CREATE INDEX document_beside_sales ON insight.document (currency, issued_on) WHERE kind IN ('adjustment', 'write_off');

-- `hash` is a digest of the row as it was understood, `copies` how many rows of the file said the same.
CREATE TABLE insight.line (
    document_id bigint  NOT NULL REFERENCES insight.document ON DELETE CASCADE,
    position    integer NOT NULL CHECK (position > 0),
    product_id  bigint  NOT NULL,
    wording_id  bigint  NOT NULL,
    issued_on   date    NOT NULL,
    quantity    numeric NOT NULL,
    unit_price  numeric NOT NULL,
    amount      numeric NOT NULL,
    hash        uuid    NOT NULL,
    copies      integer NOT NULL DEFAULT 1 CHECK (copies > 0),
    source_row  integer,
    PRIMARY KEY (document_id, position),
    FOREIGN KEY (wording_id, product_id) REFERENCES insight.wording (id, product_id)
);
CREATE INDEX line_of_product ON insight.line (product_id, issued_on DESC, document_id DESC, position);

-- Summaries. Sold is what invoices say, returned what credit notes take back, both as positive numbers.
CREATE TABLE insight.customer_day (
    currency          text    NOT NULL,
    issued_on         date    NOT NULL,
    country           text    NOT NULL,
    customer_id       bigint  REFERENCES insight.customer,
    invoices          integer NOT NULL,
    credit_notes      integer NOT NULL,
    sold              numeric NOT NULL,
    returned          numeric NOT NULL,
    quantity          numeric NOT NULL,
    returned_quantity numeric NOT NULL,
    UNIQUE NULLS NOT DISTINCT (currency, issued_on, country, customer_id)
);
CREATE INDEX day_of_customer ON insight.customer_day (customer_id, issued_on);

CREATE TABLE insight.product_month (
    currency          text    NOT NULL,
    month             date    NOT NULL,
    product_id        bigint  NOT NULL REFERENCES insight.product,
    invoices          integer NOT NULL,
    customers         integer NOT NULL,
    sold              numeric NOT NULL,
    returned          numeric NOT NULL,
    quantity          numeric NOT NULL,
    returned_quantity numeric NOT NULL,
    PRIMARY KEY (currency, month, product_id)
);
CREATE INDEX month_of_product ON insight.product_month (product_id, month);

-- What a customer buys: on how many days, from the first to the last.
CREATE TABLE insight.customer_product (
    customer_id bigint  NOT NULL REFERENCES insight.customer,
    product_id  bigint  NOT NULL REFERENCES insight.product,
    currency    text    NOT NULL,
    days        integer NOT NULL CHECK (days > 0),
    first_on    date    NOT NULL,
    last_on     date    NOT NULL,
    quantity    numeric NOT NULL,
    sold        numeric NOT NULL,
    PRIMARY KEY (customer_id, product_id, currency)
);
CREATE INDEX usual_product ON insight.customer_product (currency, last_on) WHERE days >= 3;

UPDATE parties.role
   SET permissions = permissions || '{insight.read}'
 WHERE code IN ('sales', 'order_manager', 'billing', 'auditor');
UPDATE parties.role
   SET permissions = permissions || '{insight.write}'
 WHERE code IN ('billing');
