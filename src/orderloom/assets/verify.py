"""What must always be true of the installed base; each query names what breaks it."""

from __future__ import annotations

from typing import Final

from orderloom.base.verify import Invariant

INVARIANTS: Final = (
    Invariant(
        "a part of a bundle belongs to the account of the bundle",
        """
        SELECT part.number || ' is another account''s than its bundle ' || bundle.number
          FROM assets.asset AS part
          JOIN assets.asset AS bundle ON bundle.id = part.parent_id
         WHERE part.account_id <> bundle.account_id
        """,
    ),
    Invariant(
        "a living realization is used by somebody, and one that is over by nobody",
        """
        SELECT realization.key || ' is ' || realization.state || ' with ' || count(realization_user.asset_id)
               || ' users'
          FROM assets.realization
          LEFT JOIN assets.realization_user ON realization_user.realization_id = realization.id
         GROUP BY realization.id
        HAVING (realization.state = 'terminated') <> (count(realization_user.asset_id) = 0)
        """,
    ),
    Invariant(
        "an asset that is over uses nothing",
        """
        SELECT asset.number || ' is ' || asset.state || ' and uses realization ' || realization_user.realization_id
          FROM assets.asset
          JOIN assets.realization_user ON realization_user.asset_id = asset.id
         WHERE asset.state IN ('terminated', 'cancelled', 'aborted')
        """,
    ),
    Invariant(
        "what realizes an active asset is not reserved any more",
        """
        SELECT asset.number || ' is active, ' || realization.key || ' is ' || realization.state
          FROM assets.asset
          JOIN assets.realization_user ON realization_user.asset_id = asset.id
          JOIN assets.realization ON realization.id = realization_user.realization_id
         WHERE asset.state = 'active'
           AND realization.state IN ('reserved', 'terminated')
        """,
    ),
)
