-- What was handed in under an external id, so that the same order sent again is known to be the same.
CREATE TABLE orders.handed_in (
    order_id bigint PRIMARY KEY REFERENCES orders.sales_order,
    content  jsonb  NOT NULL CHECK (jsonb_typeof(content) = 'object')
);
