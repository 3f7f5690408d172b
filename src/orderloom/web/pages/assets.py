"""What a customer has: one installed product, and the acts on it, looked at before they are placed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, cast, get_args

from orderloom.assets.reads import named_assets
from orderloom.base.refusals import Problem, Refused
from orderloom.catalog.reads import effective_offers, load_catalogues
from orderloom.catalog.types import Catalogue
from orderloom.fulfilment.act_preview import ActPreview
from orderloom.fulfilment.acting import TITLES, Act
from orderloom.fulfilment.commands import place_act, preview_act
from orderloom.parties.reads.account import AccountPage, account_page
from orderloom.web.act_form import AT_ONCE, ActForm, characteristics_of, wish_of
from orderloom.web.answers import Page, SeeOther
from orderloom.web.api.assets import AssetPage, asset_page, version_of
from orderloom.web.call import Call
from orderloom.web.problems import not_there
from orderloom.web.routes import Routes

routes = Routes("page")
DOES: Final[Mapping[Act, str]] = {
    "modify": "Other characteristics, another quantity or price. Only what differs is touched.",
    "move": "Everything is brought to the new place and taken off at the old one, the new first.",
    "add": "A new part joins the bundle.",
    "disconnect": "The product and all its parts are taken off. What others need stays.",
    "suspend": "The services are barred; line, port and number stay where they are.",
    "resume": "The bar is lifted.",
}
MONEY: Final[Mapping[str, str]] = {
    "ends": "Ends",
    "stops": "Rests",
    "reduced": "Reduced to",
    "resumes": "Goes on at",
    "back": "Comes back",
    "fee": "Fee for leaving early",
    "starts": "Begins",
    "once": "Once",
}
ACTIONS: Final[Mapping[str, str]] = {
    "add": "new",
    "modify": "changed",
    "delete": "taken off",
    "suspend": "barred",
    "resume": "live again",
    "none": "stays",
}


@routes.get("/assets/{number:str}", permission="orders.read")
async def installed_page(call: Call, number: str) -> Page:
    """One installed product: its parts, what realizes it, what recurs, and the orders that acted on it."""
    page = await asset_page(call, number)
    return Page("assets/asset.html", {"page": page, "account": await _account(call, page), "titles": TITLES})


@routes.get("/assets/{number:str}/{act:str}", permission="orders.write")
async def act_page(call: Call, number: str, act: str) -> Page:
    """An act as a form; one that needs nothing else is previewed at once."""
    page = await asset_page(call, number)
    form = ActForm()
    which = _known(act)
    preview, problems = await _previewed(call, page, which, form) if which in AT_ONCE else (None, ())
    return await _shown(call, page, which, form, preview=preview, problems=problems)


@routes.post("/assets/{number:str}/{act:str}", permission="orders.write", body=ActForm)
async def act_by_form(call: Call, number: str, act: str, body: ActForm) -> Page | SeeOther:
    """Preview an act with what was typed, or place the order for it when nothing has changed since."""
    page = await asset_page(call, number)
    which = _known(act)
    if body.step == "preview" or body.seen != version_of(page.asset):
        preview, problems = await _previewed(call, page, which, body)
        return await _shown(call, page, which, body, preview=preview, problems=problems)
    catalogue = await _catalogue(call, page)
    product = catalogue.product(page.asset.product_code) if catalogue else None
    placed = await place_act(call.tx, wish_of(which, page.asset, body, product))
    return SeeOther(f"/orders/{placed.number}", said=f"{placed.number} was placed.")


def _known(act: str) -> Act:
    if act not in get_args(Act):
        raise not_there()
    return cast("Act", act)


async def _previewed(
    call: Call, page: AssetPage, act: Act, form: ActForm
) -> tuple[ActPreview | None, tuple[Problem, ...]]:
    """What the act would do, or what stands in its way; either is shown beside the form."""
    catalogue = await _catalogue(call, page)
    product = catalogue.product(page.asset.product_code) if catalogue else None
    try:
        return await preview_act(call.tx, wish_of(act, page.asset, form, product)), ()
    except Refused as refused:
        return None, refused.problems


async def _shown(
    call: Call,
    page: AssetPage,
    act: Act,
    form: ActForm,
    *,
    preview: ActPreview | None,
    problems: tuple[Problem, ...],
) -> Page:
    catalogue = await _catalogue(call, page)
    product = catalogue.product(page.asset.product_code) if catalogue else None
    parts = {row.product_code for row in page.parts if row.ended_at is None and row.parent_id == page.asset.id}
    components = [] if catalogue is None or product is None else product.components
    offered = (
        [found for one in components if (found := catalogue.product(one.product)) is not None] if catalogue else []
    )
    users = {user for thing in preview.things for user in thing.needed_by} if preview else set()
    needed = await named_assets(call.tx, sorted(users)) if users else {}
    return Page(
        "assets/act.html",
        {
            "page": page,
            "act": act,
            "form": form,
            "preview": preview,
            "problems": problems,
            "seen": version_of(page.asset),
            "titles": TITLES,
            "does": DOES,
            "money": MONEY,
            "actions": ACTIONS,
            "account": await _account(call, page),
            "fields": characteristics_of(page.asset, product),
            "names": {number: one.product_name for number, one in needed.items()},
            "products": sorted(offered, key=lambda one: (one.code in parts, one.name)),
        },
    )


async def _account(call: Call, page: AssetPage) -> AccountPage | None:
    return await account_page(call.tx, page.asset.account_id) if call.actor.may("parties.read") else None


async def _catalogue(call: Call, page: AssetPage) -> Catalogue | None:
    """The catalogue that sells the product now."""
    offers = await effective_offers(call.tx, [page.asset.product_code], at=call.tx.now)
    versions = [offer.version_id for found in offers.values() for offer in found]
    return (await load_catalogues(call.tx, versions[:1])).get(versions[0]) if versions else None
