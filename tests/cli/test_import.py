"""`orderloom import` and `export`: all or nothing, and every mistake with file, place and reason."""

from __future__ import annotations

import json
from pathlib import Path

import psycopg
import pytest

from tests.cli.conftest import PREMISES, ROOT, Run

pytestmark = pytest.mark.slow


def ask(url: str, sql: str) -> object:
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(sql).fetchone()
    return row[0] if row else None


@pytest.fixture
def premises(database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(PREMISES)


def load(cli: Run, shop: Path, *what: str) -> None:
    names = {"catalog": "shop.yaml", "customers": "customers.csv", "prices": "prices.csv", "stock": "stock.csv",
             "orders": "orders"}  # fmt: skip
    for one in what:
        said = cli("import", one, shop / names[one])
        assert said.status == 0, said.err


def test_the_demo_catalogue_loads_and_again_changes_nothing(cli: Run) -> None:
    first = cli("import", "catalog", "demo/catalog/")
    assert (first.status, first.err) == (0, "")
    files = len(list((ROOT / "demo/catalog").glob("*.yaml")))
    assert len(first.out.splitlines()) == files and "version 1" in first.out
    second = cli("import", "catalog", ROOT / "demo/catalog/", "--json")
    assert [one["is_new"] for one in second.json["loaded"]] == [False] * files


def test_a_whole_shop_loads_from_files(cli: Run, shop: Path, database_url: str, premises: None) -> None:
    load(cli, shop, "catalog", "customers", "prices", "stock")
    said = cli("import", "orders", shop / "orders")

    assert said.status == 0, said.err
    assert [line.split(": ")[0].split("/")[-1] for line in said.out.splitlines()] == [
        "a.json", "b.ndjson:1", "b.ndjson:3",
    ]  # fmt: skip
    assert ask(database_url, "SELECT count(*) FROM fulfilment.plan") == 3
    assert ask(database_url, "SELECT sum(on_hand) FROM stock.balance") == 17.5
    assert ask(database_url, "SELECT count(*) FROM parties.account") == 2
    assert ask(database_url, "SELECT count(*) FROM catalog.price WHERE upper_inf(valid)") == 5


def test_a_dry_run_of_anything_writes_nothing(cli: Run, shop: Path, database_url: str, premises: None) -> None:
    def dry(what: str, file: Path) -> None:
        said = cli("import", what, file, "--dry-run")
        assert (said.status, said.err) == (0, "")
        assert said.out.endswith("dry run: nothing was written\n")

    dry("catalog", shop / "shop.yaml")
    assert ask(database_url, "SELECT count(*) FROM catalog.version") == 0
    load(cli, shop, "catalog")
    dry("customers", shop / "customers.csv")
    assert ask(database_url, "SELECT count(*) FROM parties.account") == 0
    load(cli, shop, "customers")
    dry("prices", shop / "prices.csv")
    dry("stock", shop / "stock.csv")
    dry("orders", shop / "orders")
    assert ask(database_url, "SELECT count(*) FROM stock.balance") == 0
    assert ask(database_url, "SELECT count(*) FROM orders.sales_order") == 0
    assert ask(database_url, "SELECT max(one_time) FROM catalog.price") == 1180


def test_one_bad_order_refuses_all_with_file_line_path_and_reason(
    cli: Run, shop: Path, database_url: str, premises: None
) -> None:
    load(cli, shop, "catalog", "customers")
    good = json.loads((shop / "orders/a.json").read_text())
    bad = shop / "bad.ndjson"
    rows = [
        good | {"external_id": "G"},
        good | {"external_id": "N", "customer": "nobody"},
        good | {"colour": 1},
        good | {"items": [{"line": "1", "product": "CABLE", "quantity": 0}]},
    ]
    bad.write_text("\n".join([json.dumps(row) for row in rows] + ['{"customer": "x", "customer": "y"}', "{"]))
    said = cli("import", "orders", shop / "orders/a.json", bad, "--json")
    assert (said.status, said.problems) == (
        2,
        [
            ("key_double", f"{bad}:5#"),
            ("json_malformed", f"{bad}:6#"),
            ("field_unknown", f"{bad}:3#/colour"),
            ("greater_than", f"{bad}:4#/items/0/quantity"),
        ],
    )

    bad.write_text("\n".join(json.dumps(row) for row in rows[:2]))
    said = cli("import", "orders", shop / "orders/a.json", bad)
    assert said.status == 2
    assert said.err.startswith(f"{bad}:2#/customer: ")
    assert ask(database_url, "SELECT count(*) FROM orders.sales_order") == 0


def test_an_order_that_stands_twice_is_taken_once_and_another_one_under_its_id_is_refused(
    cli: Run, shop: Path, database_url: str, premises: None
) -> None:
    load(cli, shop, "catalog", "customers")
    good = json.loads((shop / "orders/a.json").read_text())
    assert good["external_id"] == "A"
    twice = shop / "twice.ndjson"
    rows = [
        good,
        good | {"external_id": "B"},
        good | {"items": [dict(reversed(item.items())) for item in good["items"]]},
    ]
    twice.write_text("\n".join(json.dumps(row) for row in rows))
    loaded = cli("import", "orders", twice, "--json").json["loaded"]
    assert [(one["file"], one["existing"]) for one in loaded] == [
        (f"{twice}:1", False), (f"{twice}:2", False), (f"{twice}:3", True),
    ]  # fmt: skip
    assert loaded[2]["order"] == loaded[0]["order"] != loaded[1]["order"]

    rows = [row | {"external_id": "C"} for row in (good, good | {"po_number": "P-2"}, good | {"customer": "nobody"})]
    twice.write_text("\n".join(json.dumps(row) for row in [good | {"customer": "nobody", "external_id": "D"}, *rows]))
    said = cli("import", "orders", twice, "--json")
    assert (said.status, said.problems) == (
        2,
        [
            ("external_id_taken", f"{twice}:3#/external_id"),
            ("external_id_taken", f"{twice}:4#/external_id"),
            ("customer_unknown", f"{twice}:1#/customer"),
        ],
    )
    told = cli("import", "orders", twice).err.splitlines()[0]
    assert f"stands at {twice}:2 already, and this is another order: po_number was not given and is P-2" in told
    assert ask(database_url, "SELECT count(*) FROM orders.sales_order") == 2


def test_orders_in_a_list_and_in_yaml_are_told_by_their_place(cli: Run, shop: Path, premises: None) -> None:
    load(cli, shop, "catalog", "customers")
    file = shop / "list.yaml"
    file.write_text(
        "- {customer: 'import:C-1', requested_on: 2027-02-01, items: [{line: '1', product: CABLE, quantity: 1.5}]}\n"
        "- {customer: 'import:C-1', items: [{line: '1', product: CABEL}]}\n"
    )
    said = cli("import", "orders", file, "--json")
    assert (said.status, said.problems) == (2, [("product_unknown", f"{file}#/1/items/0/product")])
    file.write_text(file.read_text().replace("CABEL", "CABLE"))
    assert [one["file"] for one in cli("import", "orders", file, "--json").json["loaded"]] == [
        f"{file}#/0", f"{file}#/1",
    ]  # fmt: skip


def test_a_table_is_refused_by_line_and_column(cli: Run, shop: Path, database_url: str, premises: None) -> None:
    load(cli, shop, "catalog")
    prices = shop / "bad.csv"
    prices.write_text('product,currency,one_time\nKIT,USD,12\n\nKIT,"USD",many\nNOPE,USD,3\nKIT,JPY,1.5\n')
    said = cli("import", "prices", prices)
    assert said.status == 2
    assert said.err == f"{prices}#/rows/1/one_time: Line 4, one_time: Give a number, such as 12.50.\n"
    prices.write_text(prices.read_text().replace("many", "14"))
    said = cli("import", "prices", prices)
    assert [line.split(": ")[1] for line in said.err.splitlines()] == ["Line 5, product", "Line 6, one_time"]

    customers = shop / "bad-customers.csv"
    customers.write_text("external_id,name,country,colour\nX,Xavier,US,red\n,Yves,US,\n")
    said = cli("import", "customers", customers, "--json")
    assert said.problems == [
        ("column_unknown", f"{customers}#/rows/0/colour"),
        ("customer_unnamed", f"{customers}#/rows/1/external_id"),
    ]
    stock = shop / "bad-stock.csv"
    stock.write_text("sku,warehouse,on_hand\nSPL-1,WEST,5\nNO,EAST,1\n")
    assert cli("import", "stock", stock, "--json").problems == [
        ("warehouse_unknown", f"{stock}#/rows/0/warehouse"),
        ("sku_unknown", f"{stock}#/rows/1/sku"),
    ]
    assert ask(database_url, "SELECT max(one_time) FROM catalog.price") == 1180
    assert ask(database_url, "SELECT count(*) FROM parties.account") == 0


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "The file is empty"),
        (b"product,product\n", "Columns stand twice"),
        (b"product,currency\nKIT,USD,3\n", "Line 2 has 3 cells for 2 columns"),
        (b'product,currency\n"KIT,USD\n', "cannot be read as CSV"),
        (b"product\n\xff\n", "not UTF-8"),
        (b"product\nA\x00B\n", "NUL"),
    ],
)
def test_what_is_no_table_is_refused(cli: Run, tmp_path: Path, content: bytes, reason: str) -> None:
    file = tmp_path / "odd.csv"
    file.write_bytes(content)
    said = cli("import", "prices", file)
    assert said.status == 2
    assert reason in said.err and str(file) in said.err


