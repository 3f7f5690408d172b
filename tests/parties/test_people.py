"""Users, teams, roles and territories are set up by an administrator."""

from __future__ import annotations

import pytest

from orderloom.base.refusals import Forbidden, NotFound, Refused, Stale
from orderloom.base.transaction import Tx
from orderloom.base.types import Actor
from orderloom.parties import commands, reads
from orderloom.parties.events import RoleSaved, SessionsRevoked, TeamSaved, UserChanged, UserCreated
from orderloom.parties.reads.people import users_by_id
from orderloom.parties.types import RoleDraft, TeamDraft, TerritoryDraft, TerritoryRuleDraft, UserDraft, UserEdit
from tests.parties import given


def codes(refused: pytest.ExceptionInfo[Refused]) -> set[tuple[str, str]]:
    return {(problem.code, problem.pointer) for problem in refused.value.problems}


async def test_a_user_has_roles_teams_and_skills(tx: Tx) -> None:
    await given.team(tx, "North")

    user_id = await given.user(
        tx,
        "ann@orderloom.example",
        roles=("sales",),
        teams=("North",),
        skills=("fibre", "voice"),
        password="four words make one",
    )

    (row,) = await reads.list_users(tx, search="ANN@")
    assert (row.id, row.roles, row.teams, row.skills) == (user_id, ["sales"], ["North"], ["fibre", "voice"])
    assert row.has_password and row.is_active and row.last_seen_at is None
    (team,) = await reads.list_teams(tx)
    assert (team.members, team.leads) == (["ann@orderloom.example"], [])
    created = [event for event in tx.events if isinstance(event, UserCreated)]
    assert "password" not in str(created[0].payload()) and "four words" not in str(created)


async def test_every_problem_of_users_is_named(tx: Tx) -> None:
    await given.user(tx, "ann@orderloom.example")
    drafts = [
        UserDraft("Ann", login="ann@orderloom.example", roles=("king",), teams=("Nowhere",)),
        UserDraft("Bob", login="bob@orderloom.example", password="short"),
        UserDraft("Bob", login="bob@orderloom.example"),
    ]

    with pytest.raises(Refused) as refused:
        await commands.create_users(tx, drafts)

    assert codes(refused) == {
        ("login_taken", "/0/login"),
        ("role_unknown", "/0/roles/0"),
        ("team_unknown", "/0/teams/0"),
        ("password_short", "/1/password"),
        ("login_taken", "/2/login"),
    }


async def test_a_user_changes_as_a_whole_and_leads_stay_leads(tx: Tx) -> None:
    user_id = await given.user(tx, "ann@orderloom.example", roles=("sales",), skills=("fibre",))
    await given.team(tx, "North", leads=("ann@orderloom.example",))
    tx.events.clear()
    edit = UserEdit("Ann B.", roles=("billing",), teams=("North",), locale="de")

    await commands.update_user(tx, user_id, edit, version=1)
    await commands.update_user(tx, user_id, edit, version=2)
    with pytest.raises(Stale):
        await commands.update_user(tx, user_id, edit, version=1)
    with pytest.raises(NotFound):
        await commands.update_user(tx, 10**9, edit)

    (event,) = tx.events
    assert isinstance(event, UserChanged)
    assert event.before == {"locale": "en", "name": "Ann", "roles": ["sales"], "skills": ["fibre"]}
    assert event.after == {"locale": "de", "name": "Ann B.", "roles": ["billing"], "skills": []}
    assert (await reads.list_teams(tx))[0].leads == ["ann@orderloom.example"]


async def test_who_becomes_inactive_is_logged_out(tx: Tx) -> None:
    user_id = await given.user(tx)
    await tx.execute(
        """
        INSERT INTO parties.session (user_id, token_hash, expires_at)
        VALUES (%(user_id)s, sha256('t'), clock_timestamp() + interval '1 day')
        """,
        {"user_id": user_id},
    )

    await commands.update_user(tx, user_id, UserEdit("Gone", is_active=False))

    assert await reads.list_sessions(tx, user_id) == []
    assert isinstance(tx.events[-1], SessionsRevoked)


async def test_the_last_administrator_stays_one(tx: Tx) -> None:
    user_id = await given.user(tx, roles=("admin",))
    tx.actor = Actor("user", "Admin", user_id, permissions=frozenset({"*"}), all_accounts=True)

    with pytest.raises(Refused) as refused:
        await commands.update_user(tx, user_id, UserEdit("Admin", roles=("sales",)))

    assert codes(refused) == {("administrator_last", "/roles")}


