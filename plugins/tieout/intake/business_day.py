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


def end_of_business_day(region: Region, business_day: dt.date) -> dt.datetime:
    """The instant (UTC) at which a region's business day ends: local midnight."""
    midnight = dt.datetime.combine(business_day + dt.timedelta(days=1), dt.time(), ZoneInfo(TIME_ZONES[region]))
    return midnight.astimezone(dt.UTC)
