"""The prices: what is published, one rule with its versions, and trying a price."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, get_args

from orderloom.base.parsing import parse
from orderloom.base.refusals import Problem, Refused, refuse
from orderloom.catalog import reads
from orderloom.catalog.margin_walk import By, Walk
from orderloom.catalog.price_asked import PricesAsked
from orderloom.catalog.price_rules import SECRET_KINDS, SECTIONS
from orderloom.catalog.price_words import STEP_NAMES, rule_words, step_words
from orderloom.catalog.priced import Priced
from orderloom.insight.sheets import csv_file
from orderloom.orders.reads import margin_walk_of
from orderloom.web.answers import Page, Sent
from orderloom.web.api.prices import RuleQuery, WalkQuery, rules_of
from orderloom.web.api.repricing import RepricingChoice, RepricingQuery, reprice_chosen, repricing_of
from orderloom.web.call import Call
from orderloom.web.routes import Routes
from orderloom.web.table_files import sent_file

routes = Routes("page")

LINES = 4
PICKED = "pick-"
_HEADER = ("customer", "segment", "channel", "currency", "on", "country", "region")
_LINE = ("product", "quantity", "unit", "percent_off", "reason")
WORDS: dict[str, Any] = {"rule_words": rule_words, "step_words": step_words, "step_names": STEP_NAMES}


@routes.get("/prices", permission="catalog.read", query=RuleQuery)
async def prices_page(call: Call, query: RuleQuery) -> Page:
    """Price lists, promotions and everything else that decides a price."""
    rows, following = await rules_of(call, query)
    return Page(
        "prices/prices.html",
        {
            "rows": rows,
            "query": query,
            "next": following,
            "kinds": _kinds(call),
            "sees_cost": call.actor.may(reads.COST_RIGHT),
            **_box({}),
            **WORDS,
        },
    )


def _kinds(call: Call) -> list[str]:
    may_see_cost = call.actor.may(reads.COST_RIGHT)
    return [kind for kind in SECTIONS.values() if may_see_cost or kind not in SECRET_KINDS]


@routes.get("/prices/rules/{rule_id:int}", permission="catalog.read")
async def rule_page(call: Call, rule_id: int) -> Page:
    """One price rule with its versions."""
    return Page("prices/rule.html", {"page": await reads.rule_page(call.tx, rule_id), **WORDS})


@routes.get("/prices/try", permission="catalog.read")
async def try_page(call: Call) -> Page:
    """What lines would cost, step by step; nothing is written."""
    try:
        asked = parse(PricesAsked, _asked(call.arguments))
        priced = await reads.try_prices(call.tx, asked)
    except Refused as refused:
        return Page("prices/try.html", _box(call.arguments, problems=refused.problems))
    return Page("prices/try.html", _box(call.arguments, priced=priced))


@routes.get("/prices/walk", permission="catalog.cost", query=WalkQuery)
async def walk_page(call: Call, query: WalkQuery) -> Page:
    """Where the margin went."""
    found = await margin_walk_of(call.tx, query.wanted(), by=query.by)
    return Page("prices/walk.html", {"found": found, "query": query, "ways": get_args(By), **WORDS})


@routes.get("/prices/reprice", permission="orders.write", query=RepricingQuery)
async def reprice_page(call: Call, query: RepricingQuery) -> Page:
    """What pricing drafts for now would change."""
    found = await repricing_of(call, query)
    moved = [one for one in found.drafts if one.differences or one.problems]
    context = {"drafts": moved, "same": len(found.drafts) - len(moved), "is_cut": found.is_cut, "query": query}
    return Page("prices/reprice.html", context)


@routes.post("/prices/reprice", permission="orders.write")
async def reprice_by_form(call: Call) -> Page:
    """Price the drafts that are ticked for now, and say of each what became of it."""
    picked = {name.removeprefix(PICKED): basis for name, basis in call.form.items() if name.startswith(PICKED)}
    if not picked:
        refuse("nothing_picked", "Tick the drafts that are to have the prices of now.")
    parts = [(*name.partition("-"), basis) for name, basis in picked.items()]
    drafts = [{"kind": kind, "id": id_, "basis": basis} for kind, _, id_, basis in parts]
    outcomes = await reprice_chosen(call, parse(RepricingChoice, {"drafts": drafts}))
    return Page("prices/repriced.html", {"outcomes": outcomes})


@routes.get("/prices/files/walk.csv", permission="catalog.cost", query=WalkQuery)
async def walk_file(call: Call, query: WalkQuery) -> Sent:
    """Where the margin went, as a file in which no cell is executed."""
    found = await margin_walk_of(call.tx, query.wanted(), by=query.by)
    rows = [row for walk in found.walks for row in _walk_rows(walk)]
    return sent_file("walk.csv", csv_file(["Currency", "Step", "What", "Lines", "Percent of list", "Amount"], rows))


def _walk_rows(walk: Walk) -> Iterator[list[str | int | Decimal]]:
    yield [walk.currency, STEP_NAMES["list"], "", "", 100, walk.list_amount]
    for leak in walk.leaks:
        yield [walk.currency, STEP_NAMES[leak.kind], leak.key, leak.lines, leak.percent_of_list, leak.amount]
    yield [walk.currency, "Net", "", "", "", walk.net]
    if walk.margin is not None:
        yield [walk.currency, "Net whose cost is known", "", "", "", walk.margin.net]
        yield [walk.currency, "Cost", "", "", "", walk.margin.cost]
        yield [walk.currency, "Margin", "", "", walk.margin.percent, walk.margin.amount]


def _asked(arguments: Mapping[str, str]) -> dict[str, object]:
    """The question as the form says it: header fields, and lines numbered from 1."""
    asked: dict[str, object] = {name: arguments[name].strip() for name in _HEADER if arguments.get(name, "").strip()}
    lines = []
    for number in range(1, LINES + 1):
        line = {name: arguments.get(f"{name}{number}", "").strip() for name in _LINE}
        if line["product"]:
            given = {name: line.pop(name) for name in ("percent_off", "reason")}
            kept: dict[str, object] = {name: value for name, value in line.items() if value}
            if given["percent_off"]:
                kept["given"] = [given]
            lines.append({**kept, "line": str(number)})
    return {**asked, "lines": lines}


def _box(
    arguments: Mapping[str, str], *, priced: Priced | None = None, problems: tuple[Problem, ...] = ()
) -> dict[str, Any]:
    return {"asked": arguments, "lines": range(1, LINES + 1), "priced": priced, "problems": problems, **WORDS}
