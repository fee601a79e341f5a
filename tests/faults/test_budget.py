"""The rate budget at Amazon's real rates: never too much, hardly a call or a second more than it takes.

The clock runs 100 times as fast as the real one, so a tenth of a second that this machine needs counts as ten of
Amazon's; on the real clock all of it vanishes beside the minutes between two calls. So the time is measured by
`make bench`, on a slower clock (`TIEOUT_BUDGET_SCALE`); here it may not be far off. The operators defer while they wait,
which takes at least six seconds of the machine's clock (`tieout.triggers.instant`); the workers here wait exactly.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from tests.conftest import free_block, naming_simulated_amazon
from tests.faults.conftest import calls
from tieout.amazon.budget import LIMITS
from tieout.amazon.clock import Clock
from tieout.lake import Lake

ROOT = Path(__file__).resolve().parents[2]
SCALE = float(os.environ.get("TIEOUT_BUDGET_SCALE", "100"))
MOST_TIME = 1.05 if SCALE <= 40 else 1.25
"""In comparison with what the budget allows."""
DOCUMENTS = 100
# a settlement a day for ninety days, half of them made again: more than a hundred documents of one account
RULES = [{"fault": "reissued", "account": "cascade_na", "probability": 0.5, "at": "2026-08-30T00:00:00Z"}]


class Served(NamedTuple):
    port: int
    clock: str
    accounts: dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The simulated Amazon as a process of its own, with a history of 300 days."""
    folder = tmp_path_factory.mktemp("amazon")
    (folder / "faults.json").write_text(json.dumps(RULES))
    port = free_block(4)
    simulator = [sys.executable, "-m", "simulator"]
    environment = {**os.environ, "PYTHONPATH": f"{ROOT / 'plugins'}{os.pathsep}{ROOT}"}
    listed = subprocess.run([*simulator, "accounts"], cwd=ROOT, check=True, capture_output=True, env=environment)
    clock = f"2026-08-31T15:30:00Z@{time.time():.3f}x{SCALE:g}"
    command = [*simulator, "serve", "--port", str(port), "--clock", clock, "--opened", "2025-11-04"]
    with (folder / "log").open("wb") as log:
        command += ["--faults", str(folder / "faults.json")]
        server = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log, env=environment)
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                # the world is made when it is looked at first: not while time is taken
                urlopen(f"http://127.0.0.1:{port}/simulator/truth").close()
                break
            except (URLError, OSError):
                if server.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError((folder / "log").read_text()[-2000:]) from None
                time.sleep(0.2)
        with naming_simulated_amazon(*(f"http://127.0.0.1:{port + number}" for number in range(4))):
            yield Served(port, clock, {each["account"]: each for each in json.loads(listed.stdout)})
    finally:
        server.kill()
        server.wait()


def run(served: Served, lake: Lake, account: str, documents: int) -> dict[str, Any]:
    """A worker process, from its start to its end."""
    job = {
        "account": served.accounts[account],
        "clock": served.clock,
        "port": served.port,
        "s3": lake.client.meta.endpoint_url,
        "bucket": lake.bucket,
        "day": "2026-08-30",
        "documents": documents,
    }
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.worker"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{ROOT / 'plugins'}{os.pathsep}{ROOT}"},
        input=json.dumps(job),
        text=True,
        capture_output=True,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


def test_a_hundred_settlements_take_the_calls_and_the_time_that_the_budget_allows(served: Served, lake: Lake) -> None:
    """Pain 30: what limits is Amazon's budget and nothing else."""
    result = run(served, lake, "cascade_na", DOCUMENTS)
    made = [call for call in calls(lake) if call.operation in LIMITS]
    limit = LIMITS["getReportDocument"]
    least_calls = 1 + result["listed"] // 100 + DOCUMENTS
    least_seconds = (DOCUMENTS - limit.burst) / limit.rate
    print(  # noqa: T201
        f"{len(made)} calls (least {least_calls}), {result['took']:.0f} s of Amazon's time (least {least_seconds:.0f}),"
        f" {len(result['waited'])} waits, {sum(result['waited']):.0f} s of it without a worker,"
        f" {result['busy']:.1f} s of the machine's time at work"
    )
    assert len([key for key in lake.keys("raw/") if key.endswith("/manifest.json")]) == DOCUMENTS
    assert {call.status for call in calls(lake)} == {200}  # no 429
    assert least_calls <= len(made) <= 1.05 * least_calls
    assert least_seconds <= result["took"] <= MOST_TIME * least_seconds
    # it waits for many calls at a time
    assert len(result["waited"]) <= 10


def test_two_workers_an_account_in_three_regions_never_take_more_than_the_budget(served: Served, lake: Lake) -> None:
    """Pain 29: the budget is one for all processes; six of them at once, and Amazon refuses none."""
    jobs = [account for account in ("aurora_na", "dorado_eu", "ironbark_fe") for _ in range(2)]
    before = Clock.parse(served.clock).now()
    with ThreadPoolExecutor(len(jobs)) as pool:
        results = list(pool.map(lambda account: run(served, lake, account, 20), jobs))
    passed = (Clock.parse(served.clock).now() - before).total_seconds()
    assert all(result["listed"] >= 8 for result in results)
    made = calls(lake)
    assert {call.status for call in made} == {200}
    for account in set(jobs):
        for operation in ("getReports", "getReportDocument"):
            count = len([c for c in made if (c.account, c.operation) == (account, operation)])
            assert 0 < count <= LIMITS[operation].burst + passed * LIMITS[operation].rate
    # every document came, whoever fetched it
    for account, result in zip(jobs, results, strict=True):
        kept = [key for key in lake.keys("raw/") if f"/{account}/" in key and key.endswith("manifest.json")]
        assert len(kept) >= min(20, result["listed"]) - 2  # one is cancelled, one is not made yet
