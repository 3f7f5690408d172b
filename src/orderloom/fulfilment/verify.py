"""What must be true of every order that is carried out; each query names what breaks it.

States of items and orders follow their steps by reactions, so these invariants look only at orders
for which no job is waiting.
"""

from __future__ import annotations

from typing import Final

from orderloom.base.verify import Invariant
from orderloom.fulfilment.verify_changes import CHANGES
from orderloom.fulfilment.verify_charges import CHARGES
from orderloom.fulfilment.verify_installed import INSTALLED

# Steps of orders that count for the state of an item: mandatory, not taken out by the customer.
_COUNTED: Final = """
      WITH counted AS (
           SELECT about.order_id, served.item_id, step.state,
                  step.state IN ('done', 'skipped') AS is_well,
                  step.state IN ('done', 'skipped', 'cancelled') AS is_over
             FROM fulfilment.step AS about
             JOIN processes.step USING (process_id, number)
            CROSS JOIN LATERAL unnest(about.order_items) AS served (item_id)
            WHERE step.mandatory
              AND NOT (step.state IN ('skipped', 'cancelled') AND step.sub_reason IS NOT DISTINCT FROM 'revision')),
           quiet AS (
           SELECT sales_order.id, sales_order.number, sales_order.state
             FROM orders.sales_order
             JOIN fulfilment.plan ON plan.order_id = sales_order.id
            WHERE NOT EXISTS (SELECT
                                FROM base.job
                               WHERE job.subject_kind = 'order' AND job.subject_id = sales_order.id))
"""

PLANS: Final = (
    Invariant(
        "every submitted order has a plan, or stands on hold with a reason",
        """
        SELECT format('order %s is %s', sales_order.number, sales_order.state)
          FROM orders.sales_order
          LEFT JOIN fulfilment.plan ON plan.order_id = sales_order.id
         WHERE sales_order.state NOT IN ('draft', 'rejected', 'cancelled')
           AND plan.order_id IS NULL
           AND NOT EXISTS (SELECT
                             FROM orders.hold
                            WHERE hold.order_id = sales_order.id AND hold.released_at IS NULL)
        """,
    ),
    Invariant(
        "every leaf of a planned order is behind a thing, or has nothing to do",
        """
        SELECT format('order %s line %s', sales_order.number, item.line)
          FROM fulfilment.plan
          JOIN orders.sales_order ON sales_order.id = plan.order_id
          JOIN orders.item ON item.order_id = plan.order_id AND item.withdrawn_in IS NULL
         WHERE item.id <> ALL(plan.nothing_to_do)
           AND NOT EXISTS (SELECT
                             FROM orders.item AS child
                            WHERE child.order_id = item.order_id AND child.parent_id = item.id)
           AND NOT EXISTS (SELECT
                             FROM fulfilment.item AS thing
                            WHERE thing.order_id = plan.order_id AND NOT thing.withdrawn
                              AND item.id = ANY(thing.sources))
        """,
    ),
    Invariant(
        "no step of a plan comes before itself",
        """
        WITH RECURSIVE edge AS (
             SELECT definition.id, (edge.value->>'first')::integer AS first, (edge.value->>'then')::integer AS "then"
               FROM processes.definition
              CROSS JOIN LATERAL jsonb_array_elements(definition.graph->'edges') AS edge (value)
              WHERE edge.value->>'kind' = 'plan'
                AND EXISTS (SELECT
                              FROM processes.process
                              JOIN fulfilment.plan ON plan.process_id = process.id
                             WHERE process.definition_id = definition.id)),
             -- A circle has an edge that leads back to a smaller number, so the walk begins there only.
             walk AS (
             SELECT id, first AS goal, "then" AS reached FROM edge WHERE "then" <= first
              UNION
             SELECT walk.id, walk.goal, edge."then"
               FROM walk
               JOIN edge ON edge.id = walk.id AND edge.first = walk.reached)
        SELECT format('definition %s step %s', id, goal)
          FROM walk
         WHERE goal = reached
        """,
    ),
    Invariant(
        "every step of an order says what it is for",
        """
        SELECT format('order %s process %s step %s', plan.order_id, step.process_id, step.number)
          FROM fulfilment.plan
          JOIN processes.step ON step.process_id = plan.process_id
          LEFT JOIN fulfilment.step AS about ON about.process_id = step.process_id AND about.number = step.number
         WHERE about.number IS NULL
        """,
    ),
    Invariant(
        "what the holds of an order block is suspended, and nothing else",
        """
        SELECT format('order %s process %s step %s is %s', about.order_id, step.process_id, step.number,
                      CASE WHEN step.held THEN 'suspended' ELSE 'not suspended' END)
          FROM fulfilment.step AS about
          JOIN processes.step USING (process_id, number)
          LEFT JOIN fulfilment.item AS thing ON thing.id = about.item_id
         WHERE step.state NOT IN ('done', 'skipped', 'cancelled')
           AND (step.held OR EXISTS (SELECT
                                       FROM orders.hold
                                      WHERE hold.order_id = about.order_id AND hold.released_at IS NULL))
           AND NOT EXISTS (SELECT
                             FROM base.job
                            WHERE job.subject_kind = 'order' AND job.subject_id = about.order_id)
           AND step.held <> EXISTS (
               SELECT
                 FROM orders.hold
                CROSS JOIN LATERAL (
                      SELECT array_agg(item.id) AS items
                        FROM orders.item
                       WHERE item.order_id = hold.order_id
                         AND hold.item_id IN (item.id, item.parent_id, item.bundle_id)) AS stopped
                WHERE hold.order_id = about.order_id
                  AND hold.released_at IS NULL
                  AND NOT starts_with(step.key, 'undo ')
                  AND (hold.item_id IS NULL
                       OR (about.order_items <> '{}' AND about.order_items <@ stopped.items)
                       OR (about.order_items && stopped.items
                           AND (thing.kind IN ('shipment', 'purchaseOrder') OR starts_with(step.kind, 'billing.'))))
                  AND CASE hold.blocks
                      WHEN 'shipping' THEN thing.kind IN ('shipment', 'purchaseOrder')
                      WHEN 'billing' THEN starts_with(step.kind, 'billing.')
                      ELSE true
                      END)
        """,
    ),
)

