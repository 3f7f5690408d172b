"""Writing quotes: begun, rewritten, priced anew, copied, revised."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from orderloom.base.money import is_currency
from orderloom.base.refusals import Conflict, NotFound, Problem, Stale, refuse, refuse_if_any
from orderloom.base.transaction import Tx
from orderloom.parties.reads import resolve_customers, resolve_users, unknown_customer
from orderloom.parties.sales_credits import SalesCreditDraft
from orderloom.parties.types import Customer
from orderloom.quotes.commands.looking import customer_of, priced_content
from orderloom.quotes.events import QuoteCreated, QuoteMoved, QuotePriced
from orderloom.quotes.pricing import PricedVersion
from orderloom.quotes.quote import Head, NewCredit, NewVersion, TotalRow
from orderloom.quotes.reads.stored import UNKNOWN, StoredVersion, content_of, head_of, stored_version
from orderloom.quotes.rules import content_problems, default_validity, expires_at
from orderloom.quotes.states import REVISE
from orderloom.quotes.store import quote as store
from orderloom.quotes.store import version as versions
from orderloom.quotes.types import Content, CopyDraft, QuoteDraft


async def create_quote(tx: Tx, draft: QuoteDraft) -> Head:
    """Begin a quote, or a template, with its first version, priced now. Whoever begins it owns it and its credit."""
    customer = await _customer(tx, draft.customer, is_template=draft.template)
    currency = _currency(draft.currency, customer)
    return await _begin(tx, draft.content, customer, _new_quote(tx, draft, customer, currency), copied_from=None)


def _new_quote(tx: Tx, draft: QuoteDraft, customer: Customer | None, currency: str) -> store.NewQuote:
    zone = customer.time_zone if customer else "UTC"
    valid_until = draft.content.valid_until or default_validity(tx.now, zone)
    return store.NewQuote(
        account_id=customer.account_id if customer else None,
        account_name=customer.name if customer else "",
        is_template=draft.template,
        type=draft.type,
        channel=draft.channel,
        currency=currency,
        owner_id=tx.actor.user_id,
        copied_from_id=None,
        time_zone=zone,
        valid_until=valid_until,
        expires_at=expires_at(valid_until, zone),
    )


async def _begin(
    tx: Tx, content: Content, customer: Customer | None, quote: store.NewQuote, *, copied_from: str | None
) -> Head:
    head = await store.insert(tx, quote)
    content = await _credited(tx, content)
    await _write(tx, head, content, number=1, priced_at=tx.now, customer=customer, before=None)
    tx.emit(QuoteCreated(head.subject, head.type, copied_from))
    return head


async def _customer(tx: Tx, reference: str | None, *, is_template: bool) -> Customer | None:
    if is_template:
        if reference is not None:
            refuse("template_of_nobody", "A template has no customer; leave it out, or make a quote.", "/customer")
        return None
    if reference is None:
        refuse("customer_missing", "Say who the quote is for, or make it a template.", "/customer")
    found = await resolve_customers(tx, [reference])
    customer = found.get(reference)
    if customer is None:
        raise NotFound([unknown_customer(reference, "/customer")])
    if not customer.is_active:
        refuse("customer_inactive", f"{customer.name} is closed; reopen the account or choose another.", "/customer")
    return customer


def _currency(stated: str | None, customer: Customer | None) -> str:
    currency = stated or (customer.currency if customer else None)
    if currency is None:
        refuse("currency_missing", "Nothing settles the currency; give one.", "/currency")
    if not is_currency(currency):
        refuse("currency_unknown", f"“{currency}” is not a currency in use; give its ISO 4217 code.", "/currency")
    return currency


async def _credited(tx: Tx, content: Content) -> Content:
    """A quote without credits is its author's."""
    if content.credits or tx.actor.user_id is None:
        return content
    login = await tx.value("SELECT login FROM parties.user WHERE id = %(id)s", {"id": tx.actor.user_id})
    return replace(content, credits=(SalesCreditDraft(login, Decimal(100)),)) if login else content


