"""A simulated Amazon on loopback, and its accounts."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import urlopen

import httpx
import pytest

from tests.conftest import free_block, naming_simulated_amazon
from tieout.accounts import Account
from tieout.amazon.budget import Budget
from tieout.amazon.clock import Clock
from tieout.amazon.login import Credentials, Login
from tieout.amazon.selling_partner import SellingPartner
from tieout.documents import Region
from tieout.lake import CallLog, Lake, LakeBudgetStore

ROOT = Path(__file__).resolve().parents[2]
SEED = "7"
INSTANT = "2026-08-31T15:30:00Z"
SCALE = 200


@dataclass(frozen=True)
class Amazon:
    """A running simulated Amazon."""

    port: int
    clock: Clock
    accounts: dict[str, dict[str, Any]]

    def account(self, name: str) -> Account:
        return Account(name=name, region=Region(self.accounts[name]["region"]), connection=f"tieout_{name}")

    def truth(self) -> list[dict[str, Any]]:
        with urlopen(f"http://127.0.0.1:{self.port}/simulator/truth") as answer:
            return json.loads(answer.read())["documents"]

    def planted(self) -> list[dict[str, Any]]:
        """What is wrong in the simulated world now."""
        found = []
        for region in ("NA", "EU", "FE"):
            with urlopen(f"http://127.0.0.1:{self.port}/simulator/clock") as answer:
                now = json.loads(answer.read())["now"]
            query = urlencode({"region": region, "until": now, "at": now})
            with urlopen(f"http://127.0.0.1:{self.port}/simulator/planted?{query}") as answer:
                found += json.loads(answer.read())
        return found

    @contextmanager
    def client(self, account: Account, lake: Lake) -> Iterator[SellingPartner]:
        known = self.accounts[account.name]
        offset = ("NA", "EU", "FE").index(account.region)
        credentials = Credentials(known["client_id"], known["client_secret"], known["refresh_token"])
        store = LakeBudgetStore(lake, application="app", region=account.region, account=account.name)
        with httpx.Client() as http:
            yield SellingPartner(
                region=account.region,
                account=account.name,
                login=Login(credentials, http=http, clock=self.clock, endpoint=f"http://127.0.0.1:{self.port + 3}"),
                budget=Budget(store, self.clock),
                clock=self.clock,
                http=http,
                record=CallLog(lake).record,
                endpoint=f"http://127.0.0.1:{self.port + offset}",
            )


Client = Callable[[Account, Lake], AbstractContextManager[SellingPartner]]


@pytest.fixture(scope="session")
def amazon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Amazon]:
    """A simulated Amazon whose clock runs fast."""
    spec = f"{INSTANT}@{time.time():.3f}x{SCALE}"
    port = free_block(4)
    listed = subprocess.run(
        [sys.executable, "-m", "simulator", "accounts", "--seed", SEED], cwd=ROOT, check=True, capture_output=True
    )
    log = tmp_path_factory.mktemp("amazon") / "log"
    command = [sys.executable, "-m", "simulator", "serve", "--clock", spec, "--seed", SEED, "--port", str(port)]
    with log.open("wb") as output:
        server = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=output)
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                urlopen(f"http://127.0.0.1:{port + 3}/simulator/health").close()
                break
            except (URLError, OSError):
                if server.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(log.read_text()[-2000:]) from None
                time.sleep(0.2)
        accounts = {each["account"]: each for each in json.loads(listed.stdout)}
        with naming_simulated_amazon(*(f"http://127.0.0.1:{port + number}" for number in range(4))):
            yield Amazon(port, Clock.parse(spec), accounts)
    finally:
        server.kill()
        server.wait()
