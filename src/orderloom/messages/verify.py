"""What must always be true of messages; each query names what breaks it."""

from __future__ import annotations

from typing import Final

from orderloom.base.verify import Invariant

INVARIANTS: Final = (
    Invariant(
        "every message has somebody who gets it",
        """
        SELECT 'message ' || message.id || ' has no delivery'
          FROM messages.message
         WHERE NOT EXISTS (SELECT FROM messages.delivery WHERE delivery.message_id = message.id)
        """,
    ),
    Invariant(
        "nothing was sent without its files",
        """
        SELECT DISTINCT 'message ' || delivery.message_id || ' was sent without a file'
          FROM messages.delivery
          JOIN messages.attachment ON attachment.message_id = delivery.message_id
         WHERE attachment.file_hash IS NULL AND delivery.state IN ('sending', 'sent', 'bounced', 'unknown')
        """,
    ),
    Invariant(
        "what was sent has an attempt that was accepted, or whose outcome nobody knew",
        """
        SELECT 'delivery ' || delivery.id || ' is sent and no attempt says so'
          FROM messages.delivery
         WHERE delivery.state = 'sent'
           AND NOT EXISTS (SELECT FROM messages.attempt
                            WHERE attempt.delivery_id = delivery.id AND attempt.outcome IN ('accepted', 'unknown'))
        """,
    ),
)
