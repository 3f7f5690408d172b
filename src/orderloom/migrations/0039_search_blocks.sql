-- Blocks of 65,536 ids instead of 8,192: a text of many letters asks for each of its trigrams once a block.
DROP INDEX orders.order_by_search;
CREATE INDEX order_by_search ON orders.sales_order USING gin ((id >> 16), search public.gin_trgm_ops)
  WITH (fastupdate = off);
DROP INDEX quotes.quote_by_search;
CREATE INDEX quote_by_search ON quotes.quote USING gin ((id >> 16), search public.gin_trgm_ops)
  WITH (fastupdate = off);
DROP INDEX billing.invoice_by_search;
CREATE INDEX invoice_by_search ON billing.invoice USING gin ((id >> 16), search public.gin_trgm_ops)
  WITH (fastupdate = off);
DROP INDEX parties.account_by_search;
CREATE INDEX account_by_search ON parties.account USING gin ((id >> 16), search public.gin_trgm_ops)
  WITH (fastupdate = off);
DROP INDEX catalog.product_by_search;
CREATE INDEX product_by_search ON catalog.product USING gin ((id >> 16), search public.gin_trgm_ops)
  WITH (fastupdate = off);
DROP INDEX insight.document_by_search;
CREATE INDEX document_by_search ON insight.document USING gin ((id >> 16), search public.gin_trgm_ops)
  WITH (fastupdate = off);
