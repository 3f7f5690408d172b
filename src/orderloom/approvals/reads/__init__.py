"""Queries shaped for screens and API, and for the rooms above."""

from orderloom.approvals.reads.policy import (
    DelegationRow,
    Outcome,
    PastSubmission,
    PolicyRow,
    decides_about,
    list_delegations,
    list_policies,
    newest_outcomes,
    submissions,
)
from orderloom.approvals.reads.request import (
    LogEntry,
    OpenAsk,
    Question,
    RequestPage,
    RequestRow,
    RequestStep,
    VerdictRow,
    count_waiting,
    list_requests,
    open_asks,
    request_page,
)

__all__ = [
    "DelegationRow",
    "LogEntry",
    "OpenAsk",
    "Outcome",
    "PastSubmission",
    "PolicyRow",
    "Question",
    "RequestPage",
    "RequestRow",
    "RequestStep",
    "VerdictRow",
    "count_waiting",
    "decides_about",
    "list_delegations",
    "list_policies",
    "list_requests",
    "newest_outcomes",
    "open_asks",
    "request_page",
    "submissions",
]
