"""Approvals: who must agree before something goes on, and what they agreed to.

Owns: the schema `approvals`.

Words: a *policy* says by a decision table which steps of its chain a subject needs. A *step* asks people; each gives a
*verdict*: approve or reject. A *request* is one run of a chain, for one content of one subject. The *snapshot* is what
was shown. *Kept* is a step whose earlier verdict still holds.

Promises: who asks never decides, nor do those who edited with them. A verdict counts once, for exactly the content
that was shown. A chain that cannot end is refused when it is asked for. What was approved is asked again only where an
input that its rule read has become worse. The log of a request is a chain of hashes, written and never changed.
"""
