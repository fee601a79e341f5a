"""The DAGs `decisions` and `rebuild_warehouse`, run as Airflow runs them."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

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
