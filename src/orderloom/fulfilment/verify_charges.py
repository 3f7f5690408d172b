"""What must be true of the charges of orders that are carried out: each waits for its steps, and for who vouches."""

from __future__ import annotations

from typing import Final

from orderloom.base.verify import Invariant

CHARGES: Final = (
    Invariant(
        "nothing is charged while the step of a gate is neither done nor skipped",
        """
        SELECT DISTINCT format('trigger %s was released, step “%s” is %s', trigger.id, step.title, step.state)
          FROM billing.increment
          JOIN billing.trigger ON trigger.id = increment.trigger_id AND trigger.state <> 'reversed'
          JOIN billing.gate ON gate.trigger_id = trigger.id
          JOIN fulfilment.plan ON plan.order_id = trigger.order_id
          JOIN processes.step ON step.process_id = plan.process_id AND step.key = gate.step
         WHERE step.state NOT IN ('done', 'skipped')
        """,
    ),
    Invariant(
        "nothing is charged on the word of one person: a second has confirmed the evidence for what it waited for",
        """
        WITH RECURSIVE alone AS (
             SELECT step.process_id, step.number, step.title, step.mandatory, min(step_log.at) AS at
               FROM processes.step_log
               JOIN processes.step USING (process_id, number)
              WHERE step_log.evidence IS NOT NULL
                AND step_log.to_state = 'done'
                AND NOT EXISTS (SELECT
                                  FROM fulfilment.evidence
                                 WHERE (evidence.process_id, evidence.number) = (step.process_id, step.number)
                                   AND evidence.state = 'confirmed'
                                   AND evidence.decided_by <> evidence.recorded_by)
              GROUP BY step.process_id, step.number, step.title, step.mandatory),
             edge AS (
             SELECT process.id AS process_id, (edge.value->>'first')::integer AS first,
                    (edge.value->>'then')::integer AS "then"
               FROM processes.process
               JOIN processes.definition ON definition.id = process.definition_id
              CROSS JOIN LATERAL jsonb_array_elements(definition.graph->'edges') AS edge (value)
              WHERE process.id IN (SELECT process_id FROM alone)),
             reached AS (
             SELECT process_id, number AS source, number FROM alone
              UNION
             SELECT reached.process_id, reached.source, edge."then"
               FROM reached
               JOIN edge ON edge.process_id = reached.process_id AND edge.first = reached.number)
        SELECT DISTINCT format('trigger %s was released after “%s”, for which one person alone vouched',
                               trigger.id, alone.title)
          FROM alone
          JOIN reached ON reached.process_id = alone.process_id AND reached.source = alone.number
          JOIN processes.step AS waited ON waited.process_id = reached.process_id AND waited.number = reached.number
          JOIN fulfilment.plan ON plan.process_id = alone.process_id
          JOIN billing.gate ON gate.order_id = plan.order_id AND gate.step = waited.key
          JOIN billing.trigger ON trigger.id = gate.trigger_id AND trigger.armed_at <= alone.at
          JOIN billing.increment ON increment.trigger_id = trigger.id
         WHERE waited.finished_at >= alone.at
           AND (alone.mandatory OR reached.number = alone.number)
        """,
    ),
    Invariant(
        "every gate of a charge is a step of the order's plan",
        """
        SELECT format('trigger %s of order %s waits for “%s”', gate.trigger_id, gate.order_id, gate.step)
          FROM billing.gate
          JOIN billing.trigger ON trigger.id = gate.trigger_id AND trigger.state NOT IN ('reversed', 'waived')
          JOIN fulfilment.plan ON plan.order_id = gate.order_id
         WHERE NOT EXISTS (SELECT
                             FROM processes.step
                            WHERE step.process_id = plan.process_id AND step.key = gate.step)
        """,
    ),
    Invariant(
        "a price of an order item is released once for each action, revision and increment",
        """
        SELECT format('order item %s %s “%s” %s revision %s increment %s: %s releases', trigger.order_item_id,
                      trigger.price_kind, trigger.price, trigger.action, trigger.revision, increment.key, count(*))
          FROM billing.trigger
          JOIN billing.increment ON increment.trigger_id = trigger.id
         GROUP BY trigger.order_item_id, trigger.price_kind, trigger.price, trigger.action, trigger.revision,
                  increment.key
        HAVING count(*) > 1
        """,
    ),
    Invariant(
        "what is charged for a line, or will be, is what is ordered of it, at its price",
        """
        SELECT format('trigger %s of order %s line %s: %s at %s, ordered are %s at %s', trigger.id, trigger.order_label,
                      trigger.line, trigger.quantity, trigger.unit_price, item.quantity, agreed.price)
          FROM billing.trigger
          JOIN orders.item ON item.id = trigger.order_item_id AND item.withdrawn_in IS NULL
         CROSS JOIN LATERAL (
               SELECT coalesce(CASE trigger.price_kind WHEN 'one_time' THEN item.one_time
                                                       WHEN 'recurring' THEN item.recurring END, 0) AS price) AS agreed
         WHERE trigger.state NOT IN ('reversed', 'waived')
           AND NOT starts_with(trigger.price, 'fee ')
           AND (trigger.quantity, trigger.unit_price) <> (item.quantity, agreed.price)
        """,
    ),
    Invariant(
        "no more kits are charged than the goods delivered make complete",
        """
        WITH delivered AS (
             SELECT shipment_line.order_item_id, sum(shipment_line.delivered) AS quantity
               FROM stock.shipment_line
               JOIN stock.shipment ON shipment.id = shipment_line.shipment_id AND shipment.state = 'delivered'
              GROUP BY shipment_line.order_item_id)
        SELECT format('order %s line %s: %s kits charged, the goods make %s', trigger.order_label, trigger.line,
                      trigger.released,
                      min(floor(coalesce(delivered.quantity, 0) * kit.quantity / part.quantity)))
          FROM billing.trigger
          JOIN orders.item AS kit ON kit.id = trigger.order_item_id
          JOIN orders.item AS part ON part.order_id = kit.order_id AND part.parent_id = kit.id
           AND part.kind = 'good' AND part.withdrawn_in IS NULL
          LEFT JOIN delivered ON delivered.order_item_id = part.id
         WHERE trigger.per_unit AND trigger.released > 0
         GROUP BY trigger.id, trigger.order_label, trigger.line, trigger.released
        HAVING trigger.released > min(floor(coalesce(delivered.quantity, 0) * kit.quantity / part.quantity))
        """,
    ),
)
