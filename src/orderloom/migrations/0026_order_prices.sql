-- How a line came to its price, step by step from list to net, as it was priced; never changed. A line without one cost
-- what the standard list said, or what was agreed.
CREATE TABLE orders.item_price (
    order_id bigint NOT NULL,
    item_id  bigint PRIMARY KEY,
    priced   jsonb  NOT NULL CHECK (jsonb_typeof(priced -> 'charges') = 'array'),
    FOREIGN KEY (order_id, item_id) REFERENCES orders.item (order_id, id)
);
CREATE INDEX item_price_of_order ON orders.item_price (order_id);

INSERT INTO orders.hold_code (code, title, blocks, release_permission) VALUES
    ('price_approval', 'Discount beyond the limit', 'all', 'prices.discount_any'),
    ('price_floor', 'Price below the floor', 'all', 'prices.below_floor');
