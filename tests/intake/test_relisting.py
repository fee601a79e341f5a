"""A settlement is listed again every day for as long as Amazon lists it, so nothing that comes late is missed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, cast

import pytest

from tests.intake.small_world import ACCOUNT
from tieout.amazon.clock import Clock
from tieout.amazon.selling_partner import Report, SellingPartner
from tieout.intake.receiving import SETTLEMENT_REPORT, list_settlements
from tieout.lake import Lake

FIRST = dt.date(2026, 6, 1)


class Reports:
    """Amazon, as far as a listing goes: the reports that were made in the time that is asked for."""

    def __init__(self, **made: dt.date) -> None:
        self.made = made

    def reports(self, types: Sequence[str], *, created_since: Any, created_until: Any, listed: Any) -> list[Report]:
        instants = {name: dt.datetime.combine(day, dt.time(9), dt.UTC) for name, day in self.made.items()}
        return [
            Report(name, SETTLEMENT_REPORT, "DONE", at, f"spdoc.{name}")
            for name, at in instants.items()
            if created_since <= at <= created_until
        ]


@pytest.mark.parametrize("days", [14, 30, 60])
def test_a_settlement_is_looked_at_again_after_14_30_and_60_days(lake: Lake, days: int) -> None:
    """Pain 15: what changes days or weeks later is found; each daily listing asks for all of Amazon's 90 days."""
    later = FIRST + dt.timedelta(days=days)
    amazon = cast(SellingPartner, Reports(first=FIRST, reissued=later))
    seen = [
        [document.report_id for document in list_settlements(amazon, lake, Clock(), ACCOUNT, day).documents]
        for day in (FIRST, later - dt.timedelta(days=1), later)
    ]
    assert seen == [["first"], ["first"], ["first", "reissued"]]
