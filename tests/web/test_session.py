"""Getting in, staying in, and being kept out."""

import re
from urllib.parse import urlencode

import httpx
import pytest

from orderloom.web.app import create_app
from orderloom.web.pages.session import inside
from orderloom.web.settings import WebSettings
from tests.web.conftest import PASSWORD, user_with_role


def token_in(page):
    return re.search(r'name="csrf" value="(\w+)"', page.text)[1]


async def test_who_knows_the_password_gets_in_and_out_again(browser_of):
    browser = await browser_of("order_manager")
    page = await browser.get("/customers")
    out = await browser.post("/log-out", data={"csrf": token_in(page)})

    assert page.status_code == 200
    assert (out.status_code, out.headers["location"]) == (303, "/log-in")
    assert (await browser.get("/customers")).status_code == 303


async def test_the_cookie_is_for_our_server_alone(anybody, database):
    await user_with_role(database, "sales")
    answer = await anybody.post("/log-in", data={"login": "sales@example.com", "password": PASSWORD})
    cookie = answer.headers["set-cookie"].lower()

    assert "httponly" in cookie
    assert "samesite=lax" in cookie


async def test_over_https_the_cookie_is_for_tls_and_this_very_host(database, house):
    await user_with_role(database, "sales")
    app = create_app(database, house, WebSettings(address="https://orders.example.com"))
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="https://orders.example.com") as browser:
        answer = await browser.post("/log-in", data={"login": "sales@example.com", "password": PASSWORD})
        cookie = answer.headers["set-cookie"]
        assert cookie.startswith("__Host-orderloom_session=ols_")
        assert {"secure", "path=/"} <= {part.strip().lower() for part in cookie.split(";")}
        assert "domain" not in cookie.lower()
        page = await browser.get("/customers")
        assert page.status_code == 200

        plain = {"orderloom_session": browser.cookies["__Host-orderloom_session"]}
        browser.cookies.clear()
        assert (await browser.get("/customers", headers={"cookie": urlencode(plain)})).status_code == 303


async def test_known_and_unknown_users_get_the_same_answer(anybody, database):
    await user_with_role(database, "sales")
    known = await anybody.post("/log-in", data={"login": "sales@example.com", "password": "wrong"})
    unknown = await anybody.post("/log-in", data={"login": "nobody@example.com", "password": "wrong"})

    def plain(page):
        return re.sub(r'nonce="[^"]*"|value="[^"]*"', "", page.text)

    assert (known.status_code, unknown.status_code) == (401, 401)
    assert plain(known) == plain(unknown)


async def test_a_form_without_the_page_s_token_is_refused(browser_of):
    browser = await browser_of("order_manager")
    answer = await browser.post("/log-out", data={})

    assert answer.status_code == 403
    assert (await browser.get("/customers")).status_code == 200


@pytest.mark.parametrize("headers", [{"origin": "http://evil.example"}, {"sec-fetch-site": "cross-site"}])
async def test_a_form_on_another_site_does_nothing(browser_of, headers):
    browser = await browser_of("order_manager")
    token = token_in(await browser.get("/customers"))

    assert (await browser.post("/log-out", data={"csrf": token}, headers=headers)).status_code == 403
    assert (await browser.post("/log-in", data={"login": "a", "password": "b"}, headers=headers)).status_code == 403


async def test_a_program_with_a_cookie_needs_the_token_too(browser_of):
    browser = await browser_of("order_manager")
    token = token_in(await browser.get("/customers"))
    without = await browser.post("/api/customers", json={"name": "A"})
    with_token = await browser.post("/api/customers", json={"name": "A"}, headers={"x-csrf-token": token})

    assert (without.status_code, with_token.status_code) == (403, 201)


async def test_who_is_not_logged_in_is_led_to_the_page_they_wanted(anybody):
    answer = await anybody.get("/customers", headers={"accept": "text/html"})

    assert (answer.status_code, answer.headers["location"]) == (303, "/log-in?next=/customers")


@pytest.mark.parametrize("address", ["//evil.example", "http://evil.example", "/\\evil.example", "javascript:1", ""])
def test_nobody_is_led_elsewhere_after_logging_in(address):
    assert inside(address) == "/"


def test_our_own_pages_are_found_again():
    assert inside("/orders?state=held") == "/orders?state=held"
