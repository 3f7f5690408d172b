"""Orders as they were sold, in the form in which they are handed in."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, LiteralString

from orderloom.base.transaction import Tx
from orderloom.orders.states import State
from orderloom.parties.policy import account_filter

ORDERS_A_PAGE = 200


@dataclass(frozen=True, slots=True)
class _Exported:
    """An order with everything below it, as JSON; `id` is the key of the next page."""

    id: int
    header: dict[str, Any]
    places: list[dict[str, Any]]
    items: list[dict[str, Any]]
    credits: list[dict[str, Any]]


async def export_orders(tx: Tx, *, states: Sequence[State] = ()) -> AsyncIterator[Mapping[str, Any]]:
    """Every order that the actor sees, the oldest first, as `OrderDraft` reads it; in these states, or in any.

    Prices are given as they were sold, so that a list that has changed since changes nothing. Items
    that were withdrawn are left out. One statement for each page of orders.
    """
    after = 0
    while True:
        page = await _page(tx, after=after, states=states)
        for order in page:
            yield _draft(order)
        if len(page) < ORDERS_A_PAGE:
            return
        after = page[-1].id


def _draft(order: _Exported) -> dict[str, Any]:
    return _given(
        {
            **order.header,
            "places": [_given(place) for place in order.places],
            "credits": [_given(credit) for credit in order.credits],
            "items": [_item(item) for item in order.items],
        }
    )


def _item(item: Mapping[str, Any]) -> dict[str, Any]:
    parts = ("ship_groups", "credits")
    price = item["price"] and _given(item["price"])
    return _given({**item, "price": price} | {name: [_given(part) for part in item[name] or ()] for name in parts})


def _given(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that say something."""
    return {name: value for name, value in fields.items() if value not in (None, "", [], {})}


async def _page(tx: Tx, *, after: int, states: Sequence[State]) -> list[_Exported]:
    seen, parameters = account_filter(tx.actor, "sales_order.account_id")
    return await tx.all(
        f"""
          SELECT sales_order.id,
                 json_build_object(
                     'customer', account.number, 'type', type, 'channel', channel, 'external_id', external_id,
                     'priority', priority, 'catalogue', catalogue.code, 'currency', sales_order.currency,
                     'billing_account', billing.number, 'bill_to', bill_to, 'ship_to', ship_to,
                     'po_number', po_number, 'terms', terms, 'requested_on', requested_on, 'note', note,
                     'attributes', sales_order.attributes) AS header,
                 coalesce(places.brought, '[]') AS places,
                 coalesce(items.sold, '[]') AS items,
                 coalesce(credits.shares, '[]') AS credits
            FROM (SELECT *
                    FROM orders.sales_order
                   WHERE id > %(after)s
                     AND (%(states)s::text[] = '{{}}' OR state = ANY(%(states)s))
                     AND {seen}
                ORDER BY id
                   LIMIT %(limit)s) AS sales_order
            JOIN parties.account ON account.id = sales_order.account_id
            JOIN catalog.version ON version.id = sales_order.catalogue_version_id
            JOIN catalog.catalogue ON catalogue.id = version.catalogue_id
            LEFT JOIN parties.billing_account AS billing ON billing.id = sales_order.billing_account_id
           CROSS JOIN LATERAL (
                 SELECT json_agg(json_build_object(
                            'code', code, 'country', country, 'lines', lines, 'city', city, 'region', region,
                            'postal_code', postal_code, 'recipient', recipient) ORDER BY code) AS brought
                   FROM orders.place
                  WHERE place.order_id = sales_order.id
                    AND place.address_id IS NULL) AS places
           CROSS JOIN LATERAL (
                 SELECT json_agg(json_build_object('payee', payee, 'percent', percent, 'kind', kind)
                                 ORDER BY position) AS shares
                   FROM orders.credit
                  WHERE credit.order_id = sales_order.id
                    AND credit.item_id IS NULL) AS credits
           CROSS JOIN LATERAL (
                 {_ITEMS}) AS items
        ORDER BY sales_order.id
        """,
        {"after": after, "states": list(states), "limit": ORDERS_A_PAGE, **parameters},
        row=_Exported,
    )


_ITEMS: LiteralString = """SELECT json_agg(json_build_object(
                            'line', item.line, 'product', item.product_code, 'parent', parent.line,
                            'quantity', item.quantity, 'unit', item.unit, 'action', item.action, 'asset', item.asset,
                            'role', item.role,
                            'characteristics', item.characteristics, 'place', item.place,
                            'relies_on', (
                                SELECT json_agg(needed.line ORDER BY needed.position)
                                  FROM orders.relies_on
                                  JOIN orders.item AS needed
                                    ON needed.id = relies_on.needed_id AND needed.withdrawn_in IS NULL
                                 WHERE relies_on.item_id = item.id),
                            'ship_groups', (
                                SELECT json_agg(json_build_object(
                                           'place', place, 'quantity', quantity, 'requested_on', requested_on,
                                           'method', method) ORDER BY position)
                                  FROM orders.ship_group
                                 WHERE ship_group.item_id = item.id),
                            'billing_account', billed.number, 'gl_account', item.gl_account,
                            'cost_centre', item.cost_centre, 'tax_code', item.tax_code,
                            'price', CASE WHEN item.price_origin <> 'none' THEN json_build_object(
                                'one_time', item.one_time, 'recurring', item.recurring, 'period', item.period,
                                'reason', coalesce(item.price_reason, 'List price of ' || captured.day)) END,
                            'requested_on', item.requested_on, 'promised_on', item.promised_on,
                            'credits', (
                                SELECT json_agg(json_build_object('payee', payee, 'percent', percent, 'kind', kind)
                                                ORDER BY position)
                                  FROM orders.credit
                                 WHERE credit.order_id = sales_order.id
                                   AND credit.item_id = item.id),
                            'attributes', item.attributes) ORDER BY item.position) AS sold
                   FROM orders.item
                   LEFT JOIN orders.item AS parent ON parent.id = item.parent_id
                   LEFT JOIN parties.billing_account AS billed ON billed.id = item.billing_account_id
                  CROSS JOIN LATERAL (SELECT to_char(sales_order.captured_at, 'YYYY-MM-DD') AS day) AS captured
                  WHERE item.order_id = sales_order.id
                    AND item.withdrawn_in IS NULL
"""
