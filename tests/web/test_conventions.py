"""What every program may rely on: keys that make retries safe, versions, cursors, refusals that list everything."""

import asyncio

import pytest

ACCOUNT = {"name": "Nordwind GmbH", "country": "DE"}


@pytest.fixture
async def manager(as_role):
    return await as_role("order_manager")


async def open_account(client, key=None, **fields):
    headers = {"idempotency-key": key} if key else {}
    return await client.post("/api/customers", json={**ACCOUNT, **fields}, headers=headers)


async def test_the_same_key_and_body_get_the_same_answer_once(manager):
    first = await open_account(manager, "k-1")
    second = await open_account(manager, "k-1")

    assert (first.status_code, second.status_code) == (201, 201)
    assert second.json() == first.json()
    assert second.headers["idempotent-replayed"] == "true"
    assert second.headers["etag"] == first.headers["etag"]
    assert len((await manager.get("/api/customers")).json()["items"]) == 1


async def test_the_same_key_with_another_body_is_refused(manager):
    await open_account(manager, "k-1")
    second = await open_account(manager, "k-1", name="Somebody else")

    assert second.status_code == 422
    assert second.json()["problems"][0]["code"] == "idempotency_key_reused"


async def test_one_of_two_requests_at_once_with_one_key_wins(manager):
    answers = await asyncio.gather(*(open_account(manager, "k-1") for _ in range(6)))

    assert {answer.status_code for answer in answers} <= {201, 409}
    assert len((await manager.get("/api/customers")).json()["items"]) == 1


async def test_a_refused_request_leaves_its_key_free(manager):
    refused = await manager.post("/api/customers", json={"name": ""}, headers={"idempotency-key": "k-1"})
    again = await open_account(manager, "k-1")

    assert refused.status_code == 422
    assert again.status_code == 201


async def test_two_people_may_use_the_same_key(manager, as_role):
    other = await as_role("admin")
    first, second = await open_account(manager, "k-1"), await open_account(other, "k-1")

    assert first.json()["id"] != second.json()["id"]


async def test_a_change_must_name_the_version_that_was_seen(manager):
    opened = await open_account(manager)
    path = opened.headers["location"]
    etag = (await manager.get(path)).headers["etag"]
    change = {"name": "Nordwind AG", "country": "DE"}

    missing = await manager.put(path, json=change)
    good = await manager.put(path, json=change, headers={"if-match": etag})
    stale = await manager.put(path, json={**change, "name": "Late"}, headers={"if-match": etag})

    assert (missing.status_code, good.status_code, stale.status_code) == (428, 200, 412)
    assert good.headers["etag"] != etag
    assert (await manager.get(path)).json()["name"] == "Nordwind AG"


async def test_a_list_is_read_page_by_page_without_gaps(manager):
    for number in range(7):
        await open_account(manager, name=f"Customer {number}")
    names, cursor = [], ""
    while cursor is not None:
        page = (
            await manager.get("/api/customers", params={"limit": 3, **({"cursor": cursor} if cursor else {})})
        ).json()
        names += [row["name"] for row in page["items"]]
        cursor = page["next"]

    assert names == [f"Customer {number}" for number in range(7)]


MADE_UP = ("%00", "abc", "WzEsMl0", "W10", "bnVsbA", "x" * 900)


async def test_a_made_up_cursor_is_refused(manager):
    said = {cursor: (await manager.get("/api/customers", params={"cursor": cursor})).status_code for cursor in MADE_UP}

    assert said == dict.fromkeys(MADE_UP, 422)


BAD_BODIES = {
    "no JSON": (b'{"name": ', "json_malformed"),
    "double key": (b'{"name": "a", "name": "b"}', "key_double"),
    "unknown field": (b'{"name": "a", "colour": "red"}', "field_unknown"),
    "NaN": (b'{"name": NaN}', "json_malformed"),
    "NUL": (b'{"name": "a\\u0000b"}', "text_nul"),
    "lone surrogate": (b'{"name": "a\\ud800b"}', "text_surrogate"),
    "nested 10,000 deep": (b"[" * 10_000 + b"]" * 10_000, "nesting_too_deep"),
    "not UTF-8": (b'{"name": "\xff"}', "json_malformed"),
    "empty": (b"", "json_malformed"),
}


async def test_bad_bodies_are_refused_with_what_is_wrong(manager):
    for name, (body, code) in BAD_BODIES.items():
        answer = await manager.post("/api/customers", content=body, headers={"content-type": "application/json"})

        assert answer.status_code == 422, name
        assert answer.headers["content-type"] == "application/problem+json", name
        assert code in [problem["code"] for problem in answer.json()["problems"]], name
        assert "Traceback" not in answer.text, name


async def test_every_problem_is_listed_with_its_pointer(manager):
    answer = await manager.post("/api/customers", json={"nam": "x", "contacts": [{"name": 3}, {}]})
    pointers = {problem["pointer"] for problem in answer.json()["problems"]}

    assert {"/nam", "/name", "/contacts/0/name", "/contacts/1/name"} <= pointers


async def test_another_media_type_is_refused(manager):
    answer = await manager.post("/api/customers", content=b"<a/>", headers={"content-type": "application/xml"})

    assert answer.status_code == 415
    assert answer.json()["problems"][0]["code"] == "media_type_unsupported"


async def test_a_body_of_fifty_megabytes_is_refused(manager):
    answer = await manager.post(
        "/api/customers", content=b"x" * 50_000_000, headers={"content-type": "application/json"}
    )

    assert answer.status_code == 413
    assert answer.json()["problems"][0]["code"] == "body_too_large"


async def test_a_wrong_method_is_named(manager):
    answer = await manager.delete("/api/customers")

    assert answer.status_code == 405
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_bug_says_nothing_about_itself(manager, monkeypatch):
    from orderloom.web.api import parties

    async def broken(*_args, **_kwargs):
        raise ZeroDivisionError("the secret reason")

    monkeypatch.setattr(parties.reads, "list_accounts", broken)
    answer = await manager.get("/api/customers")

    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert answer.json()["correlation_id"] == answer.headers["x-correlation-id"]


async def test_the_description_names_every_route_and_its_right(anybody, app):
    document = (await anybody.get("/api/openapi.json")).json()
    described = {(path, method) for path, methods in document["paths"].items() for method in methods}

    assert document["openapi"] == "3.1.0"
    assert ("/api/customers/{account_id}", "put") in described
    put = document["paths"]["/api/customers/{account_id}"]["put"]
    assert {"412", "428", "422", "404"} <= put["responses"].keys()
    assert put["requestBody"]["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/AccountEdit"}
    text = str(document)
    assert all(f"'{name}'" in text for name in document["components"]["schemas"])
    assert "$defs" not in text
