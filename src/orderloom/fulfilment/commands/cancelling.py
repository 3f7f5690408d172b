"""Ends before the time: what has not begun is stopped, what is done is taken back in reverse order."""

from __future__ import annotations

from collections.abc import Container, Sequence
from typing import Literal

from orderloom.assets.commands import cancel as cancel_assets
from orderloom.assets.commands import terminate as terminate_assets
from orderloom.assets.reads import by_order_item
from orderloom.base.refusals import Conflict, Problem, Refused, refuse_if_any
from orderloom.base.transaction import Tx
from orderloom.billing.commands import reverse_items
from orderloom.catalog.reads import load_catalogues
from orderloom.catalog.rules import item_problems
from orderloom.catalog.types import Catalogue
from orderloom.fulfilment import store
from orderloom.fulfilment.callout import correlation_of
from orderloom.fulfilment.reads import StepStanding, order_standings, relying_lines, standings
from orderloom.gateway.commands import withdraw
from orderloom.orders import commands as orders
from orderloom.orders.change import ChangeDraft
from orderloom.orders.order import ItemResult
from orderloom.orders.reads import StoredItem, stored_orders
from orderloom.orders.states import TERMINAL
from orderloom.processes.commands import cancel_steps
from orderloom.processes.reads import steps_of
from orderloom.processes.types import StepId

ENDED = frozenset({"done", "skipped", "cancelled"})


async def cancel_orders(tx: Tx, order_ids: Sequence[int], *, reason: str) -> list[int]:
    """Cancel orders: stop what is open, take back what is done, reverse what was to be charged.

    All or nothing. An order past a hard point of no return is refused and stays as it is. A
    cancellation ends when everything is taken back. Returns the orders that are being cancelled.
    """
    wanted = await orders.cancel_orders(tx, order_ids, reason=reason)
    await carry_out_cancellations(tx, wanted.requested, reason=reason)
    return [*wanted.cancelled, *wanted.requested]


async def carry_out_cancellations(tx: Tx, order_ids: Sequence[int], *, reason: str) -> None:
    """Take back what was done for orders whose cancellation is asked for; refused past a hard point of no return."""
    for order_id in order_ids:
        await take_back(tx, order_id, reason=reason)
    await orders.accept_cancellations(tx, order_ids)
    await finish_cancellations(tx, order_ids)


async def cancel_items(
    tx: Tx, order_id: int, item_ids: Sequence[int], *, reason: str, as_failed: bool = False
) -> list[StepId]:
    """Cancel items with their parts, or have them fail for good: steps that serve nothing else are taken back.

    A thing that other items share lives on. The rest of the order goes on without them, as if they
    had not been ordered. Refused for what is completed, past a hard point of no return, while other
    items rely on them, for a part without which its bundle is none, and for one without which the
    price function says another price for the rest: a change shows that before it is made. What fails
    for good leaves the prices as they are. Returns the steps that take back what was done.
    """
    [order] = await order_standings(tx, [order_id])
    if order.state in TERMINAL:
        raise Conflict([Problem("order_ended", "The order has ended; order a return instead.")])
    gone = set(item_ids)
    while more := {item.id for item in order.items if item.parent_id in gone} - gone:
        gone |= more
    refuse_if_any(
        [
            *(
                Problem("item_ended", f"Line {item.line} is {item.state}; order a return, or cancel the whole order.")
                for item in order.items
                if item.id in gone and item.state in TERMINAL - {"cancelled", "failed"}
            ),
            *(
                Problem("relied_on", f"Line {line} relies on line {needed}; cancel it first, or the whole order.")
                for line, needed in await relying_lines(tx, sorted(gone))
            ),
            *(() if as_failed else await _broken_bundles(tx, order_id, gone)),
        ]
    )
    if not as_failed:
        refuse_if_any(await _repriced(tx, order_id, gone))
    steps = (await standings(tx, [order_id])).get(order_id, [])
    mine = [step for step in steps if step.order_items and set(step.order_items) <= gone]
    undone = await _cancel(tx, mine, reason=reason, others_go_on=True)
    await reverse_items(tx, sorted(gone), reason=reason)
    ended: Literal["cancelled", "failed"] = "failed" if as_failed else "cancelled"
    await orders.record_states(tx, items=[ItemResult(item_id, ended) for item_id in sorted(gone)])
    await end_assets(tx, sorted(gone))
    return undone


