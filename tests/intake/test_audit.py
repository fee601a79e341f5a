"""The audit of the lake: in a week, every body and staged file is compared with its digest."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import pytest

from tests.intake.small_world import SmallWorld, flat_file
from tieout.alerts import Alert, AlertKind
from tieout.intake.alerting import open_alerts
from tieout.intake.audit import PARTS, audit
from tieout.lake import Lake

MONDAY = dt.date(2026, 8, 17)
NOW = dt.datetime(2026, 8, 17, 4, tzinfo=dt.UTC)


def week(lake: Lake, folder: Path) -> tuple[int, list[Alert]]:
    done = [audit(lake, MONDAY + dt.timedelta(days=n), folder, NOW) for n in range(PARTS)]
    return sum(each.objects for each in done), [alert for each in done for alert in each.differing]


@pytest.fixture
def world(lake: Lake, tmp_path: Path) -> SmallWorld:
    world = SmallWorld(lake, tmp_path)
    for number in range(4):
        world.make(str(number), MONDAY, flat_file(number, f"{number + 1}0.00"))
    world.publish(MONDAY)
    return world


def test_a_week_compares_every_body_and_staged_file_once(world: SmallWorld, lake: Lake, tmp_path: Path) -> None:
    assert week(lake, tmp_path) == (4 * 3, [])


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("acme_eu.2/body", "are not those that were received"),
        ("acme_eu.2/lines.parquet", "is not the file that was staged"),
        ("acme_eu.2/settlements.parquet", "is not the file that was staged"),
    ],
)
@pytest.mark.parametrize("how", ["changed", "gone"])
def test_what_differs_has_an_alert_with_key_and_money_until_it_is_right_again(
    world: SmallWorld, lake: Lake, tmp_path: Path, name: str, problem: str, how: str
) -> None:
    (key,) = (each for each in lake.keys("") if each.endswith(name))
    before = lake.get(key) or b""
    lake.delete(key) if how == "gone" else lake.put(key, before[:-1] + b"?")
    objects, (alert,) = week(lake, tmp_path)
    assert objects == 4 * 3
    assert (alert.kind, alert.subject, alert.document_id) == (AlertKind.LAKE_DIFFERS, key, "acme_eu.2")
    assert (alert.settlement_id, alert.amount, alert.currency) == ("11000000002", Decimal("30.00"), "EUR")
    assert key in alert.message
    assert problem in alert.message or how == "gone"
    assert [each.alert.subject for each in open_alerts(lake)] == [key]
    lake.put(key, before)
    assert week(lake, tmp_path) == (4 * 3, [])
    assert open_alerts(lake) == []
