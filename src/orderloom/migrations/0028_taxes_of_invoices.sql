-- Invoices are taxed by the whole table, regions and treatments included, and a line may bear several taxes. What was
-- issued before is told in the same words; not a cent of it changes.
ALTER TABLE billing.trigger ADD COLUMN tax_region text NOT NULL DEFAULT '';
COMMENT ON COLUMN billing.trigger.tax_region IS 'The region of tax_country where it is supplied; empty where none is known.';

ALTER TABLE billing.invoice_line ADD COLUMN taxes jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(taxes) = 'array');
COMMENT ON COLUMN billing.invoice_line.tax_percent IS 'What all taxes of the line take together; each stands in taxes.';

ALTER TABLE billing.invoice_tax
    ADD COLUMN region    text NOT NULL DEFAULT '',
    ADD COLUMN treatment text NOT NULL DEFAULT 'taxed' CHECK (treatment IN ('taxed', 'exempt', 'reverse_charge')),
    DROP CONSTRAINT invoice_tax_pkey,
    ADD PRIMARY KEY (invoice_id, country, region, category, percent, name, treatment);

ALTER TABLE billing.invoice_tax DISABLE TRIGGER invoice_tax_is_never_changed;
UPDATE billing.invoice_tax SET treatment = 'exempt' WHERE category = 'exempt';
ALTER TABLE billing.invoice_tax ENABLE TRIGGER invoice_tax_is_never_changed;

ALTER TABLE billing.invoice_line DISABLE TRIGGER invoice_line_is_never_changed;
UPDATE billing.invoice_line
   SET taxes = jsonb_build_array(jsonb_build_object(
           'name', told.name, 'country', told.country, 'region', NULL, 'category', told.category,
           'percent', told.percent, 'base', invoice_line.net, 'tax', invoice_line.tax, 'treatment', told.treatment))
  FROM billing.invoice_tax AS told
 WHERE told.invoice_id = invoice_line.invoice_id
   AND told.country = invoice_line.tax_country
   AND told.category = invoice_line.tax_category
   AND told.percent = invoice_line.tax_percent
   AND invoice_line.charge_id IS NOT NULL;
ALTER TABLE billing.invoice_line ENABLE TRIGGER invoice_line_is_never_changed;

UPDATE billing.trigger
   SET tax_region = place.region
  FROM orders.item
  JOIN orders.sales_order ON sales_order.id = item.order_id
  JOIN orders.place ON place.order_id = item.order_id AND place.code = coalesce(item.place, sales_order.ship_to)
 WHERE item.id = trigger.order_item_id
   AND place.country = trigger.tax_country
   AND place.region <> '';
