"""Approvals in the small world: a policy since some weeks, and people who decide most of what it asks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from random import Random

from orderloom.approvals.commands import ask_requester, decide_requests, publish_policies
from orderloom.approvals.reads import list_requests, request_page
from orderloom.approvals.types import PolicyDraft, VerdictDraft
from orderloom.base.parsing import parse
from orderloom.base.transaction import Tx, transaction
from orderloom.base.types import SYSTEM, Actor
from orderloom.cli.demo_run import History
from orderloom.cli.demo_world import read_demo
from orderloom.parties.commands import set_managers

WEEKS = 10
AFTER = timedelta(hours=5)
LEFT = timedelta(hours=36)
DECIDERS = ("nora", "priya", "ada", "stefan")
REFUSALS = ("Their last two invoices are still open.", "No stock until spring; offer them the smaller kit.")
QUESTION = "Is this for one site or for several? The delivery note names two."


async def publish_demo_policies(tx: Tx) -> None:
    """Who reports to whom in the small world, and what has to be approved there."""
    document = read_demo("approvals.yaml")
    await set_managers(tx, document["managers"])
    await publish_policies(tx, [parse(PolicyDraft, one) for one in document["policies"]])


def plan_approvals(history: History, actors: Mapping[str, Actor]) -> None:
    """Publish the policy some weeks before the end; decide twice a day from then on, and leave the last day's open."""
    begin = history.end - timedelta(weeks=WEEKS)
    chance = Random(11)

    async def publish() -> None:
        async with transaction(history.database, SYSTEM) as tx:
            await publish_demo_policies(tx)

    async def decide() -> None:
        for name in DECIDERS:
            actor = actors[f"{name}@tessellane.example"]
            async with transaction(history.database, actor) as tx:
                waiting = [row for row in await list_requests(tx) if row.requested_at < tx.now - AFTER]
                for row in waiting:
                    page = await request_page(tx, row.id)
                    if not page.may_decide or row.question:
                        continue
                    refuses = chance.random() < 0.15
                    comment = chance.choice(REFUSALS) if refuses else ""
                    verdict = VerdictDraft("reject" if refuses else "approve", row.content, None, comment)
                    await decide_requests(tx, [(row.id, verdict)])

    async def ask_back() -> None:
        async with transaction(history.database, actors["nora@tessellane.example"]) as tx:
            for row in (await list_requests(tx))[:1]:
                await ask_requester(tx, row.id, question=QUESTION)

    history.timeline.add(begin, publish)
    at = begin + timedelta(hours=6)
    while at < history.end - LEFT:
        history.timeline.add(at, decide)
        at += timedelta(hours=12)
    history.timeline.add(history.end - timedelta(hours=1), ask_back)
