"""Money: the cent of each currency, rounding once, and sharing an amount without losing a cent."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from functools import cache

from babel.core import get_global

from orderloom.base.refusals import refuse


@cache
def _digits() -> dict[str, int]:
    """Decimal places by currency (ISO 4217), for the currencies that are legal tender now."""
    fractions = get_global("currency_fractions")
    current = {
        code
        for tenders in get_global("territory_currencies").values()
        for code, _start, end, is_tender in tenders
        if end is None and is_tender
    }
    return {code: fractions.get(code, fractions["DEFAULT"])[0] for code in current}


def is_currency(code: str) -> bool:
    """Whether this is the ISO 4217 code of a currency in use."""
    return code in _digits()


@cache
def cent(currency: str) -> Decimal:
    """The smallest unit of a currency: 0.01 for USD, 1 for JPY, 0.001 for KWD."""
    if currency not in _digits():
        refuse("currency_unknown", f"“{currency}” is not a currency in use; give its three-letter ISO 4217 code.")
    return Decimal(1).scaleb(-_digits()[currency])


def round_amount(amount: Decimal, currency: str) -> Decimal:
    """Round half up to the currency's smallest unit."""
    return amount.quantize(cent(currency), rounding=ROUND_HALF_UP)


def has_more_decimals(amount: Decimal, currency: str) -> bool:
    """Whether the amount is finer than the currency's smallest unit."""
    return amount != amount.quantize(cent(currency), rounding=ROUND_DOWN)


def allocate(total: Decimal, weights: Sequence[Decimal], cent: Decimal) -> list[Decimal]:
    """Share a total in proportion to weights; the shares sum to it exactly.

    Largest remainder: each share is cut down to the cent, and the cents left over go to the shares
    that lost most, the earlier one first where they lost alike. A total that is itself finer than
    the cent is a mistake of the caller. Weights that are all zero share equally.
    """
    assert weights
    assert all(weight >= 0 for weight in weights)
    assert total == total.quantize(cent), "round the total before sharing it"

    whole = sum(weights, Decimal(0))
    if whole == 0:
        weights, whole = [Decimal(1)] * len(weights), Decimal(len(weights))
    exact = [total * weight / whole for weight in weights]
    shares = [amount.quantize(cent, rounding=ROUND_DOWN) for amount in exact]
    missing = int(((total - sum(shares, Decimal(0))) / cent).to_integral_value())
    step = cent if missing > 0 else -cent
    by_loss = sorted(range(len(shares)), key=lambda i: (-abs(exact[i] - shares[i]), i))
    for index in by_loss[: abs(missing)]:
        shares[index] += step
    return shares
