"""FBA reports, of which Amazon makes one in four hours: nothing is lost, and nothing is taken for empty, under either reading."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise
from pathlib import Path

import pytest

from demo.sources import SOURCES, compare_sources
from simulator.sources.kinds import KINDS
from tests.faults.conftest import Faulty, calls
from tests.faults.test_collecting import FIRST, SECOND, asked, ended, run
from tieout.documents import Region, State
from tieout.intake.load import load_business_day
from tieout.intake.records import Progress
from tieout.lake import Keys, Lake
from tieout.reports.families import FAMILIES
from tieout.warehouse import Warehouse

ACCOUNT = "jade_fe"
LEDGER = "GET_LEDGER_SUMMARY_VIEW_DATA"
FBA = ("ledger_summary", "fba_returns", "storage_fees", "overage_fees")
"""By day and by month, with many rows and without any."""
SPANS = {"fault": "report_limit", "account": ACCOUNT, "spans": True}
assert {FAMILIES[name].made_every for name in FBA} == {dt.timedelta(hours=4)}
DAY = dt.timedelta(days=1)
OPENED = dt.date(2026, 4, 3)
"""The day on which the simulated world opens: nothing was sold before."""


def made(served: Faulty, report_type: str) -> list[tuple[str, dt.datetime]]:
    """How the reports of a type ended, and when each was requested, in that order."""
    found = [each for each in asked(served) if each["report_type"] == report_type and each["account"] == ACCOUNT]
    return [(each["status"], dt.datetime.fromisoformat(each["created_at"])) for each in found]


def progress(lake: Lake) -> Progress:
    found = lake.get_record(Keys.progress(Region.FE, ACCOUNT), Progress)
    assert found
    return found


def test_windows_follow_at_once_when_the_limit_does_not_span_them(amazon: Faulty, lake: Lake) -> None:
    outcomes = run(amazon, lake, FIRST, history=120, families=("ledger_summary",), name=ACCOUNT)
    assert ended(outcomes) == [(State.READY, None)] * 4
    times = [at for _, at in made(amazon, LEDGER)]
    assert times[-1] - times[0] < dt.timedelta(minutes=10)


def test_a_window_that_was_requested_too_soon_is_not_taken_for_empty(amazon: Faulty, lake: Lake) -> None:
    """The newest is made, the second is the trial; from then on reports are four hours apart."""
    amazon.suffers(SPANS)
    first = run(amazon, lake, FIRST, history=150, families=("ledger_summary",), name=ACCOUNT)
    statuses = [status for status, _ in made(amazon, LEDGER)]
    assert statuses == ["DONE", "CANCELLED", "DONE", "DONE"]
    times = [at for status, at in made(amazon, LEDGER) if status == "DONE"]
    assert all(later - sooner >= dt.timedelta(hours=4) for sooner, later in pairwise(times))
    too_soon = [each for each in first.values() if each.reasons]
    assert {each.reasons[0].code for each in too_soon} == {"report_too_soon"}
    assert {each.state for each in too_soon} == {State.SKIPPED}
    said = sorted(each.reasons[0].message for each in too_soon)
    assert said[0].startswith("1 windows of an inventory ledger summary are still to be requested")
    assert said[1].startswith("Amazon ended the report as CANCELLED, less than 4 hours after it made another")
    assert len(progress(lake).open) == 2


def test_a_failure_without_a_word_is_too_soon_as_well(amazon: Faulty, lake: Lake) -> None:
    """amzn/selling-partner-api-docs#82: FATAL, and no document that says why."""
    rule = {"fault": "report_limit", "account": "dorado_eu", "spans": True}
    amazon.suffers(rule)
    outcomes = run(amazon, lake, FIRST, history=60, families=("ledger_summary",), name="dorado_eu")
    assert ended(outcomes) == [(State.READY, None), (State.SKIPPED, "report_too_soon")]


