"""The DAGs `decisions` and `rebuild_warehouse`, run as Airflow runs them."""

from __future__ import annotations

import datetime as dt
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from tests.everything import of_database, of_lake
from tests.intake.small_world import SmallWorld, flat_file
from tests.warehouse.conftest import content
from tieout.lake import Lake
from tieout.settings import settings
from tieout.warehouse import Warehouse
from tieout.warehouse.files import remove_database

if TYPE_CHECKING:
    from airflow.dag_processing.dagbag import DagBag

ROOT = Path(__file__).resolve().parents[2]
MONDAY = dt.date(2026, 8, 17)


@pytest.fixture
def dagbag(monkeypatch: pytest.MonkeyPatch) -> DagBag:
    """The DAGs, without deadlines: `DAG.test` of Airflow 3.3.2 cannot end a run that has one."""
    from airflow.dag_processing.dagbag import DagBag
    from airflow.utils.db import initdb

    monkeypatch.setattr("tieout.notifications.alert.to_end_within", lambda interval: None)
    initdb()
    return DagBag(ROOT / "dags", known_pools={"default_pool", "duckdb_writer"})


@pytest.fixture
def world(lake: Lake, tmp_path: Path, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> Iterator[SmallWorld]:
    """A lake and a warehouse with one loaded day, behind Airflow's connections."""
    keys = lake.client._request_signer._credentials
    extra = {"endpoint_url": lake.client.meta.endpoint_url, "region_name": "us-east-1"}
    connection = {"conn_type": "aws", "login": keys.access_key, "password": keys.secret_key, "extra": extra}
    monkeypatch.setenv("AIRFLOW_CONN_TIEOUT_LAKE", json.dumps(connection))
    live = {"conn_type": "duckdb", "host": str(tmp_path / "warehouse.duckdb")}
    monkeypatch.setenv("AIRFLOW_CONN_TIEOUT_WAREHOUSE", json.dumps(live))
    monkeypatch.setenv("TIEOUT_LAKE_BUCKET", lake.bucket)
    monkeypatch.setenv("TIEOUT_HOME", str(tmp_path))
    (tmp_path / "accounts.yaml").write_text("accounts: [{name: acme_eu, region: EU}]")
    monkeypatch.setenv("TIEOUT_ACCOUNTS_FILE", str(tmp_path / "accounts.yaml"))
    settings.cache_clear()
    world = SmallWorld(lake, tmp_path)
    world.make("1", MONDAY, flat_file(0, "10.00"))
    world.publish(MONDAY)
    world.load(warehouse, MONDAY)
    yield world
    settings.cache_clear()


def run(dagbag: DagBag, dag_id: str, **form: Any) -> str:
    """The state in which a run ends."""
    return str(dagbag.dags[dag_id].test(run_conf=form).state)


def test_an_order_is_erased_by_its_hash_and_the_form_takes_nothing_else(
    world: SmallWorld, dagbag: DagBag, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from airflow.sdk.exceptions import ParamValidationError

    from tieout.__main__ import main

    order = "305-0000001-0000001"
    monkeypatch.setenv("AIRFLOW_CONN_TIEOUT_PERSONAL_KEY", json.dumps({"conn_type": "generic", "password": "k" * 32}))
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{order}\n"))
    assert main(["erase"]) == 0
    subject = capsys.readouterr().out.strip().splitlines()[-1]
    about = {"action": "erase", "owner": "ana", "reason": "asked in writing"}
    with pytest.raises(ParamValidationError):
        run(dagbag, "decisions", **about, subject=order)
    assert run(dagbag, "decisions", **about, subject=subject) == "success"
    texts = [*of_lake(world.lake), *of_database(world.folder / "tieout.duckdb")]
    assert [place for place, text in texts if order in text] == []
    with duckdb.connect(str(world.folder / "tieout.duckdb"), read_only=True) as copy:
        assert copy.execute("SELECT action, subject FROM ops.decision").fetchall() == [("erase", subject)]
        assert copy.execute("SELECT sum(amount) FROM core.settlement_line").fetchall() == [(10,)]
    assert run(dagbag, "retention") == "success"


def test_a_decision_goes_from_the_form_to_the_read_copy_and_a_lost_file_comes_back(
    world: SmallWorld, dagbag: DagBag
) -> None:
    about = {"owner": "ana", "reason": "because", "documents": "acme_eu.1"}
    assert run(dagbag, "decisions", action="withdraw", **about) == "success"
    with duckdb.connect(str(world.folder / "tieout.duckdb"), read_only=True) as copy:
        assert copy.execute("SELECT state, reason_code FROM ops.document").fetchall() == [("skipped", "withdrawn")]
        assert copy.execute("SELECT action, owner, decided_by, reason FROM ops.decision").fetchall() == [
            ("withdraw", "ana", "dag_test", "because")
        ]
    live = Warehouse(world.folder / "warehouse.duckdb")
    before = content(live, "core", "mart")
    remove_database(live.path)
    assert run(dagbag, "rebuild_warehouse") == "success"
    assert content(live, "core", "mart") == before
    about = {"owner": "ana", "reason": "august", "month": "2026-08", "documents": ""}
    assert run(dagbag, "decisions", action="close", **about) == "success"
    assert run(dagbag, "decisions", action="close", **{**about, "month": "August"}) == "failed"
    with duckdb.connect(str(world.folder / "tieout.duckdb"), read_only=True) as copy:
        assert copy.execute("SELECT subject FROM ops.decision ORDER BY decided_at").fetchall() == [
            ("acme_eu.1",),
            ("*/2026-08",),
        ]
