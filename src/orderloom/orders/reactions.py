"""What the room offers to others."""

from __future__ import annotations

from orderloom.base.types import SubjectKind
from orderloom.orders.commands.credit import check_credit
from orderloom.orders.order import SUBJECT

SUBJECTS = {SUBJECT: SubjectKind(SUBJECT, "/orders/{id}")}
STEP_KINDS = {"orders.credit_check": check_credit}
