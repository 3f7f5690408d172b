"""What the room offers to others."""

from __future__ import annotations

from orderloom.base.types import SubjectKind
from orderloom.quotes.quote import SUBJECT

SUBJECTS = {SUBJECT: SubjectKind(SUBJECT, "/quotes/{id}")}
