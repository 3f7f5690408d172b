-- Warehouses, what lies in them, who has a claim on it, and how it leaves: picks, shipments, purchase orders.
CREATE SCHEMA stock;

SELECT base.add_series('pick_list', 'PL-{year}-{number}');

CREATE FUNCTION stock.refuse_change() RETURNS trigger
    LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%.% is append-only', TG_TABLE_SCHEMA, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;

CREATE TABLE stock.warehouse (
    id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code       text        NOT NULL UNIQUE CHECK (code <> '' AND length(code) <= 64),
    name       text        NOT NULL CHECK (name <> ''),
    address    text        NOT NULL DEFAULT '',
    rank       integer     NOT NULL DEFAULT 100,
    is_active  boolean     NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL DEFAULT base.now()
);

-- What is kept in stock. The product of the catalogue that it is, where there is one, by id.
CREATE TABLE stock.sku (
    code       text        PRIMARY KEY CHECK (code <> '' AND length(code) <= 64),
    name       text        NOT NULL CHECK (name <> ''),
    unit       text        NOT NULL DEFAULT 'piece',
    tracking   text        NOT NULL DEFAULT 'none' CHECK (tracking IN ('none', 'lot', 'serial')),
    product_id bigint      REFERENCES catalog.product
);
CREATE INDEX sku_of_product ON stock.sku (product_id) WHERE product_id IS NOT NULL;

-- One row per SKU and warehouse. Whoever changes it locks it first, in id order.
CREATE TABLE stock.balance (
    id           bigint  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    sku          text    NOT NULL REFERENCES stock.sku,
    warehouse_id bigint  NOT NULL REFERENCES stock.warehouse,
    on_hand      numeric NOT NULL DEFAULT 0,
    reserved     numeric NOT NULL DEFAULT 0,
    incoming     numeric NOT NULL DEFAULT 0,
    UNIQUE (sku, warehouse_id),
    CONSTRAINT never_below_zero CHECK (on_hand >= 0),
    CONSTRAINT never_oversold CHECK (reserved BETWEEN 0 AND on_hand),
    CONSTRAINT incoming_not_negative CHECK (incoming >= 0)
) WITH (fillfactor = 70);
CREATE INDEX balance_by_warehouse ON stock.balance (warehouse_id, sku);

-- The ledger: what is on hand is the sum of its movements.
CREATE TABLE stock.movement (
    id            bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at            timestamptz NOT NULL DEFAULT base.now(),
    sku           text        NOT NULL,
    warehouse_id  bigint      NOT NULL,
    kind          text        NOT NULL CHECK (kind IN ('opening', 'receipt', 'issue', 'adjustment', 'return')),
    quantity      numeric     NOT NULL CHECK (quantity <> 0),
    reason        text        NOT NULL DEFAULT '',
    subject_kind  text,
    subject_id    bigint,
    subject_label text,
    actor_name    text        NOT NULL,
    FOREIGN KEY (sku, warehouse_id) REFERENCES stock.balance (sku, warehouse_id),
    CHECK ((subject_kind IS NULL) = (subject_id IS NULL))
);
CREATE INDEX movement_of_balance ON stock.movement (sku, warehouse_id, id);
CREATE TRIGGER movement_is_append_only BEFORE UPDATE OR DELETE ON stock.movement
    FOR EACH ROW EXECUTE FUNCTION stock.refuse_change();

-- A claim of one requirement line on one balance. A partial pick or shipment splits the row.
CREATE TABLE stock.reservation (
    id            bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    sku           text        NOT NULL,
    warehouse_id  bigint      NOT NULL,
    subject_kind  text        NOT NULL,
    subject_id    bigint      NOT NULL,
    subject_label text        NOT NULL,
    account_id    bigint      REFERENCES parties.account,
    order_id      bigint      NOT NULL,
    order_item_id bigint      NOT NULL,
    line          text        NOT NULL,
    bundle        jsonb,
    quantity      numeric     NOT NULL CHECK (quantity > 0),
    firmness      text        NOT NULL DEFAULT 'hard' CHECK (firmness IN ('soft', 'hard')),
    expires_at    timestamptz,
    split_from_id bigint      REFERENCES stock.reservation,
    state         text        NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'picked', 'shipped', 'released')),
    created_at    timestamptz NOT NULL DEFAULT base.now(),
    changed_at    timestamptz NOT NULL DEFAULT base.now(),
    FOREIGN KEY (sku, warehouse_id) REFERENCES stock.balance (sku, warehouse_id),
    CHECK ((firmness = 'soft') = (expires_at IS NOT NULL))
) WITH (fillfactor = 80);
CREATE INDEX reservation_of_subject ON stock.reservation (subject_kind, subject_id);
CREATE INDEX reservation_of_order ON stock.reservation (order_id);
CREATE INDEX reservation_of_balance ON stock.reservation (sku, warehouse_id) WHERE state IN ('active', 'picked');
CREATE INDEX reservation_to_expire ON stock.reservation (expires_at) WHERE state = 'active' AND firmness = 'soft';

