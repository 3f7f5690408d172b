"""Versions with everything below them: written whole, frozen, and their choices kept."""

from __future__ import annotations

from collections.abc import Sequence

from orderloom.base.transaction import Json, Tx
from orderloom.quotes.quote import NewVersion, TotalRow

PARTS = ("lines", "charges", "steps", "costs", "needs", "credits")


async def write(tx: Tx, version: NewVersion) -> None:
    """Write a version, in place of what it said before if it is not frozen."""
    key = {"quote_id": version.quote_id, "number": version.number}
    for table in ("need", "credit", "line"):
        await tx.execute(_CLEAR[table], key)
    await tx.execute(
        """
        INSERT INTO quotes.version
               (quote_id, number, title, requested_on, ship_to, po_number, terms, note, valid_until, shared, totals,
                priced_at, priced_by)
        VALUES (%(quote_id)s, %(number)s, %(title)s, %(requested_on)s, %(ship_to)s, %(po_number)s, %(terms)s, %(note)s,
                %(valid_until)s, %(shared)s, %(totals)s, %(priced_at)s, %(priced_by)s)
            ON CONFLICT (quote_id, number) DO UPDATE
           SET title = EXCLUDED.title, requested_on = EXCLUDED.requested_on, ship_to = EXCLUDED.ship_to,
               po_number = EXCLUDED.po_number, terms = EXCLUDED.terms, note = EXCLUDED.note,
               valid_until = EXCLUDED.valid_until, shared = EXCLUDED.shared, totals = EXCLUDED.totals,
               priced_at = EXCLUDED.priced_at, priced_by = EXCLUDED.priced_by
         WHERE version.frozen_at IS NULL
        """,
        {
            **key,
            "title": version.title,
            "requested_on": version.requested_on,
            "ship_to": version.ship_to,
            "po_number": version.po_number,
            "terms": version.terms,
            "note": version.note,
            "valid_until": version.valid_until,
            "shared": Json(version.shared),
            "totals": Json(version.totals),
            "priced_at": version.priced_at,
            "priced_by": version.priced_by,
        },
    )
    await tx.execute(_INSERT_PARTS, {**key, **{part: Json(getattr(version, part)) for part in PARTS}})


_CLEAR = {
    "need": "DELETE FROM quotes.need WHERE quote_id = %(quote_id)s AND version = %(number)s",
    "credit": "DELETE FROM quotes.credit WHERE quote_id = %(quote_id)s AND version = %(number)s",
    "line": "DELETE FROM quotes.line WHERE quote_id = %(quote_id)s AND version = %(number)s",
}
_INSERT_PARTS = """
      WITH written AS (
           INSERT INTO quotes.line
                  (quote_id, version, position, line, kind, title, parent, product_id, product_code, product_name,
                   quantity, unit, role, characteristics, place, relies_on, requested_on, is_optional, alternative,
                   is_chosen, given, notes, shares, terms)
           SELECT %(quote_id)s, %(number)s, position, line, kind, title, parent, product_id, product_code, product_name,
                  quantity, unit, role, characteristics, place, relies_on, requested_on, is_optional, alternative,
                  is_chosen, given, notes, shares, terms
             FROM jsonb_to_recordset(%(lines)s) AS fresh (
                  position integer, line text, kind text, title text, parent text, product_id bigint,
                  product_code text, product_name text, quantity numeric, unit text, role text,
                  characteristics jsonb, place text, relies_on text[], requested_on date, is_optional boolean,
                  alternative text, is_chosen boolean, given jsonb, notes jsonb, shares jsonb, terms jsonb)
        RETURNING id, line),
           charged AS (
           INSERT INTO quotes.charge
                  (line_id, kind, period, quantity, unit, periods, list_amount, net, tax, gross, unit_price,
                   given_percent, taxes)
           SELECT written.id, kind, period, quantity, unit, periods, list_amount, net, tax, gross, unit_price,
                  given_percent, taxes
             FROM jsonb_to_recordset(%(charges)s) AS fresh (
                  line text, kind text, period text, quantity numeric, unit text, periods numeric,
                  list_amount numeric, net numeric, tax numeric, gross numeric, unit_price numeric,
                  given_percent numeric, taxes jsonb)
             JOIN written USING (line)),
           stepped AS (
           INSERT INTO quotes.price_step
                  (line_id, charge, position, kind, amount, unit_amount, rule, rule_version, input, who, reason)
           SELECT written.id, charge, position, kind, amount, unit_amount, rule, rule_version, input, who, reason
             FROM jsonb_to_recordset(%(steps)s) AS fresh (
                  line text, charge text, position integer, kind text, amount numeric, unit_amount numeric,
                  rule text, rule_version integer, input jsonb, who text, reason text)
             JOIN written USING (line)),
           costed AS (
           INSERT INTO quotes.cost (line_id, charge, amount)
           SELECT written.id, charge, amount
             FROM jsonb_to_recordset(%(costs)s) AS fresh (line text, charge text, amount numeric)
             JOIN written USING (line)),
           needed AS (
           INSERT INTO quotes.need
                  (quote_id, version, position, code, needed_right, lines, message, percent, allowed, basis)
           SELECT %(quote_id)s, %(number)s, position, code, needed_right, lines, message, percent, allowed, basis
             FROM jsonb_to_recordset(%(needs)s) AS fresh (
                  position integer, code text, needed_right text, lines text[], message text, percent numeric,
                  allowed numeric, basis text))
    INSERT INTO quotes.credit (quote_id, version, position, payee, user_id, percent, kind)
    SELECT %(quote_id)s, %(number)s, position, payee, user_id, percent, kind
      FROM jsonb_to_recordset(%(credits)s) AS fresh (
           position integer, payee text, user_id bigint, percent numeric, kind text)
"""


