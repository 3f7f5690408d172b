"""Which warehouse serves what: a deterministic split of demand over free stock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Demand:
    """A quantity of goods that one line wants at one place. `goods` is what stock is counted by."""

    line: str
    goods: str
    quantity: Decimal
    place: str | None = None


@dataclass(frozen=True, slots=True)
class Allocation:
    """A quantity of one line that comes from one warehouse."""

    line: str
    place: str | None
    warehouse: str
    quantity: Decimal

    @property
    def attributes(self) -> Mapping[str, str]:
        """What the planner splits lots by."""
        return {"warehouse": self.warehouse}


Free = Mapping[str, Mapping[str, Decimal]]


def source(wanted: Mapping[str, tuple[str, Decimal]], free: Free) -> list[Allocation]:
    """Allocate goods and quantity by line; each warehouse's place in `free` is its preference.

    As `source_lots`, for lines that go wherever their items go.
    """
    warehouses = list(dict.fromkeys(warehouse for by_warehouse in free.values() for warehouse in by_warehouse))
    return source_lots([Demand(line, goods, quantity) for line, (goods, quantity) in wanted.items()], free, warehouses)


def source_lots(demands: Sequence[Demand], free: Free, warehouses: Sequence[str]) -> list[Allocation]:
    """Allocate demands to warehouses: one warehouse for everything if there is one, else split in their order.

    `free` is by goods and warehouse, `warehouses` in order of preference. What no warehouse has
    stays unallocated. Demands are served in the order given; the same input gives the same answer.
    """
    wanted = [demand for demand in demands if demand.quantity > 0]
    single = _single(wanted, free, warehouses)
    if single is not None:
        return [Allocation(demand.line, demand.place, single, demand.quantity) for demand in wanted]
    left = {(goods, warehouse): quantity for goods, by in free.items() for warehouse, quantity in by.items()}
    allocations: list[Allocation] = []
    for demand in wanted:
        rest = demand.quantity
        for warehouse in warehouses:
            taken = min(rest, left.get((demand.goods, warehouse), Decimal(0)))
            if taken > 0:
                allocations.append(Allocation(demand.line, demand.place, warehouse, taken))
                left[demand.goods, warehouse] -= taken
                rest -= taken
    return allocations


def _single(demands: Sequence[Demand], free: Free, warehouses: Sequence[str]) -> str | None:
    """The first warehouse that can serve every demand in full."""
    totals: dict[str, Decimal] = {}
    for demand in demands:
        totals[demand.goods] = totals.get(demand.goods, Decimal(0)) + demand.quantity
    for warehouse in warehouses:
        if all(free.get(goods, {}).get(warehouse, Decimal(0)) >= total for goods, total in totals.items()):
            return warehouse
    return None
