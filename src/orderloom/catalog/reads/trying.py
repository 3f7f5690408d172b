"""Try a price: the same function and the same rules as quotes and orders, and nothing is written."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from orderloom.base.money import cent
from orderloom.base.refusals import Refused, refuse, refuse_if_any
from orderloom.base.transaction import Tx
from orderloom.catalog.price import price
from orderloom.catalog.price_asked import PricesAsked
from orderloom.catalog.price_book import Book
from orderloom.catalog.price_types import Context
from orderloom.catalog.priced import Priced
from orderloom.catalog.reads.prices import COST_RIGHT, buyers, context_of, price_book, rights_of
from orderloom.parties.reads import resolve_customers, unknown_customer
from orderloom.parties.types import Customer


async def try_prices(tx: Tx, asked: PricesAsked) -> Priced:
    """Price lines as they would be priced for this customer on this day; refuses with every problem.

    Without a customer they are priced for anybody of the segment. Cost and margin come out only for
    those who may see them.
    """
    refuse_if_any(asked.problems())
    customer = await _customer(tx, asked)
    on = asked.on or tx.now.date()
    currency = asked.currency or (customer.currency if customer else None)
    if currency is None:
        refuse("currency_missing", "Say in which currency; the customer has no billing account to tell.", "/currency")
    numbers, context = await _circumstances(tx, asked, customer, currency=currency, on=on)
    book = await price_book(
        tx, products=[line.product for line in asked.lines], currency=currency, on=on, customers=numbers
    )
    context = replace(context, rights=rights_of(book, tx.actor), may_see_cost=tx.actor.may(COST_RIGHT))
    priced = price(asked.priced_lines(who=tx.actor.name, on=on), book, context)
    if priced.problems:
        raise Refused(priced.problems)
    return priced


async def _customer(tx: Tx, asked: PricesAsked) -> Customer | None:
    if asked.customer is None:
        return None
    found = (await resolve_customers(tx, [asked.customer])).get(asked.customer)
    if found is None:
        refuse_if_any([unknown_customer(asked.customer, "/customer")])
    return found


async def _circumstances(
    tx: Tx, asked: PricesAsked, customer: Customer | None, *, currency: str, on: date
) -> tuple[list[str], Context]:
    shared = asked.shared_discounts(who=tx.actor.name)
    if customer is None:
        context = Context(
            currency=currency,
            cent=cent(currency),
            on=on,
            segment=asked.segment,
            channel=asked.channel,
            place=asked.place,
            shared=shared,
        )
        return [], context
    buyer = (await buyers(tx, [customer.account_id]))[customer.account_id]
    context = context_of(
        buyer, Book(), tx.actor, currency=currency, on=on, channel=asked.channel, place=asked.place, shared=shared
    )
    return buyer.customers, context
