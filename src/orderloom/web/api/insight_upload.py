"""Importing past invoices over HTTP: the file comes in, and the answer tells how far it is, line by line."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from litestar.response import Stream

from orderloom.base.parsing import parse, read_json
from orderloom.base.refusals import Problem, Refused
from orderloom.base.transaction import transaction
from orderloom.insight.commands import Progress, import_history
from orderloom.insight.types import FileMapping, ImportReport
from orderloom.web.answers import encoder
from orderloom.web.problems import TooLarge
from orderloom.web.routes import Routes

if TYPE_CHECKING:
    from litestar import Request

    from orderloom.base.types import Actor
    from orderloom.web.app import Web

FILE_BYTES = 1_000_000_000
TELLING_SECONDS = 0.2
routes = Routes("raw", "/api/insight")


@routes.post(
    "/imports",
    permission="insight.write",
    body_bytes=FILE_BYTES,
    takes="application/octet-stream",
    media_type="application/x-ndjson",
)
async def upload_history(web: Web, request: Request[Any, Any, Any]) -> Stream:
    """Import past invoices from a CSV or XLSX file, plain or compressed, which is the body.

    In the query: `mapping`, a JSON object; `name` of the file; `dry_run=true` to write no invoice. The answer is a line
    of JSON for each step (`stage`, `rows`, `share`) and at last one with `report`, or with `problems` if the file was
    refused, in which case nothing of it was written.
    """
    actor: Actor = request.scope["state"]["visitor"].actor
    mapping = parse(FileMapping, read_json(request.query_params.get("mapping", "{}")))
    name = Path(request.query_params.get("name", "upload")).name[:200] or "upload"
    dry_run = request.query_params.get("dry_run") == "true"
    file = await kept_body(request)
    return Stream(telling(web, actor, file, mapping, name=name, dry_run=dry_run), media_type="application/x-ndjson")


async def kept_body(request: Request[Any, Any, Any]) -> Path:
    """The body in a file, since a spreadsheet is read from its end."""
    handle = tempfile.NamedTemporaryFile(prefix="orderloom-history-", delete=False)  # noqa: SIM115
    file = Path(handle.name)
    size = 0
    try:
        with handle:
            async for chunk in request.stream():
                size += len(chunk)
                if size > FILE_BYTES:
                    raise TooLarge([Problem("file_too_large", f"A file may have {FILE_BYTES} bytes; compress it.")])
                handle.write(chunk)
    except BaseException:
        forget(file)
        raise
    return file


def forget(file: Path) -> None:
    file.unlink(missing_ok=True)


async def telling(
    web: Web, actor: Actor, file: Path, mapping: FileMapping, *, name: str, dry_run: bool
) -> AsyncIterator[bytes]:
    """Import while telling; whoever stops listening stops the import, and nothing of it is written."""
    latest: list[Progress] = []

    async def work() -> ImportReport:
        async with transaction(web.database, actor) as tx:
            return await import_history(tx, file, mapping, name=name, dry_run=dry_run, told=latest.append)

    task = asyncio.create_task(work())
    try:
        while not task.done():
            await asyncio.wait([task], timeout=TELLING_SECONDS)
            if latest:
                yield encoder.encode(latest[-1]) + b"\n"
                latest.clear()
        try:
            yield encoder.encode({"report": task.result()}) + b"\n"
        except Refused as refused:
            yield encoder.encode({"problems": list(refused.problems)}) + b"\n"
    finally:
        if not task.done():
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        forget(file)
