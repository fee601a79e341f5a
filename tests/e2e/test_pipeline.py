"""The real scheduler, the real S3 server, the simulated Amazon: what `make demo` runs, and then again in other ways.

One file, and so one process of the tests: two of these pipelines at once would take all of the machine.
"""

from __future__ import annotations

import json
import re
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import psutil
import pytest
from rich.console import Console

from demo.airflow_api import AirflowApi
from demo.chaos import compare, differences, tables
from demo.layout import LAKE_BUCKET, Layout, Ports
from demo.report import report
from demo.run import Demo
from demo.services import S3_KEY, Services
from tests.conftest import free_ports

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1500)]
SCALE = 120
"""How fast the simulated Amazon's clock runs. None of these accounts has a report that gets done meanwhile."""
ACCOUNTS = ("aurora_na", "dorado_eu", "hinode_fe")
CHAOS_ACCOUNTS = ("cascade_na", "dorado_eu", "ironbark_fe")
CHAOS_KILLS = 12


def free_block() -> int:
    """The first of so many ports in a row that nobody listens on."""
    while True:
        (first,) = free_ports(1)
        if first < 60000 and not Ports(first).taken():
            return first


@pytest.fixture(scope="module")
def services() -> Iterator[Services]:
    # Not pytest's own folder: Postgres may run as another user, and each start of pytest locks that folder anew.
    with tempfile.TemporaryDirectory(prefix="tieout-e2e-", ignore_cleanup_errors=True) as folder:
        layout = Layout(home=Path(folder).resolve(), ports=Ports(free_block()), scale=SCALE)
        services = Services(layout, accounts=ACCOUNTS)
        try:
            yield services
        finally:
            services.stop()


@pytest.fixture(scope="module")
def first(services: Services) -> dict[str, list[tuple[Any, ...]]]:
    """Two business days of an account in each of three regions, with every source, and one import."""
    demo = Demo(services, Console(quiet=True), days=2)
    demo.start()
    demo.run()
    return tables(services.layout.warehouse)


def changes(first: dict[str, list[tuple[Any, ...]]], services: Services) -> list[str]:
    """What is not as it was after the first runs."""
    return differences(first, tables(services.layout.warehouse))


def wait(airflow: AirflowApi, dag_id: str, runs: int) -> None:
    """Until a DAG has so many runs, all of them have ended, and the warehouse has loaded what they published."""
    deadline = time.monotonic() + 600
    while True:
        found = airflow.runs(dag_id)
        ended = len(found) >= runs and all(run["state"] in ("success", "failed") for run in found)
        if ended and airflow.everything_loaded():
            return
        assert time.monotonic() < deadline
        time.sleep(1.5)


def test_every_settlement_ties_out_and_every_broken_document_is_named(
    services: Services, first: dict[str, list[tuple[Any, ...]]]
) -> None:
    console = Console(record=True, width=150, quiet=True)
    assert report(console, services)
    states = [row[5] for row in first["ops.document"]]
    assert states.count("loaded") >= 100
    assert states.count("quarantined") >= 3
    assert set(states) == {"loaded", "quarantined", "skipped"}


def test_a_backfill_over_loaded_days_changes_nothing(
    services: Services, first: dict[str, list[tuple[Any, ...]]]
) -> None:
    airflow = AirflowApi(services.airflow_url)
    runs = len(airflow.runs("marketplace_reports_fe"))
    airflow.backfill("marketplace_reports_fe", "2026-08-29", "2026-08-30", again=True)
    wait(airflow, "marketplace_reports_fe", runs + 2)
    assert changes(first, services) == []


def test_clearing_every_task_of_a_day_changes_nothing(
    services: Services, first: dict[str, list[tuple[Any, ...]]]
) -> None:
    airflow = AirflowApi(services.airflow_url)
    run = airflow.runs("marketplace_reports_na")[-1]
    airflow.clear("marketplace_reports_na", run["dag_run_id"])
    wait(airflow, "marketplace_reports_na", 1)
    again = next(r for r in airflow.runs("marketplace_reports_na") if r["dag_run_id"] == run["dag_run_id"])
    assert again["start_date"] > run["start_date"]
    assert changes(first, services) == []


