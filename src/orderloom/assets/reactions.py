"""What the installed base offers to the house."""

from __future__ import annotations

from orderloom.base.types import SubjectKind

SUBJECTS = {
    "asset": SubjectKind("asset", "/assets/{id}"),
    "realization": SubjectKind("realization", "/realizations/{id}"),
}
