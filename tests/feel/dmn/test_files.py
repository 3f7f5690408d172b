"""A model is read from its file, with the models beside it that it imports."""

from __future__ import annotations

from pathlib import Path

import pytest

from orderloom.feel import check, evaluate, load_dmn
from orderloom.feel.mistakes import Mistaken
from tests.feel.dmn.xml import DECISION, KNOWLEDGE, box, decision, knowledge, model, needs


def importing(namespace: str, prefix: str, *, location: str = "") -> str:
    place = f' locationURI="{location}"' if location else ""
    kind = "https://www.omg.org/spec/DMN/20211108/MODEL/"
    return f'<import name="{prefix}" namespace="{namespace}" importType="{kind}"{place}/>'


def written(folder: Path, *, location: str = "") -> Path:
    """A model that imports one, which imports another."""
    base = model(knowledge("vat", box("net * 1.2"), ("net", "number")), namespace="urn:example:base")
    middle = model(
        importing("urn:example:base", "base"),
        decision("price", box("base.vat(10)"), needs(KNOWLEDGE, "urn:example:base#vat")),
        namespace="urn:example:middle",
    )
    main = model(
        importing("urn:example:middle", "mid", location=location),
        decision("total", box("mid.price + 1"), needs(DECISION, "urn:example:middle#price")),
    )
    for name, text in (("base.dmn", base), ("middle.dmn", middle), ("main.dmn", main)):
        (folder / name).write_text(text)
    return folder / "main.dmn"


@pytest.mark.parametrize("location", ["", "middle.dmn", "gone.dmn", "base.dmn", "https://example.com/middle.dmn"])
def test_imports_are_found_beside_the_file(tmp_path: Path, location: str) -> None:
    main = written(tmp_path, location=location)
    (tmp_path / "broken.dmn").write_text("<definitions")
    for loaded in (load_dmn(main), load_dmn(str(main))):
        assert check(loaded) == []
        assert evaluate(loaded, "total") == 13


def test_nothing_outside_the_folder_is_read(tmp_path: Path) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    main = written(tmp_path, location="../middle.dmn").rename(inner / "main.dmn")
    assert [mistake.code for mistake in check(load_dmn(main))] == [
        "import-missing", "requirement-missing", "unknown-name",
    ]  # fmt: skip


def test_what_was_handed_over_comes_first(tmp_path: Path) -> None:
    main = written(tmp_path)
    other = model(decision("price", box("1")), namespace="urn:example:middle")
    assert evaluate(load_dmn(main, imports=[other]), "total") == 2


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Mistaken) as refused:
        load_dmn(tmp_path / "gone.dmn")
    assert refused.value.mistakes[0].code == "file-missing"


def test_text_is_never_taken_for_a_path() -> None:
    with pytest.raises(Mistaken):
        load_dmn("/etc/hostname")
    with pytest.raises(Mistaken):
        load_dmn("<a>.dmn")


def test_a_decision_may_stand_before_or_after_the_inputs(tmp_path: Path) -> None:
    loaded = load_dmn(written(tmp_path))
    assert [
        evaluate(loaded, "total", {}), evaluate(loaded, {}, "total"), evaluate(loaded, {}, decision="total"),
        evaluate(loaded)["total"],  # type: ignore[index]
    ] == [13, 13, 13, 13]  # fmt: skip