STATES: Final = (
    Invariant(
        "a completed item has no mandatory step that is open, failed or cancelled, unless its order is taken back",
        _COUNTED
        + """
        SELECT DISTINCT format('order item %s of order %s has a step that is %s', item.id, item.order_id, counted.state)
          FROM counted
          JOIN orders.item ON item.id = counted.item_id
          JOIN orders.sales_order ON sales_order.id = item.order_id
         WHERE item.state = 'completed'
           AND NOT counted.is_well
           AND sales_order.state NOT IN ('assessing_cancellation', 'cancelling', 'cancelled')
           AND NOT EXISTS (SELECT FROM orders.item AS child WHERE child.parent_id = item.id)
        """,
    ),
    Invariant(
        "a completed order has no mandatory step that is open, failed or cancelled",
        _COUNTED
        + """
        SELECT DISTINCT format('order %s has a step that is %s', sales_order.number, counted.state)
          FROM counted
          JOIN orders.sales_order ON sales_order.id = counted.order_id
         WHERE sales_order.state = 'completed'
           AND NOT counted.is_well
        """,
    ),
    Invariant(
        "an item whose steps have all ended has ended as they say",
        _COUNTED
        + """,
             told AS (
             SELECT quiet.number, counted.item_id, bool_and(counted.is_well) AS all_well,
                    bool_and(counted.state = 'cancelled') AS all_cancelled
               FROM counted
               JOIN quiet ON quiet.id = counted.order_id
              WHERE quiet.state NOT IN ('assessing_cancellation', 'cancelling', 'cancelled')
                AND NOT EXISTS (SELECT FROM orders.item AS child WHERE child.parent_id = counted.item_id)
              GROUP BY quiet.number, counted.item_id
             HAVING bool_and(counted.is_over))
        SELECT format('order %s line %s is %s', told.number, item.line, item.state)
          FROM told
          JOIN orders.item ON item.id = told.item_id AND item.withdrawn_in IS NULL
         WHERE item.state NOT IN ('cancelled', 'failed', 'rejected',
               CASE WHEN all_well THEN 'completed' WHEN all_cancelled THEN 'cancelled' ELSE 'partial' END)
        """,
    ),
    Invariant(
        "an order whose items have all ended, and with them its mandatory steps, has ended",
        _COUNTED
        + """
        SELECT format('order %s is %s', quiet.number, quiet.state)
          FROM quiet
         WHERE quiet.state IN ('submitted', 'in_progress', 'pending', 'held')
           AND NOT EXISTS (SELECT
                             FROM orders.item
                            WHERE item.order_id = quiet.id AND item.parent_id IS NULL
                              AND item.state NOT IN ('completed', 'rejected', 'failed', 'partial', 'cancelled'))
           AND NOT EXISTS (SELECT
                             FROM fulfilment.plan
                             JOIN processes.step USING (process_id)
                            WHERE plan.order_id = quiet.id AND step.mandatory
                              AND step.state NOT IN ('done', 'skipped', 'cancelled'))
        """,
    ),
    Invariant(
        "a cancellation ends when everything is taken back, and not before",
        _COUNTED
        + """,
             open AS (
             SELECT quiet.id, quiet.number, quiet.state,
                    EXISTS (SELECT
                              FROM fulfilment.plan
                              JOIN processes.step USING (process_id)
                             WHERE plan.order_id = quiet.id
                               AND step.state NOT IN ('done', 'skipped', 'cancelled')) AS is_open
               FROM quiet)
        SELECT format('order %s is %s', number, state)
          FROM open
         WHERE (state = 'cancelled' AND is_open)
            OR (state = 'cancelling' AND NOT is_open)
        """,
    ),
    Invariant(
        "what was sold with a completed order is installed and active",
        """
        SELECT format('%s of order %s is %s', asset.number, sales_order.number, asset.state)
          FROM orders.sales_order
          JOIN orders.item ON item.order_id = sales_order.id AND item.state = 'completed'
          JOIN assets.asset ON asset.order_item_id = item.id
         WHERE sales_order.state = 'completed'
           AND asset.state IN ('created', 'pending_active', 'cancelled', 'aborted')
        """,
    ),
)

