"""Pure decisions of the installed base: the order in which a tree is written, what a change changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from orderloom.assets.types import AssetDraft, RealizationDraft
from orderloom.base.refusals import Problem


def draft_problems(drafts: Sequence[AssetDraft]) -> list[Problem]:
    """What is wrong with drafts: doubles, nothing to install, an asset that is its own ancestor."""
    problems = []
    parents = {(draft.order_id, draft.line): draft.parent for draft in drafts}
    seen: set[tuple[int, str]] = set()
    for place, draft in enumerate(drafts):
        if (draft.order_id, draft.line) in seen:
            message = f"Line {draft.line} stands here twice; give it once."
            problems.append(Problem("line_twice", message, f"/{place}/line"))
        seen.add((draft.order_id, draft.line))
        if draft.quantity <= 0:
            problems.append(Problem("quantity_not_positive", "Install more than nothing.", f"/{place}/quantity"))
        if _is_own_ancestor(draft, parents):
            message = f"Line {draft.line} is its own parent; correct the tree."
            problems.append(Problem("circle", message, f"/{place}/parent"))
    return problems


def _is_own_ancestor(draft: AssetDraft, parents: Mapping[tuple[int, str], str | None]) -> bool:
    met: set[str] = set()
    parent = draft.parent
    while parent is not None and parent not in met:
        if parent == draft.line:
            return True
        met.add(parent)
        parent = parents.get((draft.order_id, parent))
    return parent is not None


@dataclass(frozen=True, slots=True)
class Merged:
    """Characteristics after a change, and the values that it touched."""

    characteristics: dict[str, Any]
    before: dict[str, Any]
    after: dict[str, Any]


def merge(known: Mapping[str, Any], learnt: Mapping[str, Any]) -> Merged:
    """Merge learnt values into known ones; null removes one (RFC 7396, first level)."""
    merged = {name: value for name, value in {**known, **learnt}.items() if value is not None}
    touched = [name for name in learnt if known.get(name) != learnt[name]]
    return Merged(
        merged,
        {name: known[name] for name in touched if name in known},
        {name: learnt[name] for name in touched},
    )


def shared(drafts: Sequence[RealizationDraft]) -> list[RealizationDraft]:
    """One draft for each account and key, with the users and characteristics of all that name it."""
    found: dict[tuple[int, str], RealizationDraft] = {}
    for draft in drafts:
        same = found.get((draft.account_id, draft.key))
        found[(draft.account_id, draft.key)] = (
            draft
            if same is None
            else replace(
                same,
                order_item_ids=tuple(dict.fromkeys((*same.order_item_ids, *draft.order_item_ids))),
                assets=tuple(dict.fromkeys((*same.assets, *draft.assets))),
                characteristics={**same.characteristics, **draft.characteristics},
            )
        )
    return list(found.values())
