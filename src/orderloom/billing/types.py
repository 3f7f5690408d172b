"""Nouns of billing: triggers and gates, charges, subscriptions, invoices, payments, exposure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

from orderloom.base.fields import Amount, Code, LongText, Text
from orderloom.catalog.proration import ProrationMethod

PriceKind = Literal["one_time", "recurring", "prepaid"]
Period = Literal["month", "year"]
Bundle = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class GateDraft:
    """One step of the order that must be done before a trigger is released.

    `decides_date`: the day of this step is the effective date (of `quantity` units where it is
    given, as for the delivery at one site). `waives`: the charge falls away if the step is skipped.
    `count` is how many events meet a counting step.
    """

    step: str
    decides_date: bool = False
    waives: bool = False
    quantity: Decimal | None = None
    count: int = 1


@dataclass(frozen=True, slots=True)
class TriggerDraft:
    """One price of one order item, to be charged once its gates are met.

    `price` tells two prices of one kind apart. `unit_price` is per unit of `quantity`, before tax; a
    prepaid service has the share of the kit's price in `allocated`, and usually nothing to pay.
    `per_unit` releases increments of complete units instead of all at once; `by_itself` says that no billing step
    releases it, so that it is released as soon as it is ready. Legal entity and tax country
    come from the billing account; `tax_country` and `tax_region` say where it is supplied when that is elsewhere.
    """

    order_id: int
    order_label: str
    order_item_id: int
    line: str
    description: str
    account_id: int
    billing_account_id: int
    currency: str
    price_kind: PriceKind
    quantity: Decimal
    unit_price: Decimal
    gates: tuple[GateDraft, ...]
    price: str = ""
    action: str = "add"
    revision: int = 1
    period: Period | None = None
    per_unit: bool = False
    by_itself: bool = False
    unit: str = "piece"
    allocated: Decimal | None = None
    tax_category: str = "standard"
    tax_country: str = ""
    tax_region: str = ""
    bundle_item_id: int | None = None
    bundle_line: str = ""
    bundle_label: str = ""
    bundle: Bundle | None = None
    po_number: str = ""
    gl_account: str = ""
    cost_centre: str = ""


@dataclass(frozen=True, slots=True)
class Armed:
    """What arming did: new triggers, and those whose gates or quantity followed a new plan."""

    trigger_ids: tuple[int, ...]
    changed_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class GateMark:
    """A step of an order was done (or skipped) at a time; `count` is how many events it has had in total."""

    order_id: int
    step: str
    at: datetime
    outcome: Literal["met", "skipped"] = "met"
    count: int | None = None


@dataclass(frozen=True, slots=True)
class Marked:
    """What marking gates moved."""

    ready_ids: tuple[int, ...]
    waived_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class UnitsComplete:
    """How many units of a per-unit trigger are complete in total, and when the last of them became so."""

    trigger_id: int
    complete: Decimal
    effective_at: datetime


@dataclass(frozen=True, slots=True)
class Released:
    """What a release wrote."""

    trigger_ids: tuple[int, ...]
    charge_ids: tuple[int, ...]
    subscription_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Reversed:
    """What a reversal did; charges that stand on an invoice need a credit note."""

    trigger_ids: tuple[int, ...]
    voided_charge_ids: tuple[int, ...]
    to_credit_charge_ids: tuple[int, ...]


Outcome = Literal["end", "stop", "reduce", "resume"]


@dataclass(frozen=True, slots=True)
class Alteration:
    """What becomes of that which recurs for order items: it ends, stops for a while, costs less, or goes on in full.

    It counts from the day of `at` where the payer is, or from `on` where that is earlier. `with_parts` takes
    along what was sold within these items as a bundle. Days that were charged in advance and are not used come
    back, counted by `method`. `price` is what a unit costs while it is reduced.
    """

    order_item_ids: tuple[int, ...]
    outcome: Outcome
    at: datetime
    on: date | None = None
    method: ProrationMethod = "days"
    with_parts: bool = False
    price: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Altered:
    """The subscriptions that an alteration moved, those that continue them, and the charges that give back."""

    subscription_ids: tuple[int, ...] = ()
    successor_ids: tuple[int, ...] = ()
    credit_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What an alteration would do to one subscription: from when, what comes back, and what a unit costs then."""

    order_item_id: int
    description: str
    quantity: Decimal
    unit_price: Decimal
    currency: str
    period: Period
    outcome: Outcome
    on: date
    back: Decimal
    price_after: Decimal | None


@dataclass(frozen=True, slots=True)
class Untaxed:
    """An order of which something is charged that cannot be invoiced: a tax rate is missing."""

    order_id: int
    order_label: str
    account_id: int
    problem: str


@dataclass(frozen=True, slots=True)
class Issued:
    """The new invoices, and what could not be invoiced yet."""

    invoice_ids: tuple[int, ...]
    untaxed: tuple[Untaxed, ...]


@dataclass(frozen=True, slots=True)
class PaymentDraft:
    """Money received for an invoice; the reference makes it unique there."""

    invoice: Code
    amount: Amount
    received_on: date
    reference: Text
    note: LongText = ""


@dataclass(frozen=True, slots=True)
class Exposure:
    """What a billing account owes or will owe: issued and unpaid, charged and not invoiced, gated."""

    billing_account_id: int
    currency: str
    open_invoices: Decimal
    unbilled: Decimal
    armed: Decimal

    @property
    def total(self) -> Decimal:
        """All of it; the order at hand is the caller's to add."""
        return self.open_invoices + self.unbilled + self.armed
