"""Our letters: what a message says in the recipient's language, as text and as HTML with everything escaped."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from string import Formatter
from typing import Final

from jinja2 import Environment, select_autoescape

LINK: Final = "[link]"
"""Stands where a letter has its link."""

LETTERS: Final[Mapping[str, Mapping[str, tuple[str, tuple[str, ...]]]]] = {
    "order_confirmation": {
        "en": (
            "Order confirmation {number}",
            ("Dear {customer},", "thank you for your order {number}. You find the confirmation attached."),
        ),
        "de": (
            "Auftragsbestätigung {number}",
            ("Guten Tag {customer},", "vielen Dank für Ihren Auftrag {number}. Die Bestätigung finden Sie im Anhang."),
        ),
        "fr": (
            "Confirmation de commande {number}",
            (
                "Bonjour {customer},",
                "nous vous remercions de votre commande {number}. Vous trouverez la confirmation en pièce jointe.",
            ),
        ),
        "ja": (
            "注文確認書 {number}",
            ("{customer} 御中", "ご注文 {number} をいただき、誠にありがとうございます。注文確認書を添付いたします。"),
        ),
        "ar": ("تأكيد الطلب {number}", ("{customer}، تحية طيبة،", "شكرًا لطلبكم {number}. تجدون التأكيد مرفقًا.")),
    },
    "quote": {
        "en": ("Quote {number}", ("Dear {customer},", "please find our quote {number} attached.")),
        "de": ("Angebot {number}", ("Guten Tag {customer},", "im Anhang finden Sie unser Angebot {number}.")),
        "fr": ("Devis {number}", ("Bonjour {customer},", "vous trouverez notre devis {number} en pièce jointe.")),
        "ja": ("見積書 {number}", ("{customer} 御中", "見積書 {number} を添付いたします。ご検討ください。")),
        "ar": ("عرض سعر {number}", ("{customer}، تحية طيبة،", "تجدون عرض السعر {number} مرفقًا.")),
    },
    "offer": {
        "en": (
            "Quote {number}",
            (
                "Dear {customer},",
                "please find our quote {number} attached. You can read it, ask us about it and accept it here:",
                LINK,
            ),
        ),
        "de": (
            "Angebot {number}",
            (
                "Guten Tag {customer},",
                "im Anhang finden Sie unser Angebot {number}. Hier können Sie es lesen, uns fragen und es annehmen:",
                LINK,
            ),
        ),
        "fr": (
            "Devis {number}",
            (
                "Bonjour {customer},",
                "vous trouverez notre devis {number} en pièce jointe. Vous pouvez le lire, nous poser vos questions et "
                "l’accepter ici :",
                LINK,
            ),
        ),
        "ja": (
            "見積書 {number}",
            (
                "{customer} 御中",
                "見積書 {number} を添付いたします。下記のページで内容のご確認、ご質問、ご承諾ができます。",
                LINK,
            ),
        ),
        "ar": (
            "عرض سعر {number}",
            ("{customer}، تحية طيبة،", "تجدون عرض السعر {number} مرفقًا. يمكنكم قراءته والسؤال عنه وقبوله هنا:", LINK),
        ),
    },
    "password": {
        "en": (
            "Set your password for Orderloom",
            (
                "Dear {name},",
                "with this link you set a new password. It works once, until {until}:",
                LINK,
                "If you did not ask for it, leave it; your password stays as it is.",
            ),
        ),
        "de": (
            "Ihr Passwort für Orderloom",
            (
                "Guten Tag {name},",
                "mit diesem Link setzen Sie ein neues Passwort. Er gilt einmal, bis {until}:",
                LINK,
                "Wenn Sie nicht darum gebeten haben, lassen Sie ihn liegen; Ihr Passwort bleibt, wie es ist.",
            ),
        ),
        "fr": (
            "Votre mot de passe pour Orderloom",
            (
                "Bonjour {name},",
                "avec ce lien vous choisissez un nouveau mot de passe. Il sert une fois, jusqu’au {until} :",
                LINK,
                "Si vous ne l’avez pas demandé, n’en faites rien ; votre mot de passe reste tel quel.",
            ),
        ),
        "ja": (
            "Orderloom のパスワード設定",
            (
                "{name} 様",
                "下記のリンクから新しいパスワードを設定できます。リンクは一度だけ、{until} まで有効です。",
                LINK,
                "お心当たりがない場合は、何もなさらないでください。パスワードは変わりません。",
            ),
        ),
        "ar": (
            "كلمة مرورك في Orderloom",
            (
                "{name}، تحية طيبة،",
                "بهذا الرابط تضع كلمة مرور جديدة. يعمل مرة واحدة حتى {until}:",
                LINK,
                "إن لم تطلب ذلك فاتركه، وتبقى كلمة مرورك كما هي.",
            ),
        ),
    },
    "invoice": {
        "en": ("Invoice {number}", ("Dear {customer},", "please find our invoice {number} attached.")),
        "de": ("Rechnung {number}", ("Guten Tag {customer},", "im Anhang finden Sie unsere Rechnung {number}.")),
        "fr": ("Facture {number}", ("Bonjour {customer},", "vous trouverez notre facture {number} en pièce jointe.")),
        "ja": ("請求書 {number}", ("{customer} 御中", "請求書 {number} を添付いたします。")),
        "ar": ("فاتورة {number}", ("{customer}، تحية طيبة،", "تجدون الفاتورة {number} مرفقة.")),
    },
}
"""By letter and language: a title and its paragraphs, with the values in braces that the letter names."""

_CLOSING: Final = {
    "en": "Kind regards", "de": "Mit freundlichen Grüßen", "fr": "Cordialement", "ja": "よろしくお願いいたします。",
    "ar": "مع خالص التحية",
}  # fmt: skip
_HTML: Final = Environment(autoescape=select_autoescape(default=True, default_for_string=True)).from_string(
    """<!doctype html>
