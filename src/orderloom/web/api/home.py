"""The API of the home page: how much stands at each stage."""

from __future__ import annotations

from orderloom.insight.reads.home import Stage, stages
from orderloom.web.answers import Rows
from orderloom.web.call import Call
from orderloom.web.routes import SIGNED_IN, Routes

routes = Routes("api", "/api")


@routes.get("/stages", permission=SIGNED_IN, returns=(Rows, Stage))
async def read_stages(call: Call) -> Rows:
    """How many quotes, orders and invoices stand at each stage, as far as one may see them"""
    return Rows(await stages(call.tx))
