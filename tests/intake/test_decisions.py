"""Decisions: written to the lake first, done in the warehouse, and respected by every later run."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from tests.intake.small_world import SmallWorld, flat_file
from tests.warehouse.conftest import content, rows
from tieout.documents import Action, Decision
from tieout.intake.decisions import NotDecidable, apply_decision, decide, prove_again
from tieout.lake import Keys, Lake
from tieout.warehouse import Warehouse

MONDAY = dt.date(2026, 8, 17)
TUESDAY = dt.date(2026, 8, 18)
STANDS = "SELECT document_id, state, reason_code FROM ops.document ORDER BY 1"


@pytest.fixture
def world(lake: Lake, tmp_path: Path) -> SmallWorld:
    return SmallWorld(lake, tmp_path)


def decided(world: SmallWorld, warehouse: Warehouse, name: str, action: Action, **what: Any) -> Decision:
    decision = decide(
        warehouse, world.lake, name, action=action, owner="ana", decided_by="bob", reason="because", **what
    )
    if action is Action.RELEASE:
        prove_again(warehouse, world.lake, decision, client=world.client, docs=None)
    apply_decision(warehouse, world.lake, decision, run_id=f"decision-{name}", folder=world.folder)
    warehouse.build_marts()
    return decision


def test_a_released_document_is_proved_again_and_loads_only_if_it_passes(
    world: SmallWorld, warehouse: Warehouse, lake: Lake
) -> None:
    short = world.make("1", MONDAY, flat_file(0, "10.00", total="11.00"))
    world.publish(MONDAY)
    assert world.load(warehouse, MONDAY)["quarantined"] == 1
    decided(world, warehouse, "first", Action.RELEASE, documents=[short])
    assert rows(warehouse, STANDS) == [(short, "quarantined", "control_total_mismatch")]

    world.make("1", MONDAY, flat_file(0, "10.00", "1.00"))
    decision = decided(world, warehouse, "second", Action.RELEASE, documents=[short])
    assert rows(warehouse, STANDS) == [(short, "loaded", None)]
    assert rows(warehouse, "SELECT kind FROM mart.trouble") == []
    before = [key for key in lake.keys("raw/") if f"before-{decision.decision_id}" in key]
    assert [lake.get(key) for key in before if key.endswith("body")] == [flat_file(0, "10.00", total="11.00")]
    assert list(lake.keys("quarantine/")) == []

    # what was published before the release does not undo it, and the next day finds it as it is
    world.load(warehouse, MONDAY, "again")
    assert rows(warehouse, STANDS) == [(short, "loaded", None)]
    world.publish(TUESDAY)
    assert world.load(warehouse, TUESDAY)["unaccounted"] == {}
    assert rows(warehouse, STANDS) == [(short, "loaded", None)]


def test_a_release_that_is_cut_off_at_any_write_fetches_again_when_it_is_tried_again(
    world: SmallWorld, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    short = world.make("1", MONDAY, flat_file(0, "10.00", total="11.00"))
    world.publish(MONDAY)
    world.load(warehouse, MONDAY)
    world.make("1", MONDAY, flat_file(0, "10.00", "1.00"))
    decision = decide(
        warehouse,
        world.lake,
        "cut",
        action=Action.RELEASE,
        owner="ana",
        decided_by="bob",
        reason="because",
        documents=[short],
    )
    for method in ("put_file", "put_record", "delete"):
        with monkeypatch.context() as patch:
            patch.setattr(Lake, method, lambda *args: (_ for _ in ()).throw(SystemExit("killed")))
            with pytest.raises(SystemExit):
                prove_again(warehouse, world.lake, decision, client=world.client, docs=None)
    (outcome,) = prove_again(warehouse, world.lake, decision, client=world.client, docs=None)
    assert outcome.state == "ready"


def test_a_rejected_document_is_closed_and_can_be_put_back(world: SmallWorld, warehouse: Warehouse) -> None:
    short = world.make("1", MONDAY, flat_file(0, "10.00", total="11.00"))
    world.publish(MONDAY)
    world.load(warehouse, MONDAY)
    decided(world, warehouse, "reject", Action.REJECT, documents=[short])
    world.publish(TUESDAY)
    world.load(warehouse, TUESDAY)
    assert rows(warehouse, STANDS) == [(short, "skipped", "rejected")]
    assert rows(warehouse, "SELECT kind FROM mart.trouble") == []
    assert rows(warehouse, "SELECT state, reason_code FROM mart.settlement_tie_out") == [("rejected", "rejected")]
    decided(world, warehouse, "restore", Action.RESTORE, documents=[short])
    assert rows(warehouse, STANDS) == [(short, "quarantined", "control_total_mismatch")]


def test_a_whole_load_is_rolled_back_and_put_back(world: SmallWorld, warehouse: Warehouse, lake: Lake) -> None:
    """Pain 36: nobody dared to run again; here any load can be taken back, and put back as it was."""
    first = world.make("1", MONDAY, flat_file(0, "10.00"))
    world.publish(MONDAY)
    world.load(warehouse, MONDAY)
    again, new = world.make("2", TUESDAY, flat_file(0, "10.50")), world.make("3", TUESDAY, flat_file(1, "5.00"))
    world.publish(TUESDAY)
    world.load(warehouse, TUESDAY)
    before = content(warehouse, "core", "mart")
    decision = decided(world, warehouse, "withdraw", Action.WITHDRAW, run_id=f"run-{TUESDAY}")
    assert decision.documents == (again, new)
    assert rows(warehouse, "SELECT settlement_id, control_total, document_id FROM core.settlement") == [
        ("11000000000", 10, first)
    ]
    world.load(warehouse, TUESDAY, "daily run after it")
    assert len(rows(warehouse, "SELECT * FROM core.settlement")) == 1
    # a task that is tried again decides nothing new
    assert (
        decide(warehouse, lake, "withdraw", action=Action.WITHDRAW, owner="x", decided_by="z", reason="y", run_id="z")
        == decision
    )
    decided(world, warehouse, "restore", Action.RESTORE, documents=[again, new])
    assert content(warehouse, "core", "mart") == before


def test_a_decision_whose_run_died_is_made_good_by_the_next_load(
    world: SmallWorld, warehouse: Warehouse, lake: Lake
) -> None:
    document = world.make("1", MONDAY, flat_file(0, "10.00"))
    world.publish(MONDAY)
    world.load(warehouse, MONDAY)
    decide(
        warehouse,
        lake,
        "d",
        action=Action.WITHDRAW,
        owner="ana",
        decided_by="bob",
        reason="because",
        documents=[document],
    )
    world.load(warehouse, MONDAY, "next")
    assert rows(warehouse, STANDS) == [(document, "skipped", "withdrawn")]


def test_a_decision_that_changes_nothing_is_refused_with_what_to_do(
    world: SmallWorld, warehouse: Warehouse, lake: Lake
) -> None:
    loaded = world.make("1", MONDAY, flat_file(0, "10.00"))
    short = world.make("2", MONDAY, flat_file(1, "10.00", total="11.00"))
    world.publish(MONDAY)
    world.load(warehouse, MONDAY)
    for says, wrong in (
        ("needs an owner and a reason", {"action": Action.REJECT, "documents": [short], "owner": " "}),
        ("nobody was signed in", {"action": Action.REJECT, "documents": [short], "decided_by": None}),
        ("no document 'x'", {"action": Action.REJECT, "documents": ["x"]}),
        ("it is loaded, and only what is quarantined can be rejected", {"action": "reject", "documents": [loaded]}),
        ("only what is quarantined or rejected can be released", {"action": "release", "documents": [loaded]}),
        ("only what may be loaded can be withdrawn", {"action": Action.WITHDRAW, "documents": [short]}),
        ("only what was withdrawn or rejected can be restored", {"action": "restore", "documents": [loaded]}),
        ("name their ids, or the run", {"action": Action.WITHDRAW}),
        ("loaded no document that withdraw would change", {"action": Action.WITHDRAW, "run_id": "nobody"}),
        ("write it like 2026-08", {"action": Action.CLOSE, "month": "August"}),
        ("there is no account 'nobody'", {"action": Action.CLOSE, "month": "2026-08", "account": "nobody"}),
        ("about a month: name no document", {"action": Action.CLOSE, "month": "2026-08", "documents": [loaded]}),
    ):
        what = {"owner": "ana", "decided_by": "bob", "reason": "because", **wrong, "action": Action(wrong["action"])}
        with pytest.raises(NotDecidable, match=says):
            decide(warehouse, lake, "d", **what)
    assert list(lake.keys(Keys.decisions())) == []


def test_a_document_that_was_listed_and_is_not_in_the_warehouse_turns_the_run_red(
    world: SmallWorld, warehouse: Warehouse, lake: Lake
) -> None:
    """Pain 2: listed is not loaded; every listed document has to end in the warehouse."""
    from tieout.intake.records import Outcomes

    world.make("1", MONDAY, flat_file(0, "10.00"))
    lost = world.make("2", MONDAY, flat_file(1, "10.00"))
    world.publish(MONDAY)
    key = next(lake.keys(Keys.all_outcomes()))
    outcomes = lake.get_record(key, Outcomes)
    assert outcomes is not None
    lake.put_record(key, outcomes.model_copy(update={"outcomes": outcomes.outcomes[:1]}))
    assert world.load(warehouse, MONDAY)["unaccounted"] == {lost: "It was listed, and is not in the warehouse."}
    assert rows(warehouse, "SELECT kind, subject FROM mart.trouble") == [("document_unaccounted", f"acme_eu {MONDAY}")]
    lake.put_record(key, outcomes)
    assert world.load(warehouse, MONDAY)["unaccounted"] == {}
    assert rows(warehouse, "SELECT kind FROM mart.trouble") == []
