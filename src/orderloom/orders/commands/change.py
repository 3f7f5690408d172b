"""Change sets: draft, keep what was previewed, withdraw, and write a revision once it may be applied.

What a change means for the plan, and whether it may be, is for the room that carries orders out.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, replace
from decimal import Decimal
from typing import Any

from orderloom.base.refusals import Conflict, NotFound, Problem, Stale, refuse
from orderloom.base.transaction import Tx
from orderloom.catalog.reads import effective_offers, load_catalogue
from orderloom.orders.change import OPEN_STATES, Change, ChangeDraft, LineChange
from orderloom.orders.commands.change_pricing import price_revised
from orderloom.orders.commands.hold import place_holds
from orderloom.orders.commands.pricing import holds_for
from orderloom.orders.compose import per_parent
from orderloom.orders.events import (
    ChangeApplied,
    ChangeDrafted,
    ChangePreviewed,
    ChangesOutdated,
    ChangeWithdrawn,
    ItemStateChanged,
)
from orderloom.orders.order import NewItem, NewNeed, NewShipGroup
from orderloom.orders.reads.change import change_of, changes_of
from orderloom.orders.reads.stored import StoredItem, StoredOrder, stored_orders
from orderloom.orders.revise import Known, KnownAccount, Revised, revise
from orderloom.orders.revisions import content_of, plain
from orderloom.orders.rules import totals
from orderloom.orders.states import CANCELLING, LIVE, TITLES
from orderloom.orders.store import capture, item_price, life
from orderloom.orders.store import change as store
from orderloom.orders.store.change import HeaderRevision, LineRevision, NewLine
from orderloom.parties.reads import resolve_billing_accounts, resolve_customers


async def draft_change(tx: Tx, order_id: int, draft: ChangeDraft) -> Change:
    """Write down a wish to alter a confirmed order; nothing of the order changes.

    Refused for orders that are not confirmed or have ended, and for a wish for nothing. Several people
    may draft at once; only one change is applied at a time, and the others are previewed anew.
    """
    standing = await _changeable(tx, order_id)
    if draft.is_empty:
        refuse("change_empty", "The change says nothing; name lines, or fields of the header, to change.")
    await store.insert(tx, order_id, wishes=_wishes(draft), reason=draft.reason, based_on=standing.revision)
    newest = (await changes_of(tx, order_id))[0]
    tx.emit(ChangeDrafted(standing.subject, newest.number, draft.reason))
    return newest


def _wishes(draft: ChangeDraft) -> dict[str, Any]:
    """The wish as it is kept: what was left out is left out, so that it reads as it was said."""
    return {name: value for name, value in _plain(asdict(draft)).items() if name != "reason"}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        kept = {name: _plain(one) for name, one in value.items()}
        return {name: one for name, one in kept.items() if one not in ({}, [], False) or name == "ship_groups"}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value if isinstance(value, int | Decimal) else plain(value)  # a number stays one, as characteristics need


async def _changeable(tx: Tx, order_id: int) -> life.Standing:
    """The order, locked; refuses what the actor does not see and what stands where nothing can be changed."""
    found = await life.standing(tx, [order_id])
    if not found:
        raise NotFound([Problem("order_unknown", "There is no such order that you may see; look in the list.")])
    order = found[0]
    if order.state in LIVE:
        return order
    if order.state == "draft":
        message = f"{order.number} is a draft; correct it before the customer is committed."
    elif order.state in CANCELLING:
        message = f"{order.number} is being cancelled; nothing else can be changed."
    else:
        message = (
            f"{order.number} is “{TITLES[order.state].lower()}”; order a change of what is installed, or a return."
        )
    raise Conflict([Problem("order_not_changeable", message)])


async def lock_for_change(tx: Tx, order_id: int) -> None:
    """Keep everybody else from changing this order until the transaction ends."""
    await _changeable(tx, order_id)


async def revised_order(tx: Tx, order: StoredOrder, draft: ChangeDraft) -> Revised:
    """What an order would be after a change, or every problem with it; writes nothing."""
    revised = revise(order, draft, await _known(tx, order, draft))
    return revised if revised.problems else await price_revised(tx, order, draft, revised)


async def _known(tx: Tx, order: StoredOrder, draft: ChangeDraft) -> Known:
    catalogue = await load_catalogue(tx, order.catalogue_version_id)
    products = list(dict.fromkeys(item.product for item in _new(draft)))
    offers = await effective_offers(tx, products, at=tx.now) if products else {}
    codes = sorted({code for code in _places(draft) if code is not None} - set(order.places))
    known = await capture.places(tx, account_ids=[order.account_id], codes=codes, address_ids=[]) if codes else []
    return Known(
        catalogue=catalogue,
        places={place.code: place.of_order(order.id) for place in known},
        accounts=await _accounts(tx, order, draft),
        offers={
            reference: offer
            for reference, found in offers.items()
            for offer in found
            if offer.catalogue == catalogue.code
        },
    )


def _new(draft: ChangeDraft) -> list[Any]:
    return [*draft.add, *(exchange.by for exchange in draft.exchange)]


def _places(draft: ChangeDraft) -> list[str | None]:
    lines: list[LineChange | Any] = [*draft.lines, *_new(draft)]
    return [
        draft.ship_to,
        draft.bill_to,
        *(line.place for line in lines),
        *(group.place for line in lines for group in line.ship_groups or ()),
    ]


async def _accounts(tx: Tx, order: StoredOrder, draft: ChangeDraft) -> dict[str, KnownAccount]:
    numbers = {draft.billing_account, *(line.billing_account for line in [*draft.lines, *_new(draft)])}
    wanted = sorted(number for number in numbers if number is not None)
    if not wanted:
        return {}
    found = await resolve_billing_accounts(tx, wanted)
    customers = await resolve_customers(tx, [order.customer])
    path = customers[order.customer].path if order.customer in customers else [order.account_id]
    return {
        number: KnownAccount(account.id, account.currency, account.is_active)
        for number, account in found.items()
        if account.account_id in path
    }


async def note_preview(tx: Tx, change: Change, order: StoredOrder, *, basis: str, effects: Mapping[str, Any]) -> int:
    """Keep what a change would do and that the actor has seen it; return the preview's id."""
    preview_id = await store.insert_preview(tx, change.id, revision=order.revision, basis=basis, effects=effects)
    tx.emit(ChangePreviewed(order.subject, change.number, preview_id))
    return preview_id


