"""Invariants of orders."""

from __future__ import annotations

from orderloom.base.verify import Invariant

CHANGES = (
    Invariant(
        "The revisions of a changed order are kept without a gap up to the one it has",
        """
          SELECT 'order ' || sales_order.number || ' revision ' || sales_order.revision
            FROM orders.sales_order
            LEFT JOIN orders.revision ON revision.order_id = sales_order.id
        GROUP BY sales_order.id
          HAVING count(revision.number) <> sales_order.revision
             AND (sales_order.revision > 1 OR count(revision.number) > 0)
              OR max(revision.number) > sales_order.revision
        """,
    ),
    Invariant(
        "An applied change has made the revision that it names, and nothing else has",
        """
        SELECT 'order ' || sales_order.number || ' change ' || change.number
          FROM orders.change
          JOIN orders.sales_order ON sales_order.id = change.order_id
          LEFT JOIN orders.revision ON revision.change_id = change.id AND revision.order_id = change.order_id
         WHERE (change.state = 'applied') <> (revision.number IS NOT NULL)
            OR revision.number IS DISTINCT FROM change.revision
        """,
    ),
    Invariant(
        "The kept state of an order's revision is how the order stands",
        """
        SELECT 'order ' || sales_order.number
          FROM orders.sales_order
          JOIN orders.revision ON revision.order_id = sales_order.id AND revision.number = sales_order.revision
         CROSS JOIN LATERAL (
               SELECT coalesce(jsonb_object_agg(item.line, jsonb_build_array(item.product_code, item.quantity)),
                               '{}') AS lines
                 FROM orders.item
                WHERE item.order_id = sales_order.id
                  AND item.withdrawn_in IS NULL) AS stands
         CROSS JOIN LATERAL (
               SELECT coalesce(jsonb_object_agg(kept.line, jsonb_build_array(kept.content->>'product',
                                                                             (kept.content->>'quantity')::numeric)),
                               '{}') AS lines
                 FROM jsonb_each(revision.content->'items') AS kept (line, content)) AS said
         WHERE stands.lines <> said.lines
        """,
    ),
    Invariant(
        "A line comes and goes with a revision that the order has had",
        """
        SELECT 'order ' || sales_order.number || ' line ' || item.line
          FROM orders.item
          JOIN orders.sales_order ON sales_order.id = item.order_id
         WHERE item.added_in > sales_order.revision
            OR item.withdrawn_in > sales_order.revision
            OR item.withdrawn_in <= item.added_in
        """,
    ),
    Invariant(
        "What is applied was previewed against the revision before it",
        """
        SELECT 'order ' || sales_order.number || ' change ' || change.number
          FROM orders.change
          JOIN orders.sales_order ON sales_order.id = change.order_id
         WHERE change.state = 'applied'
           AND 1 <> (SELECT count(*)
                       FROM orders.change_preview
                      WHERE change_preview.change_id = change.id
                        AND change_preview.accepted
                        AND change_preview.revision = change.revision - 1)
        """,
    ),
    Invariant(
        "A change that counts as previewed was previewed against the order as it is",
        """
        SELECT 'order ' || sales_order.number || ' change ' || change.number
          FROM orders.change
          JOIN orders.sales_order ON sales_order.id = change.order_id
         WHERE change.state = 'previewed'
           AND sales_order.revision IS DISTINCT FROM (SELECT max(change_preview.revision)
                                                        FROM orders.change_preview
                                                       WHERE change_preview.change_id = change.id)
        """,
    ),
)

