-- Quotes: an offer with prices, in numbered versions, until a customer takes it and it becomes orders.
CREATE SCHEMA IF NOT EXISTS quotes;
SELECT base.add_series('quote', 'Q-{year}-{number}');

-- Why an offer was not taken.
CREATE TABLE quotes.lost_reason (
    code  text PRIMARY KEY CHECK (code ~ '^[a-z][a-z0-9_]{0,39}$'),
    title text NOT NULL
);
INSERT INTO quotes.lost_reason (code, title) VALUES
    ('price', 'Too expensive'),
    ('competitor', 'Bought elsewhere'),
    ('timing', 'Not now'),
    ('budget', 'No budget'),
    ('fit', 'Does not do what they need'),
    ('delivery', 'Delivered too late'),
    ('silence', 'Never answered'),
    ('duplicate', 'Another quote took its place');

CREATE TABLE quotes.quote (
    id             bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    number         text        NOT NULL UNIQUE,
    account_id     bigint      REFERENCES parties.account,
    account_name   text        NOT NULL DEFAULT '',
    is_template    boolean     NOT NULL DEFAULT false,
    type           text        NOT NULL DEFAULT 'sales' CHECK (type IN ('sales', 'blanket')),
    channel        text        NOT NULL DEFAULT 'direct',
    currency       text        NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    state          text        NOT NULL DEFAULT 'draft' CHECK (state IN (
                       'draft', 'sent', 'accepted', 'declined', 'expired', 'lost', 'converted')),
    state_note     text        NOT NULL DEFAULT '',
    lost_reason    text        REFERENCES quotes.lost_reason,
    active_version integer     NOT NULL DEFAULT 1 CHECK (active_version > 0),
    owner_id       bigint      REFERENCES parties.user,
    copied_from_id bigint      REFERENCES quotes.quote,
    time_zone      text        NOT NULL,
    valid_until    date        NOT NULL,
    expires_at     timestamptz NOT NULL,
    stamp          integer     NOT NULL DEFAULT 1 CHECK (stamp > 0),
    created_by     text        NOT NULL,
    created_at     timestamptz NOT NULL DEFAULT base.now(),
    sent_at        timestamptz,
    ended_at       timestamptz,
    CHECK ((account_id IS NULL) = is_template),
    CHECK (NOT is_template OR state = 'draft'),
    CHECK ((state = 'lost') = (lost_reason IS NOT NULL)),
    CHECK (state IN ('draft', 'lost') OR sent_at IS NOT NULL),
    CHECK ((state IN ('lost', 'converted')) = (ended_at IS NOT NULL))
) WITH (fillfactor = 80);
COMMENT ON COLUMN quotes.quote.stamp IS 'Counts changes; what If-Match names.';
COMMENT ON COLUMN quotes.quote.expires_at IS 'The end of valid_until where the customer is.';
CREATE INDEX quote_of_account ON quotes.quote (account_id, id);
CREATE INDEX quote_in_state ON quotes.quote (state, id);
CREATE INDEX quote_of_owner ON quotes.quote (owner_id, id);
CREATE INDEX quote_to_expire ON quotes.quote (expires_at) WHERE state = 'sent';
CREATE INDEX quote_copies ON quotes.quote (copied_from_id) WHERE copied_from_id IS NOT NULL;
CREATE INDEX quote_by_text ON quotes.quote USING gin (base.folded(number || ' ' || account_name) gin_trgm_ops);

