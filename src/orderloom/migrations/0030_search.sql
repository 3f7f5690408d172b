-- One search over everything: what people search by stands beside each row, and its index knows blocks of ids, so that
-- a search goes from the newest block back and ends when it has enough, however common its letters are.
CREATE EXTENSION IF NOT EXISTS btree_gin WITH SCHEMA public;

ALTER TABLE orders.sales_order
    ADD COLUMN search text NOT NULL GENERATED ALWAYS AS (base.folded(
        number || ' ' || account_name || ' ' || coalesce(po_number, '') || ' ' || coalesce(external_id, ''))) STORED;
DROP INDEX orders.order_by_text;
CREATE INDEX order_by_search ON orders.sales_order USING gin ((id >> 13), search public.gin_trgm_ops);

ALTER TABLE quotes.quote
    ADD COLUMN search text NOT NULL GENERATED ALWAYS AS (base.folded(number || ' ' || account_name)) STORED;
DROP INDEX quotes.quote_by_text;
CREATE INDEX quote_by_search ON quotes.quote USING gin ((id >> 13), search public.gin_trgm_ops);

ALTER TABLE billing.invoice
    ADD COLUMN search text NOT NULL GENERATED ALWAYS AS (base.folded(
        number || ' ' || coalesce(bill_to ->> 'name', '') || ' ' || order_label || ' ' || po_number)) STORED;
CREATE INDEX invoice_by_search ON billing.invoice USING gin ((id >> 13), search public.gin_trgm_ops);

DROP INDEX parties.account_by_search;
CREATE INDEX account_by_search ON parties.account USING gin ((id >> 13), search public.gin_trgm_ops);
DROP INDEX insight.document_by_search;
CREATE INDEX document_by_search ON insight.document USING gin ((id >> 13), search public.gin_trgm_ops);

ALTER TABLE catalog.product
    ADD COLUMN search text NOT NULL GENERATED ALWAYS AS (base.folded(code || ' ' || name)) STORED;
DROP INDEX catalog.product_by_text;
CREATE INDEX product_by_search ON catalog.product USING gin ((id >> 13), search public.gin_trgm_ops);
