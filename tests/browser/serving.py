"""A running server on the small world, for tests and photographs."""

from __future__ import annotations

import asyncio
import os
import shutil
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import uvicorn

from orderloom.base.transaction import Database, Tx, transaction
from orderloom.base.types import SYSTEM, House
from orderloom.cli.demo_world import load_world
from orderloom.web.app import create_app
from orderloom.web.settings import WebSettings

CHROMIUM = os.environ.get("ORDERLOOM_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
ARGUMENTS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip


class Desk:
    """A running server on the small world, whose database can be told to do things meanwhile."""

    def __init__(self, url: str, database_url: str, house: House) -> None:
        self.url = url
        self.database_url = database_url
        self.house = house

    def do(self, work: Callable[[Tx], Awaitable[Any]]) -> Any:
        """Run a command as the program itself and commit."""

        async def run(database: Database) -> Any:
            async with transaction(database, SYSTEM) as tx:
                return await work(tx)

        return self.run(run)

    def run(self, work: Callable[[Database], Awaitable[Any]]) -> Any:
        """Do what a worker does."""

        async def run() -> Any:
            async with Database(self.database_url, self.house, size=2) as database:
                return await work(database)

        with ThreadPoolExecutor(1) as thread:  # Playwright's own loop runs in this one
            return thread.submit(lambda: asyncio.run(run())).result()


@contextmanager
def serving(database_url: str, house: House) -> Iterator[Desk]:
    """Load the small world and serve it until the block ends."""
    config = uvicorn.Config(
        create_app(database_url, house, WebSettings(live_poll_seconds=0.1)),
        port=0,
        log_level="warning",
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    desk = Desk("", database_url, house)
    desk.do(lambda tx: load_world(tx, partners_url="http://127.0.0.1:9", master="x" * 32))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.05)
    port = server.servers[0].sockets[0].getsockname()[1]
    desk.url = f"http://127.0.0.1:{port}"
    try:
        yield desk
    finally:
        server.should_exit = True
        thread.join(10)
