"""The catalogue: what is sold, how it is bundled and priced, and by which rules it is fulfilled.

Owns the schema `catalog`: units, catalogues and their versions, products, bundles, price lists.

Words. A *catalogue* is one source of truth about a family of products; a *version* is its immutable
state, effective from a moment until the next one. A *product* is a good, a service, a subscription or
a fee; a *bundle* has *components*, grouped where the customer chooses. A *price* belongs to a
product, a list and a currency for a time. *Rules*, *specs*, *links* and *charges* say how what is
sold is fulfilled and billed; they stay one validated document per version.

Promises. Importing an unchanged file changes nothing; changed content becomes the next version. One
version of a catalogue is effective at a time. An order pins the version that it was captured with,
and a version once published never changes. Conditions are parsed, never evaluated as Python.
"""
