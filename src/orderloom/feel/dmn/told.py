"""What a caller tells, as the types of a model want it: dates, times and durations may be texts of ISO 8601."""

from __future__ import annotations

from collections.abc import Callable

from orderloom.feel import types
from orderloom.feel.times import read_date, read_date_time, read_duration, read_time
from orderloom.feel.types import ContextType, ListType, Type, is_type, plain
from orderloom.feel.values import Date, DateTime, Time, inward

_READERS: dict[Type, Callable[[str], object]] = {
    types.DATE: read_date,
    types.TIME: read_time,
    types.DATE_TIME: lambda text: read_date_time(text) or read_date(text),
    types.DAYS: read_duration,
    types.MONTHS: read_duration,
}


def told(value: object, kind: object) -> object:
    """A value of the outside as FEEL knows it, and what is within lists and contexts too; texts are read where needed.

    What does not fit stays as it is, for whoever converts it to find out.
    """
    return _told(inward(value), plain(kind) if is_type(kind) else types.ANY)


def _told(value: object, kind: Type) -> object:  # noqa: PLR0911 - one return for each pair
    match value, kind:
        case str(), _:
            item = plain(kind.item) if isinstance(kind, ListType) else kind
            reader = _READERS.get(item)
            found = reader(value) if reader is not None else None
            return value if found is None else _told(found, item)
        case Date(), types.DATE_TIME | ListType(types.DATE_TIME):
            return DateTime(value, Time(0, 0))
        case list(), ListType(item):
            return [_told(inner, plain(item)) for inner in value]
        case list(), _ if len(value) == 1:
            return [_told(value[0], kind)]
        case dict(), ListType(item):
            return _told(value, plain(item))
        case dict(), ContextType(members):
            wanted = dict(members)
            return {key: _told(inner, plain(wanted.get(key, types.ANY))) for key, inner in value.items()}
    return value
