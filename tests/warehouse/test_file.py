"""The live file: shared by waiting, consistent after a kill at any instant, and carried over to newer models."""

from __future__ import annotations

import dataclasses
import os
import signal
import subprocess
import sys
import time
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

import tieout.models
from tests.staged import Settlement, Shelf, sale
from tests.warehouse.conftest import content, rows
from tieout.documents import DocumentOutcome, Region
from tieout.models import Column
from tieout.settings import PROJECT_ROOT
from tieout.warehouse import Warehouse, engine, tables

ENVIRONMENT = {**os.environ, "PYTHONPATH": f"{PROJECT_ROOT / 'plugins'}:{PROJECT_ROOT}"}

HOLD = """
import sys, time
from pathlib import Path
from tieout.warehouse import Warehouse
with Warehouse(Path(sys.argv[1])).connect():
    print("open", flush=True)
    time.sleep(float(sys.argv[2]))
"""

LOAD = """
import sys
from pathlib import Path
from tieout.documents import DocumentOutcome, Region
from tieout.warehouse import Warehouse

folder = Path(sys.argv[1])
outcomes = [DocumentOutcome.model_validate_json(path.read_text()) for path in sorted(folder.glob("*.json"))]

def fetch(key):
    print(key, flush=True)
    return folder / key

warehouse = Warehouse(Path(sys.argv[2]))
warehouse.load(outcomes, fetch, region=Region.NA, business_day=None, run_id="run")
print("loaded", flush=True)
warehouse.build_marts()
print("built", flush=True)
warehouse.publish(Path(sys.argv[3]))
print("published", flush=True)
"""


def started(code: str, *arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=ENVIRONMENT)


def said(process: subprocess.Popen[str], word: str) -> None:
    """Wait until a process has printed a line that ends in a word."""
    assert process.stdout is not None
    for line in process.stdout:
        if line.strip().endswith(word):
            return
    raise AssertionError(f"the process ended without saying {word!r}")


def test_an_open_waits_for_another_process(warehouse: Warehouse) -> None:
    with started(HOLD, warehouse.path, 1.5) as holder:
        said(holder, "open")
        assert rows(warehouse, "SELECT count(*) FROM ops.document") == [(0,)]
        assert holder.wait() == 0


def test_an_open_gives_up_with_what_to_do(warehouse: Warehouse) -> None:
    impatient = Warehouse(warehouse.path, lock_timeout=0.3)
    with started(HOLD, warehouse.path, 60) as holder:
        said(holder, "open")
        with pytest.raises(TimeoutError, match="Analysts must open the published copy"), impatient.connect():
            pass
        holder.kill()


def test_a_file_of_a_newer_form_than_analysts_can_read_is_to_be_rebuilt(tmp_path: Path, warehouse: Warehouse) -> None:
    newer = Warehouse(tmp_path / "newer.duckdb")
    duckdb.connect(str(newer.path)).close()
    with (
        pytest.raises(RuntimeError, match=r"newer\.duckdb is of a form that DuckDB 1\.5\.0 cannot read: rebuild"),
        newer.connect(),
    ):
        pass
    warehouse.take_the_place_of(newer)
    assert rows(newer, "SELECT count(*) FROM ops.document") == [(0,)]


@pytest.fixture(scope="module")
def many_lines(tmp_path_factory: pytest.TempPathFactory) -> tuple[Shelf, list[DocumentOutcome]]:
    """Two documents, the second long enough to be killed in the middle of its load."""
    shelf = Shelf(tmp_path_factory.mktemp("lake"))
    outcomes = [
        shelf.ready("acme_na.1", Settlement([sale("1.00")], "1")),
        shelf.ready("acme_na.2", Settlement([sale("0.10")] * 60_000, "2")),
    ]
    for outcome in outcomes:
        path = shelf.folder / f"{outcome.document.document_id}.json"
        path.write_text(outcome.model_dump_json(), encoding="utf-8")
    return shelf, outcomes


