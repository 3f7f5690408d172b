"""Verbs with consequences: capture, submit, hold, release, cancel, record what has become of the parts."""

from orderloom.orders.commands.capture import capture_orders, keep_orders
from orderloom.orders.commands.change import (
    draft_change,
    lock_for_change,
    note_preview,
    offer_follow_on,
    revised_order,
    withdraw_change,
    write_revision,
)
from orderloom.orders.commands.convert import ConversionDraft, ConvertedQuote, convert_quotes
from orderloom.orders.commands.document import request_confirmation, request_delivery_note, send_confirmation
from orderloom.orders.commands.hold import place_holds, release_holds
from orderloom.orders.commands.life import (
    accept_cancellations,
    cancel_orders,
    deny_cancellations,
    finish_cancellations,
    follow_catalogues,
    record_states,
    reject_orders,
    submit_orders,
    update_header,
)
from orderloom.orders.commands.repricing import Chosen, Outcome, preview_repricing, reprice_drafts

__all__ = [
    "Chosen",
    "ConversionDraft",
    "ConvertedQuote",
    "Outcome",
    "accept_cancellations",
    "cancel_orders",
    "capture_orders",
    "convert_quotes",
    "deny_cancellations",
    "draft_change",
    "finish_cancellations",
    "follow_catalogues",
    "keep_orders",
    "lock_for_change",
    "note_preview",
    "offer_follow_on",
    "place_holds",
    "preview_repricing",
    "record_states",
    "reject_orders",
    "release_holds",
    "reprice_drafts",
    "request_confirmation",
    "request_delivery_note",
    "revised_order",
    "send_confirmation",
    "submit_orders",
    "update_header",
    "withdraw_change",
    "write_revision",
]
