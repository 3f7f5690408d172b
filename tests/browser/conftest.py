"""A real server, a real worker and a real Chromium."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

from orderloom.base.types import House
from orderloom.cli.demo_world import password
from tests.browser.serving import ARGUMENTS, CHROMIUM, Desk, serving


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """One browser for the tests of this folder; Playwright's loop must be gone before others begin theirs."""
    if CHROMIUM is None:
        if os.environ.get("ORDERLOOM_BROWSER_TESTS") == "required":
            pytest.fail("browser tests are required here, and there is no Chromium on this machine")
        pytest.skip("there is no Chromium on this machine")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def desk(database_url: str, house: House, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setenv("ORDERLOOM_ALLOW_PRIVATE_PARTNERS", "1")
    with serving(database_url, house) as desk:
        yield desk


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