CREATE TABLE stock.pick_list (
    id            bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    number        text        NOT NULL UNIQUE,
    warehouse_id  bigint      NOT NULL REFERENCES stock.warehouse,
    subject_kind  text        NOT NULL,
    subject_id    bigint      NOT NULL,
    subject_label text        NOT NULL,
    account_id    bigint      REFERENCES parties.account,
    order_id      bigint      NOT NULL,
    state         text        NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'picked', 'cancelled')),
    created_at    timestamptz NOT NULL DEFAULT base.now(),
    confirmed_at  timestamptz,
    confirmed_by  text
);
CREATE INDEX pick_list_of_subject ON stock.pick_list (subject_kind, subject_id);
CREATE INDEX pick_list_open ON stock.pick_list (warehouse_id, id) WHERE state = 'open';

CREATE TABLE stock.pick_line (
    id             bigint  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    pick_list_id   bigint  NOT NULL REFERENCES stock.pick_list,
    reservation_id bigint  NOT NULL REFERENCES stock.reservation,
    sku            text    NOT NULL REFERENCES stock.sku,
    order_item_id  bigint  NOT NULL,
    line           text    NOT NULL,
    quantity       numeric NOT NULL CHECK (quantity > 0),
    picked         numeric NOT NULL DEFAULT 0,
    serials        text[]  NOT NULL DEFAULT '{}',
    is_open        boolean NOT NULL DEFAULT true,
    CHECK (picked BETWEEN 0 AND quantity)
);
CREATE INDEX pick_line_of_list ON stock.pick_line (pick_list_id);
CREATE INDEX pick_line_of_reservation ON stock.pick_line (reservation_id);
CREATE UNIQUE INDEX pick_line_once ON stock.pick_line (reservation_id) WHERE is_open;

-- A purchase from a vendor: to a warehouse of ours, or (without one) shipped straight to the customer.
CREATE TABLE stock.purchase_order (
    id            bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    number        text        NOT NULL UNIQUE,
    vendor        text        NOT NULL CHECK (vendor <> ''),
    warehouse_id  bigint      REFERENCES stock.warehouse,
    ship_to       text        NOT NULL DEFAULT '',
    subject_kind  text        NOT NULL,
    subject_id    bigint      NOT NULL,
    subject_label text        NOT NULL,
    account_id    bigint      REFERENCES parties.account,
    order_id      bigint,
    currency      text        NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    state         text        NOT NULL DEFAULT 'sent'
                  CHECK (state IN ('sent', 'acknowledged', 'notified', 'delivered', 'closed', 'cancelled')),
    vendor_reference text,
    sent_at       timestamptz NOT NULL DEFAULT base.now(),
    expected_at   timestamptz,
    changed_at    timestamptz NOT NULL DEFAULT base.now(),
    UNIQUE (vendor, subject_kind, subject_id)
);
CREATE INDEX purchase_order_of_subject ON stock.purchase_order (subject_kind, subject_id);
CREATE INDEX purchase_order_of_order ON stock.purchase_order (order_id);

CREATE TABLE stock.purchase_line (
    id                bigint  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    purchase_order_id bigint  NOT NULL REFERENCES stock.purchase_order,
    order_item_id     bigint,
    line              text    NOT NULL,
    sku               text    NOT NULL REFERENCES stock.sku,
    bundle            jsonb,
    quantity          numeric NOT NULL CHECK (quantity > 0),
    unit_cost         numeric NOT NULL DEFAULT 0 CHECK (unit_cost >= 0),
    over_percent      numeric NOT NULL DEFAULT 0 CHECK (over_percent BETWEEN 0 AND 100),
    under_percent     numeric NOT NULL DEFAULT 0 CHECK (under_percent BETWEEN 0 AND 100),
    acknowledged      numeric CHECK (acknowledged >= 0),
    notified          numeric NOT NULL DEFAULT 0,
    delivered         numeric NOT NULL DEFAULT 0,
    closed_short      numeric NOT NULL DEFAULT 0 CHECK (closed_short >= 0),
    UNIQUE (purchase_order_id, line),
    CONSTRAINT within_over_tolerance CHECK (notified BETWEEN 0 AND quantity * (1 + over_percent / 100)),
    CONSTRAINT delivered_was_notified CHECK (delivered BETWEEN 0 AND notified)
);

