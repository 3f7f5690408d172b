"""Working calendars as rows, by code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from orderloom.base.fields import Code, Text
from orderloom.base.parsing import strict
from orderloom.base.transaction import Json, Tx


@strict
@dataclass(frozen=True, slots=True)
class CalendarDraft:
    """When people work: from Monday to Sunday spans of local time such as ["08:00", "17:00"]; "24:00" is midnight."""

    code: Code
    name: Text
    time_zone: Text
    hours: tuple[tuple[tuple[str, str], ...], ...]
    holidays: tuple[date, ...] = ()


async def save_calendars(tx: Tx, drafts: Sequence[CalendarDraft]) -> None:
    """Write calendars, or change those of the same code."""
    await tx.execute(
        """
        INSERT INTO base.calendar (code, name, time_zone, hours, holidays)
        SELECT code, name, time_zone, hours,
               ARRAY(SELECT jsonb_array_elements_text(holidays)::date)
          FROM unnest(%(codes)s::text[], %(names)s::text[], %(time_zones)s::text[], %(hours)s::jsonb[],
                      %(holidays)s::jsonb[]) AS fresh (code, name, time_zone, hours, holidays)
            ON CONFLICT (code) DO UPDATE
           SET name = excluded.name, time_zone = excluded.time_zone, hours = excluded.hours,
               holidays = excluded.holidays
        """,
        {
            "codes": [draft.code for draft in drafts],
            "names": [draft.name for draft in drafts],
            "time_zones": [draft.time_zone for draft in drafts],
            "hours": [Json(draft.hours) for draft in drafts],
            "holidays": [Json([day.isoformat() for day in draft.holidays]) for draft in drafts],
        },
    )
