"""Reports that sellers have made in Seller Central: no request makes them, and the Reports API lists them.

Some sellers have a date-range report made on the 2nd of each month, some every morning, some come in on Saturdays and take
the last 30 days, and some never make one. Days are those of the calendar, so that the past is the same whenever the clock
starts. Reports of one seller overlap.
"""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from functools import lru_cache
from typing import Any, NamedTuple

from simulator.clock import VirtualClock, iso_z
from simulator.documents import RETENTION, Documents
from simulator.marketplaces import BY_ID, MARKETPLACES
from simulator.requested import RequestedReport, content_of, suffering
from simulator.rules import Rules
from simulator.sellers import SELLERS, Seller
from simulator.sources import date_range, deferred
from simulator.sources.book import book_of
from simulator.sources.files import Ask
from simulator.sources.kinds import KINDS
from simulator.world import HISTORY, World

TRANSACTIONS = "GET_DATE_RANGE_FINANCIAL_TRANSACTION_DATA"
HOLDS = "GET_DATE_RANGE_FINANCIAL_HOLDS_DATA"
SOURCES = {"date_range": TRANSACTIONS, "deferred_transactions": HOLDS}
"""The type of the reports, by the name of the source that they tell."""
_DAY = dt.timedelta(days=1)
_MARKETPLACES = 2
"""Of how many marketplaces a seller makes reports."""


class Habit(StrEnum):
    """When a seller has reports made."""

    WEEKLY = "weekly"
    MONTHLY = "monthly"
    DAILY = "daily"
    NEVER = "never"


class _Making(NamedTuple):
    """One report that a seller makes."""

    report_type: str
    start: dt.datetime
    end: dt.datetime
    made_at: dt.datetime


def habit_of(seed: int, seller: Seller) -> Habit:
    """When a seller has reports made: each habit has sellers in every world."""
    return list(Habit)[(SELLERS.index(seller) + seed) % len(Habit)]


class SellerCentral:
    """The reports that were made in Seller Central.

    :param rules: the faults on demand.
    """

    def __init__(self, clock: VirtualClock, documents: Documents, rules: Rules) -> None:
        self._clock = clock
        self._documents = documents
        self._rules = rules

    def of(self, seller: Seller) -> list[RequestedReport]:
        """What a seller has made, as far as the API still lists it, with the faults on demand, oldest first."""
        now = self._clock.now()
        return [suffering(report, self._rules, now) for report in self._reports(seller, now)]

    def of_document(self, document_id: str) -> RequestedReport | None:
        """The report of a document."""
        found = (report for seller in SELLERS for report in self.of(seller))
        return next((report for report in found if report.document_id == document_id), None)

    def truth(self, now: dt.datetime) -> list[dict[str, Any]]:
        """Every report."""
        return [
            {
                "account": seller.key,
                "report_id": report.report_id,
                "report_type": report.report_type,
                "marketplaces": list(report.marketplace_ids),
                "data_start": iso_z(report.data_start),
                "data_end": iso_z(report.data_end),
                "created_at": iso_z(report.created_at),
                "lines": report.rows,
            }
            for seller in SELLERS
            for report in self._reports(seller, now)
        ]

    def told(self, source: str, at: dt.datetime) -> list[dict[str, Any]]:
        """What the reports of a source that exist at an instant tell together: of each day, what the newest one says.

        Of a report without a window it is the newest report of each marketplace.
        """
        found = []
        for seller in SELLERS:
            newer: list[RequestedReport] = []
            for report in reversed([each for each in self._reports(seller, at) if each.report_type == SOURCES[source]]):
                if source == "date_range" or all(each.marketplace_ids != report.marketplace_ids for each in newer):
                    found += [row for row in self._rows(source, report) if not _in_one_of(newer, row)]
                newer.append(report)
        return found

    def _rows(self, source: str, report: RequestedReport) -> list[dict[str, Any]]:
        made_at = report.created_at
        book = book_of(self._documents.world, report.seller, made_at)
        if source == "date_range":
            countries = tuple(BY_ID[each].country for each in report.marketplace_ids)
            ask = Ask(book, countries, report.data_start, report.data_end, made_at)
            return date_range.truth(book, made_at, ask)
        return [row for row in deferred.truth(book, made_at) if row["marketplace_id"] in report.marketplace_ids]

    def _reports(self, seller: Seller, now: dt.datetime) -> list[RequestedReport]:
        world = self._documents.world
        return [
            _made(world, seller, making, place)
            for making in makings(world, seller, now)
            for place in range(min(_MARKETPLACES, len(seller.countries)))
        ]


def makings(world: World, seller: Seller, now: dt.datetime) -> list[_Making]:
    """What a seller has made by an instant and the API still lists, oldest first."""
    habit = habit_of(world.seed, seller)
    # a person who makes reports by the day or week begins when the clock starts, or little before
    began = dt.datetime.combine(world.opened, dt.time(), dt.UTC) + HISTORY - 9 * _DAY
    day = max(began if habit is not Habit.MONTHLY else now - RETENTION, now - RETENTION)
    day = day.replace(hour=0, minute=0, second=0, microsecond=0)
    found: list[_Making] = []
    while habit is not Habit.NEVER and day <= now:
        if habit is Habit.MONTHLY and day.day == 2:
            end = day - _DAY
            found.append(_Making(TRANSACTIONS, (end - _DAY).replace(day=1), end, day + dt.timedelta(hours=9)))
        if habit is Habit.DAILY:
            found.append(_Making(TRANSACTIONS, day - _DAY, day, day + dt.timedelta(hours=3)))
        if habit in (Habit.WEEKLY, Habit.DAILY) and day.isoweekday() == 6:
            evening = day + dt.timedelta(hours=23)
            found.append(_Making(HOLDS, day - 730 * _DAY, evening, evening))
            if habit is Habit.WEEKLY:
                # the window ends with the last second of a day, as a person writes it
                last = day - dt.timedelta(seconds=1)
                found.append(_Making(TRANSACTIONS, day - 30 * _DAY, last, evening + dt.timedelta(minutes=5)))
        day += _DAY
    return [each for each in found if now - RETENTION <= each.made_at <= now]


@lru_cache(maxsize=1024)
def _made(world: World, seller: Seller, making: _Making, place: int) -> RequestedReport:
    country = seller.countries[place]
    ask = Ask(book_of(world, seller, making.made_at), (country,), making.start, making.end, making.made_at)
    file = KINDS[making.report_type].write(ask)
    number = 2 if making.report_type == HOLDS else 1
    return RequestedReport(
        seller=seller,
        report_id=f"{making.made_at:%y%m%d%H}{number}{place}0",
        report_type=making.report_type,
        marketplace_ids=(MARKETPLACES[country].id,),
        data_start=making.start,
        data_end=making.end,
        options=(),
        created_at=making.made_at,
        started_at=making.made_at,
        finished_at=making.made_at,
        final_status="DONE",
        content=content_of(file),
        rows=file.rows,
    )


def _in_window(report: RequestedReport, row: dict[str, Any]) -> bool:
    return bool(iso_z(report.data_start) <= row["posted_at"] < iso_z(report.data_end))


def _in_one_of(reports: list[RequestedReport], row: dict[str, Any]) -> bool:
    return any(row["marketplace_id"] in each.marketplace_ids and _in_window(each, row) for each in reports)
