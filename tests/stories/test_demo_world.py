"""The demo world as it is on its last day: something of everything that a desk has to deal with."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any, get_args

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from orderloom.base.migrate import migrate
from orderloom.cli.demo_build import build_world
from orderloom.cli.demo_turns import TURNS
from orderloom.cli.verify import check
from orderloom.orders.states import State
from tests.stories.workshop import drop_database

pytestmark = pytest.mark.slow
NAME = "demo_world"
OTHERS = 12


@pytest.fixture(scope="module")
def world(server_url: str) -> Iterator[str]:
    """The address of a small demo world: the orders whose fate is set, and some of chance's."""
    url = make_conninfo(server_url.format(NAME), options="-c synchronous_commit=off")
    with psycopg.connect(server_url.format("postgres"), autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(NAME)))
        migrate(url)
        refused = asyncio.run(build_world(url, "master", orders=len(TURNS) + OTHERS, told=lambda _share, _word: None))
        assert refused == []
        yield url
        drop_database(connection, NAME)


def asked(url: str, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(query).fetchall()  # type: ignore[call-overload, no-any-return]


def test_there_are_orders_in_every_state(world: str) -> None:
    found = dict(asked(world, "SELECT state, count(*) FROM orders.sales_order GROUP BY state"))

    assert found.keys() == set(get_args(State))
    from_quotes = asked(world, "SELECT count(DISTINCT order_id) FROM quotes.draw WHERE order_id IS NOT NULL")[0][0]
    assert from_quotes > 0
    assert sum(found.values()) == len(TURNS) + OTHERS + from_quotes


def test_holds_of_many_kinds_stand(world: str) -> None:
    standing = {code for (code,) in asked(world, "SELECT code FROM orders.hold WHERE released_at IS NULL")}

    assert {"manual", "address", "payment", "export", "dispute", "credit", "uncovered"} <= standing


def test_every_team_has_something_to_do(world: str) -> None:
    queues = {code for (code,) in asked(world, "SELECT code FROM work.queue")}
    waiting = {
        queue
        for (queue,) in asked(
            world, "SELECT queue FROM processes.step WHERE mode = 'person' AND state IN ('ready', 'running')"
        )
    }

    assert waiting >= queues


def test_the_inbox_holds_what_nobody_waits_for_and_counts_what_was_forged(world: str) -> None:
    messages = asked(world, "SELECT state, type FROM gateway.message WHERE call_id IS NULL")

    assert {("unmatched", "portOutRequested"), ("unmatched", "returned"), ("rejected", "priceList")} <= set(messages)
    assert ("rejected", "") in messages
    assert asked(world, "SELECT reason, times FROM gateway.turned_away") == [("forged", 1)]


def test_changes_are_drafted_previewed_applied_and_withdrawn(world: str) -> None:
    found = {state for (state,) in asked(world, "SELECT state FROM orders.change")}

    assert found == {"drafted", "previewed", "applied", "withdrawn"}


def test_evidence_waits_for_its_second_person(world: str) -> None:
    waiting = asked(
        world,
        """
        SELECT evidence.recorded_name
          FROM fulfilment.evidence
          JOIN processes.step USING (process_id, number)
         WHERE evidence.state = 'recorded' AND step.state IN ('waiting', 'failed')
        """,
    )

    assert waiting == [("Nora Fitzgerald",)] * 2


def test_every_invariant_holds(world: str) -> None:
    assert [finding for finding in check(world) if finding.broken] == []
