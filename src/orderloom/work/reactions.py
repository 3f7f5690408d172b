"""What task lists do when the engine moves."""

from __future__ import annotations

from collections.abc import Sequence

from orderloom.base.events import Event
from orderloom.base.transaction import Tx
from orderloom.base.types import Reaction
from orderloom.processes.events import TaskOpened
from orderloom.processes.types import StepId
from orderloom.work.climbing import set_alarms
from orderloom.work.commands import open_tasks
from orderloom.work.store import task as store


async def set_clocks(tx: Tx, events: Sequence[TaskOpened]) -> None:
    """Know the queue of each new task, and say when the task is due."""
    await store.ensure_queues(tx, [event.queue for event in events if event.queue])
    ids = [StepId(event.process_id, event.number) for event in events]
    await open_tasks(tx, ids)
    await set_alarms(tx, ids)


REACTIONS: dict[type[Event], tuple[Reaction, ...]] = {TaskOpened: (set_clocks,)}