async def withdraw_change(tx: Tx, order_id: int, number: int) -> Change:
    """Give a change up; the order was never touched by it. Withdrawing again changes nothing."""
    found = await life.standing(tx, [order_id])
    if not found:
        raise NotFound([Problem("order_unknown", "There is no such order that you may see; look in the list.")])
    change = await change_of(tx, order_id, number)
    if change.state == "applied":
        message = f"Change {number} is applied; make another change that takes it back."
        raise Conflict([Problem("change_applied", message)])
    if await store.end(tx, change.id, "withdrawn"):
        tx.emit(ChangeWithdrawn(found[0].subject, number))
    return await change_of(tx, order_id, number)


async def offer_follow_on(tx: Tx, change: Change, *, follow_on_id: int) -> None:
    """Note the draft that was made in place of a change that could not be."""
    await store.set_follow_on(tx, change.id, follow_on_id)


async def write_revision(
    tx: Tx, change: Change, order: StoredOrder, revised: Revised, *, preview_id: int, begun_anew: Collection[str] = ()
) -> StoredOrder:
    """Write the order as the change has it, as its next revision, and return it as it stands then.

    Lines for which there is work again (`begun_anew`) are complete no more, though nothing of them is
    different. Previews of other changes hold no more. Refused when the order has another revision by now.
    """
    if change.state not in OPEN_STATES:
        raise Conflict([Problem("change_ended", f"Change {change.number} is {change.state}; draft another.")])
    if revised.order.revision != order.revision:
        raise Stale([Problem("order_changed", "The order has been changed since; preview the change again.")])
    number = order.revision + 1
    ids = await store.draw_item_ids(tx, len(revised.added))
    new_ids = dict(zip(revised.added, ids, strict=True))
    await store.insert_places(tx, revised.places)
    await store.withdraw_items(tx, [item.id for item in revised.removed], revision=number)
    await _write_lines(tx, order, revised, new_ids, revision=number, begun_anew=begun_anew)
    before = content_of(order)
    await _write_header(tx, revised, number)
    [after] = await stored_orders(tx, [order.id])
    await _keep_prices(tx, after, revised)
    await store.insert_revisions(
        tx, order.id, first=before, number=number, content=content_of(after), change_id=change.id
    )
    await store.end(tx, change.id, "applied", revision=number)
    await store.accept_preview(tx, preview_id)
    outdated = await store.outdate(tx, order.id, but=change.id)
    tx.emit(ChangeApplied(order.subject, change.number, order.revision, number, change.reason))
    if outdated:
        tx.emit(ChangesOutdated(order.subject, tuple(outdated)))
    return after


async def _keep_prices(tx: Tx, after: StoredOrder, revised: Revised) -> None:
    """Keep how the prices of this revision came about, and hold the lines that need a right."""
    ids = {item.line: item.id for item in after.items if item.withdrawn_in is None}
    await item_price.insert(
        tx,
        [
            item_price.NewWaterfall(after.id, ids[line], waterfall, after.revision, revised.priced_at[line])
            for line, waterfall in revised.waterfalls.items()
        ],
    )
    await place_holds(tx, holds_for(after.id, revised.needs, ids))


