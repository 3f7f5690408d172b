"""Verbs of the warehouse, by noun; every one is plural and may be repeated."""

from orderloom.stock.commands.keeping import adjust_stock, import_opening_stock, save_skus, save_warehouses
from orderloom.stock.commands.picking import close_picks_short, confirm_picks, open_pick_lists
from orderloom.stock.commands.purchasing import (
    accept_vendor_invoices,
    acknowledge_purchase_orders,
    cancel_purchase_orders,
    close_purchase_orders,
    notify_purchase_orders,
    record_vendor_invoice,
    send_purchase_orders,
)
from orderloom.stock.commands.reserving import harden, put_back, release, release_expired, reserve
from orderloom.stock.commands.shipping import deliver, deliver_rests, dispatch, pack

__all__ = [
    "accept_vendor_invoices",
    "acknowledge_purchase_orders",
    "adjust_stock",
    "cancel_purchase_orders",
    "close_picks_short",
    "close_purchase_orders",
    "confirm_picks",
    "deliver",
    "deliver_rests",
    "dispatch",
    "harden",
    "import_opening_stock",
    "notify_purchase_orders",
    "open_pick_lists",
    "pack",
    "put_back",
    "record_vendor_invoice",
    "release",
    "release_expired",
    "reserve",
    "save_skus",
    "save_warehouses",
    "send_purchase_orders",
]
