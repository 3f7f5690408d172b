"""What billing offers to the house."""

from __future__ import annotations

from orderloom.base.types import SubjectKind

SUBJECTS = {"invoice": SubjectKind("invoice", "/invoices/{id}")}
