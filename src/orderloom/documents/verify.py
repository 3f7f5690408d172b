"""What must always be true of documents; each query names what breaks it."""

from __future__ import annotations

from typing import Final

from orderloom.base.verify import Invariant

INVARIANTS: Final = (
    Invariant(
        "the file of a document is, byte by byte, what its hash says",
        """
        SELECT 'document ' || document.id || ' has a file that was changed'
          FROM documents.document
          JOIN base.blob ON blob.hash = document.file_hash
         WHERE sha256(blob.content) <> document.file_hash OR octet_length(blob.content) <> document.byte_count
        """,
    ),
    Invariant(
        "a document without prices knows no amount",
        """
        SELECT 'document ' || document.id || ' has amounts in its sheet'
          FROM documents.document
         WHERE NOT document.with_prices
           AND (document.sheet ?| ARRAY['currency', 'totals', 'taxes']
                OR jsonb_path_exists(document.sheet, '$.sections[*].lines[*].charges'))
        """,
    ),
)
