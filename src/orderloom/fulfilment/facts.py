"""Facts as they are kept with a plan, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from decimal import Decimal
from typing import Any

from orderloom.fulfilment.types import Fact, Facts, Installed, Sourced


def plain_facts(facts: Facts) -> dict[str, Any]:
    """Facts as plain values for a jsonb column."""
    return {
        "told": [asdict(fact) for fact in facts.told],
        "sourced": [{**asdict(part), "quantity": str(part.quantity)} for part in facts.sourced],
        "installed": [asdict(thing) for thing in facts.installed],
    }


def facts_of(plain: Mapping[str, Any]) -> Facts:
    """Facts from what `plain_facts` made."""
    return Facts(
        told=tuple(Fact(**fact) for fact in plain.get("told", ())),
        sourced=tuple(Sourced(**{**part, "quantity": Decimal(part["quantity"])}) for part in plain.get("sourced", ())),
        installed=tuple(
            Installed(**{**thing, **{name: tuple(thing.get(name, ())) for name in ("users", "leaving")}})
            for thing in plain.get("installed", ())
        ),
    )
