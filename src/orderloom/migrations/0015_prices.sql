-- Everything that is published to decide a price. A row is one version of one rule, and it never changes: the highest
-- version whose days include a day is the one that holds on it, so that an exception gives way to what it interrupted.
CREATE TABLE catalog.price_rule (
    id           bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind         text        NOT NULL CHECK (kind IN ('list', 'price', 'contract', 'schedule', 'promotion', 'option', 'cost',
                                                      'floor', 'limit', 'rate', 'reason', 'terms')),
    code         text        NOT NULL CHECK (length(code) BETWEEN 1 AND 400),
    version      integer     NOT NULL CHECK (version > 0),
    valid        daterange   NOT NULL CHECK (NOT isempty(valid)),
    currency     text        CHECK (currency ~ '^[A-Z]{3}$'),
    list_code    text,
    product_id   bigint      REFERENCES catalog.product,
    account_id   bigint      REFERENCES parties.account,
    content      jsonb       CHECK (jsonb_typeof(content) = 'object'),
    content_hash text        NOT NULL,
    published_at timestamptz NOT NULL DEFAULT base.now(),
    published_by text        NOT NULL,
    UNIQUE (kind, code, version),
    CHECK ((kind = 'price') = (list_code IS NOT NULL)),
    CHECK ((kind = 'contract') = (account_id IS NOT NULL)),
    CHECK ((kind IN ('price', 'contract', 'option', 'cost', 'floor', 'terms')) = (product_id IS NOT NULL)),
    CHECK ((kind IN ('list', 'price', 'cost')) <= (currency IS NOT NULL))
);
COMMENT ON COLUMN catalog.price_rule.content IS 'What the rule says, in the words of a price file; NULL: withdrawn.';
CREATE INDEX price_rule_of_product ON catalog.price_rule (product_id) WHERE product_id IS NOT NULL;
CREATE INDEX price_rule_of_account ON catalog.price_rule (account_id) WHERE account_id IS NOT NULL;
CREATE INDEX price_rule_of_list ON catalog.price_rule (list_code, code) WHERE list_code IS NOT NULL;
CREATE INDEX price_rule_for_all ON catalog.price_rule (kind, code) WHERE product_id IS NULL;

CREATE FUNCTION catalog.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'what is published never changes; publish the next version of % %', OLD.kind, OLD.code;
END $$;
CREATE TRIGGER price_rule_never_changes
    BEFORE UPDATE OR DELETE ON catalog.price_rule FOR EACH ROW EXECUTE FUNCTION catalog.refuse_change();

-- Quotes and orders need the table of taxes as much as invoices do. A region's rate replaces its country's of one name.
CREATE TABLE catalog.tax_rate (
    id         bigint  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    country    text    NOT NULL CHECK (country ~ '^[A-Z]{2}$'),
    region     text    CHECK (region <> ''),
    category   text    NOT NULL CHECK (category <> ''),
    name       text    NOT NULL DEFAULT 'VAT',
    percent    numeric NOT NULL CHECK (percent BETWEEN 0 AND 100),
    treatment  text    NOT NULL DEFAULT 'taxed' CHECK (treatment IN ('taxed', 'exempt', 'reverse_charge')),
    valid_from date    NOT NULL,
    valid_to   date,
    CHECK (valid_from < valid_to),
    CONSTRAINT one_rate_at_a_time
        EXCLUDE USING gist (country WITH =, coalesce(region, '') WITH =, category WITH =, name WITH =,
                            daterange(valid_from, valid_to) WITH &&)
);
INSERT INTO catalog.tax_rate (country, category, name, percent, valid_from, valid_to)
SELECT country, category, name, percent, valid_from, valid_to FROM billing.tax_rate;
DROP TABLE billing.tax_rate;
