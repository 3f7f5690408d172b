"""Verbs of fulfilment: place and submit orders, hold and release, cancel, replan, keep states and forecasts."""

from orderloom.fulfilment.commands.acting import place_act, preview_act
from orderloom.fulfilment.commands.billing import bill_what_is_taxed_now, invoice_or_hold
from orderloom.fulfilment.commands.cancelling import cancel_items, cancel_orders, finish_cancellations
from orderloom.fulfilment.commands.changing import absorb, replan_orders
from orderloom.fulfilment.commands.deciding import (
    accept_cancellations,
    deny_cancellations,
    edit_header,
    reject_orders,
    request_cancellations,
)
from orderloom.fulfilment.commands.following import forecast_orders, keep_up_orders, roll_up_orders, watch_forecasts
from orderloom.fulfilment.commands.holding import hold_orders, release_holds, sync_holds
from orderloom.fulfilment.commands.importing import import_orders
from orderloom.fulfilment.commands.placing import PlacedOrder, place_orders, plan_orders, simulate_order, submit_orders
from orderloom.fulfilment.commands.revising import apply_change, draft_follow_on, preview_change
from orderloom.fulfilment.commands.supplying import supply_short_steps
from orderloom.fulfilment.commands.witnessing import confirm_evidence, give_evidence, reject_evidence

__all__ = [
    "PlacedOrder",
    "absorb",
    "accept_cancellations",
    "apply_change",
    "bill_what_is_taxed_now",
    "cancel_items",
    "cancel_orders",
    "confirm_evidence",
    "deny_cancellations",
    "draft_follow_on",
    "edit_header",
    "finish_cancellations",
    "forecast_orders",
    "give_evidence",
    "hold_orders",
    "import_orders",
    "invoice_or_hold",
    "keep_up_orders",
    "place_act",
    "place_orders",
    "plan_orders",
    "preview_act",
    "preview_change",
    "reject_evidence",
    "reject_orders",
    "release_holds",
    "replan_orders",
    "request_cancellations",
    "roll_up_orders",
    "simulate_order",
    "submit_orders",
    "supply_short_steps",
    "sync_holds",
    "watch_forecasts",
]
