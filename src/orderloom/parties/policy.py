"""Who may do what, and whose accounts an actor sees: denied unless something here allows it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, LiteralString

from orderloom.base.refusals import Forbidden, Problem
from orderloom.base.types import Actor

PERMISSIONS = MappingProxyType(
    {
        "admin": "Manage users, teams, roles, territories and legal entities",
        "orders.read": "See orders and their plans",
        "orders.write": "Write and submit orders",
        "orders.release": "Release holds",
        "orders.cancel": "Cancel orders",
        "quotes.read": "See quotes",
        "quotes.write": "Write, send and convert quotes",
        "catalog.read": "See products, prices and rules",
        "catalog.write": "Change products, prices and rules",
        "catalog.cost": "See cost and margin",
        "prices.discount": "Give discounts by hand, or release them, up to the limit of sales managers",
        "prices.discount_any": "Give discounts by hand, or release them, without a limit",
        "prices.below_floor": "Let prices go below the floor",
        "parties.read": "See accounts",
        "parties.write": "Change accounts",
        "work.do": "Do tasks",
        "work.assign": "Assign tasks to others",
        "fulfilment.repair": "Repair failed steps",
        "stock.read": "See stock",
        "stock.write": "Move stock, confirm picks and shipments",
        "billing.read": "See charges and invoices",
        "billing.write": "Issue invoices and credits",
        "insight.read": "See past invoices and trends",
        "insight.write": "Import past invoices",
        "messages.read": "See what was sent to customers",
        "messages.write": "Send messages to customers, again or not at all",
        "approvals.read": "See all requests for approval",
        "approvals.write": "Publish approval policies",
        "approvals.override": "Decide over the heads of approvers",
        "gateway.read": "See partners and messages",
        "gateway.write": "Change partners, replay messages",
    }
)
"""Every permission that a role or key may grant, and what it lets one do. `*` grants all of them."""


def require(actor: Actor, *permissions: str) -> None:
    """Refuse (403) unless the actor holds every one of these permissions."""
    missing = [permission for permission in permissions if not actor.may(permission)]
    if missing:
        raise Forbidden([Problem("permission_missing", _missing_sentence(permission)) for permission in missing])


def _missing_sentence(permission: str) -> str:
    meaning = PERMISSIONS.get(permission, permission)
    return f"This needs the permission {permission} ({meaning.lower()}); ask an administrator for a role that has it."


def unknown_permissions(permissions: Iterable[str]) -> list[str]:
    """Those that no part of the program knows."""
    return sorted(set(permissions) - PERMISSIONS.keys() - {"*"})


@dataclass(frozen=True, slots=True)
class AccountPolicy:
    """Which accounts an actor sees, as one value with two faces: a predicate and an SQL filter.

    Both say: everything, or what one of these teams covers. Which teams cover an account is kept in
    `parties.visible_account`; a thing without an account is seen only by those who see everything.
    """

    everything: bool
    team_ids: tuple[int, ...]

    def allows(self, covering_team_ids: Collection[int]) -> bool:
        """Whether an account covered by these teams is seen."""
        return self.everything or any(team_id in covering_team_ids for team_id in self.team_ids)

    def where(self, column: LiteralString) -> tuple[LiteralString, dict[str, Any]]:
        """The same as SQL over a column that holds account ids, with its parameters."""
        if self.everything:
            return "TRUE", {}
        if not self.team_ids:
            return "FALSE", {}
        return (
            f"{column} IN (SELECT visible.account_id FROM parties.visible_account AS visible"
            " WHERE visible.team_id = ANY(%(visible_team_ids)s))",
            {"visible_team_ids": list(self.team_ids)},
        )


def account_policy(actor: Actor) -> AccountPolicy:
    """The one place that decides whose accounts an actor sees."""
    return AccountPolicy(everything=actor.all_accounts, team_ids=() if actor.all_accounts else actor.team_ids)


def account_filter(actor: Actor, column: LiteralString = "account_id") -> tuple[LiteralString, dict[str, Any]]:
    """The actor's accounts as an SQL predicate over `column`, and its parameters, to merge into a query."""
    return account_policy(actor).where(column)


def may_see(actor: Actor, covering_team_ids: Collection[int]) -> bool:
    """Whether the actor sees an account that these teams cover."""
    return account_policy(actor).allows(covering_team_ids)
