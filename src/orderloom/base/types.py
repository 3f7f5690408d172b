"""Nouns that every room shares: who acts, what it is about, and how rooms are wired into a house."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from orderloom.base.events import Event, StoredEvent
    from orderloom.base.refusals import Problem
    from orderloom.base.transaction import Tx


@dataclass(frozen=True, slots=True)
class Subject:
    """What an event, a step or a message is about; how a lower room keeps a higher thing."""

    kind: str
    id: int
    label: str
    account_id: int | None = None


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a user, an API key, a partner's system or the program itself.

    `permissions` are words like `orders.write`; `*` stands for all. `all_accounts` lifts the limit
    to the accounts that the actor's teams cover.
    """

    kind: str
    name: str
    user_id: int | None = None
    permissions: frozenset[str] = frozenset()
    team_ids: tuple[int, ...] = ()
    all_accounts: bool = False

    def may(self, permission: str) -> bool:
        """Whether the actor holds this permission."""
        return permission in self.permissions or "*" in self.permissions


SYSTEM = Actor("system", "Orderloom", permissions=frozenset({"*"}), all_accounts=True)


@dataclass(frozen=True, slots=True)
class Call:
    """One step that the engine asks a room to carry out."""

    process_id: int
    number: int
    attempt: int
    kind: str
    key: str
    title: str
    subject: Subject
    params: Mapping[str, Any]
    variables: Mapping[str, Any]

    @property
    def idempotency_key(self) -> str:
        """The same for every attempt, so that a repeated call has one effect."""
        return f"{self.process_id}:{self.number}"


@dataclass(frozen=True, slots=True)
class Done:
    """The step is carried out; `outputs` are kept with it."""

    outputs: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Waiting:
    """The step has begun and waits for an answer that names this correlation."""

    correlation: str
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class NotNow:
    """The step was refused by the world; a person decides what happens."""

    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Failed:
    """The step failed; the class says whether trying again can help.

    Classes: `transient` (retried with back-off), `data`, `business` and `unknown` (fallout at once).
    """

    error_class: str
    message: str


@dataclass(frozen=True, slots=True)
class Finished:
    """A step that is done, with what came of it and the facts that it yields.

    `is_witnessed`: nobody told us what came of it; a person declared it done.
    """

    process_id: int
    number: int
    key: str
    kind: str
    outputs: Mapping[str, Any]
    facts: Mapping[str, Any]
    is_witnessed: bool = False


Outcome = Done | Waiting | NotNow | Failed
StepHandler = Callable[["Tx", Sequence[Call]], Awaitable[Sequence[Outcome]]]
Reaction = Callable[["Tx", Sequence[Any]], Awaitable[None]]
Subscriber = Callable[["Tx", Sequence[tuple[int, "StoredEvent"]]], Awaitable[None]]
Absorb = Callable[["Tx", Sequence["Finished"]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class SubjectFile:
    """A subject as a file: its hash in `base.blob`, none while it is being made, a problem where it will never be."""

    id: int
    name: str = ""
    media_type: str = ""
    file_hash: bytes | None = None
    problem: str = ""


SubjectFiles = Callable[["Tx", Sequence[int]], Awaitable[Sequence[SubjectFile]]]


@dataclass(frozen=True, slots=True)
class SubjectKind:
    """What a room tells others about a kind of subject that it owns; `path` is where a person sees it, with `{id}`.

    `files` gives subjects that are files to whoever sends them.
    """

    kind: str
    path: str
    files: SubjectFiles | None = None


@dataclass(frozen=True, slots=True)
class House:
    """The rooms wired together: who reacts to what, who carries out which step. Immutable.

    An absorber takes, for processes of its kind of subject, what came of finished steps that yield
    facts or are absorbed: in the transaction of their completion, before anything that follows.

    A reaction in `folding` looks at its subject as it is now, whatever happened: of several that wait
    for one subject only the last is run.
    """

    reactions: Mapping[type[Event], tuple[Reaction, ...]] = field(default_factory=lambda: MappingProxyType({}))
    step_kinds: Mapping[str, StepHandler] = field(default_factory=lambda: MappingProxyType({}))
    subjects: Mapping[str, SubjectKind] = field(default_factory=lambda: MappingProxyType({}))
    absorbers: Mapping[str, Absorb] = field(default_factory=lambda: MappingProxyType({}))
    subscribers: Mapping[str, Subscriber] = field(default_factory=lambda: MappingProxyType({}))
    events: Mapping[str, type[Event]] = field(default_factory=lambda: MappingProxyType({}))
    folding: frozenset[str] = frozenset()

    def reaction(self, event_type: str, name: str) -> tuple[Reaction, type[Event]]:
        """The reaction of this name to this type of event, and the event's class; KeyError when there is none."""
        event = self.events[event_type]
        for reaction in self.reactions.get(event, ()):
            if reaction_name(reaction) == name:
                return reaction, event
        raise KeyError(f"nothing called {name} reacts to {event_type}")


EMPTY_HOUSE = House()


def reaction_name(reaction: Callable[..., object]) -> str:
    """How a reaction is called in `base.job`: room, module and function."""
    return f"{reaction.__module__.removeprefix('orderloom.')}.{reaction.__qualname__}"
