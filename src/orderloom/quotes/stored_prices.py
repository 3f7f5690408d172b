"""What a stored version costs, put together again as the price function told it."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter

from orderloom.catalog.priced import ChargeTax, Priced, PricedCharge, PricedLine, PriceStep
from orderloom.quotes.quote import NewCharge
from orderloom.quotes.reads.stored import StepRow, StoredVersion

_TAXES: TypeAdapter[tuple[ChargeTax, ...]] = TypeAdapter(tuple[ChargeTax, ...])
_STEP: TypeAdapter[PriceStep] = TypeAdapter(PriceStep)


def priced_of(version: StoredVersion, *, currency: str) -> Priced:
    """The stored charges with their steps, to the cent as they were written; totals are left out."""
    steps: dict[tuple[str, str], list[PriceStep]] = {}
    for step in version.steps:
        steps.setdefault((step.line, step.charge), []).append(_step(step))
    charges: dict[str, list[PricedCharge]] = {}
    for charge in version.charges:
        known = tuple(steps.get((charge.line, charge.kind), ()))
        charges.setdefault(charge.line, []).append(_charge(charge, known))
    return Priced(
        currency=currency,
        on=version.version.priced_at.date(),
        lines=tuple(
            PricedLine(
                id=line.line,
                product=line.product_code or "",
                quantity=line.quantity,
                unit=line.unit or "",
                charges=tuple(charges.get(line.line, ())),
                parent=line.parent,
                is_optional=not line.is_chosen,
            )
            for line in version.lines
            if line.kind == "item" and line.quantity is not None
        ),
        totals=(),
        taxes=(),
    )


def _step(row: StepRow) -> PriceStep:
    told: dict[str, Any] = {
        name: getattr(row, name) for name in ("kind", "amount", "unit_amount", "rule", "who", "reason")
    }
    return _STEP.validate_python({**told, "version": row.rule_version, "input": row.input})


def _charge(row: NewCharge, steps: tuple[PriceStep, ...]) -> PricedCharge:
    return PricedCharge(
        kind=row.kind,
        period=row.period,  # type: ignore[arg-type]
        quantity=row.quantity,
        unit=row.unit,
        periods=row.periods,
        list_amount=row.list_amount,
        steps=steps,
        net=row.net,
        tax=row.tax,
        gross=row.gross,
        unit_price=row.unit_price,
        taxes=_TAXES.validate_python(row.taxes),
        given_percent=row.given_percent,
    )
