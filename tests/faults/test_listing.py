"""Listings that Amazon interrupts, refuses or leaves holes in: each report comes once, and none is skipped."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest

from tests.faults.conftest import DAY, START, Faulty, calls
from tieout.amazon.errors import BudgetExhausted, InvalidRequest
from tieout.intake.receiving import SETTLEMENT_REPORT, list_settlements
from tieout.lake import Keys, Lake

ACCOUNT = "cascade_na"
"""The account with a settlement a day: more than thirty reports."""


def listed(amazon: Faulty, lake: Lake) -> list[str]:
    """The report ids of a listing, as the operator makes it: waiting, and going on with a new client."""
    account = amazon.account(ACCOUNT)
    for _ in range(100):
        try:
            with amazon.client(account, lake) as client:
                found = list_settlements(client, lake, amazon.clock, account, DAY)
            assert lake.get(Keys.listing_in_progress(account.region, ACCOUNT, DAY)) is None
            return [document.report_id or "" for document in found.documents]
        except BudgetExhausted as exhausted:
            amazon.wait(exhausted)
    raise AssertionError("the listing never comes to an end")


def expected(amazon: Faulty) -> list[str]:
    documents = amazon.truth(ACCOUNT).values()
    known = sorted((d["created_at"], d["report_id"]) for d in documents if d["expected_state"] != "unlisted")
    return [report_id for created_at, report_id in known if created_at <= "2026-08-31T07:00:00Z"]


def size(lake: Lake) -> dict[str, Any]:
    return json.loads(lake.get(Keys.sizes("NA", ACCOUNT, "getReports")) or b"{}")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("rules", "works"),
    [
        ([{"fault": "window_too_large", "days": 14}], {"days": 11.25, "page": 100}),
        ([{"fault": "page_too_large", "size": 25}], {"days": 90.0, "page": 25}),
        ([{"fault": "page_too_large", "size": 25, "mute": True}], {"days": 22.5, "page": 25}),
        ([{"fault": "window_too_large", "days": 50, "mute": True}], {"days": 45.0, "page": 50}),
        (
            [{"fault": "window_too_large", "days": 30}, {"fault": "page_too_large", "size": 10}],
            {"days": 22.5, "page": 12},
        ),
    ],
)
def test_what_is_refused_as_too_large_shrinks_and_the_size_that_works_is_remembered(
    amazon: Faulty, lake: Lake, rules: list[dict[str, Any]], works: dict[str, float]
) -> None:
    """Pain 28: windows beyond 14 days fail, large pages are refused without a word."""
    if rules[-1].get("size") == 10:
        works = {**works, "page": 10}
    amazon.suffers(*rules)
    assert listed(amazon, lake) == expected(amazon)
    kept = size(lake)
    assert {name: kept[name] for name in works} == works
    refused = [call for call in calls(lake) if call.status == 400]
    assert 0 < len(refused) <= 6
    # the next listing begins with the size that works
    amazon.clock.sleep(3600)
    assert listed(amazon, lake) == expected(amazon)
    assert len([call for call in calls(lake) if call.status == 400]) == len(refused)


def test_after_a_month_the_largest_size_is_tried_again(amazon: Faulty, lake: Lake) -> None:
    amazon.suffers({"fault": "window_too_large", "days": 50})
    listed(amazon, lake)
    amazon.recovers()
    account = amazon.account(ACCOUNT)
    amazon.clock.sleep(31 * 86400)
    before = len(calls(lake))
    with amazon.client(account, lake) as client:
        now = amazon.clock.now()
        client.reports([SETTLEMENT_REPORT], created_since=now - dt.timedelta(days=80), created_until=now)
    assert len(calls(lake)) == before + 1


def test_a_request_that_is_wrong_is_not_taken_for_too_large(amazon: Faulty, lake: Lake) -> None:
    with amazon.client(amazon.account(ACCOUNT), lake) as client, pytest.raises(InvalidRequest, match="reportTypes"):
        client.reports([], created_since=START - dt.timedelta(days=5), created_until=START)
    assert len(calls(lake)) == 1


def test_a_page_token_that_dies_restarts_with_smaller_windows_and_doubles_nothing(amazon: Faulty, lake: Lake) -> None:
    """Pain 27: the nextToken goes alone; when it has expired, the window is listed again in halves."""
    amazon.suffers({"fault": "page_too_large", "size": 10}, {"fault": "expired_page_token", "times": 3})
    found = listed(amazon, lake)
    assert found == expected(amazon)
    assert len(found) == len(set(found)) > 30
    assert len([call for call in calls(lake) if call.status == 400]) >= 3


def test_a_page_token_is_not_sent_after_its_five_minutes(amazon: Faulty, lake: Lake) -> None:
    """Pain 27: a wait that is longer than the token lives."""
    account = amazon.account(ACCOUNT)
    amazon.suffers({"fault": "page_too_large", "size": 10})
    waits = 0
    while True:
        try:
            with amazon.client(account, lake) as client:
                found = list_settlements(client, lake, amazon.clock, account, DAY)
            break
        except BudgetExhausted as exhausted:
            waits += 1
            assert waits < 50
            amazon.wait(exhausted)
            if waits == 1:
                amazon.clock.sleep(400)
    assert [document.report_id for document in found.documents] == expected(amazon)
    said = [call for call in calls(lake) if call.status == 400]
    assert len(said) == 4  # the sizes that were refused, no dead token


def test_a_listing_that_waits_goes_on_where_it_stopped(amazon: Faulty, lake: Lake) -> None:
    """With ten calls at once and one every 45 s, a listing of many pages ends, and asks for no page twice."""
    account = amazon.account(ACCOUNT)
    with amazon.client(account, lake) as client:
        for _ in range(8):
            client.reports([SETTLEMENT_REPORT], created_since=START - dt.timedelta(days=1), created_until=START)
    lake.put(Keys.sizes(account.region, ACCOUNT, "getReports"), b'{"days": 90, "page": 10}')
    assert listed(amazon, lake) == expected(amazon)
    pages = -(-len(expected(amazon)) // 10)
    assert len(calls(lake)) == 8 + pages
    assert {call.status for call in calls(lake)} == {200}


def test_an_empty_page_with_a_token_is_not_the_end(amazon: Faulty, lake: Lake) -> None:
    """Pain 2: a page comes back empty, and there are more."""
    amazon.suffers({"fault": "empty_page", "times": 3})
    assert listed(amazon, lake) == expected(amazon)
    assert len(calls(lake)) == 4


def test_pages_that_never_end_are_given_up_and_nothing_is_used(amazon: Faulty, lake: Lake) -> None:
    from tieout.amazon.errors import AmazonUnavailable

    amazon.suffers({"fault": "empty_page"})
    with pytest.raises(AmazonUnavailable, match="20 pages in a row without a new report"):
        listed(amazon, lake)
    assert lake.get(Keys.listing(amazon.account(ACCOUNT).region, ACCOUNT, DAY)) is None


@pytest.mark.parametrize("late", [0, 1, 599, 3600, 86400 * 5])
def test_the_window_stays_inside_the_90_days_on_a_clock_that_stands_and_on_one_that_moves(
    amazon: Faulty, lake: Lake, late: int
) -> None:
    """Pain 26: asking for exactly 90 days is a race that the request loses; the window is clamped with a margin."""
    account = amazon.account(ACCOUNT)
    now = amazon.clock.now()
    with amazon.client(account, lake) as client:
        amazon.clock.sleep(late)
        found = client.reports([SETTLEMENT_REPORT], created_since=now - dt.timedelta(days=90), created_until=now)
    assert {call.status for call in calls(lake)} == {200}
    assert found


def test_a_listing_that_waits_for_days_does_not_fall_out_of_the_90_days(amazon: Faulty, lake: Lake) -> None:
    """Pain 26: the window is clamped when it is asked for, not when it was planned."""
    from tieout.amazon.listing import Listed

    account = amazon.account(ACCOUNT)
    now = amazon.clock.now()
    progress = Listed()
    with amazon.client(account, lake) as client:
        for _ in range(10):
            client.reports([SETTLEMENT_REPORT], created_since=now - dt.timedelta(days=1), created_until=now)
        since = now - dt.timedelta(days=90)
        with pytest.raises(BudgetExhausted):
            client.reports([SETTLEMENT_REPORT], created_since=since, created_until=now, listed=progress)
        amazon.clock.sleep(2 * 86400)
        assert client.reports([SETTLEMENT_REPORT], created_since=since, created_until=now, listed=progress)
    assert {call.status for call in calls(lake)} == {200}


def test_a_settlement_that_was_missing_from_the_listing_is_found_later(amazon: Faulty, lake: Lake) -> None:
    """Pains 6, 10, 15: every listing asks for all of the 90 days, so what appears late with an old date is found."""
    victim = expected(amazon)[10]
    amazon.suffers({"fault": "unlisted", "account": ACCOUNT, "report": victim, "hours": 20})
    first = listed(amazon, lake)
    assert victim not in first
    assert first == expected(amazon)
    amazon.clock.sleep(20 * 3600)
    second = listed(amazon, lake)
    assert victim in second
    assert set(first) < set(second)
