"""How steps release each other."""

from __future__ import annotations

import pytest

from orderloom.base.clock import move_clock
from orderloom.base.refusals import Refused
from orderloom.base.transaction import Tx
from orderloom.processes.commands import (
    amend_process,
    cancel_steps,
    complete_steps,
    complete_with_evidence,
    count_events,
    deliver,
    fail_steps,
    retry_steps,
    set_held,
    set_variables,
    skip_steps,
    start_processes,
    start_steps,
)
from orderloom.processes.events import ProcessFinished, StepDone, StepFailed, StepRepaired, StepStarted, TaskOpened
from orderloom.processes.types import (
    Amendment,
    Completion,
    Count,
    Delivery,
    Edge,
    Failure,
    Message,
    NewStep,
    Node,
    StepId,
    Undo,
)
from orderloom.processes.worker import fire_timers
from tests.processes import given
from tests.processes.given import breaches

PERSON = Node("do", "person")
EVENT = Node("hear", "event")
PASS = Node("mark", "pass")


async def done(tx: Tx, id_: int, *numbers: int) -> list[Delivery]:
    return await complete_steps(tx, [Completion(id_, number) for number in numbers])


async def later(tx: Tx, seconds: int) -> None:
    """Business time moves on, as in the next transaction."""
    from datetime import timedelta

    await move_clock(tx, timedelta(seconds=seconds))
    tx.now = await tx.value("SELECT base.now()")


async def test_a_finished_step_releases_its_successor(tx: Tx) -> None:
    id_ = await given.process(tx, {"a": PERSON, "b": PERSON}, ["a>b"])
    assert await given.states(tx, id_) == {"a": "ready", "b": "blocked"}
    assert await done(tx, id_, 0) == [Delivery.DONE]
    assert await given.states(tx, id_) == {"a": "done", "b": "ready"}
    assert await done(tx, id_, 0) == [Delivery.DUPLICATE]
    assert await breaches(tx) == []


async def test_a_join_waits_for_all_and_the_process_finishes_once(tx: Tx) -> None:
    id_ = await given.process(tx, {"a": PERSON, "b": PERSON, "c": PASS}, ["a>c", "b>c"])
    await done(tx, id_, 0)
    assert (await given.states(tx, id_))["c"] == "blocked"
    await done(tx, id_, 1)
    assert (await given.states(tx, id_))["c"] == "done"
    assert [e for e in tx.events if isinstance(e, ProcessFinished)] == [ProcessFinished(given.SUBJECT, id_, "done")]
    assert await breaches(tx) == []


async def test_start_dependencies_are_met_by_start_work_and_finish_dependencies_hold_the_finish(tx: Tx) -> None:
    id_ = await given.process(tx, {"a": PERSON, "b": PERSON}, [("a>b", "SS"), ("a>b", "FF")])
    await start_steps(tx, [StepId(id_, 0)])
    assert await given.states(tx, id_) == {"a": "running", "b": "ready"}
    await done(tx, id_, 1)
    assert await given.states(tx, id_) == {"a": "running", "b": "waiting"}
    assert await done(tx, id_, 1) == [Delivery.DUPLICATE]
    await done(tx, id_, 0)
    assert await given.states(tx, id_) == {"a": "done", "b": "done"}
    assert await breaches(tx) == []


async def test_a_start_to_finish_edge_holds_the_finish_until_the_other_starts(tx: Tx) -> None:
    id_ = await given.process(tx, {"a": PERSON, "b": PERSON}, [("a>b", "SF")])
    await done(tx, id_, 1)
    assert (await given.states(tx, id_))["b"] == "waiting"
    await start_steps(tx, [StepId(id_, 0)])
    assert (await given.states(tx, id_))["b"] == "done"


async def test_a_failed_start_predecessor_takes_its_release_back(tx: Tx) -> None:
    id_ = await given.process(tx, {"a": PERSON, "b": PERSON}, [("a>b", "SS")])
    await start_steps(tx, [StepId(id_, 0)])
    await fail_steps(tx, [Failure(id_, 0, "business", "no way")])
    assert await given.states(tx, id_) == {"a": "failed", "b": "blocked"}
    assert await breaches(tx) == []
    await retry_steps(tx, [StepId(id_, 0)], reason="another way")
    await start_steps(tx, [StepId(id_, 0)])
    assert await given.states(tx, id_) == {"a": "running", "b": "ready"}
    assert await breaches(tx) == []


