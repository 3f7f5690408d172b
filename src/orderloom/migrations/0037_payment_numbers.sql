-- Payments are numbered without gaps, as invoices are, in a series of their legal entity's own.
ALTER TABLE parties.legal_entity
    ADD COLUMN payment_series text NOT NULL DEFAULT 'payment' CHECK (payment_series <> '');
COMMENT ON COLUMN parties.legal_entity.payment_series IS 'What the numbers of payments begin with.';

ALTER TABLE billing.series
    ADD COLUMN kind text NOT NULL DEFAULT 'invoice' CHECK (kind IN ('invoice', 'payment')),
    DROP CONSTRAINT series_pkey,
    ADD PRIMARY KEY (legal_entity_id, kind, series, year);

ALTER TABLE billing.payment
    ADD COLUMN legal_entity_id bigint REFERENCES parties.legal_entity,
    ADD COLUMN series          text,
    ADD COLUMN year            integer,
    ADD COLUMN sequence        bigint CHECK (sequence > 0),
    ADD COLUMN number          text;

ALTER TABLE billing.payment DISABLE TRIGGER payment_is_never_changed;
-- Those that were recorded before are numbered in the order in which they were.
UPDATE billing.payment
   SET legal_entity_id = numbered.legal_entity_id, series = numbered.series, year = numbered.year,
       sequence = numbered.sequence,
       number = format('%s-%s-%s', numbered.series, numbered.year, lpad(numbered.sequence::text, 6, '0'))
  FROM (SELECT payment.id, invoice.legal_entity_id, legal_entity.payment_series AS series, told.year,
               row_number() OVER (PARTITION BY invoice.legal_entity_id, told.year ORDER BY payment.id) AS sequence
          FROM billing.payment
          JOIN billing.invoice ON invoice.id = payment.invoice_id
          JOIN parties.legal_entity ON legal_entity.id = invoice.legal_entity_id
         CROSS JOIN LATERAL (
               SELECT extract(year FROM payment.recorded_at AT TIME ZONE legal_entity.time_zone)::integer AS year)
               AS told) AS numbered
 WHERE numbered.id = payment.id;

ALTER TABLE billing.payment ENABLE TRIGGER payment_is_never_changed;

INSERT INTO billing.series (legal_entity_id, kind, series, year, last)
SELECT legal_entity_id, 'payment', series, year, max(sequence)
  FROM billing.payment
 GROUP BY legal_entity_id, series, year;

ALTER TABLE billing.payment
    ALTER COLUMN legal_entity_id SET NOT NULL,
    ALTER COLUMN series SET NOT NULL,
    ALTER COLUMN year SET NOT NULL,
    ALTER COLUMN sequence SET NOT NULL,
    ALTER COLUMN number SET NOT NULL,
    ADD UNIQUE (legal_entity_id, series, year, sequence),
    ADD UNIQUE (legal_entity_id, number);
CREATE INDEX payment_by_number ON billing.payment (number);
