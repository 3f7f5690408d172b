"""Capture: drafts become orders, in a handful of statements for any number of them."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from itertools import islice

from psycopg.errors import UniqueViolation

from orderloom.base.refusals import Conflict, LostRace, Problem, Refused, refuse
from orderloom.base.transaction import Tx
from orderloom.catalog.reads import effective_offers, stamped_catalogues, touched_products
from orderloom.orders import sameness
from orderloom.orders.commands.document import want_confirmations
from orderloom.orders.commands.installed import ONE_AT_A_TIME, TAKEN_MEANWHILE, refuse_wrong_assets
from orderloom.orders.commands.pricing import keep_prices, price_orders
from orderloom.orders.compose import Agreed, Checked, Found, check, compose
from orderloom.orders.events import OrderCaptured, OrderSubmitted
from orderloom.orders.fresh import Kept, as_stored
from orderloom.orders.order import CapturedOrder, Composed, FirstOrder
from orderloom.orders.states import State
from orderloom.orders.store import capture as store
from orderloom.orders.types import OrderDraft
from orderloom.parties.reads import resolve_billing_accounts, resolve_customers, resolve_users
from orderloom.parties.types import Customer

MAX_ORDERS = 1_000


async def capture_orders(tx: Tx, drafts: Sequence[OrderDraft], *, submit: bool = False) -> list[CapturedOrder]:
    """Write drafts down as orders and return what became of each, in the same order.

    All or nothing: every problem of every draft is named, its pointer below `/orders/{n}` when there
    are several. With `submit` the customers are committed at once. A purchase order number that the
    customer has used before is a warning; an external id that its channel has used before refuses.
    """
    kept = await keep_orders(tx, drafts, submit=submit)
    again = [
        _taken(str(draft.external_id), one.number)
        for draft, one in zip(drafts, kept, strict=True)
        if isinstance(one, FirstOrder)
    ]
    if again:
        raise Conflict(again)
    return [one.captured for one in kept if isinstance(one, Kept)]


async def keep_orders(
    tx: Tx, drafts: Sequence[OrderDraft], *, submit: bool = False, agreed: Sequence[Agreed] = ()
) -> list[Kept | FirstOrder]:
    """The same for whoever goes on with the orders as they stand, and need not read them back.

    A draft with the external id and the content of an order that is there writes nothing: that order
    comes back in its place. Other content under the same external id refuses and names what differs.
    `agreed` are prices of lines that stand instead of the list's, for each draft or for none.
    """
    if len(drafts) > MAX_ORDERS:
        refuse("batch_too_large", f"Send at most {MAX_ORDERS} orders at once; split the batch.")
    if not drafts:
        return []
    customers = await resolve_customers(tx, _distinct(draft.customer for draft in drafts))
    found = await _look_up(tx, drafts, customers)
    twins = await _twins(tx, drafts, customers)
    firsts, taken = _again(drafts, twins)
    checked = _checked(drafts, found, firsts, taken, agreed=agreed)

    await refuse_wrong_assets(tx, checked, submit=submit)
    priced = await price_orders(tx, checked, found.touched)
    checked = [priced[place].checked if place in priced else one for place, one in enumerate(checked)]
    composed = await _composed(tx, checked, found, state="submitted" if submit else "draft")
    try:
        await store.insert(tx, composed)
    except UniqueViolation as violation:
        _refuse_race(violation)
    if priced:
        await keep_prices(tx, {composed[place].order.id: one for place, one in priced.items()}, composed)
    if handed_in := [one.handed_in for one in composed if one.handed_in is not None]:
        await store.insert_handed_in(tx, handed_in)
    captured = [_captured(one, source.draft, twins) for one, source in zip(composed, checked, strict=True)]
    _tell(tx, composed, captured, submit=submit)
    if submit:
        await want_confirmations(tx, [one.id for one in captured])
    kept = iter(
        [
            Kept(
                result,
                as_stored(one, customer=source.customer.number),
                found.catalogues[source.version_id],
                waits_for_rights=place in priced and bool(priced[place].needs),
            )
            for place, (result, one, source) in enumerate(zip(captured, composed, checked, strict=True))
        ]
    )
    return [firsts.get(place) or next(kept) for place in range(len(drafts))]


async def check_drafts(tx: Tx, drafts: Sequence[OrderDraft], *, agreed: Sequence[Agreed] = ()) -> list[Checked]:
    """Refuse whatever submitting these drafts would refuse, and say what their lines would cost; writes nothing."""
    customers = await resolve_customers(tx, _distinct(draft.customer for draft in drafts))
    found = await _look_up(tx, drafts, customers)
    checked = _checked(drafts, found, (), {}, agreed=agreed)
    await refuse_wrong_assets(tx, checked, submit=True)
    priced = await price_orders(tx, checked, found.touched)
    return [priced[place].checked if place in priced else one for place, one in enumerate(checked)]


def _distinct(references: Iterable[str | None]) -> list[str]:
    return list(dict.fromkeys(reference for reference in references if reference is not None))


async def _look_up(tx: Tx, drafts: Sequence[OrderDraft], customers: dict[str, Customer]) -> Found:
    """Everything that the drafts name, one query for each kind and none for kinds that nobody names."""
    numbers = _distinct(number for draft in drafts for number in _billing_references(draft))
    logins = _distinct(login for draft in drafts for login in _payees(draft))
    accounts = await resolve_billing_accounts(tx, numbers) if numbers else {}
    users = await resolve_users(tx, logins) if logins else {}
    places = await store.places(
        tx,
        account_ids=list({customer.account_id for customer in customers.values()}),
        codes=_distinct(code for draft in drafts for code in _place_codes(draft)),
        address_ids=[
            address_id
            for customer in customers.values()
            for address_id in (customer.ship_to_id, customer.bill_to_id)
            if address_id is not None
        ],
    )
    offers = await effective_offers(tx, _distinct(item.product for draft in drafts for item in draft.items), at=tx.now)
    return Found(
        customers=customers,
        billing_accounts=accounts,
        places={(place.account_id, place.code): place.of_order(0) for place in places},
        codes_of_addresses={(place.account_id, place.id): place.code for place in places},
        offers=offers,
        catalogues=await stamped_catalogues(
            tx, {one.version_id: (one.content_hash, one.version) for found in offers.values() for one in found}
        ),
        payees={login: user.id for login, user in users.items() if user.is_active},
        touched=await touched_products(
            tx, {one.product_id for found in offers.values() for one in found}, on=tx.now.date()
        ),
    )


def _billing_references(draft: OrderDraft) -> Iterator[str | None]:
    yield draft.billing_account
    yield from (item.billing_account for item in draft.items)


def _payees(draft: OrderDraft) -> Iterator[str]:
    yield from (credit.payee.lower() for credit in draft.credits)
    yield from (credit.payee.lower() for item in draft.items for credit in item.credits)


def _place_codes(draft: OrderDraft) -> Iterator[str | None]:
    yield draft.bill_to
    yield draft.ship_to
    for item in draft.items:
        yield item.place
        yield from (group.place for group in item.ship_groups)


async def _twins(tx: Tx, drafts: Sequence[OrderDraft], customers: dict[str, Customer]) -> list[store.Twin]:
    externals = [(draft.channel, draft.external_id) for draft in drafts if draft.external_id is not None]
    purchases = [
        (customers[draft.customer].account_id, draft.po_number)
        for draft in drafts
        if draft.po_number is not None and draft.customer in customers
    ]
    if not externals and not purchases:
        return []
    return await store.twins(tx, externals=externals, purchases=purchases)


def _again(
    drafts: Sequence[OrderDraft], twins: Sequence[store.Twin]
) -> tuple[dict[int, FirstOrder], dict[int, Problem]]:
    """By place: the orders that drafts have made before, and what refuses other drafts under the same external id."""
    known = {(twin.channel, twin.reference): twin for twin in twins if twin.kind == "external"}
    firsts: dict[int, FirstOrder] = {}
    taken: dict[int, Problem] = {}
    for place, draft in enumerate(drafts):
        twin = known.get((draft.channel, draft.external_id)) if draft.external_id is not None else None
        if twin is None:
            continue
        found = None if twin.content is None else sameness.differences(twin.content, sameness.handed_in(draft))
        if found == []:
            firsts[place] = FirstOrder(twin.id, twin.number, twin.state)
        else:
            taken[place] = _taken(str(draft.external_id), twin.number, found or ())
    return firsts, taken


def _checked(
    drafts: Sequence[OrderDraft],
    found: Found,
    firsts: Container[int],
    refused: Mapping[int, Problem],
    *,
    agreed: Sequence[Agreed],
) -> list[Checked]:
    problems: list[Problem] = []
    checked: list[Checked] = []
    taken: set[tuple[str, str]] = set()
    for place, draft in enumerate(drafts):
        if place in firsts:
            continue
        prefix = f"/orders/{place}" if len(drafts) > 1 else ""
        if place in refused:
            problems.append(refused[place].below(prefix))
            continue
        result = check(draft, found, agreed[place] if agreed else None)
        if isinstance(result, Checked):
            checked.append(result)
        else:
            problems += [problem.below(prefix) for problem in result]
        if draft.external_id is not None:
            key = (draft.channel, draft.external_id)
            if key in taken:
                problems.append(_taken(draft.external_id, "an order of this batch").below(prefix))
            taken.add(key)
    if problems:
        only_taken = all(problem.code == "external_id_taken" for problem in problems)
        raise (Conflict if only_taken else Refused)(problems)
    return checked


def _taken(external_id: str, number: str, found: Sequence[str] = ()) -> Problem:
    said = f"The external id {external_id} is that of {number} already"
    told = (
        f", and this is another order: {sameness.in_words(found)}. Change {number}, or" if found else "; look there, or"
    )
    return Problem("external_id_taken", f"{said}{told} send another id.", "/external_id")


def _refuse_race(violation: UniqueViolation) -> None:
    """Say so when another request was faster, with the same external id or product; all else is a bug."""
    if violation.diag.constraint_name == ONE_AT_A_TIME:
        raise LostRace([TAKEN_MEANWHILE]) from violation
    if violation.diag.constraint_name != "order_external_id":
        raise violation
    problem = Problem(
        "external_id_taken",
        "Another request has just captured an order with this external id; send yours again to get that order.",
        "/external_id",
    )
    raise LostRace([problem]) from violation


async def _composed(tx: Tx, checked: Sequence[Checked], found: Found, *, state: State) -> list[Composed]:
    keys = await store.draw_keys(tx, orders=len(checked), items=sum(len(one.draft.items) for one in checked))
    item_ids = iter(keys.item_ids)
    return [
        compose(
            one,
            found,
            order_id=order_id,
            number=number,
            item_ids=list(islice(item_ids, len(one.draft.items))),
            state=state,
        )
        for one, order_id, number in zip(checked, keys.order_ids, keys.numbers, strict=True)
    ]


def _captured(one: Composed, draft: OrderDraft, twins: Sequence[store.Twin]) -> CapturedOrder:
    warnings = [
        Problem(
            "po_number_used",
            f"{one.order.account_name} has used purchase order {draft.po_number} for {twin.number}; check that"
            " this is not the same order again.",
            "/po_number",
        )
        for twin in twins
        if (twin.kind, twin.account_id, twin.reference) == ("purchase", one.order.account_id, draft.po_number)
    ]
    return CapturedOrder(
        id=one.order.id,
        number=one.order.number,
        account_id=one.order.account_id,
        state=one.order.state,
        item_ids={item.line: item.id for item in one.items},
        warnings=tuple(warnings[:1]),
    )


def _tell(tx: Tx, composed: Sequence[Composed], captured: Sequence[CapturedOrder], *, submit: bool) -> None:
    for one, result in zip(composed, captured, strict=True):
        tx.emit(
            OrderCaptured(
                result.subject,
                state=result.state,
                channel=one.order.channel,
                external_id=one.order.external_id,
                item_count=one.order.item_count,
            )
        )
        if submit:
            tx.emit(OrderSubmitted(result.subject))
