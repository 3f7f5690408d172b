"""How the simulated partners behave: rules with delays and probabilities, as JSON.

A rule names a partner and an operation (`*` is any; the last word of a dotted operation counts too)
and what is different there. The first rule that matches and is not used up decides; fields that it
leaves out come from `defaults`.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from random import Random
from typing import Annotated, Any, Literal

from pydantic import Field

from orderloom.base.parsing import parse, strict

Chance = Annotated[float, Field(ge=0, le=1)]
Seconds = Annotated[float, Field(ge=0, le=3600)]
Span = tuple[Seconds, Seconds]


@strict
@dataclass(frozen=True, slots=True)
class Manner:
    """How one operation is carried out; chances are drawn for each attempt, delays multiplied by the pace."""

    delay_seconds: Span = (0.0, 0.05)  # before the reply
    event_seconds: Span = (0.1, 1.0)  # before a message
    answer: Literal["now", "later"] = "now"  # 200 with outputs, or 202 and a message
    error: Chance = 0  # 503 before anything was done
    refuse: Chance = 0  # 422 with a reason, remembered with the key
    nonsense: Chance = 0  # done, but the reply is no JSON
    silence: Chance = 0  # done, but no reply for `silence_seconds`
    hang_up: Chance = 0  # done, but the connection is closed without a reply
    late: Chance = 0  # done, but the reply takes `late_seconds`
    redirect: Chance = 0  # 307 to elsewhere
    duplicate: Chance = 0  # a message is sent twice
    early: Chance = 0  # a message is sent before the call is answered
    silence_seconds: Seconds = 60
    late_seconds: Seconds = 5
    outputs: dict[str, Any] = field(default_factory=dict)  # laid over those of the scenario


@strict
@dataclass(frozen=True, slots=True)
class Rule:
    """Where a manner holds, and how many times (0: always)."""

    manner: dict[str, Any]
    partner: str = "*"
    operation: str = "*"
    times: Annotated[int, Field(ge=0)] = 0


@strict
@dataclass(frozen=True, slots=True)
class Behaviour:
    """All rules, the seed of chance, and the pace that delays are multiplied by (0: at once)."""

    rules: tuple[Rule, ...] = ()
    defaults: Manner = Manner()
    seed: int = 1
    pace: Annotated[float, Field(ge=0, le=10_000)] = 1


@dataclass(frozen=True, slots=True)
class Lot:
    """What was drawn for one attempt."""

    manner: Manner
    fate: str  # done, error, refuse, nonsense, silence, hang_up, late or redirect
    delay_seconds: float
    random: Random


def manner_of(rule: Rule | None, defaults: Manner) -> Manner:
    """The defaults with what the rule changes; an unknown field or a wrong value is refused."""
    return parse(Manner, {**asdict(defaults), **rule.manner}, pointer="/manner") if rule else defaults


def matches(rule: Rule, *, partner: str, operation: str) -> bool:
    """Whether a rule is about this operation of this partner."""
    return rule.partner in ("*", partner) and rule.operation in ("*", operation, short_name(operation))


def short_name(operation: str) -> str:
    """The last word: `RFS-DSLLine.test` is `test`."""
    return operation.rsplit(".", 1)[-1]


def draw(behaviour: Behaviour, manner: Manner, *, identity: str) -> Lot:
    """Draw the fate of one attempt; the same identity always draws the same."""
    random = Random(f"{behaviour.seed}:{identity}")
    mark = random.random()
    fate = "done"
    for name in ("error", "redirect", "refuse", "nonsense", "silence", "hang_up", "late"):
        chance: float = getattr(manner, name)
        if mark < chance:
            fate = name
            break
        mark -= chance
    delay = manner.late_seconds if fate == "late" else random.uniform(*manner.delay_seconds) * behaviour.pace
    return Lot(manner, fate, delay, random)
