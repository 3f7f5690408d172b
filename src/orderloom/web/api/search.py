"""The API of the search over everything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from orderloom.base.parsing import strict
from orderloom.insight.reads.anywhere import FoundKind, search_anywhere
from orderloom.web.answers import Rows
from orderloom.web.call import Call
from orderloom.web.routes import SIGNED_IN, Routes

routes = Routes("api", "/api")


@strict
@dataclass(frozen=True, slots=True)
class Wanted:
    """What to look for: a number, or at least three letters of one or of a name."""

    text: Annotated[str, Field(max_length=100)] = ""


@routes.get("/search", permission=SIGNED_IN, query=Wanted, returns=(Rows, FoundKind))
async def search(call: Call, query: Wanted) -> Rows:
    """Orders, quotes, customers, products, invoices and tasks by text in number or name; the exact number first"""
    return Rows(list(await search_anywhere(call.tx, query.text)))
