"""An account's day at the simulated Amazon, from asking where it sells to what became of every report."""

from __future__ import annotations

import dataclasses
import datetime as dt
import tempfile
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.faults.conftest import Faulty, calls
from tieout.amazon.errors import NotYet
from tieout.amazon.selling_partner import SellingPartner
from tieout.documents import Document, DocumentOutcome, SettlementSummary, StagedFiles, StagedReport, State
from tieout.intake.answering import ask
from tieout.intake.collecting import collect, listing_of_day, settle_day
from tieout.intake.records import Collected, Outcomes, Participations, Progress
from tieout.intake.seller_central import list_reports
from tieout.intake.settling import check, read
from tieout.lake import Keys, Lake
from tieout.reports.families import FAMILIES
from tieout.reports.family import Obtained
from tieout.reports.report import stage_report

ACCOUNT = "ironbark_fe"
FIRST, SECOND, THIRD = (dt.date(2026, 8, day) for day in (29, 30, 31))
ORDERS = "GET_FLAT_FILE_ALL_ORDERS_DATA_BY_LAST_UPDATE_GENERAL"


def run(
    served: Faulty,
    lake: Lake,
    day: dt.date,
    *,
    history: int = 70,
    families: tuple[str, ...] = ("orders",),
    name: str = ACCOUNT,
) -> dict[str, DocumentOutcome]:
    """The day of one account, waiting as the operators do; what became of its reports, settlements left out."""
    account = served.account(name)
    listed = False
    for _ in range(500):
        try:
            with served.client(account, lake) as client:
                if not listed:
                    list_reports(client, lake, served.clock, account, day, families)
                    listed = True
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
        each.document.document_id: each
        for each in outcomes
        if not each.document.report_type.startswith("GET_V2_SETTLEMENT")
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


def test_a_day_that_is_run_again_when_amazon_is_back_closes_its_own_case(amazon: Faulty, lake: Lake) -> None:
    amazon.suffers({"fault": "server_error", "operation": "createReport"})
    assert ended(run(amazon, lake, FIRST, history=20)) == [(State.SKIPPED, "report_not_ready")]
    amazon.recovers()
    assert ended(run(amazon, lake, FIRST, history=20)) == [(State.READY, None), (State.SKIPPED, "superseded")]
    assert progress(lake).open == ()


def test_where_it_sells_is_written_down(amazon: Faulty, lake: Lake) -> None:
    run(amazon, lake, FIRST, history=5)
    found = lake.get_record(Keys.participations("FE", ACCOUNT), Participations)  # type: ignore[arg-type]
    assert found
    assert set(found.marketplace_ids) == set(amazon.accounts[ACCOUNT]["marketplaces"])
    assert lake.get_record(Keys.collected("FE", ACCOUNT, FIRST), Collected)  # type: ignore[arg-type]


def test_a_day_of_every_family_ends_read_without_a_warning_or_empty(amazon: Faulty, lake: Lake) -> None:
    """A seller of India and the Emirates: every family that there is for it, from the request to the checks."""
    outcomes = run(amazon, lake, FIRST, history=35, families=tuple(FAMILIES), name="ganges_eu")
    # the second window of a type is tried right after the first: if it has no data, Amazon's answer does not say so
    skipped = {(State.SKIPPED, "report_cancelled"), (State.SKIPPED, "report_too_soon")}
    assert set(ended(outcomes)) == {(State.READY, None), *skipped}
    assert [check for outcome in outcomes.values() for check in outcome.checks if not check.passed] == []
    of_europe = {"vat_transactions", "vat_tax"}
    never_made = {"deferred_transactions"}
    tomorrow = {"summaries"}
    elsewhere = {name for name, each in FAMILIES.items() if each.obtained is Obtained.MADE_BY_AMAZON}
    types = {each.report_types[0]: name for name, each in FAMILIES.items()}
    found = {types[each.document.report_type] for each in outcomes.values()}
    assert found == set(FAMILIES) - of_europe - never_made - tomorrow - elsewhere
    assert not [call for call in calls(lake) if call.status == 429]


