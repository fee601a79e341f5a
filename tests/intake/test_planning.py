"""What is asked for on which day, as the families declare it: windows that a person can count."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import replace

from tieout.accounts import Account
from tieout.documents import Region
from tieout.intake.planning import plan
from tieout.intake.records import OpenWish, Progress
from tieout.reports.families import FAMILIES
from tieout.reports.family import Family

ACCOUNT = Account(name="acme_fe", region=Region.FE, connection="tieout_acme_fe")
JAPAN, AUSTRALIA, INDIA, GERMANY = "A1VC38T7YXB528", "A39IBJ37TRP1C6", "A21TJRUUN4KGV", "A1PA6795UKMFR9"
DAYS = dt.timedelta(days=1)


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(f"2026-{text}")


def simple(family: Family) -> Family:
    """A family with windows of 30 days at most, and an overlap of 3."""
    return replace(family, longest_window=30 * DAYS, overlap=3 * DAYS, delay=0 * DAYS, restated_after=())


def run(
    on: str, progress: Progress | None, family: Family, *marketplaces: str, history: int = 70
) -> tuple[Progress, list[tuple[str, str]]]:
    """The progress after a day, and the windows of that day as days of Japan, both ends counted."""
    progress, wishes = plan([family], ACCOUNT, marketplaces or (JAPAN,), day(on), progress, history * DAYS)
    return progress.model_copy(update={"open": ()}), list(map(window, wishes))


def window(each: OpenWish) -> tuple[str, str]:
    nine = dt.timezone(9 * dt.timedelta(hours=1))
    start, end = each.wish.data_start.astimezone(nine), each.wish.data_end.astimezone(nine)
    assert (start.time(), end.time()) == (dt.time(), dt.time()), "windows begin and end at local midnight"
    return f"{start:%m-%d}", f"{end - DAYS:%m-%d}"


ORDERS = simple(FAMILIES["orders"])


def test_the_first_run_asks_for_the_history_in_windows_that_amazon_accepts() -> None:
    """Pain 28: seventy days, in thirties, the newest first."""
    _, found = run("08-30", None, ORDERS)
    assert found == [("08-01", "08-30"), ("07-02", "07-31"), ("06-22", "07-01")]


def test_every_day_asks_for_its_overlap_and_a_day_that_was_missed_is_made_good() -> None:
    progress, _ = run("08-27", None, ORDERS)
    progress, next_day = run("08-28", progress, ORDERS)
    assert next_day == [("08-26", "08-28")]
    _, after_a_week = run("09-04", progress, ORDERS)
    assert after_a_week == [("08-29", "09-04")]


def test_an_earlier_day_that_is_run_later_takes_nothing_back() -> None:
    progress, _ = run("08-27", None, ORDERS)
    earlier, found = run("08-20", progress, ORDERS)
    assert found == [("08-18", "08-20")]
    assert earlier.streams == progress.streams
    assert earlier.planned_on == day("08-27")


def test_a_new_marketplace_has_its_history_asked_for() -> None:
    progress, _ = run("08-27", None, ORDERS, JAPAN)
    _, wishes = plan([ORDERS], ACCOUNT, (JAPAN, AUSTRALIA), day("08-28"), progress, 70 * DAYS)
    assert [(each.wish.marketplace_ids, window(each)) for each in wishes] == [
        ((JAPAN,), ("08-26", "08-28")),
        ((AUSTRALIA,), ("07-30", "08-28")),
        ((AUSTRALIA,), ("06-30", "07-29")),
        ((AUSTRALIA,), ("06-20", "06-29")),
    ]


def test_marketplaces_share_a_request() -> None:
    both = (JAPAN, AUSTRALIA)
    _, together = plan([ORDERS], ACCOUNT, both, day("08-27"), None, 20 * DAYS)
    assert [each.wish.marketplace_ids for each in together] == [both]


def test_what_is_made_in_seller_central_is_never_requested() -> None:
    """Amazon answers "Request for report type 1202 is not allowed at this time"; the quota of a request would be lost."""
    families = [FAMILIES["date_range"], FAMILIES["deferred_transactions"]]
    progress, wishes = plan(families, ACCOUNT, (JAPAN,), day("08-27"), None, 540 * DAYS)
    assert (progress.streams, wishes) == ({}, ())


def test_what_amazon_restates_after_60_days_is_asked_for_again_once_a_week() -> None:
    """Pain 15: events keep arriving weeks later."""
    family = replace(ORDERS, restated_after=(2 * DAYS, 60 * DAYS))
    progress, _ = run("08-01", None, family)
    again = {}
    for number in range(1, 15):
        on = f"{dt.date(2026, 8, 1) + number * DAYS:%m-%d}"
        progress, found = run(on, progress, family)
        again[on] = found[1:]
    # the ages that the overlap covers anyway are left out
    assert {on: found for on, found in again.items() if found} == {
        "08-08": [("06-03", "06-09")],
        "08-15": [("06-10", "06-16")],
    }


def test_a_month_is_asked_for_when_it_is_over_and_its_delay_has_passed() -> None:
    """VAT transactions of a month can be had from the third of the next one; earlier Amazon fails them."""
    family = FAMILIES["vat_transactions"]
    account = ACCOUNT.model_copy(update={"region": Region.EU})
    asked: dict[str, list[str]] = {}
    progress = None
    for number in range(40):
        on = dt.date(2026, 8, 25) + number * DAYS
        progress, wishes = plan([family], account, (GERMANY,), on, progress, 90 * DAYS)
        progress = progress.model_copy(update={"open": ()})
        asked |= {f"{on:%m-%d}": [f"{w.wish.data_start:%Y-%m-%d}" for w in wishes]} if wishes else {}
    assert asked == {
        "08-25": ["2026-07-01", "2026-06-01", "2026-05-01"],
        "09-01": ["2026-07-01"],
        "09-08": ["2026-08-01"],
        "09-15": ["2026-08-01"],
        "09-22": ["2026-08-01"],
        "09-29": ["2026-08-01"],
    }


def test_only_the_countries_that_have_a_report_are_asked_for_it() -> None:
    taxes = [FAMILIES["gst_b2c"], FAMILIES["vat_tax"]]
    _, wishes = plan(taxes, ACCOUNT, (JAPAN, INDIA), day("08-27"), None, 20 * DAYS)
    assert {(each.family, each.wish.marketplace_ids) for each in wishes} == {("gst_b2c", (INDIA,))}


def test_a_snapshot_has_one_window_a_day() -> None:
    family = FAMILIES["fee_preview"]  # its data begin three days before it is asked for
    progress, first = run("08-27", None, family)
    assert first == [("08-25", "08-27")]
    assert run("08-28", progress, family)[1] == [("08-26", "08-28")]


def test_ten_times_the_history_makes_a_day_ask_for_no_more() -> None:
    families = list(FAMILIES.values())
    asked = []
    for history in (50, 500):
        progress, _ = plan(families, ACCOUNT, (JAPAN, AUSTRALIA), day("08-27"), None, history * DAYS)
        progress = progress.model_copy(update={"open": ()})
        _, wishes = plan(families, ACCOUNT, (JAPAN, AUSTRALIA), day("08-28"), progress, history * DAYS)
        asked.append(Counter(each.family for each in wishes))
    assert asked[0] == asked[1]
    assert set(asked[0].values()) == {1}


def test_what_is_not_done_is_taken_along_and_what_failed_is_asked_for_anew() -> None:
    """Pain 32: a live report is never requested again."""
    progress, (first, second) = plan([ORDERS], ACCOUNT, (JAPAN,), day("08-27"), None, 60 * DAYS)
    failed = second.model_copy(update={"again": True, "failures": 1})
    progress = progress.model_copy(update={"open": (first, failed)})
    _, wishes = plan([ORDERS], ACCOUNT, (JAPAN,), day("08-28"), progress, 60 * DAYS)
    assert [each.wish.wanted_on for each in wishes] == [day("08-28"), day("08-27"), day("08-28")]
    assert wishes[1].wish.request_id == first.wish.request_id
    assert wishes[2].wish.subject == second.wish.subject
    assert wishes[2].wish.request_id != second.wish.request_id
