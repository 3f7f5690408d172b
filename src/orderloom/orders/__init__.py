"""Sales orders: what a customer has committed to, kept as it was sold.

Owns the schema `orders`: headers, item trees, ship groups, sales credits, holds and revisions.

Words. The *header* is what all items share. An *item* is one product or service with its quantity
and price; items form a tree and a bundle keeps its children, so nothing is ever flattened. A *ship
group* sends a quantity of an item to a place by a date. A *sales credit* is a share of the sale for
one payee; an item's credits stand in for the header's. A *hold* is a named stop on an order or an
item, released by right. A *revision* is the numbered state of an order after a change.

Promises. A capture writes every order of the batch or none, and names every problem at once. An
order pins the catalogue version it was captured with. States move only along `states.py`; the end
states are never left. States of items and orders are rolled up from their parts by `rollup.py` and
handed in by the room that carries the order out; a cancelled or failed part is never rolled up as
complete. Amounts add up to the smallest unit of the currency.
"""
