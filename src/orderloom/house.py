"""The house: every room's reactions, step kinds and subjects, collected into one immutable value."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pkgutil import iter_modules
from types import MappingProxyType
from typing import Any

import orderloom
from orderloom.base.events import Event, type_name
from orderloom.base.types import Absorb, House, Reaction, StepHandler, SubjectKind, Subscriber, reaction_name

ENTRANCES = frozenset({"cli", "web", "worker", "partner_simulator", "migrations", "house"})


def rooms() -> list[str]:
    """The names of the rooms that this version has, in alphabetical order."""
    return sorted(m.name for m in iter_modules(orderloom.__path__) if m.ispkg and m.name not in ENTRANCES)


@cache
def build_house() -> House:
    """Wire the rooms together. Two rooms that claim one step kind or subject are a bug."""
    reactions: dict[type[Event], tuple[Reaction, ...]] = {}
    step_kinds: dict[str, StepHandler] = {}
    subjects: dict[str, SubjectKind] = {}
    subscribers: dict[str, Subscriber] = {}
    absorbers: dict[str, Absorb] = {}
    folding: set[str] = set()
    for module in [import_module(f"orderloom.{r}.reactions") for r in rooms() if find_spec(f"orderloom.{r}.reactions")]:
        for event, commands in getattr(module, "REACTIONS", {}).items():
            reactions[event] = (*reactions.get(event, ()), *commands)
        _add(step_kinds, getattr(module, "STEP_KINDS", {}))
        _add(subjects, getattr(module, "SUBJECTS", {}))
        _add(subscribers, getattr(module, "SUBSCRIBERS", {}))
        _add(absorbers, getattr(module, "ABSORBERS", {}))
        folding |= {reaction_name(reaction) for reaction in getattr(module, "FOLDING", ())}
    return House(
        reactions=MappingProxyType(reactions),
        step_kinds=MappingProxyType(step_kinds),
        subjects=MappingProxyType(subjects),
        subscribers=MappingProxyType(subscribers),
        absorbers=MappingProxyType(absorbers),
        events=MappingProxyType({type_name(event): event for event in _declared_events()}),
        folding=frozenset(folding),
    )


def _add(known: dict[str, Any], new: dict[str, Any]) -> None:
    assert not known.keys() & new.keys(), f"two rooms claim {sorted(known.keys() & new.keys())}"
    known.update(new)


def _declared_events() -> list[type[Event]]:
    found = []
    for room in rooms():
        if find_spec(f"orderloom.{room}.events"):
            module = import_module(f"orderloom.{room}.events")
            found += [
                kind
                for kind in vars(module).values()
                if isinstance(kind, type) and issubclass(kind, Event) and kind is not Event
                and kind.__module__ == module.__name__
            ]  # fmt: skip
    return found
