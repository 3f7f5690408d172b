"""Taking quantities of a quote for an order: each request once, and never more than was quoted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from hashlib import sha256

from orderloom.base.money import cent
from orderloom.base.refusals import Conflict, Problem, Refused
from orderloom.base.transaction import Tx
from orderloom.quotes.commands.life import accept_quote
from orderloom.quotes.commands.writing import lock_quote
from orderloom.quotes.events import QuoteDrawn, QuoteMoved
from orderloom.quotes.pricing import unit_price_of
from orderloom.quotes.quote import Drawn, DrawnLine, Head, NewCredit
from orderloom.quotes.reads.stored import LineRow, StoredVersion, stored_version
from orderloom.quotes.rules import part_of, top_of
from orderloom.quotes.states import CONVERT
from orderloom.quotes.store import draw as store
from orderloom.quotes.store import quote as quotes
from orderloom.quotes.types import AcceptanceDraft, DrawDraft


async def draw_quantities(tx: Tx, quote_id: int, draft: DrawDraft) -> Drawn:
    """Take what a request asks for, and say what each part costs. The caller makes an order of it in this transaction.

    The quote is locked, so requests come one after the other. One whose key came before takes nothing
    and names the order that it became. A quote that is sent counts as accepted by who converts it. All
    parts of a line together cost what the line costs, to the cent.
    """
    head = await lock_quote(tx, quote_id)
    key = draft.key or _key_of(head, draft)
    known = await store.known(tx, head.id, key)
    if known is not None:
        return _drawn(head, await stored_version(tx, head.id, known.version), known, {})
    head = await _accepted(tx, head)
    stored = await stored_version(tx, head.id, head.active_version)
    quantities = _quantities(head, stored, draft)
    lines = {line.line: line for line in stored.lines}
    draw_id = await store.take(
        tx,
        head.id,
        head.active_version,
        key=key,
        quantities={lines[line].id: quantity for line, quantity in quantities.items()},
    )
    return _drawn(head, stored, store.DrawRow(draw_id, head.active_version, key, None, None), quantities)


def _key_of(head: Head, draft: DrawDraft) -> str:
    """Without a key: the same wish for the same version is the same request."""
    if draft.lines is None:
        return f"whole:{head.active_version}"
    wish = ",".join(f"{line.line}={line.quantity}" for line in sorted(draft.lines, key=lambda line: line.line))
    return f"lines:{head.active_version}:{sha256(wish.encode()).hexdigest()}"


async def _accepted(tx: Tx, head: Head) -> Head:
    if head.state == "sent":
        return await accept_quote(
            tx, head.id, AcceptanceDraft(head.active_version, tx.actor.name, note="Converted by us.")
        )
    if head.state == "converted":
        raise Conflict([Problem("quote_converted", f"All of {head.number} is on order already; see its orders.")])
    if head.state != "accepted":
        message = f"{head.number} is {head.state}; send it before it is converted."
        raise Conflict([Problem("quote_state", message)])
    return head


def _quantities(head: Head, stored: StoredVersion, draft: DrawDraft) -> dict[str, Decimal]:
    """How much of each line is taken: of bundles, as much of each part as of the whole."""
    items = [line for line in stored.lines if line.kind == "item" and line.is_chosen]
    parents = {line.line: line.parent for line in items}
    tops = {line.line: line for line in items if line.parent is None}
    wanted = _wanted(head, tops, draft)
    found = {}
    for line in items:
        top = tops[top_of(line.line, parents)]
        taken = wanted.get(top.line)
        if taken is not None:
            found[line.line] = taken if line is top else _share(line, top, taken)
    return found


def _wanted(head: Head, tops: Mapping[str, LineRow], draft: DrawDraft) -> dict[str, Decimal]:
    if draft.lines is None:
        left = {line: row.remaining for line, row in tops.items() if row.remaining > 0}
        if not left:
            raise Conflict([Problem("quote_converted", f"All of {head.number} is on order already; see its orders.")])
        return left
    wanted: dict[str, Decimal] = {}
    problems, spent = [], []
    for place, line in enumerate(draft.lines):
        pointer = f"/lines/{place}"
        row = tops.get(line.line)
        if row is None:
            message = (
                f"Line {line.line} is no line of {head.number} that was chosen, or part of a bundle; name another."
            )
            problems.append(Problem("line_unknown", message, f"{pointer}/line"))
            continue
        if line.line in wanted:
            problems.append(Problem("line_double", f"Line {line.line} stands twice; keep one.", f"{pointer}/line"))
            continue
        quantity = row.remaining if line.quantity is None else line.quantity
        wanted[line.line] = quantity
        if quantity > row.remaining or quantity <= 0:
            message = (
                f"Of line {line.line} {row.remaining.normalize():f} of {row.quantity:f} are left; ask for no more."
            )
            spent.append(Problem("more_than_quoted", message, f"{pointer}/quantity"))
    if problems or not wanted:
        raise Refused(
            problems or [Problem("lines_missing", "Name a line, or leave out the lines to mean all.", "/lines")]
        )
    if spent:
        raise Conflict(spent)
    return wanted


def _share(line: LineRow, top: LineRow, taken: Decimal) -> Decimal:
    """As much of a part as of its bundle; the last of the bundle takes whatever is left."""
    assert line.quantity is not None and top.quantity is not None
    if taken == top.remaining:
        return line.remaining
    return round(line.quantity * taken / top.quantity, 6)


def _drawn(head: Head, stored: StoredVersion, row: store.DrawRow, quantities: Mapping[str, Decimal]) -> Drawn:
    charges = {(charge.line, charge.kind): charge for charge in stored.charges}
    smallest = cent(head.currency)
    lines = []
    for line in stored.lines:
        if line.line not in quantities:
            continue
        assert line.product_code is not None and line.quantity is not None
        taken = quantities[line.line]
        prices: dict[str, Decimal | None] = {}
        for kind in ("one_time", "recurring"):
            charge = charges.get((line.line, kind))
            prices[kind] = None
            if charge is not None:
                part = part_of(charge.net, quoted=line.quantity, before=line.converted, taken=taken, cent=smallest)
                prices[kind] = unit_price_of(part, taken)
        recurring = charges.get((line.line, "recurring"))
        lines.append(
            DrawnLine(
                line_id=line.id,
                line=line.line,
                parent=line.parent,
                product_code=line.product_code,
                quantity=taken,
                role=line.role,
                characteristics=line.characteristics,
                place=line.place,
                relies_on=tuple(one for one in line.relies_on if one in quantities),
                requested_on=line.requested_on,
                terms=line.terms,
                one_time=prices["one_time"],
                recurring=prices["recurring"],
                period=recurring.period if recurring else None,
            )
        )
    version = stored.version
    return Drawn(
        draw_id=row.id,
        head=head,
        version=row.version,
        requested_on=version.requested_on,
        ship_to=version.ship_to,
        po_number=version.po_number,
        terms=version.terms,
        note=version.note,
        credits=tuple(_credits(stored)),
        lines=tuple(lines),
        order_id=row.order_id,
        order_number=row.order_number,
    )


def _credits(stored: StoredVersion) -> Sequence[NewCredit]:
    return [NewCredit(one.position, one.payee, one.user_id, one.percent, one.kind) for one in stored.credits]


async def note_order(tx: Tx, drawn: Drawn, *, order_id: int, order_number: str) -> None:
    """Keep which order a draw became; a quote of which nothing is left is converted."""
    head = drawn.head
    await store.note_order(tx, drawn.draw_id, order_id=order_id, order_number=order_number)
    await quotes.count_change(tx, head.id)
    tx.emit(QuoteDrawn(head.subject, drawn.version, order_id, order_number))
    if await store.is_whole(tx, head.id, drawn.version):
        for moved in await quotes.move(tx, [head.id], CONVERT):
            tx.emit(QuoteMoved(moved.subject, "accepted", "converted", moved.active_version))
