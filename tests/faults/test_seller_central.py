"""Reports that are made in Seller Central: listed, received and loaded, and never requested."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from simulator.seller_central import HOLDS, TRANSACTIONS, Habit, habit_of
from simulator.sellers import SELLERS
from tests.faults.conftest import Faulty, calls
from tests.faults.test_collecting import FIRST, SECOND, THIRD, ended, run
from tieout.documents import DocumentOutcome, State
from tieout.intake.business_day import end_of_business_day
from tieout.intake.load import load_business_day
from tieout.lake import Lake
from tieout.warehouse import Warehouse

FAMILIES = ("date_range", "deferred_transactions")
BOTH = ("orders", *FAMILIES)
WEEKLY, DAILY, NEVER = "borealis_na", "hinode_fe", "ironbark_fe"


def of_type(outcomes: dict[str, DocumentOutcome], report_type: str) -> list[DocumentOutcome]:
    return [each for each in outcomes.values() if each.document.report_type == report_type]


def known(warehouse: Warehouse, table: str, name: str) -> Counter[tuple[Any, ...]]:
    """What a table of the warehouse has of an account."""
    columns = "posted_at, settlement_id, order_id, sku, quantity, currency, total"
    with warehouse.connect() as connection:
        rows = connection.execute(f"SELECT {columns} FROM {table} WHERE account = ?", [name]).fetchall()
    return Counter((row[0].astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), *row[1:]) for row in rows)


def told(served: Faulty, source: str, name: str) -> Counter[tuple[Any, ...]]:
    """What the reports tell together that were made by the end of THIRD."""
    at = end_of_business_day(served.account(name).region, THIRD)
    rows = served.amazon.truth(sources=[source], at=at)["sources"][source]
    columns = ("posted_at", "settlement_id", "order_id", "sku", "quantity", "currency")
    return Counter((*(row[each] for each in columns), Decimal(row["total"])) for row in rows if row["account"] == name)


def test_sellers_have_every_habit() -> None:
    assert {habit_of(7, each) for each in SELLERS} == set(Habit)
    assert [habit_of(7, next(s for s in SELLERS if s.key == name)) for name in (WEEKLY, DAILY, NEVER)] == [
        "weekly", "daily", "never",
    ]  # fmt: skip


@pytest.mark.parametrize("name", [WEEKLY, DAILY])
def test_what_was_made_in_seller_central_is_listed_and_loaded_without_doubling_a_row(
    amazon: Faulty, lake: Lake, warehouse: Warehouse, tmp_path: Path, name: str
) -> None:
    """Two reports of 30 days overlap in three weeks; the truth is taken from the simulated Amazon's books."""
    amazon.clock.sleep(86400)
    outcomes = run(amazon, lake, THIRD, families=FAMILIES, name=name)
    assert set(ended(outcomes)) <= {(State.READY, None), (State.SKIPPED, "no_data")}
    assert len(of_type(outcomes, TRANSACTIONS)) >= 4
    assert len(of_type(outcomes, HOLDS)) >= 2
    for each in outcomes.values():
        assert len(each.document.marketplace_ids) == 1
        assert not any(check.reason for check in each.checks)
    assert [call.operation for call in calls(lake)].count("createReport") == 0
    assert [call.operation for call in calls(lake)].count("getReports") == 2
    region = amazon.account(name).region
    load_business_day(warehouse, lake, region, THIRD, run_id="run", folder=tmp_path)
    assert known(warehouse, "core.date_range_line", name) == told(amazon, "date_range", name)
    newest = "(SELECT * FROM core.deferred_transaction QUALIFY as_of_day = max(as_of_day) OVER (PARTITION BY account))"
    held = known(warehouse, newest, name)
    assert held == told(amazon, "deferred_transactions", name)
    assert held


def test_a_seller_who_never_made_one_has_none_and_no_alert(amazon: Faulty, lake: Lake) -> None:
    assert run(amazon, lake, FIRST, families=FAMILIES, name=NEVER) == {}


def test_amazon_refuses_to_make_one_on_request(amazon: Faulty, lake: Lake) -> None:
    from tieout.amazon.errors import InvalidRequest

    account = amazon.account(WEEKLY)
    day = dt.datetime(2026, 8, 1, tzinfo=dt.UTC)
    for report_type, number in ((TRANSACTIONS, 1202), (HOLDS, 1208)):
        with (
            amazon.client(account, lake) as client,
            pytest.raises(InvalidRequest, match=f"Request for report type {number} is not allowed at this time"),
        ):
            client.create_report(report_type, tuple(amazon.accounts[WEEKLY]["marketplaces"]), day, day, {})


@pytest.mark.parametrize("status", [400, 403, 404])
def test_a_type_that_amazon_does_not_list_leaves_all_others_alone(amazon: Faulty, lake: Lake, status: int) -> None:
    """The other type is listed by itself; settlements and requested reports go on; the next day tries again."""
    amazon.suffers({"fault": "type_refused", "operation": "getReports", "report_type": HOLDS, "status": status})
    first = run(amazon, lake, FIRST, history=10, families=BOTH, name=WEEKLY)
    (refused,) = of_type(first, HOLDS)
    assert (refused.state, refused.reasons[0].code) == (State.QUARANTINED, "request_refused")
    assert "Amazon refuses to list a report of deferred transactions" in refused.reasons[0].message
    assert "take the family out of TIEOUT_FAMILIES" in refused.reasons[0].message
    assert {each.state for each in of_type(first, TRANSACTIONS)} == {State.READY}
    assert {state for state, _ in ended(first)} == {State.QUARANTINED, State.READY}
    amazon.recovers()
    second = run(amazon, lake, SECOND, history=10, families=BOTH, name=WEEKLY)
    assert {each.state for each in of_type(second, HOLDS)} >= {State.READY, State.SKIPPED}
    assert second[refused.document.document_id].reasons[0].code == "superseded"


def test_a_listing_that_waits_for_its_budget_goes_on_where_it_stopped(amazon: Faulty, lake: Lake) -> None:
    """The settlements are not listed again."""
    amazon.suffers({"fault": "throttled", "operation": "getReports", "skip": 1, "times": 1, "retry_after": 600})
    outcomes = run(amazon, lake, FIRST, history=10, families=FAMILIES, name=WEEKLY)
    assert {state for state, _ in ended(outcomes)} == {State.READY}
    listings = [call for call in calls(lake) if call.operation == "getReports"]
    assert [call.status for call in listings] == [200, 429, 200]
