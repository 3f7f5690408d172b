-- Orders that quotes became: price, version and link are kept.
CREATE TABLE orders.quoted_order (
    order_id     bigint  PRIMARY KEY REFERENCES orders.sales_order,
    quote_id     bigint  NOT NULL REFERENCES quotes.quote,
    quote_number text    NOT NULL,
    version      integer NOT NULL,
    draw_id      bigint  NOT NULL UNIQUE REFERENCES quotes.draw,
    FOREIGN KEY (quote_id, version) REFERENCES quotes.version
);
CREATE INDEX quoted_order_of_quote ON orders.quoted_order (quote_id);

CREATE TABLE orders.quoted_item (
    item_id  bigint PRIMARY KEY,
    order_id bigint NOT NULL REFERENCES orders.quoted_order,
    line_id  bigint NOT NULL REFERENCES quotes.line,
    FOREIGN KEY (order_id, item_id) REFERENCES orders.item (order_id, id)
);
CREATE INDEX quoted_item_of_order ON orders.quoted_item (order_id);
CREATE INDEX quoted_item_of_line ON orders.quoted_item (line_id);

ALTER TABLE orders.item
    DROP CONSTRAINT item_price_origin_check,
    ADD CONSTRAINT item_price_origin_check CHECK (price_origin IN ('none', 'list', 'manual', 'quote'));
