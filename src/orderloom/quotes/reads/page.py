"""The page of one quote: a version of it, the others, questions, acceptance, what was converted; and costs apart."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from orderloom.base.transaction import Tx
from orderloom.catalog.priced import Margin
from orderloom.parties.policy import account_filter
from orderloom.quotes.quote import Head
from orderloom.quotes.reads.stored import StoredVersion, head_of, stored_version
from orderloom.quotes.types import OFFER_LINK, ChargeKind


@dataclass(frozen=True, slots=True)
class VersionHead:
    """A version among others."""

    number: int
    title: str
    made_at: datetime
    frozen_at: datetime | None


@dataclass(frozen=True, slots=True)
class QuestionRow:
    """A customer's question with our answer."""

    id: int
    version: int
    asked_by: str
    text: str
    asked_at: datetime
    answer: str | None
    answered_by: str | None
    answered_at: datetime | None


@dataclass(frozen=True, slots=True)
class AcceptanceRow:
    """Who said yes."""

    version: int
    name: str
    by_customer: bool
    note: str
    chosen: list[str]
    accepted_at: datetime
    recorded_by: str


@dataclass(frozen=True, slots=True)
class OrderOfQuote:
    """An order that a request made of the quote, by the number that it had then."""

    order_id: int
    order_number: str
    version: int
    drawn_by: str
    drawn_at: datetime


@dataclass(frozen=True, slots=True)
class QuotePage:
    """Everything about a quote that everybody may see who sees it."""

    head: Head
    shown: StoredVersion
    versions: list[VersionHead]
    questions: list[QuestionRow]
    acceptance: AcceptanceRow | None
    orders: list[OrderOfQuote]
    owner: str | None
    copied_from: str | None


async def quote_page(tx: Tx, quote_id: int, *, version: int | None = None) -> QuotePage:
    """A quote with its active version, or another one; refuses (404) what the actor does not see."""
    head = await head_of(tx, quote_id)
    key = {"id": head.id}
    number = head.active_version if version is None else version
    return QuotePage(
        head=head,
        shown=await stored_version(tx, head.id, number),
        versions=await tx.all(
            """
              SELECT number, title, made_at, frozen_at
                FROM quotes.version
               WHERE quote_id = %(id)s
            ORDER BY number DESC
               LIMIT 500
            """,
            key,
            row=VersionHead,
        ),
        questions=await questions_of(tx, head.id),
        acceptance=await tx.one_or_none(
            """
            SELECT version, name, by_customer, note, chosen, accepted_at, recorded_by
              FROM quotes.acceptance
             WHERE quote_id = %(id)s
               AND version = %(number)s
            """,
            {**key, "number": number},
            row=AcceptanceRow,
        ),
        orders=await tx.all(
            """
              SELECT order_id, order_number, version, drawn_by, drawn_at
                FROM quotes.draw
               WHERE quote_id = %(id)s
                 AND order_id IS NOT NULL
            ORDER BY id
               LIMIT 1000
            """,
            key,
            row=OrderOfQuote,
        ),
        owner=await tx.value("SELECT name FROM parties.user WHERE id = %(owner)s", {"owner": head.owner_id}),
        copied_from=await tx.value(
            "SELECT number FROM quotes.quote WHERE id = %(source)s", {"source": head.copied_from_id}
        ),
    )


async def questions_of(tx: Tx, quote_id: int) -> list[QuestionRow]:
    """What a customer asked, in order; the caller has been let through to the quote."""
    return await tx.all(
        """
          SELECT id, version, asked_by, text, asked_at, answer, answered_by, answered_at
            FROM quotes.question
           WHERE quote_id = %(id)s
        ORDER BY id
           LIMIT 500
        """,
        {"id": quote_id},
        row=QuestionRow,
    )


