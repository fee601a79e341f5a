"""The read copy: whole, described, replaced at once, and only when there is something new."""

from __future__ import annotations

import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from tests.staged import Settlement, Shelf, sale
from tests.warehouse.conftest import content, rows
from tieout.documents import Region
from tieout.models import PERSISTENT, models
from tieout.warehouse import Warehouse

TIE_OUT = "SELECT settlement_id, control_total FROM mart.settlement_tie_out ORDER BY 1"


def load(warehouse: Warehouse, shelf: Shelf, settlement_id: str, amount: str) -> None:
    outcome = shelf.ready(f"acme_na.{settlement_id}", Settlement([sale(amount)], settlement_id))
    warehouse.load([outcome], shelf.fetch, region=Region.NA, business_day=None, run_id="run")
    warehouse.build_marts()


def read(target: Path, query: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(target), read_only=True) as con:
        return con.execute(query).fetchall()


def test_the_copy_holds_every_row_type_and_description(warehouse: Warehouse, shelf: Shelf, tmp_path: Path) -> None:
    load(warehouse, shelf, "1", "1.10")
    target = tmp_path / "published" / "tieout.duckdb"
    assert warehouse.publish(target)
    copy = Warehouse(target)
    assert content(copy, *PERSISTENT) == content(warehouse, *PERSISTENT)
    facts = (
        "SELECT schema_name, table_name, column_name, data_type, is_nullable, comment FROM duckdb_columns() "
        "WHERE schema_name IN ('ops', 'core', 'mart') ORDER BY ALL"
    )
    assert read(target, facts) == rows(warehouse, facts)
    described = sum(len(model.columns) for model in models().values() if model.schema in PERSISTENT)
    assert read(target, "SELECT count(comment) FROM duckdb_columns() WHERE NOT internal") == [(described,)]
    tables = sum(model.schema in PERSISTENT for model in models().values())
    assert read(target, "SELECT count(comment) FROM duckdb_tables() WHERE NOT internal") == [(tables,)]


def test_the_copy_can_be_read_by_duckdb_1_5(warehouse: Warehouse, tmp_path: Path) -> None:
    target = tmp_path / "tieout.duckdb"
    warehouse.publish(target)
    version = "SELECT tags['storage_version'] FROM duckdb_databases() WHERE database_name = 'tieout'"
    assert str(read(target, version)[0][0]).startswith("v1.5")


def test_nothing_new_means_no_new_copy(warehouse: Warehouse, shelf: Shelf, tmp_path: Path) -> None:
    load(warehouse, shelf, "1", "1.00")
    warehouse.build_marts(rebuild=True)
    target = tmp_path / "tieout.duckdb"
    assert warehouse.publish(target)
    made = target.stat()
    load(warehouse, shelf, "1", "1.00")
    warehouse.build_marts(rebuild=True)
    warehouse.record_calls([])
    assert not warehouse.publish(target)
    assert (target.stat().st_ino, target.stat().st_mtime_ns) == (made.st_ino, made.st_mtime_ns)
    load(warehouse, shelf, "2", "2.00")
    assert warehouse.publish(target)
    assert read(target, TIE_OUT) == [("1", Decimal("1.00")), ("2", Decimal("2.00"))]


def test_a_reader_keeps_what_it_opened_and_the_next_one_sees_the_new(
    warehouse: Warehouse, shelf: Shelf, tmp_path: Path
) -> None:
    load(warehouse, shelf, "1", "1.00")
    target = tmp_path / "tieout.duckdb"
    warehouse.publish(target)
    reader = duckdb.connect(str(target), read_only=True)
    try:
        assert len(reader.execute(TIE_OUT).fetchall()) == 1
        load(warehouse, shelf, "2", "2.00")
        assert warehouse.publish(target)
        assert reader.execute(TIE_OUT).fetchall() == [("1", Decimal("1.00"))]
    finally:
        reader.close()
    assert len(read(target, TIE_OUT)) == 2


def test_what_a_killed_run_left_is_cleared_away(warehouse: Warehouse, shelf: Shelf, tmp_path: Path) -> None:
    target = tmp_path / "tieout.duckdb"
    (tmp_path / ".tieout.duckdb.new").write_bytes(b"half a file")
    (tmp_path / ".tieout.duckdb.new.wal").write_bytes(b"half a log")
    target.write_bytes(b"not a database")
    load(warehouse, shelf, "1", "1.00")
    assert warehouse.publish(target)
    assert read(target, TIE_OUT) == [("1", Decimal("1.00"))]
    assert sorted(path.name for path in tmp_path.glob("*tieout.duckdb*")) == ["tieout.duckdb"]


def test_nobody_else_writes_the_file_while_it_is_copied(
    warehouse: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that closes a file gives up its locks of it, all of them: the copy must not be made by this one."""
    copying = subprocess.run
    writer = "import duckdb, sys; duckdb.connect(sys.argv[1])"
    refused = []

    def run(command: list[str], **options: bool) -> subprocess.CompletedProcess[bytes]:
        copied = copying(command, **options)  # type: ignore[call-overload]
        refused.append(copying([sys.executable, "-c", writer, str(warehouse.path)], capture_output=True).stderr)
        return copied  # type: ignore[no-any-return]

    monkeypatch.setattr(subprocess, "run", run)
    assert warehouse.publish(tmp_path / "tieout.duckdb")
    assert [b"Could not set lock on file" in said for said in refused] == [True]
