"""A forgotten password: a link by e-mail, the same answer for everybody, and a new password."""

import re
import time

import pytest

from orderloom.base.transaction import transaction
from orderloom.base.types import SYSTEM
from orderloom.messages.doors import Doors
from orderloom.messages.sending import Postman
from orderloom.messages.types import Delivered
from orderloom.parties.commands import update_user
from orderloom.parties.types import UserEdit
from tests.web.conftest import PASSWORD, user_with_role

LOGIN = "sales@example.com"
FRESH = "looms weave new orders"
SAID = "If somebody logs in with this address"


class Box:
    """A channel that keeps what it is given."""

    def __init__(self):
        self.parcels = []

    async def deliver(self, parcel):
        self.parcels.append(parcel)
        return Delivered("accepted")


async def sent(database):
    """What goes out now, once."""
    box = Box()
    doors = Doors("https://orders.example.com", b"k" * 32)
    await Postman(database, {"email": box}, doors=doors).turn()
    return box.parcels


async def link_in(database):
    [parcel] = await sent(database)
    assert [parcel.recipient.address, parcel.subject.kind] == [LOGIN, "user"]
    return re.search(r"https://orders\.example\.com(/set-password/\S+)", parcel.text)[1]


async def ask(anybody, login=LOGIN):
    return await anybody.post("/log-in/forgotten", data={"login": login})


async def log_in(anybody, password):
    return await anybody.post("/log-in", data={"login": LOGIN, "password": password})


async def test_a_link_by_mail_sets_a_new_password_once(anybody, database, browser_of):
    browser = await browser_of("sales")
    asked = await ask(anybody)
    link = await link_in(database)
    page = await anybody.get(link)
    done = await anybody.post(link, data={"password": FRESH, "again": FRESH})
    again = await anybody.post(link, data={"password": PASSWORD, "again": PASSWORD})

    assert SAID in asked.text
    assert (page.status_code, page.headers["referrer-policy"], page.headers["cache-control"]) == (
        200,
        "no-referrer",
        "no-store",
    )
    assert (done.status_code, done.headers["location"], again.status_code) == (303, "/log-in", 404)
    assert (await log_in(anybody, PASSWORD)).status_code == 401
    assert (await browser.get("/settings")).status_code == 303
    assert (await log_in(anybody, FRESH)).status_code == 303


async def test_the_token_is_kept_nowhere(anybody, database):
    await user_with_role(database, "sales")
    await ask(anybody)
    token = (await link_in(database)).rsplit("/", 1)[1]
    async with transaction(database, SYSTEM) as tx:
        kept = [
            str(await tx.all(f"SELECT * FROM {name}")) for name in ("parties.link", "messages.message", "base.event")
        ]

    assert not any(token in rows for rows in kept)


async def test_a_weak_password_or_a_slip_leaves_the_link_good(anybody, database):
    await user_with_role(database, "sales")
    await ask(anybody)
    link = await link_in(database)
    weak = await anybody.post(link, data={"password": "short", "again": "short"})
    slip = await anybody.post(link, data={"password": FRESH, "again": f"{FRESH}!"})
    done = await anybody.post(link, data={"password": FRESH, "again": FRESH})

    assert (weak.status_code, slip.status_code, done.status_code) == (422, 422, 303)


async def test_who_is_no_user_gets_the_same_answer_after_the_same_time_and_no_mail(anybody, database):
    user_id = await user_with_role(database, "sales")
    answers, seconds = [], []
    for login in (LOGIN, "nobody@example.com"):
        before = time.perf_counter()
        answers.append(await ask(anybody, login))
        seconds.append(time.perf_counter() - before)
    async with transaction(database, SYSTEM) as tx:
        await update_user(tx, user_id, UserEdit("Sales", is_active=False))
    answers.append(await ask(anybody))

    texts = {re.sub(r'nonce="[^"]+"', "", answer.text) for answer in answers}
    assert len(texts) == 1 and SAID in texts.pop()
    assert min(seconds) >= 0.4
    assert len(await sent(database)) == 1


async def test_asking_again_and_again_is_refused_and_locks_nobody_out(anybody, database):
    await user_with_role(database, "sales")
    answers = [(await ask(anybody)).status_code for _ in range(6)]

    assert answers == [200] * 5 + [429]
    assert (await log_in(anybody, PASSWORD)).status_code == 303


@pytest.mark.parametrize("token", ["oll_made-up", "x"])
async def test_a_made_up_link_sets_nothing(anybody, token):
    answer = await anybody.post(f"/set-password/{token}", data={"password": FRESH, "again": FRESH})

    assert answer.status_code == 404
    assert "ask for a new one" in answer.text


async def test_looking_at_the_page_uses_nothing_up(anybody, database):
    await user_with_role(database, "sales")
    await ask(anybody)
    link = await link_in(database)
    for _ in range(3):
        await anybody.get(link)
        await anybody.head(link)

    assert (await anybody.post(link, data={"password": FRESH, "again": FRESH})).status_code == 303


async def test_an_administrator_lets_somebody_in_without_knowing_their_password(as_role, anybody, database):
    administrator = await as_role("admin")
    made = (await administrator.post("/api/users", json={"name": "Sal", "login": LOGIN, "roles": ["sales"]})).json()
    told = await administrator.post(f"/api/users/{made['id']}/password-link")
    link = await link_in(database)
    await anybody.post(link, data={"password": FRESH, "again": FRESH})

    assert told.status_code == 202
    assert (await log_in(anybody, FRESH)).status_code == 303