async def freeze(tx: Tx, quote_ids: Sequence[int]) -> None:
    """Freeze the active versions of quotes: from now on they stay as they are."""
    await tx.execute(
        """
        UPDATE quotes.version
           SET frozen_at = %(now)s
          FROM quotes.quote
         WHERE quote.id = ANY(%(ids)s)
           AND version.quote_id = quote.id
           AND version.number = quote.active_version
           AND version.frozen_at IS NULL
        """,
        {"ids": list(quote_ids), "now": tx.now},
    )


async def choose(tx: Tx, quote_id: int, version: int, *, lines: Sequence[str], totals: Sequence[TotalRow]) -> None:
    """Keep which lines count and what they come to."""
    key = {"quote_id": quote_id, "version": version}
    await tx.execute(
        """
        UPDATE quotes.line
           SET is_chosen = false
         WHERE quote_id = %(quote_id)s
           AND version = %(version)s
           AND is_chosen
           AND NOT (line = ANY(%(lines)s))
        """,
        {**key, "lines": list(lines)},
    )
    await tx.execute(
        """
        UPDATE quotes.line
           SET is_chosen = true
         WHERE quote_id = %(quote_id)s
           AND version = %(version)s
           AND NOT is_chosen
           AND line = ANY(%(lines)s)
        """,
        {**key, "lines": list(lines)},
    )
    await tx.execute(
        "UPDATE quotes.version SET totals = %(totals)s WHERE quote_id = %(quote_id)s AND number = %(version)s",
        {**key, "totals": Json(list(totals))},
    )


async def confirm_needs(
    tx: Tx, quote_id: int, version: int, *, rights: Sequence[str], by: str, comment: str
) -> list[str]:
    """Note who stands up for the prices; return the rights that were waited for."""
    return await tx.values(
        """
           UPDATE quotes.need
              SET confirmed_by = %(by)s, confirmed_at = %(now)s, comment = %(comment)s
            WHERE quote_id = %(quote_id)s
              AND version = %(version)s
              AND needed_right = ANY(%(rights)s)
              AND confirmed_at IS NULL
        RETURNING needed_right
        """,
        {
            "quote_id": quote_id,
            "version": version,
            "rights": list(rights),
            "by": by,
            "comment": comment,
            "now": tx.now,
        },
    )


async def keep_confirmations(
    tx: Tx, quote_id: int, version: int, known: Sequence[tuple[str, str, str, object]]
) -> None:
    """What was confirmed before, and is still the same by its basis, stays confirmed.

    Each known confirmation is basis, by whom, comment and when.
    """
    await tx.execute(
        """
        UPDATE quotes.need
           SET confirmed_by = known.by, comment = known.comment, confirmed_at = known.at
          FROM unnest(%(bases)s::text[], %(bys)s::text[], %(comments)s::text[], %(ats)s::timestamptz[])
               AS known (basis, by, comment, at)
         WHERE need.quote_id = %(quote_id)s
           AND need.version = %(version)s
           AND need.basis = known.basis
        """,
        {
            "quote_id": quote_id,
            "version": version,
            "bases": [one[0] for one in known],
            "bys": [one[1] for one in known],
            "comments": [one[2] for one in known],
            "ats": [one[3] for one in known],
        },
    )
