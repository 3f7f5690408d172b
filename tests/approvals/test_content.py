"""What was shown has one text and one hash, and a log is a chain."""

from __future__ import annotations

import hashlib
from decimal import Decimal

from orderloom.approvals.content import BEGINNING, chained, hash_of, snapshot_of
from orderloom.approvals.types import Submission
from orderloom.base.types import Subject

SUBJECT = Subject("quote", 7, "QU-7")


def test_equal_contents_have_equal_texts_whatever_their_order() -> None:
    one = Submission(SUBJECT, {"a": Decimal("1.50"), "b": "x"}, {"currency": "EUR", "customer": "ACC-1"}, {"k": [1]})
    two = Submission(SUBJECT, {"b": "x", "a": Decimal("1.5")}, {"customer": "ACC-1", "currency": "EUR"}, {"k": [1]})

    assert snapshot_of(one) == snapshot_of(two)
    assert snapshot_of(one) != snapshot_of(Submission(SUBJECT, {"a": Decimal("1.51"), "b": "x"}))


def test_each_hash_is_over_the_one_before() -> None:
    first, second = chained(["a", "b"])

    assert first == hashlib.sha256(BEGINNING + b"a").digest()
    assert second == hashlib.sha256(first + b"b").digest()
    assert chained(["b"], last=first) == [second]
    assert hash_of("a") != first
