"""Quotes: what we offer to a customer, at which prices, until when; and what became of it.

Owns the schema `quotes`: quotes with numbered versions, their lines, charges and waterfalls, the rights
that prices need, links and questions of customers, acceptances, and what was converted.

Words. A *version* is one numbered state of a quote; one is active, older ones are kept as they were. A
*line* is an item, a section or a note; an *option* may be left out, of *alternatives* one is taken; what
counts is *chosen*. What people *give* on a line or on all is a price or discount by hand, with a reason.
A *need* is a right that the prices wait for. A *draw* is what one request converted.

Promises. A version that was sent never changes, nor does a cent of it; the database keeps it so. A
draft's prices are those of the moment it was priced; pricing it anew shows the differences first. No
quote is sent while a right is missing. Never more is converted than was quoted, and a request with a
key counts once. Of a customer's link only the digest is kept; a link that is wrong, old or expired
answers like one that never was. A quote is seen by those who see its account; templates by all.
"""
