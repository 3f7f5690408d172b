"""The worker's part: fetch the files, claim what is due, send it outside any transaction, record what came of it."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import structlog

from orderloom.base.transaction import Database, Tx, in_transaction
from orderloom.base.types import SYSTEM, Subject, SubjectFile
from orderloom.messages import store
from orderloom.messages.commands import tell
from orderloom.messages.doors import PLACE, Doors, opened
from orderloom.messages.reads import enclosures_of, recipients_of
from orderloom.messages.states import pause_seconds
from orderloom.messages.types import Channel, Delivered, Enclosure, Parcel, Recipient
from orderloom.parties.commands.links import tell_links

DELIVERIES_A_TURN = 20
MESSAGES_LOOKED_AT = 100
LEASE_SECONDS = 600
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Postman:
    """Sends what is due over the channels that this worker has; what has no channel here stays queued.

    `doors` make the links of messages; without, a message that has some is postponed.
    """

    database: Database
    channels: Mapping[str, Channel]
    limit: int = DELIVERIES_A_TURN
    lease_seconds: float = LEASE_SECONDS
    doors: Doors | None = None

    async def turn(self) -> int:
        """One round; returns how many deliveries were tried.

        A worker that dies while it sends leaves an unknown outcome: the message may have arrived.
        """
        await in_transaction(self.database, SYSTEM, fetch_files)
        if not self.channels:
            return 0
        parcels = await in_transaction(self.database, SYSTEM, self._claim)
        results = await asyncio.gather(*(self._deliver(parcel, tries) for parcel, tries in parcels))
        if results:

            async def keep(tx: Tx) -> None:
                tell(tx, await store.record(tx, results))

            await in_transaction(self.database, SYSTEM, keep)
        return len(results)

    async def _claim(self, tx: Tx) -> list[tuple[Parcel, int]]:
        tell(tx, await store.reap(tx))
        claimed = await store.claim(tx, sorted(self.channels), limit=self.limit, lease_seconds=self.lease_seconds)
        ids = sorted({delivery.message_id for delivery in claimed})
        enclosures = await enclosures_of(tx, ids)
        recipients = await recipients_of(tx, ids)
        if self.doors:
            claimed = await _with_doors(tx, claimed, self.doors)
        return [
            (
                _parcel(
                    one, enclosures.get(one.message_id, ()), recipients[one.message_id], reply_to=self._answers(one)
                ),
                one.round,
            )
            for one in claimed
        ]

    def _answers(self, one: store.ClaimedDelivery) -> str:
        return self.doors.reply_to if self.doors and one.links else ""

    async def _deliver(self, parcel: Parcel, tries: int) -> store.Result:
        if self.doors is None and parcel.is_linked:
            why = "This worker does not know its address; set ORDERLOOM_PUBLIC_URL, and it is sent."
            return _result(parcel, Delivered("postponed", None, why), tries=tries)
        try:
            delivered = await self.channels[parcel.channel].deliver(parcel)
        except Exception as error:
            _log.exception("delivery failed", delivery=parcel.delivery_id)
            delivered = Delivered("unknown", None, f"Sending failed: {type(error).__name__}.")
        return _result(parcel, delivered, tries=tries)


async def _with_doors(tx: Tx, claimed: Sequence[store.ClaimedDelivery], doors: Doors) -> list[store.ClaimedDelivery]:
    """The deliveries with the addresses that their recipients can open."""
    tokens = await tell_links(tx, sorted({link for one in claimed for link in one.links}), key=doors.key)
    filled = []
    for one in claimed:
        own = [tokens.get(link, "-") for link in one.links]
        body, html = (opened(text, doors=doors, tokens=own) for text in (one.body, one.html))
        filled.append(replace(one, body=body, html=html))
    return filled


def _parcel(
    claimed: store.ClaimedDelivery, enclosures: Sequence[Enclosure], recipients: Sequence[Recipient], *, reply_to: str
) -> Parcel:
    own = next(one for one in recipients if one.address == claimed.address)
    return Parcel(
        delivery_id=claimed.id,
        attempt=claimed.attempt,
        channel=claimed.channel,
        token=claimed.token,
        recipient=own,
        others=tuple(one for one in recipients if one is not own),
        title=claimed.title,
        text=claimed.body,
        html=claimed.html,
        created_at=claimed.created_at,
        subject=Subject(claimed.subject_kind, claimed.subject_id, claimed.subject_label, claimed.account_id),
        enclosures=tuple(enclosures),
        is_linked=bool(claimed.links) or PLACE in claimed.body,
        reply_to=reply_to,
    )


def _result(parcel: Parcel, delivered: Delivered, *, tries: int) -> store.Result:
    pause = pause_seconds(tries)
    after = {"accepted": "sent", "refused": "refused", "unknown": "unknown"}.get(
        delivered.outcome, "exhausted" if pause is None else "queued"
    )
    return store.Result(
        delivery_id=parcel.delivery_id,
        attempt=parcel.attempt,
        outcome=delivered.outcome,
        after=after,
        code=delivered.code,
        reply=delivered.reply,
        pause_seconds=(pause or 0) if after == "queued" else 0,
    )


async def fetch_files(tx: Tx) -> None:
    """Pin the files that have been made to the messages that wait for them, and end those whose file never will be."""
    missing = await store.missing_files(tx, limit=MESSAGES_LOOKED_AT)
    if not missing:
        return
    wanted: dict[str, set[int]] = defaultdict(set)
    for one in missing:
        wanted[one.source_kind].add(one.source_id)
    files = {(kind, file.id): file for kind, ids in wanted.items() for file in await _files(tx, kind, sorted(ids))}
    found = [
        store.FoundFile(one.message_id, one.position, file.name, file.media_type, file.file_hash)
        for one in missing
        if (file := files.get((one.source_kind, one.source_id))) and file.file_hash
    ]
    doomed = {
        one.message_id: file.problem
        for one in missing
        if (file := files.get((one.source_kind, one.source_id))) and file.problem and not file.file_hash
    }
    await store.attach(tx, found)
    await store.queue_complete(tx, sorted({one.message_id for one in missing}))
    tell(tx, await store.refuse_waiting(tx, list(doomed), [f"Its file is not there: {why}" for why in doomed.values()]))


async def _files(tx: Tx, kind: str, ids: Sequence[int]) -> Sequence[SubjectFile]:
    known = tx.house.subjects.get(kind)
    assert known is not None and known.files is not None, f"a {kind} is no file"
    return await known.files(tx, ids)
