"""Orders as they come in at the invented company of the demo: no two are alike."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from orderloom.cli.demo_orders import order_stream
from orderloom.cli.demo_world import stream_customers
from orderloom.orders.sameness import handed_in

UNTIL = datetime(2026, 11, 1, tzinfo=UTC)


def mixed_orders(prefix: str, count: int) -> Iterator[dict[str, Any]]:
    """So many orders of the demo's customers: homes, trade and shops, bundles and goods, some urgent, some shared.

    Their external ids and purchase order numbers begin with the prefix, so that each is captured once.
    """
    for wanted in order_stream(stream_customers(), until=UNTIL + timedelta(days=1), count=count):
        order = handed_in(wanted.draft)
        order["items"] = list(order["items"].values())
        order["external_id"] = f"{prefix}-{wanted.number}"
        if "po_number" in order:
            order["po_number"] = f"{prefix}-{order['po_number']}"
        yield order


def as_lines(prefix: str, count: int) -> list[bytes]:
    """The same as JSON texts."""
    encoder = msgspec.json.Encoder(decimal_format="number")
    return [encoder.encode(order) for order in mixed_orders(prefix, count)]
