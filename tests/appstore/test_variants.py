"""What the Appstore answers instead of a report, in each form that is known of it: no form keeps a developer from publishing."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest

from tests.appstore.conftest import Console
from tests.appstore.test_months import DAY, DEVELOPER, only, prove, receive, state
from tieout.amazon.errors import AmazonUnavailable
from tieout.documents import DocumentOutcome, Region
from tieout.intake.load import load_region
from tieout.lake import Keys, Lake
from tieout.warehouse import Warehouse

VARIANTS = pytest.mark.parametrize("status", [400, 403, 404])
NEXT_DAY = DAY + dt.timedelta(days=1)


def states(outcomes: dict[str, DocumentOutcome]) -> Counter[str]:
    return Counter(outcome.state.value for outcome in outcomes.values())


def asked(console: Console, kind: str) -> list[str]:
    """The months and years of a kind that were asked for."""
    paths = [call.path.partition(f"/report/{kind}/")[2] for call in console.calls if call.operation == "appstoreReport"]
    return [path for path in paths if path]


@VARIANTS
def test_a_developer_whose_first_sale_was_last_month_publishes_on_the_first_day(
    console: Console, lake: Lake, warehouse: Warehouse, tmp_path: Path, status: int
) -> None:
    """No sale before July, no subscriptions at all, no earnings yet: all other months since 2018 have no report."""
    only(console, "sales/2026-07", "sales/2026-08")
    console.trouble.absent_as = status
    assert receive(console, lake) == 2
    outcomes = prove(lake)
    # January 2018 to August 2026 of three kinds, and the earnings of nine years
    assert states(outcomes) == {"ready": 2, "skipped": 3 * 104 - 2 + 9}
    assert {o.reasons[0].code for o in outcomes.values() if o.reasons} == {"report_absent"}
    load_region(warehouse, lake, Region.APPSTORE, DAY, published=True, run_id="first", folder=tmp_path)
    warehouse.build_marts()
    with warehouse.connect(read_only=True) as con:
        months = con.execute("SELECT DISTINCT month FROM mart.appstore_revenue ORDER BY 1").fetchall()
    assert months == [(dt.date(2026, 7, 1),), (dt.date(2026, 8, 1),)]


@VARIANTS
def test_a_month_without_data_is_not_asked_for_daily_for_ever(console: Console, lake: Lake, status: int) -> None:
    only(console, "sales/2026-07", "sales/2026-08")
    console.trouble.absent_as = status
    receive(console, lake)
    console.calls.clear()
    console.pass_time(days=1)
    receive(console, lake, NEXT_DAY)
    # the newest three months may still come: a month is done 35 days after it was complete
    assert asked(console, "subscription") == ["2026/08", "2026/07"]
    assert "2018/01" not in asked(console, "sales")


@VARIANTS
def test_a_developer_with_nothing_at_all_publishes_an_empty_day(console: Console, lake: Lake, status: int) -> None:
    """A 404 for each month means that there is none when the API refuses a request without a token: so it is there."""
    only(console)
    console.trouble.absent_as = status
    assert receive(console, lake) == 0
    assert set(states(prove(lake))) == {"skipped"}


@VARIANTS
def test_a_month_that_comes_later_is_found(console: Console, lake: Lake, status: int) -> None:
    only(console, "sales/2026-07")
    console.trouble.absent_as = status
    receive(console, lake)
    only(console, "sales/2026-07", "sales/2026-08", "subscription/2026-08")
    console.pass_time(days=1)
    assert receive(console, lake, NEXT_DAY) == 2
    assert state(prove(lake, NEXT_DAY), "sales-2026-08")[:2] == ("skipped", "superseded")


def test_a_month_that_was_given_and_is_not_found_now_is_no_absent_one(console: Console, lake: Lake) -> None:
    only(console, "sales/2026-07", "sales/2026-08")
    console.trouble.absent_as = 404
    receive(console, lake)
    only(console, "sales/2026-08")
    console.pass_time(days=1)
    receive(console, lake, NEXT_DAY)
    outcomes = prove(lake, NEXT_DAY)
    assert state(outcomes, "sales-2026-07")[:2] == ("quarantined", "not_received")
    assert "whether there is none, or the server is away, is unknown" in state(outcomes, "sales-2026-07")[2].lower()
    assert state(outcomes, "sales-2026-07.v1")[0] == "ready"


def test_a_server_that_is_away_is_told_from_months_without_data_by_a_month_that_was_given(
    console: Console, lake: Lake
) -> None:
    only(console, "sales/2026-07")
    console.trouble.absent_as = 404
    receive(console, lake)
    console.trouble.server_away = True
    console.pass_time(days=1)
    with pytest.raises(AmazonUnavailable, match="3 Appstore reports of truckworks in a row cannot be had"):
        receive(console, lake, NEXT_DAY)


@pytest.mark.parametrize("status", [400, 403, 404])
@pytest.mark.parametrize("kind", ["sales", "subscription"])
def test_a_path_that_is_unknown_ends_its_kind_alone(console: Console, lake: Lake, kind: str, status: int) -> None:
    only(console, "sales/2026-08", "subscription/2026-07", "earnings/2026-06")
    console.trouble.unknown, console.trouble.unknown_as = {f"{kind}/month"}, status
    assert receive(console, lake) == 2
    outcomes = prove(lake)
    assert {name.split(".")[1]: outcome.state.value for name, outcome in outcomes.items() if f".{kind}" in name} == {
        kind: "quarantined"
    }
    code, message = state(outcomes, kind)[1:]
    assert code == "request_refused"
    assert message.startswith(
        f"Amazon does not know the address /api/appstore/download/report/{kind}/2026/08: {status}"
    )
    assert "The developer's other reports are not affected" in message
    assert states(outcomes)["ready"] == 2
    # the next day tries once, and raises nothing anew
    console.calls.clear()
    console.pass_time(days=1)
    receive(console, lake, NEXT_DAY)
    assert asked(console, kind) == ["2026/08"]
    assert prove(lake, NEXT_DAY)[f"truckworks.{kind}"].document.first_listed_on == DAY
    # and when Amazon knows it again, the case is closed
    console.trouble.unknown = set()
    console.pass_time(days=1)
    day = NEXT_DAY + dt.timedelta(days=1)
    assert receive(console, lake, day) >= 1
    assert state(prove(lake, day), kind)[:2] == ("skipped", "superseded")


def test_a_kind_that_cannot_be_had_is_one_case_and_keeps_no_other_out(console: Console, lake: Lake) -> None:
    only(console, "sales/2026-08", "subscription/2026-07")
    console.trouble.unavailable = {("subscription", "*")}
    assert receive(console, lake) == 1
    outcomes = prove(lake)
    assert [name for name in outcomes if "subscription" in name] == ["truckworks.subscription"]
    assert state(outcomes, "subscription")[:2] == ("quarantined", "not_received")
    assert (
        "3 subscription reports in a row cannot be had, so the others were not asked for"
        in (state(outcomes, "subscription")[2])
    )
    assert state(outcomes, "sales-2026-08.v1")[0] == "ready"
    console.trouble.unavailable = set()
    assert receive(console, lake) == 1
    outcomes = prove(lake)
    assert state(outcomes, "subscription")[:2] == ("skipped", "superseded")
    assert state(outcomes, "subscription-2026-07.v1")[0] == "ready"


@pytest.mark.parametrize("by_month", ["absent", "unknown"])
def test_earnings_that_do_not_come_by_month_come_by_year(
    console: Console, lake: Lake, warehouse: Warehouse, tmp_path: Path, by_month: str
) -> None:
    only(console, "sales/2026-08", "earnings/2025", "earnings/2026")
    if by_month == "unknown":
        console.trouble.unknown = {"earnings/month"}
    assert receive(console, lake) == 3
    outcomes = prove(lake)
    assert [name for name in outcomes if "earnings-2025.v1" in name or "earnings-2026.v1" in name] == [
        "truckworks.earnings-2025.v1",
        "truckworks.earnings-2026.v1",
    ]
    assert "quarantined" not in states(outcomes)
    assert ("truckworks.earnings-2026-08" in outcomes) == (by_month == "absent")
    load_region(warehouse, lake, Region.APPSTORE, DAY, published=True, run_id="first", folder=tmp_path)
    with warehouse.connect(read_only=True) as con:
        found = con.execute(
            "SELECT strftime(month, '%Y-%m'), marketplace, sum(earnings) FROM core.appstore_earning GROUP BY ALL"
        ).fetchall()
    truth = [
        (each["month"], each["marketplace"], Decimal(each["earnings"]))
        for each in console.amazon.appstore.truth()["earnings"]
        if each["month"] >= "2025"
    ]
    assert sorted(found) == sorted(truth)


def test_earnings_by_month_take_the_place_of_the_year(
    console: Console, lake: Lake, warehouse: Warehouse, tmp_path: Path
) -> None:
    """Amazon begins to give months: each month counts once, and years are not asked for any more."""
    only(console, "earnings/2026")
    receive(console, lake)
    prove(lake)
    load_region(warehouse, lake, Region.APPSTORE, DAY, published=True, run_id="first", folder=tmp_path)
    only(console, "earnings/2026", "earnings/2026-07", "earnings/2026-06")
    console.pass_time(days=1)
    assert receive(console, lake, NEXT_DAY) == 1 + 1
    prove(lake, NEXT_DAY)
    load_region(warehouse, lake, Region.APPSTORE, NEXT_DAY, published=True, run_id="second", folder=tmp_path)
    with warehouse.connect(read_only=True) as con:
        found = con.execute(
            "SELECT strftime(month, '%Y-%m'), count(*), count(DISTINCT document_id) FROM core.appstore_earning "
            "GROUP BY 1 ORDER BY 1"
        ).fetchall()
    invoices = Counter(each["month"] for each in console.amazon.appstore.truth()["earnings"])
    assert found == [(f"2026-{month:02}", invoices[f"2026-{month:02}"], 1) for month in range(1, 8)]
    console.calls.clear()
    console.pass_time(days=1)
    receive(console, lake, NEXT_DAY + dt.timedelta(days=1))
    assert not [period for period in asked(console, "earnings") if "/" not in period]


def test_earnings_that_amazon_knows_neither_by_month_nor_by_year_are_one_case(console: Console, lake: Lake) -> None:
    only(console, "sales/2026-08")
    console.trouble.unknown = {"earnings/month", "earnings/year"}
    assert receive(console, lake) == 1
    outcomes = prove(lake)
    assert [name for name in outcomes if "earnings" in name] == ["truckworks.earnings"]
    message = state(outcomes, "earnings")[2]
    assert "/earnings/2026/08: 400" in message
    assert "/earnings/2026: 400" in message
    assert "import them" in message
    assert lake.get(Keys.listing(Region.APPSTORE, DEVELOPER.name, DAY))