def test_the_demo_run_twice_is_quick_and_changes_nothing(
    services: Services, first: dict[str, list[tuple[Any, ...]]]
) -> None:
    airflow = AirflowApi(services.airflow_url)
    before = {dag_id: len(airflow.runs(dag_id)) for dag_id in airflow.dag_ids()}
    demo = Demo(services, Console(quiet=True), days=2)
    demo.start()
    demo.run()
    assert {dag_id: len(airflow.runs(dag_id)) for dag_id in airflow.dag_ids()} == before
    assert changes(first, services) == []


def test_a_long_wait_for_the_rate_budget_was_deferred(
    services: Services, first: dict[str, list[tuple[Any, ...]]]
) -> None:
    logs = services.layout.airflow_home.rglob("task_id=reports.collect/**/*.log")
    # the worker slot was given up, and the trigger woke the task again
    waited = [log for log in logs if "the rate budget is spent" in log.read_text()]
    assert waited
    assert all(any(log.parent.glob(f"{log.name}.trigger.*")) for log in waited)


def test_no_secret_is_written_down(services: Services, first: dict[str, list[tuple[Any, ...]]]) -> None:
    """Every log, page and table of Airflow (XCom, rendered fields, trigger arguments), object of the lake, and row of the
    warehouse is searched for each secret that there is, for access tokens, and for signatures of signed URLs."""
    from demo.connections import simulated_accounts, simulated_developers

    layout = services.layout
    secrets = [account[name] for account in simulated_accounts() for name in ("client_secret", "refresh_token")]
    secrets += [developer["client_secret"] for developer in simulated_developers()]
    secrets += list(json.loads((layout.home / "secrets.json").read_text()).values())
    patterns = re.compile(
        "|".join(
            [re.escape(secret) for secret in secrets] + [r"Atza\|", r"Atc\|", r"X-Amz-Signature=(?!\*\*\*)"]
        ).encode()
    )
    searched: Counter[str] = Counter()
    leaks = []
    for kind, name, content in everything_kept(services):
        searched[kind] += 1
        if patterns.search(content):
            leaks.append((kind, name))
    assert leaks == []
    assert searched["file"] > 60  # logs and Data Docs
    assert searched["lake"] > 400
    assert searched["xcom"] > 20
    assert searched["warehouse"] > 1000


def test_a_planted_buyer_is_nowhere_but_in_personal(
    services: Services, first: dict[str, list[tuple[Any, ...]]]
) -> None:
    """The simulated reports tell of a buyer: her values are in the received bytes under `personal/` and nowhere else."""
    from simulator.sources.persons import BUYER
    from tests.everything import text_of

    values = (BUYER.name, BUYER.street, BUYER.city, BUYER.email, BUYER.phone, BUYER.tax_number)
    planted: set[str] = set()
    leaks = []
    for kind, name, content in everything_kept(services):
        packed = kind == "lake" or name.endswith((".parquet", ".gz", ".zip"))
        text = text_of(content) if packed else content.decode("latin-1")
        found = [value for value in values if value in text]
        if kind == "lake" and name.startswith("personal/"):
            planted.update(found)
        elif found:
            leaks.append((kind, name, found))
    assert leaks == []
    assert planted == set(values)


