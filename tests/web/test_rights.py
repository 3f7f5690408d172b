"""Every route with every role: what the rights say is what happens."""

import re

import pytest

from orderloom.parties.policy import PERMISSIONS
from orderloom.web.app import gather_routes
from orderloom.web.routes import PUBLIC, SIGNED_IN

ROLES = (
    "admin", "sales", "order_manager", "warehouse", "technician", "billing", "approver", "catalog_manager",
    "partner_manager", "auditor",
)  # fmt: skip
REFUSED = {401, 403}


def address_of(route):
    return re.sub(r"\{\w+:(\w+)\}", lambda found: "x" if found[1] in {"str", "path"} else "999999", route.path)


def test_no_route_exists_without_a_declared_right(app):
    known = {PUBLIC, SIGNED_IN, *PERMISSIONS}
    handlers = [handler for route in app.routes for handler in route.route_handlers]
    declared = [handler.opt["route"] for handler in handlers if handler.http_methods != {"OPTIONS"}]

    assert {route.permission for route in declared} <= known
    assert len(declared) >= len(gather_routes())


def test_only_what_must_be_is_open_to_everybody():
    assert {route.path for route in gather_routes() if route.permission == PUBLIC} == {
        "/log-in", "/log-in/code", "/health/live", "/health/ready", "/metrics", "/static/{name:path}", "/api/docs",
        "/api/openapi.json", "/log-in/forgotten", "/set-password/{token:str}",
        "/api/gateway/{partner:str}/messages",
        "/offers/{token:str}", "/offers/{token:str}/ask", "/offers/{token:str}/accept", "/offers/{token:str}/decline",
        "/decide/{token:str}",
    }  # fmt: skip


async def test_nobody_gets_anywhere_without_logging_in(anybody):
    for route in gather_routes():
        if route.permission != PUBLIC:
            answer = await anybody.request(route.method, address_of(route))
            assert answer.status_code in {303, 401}, route


@pytest.mark.parametrize("role", ROLES)
async def test_each_role_reaches_what_its_rights_cover_and_nothing_else(role, as_role, database):
    client = await as_role(role)
    async with database.connection() as connection:
        cursor = await connection.execute("SELECT permissions FROM parties.role WHERE code = %s", (role,))
        granted = set((await cursor.fetchone())[0])
    for route in gather_routes():
        if route.permission == PUBLIC or route.path == "/live":
            continue
        allowed = route.permission == SIGNED_IN or route.permission in granted or "*" in granted
        answer = await client.request(route.method, address_of(route), headers={"accept": "application/json"})
        assert (answer.status_code not in REFUSED) == allowed, (route.method, route.path, answer.status_code)
        assert answer.status_code < 500, (route.method, route.path, answer.text)
