-- The installed base: products that customers have, and the services and resources that realize them.
CREATE SCHEMA assets;

SELECT base.add_series('asset', 'AS-{number}');

CREATE TABLE assets.asset (
    id              bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    number          text        NOT NULL UNIQUE,
    account_id      bigint      NOT NULL REFERENCES parties.account,
    parent_id       bigint      REFERENCES assets.asset,
    product_id      bigint      REFERENCES catalog.product,
    product_code    text        NOT NULL CHECK (product_code <> ''),
    product_name    text        NOT NULL,
    quantity        numeric     NOT NULL CHECK (quantity > 0),
    is_bundle       boolean     NOT NULL DEFAULT false,
    role            text        NOT NULL DEFAULT '',
    place           text        NOT NULL DEFAULT '',
    order_id        bigint      NOT NULL,
    order_label     text        NOT NULL,
    order_item_id   bigint      NOT NULL UNIQUE,
    line            text        NOT NULL,
    state           text        NOT NULL DEFAULT 'created'
                    CHECK (state IN ('created', 'pending_active', 'active', 'suspended', 'pending_terminate',
                                     'terminated', 'cancelled', 'aborted')),
    characteristics jsonb       NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(characteristics) = 'object'),
    serials         text[]      NOT NULL DEFAULT '{}',
    created_at      timestamptz NOT NULL DEFAULT base.now(),
    changed_at      timestamptz NOT NULL DEFAULT base.now(),
    started_at      timestamptz,
    ended_at        timestamptz,
    CHECK (parent_id <> id),
    CHECK (state NOT IN ('active', 'suspended', 'pending_terminate', 'terminated') OR started_at IS NOT NULL),
    CHECK ((state IN ('terminated', 'cancelled', 'aborted')) = (ended_at IS NOT NULL))
) WITH (fillfactor = 80);
CREATE INDEX asset_of_account ON assets.asset (account_id, id);
CREATE INDEX asset_of_parent ON assets.asset (parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX asset_of_order ON assets.asset (order_id);
CREATE INDEX asset_by_product ON assets.asset (product_code, account_id);

CREATE TABLE assets.realization (
    id              bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key             text        NOT NULL CHECK (key <> ''),
    kind            text        NOT NULL CHECK (kind IN ('service', 'resource')),
    spec            text        NOT NULL CHECK (spec <> ''),
    label           text        NOT NULL DEFAULT '',
    place           text        NOT NULL DEFAULT '',
    account_id      bigint      NOT NULL REFERENCES parties.account,
    state           text        NOT NULL DEFAULT 'reserved' CHECK (state IN ('reserved', 'active', 'inactive', 'terminated')),
    characteristics jsonb       NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(characteristics) = 'object'),
    created_at      timestamptz NOT NULL DEFAULT base.now(),
    changed_at      timestamptz NOT NULL DEFAULT base.now()
) WITH (fillfactor = 80);
CREATE UNIQUE INDEX realization_lives_once ON assets.realization (account_id, key) WHERE state <> 'terminated';
CREATE INDEX realization_by_spec ON assets.realization (account_id, spec, place) WHERE state <> 'terminated';

-- Who uses a realization; the number of rows is the reference count.
CREATE TABLE assets.realization_user (
    realization_id bigint      NOT NULL REFERENCES assets.realization,
    asset_id       bigint      NOT NULL REFERENCES assets.asset,
    since          timestamptz NOT NULL DEFAULT base.now(),
    PRIMARY KEY (realization_id, asset_id)
);
CREATE INDEX realization_user_of_asset ON assets.realization_user (asset_id);
