"""Verbs of the installed base; every one is plural and may be repeated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from orderloom.assets import rules, store
from orderloom.assets.events import AssetChanged, AssetCreated, AssetMoved, RealizationTerminated
from orderloom.assets.reads import named_assets
from orderloom.assets.types import AssetDraft, AssetRevision, CharacteristicsChange, Moved, RealizationDraft
from orderloom.base.refusals import NotFound, Problem, refuse_if_any
from orderloom.base.transaction import Tx
from orderloom.base.types import Subject


async def create_for_order(tx: Tx, drafts: Sequence[AssetDraft]) -> dict[int, int]:
    """Write what orders will install, bundles above their parts; return assets by order item.

    One asset per order item: creating again returns the one that is there, unchanged.
    """
    refuse_if_any(rules.draft_problems(drafts))
    if not drafts:
        return {}
    orders = [draft.order_id for draft in drafts]
    keys = await store.draw_keys(tx, len(drafts), order_ids=orders)
    known = await store.of_orders(tx, orders) if keys.known else []
    created = {row.order_item_id: row.id for row in known}
    by_line = {(row.order_id, row.line): row.id for row in known}
    fresh = [
        store.NewAsset(draft, id_, number)
        for draft, id_, number in zip(drafts, keys.ids, keys.numbers, strict=True)
        if draft.order_item_id not in created
    ]
    by_line |= {(new.draft.order_id, new.draft.line): new.id for new in fresh}
    await store.insert(tx, fresh, by_line=by_line, by_number=await _numbered(tx, fresh))
    if heirs := [new.id for new in fresh if new.draft.replaces]:
        await store.inherit(tx, heirs)
    created |= {new.draft.order_item_id: new.id for new in fresh}
    tx.emit(map(_created, fresh))
    return {draft.order_item_id: created[draft.order_item_id] for draft in drafts}


async def _numbered(tx: Tx, fresh: Sequence[store.NewAsset]) -> dict[str, int]:
    numbers = {number for new in fresh for number in (new.draft.parent_asset, new.draft.replaces) if number}
    return {asset.number: asset.id for asset in (await named_assets(tx, sorted(numbers))).values()} if numbers else {}


def _created(new: store.NewAsset) -> AssetCreated:
    subject = Subject("asset", new.id, new.number, new.draft.account_id)
    return AssetCreated(subject, new.draft.order_id, new.draft.order_item_id, new.draft.product_code)


async def start(tx: Tx, asset_ids: Sequence[int]) -> list[Moved]:
    """The first step of their items has begun: created assets are pending."""
    return await _move(tx, dict.fromkeys(asset_ids, tx.now), "pending_active")


async def activate(tx: Tx, started: Mapping[int, datetime]) -> list[Moved]:
    """Assets live from a time each: that of the milestone, not of processing. What realizes them lives too.

    The start of an asset that was suspended stays what it was.
    """
    moved = await _move(tx, started, "active")
    await store.activate_used(tx, await store.used_by(tx, [each.asset_id for each in moved]))
    return moved


async def suspend(tx: Tx, asset_ids: Sequence[int]) -> list[Moved]:
    """Assets rest for a while; what realizes them stays, and rests where nobody else uses it."""
    moved = await _move(tx, dict.fromkeys(asset_ids, tx.now), "suspended")
    await store.rest_unused(tx, await store.used_by(tx, [each.asset_id for each in moved]))
    return moved


async def request_termination(tx: Tx, asset_ids: Sequence[int]) -> list[Moved]:
    """A disconnect is on its way."""
    return await _move(tx, dict.fromkeys(asset_ids, tx.now), "pending_terminate")


async def reinstate(tx: Tx, asset_ids: Sequence[int]) -> list[Moved]:
    """A disconnect came to nothing: assets stand where they stood before it."""
    before = await store.before_termination(tx, asset_ids)
    moved = []
    for state in ("active", "suspended"):
        ids = [asset_id for asset_id, was in before.items() if was == state]
        moved += await _move(tx, dict.fromkeys(ids, tx.now), state) if ids else []
    return moved


async def hold_realizations(tx: Tx, numbers: Sequence[str]) -> None:
    """Lock what these assets use until the transaction ends, so that one order at a time decides what goes."""
    known = await named_assets(tx, numbers)
    await store.used_by(tx, [asset.id for asset in known.values()])


async def join_realizations(tx: Tx, users: Sequence[tuple[int, str, int]]) -> None:
    """Order items use from now on what their customer has already: account, key and order item of each."""
    known = await store.of_order_items(tx, [item for _, _, item in users])
    pairs = [(account_id, key, known[item].id) for account_id, key, item in users if item in known]
    if pairs:
        await store.join(tx, pairs)


async def terminate(tx: Tx, ended: Mapping[int, datetime]) -> list[Moved]:
    """Assets end at a time each; a realization that nobody else uses is terminated and told."""
    return await _end(tx, ended, "terminated")


async def cancel(tx: Tx, asset_ids: Sequence[int]) -> list[Moved]:
    """Assets that never lived are cancelled with their items; one that lives stays as it is."""
    return await _end(tx, dict.fromkeys(asset_ids, tx.now), "cancelled")


async def abort(tx: Tx, asset_ids: Sequence[int]) -> list[Moved]:
    """Assets that never lived end because their items failed."""
    return await _end(tx, dict.fromkeys(asset_ids, tx.now), "aborted")


async def _end(tx: Tx, ended: Mapping[int, datetime], state: str) -> list[Moved]:
    moved = await _move(tx, ended, state)
    ids = [each.asset_id for each in moved]
    used = await store.used_by(tx, ids)
    await store.leave(tx, ids)
    tx.emit(
        RealizationTerminated(
            Subject("realization", each.id, each.key, each.account_id), each.key, each.spec, each.place
        )
        for each in await store.terminate_unused(tx, used)
    )
    return moved


async def _move(tx: Tx, when: Mapping[int, datetime], state: str) -> list[Moved]:
    moved = await store.move(tx, list(when), state, at=list(when.values()))
    tx.emit(
        AssetMoved(
            Subject("asset", each.asset_id, each.number, each.account_id),
            each.order_item_id,
            each.before,
            each.after,
            when[each.asset_id],
        )
        for each in moved
    )
    return moved


async def set_characteristics(tx: Tx, changes: Sequence[CharacteristicsChange]) -> list[int]:
    """Write what was learnt about assets (an assigned address, serials); return those that changed.

    Values are merged, null removes one, serials are added. Telling the same again changes nothing.
    """
    known = await store.lock_characteristics(tx, [change.asset_id for change in changes])
    if missing := [change.asset_id for change in changes if change.asset_id not in known]:
        raise NotFound([Problem("asset_unknown", f"There is no asset {asset_id}; reload.") for asset_id in missing])
    merged = {
        change.asset_id: rules.merge(known[change.asset_id].characteristics, change.characteristics)
        for change in changes
    }
    fresh = {
        change.asset_id: [serial for serial in change.serials if serial not in known[change.asset_id].serials]
        for change in changes
    }
    changed = [asset_id for asset_id, result in merged.items() if result.before != result.after or fresh[asset_id]]
    await store.write_characteristics(
        tx,
        {asset_id: merged[asset_id].characteristics for asset_id in changed},
        {asset_id: [*known[asset_id].serials, *fresh[asset_id]] for asset_id in changed},
    )
    tx.emit(
        AssetChanged(
            Subject("asset", asset_id, known[asset_id].number, known[asset_id].account_id),
            merged[asset_id].before,
            merged[asset_id].after,
            tuple(fresh[asset_id]),
        )
        for asset_id in changed
    )
    return changed


async def revise_assets(tx: Tx, revisions: Sequence[AssetRevision]) -> list[int]:
    """Let installed products follow their changed order items; return those that there are. Idempotent."""
    known = await store.of_order_items(tx, [revision.order_item_id for revision in revisions])
    mine = [revision for revision in revisions if revision.order_item_id in known]
    return await alter_assets(tx, {known[revision.order_item_id].id: revision for revision in mine})


async def alter_assets(tx: Tx, revisions: Mapping[int, AssetRevision]) -> list[int]:
    """Let installed products be what an order has made of them, by id; return those. Idempotent."""
    await store.resize(tx, revisions)
    learnt = [
        CharacteristicsChange(asset_id, revision.characteristics)
        for asset_id, revision in revisions.items()
        if revision.characteristics
    ]
    if learnt:
        await set_characteristics(tx, learnt)
    return list(revisions)


async def settle_realizations(tx: Tx, drafts: Sequence[RealizationDraft]) -> None:
    """Write what became of services and resources that live: their characteristics are merged. Idempotent."""
    if drafts:
        await store.settle(tx, rules.shared(drafts))


async def realize(tx: Tx, drafts: Sequence[RealizationDraft]) -> dict[str, int]:
    """Write the services and resources that fulfilment made, and which assets use them; return ids by key.

    A key that lives is found, its characteristics merged, its users added: a shared one is written
    once and counted. Users are the assets of the order items; what would have none is not written.
    """
    known = await store.of_order_items(tx, [item for draft in drafts for item in draft.order_item_ids])
    named = await named_assets(tx, sorted({number for draft in drafts for number in draft.assets}))
    together = rules.shared(drafts)
    users = {
        (draft.account_id, draft.key): [
            *(known[item].id for item in draft.order_item_ids if item in known),
            *(named[number].id for number in draft.assets if number in named),
        ]
        for draft in together
    }
    used = [draft for draft in together if users[(draft.account_id, draft.key)]]
    ids = await store.realize(tx, used)
    await store.use(tx, [(ids[key], asset_id) for key in ids for asset_id in users[key]])
    await store.activate_used(tx, list(ids.values()))
    return {key: realization_id for (_, key), realization_id in ids.items()}