async def write_content(tx: Tx, quote_id: int, content: Content, *, seen: int | None) -> Head:
    """Write what the draft version says, priced for the moment that it was priced for before.

    `seen` is the stamp that the caller has read; another one is refused as stale. What people gave before
    keeps their names, and what was confirmed and stays the same stays confirmed.
    """
    head = await lock_draft(tx, quote_id, seen=seen)
    before = await stored_version(tx, head.id, head.active_version)
    return await _rewrite(tx, head, content, before, priced_at=before.version.priced_at)


async def reprice_quotes(tx: Tx, quote_ids: list[int], *, seen: Mapping[int, int] | None = None) -> list[Head]:
    """Price drafts for now, one or hundreds; `differences_of` shows what this would change. All or nothing."""
    heads = []
    for quote_id in sorted(set(quote_ids)):
        head = await lock_draft(tx, quote_id, seen=(seen or {}).get(quote_id))
        before = await stored_version(tx, head.id, head.active_version)
        heads.append(await _rewrite(tx, head, content_of(before), before, priced_at=tx.now))
    return heads


async def lock_draft(tx: Tx, quote_id: int, *, seen: int | None) -> Head:
    """A quote that may be written now: locked, a draft, and as the caller saw it."""
    head = await lock_quote(tx, quote_id, seen=seen)
    if head.state != "draft":
        message = f"{head.number} is {head.state}; make a new version of it to change it."
        raise Conflict([Problem("quote_not_draft", message)])
    return head


async def lock_quote(tx: Tx, quote_id: int, *, seen: int | None = None) -> Head:
    """A quote that the actor sees, locked; refused as stale when it is not as the caller saw it."""
    found = await store.lock(tx, [quote_id])
    if quote_id not in found:
        raise NotFound([UNKNOWN])
    head = found[quote_id]
    if seen is not None and seen != head.stamp:
        raise Stale(
            [Problem("changed_meanwhile", f"{head.number} was changed since you read it; read it again and redo.")]
        )
    return head


async def _rewrite(tx: Tx, head: Head, content: Content, before: StoredVersion, *, priced_at: datetime) -> Head:
    customer = await customer_of(tx, head)
    after = await _write(
        tx, head, content, number=head.active_version, priced_at=priced_at, customer=customer, before=before
    )
    head = await store.touch(
        tx, head.id, valid_until=after.valid_until, expires_at=expires_at(after.valid_until, head.time_zone)
    )
    tx.emit(QuotePriced(head.subject, head.active_version, _once(before.version.totals), _once(after.totals)))
    return head


def _once(totals: tuple[TotalRow, ...]) -> Decimal:
    return sum((total.net for total in totals if total.kind == "one_time"), Decimal(0))


async def _write(
    tx: Tx,
    head: Head,
    content: Content,
    *,
    number: int,
    priced_at: datetime,
    customer: Customer | None,
    before: StoredVersion | None,
) -> NewVersion:
    today = tx.now.astimezone(ZoneInfo(head.time_zone)).date()
    refuse_if_any(content_problems(content, today=today))
    priced = await priced_content(tx, head, content, priced_at=priced_at, customer=customer, before=before)
    version = NewVersion(
        quote_id=head.id,
        number=number,
        title=content.title,
        requested_on=content.requested_on,
        ship_to=content.ship_to,
        po_number=content.po_number,
        terms=content.terms,
        note=content.note,
        valid_until=content.valid_until or head.valid_until,
        shared=priced.shared,
        totals=priced.totals,
        priced_at=priced_at,
        priced_by=tx.actor.name,
        lines=priced.lines,
        charges=priced.charges,
        steps=priced.steps,
        costs=priced.costs,
        needs=priced.needs,
        credits=await _credits(tx, content),
    )
    await versions.write(tx, version)
    confirmed = [need for need in (before.needs if before else ()) if need.confirmed_at is not None]
    if confirmed and version.needs:
        known = [(need.basis, need.confirmed_by or "", need.comment, need.confirmed_at) for need in confirmed]
        await versions.keep_confirmations(tx, head.id, number, known)
    return version


