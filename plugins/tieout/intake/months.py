"""What is known of each month of an Appstore developer, and when it is asked for again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from pydantic import AwareDatetime

from tieout.amazon.appstore_answers import EARLIEST, Answer, Period, ReportKind
from tieout.documents import Document, Record

LAG = {
    ReportKind.SALES: dt.timedelta(hours=48),
    ReportKind.SUBSCRIPTION: dt.timedelta(hours=48),
    # of a month's earnings the invoices are made at the end of the next, and paid about a month later
    ReportKind.EARNINGS: dt.timedelta(days=62),
}
"""How long after the end of a period its report may still be incomplete."""
SOONEST = dt.timedelta(hours=20)
"""A report is made anew every 24 hours: it is not asked for again before."""
UNSETTLED = dt.timedelta(days=35)
"""Sales are final when the month's earnings are made, at the end of the next month (page "Sales Reports")."""
RAREST = dt.timedelta(days=30)


class Month(Record):
    """What is known of one report of one month, or of one year."""

    kind: ReportKind
    month: dt.date
    """Its first day."""
    yearly: bool = False
    """Whether it is of the year that begins with `month`."""
    asked_at: AwareDatetime
    """When it was asked for last, Amazon's time."""
    answer: Answer | None
    """What Amazon answered instead of the report then; None if it gave it."""
    message: str = ""
    answered_at: AwareDatetime
    """When it answered so first."""
    answered_on: dt.date
    """The business day whose run was answered so first."""
    versions: tuple[Document, ...] = ()
    """Every version that was received, oldest first."""
    in_vain: bool = False
    """Whether Amazon ever answered anything else than the report: then a document reports it."""
    content_sha256: str | None = None
    """Of the file in the archive of the newest version; the archive is packed anew each day."""

    @property
    def period(self) -> Period:
        """What the report is of."""
        return Period(self.month, self.yearly)

    @property
    def name(self) -> str:
        """Its name among the months of an account."""
        return name_of(self.kind, self.period)


class Months(Record):
    """What is known of each month of an account, by name; and of each kind of report that was ever refused altogether."""

    made_again = True

    months: dict[str, Month] = {}
    kinds: dict[str, Month] = {}

    def of(self, kind: ReportKind) -> list[Month]:
        """Return the months and years of a kind, oldest first."""
        return sorted((each for each in self.months.values() if each.kind is kind), key=lambda each: each.month)

    def refused(self, kind: ReportKind) -> bool:
        """Return whether Amazon has refused each month of a kind that it was asked for."""
        found = self.of(kind)
        return bool(found) and all(each.answer is Answer.FORBIDDEN and not each.versions for each in found)

    def given_by_month(self, kind: ReportKind) -> bool:
        """Return whether Amazon has ever given a report of a month of a kind."""
        return any(each.versions and not each.yearly for each in self.of(kind))


def name_of(kind: ReportKind, period: Period) -> str:
    """Return the name of a period's report among the months of an account."""
    return f"{kind}-{period}"


def periods_until(business_day: dt.date, since: dt.date | None, *, yearly: bool = False) -> Iterator[Period]:
    """Yield every period that the API may have a report of, newest first.

    Args:
        business_day: A day of the last period.
        since: A day of the first period; None: the first that the API has.
        yearly: Whether the periods are years instead of months.
    """
    begin = {"day": 1, "month": 1} if yearly else {"day": 1}
    first = max(EARLIEST, since or EARLIEST).replace(**begin)
    period = Period(business_day.replace(**begin), yearly)
    while period.first >= first:
        yield period
        period = Period((period.first - dt.timedelta(days=1)).replace(**begin), yearly)


def ask_again_at(known: Month) -> dt.datetime:
    """Return when a month is asked for again, Amazon's time.

    Every day until it is over, complete, and has not changed for `UNSETTLED`; then the rarer, the longer it has not: after a
    quarter of that time, and once in 30 days at least. A forbidden one is asked for every day, a delayed one by the next run.
    """
    if known.answer is Answer.DELAYED:
        return known.asked_at
    over = dt.datetime.combine(known.period.end, dt.time(), dt.UTC) + LAG[known.kind]
    quiet = known.asked_at - max(over, known.answered_at if known.answer is None else over)
    if known.answer is Answer.FORBIDDEN or quiet < UNSETTLED:
        return known.asked_at + SOONEST
    return known.asked_at + min(RAREST, quiet / 4)
