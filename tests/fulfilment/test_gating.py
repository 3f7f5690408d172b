"""Which steps billing waits for."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from orderloom.fulfilment.gating import gates_billing
from orderloom.processes.types import Edge


class Placed(NamedTuple):
    key: str
    mandatory: bool


# 0 -> 1 -> 2 (the gate) -> 3; 4 is optional and leads to 2; 5 stands alone.
STEPS = [Placed(str(number), number != 4) for number in range(6)]
EDGES = [Edge(0, 1), Edge(1, 2, "FF"), Edge(2, 3), Edge(4, 2)]


@pytest.mark.parametrize(("number", "gates"), [(0, True), (1, True), (2, True), (3, False), (4, False), (5, False)])
def test_the_gate_and_what_is_mandatory_before_it_holds_a_charge_back(number: int, gates: bool) -> None:
    assert gates_billing(STEPS, EDGES, number, {"2"}) == gates


def test_an_optional_gate_is_a_gate_and_without_gates_nothing_is() -> None:
    assert gates_billing(STEPS, EDGES, 4, {"4"})
    assert not gates_billing(STEPS, EDGES, 0, set())