async def _broken_bundles(tx: Tx, order_id: int, gone: Container[int]) -> list[Problem]:
    """Bundles that go on and would lack a part that they need by the rules of their catalogue."""
    [order] = await stored_orders(tx, [order_id])
    catalogues = await load_catalogues(tx, [order.catalogue_version_id])
    catalogue = catalogues[order.catalogue_version_id]
    standing = [item for item in order.items if item.withdrawn_in is None and item.state not in ("cancelled", "failed")]
    rest = [item for item in standing if item.id not in gone]
    known = _lacking(catalogue, standing)
    return [
        Problem(
            "bundle_broken",
            f"Line {line} would be no whole bundle any more: {lack} Cancel line {line}, or propose a change instead.",
        )
        for line, lack in _lacking(catalogue, rest)
        if (line, lack) not in known
    ]


async def _repriced(tx: Tx, order_id: int, gone: Container[int]) -> list[Problem]:
    """Lines that go on and would cost something else without these, by the price function that changes ask, too."""
    [order] = await stored_orders(tx, [order_id])
    lines = tuple(item.line for item in order.items if item.id in gone and item.withdrawn_in is None)
    without = await orders.revised_order(tx, order, ChangeDraft("cancelled", remove=lines))
    if without.problems:
        return []
    return [
        Problem(
            "bundle_repriced",
            f"Without {', '.join(lines)} line {move.line} costs {move.net_after or 0:f} instead of "
            f"{move.net_before or 0:f} {order.currency}; propose a change instead, which shows it before it is made.",
        )
        for move in without.moves
        if move.net_before != move.net_after
    ]


def _lacking(catalogue: Catalogue, items: Sequence[StoredItem]) -> list[tuple[str, str]]:
    """What bundles lack or have too much of, by line."""
    return [
        (items[int(problem.pointer.split("/")[2])].line, problem.message)
        for problem in item_problems(catalogue, items)
        if problem.code == "cardinality"
    ]


async def end_assets(tx: Tx, item_ids: Sequence[int]) -> None:
    """What never lived is cancelled, what lived ends now."""
    assets = list((await by_order_item(tx, item_ids)).values())
    await cancel_assets(tx, assets)
    await terminate_assets(tx, dict.fromkeys(assets, tx.now))


async def finish_cancellations(tx: Tx, order_ids: Sequence[int]) -> list[int]:
    """End the cancellations whose taking back is done; return those orders."""
    cancelling = {order.id: order for order in await order_standings(tx, order_ids) if order.state == "cancelling"}
    steps = await standings(tx, list(cancelling))
    over = [order_id for order_id in cancelling if all(step.state in ENDED for step in steps.get(order_id, ()))]
    finished = await orders.finish_cancellations(tx, over)
    await end_assets(tx, [item.id for order_id in finished for item in cancelling[order_id].items])
    return finished


async def take_back(tx: Tx, order_id: int, *, reason: str) -> None:
    """Stop and undo everything of an order, and reverse what was to be charged."""
    steps = (await standings(tx, [order_id])).get(order_id, [])
    try:
        async with tx.savepoint():
            await _cancel(tx, steps, reason=reason)
    except Refused as refused:
        raise Conflict(
            [
                *refused.problems,
                Problem("not_cancelled", "The order goes on; cancel the items that still can be, or order a return."),
            ]
        ) from None
    [order] = await order_standings(tx, [order_id])
    await reverse_items(tx, [item.id for item in order.items], reason=reason)


async def _cancel(tx: Tx, steps: Sequence[StepStanding], *, reason: str, others_go_on: bool = False) -> list[StepId]:
    if not steps:
        return []
    ids = [StepId(step.process_id, step.number) for step in steps if not step.key.startswith("undo ")]
    undone = await cancel_steps(tx, ids, reason=reason, compensate=True, by_revision=others_go_on)
    await withdraw(tx, [correlation_of(*id_) for id_ in ids], reason=reason)
    for process_id in {step.process_id for step in undone}:
        for row in await steps_of(tx, process_id):
            if row.id in undone and row.params and "undoes" in row.params:
                await store.copy_step(tx, process_id, int(row.params["undoes"]), row.number)
    return undone
