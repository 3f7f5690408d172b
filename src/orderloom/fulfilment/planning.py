"""Planning kept orders: read them with what is known, plan each, and say what stands in the way."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from orderloom.assets.commands import hold_realizations
from orderloom.assets.reads import Installed as Realized
from orderloom.assets.reads import find_installed
from orderloom.base.refusals import Problem
from orderloom.base.transaction import Tx
from orderloom.catalog.reads import load_catalogues
from orderloom.catalog.rules import SoldItem
from orderloom.catalog.types import Catalogue
from orderloom.fulfilment.compile import Sold, sold
from orderloom.fulfilment.facts import facts_of
from orderloom.fulfilment.plan import plan_or_problems
from orderloom.fulfilment.reads import plan_heads
from orderloom.fulfilment.types import Facts, Installed, Plan
from orderloom.orders.installed import CHANGING
from orderloom.orders.reads import stored_orders
from orderloom.orders.reads.installed import open_changes


@dataclass(frozen=True, slots=True)
class Planned:
    """An order with its plan, or with the problems that stand in its way."""

    sold: Sold
    facts: Facts
    plan: Plan | None
    problems: tuple[Problem, ...] = ()

    @property
    def obstacle(self) -> tuple[str, str] | None:
        """The code and the sentence of the hold that the order must be put on, or None when it can go ahead."""
        if self.plan is None:
            return "unplanned", " ".join(problem.message for problem in self.problems)
        if self.plan.holds:
            return "uncovered", " ".join(hold.message for hold in self.plan.holds)
        return None


async def plan_kept(tx: Tx, order_ids: Sequence[int]) -> list[Planned]:
    """Plan orders for the first time, with what is installed at their customers."""
    orders = [sold(order) for order in await stored_orders(tx, order_ids)]
    if not orders:
        return []
    catalogues = await load_catalogues(tx, [one.order.catalogue_version_id for one in orders])
    return plan_sold(orders, catalogues, await find_things(tx, orders, catalogues))


def plan_sold(
    orders: Sequence[Sold], catalogues: Mapping[int, Catalogue], installed: Mapping[int, tuple[Installed, ...]]
) -> list[Planned]:
    """The same for orders that need not be read, with their catalogues by version and what is installed by account."""
    planned = []
    for one in orders:
        facts = Facts(installed=installed.get(one.order.account_id, ()))
        found = plan_or_problems(catalogues[one.order.catalogue_version_id], one.order, facts, check_items=False)
        planned.append(Planned(one, facts, found.plan, found.problems))
    return planned


async def plan_again(
    tx: Tx, order_ids: Sequence[int], *, more: Mapping[int, Facts] | None = None
) -> dict[int, Planned]:
    """Plan orders that have a plan with the facts kept with it, and more where given; by order id."""
    heads = await plan_heads(tx, order_ids)
    orders = [sold(order) for order in await stored_orders(tx, list(heads))]
    catalogues = await load_catalogues(tx, [head.catalogue_version_id for head in heads.values()])
    planned = {}
    for one in orders:
        head = heads[one.order.id]
        facts = facts_of(head.facts)
        if more and one.order.id in more:
            facts = joined(facts, more[one.order.id])
        found = plan_or_problems(catalogues[head.catalogue_version_id], one.order, facts, check_items=False)
        planned[one.order.id] = Planned(one, facts, found.plan, found.problems)
    return planned


def joined(known: Facts, new: Facts) -> Facts:
    """What was known with what was found out; a line that is sourced again forgets its former sources."""
    told = {(fact.name, fact.about): fact for fact in (*known.told, *new.told)}
    again = {part.line for part in new.sourced}
    return Facts(
        told=tuple(told.values()),
        sourced=(*(part for part in known.sourced if part.line not in again), *new.sourced),
        installed=known.installed or new.installed,
    )


async def find_things(
    tx: Tx, orders: Sequence[Sold], catalogues: Mapping[int, Catalogue]
) -> dict[int, tuple[Installed, ...]]:
    """What the customers have already that orders may use, or act on, by account.

    What is behind products that an order acts on is locked until the transaction ends: one order at a time decides
    whether somebody still needs it.
    """
    asked: dict[int, tuple[Catalogue, list[SoldItem]]] = {}
    for one in orders:
        _, items = asked.setdefault(one.order.account_id, (catalogues[one.order.catalogue_version_id], []))
        items.extend(one.order.items)
    return await installed_of(tx, asked, for_order={one.order.number for one in orders})


async def installed_of(
    tx: Tx,
    asked: Mapping[int, tuple[Catalogue, Sequence[SoldItem]]],
    *,
    for_order: Collection[str] = (),
    with_lock: bool = True,
) -> dict[int, tuple[Installed, ...]]:
    """The same for items that are perhaps no order yet, by account; `for_order` are the orders that they are."""
    specs = {spec for catalogue, _ in asked.values() for spec in usable_specs(catalogue)}
    named = {item.asset for _, items in asked.values() for item in items if item.asset is not None}
    changed = {item.asset for _, items in asked.values() for item in items if item.asset and item.action in CHANGING}
    if changed and with_lock:
        await hold_realizations(tx, sorted(changed))
    if not specs and not named:
        return {}
    rows = await find_installed(tx, sorted(asked), specs=None if named else sorted(specs))
    rows = [row for row in rows if row.spec in specs or named.intersection(row.assets)]
    going = await open_changes(tx, sorted({user for row in rows for user in row.assets}), action="delete")
    leaving = {asset for asset, order in going.items() if order not in for_order}
    found: dict[int, list[Installed]] = {}
    for row in rows:
        found.setdefault(row.account_id, []).append(_as_fact(row, leaving))
    return {account_id: tuple(things) for account_id, things in found.items()}


def usable_specs(catalogue: Catalogue) -> set[str]:
    """What an order may find installed instead of bringing it: what lines use, and what they wait for."""
    return {rule.use for rule in catalogue.rules if rule.use is not None and not rule.optional} | {
        link.first.owner for link in catalogue.links if link.needed
    }


def _as_fact(row: Realized, leaving: Collection[str]) -> Installed:
    return Installed(
        row.spec,
        row.place or None,
        row.key,
        users=tuple(row.assets),
        leaving=tuple(user for user in row.assets if user in leaving),
        known=row.characteristics,
    )