CREATE TABLE stock.shipment (
    id                bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    number            text        NOT NULL UNIQUE,
    warehouse_id      bigint      REFERENCES stock.warehouse,
    purchase_order_id bigint      REFERENCES stock.purchase_order,
    notice            text,
    subject_kind      text        NOT NULL,
    subject_id        bigint      NOT NULL,
    subject_label     text        NOT NULL,
    account_id        bigint      REFERENCES parties.account,
    order_id          bigint,
    ship_to           text        NOT NULL DEFAULT '',
    carrier           text        NOT NULL DEFAULT '',
    service_level     text        NOT NULL DEFAULT '',
    tracking          text        NOT NULL DEFAULT '',
    state             text        NOT NULL DEFAULT 'packed' CHECK (state IN ('packed', 'shipped', 'delivered', 'cancelled')),
    packed_at         timestamptz NOT NULL DEFAULT base.now(),
    shipped_at        timestamptz,
    delivered_at      timestamptz,
    CHECK ((warehouse_id IS NULL) <= (purchase_order_id IS NOT NULL)),
    CHECK ((purchase_order_id IS NULL) = (notice IS NULL)),
    CHECK (state <> 'delivered' OR delivered_at IS NOT NULL),
    UNIQUE (purchase_order_id, notice)
);
CREATE INDEX shipment_of_subject ON stock.shipment (subject_kind, subject_id);
CREATE INDEX shipment_of_order ON stock.shipment (order_id);
CREATE INDEX shipment_by_tracking ON stock.shipment (tracking) WHERE tracking <> '';

CREATE TABLE stock.shipment_line (
    id               bigint  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    shipment_id      bigint  NOT NULL REFERENCES stock.shipment,
    reservation_id   bigint  UNIQUE REFERENCES stock.reservation,
    purchase_line_id bigint  REFERENCES stock.purchase_line,
    order_item_id    bigint,
    line             text    NOT NULL,
    sku              text    NOT NULL REFERENCES stock.sku,
    bundle           jsonb,
    quantity         numeric NOT NULL CHECK (quantity > 0),
    delivered        numeric,
    serials          text[]  NOT NULL DEFAULT '{}',
    CHECK (num_nonnulls(reservation_id, purchase_line_id) = 1),
    CHECK (delivered BETWEEN 0 AND quantity)
);
CREATE INDEX shipment_line_of_shipment ON stock.shipment_line (shipment_id);
CREATE INDEX shipment_line_of_purchase ON stock.shipment_line (purchase_line_id) WHERE purchase_line_id IS NOT NULL;

-- One unit with an identity of its own. It is in one place only.
CREATE TABLE stock.serial (
    id             bigint  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    sku            text    NOT NULL REFERENCES stock.sku,
    serial         text    NOT NULL CHECK (serial <> '' AND length(serial) <= 100),
    state          text    NOT NULL CHECK (state IN ('in_stock', 'picked', 'shipped', 'delivered')),
    warehouse_id   bigint  REFERENCES stock.warehouse,
    order_item_id  bigint,
    reservation_id bigint  REFERENCES stock.reservation,
    UNIQUE (sku, serial)
) WITH (fillfactor = 80);
CREATE INDEX serial_of_order_item ON stock.serial (order_item_id) WHERE order_item_id IS NOT NULL;
CREATE INDEX serial_of_reservation ON stock.serial (reservation_id) WHERE reservation_id IS NOT NULL;

CREATE TABLE stock.vendor_invoice (
    id                bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    purchase_order_id bigint      NOT NULL REFERENCES stock.purchase_order,
    vendor            text        NOT NULL,
    number            text        NOT NULL CHECK (number <> ''),
    currency          text        NOT NULL,
    state             text        NOT NULL CHECK (state IN ('matched', 'differs', 'accepted')),
    differences       jsonb       NOT NULL DEFAULT '[]',
    recorded_at       timestamptz NOT NULL DEFAULT base.now(),
    UNIQUE (vendor, number)
);
CREATE INDEX vendor_invoice_of_order ON stock.vendor_invoice (purchase_order_id);

CREATE TABLE stock.vendor_invoice_line (
    vendor_invoice_id bigint  NOT NULL REFERENCES stock.vendor_invoice,
    purchase_line_id  bigint  NOT NULL REFERENCES stock.purchase_line,
    quantity          numeric NOT NULL CHECK (quantity > 0),
    unit_price        numeric NOT NULL CHECK (unit_price >= 0),
    PRIMARY KEY (vendor_invoice_id, purchase_line_id)
);
CREATE INDEX vendor_invoice_line_of_purchase ON stock.vendor_invoice_line (purchase_line_id);
