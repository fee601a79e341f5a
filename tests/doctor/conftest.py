"""Accounts of a simulated Amazon behind real ports, to be examined."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from simulator.app import SimulatedAmazon, accounts
from tests.simulator.conftest import Live, frozen_clock, serving
from tieout.accounts import Account
from tieout.amazon.budget import BudgetStore, MemoryBudgetStore
from tieout.amazon.connection import SellerConnection
from tieout.doctor.findings import Examination, Finding
from tieout.doctor.seller import examine_seller
from tieout.documents import Region
from tieout.reports.families import chosen


@pytest.fixture(scope="module")
def world() -> SimulatedAmazon:
    return SimulatedAmazon(7, frozen_clock())


@pytest.fixture
def live(world: SimulatedAmazon) -> Iterator[Live]:
    with serving(world) as found:
        yield found


def connection(live: Live, name: str, path: str = "", secret: str = "", **changes: Any) -> SellerConnection:
    """The connection of an account; None leaves a field of its extra out."""
    given = {each["account"]: each for each in accounts(7)}[name]
    extra = {
        "refresh_token": given["refresh_token"],
        "region": given["region"],
        "login_endpoint": live.login,
        "clock": f"{live.amazon.clock.now().isoformat()}@{time.time()}x1",
        **changes,
    }
    return SellerConnection.read(
        f"tieout_{name}",
        host=live.regions[given["region"]] + path,
        login=given["client_id"],
        password=secret or given["client_secret"],
        extra={key: value for key, value in extra.items() if value is not None},
    )


Examine = Callable[..., Examination]


@pytest.fixture
def examine(live: Live) -> Examine:
    """Examines an account of the simulated Amazon."""

    def run(name: str, *rules: dict[str, Any], store: BudgetStore | None = None, **changes: Any) -> Examination:
        if rules:
            live.amazon.rules.add(list(rules))
        known = connection(live, name, **changes)
        assert known.region
        account = Account(name=name, region=Region(known.region), connection=known.name)
        return examine_seller(known, account, chosen(None), store or MemoryBudgetStore())

    return run


def of(found: Examination, check: str) -> Finding:
    (finding,) = (each for each in found.findings if each.check == check)
    return finding
