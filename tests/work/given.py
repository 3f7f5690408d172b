"""Builders of people and tasks for tests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from orderloom.base.transaction import Tx
from orderloom.base.types import Actor
from orderloom.processes.types import Node, StepId
from orderloom.work.commands import put_queues
from orderloom.work.types import QueueDraft
from tests.processes import given


async def team(tx: Tx, name: str) -> int:
    """A team."""
    return int(await tx.value("INSERT INTO parties.team (name) VALUES (%(name)s) RETURNING id", {"name": name}))


async def person(tx: Tx, name: str, *team_ids: int, permissions: tuple[str, ...] = ("work.do",)) -> Actor:
    """A user of these teams, as an actor."""
    user_id = await tx.value(
        "INSERT INTO parties.user (login, name) VALUES (%(login)s, %(name)s) RETURNING id",
        {"login": f"{name.lower()}@example.com", "name": name},
    )
    return Actor("user", name, user_id=user_id, permissions=frozenset(permissions), team_ids=team_ids)


async def queue(
    tx: Tx, code: str, team_id: int | None, sla_hours: str | None = None, calendar: str | None = None
) -> None:
    """A queue."""
    hours = Decimal(sla_hours) if sla_hours else None
    await put_queues(tx, [QueueDraft(code, code.title(), team_id, calendar, hours)])


async def task(tx: Tx, queue: str | None = "desk", form: Any = None, **more: Any) -> StepId:
    """An open task."""
    params: Mapping[str, Any] = {"form": form} if form else {}
    node = replace(Node("task", "person"), params=params)
    return StepId(await given.process(tx, {"do": node}, queues=(queue,), **more), 0)
