"""The quotes of the demo world: about twenty-five, in every state, written by commands."""

from __future__ import annotations

from orderloom.base.transaction import transaction
from orderloom.base.types import SYSTEM
from orderloom.cli.demo_approving import publish_demo_policies
from orderloom.cli.demo_hands import actors_by_login
from orderloom.cli.demo_quotes import QUOTES, write_all
from orderloom.cli.demo_world import load_world
from orderloom.orders.verify import INVARIANTS as ORDER_INVARIANTS
from orderloom.quotes.verify import INVARIANTS


async def test_quotes_of_every_kind_are_written_and_sound(database):
    async with transaction(database, SYSTEM) as tx:
        await load_world(tx, partners_url="http://127.0.0.1:9", master="x" * 32)
        await publish_demo_policies(tx)
    actors = await actors_by_login(database)
    async with transaction(database, SYSTEM) as tx:
        assert await write_all(tx, actors) == len(QUOTES) >= 25

    async with transaction(database, SYSTEM) as tx:
        states = dict(await tx.all("SELECT state, count(*) FROM quotes.quote GROUP BY state"))
        needs = await tx.value("SELECT count(DISTINCT quote_id) FROM quotes.need WHERE confirmed_at IS NULL")
        asked = await tx.all(
            "SELECT state, count(*) FROM approvals.request WHERE subject_kind = 'quote' GROUP BY state ORDER BY state"
        )
        orders = await tx.value("SELECT count(*) FROM orders.quoted_order")
        for invariant in (*INVARIANTS, *ORDER_INVARIANTS):
            assert await tx.all(invariant.sql) == [], invariant.name

    assert set(states) == {"draft", "sent", "accepted", "declined", "lost", "converted"}
    assert (needs, orders) == (2, 5)
    assert asked == [("approved", 1), ("open", 1)]
