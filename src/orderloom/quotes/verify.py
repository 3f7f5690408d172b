"""What must always be true of quotes; each query names what breaks it."""

from __future__ import annotations

from typing import Final

from orderloom.base.verify import Invariant

INVARIANTS: Final = (
    Invariant(
        "the steps of a charge sum to its net",
        """
          SELECT 'quote line ' || charge.line_id || ' ' || charge.kind || ': ' || coalesce(sum(step.amount), 0)
                 || ', not ' || charge.net
            FROM quotes.charge
            LEFT JOIN quotes.price_step AS step ON step.line_id = charge.line_id AND step.charge = charge.kind
        GROUP BY charge.line_id, charge.kind
          HAVING coalesce(sum(step.amount), 0) <> charge.net
        """,
    ),
    Invariant(
        "a version's totals are those of its chosen lines",
        """
        SELECT 'quote ' || version.quote_id || ' version ' || version.number
          FROM quotes.version
         CROSS JOIN LATERAL (
               SELECT coalesce(sum((total->>'gross')::numeric), 0) AS gross,
                      coalesce(sum((total->>'net')::numeric), 0) AS net
                 FROM jsonb_array_elements(version.totals) AS total) AS said
         CROSS JOIN LATERAL (
               SELECT coalesce(sum(charge.gross), 0) AS gross, coalesce(sum(charge.net), 0) AS net
                 FROM quotes.line
                 JOIN quotes.charge ON charge.line_id = line.id
                WHERE line.quote_id = version.quote_id
                  AND line.version = version.number
                  AND line.is_chosen) AS counted
         WHERE (said.gross, said.net) <> (counted.gross, counted.net)
        """,
    ),
    Invariant(
        "what a line has converted is the sum of what was drawn of it",
        """
          SELECT 'quote line ' || line.id || ' says ' || line.converted || ', drawn were '
                 || coalesce(sum(drawn.quantity), 0)
            FROM quotes.line
            LEFT JOIN quotes.drawn_line AS drawn ON drawn.line_id = line.id
        GROUP BY line.id
          HAVING line.converted <> coalesce(sum(drawn.quantity), 0)
        """,
    ),
    Invariant(
        "every draw became an order",
        "SELECT 'draw ' || id || ' of quote ' || quote_id FROM quotes.draw WHERE order_id IS NULL",
    ),
    Invariant(
        "only the active version of a draft is still open",
        """
        SELECT 'quote ' || quote.number || ' version ' || version.number
          FROM quotes.version
          JOIN quotes.quote ON quote.id = version.quote_id
         WHERE version.frozen_at IS NULL
           AND (version.number <> quote.active_version OR quote.state NOT IN ('draft', 'lost'))
        """,
    ),
    Invariant(
        "no version was sent while a right was missing",
        """
        SELECT 'quote ' || need.quote_id || ' version ' || need.version || ': ' || need.needed_right
          FROM quotes.need
          JOIN quotes.version ON version.quote_id = need.quote_id AND version.number = need.version
         WHERE version.frozen_at IS NOT NULL
           AND need.confirmed_at IS NULL
        """,
    ),
    Invariant(
        "a quote that is accepted or converted has its acceptance",
        """
        SELECT 'quote ' || quote.number
          FROM quotes.quote
         WHERE quote.state IN ('accepted', 'converted')
           AND NOT EXISTS (SELECT FROM quotes.acceptance
                            WHERE acceptance.quote_id = quote.id AND acceptance.version = quote.active_version)
        """,
    ),
    Invariant(
        "a quote is converted exactly when nothing that was chosen is left",
        """
        SELECT 'quote ' || quote.number
          FROM quotes.quote
         WHERE quote.state IN ('accepted', 'converted')
           AND (quote.state = 'converted') = EXISTS (
               SELECT FROM quotes.line
                WHERE line.quote_id = quote.id
                  AND line.version = quote.active_version
                  AND line.kind = 'item'
                  AND line.is_chosen
                  AND line.converted < line.quantity)
        """,
    ),
    Invariant(
        "parts of a bundle are chosen as it is",
        """
        SELECT 'quote ' || part.quote_id || ' line ' || part.line
          FROM quotes.line AS part
          JOIN quotes.line AS bundle
            ON bundle.quote_id = part.quote_id AND bundle.version = part.version AND bundle.line = part.parent
         WHERE part.is_chosen <> bundle.is_chosen
        """,
    ),
    Invariant(
        "revenue credits of a version total 100 %",
        """
          SELECT 'quote ' || quote_id || ' version ' || version || ': ' || trim_scale(sum(percent)) || ' %'
            FROM quotes.credit
           WHERE kind = 'revenue'
        GROUP BY quote_id, version
          HAVING sum(percent) <> 100
        """,
    ),
)
