"""A real server, a real worker and a real Chromium."""

from __future__ import annotations

import asyncio
import os
import shutil
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import uvicorn
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

from orderloom.base.transaction import Database, Tx, transaction
from orderloom.base.types import SYSTEM, House
from orderloom.cli.demo_world import load_world, password
from orderloom.web.app import create_app
from orderloom.web.settings import WebSettings

CHROMIUM = os.environ.get("ORDERLOOM_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
ARGUMENTS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """One browser for the tests of this folder; Playwright's loop must be gone before others begin theirs."""
    if CHROMIUM is None:
        pytest.skip("there is no Chromium on this machine")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


class Desk:
    """A running server on the small world, whose database can be told to do things meanwhile."""

    def __init__(self, url: str, database_url: str, house: House) -> None:
        self.url = url
        self.database_url = database_url
        self.house = house

    def do(self, work: Callable[[Tx], Awaitable[Any]]) -> Any:
        """Run a command as the program itself and commit."""

        async def run() -> Any:
            async with Database(self.database_url, self.house, size=1) as database, transaction(database, SYSTEM) as tx:
                return await work(tx)

        with ThreadPoolExecutor(1) as thread:  # Playwright's own loop runs in this one
            return thread.submit(lambda: asyncio.run(run())).result()


@pytest.fixture
def desk(database_url: str, house: House, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setenv("ORDERLOOM_ALLOW_PRIVATE_PARTNERS", "1")
    settings = WebSettings(live_poll_seconds=0.1)
    config = uvicorn.Config(
        create_app(database_url, house, settings), port=0, log_level="warning", timeout_graceful_shutdown=1
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
    yield desk
    server.should_exit = True
    thread.join(10)


@pytest.fixture
def page(chromium: Browser, desk: Desk) -> Iterator[Page]:
    """A page in which everything that the browser complains about fails the test."""
    context = chromium.new_context(base_url=desk.url, viewport={"width": 1440, "height": 900})
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if is_complaint(message) else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: complaints.append(request.url) if desk.url not in request.url else None)
    page.set_default_timeout(10_000)
    yield page
    context.close()
    assert complaints == []


def is_complaint(message: ConsoleMessage) -> bool:
    """Whether something is wrong with the page; that a log-in was refused is not."""
    return message.type == "error" and "status of 401" not in message.text


@pytest.fixture
def log_in(page: Page) -> Callable[[str], None]:
    """Logs somebody of the small world in."""

    def act(login: str) -> None:
        page.goto("/log-in")
        page.get_by_label("E-mail").fill(login)
        page.get_by_label("Password").fill(password())
        page.get_by_role("button", name="Log in").click()
        page.wait_for_url(lambda address: "/log-in" not in address)

    return act
