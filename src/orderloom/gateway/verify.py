"""What must be true of the wire at any moment."""

from __future__ import annotations

from orderloom.base.verify import Invariant

INVARIANTS = (
    Invariant(
        "No call has ended with or without an answer that no attempt of its edition accounts for",
        """
        SELECT format('call %s is %s after attempt %s, which is not kept as such', id, state, attempts)
          FROM gateway.call
         WHERE state IN ('answered', 'refused')
           AND NOT EXISTS (SELECT
                             FROM gateway.attempt
                            WHERE attempt.call_id = call.id AND attempt.edition = call.edition
                              AND attempt.outcome = call.state)
        """,
    ),
    Invariant(
        "No attempt is numbered beyond those that were begun, and none that ended is missing",
        """
        SELECT format('call %s has begun %s attempts and kept %s, the last numbered %s', call.id, call.attempts,
                      kept.attempts, kept.last)
          FROM gateway.call
         CROSS JOIN LATERAL (SELECT count(*) AS attempts, coalesce(max(number), 0) AS last
                               FROM gateway.attempt
                              WHERE attempt.call_id = call.id) AS kept
         WHERE kept.last > call.attempts
            OR kept.attempts <> call.attempts - (call.state = 'sending')::integer
        """,
    ),
    Invariant(
        "A lease is held by calls that are being sent and by no other",
        """
        SELECT format('call %s is %s with lease %s of %s', id, state, lease_until, coalesce(lease_owner, 'nobody'))
          FROM gateway.call
         WHERE (state = 'sending') <> (lease_until IS NOT NULL)
            OR (state = 'sending') <> (lease_owner IS NOT NULL)
        """,
    ),
    Invariant(
        "A lease that ended is taken back within ten minutes",
        """
        SELECT format('call %s has been sending since its lease ended at %s', id, lease_until)
          FROM gateway.call
         WHERE state = 'sending' AND lease_until < clock_timestamp() - interval '10 minutes'
        """,
    ),
    Invariant(
        "Every partner that is called can be signed for, and the current key is one",
        """
        SELECT format('partner %s has no current key for what goes out', code)
          FROM gateway.partner
         WHERE NOT EXISTS (SELECT FROM gateway.secret
                            WHERE secret.partner_id = partner.id AND direction = 'out' AND valid_until IS NULL)
        """,
    ),
    Invariant(
        "A message belongs to the partner whose call it answers",
        """
        SELECT format('message %s of partner %s answers call %s of partner %s', message.id, message.partner_id,
                      call.id, call.partner_id)
          FROM gateway.message
          JOIN gateway.call ON call.id = message.call_id
         WHERE call.partner_id <> message.partner_id
        """,
    ),
    Invariant(
        "A webhook is active exactly when it is subscribed",
        """
        SELECT format('webhook %s is %s, its subscriptions are not', webhook.id,
                      CASE WHEN webhook.active THEN 'active' ELSE 'paused' END)
          FROM gateway.webhook
         WHERE EXISTS (SELECT
                         FROM unnest(event_types) AS wanted
                    LEFT JOIN base.subscription ON subscriber = 'gateway.webhook' AND target_id = webhook.id
                          AND event_type = wanted AND subscription.active
                        WHERE (subscription.id IS NOT NULL) <> webhook.active)
        """,
    ),
)
