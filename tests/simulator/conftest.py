"""The simulated Amazon as the tests see it: a world of seed 7 whose clock stands still until a test moves it."""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from fastapi.testclient import TestClient

from simulator.app import SimulatedAmazon, accounts, listen, server
from simulator.clock import VirtualClock
from simulator.marketplaces import REGIONS
from tests.conftest import naming_simulated_amazon

START = dt.datetime(2026, 8, 31, 15, tzinfo=dt.UTC)
SETTLEMENTS = "GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE_V2"


def frozen_clock() -> VirtualClock:
    """A clock that shows START until it is advanced."""
    return VirtualClock(START, epoch=0, real_now=lambda: 0)


@pytest.fixture(scope="session")
def amazon() -> SimulatedAmazon:
    """A world to look at; its clock must stay where it is."""
    return SimulatedAmazon(7, frozen_clock())


@pytest.fixture(scope="session")
def truth(amazon: SimulatedAmazon) -> list[dict[str, Any]]:
    """What is true of every document at START."""
    return amazon.truth()["documents"]


@pytest.fixture(scope="session")
def credentials() -> dict[str, dict[str, Any]]:
    """The accounts of seed 7, by name."""
    return {account["account"]: account for account in accounts(7)}


@dataclass
class Protocol:
    """The four endpoints without a network, and how to call them."""

    amazon: SimulatedAmazon
    regions: dict[str, TestClient]
    login: TestClient
    accounts: dict[str, dict[str, Any]]

    def token(self, account: str) -> str:
        given = self.accounts[account]
        form = {name: given[name] for name in ("client_id", "client_secret", "refresh_token")}
        answer = self.login.post("/auth/o2/token", data={"grant_type": "refresh_token", **form})
        assert answer.status_code == 200, answer.text
        return answer.json()["access_token"]

    def get(self, account: str, path: str, token: str | None = None, **query: Any) -> Any:
        headers = {"x-amz-access-token": token or self.token(account)}
        return self.regions[self.accounts[account]["region"]].get(
            f"/reports/2021-06-30{path}", params=query, headers=headers
        )

    def reports(self, account: str, **query: Any) -> list[dict[str, Any]]:
        answer = self.get(account, "/reports", **{"reportTypes": SETTLEMENTS, "pageSize": 100, **query})
        assert answer.status_code == 200, answer.text
        return answer.json()["reports"]


@pytest.fixture
def protocol(amazon: SimulatedAmazon, credentials: dict[str, dict[str, Any]]) -> Protocol:
    """An Amazon that remembers no caller, over the session's world, with a clock of its own."""
    fresh = SimulatedAmazon(7, frozen_clock())
    fresh.documents.world = amazon.documents.world
    regions = {region: TestClient(fresh.region_app(region, f"http://{region.lower()}.test")) for region in REGIONS}
    return Protocol(fresh, regions, TestClient(fresh.login_app()), credentials)


@dataclass
class Live:
    """A served Amazon: the base URL of each region, and of Login with Amazon."""

    regions: dict[str, str]
    login: str
    amazon: SimulatedAmazon


@contextmanager
def serving(amazon: SimulatedAmazon) -> Iterator[Live]:
    """An Amazon that remembers no caller, over another one's world, behind real ports."""
    fresh = SimulatedAmazon(7, frozen_clock())
    fresh.documents.world = amazon.documents.world
    sockets = listen("127.0.0.1", 0)
    ports = [opened.getsockname()[1] for opened in sockets]
    program = server(fresh, sockets, "127.0.0.1")
    thread = threading.Thread(target=program.run, kwargs={"sockets": sockets}, daemon=True)
    thread.start()
    while not program.started:
        assert thread.is_alive()
        time.sleep(0.01)
    urls = [f"http://127.0.0.1:{port}" for port in ports]
    with naming_simulated_amazon(*urls):
        yield Live(dict(zip(REGIONS, urls[:-1], strict=True)), urls[-1], fresh)
    program.should_exit = True
    thread.join()


@pytest.fixture(scope="session")
def live(amazon: SimulatedAmazon) -> Iterator[Live]:
    """An Amazon behind real ports."""
    with serving(amazon) as found:
        yield found
