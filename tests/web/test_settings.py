"""Keys, sessions, users and roles, over the API and in Settings."""

import re

import httpx
import pytest

from tests.web.conftest import PASSWORD

NEW = {"name": "Ada Byron", "login": "ada@example.com", "password": "a loom that thinks", "roles": ["billing"]}


def csrf_of(page: httpx.Response) -> str:
    return re.search(r'name="csrf" value="([0-9a-f]+)"', page.text)[1]


async def post(browser, path, came_from="/settings", **form):
    return await browser.post(path, data={"csrf": csrf_of(await browser.get(came_from)), **form})


def key_in(page: httpx.Response) -> str:
    return re.search(r'class="copy"[^>]*>([^<]+)<', page.text)[1]


@pytest.fixture
async def administrator(as_role):
    return await as_role("admin")


async def test_a_key_made_in_settings_does_what_it_was_given_and_no_more(browser_of, app):
    browser = await browser_of("billing")
    made = await post(browser, "/settings/keys", name="Ledger", days="30", **{"scopes.billing.read": "true"})
    program = httpx.AsyncClient(transport=browser._transport, base_url="http://desk")
    program.headers["authorization"] = f"Bearer {key_in(made)}"

    assert made.status_code == 200
    assert (await program.get("/api/invoices")).status_code == 200
    assert (await program.get("/api/orders")).status_code == 403
    assert key_in(made) not in (await browser.get("/settings")).text


async def test_a_key_may_not_do_more_than_its_owner(browser_of):
    browser = await browser_of("warehouse")
    refused = await post(browser, "/settings/keys", name="Sly", **{"scopes.billing.write": "true"})

    assert refused.status_code == 422
    assert "does not have billing.write" in refused.text


async def test_a_revoked_key_opens_nothing(browser_of):
    browser = await browser_of("billing")
    made = await post(browser, "/settings/keys", name="Ledger", **{"scopes.billing.read": "true"})
    [key] = (await browser.get("/api/keys")).json()["items"]
    told = await post(browser, f"/settings/keys/{key['id']}/revoke")
    program = httpx.AsyncClient(transport=browser._transport, base_url="http://desk")

    assert told.status_code == 303
    answer = await program.get("/api/invoices", headers={"authorization": f"Bearer {key_in(made)}"})
    assert answer.status_code == 401


async def test_nobody_ends_the_key_of_somebody_else(as_role):
    billing, warehouse = await as_role("billing"), await as_role("warehouse")
    [key] = (await billing.get("/api/keys")).json()["items"]

    assert (await warehouse.delete(f"/api/keys/{key['id']}")).status_code == 404
    assert (await billing.delete(f"/api/keys/{key['id']}")).status_code == 204


async def test_a_key_makes_no_keys(administrator):
    answer = await administrator.post("/api/keys", json={"name": "child", "scopes": ["orders.read"]})

    assert answer.status_code == 403
    assert answer.json()["problems"][0]["code"] == "key_makes_keys"


async def test_the_secret_of_a_key_is_not_kept_for_a_retry(browser_of, database):
    browser = await browser_of("billing")
    headers = {"x-csrf-token": csrf_of(await browser.get("/settings")), "idempotency-key": "k-1"}
    wish = {"name": "Ledger", "scopes": ["billing.read"]}
    first = await browser.post("/api/keys", json=wish, headers=headers)
    second = await browser.post("/api/keys", json=wish, headers=headers)
    async with database.connection() as connection:
        cursor = await connection.execute("SELECT string_agg(row::text, '') FROM base.idempotency_key AS row")
        [kept] = await cursor.fetchone()

    assert (first.status_code, second.status_code) == (201, 409)
    assert second.json()["problems"][0]["code"] == "told_once"
    assert first.json()["key"] not in kept
    assert first.json()["key"].encode().hex() not in kept
    assert len((await browser.get("/api/keys")).json()["items"]) == 1


async def test_another_browser_is_logged_out_from_here(browser_of):
    here, there = await browser_of("billing"), await browser_of("billing")
    [latest, _] = (await there.get("/api/sessions")).json()["items"]
    page = await here.get("/settings")
    ids = [int(found) for found in re.findall(r"/settings/sessions/(\d+)/end", page.text)]

    assert len(ids) == 1
    assert (await post(here, f"/settings/sessions/{ids[0]}/end")).status_code == 303
    assert (await there.get("/settings")).headers["location"].startswith("/log-in")
    assert (await here.get("/settings")).status_code == 200
    assert latest["id"]


async def test_an_administrator_lets_somebody_in_who_can_log_in(administrator, anybody):
    made = await administrator.post("/api/users", json=NEW)
    shown = await administrator.get(made.headers["location"])
    let_in = await anybody.post("/log-in", data={"login": NEW["login"], "password": NEW["password"]})

    assert made.status_code == 201
    assert shown.json()["roles"] == ["billing"]
    assert "password" not in {name for name in shown.json() if shown.json()[name] == NEW["password"]}
    assert let_in.status_code == 303


