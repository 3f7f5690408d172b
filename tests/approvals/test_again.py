"""What a change asks again."""

from __future__ import annotations

from decimal import Decimal

import pytest

from orderloom.approvals.again import still_holds, worsened
from orderloom.approvals.policy import compiled
from orderloom.approvals.types import Reason
from tests.approvals.given import policy


def reasons(**inputs: str) -> dict[str, tuple[Reason, ...]]:
    return compiled(policy()).needed({name.replace("_", " "): Decimal(value) for name, value in inputs.items()})


APPROVED = reasons(discount="20", margin="15", terms_days="45")
INPUTS = policy().inputs


@pytest.mark.parametrize(
    ("change", "kept"),
    [
        ({}, {"manager": True, "finance": True}),
        ({"discount": "15"}, {"manager": True, "finance": True}),
        ({"discount": "25"}, {"manager": False, "finance": True}),
        ({"margin": "14.99"}, {"manager": True, "finance": False}),
        ({"margin": "18"}, {"manager": True, "finance": True}),
        ({"margin": "30"}, {"manager": True, "finance": True}),
        ({"terms_days": "46"}, {"manager": True, "finance": False}),
        ({"discount": "35"}, {"vp": False, "finance": True}),
        ({"discount": "5"}, {"finance": True}),
    ],
)
def test_only_rules_whose_inputs_got_worse_ask_again(change: dict[str, str], kept: dict[str, bool]) -> None:
    now = reasons(**({"discount": "20", "margin": "15", "terms_days": "45"} | change))

    assert {step: still_holds(asked, APPROVED.get(step, ()), INPUTS) for step, asked in now.items()} == kept


def test_what_became_worse_is_named() -> None:
    now = reasons(discount="20", margin="12", terms_days="60")

    assert worsened(now["finance"], APPROVED["finance"], INPUTS) == ["margin", "terms days"]


def test_another_rule_for_the_same_step_asks_again() -> None:
    only_margin = reasons(discount="0", margin="15", terms_days="30")
    both = reasons(discount="0", margin="15", terms_days="45")

    assert not still_holds(both["finance"], only_margin["finance"], INPUTS)
    assert still_holds(only_margin["finance"], both["finance"], INPUTS)


def test_an_unknown_value_is_never_better() -> None:
    unknown = Reason(3, APPROVED["finance"][0].text, "", {"margin": "null"})

    assert not still_holds([unknown], APPROVED["finance"], INPUTS)