def test_a_restricted_document_is_fetched_with_a_token_of_its_own_that_is_kept_nowhere(
    amazon: Faulty, lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    used: list[str] = []
    send = SellingPartner._send

    def watched(self: SellingPartner, operation: str, *args: Any, **kwargs: Any) -> Any:
        used.append(f"{operation} {args[2]}")
        return send(self, operation, *args, **kwargs)

    monkeypatch.setattr(SellingPartner, "_send", watched)
    outcomes = run(amazon, lake, FIRST, history=62, families=("vat_transactions",), name="ember_eu")
    assert ended(outcomes) == [(State.READY, None)] * 2
    tokens = {each.split()[1] for each in used if each.startswith("getReportDocument")}
    ordinary = {each.split()[1] for each in used if not each.startswith("getReportDocument")}
    assert len(tokens - ordinary) == 2  # one a document; settlements are fetched with the ordinary token
    assert [call.operation for call in calls(lake)].count("createRestrictedDataToken") == 2
    everything = b"".join(lake.get(key) or b"" for key in lake.keys(""))
    assert not [token for token in tokens - ordinary if token.encode() in everything]


FINANCES = ("event_groups", "transactions", "balances", "summaries", "payouts")


def test_what_the_finances_api_says_is_kept_as_it_came_and_read_exactly(amazon: Faulty, lake: Lake) -> None:
    """Pains 13, 18: its leaves add up to the cent; a closed group without a total stays without one."""
    first = run(amazon, lake, FIRST, history=60, families=FINANCES)
    assert {each.document.report_type for each in first.values()} == {
        "listFinancialEventGroups", "listTransactions", "listBalances", "listPayouts",
    }  # fmt: skip
    assert {state for state, _ in ended(first)} == {State.READY}
    # the settlements of the first day have their summaries on the second, and never again
    second = run(amazon, lake, SECOND, history=60, families=FINANCES)
    third = run(amazon, lake, THIRD, history=60, families=FINANCES)
    summed = [each for each in second.values() if each.document.report_type == "listSummary"]
    assert len(summed) == 1
    assert isinstance(summed[0].staged, StagedReport)
    settled = {each.settlement_id for each in settlements(lake, FIRST)}
    assert progress(lake).summed_up >= settled
    new = {each.settlement_id for each in settlements(lake, SECOND)} - settled
    assert [each.document.report_type for each in third.values()].count("listSummary") == len(new and [new])

    truth = {(each["transaction_id"], each["transaction_status"]): each for each in sources(amazon, "transactions")}
    rows = [
        row for each in third.values() if each.document.report_type == "listTransactions" for row in staged(lake, each)
    ]
    assert len({row["transaction_id"] for row in rows}) > 50
    for row in rows:
        known = truth[row["transaction_id"], row["transaction_status"]]
        assert (row["currency"], f"{row['total_amount']:f}") == (
            known["currency"],
            f"{Decimal(known['total_amount']):.2f}",
        )
    groups = [row for each in first.values() if "Groups" in each.document.report_type for row in staged(lake, each)]
    totals = {each["event_group_id"]: each["original_total"] for each in sources(amazon, "event_groups")}
    assert {row["event_group_id"]: row["original_total"] for row in groups} == {
        name: None if total is None else Decimal(total) for name, total in totals.items() if name in
        {row["event_group_id"] for row in groups}
    }  # fmt: skip


def test_a_page_token_that_dies_begins_the_listing_again_in_halves(amazon: Faulty, lake: Lake) -> None:
    """Pain 27: tokens expire; what was there comes once all the same."""
    whole = run(amazon, lake, FIRST, history=60, families=("transactions",))
    (one,) = [each for each in whole.values() if each.document.data_end_at and len(staged(lake, each)) > 0][:1]
    amazon.suffers({"fault": "expired_page_token", "operation": "listTransactions", "times": 1})
    key = Keys.raw_body(one.document)
    before = staged(lake, one)
    amazon_account = amazon.account(ACCOUNT)
    lake.delete(key)
    with amazon.client(amazon_account, lake) as client:
        family = FAMILIES["transactions"]
        wish = next(
            e.wish for e in collected(lake, FIRST).wishes if one.document.document_id.endswith(e.wish.request_id)
        )
        ask(client, lake, amazon.clock, family, wish, FIRST)
    again = stage_report_of(lake, one.document)
    assert sorted(again) == sorted(row["transaction_id"] for row in before if row["item_no"] is None)


def collected(lake: Lake, day: dt.date) -> Collected:
    found = lake.get_record(Keys.collected("FE", ACCOUNT, day), Collected)  # type: ignore[arg-type]
    assert found
    return found


def settlements(lake: Lake, day: dt.date) -> list[SettlementSummary]:
    found = lake.get_record(Keys.outcomes(day, "FE", ACCOUNT), Outcomes)  # type: ignore[arg-type]
    assert found
    ready = [each.staged for each in found.outcomes if each.state is State.READY]
    return [each for files in ready if isinstance(files, StagedFiles) for each in files.reading.settlements]


def sources(amazon: Faulty, family: str) -> list[dict[str, Any]]:
    found = amazon.amazon.truth(sources=[family])["sources"][family]
    return [each for each in found if each["account"] == ACCOUNT]


def staged(lake: Lake, outcome: DocumentOutcome) -> list[dict[str, Any]]:
    assert isinstance(outcome.staged, StagedReport)
    return pq.read_table(pa.BufferReader(lake.get(outcome.staged.rows_key))).to_pylist()


def stage_report_of(lake: Lake, document: Document) -> list[str]:
    """The ids of the transactions in the bytes that were received, a leaf each."""
    with tempfile.TemporaryDirectory() as folder:
        body = lake.get_file(Keys.raw_body(document), Path(folder) / "body")
        target = Path(folder) / "rows.parquet"
        stage_report(body, document_id=document.document_id, target=target)
        return [row["transaction_id"] for row in pq.read_table(target).to_pylist() if row["item_no"] is None]
