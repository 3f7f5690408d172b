"""Calls over a real wire: what each behaviour of a partner makes of them."""

from __future__ import annotations

import asyncio
import socket
from ipaddress import ip_address

import pytest

from orderloom.base.transaction import Database, transaction
from orderloom.base.types import SYSTEM
from orderloom.gateway.addresses import networks
from orderloom.gateway.commands import set_online
from orderloom.gateway.sending import Sender, claim, run_calls
from orderloom.gateway.wire import Wire

from . import given
from .conftest import Partners


async def sent_until_quiet(database: Database, *, rounds: int = 20, pause: float = 0.03) -> None:
    async with given.wire() as wire:
        for _ in range(rounds):
            await run_calls(database, wire, "w1")
            await asyncio.sleep(pause)


async def test_an_answer_is_kept_and_told_with_the_callers_correlation(database: Database, partners: Partners) -> None:
    await given.committed_partner(database, endpoint=partners.endpoint())
    [call_id] = await given.committed_calls(database, given.draft())

    async with given.wire() as wire:
        assert await run_calls(database, wire, "w1") == 1
        assert await run_calls(database, wire, "w1") == 0

    call = await given.call_row(database, call_id)
    assert (call["state"], call["status"], call["attempts"]) == ("answered", 200, 1)
    assert call["reply"]["outputs"]["lineStatus"] == "free"
    async with transaction(database, SYSTEM) as tx:
        kind, subject_id, payload = await tx.one(
            "SELECT subject_kind, subject_id, payload FROM base.event WHERE type = 'gateway.call_answered'"
        )
        headers, reply = await tx.one("SELECT request_headers, reply_body FROM gateway.attempt")
    assert (kind, subject_id, payload["correlation"]) == ("orders.order", 7, "12:3")
    assert payload["reply"]["outputs"]["lineStatus"] == "free"
    assert headers["idempotency-key"] == "12:3"
    assert "webhook-signature" not in headers
    assert "lineStatus" in reply


async def test_a_later_answer_is_202_now_and_a_message_afterwards(database: Database) -> None:
    from .conftest import inbox_of, served, simulator_for

    async with served(inbox_of(database)) as inbox, simulator_for(inbox) as partners:
        partners.behave(("*", {"answer": "later", "duplicate": 1.0}))
        await given.committed_partner(database, endpoint=partners.endpoint())
        [call_id] = await given.committed_calls(database, given.draft())
        async with given.wire() as wire:
            await run_calls(database, wire, "w1")
        await partners.simulator.messenger.drain()

    assert (await given.call_row(database, call_id))["status"] == 202
    async with transaction(database, SYSTEM) as tx:
        rows = await tx.all("SELECT type, correlation, call_id, state, deliveries FROM gateway.message")
    assert rows == [("qualify", "12:3", call_id, "received", 2)]
    assert (await given.event_types(database)).count("gateway.message_received") == 1


async def test_server_errors_are_retried_with_the_same_key_until_one_answers(
    database: Database, partners: Partners
) -> None:
    partners.behave(("qualify", {"error": 1.0, "times": 2}))
    await given.committed_partner(database, endpoint=partners.endpoint(), retry_seconds=(0.01, 0.01, 0.01))
    [call_id] = await given.committed_calls(database, given.draft())

    await sent_until_quiet(database)

    assert await given.attempts(database, call_id) == ["busy", "busy", "answered"]
    assert partners.effect_counts() == {"12:3": 1}
    assert partners.request_counts() == {"12:3": 3}


async def test_a_call_whose_attempts_are_used_up_is_exhausted_not_answered(database: Database) -> None:
    await given.committed_partner(database, endpoint=f"http://127.0.0.1:{free_port()}/SQ", retry_seconds=(0.01,))
    [call_id] = await given.committed_calls(database, given.draft())

    await sent_until_quiet(database)

    assert (await given.call_row(database, call_id))["state"] == "exhausted"
    assert await given.attempts(database, call_id) == ["unreachable", "unreachable"]
    assert "gateway.call_exhausted" in await given.event_types(database)


