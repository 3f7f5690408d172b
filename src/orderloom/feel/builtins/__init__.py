"""The built-in functions of DMN 1.3 to 1.5 (clause 10.3.4), each declared beside what it does."""

from orderloom.feel.builtins import contexts, conversions, dates, lists, numbers, ranges, statistics, strings
from orderloom.feel.builtins.registry import DECLARED, Builtin, Overloads, Parameter

__all__ = ["BUILTINS", "CONSTANT_CALLS", "Builtin", "Overloads", "Parameter"]

BUILTINS: dict[str, Overloads] = DECLARED
CONSTANT_CALLS = frozenset({"date", "time", "date and time", "duration", "number"})
"""Those whose calls with constants are constants themselves, so that ranges of dates compare without a call."""
_FILES = (contexts, conversions, dates, lists, numbers, ranges, statistics, strings)