@pytest.mark.parametrize(
    ("word", "seconds", "loaded"),
    [
        ("acme_na.1-settlements.parquet", 0.0, False),
        ("acme_na.2-lines.parquet", 0.0, False),
        ("acme_na.2-lines.parquet", 0.1, None),
        ("acme_na.2-lines.parquet", 0.4, None),
        ("loaded", 0.02, True),
        ("built", 0.02, True),
    ],
)
def test_a_kill_leaves_all_or_nothing_and_the_next_run_makes_it_whole(
    tmp_path: Path,
    many_lines: tuple[Shelf, list[DocumentOutcome]],
    word: str,
    seconds: float,
    loaded: bool | None,
) -> None:
    shelf, outcomes = many_lines
    live, target = tmp_path / "warehouse.duckdb", tmp_path / "tieout.duckdb"
    process = started(LOAD, shelf.folder, live, target)
    said(process, word)
    time.sleep(seconds)
    process.send_signal(signal.SIGKILL)
    process.communicate()

    warehouse = Warehouse(live)
    documents = rows(warehouse, "SELECT count(*) FROM ops.document")[0][0]
    assert documents == (len(outcomes) if loaded else 0) or loaded is None
    assert documents in (0, len(outcomes))
    expected = [(Decimal("6001.00"), 60_001)] if documents else [(None, 0)]
    assert rows(warehouse, "SELECT sum(amount), count(*) FROM core.settlement_line") == expected
    assert rows(warehouse, "SELECT sum(control_total) FROM core.settlement") == [expected[0][:1]]
    assert len(rows(warehouse, "SELECT * FROM ops.load")) == documents
    if target.exists():
        with duckdb.connect(str(target), read_only=True) as copy:
            assert copy.execute("SELECT count(*) FROM mart.settlement_tie_out").fetchall() == [(2,)]

    warehouse.load(outcomes, shelf.fetch, region=Region.NA, business_day=None, run_id="again")
    warehouse.build_marts()
    warehouse.publish(target)
    assert rows(warehouse, "SELECT sum(amount), count(*) FROM core.settlement_line") == [(Decimal("6001.00"), 60_001)]
    assert (
        rows(warehouse, "SELECT state, difference FROM mart.settlement_tie_out") == [("tied_out", Decimal("0.00"))] * 2
    )
    assert content(Warehouse(target), "mart") == content(warehouse, "mart")


def with_column(name: str, column: Column) -> dict[str, tieout.models.Model]:
    changed = dict(tieout.models.models())
    model = changed[name]
    changed[name] = dataclasses.replace(model, columns=(column, *model.columns))
    return changed


def test_a_new_column_of_a_kept_table_is_added_and_nothing_lost(
    warehouse: Warehouse, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    warehouse.load(
        [shelf.ready("acme_na.1", Settlement([sale("1.00")], "1"))],
        shelf.fetch,
        region=Region.NA,
        business_day=None,
        run_id="run",
    )
    changed = with_column("ops.load", Column("note", "VARCHAR", False, "A note."))
    for module in (engine, tables):
        monkeypatch.setattr(module, "models", lambda: changed)
    with warehouse.connect() as con:
        assert con.execute("SELECT note, load_id, action FROM ops.load").fetchall() == [(None, 1, "loaded")]
        columns = con.execute("SELECT column_name, comment FROM duckdb_columns() WHERE table_name = 'load'").fetchall()
    assert columns[0] == ("note", "A note.")


def test_a_new_column_of_a_mart_builds_it_anew(
    warehouse: Warehouse, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    warehouse.load(
        [shelf.ready("acme_na.1", Settlement([sale("1.00")], "1"))],
        shelf.fetch,
        region=Region.NA,
        business_day=None,
        run_id="run",
    )
    warehouse.build_marts()
    changed = with_column("mart.expected_deposit", Column("payee", "VARCHAR NOT NULL", False, "Who is paid."))
    mart = changed["mart.expected_deposit"]
    select = (mart.select or "").replace("SELECT\n  s.region", "SELECT\n  'us' AS payee,\n  s.region")
    changed["mart.expected_deposit"] = dataclasses.replace(mart, select=select)
    for module in (engine, tables):
        monkeypatch.setattr(module, "models", lambda: changed)
    assert warehouse.build_marts().rows_changed["mart.expected_deposit"] == 1
    assert rows(warehouse, "SELECT payee, deposit_amount FROM mart.expected_deposit") == [("us", Decimal("1.00"))]


def test_a_file_that_cannot_follow_is_refused_with_what_to_do(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    with warehouse.connect():
        pass
    changed = with_column("ops.load", Column("note", "VARCHAR", True, "A note that may not be missing."))
    for module in (engine, tables):
        monkeypatch.setattr(module, "models", lambda: changed)
    with pytest.raises(RuntimeError, match=r"ops\.load .* move the file away"), warehouse.connect():
        pass
