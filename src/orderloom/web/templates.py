"""Rendering of pages: one Jinja environment, autoescaped, with the formats of dates, money and states."""

from __future__ import annotations

import gettext
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

import msgspec
from babel.dates import format_date, format_datetime, format_timedelta
from babel.numbers import format_currency, format_decimal
from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup, escape

from orderloom.messages.addresses import shown_address
from orderloom.orders.revisions import plain
from orderloom.web.answers import encoder
from orderloom.web.call import Call
from orderloom.web.navigation import navigation_for
from orderloom.web.paging import with_query

FOLDER = Path(__file__).parent / "templates"
MINUS = "−"


class Templates:
    """The templates of one application; `version` goes into the addresses of static files."""

    def __init__(self, *, version: str) -> None:
        self.environment = Environment(
            loader=FileSystemLoader(FOLDER),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
            auto_reload=False,
        )
        self.environment.install_gettext_translations(gettext.NullTranslations(), newstyle=True)  # type: ignore[attr-defined]
        self.environment.globals |= {"static": lambda name: f"/static/{name}?v={version}", "with_query": with_query}
        self.environment.filters |= {
            "amount": amount,
            "money": money,
            "quantity": quantity,
            "decimal": Decimal,
            "plain": plain,
            "day": day,
            "month": month,
            "when": when,
            "words": words,
            "address": shown_address,
            "json": pretty,
            "path": lambda value: quote(str(value), safe=""),
        }

    def render(self, name: str, call: Call | None, context: Mapping[str, Any]) -> str:
        frame: dict[str, Any] = {
            "call": call,
            "visitor": None,
            "nonce": "",
            "navigation": [],
            "said": "",
            "partial": False,
            "rail_counts": {},
        }
        if call is not None:
            frame |= {
                "visitor": call.visitor,
                "now": call.tx.now,
                "partial": call.partial,
                "nonce": call.nonce,
                "said": call.said,
                "since": call.since,
                "navigation": navigation_for(call.actor, call.path),
            }
        return self.environment.get_template(name).render({**frame, **context})


def locale_of(context: Context) -> str:
    visitor = context.get("visitor")
    return (visitor.locale if visitor else "en").replace("-", "_")


def zone_of(context: Context) -> ZoneInfo:
    visitor = context.get("visitor")
    return ZoneInfo(visitor.time_zone if visitor else "UTC")


@pass_context
def amount(context: Context, value: Decimal | None, currency: str = "USD") -> str:
    """An amount with the decimals of its currency and a true minus, without the currency itself."""
    if value is None:
        return ""
    text = format_currency(value, currency, format="#,##0.00", locale=locale_of(context))
    return text.replace("-", MINUS)


@pass_context
def money(context: Context, value: Decimal | None, currency: str) -> str:
    """An amount followed by its currency."""
    return f"{amount(context, value, currency)} {currency}" if value is not None else ""


@pass_context
def quantity(context: Context, value: Decimal | int | None) -> str:
    if value is None:
        return ""
    return format_decimal(value, format="#,##0.######", locale=locale_of(context)).replace("-", MINUS)


@pass_context
def day(context: Context, value: date | datetime | None) -> Markup:
    """A date as the reader writes it, with how far away it is on hover."""
    if value is None:
        return Markup("")
    shown = value.astimezone(zone_of(context)) if isinstance(value, datetime) else value
    text = format_date(shown, "d MMM yyyy", locale=locale_of(context))
    return timed(context, value, text)


@pass_context
def month(context: Context, value: date) -> str:
    """A month as the reader writes it."""
    return format_date(value, "MMM y", locale=locale_of(context))


@pass_context
def when(context: Context, value: datetime | None) -> Markup:
    """A time in the reader's zone, with how far away it is on hover."""
    if value is None:
        return Markup("")
    text = format_datetime(value, "d MMM yyyy, HH:mm", tzinfo=zone_of(context), locale=locale_of(context))
    return timed(context, value, text)


def timed(context: Context, value: date | datetime, text: str) -> Markup:
    now = context.get("now")
    hover = ""
    if isinstance(now, datetime):
        moment = (
            value
            if isinstance(value, datetime)
            else datetime(value.year, value.month, value.day, 12, tzinfo=now.tzinfo)
        )
        hover = format_timedelta(moment - now, add_direction=True, locale=locale_of(context))
    return Markup('<time datetime="{}" title="{}">{}</time>').format(value.isoformat(), escape(hover), text)


def words(value: object) -> str:
    """`in_progress` as a person reads it: “In progress”."""
    text = str(value).replace("_", " ").replace(".", " ")
    return text[:1].upper() + text[1:]


def pretty(value: object) -> str:
    """Values as indented JSON, for people who read the wire."""
    return msgspec.json.format(encoder.encode(value), indent=2).decode()
