"""Published price rules for screens and programs: lists of them, and one with its versions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from orderloom.base.refusals import NotFound, Problem
from orderloom.base.transaction import Tx
from orderloom.catalog.price_rules import SECRET_KINDS
from orderloom.catalog.reads.catalogue import PAGE, PAGE_LIMIT, pattern
from orderloom.catalog.reads.prices import COST_RIGHT
from orderloom.parties.policy import account_filter

_COST_METHODS = ("markup", "margin")


@dataclass(frozen=True, slots=True)
class RuleRow:
    """The newest version of a rule: whether it holds today, and what it says."""

    id: int
    kind: str
    code: str
    version: int
    state: str
    valid_from: date | None
    valid_until: date | None
    currency: str | None
    list_code: str | None
    product: str | None
    product_id: int | None
    customer: str | None
    account_id: int | None
    content: Mapping[str, Any] | None
    published_at: datetime
    published_by: str


@dataclass(frozen=True, slots=True)
class RuleFilter:
    """Which rules: of a kind, with a text in their code, in a list, about a product, only those that hold today."""

    kind: str | None = None
    text: str | None = None
    list_code: str | None = None
    product: str | None = None
    in_force: bool = False


_COLUMNS = """
       price_rule.id, price_rule.kind, price_rule.code, price_rule.version,
       CASE WHEN price_rule.content IS NULL THEN 'withdrawn'
            WHEN lower(price_rule.valid) > base.now()::date THEN 'planned'
            WHEN upper(price_rule.valid) <= base.now()::date THEN 'ended'
            WHEN EXISTS (SELECT
                           FROM catalog.price_rule AS later
                          WHERE (later.kind, later.code) = (price_rule.kind, price_rule.code)
                            AND later.version > price_rule.version
                            AND later.valid @> base.now()::date) THEN 'replaced'
            ELSE 'active' END AS state,
       lower(price_rule.valid) AS valid_from, upper(price_rule.valid) AS valid_until, price_rule.currency,
       price_rule.list_code, product.code AS product, price_rule.product_id, account.name AS customer,
       price_rule.account_id, price_rule.content, price_rule.published_at, price_rule.published_by
  FROM catalog.price_rule
  LEFT JOIN catalog.product ON product.id = price_rule.product_id
  LEFT JOIN parties.account ON account.id = price_rule.account_id
"""


async def list_rules(
    tx: Tx, wanted: RuleFilter = RuleFilter(), *, after: tuple[str, str] | None = None, limit: int = PAGE
) -> list[RuleRow]:
    """The newest version of each rule by kind and code, as far as the actor may see them: cost, contracts."""
    seen, params = _visible(tx)
    rows = await tx.all(
        f"""
          SELECT {_COLUMNS}
           WHERE {seen}
             AND NOT EXISTS (SELECT
                               FROM catalog.price_rule AS newer
                              WHERE (newer.kind, newer.code) = (price_rule.kind, price_rule.code)
                                AND newer.version > price_rule.version)
             AND (%(kind)s::text IS NULL OR price_rule.kind = %(kind)s)
             AND (%(pattern)s::text IS NULL OR base.folded(price_rule.code) LIKE base.folded(%(pattern)s))
             AND (%(list_code)s::text IS NULL OR price_rule.list_code = %(list_code)s)
             AND (%(product)s::text IS NULL OR product.code = %(product)s)
             AND (NOT %(in_force)s OR (price_rule.content IS NOT NULL AND price_rule.valid @> base.now()::date))
             AND (%(kind_after)s::text IS NULL OR (price_rule.kind, price_rule.code) > (%(kind_after)s, %(code_after)s))
        ORDER BY price_rule.kind, price_rule.code
           LIMIT %(limit)s
        """,
        {
            "kind": wanted.kind,
            "pattern": pattern(wanted.text),
            "list_code": wanted.list_code,
            "product": wanted.product,
            "in_force": wanted.in_force,
            "kind_after": after[0] if after else None,
            "code_after": after[1] if after else None,
            "limit": min(limit, PAGE_LIMIT),
            **params,
        },
        row=RuleRow,
    )
    return [_without_cost(tx, row) for row in rows]


@dataclass(frozen=True, slots=True)
class RulePage:
    """One rule with all its versions, the newest first; of a list also its prices."""

    rule: RuleRow
    versions: list[RuleRow]
    prices: list[RuleRow]


async def rule_page(tx: Tx, rule_id: int) -> RulePage:
    """The rule that a version belongs to; refuses (404) one that does not exist or that the actor may not see."""
    seen, params = _visible(tx)
    versions = await tx.all(
        f"""
          SELECT {_COLUMNS}
           WHERE {seen}
             AND (price_rule.kind, price_rule.code)
               = (SELECT asked.kind, asked.code FROM catalog.price_rule AS asked WHERE asked.id = %(id)s)
        ORDER BY price_rule.version DESC
           LIMIT 200
        """,
        {"id": rule_id, **params},
        row=RuleRow,
    )
    if not versions:
        raise NotFound([Problem("rule_unknown", "There is no such price rule; look for it in the list.")])
    versions = [_without_cost(tx, row) for row in versions]
    rule = next(row for row in versions if row.id == rule_id)
    prices = await list_rules(tx, RuleFilter("price", list_code=rule.code), limit=500) if rule.kind == "list" else []
    return RulePage(rule, versions, prices)


def _visible(tx: Tx) -> tuple[str, dict[str, Any]]:
    """Contracts of visible customers only, and what tells cost only for those who may see it."""
    mine, params = account_filter(tx.actor, "price_rule.account_id")
    hidden = [] if tx.actor.may(COST_RIGHT) else sorted(SECRET_KINDS)
    return f"(price_rule.account_id IS NULL OR {mine}) AND price_rule.kind <> ALL (%(hidden)s)", {
        **params,
        "hidden": hidden,
    }


def _without_cost(tx: Tx, row: RuleRow) -> RuleRow:
    """A price that follows from cost tells the cost to whoever knows the markup; so that stays hidden as well."""
    if tx.actor.may(COST_RIGHT) or row.content is None:
        return row
    content = {name: _hidden(value) for name, value in row.content.items()}
    return row if content == row.content else replace(row, content=content)


def _hidden(value: object) -> object:
    if isinstance(value, Mapping) and any(name in value for name in _COST_METHODS):
        return {"calculated": True}
    return value
