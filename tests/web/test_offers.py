"""A customer's page: what it shows, what it takes, and that nobody finds it by chance."""

import statistics
import time

import pytest

from orderloom.base.transaction import transaction
from orderloom.base.types import SYSTEM
from orderloom.quotes.commands import answer_question, make_link, revise_quote, send_quote, write_content
from orderloom.quotes.reads import quote_page
from tests.quotes import given

LINES = (
    {"line": "1", "product": "CABLE", "quantity": 10},
    {"line": "2", "product": "CABLE", "quantity": 4, "optional": True, "chosen": False},
    {"line": "3", "product": "CABLE", "quantity": 2, "alternative": "spare"},
    {"line": "4", "product": "CABLE", "quantity": 8, "alternative": "spare", "chosen": False},
)
YES = {"version": "1", "name": "Ruth Abernathy", "agree": "true"}


@pytest.fixture
async def offer(database):
    """A quote that was sent, and the address of its page."""
    async with transaction(database, SYSTEM) as tx:
        await given.world(tx)
        quote = await given.quote(tx, LINES, sent=True, title="Cables")
        return quote, f"/offers/{(await make_link(tx, quote.id)).token}"


async def read(database, quote):
    async with transaction(database, SYSTEM) as tx:
        return await quote_page(tx, quote.id)


async def test_the_offer_is_read_and_the_page_is_kept_by_nobody(anybody, offer):
    answer = await anybody.get(offer[1])

    assert answer.status_code == 200
    assert "Cables" in answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "noindex" in answer.headers["x-robots-tag"]


async def test_only_the_digest_of_the_link_is_kept(database, offer):
    token = offer[1].removeprefix("/offers/")

    async with transaction(database, SYSTEM) as tx:
        kept = await tx.value("SELECT encode(token_hash, 'hex') FROM quotes.link")
        told = await tx.values("SELECT payload::text FROM base.event")

    assert len(token) >= 43
    assert token not in kept
    assert not any(token in one for one in told)


async def test_wrong_old_and_expired_links_answer_alike(anybody, database, offer):
    quote, old = offer
    async with transaction(database, SYSTEM) as tx:
        expired = f"/offers/{(await make_link(tx, quote.id)).token}"
        await tx.execute("UPDATE quotes.link SET expires_at = base.now() WHERE ended_at IS NULL")
    wrong = "/offers/" + "A" * 43
    seconds = {path: [] for path in (wrong, old, expired)}
    for _ in range(15):
        for path, taken in seconds.items():
            began = time.process_time()
            await anybody.get(path)
            taken.append(time.process_time() - began)
    answers = [await anybody.get(path) for path in seconds]
    refused = [await anybody.post(f"{path}/accept", data=YES) for path in seconds]
    typical = [statistics.median(taken) for taken in seconds.values()]

    def bare(one):
        return one.text.split("<body")[1]

    assert {answer.status_code for answer in (*answers, *refused)} == {404}
    assert len({bare(answer) for answer in (*answers, *refused)}) == 1
    assert max(typical) < 3 * min(typical)


async def test_options_change_the_total_and_reading_changes_nothing(anybody, database, offer):
    quote, path = offer
    before = await read(database, quote)

    plain = await anybody.get(path)
    chosen = await anybody.get(path, params={"choosing": "true", "pick.2": "yes", "alternative.spare": "4"})

    assert "30.00 USD" in plain.text
    assert "55.00 USD" in chosen.text
    assert await read(database, quote) == before
    for verb in ("accept", "decline", "ask"):
        assert (await anybody.get(f"{path}/{verb}", params=YES)).status_code == 405
    assert await read(database, quote) == before


async def test_a_customer_accepts_with_name_and_tick(anybody, database, offer):
    quote, path = offer
    unticked = await anybody.post(f"{path}/accept", data={**YES, "agree": "false"})
    nameless = await anybody.post(f"{path}/accept", data={"version": "1", "agree": "true"})
    accepted = await anybody.post(
        f"{path}/accept", data={**YES, "choosing": "true", "pick.2": "yes", "alternative.spare": "3"}
    )

    page = await read(database, quote)
    assert (unticked.status_code, nameless.status_code, accepted.status_code) == (422, 422, 303)
    assert (page.head.state, page.acceptance.name, page.acceptance.by_customer) == ("accepted", "Ruth Abernathy", True)
    assert page.acceptance.chosen == ["1", "2", "3"]
    assert "Accepted by" in (await anybody.get(path)).text


async def test_a_version_that_is_not_active_any_more_is_refused_and_the_newer_one_offered(anybody, database, offer):
    quote, path = offer
    async with transaction(database, SYSTEM) as tx:
        await revise_quote(tx, quote.id)
    waiting = await anybody.get(path)
    async with transaction(database, SYSTEM) as tx:
        await write_content(tx, quote.id, given.content(({**given.CABLE[0], "quantity": 7},)), seen=None)
        await send_quote(tx, quote.id)

    refused = await anybody.post(f"{path}/accept", data=YES)

    assert "preparing a newer version" in waiting.text
    assert refused.status_code == 409
    assert "read version 2" in refused.text
    assert "17.50 USD" in refused.text
    assert 'name="version" value="2"' in refused.text
    assert (await read(database, quote)).head.state == "sent"


async def test_a_customer_declines_with_a_reason(anybody, database, offer):
    quote, path = offer
    silent = await anybody.post(f"{path}/decline", data={"version": "1", "name": "Ruth"})
    declined = await anybody.post(f"{path}/decline", data={"version": "1", "name": "Ruth", "reason": "Too dear"})

    page = await read(database, quote)
    assert (silent.status_code, declined.status_code) == (422, 303)
    assert (page.head.state, page.head.state_note) == ("declined", "Ruth: Too dear")


async def test_a_question_is_answered_on_the_page_and_is_text_whatever_it_contains(anybody, database, offer):
    quote, path = offer
    await anybody.post(f"{path}/ask", data={"name": "Ruth", "text": "<b>Is it blue?</b>"})
    async with transaction(database, SYSTEM) as tx:
        [question] = (await quote_page(tx, quote.id)).questions
        await answer_question(tx, quote.id, question.id, answer="It is red.")

    shown = (await anybody.get(path)).text

    assert "&lt;b&gt;Is it blue?&lt;/b&gt;" in shown
    assert "It is red." in shown


async def test_questions_without_end_are_refused(anybody, offer):
    answers = [await anybody.post(f"{offer[1]}/ask", data={"name": "Ruth", "text": "Why?"}) for _ in range(21)]

    assert [answer.status_code for answer in answers] == [303] * 20 + [422]


async def test_another_site_cannot_accept_for_a_customer(anybody, database, offer):
    quote, path = offer
    answer = await anybody.post(f"{path}/accept", data=YES, headers={"origin": "https://elsewhere.example"})

    assert answer.status_code == 403
    assert (await read(database, quote)).head.state == "sent"


async def test_an_offer_whose_last_day_is_over_is_shown_and_not_accepted(anybody, database, offer):
    quote, path = offer
    async with transaction(database, SYSTEM) as tx:
        await tx.execute("UPDATE quotes.quote SET expires_at = base.now()")

    shown, refused = await anybody.get(path), await anybody.post(f"{path}/accept", data=YES)

    assert "This offer is over" in shown.text
    assert refused.status_code == 409
    assert (await read(database, quote)).head.state == "sent"


async def test_what_it_costs_us_is_not_on_the_customers_page(anybody, offer):
    text = (await anybody.get(offer[1])).text

    assert "list" not in text.split("<main")[1].lower().replace("no-list", "")
    assert "1.50" not in text
    assert "40 %" not in text
