-- The catalogue: what is sold, how it is bundled and priced, and by which rules it is fulfilled.
CREATE SCHEMA IF NOT EXISTS catalog;

CREATE TABLE catalog.unit (
    code     text     PRIMARY KEY CHECK (length(code) BETWEEN 1 AND 20),
    name     text     NOT NULL,
    decimals smallint NOT NULL DEFAULT 0 CHECK (decimals BETWEEN 0 AND 6)
);
INSERT INTO catalog.unit (code, name, decimals) VALUES
    ('each', 'Each', 0), ('pack', 'Pack', 0), ('kit', 'Kit', 0), ('licence', 'Licence', 0), ('month', 'Month', 3),
    ('hour', 'Hour', 2), ('m', 'Metre', 3), ('kg', 'Kilogram', 3), ('l', 'Litre', 3);

CREATE TABLE catalog.catalogue (
    id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code       text        NOT NULL UNIQUE CHECK (length(code) BETWEEN 1 AND 100),
    created_at timestamptz NOT NULL DEFAULT base.now()
);

-- A version never changes once it is published: orders are pinned to it.
CREATE TABLE catalog.version (
    id           bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    catalogue_id bigint      NOT NULL REFERENCES catalog.catalogue,
    number       integer     NOT NULL CHECK (number > 0),
    state        text        NOT NULL DEFAULT 'draft' CHECK (state IN ('draft', 'published', 'retired')),
    effective    tstzrange   CHECK (NOT isempty(effective)),
    source       text        NOT NULL,
    document     jsonb       NOT NULL CHECK (jsonb_typeof(document) = 'object'),
    content_hash text        NOT NULL,
    imported_at  timestamptz NOT NULL DEFAULT base.now(),
    imported_by  text        NOT NULL,
    UNIQUE (catalogue_id, number),
    CHECK (state <> 'published' OR effective IS NOT NULL),
    CHECK (state <> 'draft' OR effective IS NULL),
    CONSTRAINT one_version_is_effective_at_a_time
        EXCLUDE USING gist (catalogue_id WITH =, effective WITH &&) WHERE (state = 'published')
);

-- The product as it is known now; stock, assets and orders refer to it. What a version said of it stands in the version.
CREATE TABLE catalog.product (
    id              bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    catalogue_id    bigint      NOT NULL REFERENCES catalog.catalogue,
    code            text        NOT NULL UNIQUE CHECK (length(code) BETWEEN 1 AND 200),
    name            text        NOT NULL CHECK (length(name) BETWEEN 1 AND 500),
    kind            text        NOT NULL CHECK (kind IN ('good', 'service', 'subscription', 'fee')),
    is_bundle       boolean     NOT NULL DEFAULT false,
    class           text,
    unit            text        NOT NULL REFERENCES catalog.unit,
    tracking        text        NOT NULL DEFAULT 'none' CHECK (tracking IN ('none', 'lot', 'serial')),
    tax_category    text        NOT NULL DEFAULT 'standard',
    sku             text,
    vendor          text,
    description     text        NOT NULL DEFAULT '',
    characteristics jsonb       NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(characteristics) = 'object'),
    is_open         boolean     NOT NULL DEFAULT false,
    changed_at      timestamptz NOT NULL DEFAULT base.now()
);
CREATE INDEX product_by_name ON catalog.product (name);
CREATE INDEX product_by_sku ON catalog.product (sku) WHERE sku IS NOT NULL;
CREATE INDEX product_of_catalogue ON catalog.product (catalogue_id);
CREATE INDEX product_by_text ON catalog.product USING gin (base.folded(code || ' ' || name) gin_trgm_ops);

-- Which products a version sells, under which name.
CREATE TABLE catalog.offering (
    version_id bigint   NOT NULL REFERENCES catalog.version,
    product_id bigint   NOT NULL REFERENCES catalog.product,
    position   integer  NOT NULL,
    name       text     NOT NULL,
    PRIMARY KEY (version_id, product_id)
);
CREATE INDEX offering_of_product ON catalog.offering (product_id);

CREATE TABLE catalog.component_group (
    version_id bigint  NOT NULL,
    bundle_id  bigint  NOT NULL,
    code       text    NOT NULL,
    minimum    integer NOT NULL DEFAULT 0 CHECK (minimum >= 0),
    maximum    integer CHECK (maximum >= minimum),
    PRIMARY KEY (version_id, bundle_id, code),
    FOREIGN KEY (version_id, bundle_id) REFERENCES catalog.offering
);

CREATE TABLE catalog.component (
    version_id bigint  NOT NULL,
    bundle_id  bigint  NOT NULL,
    position   integer NOT NULL,
    product_id bigint  NOT NULL,
    role       text,
    group_code text,
    minimum    integer NOT NULL DEFAULT 0 CHECK (minimum >= 0),
    maximum    integer CHECK (maximum >= minimum),
    quantity   numeric CHECK (quantity > 0),
    PRIMARY KEY (version_id, bundle_id, position),
    CHECK (product_id <> bundle_id),
    FOREIGN KEY (version_id, bundle_id) REFERENCES catalog.offering,
    FOREIGN KEY (version_id, product_id) REFERENCES catalog.offering,
    FOREIGN KEY (version_id, bundle_id, group_code) REFERENCES catalog.component_group
);
CREATE INDEX component_of_product ON catalog.component (product_id);

CREATE TABLE catalog.price_list (
    id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code text   NOT NULL UNIQUE,
    name text   NOT NULL
);
INSERT INTO catalog.price_list (code, name) VALUES ('standard', 'Standard prices');

-- One price of a product in a list and currency at any moment, per unit.
CREATE TABLE catalog.price (
    id            bigint    GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    price_list_id bigint    NOT NULL REFERENCES catalog.price_list,
    product_id    bigint    NOT NULL REFERENCES catalog.product,
    currency      text      NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    one_time      numeric   CHECK (one_time >= 0),
    recurring     numeric   CHECK (recurring >= 0),
    period        text      CHECK (period IN ('day', 'week', 'month', 'quarter', 'year')),
    valid         tstzrange NOT NULL CHECK (NOT isempty(valid)),
    CHECK (one_time IS NOT NULL OR recurring IS NOT NULL),
    CHECK ((recurring IS NULL) = (period IS NULL)),
    CONSTRAINT one_price_at_a_time
        EXCLUDE USING gist (product_id WITH =, price_list_id WITH =, currency WITH =, valid WITH &&)
);
