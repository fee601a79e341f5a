"""Which reports an account wants on a business day, as the families' declarations say.

A family is asked for from where it was asked for last, but at least for its overlap, and cut into windows that Amazon
accepts. The first time, and for a marketplace that is new, it is the history that Amazon holds. Days beyond the overlap are
asked for again, once a week, when they have the age at which Amazon changes what it said (after 14, 30 and 60 days it does:
amzn/selling-partner-api-docs#3601). What ended without a report is asked for once more.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Sequence

from tieout.accounts import Account
from tieout.amazon.listing import Window, split
from tieout.intake.business_day import end_of_business_day
from tieout.intake.records import OpenWish, Progress, Stream, Wish
from tieout.marketplaces import known_marketplaces
from tieout.reports.family import Family, Obtained

WEEK = dt.timedelta(days=7)
ALL = "*"
"""Stands for the marketplaces of what is asked for all of them at once."""
SNAPSHOT = dt.timedelta(days=1)
"""The window of a report that tells of no time but of now, if it has no delay."""


def plan(
    families: Sequence[Family],
    account: Account,
    marketplace_ids: Sequence[str],
    business_day: dt.date,
    progress: Progress | None,
    history: dt.timedelta,
) -> tuple[Progress, tuple[OpenWish, ...]]:
    """Return what is wanted on a business day, the newest days first, and the progress with it.

    :param marketplace_ids: where the account sells.
    :param progress: what was wanted before; None the first time.
    :param history: how far back the first time goes, if Amazon has data from so long ago.
    """
    day_end = end_of_business_day(account.region, business_day)
    streams = {name: dict(each) for name, each in (progress.streams if progress else {}).items()}
    wanted: list[OpenWish] = []
    for family in families:
        here = _of_family(family, marketplace_ids)
        not_requested = family.obtained in (Obtained.MADE_BY_AMAZON, Obtained.LISTED)
        if not_requested or not here or (family.question and family.question.each):
            continue
        if family.question:
            here = [ALL]
        known = streams.setdefault(family.name, {})
        latest = day_end - family.delay if family.longest_window else day_end
        windows: dict[Window, list[str]] = defaultdict(list)
        for marketplace_id in here:
            stream = known.get(marketplace_id)
            if stream and abs(business_day - stream.asked_on) < family.every:
                continue
            restated = False
            for window in _windows(family, latest, stream, history):
                windows[window].append(marketplace_id)
            if stream:
                for window in _restated(family, latest, stream, business_day):
                    windows[window].append(marketplace_id)
                    restated = True
            known[marketplace_id] = Stream(
                until=max(latest, stream.until) if stream else latest,
                asked_on=max(business_day, stream.asked_on) if stream else business_day,
                restated_on=business_day if restated or not stream else stream.restated_on,
            )
        for window, ids in windows.items():
            asked = tuple(marketplace_ids if family.question else ids)
            wanted.append(_wish(family, account, window, asked, business_day))
    wanted.sort(key=lambda each: each.wish.data_end, reverse=True)
    snapshots = {family.name for family in families if family.longest_window is None and not family.question}
    wanted, carried = _carried(wanted, progress.open if progress else (), snapshots)
    carried = [_again(each, business_day) for each in carried]
    new = {each.wish.request_id: each for each in (*wanted, *carried)}
    days = [business_day, *([progress.planned_on] if progress else [])]
    refused = progress.refused if progress else {}
    wishes = tuple(new.values())
    summed_up = progress.summed_up if progress else frozenset()
    planned = Progress(planned_on=max(days), streams=streams, open=wishes, refused=refused, summed_up=summed_up)
    return planned, wishes


def _of_family(family: Family, marketplace_ids: Sequence[str]) -> list[str]:
    known = known_marketplaces().marketplaces
    return [each for each in marketplace_ids if not family.countries or known[each].country in family.countries]


def _windows(family: Family, latest: dt.datetime, stream: Stream | None, history: dt.timedelta) -> Iterator[Window]:
    if family.longest_window is None:
        yield Window(latest - (family.delay or SNAPSHOT), latest)
        return
    oldest = latest - min(history, family.earliest or history)
    start = max(oldest, min(stream.until, latest - family.overlap)) if stream else oldest
    if family.by_month:
        yield from _months(start, latest)
    else:
        yield from split([Window(start, latest)], family.longest_window / dt.timedelta(days=1))


def _months(start: dt.datetime, latest: dt.datetime) -> Iterator[Window]:
    """The calendar months (UTC) that are over, and were not when `start` was the latest, newest first."""
    until = latest.astimezone(dt.UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    while until > start:
        since = (until - dt.timedelta(days=1)).replace(day=1)
        yield Window(since, until)
        until = since


def _restated(family: Family, latest: dt.datetime, stream: Stream, business_day: dt.date) -> Iterator[Window]:
    """The days that have come of age since they were asked for last; once a week, to make few requests."""
    passed = business_day - stream.restated_on
    if family.longest_window is None or passed < WEEK:
        return
    for age in family.restated_after:
        if age > family.overlap:
            until = latest - age
            yield Window(until - min(passed, family.longest_window), until)


def _wish(
    family: Family, account: Account, window: Window, marketplace_ids: tuple[str, ...], business_day: dt.date
) -> OpenWish:
    return OpenWish(
        family=family.name,
        wish=Wish(
            region=account.region,
            account=account.name,
            report_type=family.report_types[0],
            marketplace_ids=marketplace_ids,
            data_start=window.since,
            data_end=window.until,
            options=dict(family.options),
            wanted_on=business_day,
        ),
    )


def _carried(
    wanted: list[OpenWish], open_wishes: Sequence[OpenWish], snapshots: set[str]
) -> tuple[list[OpenWish], list[OpenWish]]:
    """What is wanted, and what is left of earlier days.

    A snapshot that came to nothing is not requested again beside the one of today, which takes its place.
    """
    renewed = {each.family for each in wanted} & snapshots
    dropped = [each for each in open_wishes if each.again and each.family in renewed]
    carried = [each for each in open_wishes if each not in dropped]
    for old in dropped:
        wanted = [
            each.model_copy(update={"earlier": (*old.earlier, *each.earlier)}) if each.family == old.family else each
            for each in wanted
        ]
    return wanted, carried


def _again(wish: OpenWish, business_day: dt.date) -> OpenWish:
    if not wish.again:
        return wish
    return wish.model_copy(update={"again": False, "wish": wish.wish.model_copy(update={"wanted_on": business_day})})