async def test_a_failed_step_sends_nothing_until_it_is_completed_with_evidence(tx: Tx) -> None:
    id_ = await given.process(tx, {"a": PERSON, "b": PERSON, "other": PERSON, "next": PERSON}, ["a>b", "other>next"])
    await fail_steps(tx, [Failure(id_, 0, "unknown", "who knows")])
    await done(tx, id_, 2)
    assert await given.states(tx, id_) == {"a": "failed", "b": "blocked", "other": "done", "next": "ready"}
    with pytest.raises(Refused):
        await complete_with_evidence(tx, [StepId(id_, 0)], evidence=" ")
    await complete_with_evidence(tx, [StepId(id_, 0)], evidence="I saw it")
    assert (await given.states(tx, id_))["b"] == "ready"
    assert [type(e) for e in tx.events if isinstance(e, StepFailed | StepRepaired)] == [StepFailed, StepRepaired]
    assert await breaches(tx) == []


async def test_a_skipped_step_satisfies_its_successors_only_when_its_own_predecessors_are_done(tx: Tx) -> None:
    optional = Node("test", "person", mandatory=False)
    id_ = await given.process(tx, {"a": PERSON, "b": optional, "c": PERSON}, ["a>b", "b>c"])
    await skip_steps(tx, [StepId(id_, 1)], reason="not needed")
    assert await given.states(tx, id_) == {"a": "ready", "b": "skipped", "c": "blocked"}
    assert await breaches(tx) == []
    await done(tx, id_, 0)
    assert (await given.states(tx, id_))["c"] == "ready"
    assert await breaches(tx) == []


async def test_a_mandatory_step_is_skipped_by_right_only(tx: Tx) -> None:
    id_ = await given.process(tx, {"a": PERSON})
    with pytest.raises(Refused, match="mandatory"):
        await skip_steps(tx, [StepId(id_, 0)], reason="")
    await skip_steps(tx, [StepId(id_, 0)], reason="agreed", with_right=True)
    assert await given.states(tx, id_) == {"a": "skipped"}


async def test_a_condition_decides_at_run_time_and_an_unknown_fact_is_fallout(tx: Tx) -> None:
    test = Node("test", "event", yields=("lineStatus",))
    visit = Node("visit", "person", when='lineStatus != "jumpered"')
    nodes = {"test": test, "visit": visit, "after": PERSON}
    for told, expected in (
        ({"lineStatus": "jumpered"}, {"visit": "skipped", "after": "ready"}),
        ({"lineStatus": "none"}, {"visit": "ready", "after": "blocked"}),
        ({}, {"visit": "failed", "after": "blocked"}),
    ):
        id_ = await given.process(tx, nodes, ["test>visit", "visit>after"])
        await complete_steps(tx, [Completion(id_, 0, told)])
        assert await given.states(tx, id_) == {"test": "done", **expected}
    failed = next(e for e in tx.events if isinstance(e, StepFailed))
    assert failed.error_class == "data"
    assert await breaches(tx) == []


async def test_a_step_is_born_skipped_when_the_fact_is_known(tx: Tx) -> None:
    id_ = await given.process(
        tx, {"a": PERSON, "b": Node("x", "person", when="n > 3"), "c": PERSON}, ["a>b", "b>c"], variables={"n": 1}
    )
    assert await given.states(tx, id_) == {"a": "ready", "b": "skipped", "c": "blocked"}
    await done(tx, id_, 0)
    assert (await given.states(tx, id_))["c"] == "ready"
    assert await breaches(tx) == []


async def test_a_lag_counts_only_from_a_step_that_really_ran(tx: Tx) -> None:
    maybe = Node("x", "person", when="go")
    for go, expected in ((True, "waiting"), (False, "ready")):
        id_ = await given.process(tx, {"a": maybe, "b": PERSON}, [("a>b", "FS", 3600)], variables={"go": go})
        await done(tx, id_, 0)
        assert (await given.states(tx, id_))["b"] == expected
    id_ = await given.process(tx, {"a": PERSON, "b": PERSON}, [("a>b", "FS", 3600)])
    await done(tx, id_, 0)
    await later(tx, 3601)
    assert await fire_timers(tx) >= 1
    assert (await given.states(tx, id_))["b"] == "ready"
    assert await breaches(tx) == []


