"""The tasks of `appstore_reports`, by their Airflow connections, against the simulated Appstore."""

from __future__ import annotations

import datetime as dt
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowFailException

from simulator.app import SimulatedAmazon, listen, server
from simulator.clock import VirtualClock
from tests.appstore.test_months import only
from tests.conftest import naming_simulated_amazon
from tieout.documents import Region
from tieout.hooks.appstore import AppstoreProfile
from tieout.lake import Keys, Lake
from tieout.operators import appstore, reports
from tieout.operators.appstore import PlanDevelopersOperator, ProveAppstoreOperator, ReceiveAppstoreOperator
from tieout.settings import settings

DAY = dt.date(2026, 8, 30)
CONTEXT: Any = {"partition_key": DAY.isoformat(), "dag": SimpleNamespace(dag_id="appstore_reports")}
START = "2026-08-31T15:30:00+00:00"


@pytest.fixture
def amazon(monkeypatch: pytest.MonkeyPatch, lake: Lake, tmp_path: Path) -> Iterator[SimulatedAmazon]:
    """A served Appstore, an accounts file and a connection."""
    epoch = time.time()
    found = SimulatedAmazon(7, VirtualClock(dt.datetime.fromisoformat(START), epoch=epoch, scale=600))
    sockets = listen("127.0.0.1", 0)
    url = f"http://127.0.0.1:{sockets[-1].getsockname()[1]}"
    served = server(found, sockets, "127.0.0.1")
    thread = threading.Thread(target=served.run, kwargs={"sockets": sockets}, daemon=True)
    thread.start()
    while not served.started:
        time.sleep(0.02)
    connection = {
        "conn_type": "amazon_appstore",
        "host": url,
        "login": found.appstore.client_id,
        "password": found.appstore.client_secret,
        "extra": {"login_endpoint": url, "clock": f"{START}@{epoch}x600"},
    }
    monkeypatch.setenv("AIRFLOW_CONN_TIEOUT_TRUCKWORKS", json.dumps(connection))
    accounts = tmp_path / "accounts.yaml"
    accounts.write_text("accounts: []\ndevelopers: [{name: truckworks, since: 2026-01-15}]\n")
    monkeypatch.setenv("TIEOUT_ACCOUNTS_FILE", str(accounts))
    monkeypatch.setenv("TIEOUT_DATA_DOCS", str(tmp_path / "docs"))
    settings.cache_clear()
    for module in (appstore, reports):
        monkeypatch.setattr(module, "LakeHook", lambda: SimpleNamespace(lake=lambda: lake))
    with naming_simulated_amazon(url):
        yield found
    served.should_exit = True
    thread.join()
    settings.cache_clear()


def test_plan_receive_and_prove(amazon: SimulatedAmazon, lake: Lake) -> None:
    only(SimpleNamespace(trouble=amazon.appstore.trouble), "sales/2026-08", "subscription/2026-07")  # type: ignore[arg-type]
    (account,) = PlanDevelopersOperator(task_id="plan_developers").execute(CONTEXT)
    assert account == {
        "name": "truckworks",
        "region": "APPSTORE",
        "connection": "tieout_truckworks",
        "client": None,
        "since": "2026-01-15",
    }
    assert ReceiveAppstoreOperator(task_id="receive", account=account).execute(CONTEXT) == 2
    assert ProveAppstoreOperator(task_id="prove", account=account).execute(CONTEXT) == {
        "ready": 2,
        "skipped": 23,
    }  # three kinds since January, and the earnings of the year
    kept = [lake.get(key) or b"" for key in lake.keys("")]
    secrets = (amazon.appstore.client_secret.encode(), b"Atc|", b"X-Amz-Signature=")
    assert not [each for each in kept if any(secret in each for secret in secrets)]
    assert list(lake.keys(Keys.calls_of_region(Region.APPSTORE)))


def test_a_profile_that_is_not_attached_fails_at_once_and_the_test_button_says_why(amazon: SimulatedAmazon) -> None:
    amazon.appstore.trouble.attached = False
    (account,) = PlanDevelopersOperator(task_id="plan_developers").execute(CONTEXT)
    with pytest.raises(AirflowFailException, match="click Attach"):
        ReceiveAppstoreOperator(task_id="receive", account=account).execute(CONTEXT)
    works, said = AppstoreProfile("tieout_truckworks").test_connection()
    assert not works
    assert "click Attach" in said
    amazon.appstore.trouble.attached = True
    assert AppstoreProfile("tieout_truckworks").test_connection()[0]
    assert amazon.appstore.client_secret not in repr(AppstoreProfile("tieout_truckworks").connection)
