"""A person tells a fact: what a task's form asks for decides what follows."""

from __future__ import annotations

from decimal import Decimal

import pytest

from orderloom.base.refusals import Refused
from orderloom.base.transaction import Tx
from orderloom.catalog.commands import CatalogueFile, import_catalogues
from orderloom.catalog.parse import parse_catalogue
from orderloom.fulfilment.commands import place_orders
from orderloom.processes.reads import steps_of
from orderloom.work.commands import complete_tasks
from orderloom.work.forms import form_of
from orderloom.work.reads import get_task
from orderloom.work.types import FormField, TaskCompletion
from tests.orders import given

WATER = """
catalogue: water
version: 1
currency: USD
products:
- {code: TAP, name: Water tap, kind: service}
rules:
- {from: TAP, make: Tap}
specs:
  Tap:
    kind: workOrder
    steps:
      survey:
        name: Measure the pressure
        type: manual
        queue: plumbers
        hours: [1, 2, 3]
        yields: [pressure]
        form: [{name: pressure, type: number, label: Pressure in bar, required: true, at_most: 16}, remark]
      regulator: {name: Fit it, type: manual, queue: plumbers, after: survey, hours: [1, 2, 3], when: pressure > 6}
      connect: {name: Connect, type: manual, queue: plumbers, after: regulator, hours: [1, 2, 3]}
"""


async def order_of_a_tap(tx: Tx) -> int:
    await given.world(tx)
    await import_catalogues(tx, [CatalogueFile("water.yaml", WATER)])
    [placed] = await place_orders(tx, [given.draft(({"line": "1", "product": "TAP"},))])
    assert placed.process_id is not None
    return placed.process_id


async def states(tx: Tx, process_id: int) -> list[str]:
    return [str(step.state) for step in await steps_of(tx, process_id)]


async def test_the_task_asks_for_what_the_catalogue_says(tx: Tx) -> None:
    process_id = await order_of_a_tap(tx)
    [survey, *_] = await steps_of(tx, process_id)

    assert form_of((await get_task(tx, survey.id)).params) == (
        FormField("pressure", "number", "Pressure in bar", required=True, at_most=Decimal(16)),
        FormField("remark"),
    )


@pytest.mark.parametrize(("pressure", "regulator"), [("9.5", "ready"), ("4", "skipped")])
async def test_what_a_person_tells_decides_what_follows(tx: Tx, pressure: str, regulator: str) -> None:
    process_id = await order_of_a_tap(tx)

    await complete_tasks(tx, [TaskCompletion(process_id, 0, {"pressure": pressure, "remark": ""})])

    assert (await states(tx, process_id))[:2] == ["done", regulator]


async def test_a_task_is_not_done_before_its_form_is_filled_in(tx: Tx) -> None:
    process_id = await order_of_a_tap(tx)

    with pytest.raises(Refused):
        await complete_tasks(tx, [TaskCompletion(process_id, 0, {})])
    assert (await states(tx, process_id))[0] == "ready"


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("yields: [pressure]", "yields: [pressure, hardness]", "yield_unasked"),
        ("remark]", "pressure]", "form_double"),
        ("type: number", "type: choice", "form_options"),
        ("after: survey, hours", "after: survey, form: [x, y], type: milestone, hours", "form_misplaced"),
    ],
)
def test_a_form_that_makes_no_sense_is_refused(old: str, new: str, code: str) -> None:
    text = WATER.replace(old, new)
    if "milestone" in new:
        text = text.replace("type: manual, queue: plumbers, after: survey", "queue: plumbers, after: survey")

    with pytest.raises(Refused) as caught:
        parse_catalogue(text, "water.yaml")
    assert code in [problem.code for problem in caught.value.problems]
