"""Verbs of the shelf: open pick lists, confirm what was taken, close what is not there."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from itertools import groupby

from orderloom.base.numbers import take_numbers
from orderloom.base.refusals import Problem, refuse_if_any
from orderloom.base.transaction import Tx
from orderloom.base.types import Subject
from orderloom.stock import rules
from orderloom.stock.commands.reserving import release_rows
from orderloom.stock.events import GoodsPicked, PickListOpened
from orderloom.stock.store import reservation
from orderloom.stock.types import PickedLine


async def open_pick_lists(tx: Tx, subjects: Sequence[Subject]) -> list[int]:
    """Tell the warehouses to pick what these subjects have claimed firmly; return the new lists.

    One list per subject and warehouse. What stands on an open list already is not listed again.
    """
    rows = [row for row in await reservation.lock_open(tx, subjects, ["active"]) if row.firmness == "hard"]
    free = await reservation.without_pick_line(tx, [row.id for row in rows])

    def destination(row: reservation.Reservation) -> tuple[str, int, int]:
        return row.subject_kind, row.subject_id, row.warehouse_id

    unlisted = sorted((row for row in rows if row.id in free), key=destination)
    groups = [list(group) for _, group in groupby(unlisted, key=destination)]
    if not groups:
        return []
    opened = await reservation.insert_pick_lists(tx, await take_numbers(tx, "pick_list", len(groups)), groups)
    tx.emit(
        PickListOpened(group[0].subject, group[0].order_id, list_id, number, group[0].warehouse)
        for (list_id, number), group in zip(opened, groups, strict=True)
    )
    return [list_id for list_id, _ in opened]


async def confirm_picks(tx: Tx, picks: Sequence[PickedLine]) -> list[reservation.PickListMove]:
    """Take over what was picked, line by line, in total so far; return how far the lists are.

    All or nothing. Fewer than listed is allowed: the rest stays open. Repeating a confirmation
    changes nothing. A serial must lie in this warehouse or be new; serial-tracked goods need one each.
    """
    targets = await reservation.lock_pick_lines(tx, [pick.pick_line_id for pick in picks])
    refuse_if_any(rules.pick_problems(targets, picks))

    fresh = [pick for pick in picks if _is_news(targets[pick.pick_line_id], pick)]
    picked_as = await reservation.split(
        tx,
        {
            targets[pick.pick_line_id].reservation_id: pick.picked - targets[pick.pick_line_id].picked
            for pick in fresh
            if pick.picked > targets[pick.pick_line_id].picked
        },
    )
    await _take_serials(tx, fresh, targets, picked_as)
    await reservation.record_picks(
        tx,
        [pick.pick_line_id for pick in fresh],
        [pick.picked for pick in fresh],
        [pick.serials for pick in fresh],
    )
    taken: dict[int, Decimal] = {}
    for pick in fresh:
        target = targets[pick.pick_line_id]
        taken[target.pick_list_id] = taken.get(target.pick_list_id, Decimal(0)) + pick.picked - target.picked
    moves = await reservation.settle_pick_lists(tx, sorted({target.pick_list_id for target in targets.values()}))
    tx.emit(_picked(move, taken[move.id]) for move in moves if move.id in taken)
    return moves


def _is_news(target: rules.PickTarget, pick: PickedLine) -> bool:
    return pick.picked != target.picked or set(pick.serials) != set(target.serials)


def _picked(move: reservation.PickListMove, taken: Decimal) -> GoodsPicked:
    subject = Subject(move.subject_kind, move.subject_id, move.subject_label, move.account_id)
    return GoodsPicked(
        subject, move.order_id, move.id, move.number, move.picked - taken, move.picked, move.open_quantity
    )


async def _take_serials(
    tx: Tx, picks: Sequence[PickedLine], targets: dict[int, rules.PickTarget], picked_as: dict[int, int]
) -> None:
    units = []
    for pick in picks:
        target = targets[pick.pick_line_id]
        row = picked_as.get(target.reservation_id, target.reservation_id)
        units += [
            reservation.SerialTaken(target.sku, serial, target.warehouse_id, target.order_item_id, row)
            for serial in pick.serials
            if serial not in target.serials
        ]
    taken = await reservation.take_serials(tx, units)
    refuse_if_any(
        [
            Problem(
                "serial_taken",
                f"Serial {unit.serial} of {unit.sku} is not in this warehouse: it was picked or shipped before."
                " Check the label and scan again.",
            )
            for unit in units
            if (unit.sku, unit.serial) not in taken
        ]
    )


async def close_picks_short(tx: Tx, pick_list_ids: Sequence[int], *, reason: str) -> list[int]:
    """End pick lists whose rest is not on the shelf: its claims are released; return those."""
    ids = await reservation.open_reservations_of_lists(tx, pick_list_ids)
    rows = [row for row in await reservation.lock_reservations(tx, ids) if row.state == "active"]
    return await release_rows(tx, rows, reason=reason)
