"""What documents offer to the house."""

from __future__ import annotations

from orderloom.base.types import SubjectKind
from orderloom.documents.reads import files_of

SUBJECTS = {"document": SubjectKind("document", "/documents/{id}", files=files_of)}