async def test_who_is_deactivated_is_out_at_once(browser_of):
    browser, admin = await browser_of("billing"), await browser_of("admin")
    users = (await admin.get("/api/users?text=billing")).json()["items"]
    told = await post(
        admin, f"/settings/users/{users[0]['id']}/activity", f"/settings/users/{users[0]['id']}", is_active="false"
    )
    again = await browser.post("/log-in", data={"login": "billing@example.com", "password": PASSWORD})

    assert told.status_code == 303
    assert (await browser.get("/settings")).status_code == 303
    assert again.status_code == 401


async def test_a_user_gets_other_roles_by_form_and_keeps_the_rest(browser_of, administrator):
    admin = await browser_of("admin")
    user_id = (await administrator.post("/api/users", json={**NEW, "time_zone": "Europe/Berlin"})).json()["id"]
    at = f"/settings/users/{user_id}"
    told = await post(admin, at, at, name="Ada Lovelace", version="1", **{"roles.sales": "true"})
    user = (await administrator.get(f"/api/users/{user_id}")).json()

    assert told.status_code == 303
    assert (user["name"], user["roles"], user["time_zone"]) == ("Ada Lovelace", ["sales"], "Europe/Berlin")


async def test_a_change_of_a_user_names_the_version_that_was_seen(administrator):
    made = await administrator.post("/api/users", json=NEW)
    at, edit = made.headers["location"], {"name": "Ada Lovelace", "roles": ["billing"]}
    blind = await administrator.put(at, json=edit)
    good = await administrator.put(at, json=edit, headers={"if-match": made.headers["etag"]})
    late = await administrator.put(at, json={**edit, "name": "Ada"}, headers={"if-match": made.headers["etag"]})

    assert (blind.status_code, good.status_code, late.status_code) == (428, 200, 412)


async def test_the_last_administrator_is_not_shut_out(browser_of):
    admin = await browser_of("admin")
    [user] = (await admin.get("/api/users?text=admin")).json()["items"]
    at = f"/settings/users/{user['id']}"
    refused = await post(admin, f"{at}/activity", at, is_active="false")

    assert refused.status_code == 422
    assert "make another administrator first" in refused.text


async def test_settings_show_users_and_roles_to_administrators_only(browser_of):
    admin, clerk = await browser_of("admin"), await browser_of("billing")

    for path in ("/settings/users", "/settings/users/new", "/settings/roles"):
        assert (await admin.get(path)).status_code == 200
        assert (await clerk.get(path)).status_code == 403
    assert "/settings/users" not in (await clerk.get("/settings")).text
    assert "Repair failed steps" in (await admin.get("/settings/roles")).text


NEW_PASSWORD = "other looms weave too"


async def log_in(client, password):
    return await client.post("/log-in", data={"login": "billing@example.com", "password": password})


async def test_a_new_password_opens_and_ends_every_other_session(browser_of, anybody):
    here, elsewhere = await browser_of("billing"), await browser_of("billing")
    told = await post(here, "/settings/password", current=PASSWORD, password=NEW_PASSWORD, again=NEW_PASSWORD)

    assert (told.status_code, told.headers["location"]) == (303, "/settings")
    assert (await here.get("/settings")).status_code == 200
    assert (await elsewhere.get("/settings")).status_code == 303
    assert (await log_in(anybody, PASSWORD)).status_code == 401
    assert (await log_in(anybody, NEW_PASSWORD)).status_code == 303


@pytest.mark.parametrize(
    ("form", "told"),
    [
        ({"current": "not this one", "password": NEW_PASSWORD, "again": NEW_PASSWORD}, "not your current password"),
        ({"password": NEW_PASSWORD, "again": NEW_PASSWORD}, "not your current password"),
        ({"current": PASSWORD, "password": NEW_PASSWORD, "again": "something else"}, "two new passwords differ"),
        ({"current": PASSWORD, "password": "short", "again": "short"}, "too short"),
    ],
)
async def test_a_password_is_changed_by_who_knows_it_and_to_a_good_one(browser_of, anybody, form, told):
    here, elsewhere = await browser_of("billing"), await browser_of("billing")
    refused = await post(here, "/settings/password", **form)

    assert refused.status_code == 422
    assert told in refused.text
    assert (await elsewhere.get("/settings")).status_code == 200
    assert (await log_in(anybody, PASSWORD)).status_code == 303


async def test_a_key_changes_no_password(as_role):
    program = await as_role("billing")
    form = {"current": PASSWORD, "password": NEW_PASSWORD, "again": NEW_PASSWORD}

    answer = await program.post("/settings/password", data=form)

    assert (answer.status_code, "a key may not" in answer.text) == (422, True)
