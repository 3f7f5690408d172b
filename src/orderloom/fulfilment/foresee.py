"""What a change would do, in plain values for a page, a program and the record of who saw it. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from orderloom.billing.taxing import ForeseenCharge
from orderloom.fulfilment.change import Assessment, has_begun
from orderloom.fulfilment.change_picture import phase_of
from orderloom.fulfilment.compile import sku_of
from orderloom.fulfilment.types import Plan
from orderloom.orders.revisions import plain
from orderloom.processes.types import State, Step

STEPS_SHOWN = 500


def basis_of(revision: int, steps: Iterable[Step]) -> str:
    """A digest of how far the plan has come; a step that starts or ends makes it another."""
    phases = [(step.number, phase_of(step)) for step in steps if phase_of(step)]
    return hashlib.sha256(json.dumps([revision, phases]).encode()).hexdigest()


def step_effects(found: Assessment, steps: Sequence[Step], new: Plan) -> list[dict[str, Any]]:
    """What becomes of steps, one entry each; kept ones are only counted elsewhere."""
    rows = {step.number: step for step in steps}
    keys = {step.key: step for step in steps}
    again = {number: place for place, number in found.again.items()}
    effects = [_effect("added", new.steps[n].title, new.steps[n].lines) for n in found.added if n not in found.again]
    effects += [_effect("redone", new.steps[place].title, new.steps[place].lines) for place in found.again]
    for number in found.taken_back:
        row = rows[number]
        effect = "undone" if number not in again else "taken back first"
        if row.state == State.DONE or has_begun(row):
            effects.append(_effect(effect, row.title, ()))
        else:
            effects.append(_effect("stopped", row.title, ()))
    effects += [_effect("withdrawn", rows[number].title, ()) for number in found.withdrawn if number not in again]
    effects += [_effect("amended", amended.title, ()) for amended in found.amended]
    effects += [
        _effect("adapted", keys[change.key].title, (), now=change.title)
        for change in found.adapted
        if keys[change.key].title != change.title
    ]
    return effects[:STEPS_SHOWN]


def _effect(effect: str, title: str, lines: Sequence[str], *, now: str | None = None) -> dict[str, Any]:
    found: dict[str, Any] = {"effect": effect, "title": title, "lines": list(lines)}
    return found | ({"now": now} if now is not None else {})


def stock_effects(old: Plan, new: Plan) -> list[dict[str, Any]]:
    """Goods by where they come from, before and after, where they differ."""
    was, now = _goods(old), _goods(new)
    return [
        {"sku": sku, "from": where, "to": place, "before": plain(was.get(key, 0)), "after": plain(now.get(key, 0))}
        for key in sorted({*was, *now})
        if was.get(key, Decimal(0)) != now.get(key, Decimal(0))
        for sku, where, place in (key,)
    ]


def _goods(plan: Plan) -> dict[tuple[str, str, str], Decimal]:
    found: dict[tuple[str, str, str], Decimal] = {}
    for thing in plan.things:
        if thing.spec.kind not in ("shipment", "purchaseOrder"):
            continue
        where = str(thing.characteristics.get("warehouse") or thing.characteristics.get("vendor") or "")
        for lot in thing.lots:
            key = (sku_of(plan.items[lot.line]), where, lot.place or "")
            found[key] = found.get(key, Decimal(0)) + lot.quantity
    return found


def money_of(charges: Iterable[ForeseenCharge]) -> dict[str, Any]:
    """What the charges of a plan come to: once, by period, and the tax on either."""
    nets: dict[str | None, Decimal] = {None: Decimal(0)}
    taxes: dict[str | None, Decimal] = {None: Decimal(0)}
    for charge in charges:
        nets[charge.period] = nets.get(charge.period, Decimal(0)) + charge.net
        taxes[charge.period] = taxes.get(charge.period, Decimal(0)) + charge.tax
    return {
        "one_time": plain(nets.pop(None)),
        "tax": plain(taxes.pop(None)),
        "recurring": {str(period): plain(amount) for period, amount in sorted(nets.items())},
        "recurring_tax": {str(period): plain(amount) for period, amount in sorted(taxes.items())},
    }


def dates_of(before: datetime, after: datetime, *, promised: datetime, promised_after: datetime) -> dict[str, str]:
    """When the order is expected to end, and what is promised, before and after."""
    return {
        "expected_before": before.isoformat(),
        "expected_after": after.isoformat(),
        "promised_before": promised.isoformat(),
        "promised_after": promised_after.isoformat(),
    }
