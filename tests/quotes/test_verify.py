"""Each invariant sees its own breakage, made by SQL."""

from __future__ import annotations

import pytest

from orderloom.quotes.commands import accept_quote, draw_quantities, note_order, send_quote
from orderloom.quotes.types import AcceptanceDraft, DrawDraft, DrawLine
from orderloom.quotes.verify import INVARIANTS
from tests.quotes import given

UNFROZEN = "UPDATE quotes.version SET frozen_at = NULL"
BREAKAGES = [
    (UNFROZEN, "UPDATE quotes.price_step SET amount = amount + 1 WHERE position = 0"),
    ("UPDATE quotes.version SET totals = '[]'",),
    ("UPDATE quotes.line SET converted = converted + 1 WHERE line = '1'",),
    ("UPDATE quotes.draw SET order_id = NULL, order_number = NULL",),
    (UNFROZEN,),
    (
        """INSERT INTO quotes.need (quote_id, version, position, code, needed_right, lines, message, basis)
           SELECT quote_id, number, 0, 'floor', 'prices.below_floor', '{1}', 'x', 'x' FROM quotes.version""",
    ),
    ("DELETE FROM quotes.acceptance",),
    ("UPDATE quotes.quote SET state = 'converted', ended_at = base.now()",),
    (
        "UPDATE quotes.line SET is_chosen = false WHERE line = '2'",
        "UPDATE quotes.line SET is_chosen = true WHERE line = '2.1'",
    ),
    ("UPDATE quotes.credit SET percent = 99",),
]


@pytest.mark.parametrize(("place", "breakage"), list(enumerate(BREAKAGES)))
async def test_verify_finds_what_is_broken(tx, place, breakage):
    world = await given.world(tx)
    kit = [
        {**line, "line": f"2{line['line'][1:]}", **({"parent": "2"} if "parent" in line else {"optional": True})}
        for line in given.KIT
    ]
    kit[-1]["relies_on"] = ["2.1"]
    tx.actor = given.salesperson(world.user_ids[0])
    quote = await given.quote(tx, (*given.CABLE, *kit))
    await send_quote(tx, quote.id)
    await accept_quote(tx, quote.id, AcceptanceDraft(1, "Ruth"))
    drawn = await draw_quantities(tx, quote.id, DrawDraft(lines=(DrawLine("1", given.CABLE[0]["quantity"] - 6),)))
    await note_order(tx, drawn, order_id=1, order_number="SO-1")
    for invariant in INVARIANTS:
        assert await tx.all(invariant.sql) == [], invariant.name

    for statement in breakage:
        await tx.execute(statement)

    assert await tx.all(INVARIANTS[place].sql) != []


def test_every_invariant_is_broken_once():
    assert len(BREAKAGES) == len(INVARIANTS)
