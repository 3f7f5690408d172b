"""What every answer carries, and how every error looks."""


async def test_an_unknown_address_of_the_api_is_a_problem_document(anybody):
    answer = await anybody.get("/api/nothing-here")

    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["problems"][0]["code"] == "not_found"


async def test_an_unknown_address_shows_people_a_page(anybody):
    answer = await anybody.get("/nothing-here", headers={"accept": "text/html"})

    assert answer.status_code == 404
    assert "<h1>" in answer.text


async def test_pages_allow_no_inline_script_and_no_other_origin(anybody):
    answer = await anybody.get("/log-in")
    policy = answer.headers["content-security-policy"]

    assert answer.status_code == 200
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    nonce = policy.split("'nonce-")[1].split("'")[0]
    assert answer.text.count(f'nonce="{nonce}"') == answer.text.count("<script")
    assert "style=" not in answer.text
    assert "http://" not in answer.text.replace("http://desk", "")
    assert "https://" not in answer.text


async def test_two_answers_have_two_nonces(anybody):
    first, second = await anybody.get("/log-in"), await anybody.get("/log-in")

    assert first.headers["content-security-policy"] != second.headers["content-security-policy"]


async def test_what_is_open_to_everybody_answers(anybody):
    for path in ("/health/live", "/health/ready", "/metrics", "/api/docs", "/api/openapi.json"):
        answer = await anybody.get(path)

        assert answer.status_code == 200, path
        assert answer.headers["x-content-type-options"] == "nosniff", path


async def test_requests_are_counted(anybody):
    await anybody.get("/health/live")
    counted = await anybody.get("/metrics")

    assert 'route="/health/live",status="200"} 1.0' in counted.text


async def test_the_correlation_id_of_the_caller_is_kept(anybody):
    answer = await anybody.get("/api/nothing", headers={"x-correlation-id": "from-the-caller-1"})

    assert answer.headers["x-correlation-id"] == "from-the-caller-1"
    assert answer.json()["correlation_id"] == "from-the-caller-1"


async def test_a_key_that_does_not_hold_is_refused(anybody):
    answer = await anybody.get("/log-in", headers={"authorization": "Bearer made-up"})

    assert answer.status_code in {303, 401}


async def test_static_files_are_sent_compressed_and_kept(anybody):
    answer = await anybody.get("/static/orderloom.css", headers={"accept-encoding": "gzip"})

    assert answer.headers["content-encoding"] == "gzip"
    assert "immutable" in answer.headers["cache-control"]
    assert (await anybody.get("/static/../settings.py")).status_code == 404
    assert (await anybody.get("/static/%2e%2e/settings.py")).status_code == 404


async def test_a_body_that_is_too_large_is_refused_early(anybody):
    answer = await anybody.post("/log-in", content=b"x" * 11_000_000, headers={"content-type": "application/json"})

    assert answer.status_code in {405, 413}
