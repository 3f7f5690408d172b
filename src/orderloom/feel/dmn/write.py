"""A decision table back into the document that it came from; everything else stays as it was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from html import escape

from orderloom.feel.dmn.document import Document, Element
from orderloom.feel.table import HitPolicy, Input, Output, Rule, Table
from orderloom.feel.written import Written

_POLICIES = {
    HitPolicy.UNIQUE: ("UNIQUE", ""),
    HitPolicy.ANY: ("ANY", ""),
    HitPolicy.PRIORITY: ("PRIORITY", ""),
    HitPolicy.FIRST: ("FIRST", ""),
    HitPolicy.RULE_ORDER: ("RULE ORDER", ""),
    HitPolicy.OUTPUT_ORDER: ("OUTPUT ORDER", ""),
    HitPolicy.COLLECT: ("COLLECT", ""),
    HitPolicy.SUM: ("COLLECT", "SUM"),
    HitPolicy.MINIMUM: ("COLLECT", "MIN"),
    HitPolicy.MAXIMUM: ("COLLECT", "MAX"),
    HitPolicy.COUNT: ("COLLECT", "COUNT"),
}
_OWN_CHILDREN = frozenset({"input", "output", "annotation", "rule"})
_OWN_ATTRIBUTES = frozenset({"hitPolicy", "aggregation", "outputLabel"})


def edited(document: Document, element: Element, before: Table, after: Table) -> bytes:
    """The document with one table changed: clauses and rules that are as before keep their own text."""
    if before == after:
        return document.source
    writer = _Writer(document.source, element)
    if replace(before, rules=()) == replace(after, rules=()) and len(before.rules) == len(after.rules):
        cells = writer.cells(element, before, after)
        if cells is not None:
            return document.replaced(cells)
    return document.replaced({(element.start, element.end): writer.table(element, before, after)})


class _Writer:
    """Writes elements with the prefix that the table itself has in the document."""

    def __init__(self, source: bytes, element: Element) -> None:
        self._source = source
        tag = source[element.start + 1 : element.end].split(b">")[0].split()[0].rstrip(b"/").decode()
        prefix, colon, _ = tag.rpartition(":")
        self._prefix = prefix + colon
        line_start = source.rfind(b"\n", 0, element.start) + 1
        indent = source[line_start : element.start].decode()
        self._indent = indent if not indent.strip() else ""

    def cells(self, element: Element, before: Table, after: Table) -> dict[tuple[int, int], str] | None:
        """Only the texts of the cells that changed; none if a cell is missing or notes changed."""
        edits: dict[tuple[int, int], str] = {}
        for old, new, its_element in zip(before.rules, after.rules, element.named("rule"), strict=True):
            elements = [*its_element.named("inputEntry"), *its_element.named("outputEntry")]
            new_cells, old_cells = [*new.tests, *new.answers], [*old.tests, *old.answers]
            if old.notes != new.notes or not len(elements) == len(new_cells) == len(old_cells):
                return None
            for old_cell, new_cell, cell in zip(old_cells, new_cells, elements, strict=True):
                text = cell.first("text")
                if old_cell != new_cell and text is None:
                    return None
                if old_cell != new_cell and text is not None:
                    edits[text.start, text.end] = self._element("text", _text(new_cell.text), {})
        return edits

    def table(self, element: Element, before: Table, after: Table) -> str:
        """The whole element; foreign attributes and children come first, as they were."""
        parts = [self._kept(c) for c in element.children if self._is_foreign(c, element)]
        parts += self._clauses(element, "input", before.inputs, after.inputs)
        parts += self._clauses(element, "output", before.outputs, after.outputs)
        parts += self._notes(element, before, after)
        parts += self._clauses(element, "rule", before.rules, after.rules)
        inner = "".join(f"\n{self._indent}  {part}" for part in parts)
        return f"{self._opening(element, after)}{inner}\n{self._indent}</{self._prefix}decisionTable>"

    def _kept(self, element: Element) -> str:
        return self._source[element.start : element.end].decode()

    def _is_foreign(self, child: Element, element: Element) -> bool:
        return child.namespace != element.namespace or child.name not in _OWN_CHILDREN

    def _opening(self, element: Element, table: Table) -> str:
        policy, aggregation = _POLICIES[table.hit_policy]
        own = {"hitPolicy": policy, "aggregation": aggregation, "outputLabel": table.name}
        tag = self._source[element.start : element.end].decode()
        attributes = "".join(f" {name}={_quoted(text)}" for name, text in own.items() if text)
        kept = "".join(f" {name}={value}" for name, value in _written_attributes(tag) if name not in _OWN_ATTRIBUTES)
        return f"<{self._prefix}decisionTable{kept}{attributes}>"

    def _clauses(
        self,
        element: Element,
        name: str,
        before: Sequence[Input | Output | Rule],
        after: Sequence[Input | Output | Rule],
    ) -> list[str]:
        """Each clause or rule: the text that it had, if an equal one was there, else written anew."""
        elements = element.named(name)
        free: dict[object, list[Element]] = {}
        for old, its_element in zip(before, elements, strict=False):
            free.setdefault(old, []).append(its_element)
        found: list[str] = []
        for new in after:
            same = free.get(new)
            found.append(self._kept(same.pop(0)) if same else self._written(new))
        return found

    def _notes(self, element: Element, before: Table, after: Table) -> list[str]:
        if before.note_names == after.note_names:
            return [self._kept(child) for child in element.named("annotation")]
        return [f"<{self._prefix}annotation name={_quoted(name)}/>" for name in after.note_names]

    def _written(self, clause: Input | Output | Rule) -> str:
        match clause:
            case Input():
                inner = self._cell("inputExpression", clause.expression, {"typeRef": clause.type_name})
                return self._element(
                    "input", inner + self._cell("inputValues", clause.allowed), {"label": clause.label}
                )
            case Output():
                inner = self._cell("outputValues", clause.allowed) + self._cell("defaultOutputEntry", clause.default)
                attributes = {"name": clause.name, "label": clause.label, "typeRef": clause.type_name}
                return self._element("output", inner, attributes)
            case Rule():
                cells = [self._cell("inputEntry", test) for test in clause.tests]
                cells += [self._cell("outputEntry", answer) for answer in clause.answers]
                cells += [self._note(note) for note in clause.notes]
                return self._element("rule", "".join(cells), {})

    def _cell(self, name: str, cell: Written | None, attributes: Mapping[str, str] | None = None) -> str:
        if cell is None:
            return ""
        return self._element(name, self._element("text", _text(cell.text), {}), attributes or {})

    def _note(self, note: str) -> str:
        return self._element("annotationEntry", self._element("text", _text(note), {}), {})

    def _element(self, name: str, inner: str, attributes: Mapping[str, str]) -> str:
        written = "".join(f" {key}={_quoted(text)}" for key, text in attributes.items() if text)
        return f"<{self._prefix}{name}{written}>{inner}</{self._prefix}{name}>"


def _text(text: str) -> str:
    return escape(text, quote=False).replace("\r", "&#13;")


def _quoted(text: str) -> str:
    """An attribute's value, its line breaks and tabs kept from being normalized."""
    kept = escape(text).replace("\n", "&#10;").replace("\r", "&#13;").replace("\t", "&#9;")
    return f'"{kept}"'


def _written_attributes(tag: str) -> list[tuple[str, str]]:
    """The attributes of an opening tag as they stand there, names with their prefixes and values with their quotes."""
    found: list[tuple[str, str]] = []
    place = len(tag[1:].split(">", 1)[0].split(None, 1)[0].rstrip("/")) + 1
    while True:
        equals = tag.find("=", place)
        end = tag.find(">", place)
        if equals < 0 or (0 <= end < equals):
            return found
        name = tag[place:equals].strip()
        quote_at = min(at for at in (tag.find('"', equals), tag.find("'", equals)) if at >= 0)
        closing = tag.index(tag[quote_at], quote_at + 1)
        found.append((name, tag[quote_at : closing + 1]))
        place = closing + 1