async def test_a_finish_lag_holds_the_finish(tx: Tx) -> None:
    id_ = await given.process(tx, {"a": PERSON, "b": PERSON}, [("a>b", "FF", 3600)])
    await done(tx, id_, 0, 1)
    assert (await given.states(tx, id_))["b"] == "waiting"
    await later(tx, 3601)
    await fire_timers(tx)
    assert (await given.states(tx, id_))["b"] == "done"


async def test_a_milestone_waits_for_its_data(tx: Tx) -> None:
    id_ = await given.process(
        tx,
        {"a": PERSON, "kits": Node("mark", "pass", wait_for="completeKits >= 10"), "b": PERSON},
        ["a>kits", "kits>b"],
    )
    await done(tx, id_, 0)
    assert (await given.states(tx, id_))["kits"] == "waiting"
    await set_variables(tx, id_, {"completeKits": 6})
    assert (await given.states(tx, id_))["kits"] == "waiting"
    await set_variables(tx, id_, {"completeKits": 10})
    assert await given.states(tx, id_) == {"a": "done", "kits": "done", "b": "ready"}
    assert await breaches(tx) == []


async def test_deemed_acceptance_waits_until_the_acceptance_itself_is_ready(tx: Tx) -> None:
    nodes = {"ship": PERSON, "accept": EVENT, "deem": Node("deem", "timer", delay_seconds=100), "bill": PERSON}
    edges = ["ship>accept", "accept>bill", ("deem>accept", "FS", 0, "completes")]
    id_ = await given.process(tx, nodes, edges)
    await later(tx, 101)
    await fire_timers(tx)
    assert await given.states(tx, id_) == {"ship": "ready", "accept": "blocked", "deem": "done", "bill": "blocked"}
    await done(tx, id_, 0)
    assert await given.states(tx, id_) == {"ship": "done", "accept": "done", "deem": "done", "bill": "ready"}
    assert await breaches(tx) == []

    id_ = await given.process(tx, nodes, edges)
    await done(tx, id_, 0)
    await done(tx, id_, 1)
    assert await given.states(tx, id_) == {"ship": "done", "accept": "done", "deem": "skipped", "bill": "ready"}
    assert await breaches(tx) == []

    id_ = await given.process(tx, nodes, edges)
    await done(tx, id_, 0)
    await later(tx, 202)
    await fire_timers(tx)
    assert (await given.states(tx, id_))["accept"] == "done"
    assert await breaches(tx) == []


async def test_a_counting_step_is_done_at_its_count(tx: Tx) -> None:
    id_ = await given.process(
        tx, {"a": PERSON, "enrol": EVENT, "b": PERSON}, ["a>enrol", "enrol>b"], expected=(None, 4, None)
    )
    assert await count_events(tx, [Count(id_, 1, 1)]) == [Delivery.EARLY]
    await done(tx, id_, 0)
    assert (await given.states(tx, id_))["enrol"] == "waiting"
    assert await count_events(tx, [Count(id_, 1, 2)]) == [Delivery.DONE]
    assert (await given.states(tx, id_))["enrol"] == "waiting"
    await count_events(tx, [Count(id_, 1, 1)])
    assert await given.states(tx, id_) == {"a": "done", "enrol": "done", "b": "ready"}
    assert await count_events(tx, [Count(id_, 1, 1)]) == [Delivery.DUPLICATE]


async def test_an_event_that_comes_before_its_step_takes_effect_when_the_step_opens(tx: Tx) -> None:
    id_ = await given.process(tx, {"a": PERSON, "pod": EVENT, "b": PERSON}, ["a>pod", "pod>b"])
    assert await complete_steps(tx, [Completion(id_, 1, {"by": "Ann"})]) == [Delivery.EARLY]
    assert await done(tx, id_, 1) == [Delivery.DUPLICATE]
    await done(tx, id_, 0)
    assert await given.states(tx, id_) == {"a": "done", "pod": "done", "b": "ready"}
    assert (await given.steps_by_key(tx, id_))["pod"].outputs == {"by": "Ann"}


async def test_the_first_member_of_a_choice_set_withdraws_the_others(tx: Tx) -> None:
    member = Node("hear", "event", choice=1)
    id_ = await given.process(
        tx,
        {"x": member, "y": member, "after_x": PERSON, "after_y": PERSON, "end": PASS},
        [
            ("x>after_x", "FS", 0, "gateway"),
            ("y>after_y", "FS", 0, "gateway"),
            ("after_x>end", "FS", 0, "gateway"),
            ("after_y>end", "FS", 0, "gateway"),
        ],
    )
    await done(tx, id_, 1)
    assert await given.states(tx, id_) == {
        "x": "skipped", "y": "done", "after_x": "skipped", "after_y": "ready", "end": "blocked",
    }  # fmt: skip
    await done(tx, id_, 3)
    assert (await given.states(tx, id_))["end"] == "done"
    assert await breaches(tx) == []


