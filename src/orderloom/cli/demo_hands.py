"""What people do while the history of the demo world is made: order, hold, cancel, do their tasks, repair, pay."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from orderloom.base.refusals import Refused
from orderloom.base.transaction import Database, Tx, transaction
from orderloom.base.types import SYSTEM, Actor
from orderloom.billing.commands import record_payments
from orderloom.billing.types import PaymentDraft
from orderloom.cli.demo_deciding import Decisions
from orderloom.cli.demo_orders import SEED, STILL, Fate, Wanted
from orderloom.cli.demo_run import Happening, History, drawn_hours
from orderloom.cli.demo_world import stock_levels
from orderloom.fulfilment.commands import (
    cancel_orders,
    confirm_evidence,
    give_evidence,
    hold_orders,
    place_orders,
    release_holds,
)
from orderloom.orders.order import HoldDraft
from orderloom.processes.commands import retry_steps
from orderloom.processes.types import StepId
from orderloom.stock.commands import adjust_stock
from orderloom.stock.types import Adjustment
from orderloom.work.commands import complete_tasks, start_tasks
from orderloom.work.forms import form_of
from orderloom.work.types import FormField, TaskCompletion

SETTLED_DAYS = 12
"""What fell out longer ago than this has been repaired."""

UNSUBMITTED = frozenset({Fate.DRAFT, Fate.REJECTED})

RESTOCK_DAYS = 7
EVENING = time(20)
REFUSALS = {
    "home": (("NTE", "test"), ("NEA", "turnOn"), ("IPTV", "enable"), ("IMS", "create")),
    "trade": (("WMS", "pick"), ("CARRIER", "ship"), ("VENDOR", "send")),
    "pos": (("SAAS", "grant"), ("SAAS", "create"), ("WMS", "stage")),
}
HOLDS = (
    ("manual", "The customer asked us to wait until the landlord agrees."),
    ("address", "The carrier does not know this address; ask the customer."),
    ("payment", "Two invoices are overdue; nothing leaves before they are paid."),
    ("export", "Waiting for the export licence."),
    ("dispute", "The customer disputes the last invoice; charge nothing before that is settled."),
)
REASONS = ("Ordered twice by mistake", "Customer found another provider", "Project postponed", "Wrong site")


@dataclass(frozen=True, slots=True)
class OpenTask:
    """A step that waits for a person."""

    process_id: int
    number: int
    order_id: int
    team_id: int | None
    queue: str
    hours: list[Decimal] | None
    params: dict[str, Any]


@dataclass(frozen=True, slots=True)
class FallenStep:
    """A step in fallout."""

    process_id: int
    number: int
    order_id: int
    attempt: int
    title: str


@dataclass(slots=True)
class Hands:
    """The people of the demo world at work."""

    history: History
    actors: Mapping[str, Actor]
    placed: int = 0
    refused: list[str] = field(default_factory=list)
    decisions: Decisions = field(init=False)
    seen_tasks: set[tuple[int, int]] = field(default_factory=set)
    seen_fallout: set[tuple[int, int, int]] = field(default_factory=set)
    payments: dict[datetime, list[PaymentDraft]] = field(default_factory=dict)
    last_invoice_id: int = 0

    def __post_init__(self) -> None:
        self.decisions = Decisions(self.history, self.actors)

    # Orders --------------------------------------------------------------------------------------

    def order(self, wanted: Wanted) -> Happening:
        """A seller places an order, and its fate is prepared."""

        async def place() -> None:
            async with transaction(self.history.database, self.actors[wanted.seller]) as tx:
                (placed,) = await place_orders(tx, [wanted.draft], submit=wanted.fate not in UNSUBMITTED)
            self.placed += 1
            self.history.orders[placed.id] = wanted
            self._prepare_fate(wanted, placed.id)

        return place

    def _prepare_fate(self, wanted: Wanted, order_id: int) -> None:
        chance = wanted.random("fate")
        later = self.history.now + timedelta(hours=chance.uniform(1, 30))
        match wanted.fate:
            case Fate.HELD:
                later = self.history.now if wanted.note else later
                self.history.timeline.add(later, self._hold(wanted, order_id, None))
            case Fate.PAUSED:
                self.history.timeline.add(later, self._hold(wanted, order_id, chance.uniform(1, 9)))
            case Fate.CANCELLED:
                at = self.history.now + timedelta(hours=chance.uniform(3, 96))
                self.history.timeline.add(at, self._cancel(wanted, order_id))
            case Fate.REFUSED:
                self.history.partners.refuse_next(*chance.choice(REFUSALS[wanted.business]))
            case _:
                self.decisions.prepare(wanted, order_id)

    def _hold(self, wanted: Wanted, order_id: int, days: float | None) -> Happening:
        named = [hold for hold in HOLDS if hold[0] == wanted.note]
        code, reason = wanted.random("hold").choice(named or HOLDS)

        async def hold() -> None:
            try:
                async with transaction(self.history.database, self.actors[wanted.seller]) as tx:
                    holds = await hold_orders(tx, [HoldDraft(order_id, code, reason)])
            except Refused:
                return  # the order has ended already
            if days is not None:
                at = self.history.now + timedelta(days=days)
                self.history.timeline.add(at, self._release([placed.id for placed in holds]))

        return hold

    def _release(self, hold_ids: list[int]) -> Happening:
        async def release() -> None:
            async with transaction(self.history.database, self.actors["ada@tessellane.example"]) as tx:
                await release_holds(tx, hold_ids, reason="Settled with the customer by phone.")

        return release

    def _cancel(self, wanted: Wanted, order_id: int) -> Happening:
        async def cancel() -> None:
            try:
                async with transaction(self.history.database, self.actors["nora@tessellane.example"]) as tx:
                    await cancel_orders(tx, [order_id], reason=wanted.random("cancel").choice(REASONS))
            except Refused:
                return  # it was complete before the customer made up their mind

        return cancel

    # Repairs -------------------------------------------------------------------------------------

    async def note_fallout(self, tx: Tx) -> None:
        """What falls out is repaired within a day or so; what fell out lately still stands there."""
        fallen = await tx.all(
            """
            SELECT step.process_id, step.number, process.subject_id AS order_id, step.attempt, step.title
              FROM processes.step
              JOIN processes.process ON process.id = step.process_id
             WHERE step.state = 'failed' AND process.state = 'running'
            """,
            row=FallenStep,
        )
        for step in fallen:
            if (step.process_id, step.number, step.attempt) in self.seen_fallout:
                continue
            self.seen_fallout.add((step.process_id, step.number, step.attempt))
            chance = Random(f"{SEED}:{step.process_id}:{step.number}:{step.attempt}")
            at = self.history.now + timedelta(hours=chance.uniform(1, 40))
            if at < self.history.end - timedelta(days=SETTLED_DAYS):
                self.history.timeline.add(at, self._repair(step))

    def _repair(self, step: FallenStep) -> Happening:
        async def repair() -> None:
            self.history.partners.forget_refusals()
            ids = [StepId(step.process_id, step.number)]
            try:
                async with transaction(self.history.database, self.actors["nora@tessellane.example"]) as tx:
                    if step.attempt < 3:
                        await retry_steps(tx, ids, reason="The partner says that it works again.")
                        return
                    waiting = await give_evidence(tx, ids[0], evidence="Seen in the partner's own portal.")
                if waiting is not None:
                    async with transaction(self.history.database, self.actors["ada@tessellane.example"]) as tx:
                        await confirm_evidence(tx, ids[0])
            except Refused as refused:
                self.refused.append(f"{step.title}: {refused}")

        return repair

    # Money ---------------------------------------------------------------------------------------

    async def note_invoices(self, tx: Tx) -> None:
        """Most invoices are paid about when they are due, some late, a few in part or never."""
        fresh = await tx.all(
            """
            SELECT id, number, due_on, gross
              FROM billing.invoice
             WHERE id > %(last)s AND kind = 'invoice' AND gross > 0
             ORDER BY id
            """,
            {"last": self.last_invoice_id},
        )
        for invoice_id, number, due_on, gross in fresh:
            self.last_invoice_id = invoice_id
            chance = Random(f"{SEED}:{number}")
            mark = chance.random()
            days = chance.gauss(25, 12) if mark < 0.12 else chance.gauss(-4, 5)
            due = datetime(due_on.year, due_on.month, due_on.day, 15, tzinfo=self.history.now.tzinfo)
            at = max(due + timedelta(days=days), self.history.now + timedelta(days=1))
            if mark > 0.03:
                self._expect_payment(PaymentDraft(number, gross, at.date(), f"TRANSFER-{invoice_id}"), at)

    def _expect_payment(self, payment: PaymentDraft, at: datetime) -> None:
        """What comes in on one day is recorded together in the evening."""
        evening = datetime.combine(at.date(), EVENING, at.tzinfo)
        if evening not in self.payments:
            self.payments[evening] = []
            self.history.timeline.add(evening, self._record_payments(evening))
        self.payments[evening].append(payment)

    def _record_payments(self, evening: datetime) -> Happening:
        async def record() -> None:
            async with transaction(self.history.database, self.actors["billie@tessellane.example"]) as tx:
                await record_payments(tx, self.payments.pop(evening))

        return record

    # Routine -------------------------------------------------------------------------------------

    def plan_routine(self, begin: datetime) -> None:
        """Every week, and on the last day, the warehouses are filled up."""
        at = self.history.end - timedelta(minutes=30)
        while at > begin:
            self.history.timeline.add(at, self._restock)
            at -= timedelta(days=RESTOCK_DAYS)

    async def _restock(self) -> None:
        levels = stock_levels()
        async with transaction(self.history.database, self.actors["grace@tessellane.example"]) as tx:
            found = await tx.all(
                """
                SELECT balance.sku, warehouse.code, balance.on_hand - balance.reserved
                  FROM stock.balance
                  JOIN stock.warehouse ON warehouse.id = balance.warehouse_id
                """
            )
            low = [(sku, place, levels.get((sku, place), Decimal(0)) - free) for sku, place, free in found]
            await adjust_stock(
                tx,
                [
                    Adjustment(sku, place, missing, reason="Delivery from our supplier", kind="receipt")
                    for sku, place, missing in low
                    if missing > 0
                ],
            )

    # Tasks ---------------------------------------------------------------------------------------

    async def note_tasks(self, tx: Tx) -> None:
        """A new task is taken by somebody of the team after a while, and done some hours later."""
        opened = await tx.all(
            """
            SELECT step.process_id, step.number, process.subject_id AS order_id, queue.team_id, step.queue,
                   definition.graph -> 'nodes' -> step.number -> 'hours' AS hours,
                   coalesce(step.params, '{}')
                   || coalesce(definition.graph #> ARRAY['nodes', step.number::text, 'params'], '{}') AS params
              FROM processes.step
              JOIN processes.process ON process.id = step.process_id
              JOIN processes.definition ON definition.id = process.definition_id
              LEFT JOIN work.queue ON queue.code = step.queue
             WHERE step.mode = 'person' AND step.state = 'ready' AND NOT step.held
               AND process.subject_kind = 'order'
            """,
            row=OpenTask,
        )
        for task in opened:
            if (task.process_id, task.number) not in self.seen_tasks:
                self.seen_tasks.add((task.process_id, task.number))
                self._plan_task(task)

    def _plan_task(self, task: OpenTask) -> None:
        chance = Random(f"{SEED}:{task.process_id}:{task.number}")
        hours = drawn_hours(chance, task.hours)
        wanted = self.history.orders.get(task.order_id)
        if wanted and wanted.fate is Fate.SILENT and chance.random() < 0.5:
            return  # lies there until somebody asks
        if wanted and (wanted.fate in STILL or (wanted.fate is Fate.LEFT and task.queue in wanted.note.split())):
            return
        team = [actor for actor in self.actors.values() if task.team_id in actor.team_ids]
        person = chance.choice(team) if team else self.actors["nora@tessellane.example"]
        self.history.timeline.add(self.history.now + timedelta(hours=hours * 0.4), self._begin(task, person))
        self.history.timeline.add(self.history.now + timedelta(hours=hours), self._finish(task, person))

    def _begin(self, task: OpenTask, person: Actor) -> Happening:
        async def begin() -> None:
            try:
                async with transaction(self.history.database, person) as tx:
                    await start_tasks(tx, [StepId(task.process_id, task.number)])
            except Refused as refused:
                self.refused.append(f"start: {refused}")

        return begin

    def _finish(self, task: OpenTask, person: Actor) -> Happening:
        async def finish() -> None:
            completion = TaskCompletion(task.process_id, task.number, answers(task.params))
            try:
                async with transaction(self.history.database, person) as tx:
                    await complete_tasks(tx, [completion])
            except Refused as refused:
                self.refused.append(f"complete: {refused}")
                self.seen_tasks.discard((task.process_id, task.number))

        return finish


def answers(params: Mapping[str, Any]) -> dict[str, Any]:
    """What somebody in a hurry writes into a task's form: what is required, and not a word more."""
    return {field.name: _ANSWERS[field.type](field) for field in form_of(params) if field.required}


_ANSWERS: Mapping[str, Callable[[FormField], Any]] = {
    "text": lambda _: "Done as agreed.",
    "integer": lambda field: int(field.at_least or 1),
    "number": lambda field: field.at_least or 1,
    "boolean": lambda _: True,
    "date": lambda _: "2026-01-15",
    "choice": lambda field: field.options[0],
    "list": lambda field: [f"entry {n}" for n in range(1, int(field.at_least or 1) + 1)],
}


async def actors_by_login(database: Database) -> dict[str, Actor]:
    """Everybody who may act, as they would be when logged in."""
    async with transaction(database, SYSTEM) as tx:
        rows = await tx.all(
            """
            SELECT "user".login, "user".name, "user".id,
                   ARRAY(SELECT DISTINCT unnest(role.permissions)
                           FROM parties.user_role
                           JOIN parties.role ON role.id = user_role.role_id
                          WHERE user_role.user_id = "user".id),
                   ARRAY(SELECT team_id FROM parties.team_member WHERE team_member.user_id = "user".id),
                   EXISTS (SELECT
                             FROM parties.user_role
                             JOIN parties.role ON role.id = user_role.role_id
                            WHERE user_role.user_id = "user".id AND role.all_accounts)
              FROM parties."user" AS "user"
            """
        )
    return {
        login: Actor("user", name, user_id, frozenset(permissions), tuple(teams), everything)
        for login, name, user_id, permissions, teams, everything in rows
    }