GOODS: Final = (
    Invariant(
        "the goods of an item are split over things without loss or gain",
        """
        WITH carried AS (
             SELECT (line->>'order_item_id')::bigint AS item_id, sum((line->>'quantity')::numeric) AS quantity
               FROM fulfilment.item AS thing
              CROSS JOIN LATERAL jsonb_array_elements(thing.lines) AS line
              WHERE NOT thing.withdrawn
                AND line->>'kind' = 'good'
              GROUP BY 1)
        SELECT format('order item %s of order %s: ordered %s, planned %s', item.id, item.order_id, item.quantity,
                      carried.quantity)
          FROM carried
          JOIN orders.item ON item.id = carried.item_id
         WHERE carried.quantity <> item.quantity
        """,
    ),
    Invariant(
        "what is claimed, shipped and bought for a thing is no more than it needs",
        """
        WITH needed AS (
             SELECT thing.id, line->>'line' AS line, (line->>'order_item_id')::bigint AS item_id,
                    sum((line->>'quantity')::numeric) AS quantity
               FROM fulfilment.item AS thing
              CROSS JOIN LATERAL jsonb_array_elements(thing.lines) AS line
              WHERE line->>'kind' = 'good'
              GROUP BY 1, 2, 3),
             taken AS (
             SELECT subject_id AS id, line, order_item_id AS item_id, sum(quantity) AS quantity,
                    bool_or(state = 'shipped') AS is_shipped
               FROM stock.reservation
              WHERE subject_kind = 'fulfilment_item' AND state <> 'released'
              GROUP BY 1, 2, 3
              UNION ALL
             SELECT purchase_order.subject_id, purchase_line.line, purchase_line.order_item_id,
                    sum(purchase_line.quantity), false
               FROM stock.purchase_order
               JOIN stock.purchase_line ON purchase_line.purchase_order_id = purchase_order.id
              WHERE purchase_order.subject_kind = 'fulfilment_item' AND purchase_order.state <> 'cancelled'
              GROUP BY 1, 2, 3)
        SELECT format('thing %s line %s: needs %s, has %s', taken.id, taken.line, coalesce(needed.quantity, 0),
                      taken.quantity)
          FROM taken
          LEFT JOIN needed USING (id, line, item_id)
         WHERE taken.quantity > coalesce(needed.quantity, 0)
           AND NOT EXISTS (SELECT
                             FROM fulfilment.step AS about
                             JOIN processes.step USING (process_id, number)
                            WHERE about.item_id = taken.id
                              AND (step.key ~ '^(undo|amend) ' AND step.state NOT IN ('done', 'skipped', 'cancelled')
                                   -- Called back from the customer: it is his until it has come back.
                                   OR step.key ~ '^undo ' AND step.kind = 'gateway.call' AND taken.is_shipped))
        """,
    ),
    Invariant(
        "a completed item has all its goods, unless a person let a step go or the vendor closed short",
        """
        WITH needed AS (
             SELECT thing.id, thing.order_id, (line->>'order_item_id')::bigint AS item_id,
                    sum((line->>'quantity')::numeric) AS quantity
               FROM fulfilment.item AS thing
              CROSS JOIN LATERAL jsonb_array_elements(thing.lines) AS line
              WHERE NOT thing.withdrawn AND thing.action = 'add' AND line->>'kind' = 'good'
              GROUP BY thing.id, 3),
             arrived AS (
             SELECT shipment.subject_id AS id, shipment_line.order_item_id AS item_id,
                    sum(shipment_line.delivered) AS quantity
               FROM stock.shipment_line
               JOIN stock.shipment ON shipment.id = shipment_line.shipment_id AND shipment.state = 'delivered'
              GROUP BY 1, 2)
        SELECT format('order item %s of order %s: %s of %s arrived', item.id, item.order_id,
                      coalesce(arrived.quantity, 0), needed.quantity)
          FROM needed
          JOIN orders.item ON item.id = needed.item_id AND item.state = 'completed'
          LEFT JOIN arrived ON arrived.id = needed.id AND arrived.item_id = needed.item_id
         WHERE coalesce(arrived.quantity, 0) < needed.quantity
           AND NOT EXISTS (SELECT
                             FROM fulfilment.step AS about
                             JOIN processes.step USING (process_id, number)
                            WHERE about.item_id = needed.id
                              AND (step.state IN ('skipped', 'cancelled')
                                   OR EXISTS (SELECT
                                                FROM processes.step_log
                                               WHERE step_log.process_id = step.process_id
                                                 AND step_log.number = step.number
                                                 AND step_log.evidence IS NOT NULL)))
           AND NOT EXISTS (SELECT
                             FROM stock.purchase_order
                             JOIN stock.purchase_line ON purchase_line.purchase_order_id = purchase_order.id
                            WHERE purchase_order.subject_id = needed.id
                              AND purchase_order.subject_kind = 'fulfilment_item'
                              AND purchase_line.closed_short > 0)
        """,
    ),
    Invariant(
        "goods are claimed only for things that live",
        """
        SELECT format('reservation %s of order %s is %s', reservation.id, sales_order.number, reservation.state)
          FROM stock.reservation
          JOIN fulfilment.item AS thing ON thing.id = reservation.subject_id
          JOIN orders.sales_order ON sales_order.id = thing.order_id
         WHERE reservation.subject_kind = 'fulfilment_item'
           AND reservation.state IN ('active', 'picked')
           AND (thing.withdrawn OR sales_order.state IN ('completed', 'cancelled'))
           AND NOT EXISTS (SELECT
                             FROM fulfilment.step AS about
                             JOIN processes.step USING (process_id, number)
                            WHERE about.item_id = thing.id
                              AND (step.state NOT IN ('done', 'skipped', 'cancelled')
                                   OR (step.state = 'skipped' AND step.sub_reason = 'right')))
        """,
    ),
)

