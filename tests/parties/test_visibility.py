"""What an actor sees: the predicate, the SQL filter and an independent model of the rules agree on random trees."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orderloom.base.refusals import Forbidden, NotFound, Refused
from orderloom.base.transaction import Tx
from orderloom.base.types import EMPTY_HOUSE, SYSTEM, Actor
from orderloom.parties import commands, policy, reads
from orderloom.parties.types import (
    AccountDraft,
    AccountEdit,
    CoverDraft,
    TeamDraft,
    TerritoryDraft,
    TerritoryRuleDraft,
)
from orderloom.parties.verify import INVARIANTS
from tests.parties import given as builder

COUNTRIES = ["US", "DE", "JP"]
SEGMENTS = ["retail", "public"]


@dataclass(frozen=True)
class Account:
    parent: int | None
    country: str | None
    segment: str | None


@dataclass(frozen=True)
class Rule:
    country: str | None
    segment: str | None
    account: int | None


@dataclass(frozen=True)
class Team:
    covers: tuple[tuple[int, bool], ...]
    territories: tuple[int, ...]
    is_active: bool


@dataclass(frozen=True)
class World:
    accounts: tuple[Account, ...]
    territories: tuple[tuple[Rule, ...], ...]
    teams: tuple[Team, ...]
    actor_teams: tuple[int, ...]
    sees_all: bool
    move: tuple[int, int | None]

    def line(self, n: int, parents: dict[int, int | None]) -> list[int]:
        line = [n]
        while (parent := parents[line[-1]]) is not None:
            line.append(parent)
        return line

    def teams_covering(self, n: int, parents: dict[int, int | None]) -> set[int]:
        account, line = self.accounts[n], self.line(n, parents)

        def meets(rule: Rule) -> bool:
            return (
                rule.country in (None, account.country)
                and rule.segment in (None, account.segment)
                and (rule.account is None or rule.account in line)
            )

        return {
            t
            for t, team in enumerate(self.teams)
            if team.is_active
            and (
                any(n == top or (subtree and top in line) for top, subtree in team.covers)
                or any(meets(rule) for territory in team.territories for rule in self.territories[territory])
            )
        }


@st.composite
def worlds(draw: st.DrawFn) -> World:
    count = draw(st.integers(1, 8))
    accounts = tuple(
        Account(
            draw(st.none() | st.integers(0, n - 1)) if n else None,
            draw(st.sampled_from([None, *COUNTRIES])),
            draw(st.sampled_from([None, *SEGMENTS])),
        )
        for n in range(count)
    )
    one = st.integers(0, count - 1)
    rules = st.builds(
        Rule, st.sampled_from([None, *COUNTRIES]), st.sampled_from([None, *SEGMENTS]), st.none() | one
    ).filter(lambda rule: rule != Rule(None, None, None))
    territories = tuple(draw(st.lists(st.lists(rules, max_size=3).map(tuple), max_size=3)))
    some_territories = st.sets(st.integers(0, len(territories) - 1)).map(tuple) if territories else st.just(())
    covers = st.dictionaries(one, st.booleans(), max_size=3).map(lambda d: tuple(d.items()))
    teams = tuple(draw(st.lists(st.builds(Team, covers, some_territories, st.booleans()), min_size=1, max_size=3)))
    moved = draw(one)
    return World(
        accounts,
        territories,
        teams,
        tuple(draw(st.sets(st.integers(0, len(teams) - 1)))),
        draw(st.booleans()),
        (moved, draw(st.none() | st.integers(0, moved - 1)) if moved else None),
    )


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(world=worlds())
def test_predicate_filter_and_model_agree_before_and_after_a_move(template_url: str, world: World) -> None:
    asyncio.run(_compare(template_url, world))


async def _compare(url: str, world: World) -> None:
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        await connection.execute("BEGIN")
        row = await (await connection.execute("SELECT base.now()")).fetchone()
        assert row is not None
        tx = Tx(connection, SYSTEM, EMPTY_HOUSE, row[0])
        ids, team_ids = await _build(tx, world)
        parents = {n: account.parent for n, account in enumerate(world.accounts)}
        await _agree(tx, world, ids, team_ids, parents)

        moved, target = world.move
        account = world.accounts[moved]
        edit = AccountEdit(
            f"A{moved}",
            parent=f"n:{target}" if target is not None else None,
            country=account.country,
            segment=account.segment,
            external_ids={"n": str(moved)},
        )
        await commands.update_account(tx, ids[moved], edit)
        await _agree(tx, world, ids, team_ids, parents | {moved: target})
        await connection.execute("ROLLBACK")


async def _build(tx: Tx, world: World) -> tuple[list[int], list[int]]:
    """Half of the accounts come before the rules and half after, so that both ways of refreshing are used."""
    drafts = [
        AccountDraft(
            f"A{n}",
            parent=f"n:{account.parent}" if account.parent is not None else None,
            country=account.country,
            segment=account.segment,
            external_ids={"n": str(n)},
        )
        for n, account in enumerate(world.accounts)
    ]
    needed = [rule.account for rules in world.territories for rule in rules if rule.account is not None]
    needed += [top for team in world.teams for top, _ in team.covers]
    half = max([len(drafts) // 2, *(n + 1 for n in needed)])
    ids = await commands.create_accounts(tx, drafts[:half])
    await commands.save_territories(
        tx,
        [
            TerritoryDraft(
                f"T{n}",
                tuple(
                    TerritoryRuleDraft(r.country, r.segment, f"n:{r.account}" if r.account is not None else None)
                    for r in rules
                ),
            )
            for n, rules in enumerate(world.territories)
        ],
    )
    teams = await commands.save_teams(
        tx,
        [
            TeamDraft(
                f"Team {n}",
                is_active=team.is_active,
                covers=tuple(CoverDraft(f"n:{top}", subtree) for top, subtree in team.covers),
                territories=tuple(f"T{t}" for t in team.territories),
            )
            for n, team in enumerate(world.teams)
        ],
    )
    ids += await commands.create_accounts(tx, drafts[half:])
    return ids, [teams[f"Team {n}"] for n in range(len(world.teams))]


async def _agree(tx: Tx, world: World, ids: list[int], team_ids: list[int], parents: dict[int, int | None]) -> None:
    actor = Actor("user", "A", team_ids=tuple(team_ids[t] for t in world.actor_teams), all_accounts=world.sees_all)
    covering = {n: {team_ids[t] for t in world.teams_covering(n, parents)} for n in range(len(ids))}
    by_predicate = {ids[n] for n in covering if policy.may_see(actor, covering[n])}
    condition, params = policy.account_filter(actor, "account.id")
    by_filter = set(
        await tx.values(
            f"SELECT id FROM parties.account WHERE id = ANY(%(ids)s) AND {condition}", {"ids": ids, **params}
        )
    )
    assert by_predicate == by_filter
    for invariant in INVARIANTS:
        assert await tx.values(invariant.sql) == [], invariant.name


async def test_an_account_outside_the_actors_sight_does_not_exist_for_them(tx: Tx) -> None:
    mine, theirs = await builder.account(tx, "Mine"), await builder.account(tx, "Theirs")
    numbers = [await builder.number(tx, mine), await builder.number(tx, theirs)]
    billing = [(await reads.account_page(tx, a)).billing_accounts[0].number for a in (mine, theirs)]
    tx.actor = builder.salesperson(await builder.team(tx, covers=[numbers[0]]))

    assert [row.id for row in await reads.list_accounts(tx)] == [mine]
    assert set(await reads.resolve_customers(tx, numbers)) == {numbers[0]}
    assert set(await reads.resolve_billing_accounts(tx, billing)) == {billing[0]}
    assert set(await reads.resolve_places(tx, [mine, theirs], ["ADDR-1", "ADDR-1"])) == {(mine, "ADDR-1")}
    assert set(await reads.shipping_preferences(tx, [mine, theirs])) == {mine}
    assert await reads.visible_among(tx, [mine, theirs]) == {mine}
    for refused in (
        reads.account_page(tx, theirs),
        commands.update_account(tx, theirs, AccountEdit("Taken")),
        commands.save_addresses(tx, theirs, [builder.BERLIN]),
    ):
        with pytest.raises(NotFound):
            await refused
    with pytest.raises(Refused) as child:
        await commands.create_accounts(tx, [AccountDraft("Child", parent=numbers[1])])
    assert child.value.problems[0].code == "account_unknown"


async def test_who_sees_a_part_of_a_tree_sees_that_part_only(tx: Tx) -> None:
    top = await builder.account(tx, "Top")
    leaf = await builder.account(tx, "Leaf", parent=await builder.number(tx, top))
    tx.actor = builder.salesperson(await builder.team(tx, covers=[await builder.number(tx, leaf)]))

    page = await reads.account_page(tx, leaf)

    assert [row.id for row in page.tree] == [leaf]
    assert len(page.teams) == 1


async def test_a_salesperson_sees_what_they_open(tx: Tx) -> None:
    await builder.legal_entity(tx)
    team = await builder.team(tx)
    tx.actor = builder.salesperson(team)

    (account_id,) = await commands.create_accounts(tx, [builder.draft("New")])

    assert [row.id for row in await reads.list_accounts(tx)] == [account_id]


async def test_without_a_team_a_salesperson_opens_nothing(tx: Tx) -> None:
    tx.actor = builder.salesperson()

    with pytest.raises(Refused) as refused:
        await commands.create_accounts(tx, [AccountDraft("New")])

    assert refused.value.problems[0].code == "team_missing"


async def test_a_thing_without_an_account_is_seen_only_by_who_sees_everything(tx: Tx) -> None:
    team = await builder.team(tx)
    for actor, seen in ((SYSTEM, True), (builder.salesperson(team), False), (builder.salesperson(), False)):
        condition, params = policy.account_filter(actor, "nothing.account_id")
        sql = f"SELECT coalesce(({condition}), false) FROM (SELECT NULL::bigint AS account_id) AS nothing"
        assert await tx.value(sql, params) is seen
        assert policy.may_see(actor, ()) is seen


def test_a_permission_is_denied_unless_it_is_held() -> None:
    reader = Actor("user", "R", permissions=frozenset({"orders.read"}))

    policy.require(reader, "orders.read")
    policy.require(SYSTEM, "admin", "orders.write")
    with pytest.raises(Forbidden) as refused:
        policy.require(reader, "orders.read", "orders.write", "admin")

    assert [problem.code for problem in refused.value.problems] == ["permission_missing"] * 2


async def test_shipped_roles_grant_known_permissions_only(tx: Tx) -> None:
    roles = await reads.list_roles(tx)

    assert {role.code for role in roles} >= {"admin", "sales", "order_manager", "warehouse", "technician", "billing"}
    assert [policy.unknown_permissions(role.permissions) for role in roles] == [[]] * len(roles)
    assert [role.code for role in roles if not role.all_accounts] == ["sales"]
