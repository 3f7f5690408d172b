"""What the warehouse offers to the house."""

from __future__ import annotations

from orderloom.base.types import SubjectKind

SUBJECTS = {
    "shipment": SubjectKind("shipment", "/shipments/{id}"),
    "pick_list": SubjectKind("pick_list", "/pick-lists/{id}"),
    "purchase_order": SubjectKind("purchase_order", "/purchase-orders/{id}"),
    "vendor_invoice": SubjectKind("vendor_invoice", "/vendor-invoices/{id}"),
    "warehouse": SubjectKind("warehouse", "/stock"),
    "stock_balance": SubjectKind("stock_balance", "/stock"),
}
