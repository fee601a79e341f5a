"""Months of the Appstore on their way into the lake: what is asked for, kept, refused and restated."""

from __future__ import annotations

import datetime as dt
from collections import Counter

import pytest

from tests.appstore.conftest import Console, new_console
from tieout.accounts import Account
from tieout.amazon.appstore_answers import ReportKind
from tieout.amazon.errors import AmazonUnavailable, LoginRefused
from tieout.documents import DocumentOutcome, Region, State
from tieout.intake.appstore import receive_months, settle_months, versions_of
from tieout.intake.months import Month, ask_again_at, periods_until
from tieout.intake.receiving import read_listing
from tieout.intake.settling import AccountKeys, account_for, check, read
from tieout.lake import Keys, Lake

DEVELOPER = Account(name="truckworks", region=Region.APPSTORE, connection="tieout_truckworks")
DAY = dt.date(2026, 8, 30)


def receive(console: Console, lake: Lake, day: dt.date = DAY) -> int:
    developer = DEVELOPER.model_copy(update={"since": console.since})
    return receive_months(console.client(), lake, console.clock, developer, day)


def prove(lake: Lake, day: dt.date = DAY) -> dict[str, DocumentOutcome]:
    listing = read_listing(lake, DEVELOPER, day)
    read(lake, versions_of(listing))
    check(lake, versions_of(listing), None)
    found = settle_months(lake, DEVELOPER, listing, Keys.outcomes(day, Region.APPSTORE, DEVELOPER.name)).outcomes
    assert sorted(o.document.document_id for o in found) == sorted(d.document_id for d in listing.documents)
    return {outcome.document.document_id: outcome for outcome in found}


def only(console: Console, *months: str) -> None:
    """Leave only these reports in the bucket, so that a test is quick."""
    every = {
        (kind.value, str(period))
        for kind in ReportKind
        for yearly in (False, True)
        for period in periods_until(dt.date(2026, 12, 31), None, yearly=yearly)
    }
    console.trouble.absent = every - {tuple(month.split("/")) for month in months}


@pytest.fixture
def small(console: Console) -> Console:
    only(console, "sales/2026-08", "sales/2026-07", "subscription/2026-07", "earnings/2026-06")
    return console


def state(outcomes: dict[str, DocumentOutcome], name: str) -> tuple[str, str | None, str]:
    outcome = outcomes[f"truckworks.{name}"]
    reason = outcome.reasons[0] if outcome.reasons else None
    return outcome.state.value, reason and reason.code.value, reason.message if reason else ""


def test_every_month_since_2018_is_asked_for_and_each_ends_with_a_reason(small: Console, lake: Lake) -> None:
    assert receive(small, lake) == 4
    outcomes = prove(lake)
    # January 2018 to August 2026 of three kinds; what was given needs no document that says so
    assert len(outcomes) == 3 * 104
    assert Counter(o.state.value for o in outcomes.values()) == {"ready": 4, "skipped": 308}
    assert state(outcomes, "sales-2026-08.v1")[0] == "ready"
    assert state(outcomes, "sales-2018-01")[:2] == ("skipped", "report_absent")
    assert "Amazon has no sales report of 2018-01: Report Not Available" in state(outcomes, "sales-2018-01")[2]
    assert "truckworks.sales-2017-12" not in outcomes
    # 312 calls at 3 a second take 103 seconds or more of Amazon's time
    assert [call.status for call in small.calls if call.operation == "appstoreReport"].count(429) == 0


def test_a_developer_is_asked_for_no_month_before_the_first(small: Console, lake: Lake) -> None:
    small.since = dt.date(2026, 7, 15)
    assert receive(small, lake) == 3
    assert len(prove(lake)) == 7  # July and August of three kinds, and the earnings of 2026


def test_a_second_run_asks_for_nothing_and_the_next_day_for_what_may_change(small: Console, lake: Lake) -> None:
    receive(small, lake)
    small.calls.clear()
    assert receive(small, lake) == 0
    assert small.calls == []
    small.pass_time(days=1)
    assert receive(small, lake, DAY + dt.timedelta(days=1)) == 1  # August goes on; July is what it was
    asked = {
        call.path.rsplit("/", 3)[-3] + call.path[-8:] for call in small.calls if call.operation == "appstoreReport"
    }
    assert {"sales/2026/08", "subscription/2026/08", "sales/2026/07", "earnings/2026/07"} <= asked
    assert "sales/2018/01" not in asked
    assert "sales/2026/03" not in asked


