"""What holds for every DAG."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from airflow.dag_processing.dagbag import DagBag

ROOT = Path(__file__).resolve().parents[2]
WRITERS = {"load", "build_marts", "publish_read_copy", "record", "prove", "apply", "rebuild", "forget_traces"}


def test_the_dags_are_these(dagbag: DagBag) -> None:
    assert dagbag.import_errors == {}
    assert set(dagbag.dags) == {
        "appstore_reports",
        "credentials",
        "decisions",
        "import_reports",
        "marketplace_reports_eu",
        "marketplace_reports_fe",
        "marketplace_reports_na",
        "rebuild_warehouse",
        "retention",
        "audit",
        "warehouse",
    }


def test_every_dag_is_explained_owned_and_tagged(dagbag: DagBag) -> None:
    for dag in dagbag.dags.values():
        assert dag.doc_md, dag.dag_id
        assert dag.tags, dag.dag_id
        assert not dag.catchup, dag.dag_id
        assert all(task.owner == "tieout" for task in dag.tasks), dag.dag_id


def test_every_task_alerts_and_recovers_and_every_run_has_a_deadline(dagbag: DagBag) -> None:
    for dag in dagbag.dags.values():
        (deadline,) = dag.deadline if isinstance(dag.deadline, list) else [dag.deadline]
        # a run with a deadline of this kind cannot be cleared once it has failed (Airflow 3.3.2)
        assert deadline.reference.reference_name != "DagRunQueuedAtDeadline", dag.dag_id
        for task in dag.tasks:
            assert task.on_failure_callback, f"{dag.dag_id}.{task.task_id}"
            assert task.on_success_callback, f"{dag.dag_id}.{task.task_id}"


def test_a_task_is_tried_again_unless_a_retry_cannot_help(dagbag: DagBag) -> None:
    for dag in dagbag.dags.values():
        for task in dag.tasks:
            assert (task.retries >= 3) != (task.task_id == "account_for_documents"), f"{dag.dag_id}.{task.task_id}"


def test_what_writes_the_warehouse_holds_the_writer_pool_and_nothing_else_does(dagbag: DagBag) -> None:
    pools = json.loads((ROOT / "include" / "config" / "pools.json").read_text())
    assert pools["duckdb_writer"]["slots"] == 1
    for dag in dagbag.dags.values():
        for task in dag.tasks:
            expected = "duckdb_writer" if task.task_id in WRITERS else "default_pool"
            assert task.pool == expected, f"{dag.dag_id}.{task.task_id}"


def test_tasks_grow_with_accounts_and_not_with_documents(dagbag: DagBag) -> None:
    for region in ("na", "eu", "fe"):
        dag = dagbag.dags[f"marketplace_reports_{region}"]
        mapped = {task.task_id for task in dag.tasks if task.task_id.startswith("reports.")}
        assert mapped == {f"reports.{step}" for step in ("list", "collect", "read", "check")}
        assert len(dag.tasks) == len(mapped) + 3


def test_business_days_are_local_midnight(dagbag: DagBag) -> None:
    zones = {"na": "America/Los_Angeles", "eu": "Europe/Berlin", "fe": "Asia/Tokyo"}
    for region, zone in zones.items():
        timetable = dagbag.dags[f"marketplace_reports_{region}"].timetable
        assert timetable.expression == "0 0 * * *"
        assert str(timetable.timezone) == zone


def test_parsing_imports_nothing_heavy() -> None:
    script = (
        "import sys\n"
        "import airflow.sdk, airflow.triggers.base\n"
        "before = set(sys.modules)\n"
        "sys.path.insert(0, 'dags')\n"
        "import audit, credentials, decisions, import_reports, marketplace_reports, rebuild_warehouse, retention, warehouse\n"
        "heavy = {'pandas', 'duckdb', 'great_expectations', 'pyarrow', 'numpy'} & set(sys.modules)\n"
        "print(sorted(heavy))\n"
    )
    environment = {
        **os.environ,
        "PYTHONPATH": f"{ROOT / 'plugins'}{os.pathsep}{ROOT}",
        "AIRFLOW__CORE__UNIT_TEST_MODE": "True",
    }
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"
