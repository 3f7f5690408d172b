"""What must always be true of billing; each query names what breaks it."""

from __future__ import annotations

from typing import Final

from orderloom.base.verify import Invariant

INVARIANTS: Final = (
    Invariant(
        "nothing is charged before every gate of its trigger",
        """
        SELECT DISTINCT 'trigger ' || gate.trigger_id || ' was released, its gate ' || gate.step || ' is open'
          FROM billing.gate
          JOIN billing.increment ON increment.trigger_id = gate.trigger_id
         WHERE gate.outcome IS NULL
        """,
    ),
    Invariant(
        "a trigger that is ready, released or charged has gates",
        """
        SELECT 'trigger ' || trigger.id || ' has no gate'
          FROM billing.trigger
         WHERE NOT EXISTS (SELECT 1 FROM billing.gate WHERE gate.trigger_id = trigger.id)
        """,
    ),
    Invariant(
        "what a trigger has released is the sum of its increments",
        """
        SELECT 'trigger ' || trigger.id || ' says ' || trigger.released || ', its increments make '
               || coalesce(sum(increment.quantity), 0)
          FROM billing.trigger
          LEFT JOIN billing.increment ON increment.trigger_id = trigger.id
         GROUP BY trigger.id
        HAVING trigger.released <> coalesce(sum(increment.quantity), 0)
            OR (trigger.state = 'released' AND trigger.released <> trigger.quantity)
        """,
    ),
    Invariant(
        "each increment is charged exactly once, or is one subscription",
        """
        SELECT 'increment ' || increment.id || ' has ' || count(charge.id) || ' charges and '
               || count(DISTINCT subscription.id) || ' subscriptions to begin with'
          FROM billing.increment
          JOIN billing.trigger ON trigger.id = increment.trigger_id
          LEFT JOIN billing.charge ON charge.increment_id = increment.id AND charge.subscription_id IS NULL
          LEFT JOIN billing.subscription
                 ON subscription.increment_id = increment.id AND subscription.continues_id IS NULL
         GROUP BY increment.id, trigger.price_kind
        HAVING (trigger.price_kind = 'recurring' AND (count(DISTINCT subscription.id) <> 1 OR count(charge.id) <> 0))
            OR (trigger.price_kind <> 'recurring' AND (count(DISTINCT subscription.id) <> 0 OR count(charge.id) <> 1))
        """,
    ),
    Invariant(
        "a subscription has charged each of its periods once, without a gap",
        """
        SELECT 'subscription ' || subscription.id || ' says ' || subscription.periods_charged || ' periods, has '
               || count(charge.id)
          FROM billing.subscription
          LEFT JOIN billing.charge ON charge.subscription_id = subscription.id AND charge.adjusts_id IS NULL
         GROUP BY subscription.id
        HAVING count(charge.id) <> subscription.periods_charged
            OR (count(charge.id) > 0 AND (min(charge.period_start) <> subscription.started_on
                                          OR max(charge.period_end) <> subscription.next_on
                                          OR sum(charge.period_end - charge.period_start)
                                             <> max(charge.period_end) - min(charge.period_start)))
        """,
    ),
    Invariant(
        "a waived or reversed trigger leaves no open charge and no live subscription",
        """
        SELECT 'trigger ' || trigger.id || ' is ' || trigger.state
          FROM billing.trigger
         WHERE trigger.state IN ('waived', 'reversed')
           AND (EXISTS (SELECT 1 FROM billing.charge WHERE charge.trigger_id = trigger.id AND charge.state = 'open')
                OR EXISTS (SELECT 1 FROM billing.subscription
                            WHERE subscription.trigger_id = trigger.id AND subscription.state <> 'ended'))
        """,
    ),
    Invariant(
        "of what was charged for a period no more comes back than that, and only once it ended or rests",
        """
        SELECT 'charge ' || given.id || ' gives back ' || -given.amount || ' of ' || charge.amount
          FROM billing.charge AS given
          JOIN billing.charge ON charge.id = given.adjusts_id
          JOIN billing.subscription ON subscription.id = given.subscription_id
         WHERE given.state <> 'voided'
           AND (-given.amount > charge.amount
                OR given.subscription_id <> charge.subscription_id
                OR subscription.state = 'active')
        """,
    ),
    Invariant(
        "a subscription continues one that has ended by then, of the same increment",
        """
        SELECT 'subscription ' || subscription.id || ' starts on ' || subscription.started_on || ', the one before is '
               || former.state
          FROM billing.subscription
          JOIN billing.subscription AS former ON former.id = subscription.continues_id
         WHERE former.state <> 'ended'
            OR former.ended_on > subscription.started_on
            OR former.increment_id <> subscription.increment_id
        """,
    ),
    Invariant(
        "invoice numbers have no gap within legal entity, series and year",
        """
        SELECT 'series ' || series.series || ' of ' || series.year || ': last number ' || series.last || ', '
               || count(invoice.id) || ' invoices up to ' || coalesce(max(invoice.sequence), 0)
          FROM (SELECT * FROM billing.series WHERE kind = 'invoice') AS series
          FULL JOIN billing.invoice USING (legal_entity_id, series, year)
         GROUP BY legal_entity_id, series.series, series.year, series.last
        HAVING series.last IS NULL
            OR series.last <> count(invoice.id)
            OR series.last <> coalesce(max(invoice.sequence), 0)
        """,
    ),
    Invariant(
        "payment numbers have no gap within legal entity, series and year",
        """
        SELECT 'series ' || series.series || ' of ' || series.year || ': last number ' || series.last || ', '
               || count(payment.id) || ' payments up to ' || coalesce(max(payment.sequence), 0)
          FROM (SELECT * FROM billing.series WHERE kind = 'payment') AS series
          FULL JOIN billing.payment USING (legal_entity_id, series, year)
         GROUP BY legal_entity_id, series.series, series.year, series.last
        HAVING series.last IS NULL
            OR series.last <> count(payment.id)
            OR series.last <> coalesce(max(payment.sequence), 0)
        """,
    ),
    Invariant(
        "an invoice is the sum of its lines and of its taxes",
        """
        SELECT invoice.number || ' says ' || invoice.net || ' + ' || invoice.tax || ', its lines make '
               || lines.net || ' + ' || lines.tax || ', its taxes ' || taxes.tax
          FROM billing.invoice
         CROSS JOIN LATERAL (SELECT coalesce(sum(net), 0) AS net, coalesce(sum(tax), 0) AS tax
                               FROM billing.invoice_line WHERE invoice_line.invoice_id = invoice.id) AS lines
         CROSS JOIN LATERAL (SELECT coalesce(sum(tax), 0) AS tax
                               FROM billing.invoice_tax WHERE invoice_tax.invoice_id = invoice.id) AS taxes
         WHERE (invoice.net, invoice.tax) <> (lines.net, lines.tax)
            OR invoice.tax <> taxes.tax
        """,
    ),
    Invariant(
        "each tax of an invoice is the sum of what its lines say of it",
        """
          WITH said AS (
               SELECT line.invoice_id, tax.country, coalesce(tax.region, '') AS region, tax.category, tax.percent,
                      tax.name, tax.treatment, sum(tax.base) AS net, sum(tax.tax) AS tax
                 FROM billing.invoice_line AS line
                CROSS JOIN jsonb_to_recordset(line.taxes) AS tax (
                      country text, region text, category text, percent numeric, name text, treatment text,
                      base numeric, tax numeric)
             GROUP BY line.invoice_id, tax.country, coalesce(tax.region, ''), tax.category, tax.percent, tax.name,
                      tax.treatment)
        SELECT 'invoice ' || invoice_id || ' says ' || coalesce(told.tax::text, 'nothing')
               || ' of ' || coalesce(told.name, said.name) || ', its lines ' || coalesce(said.tax::text, 'nothing')
          FROM billing.invoice_tax AS told
          FULL JOIN said USING (invoice_id, country, region, category, percent, name, treatment)
         WHERE (told.net, told.tax) IS DISTINCT FROM (said.net, said.tax)
        """,
    ),
    Invariant(
        "a charge stands on an invoice exactly when it says so, with its own amount",
        """
        SELECT 'charge ' || charge.id || ' is ' || charge.state || ' with ' || charge.amount || ', its line says '
               || coalesce(invoice_line.net::text, 'nothing')
          FROM billing.charge
          LEFT JOIN billing.invoice_line ON invoice_line.charge_id = charge.id
         WHERE (charge.state = 'invoiced') <> (invoice_line.id IS NOT NULL)
            OR invoice_line.net <> charge.amount
        """,
    ),
    Invariant(
        "what is open of an invoice is what was invoiced and not paid, never less than nothing",
        """
        SELECT invoice.number || ' is ' || invoice.gross || ', paid are ' || paid.amount || ', open says '
               || coalesce(receivable.open_amount, 0)
          FROM billing.invoice
          LEFT JOIN billing.receivable ON receivable.invoice_id = invoice.id
         CROSS JOIN LATERAL (SELECT coalesce(sum(payment.amount), 0) AS amount
                               FROM billing.payment WHERE payment.invoice_id = invoice.id) AS paid
         WHERE invoice.gross - paid.amount <> coalesce(receivable.open_amount, 0)
            OR paid.amount > greatest(invoice.gross, 0)
        """,
    ),
)
