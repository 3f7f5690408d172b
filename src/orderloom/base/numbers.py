"""Number series: the numbers that people see. From sequences, so gaps are allowed."""

from __future__ import annotations

from orderloom.base.transaction import Tx


async def take_numbers(tx: Tx, series: str, count: int) -> list[str]:
    """The next numbers of a series, such as `SO-2026-000123`; never given twice, not even after a rollback."""
    return await tx.values(
        "SELECT base.take_numbers(%(series)s, %(count)s)",
        {"series": series, "count": count},
    )