async def test_a_business_refusal_is_final_at_once(database: Database, partners: Partners) -> None:
    partners.behave(("qualify", {"refuse": 1.0}))
    await given.committed_partner(database, endpoint=partners.endpoint())
    [call_id] = await given.committed_calls(database, given.draft())

    await sent_until_quiet(database, rounds=2)

    call = await given.call_row(database, call_id)
    assert (call["state"], call["status"], call["reply"]["code"]) == ("refused", 422, "not_possible")
    assert await given.event_types(database) == ["gateway.call_refused"]


@pytest.mark.parametrize(("manner", "outcome"), [("silence", "timeout"), ("hang_up", "lost"), ("nonsense", "nonsense")])
async def test_no_reply_after_sending_is_unknown_where_the_operation_says_stop(
    database: Database, partners: Partners, manner: str, outcome: str
) -> None:
    partners.behave(("qualify", {manner: 1.0, "silence_seconds": 2}))
    await given.committed_partner(
        database, endpoint=partners.endpoint(), timeout_seconds=0.3, stop_when_unknown=("qualify",)
    )
    [call_id] = await given.committed_calls(database, given.draft())

    await sent_until_quiet(database, rounds=2)

    assert (await given.call_row(database, call_id))["state"] == "unknown"
    assert await given.attempts(database, call_id) == [outcome]
    assert await given.event_types(database) == ["gateway.call_unknown"]


@pytest.mark.parametrize("manner", ["silence", "hang_up", "nonsense", "late"])
async def test_elsewhere_it_is_sent_again_with_the_same_key_and_has_one_effect(
    database: Database, partners: Partners, manner: str
) -> None:
    partners.behave(("qualify", {manner: 1.0, "silence_seconds": 1, "late_seconds": 1, "times": 1}))
    await given.committed_partner(
        database, endpoint=partners.endpoint(), timeout_seconds=0.3, retry_seconds=(0.01, 0.01)
    )
    [call_id] = await given.committed_calls(database, given.draft())

    await sent_until_quiet(database, rounds=6)

    call = await given.call_row(database, call_id)
    assert (call["state"], call["attempts"], call["in_doubt"]) == ("answered", 2, False)
    assert partners.effect_counts() == {"12:3": 1}


async def test_a_call_in_doubt_ends_unknown_even_if_the_partner_is_gone_afterwards(database: Database) -> None:
    from .conftest import simulator_for

    async with simulator_for("") as partners:
        partners.behave(("qualify", {"hang_up": 1.0}))
        await given.committed_partner(database, endpoint=partners.endpoint(), retry_seconds=(0.01,))
        [call_id] = await given.committed_calls(database, given.draft())
        await sent_until_quiet(database, rounds=1)
    await sent_until_quiet(database, rounds=3)

    assert await given.attempts(database, call_id) == ["lost", "unreachable"]
    assert (await given.call_row(database, call_id))["state"] == "unknown"


async def test_the_circuit_opens_after_failures_in_a_row_and_one_call_tries_it_again(
    database: Database, partners: Partners
) -> None:
    port = free_port()
    await given.committed_partner(
        database,
        endpoint=f"http://127.0.0.1:{port}/SQ",
        failure_limit=3,
        cool_down_seconds=0.2,
        retry_seconds=(0.01,) * 9,
    )
    await given.committed_calls(database, *[given.draft(f"1:{n}") for n in range(6)])

    async with given.wire() as wire:
        assert await run_calls(database, wire, "w1") == 6
        assert await circuit(database) == "open"
        assert await run_calls(database, wire, "w1") == 0
        await asyncio.sleep(0.25)
        assert len(await claim(database, "w1", 10)) == 1, "half-open lets a single call through"
        assert await circuit(database) == "half_open"
        assert await claim(database, "w2", 10) == []


async def test_a_good_answer_closes_the_circuit(database: Database, partners: Partners) -> None:
    partners.behave(("qualify", {"hang_up": 1.0, "times": 3}))
    await given.committed_partner(
        database, endpoint=partners.endpoint(), failure_limit=3, cool_down_seconds=0.05, retry_seconds=(0.01,) * 9
    )
    ids = await given.committed_calls(database, *[given.draft(f"1:{n}") for n in range(3)])

    await sent_until_quiet(database)

    assert [(await given.call_row(database, call_id))["state"] for call_id in ids] == ["answered"] * 3
    assert await circuit(database) == "closed"
    assert (await given.event_types(database)).count("gateway.partner_circuit_moved") == 2


