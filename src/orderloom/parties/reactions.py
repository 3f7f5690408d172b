"""What the room offers to others: where a person sees its subjects."""

from __future__ import annotations

from orderloom.base.types import SubjectKind

SUBJECTS = {
    "account": SubjectKind("account", "/accounts/{id}"),
    "user": SubjectKind("user", "/settings/users/{id}"),
    "team": SubjectKind("team", "/settings/teams/{id}"),
    "role": SubjectKind("role", "/settings/roles/{id}"),
    "territory": SubjectKind("territory", "/settings/territories/{id}"),
    "legal_entity": SubjectKind("legal_entity", "/settings/companies/{id}"),
}
