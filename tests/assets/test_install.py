"""The installed base: created with the order, alive at its completion, shared things counted."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal as D

import pytest

from orderloom.assets import commands, reads
from orderloom.assets.events import AssetChanged, AssetCreated, AssetMoved, RealizationTerminated
from orderloom.assets.types import AssetDraft, CharacteristicsChange, RealizationDraft
from orderloom.assets.verify import INVARIANTS
from orderloom.base.refusals import Refused
from orderloom.base.types import Actor


async def account(tx) -> int:
    account_id: int = await tx.value(
        """
        INSERT INTO parties.account (number, name)
        SELECT number, 'Acme' FROM base.take_numbers('account', 1) AS number
        RETURNING id
        """
    )
    return account_id


def drafts(account_id: int) -> list[AssetDraft]:
    """A bundle with internet and television, children first."""
    common = {"order_id": 1, "order_label": "SO-1", "account_id": account_id, "place": "ADDR-7"}
    return [
        AssetDraft(order_item_id=12, line="1.2", product_code="iptv", product_name="IPTV", parent="1", **common),
        AssetDraft(order_item_id=11, line="1.1", product_code="internet", product_name="Internet", parent="1",
                   role="anchor", characteristics={"downMbps": 100}, **common),
        AssetDraft(order_item_id=10, line="1", product_code="homemax", product_name="HomeMax", is_bundle=True,
                   **common),
    ]  # fmt: skip


def port(account_id: int, *items: int) -> RealizationDraft:
    return RealizationDraft("DSLAMPort|ADDR-7", "resource", "DSLAMPort", account_id, items, place="ADDR-7")


async def assert_sound(tx) -> None:
    for invariant in INVARIANTS:
        assert await tx.values(invariant.sql) == [], invariant.name


async def states(tx) -> list[tuple[str, str]]:
    return [(row.line, row.state) for row in await reads.tree(tx, order_ids=[1])]


async def test_the_customer_sees_bundle_and_parts_at_once_and_only_once(tx):
    account_id = await account(tx)

    first = await commands.create_for_order(tx, drafts(account_id))
    second = await commands.create_for_order(tx, drafts(account_id))

    assert first == second
    assert await reads.by_order_item(tx, [10, 11]) == {10: first[10], 11: first[11]}
    rows = await reads.tree(tx, account_id=account_id)
    assert [(row.depth, row.line, row.state) for row in rows] == [
        (0, "1", "created"),
        (1, "1.2", "created"),
        (1, "1.1", "created"),
    ]
    assert rows[2].parent_id == first[10]
    assert [type(event) for event in tx.events] == [AssetCreated] * 3
    assert rows[0].number.startswith("AS-")


async def test_a_part_added_later_joins_its_bundle(tx):
    account_id = await account(tx)
    children, bundle = drafts(account_id)[:2], drafts(account_id)[2:]
    created = await commands.create_for_order(tx, bundle)
    await commands.create_for_order(tx, children)

    assert {row.parent_id for row in await reads.tree(tx, order_ids=[1])} == {None, created[10]}


async def test_bad_drafts_are_refused(tx):
    account_id = await account(tx)
    one = drafts(account_id)[0]

    with pytest.raises(Refused):
        await commands.create_for_order(tx, [one, one])


async def test_an_asset_lives_from_the_day_of_its_milestone(tx):
    ids = await commands.create_for_order(tx, drafts(await account(tx)))
    day = tx.now - timedelta(days=2)

    await commands.start(tx, list(ids.values()))
    moved = await commands.activate(tx, dict.fromkeys(ids.values(), day))
    again = await commands.activate(tx, dict.fromkeys(ids.values(), tx.now))

    assert (len(moved), again) == (3, [])
    assert {row.started_at for row in await reads.tree(tx, order_ids=[1])} == {day}
    assert (moved[0].before, moved[0].after) == ("pending_active", "active")
    assert sum(isinstance(event, AssetMoved) for event in tx.events) == 6


async def test_what_is_over_never_lives_again(tx):
    ids = await commands.create_for_order(tx, drafts(await account(tx)))
    assert len(await commands.cancel(tx, [ids[12]])) == 1

    assert await commands.activate(tx, {ids[12]: tx.now}) == []
    assert await commands.abort(tx, [ids[12]]) == []
    await commands.activate(tx, {ids[11]: tx.now})
    assert await commands.cancel(tx, [ids[11]]) == []
    assert await states(tx) == [("1", "created"), ("1.2", "cancelled"), ("1.1", "active")]
    assert [row.line for row in await reads.tree(tx, order_ids=[1], with_ended=False)] == ["1", "1.1"]


async def test_suspending_and_resuming_keep_the_start(tx):
    ids = await commands.create_for_order(tx, drafts(await account(tx)))
    day = tx.now - timedelta(days=2)
    await commands.activate(tx, {ids[11]: day})

    await commands.suspend(tx, [ids[11]])
    await commands.activate(tx, {ids[11]: tx.now})
    await commands.request_termination(tx, [ids[11]])
    await commands.terminate(tx, {ids[11]: tx.now})

    row = (await reads.tree(tx, ids=[ids[11]]))[0]
    assert (row.state, row.started_at, row.ended_at) == ("terminated", day, tx.now)


async def test_television_off_leaves_the_port_while_internet_stays(tx):
    account_id = await account(tx)
    ids = await commands.create_for_order(tx, drafts(account_id))
    await commands.realize(tx, [port(account_id, 11), port(account_id, 12)])
    await commands.activate(tx, dict.fromkeys(ids.values(), tx.now))
    found = (await reads.realizations(tx, [ids[11]]))[ids[11]]
    assert [(each.spec, each.state, each.users) for each in found] == [("DSLAMPort", "active", 2)]
    await assert_sound(tx)

    await commands.terminate(tx, {ids[12]: tx.now})
    installed = await reads.find_installed(tx, [account_id], specs=["DSLAMPort"], places=["ADDR-7"])
    assert [(each.key, each.order_item_ids) for each in installed] == [("DSLAMPort|ADDR-7", [11])]

    await commands.terminate(tx, {ids[11]: tx.now})
    assert await reads.find_installed(tx, [account_id]) == []
    assert sum(isinstance(event, RealizationTerminated) for event in tx.events) == 1
    await assert_sound(tx)

    again = await commands.create_for_order(
        tx, [AssetDraft(2, "SO-2", 21, "1", account_id, "internet", "Internet", place="ADDR-7")]
    )
    await commands.realize(tx, [port(account_id, 21)])
    await commands.activate(tx, {again[21]: tx.now})
    assert len(await reads.find_installed(tx, [account_id])) == 1
    await assert_sound(tx)


async def test_realizing_twice_finds_it_and_what_nobody_uses_is_not_written(tx):
    account_id = await account(tx)
    await commands.create_for_order(tx, drafts(account_id))

    first = await commands.realize(tx, [port(account_id, 11)])
    second = await commands.realize(tx, [port(account_id, 11, 12)])
    none = await commands.realize(tx, [RealizationDraft("x", "service", "X", account_id, (99,))])

    assert (first == second, none) == (True, {})
    await assert_sound(tx)


async def test_what_is_realized_for_a_living_asset_lives(tx):
    account_id = await account(tx)
    ids = await commands.create_for_order(tx, drafts(account_id))
    await commands.activate(tx, {ids[11]: tx.now})

    await commands.realize(tx, [port(account_id, 11)])

    assert (await reads.find_installed(tx, [account_id]))[0].state == "active"
    await assert_sound(tx)


async def test_what_is_learnt_is_merged_once(tx):
    ids = await commands.create_for_order(tx, drafts(await account(tx)))
    change = CharacteristicsChange(ids[11], {"ip": "10.0.0.1", "rate": D("99.5")}, ("S1",))

    assert await commands.set_characteristics(tx, [change]) == [ids[11]]
    assert await commands.set_characteristics(tx, [change]) == []

    row = (await reads.tree(tx, ids=[ids[11]]))[0]
    assert (row.characteristics, row.serials) == ({"downMbps": 100, "ip": "10.0.0.1", "rate": D("99.5")}, ["S1"])
    assert isinstance(tx.events[-1], AssetChanged)
    with pytest.raises(Refused):
        await commands.set_characteristics(tx, [CharacteristicsChange(0, {})])


async def test_living_products_are_found_by_code_and_place(tx):
    account_id = await account(tx)
    ids = await commands.create_for_order(tx, drafts(account_id))
    await commands.cancel(tx, [ids[12]])

    found = await reads.find_products(tx, [account_id], products=["internet", "iptv"], place="ADDR-7")

    assert [row.product_code for row in found] == ["internet"]


async def test_an_actor_without_the_account_sees_nothing(tx):
    account_id = await account(tx)
    ids = await commands.create_for_order(tx, drafts(account_id))
    await commands.realize(tx, [port(account_id, 11)])
    tx.actor = Actor("user", "Sales", user_id=1, team_ids=(1,))

    assert await reads.tree(tx, account_id=account_id) == []
    assert await reads.realizations(tx, list(ids.values())) == {}


@pytest.mark.parametrize(
    ("breach", "name"),
    [
        ("UPDATE assets.asset SET account_id = (SELECT max(id) FROM parties.account) WHERE line = '1.1'",
         "a part of a bundle belongs to the account of the bundle"),
        ("UPDATE assets.realization SET state = 'terminated'",
         "a living realization is used by somebody, and one that is over by nobody"),
        ("UPDATE assets.asset SET state = 'cancelled', ended_at = now()", "an asset that is over uses nothing"),
        ("UPDATE assets.asset SET state = 'active', started_at = now()",
         "what realizes an active asset is not reserved any more"),
    ],
)  # fmt: skip
async def test_verify_finds_what_is_broken(tx, breach, name):
    account_id = await account(tx)
    await account(tx)
    await commands.create_for_order(tx, drafts(account_id))
    await commands.realize(tx, [port(account_id, 11)])
    await assert_sound(tx)

    await tx.connection.execute(breach)

    broken = {invariant.name for invariant in INVARIANTS if await tx.values(invariant.sql)}
    assert name in broken