async def test_a_partner_off_line_is_not_called_until_it_is_back(database: Database, partners: Partners) -> None:
    await given.committed_partner(database, endpoint=partners.endpoint())
    await given.committed_calls(database, given.draft())
    async with transaction(database, SYSTEM) as tx:
        assert await set_online(tx, ["SQ"], False, reason="maintenance") == ["SQ"]
        assert await set_online(tx, ["SQ"], False, reason="maintenance") == []

    async with given.wire() as wire:
        assert await run_calls(database, wire, "w1") == 0
        async with transaction(database, SYSTEM) as tx:
            await set_online(tx, ["SQ"], True, reason="done")
        assert await run_calls(database, wire, "w1") == 1


async def test_rate_and_calls_in_flight_are_kept_over_all_workers(database: Database) -> None:
    await given.committed_partner(database, "SQ", rate_per_second=4)
    await given.committed_partner(database, "WMS", max_in_flight=3, rate_per_second=1000)
    await given.committed_calls(database, *[given.draft(f"1:{n}") for n in range(20)])
    await given.committed_calls(database, *[given.draft(f"2:{n}", partner="WMS") for n in range(20)])

    claims = [await claim(database, f"w{n}", 100) for n in range(4)]

    codes = [call.partner for taken in claims for call in taken]
    assert codes.count("SQ") in (4, 5)  # a token may be refilled meanwhile
    assert codes.count("WMS") == 3


async def test_two_workers_never_send_one_call_at_the_same_time(database: Database, partners: Partners) -> None:
    partners.behave(("*", {"delay_seconds": [0.0, 0.0]}))
    await given.committed_partner(database, endpoint=partners.endpoint(), max_in_flight=50, rate_per_second=10_000)
    await given.committed_calls(database, *[given.draft(f"1:{n}") for n in range(200)])

    async def work(name: str) -> None:
        async with given.wire() as wire:
            for _ in range(40):
                await run_calls(database, wire, name, 20)

    await asyncio.gather(*(work(f"w{n}") for n in range(3)))

    assert set(partners.request_counts().values()) == {1}
    assert len(partners.request_counts()) == 200


async def test_a_worker_killed_while_sending_loses_its_lease_and_the_key_stays(
    database: Database, partners: Partners
) -> None:
    await given.committed_partner(database, endpoint=partners.endpoint())
    [call_id] = await given.committed_calls(database, given.draft())
    [claimed] = await claim(database, "dead", 1)
    async with given.wire() as wire:
        await wire.send(claimed)  # it arrived, but nobody is left to record the answer
        assert await run_calls(database, wire, "w2") == 0, "the lease still holds"
        await expire_leases(database)
        assert await run_calls(database, wire, "w2") == 1

    assert await given.attempts(database, call_id) == ["lease_lost", "answered"]
    assert partners.effect_counts() == {"12:3": 1}
    assert partners.request_counts() == {"12:3": 2}


async def test_a_lost_lease_is_unknown_where_the_operation_says_stop(database: Database) -> None:
    await given.committed_partner(database, stop_when_unknown=("qualify",))
    [call_id] = await given.committed_calls(database, given.draft())
    await claim(database, "dead", 1)
    await expire_leases(database)

    assert await claim(database, "w2", 1) == []

    assert (await given.call_row(database, call_id))["state"] == "unknown"
    assert await given.event_types(database) == ["gateway.call_unknown"]


async def test_a_late_record_of_a_slow_worker_counts_while_no_other_attempt_has_begun(
    database: Database, partners: Partners
) -> None:
    from orderloom.gateway.sending import record

    await given.committed_partner(database, endpoint=partners.endpoint(), stop_when_unknown=("qualify",))
    [call_id] = await given.committed_calls(database, given.draft())
    [claimed] = await claim(database, "slow", 1)
    async with given.wire() as wire:
        attempt = await wire.send(claimed)
    await expire_leases(database)
    await claim(database, "w2", 1)

    await record(database, [attempt], "slow")
    await record(database, [attempt], "slow")

    assert (await given.call_row(database, call_id))["state"] == "answered"
    assert await given.attempts(database, call_id) == ["answered"]


