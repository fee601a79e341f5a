"""A developer's console of the simulated Appstore, on a clock that waiting moves."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from simulator.app import SimulatedAmazon
from simulator.appstore.files import Reports
from simulator.clock import VirtualClock
from tieout.amazon.appstore import Appstore, SecurityProfile
from tieout.amazon.budget import Budget, BudgetStore, MemoryBudgetStore
from tieout.amazon.clock import Clock
from tieout.documents import ApiCall

START = dt.datetime(2026, 8, 31, 15, 30, tzinfo=dt.UTC)
URL = "http://testserver"
_REPORTS: list[Reports] = []


class WaitingClock(Clock):
    """Amazon's clock: it stands still, and moves when somebody sleeps."""

    amazons: VirtualClock

    def now(self) -> dt.datetime:
        return self.amazons.now()

    def sleep(self, seconds: float) -> None:
        self.amazons.advance(max(0.0, seconds))


@dataclass
class Console:
    """A served Appstore without a network, and how to break it: see `simulator.appstore.api.Trouble`."""

    amazon: SimulatedAmazon
    clock: WaitingClock
    http: TestClient
    calls: list[ApiCall] = field(default_factory=list)
    since: dt.date | None = None
    """The first month that the developer is asked for."""

    @property
    def trouble(self):  # type: ignore[no-untyped-def]
        return self.amazon.appstore.trouble

    def client(self, store: BudgetStore | None = None, secret: str | None = None) -> Appstore:
        known = self.amazon.appstore
        profile = SecurityProfile(
            known.client_id, secret or known.client_secret, http=self.http, clock=self.clock, endpoint=URL
        )
        return Appstore(
            account="truckworks",
            login=profile,
            budget=Budget(store or MemoryBudgetStore(), self.clock),
            clock=self.clock,
            http=self.http,
            record=self.calls.append,
            endpoint=URL,
        )

    def pass_time(self, **duration: float) -> None:
        self.clock.amazons.advance(dt.timedelta(**duration).total_seconds())


def new_console(start: dt.datetime = START) -> Console:
    """A console whose clock stands at an instant."""
    amazon = SimulatedAmazon(7, VirtualClock(start, epoch=0, real_now=lambda: 0))
    if _REPORTS:  # the same world, which takes a second to make
        amazon.appstore.reports = Reports(_REPORTS[0]._world)
    else:
        _REPORTS.append(amazon.appstore.reports)
    clock = WaitingClock()
    object.__setattr__(clock, "amazons", amazon.clock)
    return Console(amazon, clock, TestClient(amazon.login_app(URL)))


@pytest.fixture
def console() -> Console:
    return new_console()


@pytest.fixture
def body(tmp_path: Path) -> Path:
    return tmp_path / "body"
