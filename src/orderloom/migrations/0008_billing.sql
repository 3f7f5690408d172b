-- Triggers and their gates, charges, subscriptions, tax, invoices without gaps, payments.
CREATE SCHEMA billing;

CREATE FUNCTION billing.refuse_change() RETURNS trigger
    LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%.% is never changed once written', TG_TABLE_SCHEMA, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;

-- One price of one order item, charged once its gates are met.
CREATE TABLE billing.trigger (
    id                 bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    order_id           bigint      NOT NULL,
    order_label        text        NOT NULL,
    order_item_id      bigint      NOT NULL,
    line               text        NOT NULL,
    account_id         bigint      NOT NULL REFERENCES parties.account,
    billing_account_id bigint      NOT NULL REFERENCES parties.billing_account,
    price_kind         text        NOT NULL CHECK (price_kind IN ('one_time', 'recurring', 'prepaid')),
    price              text        NOT NULL DEFAULT '',
    action             text        NOT NULL,
    revision           integer     NOT NULL CHECK (revision > 0),
    description        text        NOT NULL,
    quantity           numeric     NOT NULL CHECK (quantity > 0),
    unit               text        NOT NULL,
    unit_price         numeric     NOT NULL,
    allocated          numeric,
    currency           text        NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    period             text        CHECK (period IN ('month', 'year')),
    per_unit           boolean     NOT NULL DEFAULT false,
    tax_category       text        NOT NULL,
    tax_country        text        NOT NULL,
    bundle_item_id     bigint,
    bundle_line        text        NOT NULL DEFAULT '',
    bundle_label       text        NOT NULL DEFAULT '',
    bundle             jsonb,
    po_number          text        NOT NULL DEFAULT '',
    gl_account         text        NOT NULL DEFAULT '',
    cost_centre        text        NOT NULL DEFAULT '',
    state              text        NOT NULL DEFAULT 'armed'
                       CHECK (state IN ('armed', 'ready', 'released', 'reversed', 'waived')),
    reason             text        NOT NULL DEFAULT '',
    released           numeric     NOT NULL DEFAULT 0,
    armed_at           timestamptz NOT NULL DEFAULT base.now(),
    changed_at         timestamptz NOT NULL DEFAULT base.now(),
    UNIQUE (order_item_id, price_kind, price, action, revision),
    CONSTRAINT never_more_than_ordered CHECK (released BETWEEN 0 AND quantity),
    CHECK ((price_kind = 'recurring') = (period IS NOT NULL)),
    CHECK (state <> 'released' OR released = quantity),
    CHECK (state <> 'armed' OR released = 0)
) WITH (fillfactor = 80);
CREATE INDEX trigger_of_order ON billing.trigger (order_id);
CREATE INDEX trigger_unreleased ON billing.trigger (billing_account_id) WHERE state IN ('armed', 'ready');

CREATE TABLE billing.gate (
    trigger_id   bigint      NOT NULL REFERENCES billing.trigger,
    order_id     bigint      NOT NULL,
    step         text        NOT NULL,
    decides_date boolean     NOT NULL DEFAULT false,
    waives       boolean     NOT NULL DEFAULT false,
    quantity     numeric     CHECK (quantity > 0),
    needed       integer     NOT NULL DEFAULT 1 CHECK (needed > 0),
    counted      integer     NOT NULL DEFAULT 0 CHECK (counted >= 0),
    outcome      text        CHECK (outcome IN ('met', 'skipped')),
    met_at       timestamptz,
    PRIMARY KEY (trigger_id, step),
    CHECK ((outcome IS NULL) = (met_at IS NULL)),
    CHECK (outcome IS DISTINCT FROM 'met' OR counted >= needed)
) WITH (fillfactor = 80);
CREATE INDEX gate_by_step ON billing.gate (order_id, step) WHERE outcome IS NULL;

-- A quantity released at once; `key` says which, so that a release is written once.
CREATE TABLE billing.increment (
    id           bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    trigger_id   bigint      NOT NULL REFERENCES billing.trigger,
    key          text        NOT NULL,
    quantity     numeric     NOT NULL CHECK (quantity > 0),
    effective_at timestamptz NOT NULL,
    effective_on date        NOT NULL,
    released_at  timestamptz NOT NULL DEFAULT base.now(),
    UNIQUE (trigger_id, key)
);