-- One numbered state of a quote. Once it was sent it is frozen: what it says and costs never changes.
CREATE TABLE quotes.version (
    quote_id     bigint      NOT NULL REFERENCES quotes.quote,
    number       integer     NOT NULL CHECK (number > 0),
    title        text        NOT NULL DEFAULT '',
    requested_on date,
    ship_to      text,
    po_number    text,
    terms        text,
    note         text        NOT NULL DEFAULT '',
    valid_until  date        NOT NULL,
    shared       jsonb       NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(shared) = 'array'),
    totals       jsonb       NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(totals) = 'array'),
    priced_at    timestamptz NOT NULL DEFAULT base.now(),
    priced_by    text        NOT NULL,
    made_at      timestamptz NOT NULL DEFAULT base.now(),
    frozen_at    timestamptz,
    PRIMARY KEY (quote_id, number)
);
COMMENT ON COLUMN quotes.version.priced_at IS 'The moment whose published prices it has.';
ALTER TABLE quotes.quote
    ADD FOREIGN KEY (id, active_version) REFERENCES quotes.version (quote_id, number) DEFERRABLE INITIALLY DEFERRED;

CREATE TABLE quotes.line (
    id              bigint  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    quote_id        bigint  NOT NULL,
    version         integer NOT NULL,
    position        integer NOT NULL CHECK (position >= 0),
    line            text    NOT NULL CHECK (length(line) BETWEEN 1 AND 100),
    kind            text    NOT NULL DEFAULT 'item' CHECK (kind IN ('item', 'section', 'note')),
    title           text    NOT NULL DEFAULT '',
    parent          text,
    product_id      bigint  REFERENCES catalog.product,
    product_code    text,
    product_name    text,
    quantity        numeric CHECK (quantity > 0),
    unit            text    REFERENCES catalog.unit,
    role            text,
    characteristics jsonb   NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(characteristics) = 'object'),
    place           text,
    relies_on       text[]  NOT NULL DEFAULT '{}',
    requested_on    date,
    is_optional     boolean NOT NULL DEFAULT false,
    alternative     text,
    is_chosen       boolean NOT NULL DEFAULT true,
    given           jsonb   NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(given) = 'array'),
    notes           jsonb   NOT NULL DEFAULT '[]',
    shares          jsonb   NOT NULL DEFAULT '[]',
    terms           jsonb   NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(terms) = 'object'),
    converted       numeric NOT NULL DEFAULT 0,
    UNIQUE (quote_id, version, line),
    FOREIGN KEY (quote_id, version) REFERENCES quotes.version,
    FOREIGN KEY (quote_id, version, parent) REFERENCES quotes.line (quote_id, version, line)
        DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT never_more_than_quoted CHECK (converted >= 0 AND converted <= coalesce(quantity, 0)),
    CONSTRAINT never_its_own_part CHECK (parent <> line),
    CHECK ((kind = 'item') = (product_id IS NOT NULL)),
    CHECK (num_nulls(product_id, product_code, product_name, quantity, unit) IN (0, 5)),
    CHECK (kind = 'item' OR (parent IS NULL AND NOT is_optional AND alternative IS NULL)),
    CHECK (is_chosen OR is_optional OR alternative IS NOT NULL)
) WITH (fillfactor = 85);
COMMENT ON COLUMN quotes.line.is_chosen IS 'Whether it counts: an option may be left out, of alternatives one is taken.';
CREATE INDEX quote_line_of_product ON quotes.line (product_id, quote_id);
CREATE UNIQUE INDEX one_of_alternatives ON quotes.line (quote_id, version, alternative)
    WHERE is_chosen AND alternative IS NOT NULL AND parent IS NULL;

-- What a line costs, once or each period, as it was priced.
CREATE TABLE quotes.charge (
    line_id       bigint  NOT NULL REFERENCES quotes.line ON DELETE CASCADE,
    kind          text    NOT NULL CHECK (kind IN ('one_time', 'recurring')),
    period        text    CHECK (period IN ('day', 'week', 'month', 'quarter', 'year')),
    quantity      numeric NOT NULL,
    unit          text    NOT NULL,
    periods       numeric NOT NULL,
    list_amount   numeric NOT NULL,
    net           numeric NOT NULL,
    tax           numeric NOT NULL,
    gross         numeric NOT NULL,
    unit_price    numeric NOT NULL,
    given_percent numeric NOT NULL DEFAULT 0,
    taxes         jsonb   NOT NULL DEFAULT '[]',
    PRIMARY KEY (line_id, kind),
    CHECK (gross = net + tax),
    CHECK ((kind = 'recurring') = (period IS NOT NULL))
);

