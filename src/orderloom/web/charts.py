"""What the browser needs to draw a figure: labels and numbers as JSON, for `static/charts.js`."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import msgspec
from babel.dates import format_date

from orderloom.insight.figures import Cell, Figure

LABEL_MOST = 34


def drawn(figure: Figure, *, locale: str, period: str) -> str:
    """The drawing of a figure as JSON; empty where there is nothing to draw."""
    if figure.chart is None or not figure.rows:
        return ""
    titles = {column.name: (place, column) for place, column in enumerate(figure.columns)}
    bars = figure.chart.kind == "bars"  # in which what has no name of its own would outweigh the rest
    places = [place for place, key in enumerate(figure.keys) if key is not None or not bars]
    series = []
    for name in figure.chart.series:
        place, column = titles[name]
        series.append({"name": column.title, "values": [_number(figure.rows[row][place]) for row in places]})
    unit = figure.currency if titles[figure.chart.series[0]][1].kind == "money" else ""
    if titles[figure.chart.series[0]][1].kind == "percent":
        unit = "%"
    drawing = {
        "kind": figure.chart.kind,
        "labels": [_label(figure.rows[row][0], locale=locale, period=period) for row in places],
        "rows": places,
        "series": series,
        "unit": unit,
        "locale": locale,
    }
    return msgspec.json.encode(drawing).decode()


def _number(cell: Cell) -> float | None:
    return float(cell) if isinstance(cell, Decimal | int) else None


def _label(cell: Cell, *, locale: str, period: str) -> str:
    if isinstance(cell, date):
        pattern = "d MMM y" if period == "week" else "MMM y"
        return format_date(cell, pattern, locale=locale.replace("-", "_"))
    text = str(cell or "")
    return text if len(text) <= LABEL_MOST else text[: LABEL_MOST - 1] + "…"
