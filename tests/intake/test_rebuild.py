"""The warehouse file is lost: one command makes it anew from the lake, identical."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.intake.small_world import SmallWorld, flat_file
from tests.warehouse.conftest import Rows, content, rows
from tieout.documents import Action
from tieout.intake.decisions import apply_decision, decide
from tieout.intake.load import Fetcher
from tieout.intake.rebuild import rebuild_warehouse
from tieout.lake import Lake
from tieout.settings import PROJECT_ROOT
from tieout.warehouse import Warehouse, files

DAYS = [dt.date(2026, 8, 17) + dt.timedelta(days=n) for n in range(5)]


@pytest.fixture(scope="module")
def lived(s3_client: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[Lake, Warehouse]:
    """A lake and its warehouse after a reissue, a quarantined document, a closed month and a withdrawal."""
    s3_client.create_bucket(Bucket="lived")
    folder = tmp_path_factory.mktemp("lived")
    world = SmallWorld(Lake(s3_client, "lived"), folder)
    warehouse = Warehouse(folder / "warehouse.duckdb", memory_limit="500MB")

    def decided(name: str, action: Action, **what: Any) -> None:
        decision = decide(
            warehouse, world.lake, name, action=action, owner="ana", decided_by="bob", reason="because", **what
        )
        apply_decision(warehouse, world.lake, decision, run_id=f"decision-{name}", folder=folder)
        warehouse.build_marts()

    world.make("1", DAYS[0], flat_file(0, "10.00", "10.00", "-1.50"))
    world.make("2", DAYS[0], flat_file(1, "7.00", total="8.00"))
    world.publish(DAYS[0])
    world.load(warehouse, DAYS[0])
    decided("close", Action.CLOSE, month="2026-08")
    world.make("3", DAYS[1], flat_file(0, "10.00", "-1.75"))
    world.publish(DAYS[1])
    world.load(warehouse, DAYS[1])
    unwanted = world.make("4", DAYS[2], flat_file(2, "3.00"))
    world.publish(DAYS[2])
    world.load(warehouse, DAYS[2])
    decided("withdraw", Action.WITHDRAW, documents=[unwanted])
    for day in DAYS[3:]:
        world.publish(day)
        world.load(warehouse, day)
    assert len(rows(warehouse, "SELECT * FROM mart.moved_since_close")) == 1
    assert len(rows(warehouse, "SELECT * FROM mart.settlement_version_difference")) == 3
    return world.lake, warehouse


@pytest.fixture
def lake_copy(lived: tuple[Lake, Warehouse], lake: Lake) -> Lake:
    """The lake, to be broken."""
    source = lived[0]
    for key in source.keys(""):
        lake.put(key, source.get(key) or b"")
    return lake


def all_rows(warehouse: Warehouse) -> dict[str, Rows]:
    """Every row that has to be identical: what is left out counts transactions and builds."""
    found = content(warehouse, "core", "mart", "ops")
    return {name: rows for name, rows in found.items() if name not in ("ops.build", "ops.revision")}


def lose(lake: Lake, *prefixes: str) -> None:
    for prefix in prefixes:
        for key in list(lake.keys(prefix)):
            lake.delete(key)


def test_a_lost_warehouse_is_rebuilt_row_for_row(lived: tuple[Lake, Warehouse], tmp_path: Path) -> None:
    lake, warehouse = lived
    rebuilt = Warehouse(tmp_path / "warehouse.duckdb", memory_limit="500MB")
    before = set(lake.keys(""))
    rebuild_warehouse(rebuilt, lake, tmp_path / "none.duckdb")
    assert all_rows(rebuilt) == all_rows(warehouse)
    assert len(rows(rebuilt, "SELECT * FROM ops.load")) > 4
    assert set(lake.keys("")) == before
    assert [path.name for path in tmp_path.iterdir()] == ["warehouse.duckdb"]


def test_it_goes_on_as_if_nothing_had_happened(lived: tuple[Lake, Warehouse], lake_copy: Lake, tmp_path: Path) -> None:
    world = SmallWorld(lake_copy, tmp_path)
    (tmp_path / "as-it-was").mkdir()
    shutil.copyfile(lived[1].path, tmp_path / "as-it-was" / "warehouse.duckdb")
    as_it_was = Warehouse(tmp_path / "as-it-was" / "warehouse.duckdb")
    rebuilt = Warehouse(tmp_path / "warehouse.duckdb")
    target = tmp_path / "published.duckdb"
    as_it_was.publish(target)
    rebuild_warehouse(rebuilt, lake_copy, target)
    assert rebuilt.publish(target)
    for warehouse in (as_it_was, rebuilt):
        world.load(warehouse, DAYS[-1], "once more")
    assert all_rows(rebuilt) == all_rows(as_it_was)


def test_what_was_staged_published_and_listed_can_be_lost_too(
    lived: tuple[Lake, Warehouse], lake_copy: Lake, tmp_path: Path
) -> None:
    lose(lake_copy, "staged/", "outcomes/", "listed/", "quarantine/")
    rebuilt = Warehouse(tmp_path / "warehouse.duckdb", memory_limit="500MB")
    assert rebuild_warehouse(rebuilt, lake_copy, tmp_path / "none.duckdb")["read_again"] == 4
    assert all_rows(rebuilt) == all_rows(lived[1])


def test_the_received_bytes_and_the_decisions_are_enough(
    lived: tuple[Lake, Warehouse], lake_copy: Lake, tmp_path: Path
) -> None:
    lose(lake_copy, "staged/", "outcomes/", "listed/", "quarantine/", "loads/")
    rebuilt = Warehouse(tmp_path / "warehouse.duckdb", memory_limit="500MB")
    assert rebuild_warehouse(rebuilt, lake_copy, tmp_path / "none.duckdb")["without_a_load"] == 4
    assert content(rebuilt, "core", "mart") == content(lived[1], "core", "mart")


def test_without_a_log_the_outcomes_are_loaded_day_by_day(
    lived: tuple[Lake, Warehouse], lake_copy: Lake, tmp_path: Path
) -> None:
    lose(lake_copy, "loads/")
    rebuilt = Warehouse(tmp_path / "warehouse.duckdb", memory_limit="500MB")
    rebuild_warehouse(rebuilt, lake_copy, tmp_path / "none.duckdb")
    assert content(rebuilt, "core", "mart") == content(lived[1], "core", "mart")


REBUILD = """
import sys
from pathlib import Path
import boto3
from tieout.intake import rebuild
from tieout.lake import Lake
from tieout.warehouse import Warehouse

