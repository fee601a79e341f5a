"""Amazon's usage plans: a token bucket for every application, selling partner and operation.

Rates and bursts are those of Amazon's models (models/reports-api-model/reports_2021-06-30.json, sellers, tokens, finances
and transfers). The buckets fill on the virtual clock.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True)
class Plan:
    """A usage plan: requests a second (as the header spells it), and how many may come at once."""

    rate: str
    burst: int


PLANS: dict[str, Plan] = {
    "getReports": Plan("0.0222", 10),
    "createReport": Plan("0.0167", 15),
    "getReport": Plan("2.0", 15),
    "cancelReport": Plan("0.0222", 10),
    "getReportSchedules": Plan("0.0222", 10),
    "createReportSchedule": Plan("0.0222", 10),
    "getReportSchedule": Plan("0.0222", 10),
    "cancelReportSchedule": Plan("0.0222", 10),
    "getReportDocument": Plan("0.0167", 15),
    "createRestrictedDataToken": Plan("1.0", 10),
    "getMarketplaceParticipations": Plan("0.016", 15),
    "listFinancialEventGroups": Plan("0.5", 30),
    "listTransactions": Plan("0.5", 10),
    "listBalances": Plan("0.5", 10),
    "listSummary": Plan("0.5", 10),
    "listPayouts": Plan("0.5", 10),
}


class Quotas:
    """The buckets. A bucket that was never asked is full."""

    def __init__(self) -> None:
        self._buckets: dict[tuple[str, str, str], tuple[float, dt.datetime]] = {}

    def take(self, application: str, selling_partner: str, operation: str, now: dt.datetime) -> bool:
        """Take one request out of a bucket; False if it is empty."""
        plan = PLANS[operation]
        key = (application, selling_partner, operation)
        tokens, since = self._buckets.get(key, (float(plan.burst), now))
        tokens = min(float(plan.burst), tokens + (now - since).total_seconds() * float(plan.rate))
        taken = tokens >= 1
        self._buckets[key] = (tokens - 1 if taken else tokens, now)
        return taken
