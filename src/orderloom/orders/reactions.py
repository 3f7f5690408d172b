"""What the room offers to others."""

from __future__ import annotations

from orderloom.base.types import SubjectKind
from orderloom.orders.commands.credit import check_credit
from orderloom.orders.commands.document import send_wanted_confirmations
from orderloom.orders.events import ConfirmationWanted
from orderloom.orders.order import SUBJECT

SUBJECTS = {SUBJECT: SubjectKind(SUBJECT, "/orders/{id}")}
STEP_KINDS = {"orders.credit_check": check_credit}
REACTIONS = {ConfirmationWanted: (send_wanted_confirmations,)}
