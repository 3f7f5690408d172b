"""From a sheet to a PDF: no database, no network, no other font or file than the package's own."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from hashlib import sha256
from importlib import resources
from pathlib import Path
from typing import Any, Final

import typst

from orderloom.base.refusals import Problem, Refused
from orderloom.documents.characters import named_where_missing
from orderloom.documents.fonts import covered, fonts
from orderloom.documents.types import Rendered, Sheet

STANDARDS: Final[Sequence[typst.PDFStandard]] = ("a-2a", "ua-1")
"""For keeping (PDF/A-2, tagged) and for readers who listen (PDF/UA-1)."""


def folder() -> Path:
    """Where the templates lie."""
    return Path(str(resources.files("orderloom.documents") / "templates"))


@cache
def template_version() -> str:
    """A short name of exactly these templates; it changes with any letter of them."""
    contents = b"".join(file.name.encode() + file.read_bytes() for file in sorted(folder().glob("*.typ")))
    return sha256(contents).hexdigest()[:12]


def render(sheet: Sheet, *, at: datetime) -> Rendered:
    """Make the PDF. The same sheet and time give the same bytes.

    Refused where a letter has no glyph in any font, naming it: nothing vanishes silently.
    """
    started = time.perf_counter()
    shown = _checked(sheet)
    compiler = _compiler(str(sheet["kind"]))
    given = {"sheet": json.dumps(shown, ensure_ascii=False)}
    try:
        stamp = at.replace(microsecond=0)
        pdf = compiler.compile(format="pdf", sys_inputs=given, pdf_standards=list(STANDARDS), timestamp=stamp)
    except typst.TypstError as error:
        raise Refused([Problem("document_not_typeset", f"The document could not be set: {error.message}.")]) from error
    pages = int(compiler.query("<pages>", field="value", one=True))
    assert isinstance(pdf, bytes)
    return Rendered(pdf, pages, time.perf_counter() - started)


def pictures(sheet: Sheet, *, dots_per_inch: float = 96) -> list[bytes]:
    """The pages as PNG, as a preview shows them."""
    given = {"sheet": json.dumps(_checked(sheet), ensure_ascii=False)}
    made = _compiler(str(sheet["kind"])).compile(format="png", sys_inputs=given, ppi=dots_per_inch)
    if isinstance(made, bytes):
        return [made]
    assert isinstance(made, list)
    return made


def _compiler(kind: str) -> typst.Compiler:
    """One for each document: a compiler keeps its inputs, and two threads must not share one."""
    return typst.Compiler(folder() / f"{kind}.typ", root=folder(), font_paths=fonts(), ignore_system_fonts=True)


def _checked(sheet: Sheet) -> Mapping[str, Any]:
    missing: dict[str, None] = {}
    shown = _named(dict(sheet), missing)
    if missing:
        listed = ", ".join(f"“{character}” (U+{ord(character):04X})" for character in list(missing)[:10])
        message = f"There is no font for {listed}; write these letters otherwise, then ask for the document again."
        raise Refused([Problem("glyph_missing", message)])
    assert isinstance(shown, dict)
    return shown


def _named(value: Any, missing: dict[str, None]) -> Any:
    if isinstance(value, str):
        text, without_font = named_where_missing(value, covered())
        missing.update(dict.fromkeys(without_font))
        return text
    if isinstance(value, Mapping):
        return {key: _named(part, missing) for key, part in value.items()}
    if isinstance(value, list):
        return [_named(part, missing) for part in value]
    return value
