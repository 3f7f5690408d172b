"""A second factor in the browser and over the API."""

import re
import time

import pytest
from pyotp import TOTP

from tests.web.conftest import PASSWORD

LOGIN = "sales@example.com"


def token_in(page):
    return re.search(r'name="csrf" value="(\w+)"', page.text)[1]


async def post(browser, path, came_from="/settings", **form):
    return await browser.post(path, data={"csrf": token_in(await browser.get(came_from)), **form})


def code_of(secret, ahead=0):
    return TOTP(secret).generate_otp(int(time.time()) // 30 + ahead)


async def set_up(browser):
    await post(browser, "/settings/second-factor/begin")
    page = await browser.get("/settings/second-factor")
    secret = re.search(r">([A-Z2-7]{32})</button>", page.text)[1]
    told = await post(
        browser, "/settings/second-factor", "/settings/second-factor", code=code_of(secret), password=PASSWORD
    )
    return page, secret, re.findall(r"[A-Z2-7]{4}(?:-[A-Z2-7]{4}){3}", told.text)


async def begun_log_in(anybody, to="/orders"):
    asked = await anybody.post("/log-in", data={"login": LOGIN, "password": PASSWORD, "next": to})
    assert "set-cookie" not in asked.headers
    return re.search(r'name="token" value="([^"]+)"', asked.text)[1]


async def test_it_is_set_up_from_a_picture_and_asked_for_at_the_next_log_in(browser_of, anybody):
    browser = await browser_of("sales")
    page, secret, codes = await set_up(browser)
    token = await begun_log_in(anybody)
    form = {"token": token, "next": "/orders"}
    wrong = await anybody.post("/log-in/code", data={**form, "code": "000000"})
    right = await anybody.post("/log-in/code", data={**form, "code": code_of(secret, 1)})

    assert "<svg" in page.text
    assert len(codes) == 10
    assert secret not in (await browser.get("/settings")).text
    assert wrong.status_code == 401 and token in wrong.text
    assert (right.status_code, right.headers["location"]) == (303, "/orders")
    assert (await anybody.get("/settings")).status_code == 200


async def test_a_recovery_code_gets_in_and_is_counted(browser_of, anybody):
    browser = await browser_of("sales")
    _, _, codes = await set_up(browser)
    answer = await anybody.post("/log-in/code", data={"token": await begun_log_in(anybody), "code": codes[0]})

    assert answer.status_code == 303
    assert "9 recovery codes are left" in (await browser.get("/settings")).text


@pytest.mark.parametrize("token", ["", "oll_made-up", "\0"])
async def test_a_made_up_token_starts_again(anybody, token):
    answer = await anybody.post("/log-in/code", data={"token": token, "code": "123456"})

    assert answer.status_code in (401, 422)
    assert "set-cookie" not in answer.headers


async def test_it_is_turned_off_with_the_password(browser_of, anybody):
    browser = await browser_of("sales")
    await set_up(browser)
    refused = await post(browser, "/settings/second-factor/end", password="not this one")
    done = await post(browser, "/settings/second-factor/end", password=PASSWORD)

    assert (refused.status_code, done.status_code) == (422, 303)
    assert (await anybody.post("/log-in", data={"login": LOGIN, "password": PASSWORD})).status_code == 303


async def test_an_administrator_sees_who_has_one_and_may_end_it(browser_of, as_role):
    browser = await browser_of("sales")
    await set_up(browser)
    administrator = await as_role("admin")
    [user] = (await administrator.get("/api/users", params={"text": LOGIN})).json()["items"]
    ended = await administrator.delete(f"/api/users/{user['id']}/second-factor")
    again = await administrator.delete(f"/api/users/{user['id']}/second-factor")

    assert user["has_second_factor"] is True
    assert (ended.status_code, again.status_code) == (204, 422)
    assert (await browser.get("/settings")).status_code == 303


async def test_over_the_api_it_needs_a_person(browser_of, as_role):
    program = await as_role("sales")
    browser = await browser_of("sales")
    browser.headers["x-csrf-token"] = token_in(await browser.get("/settings"))

    assert (await program.post("/api/second-factor")).status_code == 422
    made = (await browser.post("/api/second-factor")).json()
    typed = {"code": code_of(made["secret"]), "password": PASSWORD}
    confirmed = await browser.post("/api/second-factor/confirm", json=typed)
    assert len(confirmed.json()["codes"]) == 10
    state = {"is_on": True, "is_begun": False, "codes_left": 10}
    assert (await browser.get("/api/second-factor")).json() == state
