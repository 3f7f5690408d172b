"""Policies that tests of approvals share."""

from __future__ import annotations

from typing import Any

import yaml

from orderloom.approvals.types import PolicyDraft
from orderloom.base.parsing import parse

DISCOUNTS = """
code: discounts
name: Discounts, margin and terms
subject: quote
inputs:
- {name: discount, worse: higher}
- {name: margin, worse: lower}
- {name: terms days, worse: higher}
- {name: amount}
table: |
  table: Discounts
  hit policy: C
  inputs:
    - {expression: discount, type: number}
    - {expression: margin, type: number}
    - {expression: terms days, type: number}
  outputs:
    - {name: step, type: string}
  notes: [why]
  rules:
    - ["(10..30]", "-", "-", manager, more than ten per cent off]
    - ["> 30", "-", "-", vp, more than thirty per cent off]
    - ["-", "< 20", "-", finance, a thin margin]
    - ["-", "-", "> 30", finance, more than thirty days to pay]
steps:
- {name: manager, who: [{manager: 1}], hours: 8}
- {name: vp, who: [{role: vp_sales}], hours: 16}
- {name: finance, who: [{team: Finance}], needed: 2, veto: false}
flow: [[manager, vp], finance]
"""


def document(**changes: Any) -> dict[str, Any]:
    """The policy of the reference, with some of its parts replaced."""
    found: dict[str, Any] = yaml.safe_load(DISCOUNTS)
    return found | changes


def policy(**changes: Any) -> PolicyDraft:
    """The same, parsed."""
    return parse(PolicyDraft, document(**changes))
