"""The verb `feel`: check an expression, or evaluate it in a context."""

from __future__ import annotations

import argparse
import sys

import msgspec

from orderloom.base.parsing import read_json
from orderloom.base.refusals import refuse
from orderloom.feel.conditions import Condition, FeelError, parse


def feel(chosen: argparse.Namespace) -> int:
    """`check` prints the names that the expression reads; `eval` prints its value as JSON."""
    condition = _parsed(chosen.expression)
    if chosen.what == "check":
        names = sorted(condition.names)
        if chosen.json:
            print(msgspec.json.encode({"names": names}).decode())
        else:
            print(f"reads {', '.join(names)}" if names else "reads no names")
        return 0
    context = read_json(sys.stdin.buffer.read() if chosen.context == "-" else chosen.context)
    if not isinstance(context, dict):
        refuse("context_form", 'Give the context as a JSON object, such as {"speed": 100}.', "--context")
    print(msgspec.json.Encoder(decimal_format="number").encode(condition.evaluate(context)).decode())
    return 0


def _parsed(text: str) -> Condition:
    try:
        return parse(text)
    except FeelError as error:
        refuse("condition_malformed", str(error))
