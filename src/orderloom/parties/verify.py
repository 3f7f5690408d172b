"""What must be true of the room's rows at any moment."""

from __future__ import annotations

from orderloom.base.verify import Invariant

INVARIANTS = (
    Invariant(
        "Every team sees exactly the accounts that the rules say",
        """
        SELECT 'team ' || team_id || ' should see account ' || account_id
          FROM (SELECT team_id, account_id FROM parties.coverage
                EXCEPT
                SELECT team_id, account_id FROM parties.visible_account) AS unseen
         UNION ALL
        SELECT 'team ' || team_id || ' should not see account ' || account_id
          FROM (SELECT team_id, account_id FROM parties.visible_account
                EXCEPT
                SELECT team_id, account_id FROM parties.coverage) AS overseen
        """,
    ),
    Invariant(
        "Every account stands where its parent says",
        """
        SELECT account.number || ' has a path that does not follow its parent'
          FROM parties.account
          LEFT JOIN parties.account AS parent ON parent.id = account.parent_id
         WHERE account.path IS DISTINCT FROM coalesce(parent.path, '{}') || account.id
        """,
    ),
    Invariant(
        "What is out of use is nobody's default",
        """
        SELECT account.number || ' has the retired place ' || place.code || ' as a default'
          FROM parties.address AS place
          JOIN parties.account ON account.id = place.account_id
         WHERE NOT place.is_active
           AND (place.is_ship_to OR place.is_bill_to)
         UNION ALL
        SELECT account.number || ' has the closed billing account ' || billing.number || ' as its default'
          FROM parties.billing_account AS billing
          JOIN parties.account ON account.id = billing.account_id
         WHERE NOT billing.is_active
           AND billing.is_default
        """,
    ),
    Invariant(
        "Nobody who is inactive has an open session",
        """
        SELECT account.login || ' is inactive and has the open session ' || session.id
          FROM parties.session
          JOIN parties.user AS account ON account.id = session.user_id
         WHERE NOT account.is_active
           AND session.revoked_at IS NULL
           AND session.expires_at > clock_timestamp()
        """,
    ),
)
