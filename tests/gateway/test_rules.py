"""The pure parts: what outcomes mean, the circuit, signatures, addresses, moves."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from ipaddress import ip_address

import pytest
from hypothesis import given, strategies

from orderloom.gateway.addresses import LOCAL, may_call, networks
from orderloom.gateway.circuit import LONGEST_COOL_DOWN_SECONDS, Breaker, after
from orderloom.gateway.rules import Asked, asked_again, outcome_of_status, verdict
from orderloom.gateway.signatures import derived_secret, is_secret, secret_of, signed_headers, why_not_genuine
from orderloom.gateway.types import Attempt, AttemptOutcome, CallState, Circuit, ClaimedCall

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
CALL = ClaimedCall(
    id=1, attempt=1, tries=1, partner_id=1, partner="SQ", operation="qualify", url="https://x.example/SQ/qualify",
    body="{}", key="12:3", edition=1, correlation="12:3", timeout_seconds=1, retry_seconds=(5.0, 30.0),
    stop_when_unknown=False, in_doubt=False, started_at=datetime(2026, 1, 1, tzinfo=UTC), secrets=(SECRET,),
)  # fmt: skip
BREAKER = Breaker(1, Circuit.CLOSED, 0, 3, 10.0, 0)


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (200, "answered"), (202, "answered"), (204, "answered"), (301, "redirect"), (307, "redirect"),
        (400, "refused"), (401, "refused"), (404, "refused"), (409, "refused"), (422, "refused"),
        (408, "busy"), (425, "busy"), (429, "busy"), (503, "busy"), (500, "failed"), (502, "failed"), (599, "failed"),
    ],
)  # fmt: skip
def test_a_status_means_the_same_to_every_call(status: int, outcome: str) -> None:
    assert outcome_of_status(status, in_doubt=False, is_readable=True) == outcome


def test_a_conflict_after_an_attempt_in_doubt_means_that_the_first_still_runs() -> None:
    assert outcome_of_status(409, in_doubt=True, is_readable=True) is AttemptOutcome.BUSY
    assert outcome_of_status(200, in_doubt=False, is_readable=False) is AttemptOutcome.NONSENSE


@given(
    outcome=strategies.sampled_from(AttemptOutcome), tries=strategies.integers(1, 5), stop=strategies.booleans(),
    in_doubt=strategies.booleans(), chance=strategies.floats(0, 1),
)  # fmt: skip
def test_what_may_have_arrived_never_ends_as_exhausted_and_only_an_answer_is_an_answer(
    outcome: AttemptOutcome, tries: int, stop: bool, in_doubt: bool, chance: float
) -> None:
    call = replace(CALL, tries=tries, stop_when_unknown=stop, in_doubt=in_doubt)
    said = verdict(Attempt(call, outcome, 1.0), chance=chance)

    assert (said.state is CallState.ANSWERED) == (outcome is AttemptOutcome.ANSWERED)
    assert (said.state is CallState.REFUSED) == (outcome is AttemptOutcome.REFUSED)
    assert not (said.state is CallState.EXHAUSTED and said.in_doubt)
    if said.state is CallState.QUEUED:
        assert tries <= 2
        assert 5 <= said.delay_seconds <= 36
    if in_doubt and said.state in (CallState.UNKNOWN, CallState.QUEUED):
        assert said.in_doubt


def test_a_partner_may_ask_for_more_time_but_not_for_for_ever() -> None:
    asked = Attempt(CALL, AttemptOutcome.BUSY, 1.0, retry_after_seconds=60)
    assert verdict(asked, chance=0).delay_seconds == 60
    assert verdict(replace(asked, retry_after_seconds=1e9), chance=0).delay_seconds == 3600


@pytest.mark.parametrize(
    ("state", "is_same", "was_sent", "answer"),
    [
        (CallState.QUEUED, True, False, Asked.LEAVE), (CallState.SENDING, True, True, Asked.LEAVE),
        (CallState.ANSWERED, True, True, Asked.TELL), (CallState.REFUSED, True, True, Asked.RESEND),
        (CallState.UNKNOWN, True, True, Asked.RESEND), (CallState.CANCELLED, True, False, Asked.RESEND),
        (CallState.QUEUED, False, False, Asked.REPLACE), (CallState.QUEUED, False, True, Asked.NEW_EDITION),
        (CallState.REFUSED, False, True, Asked.NEW_EDITION), (CallState.ANSWERED, False, True, Asked.REFUSE),
        (CallState.SENDING, False, True, Asked.REFUSE),
    ],
)  # fmt: skip
def test_asking_again_depends_on_how_the_work_stands(
    state: CallState, is_same: bool, was_sent: bool, answer: Asked
) -> None:
    assert asked_again(state, is_same=is_same, was_sent=was_sent) is answer


def test_the_circuit_opens_at_the_limit_and_stays_open_longer_each_time() -> None:
    opened = after(BREAKER, [AttemptOutcome.TIMEOUT] * 3)
    assert (opened.circuit, opened.wait_seconds, opened.times_opened) == (Circuit.OPEN, 10.0, 1)

    again = after(replace(opened, circuit=Circuit.HALF_OPEN), [AttemptOutcome.FAILED])
    assert (again.circuit, again.wait_seconds) == (Circuit.OPEN, 20.0)

    closed = after(replace(again, circuit=Circuit.HALF_OPEN), [AttemptOutcome.REFUSED])
    assert (closed.circuit, closed.failures, closed.times_opened) == (Circuit.CLOSED, 0, 0)


@given(strategies.lists(strategies.sampled_from(AttemptOutcome), max_size=60))
def test_the_circuit_is_open_only_after_failures_in_a_row(outcomes: list[AttemptOutcome]) -> None:
    breaker = after(BREAKER, outcomes)
    assert (breaker.circuit == Circuit.OPEN) <= (breaker.failures >= BREAKER.failure_limit)
    assert breaker.wait_seconds is None or breaker.wait_seconds <= LONGEST_COOL_DOWN_SECONDS


def test_signatures_agree_with_the_published_example() -> None:
    headers = signed_headers(
        [SECRET], message_id="msg_p5jXN8AQM9LWM0D4loKWxJek", timestamp=1614265330, body=b'{"test": 2432232314}'
    )
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_genuine_message_passes_with_either_of_two_keys() -> None:
    old, fresh = secret_of(b"o" * 32), secret_of(b"n" * 32)
    headers = signed_headers([old], message_id="msg_1", timestamp=1000, body=b"{}")
    assert why_not_genuine([fresh, old], headers, b"{}", now=1010) is None
    assert why_not_genuine([fresh], headers, b"{}", now=1010) == "forged"
    assert why_not_genuine([], headers, b"{}", now=1010) == "forged"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"webhook-id": "msg_2"}, "forged"), ({"webhook-timestamp": "1001"}, "forged"),
        ({"webhook-signature": "v1,AAAA"}, "forged"), ({"webhook-signature": "é"}, "forged"),
        ({"webhook-id": ""}, "unsigned"), ({"webhook-timestamp": "-5"}, "unsigned"),
        ({"webhook-timestamp": "١٢٣"}, "unsigned"), ({"webhook-signature": ""}, "unsigned"),
    ],
)  # fmt: skip
def test_anything_that_was_changed_is_not_believed(change: dict[str, str], reason: str) -> None:
    headers = signed_headers([SECRET], message_id="msg_1", timestamp=1000, body=b"{}")
    assert why_not_genuine([SECRET], headers | change, b"{}", now=1000) == reason
    assert why_not_genuine([SECRET], headers, b"{ }", now=1000) == "forged"


@pytest.mark.parametrize("now", [699, 1301])
def test_a_message_too_old_or_from_the_future_is_stale(now: int) -> None:
    headers = signed_headers([SECRET], message_id="msg_1", timestamp=1000, body=b"{}")
    assert why_not_genuine([SECRET], headers, b"{}", now=now) == "stale"


def test_derived_keys_differ_by_partner_and_direction() -> None:
    keys = {derived_secret("m", partner=code, direction=way) for code in ("SQ", "WMS") for way in ("in", "out")}
    assert len(keys) == 4
    assert all(is_secret(key) for key in keys)
    assert not is_secret("whsec_short")
    assert not is_secret("whsec_é")


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.1.1", "0.0.0.0", "100.64.0.1", "224.0.0.1", "::1",
     "fe80::1", "fc00::1", "::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:7f00:1::", "255.255.255.255"],
)  # fmt: skip
def test_addresses_that_are_not_public_are_refused(address: str) -> None:
    assert not may_call(ip_address(address), ())


def test_a_named_network_opens_itself_only_and_never_the_metadata() -> None:
    opened = networks("127.0.0.0/8, 169.254.0.0/16")
    assert may_call(ip_address("127.0.0.1"), opened)
    assert may_call(ip_address("::ffff:127.0.0.1"), opened)
    assert not may_call(ip_address("10.0.0.1"), opened)
    assert not may_call(ip_address("169.254.169.254"), opened)
    assert may_call(ip_address("8.8.8.8"), ())
    assert may_call(ip_address("10.1.1.1"), LOCAL)
