"""Acts on installed products: say what an act would do, and place the order for it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from orderloom.assets.reads import named_assets, root_of, tenures, tree
from orderloom.assets.types import Asset
from orderloom.base.refusals import NotFound, Problem, refuse, refuse_if_any
from orderloom.base.transaction import Tx
from orderloom.billing.commands import foresee_recurring
from orderloom.billing.types import Alteration
from orderloom.catalog.reads import effective_offers, load_catalogues
from orderloom.catalog.rules import part_problems
from orderloom.catalog.types import Catalogue
from orderloom.fulfilment.act_preview import ActPreview, lines_of, money_of, steps_of, things_of
from orderloom.fulfilment.acting import (
    KEPT,
    ActDraft,
    Acted,
    Having,
    Terms,
    act_problems,
    order_for,
    terms_from,
)
from orderloom.fulfilment.altered import outcome_of, proration_of, reduced_price
from orderloom.fulfilment.altered_reads import places_of_assets, recurring_of_assets, sold_by, terms_of_items
from orderloom.fulfilment.commands.placing import PlacedOrder, place_orders
from orderloom.fulfilment.planning import installed_of
from orderloom.fulfilment.simulate import Simulation, choose_catalogue, simulate
from orderloom.fulfilment.types import Facts
from orderloom.orders.commands.capture import check_drafts
from orderloom.orders.compose import Checked, UnitPrice
from orderloom.parties.reads import resolve_customers


@dataclass(frozen=True, slots=True)
class _Looked:
    """An act looked through: what the customer has, the order for it, and what carrying that out comes to."""

    having: Having
    acted: Acted
    checked: Checked
    simulation: Simulation


async def preview_act(tx: Tx, draft: ActDraft) -> ActPreview:
    """Say what an act would do if it were placed now. Refuses what placing it would refuse."""
    looked = await _look(tx, draft)
    having, acted = looked.having, looked.acted
    begin = tx.now if acted.on is None else max(tx.now, datetime.combine(acted.on, time(), UTC))
    terms = [having.terms[number] for number in draft.assets]
    foreseen = await foresee_recurring(tx, list(await _alterations(tx, looked)))
    return ActPreview(
        act=draft.act,
        customer=having.customer,
        on=acted.on or having.today,
        is_at_once=acted.on is None,
        notice_days=max((term.notice_days or 0 for term in terms), default=0),
        bound_until=max((term.bound_until for term in terms if term.bound_until is not None), default=None),
        expected_at=begin + timedelta(seconds=looked.simulation.schedule.expected),
        lines=tuple(lines_of(looked.checked)),
        things=tuple(things_of(looked.simulation)),
        steps=tuple(steps_of(looked.simulation)),
        money=tuple(money_of(acted, looked.checked, foreseen, today=having.today)),
        holds=tuple(hold.message for hold in looked.simulation.plan.holds),
    )


async def place_act(tx: Tx, draft: ActDraft) -> PlacedOrder:
    """Place the order for an act, or keep it as a draft; refused where the catalogue has no steps for it."""
    looked = await _look(tx, draft)
    refuse_if_any([Problem(hold.code, hold.message) for hold in looked.simulation.plan.holds])
    agreed = [looked.acted.agreed] if looked.acted.agreed else []
    [placed] = await place_orders(tx, [looked.acted.draft], submit=not draft.draft, agreed=agreed)
    return placed


async def _look(tx: Tx, draft: ActDraft) -> _Looked:
    having = await _having(tx, draft)
    refuse_if_any(act_problems(draft, having))
    acted = order_for(draft, having)
    catalogue = await _catalogue(tx, acted)
    refuse_if_any(list(_bundle_problems(draft, having, acted, catalogue)))
    [checked] = await check_drafts(tx, [acted.draft], agreed=[acted.agreed] if acted.agreed else [])
    account_id = checked.customer.account_id
    facts = await installed_of(tx, {account_id: (catalogue, acted.draft.items)}, with_lock=False)
    return _Looked(having, acted, checked, simulate(catalogue, acted.draft, Facts(installed=facts.get(account_id, ()))))


async def _having(tx: Tx, draft: ActDraft) -> Having:
    """What the customer has around the products, which the actor must see, with what binds and what recurs."""
    if len(set(draft.assets)) < len(draft.assets):
        refuse("asset_twice", "Name each installed product once.", "/assets")
    roots = {number: await root_of(tx, number) for number in draft.assets}
    for place, number in enumerate(draft.assets):
        if roots[number] is None:
            message = f"There is no installed product {number} that you may see; look at the customer's page."
            raise NotFound([Problem("asset_unknown", message, f"/assets/{place}")])
    if len({asset.account_id for asset in (await named_assets(tx, draft.assets)).values()}) > 1:
        refuse("several_customers", "These products are of several customers; place an order for each.", "/assets")
    assets = await tree(tx, ids=sorted({root for root in roots.values() if root is not None}))
    number = str(await tx.value("SELECT number FROM parties.account WHERE id = %(id)s", {"id": assets[0].account_id}))
    customer = (await resolve_customers(tx, [number]))[number]
    if customer.currency is None:
        refuse("currency_missing", f"{customer.name} has no billing account; add one first.", "/assets")
    return Having(
        customer=customer.number,
        currency=customer.currency,
        today=tx.now.astimezone(ZoneInfo(customer.time_zone)).date(),
        assets=assets,
        terms=await _terms(tx, assets),
        prices=await _prices(tx, assets),
        places=await places_of_assets(tx, [asset.id for asset in assets if asset.ended_at is None]),
    )


async def _terms(tx: Tx, assets: Sequence[Asset]) -> dict[str, Terms]:
    """What binds: the terms of the item that brought the product, or of the product as it is sold now."""
    offers = await effective_offers(tx, sorted({asset.product_code for asset in assets}), at=tx.now)
    versions = sorted({offer.version_id for found in offers.values() for offer in found})
    catalogues = (await load_catalogues(tx, versions)).values()
    products = {code: product for one in catalogues for code, product in one.products.items()}
    known = await tenures(tx, [asset.number for asset in assets])
    agreed = await terms_of_items(tx, [asset.order_item_id for asset in assets])
    return {
        asset.number: terms_from(
            products[asset.product_code].terms if asset.product_code in products else {},
            agreed.get(asset.order_item_id, {}),
            since=known[asset.number].since,
        )
        for asset in assets
    }


async def _prices(tx: Tx, assets: Sequence[Asset]) -> dict[str, UnitPrice]:
    prices: dict[str, UnitPrice] = {}
    for row in await recurring_of_assets(tx, [asset.number for asset in assets]):
        if not row.is_extra:
            price = row.unit_price if row.full_price is None else row.full_price
            prices.setdefault(row.asset, UnitPrice(row.quantity, None, price, row.period, "manual", KEPT))
    return prices


async def _catalogue(tx: Tx, acted: Acted) -> Catalogue:
    offers = await effective_offers(tx, [item.product for item in acted.draft.items], at=tx.now)
    versions = sorted({offer.version_id for found in offers.values() for offer in found})
    catalogues = await load_catalogues(tx, versions)
    return choose_catalogue(list(catalogues.values()), acted.draft, None)


def _bundle_problems(draft: ActDraft, having: Having, acted: Acted, catalogue: Catalogue) -> Iterator[Problem]:
    """Bundles that stay must still be what they are sold as, with what goes and what comes."""
    if draft.act not in ("disconnect", "add"):
        return
    items = {item.asset: item for item in acted.draft.items if item.asset is not None}
    lines = {item.line: item.asset for item in acted.draft.items if item.asset is not None}
    going = {number for number, item in items.items() if item.action == "delete"}
    for asset in having.assets:
        product = catalogue.product(asset.product_code)
        if asset.number not in items or asset.number in going or product is None or not product.is_bundle:
            continue
        parts = [a.product_code for a in having.assets if a.parent_id == asset.id and _lives(a, going)]
        parts += [
            known.code
            for item in acted.draft.items
            if item.action == "add" and item.parent is not None and lines.get(item.parent) == asset.number
            if (known := catalogue.product(item.product)) is not None
        ]
        for problem in part_problems(catalogue, product, parts, "/assets" if draft.act == "disconnect" else "/items"):
            hint = " Or disconnect the bundle as a whole." if draft.act == "disconnect" else ""
            yield Problem(problem.code, f"{problem.message}{hint}", problem.pointer)


def _lives(asset: Asset, going: set[str]) -> bool:
    return asset.ended_at is None and asset.number not in going


async def _alterations(tx: Tx, looked: _Looked) -> Iterator[Alteration]:
    """What would become of what recurs, line by line."""
    items = [item for item in looked.acted.draft.items if item.asset is not None and item.action not in ("add", "none")]
    charged = await sold_by(tx, [str(item.asset) for item in items])
    bundles = {asset.number for asset in looked.having.assets if asset.is_bundle}
    day = looked.acted.on or looked.having.today
    return iter(
        [
            Alteration(
                order_item_ids=tuple(charged[str(item.asset)]),
                outcome=outcome,
                at=tx.now,
                on=day,
                method=proration_of(item.attributes),
                with_parts=item.asset in bundles and item.action != "modify",
                price=reduced_price(item.attributes),
            )
            for item in items
            if (outcome := outcome_of(item.action, item.attributes)) is not None
        ]
    )