-- The waterfall of a charge: the steps from list to net, which sum to the net.
CREATE TABLE quotes.price_step (
    line_id      bigint  NOT NULL,
    charge       text    NOT NULL,
    position     integer NOT NULL CHECK (position >= 0),
    kind         text    NOT NULL,
    amount       numeric NOT NULL,
    unit_amount  numeric NOT NULL,
    rule         text    NOT NULL DEFAULT '',
    rule_version integer,
    input        jsonb   NOT NULL DEFAULT '{}',
    who          text    NOT NULL DEFAULT '',
    reason       text    NOT NULL DEFAULT '',
    PRIMARY KEY (line_id, charge, position),
    FOREIGN KEY (line_id, charge) REFERENCES quotes.charge ON DELETE CASCADE,
    CHECK (who = '' OR reason <> '')
);

-- What a charge costs us. Apart from all else, since few may see it.
CREATE TABLE quotes.cost (
    line_id bigint  NOT NULL,
    charge  text    NOT NULL,
    amount  numeric NOT NULL,
    PRIMARY KEY (line_id, charge),
    FOREIGN KEY (line_id, charge) REFERENCES quotes.charge ON DELETE CASCADE
);

-- A right that a version's prices need before it may be sent, and who with that right has confirmed them.
CREATE TABLE quotes.need (
    quote_id     bigint      NOT NULL,
    version      integer     NOT NULL,
    position     integer     NOT NULL,
    code         text        NOT NULL,
    needed_right text        NOT NULL,
    lines        text[]      NOT NULL,
    message      text        NOT NULL,
    percent      numeric,
    allowed      numeric,
    basis        text        NOT NULL,
    confirmed_by text,
    confirmed_at timestamptz,
    comment      text        NOT NULL DEFAULT '',
    PRIMARY KEY (quote_id, version, position),
    FOREIGN KEY (quote_id, version) REFERENCES quotes.version,
    CHECK (num_nulls(confirmed_by, confirmed_at) IN (0, 2))
);
COMMENT ON COLUMN quotes.need.basis IS 'A digest of what was confirmed; when it changes, so must the confirmation.';

CREATE TABLE quotes.credit (
    quote_id bigint  NOT NULL,
    version  integer NOT NULL,
    position integer NOT NULL,
    payee    text    NOT NULL,
    user_id  bigint  NOT NULL REFERENCES parties.user,
    percent  numeric NOT NULL CHECK (percent > 0 AND percent <= 100),
    kind     text    NOT NULL CHECK (kind IN ('revenue', 'non_revenue')),
    PRIMARY KEY (quote_id, version, position),
    UNIQUE (quote_id, version, user_id, kind),
    FOREIGN KEY (quote_id, version) REFERENCES quotes.version
);

-- A customer's way in: of the token only the digest is kept.
CREATE TABLE quotes.link (
    id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    quote_id   bigint      NOT NULL REFERENCES quotes.quote,
    token_hash bytea       NOT NULL UNIQUE CHECK (length(token_hash) = 32),
    made_by    text        NOT NULL,
    made_at    timestamptz NOT NULL DEFAULT base.now(),
    expires_at timestamptz NOT NULL,
    ended_at   timestamptz
);
CREATE INDEX link_of_quote ON quotes.link (quote_id);

CREATE TABLE quotes.question (
    id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    quote_id    bigint      NOT NULL,
    version     integer     NOT NULL,
    asked_by    text        NOT NULL CHECK (asked_by <> ''),
    text        text        NOT NULL CHECK (text <> ''),
    asked_at    timestamptz NOT NULL DEFAULT base.now(),
    answer      text,
    answered_by text,
    answered_at timestamptz,
    FOREIGN KEY (quote_id, version) REFERENCES quotes.version,
    CHECK (num_nulls(answer, answered_by, answered_at) IN (0, 3))
);
CREATE INDEX question_of_quote ON quotes.question (quote_id, id);

