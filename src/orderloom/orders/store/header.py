"""Fields of a header that may change without a revision, in SQL."""

from __future__ import annotations

from dataclasses import dataclass

from orderloom.base.transaction import Json, Tx
from orderloom.orders.order import HeaderEdit


@dataclass(frozen=True, slots=True)
class Edited:
    """A header after an edit, with the fields as text before and after it."""

    number: str
    account_id: int
    version: int
    before: dict[str, str | None]
    after: dict[str, str | None]


async def edit(tx: Tx, order_id: int, fields: HeaderEdit, *, version: int) -> Edited | None:
    """Overwrite the fields while the header still has this version; None when it has moved on."""
    return await tx.one_or_none(
        """
           UPDATE orders.sales_order
              SET po_number = %(po_number)s, priority = %(priority)s, promised_on = %(promised_on)s,
                  note = %(note)s, attributes = %(attributes)s, version = version + 1
            WHERE id = %(id)s
              AND version = %(version)s
        RETURNING number, account_id, version,
                  jsonb_build_object('po_number', old.po_number, 'priority', old.priority,
                                     'promised_on', old.promised_on::text, 'note', old.note,
                                     'attributes', old.attributes::text) AS before,
                  jsonb_build_object('po_number', new.po_number, 'priority', new.priority,
                                     'promised_on', new.promised_on::text, 'note', new.note,
                                     'attributes', new.attributes::text) AS after
        """,
        {
            "id": order_id,
            "version": version,
            "po_number": fields.po_number,
            "priority": fields.priority,
            "promised_on": fields.promised_on,
            "note": fields.note,
            "attributes": Json(fields.attributes),
        },
        row=Edited,
    )
