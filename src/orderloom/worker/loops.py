"""What the rooms have a worker do, beside running jobs: steps, calls, and clockwork."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from functools import partial
from types import MappingProxyType

from orderloom.approvals.commands import send_notices
from orderloom.base.jobs import run_jobs
from orderloom.base.transaction import Database, Tx, in_transaction, transaction
from orderloom.base.types import SYSTEM
from orderloom.billing.commands import bill_recurring
from orderloom.documents.rendering import render_due
from orderloom.fulfilment.commands import bill_what_is_taxed_now, invoice_or_hold, watch_forecasts
from orderloom.gateway.addresses import LOCAL
from orderloom.gateway.sending import Sender
from orderloom.gateway.wire import Wire
from orderloom.messages.doors import Doors
from orderloom.messages.sending import Postman
from orderloom.messages.types import Channel
from orderloom.processes.worker import LEASE_SECONDS, StepWorker, sweep
from orderloom.quotes.commands import expire_quotes
from orderloom.stock.commands import release_expired
from orderloom.work.climbing import climb
from orderloom.worker.forgetting import KEEP_WIRE_DAYS, forget
from orderloom.worker.main import Loop
from orderloom.worker.metrics import WorkerMetrics
from orderloom.worker.sealing import Seal, seal_and_export

DAY_SECONDS = 86_400
MEASURE_SECONDS = 10
SEAL_SECONDS = 900


@asynccontextmanager
async def open_loops(
    database: Database,
    bulk: Database,
    worker_id: str,
    *,
    allow_private_partners: bool,
    lease_seconds: float = LEASE_SECONDS,
    channels: Mapping[str, Channel] = MappingProxyType({}),
    metrics: WorkerMetrics | None = None,
    keep_wire_days: float = KEEP_WIRE_DAYS,
    doors: Doors | None = None,
    seal: Seal | None = None,
) -> AsyncIterator[tuple[Loop, ...]]:
    """The loops of a worker; what they hold is given back in the end.

    `lease_seconds` is how long it may be silent before its steps and calls are given to another.
    """
    async with AsyncExitStack() as stack:
        wire = await stack.enter_async_context(Wire(allowed=LOCAL if allow_private_partners else ()))
        sender = await stack.enter_async_context(Sender(database, wire, worker_id, margin_seconds=lease_seconds / 2))
        metrics = metrics or WorkerMetrics()
        steps = StepWorker(bulk, worker_id, lease_seconds=lease_seconds, told=metrics.claimed.inc)
        stack.push_async_callback(steps.stop)
        yield (
            Loop("steps", steps.turn),
            Loop("jobs", lambda: run_jobs(database)),
            Loop("calls", sender.turn),
            Loop("documents", lambda: render_due(database)),
            Loop("notices", _committed(database, send_notices)),
            Loop("messages", Postman(database, channels, doors=doors).turn),
            Loop("sweep", lambda: sweep(bulk), every_seconds=1),
            Loop("forecasts", _committed(database, watch_forecasts), every_seconds=15),
            Loop("ladder", _committed(database, climb), every_seconds=5),
            Loop("claims", _committed(database, _release_expired), every_seconds=30),
            Loop("offers", _committed(database, expire_quotes), every_seconds=30),
            Loop("recurring", lambda: bill_due(database), every_seconds=60),
            Loop("taxes", _committed(database, bill_what_is_taxed_now), every_seconds=60),
            Loop("measuring", lambda: metrics.measure(database), every_seconds=MEASURE_SECONDS),
            Loop("months", _committed(database, _add_months), every_seconds=DAY_SECONDS / 4),
            Loop("forgetting", lambda: forget(database, keep_wire_days=keep_wire_days), every_seconds=DAY_SECONDS / 4),
            *((Loop("sealing", partial(seal_and_export, database, seal), every_seconds=SEAL_SECONDS),) if seal else ()),
        )


def _committed(database: Database, work: Callable[[Tx], Awaitable[int]]) -> Callable[[], Awaitable[int]]:
    return lambda: in_transaction(database, SYSTEM, work)


async def bill_due(database: Database) -> int:
    """Charge and invoice what recurs and is due by now; return how many charges there were."""
    async with transaction(database, SYSTEM) as tx:
        charged = await bill_recurring(tx)
        orders = await tx.values(
            """
            SELECT DISTINCT trigger.order_id
              FROM billing.charge
              JOIN billing.trigger ON trigger.id = charge.trigger_id
             WHERE charge.id = ANY(%(ids)s)
            """,
            {"ids": list(charged)},
        )
        if orders:
            await invoice_or_hold(tx, orders)
        return len(charged)


async def _release_expired(tx: Tx) -> int:
    return len(await release_expired(tx))


async def _add_months(tx: Tx) -> int:
    """Make the partitions of this month and the next two."""
    last = (tx.now + timedelta(days=62)).date()
    await tx.execute("SELECT base.add_months_to_all(%(first)s, %(last)s)", {"first": tx.now.date(), "last": last})
    return 0