WORK: Final = (
    Invariant(
        "what a step did is taken back at most once",
        """
        SELECT format('process %s step %s is taken back %s times', process_id, params->>'undoes', count(*))
          FROM processes.step
         WHERE params ? 'undoes'
         GROUP BY process_id, params->>'undoes'
        HAVING count(*) > 1
        """,
    ),
    Invariant(
        "only what has begun is taken back",
        """
        SELECT format('process %s step %s takes back step %s, which is %s', undo.process_id, undo.number, step.number,
                      step.state)
          FROM processes.step AS undo
          JOIN processes.step ON step.process_id = undo.process_id AND step.number = (undo.params->>'undoes')::integer
         WHERE undo.params ? 'undoes'
           AND step.started_at IS NULL
        """,
    ),
    Invariant(
        "no partner is called for a step that has not begun",
        """
        SELECT format('call %s for process %s step %s, which is %s', call.id, step.process_id, step.number, step.state)
          FROM gateway.call
          JOIN processes.step ON step.process_id = split_part(call.correlation, ':', 1)::bigint
           AND step.number = split_part(call.correlation, ':', 2)::integer
         WHERE call.subject_kind = 'order'
           AND step.started_at IS NULL
           AND NOT EXISTS (SELECT
                             FROM processes.step_log
                            WHERE step_log.process_id = step.process_id
                              AND step_log.number = step.number
                              AND step_log.started_at IS NOT NULL)
        """,
    ),
    Invariant(
        "every call to a partner names its order, revision and bundle",
        """
        SELECT format('call %s', call.id)
          FROM gateway.call
          JOIN orders.sales_order ON sales_order.id = call.subject_id
          LEFT JOIN fulfilment.step AS about ON about.process_id = split_part(call.correlation, ':', 1)::bigint
           AND about.number = split_part(call.correlation, ':', 2)::integer
         WHERE call.subject_kind = 'order'
           AND (call.payload#>>'{order,number}' IS DISTINCT FROM sales_order.number
                OR call.payload#>>'{order,revision}' IS NULL
                OR call.payload#>>'{correlation}' IS DISTINCT FROM call.correlation
                OR (cardinality(about.order_items) > 0
                    AND coalesce(jsonb_array_length(call.payload->'bundles'), 0) = 0))
        """,
    ),
)

INVARIANTS: Final = PLANS + STATES + CHARGES + GOODS + WORK + CHANGES + INSTALLED
