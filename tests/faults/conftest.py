"""A simulated Amazon that is broken on demand, behind real ports, on a clock that waiting moves."""

from __future__ import annotations

import datetime as dt
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from simulator.app import SimulatedAmazon, accounts, listen, server
from simulator.clock import VirtualClock
from simulator.sellers import BY_KEY, Seller
from simulator.world import World
from tests.conftest import naming_simulated_amazon
from tieout.accounts import Account
from tieout.amazon.budget import Budget
from tieout.amazon.clock import Clock
from tieout.amazon.errors import NotYet
from tieout.amazon.login import Credentials, Login
from tieout.amazon.selling_partner import SellingPartner
from tieout.documents import ApiCall, DocumentOutcome, Region, State
from tieout.intake.fetching_again import fetch_doubtful
from tieout.intake.receiving import list_settlements, receive
from tieout.intake.records import Listing
from tieout.intake.settling import check, read, settle
from tieout.lake import CallLog, Keys, Lake, LakeBudgetStore, LakeSizeStore

START = dt.datetime(2026, 8, 31, 15, tzinfo=dt.UTC)
DAY = dt.date(2026, 8, 30)
SEED = 7
REGIONS = ("NA", "EU", "FE")


class WaitingClock(Clock):
    """Amazon's clock: it stands still, and moves when somebody sleeps."""

    amazons: VirtualClock

    def now(self) -> dt.datetime:
        return self.amazons.now()

    def sleep(self, seconds: float) -> None:
        self.amazons.advance(max(0.0, seconds))


@dataclass
class Faulty:
    """A served Amazon, and how to break it."""

    amazon: SimulatedAmazon
    clock: WaitingClock
    urls: dict[str, str]
    accounts: dict[str, dict[str, Any]]

    def suffers(self, *rules: dict[str, Any]) -> None:
        """Ask for faults over the control endpoint."""
        answer = httpx.post(f"{self.urls['login']}/simulator/faults", json=list(rules))
        assert answer.status_code == 201, answer.text

    def recovers(self) -> None:
        """Take all faults back."""
        httpx.delete(f"{self.urls['login']}/simulator/faults")

    def account(self, name: str) -> Account:
        return Account(name=name, region=Region(self.accounts[name]["region"]), connection=f"tieout_{name}")

    def truth(self, account: str) -> dict[str, dict[str, Any]]:
        """What is true of every listed report of an account, by document id."""
        found = self.amazon.truth()["documents"]
        return {f"{account}.{d['report_id']}": d for d in found if d["account"] == account and d["source"] == "api"}

    @contextmanager
    def client(self, account: Account, lake: Lake, timeout: float = 5.0) -> Iterator[SellingPartner]:
        known = self.accounts[account.name]
        credentials = Credentials(known["client_id"], known["client_secret"], known["refresh_token"])
        store = LakeBudgetStore(lake, application="app", region=account.region, account=account.name)
        with httpx.Client(timeout=timeout, verify=False) as http:
            yield SellingPartner(
                region=account.region,
                account=account.name,
                login=Login(credentials, http=http, clock=self.clock, endpoint=self.urls["login"]),
                budget=Budget(store, self.clock),
                clock=self.clock,
                http=http,
                record=CallLog(lake).record,
                endpoint=self.urls[account.region],
                sizes=LakeSizeStore(lake, region=account.region, account=account.name),
            )

    def wait(self, early: NotYet) -> None:
        """What a deferred task does."""
        self.clock.sleep((early.available_at - self.clock.now()).total_seconds())

    def take(self, account: str, lake: Lake, day: dt.date = DAY) -> Listing:
        """List and receive, waiting as the operators do."""
        seller = self.account(account)
        listing = None
        for _ in range(200):
            try:
                with self.client(seller, lake) as client:
                    listing = listing or list_settlements(client, lake, self.clock, seller, day)
                    receive(client, lake, self.clock, listing.documents)
                    fetch_doubtful(client, lake, self.clock, listing.documents)
                return listing
            except NotYet as early:
                self.wait(early)
        raise AssertionError("it never comes to an end")

    def run(self, account: str, lake: Lake, day: dt.date = DAY) -> dict[str, DocumentOutcome]:
        """The whole way of one account and business day; what became of each document."""
        listing = self.take(account, lake, day)
        read(lake, listing.documents)
        check(lake, listing.documents, None)
        outcomes = settle(lake, listing, Keys.outcomes(day, listing.region, account)).outcomes
        # nothing lost and nothing doubled
        assert sorted(o.document.document_id for o in outcomes) == sorted(d.document_id for d in listing.documents)
        assert len({o.document.document_id for o in outcomes}) == len(outcomes)
        return {outcome.document.document_id: outcome for outcome in outcomes}


def calls(lake: Lake) -> list[ApiCall]:
    """The calls for data in the call log, in their order; `token_calls` are the others."""
    return [call for call in _all_calls(lake) if call.operation != "token"]


def token_calls(lake: Lake) -> list[ApiCall]:
    """The calls to Login with Amazon in the call log, in their order."""
    return [call for call in _all_calls(lake) if call.operation == "token"]


def _all_calls(lake: Lake) -> list[ApiCall]:
    lines = [line for key in lake.keys("calls/") for line in (lake.get(key) or b"").splitlines()]
    return sorted((ApiCall.model_validate(json.loads(line)) for line in lines), key=lambda call: call.called_at)


def ended(outcomes: dict[str, DocumentOutcome], document_id: str) -> tuple[State, str | None]:
    """The state and the first reason's code."""
    outcome = outcomes[document_id]
    return outcome.state, outcome.reasons[0].code.value if outcome.reasons else None


@pytest.fixture(scope="session")
def world() -> World:
    """The world is made once."""
    amazon = SimulatedAmazon(SEED, VirtualClock(START, epoch=0, real_now=lambda: 0))
    amazon.truth()
    return amazon.documents.world


def seller(name: str) -> Seller:
    """A seller of the simulated world."""
    return BY_KEY[name]


@pytest.fixture
def amazon(world: World) -> Iterator[Faulty]:
    """An Amazon of its own for each test."""
    yield from served(world)


def served(world: World) -> Iterator[Faulty]:
    """An Amazon behind ports of its own, until the iteration goes on."""
    clock = VirtualClock(START, epoch=0, real_now=lambda: 0)
    fresh = SimulatedAmazon(SEED, clock)
    fresh.documents.world = world
    sockets = listen("127.0.0.1", 0)
    program = server(fresh, sockets, "127.0.0.1")
    thread = threading.Thread(target=program.run, kwargs={"sockets": sockets}, daemon=True)
    thread.start()
    while not program.started:
        assert thread.is_alive()
        time.sleep(0.01)
    ports = [opened.getsockname()[1] for opened in sockets]
    urls = dict(zip((*REGIONS, "login"), (f"http://127.0.0.1:{port}" for port in ports), strict=True))
    waiting = WaitingClock()
    object.__setattr__(waiting, "amazons", clock)
    with naming_simulated_amazon(*urls.values()):
        yield Faulty(fresh, waiting, urls, {each["account"]: each for each in accounts(SEED)})
    program.should_exit = True
    thread.join()
