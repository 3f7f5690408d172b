"""The quotes of the demo world, one of every kind and in every state, written by the people who sell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal

from orderloom.approvals.commands import decide_requests
from orderloom.approvals.reads import request_page
from orderloom.approvals.types import VerdictDraft
from orderloom.base.parsing import parse
from orderloom.base.transaction import Tx
from orderloom.base.types import SYSTEM, Actor
from orderloom.fulfilment.commands import submit_orders
from orderloom.orders.commands import ConversionDraft, convert_quotes
from orderloom.parties.reads import resolve_customers
from orderloom.quotes import commands
from orderloom.quotes.quote import Head
from orderloom.quotes.types import AcceptanceDraft, LossDraft, QuoteDraft

MAYA, LUIS = "maya@tessellane.example", "luis@tessellane.example"
JONAS, AIKO = "jonas@tessellane.example", "aiko@tessellane.example"
NORA, ADA = "nora@tessellane.example", "ada@tessellane.example"
Becomes = Literal[
    "draft", "template", "needs", "approval", "approved", "sent", "asked", "revised", "accepted", "declined",
    "expired", "lost", "converted", "half", "called_off",
]  # fmt: skip
Line = Mapping[str, Any]


ORDERED: frozenset[Becomes] = frozenset({"converted", "half", "called_off"})
VALID_DAYS = 120
"""What becomes orders on the last day of the history is still valid then."""


@dataclass(frozen=True, slots=True)
class PlannedQuote:
    """A quote, how many days before the end of the history it is written, and what becomes of it."""

    days_ago: int
    seller: str
    customer: str
    title: str
    lines: Sequence[Line]
    becomes: Becomes
    more: Mapping[str, Any] = field(default_factory=dict)


def _line(number: int, product: str, quantity: int = 1, **more: Any) -> Line:
    return {"line": str(number), "product": product, "quantity": quantity, **more}


def _off(percent: int, reason: str = "competition") -> dict[str, Any]:
    return {"given": [{"effect": "percent_off", "value": percent, "reason": reason}]}


def _section(code: str, title: str) -> Line:
    return {"line": code, "kind": "section", "title": title}


def _kit(number: int, quantity: int, **more: Any) -> list[Line]:
    """A splice kit with its parts."""
    top, parts = str(number), (("SPLICER", 1), ("CLEAVER", 1), ("CONSUMABLES", 3), ("CALIBRATION", 1))
    lines: list[Line] = [{"line": top, "product": "KIT-SPLICE", "quantity": quantity, **more}]
    for place, (product, each) in enumerate(parts, 1):
        needs = {"relies_on": [f"{top}.1"]} if product == "CALIBRATION" else {}
        lines.append(
            {"line": f"{top}.{place}", "parent": top, "product": product, "quantity": quantity * each, **needs}
        )
    return lines


_BENCH = (_line(1, "OTDR", 2), _line(2, "METER", 4), _line(3, "CLEANER", 10))
_CABLES = (_line(1, "CABLE-SM-500", 12), _line(2, "CLOSURE-24", 6), _line(3, "DUCT-100", 20))
_PANELS = (_line(1, "PANEL-24", 8), _line(2, "PATCH-LC", 60), _line(3, "PATCH-SC", 60))

QUOTES: tuple[PlannedQuote, ...] = (
    PlannedQuote(60, MAYA, "", "A test bench", _BENCH, "template"),
    PlannedQuote(58, JONAS, "", "Panels and cords for one rack", _PANELS, "template"),
    PlannedQuote(55, MAYA, "harbourline", "Cable for the north pier", _CABLES, "expired", {"valid_days": 14}),
    PlannedQuote(50, JONAS, "glasfaser-nord", "Kits for the Rügen crew", _kit(1, 4), "lost", {"reason": "timing"}),
    PlannedQuote(48, LUIS, "telar", "Test sets", _BENCH, "declined"),
    PlannedQuote(41, AIKO, "toko", "Panels, autumn", _PANELS, "expired", {"valid_days": 20}),
    PlannedQuote(33, MAYA, "northern-lights", "Winter stock of cable", _CABLES, "converted"),
    PlannedQuote(30, JONAS, "akesson", "Street cabinets", (_line(1, "ENCLOSURE", 3), _line(2, "CLOSURE-96", 6)), "lost",
                 {"reason": "competitor"}),
    PlannedQuote(27, MAYA, "harbourline-gulf", "Cable by the reel, all year", (_line(1, "CABLE-SM-500", 100),),
                 "called_off",
                 {"type": "blanket"}),
    PlannedQuote(24, LUIS, "sao-joao", "Splice kits for two crews", _kit(1, 10), "half"),
    PlannedQuote(21, JONAS, "beranger", "Rack for the town hall", _PANELS, "declined"),
    PlannedQuote(18, AIKO, "southern-cross", "Test bench with a spare meter",
                 (*_BENCH, _line(4, "METER", 1, optional=True, chosen=False), _line(5, "STRIPPER", 4,
                 optional=True)), "accepted"),
    PlannedQuote(16, JONAS, "tejo", "Patch cords", (_line(1, "PATCH-LC", 200), _line(2, "PATCH-SC", 200)), "converted"),
    PlannedQuote(14, MAYA, "omalley", "Course and tools", (_line(1, "TRAINING-SPLICE", 2), _line(2, "STRIPPER", 6)),
                 "accepted"),
    PlannedQuote(12, LUIS, "harbourline-subsea", "Subsea closures", (_line(1, "CLOSURE-96", 24, **_off(8,
                 "volume")),), "sent"),
    PlannedQuote(10, AIKO, "dhaga", "Kits, with or without a course",
                 (_section("A", "Kits"), *_kit(1, 3), _section("B", "Training"), _line(2, "TRAINING-SPLICE", 1,
                 optional=True)),
                 "asked"),
    PlannedQuote(9, JONAS, "glasfaser-nord", "Autumn order", (*_CABLES, _line(4, "PANEL-24", 4)), "revised"),
    PlannedQuote(8, MAYA, "harbourline", "Test sets, old for new", (_line(1, "OTDR", 6, **_off(18)),), "approved"),
    PlannedQuote(6, JONAS, "pennine", "Duct for the valley", (_line(1, "DUCT-100", 80, **_off(5)),), "sent"),
    PlannedQuote(5, LUIS, "northern-lights", "Single mode or multi mode",
                 (_line(1, "CABLE-SM-500", 10, alternative="cable"),
                  _line(2, "CABLE-MM-500", 10, alternative="cable", chosen=False), _line(3, "CLEANER", 5)), "sent"),
    PlannedQuote(4, AIKO, "al-ufuq", "Survey and cable", (_line(1, "CABLE-SM-500", 30), _line(2, "CLOSURE-24", 12)),
                 "sent"),
    PlannedQuote(2, JONAS, "highveld", "Kits for the mines", _kit(1, 6, **_off(15, "volume")), "needs"),
    PlannedQuote(1, MAYA, "telar", "Power meters", (_line(1, "METER", 20, **_off(28)),), "approval"),
    PlannedQuote(1, LUIS, "sao-joao", "Cords and cleaners", (_line(1, "PATCH-SC", 100), _line(2, "CLEANER", 20)),
                 "draft"),
    PlannedQuote(1, AIKO, "toko", "Spring stock", _CABLES, "draft"),
    PlannedQuote(0, MAYA, "omalley", "Tools for apprentices", (_line(1, "STRIPPER", 12), _line(2, "CLEANER", 12)),
                 "draft"),
)  # fmt: skip


async def write_quote(tx: Tx, planned: PlannedQuote, actors: Mapping[str, Actor]) -> Head:
    """Write a quote and let become of it what becomes, each act by who would do it."""
    came = tx.actor
    try:
        tx.actor = actors[planned.seller]
        head = await commands.create_quote(tx, await _draft(tx, planned))
        if planned.becomes not in ("draft", "template", "needs"):
            await _follow(tx, head, planned, actors)
        return head
    finally:
        tx.actor = came


async def _draft(tx: Tx, planned: PlannedQuote) -> QuoteDraft:
    content: dict[str, Any] = {"lines": list(planned.lines), "title": planned.title}
    days = planned.more.get("valid_days", VALID_DAYS if planned.becomes in ORDERED else None)
    if days is not None:
        content["valid_until"] = tx.now.date() + timedelta(days=days)
    if planned.becomes == "template":
        return parse(
            QuoteDraft, {"template": True, "currency": "USD" if planned.seller == MAYA else "EUR", "content": content}
        )
    content["requested_on"] = tx.now.date() + timedelta(days=21)
    found = await resolve_customers(tx, [planned.customer])
    assert planned.customer in found, f"{planned.seller} does not see {planned.customer}"
    return parse(
        QuoteDraft, {"customer": planned.customer, "type": planned.more.get("type", "sales"), "content": content}
    )


async def _follow(tx: Tx, head: Head, planned: PlannedQuote, actors: Mapping[str, Actor]) -> None:
    if planned.becomes in ("approval", "approved"):
        submitted = await commands.ask_approval(tx, head.id)
        if planned.becomes == "approval":
            return
        for decider in (NORA, ADA):
            tx.actor = actors[decider]
            shown = (await request_page(tx, submitted.request_id or 0)).request
            verdict = VerdictDraft("approve", shown.content, None, "They replace all of their test sets.")
            await decide_requests(tx, [(shown.id, verdict)])
        tx.actor = actors[planned.seller]
    await commands.send_quote(tx, head.id)
    if planned.becomes in ("sent", "asked", "revised", "accepted"):
        await commands.make_link(tx, head.id)
    match planned.becomes:
        case "asked":
            await commands.ask_question(tx, head.id, asked_by="Purchasing", text="Can the course be held at our site?")
        case "revised":
            await commands.revise_quote(tx, head.id)
        case "accepted":
            await commands.accept_quote(tx, head.id, AcceptanceDraft(1, "Head of purchasing"), by_customer=True)
        case "declined":
            await commands.decline_quote(
                tx, head.id, version=1, name="Head of purchasing", reason="We buy test sets next year"
            )
        case "lost":
            await commands.lose_quote(tx, head.id, LossDraft(planned.more["reason"]))


async def convert_planned(tx: Tx, quote_id: int, planned: PlannedQuote, actors: Mapping[str, Actor]) -> None:
    """Make the orders of those that become some, and start their plans."""
    parts: Mapping[str, list[dict[str, Any]]] = {
        "converted": [{}],
        "half": [{"key": "first crew", "lines": [{"line": "1", "quantity": 5}]}],
        "called_off": [{"key": key, "lines": [{"line": "1", "quantity": 20}]} for key in ("first", "second")],
    }
    came = tx.actor
    try:
        tx.actor = actors[planned.seller]
        for wish in parts.get(planned.becomes, []):
            [order] = await convert_quotes(tx, {quote_id: parse(ConversionDraft, wish)})
            await submit_orders(tx, [order.order_id])
    finally:
        tx.actor = came


async def write_all(tx: Tx, actors: Mapping[str, Actor]) -> int:
    """All of them at once, for a world without a history; those that expire are left as they were sent."""
    for planned in QUOTES:
        head = await write_quote(tx, planned, actors)
        await convert_planned(tx, head.id, planned, actors)
    tx.actor = SYSTEM
    return len(QUOTES)
