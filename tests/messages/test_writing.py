"""Letters, addresses and the Internet message: escaped, checked, and the same bytes each time."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email import message_from_bytes
from email.headerregistry import Address
from email.policy import default

import pytest

from orderloom.base.refusals import Refused
from orderloom.base.types import Subject
from orderloom.cli.mail import channels_of, mail_told
from orderloom.cli.settings import read_settings
from orderloom.messages.addresses import shown_address, wire_address
from orderloom.messages.channels import sender_of
from orderloom.messages.letters import LETTERS, values_of, write
from orderloom.messages.mime import internet_message
from orderloom.messages.states import BACK_OFF_SECONDS, pause_seconds
from orderloom.messages.types import Enclosure, Parcel, Recipient

SENDER = Address("Tessellane Orders", addr_spec="orders@tessellane.example")


@pytest.mark.parametrize(
    ("typed", "wire"),
    [
        ("ann@example.com", "ann@example.com"),
        ("  Ann.O'Brien+loom@Example.COM ", "Ann.O'Brien+loom@example.com"),
        ("bestellung@möbelhaus.example", "bestellung@xn--mbelhaus-n4a.example"),
        ("info@例え.テスト", "info@xn--r8jz45g.xn--zckzah"),
        ("büro@example.com", None), ("ann@", None), ("@example.com", None), ("ann", None), ("ann@localhost", None),
        ("ann@example.com\r\nBcc: eve@example.com", None), ("ann@exa mple.com", None), ("a@b@c.example", None),
        ("ann@example.com,eve@example.com", None), ("<ann@example.com>", None), (".ann@example.com", None),
        ("ann@-example.com", None), ("ann@[127.0.0.1]", None), (f"{'a' * 65}@example.com", None),
        ("ann@example.com\x00", None), ('"a b"@example.com', None),
    ],
)  # fmt: skip
def test_addresses_are_checked_and_written_for_the_wire(typed: str, wire: str | None) -> None:
    assert wire_address(typed) == wire
    assert wire is None or wire_address(shown_address(wire)) == wire


def test_every_letter_names_the_same_values_in_every_language() -> None:
    for letter, languages in LETTERS.items():
        assert {"en", "de", "fr", "ja", "ar"} <= languages.keys()
        for title, paragraphs in languages.values():
            named = {name for text in (title, *paragraphs) for name in re.findall(r"\{(\w+)\}", text)}
            assert named == values_of(letter)


def test_what_strangers_write_stays_text_in_html() -> None:
    hostile = "<script>alert(1)</script> {number} \"&' https://x.example"
    written = write(
        "order_confirmation", language="en", values={"number": "SO-1", "customer": hostile}, note="<b>\nline two"
    )

    assert hostile in written.text
    assert "<script>" not in written.html and "&lt;script&gt;" in written.html
    assert "&lt;b&gt;" in written.html
    assert "{number}" in written.html


def parcel(**changes: object) -> Parcel:
    given: dict[str, object] = {
        "delivery_id": 7,
        "attempt": 1,
        "channel": "email",
        "token": "0d9f9a3e-5b1f-4b53-9c5b-111111111111",
        "recipient": Recipient("ann@example.com", "Ann Ångström"),
        "others": (Recipient("bob@example.com", "", "cc"),),
        "title": "注文確認書 SO-1 – Straße",
        "text": "Grüße\n" + "x" * 2000 + "\n.\nFrom here\n",
        "html": "<p>Grüße</p>",
        "created_at": datetime(2026, 11, 23, 9, 30, tzinfo=UTC),
        "subject": Subject("order", 1, "SO-1"),
        "enclosures": (Enclosure("a.pdf", "application/pdf", b"%PDF-1.7\x00\xff"),),
    }
    return Parcel(**(given | changes))  # type: ignore[arg-type]


def test_the_message_reads_back_as_it_was_written() -> None:
    content = internet_message(parcel(), sender=SENDER)
    mail = message_from_bytes(content, policy=default)

    assert mail["Subject"] == "注文確認書 SO-1 – Straße"
    assert mail["To"].addresses[0].display_name == "Ann Ångström"
    assert mail["Cc"].addresses[0].addr_spec == "bob@example.com"
    assert mail["Message-ID"] == "<0d9f9a3e-5b1f-4b53-9c5b-111111111111@tessellane.example>"
    assert mail["Auto-Submitted"] == "auto-generated"
    plain, html, pdf = [part for part in mail.walk() if not part.is_multipart()]
    assert plain.get_content().replace("\r\n", "\n") == parcel().text
    assert "Grüße" in html.get_content()
    assert (pdf.get_filename(), pdf.get_content()) == ("a.pdf", b"%PDF-1.7\x00\xff")
    assert content.isascii() and max(map(len, content.split(b"\r\n"))) <= 998


def test_a_repeat_is_the_same_message_byte_by_byte() -> None:
    assert internet_message(parcel(attempt=1), sender=SENDER) == internet_message(parcel(attempt=2), sender=SENDER)


def test_no_header_can_be_smuggled_in_even_past_the_checks() -> None:
    for changes in ({"title": "a\r\nBcc: eve@example.com"}, {"recipient": Recipient("ann@example.com", "A\r\nBcc: e")}):
        with pytest.raises(ValueError):
            internet_message(parcel(**changes), sender=SENDER)


def test_pauses_grow_and_end() -> None:
    pauses = [pause_seconds(tries) for tries in range(1, len(BACK_OFF_SECONDS) + 2)]

    assert pauses == [*sorted(BACK_OFF_SECONDS), None]


def test_settings_choose_a_server_a_folder_or_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ORDERLOOM_SMTP_URL", "ORDERLOOM_MAIL", "ORDERLOOM_MAIL_FROM"):
        monkeypatch.delenv(name, raising=False)
    assert (dict(channels_of(read_settings())), mail_told(read_settings())) == ({}, "")

    monkeypatch.setenv("ORDERLOOM_MAIL", "folder")
    assert "mail" in mail_told(read_settings())
    monkeypatch.setenv("ORDERLOOM_MAIL", "pigeon")
    with pytest.raises(Refused, match="pigeon"):
        channels_of(read_settings())

    monkeypatch.setenv("ORDERLOOM_MAIL", "")
    monkeypatch.setenv("ORDERLOOM_SMTP_URL", "smtps://u:secret@mail.example.com")
    with pytest.raises(Refused, match="ORDERLOOM_MAIL_FROM"):
        channels_of(read_settings())
    monkeypatch.setenv("ORDERLOOM_MAIL_FROM", "Orders <orders@example.com>")
    assert mail_told(read_settings()) == "mail.example.com:465"
    for absurd in ("nobody", "A\r\nBcc: x <a@example.com>"):
        with pytest.raises(Refused, match="ORDERLOOM_MAIL_FROM"):
            sender_of(absurd)
