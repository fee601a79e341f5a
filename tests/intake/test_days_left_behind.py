"""A day that was published without an account of its region, because that account's task failed."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from tests.intake.small_world import ACCOUNT, SmallWorld, flat_file
from tests.warehouse.conftest import rows
from tieout.intake.load import load_region
from tieout.lake import Lake
from tieout.warehouse import Warehouse

MONDAY = dt.date(2026, 8, 17)
TUESDAY = MONDAY + dt.timedelta(days=1)
WEDNESDAY = MONDAY + dt.timedelta(days=2)
DAYS = "SELECT business_day FROM ops.business_day ORDER BY 1"


def load(world: SmallWorld, warehouse: Warehouse, day: dt.date) -> list[str]:
    result = load_region(warehouse, world.lake, ACCOUNT.region, day, run_id=f"run-{day}", folder=world.folder)
    warehouse.build_marts()
    return result["left_behind"]


def test_a_day_that_was_made_good_after_its_region_published_is_loaded_by_the_next_run(
    lake: Lake, tmp_path: Path
) -> None:
    """Only the failed task of the account was run again, so nobody told the warehouse of Tuesday."""
    world = SmallWorld(lake, tmp_path)
    warehouse = Warehouse(tmp_path / "warehouse.duckdb", memory_limit="500MB")
    world.make("1", MONDAY, flat_file(0, "10.00"))
    world.publish(MONDAY)
    assert load(world, warehouse, MONDAY) == []
    world.publish(TUESDAY)
    world.publish(WEDNESDAY)
    assert load(world, warehouse, WEDNESDAY) == ["2026-08-18"]
    assert rows(warehouse, DAYS) == [(MONDAY,), (TUESDAY,), (WEDNESDAY,)]
    assert rows(warehouse, "SELECT subject FROM mart.trouble WHERE kind = 'day_late'") == []
    assert load(world, warehouse, WEDNESDAY) == []
