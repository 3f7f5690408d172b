"""What must be true of orders that were changed in flight; each query names what breaks it."""

from __future__ import annotations

from typing import Final

from orderloom.base.verify import Invariant

CHANGES: Final = (
    Invariant(
        "a plan is of the revision that its order has",
        """
        SELECT format('order %s has revision %s, its plan %s', sales_order.number, sales_order.revision, plan.revision)
          FROM fulfilment.plan
          JOIN orders.sales_order ON sales_order.id = plan.order_id
         WHERE plan.revision <> sales_order.revision
        """,
    ),
    Invariant(
        "nothing new is done for lines that were taken out",
        """
        SELECT format('order %s step %s is %s', about.order_id, step.key, step.state)
          FROM fulfilment.step AS about
          JOIN processes.step USING (process_id, number)
         WHERE step.state IN ('blocked', 'ready')
           AND step.key !~ '^(undo|was|amend) '
           AND about.order_items <> '{}'
           AND NOT EXISTS (SELECT
                             FROM orders.item
                            WHERE item.id = ANY(about.order_items) AND item.withdrawn_in IS NULL)
        """,
    ),
    Invariant(
        "a line that was taken out is charged for no more, but for what going back costs",
        """
        SELECT format('order %s line %s: %s', trigger.order_label, trigger.line, trigger.description)
          FROM billing.trigger
          JOIN orders.item ON item.id = trigger.order_item_id
         WHERE item.withdrawn_in IS NOT NULL
           AND trigger.state IN ('armed', 'ready')
           AND NOT starts_with(trigger.price, 'fee ')
        """,
    ),
    Invariant(
        "a line that was taken out leaves nothing installed",
        """
        SELECT format('order %s line %s is %s', asset.order_label, asset.line, asset.state)
          FROM assets.asset
          JOIN orders.item ON item.id = asset.order_item_id
         WHERE item.withdrawn_in IS NOT NULL
           AND asset.ended_at IS NULL
        """,
    ),
)
