"""Nouns of the step engine: the immutable shape of a process, its steps, and what is asked of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal, NamedTuple

from orderloom.base.types import Subject

Mode = Literal["auto", "person", "event", "timer", "pass"]
EdgeType = Literal["FS", "SS", "FF", "SF"]
EdgeKind = Literal["plan", "gateway", "completes"]
Split = Literal["all", "first", "any"]
Priority = Literal["urgent", "standard", "bulk"]
PointOfNoReturn = Literal["none", "soft", "hard"]
ErrorClass = Literal["transient", "data", "business", "unknown"]

PRIORITIES: tuple[Priority, ...] = ("urgent", "standard", "bulk")
RETRIES_SECONDS = (10, 60, 600, 3600)
GENERAL_QUEUE = "general"  # for what a person is to do and nobody said who


class State(StrEnum):
    """Where a step stands."""

    BLOCKED = "blocked"
    READY = "ready"
    RUNNING = "running"
    WAITING = "waiting"
    DONE = "done"
    SKIPPED = "skipped"
    FAILED = "failed"
    CANCELLED = "cancelled"


class StepId(NamedTuple):
    """A step's identity: its process and its number there."""

    process_id: int
    number: int


@dataclass(frozen=True, slots=True)
class Undo:
    """The step that takes back what a completed step has done."""

    kind: str
    title: str
    mode: Mode = "auto"
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Node:
    """The part of a step that all processes of one shape share.

    `when` is asked when the step is ready and decides whether it runs; `wait_for` holds an open step
    back until it is true. `yields` names the outputs that become variables of the process (under the
    names that the step's parameter `facts_as` gives); what comes of it is absorbed by the owner of the
    process when it `yields` or `absorbs`; `tells` has its moves stated as events. `hours` are
    optimistic, typical and pessimistic. `delay_seconds` is how long a timer runs. `choice` numbers the
    choice set: the first member that is done withdraws the others. `split` says which of its gateway
    edges a finished step takes.
    """

    kind: str
    mode: Mode
    mandatory: bool = True
    when: str | None = None
    wait_for: str | None = None
    yields: tuple[str, ...] = ()
    tells: bool = False
    absorbs: bool = False
    point_of_no_return: PointOfNoReturn = "none"
    undo: Undo | None = None
    hours: tuple[float, float, float] | None = None
    delay_seconds: int = 0
    choice: int | None = None
    split: Split = "all"
    retries_seconds: tuple[int, ...] = RETRIES_SECONDS
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Edge:
    """A dependency between two nodes, named by their places.

    FS and SS hold back the start of `then`, FF and SF its finish. A `completes` edge leads from a
    timer to the sibling that it completes. `when` chooses among the gateway edges of one node.
    """

    first: int
    then: int
    type: EdgeType = "FS"
    lag_seconds: int = 0
    kind: EdgeKind = "plan"
    when: str | None = None


@dataclass(frozen=True, slots=True)
class ProcessDraft:
    """A process to start: a shape, and what is this process's own.

    A node's number is its place in `nodes`. The tuples that follow `titles` have one entry for each
    node, or are empty where no node has one.
    """

    subject: Subject
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    keys: tuple[str, ...]
    titles: tuple[str, ...]
    queues: tuple[str | None, ...] = ()
    partners: tuple[str | None, ...] = ()
    expected: tuple[int | None, ...] = ()
    not_before: tuple[datetime | None, ...] = ()
    params: tuple[Mapping[str, Any] | None, ...] = ()
    variables: Mapping[str, Any] = field(default_factory=dict)
    priority: Priority = "standard"


@dataclass(frozen=True, slots=True)
class NewStep:
    """A step that an amendment adds."""

    node: Node
    key: str
    title: str
    queue: str | None = None
    partner: str | None = None
    expected: int | None = None
    not_before: datetime | None = None
    params: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Amendment:
    """The difference between what a process is and what it should be.

    Added steps take the numbers that follow the last one, in order, so `edges` may name them.
    Withdrawn steps must not have started; they keep their rows and satisfy their successors, and so do
    the begun ones in `stop`. An added edge that exists already, and a removed one that does not,
    change nothing.
    """

    steps: tuple[NewStep, ...] = ()
    edges: tuple[Edge, ...] = ()
    withdraw: tuple[int, ...] = ()
    stop: tuple[int, ...] = ()
    remove_edges: tuple[Edge, ...] = ()
    expected: Mapping[int, int] = field(default_factory=dict)
    variables: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Revision:
    """What a customer's change makes of a process, in one stroke.

    `retire` are rows that give up their keys, so that a step of the same content can be added anew.
    `take_back` are begun or done ones: they are stopped, and undone where they have had an effect.
    `again` says which added step (by its place) does anew what which row did: it waits until that is
    undone. `titles` are new names for rows.
    """

    amendment: Amendment = Amendment()
    retire: tuple[int, ...] = ()
    take_back: tuple[int, ...] = ()
    again: Mapping[int, int] = field(default_factory=dict)
    titles: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Revised:
    """The numbers of the steps that a revision added, in order, and of those that take something back."""

    added: tuple[int, ...]
    undo: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Completion:
    """Somebody says that a step is done, with what came of it."""

    process_id: int
    number: int
    outputs: Mapping[str, Any] = field(default_factory=dict)
    evidence: str | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """Somebody says that a step failed."""

    process_id: int
    number: int
    error_class: ErrorClass
    message: str


@dataclass(frozen=True, slots=True)
class Count:
    """So many more of what a counting step counts."""

    process_id: int
    number: int
    added: int


@dataclass(frozen=True, slots=True)
class Message:
    """An answer from outside, for the step that waits for this correlation."""

    correlation: str
    outputs: Mapping[str, Any] = field(default_factory=dict)
    error_class: ErrorClass | None = None
    error: str | None = None


class Delivery(StrEnum):
    """What became of a message or completion: `early` ones are kept and take effect when their step opens."""

    DONE = "done"
    EARLY = "early"
    DUPLICATE = "duplicate"
    HELD = "held"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Step:
    """A step as it stands."""

    process_id: int
    number: int
    key: str
    title: str
    kind: str
    mode: Mode
    state: State
    sub_reason: str | None
    pending: int
    pending_finish: int
    live: int
    token: bool | None
    mandatory: bool
    held: bool
    hold_reason: str | None
    queue: str | None
    partner: str | None
    expected: int | None
    counted: int
    attempt: int
    retries: int
    not_before: datetime | None
    finish_after: datetime | None
    due: datetime | None
    wake_at: datetime
    retry_at: datetime | None
    correlation: str | None
    chosen: list[int] | None
    error_class: str | None
    error: str | None
    choice: int | None
    arrived: Mapping[str, Any] | None
    outputs: Mapping[str, Any] | None
    params: Mapping[str, Any] | None
    ready_at: datetime | None
    started_at: datetime | None
    finished_at: datetime | None

    @property
    def id(self) -> StepId:
        """The step's identity."""
        return StepId(self.process_id, self.number)

    @property
    def is_open(self) -> bool:
        """Whether it may still move."""
        return self.state not in (State.DONE, State.SKIPPED, State.CANCELLED)
