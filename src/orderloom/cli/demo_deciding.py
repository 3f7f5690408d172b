"""What people decide about the orders of `demo_turns`, from rejecting to vouching, and post that nobody waits for."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from functools import partial

from orderloom.base.refusals import Refused
from orderloom.base.transaction import Tx, transaction
from orderloom.base.types import Actor
from orderloom.cli.demo_orders import Fate, Wanted
from orderloom.cli.demo_partners import Letter
from orderloom.cli.demo_run import Happening, History
from orderloom.fulfilment.commands import (
    apply_change,
    cancel_items,
    cancel_orders,
    deny_cancellations,
    give_evidence,
    preview_change,
    reject_orders,
    request_cancellations,
)
from orderloom.gateway.inbox import dismiss_messages
from orderloom.gateway.reads import inbox_list
from orderloom.orders.change import ChangeDraft, LineChange
from orderloom.orders.commands import draft_change, withdraw_change
from orderloom.orders.types import ItemDraft
from orderloom.partner_simulator.world import partner_secrets
from orderloom.processes.types import StepId

NORA = "nora@tessellane.example"
OPTIONS = ("Static IPv4 address", "Wi-Fi repeater", "Home security pack")
ASKED = "The customer has ordered somewhere else and wants out."

Decision = Callable[[Tx, Wanted, int], Awaitable[object]]


@dataclass(slots=True)
class Decisions:
    """Who decides what about which order, and what was refused to them."""

    history: History
    actors: Mapping[str, Actor]
    refused: list[str] = field(default_factory=list)

    def prepare(self, wanted: Wanted, order_id: int) -> None:
        """Let what is to become of an order happen: some hours from now, or in the last hours of the history."""
        history = self.history
        soon = {hours: history.now + timedelta(hours=hours) for hours in (0.5, 2, 10)}
        last = {minutes: history.end - timedelta(minutes=minutes) for minutes in (10, 20, 90)}
        seller, manager = self.actors[wanted.seller], self.actors[NORA]
        happens = {
            Fate.REJECTED: [(soon[2], manager, _reject)],
            Fate.FAILED: [(soon[2], manager, _give_up)],
            Fate.PARTIAL: [(soon[2], manager, _do_without_last_line)],
            Fate.ASKED: [(last[90], seller, _ask)],
            Fate.DENIED: [(soon[2], seller, _ask), (soon[10], manager, _deny)],
            Fate.CANCELLING: [(last[10], manager, self._cancel_slowly)],
            Fate.CHANGED: [(soon[0.5], seller, _change)],
            Fate.CHANGING: [(last[20], seller, _think_about_change)],
            Fate.VOUCHED: [(last[20], manager, _vouch)],
        }.get(wanted.fate, [])
        for at, person, decision in happens:
            history.timeline.add(
                at,
                self._happening(
                    f"{wanted.fate} {wanted.number}", person, partial(decision, wanted=wanted, order_id=order_id)
                ),
            )

    def _happening(self, name: str, person: Actor, decision: Callable[[Tx], Awaitable[object]]) -> Happening:
        async def happen() -> None:
            try:
                async with transaction(self.history.database, person) as tx:
                    await decision(tx)
            except Refused as refused:
                self.refused.append(f"{name}: {refused}")

        return happen

    async def _cancel_slowly(self, tx: Tx, wanted: Wanted, order_id: int) -> None:
        """Whoever has to undo something says that it will take a while."""
        self.history.partners.take_their_time()
        await cancel_orders(tx, [order_id], reason=ASKED)

    # Post ----------------------------------------------------------------------------------------

    def plan_stray_post(self) -> None:
        """In the last days come messages that answer nothing, that are none, and that somebody has forged."""
        for days_ago, sender, body in STRAY:
            content = json.dumps(body).encode()
            letter = Letter(sender, self._secret(sender), f"stray-{sender}-{days_ago}", content)
            self.history.timeline.add(self.history.end - timedelta(days=days_ago), self._deliver(letter))
        forged = Letter("CARRIER", self._secret("WMS"), "forged-1", b'{"type": "delivered", "outputs": {}}')
        self.history.timeline.add(self.history.end - timedelta(days=1.4), self._deliver(forged))
        self.history.timeline.add(
            self.history.end - timedelta(hours=20),
            self._happening("post", self.actors["ada@tessellane.example"], _put_aside),
        )

    def _secret(self, partner: str) -> str:
        return partner_secrets(self.history.partners.simulator.master, partner).incoming

    def _deliver(self, letter: Letter) -> Happening:
        async def deliver() -> None:
            self.history.post.append(letter)

        return deliver


STRAY: tuple[tuple[float, str, Mapping[str, object]], ...] = (
    (9.0, "CARRIER", {"type": "delivered", "correlation": "parcel-0034043417", "outputs": {"signedBy": "M. Ito"}}),
    (4.5, "VENDOR", {"type": "priceList", "outputs": {"CLV-2": "249.00", "CAB-7": "3525.00"}}),
    (2.7, "NP", {"type": "portOutRequested", "correlation": "PO-88120", "outputs": {"number": "+15550100199"}}),
    (1.3, "WMS", {"type": "stockTake", "outputs": {"warehouse": "DC-West", "sku": "SMC-500", "counted": 41}}),
    (0.6, "CARRIER", {"type": "returned", "correlation": "parcel-0034043424", "outputs": {"why": "nobody at home"}}),
    (3.1, "PSP", {"event": "chargeback", "amount": "59.00"}),  # no message at all: it has no type
    (0.4, "FSM", {"type": "", "outputs": {}}),
)  # fmt: skip


async def _put_aside(tx: Tx) -> None:
    """The vendor's price list is read and put aside."""
    found = await inbox_list(tx, states=["unmatched"])
    lists = [message.id for message in found if message.type == "priceList"]
    await dismiss_messages(tx, lists, reason="Given to purchasing by e-mail.")