async def test_a_slow_partner_delays_no_other(database: Database, partners: Partners) -> None:
    partners.behave(("slow", {"delay_seconds": [0, 0], "late": 1.0, "late_seconds": 1.0}))
    await given.committed_partner(database, endpoint=partners.endpoint())
    await given.committed_partner(database, "WMS", endpoint=partners.endpoint("WMS"))
    [slow] = await given.committed_calls(database, given.draft("1:1", operation="slow"))
    async with given.wire() as wire, Sender(database, wire, "w1") as sender:
        await sender.turn()
        [quick] = await given.committed_calls(database, given.draft("1:2", partner="WMS"))
        while (await given.call_row(database, quick))["state"] != "answered":
            await sender.turn()
        assert (await given.call_row(database, slow))["state"] == "sending"
    assert (await given.call_row(database, slow))["state"] == "answered"


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "10.1.2.3", "169.254.169.254", "[::1]", "[::ffff:127.0.0.1]", "100.64.0.1"]
)
async def test_private_addresses_are_refused_unless_the_configuration_opens_them(database: Database, host: str) -> None:
    await given.committed_partner(database, endpoint=f"https://{host}:1/SQ")
    [call_id] = await given.committed_calls(database, given.draft())

    async with Wire() as wire:
        await run_calls(database, wire, "w1")

    assert (await given.call_row(database, call_id))["state"] == "exhausted"
    assert await given.attempts(database, call_id) == ["blocked"]


async def test_the_metadata_address_is_refused_even_when_its_network_is_opened(database: Database) -> None:
    await given.committed_partner(database, endpoint="http://169.254.169.254/latest")
    [call_id] = await given.committed_calls(database, given.draft())

    async with Wire(networks("169.254.0.0/16")) as wire:
        await run_calls(database, wire, "w1")

    assert await given.attempts(database, call_id) == ["blocked"]


async def test_a_name_that_leads_to_a_private_address_is_refused(database: Database, partners: Partners) -> None:
    async def resolve(_host: str, _port: int) -> list[object]:
        return [ip_address("93.184.216.34"), ip_address("127.0.0.1")]

    await given.committed_partner(database, endpoint="https://partner.example/SQ")
    [call_id] = await given.committed_calls(database, given.draft())

    async with Wire(resolve=resolve) as wire:  # type: ignore[arg-type]
        await run_calls(database, wire, "w1")

    assert await given.attempts(database, call_id) == ["blocked"]
    assert partners.request_counts() == {}


async def test_a_name_is_resolved_once_and_the_checked_address_is_called(
    database: Database, partners: Partners
) -> None:
    asked = []

    async def resolve(host: str, _port: int) -> list[object]:
        asked.append(host)
        return [ip_address("127.0.0.1")]

    port = partners.url.rsplit(":", 1)[1]
    await given.committed_partner(database, endpoint=f"http://partner.example:{port}/SQ")
    [call_id] = await given.committed_calls(database, given.draft())

    async with Wire(given.LOOPBACK, resolve=resolve) as wire:  # type: ignore[arg-type]
        await run_calls(database, wire, "w1")

    assert (await given.call_row(database, call_id))["state"] == "answered"
    assert asked == ["partner.example"]


async def test_plain_http_to_a_public_address_is_refused(database: Database) -> None:
    await given.committed_partner(database, endpoint="http://93.184.216.34/SQ")
    [call_id] = await given.committed_calls(database, given.draft())

    await sent_until_quiet(database, rounds=1)

    assert await given.attempts(database, call_id) == ["blocked"]


async def test_a_redirect_is_not_followed(database: Database, partners: Partners) -> None:
    partners.behave(("qualify", {"redirect": 1.0}))
    await given.committed_partner(database, endpoint=partners.endpoint())
    [call_id] = await given.committed_calls(database, given.draft())

    await sent_until_quiet(database, rounds=2)

    call = await given.call_row(database, call_id)
    assert (call["state"], call["status"], call["attempts"]) == ("exhausted", 307, 1)


async def circuit(database: Database) -> str:
    async with transaction(database, SYSTEM) as tx:
        found: str = await tx.value("SELECT circuit FROM gateway.partner")
        return found


async def expire_leases(database: Database) -> None:
    async with transaction(database, SYSTEM) as tx:
        await tx.execute(
            "UPDATE gateway.call SET lease_until = clock_timestamp() - interval '1 second' WHERE state = 'sending'"
        )


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
