"""Trees, merges and states, without a database."""

from __future__ import annotations

from orderloom.assets import rules
from orderloom.assets.states import ASSET, OVER, REALIZATION, before
from orderloom.assets.types import AssetDraft, RealizationDraft


def draft(line: str, parent: str | None = None) -> AssetDraft:
    return AssetDraft(1, "SO-1", int(line.replace(".", "")), line, 1, "P", "Product", parent=parent)


def test_a_circle_and_a_double_are_refused():
    problems = rules.draft_problems([draft("1", "2"), draft("2", "1"), draft("3"), draft("3")])

    assert [p.code for p in problems] == ["circle", "circle", "line_twice"]


def test_a_change_names_only_what_it_touches():
    merged = rules.merge({"ip": "10.0.0.1", "down": 100, "old": True}, {"ip": "10.0.0.2", "down": 100, "old": None})

    assert merged.characteristics == {"ip": "10.0.0.2", "down": 100}
    assert (merged.before, merged.after) == ({"ip": "10.0.0.1", "old": True}, {"ip": "10.0.0.2", "old": None})


def test_a_shared_realization_has_the_users_of_all():
    one = RealizationDraft("port|ADDR-7", "resource", "DSLAMPort", 1, (11,), characteristics={"port": 3})
    two = RealizationDraft("port|ADDR-7", "resource", "DSLAMPort", 1, (12, 11), characteristics={"vlan": 7})

    shared = rules.shared([one, two])

    assert len(shared) == 1
    assert (shared[0].order_item_ids, shared[0].characteristics) == ((11, 12), {"port": 3, "vlan": 7})


def test_every_state_of_a_table_is_a_row_of_it():
    for table in (ASSET, REALIZATION):
        assert {after for later in table.values() for after in later} <= table.keys()
    assert {"terminated", "cancelled", "aborted"} == OVER
    assert before(ASSET, "cancelled") == ["created", "pending_active"]
