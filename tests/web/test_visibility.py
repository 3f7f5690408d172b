"""Calls and messages are shown to whoever sees their account; counts in the rail are those of the lists."""

import pytest

from orderloom.base.transaction import transaction
from orderloom.base.types import SYSTEM, Subject
from orderloom.gateway.commands import enqueue
from orderloom.parties.commands.people import save_roles, save_teams
from orderloom.parties.types import CoverDraft, RoleDraft, TeamDraft
from orderloom.processes.commands import fail_steps, start_processes
from orderloom.processes.types import Failure, Node, ProcessDraft
from tests.gateway import given as wire
from tests.parties import given
from tests.web.conftest import user_with_role
from tests.work import given as desk

RIGHTS = ("gateway.read", "gateway.write", "work.do", "fulfilment.repair", "parties.read")


@pytest.fixture
async def accounts(database):
    """Two accounts, one of which the team of a regional clerk covers."""
    async with transaction(database, SYSTEM) as tx:
        await save_roles(tx, [RoleDraft("regional", "Regional clerk", RIGHTS, all_accounts=False)])
        ours, theirs = await given.account(tx), await given.account(tx)
        number = await given.number(tx, ours)
    await user_with_role(database, "regional")
    async with transaction(database, SYSTEM) as tx:
        await save_teams(tx, [TeamDraft("North", members=("regional@example.com",), covers=(CoverDraft(number),))])
    return ours, theirs


@pytest.fixture
async def calls(database, accounts):
    async with transaction(database, SYSTEM) as tx:
        await wire.partner(tx)
        drafts = [
            wire.draft(f"key-{n}", subject=Subject("order", n, f"SO-{n}", account_id))
            for n, account_id in enumerate((*accounts, None), 1)
        ]
        ours, theirs, nobodys = await enqueue(tx, drafts)
        return {"ours": ours, "theirs": theirs, "nobodys": nobodys}


@pytest.fixture
async def messages(database, accounts):
    async with transaction(database, SYSTEM) as tx:
        partner = await tx.value("SELECT id FROM gateway.partner LIMIT 1") or await partner_id(tx)
        return await tx.values(
            """
            INSERT INTO gateway.message (partner_id, message_id, type, outputs, state, account_id, sent_at)
            SELECT %(partner)s, 'm-' || place, 'parcel.moved', '{}', 'unmatched', account_id, base.now()
              FROM unnest(%(accounts)s::bigint[]) WITH ORDINALITY AS named (account_id, place)
             ORDER BY place
            RETURNING id
            """,
            {"partner": partner, "accounts": [*accounts, None]},
        )


async def partner_id(tx):
    await wire.partner(tx)
    return await tx.value("SELECT id FROM gateway.partner LIMIT 1")


async def test_calls_about_other_accounts_are_not_listed_opened_or_sent_again(as_role, calls):
    clerk, manager = await as_role("regional"), await as_role("order_manager")
    listed = (await clerk.get("/api/calls")).json()["items"]

    assert [row["id"] for row in listed] == [calls["ours"]]
    assert len((await manager.get("/api/calls")).json()["items"]) == 3
    assert (await clerk.get(f"/api/calls/{calls['ours']}")).status_code == 200
    for hidden in (calls["theirs"], calls["nobodys"]):
        assert (await clerk.get(f"/api/calls/{hidden}")).status_code == 404
        for act in ("resend", "cancel"):
            answer = await clerk.post(f"/api/calls/{hidden}/{act}", json={"reason": "I am curious"})
            assert answer.status_code == 404


async def test_messages_about_other_accounts_are_not_listed_or_put_aside(as_role, messages):
    clerk, manager = await as_role("regional"), await as_role("order_manager")
    ours, theirs, nobodys = messages

    assert [row["id"] for row in (await clerk.get("/api/messages")).json()["items"]] == [ours]
    assert len((await manager.get("/api/messages")).json()["items"]) == 3
    for hidden in (theirs, nobodys):
        answer = await clerk.post(f"/api/messages/{hidden}/dismiss", json={"reason": "I am curious"})
        assert answer.status_code == 404


async def test_the_pages_of_a_partner_show_no_more(browser_of, calls, messages):
    clerk = await browser_of("regional")

    assert "SO-1" in (await clerk.get("/partners/SQ")).text
    assert "SO-2" not in (await clerk.get("/partners/SQ")).text
    assert (await clerk.get(f"/partners/calls/{calls['theirs']}")).status_code == 404
    assert (await clerk.get("/partners/messages")).text.count("parcel.moved") == 1


async def failed(tx, account_id):
    subject = Subject("order", account_id, f"SO-{account_id}", account_id)
    draft = ProcessDraft(subject, (Node("work.task", "person"),), (), ("call",), ("Call them",))
    [process_id] = await start_processes(tx, [draft])
    await fail_steps(tx, [Failure(process_id, 0, "data", "The postcode is wrong")])


async def test_the_rail_counts_open_tasks_of_my_teams_and_fallout_that_i_see(browser_of, database, accounts):
    async with transaction(database, SYSTEM) as tx:
        team = await tx.value("SELECT id FROM parties.team WHERE name = 'North'")
        await desk.queue(tx, "north", team)
        await desk.queue(tx, "south", await desk.team(tx, "South"))
        for queue in ("north", "north", "south"):
            await desk.task(tx, queue)
        for account_id in accounts:
            await failed(tx, account_id)
    clerk = await browser_of("regional")
    page, counts = (await clerk.get("/tasks")).text, (await clerk.get("/counts")).text

    assert 'id="count-tasks">2<' in page
    assert 'id="count-fallout">1<' in page
    assert 'id="count-tasks" hx-swap-oob="true">2<' in counts
    assert 'id="count-fallout" hx-swap-oob="true">1<' in counts