async def _credits(tx: Tx, content: Content) -> tuple[NewCredit, ...]:
    logins = [credit.payee.lower() for credit in content.credits]
    users = await resolve_users(tx, logins) if logins else {}
    refuse_if_any(
        [
            Problem(
                "payee_unknown",
                f"Nobody has the log-in “{credit.payee}”; name a user by e-mail address.",
                f"/credits/{place}/payee",
            )
            for place, credit in enumerate(content.credits)
            if credit.payee.lower() not in users
        ]
    )
    return tuple(
        NewCredit(place, credit.payee.lower(), users[credit.payee.lower()].id, credit.percent, credit.kind)
        for place, credit in enumerate(content.credits)
    )


@dataclass(frozen=True, slots=True)
class Repriced:
    """What a draft costs and what it would cost now."""

    before: StoredVersion
    after: PricedVersion


async def preview_reprice(tx: Tx, quote_id: int) -> Repriced:
    """What pricing a draft for now would come to; writes nothing."""
    head = await head_of(tx, quote_id)
    before = await stored_version(tx, head.id, head.active_version)
    customer = await customer_of(tx, head)
    after = await priced_content(tx, head, content_of(before), priced_at=tx.now, customer=customer, before=before)
    return Repriced(before, after)


async def copy_quote(tx: Tx, quote_id: int, draft: CopyDraft) -> Head:
    """Begin another quote that says the same, at the prices of now: for a customer, or as a template.

    What people gave is left behind in a template and for another customer; what was agreed with this one is not.
    """
    source = await head_of(tx, quote_id)
    stored = await stored_version(tx, source.id, source.active_version)
    own = await customer_of(tx, source)
    reference = draft.customer or (own.number if own and not draft.template else None)
    customer = await _customer(tx, reference, is_template=draft.template)
    is_same = own is not None and customer is not None and own.account_id == customer.account_id
    content = _copied(content_of(stored), keeps_given=is_same)
    quote = replace(
        _new_quote(
            tx,
            QuoteDraft(template=draft.template, type=source.type, channel=source.channel, content=content),
            customer,
            source.currency if is_same or customer is None else (customer.currency or source.currency),
        ),
        copied_from_id=source.id,
    )
    return await _begin(tx, content, customer, quote, copied_from=source.number)


def _copied(content: Content, *, keeps_given: bool) -> Content:
    content = replace(content, valid_until=None, po_number=None, requested_on=None, credits=())
    if keeps_given:
        return content
    lines = tuple(replace(line, given=(), place=None, requested_on=None) for line in content.lines)
    return replace(content, lines=lines, shared=(), ship_to=None)


async def revise_quote(tx: Tx, quote_id: int, *, seen: int | None = None) -> Head:
    """Begin the next version of a quote that was sent: a draft that says the same, at the same prices.

    It is the active one from now on; the one before is kept as it was and can be accepted no more.
    Refused once something was converted.
    """
    head = await lock_quote(tx, quote_id, seen=seen)
    if head.state not in REVISE.before:
        raise Conflict([Problem("quote_not_revisable", f"{head.number} is {head.state}; {_instead(head)}.")])
    before = await stored_version(tx, head.id, head.active_version)
    if any(line.converted for line in before.lines):
        message = f"Part of {head.number} is on order already; change the order, or copy the quote."
        raise Conflict([Problem("quote_converted", message)])
    today = tx.now.astimezone(ZoneInfo(head.time_zone)).date()
    content = content_of(before)
    if content.valid_until is not None and content.valid_until < today:
        content = replace(content, valid_until=default_validity(tx.now, head.time_zone))
    [moved] = await store.move(tx, [head.id], REVISE)
    number = head.active_version + 1
    version = await _write(
        tx,
        moved,
        content,
        number=number,
        priced_at=before.version.priced_at,
        customer=await customer_of(tx, head),
        before=before,
    )
    tx.emit(QuoteMoved(head.subject, head.state, "draft", number))
    return await store.touch(
        tx,
        head.id,
        valid_until=version.valid_until,
        expires_at=expires_at(version.valid_until, head.time_zone),
        active_version=number,
    )


def _instead(head: Head) -> str:
    return "change it as it is" if head.state == "draft" else "copy it to make another"
