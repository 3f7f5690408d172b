"""The expression and decision-table language: FEEL and DMN (1.1 to 1.5).

Owns: nothing in the database. What a person wrote is parsed once to a typed tree and compiled to Python made of our
own syntax nodes, or to SQL; the text itself never becomes code.

Words: an *expression* gives a value; a *condition* is one over facts; *unary tests* stand in the cells of a *table*;
a *model* is a DMN file. *Null* is FEEL's, with its three-valued logic; *unknown* is a fact that nobody has told yet.

Promises: no side effects, no clock, no I/O but reading a model that is asked for by its path; decimals of 34 digits;
every limit is named when it refuses; a mistake is told with line and column. Errors inside FEEL are null, as the
standard says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from orderloom.feel.api import check as check
    from orderloom.feel.api import evaluate as evaluate
    from orderloom.feel.dmn.model import load_dmn as load_dmn
    from orderloom.feel.evidence import explain as explain
    from orderloom.feel.sql import to_sql as to_sql

_HOMES = {"evaluate": "api", "check": "api", "load_dmn": "dmn.model", "explain": "evidence", "to_sql": "sql"}


def __getattr__(name: str) -> object:
    # The five functions are imported when first used: conditions alone need no XML and no analysis.
    from importlib import import_module

    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
