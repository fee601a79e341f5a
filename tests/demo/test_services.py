"""Servers that are stopped and started again."""

from __future__ import annotations

import tempfile
from pathlib import Path

import psycopg2

from demo.layout import Layout, Ports
from demo.services import Services


def test_postgres_can_be_stopped_and_started_again_by_one_process() -> None:
    with tempfile.TemporaryDirectory(prefix="tieout-demo-") as folder:
        services = Services(Layout(Path(folder).resolve(), Ports(7800), scale=1))
        try:
            for _ in range(2):
                url = services._start_postgres().replace("+psycopg2", "")
                psycopg2.connect(url).close()
                assert services._stop_postgres() == 1
        finally:
            services._stop_postgres()
