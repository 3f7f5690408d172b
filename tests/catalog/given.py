"""Builders for catalogues."""

from __future__ import annotations

from orderloom.base.transaction import Tx
from orderloom.catalog.commands import CatalogueFile, import_catalogues

SHOP = """
catalogue: shop
version: 1
currency: USD
products:
- {code: KIT, name: Starter kit, kind: good, unit: kit, components: [
    {product: SPLICER, role: main, minimum: 1, maximum: 1, quantity: 1},
    {product: PACK, role: supply, minimum: 1, maximum: 1, quantity: 3},
    {product: PLAN, role: service, minimum: 0, maximum: 1, quantity: 1}],
   prices: [{currency: USD, one_time: 1180}]}
- {code: SPLICER, name: Fusion splicer, kind: good, tracking: serial, sku: SPL-1}
- {code: PACK, name: Consumables pack, kind: good, unit: pack, sku: CON-3}
- {code: PLAN, name: Calibration plan, kind: service}
- {code: LINE, name: Internet line, kind: subscription, prices: [
    {currency: USD, one_time: 49, recurring: 89, period: month}, {currency: EUR, recurring: 79, period: month}],
   characteristics: {down: {type: integer, required: true, minimum: 1}, note: {type: text}}}
- {code: CABLE, name: Cable, kind: good, unit: m, prices: [{currency: USD, one_time: 2.50}]}
rules:
- {from: SPLICER, make: Parcel}
- {from: PACK, make: Parcel}
- {from: CABLE, make: Parcel}
- {from: PLAN, nothing: true, reason: paper only}
- {from: LINE, make: Line}
specs:
  Parcel: {kind: shipment, per: order, lines: true, steps: {ship: {name: Ship it, type: manual, hours: [1, 2, 3]}}}
  Line: {kind: service, steps: {connect: {name: Connect it, type: manual, hours: [1, 2, 3]}}}
"""


async def shop(tx: Tx, text: str = SHOP) -> int:
    """A small catalogue `shop`, in force; its version's id."""
    (imported,) = await import_catalogues(tx, [CatalogueFile("shop.yaml", text)])
    return imported.version_id