client = boto3.client("s3", endpoint_url=sys.argv[1], aws_access_key_id="test", aws_secret_access_key="not-a-secret",
                      region_name="us-east-1")
load = rebuild.load_business_day
def loaded(*arguments, **names):
    print("replayed", flush=True)
    return load(*arguments, **names)
rebuild.load_business_day = loaded
warehouse = Warehouse(Path(sys.argv[3]), memory_limit="500MB")
rebuild.rebuild_warehouse(warehouse, Lake(client, sys.argv[2]), Path(sys.argv[4]))
"""


def test_a_rebuild_that_is_killed_leaves_the_old_file_and_the_next_one_works(
    lived: tuple[Lake, Warehouse], tmp_path: Path
) -> None:
    lake, warehouse = lived
    path = tmp_path / "warehouse.duckdb"
    path.write_bytes(b"what is left of a file")
    path.with_name("warehouse.duckdb.wal").write_bytes(b"and of its log")
    command = [sys.executable, "-c", REBUILD, str(lake.client.meta.endpoint_url), lake.bucket, str(path), "none"]
    environment = {**os.environ, "PYTHONPATH": f"{PROJECT_ROOT / 'plugins'}:{PROJECT_ROOT}"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "replayed\n"
        process.send_signal(signal.SIGKILL)
    assert path.read_bytes() == b"what is left of a file"
    assert sorted(found.name for found in tmp_path.iterdir())[0].startswith(".warehouse.duckdb.rebuild")
    rebuild_warehouse(Warehouse(path, memory_limit="500MB"), lake, tmp_path / "none.duckdb")
    assert [found.name for found in tmp_path.iterdir()] == ["warehouse.duckdb"]
    assert all_rows(Warehouse(path)) == all_rows(warehouse)


def test_a_rebuild_holds_the_files_of_one_load_at_a_time_and_asks_for_each_document_once(
    lived: tuple[Lake, Warehouse], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake, before = lived
    held: list[int] = []
    lists: list[str] = []
    fetched = Fetcher.__call__
    keys = Lake.keys

    def fetch(self: Fetcher, key: str) -> Path:
        path = fetched(self, key)
        held.append(len(list(path.parent.glob("*.parquet"))))
        return path

    def listed(self: Lake, prefix: str, *, after: str = "") -> Any:
        lists.append(prefix)
        return keys(self, prefix, after=after)

    monkeypatch.setattr(Fetcher, "__call__", fetch)
    monkeypatch.setattr(Lake, "keys", listed)
    new = Warehouse(tmp_path / "new.duckdb", memory_limit="500MB")
    rebuild_warehouse(new, lake, tmp_path / "none.duckdb")
    assert all_rows(new)["core.settlement_line"] == all_rows(before)["core.settlement_line"]
    # each load brings two documents at most, of two files each, and a version before
    assert len(held) >= 8
    assert max(held) <= 6
    assert [lists.count(prefix) for prefix in ("raw/", "staged/", "loads/")] == [1, 1, 1]


def test_a_rebuild_that_has_no_room_says_how_much_it_needs(
    lived: tuple[Lake, Warehouse], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake, _ = lived
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(files.shutil, "disk_usage", lambda _: usage._replace(free=10))
    with pytest.raises(OSError, match=r"has 10 bytes free, and the new warehouse takes [0-9,]+, beside the old file"):
        rebuild_warehouse(Warehouse(tmp_path / "new.duckdb"), lake, tmp_path / "none.duckdb")
    assert list(tmp_path.iterdir()) == []
