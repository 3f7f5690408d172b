"""What the customer has: installed products, and the services and resources that realize them.

Owns the schema `assets`: assets in trees (a bundle above its parts, TMF637), realizations (services
and resources, TMF638 and 639, keyed by content) and who uses them.

Words. An *asset* is a product instance with its own characteristics, serial numbers, place and order
item. A *realization* is a service or resource made by fulfilment; several assets may *use* one, and
it is given back when the last of them is terminated.

Promises. An asset is created with its order, so that the customer sees it at once, pending until
its item is complete; it becomes active at the date of completion. One asset per order item,
however often creation is repeated. A terminated, cancelled or aborted asset never lives again.
"""
