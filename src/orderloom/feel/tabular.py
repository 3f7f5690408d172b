"""Decision tables as YAML and CSV: the same table for those who have no DMN editor, its text as written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import yaml

from orderloom.feel.findings import wrong_texts
from orderloom.feel.mistakes import Mistake, Mistaken
from orderloom.feel.rows import MAX_CHARACTERS, read_rows
from orderloom.feel.spelling import Numerals, as_feel, as_written, numerals_of
from orderloom.feel.table import ANYTHING, HitPolicy, Input, Output, Rule, Table
from orderloom.feel.written import Place, Run, Written, written

MAX_DEPTH = 10
_HEADS = ("table", "hit policy", "locale")
_COLUMN_ROWS = ("column", "name", "type", "values", "default", "label")
_YAML_KEYS = {
    "": ("table", "hit policy", "locale", "inputs", "outputs", "notes", "rules"),
    "inputs": ("expression", "type", "values", "label"),
    "outputs": ("name", "type", "values", "default", "label"),
}


@dataclass(slots=True)
class _Draft:
    """What has been read so far; cells are still as written."""

    heads: dict[str, Written] = field(default_factory=dict)
    inputs: list[dict[str, Written]] = field(default_factory=list)
    outputs: list[dict[str, Written]] = field(default_factory=list)
    note_names: list[str] = field(default_factory=list)
    rules: list[tuple[list[Written], list[Written], list[str], Place]] = field(default_factory=list)
    mistakes: list[Mistake] = field(default_factory=list)

    def mistake(self, place: Place, code: str, sentence: str) -> None:
        self.mistakes.append(Mistake(place.line, place.column, code, sentence))


def read_yaml(text: str) -> Table:
    """Read a table from YAML, or raise `Mistaken` with all mistakes; no tag, anchor or alias is allowed."""
    draft = _Draft()
    _read_document(_composed(text), draft)
    return _finished(draft)


def read_csv(text: str) -> Table:
    """Read a table from CSV, or raise `Mistaken` with all mistakes.

    The first cell of a row says what the row is: `table`, `hit policy`, `locale`; then `column` (input, output
    or note), `name`, `type`, `values`, `default`; and `rule`. The sign after the first word separates the cells.
    """
    text = text.removeprefix("\ufeff")
    separator = next((sign for sign in text.split("\n", 1)[0] if sign in ",;\t"), ",")
    draft = _Draft()
    _read_rows(read_rows(text, separator), draft)
    return _finished(draft)


def write_yaml(table: Table) -> str:
    """The table as YAML that `read_yaml` reads as an equal table."""
    inputs = [
        _filled(expression=i.expression.text, type=i.type_name, values=_text(i.allowed), label=i.label)
        for i in table.inputs
    ]
    outputs = [
        _filled(name=o.name, type=o.type_name, values=_text(o.allowed), default=_text(o.default), label=o.label)
        for o in table.outputs
    ]
    rules = [[*_cells(table, rule), *rule.notes] for rule in table.rules]
    content = {"table": table.name, "hit policy": str(table.hit_policy), "inputs": inputs, "outputs": outputs}
    content |= {"notes": list(table.note_names)} if table.note_names else {}
    return yaml.dump(content | {"rules": rules}, Dumper=_AsWritten, sort_keys=False, allow_unicode=True, width=10_000)


def write_csv(table: Table) -> str:
    """The table as CSV that `read_csv` reads as an equal table."""
    notes = [""] * len(table.note_names)
    inputs, outputs = table.inputs, table.outputs
    rows: list[list[str]] = [["table", table.name], ["hit policy", table.hit_policy]]
    rows.append(["column", *["input"] * len(inputs), *["output"] * len(outputs), *["note"] * len(notes)])
    rows.append(["name", *(i.expression.text for i in inputs), *(o.name for o in outputs), *table.note_names])
    columns: list[Input | Output] = [*inputs, *outputs]
    rows.append(["type", *(c.type_name for c in columns), *notes])
    rows.append(["values", *(_text(c.allowed) for c in columns), *notes])
    rows.append(["default", *[""] * len(inputs), *(_text(o.default) for o in outputs), *notes])
    rows.append(["label", *(c.label for c in columns), *notes])
    rows += (["rule", *_cells(table, r), *_padded(r.notes, len(notes))] for r in table.rules)
    return "".join(",".join(_csv_cell(cell) for cell in row) + "\n" for row in rows)


def _cells(table: Table, rule: Rule) -> list[str]:
    columns: list[Input | Output] = [*table.inputs, *table.outputs]
    cells = (*rule.tests, *rule.answers)
    return [as_written(cell.text, column.type_name) for cell, column in zip(cells, columns, strict=True)]


def _text(cell: Written | None) -> str:
    return cell.text if cell is not None else ""


def _filled(**parts: str) -> dict[str, str]:
    return {key: text for key, text in parts.items() if text}


def _padded(notes: Sequence[str], width: int) -> list[str]:
    return [*notes, *[""] * (width - len(notes))]


def _csv_cell(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if any(sign in text for sign in ',;"\n\r\t') else text


class _Mark(Protocol):
    line: int
    column: int


class _AsWritten(yaml.SafeDumper):
    """Writes every text so that no reader takes it for anything else."""

    def ignore_aliases(self, _value: object) -> bool:
        return True


def _represented(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text)


_AsWritten.add_representer(str, _represented)


# From cells to the table


def _finished(draft: _Draft) -> Table:
    numerals = _numerals(draft)
    policy = _policy(draft)
    inputs = tuple(_input(column, draft, numerals) for column in draft.inputs)
    outputs = tuple(_output(column, draft, numerals) for column in draft.outputs)
    if not draft.mistakes and not outputs:
        draft.mistake(Place(), "output-missing", "A table has at least one output; add one.")
    rules: list[Rule] = []
    for tests, answers, notes, place in draft.rules:
        width = len(inputs) + len(outputs)
        if len(tests) + len(answers) != width:
            sentence = f"This rule has {len(tests) + len(answers)} cells; the table has {width} columns."
            draft.mistake(place, "rule-length", sentence)
            continue
        read_tests = [_cell(t, i.type_name, draft, numerals) for t, i in zip(tests, inputs, strict=True)]
        read_answers = [_cell(a, o.type_name, draft, numerals) for a, o in zip(answers, outputs, strict=True)]
        rules.append(Rule(tuple(t or written(ANYTHING) for t in read_tests), _answers(read_answers), (*notes,), place))
    name = draft.heads.get("table", written("")).text.strip()
    table = Table(name, inputs, outputs, tuple(rules), policy, tuple(draft.note_names))
    if draft.mistakes:
        # What can be read is looked at all the same, so that all mistakes come at once.
        raise Mistaken({*draft.mistakes, *wrong_texts(table)})
    return table


def _answers(cells: Iterable[Written | None]) -> tuple[Written, ...]:
    return tuple(cell or written("null") for cell in cells)


def _numerals(draft: _Draft) -> Numerals | None:
    declared = draft.heads.get("locale")
    if declared is None or not declared.text.strip():
        return None
    numerals = numerals_of(declared.text.strip())
    if numerals is None:
        draft.mistake(
            declared.place, "locale", f"The locale “{declared.text.strip()}” is not known; write one like de."
        )
    return numerals


def _policy(draft: _Draft) -> HitPolicy:
    declared = draft.heads.get("hit policy")
    if declared is None or not declared.text.strip():
        return HitPolicy.UNIQUE
    text = declared.text.strip().replace(" ", "").upper()
    found = next((policy for policy in HitPolicy if policy.value == text), None)
    if found is not None:
        return found
    known = ", ".join(HitPolicy)
    draft.mistake(
        declared.place, "hit-policy", f"The hit policy “{declared.text.strip()}” is not known; use one of {known}."
    )
    return HitPolicy.UNIQUE


def _cell(cell: Written, type_name: str, draft: _Draft, numerals: Numerals | None) -> Written | None:
    if not cell.text.strip():
        return None
    read, mistake = as_feel(cell, type_name, numerals)
    if mistake is not None:
        draft.mistakes.append(mistake)
        return None
    return read


def _input(column: Mapping[str, Written], draft: _Draft, numerals: Numerals | None) -> Input:
    type_name = column.get("type", written("")).text.strip()
    expression = column.get("expression", written("")).stripped()
    if not expression.text:
        place = next(iter(column.values()), written("")).place
        draft.mistake(place, "input-missing", "This input has no expression; write what it tests.")
        expression = written("null", place)
    allowed = _cell(column.get("values", written("")), type_name, draft, numerals)
    return Input(expression, type_name, allowed, column.get("label", written("")).text.strip())


def _output(column: Mapping[str, Written], draft: _Draft, numerals: Numerals | None) -> Output:
    type_name = column.get("type", written("")).text.strip()
    return Output(
        name=column.get("name", written("")).text.strip(),
        type_name=type_name,
        allowed=_cell(column.get("values", written("")), type_name, draft, numerals),
        default=_cell(column.get("default", written("")), type_name, draft, numerals),
        label=column.get("label", written("")).text.strip(),
    )


# CSV


def _read_rows(rows: Iterable[Sequence[Written]], draft: _Draft) -> None:
    columns: dict[str, Sequence[Written]] = {}
    rules: list[Sequence[Written]] = []
    for row in rows:
        key = " ".join(row[0].text.lower().split())
        if key in _HEADS:
            draft.heads[key] = row[1] if len(row) > 1 else written("", row[0].place)
        elif key in _COLUMN_ROWS:
            columns[key] = row[1:]
        elif key == "rule" or key.isdigit():
            rules.append(row)
        else:
            known = ", ".join((*_HEADS, *_COLUMN_ROWS, "rule"))
            draft.mistake(row[0].place, "row", f"A row begins with one of {known}, not with “{row[0].text}”.")
    kinds = [cell.text.strip().lower() for cell in columns.get("column", ())]
    for place, kind in enumerate(kinds):
        _read_column(place, kind, columns, draft)
    for row in rules:
        _read_rule(row, kinds, draft)


def _read_column(place: int, kind: str, columns: Mapping[str, Sequence[Written]], draft: _Draft) -> None:
    column = {key: row[place] for key, row in columns.items() if place < len(row)}
    if kind == "input":
        draft.inputs.append({("expression" if key == "name" else key): cell for key, cell in column.items()})
    elif kind == "output":
        draft.outputs.append(column)
    elif kind == "note":
        draft.note_names.append(column.get("name", written("")).text.strip())
    elif kind:
        draft.mistake(column["column"].place, "column", f"A column is an input, an output or a note, not “{kind}”.")


def _read_rule(row: Sequence[Written], kinds: Sequence[str], draft: _Draft) -> None:
    cells = row[1:]
    if any(cell.text.strip() for cell in cells[len(kinds) :]):
        draft.mistake(cells[len(kinds)].place, "rule-length", "This rule has more cells than there are columns.")
    padded = [*cells, *(written("", row[0].place) for _ in range(len(kinds) - len(cells)))]
    parts: dict[str, list[Written]] = {"input": [], "output": [], "note": []}
    for kind, cell in zip(kinds, padded, strict=False):
        parts.get(kind, []).append(cell)
    notes = [cell.text.strip() for cell in parts["note"]]
    draft.rules.append((parts["input"], parts["output"], notes, row[0].place))


# YAML


def _composed(text: str) -> yaml.Node:
    if len(text) > MAX_CHARACTERS:
        raise Mistaken([Mistake(1, 1, "size", f"A table has at most {MAX_CHARACTERS:,} characters; split it.")])
    depth = 0
    try:
        for event in yaml.parse(text, Loader=yaml.BaseLoader):
            place = _mark(event.start_mark)
            if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) or getattr(event, "tag", None):
                raise Mistaken([Mistake(*place, "yaml", "Tags, anchors and aliases are not allowed; write it out.")])
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > MAX_DEPTH:
                raise Mistaken([Mistake(*place, "yaml", f"Nested more than {MAX_DEPTH} deep.")])
        node = yaml.compose(text, Loader=yaml.BaseLoader)
    except yaml.MarkedYAMLError as mistake:
        mark = mistake.problem_mark or mistake.context_mark
        raise Mistaken([Mistake(*_mark(mark), "yaml", f"This is not YAML: {mistake.problem}.")]) from None
    except (yaml.YAMLError, ValueError, OverflowError) as mistake:
        if isinstance(mistake, Mistaken):
            raise
        # An escape of a character that there is not is no error of YAML's own.
        raise Mistaken([Mistake(1, 1, "yaml", f"This is not YAML: {mistake}.")]) from None
    if not isinstance(node, yaml.MappingNode):
        raise Mistaken([Mistake(1, 1, "yaml", "A table begins with “table:” and its name.")])
    return node


def _mark(mark: _Mark | None) -> tuple[int, int]:
    return (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)


def _place(node: yaml.Node) -> Place:
    return Place(*_mark(node.start_mark))


def _scalar(node: yaml.Node, draft: _Draft) -> Written:
    if isinstance(node, yaml.ScalarNode):
        place = _place(node)
        if node.style in ("'", '"'):
            place = Place(place.line, place.column + 1)
        elif node.style in ("|", ">"):
            place = Place(place.line + 1, 1)
        return Written(node.value, (Run(0, place),))
    draft.mistake(_place(node), "yaml", "Write a text here.")
    return written("", _place(node))


def _mapping(node: yaml.Node, what: str, draft: _Draft) -> dict[str, yaml.Node]:
    found: dict[str, yaml.Node] = {}
    assert isinstance(node, yaml.MappingNode)
    for key_node, value in node.value:
        key = _scalar(key_node, draft).text
        if key not in _YAML_KEYS[what]:
            known = ", ".join(_YAML_KEYS[what])
            draft.mistake(_place(key_node), "key", f"“{key}” is not known here; use {known}.")
        elif key in found:
            draft.mistake(_place(key_node), "key", f"“{key}” stands here twice; keep one.")
        else:
            found[key] = value
    return found


def _items(node: yaml.Node | None, draft: _Draft) -> list[yaml.Node]:
    if node is None:
        return []
    if isinstance(node, yaml.SequenceNode):
        return list(node.value)
    draft.mistake(_place(node), "yaml", "Write a list here.")
    return []


def _read_document(node: yaml.Node, draft: _Draft) -> None:
    parts = _mapping(node, "", draft)
    draft.heads = {key: _scalar(parts[key], draft) for key in _HEADS if key in parts}
    for what, columns, bare in (("inputs", draft.inputs, "expression"), ("outputs", draft.outputs, "name")):
        for item in _items(parts.get(what), draft):
            if isinstance(item, yaml.MappingNode):
                columns.append({key: _scalar(value, draft) for key, value in _mapping(item, what, draft).items()})
            else:
                columns.append({bare: _scalar(item, draft)})
    draft.note_names = [_scalar(item, draft).text for item in _items(parts.get("notes"), draft)]
    for item in _items(parts.get("rules"), draft):
        cells = [_scalar(cell, draft) for cell in _items(item, draft)]
        tests, rest = cells[: len(draft.inputs)], cells[len(draft.inputs) :]
        answers, notes = rest[: len(draft.outputs)], rest[len(draft.outputs) :]
        if len(notes) > len(draft.note_names):
            draft.mistake(notes[len(draft.note_names)].place, "rule-length", "This rule has more cells than columns.")
        draft.rules.append((tests, answers, [note.text for note in notes], _place(item)))