def test_a_month_is_asked_for_the_rarer_the_longer_it_has_not_changed() -> None:
    july = dt.date(2026, 7, 1)
    over = dt.datetime(2026, 8, 3, tzinfo=dt.UTC)

    def wait(days: float, changed: float = 0) -> dt.timedelta:
        at = over + dt.timedelta(days=days)
        known = Month(
            kind=ReportKind.SALES, month=july, asked_at=at, answer=None, answered_on=DAY,
            answered_at=over + dt.timedelta(days=changed),
        )  # fmt: skip
        return ask_again_at(known) - at

    assert wait(-20) == wait(0) == wait(34) == dt.timedelta(hours=20)
    assert wait(40) == dt.timedelta(days=10)
    assert wait(60, changed=50) == dt.timedelta(hours=20)
    assert wait(400) == dt.timedelta(days=30)


def test_the_same_rows_in_a_new_archive_are_no_new_version(small: Console, lake: Lake) -> None:
    receive(small, lake)
    small.pass_time(days=1)  # the archive of July is packed anew each day
    receive(small, lake, DAY + dt.timedelta(days=1))
    names = [d.document_id for d in read_listing(lake, DEVELOPER, DAY + dt.timedelta(days=1)).documents]
    assert "truckworks.sales-2026-08.v2" in names
    assert "truckworks.sales-2026-07.v2" not in names


def test_a_restated_month_is_a_new_version_and_the_old_one_stays(small: Console, lake: Lake) -> None:
    receive(small, lake)
    text = small.amazon.appstore.reports.text("sales", dt.date(2026, 7, 1), small.clock.now())
    assert text
    small.trouble.texts = {("sales", "2026-07"): b"\r\n".join(text.splitlines()[:-1]) + b"\r\n"}
    small.pass_time(days=1)
    day = DAY + dt.timedelta(days=1)
    receive(small, lake, day)
    outcomes = prove(lake, day)
    old, new = outcomes["truckworks.sales-2026-07.v1"], outcomes["truckworks.sales-2026-07.v2"]
    assert (old.state, new.state) == (State.READY, State.READY)
    assert new.document.created_at > old.document.created_at
    assert lake.get(Keys.raw_body(old.document)) != lake.get(Keys.raw_body(new.document))
    # back to what it was first: the newest version says so, not the first
    small.trouble.texts = {}
    small.pass_time(days=1)
    receive(small, lake, day + dt.timedelta(days=1))
    assert prove(lake, day + dt.timedelta(days=1))["truckworks.sales-2026-07.v3"].state is State.READY


def test_a_forbidden_month_is_never_taken_for_an_empty_one(small: Console, lake: Lake) -> None:
    small.trouble.forbidden = {("sales", "2026-07")}
    receive(small, lake)
    outcomes = prove(lake)
    assert state(outcomes, "sales-2026-07")[:2] == ("quarantined", "report_forbidden")
    assert "What the month holds is unknown" in state(outcomes, "sales-2026-07")[2]
    assert state(outcomes, "sales-2026-06")[:2] == ("skipped", "report_absent")
    # the operator is told of it on the day on which it is refused first
    keys = AccountKeys(
        DEVELOPER.name,
        Keys.listing(Region.APPSTORE, DEVELOPER.name, DAY),
        Keys.outcomes(DAY, Region.APPSTORE, DEVELOPER.name),
    )
    (alert,) = account_for(lake, [keys], DAY).trouble
    assert alert.subject == "truckworks.sales-2026-07"
    assert "Request is not authorized." in alert.message
    # and when it is given, the case is closed
    small.trouble.forbidden = set()
    small.pass_time(days=1)
    receive(small, lake, DAY + dt.timedelta(days=1))
    outcomes = prove(lake, DAY + dt.timedelta(days=1))
    assert state(outcomes, "sales-2026-07")[:2] == ("skipped", "superseded")
    assert state(outcomes, "sales-2026-07.v1")[0] == "ready"
    assert not list(lake.keys(f"quarantine/APPSTORE/{DEVELOPER.name}/"))


def test_a_month_that_was_given_and_is_forbidden_now_keeps_what_was_given(small: Console, lake: Lake) -> None:
    receive(small, lake)
    small.trouble.forbidden = {("sales", "2026-07")}
    small.pass_time(days=1)
    receive(small, lake, DAY + dt.timedelta(days=1))
    outcomes = prove(lake, DAY + dt.timedelta(days=1))
    assert state(outcomes, "sales-2026-07")[:2] == ("quarantined", "report_forbidden")
    assert state(outcomes, "sales-2026-07.v1")[0] == "ready"


