"""Whether a draft is complete enough to be offered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from orderloom.base.refusals import Problem
from orderloom.base.transaction import Tx
from orderloom.catalog.reads import effective_offers, stamped_catalogues
from orderloom.catalog.rules import SoldPart, item_problems
from orderloom.catalog.types import Action, Scalar
from orderloom.quotes.quote import Head
from orderloom.quotes.reads.stored import LineRow, StoredVersion


async def sending_problems(tx: Tx, head: Head, stored: StoredVersion) -> list[Problem]:
    """Everything that keeps a draft from being sent."""
    if head.is_template:
        return [Problem("template", "A template is sent to nobody; make a quote from it.")]
    problems = [
        Problem("right_needed", f"{need.message} Missing: “{need.needed_right}”.") for need in stored.open_needs
    ]
    if head.expires_at <= tx.now:
        problems.append(Problem("validity_over", "The offer's last day is over; choose a later one.", "/valid_until"))
    if not any(line.kind == "item" for line in stored.lines):
        problems.append(Problem("lines_missing", "There is nothing on this quote; add a line.", "/lines"))
    return problems + await _incomplete(tx, stored)


@dataclass(frozen=True, slots=True)
class _Sold:
    """A line as an order's item, for the rules of the catalogue."""

    line: str
    product: str
    parent: str | None
    quantity: Decimal
    unit: str | None
    role: str | None
    characteristics: Mapping[str, Scalar]
    place: str | None
    relies_on: tuple[str, ...]
    action: Action = "add"
    asset: str | None = None
    ship_groups: Sequence[SoldPart] = ()


async def _incomplete(tx: Tx, stored: StoredVersion) -> list[Problem]:
    """What the catalogue that sells most of the lines says about them."""
    items = [line for line in stored.lines if line.kind == "item" and line.product_code is not None]
    if not items:
        return []
    offers = await effective_offers(tx, [line.product_code or "" for line in items], at=tx.now)
    stamps = {one.version_id: (one.content_hash, one.version) for found in offers.values() for one in found}
    votes = [one.version_id for line in items for one in offers.get(line.product_code or "", ())]
    if not votes:
        return [Problem("product_unknown", "Nothing on this quote is sold any more; choose other products.", "/lines")]
    version_id = max(sorted(set(votes)), key=votes.count)
    catalogue = (await stamped_catalogues(tx, {version_id: stamps[version_id]}))[version_id]
    problems = item_problems(catalogue, [_sold(line) for line in items])
    return [_pointed(problem, items) for problem in problems]


def _sold(line: LineRow) -> _Sold:
    assert line.product_code is not None and line.quantity is not None
    return _Sold(
        line=line.line,
        product=line.product_code,
        parent=line.parent,
        quantity=line.quantity,
        unit=line.unit,
        role=line.role,
        characteristics=line.characteristics,
        place=line.place,
        relies_on=tuple(line.relies_on),
    )


def _pointed(problem: Problem, items: Sequence[LineRow]) -> Problem:
    """The catalogue counts items only; the version's lines are counted with sections and notes."""
    parts = problem.pointer.split("/")
    if len(parts) > 2 and parts[1] == "items":
        line = items[int(parts[2])]
        parts[1:3] = ["lines", str(line.position)]
        return Problem(problem.code, f"Line {line.line}: {problem.message}", "/".join(parts))
    return problem
