"""Fulfilment: an order is compiled into a plan, and the plan is carried out.

Owns the schema `fulfilment`: plans, things (fulfilment items) and what each step is for. The steps
themselves are rows of `processes`.

Words. A *thing* is what must exist because something was sold: a service, a port, a parcel, a purchase
order. A *fact* is what was found out: by a finished step, in the installed base, before the sale.
A *gate* is a step that must be done before a charge is released. *Jeopardy* says how much of the
time between forecast and promise is used up.

Promises. The same order, catalogue version and facts give the same plan with the same keys, so a
plan made again is compared by key and the difference is written. Facts change the plan in the
transaction in which they become known and before anything that follows is released. A leaf that no
rule covers holds the order. Nothing is charged before its gates; a bundle that is billed together
waits for all of its mandatory steps. A hold suspends its steps in the transaction that places it.

Pure: decompose, graph, conditions, kits, plan, schedule, difference, jeopardy, billing, compile, callout.
"""
