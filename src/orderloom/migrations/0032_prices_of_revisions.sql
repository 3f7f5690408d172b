-- A change of an order may price a line anew; the steps that it was priced by before are kept beside the new ones.
ALTER TABLE orders.item_price
    ADD COLUMN revision  integer     NOT NULL DEFAULT 1 CHECK (revision > 0),
    ADD COLUMN priced_at timestamptz,
    DROP CONSTRAINT item_price_pkey,
    ADD PRIMARY KEY (item_id, revision);
COMMENT ON COLUMN orders.item_price.priced_at IS 'The moment whose rules priced it, where that is not when the line was written.';
