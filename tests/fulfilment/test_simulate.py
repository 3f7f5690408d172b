"""Simulating: the JSON, the picture, the folder of files and the verb; without a database."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from rich.console import Console

from orderloom.base.refusals import Refused
from orderloom.cli.main import main
from orderloom.fulfilment.files import read_folder
from orderloom.fulfilment.picture import picture
from orderloom.fulfilment.simulate import Stock, as_json, choose_catalogue, simulate
from orderloom.fulfilment.types import Fact, Facts
from orderloom.orders.types import ItemDraft, OrderDraft
from tests.fulfilment.worlds import CATALOGUES, DEMO, catalogue_of, order

A, B, C = CATALOGUES
FOLDER = DEMO / "catalog"


def test_the_json_has_what_programs_ask_for():
    found = as_json(simulate(catalogue_of(A), order(A), Facts()))
    assert set(found) >= {
        "items", "fulfilment_items", "steps", "dependencies", "critical_path", "expected_hours", "billing",
    }  # fmt: skip
    assert set(found["fulfilment_items"][0]) >= {"key", "kind", "spec", "action", "sources", "scope", "quantity", "why"}
    assert set(found["steps"][0]) >= {
        "key", "name", "kind", "item", "fulfilment_item", "owner", "queue", "partner", "durations_hours",
        "point_of_no_return", "mandatory", "why",
    }  # fmt: skip
    assert set(found["dependencies"][0]) >= {"predecessor", "successor", "type", "lag_hours"}
    assert set(found["expected_hours"]) >= {"optimistic", "typical", "pessimistic", "pert"}
    keys = {step["key"] for step in found["steps"]}
    assert {d["predecessor"] for d in found["dependencies"]} <= keys
    assert set(found["critical_path"]) <= keys
    assert all(set(charge["gates"]) <= keys for charge in found["billing"]["charges"])
    json.dumps(found)


def test_every_thing_and_step_says_why_it_exists():
    found = as_json(simulate(catalogue_of(A), order(A), Facts(told=(Fact("lineStatus", "jumpered"),))))
    why = {thing["key"]: thing["why"] for thing in found["fulfilment_items"]}
    assert why["ShippingOrder/ADDR-7"] == [
        f"line {line} ({name}): rule 14: from home-hardware, make ShippingOrder, "
        'because action in ("add", "delete") and order.act != "move"'
        for line, name in (("1.4", "VDSL modem (rental)"), ("1.5", "Set-top box (rental)"))
    ]
    assert "by way of CFS-BroadbandAccess/1.1" in why["RFS-DSLLine/ADDR-7+1.1"][0]
    steps = {step["key"]: step["why"] for step in found["steps"]}
    assert "planned because tn != null" in steps["TelephoneNumber/CFS-Voice/1.3/cutOver"]
    assert "known not to hold" in steps["TruckRoll/ADDR-7/visit"]
    assert all(steps.values())


def test_goods_are_sourced_from_the_stock_that_is_given():
    folder = read_folder(FOLDER)
    catalogue = choose_catalogue(folder.catalogues, order(B), None)
    found = simulate(catalogue, order(B), folder.facts, folder.stock)
    assert [t.label for t in found.plan.things][:2] == ["Ship DC-East", "Ship DC-West"]
    plenty = Stock(("DC-West",), {"SPL-1": {"DC-West": Decimal(99)}, "CON-3": {"DC-West": Decimal(99)}})
    assert len(simulate(catalogue, order(B), Facts(), plenty).plan.steps) == 15


def test_the_catalogue_is_found_by_its_products():
    catalogues = read_folder(FOLDER).catalogues
    assert [choose_catalogue(catalogues, order(name), None).code for name in CATALOGUES] == list(CATALOGUES.values())
    with pytest.raises(Refused):
        choose_catalogue(catalogues, order(A), "nothing")


@pytest.mark.parametrize("name", CATALOGUES)
def test_the_picture_shows_every_part(name):
    console = Console(width=180, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    console.print(picture(simulate(catalogue_of(name), order(name), Facts())))
    text = console.export_text()
    for heading in ("Items", "Decomposes into", "Steps", "Dependencies", "Critical path", "Billing gates", "Why"):
        assert heading in text


def test_the_picture_of_a_large_order_is_cut():
    items = tuple(ItemDraft(str(n), "METER", place="P") for n in range(1, 400))
    console = Console(width=180, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    console.print(picture(simulate(catalogue_of(B), OrderDraft("x", items), Facts())))
    assert "and 199 more" in console.export_text()


def test_markup_in_an_order_is_only_text():
    items = tuple(replace(i, place="[/bold]" if i.place else None) for i in order(A).items)
    console = Console(width=180, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    console.print(picture(simulate(catalogue_of(A), replace(order(A), items=items), Facts())))
    assert "[/bold]" in console.export_text()


def run(capsys, *arguments: str) -> tuple[int, str, str]:
    status = main(["simulate", *arguments])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


@pytest.mark.parametrize(("name", "counts"), [(A, (12, 20, 29)), (B, (4, 19, 23)), (C, (5, 18, 24))])
def test_the_verb_plans_without_a_database(capsys, name, counts):
    path = str(DEMO / "orders" / f"{name}.json")
    status, first, _ = run(capsys, path, "--catalog", str(FOLDER), "--json")
    assert status == 0
    found = json.loads(first)
    assert tuple(len(found[part]) for part in ("fulfilment_items", "steps", "dependencies")) == counts
    assert run(capsys, path, "--catalog", str(FOLDER), "--json")[1] == first
    assert "Critical path" in run(capsys, path, "--catalog", str(FOLDER))[1]


def test_the_verb_names_file_place_and_reason(capsys, tmp_path: Path):
    bad = tmp_path / "order.json"
    bad.write_text('{"customer": "x", "items": [{"line": "1", "product": "Nothing", "quantity": 1}]}')
    status, _, error = run(capsys, str(bad), "--catalog", str(FOLDER))
    assert status == 2
    assert f"{bad}#/items/0/product: The product “Nothing” is not in catalogue" in error
    bad.write_text('{"customer": "x", "customer": "y"')
    assert run(capsys, str(bad), "--catalog", str(FOLDER))[0] == 2
    assert run(capsys, str(tmp_path / "missing.json"), "--catalog", str(FOLDER))[0] == 2
    assert run(capsys, str(DEMO / "orders" / f"{A}.json"), "--catalog", str(tmp_path / "missing"))[0] == 2


def test_mistakes_of_all_files_of_a_folder_come_together(tmp_path: Path):
    (tmp_path / "a.yaml").write_text("catalogue: a\nversion: x\n")
    (tmp_path / "b.yaml").write_text("catalogue: b\n")
    (tmp_path / "facts").mkdir()
    (tmp_path / "facts" / "stock.yaml").write_text("free: {X: {W: -1}}\n")
    with pytest.raises(Refused) as caught:
        read_folder(tmp_path)
    places = {problem.pointer.removeprefix(f"{tmp_path}/") for problem in caught.value.problems}
    assert places == {"a.yaml#/version", "b.yaml#/version", "facts/stock.yaml#/free/X/W"}