-- Who said yes to which version, with which options; one a version.
CREATE TABLE quotes.acceptance (
    quote_id    bigint      NOT NULL,
    version     integer     NOT NULL,
    name        text        NOT NULL CHECK (name <> ''),
    by_customer boolean     NOT NULL,
    note        text        NOT NULL DEFAULT '',
    chosen      text[]      NOT NULL,
    link_id     bigint      REFERENCES quotes.link,
    accepted_at timestamptz NOT NULL DEFAULT base.now(),
    recorded_by text        NOT NULL,
    PRIMARY KEY (quote_id, version),
    FOREIGN KEY (quote_id, version) REFERENCES quotes.version
);

-- What was converted at once. The key makes a request count once; the order is one floor up, so it is kept as a word.
CREATE TABLE quotes.draw (
    id           bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    quote_id     bigint      NOT NULL,
    version      integer     NOT NULL,
    key          text        NOT NULL CHECK (length(key) BETWEEN 1 AND 255),
    order_id     bigint      UNIQUE,
    order_number text,
    drawn_by     text        NOT NULL,
    drawn_at     timestamptz NOT NULL DEFAULT base.now(),
    UNIQUE (quote_id, key),
    FOREIGN KEY (quote_id, version) REFERENCES quotes.version,
    CHECK (num_nulls(order_id, order_number) IN (0, 2))
);

CREATE TABLE quotes.drawn_line (
    draw_id  bigint  NOT NULL REFERENCES quotes.draw,
    line_id  bigint  NOT NULL REFERENCES quotes.line,
    quantity numeric NOT NULL CHECK (quantity > 0),
    PRIMARY KEY (draw_id, line_id)
);
CREATE INDEX drawn_of_line ON quotes.drawn_line (line_id);

-- A version that was sent keeps its lines and prices; only what is chosen and what is converted still moves.
CREATE FUNCTION quotes.keep_frozen() RETURNS trigger
    LANGUAGE plpgsql AS $$
DECLARE
    touched bigint := (to_jsonb(OLD)->>CASE TG_TABLE_NAME WHEN 'line' THEN 'id' ELSE 'line_id' END)::bigint;
BEGIN
    IF TG_TABLE_NAME = 'line' AND TG_OP = 'UPDATE'
       AND to_jsonb(NEW) - '{is_chosen,converted}'::text[] = to_jsonb(OLD) - '{is_chosen,converted}'::text[] THEN
        RETURN NEW;
    END IF;
    IF EXISTS (SELECT FROM quotes.line JOIN quotes.version
                   ON version.quote_id = line.quote_id AND version.number = line.version
                WHERE line.id = touched AND version.frozen_at IS NOT NULL) THEN
        RAISE EXCEPTION 'quote line % was sent and is frozen', touched USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER keep_frozen BEFORE UPDATE OR DELETE ON quotes.line
    FOR EACH ROW EXECUTE FUNCTION quotes.keep_frozen();
CREATE TRIGGER keep_frozen BEFORE UPDATE OR DELETE ON quotes.charge
    FOR EACH ROW EXECUTE FUNCTION quotes.keep_frozen();
CREATE TRIGGER keep_frozen BEFORE UPDATE OR DELETE ON quotes.price_step
    FOR EACH ROW EXECUTE FUNCTION quotes.keep_frozen();

UPDATE parties.role
   SET permissions = permissions || '{quotes.read,quotes.write}'
 WHERE code IN ('sales', 'order_manager');
UPDATE parties.role
   SET permissions = permissions || '{quotes.read}'
 WHERE code IN ('billing', 'auditor');
UPDATE parties.role
   SET permissions = permissions || '{quotes.read,prices.discount,prices.discount_any,prices.below_floor}'
 WHERE code = 'approver';
