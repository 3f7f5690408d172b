"""`orderloom import invoices`, as a person types it."""

import json

import pytest

from orderloom.cli.main import main
from orderloom.insight.tables import open_table
from tests.insight import given

MAPPING = 'source: shop\ncurrency: GBP\ncut: ".0"\nkinds: {C: credit_note, A: adjustment}\n'


@pytest.fixture
def mapping(tmp_path, database_url, monkeypatch):
    monkeypatch.setenv("ORDERLOOM_DATABASE_URL", database_url)
    file = tmp_path / "mapping.yaml"
    file.write_text(MAPPING)
    return str(file)


def test_a_dry_run_writes_the_account_of_every_row(mapping, tmp_path, capsys):
    account = tmp_path / "account.csv"

    assert (
        main(["import", "invoices", str(given.HISTORY), "--mapping", mapping, "--dry-run", "--account", str(account)])
        == 0
    )
    assert "dry run: no invoice was written" in capsys.readouterr().out
    with open_table(account) as table:
        rows = list(table.rows)
    assert [int(row[0]) for row in rows] == list(range(1, 267))
    assert next(row[4] for row in rows if row[1] == "refused") == "The row has no invoice number."


def test_an_import_tells_what_became_of_the_rows_and_again_that_nothing_changed(mapping, capsys):
    verb = ["import", "invoices", str(given.HISTORY), "--mapping", mapping]

    assert main([*verb, "--json"]) == 0
    [told] = json.loads(capsys.readouterr().out)["loaded"]
    assert (told["rows"], told["outcomes"]["refused"]) == (266, 9)
    assert main(verb) == 0
    assert "nothing changed" in capsys.readouterr().out


def test_without_a_mapping_nothing_is_guessed(mapping, capsys):
    assert main(["import", "invoices", str(given.HISTORY)]) == 2
    assert "--mapping" in capsys.readouterr().err


def test_the_options_of_invoices_are_for_invoices(mapping, tmp_path, capsys):
    assert main(["import", "stock", str(given.HISTORY), "--mapping", mapping]) == 2
    assert "leave them out" in capsys.readouterr().err
