"""Whatever partners tell of their work, no reaction crashes: it is taken, or the step stands in fallout."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from orderloom.base.parsing import parse
from orderloom.base.transaction import Database
from orderloom.base.types import House
from orderloom.fulfilment.commands import place_orders
from orderloom.orders.types import OrderDraft
from orderloom.processes.commands import complete_steps, start_steps
from orderloom.processes.types import Completion, StepId
from tests.stories.test_random_histories import NONSENSE, garbled
from tests.stories.workshop import Workshop, copy_database, drop_database, world_template

ORDERS = Path(__file__).parent.parent.parent / "demo" / "orders"


@pytest.fixture
def nonsense_url(server_url: str, template: str, house: House) -> Iterator[str]:
    name = f"nonsense_{template}"
    with (
        world_template(server_url, template, house, asyncio.run) as world,  # type: ignore[arg-type]
        psycopg.connect(server_url.format("postgres"), autocommit=True) as connection,
    ):
        copy_database(connection, world, name)
        yield server_url.format(name)
        drop_database(connection, name)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["A-triple-play", "B-wholesale-kit", "C-saas-hardware"])
def test_no_message_crashes_a_reaction(nonsense_url: str, house: House, name: str) -> None:
    asyncio.run(tell_nonsense(nonsense_url, house, name))


async def tell_nonsense(url: str, house: House, name: str) -> None:
    """An order for each kind of nonsense; each message comes garbled first, then as it should be."""
    async with Database(url, house, size=3) as database:
        shop = Workshop(database)
        draft = parse(OrderDraft, json.loads((ORDERS / f"{name}.json").read_text()))
        by_process = {}
        for number in range(len(NONSENSE)):
            [placed] = await shop.do(lambda tx: place_orders(tx, [draft]))
            by_process[str(placed.process_id)] = NONSENSE[number]
        for _ in range(9):
            await shop.work()
            letters, shop.wire.letters = shop.wire.letters, []
            for letter in letters:
                process_id = json.loads(letter.body)["correlation"].split(":")[0]
                assert await shop.deliver(garbled(letter, by_process[process_id])) == 200
            await shop.work()
            for letter in letters:
                assert await shop.deliver(letter) == 200
            await shop.work()
            await do_tasks(shop)
            await shop.move(50)
            await shop.check()
        [(done,)] = await shop.ask("SELECT count(*) FROM orders.sales_order WHERE state IN ('completed', 'held')")
        assert done > len(NONSENSE) / 2


async def do_tasks(shop: Workshop) -> None:
    ready = "SELECT process_id, number FROM processes.step WHERE mode = 'person' AND state = 'ready' AND NOT held"
    ids = [StepId(*row) for row in await shop.ask(ready)]

    async def do(tx) -> None:
        await start_steps(tx, ids)
        await complete_steps(tx, [Completion(*id_) for id_ in ids])

    if ids:
        await shop.do(do)
