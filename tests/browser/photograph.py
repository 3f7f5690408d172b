"""Photograph every page into `screenshots/`, at both widths and in both themes.

`python -m tests.browser.photograph` makes a small world of its own; given the address of a running demo, it goes there
instead, as the person named second (an administrator if nobody is).
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psycopg
import structlog
from playwright.sync_api import Browser, Page, sync_playwright
from psycopg import sql

from orderloom.base.embedded import embedded_server
from orderloom.base.migrate import migrate
from orderloom.cli.demo_world import password
from orderloom.house import build_house
from tests.browser.serving import ARGUMENTS, CHROMIUM, serving
from tests.browser.world import administrator, fill

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "screenshots"
SIZES = {"desk": (1440, 900), "phone": (390, 844)}
LISTS = {
    "orders": "/orders", "tasks": "/tasks?view=all", "fallout": "/fallout", "customers": "/customers",
    "products": "/products", "prices": "/prices",
    "reprice": "/prices/reprice", "margin": "/prices/walk",
    "tried-price": "/prices/try?currency=USD&product1=TELENET-MODEM&quantity1=2",
    "stock": "/stock", "pick-lists": "/stock/pick-lists", "shipments": "/stock/shipments",
    "insight": "/insight", "movers": "/insight/movers", "silent": "/insight/silent",
    "past-invoices": "/insight/invoices", "imports": "/insight/imports",
    "invoices": "/invoices", "partners": "/partners", "messages": "/partners/messages", "settings": "/settings",
    "users": "/settings/users", "roles": "/settings/roles",
}  # fmt: skip
OPENED = {"order": "orders", "task": "tasks", "repair": "fallout", "customer": "customers", "product": "products",
          "price-rule": "prices", "pick-list": "pick-lists", "shipment": "shipments", "invoice": "invoices",
          "partner": "partners", "user": "users"}  # fmt: skip
TABS = ("plan", "steps", "timeline", "billing")


def photograph(url: str, paths: Mapping[str, str] | None, *, login: str) -> int:
    """Take the pictures and return how many; without paths, the first row of each list is opened."""
    FOLDER.mkdir(exist_ok=True)
    taken = 0
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        for size in SIZES:
            page = visitor(browser, url, size)
            taken += shoot(page, {"log-in": "/log-in"}, size)
            enter(page, login)
            taken += shoot(page, paths or found_paths(page), size)
        browser.close()
    return taken


def visitor(browser: Browser, url: str, size: str) -> Page:
    width, height = SIZES[size]
    page = browser.new_context(base_url=url, viewport={"width": width, "height": height}).new_page()
    page.set_default_timeout(20_000)
    return page


def enter(page: Page, login: str) -> None:
    page.goto("/log-in")
    page.get_by_label("E-mail").fill(login)
    page.get_by_label("Password").fill(password())
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(lambda address: "/log-in" not in address)


def found_paths(page: Page) -> dict[str, str]:
    """The lists of a running demo, and what the first row of each opens."""
    paths = dict(LISTS)
    for name, of in OPENED.items():
        page.goto(LISTS[of])
        first = page.locator("a.opens").first
        if first.count():
            paths[name] = first.get_attribute("href") or LISTS[of]
    if "order" in paths:
        paths |= {f"order-{tab}": f"{paths['order']}/{tab}" for tab in TABS}
    return paths


def shoot(page: Page, paths: Mapping[str, str], size: str) -> int:
    for name, path in paths.items():
        page.goto(path)
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
            page.screenshot(path=FOLDER / f"{name}-{size}-{theme}.png", full_page=size == "phone")
        sys.stdout.write(f"\r\033[K{size}: {name}")
        sys.stdout.flush()
    return 2 * len(paths)


@contextmanager
def small_world() -> Iterator[tuple[str, dict[str, str]]]:
    """A world of one day on a database that is thrown away."""
    os.environ["ORDERLOOM_ALLOW_PRIVATE_PARTNERS"] = "1"
    name = f"photograph_{os.getpid()}"
    with (
        embedded_server(ROOT / ".orderloom" / "test", settings=[("fsync", "off")]) as server,
        psycopg.connect(server.url("postgres"), autocommit=True) as connection,
    ):
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            migrate(server.url(name))
            with serving(server.url(name), build_house()) as desk:
                yield desk.url, fill(desk)
        finally:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def main(arguments: list[str]) -> int:
    if CHROMIUM is None:
        sys.stderr.write("There is no Chromium on this machine; name one in ORDERLOOM_CHROMIUM.\n")
        return 1
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    login = arguments[1] if len(arguments) > 1 else administrator()
    if arguments:
        taken = photograph(arguments[0], None, login=login)
    else:
        with small_world() as (url, paths):
            taken = photograph(url, paths, login=login)
    sys.stdout.write(f"\r\033[K{taken} photographs are in {FOLDER.relative_to(ROOT)}/.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
