"""Rows of a table as price rules: prices of lists, contract prices, costs; several rows may be the tiers of one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orderloom.base.parsing import parse
from orderloom.base.refusals import Problem, Refused, refuse_if_any
from orderloom.catalog.price_drafts import (
    ContractDraft,
    CostDraft,
    PriceDraftOfKnownList,
    PricesDraft,
)

_SCALES = {"all_units": "above", "graduated": "above", "blocks": "start"}
_METHOD_COLUMNS = ("markup", "margin", "percent", "base", "overage")
_SCALE_COLUMNS = ("method", "above", "start", "flat_fee", *_METHOD_COLUMNS)
_CHARGES = ("one_time", "recurring")
_KEY = ("list", "customer", "product", "currency", "valid_from", "valid_until")
_KINDS: Mapping[str, type[PriceDraftOfKnownList | ContractDraft | CostDraft]] = {
    "prices": PriceDraftOfKnownList, "contracts": ContractDraft, "costs": CostDraft,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class PriceRows:
    """What a table of prices publishes, and in which of its rows each rule stands (the first of its tiers)."""

    draft: PricesDraft
    rows: Mapping[str, tuple[int, ...]]

    def at_rows(self, problems: Sequence[Problem]) -> list[Problem]:
        """Problems of the draft, pointing to rows: `/prices/3/product` becomes `/17/product`."""
        found = []
        for problem in problems:
            section, place, *rest = problem.pointer.removeprefix("/").split("/")
            row = self.rows[section][int(place)]
            found.append(Problem(problem.code, problem.message, "/".join(["", str(row), *rest[-1:]])))
        return found


def section_of(columns: Sequence[str]) -> str | None:
    """What a table with these columns is about; none for the standard list, which has a reader of its own."""
    if "unit_cost" in columns:
        return "costs"
    if "customer" in columns:
        return "contracts"
    return "prices" if "list" in columns else None


def read_price_rows(rows: Sequence[Mapping[str, str]], section: str) -> PriceRows:
    """The rules in the rows of a table; refuses with every problem, whose pointers begin with the row's place.

    Neighbouring rows of one list or customer, product, currency and days whose `method` is `all_units`,
    `graduated` or `blocks` are the tiers of one price.
    """
    drafts: list[Any] = []
    places: list[int] = []
    problems: list[Problem] = []
    for group in _groups(rows):
        try:
            drafts.append(parse(_KINDS[section], _rule([rows[place] for place in group], section)))
            places.append(group[0])
        except Refused as refused:
            problems += [_at_row(problem, group) for problem in refused.problems]
    refuse_if_any(problems)
    return PriceRows(PricesDraft(**{section: tuple(drafts)}), {section: tuple(places)})


def _groups(rows: Sequence[Mapping[str, str]]) -> list[list[int]]:
    groups: list[list[int]] = []
    for place, row in enumerate(rows):
        last = rows[groups[-1][0]] if groups else {}
        is_tier = row.get("method") in _SCALES and all(row.get(name) == last.get(name) for name in (*_KEY, "method"))
        if is_tier and groups:
            groups[-1].append(place)
        else:
            groups.append([place])
    return groups


def _at_row(problem: Problem, group: Sequence[int]) -> Problem:
    """The row and column of a problem; inside tiers the row of the tier."""
    parts = problem.pointer.removeprefix("/").split("/")
    tier = next((int(part) for part in parts if part.isdigit()), 0)
    return Problem(problem.code, problem.message, f"/{group[tier]}/{parts[-1] or parts[0]}")


def _rule(rows: Sequence[Mapping[str, str]], section: str) -> dict[str, object]:
    first = dict(rows[0])
    if section == "costs":
        return dict(first)
    rule: dict[str, object] = {name: value for name, value in first.items() if name not in _SCALE_COLUMNS}
    name = first.get("method")
    if name in _SCALES:
        for charge in _CHARGES:
            if charge in first:
                rule[charge] = _scale(rows, str(name), charge)
    elif name is not None:
        rule["method"] = name
    else:
        rule |= _relative(first)
    return rule


def _scale(rows: Sequence[Mapping[str, str]], method: str, charge: str) -> dict[str, object]:
    bound = _SCALES[method]
    amount = "amount" if method == "blocks" else "unit_price"
    tiers = []
    for row in rows:
        tier = {bound: row.get(bound), amount: row.get(charge), "flat_fee": row.get("flat_fee")}
        tiers.append({name: value for name, value in tier.items() if value is not None})
    found: dict[str, object] = {method: tiers}
    if overage := next((row["overage"] for row in reversed(rows) if "overage" in row), None):
        found["overage"] = overage
    return found


def _relative(row: Mapping[str, str]) -> dict[str, object]:
    """A price that follows from cost or other lines: by period where the row has one, else once."""
    method = {name: row[name] for name in _METHOD_COLUMNS if name in row}
    if not method:
        return {}
    return {"recurring" if "period" in row else "one_time": method}
