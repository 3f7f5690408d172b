"""The nouns of a decision model: its elements, its boxed expressions and its types, as they are written."""

from __future__ import annotations

from dataclasses import dataclass, field

from orderloom.feel.dmn.document import Element
from orderloom.feel.table import Table
from orderloom.feel.written import Place, Written


@dataclass(frozen=True, slots=True)
class Boxed:
    """What every boxed expression has: the type it declares, if any, and its place."""

    type_name: str
    place: Place


@dataclass(frozen=True, slots=True)
class Literal(Boxed):
    """An expression as text."""

    text: Written


@dataclass(frozen=True, slots=True)
class BoxedTable(Boxed):
    """A decision table, with the element that it was read from."""

    table: Table
    element: Element = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Variable:
    """A name with a declared type; no type is `Any`. `title` is the name of its element where that differs."""

    name: str
    type_name: str = ""
    place: Place = field(default=Place(), compare=False)
    title: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of a boxed context; without a variable it is the result of the whole."""

    variable: Variable | None
    expression: Expression | None


@dataclass(frozen=True, slots=True)
class BoxedContext(Boxed):
    """Entries, each of which sees those before it."""

    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Invocation(Boxed):
    """A function called with named arguments."""

    called: Expression | None
    arguments: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Relation(Boxed):
    """Rows of one shape: a list of contexts."""

    columns: tuple[Variable, ...]
    rows: tuple[tuple[Expression | None, ...], ...]


@dataclass(frozen=True, slots=True)
class BoxedList(Boxed):
    """A list of expressions."""

    items: tuple[Expression | None, ...]


@dataclass(frozen=True, slots=True)
class Function(Boxed):
    """A function: FEEL, or a kind that is not run here (Java, PMML)."""

    kind: str
    parameters: tuple[Variable, ...]
    body: Expression | None


@dataclass(frozen=True, slots=True)
class Conditional(Boxed):
    """`if`, `then`, `else` in boxes (DMN 1.4)."""

    condition: Expression | None
    then: Expression | None
    otherwise: Expression | None


@dataclass(frozen=True, slots=True)
class Iteration(Boxed):
    """`for`, `every` or `some` in boxes (DMN 1.4)."""

    kind: str
    variable: str
    over: Expression | None
    body: Expression | None
    over_type: str = ""


@dataclass(frozen=True, slots=True)
class Filter(Boxed):
    """A list and the condition that its items must meet (DMN 1.4)."""

    over: Expression | None
    match: Expression | None


Expression = (
    Literal
    | BoxedTable
    | BoxedContext
    | Invocation
    | Relation
    | BoxedList
    | Function
    | Conditional
    | Iteration
    | Filter
)


@dataclass(frozen=True, slots=True)
class FunctionType:
    """The type of a function: what it takes and gives."""

    parameters: tuple[Variable, ...]
    result: str


@dataclass(frozen=True, slots=True)
class ItemDefinition:
    """A type with a name: another one restricted, a structure, a list or a function."""

    name: str
    base: str
    is_list: bool
    allowed: Written | None
    constraint: Written | None
    components: tuple[ItemDefinition, ...]
    function: FunctionType | None
    place: Place = field(compare=False)


@dataclass(frozen=True, slots=True)
class Reference:
    """A requirement: the namespace of the model (empty is this one) and the id of the element in it."""

    namespace: str
    id: str
    place: Place = field(compare=False)


@dataclass(frozen=True, slots=True)
class InputData:
    """What is told from outside."""

    id: str
    variable: Variable
    place: Place = field(compare=False)


@dataclass(frozen=True, slots=True)
class Decision:
    """A question and the expression that answers it from what it requires."""

    id: str
    variable: Variable
    expression: Expression | None
    requires: tuple[Reference, ...]
    place: Place = field(compare=False)


@dataclass(frozen=True, slots=True)
class Knowledge:
    """A business knowledge model: a function with a name, and the knowledge that it needs."""

    id: str
    variable: Variable
    function: Function | None
    requires: tuple[Reference, ...]
    place: Place = field(compare=False)


@dataclass(frozen=True, slots=True)
class Service:
    """A decision service: some decisions, offered together as a function."""

    id: str
    variable: Variable
    outputs: tuple[Reference, ...]
    inside: tuple[Reference, ...]
    input_decisions: tuple[Reference, ...]
    input_data: tuple[Reference, ...]
    place: Place = field(compare=False)


Node = InputData | Decision | Knowledge | Service


@dataclass(frozen=True, slots=True)
class Import:
    """Another model, whose names are known here under a prefix; an empty prefix adds them as they are (DMN 1.5)."""

    prefix: str
    namespace: str
    kind: str
    place: Place = field(compare=False)


@dataclass(frozen=True, slots=True)
class Definitions:
    """Everything that one file says."""

    name: str
    namespace: str
    version: str
    imports: tuple[Import, ...]
    types: tuple[ItemDefinition, ...]
    nodes: tuple[Node, ...]
