"""The first page: what I have to do, what goes wrong, how much stands where, and what came in."""

from __future__ import annotations

from collections.abc import Mapping

from orderloom.fulfilment.views import endangered
from orderloom.insight.reads.home import Stage, stages, weeks
from orderloom.processes.reads import list_fallout
from orderloom.web.answers import Page
from orderloom.web.call import Call
from orderloom.web.charts import drawn
from orderloom.web.paging import with_query
from orderloom.web.routes import SIGNED_IN, Routes
from orderloom.work.reads import list_tasks
from orderloom.work.types import Task, TaskFilter

routes = Routes("page")
SHOWN = 6
STAGES: Mapping[str, tuple[str, str]] = {
    "quoted": ("Quoted", "sent, not answered yet"),
    "in_fulfilment": ("In fulfilment", "orders under way"),
    "to_bill": ("To bill", "orders with open charges"),
    "billed": ("Billed", "invoices of the last 30 days"),
}


@routes.get("/", permission=SIGNED_IN)
async def home(call: Call) -> Page:
    """What needs me now; what changes while the page is open is read again without the charts."""
    mine, whose = await next_tasks(call)
    context = {
        "stages": await stages(call.tx),
        "stage_words": STAGES,
        "path_of": path_of,
        "tasks": mine,
        "whose": whose,
        "endangered": await endangered(call.tx, limit=SHOWN) if call.actor.may("orders.read") else [],
        "failed": await list_fallout(call.tx, limit=SHOWN) if call.actor.may("fulfilment.repair") else [],
        "figures": [],
    }
    if not call.partial:
        context["figures"] = [
            (figure, drawn(figure, locale=call.visitor.locale, period="week")) for figure in await weeks(call.tx)
        ]
    return Page("home/home.html", context)


async def next_tasks(call: Call) -> tuple[list[Task], str]:
    """My next tasks by due date; who has taken none sees those of their teams."""
    if not call.actor.may("work.do"):
        return [], ""
    for view in ("mine", "team"):
        found = await list_tasks(call.tx, TaskFilter(view=view), limit=SHOWN)
        if found.tasks or view == "team":
            return list(found.tasks), view
    raise AssertionError


def path_of(stage: Stage) -> str:
    """The list whose rows the stage counts."""
    match stage.code:
        case "quoted":
            return "/quotes?state=sent"
        case "billed":
            return with_query("/invoices", {"issued_from": stage.since})
    return f"/orders?view={stage.code}"
