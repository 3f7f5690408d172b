"""The small world from the files in `demo/`: the company, its people, customers, stock, catalogues and partners."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from orderloom.base.calendar_rows import CalendarDraft, save_calendars
from orderloom.base.parsing import parse
from orderloom.base.transaction import Tx
from orderloom.catalog.commands import CatalogueFile, import_catalogues, publish_prices, save_tax_rates
from orderloom.catalog.price_drafts import PricesDraft, TaxRateDraft
from orderloom.catalog.text import read_values
from orderloom.cli.demo_orders import Customer
from orderloom.cli.settings import CHECKOUT
from orderloom.gateway.commands import register_partner
from orderloom.gateway.types import PartnerDraft
from orderloom.parties.commands import (
    create_accounts,
    create_users,
    save_legal_entities,
    save_teams,
    save_territories,
)
from orderloom.parties.types import AccountDraft, LegalEntityDraft, TeamDraft, TerritoryDraft, UserDraft
from orderloom.partner_simulator.world import partner_secrets
from orderloom.stock.commands import import_opening_stock, save_warehouses
from orderloom.stock.types import OpeningStock, WarehouseDraft
from orderloom.work.climbing import put_ladders
from orderloom.work.commands import put_queues
from orderloom.work.types import QueueDraft, RungDraft

FOLDER = CHECKOUT / "demo"
_BUSINESSES = {
    "residential": "home", "housing": "home", "wholesale": "trade", "retail": "pos", "hospitality": "pos",
}  # fmt: skip
_SELLERS = {
    "home": ("maya@tessellane.example", "luis@tessellane.example"),
    "trade": ("maya@tessellane.example", "luis@tessellane.example"),
    "overseas": ("jonas@tessellane.example", "aiko@tessellane.example"),
}
_AMERICAS = frozenset({"US", "CA", "MX", "BR"})


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of the company, as the demo introduces them."""

    login: str
    name: str
    about: str
    teams: tuple[str, ...]


async def load_world(tx: Tx, *, partners_url: str, master: str) -> None:
    """Write everything but orders, by the commands that people use; the partners answer at `partners_url`."""
    company = read_demo("company.yaml")
    await save_legal_entities(tx, [parse(LegalEntityDraft, entry) for entry in company["legal_entities"]])
    await save_territories(tx, [parse(TerritoryDraft, entry) for entry in company["territories"]])
    await save_calendars(tx, [parse(CalendarDraft, entry) for entry in company["calendars"]])
    teams = await save_teams(tx, [parse(TeamDraft, entry) for entry in company["teams"]])
    await put_queues(tx, [_queue(entry, teams) for entry in company["queues"]])
    await put_ladders(
        tx, {code: [parse(RungDraft, rung) for rung in rungs] for code, rungs in company["ladders"].items()}
    )
    await create_users(tx, [_user(entry, company["password"]) for entry in company["users"]])
    await save_teams(tx, _teams(company))
    await create_accounts(tx, [parse(AccountDraft, entry) for entry in read_demo("accounts.yaml")["accounts"]])
    await save_warehouses(tx, [parse(WarehouseDraft, entry) for entry in company["warehouses"]])
    for code, draft in partner_drafts(partners_url).items():
        await register_partner(tx, draft, partner_secrets(master, code))
    files = sorted((FOLDER / "catalog").glob("*.yaml"))
    await import_catalogues(tx, [CatalogueFile(str(file), file.read_text()) for file in files])
    await publish_prices(tx, parse(PricesDraft, read_values((FOLDER / "prices.yaml").read_text(), "prices.yaml")))
    await save_tax_rates(tx, [parse(TaxRateDraft, row) for row in _rows("tax_rates.csv")])
    await import_opening_stock(tx, [parse(OpeningStock, row) for row in _rows("stock.csv")])


def people() -> list[Person]:
    """Who may log in to the demo."""
    return [
        Person(entry["login"], entry["name"], entry["about"], tuple(entry.get("teams", ())))
        for entry in read_demo("company.yaml")["users"]
    ]


def password() -> str:
    """The password of everybody in the demo."""
    word: str = read_demo("company.yaml")["password"]
    return word


def partner_drafts(url: str) -> dict[str, PartnerDraft]:
    """The partners by code, reached below `url`."""
    patient = {"timeout_seconds": 10, "retry_seconds": [1, 2, 5, 10, 30, 60, 120], "cool_down_seconds": 5}
    return {
        entry["code"]: parse(PartnerDraft, {**patient, **entry, "endpoint": f"{url}/{entry['code']}"})
        for entry in read_demo("partners.yaml")["partners"]
    }


def stream_customers() -> list[Customer]:
    """Every account that orders, with its business, its places and who sells to it."""
    return [_customer(entry) for entry in read_demo("accounts.yaml")["accounts"]]


def stock_levels() -> dict[tuple[str, str], Decimal]:
    """How much of each SKU a warehouse should have, which is what it has on the first day."""
    return {(row["sku"], row["warehouse"]): Decimal(row["on_hand"]) for row in _rows("stock.csv")}


def _customer(entry: Mapping[str, Any]) -> Customer:
    business = _BUSINESSES[entry["segment"]]
    is_overseas = business == "pos" or (business == "trade" and entry["country"] not in _AMERICAS)
    return Customer(
        reference=entry["external_ids"]["crm"],
        business=business,
        places=tuple(address["code"] for address in entry["addresses"] if address["code"] != "HQ"),
        country=entry["country"],
        sellers=_SELLERS["overseas" if is_overseas else business],
    )


def _user(entry: Mapping[str, Any], word: str) -> UserDraft:
    own = {name: value for name, value in entry.items() if name not in ("about", "teams", "leads")}
    return parse(UserDraft, {**own, "password": word})


def _queue(entry: Mapping[str, Any], teams: Mapping[str, int]) -> QueueDraft:
    own = {name: value for name, value in entry.items() if name != "team"}
    return parse(QueueDraft, {**own, "team_id": teams[entry["team"]]})


def _teams(company: Mapping[str, Any]) -> Sequence[TeamDraft]:
    """The teams again, now that there is somebody to be in them."""
    users = company["users"]
    return [
        parse(
            TeamDraft,
            {
                **team,
                "members": [user["login"] for user in users if team["name"] in user.get("teams", ())],
                "leads": [user["login"] for user in users if team["name"] in user.get("leads", ())],
            },
        )
        for team in company["teams"]
    ]


def read_demo(name: str) -> Any:
    return yaml.safe_load((FOLDER / name).read_text())


def _rows(name: str) -> list[dict[str, str]]:
    with Path(FOLDER / name).open(encoding="utf-8", newline="") as opened:
        return [{column: cell for column, cell in row.items() if cell} for row in csv.DictReader(opened)]