CREATE TABLE billing.subscription (
    id              bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    increment_id    bigint      NOT NULL UNIQUE REFERENCES billing.increment,
    trigger_id      bigint      NOT NULL REFERENCES billing.trigger,
    quantity        numeric     NOT NULL CHECK (quantity > 0),
    unit_price      numeric     NOT NULL,
    period          text        NOT NULL CHECK (period IN ('month', 'year')),
    started_on      date        NOT NULL,
    ended_on        date,
    periods_charged integer     NOT NULL DEFAULT 0 CHECK (periods_charged >= 0),
    next_on         date        NOT NULL,
    state           text        NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'suspended', 'ended')),
    changed_at      timestamptz NOT NULL DEFAULT base.now(),
    CHECK ((state = 'ended') = (ended_on IS NOT NULL))
) WITH (fillfactor = 80);
CREATE INDEX subscription_due ON billing.subscription (next_on, id) WHERE state = 'active';
CREATE INDEX subscription_of_trigger ON billing.subscription (trigger_id);

CREATE TABLE billing.tax_rate (
    id         bigint  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    country    text    NOT NULL CHECK (country ~ '^[A-Z]{2}$'),
    category   text    NOT NULL CHECK (category <> ''),
    name       text    NOT NULL DEFAULT 'VAT',
    percent    numeric NOT NULL CHECK (percent BETWEEN 0 AND 100),
    valid_from date    NOT NULL,
    valid_to   date,
    CHECK (valid_from < valid_to),
    CONSTRAINT one_rate_at_a_time
        EXCLUDE USING gist (country WITH =, category WITH =, daterange(valid_from, valid_to) WITH &&)
);

-- Numbers without gaps: the row is locked from taking a number until commit.
CREATE TABLE billing.series (
    legal_entity_id bigint  NOT NULL REFERENCES parties.legal_entity,
    series          text    NOT NULL,
    year            integer NOT NULL,
    last            bigint  NOT NULL DEFAULT 0 CHECK (last >= 0),
    PRIMARY KEY (legal_entity_id, series, year)
) WITH (fillfactor = 50);

-- Written whole at issue, with its number; credit notes will have a place in `kind` and `corrects_id`.
CREATE TABLE billing.invoice (
    id                 bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind               text        NOT NULL DEFAULT 'invoice' CHECK (kind IN ('invoice', 'credit_note')),
    corrects_id        bigint      REFERENCES billing.invoice,
    legal_entity_id    bigint      NOT NULL REFERENCES parties.legal_entity,
    series             text        NOT NULL,
    year               integer     NOT NULL,
    sequence           bigint      NOT NULL CHECK (sequence > 0),
    number             text        NOT NULL,
    account_id         bigint      NOT NULL REFERENCES parties.account,
    billing_account_id bigint      NOT NULL REFERENCES parties.billing_account,
    order_id           bigint,
    order_label        text        NOT NULL DEFAULT '',
    po_number          text        NOT NULL DEFAULT '',
    currency           text        NOT NULL,
    bill_to            jsonb       NOT NULL,
    issued_at          timestamptz NOT NULL DEFAULT base.now(),
    issued_on          date        NOT NULL,
    due_on             date        NOT NULL,
    net                numeric     NOT NULL,
    tax                numeric     NOT NULL,
    gross              numeric     NOT NULL,
    UNIQUE (legal_entity_id, series, year, sequence),
    UNIQUE (legal_entity_id, number),
    CHECK (gross = net + tax),
    CHECK (due_on >= issued_on),
    CHECK ((kind = 'credit_note') = (corrects_id IS NOT NULL))
);
CREATE INDEX invoice_by_number ON billing.invoice (number);
CREATE INDEX invoice_of_billing_account ON billing.invoice (billing_account_id, id);
CREATE INDEX invoice_of_account ON billing.invoice (account_id, id);
CREATE INDEX invoice_of_order ON billing.invoice (order_id) WHERE order_id IS NOT NULL;

CREATE TABLE billing.invoice_tax (
    invoice_id bigint  NOT NULL REFERENCES billing.invoice,
    country    text    NOT NULL,
    category   text    NOT NULL,
    percent    numeric NOT NULL,
    name       text    NOT NULL,
    net        numeric NOT NULL,
    tax        numeric NOT NULL,
    PRIMARY KEY (invoice_id, country, category, percent)
);

