"""The business day of a region: the partition key of its runs."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from tieout.documents import Region

TIME_ZONES = {
    Region.NA: "America/Los_Angeles",
    Region.EU: "Europe/Berlin",
    Region.FE: "Asia/Tokyo",
    Region.APPSTORE: "UTC",  # on which a day of its subscription reports ends
}


def business_day_before(region: Region, end: dt.datetime) -> dt.date:
    """Returns the business day of a region that has ended, or is about to, at an instant."""
    return (end - dt.timedelta(microseconds=1)).astimezone(ZoneInfo(TIME_ZONES[region])).date()


def end_of_business_day(region: Region, business_day: dt.date) -> dt.datetime:
    """The instant (UTC) at which a region's business day ends: local midnight."""
    midnight = dt.datetime.combine(business_day + dt.timedelta(days=1), dt.time(), ZoneInfo(TIME_ZONES[region]))
    return midnight.astimezone(dt.UTC)
