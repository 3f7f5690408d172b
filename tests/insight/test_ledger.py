"""Finding past invoices, and figures that add up to them."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from orderloom.base.types import Actor
from orderloom.insight.reads import ledger, sums
from orderloom.insight.reads.figures import FIGURES, Ask, compared_slices, end_of_month, figure, trends, usual_slice
from orderloom.insight.types import Search
from tests.insight import given


async def found(tx, **wish):
    return [row.number for row in await ledger.documents(tx, Search(**wish), limit=500)]


async def ask(tx, **changes):
    [span] = await sums.spans(tx)
    return Ask(replace(usual_slice(span), **changes), span)


async def test_a_document_is_found_by_number_customer_product_and_words(tx):
    await given.history(tx)

    assert await found(tx, text="3006") == ["3006"]
    assert await found(tx, number="C100") == ["C1003", "C1002", "C1001"]
    assert "3004" in await found(tx, text="gl05")
    assert set(await found(tx, text="hook")) == set(await found(tx, text="KEY9"))
    assert {"3001", "3010"} <= set(await found(tx, text="damaged"))
    assert set(await found(tx, text="17004")) == set(await found(tx, country="FR"))
    assert await found(tx, text="nothing like it") == []


@pytest.mark.parametrize("text", ["CAF\u00c9", "cafe\u0301", "Cafe", "caf\u00e9 cup"])
async def test_composed_and_decomposed_letters_are_found_alike(tx, text):
    await given.history(tx)

    assert len(await found(tx, text=text)) >= len(await found(tx, text="CAF\u00c9 CUP")) > 5


async def test_nothing_in_a_text_is_a_pattern(tx):
    await given.history(tx)

    assert await found(tx, text="%%%") == await found(tx, text="___") == await found(tx, text="a\\b") == []


async def test_filters_say_what_the_ledger_says(tx):
    await given.history(tx)

    for wish, condition in (
        ({"kind": "credit_note"}, "kind = 'credit_note'"),
        ({"country": "DE"}, "country = 'DE'"),
        ({"amount_from": Decimal(100), "amount_to": Decimal(200)}, "net BETWEEN 100 AND 200"),
        ({"day_from": date(2011, 3, 1), "day_to": date(2011, 3, 31)}, "date_trunc('month', issued_on) = '2011-03-01'"),
        ({"currency": "EUR"}, "currency = 'EUR'"),
    ):  # fmt: skip
        wanted = await tx.values(f"SELECT number FROM insight.document WHERE {condition}")
        assert sorted(await found(tx, **wish)) == sorted(wanted), wish


async def test_pages_of_a_list_are_the_list(tx):
    await given.history(tx)
    whole = await ledger.documents(tx, Search(), limit=500)
    pages, place = [], None
    while page := await ledger.documents(tx, Search(), before=place, limit=7):
        pages += page
        place = (page[-1].issued_on, page[-1].id)

    assert pages == whole


async def test_a_total_leads_to_documents_and_these_to_lines(tx):
    await given.history(tx)
    wish = Search(country="DE")
    [total] = await ledger.totals(tx, wish)
    documents = await ledger.documents(tx, wish, limit=500)
    lines = [line for one in documents for line in await ledger.lines_of(tx, one.id, limit=500)]

    assert (total.documents, total.net) == (len(documents), sum(one.net for one in documents))
    assert total.net == sum(line.amount for line in lines)


async def test_the_lines_of_a_product_are_paged_too(tx):
    await given.history(tx)
    product = await tx.value("SELECT id FROM insight.product WHERE code = 'TM10'")
    whole = await ledger.lines_of_product(tx, product, Search(), limit=500)
    first = await ledger.lines_of_product(tx, product, Search(), limit=5)
    last = first[-1]
    rest = await ledger.lines_of_product(
        tx, product, Search(), before=(last.issued_on, last.document_id, last.position), limit=500
    )

    assert first + rest == whole
    assert len(whole) == await tx.value("SELECT count(*) FROM insight.line WHERE product_id = %(id)s", {"id": product})


async def revenue_of(tx, part):
    return await tx.value(
        """
        SELECT sum(net) FROM insight.document
         WHERE kind IN ('invoice', 'credit_note') AND issued_on BETWEEN %(since)s AND %(until)s
        """,
        {"since": part.day_from, "until": part.day_to},
    )


@pytest.mark.parametrize("period", ["week", "month"])
@pytest.mark.parametrize("changes", [{}, {"day_from": date(2011, 2, 8), "day_to": date(2011, 8, 19)}])
async def test_every_figure_adds_up_to_the_ledger(tx, period, changes):
    await given.history(tx)
    asked = replace(await ask(tx, **changes), period=period, most=3)
    wanted = await revenue_of(tx, asked.part)

    for made in await trends(tx, asked):
        names = [column.name for column in made.columns]
        if "revenue" in names:
            place = names.index("revenue")
            assert made.total[place] == sum(row[place] for row in made.rows) == wanted, made.name
        else:
            for place, column in enumerate(made.columns):
                if made.total and column.kind in ("money", "quantity") and made.total[place] is not None:
                    assert made.total[place] == sum(row[place] for row in made.rows), (made.name, column.name)


async def test_what_is_beside_revenue_completes_the_ledger(tx):
    await given.history(tx)
    asked = await ask(tx)
    beside = await sums.beside_sales(tx, asked.part)

    whole = await tx.value("SELECT sum(net) FROM insight.document")
    assert await revenue_of(tx, asked.part) + sum(one.net for one in beside) == whole
    assert {one.kind: one.documents for one in beside} == {"adjustment": 1, "write_off": 2}


async def test_movers_are_the_difference_of_two_times(tx):
    await given.history(tx)
    asked = await ask(tx)
    now, before = compared_slices(asked)

    for name in ("product-movers", "customer-movers"):
        made = await figure(tx, name, replace(asked, most=2))
        difference = await revenue_of(tx, now) - await revenue_of(tx, before)
        assert made.total[1] == sum(row[1] for row in made.rows) == difference
        assert "grew most" in made.title


@pytest.mark.parametrize("part", [{"country": "GB"}, {"product_id": 1}, {"customer_id": 1}])
async def test_a_part_of_the_ledger_is_no_more_than_that_part(tx, part):
    await given.history(tx)
    ids = {"product_id": "SELECT min(id) FROM insight.product WHERE code = 'TM10'"}
    ids["customer_id"] = "SELECT min(id) FROM insight.customer"
    [(name, value)] = part.items()
    value = value if name == "country" else await tx.value(ids[name])
    asked = await ask(tx, **{name: value})
    condition = {
        "country": "document.country = %(value)s",
        "product_id": "line.product_id = %(value)s",
        "customer_id": "document.customer_id = %(value)s",
    }[name]
    wanted = await tx.value(
        f"""
        SELECT sum(line.amount) FROM insight.line JOIN insight.document ON document.id = line.document_id
         WHERE kind IN ('invoice', 'credit_note') AND {condition}
        """,
        {"value": value},
    )

    for name in ("revenue", "products", "buyers", "countries"):
        made = await figure(tx, name, asked)
        place = [column.name for column in made.columns].index("revenue")
        assert made.total[place] == wanted, name


async def test_who_went_silent_and_what_is_not_bought_any_more(tx, tmp_path):
    rows = [given.row(f"a{n}", "TEA", 1, on=f"2011-0{n}-01", customer="silent") for n in (1, 2, 3)]
    rows += [given.row(f"b{n}", "CUP", 1, on=f"2011-{n:02}-02", customer="loyal") for n in range(1, 11)]
    rows += [given.row(f"c{n}", "POT", 2, on=f"2011-0{n}-02", customer="loyal", price="3") for n in (1, 2, 3)]
    await given.history(tx, given.table(tmp_path, rows))
    asked = await ask(tx)

    silent = await figure(tx, "silent", asked)
    assert [(row[0], row[1], row[4]) for row in silent.rows] == [("silent", date(2011, 3, 1), 3)]
    lapsed = await figure(tx, "lapsed", asked)
    assert [(row[0], row[1]) for row in lapsed.rows] == [("POT Product POT", "loyal")]
    assert lapsed.title.startswith("loyal has not bought POT Product POT for ")


async def test_seasons_compare_months_with_the_average_one(tx, tmp_path):
    rows = [given.row(f"{n}", "TEA", 3 if n == 12 else 1, on=f"2010-{n:02}-02") for n in range(1, 13)]
    rows += [given.row("13", "TEA", 1, on="2011-01-03")]
    await given.history(tx, given.table(tmp_path, rows))
    made = await figure(tx, "seasons", await ask(tx))

    assert made.title.startswith("December sells most")
    assert made.rows[-1][1] == Decimal("257.1")


async def test_a_year_is_compared_with_the_same_days_before(tx, tmp_path):
    rows = [
        given.row("1", on="2010-05-03"),
        given.row("2", quantity=9, on="2010-05-20"),
        given.row("3", quantity=2, on="2011-05-04"),
    ]
    await given.history(tx, given.table(tmp_path, rows))
    made = await figure(tx, "revenue", await ask(tx, day_from=date(2011, 5, 1), day_to=date(2011, 5, 31)))

    assert made.rows == ((date(2011, 5, 1), Decimal(2), Decimal(1), Decimal(100), Decimal(2), Decimal(0), 1),)
    assert made.title == "Revenue rose 100 % on the year before"


async def test_a_salesperson_sees_the_past_of_their_teams_accounts_only(tx):
    mine = await account(tx, "17001", "Tile Ltd")
    await account(tx, "17002", "Lantern Ltd")
    team = await tx.value("INSERT INTO parties.team (name) VALUES ('Mine') RETURNING id")
    await tx.execute(
        "INSERT INTO parties.visible_account (account_id, team_id) VALUES (%(mine)s, %(team)s)",
        {"mine": mine, "team": team},
    )
    await given.history(tx, customer_source="crm")
    numbers = set(await found(tx, text="17001"))
    tx.actor = Actor("user", "sales", permissions=frozenset({"insight.read"}), team_ids=(team,))

    assert set(await found(tx)) == numbers
    assert {row.customer for row in await ledger.documents(tx, Search())} == {"Tile Ltd"}
    asked = await ask(tx)
    for name in FIGURES:
        made = await figure(tx, name, asked)
        assert "Lantern Ltd" not in str(made) and "Without a customer" not in str(made), name
    [total] = await ledger.totals(tx, Search())
    assert total.documents == len(numbers)
    other = await tx.value("SELECT id FROM insight.document WHERE customer_id IS NULL LIMIT 1")
    assert await ledger.document(tx, other) is None
    assert await ledger.lines_of(tx, other) == []


async def account(tx, external_id, name):
    return await tx.value(
        """
        WITH made AS (INSERT INTO parties.account (number, name) VALUES ('AC-' || %(id)s, %(name)s) RETURNING id)
        INSERT INTO parties.external_id (source, external_id, account_id) SELECT 'crm', %(id)s, id FROM made
        RETURNING account_id
        """,
        {"id": external_id, "name": name},
    )


def test_the_end_of_a_month_is_its_last_day():
    assert end_of_month(date(2012, 2, 3)) == date(2012, 2, 29)
