"""Verbs of the room: publish policies, submit, decide, recall, ask back, reassign, delegate."""

from orderloom.approvals.commands.deciding import decide_requests, override_request
from orderloom.approvals.commands.policies import (
    Published,
    delegate,
    end_delegations,
    publish_policies,
    retire_policies,
)
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

__all__ = [
    "Published",
    "add_approver",
    "answer_question",
    "ask_requester",
    "decide_requests",
    "delegate",
    "end_delegations",
    "hand_over",
    "override_request",
    "preview_submission",
    "publish_policies",
    "reassign_step",
    "recall_request",
    "replace_leavers",
    "retire_policies",
    "submit_for_approval",
]
