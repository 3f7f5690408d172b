"""One search over everything that a person may see."""

from datetime import date, timedelta

import pytest

from orderloom.base.types import Actor, Subject
from orderloom.insight.reads import anywhere
from orderloom.insight.reads.anywhere import search_anywhere
from orderloom.processes.commands import start_processes
from orderloom.processes.types import Node, ProcessDraft
from tests.insight import given as past
from tests.orders import given


@pytest.fixture
async def world(tx):
    return await given.world(tx)


async def found(tx, text):
    return {group.kind: [each.number for each in group.found] for group in await search_anywhere(tx, text)}


async def quote(tx, world, number):
    await tx.execute(
        """
        INSERT INTO quotes.quote (number, account_id, account_name, currency, time_zone, valid_until, expires_at,
                                  created_by)
        VALUES (%(number)s, %(account)s, 'Ängström & Co', 'USD', 'UTC', %(day)s, %(day)s, 'test')
        """,
        {"number": number, "account": world.account_id, "day": date(2030, 1, 1)},
    )


async def invoice(tx, world, number):
    await tx.execute(
        """
        INSERT INTO billing.invoice (legal_entity_id, series, year, sequence, number, account_id, billing_account_id,
                                     order_label, currency, bill_to, issued_on, due_on, net, tax, gross)
        SELECT entity.id, 'B', 2026, 77, %(number)s, %(account)s, payer.id, 'SO-X', 'USD', '{"name": "Ängström & Co"}',
               %(day)s, %(due)s, 1, 0, 1
          FROM parties.legal_entity AS entity
          JOIN parties.billing_account AS payer ON payer.number = 'BA-1'
        """,
        {"number": number, "account": world.account_id, "day": date(2026, 1, 1),
         "due": date(2026, 1, 1) + timedelta(30)},
    )  # fmt: skip


async def test_three_letters_find_one_of_every_kind(tx, world):
    order = await given.order(tx, po_number="ANGEL-1")
    await quote(tx, world, "Q-ANG-1")
    await invoice(tx, world, "INV-ANG-1")
    await past.history(tx)
    await tx.execute("UPDATE catalog.product SET name = 'Angle bracket' WHERE code = 'CABLE'")
    node = Node("work.task", "person")
    subject = Subject("order", order.id, order.number, world.account_id)
    await tx.execute("INSERT INTO work.queue (code, name) VALUES ('angles', 'Angles')")
    await start_processes(tx, [ProcessDraft(subject, (node,), (), ("t",), ("Untangle the wires",), queues=("angles",))])

    assert await found(tx, "ang") == {
        "order": [order.number],
        "quote": ["Q-ANG-1"],
        "customer": ["C-1"],
        "product": ["CABLE"],
        "invoice": ["INV-ANG-1"],
        "task": [order.number],
    }
    assert await found(tx, "C1003") == {"past_invoice": ["C1003"]}


@pytest.mark.parametrize("text", ["ÄNGSTRÖM", "A\u0308ngstro\u0308m", "angstrom", "ＡＮＧ", " ström & c "])
async def test_case_accents_and_the_composition_of_letters_make_no_difference(tx, world, text):
    assert (await found(tx, text))["customer"] == ["C-1"]


async def test_what_has_exactly_this_number_stands_first(tx, world):
    first = await given.order(tx)
    later = [await given.order(tx, po_number=f"for {first.number}") for _ in range(3)]

    [orders] = [group for group in await search_anywhere(tx, first.number.lower()) if group.kind == "order"]
    assert [each.number for each in orders.found] == [first.number]
    assert orders.found[0].is_exact

    by_part = (await found(tx, f"or {first.number}"))["order"]
    assert by_part == [order.number for order in reversed(later)]


async def test_names_that_begin_so_come_before_names_that_contain_it(tx, world):
    for number, name in (("C-7", "Big Loom"), ("C-8", "Heirloom"), ("C-9", "Loom & Weft")):
        await tx.execute(
            "INSERT INTO parties.account (number, name) VALUES (%(number)s, %(name)s)", {"number": number, "name": name}
        )

    assert (await found(tx, "loom"))["customer"] == ["C-9", "C-7", "C-8"]


