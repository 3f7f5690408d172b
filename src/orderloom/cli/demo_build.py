"""Builds the small world in an empty, migrated database: its nouns, then two years of its orders."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from orderloom.base.clock import make_movable, move_clock
from orderloom.base.transaction import Database, Tx, transaction
from orderloom.base.types import SYSTEM
from orderloom.cli.demo_approving import plan_approvals
from orderloom.cli.demo_hands import Hands, actors_by_login
from orderloom.cli.demo_history import load_past
from orderloom.cli.demo_orders import DAYS, Wanted, order_stream
from orderloom.cli.demo_partners import partners_at_hand
from orderloom.cli.demo_quotes import QUOTES, PlannedQuote, convert_planned, write_quote
from orderloom.cli.demo_run import Happening, History, without_keeping_up
from orderloom.cli.demo_turns import TURNS, turns
from orderloom.cli.demo_world import load_world, stream_customers
from orderloom.house import build_house
from orderloom.quotes.commands import expire_quotes
from orderloom.worker.loops import open_loops

SEED = 20_061
WORKER = "demo"
OWN_PARTITIONS = timedelta(days=62)

Told = Callable[[float, str], None]
"""Is told which share of the work is done, and a word about it."""


async def build_world(url: str, master: str, *, orders: int, told: Told) -> list[str]:
    """Fill the database; in the end its clock shows real time. Not atomic: build where nobody looks.

    Returns what was refused to those who decide about the orders of `demo_turns`: nothing, when all is well.
    """
    house = without_keeping_up(build_house())
    async with (
        partners_at_hand(master, seed=SEED) as partners,
        Database(url, house, size=4) as database,
        Database(url, house, size=2, bulk=True) as bulk,
        open_loops(database, bulk, WORKER, allow_private_partners=True) as loops,
    ):
        end = await _turn_back(database, timedelta(days=DAYS + 14))
        begin = end - timedelta(days=DAYS + 14)
        history = History(database, loops, partners, now=begin, end=end)
        async with transaction(database, SYSTEM) as tx:
            await _add_months(tx, end)
            await load_world(tx, partners_url=partners.url, master=master)
        hands = Hands(history, await actors_by_login(database))
        for wanted in wanted_orders(end, orders):
            history.timeline.add(wanted.at, hands.order(wanted))
        history.watchers += [hands.note_tasks, hands.note_fallout, hands.note_invoices]
        hands.plan_routine(begin)
        hands.decisions.plan_stray_post()
        written = _plan_quotes(history, hands, end)
        plan_approvals(history, hands.actors)
        await history.run(told=lambda now: told(_share(begin, now, end), f"{now:%B %Y}, {hands.placed} orders"))
        for quote_id, planned in written.items():
            async with transaction(database, SYSTEM) as tx:
                await convert_planned(tx, quote_id, planned, hands.actors)
        await _come_back(database)
        async with transaction(database, SYSTEM) as tx:
            await load_past(tx)
    return hands.decisions.refused


def _plan_quotes(history: History, hands: Hands, end: datetime) -> dict[int, PlannedQuote]:
    """Have the quotes written when their time comes; what was written, by id."""
    written: dict[int, PlannedQuote] = {}

    def writing(planned: PlannedQuote) -> Happening:
        async def write() -> None:
            async with transaction(history.database, SYSTEM) as tx:
                written[(await write_quote(tx, planned, hands.actors)).id] = planned
                await expire_quotes(tx)

        return write

    for planned in QUOTES:
        history.timeline.add(end - timedelta(days=planned.days_ago, hours=2), writing(planned))
    return written


def wanted_orders(until: datetime, count: int) -> list[Wanted]:
    """So many orders in order of time; where there are enough, every fate is among them."""
    customers = stream_customers()
    special = turns(customers, until=until) if count >= len(TURNS) else []
    return sorted([*order_stream(customers, until=until, count=count - len(special)), *special], key=lambda w: w.at)


async def _turn_back(database: Database, by: timedelta) -> datetime:
    """Move the clock back; return the real moment, at which the history is going to end."""
    async with transaction(database, SYSTEM) as tx:
        await make_movable(tx)
        await move_clock(tx, -by)
        return tx.now


async def _add_months(tx: Tx, end: datetime) -> None:
    """Give the last weeks and the months to come their partitions; what is longer ago lies together in one."""
    for table in ("base.event", "processes.step_log"):
        await tx.value(
            "SELECT base.add_months(%(table)s::regclass, %(first)s, %(last)s)",
            {"table": table, "first": (end - OWN_PARTITIONS).date(), "last": (end + OWN_PARTITIONS).date()},
        )


async def _come_back(database: Database) -> None:
    """Let business time be real time again."""
    async with transaction(database, SYSTEM) as tx:
        offset = await tx.value("SELECT offset_seconds FROM base.clock")
        await move_clock(tx, timedelta(seconds=-offset))


def _share(begin: datetime, now: datetime, end: datetime) -> float:
    return (now - begin) / (end - begin)
