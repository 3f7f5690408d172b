"""Orders in bulk: one order a line, many orders a transaction."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from litestar.response import Response

from orderloom.base.parsing import parse_json
from orderloom.base.refusals import Problem, Refused
from orderloom.base.transaction import Tx, in_transaction
from orderloom.fulfilment.commands import PlacedOrder, place_orders
from orderloom.orders.types import OrderDraft
from orderloom.web.answers import encoder
from orderloom.web.problems import TooLarge
from orderloom.web.routes import Routes

if TYPE_CHECKING:
    from litestar import Request

    from orderloom.base.types import Actor
    from orderloom.web.app import Web

BATCH = 100
LINE_BYTES = 10_000_000
IMPORT_BYTES = 1_000_000_000
routes = Routes("raw", "/api")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the body, counted from 1."""

    number: int
    draft: OrderDraft


@routes.post(
    "/orders/import",
    permission="orders.write",
    body_bytes=IMPORT_BYTES,
    takes="application/x-ndjson",
    media_type="application/x-ndjson",
)
async def import_orders(web: Web, request: Request[Any, Any, Any]) -> Response[Any]:
    """Take many orders, one JSON object a line; each line is answered by one line, in no particular order.

    A line that is refused keeps no other from being taken. Give each order an `external_id`: an import that is sent
    again is then answered with the orders of the first time, marked as existing, instead of taking them twice.
    """
    actor: Actor = request.scope["state"]["visitor"].actor
    answers: list[bytes] = []
    batch: list[Line] = []
    number = 0
    async for text in lines_of(request):
        number += 1
        if not text.strip():
            continue
        try:
            batch.append(Line(number, parse_json(OrderDraft, text)))
        except Refused as refused:
            answers.append(told(number, problems=refused.problems))
        if len(batch) == BATCH:
            answers.extend(await take(web, actor, batch))
            batch = []
    answers.extend(await take(web, actor, batch))
    return Response(b"".join(answers), media_type="application/x-ndjson")


async def take(web: Web, actor: Actor, batch: Sequence[Line]) -> list[bytes]:
    """Take a batch in one transaction; when something in it is refused, halve it until the bad lines stand alone."""
    if not batch:
        return []

    async def work(tx: Tx) -> list[PlacedOrder]:
        return await place_orders(tx, [line.draft for line in batch])

    try:
        placed = await in_transaction(web.database, actor, work)
    except Refused as refused:
        if len(batch) == 1:
            return [told(batch[0].number, problems=refused.problems)]
        middle = len(batch) // 2
        return [*await take(web, actor, batch[:middle]), *await take(web, actor, batch[middle:])]
    return [told(line.number, order=order) for line, order in zip(batch, placed, strict=True)]


def told(number: int, *, order: PlacedOrder | None = None, problems: Sequence[Problem] = ()) -> bytes:
    value = {"line": number, "order": order} if order else {"line": number, "problems": list(problems)}
    return encoder.encode(value) + b"\n"


async def lines_of(request: Request[Any, Any, Any]) -> AsyncIterator[bytes]:
    """The lines of the body as they come in; one that is longer than an order may be refuses the rest."""
    rest = b""
    async for chunk in request.stream():
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            yield line
        if len(rest) > LINE_BYTES:
            raise TooLarge([Problem("line_too_large", f"A line may have {LINE_BYTES} bytes; split the order.")])
    if rest:
        yield rest
