"""What must always be true of the warehouse; each query names what breaks it."""

from __future__ import annotations

from typing import Final

from orderloom.base.verify import Invariant

INVARIANTS: Final = (
    Invariant(
        "stock on hand is the sum of its movements",
        """
        SELECT balance.sku || ' in warehouse ' || balance.warehouse_id || ' has ' || balance.on_hand
               || ', its movements make ' || coalesce(sum(movement.quantity), 0)
          FROM stock.balance
          LEFT JOIN stock.movement USING (sku, warehouse_id)
         GROUP BY balance.id
        HAVING balance.on_hand <> coalesce(sum(movement.quantity), 0)
        """,
    ),
    Invariant(
        "stock is never below zero and never oversold",
        """
        SELECT sku || ' in warehouse ' || warehouse_id || ': on hand ' || on_hand || ', reserved ' || reserved
          FROM stock.balance
         WHERE on_hand < 0
            OR reserved < 0
            OR reserved > on_hand
            OR incoming < 0
        """,
    ),
    Invariant(
        "reserved stock is the sum of the claims on it",
        """
        SELECT balance.sku || ' in warehouse ' || balance.warehouse_id || ' has ' || balance.reserved
               || ' reserved, its claims make ' || coalesce(sum(reservation.quantity), 0)
          FROM stock.balance
          LEFT JOIN stock.reservation ON reservation.sku = balance.sku
           AND reservation.warehouse_id = balance.warehouse_id
           AND reservation.state IN ('active', 'picked')
         GROUP BY balance.id
        HAVING balance.reserved <> coalesce(sum(reservation.quantity), 0)
        """,
    ),
    Invariant(
        "incoming stock is what is open on purchase orders to us",
        """
        SELECT balance.sku || ' in warehouse ' || balance.warehouse_id || ' expects ' || balance.incoming
               || ', purchase orders make ' || coalesce(expected.quantity, 0)
          FROM stock.balance
          LEFT JOIN (SELECT purchase_line.sku, purchase_order.warehouse_id,
                            sum(greatest(purchase_line.quantity - purchase_line.delivered
                                         - purchase_line.closed_short, 0)) AS quantity
                       FROM stock.purchase_line
                       JOIN stock.purchase_order ON purchase_order.id = purchase_line.purchase_order_id
                      WHERE purchase_order.warehouse_id IS NOT NULL
                      GROUP BY purchase_line.sku, purchase_order.warehouse_id) AS expected USING (sku, warehouse_id)
         WHERE balance.incoming <> coalesce(expected.quantity, 0)
        """,
    ),
    Invariant(
        "what was delivered on a purchase line is the sum of its shipments",
        """
        SELECT 'purchase line ' || purchase_line.id || ' has ' || purchase_line.notified || ' sent and '
               || purchase_line.delivered || ' delivered'
          FROM stock.purchase_line
          LEFT JOIN stock.shipment_line ON shipment_line.purchase_line_id = purchase_line.id
         GROUP BY purchase_line.id
        HAVING purchase_line.delivered <> coalesce(sum(shipment_line.delivered), 0)
            OR purchase_line.notified <> coalesce(sum(shipment_line.quantity), 0)
        """,
    ),
    Invariant(
        "a shipment that left has shipped every claim in it",
        """
        SELECT shipment.number || ' line ' || shipment_line.line || ': the claim is ' || reservation.state
          FROM stock.shipment
          JOIN stock.shipment_line ON shipment_line.shipment_id = shipment.id
          JOIN stock.reservation ON reservation.id = shipment_line.reservation_id
         WHERE (shipment.state IN ('shipped', 'delivered') AND reservation.state <> 'shipped')
            OR (shipment.state = 'packed' AND reservation.state <> 'picked')
            OR shipment_line.quantity <> reservation.quantity
        """,
    ),
    Invariant(
        "a line is delivered in numbers when its shipment is, and not before",
        """
        SELECT shipment.number || ' is ' || shipment.state || ', line ' || shipment_line.line || ' says '
               || coalesce(shipment_line.delivered::text, 'nothing')
          FROM stock.shipment
          JOIN stock.shipment_line ON shipment_line.shipment_id = shipment.id
         WHERE (shipment.state = 'delivered') <> (shipment_line.delivered IS NOT NULL)
        """,
    ),
    Invariant(
        "serial-tracked goods that left a warehouse have a serial for each unit",
        """
        SELECT shipment.number || ' line ' || shipment_line.line || ': ' || cardinality(shipment_line.serials)
               || ' serials for ' || shipment_line.quantity
          FROM stock.shipment_line
          JOIN stock.shipment ON shipment.id = shipment_line.shipment_id
          JOIN stock.sku ON sku.code = shipment_line.sku AND sku.tracking = 'serial'
         WHERE shipment_line.reservation_id IS NOT NULL
           AND shipment.state <> 'cancelled'
           AND cardinality(shipment_line.serials) <> shipment_line.quantity
        """,
    ),
    Invariant(
        "a serial number stands on one shipment only",
        """
        SELECT shipment_line.sku || ' ' || unit.serial || ' stands on ' || count(*) || ' lines'
          FROM stock.shipment_line
          JOIN stock.shipment ON shipment.id = shipment_line.shipment_id AND shipment.state <> 'cancelled'
         CROSS JOIN LATERAL unnest(shipment_line.serials) AS unit (serial)
         WHERE shipment_line.reservation_id IS NOT NULL
         GROUP BY shipment_line.sku, unit.serial
        HAVING count(*) > 1
        """,
    ),
)
