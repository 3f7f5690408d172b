"""Queries shaped for screens, API and export, and for the rooms that carry orders out."""

from orderloom.orders.reads.change import change_of, changes_of, previews_of, revisions_of
from orderloom.orders.reads.drafts import DRAFTS_MOST, DraftFilter, Drafts, drafts_of
from orderloom.orders.reads.export import export_orders
from orderloom.orders.reads.listing import (
    NEWEST,
    OrderFilter,
    OrderPlace,
    OrderRow,
    OrderSort,
    list_orders,
    matching,
    place_in,
)
from orderloom.orders.reads.margins import MarginWalk, WalkFilter, margin_walk_of, order_margins
from orderloom.orders.reads.page import (
    CreditRow,
    HeaderRow,
    HoldRow,
    ItemRow,
    OrderPage,
    PlaceRow,
    ShipGroupRow,
    hold_codes,
    order_id_of,
    order_page,
)
from orderloom.orders.reads.priced_items import ItemWaterfall, waterfalls_of
from orderloom.orders.reads.quoted import PaidPrice, QuoteOfOrder, paid_prices, quote_of
from orderloom.orders.reads.stored import (
    ActiveHold,
    StoredGroup,
    StoredItem,
    StoredOrder,
    active_holds,
    open_amounts,
    stored_orders,
)

__all__ = [
    "DRAFTS_MOST",
    "NEWEST",
    "ActiveHold",
    "CreditRow",
    "DraftFilter",
    "Drafts",
    "HeaderRow",
    "HoldRow",
    "ItemRow",
    "ItemWaterfall",
    "MarginWalk",
    "OrderFilter",
    "OrderPage",
    "OrderPlace",
    "OrderRow",
    "OrderSort",
    "PaidPrice",
    "PlaceRow",
    "QuoteOfOrder",
    "ShipGroupRow",
    "StoredGroup",
    "StoredItem",
    "StoredOrder",
    "WalkFilter",
    "active_holds",
    "change_of",
    "changes_of",
    "drafts_of",
    "export_orders",
    "hold_codes",
    "list_orders",
    "margin_walk_of",
    "matching",
    "open_amounts",
    "order_id_of",
    "order_margins",
    "order_page",
    "paid_prices",
    "place_in",
    "previews_of",
    "quote_of",
    "revisions_of",
    "stored_orders",
    "waterfalls_of",
]
