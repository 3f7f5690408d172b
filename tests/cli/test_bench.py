"""The verb `bench` says what it needs."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

import pytest

from orderloom.base.refusals import Refused
from orderloom.cli import bench


def test_an_installed_package_says_that_it_carries_no_benchmarks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(bench, "FOLDER", tmp_path)

    with pytest.raises(Refused) as refused:
        bench.bench(Namespace(only=None, json=False))

    assert [problem.code for problem in refused.value.problems] == ["bench_missing"]


def test_an_unknown_part_is_refused_with_those_that_there_are():
    with pytest.raises(Refused) as refused:
        bench.bench(Namespace(only="coffee", json=False))

    [problem] = refused.value.problems
    assert (problem.code, problem.pointer) == ("part_unknown", "--only")
    assert all(part in problem.message for part in bench.PARTS)
