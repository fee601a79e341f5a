"""What is in the lake and no region told of: of an account whose task failed, or of a region that is not done yet."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from tests.intake.small_world import ACCOUNT, SmallWorld, flat_file
from tests.warehouse.conftest import content, rows
from tieout.intake.load import load_region
from tieout.lake import Keys, Lake
from tieout.warehouse import Warehouse

MONDAY = dt.date(2026, 8, 17)
TUESDAY = MONDAY + dt.timedelta(days=1)
WEDNESDAY = MONDAY + dt.timedelta(days=2)
DAYS = "SELECT business_day FROM ops.business_day ORDER BY 1"


def load(world: SmallWorld, warehouse: Warehouse, day: dt.date, *, published: bool = True) -> list[str]:
    result = load_region(
        warehouse, world.lake, ACCOUNT.region, day, published=published, run_id=f"run-{day}", folder=world.folder
    )
    warehouse.build_marts()
    return result["days"] if result else []


def test_a_day_that_was_made_good_after_its_region_published_is_loaded_by_the_next_run(
    lake: Lake, tmp_path: Path, warehouse: Warehouse
) -> None:
    """Only the failed task of the account was run again, so nobody told the warehouse of Tuesday."""
    world = SmallWorld(lake, tmp_path)
    world.make("1", MONDAY, flat_file(0, "10.00"))
    world.publish(MONDAY)
    assert load(world, warehouse, MONDAY) == ["2026-08-17"]
    world.publish(TUESDAY)
    world.publish(WEDNESDAY)
    assert load(world, warehouse, WEDNESDAY) == ["2026-08-18", "2026-08-19"]
    assert rows(warehouse, DAYS) == [(MONDAY,), (TUESDAY,), (WEDNESDAY,)]
    assert rows(warehouse, "SELECT subject FROM mart.trouble WHERE kind = 'day_late'") == []
    assert load(world, warehouse, WEDNESDAY) == ["2026-08-19"]


def test_what_a_region_gave_is_loaded_with_another_regions_run_and_once_more_changes_nothing(
    lake: Lake, tmp_path: Path, warehouse: Warehouse
) -> None:
    world = SmallWorld(lake, tmp_path)
    world.make("1", MONDAY, flat_file(0, "10.00"))
    assert load(world, warehouse, TUESDAY, published=False) == []
    world.publish(MONDAY)
    assert load(world, warehouse, TUESDAY, published=False) == ["2026-08-17"]
    assert load(world, warehouse, TUESDAY, published=False) == []
    loaded = content(warehouse, "ops", "core", ordered=False)
    assert load(world, warehouse, MONDAY) == ["2026-08-17"]
    assert content(warehouse, "ops", "core", ordered=False) == loaded


def test_outcomes_that_changed_and_that_nobody_told_of_are_loaded_by_the_next_run(
    lake: Lake, tmp_path: Path, warehouse: Warehouse
) -> None:
    """Airflow can lose an event: what a region published again must not wait for its next day."""
    world = SmallWorld(lake, tmp_path)
    world.make("1", MONDAY, flat_file(0, "10.00"))
    world.publish(MONDAY)
    assert load(world, warehouse, MONDAY) == ["2026-08-17"]
    world.make("2", MONDAY, flat_file(1, "20.00"))
    world.publish(MONDAY)
    assert load(world, warehouse, TUESDAY, published=False) == ["2026-08-17"]
    assert rows(warehouse, "SELECT count(*) FROM ops.document WHERE state = 'loaded'") == [(2,)]
    assert load(world, warehouse, TUESDAY, published=False) == []


def test_damaged_outcomes_keep_back_their_own_account_alone(lake: Lake, tmp_path: Path, warehouse: Warehouse) -> None:
    """A power cut leaves an empty object."""
    world = SmallWorld(lake, tmp_path)
    world.make("1", MONDAY, flat_file(0, "10.00"))
    world.publish(MONDAY)
    damaged = Keys.outcomes(MONDAY, ACCOUNT.region, "aaa_eu")
    lake.put(damaged, b"")
    lake.put(Keys.listing(ACCOUNT.region, ACCOUNT.name, MONDAY), b"{")
    for _ in range(2):
        result = load_region(warehouse, lake, ACCOUNT.region, MONDAY, published=True, run_id="run", folder=world.folder)
        assert result is not None
        assert result["loaded"] == 1
        ((subject, message),) = result["unaccounted"].items()
        assert subject == "aaa_eu 2026-08-17"
        assert f"{damaged} (0 bytes) is damaged" in message
    lake.delete(Keys.outcomes(MONDAY, ACCOUNT.region, ACCOUNT.name))
    alone = load_region(warehouse, lake, ACCOUNT.region, MONDAY, published=True, run_id="run", folder=world.folder)
    assert alone is not None
    assert set(alone["unaccounted"]) == {"aaa_eu 2026-08-17"}
    lake.delete(damaged)
