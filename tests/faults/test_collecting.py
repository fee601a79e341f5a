"""An account's day at the simulated Amazon, from asking where it sells to what became of every report."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections import Counter
from typing import Any

from tests.faults.conftest import Faulty, calls
from tieout.amazon.errors import NotYet
from tieout.documents import DocumentOutcome, StagedReport, State
from tieout.intake.collecting import collect, listing_of_day, settle_day
from tieout.intake.receiving import list_settlements
from tieout.intake.records import Collected, Participations, Progress
from tieout.intake.settling import check, read
from tieout.lake import Keys, Lake
from tieout.reports.families import FAMILIES

ACCOUNT = "ironbark_fe"
FIRST, SECOND, THIRD = (dt.date(2026, 8, day) for day in (29, 30, 31))
ORDERS = "GET_FLAT_FILE_ALL_ORDERS_DATA_BY_LAST_UPDATE_GENERAL"


def run(
    served: Faulty, lake: Lake, day: dt.date, *, history: int = 70, families: tuple[str, ...] = ("orders",)
) -> dict[str, DocumentOutcome]:
    """The day of one account, waiting as the operators do; what became of its reports, settlements left out."""
    account = served.account(ACCOUNT)
    with served.client(account, lake) as client:
        list_settlements(client, lake, served.clock, account, day)
    for _ in range(100):
        try:
            with served.client(account, lake) as client:
                collect(client, lake, served.clock, account, day, families=families, history=dt.timedelta(days=history))
            break
        except NotYet as early:
            served.wait(early)
    else:
        raise AssertionError("it never comes to an end")
    documents = listing_of_day(lake, account, day).to_be_read
    read(lake, documents)
    check(lake, documents, None)
    outcomes = settle_day(lake, account, day).outcomes
    assert len({each.document.document_id for each in outcomes}) == len(outcomes)
    return {
        each.document.document_id: each for each in outcomes if not each.document.report_type.startswith("GET_V2_S")
    }


def asked(served: Faulty) -> list[dict[str, Any]]:
    return served.amazon.truth()["requested"]


def ended(outcomes: dict[str, DocumentOutcome]) -> list[tuple[State, str | None]]:
    return sorted((each.state, each.reasons[0].code.value if each.reasons else None) for each in outcomes.values())


def progress(lake: Lake) -> Progress:
    found = lake.get_record(Keys.progress("FE", ACCOUNT), Progress)  # type: ignore[arg-type]
    assert found
    return found


def test_reports_are_asked_for_received_read_and_checked(amazon: Faulty, lake: Lake) -> None:
    outcomes = run(amazon, lake, FIRST)
    assert ended(outcomes) == [(State.READY, None)] * 3
    for outcome in outcomes.values():
        assert isinstance(outcome.staged, StagedReport)
        assert outcome.staged.reading.family == "orders"
        assert outcome.document.first_listed_on == FIRST
        assert set(outcome.document.marketplace_ids) == set(amazon.accounts[ACCOUNT]["marketplaces"])
        assert not any(result.reason for result in outcome.checks if result.check == "date_inside_window")
    # asked where it sells, once; never more often than Amazon allows
    assert [call.operation for call in calls(lake)].count("getMarketplaceParticipations") == 1
    assert not [call for call in calls(lake) if call.status == 429]
    # the same day again: nothing is asked
    before = Counter(call.operation for call in calls(lake))
    assert run(amazon, lake, FIRST).keys() == outcomes.keys()
    assert Counter(call.operation for call in calls(lake)) - before == {"getReports": 1}
    # the next day asks for its overlap alone
    assert len(run(amazon, lake, SECOND)) == 1
    assert len(asked(amazon)) == 4
    assert progress(lake).open == ()


def test_a_report_that_is_not_made_is_taken_up_by_the_next_day(amazon: Faulty, lake: Lake) -> None:
    """Pain 32: its id is kept, and it is not asked for again."""
    amazon.suffers({"fault": "queued", "account": ACCOUNT, "hours": 20})
    first = run(amazon, lake, FIRST, history=20)
    assert ended(first) == [(State.SKIPPED, "report_not_ready")]
    amazon.recovers()
    second = run(amazon, lake, SECOND, history=20)
    assert ended(second) == [(State.READY, None)] * 2
    assert first.keys() <= second.keys()
    assert len(asked(amazon)) == 2


def test_an_empty_answer_is_asked_for_once_more_before_it_is_believed(
    amazon: Faulty,
    lake: Lake,
) -> None:
    """Pain 33: empty is a status to prove."""
    amazon.suffers({"fault": "cancelled", "account": ACCOUNT})
    days = [ended(run(amazon, lake, day, history=20)) for day in (FIRST, SECOND, THIRD)]
    # each day its own window; the second proves the first, the third does not ask for it again
    empty = (State.SKIPPED, "report_cancelled")
    assert days == [[empty], [empty] * 2, [empty] * 2]
    assert len(asked(amazon)) == 5
    (left,) = progress(lake).open
    assert left.empty_answers == 1
    amazon.recovers()


def test_a_report_that_fails_is_asked_for_anew_and_its_case_is_closed(amazon: Faulty, lake: Lake) -> None:
    amazon.suffers({"fault": "fatal", "account": ACCOUNT})
    first = run(amazon, lake, FIRST, history=20)
    assert ended(first) == [(State.QUARANTINED, "report_fatal")]
    assert "an internal error occurred" in next(iter(first.values())).reasons[0].message
    amazon.recovers()
    second = run(amazon, lake, SECOND, history=20)
    assert ended(second) == [(State.READY, None)] * 2 + [(State.SKIPPED, "superseded")]
    assert progress(lake).open == ()


def test_a_family_that_amazon_refuses_leaves_the_others_alone(amazon: Faulty, lake: Lake) -> None:
    """The simulated Amazon refuses a type that it does not know; an application without the role meets a 403."""
    families = ("orders", "refused_family")
    stranger = dataclasses.replace(
        FAMILIES["overage_fees"], name="refused_family", report_types=("GET_SOMETHING_ELSE",)
    )
    FAMILIES["refused_family"] = stranger
    try:
        first = run(amazon, lake, FIRST, history=20, families=families)
        second = run(amazon, lake, SECOND, history=20, families=families)
    finally:
        del FAMILIES["refused_family"]
    assert ended(first) == [(State.QUARANTINED, "request_refused"), (State.READY, None)]
    assert "take the family out of TIEOUT_FAMILIES" in first[f"{ACCOUNT}.refused_family"].reasons[0].message
    # the next day tries once more, under the same name: it is old news
    assert second[f"{ACCOUNT}.refused_family"].document.first_listed_on == FIRST
    refused = [call for call in calls(lake) if call.operation == "createReport" and call.status == 400]
    assert len(refused) == 2


def test_an_amazon_that_takes_no_requests_keeps_no_settlement_back(amazon: Faulty, lake: Lake) -> None:
    amazon.suffers({"fault": "server_error", "operation": "createReport"})
    first = run(amazon, lake, FIRST, history=20)
    assert ended(first) == [(State.SKIPPED, "report_not_ready")]
    settled = listing_of_day(lake, amazon.account(ACCOUNT), FIRST).to_be_read
    assert len(settled) > 5
    amazon.recovers()
    second = run(amazon, lake, SECOND, history=20)
    assert ended(second) == [(State.READY, None)] * 2 + [(State.SKIPPED, "superseded")]
    assert second.keys() >= first.keys()
    assert asked(amazon)
    assert progress(lake).open == ()


def test_where_it_sells_is_written_down(amazon: Faulty, lake: Lake) -> None:
    run(amazon, lake, FIRST, history=5)
    found = lake.get_record(Keys.participations("FE", ACCOUNT), Participations)  # type: ignore[arg-type]
    assert found
    assert set(found.marketplace_ids) == set(amazon.accounts[ACCOUNT]["marketplaces"])
    assert lake.get_record(Keys.collected("FE", ACCOUNT, FIRST), Collected)  # type: ignore[arg-type]
