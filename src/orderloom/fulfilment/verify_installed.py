"""What must always be true of installed products and the orders that act on them; each query names what breaks it."""

from __future__ import annotations

from typing import Final

from orderloom.base.verify import Invariant

INSTALLED: Final = (
    Invariant(
        "what an order has disconnected is terminated",
        """
        SELECT format('%s, disconnected by order item %s, is %s', asset.number, item.id, asset.state)
          FROM orders.item
          JOIN assets.asset ON asset.number = item.asset
         WHERE item.action = 'delete'
           AND item.state = 'completed'
           AND asset.state <> 'terminated'
        """,
    ),
    Invariant(
        "a product that is terminated is charged for no more",
        """
        SELECT format('%s is over, subscription %s is %s', asset.number, subscription.id, subscription.state)
          FROM assets.asset
          JOIN LATERAL (SELECT asset.order_item_id AS id
                         UNION
                        SELECT item.id
                          FROM orders.item
                         WHERE item.asset = asset.number
                           AND item.action = 'modify') AS sold ON true
          JOIN billing.trigger ON trigger.order_item_id = sold.id
          JOIN billing.subscription ON subscription.trigger_id = trigger.id
         WHERE asset.state = 'terminated'
           AND subscription.state <> 'ended'
        """,
    ),
    Invariant(
        "a product that is suspended is charged in full only where its terms say so",
        """
        SELECT format('%s is suspended, subscription %s is charged in full', asset.number, subscription.id)
          FROM assets.asset
         CROSS JOIN LATERAL (SELECT item.attributes ->> 'suspension' AS policy
                               FROM orders.item
                              WHERE item.asset = asset.number
                                AND item.action = 'suspend'
                                AND item.state = 'completed'
                              ORDER BY item.id DESC
                              LIMIT 1) AS last
          JOIN billing.trigger ON trigger.order_item_id = asset.order_item_id
          JOIN billing.subscription ON subscription.trigger_id = trigger.id
         WHERE asset.state = 'suspended'
           AND subscription.state = 'active'
           AND subscription.full_price IS NULL
           AND coalesce(last.policy, 'stop') <> 'continue'
        """,
    ),
    Invariant(
        "a product that was changed is charged by its last price, not by those before as well",
        """
        SELECT format('%s has %s recurring prices', asset.number, count(*))
          FROM assets.asset
          JOIN LATERAL (SELECT asset.order_item_id AS id
                         UNION
                        SELECT item.id
                          FROM orders.item
                         WHERE item.asset = asset.number
                           AND item.action = 'modify') AS sold ON true
          JOIN billing.trigger ON trigger.order_item_id = sold.id
          JOIN billing.subscription ON subscription.trigger_id = trigger.id AND subscription.state = 'active'
         GROUP BY asset.number, trigger.price
        HAVING count(DISTINCT trigger.order_item_id) > 1
        """,
    ),
)
