"""Fixtures that more than one folder of tests uses."""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tieout.lake import Lake
from tieout.warehouse import Warehouse

ROOT = Path(__file__).resolve().parents[1]

# Before Airflow is imported for the first time: an Airflow of the tests' own, on SQLite, not the one of this shell.
for name in [name for name in os.environ if name.startswith("AIRFLOW")]:
    del os.environ[name]
os.environ |= {
    "AIRFLOW_HOME": tempfile.mkdtemp(prefix="tieout-airflow-"),
    "AIRFLOW__CORE__UNIT_TEST_MODE": "True",
    "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
    "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
    "TIEOUT_IMPORT_PLACES": tempfile.gettempdir(),
    "TIEOUT_SIMULATED_AMAZON": "http://testserver",  # the address of an app without a network
}
os.environ["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"] = f"sqlite:///{os.environ['AIRFLOW_HOME']}/airflow.db"


def _recent_exchange_rates() -> Path:
    """The newest year of the European Central Bank's rates: each warehouse of the tests is quicker without the rest."""
    package = importlib.util.find_spec("currency_converter")
    assert package is not None
    assert package.origin is not None
    with zipfile.ZipFile(Path(package.origin).with_name("eurofxref-hist.zip")) as archive:
        lines = archive.read(archive.namelist()[0]).decode("utf-8-sig").splitlines()
    newest = sorted(lines[1:], reverse=True)[:260]
    path = Path(os.environ["AIRFLOW_HOME"]) / "rates.csv"
    path.write_text("\n".join([lines[0], *newest]) + "\n", encoding="utf-8")
    return path


os.environ["TIEOUT_EXCHANGE_RATES"] = str(_recent_exchange_rates())

_status = 0


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    global _status
    _status = int(exitstatus)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """Clean up and leave at once.

    DuckDB 2.0's binding prints a page about leaked instances when an interpreter ends in which SQLAlchemy has used it,
    and the summary of the tests has to be the last thing that is seen.
    """
    shutil.rmtree(os.environ["AIRFLOW_HOME"], ignore_errors=True)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(_status)


@contextmanager
def naming_simulated_amazon(*origins: str) -> Iterator[None]:
    """Name origins of a simulated Amazon in this process's environment, beside those of other fixtures."""
    name = "TIEOUT_SIMULATED_AMAZON"
    before = os.environ.get(name, "")
    os.environ[name] = ",".join(filter(None, (before, *origins)))
    try:
        yield
    finally:
        left = os.environ[name].split(",")
        for origin in origins:
            left.remove(origin)
        os.environ[name] = ",".join(left)


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on just now."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


def free_block(count: int) -> int:
    """The first of so many ports in a row that nobody listens on just now."""
    while True:
        (first,) = free_ports(1)
        try:
            for port in range(first, first + count):
                with socket.socket() as each:
                    each.bind(("127.0.0.1", port))
        except (OSError, OverflowError):
            continue
        return first


@pytest.fixture(scope="session")
def s3_client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[object]:
    """A boto3 client of a real S3 server that checks signatures."""
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

    folder = tmp_path_factory.mktemp("s3")
    names = ("s3.port", "s3.port.grpc", "master.port", "master.port.grpc", "volume.port", "volume.port.grpc")
    names += ("filer.port", "filer.port.grpc", "admin.port", "admin.port.grpc")
    ports = dict(zip(names, free_ports(len(names)), strict=True))
    command = [str(Path(sys.executable).parent / "weed"), "-logtostderr=true", "mini", f"-dir={folder}"]
    command += ["-ip=127.0.0.1", "-ip.bind=127.0.0.1", *(f"-{name}={port}" for name, port in ports.items())]
    command += ["-master.telemetry=false", "-webdav=false", "-admin.ui=false", "-s3.port.lance=0", "-s3.port.iceberg=0"]
    keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "not-a-secret"}
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(command, env={**os.environ, **keys}, stdout=log, stderr=log)
    client = boto3.client(
        "s3",
        endpoint_url=f"http://127.0.0.1:{ports['s3.port']}",
        aws_access_key_id=keys["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=keys["AWS_SECRET_ACCESS_KEY"],
        region_name="us-east-1",
    )
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                client.list_buckets()
                break
            except (BotoCoreError, ClientError):
                if server.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError((folder / "log").read_text()[-2000:]) from None
                time.sleep(0.2)
        yield client
    finally:
        server.kill()
        server.wait()


@pytest.fixture
def lake(s3_client: object, request: pytest.FixtureRequest) -> Iterator[Lake]:
    """An empty bucket of its own, gone after the test: the server has room for a hundred buckets or so."""
    import uuid

    bucket = f"test-{uuid.uuid4().hex[:20]}"
    s3_client.create_bucket(Bucket=bucket)  # type: ignore[attr-defined]
    yield Lake(s3_client, bucket)  # type: ignore[arg-type]
    s3_client.delete_bucket(Bucket=bucket)  # type: ignore[attr-defined]


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of which nothing is loaded, made once because making it takes longer than most tests."""
    path = tmp_path_factory.mktemp("empty") / "warehouse.duckdb"
    Warehouse(path).build_marts()
    return path


@pytest.fixture
def made(empty: Path, tmp_path: Path) -> Callable[[str], Warehouse]:
    """Makes an empty warehouse of a name."""

    def make(name: str) -> Warehouse:
        path = tmp_path / f"{name}.duckdb"
        shutil.copyfile(empty, path)
        return Warehouse(path, memory_limit="500MB")

    return make


@pytest.fixture
def warehouse(made: Callable[[str], Warehouse]) -> Warehouse:
    return made("warehouse")
