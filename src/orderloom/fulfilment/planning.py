"""Planning kept orders: read them with what is known, plan each, and say what stands in the way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from orderloom.assets.reads import find_installed
from orderloom.base.refusals import Problem
from orderloom.base.transaction import Tx
from orderloom.catalog.reads import load_catalogues
from orderloom.catalog.types import Catalogue
from orderloom.fulfilment.compile import Sold, sold
from orderloom.fulfilment.facts import facts_of
from orderloom.fulfilment.plan import plan_or_problems
from orderloom.fulfilment.reads import plan_heads
from orderloom.fulfilment.types import Facts, Installed, Plan
from orderloom.orders.reads import stored_orders


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
    """What the customers have already of the specs that the catalogues let somebody use, by account."""
    specs = {
        rule.use
        for one in orders
        for rule in catalogues[one.order.catalogue_version_id].rules
        if rule.use is not None and not rule.optional
    }
    if not specs:
        return {}
    rows = await find_installed(tx, sorted({one.order.account_id for one in orders}), specs=sorted(specs))
    found: dict[int, list[Installed]] = {}
    for row in rows:
        found.setdefault(row.account_id, []).append(Installed(row.spec, row.place or None, row.key))
    return {account_id: tuple(things) for account_id, things in found.items()}