@pytest.mark.parametrize(
    ("split", "n", "expected"),
    [
        ("first", 1, {"low": "ready", "high": "skipped", "deep": "skipped", "join": "blocked"}),
        ("first", 5, {"low": "skipped", "high": "ready", "deep": "blocked", "join": "blocked"}),
        ("any", 5, {"low": "ready", "high": "ready", "deep": "blocked", "join": "blocked"}),
        ("all", 5, {"low": "ready", "high": "ready", "deep": "blocked", "join": "blocked"}),
    ],
)
async def test_gateways_take_their_ways_and_dead_paths_die(
    tx: Tx, split: str, n: int, expected: dict[str, str]
) -> None:
    low_when = "n < 3" if split == "first" else "n > 0"
    id_ = await given.process(
        tx,
        {"gate": Node("gate", "pass", split=split), "low": PERSON, "high": PERSON, "deep": PERSON, "join": PASS},  # type: ignore[arg-type]
        [
            ("gate>low", "FS", 0, "gateway", low_when),
            ("gate>high", "FS", 0, "gateway", "n > 3"),
            ("high>deep", "FS", 0, "gateway"),
            ("low>join", "FS", 0, "gateway"),
            ("deep>join", "FS", 0, "gateway"),
        ],
        variables={"n": n},
    )
    assert await given.states(tx, id_) == {"gate": "done", **expected}
    assert await breaches(tx) == []
    for number in (1, 2, 3):
        await done(tx, id_, number)
    assert (await given.states(tx, id_))["join"] == "done"
    assert await breaches(tx) == []


async def test_held_steps_count_tokens_but_do_not_move(tx: Tx) -> None:
    nodes = {"a": PERSON, "b": PERSON, "t": Node("t", "timer", delay_seconds=10), "e": EVENT}
    id_ = await given.process(tx, nodes, ["a>b"])
    assert await set_held(tx, id_, [1, 2, 3], held=True, reason="credit") == [1, 2, 3]
    assert await done(tx, id_, 3) == [Delivery.HELD]
    await done(tx, id_, 0)
    await later(tx, 11)
    await fire_timers(tx)
    assert await given.states(tx, id_) == {"a": "done", "b": "blocked", "t": "waiting", "e": "waiting"}
    assert await breaches(tx) == []
    await set_held(tx, id_, None, held=False)
    await fire_timers(tx)
    assert await done(tx, id_, 3) == [Delivery.DONE]
    assert await given.states(tx, id_) == {"a": "done", "b": "ready", "t": "done", "e": "done"}
    assert await breaches(tx) == []


async def test_cancelling_takes_back_in_reverse_order(tx: Tx) -> None:
    def undoable(name: str) -> Node:
        return Node(name, "person", undo=Undo(f"undo_{name}", f"Undo {name}", "person"))

    nodes = {"port": undoable("port"), "plain": PERSON, "tv": undoable("tv"), "late": undoable("late"), "bill": PERSON}
    id_ = await given.process(tx, nodes, ["port>plain", "plain>tv", "tv>late", "late>bill"])
    for number in (0, 1, 2):
        await done(tx, id_, number)
    undo = await cancel_steps(tx, [StepId(id_, n) for n in range(5)], reason="changed my mind")
    assert undo == [StepId(id_, 5), StepId(id_, 6)]
    assert await given.states(tx, id_) == {
        "port": "done", "plain": "done", "tv": "done", "late": "cancelled", "bill": "cancelled",
        "undo port": "blocked", "undo tv": "ready",
    }  # fmt: skip
    assert await breaches(tx) == []
    await done(tx, id_, 6)
    await done(tx, id_, 5)
    assert tx.events[-1] == ProcessFinished(given.SUBJECT, id_, "cancelled")
    assert await cancel_steps(tx, [StepId(id_, n) for n in range(5)], reason="again") == []
    assert await breaches(tx) == []


