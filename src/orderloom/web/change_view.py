"""A previewed change as its page shows it: differences, sums, dates and the picture of the plan. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from orderloom.orders.revisions import FieldDifference
from orderloom.web.plan import ICONS, LANES
from orderloom.web.plan_graph import GraphEdge, GraphStep, PlacedGraph, place

NOTHING = "–"
GONE = ("undone", "stopped", "withdrawn")
EFFECTS = {
    "added": "Added", "redone": "Done anew", "amended": "Amended", "adapted": "Renamed or resized", "undone": "Undone",
    "stopped": "Stopped", "withdrawn": "Withdrawn", "kept": "Kept",
}  # fmt: skip
MARKS = {"added": "plus", "redone": "again", "amended": "amend", "adapted": "amend"} | dict.fromkeys(GONE, "minus")
FIELDS = {
    "one_time": "Price once", "recurring": "Recurring price", "requested_on": "Requested date", "ship_to": "Ship-to",
    "bill_to": "Bill-to", "billing_account_id": "Billing account", "ship_groups": "Goes to", "relies_on": "Relies on",
    "gl_account": "GL account", "po_number": "Purchase order", "product_name": "Product", "product": "Product code",
}  # fmt: skip
TONES = {"failed": "fallout", "waiting": "others", "blocked": "waiting", "skipped": "cancelled"}


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is different, as it is read."""

    line: str
    what: str
    before: str
    after: str


def differences(found: Sequence[FieldDifference | Mapping[str, Any]]) -> list[Difference]:
    """Where two states of an order differ, with each characteristic by itself."""
    rows: list[Difference] = []
    for one in found:
        if isinstance(one, FieldDifference):
            rows += _rows(one.line, one.field, one.before, one.after)
        else:
            rows += _rows(one["line"], one["field"], one["before"], one["after"])
    return rows


def _rows(line: str, name: str, before: Any, after: Any) -> Iterator[Difference]:
    if name == "characteristics":
        was, now = before or {}, after or {}
        for each in dict.fromkeys([*was, *now]):
            if was.get(each) != now.get(each):
                yield Difference(line, each, spoken(was.get(each)), spoken(now.get(each)))
        return
    if not name:
        what = "New line" if before is None else "Removed"
        yield Difference(line, what, spoken(before), spoken(after))
        return
    yield Difference(line, FIELDS.get(name, name.replace("_", " ").capitalize()), spoken(before), spoken(after))


def spoken(value: Any) -> str:
    """A plain value as a person reads it."""
    if value is None or value in ("", [], {}):
        return NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        if "place" in value and "quantity" in value:
            on = f" on {value['requested_on']}" if value.get("requested_on") else ""
            return f"{value['quantity']} → {value['place']}{on}"
        return ", ".join(f"{name} {spoken(one)}" for name, one in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(spoken, value))
    return str(value)


@dataclass(frozen=True, slots=True)
class Sum:
    """An amount before and after."""

    what: str
    before: Decimal
    after: Decimal

    @property
    def difference(self) -> Decimal:
        return self.after - self.before


def sums(money: Mapping[str, Any]) -> list[Sum]:
    """What the order comes to once and by period, with the tax on either, and the fees."""
    before, after = money["before"], money["after"]
    found = [_sum("Once", before, after, "one_time"), _sum("Tax on that", before, after, "tax")]
    for period in dict.fromkeys([*before.get("recurring", {}), *after.get("recurring", {})]):
        found.append(_sum(f"Each {period}", before.get("recurring", {}), after.get("recurring", {}), period))
        taxes = (before.get("recurring_tax", {}), after.get("recurring_tax", {}))
        found.append(_sum("Tax on that", *taxes, period))
    if Decimal(money.get("fees") or 0):
        found.append(Sum("Fees for going back", Decimal(0), Decimal(money["fees"])))
    return [one for one in found if one.before or one.after]


def _sum(what: str, before: Mapping[str, Any], after: Mapping[str, Any], name: str) -> Sum:
    return Sum(what, Decimal(before.get(name) or 0), Decimal(after.get(name) or 0))


def dates(found: Mapping[str, str]) -> dict[str, datetime]:
    """The dates of a preview by name."""
    return {name: datetime.fromisoformat(text) for name, text in found.items()}


def step_rows(effects: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The steps, those that something happens to first."""
    plan = effects.get("plan")
    rows = plan["steps"] if plan else effects["steps"]
    order = list(EFFECTS)
    return sorted(rows, key=lambda row: order.index(row["effect"]) if row["effect"] in order else len(order))


def counts(rows: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """How many steps there are of each effect, in the order in which they are told."""
    return {name: n for name in EFFECTS if (n := sum(1 for row in rows if row["effect"] == name))}


def graph_of(plan: Mapping[str, Any] | None) -> PlacedGraph | None:
    """The picture of the plan as it will be; what goes is faded and marked."""
    if not plan or not plan["steps"]:
        return None
    steps = [
        GraphStep(
            number=number,
            lane=LANES.get(step["owner"], "Us"),
            title=step["title"],
            note=EFFECTS.get(step["effect"], step["effect"]),
            tone=TONES.get(step["state"], step["state"]) if step["effect"] not in GONE else "cancelled",
            icon=MARKS.get(step["effect"], ICONS.get(step["type"], "gear")),
            critical=step["effect"] in ("added", "redone", "amended"),
            faded=step["effect"] in GONE,
        )
        for number, step in enumerate(plan["steps"])
    ]
    faded = {step.number for step in steps if step.faded}
    edges = [GraphEdge(first, then, type_, faded=then in faded) for first, then, type_ in plan["edges"]]
    return place(steps, edges, lanes=list(LANES.values()))
