"""Equality, order and logic in SQL: `null = null` is true in FEEL, and values of two kinds are not comparable."""

from __future__ import annotations

from collections.abc import Sequence

from orderloom.feel.sql_numbers import is_apart, times_exactly
from orderloom.feel.sql_values import FALSE, ORDERED, TRUE, Kind, Piece, boolean, refuse, unknown
from orderloom.feel.tree import Comparison

_MIRRORED: dict[Comparison, Comparison] = {"=": "=", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_ZONED = frozenset({Kind.LOCAL, Kind.MOMENT})


def compared(left: Piece, sign: Comparison, right: Piece) -> Piece:
    """`left sign right`."""
    if sign == "!=":
        return opposite(compared(left, "=", right))
    if left.over is not None or right.over is not None:
        return _quotient(left, sign, right) if left.over is not None else _quotient(right, _MIRRORED[sign], left)
    return _equal(left, right) if sign == "=" else _ordered(left, sign, right)


def is_null(piece: Piece) -> Piece:
    """Whether a value is null."""
    if piece.kind is Kind.NULL:
        return TRUE
    if piece.over is not None:
        over, under = piece.over
        return boolean(f"COALESCE({over.text} IS NULL OR {under.text} = 0, TRUE)", nullable=False)
    return boolean(f"({piece.text} IS NULL)", nullable=False) if piece.nullable else FALSE


def opposite(piece: Piece) -> Piece:
    """`not`: null of what is no truth value."""
    if piece.kind is not Kind.BOOLEAN:
        return unknown()
    if piece in (TRUE, FALSE):
        return FALSE if piece == TRUE else TRUE
    return boolean(f"(NOT {piece.text})", nullable=piece.nullable)


def junction(sign: str, terms: Sequence[Piece]) -> Piece:
    """`AND` or `OR`: SQL's three-valued logic is FEEL's; what is no truth value counts as null."""
    if len(terms) == 1:
        return truth(terms[0])
    texts = [truth(term).text for term in terms]
    return boolean(f"({f' {sign} '.join(texts)})", nullable=any(truth(term).nullable for term in terms))


def truth(piece: Piece) -> Piece:
    """The piece if it is a condition, else null."""
    return piece if piece.kind is Kind.BOOLEAN else unknown()


def within(value: Piece, low: Piece, high: Piece, *, signs: tuple[Comparison, Comparison]) -> Piece:
    """Whether a value lies between two ends; null where an end is."""
    inner = junction("AND", [compared(value, signs[0], low), compared(value, signs[1], high)])
    absent = [is_null(end).text for end in (low, high) if end.nullable]
    return boolean(f"(CASE WHEN {' OR '.join(absent)} THEN NULL ELSE {inner.text} END)") if absent else inner


def _equal(left: Piece, right: Piece) -> Piece:
    if Kind.NULL in (left.kind, right.kind):
        return is_null(left if right.kind is Kind.NULL else right)
    if left.kind is not right.kind:
        both = f"{left.text} IS NULL AND {right.text} IS NULL"
        if {left.kind, right.kind} == _ZONED:
            return boolean(f"({both})", nullable=False)
        return boolean(f"(CASE WHEN {left.text} IS NULL OR {right.text} IS NULL THEN {both} END)")
    if not left.nullable and not right.nullable:
        return boolean(f"({left.text} = {right.text})", nullable=False)
    if left.nullable and right.nullable:
        return boolean(f"({left.text} IS NOT DISTINCT FROM {right.text})", nullable=False)
    absent = left if left.nullable else right
    return boolean(f"({absent.text} IS NOT NULL AND {left.text} = {right.text})", nullable=False)


def _ordered(left: Piece, sign: Comparison, right: Piece) -> Piece:
    if left.kind is not right.kind or left.kind not in ORDERED:
        return unknown()
    return boolean(f"({left.text} {sign} {right.text})", nullable=left.nullable or right.nullable)


def _quotient(quotient: Piece, sign: Comparison, other: Piece) -> Piece:
    """A quotient against a number, without dividing.

    FEEL rounds the quotient to 34 digits and compares then. Where the digits of all three are few enough, two numbers
    that differ do so by more than that rounding moves, and the exact comparison gives the same.
    """
    assert quotient.over is not None
    over, under = quotient.over
    if other.kind is Kind.NULL:
        return is_null(quotient) if sign == "=" else unknown()
    if other.kind is not Kind.NUMBER:
        return unknown() if sign != "=" else refuse("it compares a quotient with what is no number")
    if other.over is not None:
        refuse("it compares two quotients, which 34 digits round; multiply one side out")
    assert over.digits is not None
    assert under.digits is not None
    if other.digits is None or not is_apart(over.digits, under.digits, other.digits):
        refuse("it compares a quotient with a number of so many digits that FEEL's rounding to 34 digits may decide")
    product = times_exactly(other, under)
    if sign == "=":
        return boolean(
            f"(CASE WHEN {is_null(quotient).text} THEN {is_null(other).text}"
            f" ELSE COALESCE({over.text} = {product.text}, FALSE) END)",
            nullable=False,
        )
    return boolean(
        f"(CASE WHEN {under.text} > 0 THEN {over.text} {sign} {product.text}"
        f" WHEN {under.text} < 0 THEN {product.text} {sign} {over.text} END)"
    )