async def test_a_hard_point_of_no_return_refuses(tx: Tx) -> None:
    hard = Node("cut over", "person", point_of_no_return="hard")
    id_ = await given.process(tx, {"a": PERSON, "b": hard}, ["a>b"])
    await done(tx, id_, 0)
    await start_steps(tx, [StepId(id_, 1)])
    with pytest.raises(Refused, match="point of no return"):
        await cancel_steps(tx, [StepId(id_, 0), StepId(id_, 1)], reason="no")
    assert await given.states(tx, id_) == {"a": "done", "b": "running"}


async def test_a_step_removed_by_the_customer_satisfies_its_successors(tx: Tx) -> None:
    id_ = await given.process(tx, {"a": PERSON, "b": PERSON, "c": PERSON}, ["a>b", "b>c"])
    await cancel_steps(tx, [StepId(id_, 1)], reason="without TV", by_revision=True)
    assert await given.states(tx, id_) == {"a": "ready", "b": "cancelled", "c": "blocked"}
    await done(tx, id_, 0)
    assert (await given.states(tx, id_))["c"] == "ready"
    assert await breaches(tx) == []


async def test_an_amendment_adds_withdraws_and_recounts(tx: Tx) -> None:
    id_ = await given.process(tx, {"a": PERSON, "b": PERSON, "c": PERSON}, ["a>b", "b>c"])
    await done(tx, id_, 0)
    added = await amend_process(
        tx,
        id_,
        Amendment(
            steps=(NewStep(PERSON, "x", "x"), NewStep(PERSON, "y", "y")),
            edges=(Edge(0, 3), Edge(3, 4), Edge(4, 2), Edge(3, 0)),
            withdraw=(1,),
        ),
    )
    assert added == (3, 4)
    assert await given.states(tx, id_) == {"a": "done", "b": "cancelled", "c": "blocked", "x": "ready", "y": "blocked"}
    assert await breaches(tx) == []
    await done(tx, id_, 3)
    await done(tx, id_, 4)
    assert (await given.states(tx, id_))["c"] == "ready"
    with pytest.raises(Refused, match="has begun"):
        await amend_process(tx, id_, Amendment(withdraw=(0,)))
    assert await breaches(tx) == []


async def test_equal_graphs_and_equal_histories_share_a_definition(tx: Tx) -> None:
    ids = await start_processes(tx, [given.draft({"a": PERSON, "b": EVENT}, ["a>b"]) for _ in range(2)])
    change = Amendment(steps=(NewStep(PERSON, "x", "x"),), edges=(Edge(0, 2),))
    for id_ in ids:
        await amend_process(tx, id_, change)
    definitions = await tx.values("SELECT definition_id FROM processes.process WHERE id = ANY(%(ids)s)", {"ids": ids})
    assert len(set(definitions)) == 1


async def test_messages_find_their_step_by_correlation(tx: Tx) -> None:
    id_ = await given.process(tx, {"a": Node("call", "auto"), "b": PERSON}, ["a>b"])
    await tx.execute(
        "UPDATE processes.step SET state = 'waiting', sub_reason = 'reply', correlation = 'c-1',"
        " started_at = base.now() WHERE process_id = %(id)s AND number = 0",
        {"id": id_},
    )
    assert await deliver(tx, [Message("nobody")]) == [Delivery.UNKNOWN]
    assert await deliver(tx, [Message("c-1", {"port": 7})]) == [Delivery.DONE]
    assert await given.states(tx, id_) == {"a": "done", "b": "ready"}
    assert await deliver(tx, [Message("c-1", {"port": 7})]) == [Delivery.UNKNOWN]


async def test_silent_steps_tell_nobody(tx: Tx) -> None:
    id_ = await given.process(tx, {"a": EVENT, "b": Node("hear", "event", tells=True), "c": PERSON})
    await done(tx, id_, 0, 1)
    assert [(type(e), e.key) for e in tx.events if hasattr(e, "key")] == [  # type: ignore[attr-defined]
        (StepStarted, "b"),
        (TaskOpened, "c"),
        (StepDone, "b"),
    ]


async def test_bad_graphs_are_refused_with_every_problem(tx: Tx) -> None:
    with pytest.raises(Refused, match="circle"):
        await given.process(tx, {"a": PERSON, "b": PERSON}, ["a>b", "b>a"])
    with pytest.raises(Refused) as refused:
        await given.process(tx, {"a": Node("x", "person", when="n >"), "b": PERSON}, [("a>b", "FS", -1)])
    assert [p.pointer for p in refused.value.problems] == ["/nodes/0/when", "/edges/0/lag_seconds"]
