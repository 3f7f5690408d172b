"""Discounts on a group of lines or on all of them, shared by largest remainder; and bundle prices shared by parts."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_DOWN, Decimal

from orderloom.base.money import allocate
from orderloom.catalog.exact import HUNDRED, ZERO, Exact
from orderloom.catalog.price_adjust import check_reason, input_of, order_facts
from orderloom.catalog.price_book import holds
from orderloom.catalog.price_start import Published
from orderloom.catalog.price_types import CHARGE_KINDS, AmountOff, ChargeKind, Effect, PercentOff
from orderloom.catalog.price_work import Work
from orderloom.catalog.priced import PricedCharge, Share, StepKind
from orderloom.catalog.tiers import AllUnits, Blocks, Graduated, PerUnit, amount_of
from orderloom.catalog.waterfall import Source, Waterfall


def share_discounts(work: Work) -> None:
    """Groups' discounts first, then promotions on the whole, then what people gave on the whole."""
    for place, shared in enumerate(work.context.shared):
        if shared.group is not None:
            _given(work, place, "group")
    _promotions(work)
    for place, shared in enumerate(work.context.shared):
        if shared.group is None:
            _given(work, place, "header")


def _members(work: Work, group: str | None, kinds: frozenset[ChargeKind]) -> list[Waterfall]:
    return [
        waterfall
        for waterfall in work.waterfalls
        if not waterfall.line.is_optional
        and (group is None or waterfall.line.group == group)
        and waterfall.kind in kinds
        and waterfall.amount > 0
        and work.terms(waterfall.line.product).is_discountable
    ]


def _given(work: Work, place: int, kind: StepKind) -> None:
    shared, pointer = work.context.shared[place], f"/shared/{place}"
    given = shared.given
    check_reason(work, given, pointer)
    kinds = frozenset(CHARGE_KINDS if given.kind is None else (given.kind,))
    members = _members(work, shared.group, kinds)
    problem = _problem(work, members, given.effect)
    if problem:
        work.refuse(*problem, pointer)
        return
    _share(work, members, given.effect, kind, Source(given=given))


def _problem(work: Work, members: Sequence[Waterfall], effect: Effect) -> tuple[str, str] | None:
    if not isinstance(effect, PercentOff | AmountOff):
        return "effect_not_shared", "Several lines share a percentage or an amount; give one of these."
    if not members:
        return "nothing_to_discount", "No line is there that this discount could be taken from; take it out."
    if isinstance(effect, PercentOff):
        return None if effect.percent <= 100 else ("discount_exceeds", "A discount is at most 100 %; give less.")
    whole = sum((member.amount for member in members), ZERO)
    if effect.amount > whole:
        return "discount_exceeds", f"The discount takes more than the {whole:f} that the lines cost; give less."
    if effect.amount != effect.amount.quantize(work.context.cent, rounding=ROUND_DOWN):
        message = f"{work.context.currency} has no amounts below {work.context.cent}; round the discount."
        return "decimals", message
    return None


def _promotions(work: Work) -> None:
    facts: dict[str, object] | None = None
    for promotion in sorted(work.book.promotions, key=lambda each: (-each.rank, each.id)):
        if promotion.scope != "header" or not holds(promotion, work.context.on):
            continue
        members = [
            member
            for member in _members(work, None, promotion.kinds)
            if promotion.names(member.line.product, work.terms(member.line.product).category)
        ]
        whole = sum((member.amount for member in members), ZERO)
        facts = {**(facts or order_facts(work)), "total": whole}
        if not members or (promotion.condition is not None and promotion.condition(facts) is not True):
            continue
        effect = promotion.effect
        if isinstance(effect, AmountOff):
            effect = AmountOff(min(effect.amount, whole))
        if _problem(work, members, effect) is None:
            _share(work, members, effect, "promotion", Source(promotion.id, promotion.version))
            for member in members:
                member.may_undercut = member.may_undercut or promotion.may_undercut


def _share(work: Work, members: Sequence[Waterfall], effect: Effect, kind: StepKind, source: Source) -> None:
    cent = work.context.cent
    if isinstance(effect, AmountOff):
        whole = sum((member.amount for member in members), ZERO)
        left = Exact(whole - effect.amount, whole)
        _take(members, total=effect.amount, kept=left, kind=kind, source=source, effect=effect, cent=cent)
        return
    assert isinstance(effect, PercentOff)
    buckets: dict[object, list[Waterfall]] = {}
    for member in members:
        buckets.setdefault((member.kind, member.period), []).append(member)
    for bucket in buckets.values():
        whole = sum((member.amount for member in bucket), ZERO)
        total = Exact(whole * effect.percent, HUNDRED).rounded(cent)
        left = Exact(HUNDRED - effect.percent, HUNDRED)
        _take(bucket, total=total, kept=left, kind=kind, source=source, effect=effect, cent=cent)


def _take(
    members: Sequence[Waterfall],
    *,
    total: Decimal,
    kept: Exact,
    kind: StepKind,
    source: Source,
    effect: Effect,
    cent: Decimal,
) -> None:
    shares = allocate(total, [member.amount for member in members], cent)
    input = {**input_of(effect), "total": total}
    for member, share in zip(members, shares, strict=True):
        member.take(share, kept, kind, source, input)


def bundle_shares(
    work: Work, published: dict[int, Published], charges: dict[int, list[PricedCharge]]
) -> dict[int, list[Share]]:
    """What each included part is worth of its bundle's net; the shares of one bundle sum to its net.

    By what the parts would cost alone (or the weight that the bundle gives them); where none has such
    a value, alike. A bundle inside a bundle hands its share on.
    """
    found: dict[int, list[Share]] = {}
    for place in _outside_in(work):
        amounts = [(each.kind, each.period, each.net) for each in charges.get(place, ())]
        amounts += [(each.kind, each.period, each.amount) for each in found.get(place, ())]
        parts = [part for part in work.parts_of[work.lines[place].id] if part in work.included]
        parts = [part for part in parts if not work.lines[part].is_optional]
        if not parts:
            continue
        for kind, period, amount in amounts:
            weights = [_weight(work, published, part, kind) for part in parts]
            for part, share in zip(parts, allocate(amount, weights, work.context.cent), strict=True):
                found.setdefault(part, []).append(Share(kind, period, share))
    return found


def _outside_in(work: Work) -> list[int]:
    """The bundles, each before those inside it."""
    order = []
    waiting = [place for place, line in enumerate(work.lines) if work.parent(line) is None]
    while waiting:
        place = waiting.pop()
        parts = work.parts_of.get(work.lines[place].id, [])
        if parts:
            order.append(place)
            waiting += parts
    return order


def _weight(work: Work, published: dict[int, Published], part: int, kind: ChargeKind) -> Decimal:
    found = published.get(part)
    own = work.own_quantities.get(part)
    if found is None or own is None:
        return ZERO
    if found.option and found.option.weight is not None:
        return own.times(found.option.weight).divided()
    method = found.listed.method(kind) if found.listed else None
    quantity = work.in_unit(work.lines[part].product, own, found.listed.unit) if found.listed else None
    if quantity is None or not isinstance(method, PerUnit | AllUnits | Graduated | Blocks):
        return ZERO
    amount = amount_of(method, quantity)
    return amount.divided() if amount else ZERO
