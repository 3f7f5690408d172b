"""What people and rooms have documents do."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

import msgspec

from orderloom.base.transaction import Tx
from orderloom.documents import store
from orderloom.documents.layout import lay_out
from orderloom.documents.render import template_version
from orderloom.documents.types import DocumentDraft, Sheet


async def request_documents(tx: Tx, drafts: Sequence[DocumentDraft]) -> list[int]:
    """Ask for documents and return the id of each, in the order of the drafts; a worker makes them soon after.

    The same sheet of the same subject is one document, however often it is asked for; one that was refused is
    tried again. Refused where there are no words in the language.
    """
    if not drafts:
        return []
    sheets = [lay_out(draft.paper, language=draft.language, with_prices=draft.with_prices) for draft in drafts]
    ids = await store.add(tx, drafts, sheets, [_hash(sheet) for sheet in sheets], template=template_version())
    tx.wake_worker()
    return ids


def _hash(sheet: Sheet) -> bytes:
    return sha256(msgspec.json.encode(sheet, order="sorted")).digest()