-- What a released increment makes billable: once, or for one period of a subscription.
CREATE TABLE billing.charge (
    id              bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    trigger_id      bigint      NOT NULL REFERENCES billing.trigger,
    billing_account_id bigint   NOT NULL REFERENCES parties.billing_account,
    increment_id    bigint      NOT NULL REFERENCES billing.increment,
    subscription_id bigint      REFERENCES billing.subscription,
    period_start    date,
    period_end      date,
    effective_on    date        NOT NULL,
    quantity        numeric     NOT NULL CHECK (quantity > 0),
    unit_price      numeric     NOT NULL,
    amount          numeric     NOT NULL,
    allocated       numeric,
    state           text        NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'invoiced', 'voided')),
    created_at      timestamptz NOT NULL DEFAULT base.now(),
    CHECK (num_nonnulls(subscription_id, period_start, period_end) IN (0, 3)),
    CHECK (period_start < period_end),
    UNIQUE (subscription_id, period_start)
) WITH (fillfactor = 80);
CREATE UNIQUE INDEX charge_once_per_increment ON billing.charge (increment_id) WHERE subscription_id IS NULL;
CREATE INDEX charge_of_trigger ON billing.charge (trigger_id);
CREATE INDEX charge_open ON billing.charge (billing_account_id, id) WHERE state = 'open';

CREATE TABLE billing.invoice_line (
    id             bigint  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    invoice_id     bigint  NOT NULL REFERENCES billing.invoice,
    position       integer NOT NULL CHECK (position > 0),
    parent         integer CHECK (parent < position),
    charge_id      bigint  UNIQUE REFERENCES billing.charge,
    order_id       bigint  NOT NULL,
    order_item_id  bigint  NOT NULL,
    line           text    NOT NULL,
    description    text    NOT NULL,
    bundle         jsonb,
    quantity       numeric NOT NULL,
    unit           text    NOT NULL DEFAULT '',
    unit_price     numeric NOT NULL,
    net            numeric NOT NULL,
    tax_country    text    NOT NULL DEFAULT '',
    tax_category   text    NOT NULL DEFAULT '',
    tax_percent    numeric NOT NULL DEFAULT 0,
    tax            numeric NOT NULL,
    effective_on   date,
    period_start   date,
    period_end     date,
    gl_account     text    NOT NULL DEFAULT '',
    cost_centre    text    NOT NULL DEFAULT '',
    UNIQUE (invoice_id, position),
    FOREIGN KEY (invoice_id, parent) REFERENCES billing.invoice_line (invoice_id, position),
    CHECK (charge_id IS NOT NULL OR (net = 0 AND tax = 0))
);
CREATE INDEX invoice_line_of_order ON billing.invoice_line (order_id);
CREATE INDEX invoice_line_of_item ON billing.invoice_line (order_item_id);

CREATE TABLE billing.payment (
    id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    invoice_id  bigint      NOT NULL REFERENCES billing.invoice,
    amount      numeric     NOT NULL CHECK (amount > 0),
    received_on date        NOT NULL,
    reference   text        NOT NULL CHECK (reference <> ''),
    note        text        NOT NULL DEFAULT '',
    recorded_at timestamptz NOT NULL DEFAULT base.now(),
    recorded_by text        NOT NULL,
    UNIQUE (invoice_id, reference)
);

-- What is still to be paid of an invoice; gone when it is paid. So that a credit check reads open invoices only.
CREATE TABLE billing.receivable (
    invoice_id         bigint  PRIMARY KEY REFERENCES billing.invoice,
    billing_account_id bigint  NOT NULL REFERENCES parties.billing_account,
    due_on             date    NOT NULL,
    open_amount        numeric NOT NULL,
    CONSTRAINT never_overpaid CHECK (open_amount > 0)
) WITH (fillfactor = 80);
CREATE INDEX receivable_of_billing_account ON billing.receivable (billing_account_id);
CREATE INDEX receivable_by_due_date ON billing.receivable (due_on);

CREATE TRIGGER invoice_is_never_changed BEFORE UPDATE OR DELETE ON billing.invoice
    FOR EACH ROW EXECUTE FUNCTION billing.refuse_change();
CREATE TRIGGER invoice_line_is_never_changed BEFORE UPDATE OR DELETE ON billing.invoice_line
    FOR EACH ROW EXECUTE FUNCTION billing.refuse_change();
CREATE TRIGGER invoice_tax_is_never_changed BEFORE UPDATE OR DELETE ON billing.invoice_tax
    FOR EACH ROW EXECUTE FUNCTION billing.refuse_change();
CREATE TRIGGER payment_is_never_changed BEFORE UPDATE OR DELETE ON billing.payment
    FOR EACH ROW EXECUTE FUNCTION billing.refuse_change();
CREATE TRIGGER increment_is_never_changed BEFORE UPDATE OR DELETE ON billing.increment
    FOR EACH ROW EXECUTE FUNCTION billing.refuse_change();
