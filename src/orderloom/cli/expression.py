"""The verb `feel`: check a file of the language, or evaluate an expression in a context."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from orderloom.base.parsing import read_json
from orderloom.base.refusals import refuse
from orderloom.cli.files import read_text
from orderloom.feel.api import check, evaluate
from orderloom.feel.limits import FeelError
from orderloom.feel.literal import literal
from orderloom.feel.mistakes import Mistake, Mistaken
from orderloom.feel.parse import parse_expression
from orderloom.feel.reads import names_read

_NOTICES = frozenset({"not-analysed"})
"""What `check` says of a file that is not wrong."""


def feel(chosen: argparse.Namespace) -> int:
    """`check` tells every mistake of a file and ends with 1 if there is one; `eval` prints the value as a literal."""
    return _check(chosen) if chosen.what == "check" else _evaluate(chosen)


def _check(chosen: argparse.Namespace) -> int:
    file = Path(chosen.subject)
    if not file.is_file():
        refuse("file_missing", f"There is no file “{chosen.subject}”; check the name.", chosen.subject)
    found, names = _found(file)
    if chosen.json:
        print(msgspec.json.encode({"mistakes": found, "names": names}).decode())
    else:
        for mistake in found:
            print(f"{file}:{mistake.line}:{mistake.column}: {mistake.sentence}")
        if not found:
            print(f"{file}: no mistake" + (f"; reads {', '.join(names)}" if names else ""))
    return int(any(mistake.code not in _NOTICES for mistake in found))


def _found(file: Path) -> tuple[list[Mistake], list[str]]:
    try:
        match file.suffix.lower():
            case ".dmn" | ".xml":
                from orderloom.feel.dmn.model import load_dmn

                return check(load_dmn(file)), []
            case ".yaml" | ".yml" | ".csv":
                from orderloom.feel.tabular import read_csv, read_yaml

                read: Callable[[str], object] = read_csv if file.suffix.lower() == ".csv" else read_yaml
                return check(read(read_text(file))), []  # type: ignore[arg-type]
    except Mistaken as mistaken:
        return list(mistaken.mistakes), []
    text = read_text(file)
    found = check(text)
    return found, [] if found else sorted(names_read(parse_expression(text), dotted=True))


def _evaluate(chosen: argparse.Namespace) -> int:
    context = read_json(_context(chosen.context))
    if not isinstance(context, dict):
        refuse("context_form", 'Give the context as a JSON object, such as {"speed": 100}.', "--context")
    try:
        told = literal(evaluate(chosen.subject, context, now=datetime.now(UTC)))
    except FeelError as error:
        refuse("expression_malformed", str(error))
    print(msgspec.json.encode({"value": told}).decode() if chosen.json else told)
    return 0


def _context(given: str) -> bytes | str:
    """The JSON itself, or that of a file, or of standard input."""
    if given == "-":
        return sys.stdin.buffer.read()
    if given.lstrip().startswith(("{", "[")):
        return given
    file = Path(given)
    if not file.is_file():
        refuse("file_missing", f"There is no file “{given}”; check the name.", "--context")
    return read_text(file)