async def test_the_newest_are_shown_and_that_there_is_more(tx, world):
    orders = [await given.order(tx) for _ in range(7)]

    [group] = [group for group in await search_anywhere(tx, "angstrom") if group.kind == "order"]
    assert [each.number for each in group.found] == [order.number for order in reversed(orders)][: anywhere.SHOWN]
    assert group.has_more


async def test_what_is_older_than_the_newest_rows_is_found_by_the_walk_through_the_index(tx, world, monkeypatch):
    monkeypatch.setattr(anywhere, "RECENT", 1)
    old = await given.order(tx, po_number="ZEBRA")
    await tx.execute("SELECT setval('orders.sales_order_id_seq', %(far)s)", {"far": old.id + 3 * 65536})
    for _ in range(3):
        await given.order(tx)

    assert (await found(tx, "zeb"))["order"] == [old.number]


async def test_what_is_a_customers_is_found_by_the_customers_name_today(tx, world, monkeypatch):
    monkeypatch.setattr(anywhere, "RECENT", 0)
    order = await given.order(tx)
    await tx.execute("UPDATE parties.account SET name = 'Quixote Ltd' WHERE id = %(id)s", {"id": world.account_id})

    assert (await found(tx, "quix")) == {"order": [order.number], "customer": ["C-1"]}


async def test_who_sees_little_is_told_nothing_about_a_number_that_is_taken(tx, world):
    taken = await given.order(tx)
    rights = frozenset({"orders.read"})
    tx.actor = Actor("user", "ann", user_id=world.user_ids[0], permissions=rights, team_ids=(-1,))

    assert await found(tx, taken.number) == await found(tx, "SO-1999-999999") == {}


@pytest.mark.parametrize("few", [0, 2_000])
async def test_nothing_is_found_that_the_person_may_not_see(tx, world, monkeypatch, few):
    monkeypatch.setattr(anywhere, "FEW", few)
    await given.order(tx)
    await quote(tx, world, "Q-ANG-1")
    await invoice(tx, world, "INV-ANG-1")
    team = await tx.value("INSERT INTO parties.team (name) VALUES ('East') RETURNING id")
    rights = frozenset({"orders.read", "quotes.read", "parties.read", "billing.read"})
    tx.actor = Actor("user", "ann", user_id=world.user_ids[0], permissions=rights, team_ids=(team,))
    assert await found(tx, "angstrom") == {}

    await tx.execute(
        "INSERT INTO parties.visible_account (team_id, account_id) VALUES (%(team)s, %(account)s)",
        {"team": team, "account": world.account_id},
    )
    assert set(await found(tx, "angstrom")) == {"order", "quote", "customer", "invoice"}

    tx.actor = Actor(
        "user", "ann", user_id=world.user_ids[0], permissions=frozenset({"parties.read"}), team_ids=(team,)
    )
    assert set(await found(tx, "angstrom")) == {"customer"}


async def test_tasks_of_other_teams_are_not_found(tx, world):
    mine, other = await tx.values("INSERT INTO parties.team (name) VALUES ('Mine'), ('Other') RETURNING id")
    await tx.execute(
        "INSERT INTO work.queue (code, name, team_id) VALUES ('mine', 'Mine', %(mine)s), ('other', 'Other', %(other)s)",
        {"mine": mine, "other": other},
    )
    node, subject = Node("work.task", "person"), Subject("order", 1, "SO-1", world.account_id)
    await start_processes(tx, [
        ProcessDraft(subject, (node,), (), ("t",), (title,), queues=(queue,))
        for title, queue in (("Wire the cabinet", "mine"), ("Wire the roof", "other"))
    ])  # fmt: skip
    tx.actor = Actor("user", "ann", user_id=world.user_ids[0], permissions=frozenset({"work.do"}), team_ids=(mine,))

    [group] = await search_anywhere(tx, "wire")
    assert [each.name for each in group.found] == ["Wire the cabinet"]


@pytest.mark.parametrize("text", ["", "  ", "an", "%%%", "___", "\\\\\\", "' OR true --"])
async def test_too_few_letters_and_signs_of_patterns_find_nothing(tx, world, text):
    assert await search_anywhere(tx, text) == []


async def test_fewer_than_three_letters_find_a_whole_number(tx, world):
    await tx.execute("INSERT INTO parties.account (number, name) VALUES ('X1', 'Short')")

    assert await found(tx, "x1") == {"customer": ["X1"]}
