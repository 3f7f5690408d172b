"""Orders live through random histories on a real PostgreSQL, and every invariant holds after every turn."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlsplit

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from orderloom.base.jobs import run_jobs
from orderloom.base.parsing import parse
from orderloom.base.refusals import Refused
from orderloom.base.transaction import Database, Tx
from orderloom.base.types import House
from orderloom.cli.demo_orders import order_stream
from orderloom.cli.demo_world import stream_customers
from orderloom.fulfilment.commands import (
    cancel_items,
    cancel_orders,
    confirm_evidence,
    give_evidence,
    hold_orders,
    place_orders,
    reject_evidence,
    release_holds,
)
from orderloom.orders.order import HoldDraft
from orderloom.orders.types import OrderDraft
from orderloom.processes.commands import complete_steps, retry_steps, skip_steps, start_steps
from orderloom.processes.types import Completion, StepId
from orderloom.processes.worker import sweep
from tests.stories.workshop import Letter, Workshop, copy_database, drop_database, world_template

FOLDER = Path(__file__).parent.parent.parent / "demo" / "orders"
WORKED = {path.stem[0]: json.loads(path.read_text()) for path in FOLDER.glob("*.json")}
STREAM = order_stream(stream_customers(), until=datetime(2026, 11, 20, 9, tzinfo=UTC), count=120)
ENDED = ("completed", "partial", "failed", "cancelled", "rejected")
PLACES = st.integers(0, 1000)


def variants() -> list[OrderDraft]:
    """The worked orders, with parts left out and other quantities, and what the customers of the demo order."""
    home, kit, pos = WORKED["A"], WORKED["B"], WORKED["C"]
    bodies = [
        home,
        home | {"items": [item for item in home["items"] if item["line"] not in ("1.3",)]},
        home | {"items": [item for item in home["items"] if item["line"] not in ("1.2", "1.5")]},
        kit,
        kit | {"items": [_times(item, 4) for item in kit["items"]]},
        pos,
        pos | {"items": [_one_site(item) for item in pos["items"]]},
    ]
    return [parse(OrderDraft, body) for body in bodies] + [wanted.draft for wanted in STREAM]


def _times(item: dict[str, Any], kits: int) -> dict[str, Any]:
    return item | {"quantity": item["quantity"] * kits // 10}


def _one_site(item: dict[str, Any]) -> dict[str, Any]:
    if "ship_groups" not in item:
        return item
    return item | {"ship_groups": [{"place": "S1", "quantity": item["quantity"]}]}


DRAFTS = variants()


NONSENSE: list[dict[str, Any]] = [
    {"at": "2026-99-99T99:99"},
    {"at": "0001-01-01T00:00"},
    {"at": "9999-12-31T23:59:59+14:00"},
    {"at": 5},
    {"error": "the van broke down"},
    {"error": {"code": 7}},
    {"lines": "none"},
    {"lines": []},
    {"lines": [7, None]},
    {"*": {"quantity": "abc"}},
    {"*": {"quantity": None}},
    {"*": {"quantity": "NaN"}},
    {"*": {"quantity": "-1"}},
    {"*": {"quantity": "0"}},
    {"*": {"quantity": "1"}},
    {"*": {"quantity": "0.5"}},
    {"*": {"quantity": "1e30"}},
    {"*": {"quantity": [1]}},
    {"*": {"serials": "S1"}},
    {"*": {"serials": ["S1", "S1"]}},
    {"*": {"serials": [None, {}, 7]}},
    {"*": {"line": 7}},
    {"*": {"line": [1]}},
    {"shipment": None, "trackingNumber": {"a": 1}, "carrier": 9, "vendorOrder": ["x" * 500]},
    {"shipment": "x" * 5000, "trackingNumber": "y" * 5000, "carrier": "z" * 5000, "vendorOrder": "w" * 5000},
    {"lineStatus": "jumpered"},
    {"lineStatus": 7},
    {"lineStatus": None},
    {"lineStatus": {"a": 1}},
]


def garbled(letter: Letter, nonsense: dict[str, Any]) -> Letter:
    """The letter with other outputs; `*` changes every line that it tells of."""
    body = json.loads(letter.body)
    outputs = body["outputs"]
    outputs.update({name: value for name, value in nonsense.items() if name != "*"})
    if "*" in nonsense:
        outputs["lines"] = [{**line, **nonsense["*"]} for line in outputs.get("lines", [])]
    return replace(letter, id=f"{letter.id}?{NONSENSE.index(nonsense)}", body=json.dumps(body).encode())


class Histories(RuleBasedStateMachine):
    """What may happen to orders, in any order. One database for each history."""

    copy: ClassVar[Callable[[], str]]
    drop: ClassVar[Callable[[str], None]]
    house: ClassVar[House]

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.url = type(self).copy()
        self.database = Database(self.url, type(self).house, size=2)
        self.run(self.database.__aenter__())
        self.shop = Workshop(self.database)
        self.external = 0

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.runner.run(work)

    def teardown(self) -> None:
        try:
            self.run(self.shop.check())
        finally:
            self.run(self.database.__aexit__())
            self.runner.close()
            type(self).drop(self.url)

    def turn(self, work: Callable[[Tx], Awaitable[Any]], *, user_id: int | None = None) -> None:
        """Something that people ask for, which may be refused; then everything is checked."""
        with suppress(Refused):
            self.run(self.shop.do(work, user_id=user_id))
        self.run(self.shop.check())

    # What is ordered

    @initialize(place=st.integers(0, 6))
    def begin(self, place: int) -> None:
        self.place(place)

    @rule(place=st.integers(0, len(DRAFTS) - 1))
    def order(self, place: int) -> None:
        if len(self.rows("SELECT id FROM orders.sales_order")) < 4:
            self.place(place)

    def place(self, place: int) -> None:
        self.turn(lambda tx: place_orders(tx, [DRAFTS[place]]))

    # What the program does

    @rule()
    def run_jobs(self) -> None:
        self.run(run_jobs(self.database))
        self.run(self.shop.check())

    @rule()
    def run_steps(self) -> None:
        self.run(self.shop.worker.turn())
        self.run(self.shop.check())

    @rule()
    def send_calls(self) -> None:
        self.run(self.shop.sender.turn())
        self.run(self.shop.check())

    @rule(hours=st.sampled_from([1, 5, 24, 100, 400]))
    def pass_time(self, hours: int) -> None:
        self.run(self.shop.move(hours))
        self.run(sweep(self.database))
        self.run(self.shop.check())

    @rule()
    def work(self) -> None:
        self.run(self.shop.work())
        self.run(self.shop.check())

    @rule(days=st.integers(1, 5))
    def days_go_by(self, days: int) -> None:
        """Everybody does what is to be done."""
        for _ in range(days):
            self.run(self.shop.work())
            for letter in self.shop.wire.letters:
                assert self.run(self.shop.deliver(letter)) == 200
            self.shop.wire.letters.clear()
            self.run(self.shop.work())
            self.do_task(0)
            self.run(self.shop.move(24))
        self.work()

    @rule()
    def lose_a_worker(self) -> None:
        self.run(self.shop.lose_a_worker())
        self.run(self.shop.check())

    # What partners do

    @rule(fates=st.lists(st.sampled_from(["later", "refuse", "busy", "nonsense", "timeout", "redirect"]), max_size=3))
    def trouble(self, fates: list[Any]) -> None:
        self.shop.wire.fates[:] = fates

    @precondition(lambda self: self.shop.wire.letters)
    @rule(place=PLACES, is_kept=st.booleans())
    def deliver(self, place: int, is_kept: bool) -> None:
        letters = self.shop.wire.letters
        letter = letters[place % len(letters)]
        if not is_kept:
            letters.remove(letter)
        assert self.run(self.shop.deliver(letter)) == 200
        self.run(self.shop.check())

    @precondition(lambda self: self.shop.wire.letters)
    @rule(place=PLACES, nonsense=st.sampled_from(NONSENSE))
    def deliver_nonsense(self, place: int, nonsense: dict[str, Any]) -> None:
        """A partner tells what cannot be, or half of it, before it tells the rest."""
        letters = self.shop.wire.letters
        letter = letters[place % len(letters)]
        assert self.run(self.shop.deliver(garbled(letter, nonsense))) == 200
        self.run(self.shop.work())
        self.run(self.shop.check())

    @precondition(lambda self: self.shop.wire.letters)
    @rule()
    def deliver_all(self) -> None:
        for letter in self.shop.wire.letters:
            assert self.run(self.shop.deliver(letter)) == 200
        self.shop.wire.letters.clear()
        self.work()

    # What people do

    @rule(place=PLACES)
    def do_task(self, place: int) -> None:
        if id_ := self.step("mode = 'person' AND state IN ('ready', 'running') AND NOT held", place):

            async def do(tx: Tx) -> None:
                await start_steps(tx, [id_])
                await complete_steps(tx, [Completion(*id_)])

            self.turn(do)

    @rule(place=PLACES)
    def retry(self, place: int) -> None:
        if id_ := self.step("state = 'failed'", place):
            self.turn(lambda tx: retry_steps(tx, [id_], reason="again"))

    @rule(place=PLACES)
    def skip(self, place: int) -> None:
        if id_ := self.step("state = 'failed' AND NOT mandatory", place):
            self.turn(lambda tx: skip_steps(tx, [id_], reason="no need"))

    @rule(place=PLACES)
    def give_evidence(self, place: int) -> None:
        if id_ := self.step("state = 'failed'", place):
            self.turn(lambda tx: give_evidence(tx, id_, evidence="seen"), user_id=1)

    @rule(place=PLACES, is_true=st.booleans(), user_id=st.sampled_from([1, 2, 2, 2]))
    def decide_evidence(self, place: int, is_true: bool, user_id: int) -> None:
        rows = self.rows("SELECT process_id, number FROM fulfilment.evidence WHERE state = 'recorded' ORDER BY id")
        if rows:
            id_ = StepId(*rows[place % len(rows)])
            if is_true:
                self.turn(lambda tx: confirm_evidence(tx, id_), user_id=user_id)
            else:
                self.turn(lambda tx: reject_evidence(tx, id_, reason="nobody saw it"), user_id=user_id)

    @rule(place=PLACES, code=st.sampled_from(["manual", "payment", "dispute"]), is_on_item=st.booleans())
    def hold(self, place: int, code: str, is_on_item: bool) -> None:
        rows = self.rows("SELECT order_id, id FROM orders.item ORDER BY id")
        order_id, item_id = rows[place % len(rows)]
        draft = HoldDraft(order_id=order_id, item_id=item_id if is_on_item else None, code=code, reason="wait")
        self.turn(lambda tx: hold_orders(tx, [draft]))

    @rule(place=PLACES)
    def release(self, place: int) -> None:
        if rows := self.rows("SELECT id FROM orders.hold WHERE released_at IS NULL ORDER BY id"):
            self.turn(lambda tx: release_holds(tx, [rows[place % len(rows)][0]], reason="go on"))

    @rule(place=PLACES)
    def cancel_order(self, place: int) -> None:
        rows = self.rows("SELECT id FROM orders.sales_order ORDER BY id")
        self.turn(lambda tx: cancel_orders(tx, [rows[place % len(rows)][0]], reason="changed their mind"))

    @rule(place=PLACES)
    def cancel_item(self, place: int) -> None:
        rows = self.rows("SELECT order_id, id FROM orders.item ORDER BY id")
        order_id, item_id = rows[place % len(rows)]
        self.turn(lambda tx: cancel_items(tx, order_id, [item_id], reason="not that"))

    def step(self, where: str, place: int) -> StepId | None:
        rows = self.rows(f"SELECT process_id, number FROM processes.step WHERE {where} ORDER BY 1, 2")
        return StepId(*rows[place % len(rows)]) if rows else None

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        found: list[tuple[Any, ...]] = self.run(self.shop.ask(query))
        return found


@pytest.fixture(scope="module")
def histories(server_url: str, template: str, house: House) -> Iterator[type[Histories]]:
    with (
        world_template(server_url, template, house, asyncio.run) as world,  # type: ignore[arg-type]
        psycopg.connect(server_url.format("postgres"), autocommit=True) as connection,
    ):

        def copy() -> str:
            name = f"history_{os.getpid()}_{os.urandom(4).hex()}"
            copy_database(connection, world, name)
            return server_url.format(name)

        def drop(url: str) -> None:
            drop_database(connection, urlsplit(url).path.removeprefix("/"))

        Histories.copy, Histories.drop, Histories.house = staticmethod(copy), staticmethod(drop), house
        yield Histories


def long(examples: int, steps: int) -> settings:
    return settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        print_blob=True,
        derandomize=True,
        phases=(Phase.explicit, Phase.generate, Phase.shrink),
    )


@pytest.mark.slow
def test_a_hold_also_stops_what_the_plan_finds_out_later(histories: type[Histories]) -> None:
    history = histories()
    try:
        history.place(3)
        history.hold(0, code="payment", is_on_item=False)
        history.days_go_by(2)
        rows = history.rows("SELECT state FROM processes.step WHERE kind = 'stock.pick' AND state <> 'cancelled'")
        assert rows == [("blocked",), ("blocked",)]
        history.release(0)
        history.days_go_by(4)
        assert history.rows("SELECT state FROM orders.sales_order") == [("completed",)]
    finally:
        history.teardown()


@pytest.mark.slow
def test_orders_survive_random_histories(histories: type[Histories]) -> None:
    run_state_machine_as_test(histories, settings=long(examples=6, steps=25))


@pytest.mark.soak
@pytest.mark.timeout(7200)
def test_orders_survive_many_long_random_histories(histories: type[Histories]) -> None:
    run_state_machine_as_test(histories, settings=long(examples=300, steps=80))
