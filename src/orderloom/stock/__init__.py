"""What we have to ship, who has a claim on it, and how it leaves.

Owns the schema `stock`: warehouses, SKUs, balances (on hand, reserved, incoming), the ledger of
movements, reservations, pick lists, shipments with lines and serials, and purchase orders, among
them the drop shipment that a vendor sends straight to the customer.

Words. *On hand* lies in the warehouse; *reserved* is claimed by an order; *free* is the difference;
*incoming* is on a purchase order to us. A *requirement* is a quantity of one order item from one
warehouse; a *reservation* is the claim that answers it, soft (expiring) or hard. A *notice* is the
vendor's advance shipping notice (ASN), kept as a shipment that has left.

Promises. On hand is the sum of its movements and never below zero; what is reserved never exceeds
it, whoever comes at the same moment. Every command says what should be so and writes the difference,
so it may be repeated. A partial pick or a short delivery leaves the rest open and visible. A serial
number is in one place only. Each line keeps its order item and its bundle reference: lines are never
merged by SKU, and complete kits are derived from delivered quantities, not stored.
"""
