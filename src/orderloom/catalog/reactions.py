"""What the room offers to others."""

from __future__ import annotations

from orderloom.base.types import SubjectKind

SUBJECTS = {
    "catalogue": SubjectKind("catalogue", "/catalogues/{id}"),
    "price_rule": SubjectKind("price_rule", "/prices/rules/{id}"),
}
