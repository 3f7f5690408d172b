"""Verbs of the room: publish policies, submit, decide, recall, ask back, reassign, delegate."""

from orderloom.approvals.commands.deciding import decide_requests, override_request
from orderloom.approvals.commands.escalating import escalate_ask
from orderloom.approvals.commands.linked import decide_by_link, read_link, read_list_link
from orderloom.approvals.commands.policies import (
    Published,
    delegate,
    end_delegations,
    publish_policies,
    retire_policies,
)
from orderloom.approvals.commands.replying import take_mail_reply
from orderloom.approvals.commands.sealing import seal_logs
from orderloom.approvals.commands.steering import (
    add_approver,
    answer_question,
    ask_requester,
    hand_over,
    reassign_step,
    recall_request,
    replace_leavers,
)
from orderloom.approvals.commands.submitting import preview_submission, submit_for_approval
from orderloom.approvals.commands.telling import send_notices, tell_asked

__all__ = [
    "Published",
    "add_approver",
    "answer_question",
    "ask_requester",
    "decide_by_link",
    "decide_requests",
    "delegate",
    "end_delegations",
    "escalate_ask",
    "hand_over",
    "override_request",
    "preview_submission",
    "publish_policies",
    "read_link",
    "read_list_link",
    "reassign_step",
    "recall_request",
    "replace_leavers",
    "retire_policies",
    "seal_logs",
    "send_notices",
    "submit_for_approval",
    "take_mail_reply",
    "tell_asked",
]
