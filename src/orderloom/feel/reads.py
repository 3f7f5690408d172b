"""Which of the caller's names an expression reads."""

from __future__ import annotations

from collections.abc import Iterable

from orderloom.feel.names import BUILTIN_NAMES
from orderloom.feel.tree import (
    Call,
    Entries,
    Filter,
    For,
    Function,
    Iteration,
    Name,
    Node,
    Path,
    Quantified,
    children,
)

_BUILTIN = frozenset(BUILTIN_NAMES)


def names_read(tree: Node, *, dotted: bool = False) -> dict[str, int]:
    """The names that the expression does not declare itself, with the offset of their first mention.

    Built-in functions count only where they are not called. A name within a filter counts too, although it may turn
    out to be an entry of the element. With `dotted`, a path from a name is told as one text: `order.total`.
    """
    found: dict[str, int] = {}
    for at, name in sorted(mentions(tree, dotted=dotted)):
        found.setdefault(name, at)
    return found


def mentions(tree: Node, *, dotted: bool = False) -> list[tuple[int, str]]:
    """Every mention of such a name, by its offset."""
    found: list[tuple[int, str]] = []
    pending: list[tuple[Node, frozenset[str]]] = [(tree, frozenset({"?"}))]
    while pending:
        node, own = pending.pop()
        match node:
            case Name(text):
                if text not in own:
                    found.append((node.at, text))
                continue
            case Path() if dotted and (path := dotted_path(node)) is not None:
                if path[1].split(".")[0] not in own:
                    found.append(path)
                continue
            case Call(Name(text), arguments) if text in _BUILTIN and text not in own:
                pending += ((argument, own) for argument in arguments)
                continue
            case Filter(source, condition):
                pending += ((source, own), (condition, own | {"item"}))
                continue
            case For(iterations, body):
                pending.append((body, _iterated(pending, iterations, own) | {"partial"}))
                continue
            case Quantified(_, iterations, condition):
                pending.append((condition, _iterated(pending, iterations, own)))
                continue
            case Function(parameters, body):
                pending.append((body, own | {parameter.name for parameter in parameters}))
                continue
            case Entries(entries):
                for entry in entries:
                    pending.append((entry.value, own | {entry.key}))
                    own |= {entry.key}
                continue
        pending += ((inner, own) for inner in children(node))
    return found


def dotted_path(tree: Node) -> tuple[int, str] | None:
    """Where it begins and `a.b.c`, if the path goes from one name through names."""
    names: list[str] = []
    while isinstance(tree, Path):
        names.append(tree.name)
        tree = tree.source
    return (tree.at, ".".join([tree.text, *reversed(names)])) if isinstance(tree, Name) else None


def _iterated(
    pending: list[tuple[Node, frozenset[str]]], iterations: Iterable[Iteration], own: frozenset[str]
) -> frozenset[str]:
    for iteration in iterations:
        pending.append((iteration.source, own))
        own |= {iteration.name}
    return own
