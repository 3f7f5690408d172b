"""The expression language of conditions: a safe subset of FEEL (DMN 1.3).

Owns: nothing in the database. A condition is text that a person wrote into a catalogue, a rule or a
step; it is parsed once to a typed tree and compiled to a closure, and never evaluated as Python.

Words: a *condition* is an expression with its names; *null* is FEEL's, and so is its three-valued
logic; *unknown* is a fact that nobody has told yet, which `decide` keeps apart from null.

Promises: parsing is bounded in length and depth and says the column of a mistake; evaluation has no
side effects, never raises, and computes in decimals, never in binary fractions.
"""
