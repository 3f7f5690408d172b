-- Orders that act on installed products: which one, one open order at a time, and what that does to recurring charges.

-- Of an added line, the product that it takes over from; of any other, the one that it changes.
ALTER TABLE orders.item ADD COLUMN asset text REFERENCES assets.asset (number);
CREATE INDEX item_of_asset ON orders.item (asset) WHERE asset IS NOT NULL;
CREATE UNIQUE INDEX one_open_order_changes_a_product ON orders.item (asset)
    WHERE asset IS NOT NULL
      AND action IN ('modify', 'delete', 'suspend', 'resume')
      AND withdrawn_in IS NULL
      AND state IN ('submitted', 'in_progress', 'pending', 'held', 'assessing_cancellation', 'cancelling');

-- What an asset took over from, and where it stood before its termination was asked for.
ALTER TABLE assets.asset
    ADD COLUMN replaces_id bigint REFERENCES assets.asset,
    ADD COLUMN state_before text CHECK (state_before IN ('active', 'suspended')),
    ADD CHECK (replaces_id <> id),
    ADD CHECK (state_before IS NULL OR state = 'pending_terminate');
CREATE INDEX asset_by_replaced ON assets.asset (replaces_id) WHERE replaces_id IS NOT NULL;

-- A pause ends one subscription, and another continues it. `full_price` is what a reduced one cost before.
ALTER TABLE billing.subscription DROP CONSTRAINT subscription_increment_id_key;
ALTER TABLE billing.subscription
    ADD COLUMN continues_id bigint UNIQUE REFERENCES billing.subscription,
    ADD COLUMN paused_on date,
    ADD COLUMN full_price numeric,
    ADD CHECK ((state = 'suspended') = (paused_on IS NOT NULL)),
    ADD CHECK (continues_id <> id);
CREATE UNIQUE INDEX subscription_once_per_increment ON billing.subscription (increment_id) WHERE continues_id IS NULL;
CREATE INDEX subscription_of_increment ON billing.subscription (increment_id);

-- What was charged in advance for days that are not used comes back as a charge of its own, once.
ALTER TABLE billing.charge DROP CONSTRAINT charge_subscription_id_period_start_key;
ALTER TABLE billing.charge
    ADD COLUMN adjusts_id bigint REFERENCES billing.charge,
    ADD CHECK (adjusts_id IS NULL OR (subscription_id IS NOT NULL AND amount <= 0));
CREATE UNIQUE INDEX charge_once_per_period ON billing.charge (subscription_id, period_start) WHERE adjusts_id IS NULL;
CREATE INDEX charge_to_give_back ON billing.charge (billing_account_id) WHERE adjusts_id IS NOT NULL AND state = 'open';
CREATE UNIQUE INDEX charge_adjusted_once ON billing.charge (adjusts_id) WHERE adjusts_id IS NOT NULL;
