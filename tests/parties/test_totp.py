"""Codes of an authenticator, by the vectors of the standards."""

import base64
from urllib.parse import parse_qs, urlsplit

import pytest

from orderloom.parties import totp

SECRET = b"12345678901234567890"


@pytest.mark.parametrize(
    ("at", "code"),
    [(59, "287082"), (1111111109, "081804"), (1111111111, "050471"), (1234567890, "005924"), (20000000000, "353130")],
)
def test_the_codes_are_those_of_rfc_6238(at: int, code: str) -> None:
    """Appendix B gives eight digits; six are the last six of them (RFC 4226, 5.3)."""
    assert totp.matching_step(SECRET, code, at=at) == at // 30


@pytest.mark.parametrize(("late", "fits"), [(-60, False), (-30, True), (0, True), (30, True), (60, False)])
def test_a_clock_may_be_half_a_minute_off(late: int, fits: bool) -> None:
    assert (totp.matching_step(SECRET, "081804", at=1111111109 + late) is not None) is fits


@pytest.mark.parametrize("typed", ["", "81804", "0818040", "08180４", "08180x", "²81804", "-81804"])
def test_what_is_no_code_never_fits(typed: str) -> None:
    assert totp.matching_step(SECRET, typed, at=1111111109) is None


def test_a_code_may_be_typed_in_two_groups() -> None:
    assert totp.matching_step(SECRET, " 081 804 ", at=1111111109) is not None


def test_the_address_tells_the_app_whose_secret_it_is() -> None:
    address = urlsplit(totp.address_of(SECRET, "ann+1@example.com"))

    assert (address.scheme, address.netloc, address.path) == ("otpauth", "totp", "/Orderloom:ann%2B1%40example.com")
    fields = parse_qs(address.query)
    assert base64.b32decode(fields["secret"][0]) == SECRET
    assert fields["issuer"] == ["Orderloom"]


def test_recovery_codes_are_read_however_they_are_typed() -> None:
    codes = totp.new_recovery_codes()

    assert len(set(codes)) == len(codes) == 10
    for code in codes:
        assert len(totp.plain(code)) == 16
        assert totp.plain(code.lower().replace("-", " ")) == totp.plain(code)
        assert totp.plain(code.replace("O", "0").replace("I", "1").replace("B", "8")) == totp.plain(code)