<html lang="{{ language }}" dir="{{ 'rtl' if language == 'ar' else 'ltr' }}">
<head><meta charset="utf-8"><title>{{ title }}</title></head>
<body style="font: 15px/1.5 system-ui, sans-serif; color: #1a1a1a; max-width: 40em">
{% for paragraph in paragraphs %}<p style="white-space: pre-line">
{%- if paragraph == link %}<a href="{{ link }}">{{ link }}</a>{% else %}{{ paragraph }}{% endif -%}
</p>
{% endfor %}</body>
</html>
"""
)


@dataclass(frozen=True, slots=True)
class Written:
    """A letter, written."""

    title: str
    text: str
    html: str


def language_for(letter: str, tag: str) -> str:
    """The language in which this letter is written to somebody whose language this is; English where there is none."""
    primary = tag.replace("_", "-").split("-")[0].lower()
    return primary if primary in LETTERS[letter] else "en"


def values_of(letter: str) -> frozenset[str]:
    """The values that a letter names."""
    title, paragraphs = LETTERS[letter]["en"]
    return frozenset(name for text in (title, *paragraphs) for _, name, _, _ in Formatter().parse(text) if name)


def write(letter: str, *, language: str, values: Mapping[str, str], note: str = "", link: str = "") -> Written:
    """Write a letter; values and note are texts that may contain anything, and stay texts.

    `link` stands where the letter has its link: a place as `doors.py` names them.
    """
    spoken = language_for(letter, language)
    title, paragraphs = LETTERS[letter][spoken]
    closing = "\n".join(filter(None, (_CLOSING[spoken], values.get("sender", ""))))
    filled = [_filled(text, values) for text in paragraphs]
    filled = [link if text == LINK else text for text in filled]
    body = [*filled, *([note.strip()] if note.strip() else []), closing]
    heading = _filled(title, values)
    html = _HTML.render(language=spoken, title=heading, paragraphs=body, link=link)
    return Written(heading, "\n\n".join(body) + "\n", html)


def _filled(text: str, values: Mapping[str, str]) -> str:
    """The text with its values; a value that has braces itself is not looked into."""
    return "".join(literal + (values[name] if name else "") for literal, name, _, _ in Formatter().parse(text))