async def _write_header(tx: Tx, revised: Revised, number: int) -> None:
    order = revised.order
    sums = totals(order.items, currency=order.currency)
    await store.revise_header(
        tx,
        HeaderRevision(
            order_id=order.id,
            revision=number,
            ship_to=order.ship_to,
            bill_to=order.bill_to,
            billing_account_id=order.billing_account_id,
            requested_on=order.requested_on,
            one_time_total=sums.one_time,
            recurring_totals=sums.recurring,
            item_count=len(order.items),
        ),
    )


async def _write_lines(
    tx: Tx,
    order: StoredOrder,
    revised: Revised,
    new_ids: Mapping[str, int],
    *,
    revision: int,
    begun_anew: Collection[str],
) -> None:
    items = {item.line: replace(item, id=new_ids.get(item.line, item.id)) for item in revised.order.items}
    gone = {item.line: item.id for item in revised.removed}
    fresh = [items[line] for line in revised.added]
    await store.insert_items(
        tx,
        [
            NewLine(
                _new_item(item, place, items, revised),
                revision,
                gone.get(revised.replaces[item.line]) if item.line in revised.replaces else None,
            )
            for place, item in enumerate(fresh)
        ],
    )
    await store.insert_needs(
        tx, [NewNeed(order.id, item.id, items[line].id) for item in fresh for line in item.relies_on]
    )
    kept = [items[line] for line in revised.changed if line]
    await store.revise_items(tx, [_line_revision(item, items, revised) for item in kept])
    await _renew_needs(tx, revised, items)
    open_again = {item.id for item in (*kept, *fresh)} | {items[line].id for line in begun_anew if line in items}
    reopened = await store.reopen_items(tx, sorted(open_again))
    tx.emit(ItemStateChanged(order.subject, one.id, one.line, one.before, one.after) for one in reopened)
    before = {item.line: item.ship_groups for item in order.items if item.withdrawn_in is None}
    moved = [item for item in kept if item.ship_groups != before[item.line]]
    await store.replace_ship_groups(
        tx, [item.id for item in moved], [group for item in (*moved, *fresh) for group in _groups(order.id, item)]
    )


async def _renew_needs(tx: Tx, revised: Revised, items: Mapping[str, StoredItem]) -> None:
    """Kept lines that rely on a line that was taken out and has come back rely on the new one."""
    back = {line for line in revised.added if line in {item.line for item in revised.removed}}
    needs = [
        NewNeed(revised.order.id, item.id, items[line].id)
        for item in items.values()
        for line in item.relies_on
        if line in back and item.line not in revised.added
    ]
    await store.insert_needs(tx, needs)


def _new_item(item: StoredItem, position: int, items: Mapping[str, StoredItem], revised: Revised) -> NewItem:
    note = revised.prices[item.line]
    return NewItem(
        id=item.id,
        order_id=item.order_id,
        position=position,
        line=item.line,
        parent_id=items[item.parent].id if item.parent else None,
        bundle_id=items[item.bundle].id if item.bundle else None,
        role=item.role,
        product_id=item.product_id,
        product_code=item.product,
        product_name=item.product_name,
        kind=item.kind,
        action=item.action,
        quantity=item.quantity,
        per_parent=_per_parent(item, items),
        unit=item.unit,
        characteristics=item.characteristics,
        place=item.place,
        billing_account_id=_own_account(item, revised.order),
        gl_account=item.gl_account,
        cost_centre=item.cost_centre,
        tax_code=item.tax_code,
        one_time=item.one_time,
        recurring=item.recurring,
        period=item.period,
        price_origin=note.origin,
        price_reason=note.reason,
        requested_on=item.requested_on,
        promised_on=item.promised_on,
        state=item.state,
        attributes=item.attributes,
        asset=item.asset,
    )


def _per_parent(item: StoredItem, items: Mapping[str, StoredItem]) -> Any:
    return per_parent(item.quantity, items[item.parent].quantity) if item.parent else None


def _own_account(item: StoredItem, order: StoredOrder) -> int | None:
    return item.billing_account_id if item.billing_account_id != order.billing_account_id else None


def _line_revision(item: StoredItem, items: Mapping[str, StoredItem], revised: Revised) -> LineRevision:
    note = revised.prices.get(item.line)
    return LineRevision(
        id=item.id,
        quantity=item.quantity,
        per_parent=_per_parent(item, items),
        characteristics=item.characteristics,
        place=item.place,
        billing_account_id=_own_account(item, revised.order),
        one_time=item.one_time,
        recurring=item.recurring,
        period=item.period,
        price_origin=note.origin if note else None,
        price_reason=note.reason if note else None,
        requested_on=item.requested_on,
    )


def _groups(order_id: int, item: StoredItem) -> list[NewShipGroup]:
    return [
        NewShipGroup(order_id, item.id, position, group.place, group.quantity, group.requested_on, group.method)
        for position, group in enumerate(item.ship_groups)
    ]