# Decisions ---------------------------------------------------------------------------------------


async def _reject(tx: Tx, wanted: Wanted, order_id: int) -> None:
    await reject_orders(tx, [order_id], reason=wanted.note)


async def _ask(tx: Tx, wanted: Wanted, order_id: int) -> None:
    await request_cancellations(tx, [order_id], reason=ASKED)


async def _deny(tx: Tx, wanted: Wanted, order_id: int) -> None:
    await deny_cancellations(tx, [order_id], reason="The parcel is in the van already; they may send it back.")


async def _give_up(tx: Tx, wanted: Wanted, order_id: int) -> None:
    await cancel_items(tx, order_id, await _outermost(tx, order_id), reason=wanted.note, as_failed=True)


async def _do_without_last_line(tx: Tx, wanted: Wanted, order_id: int) -> None:
    last = (await _outermost(tx, order_id))[-1]
    await cancel_items(tx, order_id, [last], reason="The customer does without it.")


async def _change(tx: Tx, wanted: Wanted, order_id: int) -> None:
    change = await draft_change(tx, order_id, _wish(wanted))
    await preview_change(tx, order_id, change.number)
    await apply_change(tx, order_id, change.number, accept_fees=True)


async def _think_about_change(tx: Tx, wanted: Wanted, order_id: int) -> None:
    change = await draft_change(tx, order_id, _wish(wanted))
    if wanted.note != "drafted":
        await preview_change(tx, order_id, change.number)
    if wanted.note == "withdrawn":
        await withdraw_change(tx, order_id, change.number)


def _wish(wanted: Wanted) -> ChangeDraft:
    """Another quantity of the first line; of a bundle, one more part."""
    first = wanted.draft.items[0]
    if len(wanted.draft.items) > 1 and wanted.draft.items[1].parent:
        line = f"{first.line}.{len(wanted.draft.items)}"
        sold = {item.product for item in wanted.draft.items}
        more = next(product for product in OPTIONS if product not in sold)
        return ChangeDraft("The customer wants one thing more.", add=(ItemDraft(line, more, parent=first.line),))
    factor = Decimal("0.5") if wanted.note == "fewer" else Decimal("1.5")
    quantity = max((first.quantity * factor).quantize(Decimal(1)), Decimal(1)) + (factor > 1)
    return ChangeDraft("The site plan was drawn anew.", lines=(LineChange(first.line, quantity=quantity),))


async def _vouch(tx: Tx, wanted: Wanted, order_id: int) -> None:
    """One person records that a step is done which a charge waits for; the second one is still to come."""
    [step] = await tx.all(
        """
        SELECT step.process_id, step.number
          FROM processes.step
          JOIN processes.process ON process.id = step.process_id
         WHERE process.subject_kind = 'order' AND process.subject_id = %(order_id)s
           AND step.state IN ('waiting', 'failed') AND step.mode IN ('auto', 'event') AND step.mandatory
         ORDER BY step.number
         LIMIT 1
        """,
        {"order_id": order_id},
    )
    words = "Seen in the partner's portal, and the customer confirms it on the phone."
    await give_evidence(tx, StepId(*step), evidence=words)


async def _outermost(tx: Tx, order_id: int) -> list[int]:
    return await tx.values(
        "SELECT id FROM orders.item WHERE order_id = %(order_id)s AND parent_id IS NULL ORDER BY position",
        {"order_id": order_id},
    )
