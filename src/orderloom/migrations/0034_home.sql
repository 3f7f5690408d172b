-- What the home page counts: orders by the week in which they came, invoices of the last days.
CREATE INDEX order_by_capture ON orders.sales_order (captured_at) INCLUDE (account_id);
CREATE INDEX invoice_by_day ON billing.invoice (issued_on, id);

-- A search asks these indexes often and for little. A list of what is not merged into them yet would be read each time.
ALTER INDEX orders.order_by_search SET (fastupdate = off);
ALTER INDEX quotes.quote_by_search SET (fastupdate = off);
ALTER INDEX billing.invoice_by_search SET (fastupdate = off);
ALTER INDEX parties.account_by_search SET (fastupdate = off);
ALTER INDEX catalog.product_by_search SET (fastupdate = off);
ALTER INDEX insight.document_by_search SET (fastupdate = off);
SELECT gin_clean_pending_list(index)
  FROM unnest(ARRAY['orders.order_by_search', 'quotes.quote_by_search', 'billing.invoice_by_search',
                    'parties.account_by_search', 'catalog.product_by_search',
                    'insight.document_by_search']::regclass[]) AS index;