INVARIANTS = (
    Invariant(
        "Revenue credits of a header or item total 100 %",
        """
          SELECT 'order ' || sales_order.number || coalesce(' line ' || item.line, '') || ': '
                 || trim_scale(sum(credit.percent)) || ' %'
            FROM orders.credit
            JOIN orders.sales_order ON sales_order.id = credit.order_id
            LEFT JOIN orders.item ON item.id = credit.item_id
           WHERE credit.kind = 'revenue'
        GROUP BY sales_order.number, item.line
          HAVING sum(credit.percent) <> 100
        """,
    ),
    Invariant(
        "Ship groups never send more than the item's quantity",
        """
          SELECT 'order ' || sales_order.number || ' line ' || item.line
            FROM orders.ship_group
            JOIN orders.item ON item.id = ship_group.item_id
            JOIN orders.sales_order ON sales_order.id = item.order_id
        GROUP BY sales_order.number, item.line, item.quantity
          HAVING sum(ship_group.quantity) > item.quantity
        """,
    ),
    Invariant(
        "Every item hangs on the bundle at the top of its tree, without a circle",
        """
        WITH RECURSIVE below AS (
             SELECT id, order_id, NULL::bigint AS top_id FROM orders.item WHERE parent_id IS NULL
              UNION ALL
             SELECT item.id, item.order_id, coalesce(below.top_id, below.id)
               FROM orders.item
               JOIN below ON below.order_id = item.order_id AND below.id = item.parent_id)
        SELECT 'order ' || sales_order.number || ' line ' || item.line
          FROM orders.item
          JOIN orders.sales_order ON sales_order.id = item.order_id
          LEFT JOIN below ON below.id = item.id
         WHERE below.id IS NULL
            OR below.top_id IS DISTINCT FROM item.bundle_id
        """,
    ),
    Invariant(
        "An order's totals and its number of items are those of its items",
        """
        SELECT 'order ' || sales_order.number
          FROM orders.sales_order
         CROSS JOIN LATERAL (
               SELECT count(*) AS items, coalesce(sum(item.one_time * item.quantity), 0) AS one_time
                 FROM orders.item
                WHERE item.order_id = sales_order.id
                  AND item.withdrawn_in IS NULL) AS counted
         WHERE counted.items <> sales_order.item_count
            OR abs(counted.one_time - sales_order.one_time_total) > counted.items
        """,
    ),
    Invariant(
        "The steps that are kept of a price sum to its net",
        """
        SELECT 'order ' || sales_order.number || ' item ' || item_price.item_id || ' ' || (charge ->> 'kind')
          FROM orders.item_price
          JOIN orders.sales_order ON sales_order.id = item_price.order_id
         CROSS JOIN LATERAL jsonb_array_elements(priced -> 'charges') AS charge
         CROSS JOIN LATERAL (SELECT sum((step ->> 'amount')::numeric) AS amount
                               FROM jsonb_array_elements(charge -> 'steps') AS step) AS steps
         WHERE steps.amount <> (charge ->> 'net')::numeric
        """,
    ),
    Invariant(
        "A completed item has no child that failed or was cancelled by us",
        """
        SELECT 'order ' || sales_order.number || ' line ' || parent.line || ' with ' || child.line
          FROM orders.item AS child
          JOIN orders.item AS parent ON parent.order_id = child.order_id AND parent.id = child.parent_id
          JOIN orders.sales_order ON sales_order.id = child.order_id
         WHERE parent.state = 'completed'
           AND child.state <> 'completed'
           AND child.withdrawn_in IS NULL
        """,
    ),
    Invariant(
        "A completed order has completed items only",
        """
        SELECT 'order ' || sales_order.number || ' line ' || item.line
          FROM orders.sales_order
          JOIN orders.item ON item.order_id = sales_order.id
         WHERE sales_order.state = 'completed'
           AND item.state <> 'completed'
           AND item.withdrawn_in IS NULL
        """,
    ),
    Invariant(
        "Items of a draft are drafts, and no item of a submitted order is",
        """
        SELECT 'order ' || sales_order.number || ' line ' || item.line
          FROM orders.sales_order
          JOIN orders.item ON item.order_id = sales_order.id
         WHERE (sales_order.state = 'draft') <> (item.state = 'draft')
        """,
    ),
    Invariant(
        "The states that an order's history tells follow the table of moves and end where it stands",
        """
        SELECT 'order ' || told.subject_label || ': ' || told.before || ' to ' || told.after
          FROM (SELECT event.subject_label, event.payload->>'before' AS before, event.payload->>'after' AS after,
                       lag(event.payload->>'after') OVER (PARTITION BY event.subject_id ORDER BY event.id) AS last
                  FROM base.event
                 WHERE event.type = 'orders.order_state_changed') AS told
         WHERE told.last IN ('rejected', 'completed', 'partial', 'failed', 'cancelled')
        """,
    ),
    Invariant(
        "What was converted of a quote's line costs in its orders what was quoted, to the cent",
        """
          SELECT 'quote line ' || line.id || ' ' || charge.kind
            FROM quotes.line
            JOIN quotes.charge ON charge.line_id = line.id
            JOIN orders.quoted_item ON quoted_item.line_id = line.id
            JOIN orders.item ON item.id = quoted_item.item_id
            JOIN orders.sales_order ON sales_order.id = item.order_id
        GROUP BY line.id, charge.kind, charge.net
          HAVING line.converted = line.quantity
             AND max(sales_order.revision) = 1
             AND abs(sum(item.quantity * CASE charge.kind WHEN 'one_time' THEN item.one_time ELSE item.recurring END)
                     - charge.net) > 0.0001
        """,
    ),
    *CHANGES,
)
