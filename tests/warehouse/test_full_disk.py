"""A disk that is full: the message has the figures, nothing is left behind, and later runs work once there is room."""

from __future__ import annotations

import resource
import shutil
import subprocess
from collections import namedtuple
from pathlib import Path
from typing import Any

import pytest

from tests.staged import Settlement, Shelf, sale
from tests.warehouse.conftest import rows
from tieout.documents import Region
from tieout.settings import settings
from tieout.warehouse import Warehouse
from tieout.warehouse.files import being_made

Usage = namedtuple("Usage", "total used free")


def load(warehouse: Warehouse, shelf: Shelf, settlement_id: str) -> None:
    outcome = shelf.ready(f"acme_na.{settlement_id}", Settlement([sale("1.00")], settlement_id))
    warehouse.load([outcome], shelf.fetch, region=Region.NA, business_day=None, run_id="run")
    warehouse.build_marts()


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_room_is_looked_for_before_the_copy(
    warehouse: Warehouse, shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "published" / "tieout.duckdb"
    warehouse.publish(target)
    before = target.read_bytes()
    load(warehouse, shelf, "1")
    with monkeypatch.context() as full:
        full.setattr(shutil, "disk_usage", lambda place: Usage(60_000_000, 59_988_000, 12_000))
        with pytest.raises(OSError, match=r"12,000 bytes free, and the read copy takes [0-9,]+") as refused:
            warehouse.publish(target)
    assert f"takes {warehouse.path.stat().st_size:,}," in str(refused.value)
    assert target.read_bytes() == before
    assert names(target.parent) == ["tieout.duckdb"]
    assert warehouse.publish(target)


def test_a_copy_that_fails_leaves_nothing_and_later_runs_work(
    warehouse: Warehouse, shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`cp` may write 100,000 bytes, as on a disk that another program fills at the same moment."""
    target = tmp_path / "published" / "tieout.duckdb"
    load(warehouse, shelf, "1")
    copying = subprocess.run

    def run(command: list[str], **options: Any) -> subprocess.CompletedProcess[bytes]:
        allowed = (100_000, 100_000)
        limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, allowed)  # noqa: E731
        return copying(command, **options, preexec_fn=limit)  # type: ignore[no-any-return]

    with monkeypatch.context() as full:
        full.setattr(subprocess, "run", run)
        with pytest.raises(OSError, match=r"could not be copied .* bytes are free there"):
            warehouse.publish(target)
    assert names(target.parent) == []
    load(warehouse, shelf, "2")
    assert warehouse.publish(target)


def test_what_killed_processes_left_goes_when_the_file_is_opened_for_writing(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    """`publish` stands behind `load`: if only `publish` removed its leftovers, a full disk would stay full."""
    target = tmp_path / "published" / "tieout.duckdb"
    target.parent.mkdir()
    left = [
        target.with_name(".tieout.duckdb.new"),
        target.with_name(".tieout.duckdb.new.wal"),
        warehouse.path.with_name(f"{warehouse.path.name}.tmp") / "duckdb_temp_storage_DEFAULT-0.tmp",
        warehouse.path.with_name(f".{warehouse.path.name}.rebuild"),
        warehouse.path.with_name(f".{warehouse.path.name}.rebuild.wal"),
        warehouse.path.with_name(f".{warehouse.path.name}.rebuild.tmp") / "duckdb_temp_storage_DEFAULT-0.tmp",
        warehouse.path.with_name(f".{warehouse.path.name}.rebuild.lock"),
    ]
    for path in left:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"left")
    with Warehouse(warehouse.path, published=target).connect():
        assert [path.name for path in left if path.exists()] == []
    assert [path for path in (warehouse.path.parent).iterdir() if "rebuild" in path.name] == []


def test_a_rebuild_that_is_at_work_keeps_its_file(warehouse: Warehouse) -> None:
    new = warehouse.beside("rebuild")
    with new.being_made():
        with new.connect() as con:
            con.execute("CREATE TABLE staging.kept AS SELECT 1 AS one")
        with warehouse.connect():
            pass
        assert rows(new, "SELECT one FROM staging.kept") == [(1,)]
    assert not new.path.exists()


def test_a_rebuild_that_fails_leaves_no_file(warehouse: Warehouse) -> None:
    new = warehouse.beside("rebuild")

    def fill() -> None:
        with being_made(new.path):
            new.path.write_bytes(b"half a warehouse")
            raise OSError("No space left on device")

    with pytest.raises(OSError, match="No space left"):
        fill()
    assert [path.name for path in new.path.parent.iterdir() if "rebuild" in path.name] == []


def test_the_warehouse_of_the_connection_knows_its_read_copy(monkeypatch: pytest.MonkeyPatch) -> None:
    from tieout.hooks.warehouse import WarehouseHook

    monkeypatch.setenv("AIRFLOW_CONN_TIEOUT_WAREHOUSE", '{"conn_type": "duckdb", "host": "/nowhere/live.duckdb"}')
    assert WarehouseHook().warehouse().published == settings().published_warehouse
