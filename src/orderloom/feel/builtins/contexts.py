"""Functions on contexts (clause 10.3.4.8, and those of DMN 1.4)."""

from __future__ import annotations

from orderloom.feel.builtins.registry import builtin
from orderloom.feel.run import Run

Entries = dict[str, object]


@builtin("get value(m: context, key: any)")
@builtin("get value(context: context, keys: list)")
def get_value(_run: Run, context: Entries, key: object) -> object:
    """The value of an entry, or at a path of keys; null if there is none."""
    found: object = context
    for step in key if isinstance(key, list) else [key]:
        if not isinstance(found, dict) or not isinstance(step, str):
            return None
        found = found.get(step)
    return None if key == [] else found


@builtin("get entries(m: context)")
def get_entries(run: Run, context: Entries) -> list[object]:
    """A list of contexts with `key` and `value`."""
    run.items(len(context))
    run.spend(4 + 3 * len(context))
    return [{"key": key, "value": value} for key, value in context.items()]


@builtin("context(entries: list)")
def context(run: Run, entries: list[object]) -> Entries | None:
    """The opposite of `get entries`; null if an entry has no key or a key occurs twice."""
    run.items(len(entries))
    found: Entries = {}
    for entry in entries:
        if not isinstance(entry, dict) or not isinstance(entry.get("key"), str) or "value" not in entry:
            return None
        if entry["key"] in found:
            return None
        found[entry["key"]] = entry["value"]
    return found


@builtin("context put(context: context, key: any, value: any)")
@builtin("context put(context: context, keys: list, value: any)")
def context_put(run: Run, entries: Entries, key: object, value: object) -> Entries | None:
    """The context with an entry added or replaced, at a key or a path of keys."""
    first, *others = key if isinstance(key, list) and key else [key]
    if not isinstance(first, str):
        return None
    run.items(len(entries) + 1)
    if others:
        inner = entries.get(first)
        if inner is not None and not isinstance(inner, dict):
            return None
        value = context_put(run, inner or {}, others, value)
        if value is None:
            return None
    return {**entries, first: value}


@builtin("context merge(contexts: list)")
def context_merge(run: Run, contexts: list[object]) -> Entries | None:
    """All entries of all contexts; the last one's win."""
    found: Entries = {}
    for entries in contexts:
        if not isinstance(entries, dict):
            return None
        run.spend(len(entries) + 1)
        found.update(entries)
    return found
