"""`orderloom simulate`: the same plan to the byte, with and without a database, and good reasons to refuse."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import ROOT, Run, run

pytestmark = pytest.mark.slow

CATALOGUE = ("--catalog", "demo/catalog")
NO_DATABASE = {"ORDERLOOM_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none", "ORDERLOOM_HOME": "/proc/none"}
COUNTS = [("A-triple-play", 12, 20, 29), ("B-wholesale-kit", 4, 19, 23), ("C-saas-hardware", 5, 18, 24)]


@pytest.mark.parametrize(("name", "things", "steps", "dependencies"), COUNTS)
def test_a_worked_order_is_planned_from_files_alone_and_always_the_same(
    name: str, things: int, steps: int, dependencies: int
) -> None:
    order = f"demo/orders/{name}.json"
    runs = [
        run("simulate", order, *CATALOGUE, "--json", environment=NO_DATABASE | {"PYTHONHASHSEED": seed})
        for seed in ("0", "1", "4711")
    ]
    assert [said.status for said in runs] == [0, 0, 0], runs[0].err
    assert len({said.out for said in runs}) == 1
    plan = runs[0].json
    assert [len(plan[part]) for part in ("fulfilment_items", "steps", "dependencies")] == [things, steps, dependencies]
    assert {"items", "critical_path", "expected_hours", "billing"} <= plan.keys()
    assert set(plan["expected_hours"]) >= {"optimistic", "typical", "pessimistic", "pert"}
    assert all(step["why"] for step in plan["steps"]) and all(item["why"] for item in plan["fulfilment_items"])


def test_people_read_the_plan_with_its_reasons() -> None:
    said = run("simulate", "demo/orders/A-triple-play.json", *CATALOGUE, environment=NO_DATABASE)
    assert said.status == 0
    for word in ("HomeMax Triple Play", "PERT", "ritical path"):
        assert word in said.out


def test_an_order_comes_in_through_standard_input_too() -> None:
    body = (ROOT / "demo/orders/C-saas-hardware.json").read_bytes()
    said = run("simulate", "-", *CATALOGUE, "--json", environment=NO_DATABASE, stdin=body)
    assert (said.status, len(said.json["steps"])) == (0, 18)


def test_with_a_database_the_plan_is_made_from_what_it_holds_and_nothing_is_written(cli: Run) -> None:
    assert cli("import", "catalog", "demo/catalog").status == 0
    first = cli("simulate", "demo/orders/A-triple-play.json", "--json")
    assert (first.status, first.err) == (0, "")
    assert first.out == cli("simulate", "demo/orders/A-triple-play.json", "--json").out
    assert len(first.json["items"]) == 7
    assert cli("export", "orders").out == ""


@pytest.mark.parametrize(
    ("body", "code", "pointer"),
    [
        ("{", "json_malformed", ""),
        ('{"customer": "x", "customer": "y"}', "key_double", ""),
        ('{"customer": "x", "items": [{"line": "1", "product": "No such"}]}', "product_unknown", "/items/0/product"),
        ('{"customer": "x", "items": [{"line": "1", "product": "VDSL-100", "quantity": -1}]}', "greater_than",
         "/items/0/quantity"),
        ('{"customer": "x", "items": [{"line": "1", "parent": "1", "product": "VDSL-100"}]}', None, "/items/0/parent"),
    ],
)  # fmt: skip
def test_a_bad_order_is_refused_with_file_path_and_reason(
    tmp_path: Path, body: str, code: str | None, pointer: str
) -> None:
    order = tmp_path / "order.json"
    order.write_text(body)
    said = run("simulate", order, *CATALOGUE, "--json", environment=NO_DATABASE)
    assert (said.status, said.out) == (2, "")
    assert f"{order}#{pointer}" in [found for _, found in said.problems]
    assert code in [None, *(found for found, _ in said.problems)]


def test_missing_files_and_folders_are_refused_in_a_sentence(tmp_path: Path) -> None:
    assert run("simulate", "nowhere.json", *CATALOGUE, environment=NO_DATABASE).err.startswith("nowhere.json: ")
    order = ROOT / "demo/orders/A-triple-play.json"
    for folder, word in (("nowhere", "There is no folder"), (tmp_path, "There is no catalogue")):
        said = run("simulate", order, "--catalog", folder, environment=NO_DATABASE)
        assert said.status == 2 and word in said.err


def test_every_mistake_of_a_catalogue_is_told_with_its_file(tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("catalogue: bad\nversion: 1\nspecs: {A: {kind: nothing}}\nrules: 3\n")
    (tmp_path / "worse.json").write_text("{")
    order = ROOT / "demo/orders/A-triple-play.json"
    said = run("simulate", order, "--catalog", tmp_path, "--json", environment=NO_DATABASE)
    assert said.status == 2
    files = {pointer.split("#")[0] for _, pointer in said.problems}
    assert files == {str(tmp_path / "bad.yaml"), str(tmp_path / "worse.json")}


def test_a_catalogue_of_one_file_is_not_taken_for_a_folder() -> None:
    said = run("simulate", "demo/orders/A-triple-play.json", "--catalog", "demo/catalog/home-broadband.yaml",
               environment=NO_DATABASE)  # fmt: skip
    assert said.status == 2 and "folder" in said.err
