"""Addresses, tax ids, passwords, codes and differences: pure, by tables."""

from __future__ import annotations

from decimal import Decimal

import pytest

from orderloom.base.parsing import parse
from orderloom.base.refusals import Refused
from orderloom.parties.passwords import password_problem
from orderloom.parties.postal import address_lines, address_problems, is_country, normalised
from orderloom.parties.rules import differences, place_codes
from orderloom.parties.tax_ids import compacted_tax_id, tax_id_problem
from orderloom.parties.types import AccountDraft, AddressDraft, KeyDraft, LogIn, PostalAddress, UserDraft


@pytest.mark.parametrize(
    ("address", "problems"),
    [
        (PostalAddress("US", "1 Main St", "New York", "10001", "NY"), set()),
        (PostalAddress("US", "1 Main St", "New York", "10001", "new york"), set()),
        (PostalAddress("US", "1 Main St", "New York", "90001", "NY"), {("address_invalid", "/at/postal_code")}),
        (
            PostalAddress("US", "1 Main St", "New York", "10001", "Bavaria"),
            {("address_invalid", "/at/area")},
        ),
        (PostalAddress("DE", "Weg 1", "Berlin", "101"), {("address_invalid", "/at/postal_code")}),
        (
            PostalAddress("GB"),
            {("address_required", f"/at/{part}") for part in ("city", "postal_code", "street")},
        ),
        (PostalAddress("KW", "Block 1", "Kuwait City"), set()),
        (PostalAddress("XX", "x"), {("country_unknown", "/at/country")}),
        (PostalAddress("ZZ", "x"), {("country_unknown", "/at/country")}),
    ],
)
def test_an_address_is_checked_for_its_country(address: PostalAddress, problems: set[tuple[str, str]]) -> None:
    assert {(problem.code, problem.pointer) for problem in address_problems(address, "/at")} == problems


def test_an_address_is_kept_normalised_without_shouting() -> None:
    kept = normalised(PostalAddress("US", " 1 Main St ", "New York", "10001", "new york"))
    assert (kept.street, kept.city, kept.area) == ("1 Main St", "New York", "NY")
    assert normalised(PostalAddress("GB", "1 Street", "London", "sw1a 1aa")).postal_code == "SW1A 1AA"
    assert normalised(PostalAddress("DE", "Weg 1", "Berlin", "10115", "Land Berlin")).area == "Land Berlin"


def test_an_address_is_written_as_its_country_writes_it() -> None:
    assert address_lines(PostalAddress("DE", "Weg 1", "Berlin", "10115", name="Ann", company="ACME")) == [
        "Ann",
        "ACME",
        "Weg 1",
        "10115 BERLIN",
        "GERMANY",
    ]
    assert "千代田区 1-1" in address_lines(
        PostalAddress("JP", "1-1", "千代田区", "100-0001", "東京都"), with_country=False
    )


@pytest.mark.parametrize(("code", "known"), [("US", True), ("DE", True), ("ZZ", False), ("XX", False), ("../", False)])
def test_countries_are_known(code: str, known: bool) -> None:
    assert is_country(code) is known


@pytest.mark.parametrize(
    ("tax_id", "country", "kept"),
    [
        ("DE136695976", "DE", "136695976"),
        ("DE136695977", "DE", None),
        ("91-1144442", "US", "911144442"),
        ("27AAPFU0939F1ZV", "IN", "27AAPFU0939F1ZV"),
        ("27AAPFU0939F1ZO", "IN", None),
        ("EL094259216", "GR", "094259216"),
        ("any thing", "KW", "ANYTHING"),
        ("1", "FR", None),
    ],
)
def test_a_tax_id_is_checked_for_its_country(tax_id: str, country: str, kept: str | None) -> None:
    assert (tax_id_problem(tax_id, country) is None) == (kept is not None)
    if kept is not None:
        assert compacted_tax_id(tax_id, country) == kept


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("four words make one", None),
        ("short", "password_short"),
        ("x" * 201, "password_long"),
        ("aaaaaaaaaaaa", "password_weak"),
        ("Somebody@Orderloom.example", "password_weak"),
    ],
)
def test_a_password_is_long_enough_and_not_the_login(password: str, code: str | None) -> None:
    problem = password_problem(password, login="somebody@orderloom.example")
    assert (problem.code if problem else None) == code


def test_places_without_a_code_get_the_next_free_one() -> None:
    a, b = AddressDraft("US"), AddressDraft("US", code="ADDR-7")
    assert place_codes([a, b, a], ["ADDR-3", "DOCK"]) == ["ADDR-8", "ADDR-7", "ADDR-9"]
    assert place_codes([a], []) == ["ADDR-1"]


def test_differences_name_only_what_changed() -> None:
    before = {"a": Decimal("1.0"), "b": {"x": (1,)}, "c": 1}
    assert differences(before, {"a": Decimal("1.00"), "b": {"x": [1]}, "c": 2, "d": 3}) == (
        {"c": 1, "d": None},
        {"c": 2, "d": 3},
    )


def test_input_is_parsed_with_every_problem() -> None:
    with pytest.raises(Refused) as refused:
        parse(
            AccountDraft,
            {
                "name": "",
                "time_zone": "Mars/Olympus",
                "language": "english",
                "surprise": 1,
                "contacts": [{"name": "A", "email": "no"}],
                "addresses": [{"country": "usa"}],
                "shipping": {"incoterm": "FREE", "delivery": "never"},
            },
        )
    assert {problem.pointer for problem in refused.value.problems} == {
        "/name",
        "/time_zone",
        "/language",
        "/surprise",
        "/contacts/0/email",
        "/addresses/0/country",
        "/shipping/incoterm",
        "/shipping/delivery",
    }


def test_input_is_tidied_while_it_is_parsed() -> None:
    draft = parse(
        AccountDraft,
        {
            "name": "A",
            "country": "us",
            "attributes": {"n": 1, "t": True, "s": "x"},
            "contacts": [{"name": "B", "email": " B@C.example "}],
        },
    )
    assert draft.country == "US"
    assert draft.attributes == {"n": 1, "t": True, "s": "x"}
    assert draft.contacts[0].email == "b@c.example"
    assert parse(LogIn, {"login": " A@B.example", "password": " p "}) == LogIn("a@b.example", " p ")
    assert parse(UserDraft, {"name": "A", "login": "A@b.example"}).login == "a@b.example"
    assert parse(KeyDraft, {"name": "A", "scopes": ["orders.read"]}).scopes == ("orders.read",)
