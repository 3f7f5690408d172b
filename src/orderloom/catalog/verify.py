"""Invariants of the catalogue."""

from __future__ import annotations

from orderloom.base.verify import Invariant

INVARIANTS = (
    Invariant(
        "A product that is a bundle has components in the newest version that sells it, and no other has",
        """
        SELECT 'product ' || product.code
          FROM catalog.product
         CROSS JOIN LATERAL (
               SELECT max(version_id) AS version_id FROM catalog.offering WHERE product_id = product.id) AS newest
         WHERE product.is_bundle <> EXISTS (
               SELECT
                 FROM catalog.component
                WHERE bundle_id = product.id
                  AND version_id = newest.version_id)
        """,
    ),
    Invariant(
        "No bundle is part of itself, however deep",
        """
        WITH RECURSIVE below AS (
             SELECT version_id, bundle_id, product_id, 1 AS depth FROM catalog.component
              UNION
             SELECT below.version_id, below.bundle_id, component.product_id, depth + 1
               FROM below
               JOIN catalog.component
                 ON component.version_id = below.version_id AND component.bundle_id = below.product_id
              WHERE depth < 30)
        SELECT DISTINCT 'product ' || product.code || ' in version ' || below.version_id
          FROM below
          JOIN catalog.product ON product.id = below.bundle_id
         WHERE below.bundle_id = below.product_id
        """,
    ),
    Invariant(
        "Every published version sells something",
        """
        SELECT 'version ' || catalogue.code || ' v' || version.number
          FROM catalog.version
          JOIN catalog.catalogue ON catalogue.id = version.catalogue_id
         WHERE version.state = 'published'
           AND NOT EXISTS (SELECT FROM catalog.offering WHERE version_id = version.id)
        """,
    ),
)
