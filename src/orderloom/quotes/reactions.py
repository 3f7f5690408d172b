"""What the room offers to others."""

from __future__ import annotations

from orderloom.approvals.events import ApprovalDecided
from orderloom.base.types import SubjectKind
from orderloom.quotes.commands.approving import follow_approvals
from orderloom.quotes.quote import SUBJECT

SUBJECTS = {SUBJECT: SubjectKind(SUBJECT, "/quotes/{id}")}
REACTIONS = {ApprovalDecided: (follow_approvals,)}