async def test_only_an_administrator_sets_people_up(tx: Tx) -> None:
    tx.actor = Actor("user", "Boss", permissions=frozenset({"parties.write"}), all_accounts=True)

    for refused in (
        commands.create_users(tx, []),
        commands.save_teams(tx, []),
        commands.save_roles(tx, []),
        commands.save_territories(tx, []),
        commands.save_legal_entities(tx, []),
        commands.update_user(tx, 1, UserEdit("x")),
        reads.list_users(tx),
        reads.list_sessions(tx, 1),
        reads.list_keys(tx, 1),
    ):
        with pytest.raises(Forbidden):
            await refused


async def test_users_are_listed_page_by_page_by_team_and_found_by_login(tx: Tx) -> None:
    logins = [f"u{n}@orderloom.example" for n in range(3)]
    ids = [await given.user(tx, login) for login in logins]
    team = await given.team(tx, members=tuple(logins[:2]))

    first = await reads.list_users(tx, limit=2)
    rest = await reads.list_users(tx, after=(first[-1].name, first[-1].id))

    assert [row.id for row in [*first, *rest]] == ids
    assert [row.id for row in await reads.list_users(tx, team_id=team, is_active=True)] == ids[:2]
    users = await reads.resolve_users(tx, ["U1@orderloom.example", "nobody@orderloom.example"])
    assert [user.id for user in users.values()] == [ids[1]]
    assert set(await users_by_id(tx, ids)) == set(ids)


async def test_a_team_is_saved_by_name_and_told_once(tx: Tx) -> None:
    await given.user(tx, "ann@orderloom.example")
    account_id = await given.account(tx)
    draft = TeamDraft("North", members=("ann@orderloom.example",), leads=("ann@orderloom.example",))
    tx.events.clear()

    first = await commands.save_teams(tx, [draft])
    again = await commands.save_teams(tx, [draft])
    await given.team(tx, "North", covers=[await given.number(tx, account_id)], is_active=True)

    assert first == again == await reads.resolve_teams(tx, ["North", "South"])
    saved = [event for event in tx.events if isinstance(event, TeamSaved)]
    assert len(saved) == 2
    assert saved[1].after == {"covers": [await given.number(tx, account_id) + " and below"], "leads": [], "members": []}
    (team,) = await reads.list_teams(tx)
    assert (team.members, team.account_count) == ([], 1)


async def test_unknown_parts_of_a_team_are_all_named(tx: Tx) -> None:
    with pytest.raises(Refused) as refused:
        await given.team(tx, covers=["AC-none"], members=("x@y.example",), leads=("z@y.example",), territories=("T",))

    assert codes(refused) == {
        ("user_unknown", "/0/members/0"),
        ("user_unknown", "/0/leads/0"),
        ("account_unknown", "/0/covers/0"),
        ("territory_unknown", "/0/territories/0"),
    }


async def test_a_territory_needs_rules_that_say_something(tx: Tx) -> None:
    with pytest.raises(Refused) as refused:
        await commands.save_territories(
            tx, [TerritoryDraft("T", (TerritoryRuleDraft(), TerritoryRuleDraft(account="AC-none")))]
        )
    assert codes(refused) == {("rule_empty", "/0/rules/0"), ("account_unknown", "/0/rules/1/account")}

    await given.territory(tx, "West", TerritoryRuleDraft("US", "retail"), TerritoryRuleDraft(segment="public"))
    await given.team(tx, "W", territories=("West",))
    (territory,) = await reads.list_territories(tx)
    assert territory.rules == ["country US and segment retail", "segment public"]
    assert territory.teams == ["W"]


async def test_a_role_is_saved_by_code_and_grants_known_permissions_only(tx: Tx) -> None:
    await commands.save_roles(tx, [RoleDraft("clerk", "Clerk", ("orders.read",))])
    await commands.save_roles(tx, [RoleDraft("clerk", "Clerk", ("orders.read", "orders.write"), all_accounts=True)])
    with pytest.raises(Refused) as refused:
        await commands.save_roles(tx, [RoleDraft("x", "X", ("orders.read", "orders.destroy"))])

    assert codes(refused) == {("permission_unknown", "/0/permissions/1")}
    (role,) = [role for role in await reads.list_roles(tx) if role.code == "clerk"]
    assert (role.permissions, role.all_accounts, role.is_shipped) == (["orders.read", "orders.write"], True, False)
    assert isinstance(tx.events[-1], RoleSaved)