def test_every_mistake_of_every_catalogue_is_told_and_none_is_written(cli: Run, shop: Path, database_url: str) -> None:
    bad = shop / "z-bad.yaml"
    bad.write_text("catalogue: bad\nversion: 1\nproducts:\n- {code: A B, name: x, kind: thing}\nrules: 5\n")
    said = cli("import", "catalog", shop, "--json")
    assert said.status == 2
    assert {pointer for _, pointer in said.problems} >= {
        f"{bad}#/products/0/code", f"{bad}#/products/0/kind", f"{bad}#/rules",
    }  # fmt: skip
    assert ask(database_url, "SELECT count(*) FROM catalog.version") == 0


def test_missing_and_wrong_files_are_named_all_at_once(cli: Run, tmp_path: Path, shop: Path) -> None:
    said = cli("import", "orders", "nowhere.json", tmp_path, shop / "stock.csv", "--json")
    assert said.problems == [
        ("file_missing", "nowhere.json"),
        ("folder_empty", str(tmp_path)),
        ("file_kind", str(shop / "stock.csv")),
    ]


def test_an_export_is_read_back_elsewhere(cli: Run, shop: Path, database_url: str, premises: None) -> None:
    load(cli, shop, "catalog", "customers", "prices", "orders")
    said = cli("export", "orders")
    assert said.status == 0
    lines = [json.loads(line) for line in said.out.splitlines()]
    assert [line["external_id"] for line in lines] == ["A", "B1", "B2"]
    assert cli("export", "orders", "--state", "cancelled").out == ""

    back = shop / "back.ndjson"
    back.write_text("\n".join(json.dumps(line | {"channel": "copy"}) for line in lines))
    assert cli("import", "orders", back).status == 0
    assert ask(database_url, "SELECT count(DISTINCT (channel, external_id)) FROM orders.sales_order") == 6
    again = cli("import", "orders", back, "--json")
    assert [order["existing"] for order in json.loads(again.out)["loaded"]] == [True, True, True]
    assert ask(database_url, "SELECT count(*) FROM orders.sales_order") == 6
    back.write_text("\n".join(json.dumps(line | {"channel": "copy", "note": "another"}) for line in lines))
    other = cli("import", "orders", back, "--json")
    assert {code for code, _ in other.problems} == {"external_id_taken"}