def test_a_kind_that_is_not_given_at_all_is_one_case(small: Console, lake: Lake) -> None:
    """As with payment reports in Amazon's page: they are out of scope for a marketer."""
    small.trouble.forbidden = {("earnings", "*")}
    receive(small, lake)
    outcomes = prove(lake)
    earnings = {name: outcome.state.value for name, outcome in outcomes.items() if "earnings" in name}
    assert earnings == {"truckworks.earnings": "quarantined"}
    assert "Reporting > Download Center, and import it" in state(outcomes, "earnings")[2]
    assert len([c for c in small.calls if c.path.startswith("/api/appstore/download/report/earnings/")]) <= 7
    small.trouble.forbidden = set()
    small.pass_time(days=1)
    receive(small, lake, DAY + dt.timedelta(days=1))
    outcomes = prove(lake, DAY + dt.timedelta(days=1))
    assert state(outcomes, "earnings")[:2] == ("skipped", "superseded")
    assert state(outcomes, "earnings-2026-06.v1")[0] == "ready"


def test_a_delayed_month_waits_and_is_asked_for_by_the_next_run(small: Console, lake: Lake) -> None:
    small.trouble.unavailable = {("sales", "2026-07")}
    receive(small, lake)
    outcomes = prove(lake)
    assert state(outcomes, "sales-2026-07")[:2] == ("quarantined", "not_received")
    assert "status 503" in state(outcomes, "sales-2026-07")[2]
    small.trouble.unavailable = set()
    assert receive(small, lake) == 1
    assert state(prove(lake), "sales-2026-07.v1")[0] == "ready"


def test_a_server_that_is_away_is_left_alone_after_three_reports_and_tried_again(small: Console, lake: Lake) -> None:
    small.trouble.server_away = True
    with pytest.raises(AmazonUnavailable, match="3 Appstore reports of truckworks in a row cannot be had"):
        receive(small, lake)
    small.trouble.server_away = False
    assert receive(small, lake) == 4


def test_what_came_before_the_login_was_refused_is_kept(small: Console, lake: Lake) -> None:
    small.trouble.attached = False
    with pytest.raises(LoginRefused, match="click Attach"):
        receive(small, lake)
    small.trouble.attached = True
    assert receive(small, lake) == 4


def test_a_run_that_died_after_it_kept_a_month_loses_and_doubles_nothing(small: Console, lake: Lake) -> None:
    receive(small, lake)
    lake.delete(Keys.months(DEVELOPER.name))  # as if it had died before it wrote down what it knew
    assert receive(small, lake) == 4
    outcomes = prove(lake)
    assert [name for name in outcomes if name.endswith((".v1", ".v2"))] == [
        "truckworks.sales-2026-07.v1",
        "truckworks.sales-2026-08.v1",
        "truckworks.subscription-2026-07.v1",
        "truckworks.earnings-2026-06.v1",
    ]


def test_a_damaged_archive_and_a_wrong_row_are_quarantined_and_the_others_go_on(small: Console, lake: Lake) -> None:
    small.trouble.damaged = {("sales", "2026-08")}
    text = small.amazon.appstore.reports.text("sales", dt.date(2026, 7, 1), small.clock.now())
    assert text
    lines = text.decode().splitlines()
    small.trouble.texts = {("sales", "2026-07"): "\r\n".join([*lines, lines[-1], ""]).encode()}
    receive(small, lake)
    outcomes = prove(lake)
    assert state(outcomes, "sales-2026-08.v1")[:2] == ("quarantined", "damaged_file")
    assert state(outcomes, "sales-2026-07.v1")[:2] == ("quarantined", "duplicate_key")
    assert state(outcomes, "subscription-2026-07.v1")[0] == "ready"


def test_the_whole_world_is_ready(lake: Lake) -> None:
    """All reports of 27 months pass the checks; the one day that does not roll forward is named and loaded."""
    receive(new_console(), lake)
    outcomes = prove(lake)
    assert Counter(o.state.value for o in outcomes.values())["quarantined"] == 0
    assert sum(o.state is State.READY for o in outcomes.values()) == 28 + 27 + 27
    warned = {
        (name, check.check): check.reason.message
        for name, outcome in outcomes.items()
        for check in outcome.checks
        if not check.passed and check.reason
    }
    assert list(warned) == [("truckworks.subscription-2025-11.v1", "active_rolls_forward")]
    (said,) = warned.values()
    assert "2025-11-17 Amazon.in com.skyatlas.monthly paid" in said