async def margins_of(tx: Tx, quote_id: int, version: int) -> dict[tuple[str, ChargeKind], Margin]:
    """Cost and margin of each charge whose cost is known. For those only who may see costs; the caller checks."""
    rows = await tx.all(
        """
        SELECT line.line, cost.charge, charge.net, cost.amount
          FROM quotes.line
          JOIN quotes.cost ON cost.line_id = line.id
          JOIN quotes.charge ON charge.line_id = line.id AND charge.kind = cost.charge
         WHERE line.quote_id = %(quote_id)s
           AND line.version = %(version)s
        """,
        {"quote_id": quote_id, "version": version},
    )
    return {(line, kind): Margin(Decimal(net), Decimal(cost)) for line, kind, net, cost in rows}


async def quote_behind(tx: Tx, token_hash: bytes) -> tuple[int, int] | None:
    """The quote that a customer's link leads to, and the link; none when it is wrong, old or expired."""
    found = await tx.one_or_none(
        """
        SELECT quote_id, id
          FROM quotes.link
         WHERE (token_hash = %(token_hash)s
                OR promised_id = (SELECT link.id FROM parties.link
                                   WHERE link.token_hash = %(token_hash)s AND link.purpose = %(purpose)s))
           AND ended_at IS NULL
           AND expires_at > %(now)s
        """,
        {"token_hash": token_hash, "purpose": OFFER_LINK, "now": tx.now},
    )
    return None if found is None else (found[0], found[1])


@dataclass(frozen=True, slots=True)
class LinkRow:
    """A way in that is open."""

    id: int
    made_by: str
    made_at: datetime
    expires_at: datetime


async def open_link(tx: Tx, quote_id: int) -> LinkRow | None:
    """The customer's way in, if one is open."""
    return await tx.one_or_none(
        """
          SELECT id, made_by, made_at, expires_at
            FROM quotes.link
           WHERE quote_id = %(id)s
             AND ended_at IS NULL
             AND expires_at > %(now)s
        ORDER BY id DESC
           LIMIT 1
        """,
        {"id": quote_id, "now": tx.now},
        row=LinkRow,
    )


@dataclass(frozen=True, slots=True)
class OfferedPrice:
    """What we offered a product for before."""

    quote_id: int
    number: str
    version: int
    state: str
    sent_at: datetime
    quantity: Decimal
    unit: str
    kind: ChargeKind
    period: str | None
    unit_price: Decimal
    currency: str


async def offered_prices(tx: Tx, *, account_id: int, product_code: str, limit: int = 10) -> list[OfferedPrice]:
    """The last offers of a product to a customer that the actor sees, the newest first."""
    seen, params = account_filter(tx.actor, "quote.account_id")
    return await tx.all(
        f"""
          SELECT quote.id AS quote_id, quote.number, version.number AS version, quote.state,
                 version.frozen_at AS sent_at, charge.quantity, charge.unit, charge.kind, charge.period,
                 charge.unit_price, quote.currency
            FROM quotes.quote
            JOIN quotes.version ON version.quote_id = quote.id AND version.frozen_at IS NOT NULL
            JOIN quotes.line ON line.quote_id = quote.id AND line.version = version.number
            JOIN quotes.charge ON charge.line_id = line.id
           WHERE quote.account_id = %(account_id)s
             AND line.product_code = %(product_code)s
             AND {seen}
        ORDER BY version.frozen_at DESC, line.id DESC
           LIMIT %(limit)s
        """,
        {"account_id": account_id, "product_code": product_code, "limit": limit, **params},
        row=OfferedPrice,
    )


async def lost_reasons(tx: Tx) -> dict[str, str]:
    """Why offers are not taken: codes with their titles."""
    return dict(await tx.all("SELECT code, title FROM quotes.lost_reason ORDER BY title LIMIT 200"))


async def price_reasons(tx: Tx) -> dict[str, str]:
    """The reasons that a price or discount by hand may have today: codes with their names."""
    return dict(
        await tx.all(
            """
              SELECT held.code, held.content->>'name'
                FROM (SELECT DISTINCT ON (code) code, content
                        FROM catalog.price_rule
                       WHERE kind = 'reason'
                         AND valid @> base.now()::date
                    ORDER BY code, version DESC) AS held
               WHERE held.content IS NOT NULL
            ORDER BY 2
               LIMIT 200
            """
        )
    )