def test_an_empty_window_is_believed_when_nothing_was_made_before_it(amazon: Faulty, lake: Lake) -> None:
    """An account without overage fees: its reports are cancelled because they are empty, and nobody waits."""
    amazon.suffers(SPANS)
    begun = amazon.clock.now()
    outcomes = run(amazon, lake, FIRST, history=90, families=("overage_fees",), name=ACCOUNT)
    assert ended(outcomes) == [(State.SKIPPED, "report_cancelled")] * 3
    assert amazon.clock.now() - begun < dt.timedelta(hours=1)


def test_a_day_that_is_run_too_soon_after_another_leaves_its_window_to_the_next(amazon: Faulty, lake: Lake) -> None:
    amazon.suffers(SPANS)
    begun = amazon.clock.now()
    run(amazon, lake, FIRST, history=20, families=("ledger_summary",), name=ACCOUNT)
    second = run(amazon, lake, SECOND, history=20, families=("ledger_summary",), name=ACCOUNT)
    assert ended(second) == [(State.SKIPPED, "report_too_soon")]
    assert amazon.clock.now() - begun < dt.timedelta(hours=1)
    amazon.clock.sleep(86400)
    third = run(amazon, lake, SECOND + DAY, history=20, families=("ledger_summary",), name=ACCOUNT)
    assert [each for each in ended(third) if each[0] is State.READY] == [(State.READY, None)] * 2
    assert progress(lake).open == ()


def test_a_fee_preview_that_came_to_nothing_gives_way_to_that_of_the_next_day(amazon: Faulty, lake: Lake) -> None:
    """It tells how things are: yesterday's is not requested again beside today's."""
    amazon.suffers({"fault": "cancelled", "account": ACCOUNT})
    run(amazon, lake, FIRST, families=("fee_preview",), name=ACCOUNT)
    amazon.recovers()
    amazon.clock.sleep(86400)
    second = run(amazon, lake, SECOND, families=("fee_preview",), name=ACCOUNT)
    assert ended(second) == [(State.READY, None)]
    assert len(made(amazon, "GET_FBA_ESTIMATED_FBA_FEES_TXT_DATA")) == 2


@pytest.mark.parametrize("spans", [False, True], ids=["each window by itself", "all windows of a type"])
def test_a_backfill_of_540_days_ends_complete_and_equal_to_the_truth(
    amazon: Faulty, lake: Lake, warehouse: Warehouse, tmp_path: Path, spans: bool
) -> None:
    """Daily FBA reports, day after day, until nothing is left to be requested."""
    amazon.suffers({**SPANS, "spans": spans})
    day, days = FIRST, 0
    while True:
        run(amazon, lake, day, history=540, families=FBA, name=ACCOUNT)
        load_business_day(warehouse, lake, Region.FE, day, run_id=str(day), folder=tmp_path)
        days += 1
        if not [each for each in progress(lake).open if each.wish.data_end.date() < FIRST]:
            break
        day += DAY
        midnight = dt.datetime.combine(day, dt.time(15, 30), dt.UTC)  # of Japan, and half an hour
        amazon.clock.sleep(max(0.0, (midnight - amazon.clock.now()).total_seconds()))
    assert days <= (12 if spans else 3)
    assert not [call for call in calls(lake) if call.status == 429]
    facts = amazon.amazon.truth(sources=FBA)["sources"]
    truth = {name: [row for row in facts.get(name, ()) if row["account"] == ACCOUNT] for name in SOURCES}
    # what Amazon told late of the last days comes with the overlap of later days
    compared = {each.source: each for each in compare_sources(warehouse.path, truth, OPENED, FIRST - 30 * DAY)}
    assert [each.wrong for each in compared.values() if each.wrong] == []
    assert {name for name in FBA if not compared[name].equal} <= {"overage_fees"}
    if spans:
        for report_type in {FAMILIES[name].report_types[0] for name in FBA}:
            at = [at for status, at in made(amazon, report_type) if status == "DONE"]
            assert all(later - sooner >= KINDS[report_type].made_every for sooner, later in pairwise(at))