def everything_kept(services: Services) -> Iterator[tuple[str, str, bytes]]:
    """All that a run leaves behind: kind, name, content."""
    import boto3
    import psycopg2
    from cryptography.fernet import Fernet

    layout = services.layout
    for path in layout.home.rglob("*"):
        if path.is_file() and not {layout.postgres, layout.s3} & set(path.parents) and path.name != "secrets.json":
            yield "file", str(path), path.read_bytes()
    s3 = boto3.client(
        "s3",
        endpoint_url=services.s3_url,
        aws_access_key_id=S3_KEY,
        aws_secret_access_key=layout.secret("s3"),
        region_name="us-east-1",
    )
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=LAKE_BUCKET):
        for item in page["Contents"]:
            body = s3.get_object(Bucket=LAKE_BUCKET, Key=item["Key"])["Body"].read()
            yield "lake", item["Key"], body
    fernet = Fernet(services.fernet_key)
    with psycopg2.connect(services.database_url) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
        for (table,) in cursor.fetchall():
            cursor.execute(f'SELECT t::text FROM "{table}" AS t')
            for (row,) in cursor.fetchall():
                yield table, table, row.encode()
        cursor.execute("SELECT kwargs FROM trigger")
        for (arguments,) in cursor.fetchall():
            yield "trigger arguments", "trigger", fernet.decrypt(arguments.encode())
    with duckdb.connect(str(layout.warehouse), read_only=True) as connection:
        names = connection.execute("SELECT schema_name || '.' || table_name FROM duckdb_tables()").fetchall()
        for (name,) in names:
            for (row,) in connection.execute(f"SELECT a::VARCHAR FROM {name} AS a").fetchall():
                yield "warehouse", name, row.encode()


def test_a_backfill_of_an_earlier_day_brings_its_own_rows_and_takes_none(
    services: Services, first: dict[str, list[tuple[Any, ...]]]
) -> None:
    """Pain 5: what reports of later days told stands, though those of the earlier day are made later."""
    airflow = AirflowApi(services.airflow_url)
    runs = len(airflow.runs("marketplace_reports_fe"))
    airflow.backfill("marketplace_reports_fe", "2026-08-28", "2026-08-28")
    wait(airflow, "marketplace_reports_fe", runs + 1)
    now = tables(services.layout.warehouse)
    coverage = "core.coverage"
    core = [name for name in first if name.startswith("core.") and name != coverage]
    gone = {name: Counter(first[name]) - Counter(now[name]) for name in core}
    assert [(name, row) for name, rows in gone.items() for row in rows] == []
    # what was covered is: region, account, source and marketplace, from, until
    stretches = [(row[:4], row[4], row[5]) for row in now[coverage]]
    assert all(
        any(row[:4] == what and since <= row[4] and row[5] <= until for what, since, until in stretches)
        for row in first[coverage]
    )
    settled = ["core.settlement", "core.settlement_line", "core.settlement_version", "mart.settlement_tie_out"]
    settled += ["mart.settlement_by_category", "mart.settlement_chain", "mart.reserve_roll_forward"]
    assert {name: now[name] for name in settled} == {name: first[name] for name in settled}


def test_after_stop_no_process_is_left(services: Services, first: dict[str, list[tuple[Any, ...]]]) -> None:
    assert services.stop() >= 7
    home = str(services.layout.home)
    left = []
    for process in psutil.process_iter():
        try:
            if process.status() != psutil.STATUS_ZOMBIE and any(home in word for word in process.cmdline()):
                left.append(process.cmdline())
            if process.status() != psutil.STATUS_ZOMBIE and process.environ().get("AIRFLOW_HOME", "").startswith(home):
                left.append(process.cmdline())
        except psutil.Error:
            continue
    assert left == []


def test_a_port_that_is_taken_gives_a_clear_error(services: Services, tmp_path: Path) -> None:
    import socket

    from demo.layout import DemoError

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        layout = Layout(home=tmp_path, ports=Ports(port), scale=240)
        with pytest.raises(
            DemoError, match=rf"another program listens on port {port} \(for Airflow\).*TIEOUT_DEMO_PORT="
        ):
            Services(layout).start(lambda text: None)
    assert list(tmp_path.iterdir()) == []


def test_under_faults_and_kills_the_warehouse_is_that_of_a_quiet_run() -> None:
    """The short form of `make chaos`: the settlements of three accounts, one business day.

    Pains 5 and 36: whatever dies in the middle and is run again, nothing is lost and nothing is doubled.
    """
    found = compare(5, CHAOS_KILLS, 1, print, accounts=CHAOS_ACCOUNTS, families="", port=free_block(), scale=SCALE)
    killed = found.run.saboteur.killed
    assert killed.total() == CHAOS_KILLS
    assert killed["task"] >= 1
    assert found.run.hits.total() >= 10
    assert len(found.expected["core.settlement"]) >= 50
    assert not found.differences, "\n".join(found.differences)
