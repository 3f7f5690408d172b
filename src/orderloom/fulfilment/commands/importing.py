"""Any number of orders in one transaction: while one batch is written, the next is planned and another captured."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from orderloom.base.parsing import PROBLEM_LIMIT
from orderloom.base.refusals import LostRace, Problem, Refused
from orderloom.base.transaction import Tx
from orderloom.fulfilment.commands.placing import PlacedOrder, carry_out_parts, conclude, plans_for
from orderloom.orders.commands import keep_orders
from orderloom.orders.fresh import Kept
from orderloom.orders.order import FirstOrder
from orderloom.orders.types import OrderDraft

ORDERS_A_BATCH = 500
BATCHES_UNDER_WAY = 2

Ending = asyncio.Task[list[PlacedOrder]]


def _unheard(_more: int) -> None:
    """Nobody wants to be told."""


async def import_orders(
    tx: Tx, drafts: Sequence[OrderDraft], *, told: Callable[[int], None] = _unheard
) -> list[PlacedOrder]:
    """Place any number of orders as `place_orders` does with some, all or nothing; what became of each, in order.

    A refusal names the problems of every batch, up to a limit, each pointer below `/orders/{n}` when there are
    several orders. `told` hears how many more were placed.
    """
    batches = [drafts[first : first + ORDERS_A_BATCH] for first in range(0, len(drafts), ORDERS_A_BATCH)]
    placed: list[PlacedOrder] = []
    endings: list[Ending] = []

    async def await_all_but(left: int) -> None:
        while len(endings) > left:
            done = await endings[0]
            del endings[0]
            placed.extend(done)
            told(len(done))

    with ThreadPoolExecutor(max_workers=1) as planner:
        try:
            for place, batch in enumerate(batches):
                try:
                    kept = await keep_orders(tx, batch, submit=True)
                except Refused as refused:
                    await await_all_but(0)
                    raise Refused(await _every_problem(tx, batches, place, refused)) from None
                endings.append(asyncio.create_task(_end(tx, kept, planner, after=endings[-1] if endings else None)))
                await await_all_but(BATCHES_UNDER_WAY - 1)
            await await_all_but(0)
        except BaseException as error:
            raise await _first_failure(endings, error) from None
    return placed


async def _end(
    tx: Tx, kept: Sequence[Kept | FirstOrder], planner: ThreadPoolExecutor, *, after: Ending | None
) -> list[PlacedOrder]:
    """Have the plans of a batch made, and start them once the batch before it has been."""
    parts = (await plans_for(tx, kept)).begin(planner)
    try:
        if after is not None:
            await after
        return await conclude(tx, kept, await carry_out_parts(tx, parts))
    finally:
        for part in parts:
            part.cancel()


async def _every_problem(
    tx: Tx, batches: Sequence[Sequence[OrderDraft]], place: int, refused: Refused
) -> list[Problem]:
    """The problems of the batch that was refused, and of those after it, which are looked through for nothing else."""
    is_alone = sum(map(len, batches)) == 1
    problems = list(refused.problems if is_alone else _among_all(refused, batches, place))
    for later in range(place + 1, len(batches)):
        if isinstance(refused, LostRace) or len(problems) >= PROBLEM_LIMIT:
            break
        try:
            await keep_orders(tx, batches[later], submit=True)
        except Refused as further:
            refused = further
            problems += _among_all(further, batches, later)
    return problems


def _among_all(refused: Refused, batches: Sequence[Sequence[OrderDraft]], place: int) -> list[Problem]:
    """Problems of a batch, each at its order's place among all."""
    first = sum(map(len, batches[:place]))
    if len(batches[place]) == 1:
        return [problem.below(f"/orders/{first}") for problem in refused.problems]
    return [_moved(problem, first) for problem in refused.problems]


def _moved(problem: Problem, by: int) -> Problem:
    root, _, rest = problem.pointer.removeprefix("/orders/").partition("/")
    if not problem.pointer.startswith("/orders/"):
        return problem
    return Problem(problem.code, problem.message, f"/orders/{int(root) + by}" + (f"/{rest}" if rest else ""))


async def _first_failure(endings: Sequence[Ending], error: BaseException) -> BaseException:
    """Stop what is under way; the error, or the one before it that made the transaction fail."""
    for ending in endings:
        ending.cancel()
    told = await asyncio.gather(*endings, return_exceptions=True)
    earlier = [one for one in told if isinstance(one, Exception)]
    return earlier[0] if earlier and isinstance(error, Exception) else error
