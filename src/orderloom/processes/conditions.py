"""Conditions of steps: true, false, or unknown where a fact is missing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orderloom.base.refusals import Problem
from orderloom.feel.conditions import FeelError, parse


def holds(text: str, variables: Mapping[str, Any]) -> bool | None:
    """Whether the condition holds; None when it cannot be told for want of a fact."""
    return parse(text).decide(variables)


def condition_problems(text: str | None, pointer: str) -> list[Problem]:
    """What is wrong with the words of a condition."""
    if text is None:
        return []
    try:
        parse(text)
    except FeelError as error:
        return [Problem("bad_condition", str(error), pointer)]
    return []
