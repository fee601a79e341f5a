"""The whole pipeline while Amazon misbehaves and processes are killed, against a quiet run of the same world.

Tasks, the processes in which they read documents, the scheduler, the triggerer and the S3 server are killed with SIGKILL at
random instants, and the servers are started again, as a process manager does. Objects of the lake are emptied, cut and
overwritten, and the disk of temporary files is filled. Meanwhile the simulated Amazon refuses, cuts, delays and forgets. A
task that has used up its retries is cleared, as a person does it. At the end, what analysts see must be what a quiet run gives,
row for row.
"""

from __future__ import annotations

import contextlib
import json
import random
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import duckdb
import psutil
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.table import Table

from demo.airflow_api import AirflowApi
from demo.damage import Disk, damage_object, small_disk
from demo.layout import DemoError, Layout, Ports
from demo.run import ENDED, REGIONS, Demo
from demo.services import Services
from tieout.documents import ReasonCode
from tieout.intake.receiving import LOOK_AGAIN_AFTER, SETTLEMENT_REPORT
from tieout.models import models
from tieout.reports.families import FAMILIES

SCALE = 20
"""The simulated Amazon's clock: fast enough that its rates do not hold up the run, slow enough that its day does not end before
the run does: what is told as of a day would be told once more."""
CLOCK_INSTANT = "2026-08-31T07:30:00Z"
"""The last business day has just ended in all regions."""
SETTINGS = {
    # What was killed is noticed within seconds instead of minutes.
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_SEC": "2",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "20",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "5",
    "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "10",
    "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD": "10",
    "AIRFLOW__SCHEDULER__JOB_HEARTBEAT_SEC": "2",
    "AIRFLOW__TRIGGERER__JOB_HEARTBEAT_SEC": "2",
    "AIRFLOW__TRIGGERER__TRIGGERER_HEALTH_CHECK_THRESHOLD": "10",
    "TIEOUT_RETRY_DELAY": "3",
}
VICTIMS = {"task": 12, "reader": 2, "airflow-scheduler": 2, "airflow-triggerer": 3, "s3": 3}
"""What is killed, and how often in comparison."""
DAMAGES = {"object": 4, "disk": 1}
"""What is damaged beside, and how often in comparison with `VICTIMS`."""
FULL_FOR = (1.0, 4.0)
"""Seconds for which the disk is full, at least and at most."""
FAULTS: list[dict[str, Any]] = [
    {"fault": "throttled", "probability": 0.08, "retry_after": 60},
    {"fault": "throttled", "probability": 0.04},
    {"fault": "server_error", "probability": 0.05, "status": 500},
    {"fault": "server_error", "probability": 0.05, "status": 503},
    {"fault": "slow_answer", "probability": 0.05, "seconds": 1},
    {"fault": "connection_cut", "probability": 0.05, "where": "before_headers"},
    {"fault": "connection_cut", "probability": 0.05, "where": "body"},
    {"fault": "dead_url", "probability": 0.05},
    {"fault": "truncated_download", "probability": 0.05},
    {"fault": "token_revoked", "probability": 0.03},
]
"""What goes wrong with calls. Nothing here changes what Amazon holds, so the books must come out the same."""
LIMITS: list[dict[str, Any]] = [{"fault": "report_limit", "spans": False}]
"""In both runs: whether a report is requested too soon after that of the day before depends on how long the day takes."""
BY_RUN_ONLY = "account_for_documents"
"""The one task that fails when all is well: it turns the run red for a document in quarantine."""


_LINEAGE = ("document_id", "line_no", "as_of")
"""Of a report that is asked for: which one it was, and when. Both depend on when and how often it was asked."""
_STATES = """
SELECT
  account,
  report_type,
  -- summaries are asked of the settlements that have none yet: of which ones together depends on when each was received
  CASE WHEN $every_try OR report_type <> $summaries THEN data_start_at END AS data_start_at,
  CASE WHEN $every_try OR report_type <> $summaries THEN data_end_at END AS data_end_at,
  marketplace_ids,
  state,
  reason_code,
  CASE WHEN report_type = $settlement OR source = 'import' THEN document_id END AS document_id,
  CASE WHEN report_type = $settlement OR source = 'import' THEN reason END AS reason
FROM ops.document
-- or another try has taken its place
WHERE $every_try OR verdict_code IS DISTINCT FROM 'superseded'
GROUP BY ALL
ORDER BY ALL
"""


def tables(warehouse: Path, *, every_try: bool = True) -> dict[str, list[tuple[Any, ...]]]:
    """Every row that analysts see, and where each document ended.

    :param every_try: also of documents whose place another try has taken; how many tries it took is chance under faults.
    """
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        found = {}
        for model in models().values():
            if model.schema in ("core", "mart"):
                asked_for = model.written.startswith(("merged", "snapshot"))
                hidden = [c.name for c in model.columns if asked_for and c.name in _LINEAGE]
                rows = f"* EXCLUDE ({', '.join(hidden)})" if hidden else "*"
                found[model.name] = connection.execute(f"SELECT {rows} FROM {model.name} ORDER BY ALL").fetchall()
        summaries = FAMILIES["summaries"].report_types[0]
        asked = {"settlement": SETTLEMENT_REPORT, "summaries": summaries, "every_try": every_try}
        found["ops.document"] = connection.execute(_STATES, asked).fetchall()
        return found


def differences(expected: dict[str, list[tuple[Any, ...]]], found: dict[str, list[tuple[Any, ...]]]) -> list[str]:
    """A line for each row that only one of two warehouses has."""
    lines = []
    for name in sorted(expected | found):
        before, after = Counter(expected.get(name, [])), Counter(found.get(name, []))
        lines += [f"{name}: only in quiet: {row}" for row in (before - after).elements()]
        lines += [f"{name}: only in chaos: {row}" for row in (after - before).elements()]
    return lines


@dataclass
class Saboteur:
    """Kills processes at random instants, until so many are dead.

    :param seed: what is killed and when is drawn from it.
    :param pause: the longest pause between two kills, seconds.
    """

    services: Services
    seed: int
    wanted: int
    pause: float = 3.0
    disk: Disk | None = None
    """The disk of temporary files; None if it cannot be filled."""
    killed: Counter[str] = field(default_factory=Counter)
    damaged: Counter[str] = field(default_factory=Counter)
    """How often the disk was full, and objects were damaged, by the first part of their keys."""
    done: threading.Event = field(default_factory=threading.Event)
    stopped: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Kill until enough are dead, or until `stopped` is set."""
        chance = random.Random(self.seed)
        while self.killed.total() < self.wanted and not self.stopped.is_set():
            self.stopped.wait(chance.uniform(0.2, self.pause))
            everything = VICTIMS | DAMAGES
            victim = chance.choices(list(everything), list(everything.values()))[0]
            if victim in DAMAGES:
                self._damage(victim, chance)
                continue
            pause = chance.uniform(0.1, 2.0)
            if self._kill(victim, chance):
                self.killed[victim] += 1
            if victim not in ("task", "reader"):
                self.stopped.wait(pause)
                if self.services.process(victim) is None:
                    self.services.restart(victim)
        self.done.set()

    def _damage(self, victim: str, chance: random.Random) -> None:
        if victim == "object":
            key = None
            with contextlib.suppress(BotoCoreError, ClientError):  # the S3 server was killed just now
                key = damage_object(self.services.lake(), chance)
            if key:
                self.damaged[key.partition("/")[0]] += 1
        elif self.disk is not None:
            self.disk.fill()
            self.stopped.wait(chance.uniform(*FULL_FOR))
            self.disk.free()
            self.damaged["full disk"] += 1

    def _kill(self, victim: str, chance: random.Random) -> bool:
        if victim in ("task", "reader"):
            running = self.services.tasks() if victim == "task" else self.services.readers()
            tasks = sorted(running, key=lambda process: process.pid)
            processes = [chance.choice(tasks)] if tasks else []
        else:
            server = self.services.process(victim)
            processes = [server, *server.children(recursive=True)] if server else []
        for process in processes:
            with contextlib.suppress(psutil.Error):
                process.kill()
        return bool(processes)


class Chaos:
    """One pipeline that runs under faults and kills.

    :param services: with `SETTINGS`.
    """

    def __init__(self, services: Services, *, seed: int, kills: int, days: int, disk: Disk | None = None) -> None:
        self.services = services
        self.demo = Demo(services, Console(quiet=True), days, compared=False)
        self.saboteur = Saboteur(services, seed, kills, disk=disk)
        self.cleared = 0
        self.hits: Counter[str] = Counter()

    def run(self) -> None:
        """Run the pipeline, and everything that failed again, until all is loaded.

        :raises DemoError: if it does not get there.
        """
        self.demo.start()
        control_faults(self.services, "POST", FAULTS + LIMITS)
        thread = threading.Thread(target=self.saboteur.run, daemon=True)
        thread.start()
        try:
            for _ in day_by_day(self.demo):
                self._run_to_the_end()
            while not self.saboteur.done.is_set():
                self._run_a_day_again()
                self._run_to_the_end()
        finally:
            self.saboteur.stopped.set()
            thread.join()
        self.hits = Counter({rule["fault"]: 0 for rule in FAULTS})
        for rule in control_faults(self.services, "GET")["rules"]:
            self.hits[rule["fault"]] += rule["hits"]
        control_faults(self.services, "DELETE")
        self._run_to_the_end()
        # A document that could not be had in the last run is fetched by the next, some minutes of Amazon's time later.
        time.sleep(LOOK_AGAIN_AFTER[ReasonCode.NOT_RECEIVED].total_seconds() / self.services.layout.scale)
        airflow = AirflowApi(self.services.airflow_url)
        for region in REGIONS:
            last = max(airflow.runs(f"marketplace_reports_{region}"), key=lambda run: run["partition_key"])
            airflow.clear(last["dag_id"], last["dag_run_id"])
        self._run_to_the_end()

    def _run_to_the_end(self) -> None:
        deadline = time.monotonic() + 1800
        while True:
            self.demo.run()
            failed = self._failed_runs()
            if not failed:
                return
            if time.monotonic() > deadline:
                raise DemoError(f"these runs do not get to their end: {failed}")
            airflow = AirflowApi(self.services.airflow_url)
            for dag_id, run_id in failed:
                airflow.clear(dag_id, run_id, only_failed=True)
                self.cleared += 1
            time.sleep(2)

    def _failed_runs(self) -> list[tuple[str, str]]:
        """The runs in which a task has used up its retries."""
        airflow = AirflowApi(self.services.airflow_url)
        failed = []
        for dag_id in sorted(airflow.dag_ids()):
            for run in airflow.runs(dag_id):
                tasks = airflow.tasks(dag_id, run["dag_run_id"]) if run["state"] == "failed" else []
                if any(t["state"] in ("failed", "upstream_failed") and t["task_id"] != BY_RUN_ONLY for t in tasks):
                    failed.append((dag_id, run["dag_run_id"]))
        return failed

    def _run_a_day_again(self) -> None:
        """There are kills left and nothing to kill: clear a region's last day."""
        airflow = AirflowApi(self.services.airflow_url)
        region = REGIONS[self.saboteur.killed.total() % len(REGIONS)]
        runs = [run for run in airflow.runs(f"marketplace_reports_{region}") if run["state"] in ENDED]
        if runs:
            airflow.clear(f"marketplace_reports_{region}", runs[-1]["dag_run_id"])
            self.cleared += 1


def control_faults(services: Services, method: str, rules: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    """Read, add or remove the faults on demand of the simulated Amazon."""
    body = json.dumps(rules).encode() if rules else None
    url = f"{services.amazon_url('NA')}/simulator/faults"
    request = Request(url, data=body, method=method, headers={"content-type": "application/json"})
    with urlopen(request) as answer:
        return json.loads(answer.read() or b"{}")


def day_by_day(demo: Demo) -> Iterator[None]:
    """Give a demo one business day more at a time.

    How far back reports reach follows from the day that ran first, and settlements that a day brings get their summaries the
    day after: so a day begins when the one before it has ended well.
    """
    days = demo.days
    for count in range(1, len(days) + 1):
        demo.days = days[:count]
        yield


@dataclass(frozen=True)
class Comparison:
    """What a quiet run and one in chaos gave."""

    run: Chaos
    expected: dict[str, list[tuple[Any, ...]]]
    found: dict[str, list[tuple[Any, ...]]]
    seconds_quiet: float
    seconds_in_chaos: float

    @property
    def differences(self) -> list[str]:
        """A line for each row that only one of them has."""
        return differences(self.expected, self.found)


def compare(
    seed: int,
    kills: int,
    days: int,
    say: Callable[[str], None],
    *,
    accounts: Collection[str] = (),
    families: str = "all",
    port: int = 8800,
    scale: float = SCALE,
) -> Comparison:
    """Run the world twice, in quiet and in chaos.

    :param accounts: names of the simulated accounts to run; none for all of them.
    :param families: the report families to ask for, as in `TIEOUT_FAMILIES`.
    :param port: the first of a free block of ports.
    :param scale: how fast the simulated Amazon's clock runs.
    """
    with (
        tempfile.TemporaryDirectory(prefix="tieout-chaos-", ignore_cleanup_errors=True) as folder,
        small_disk(Path(folder, "work").resolve()) as disk,
    ):
        asked = {"TIEOUT_FAMILIES": families}
        calm_place, wild_place = (
            Layout(Path(folder, name).resolve(), Ports(port), scale, CLOCK_INSTANT) for name in ("quiet", "loud")
        )
        quiet = Services(calm_place, asked, accounts)
        work = {"TIEOUT_WORK": str(Path(folder, "work").resolve())}
        loud = Services(wild_place, SETTINGS | asked | work, accounts)
        try:
            say(f"a quiet run of {days} business days")
            started = time.monotonic()
            demo = Demo(quiet, Console(quiet=True), days, compared=False)
            demo.start()
            control_faults(quiet, "POST", LIMITS)
            for _ in day_by_day(demo):
                demo.run()
            expected, calm = tables(quiet.layout.warehouse, every_try=False), time.monotonic() - started
            quiet.stop()
            say(f"the same in chaos: {kills} kills, seed {seed}")
            started = time.monotonic()
            run = Chaos(loud, seed=seed, kills=kills, days=days, disk=disk)
            run.run()
            found, wild = tables(loud.layout.warehouse, every_try=False), time.monotonic() - started
        finally:
            quiet.stop()
            loud.stop()
    return Comparison(run, expected, found, calm, wild)


def chaos(seed: int, kills: int, days: int) -> int:
    """Run the world twice, in quiet and in chaos, and show what differs.

    :return: 0 if both give the same rows, else 1.
    """
    console = Console(highlight=False)
    comparison = compare(seed, kills, days, console.print)
    _print(console, comparison)
    return 1 if comparison.differences else 0


def _print(console: Console, comparison: Comparison) -> None:
    run, expected, found = comparison.run, comparison.expected, comparison.found
    figures = Table(title="Killed with SIGKILL, damaged, and what Amazon did", title_justify="left")
    figures.add_column("what")
    figures.add_column("times", justify="right")
    for name, count in run.saboteur.killed.most_common():
        figures.add_row(f"kill -9 {name}", str(count))
    for name, count in run.saboteur.damaged.most_common():
        figures.add_row(name if name == "full disk" else f"damaged objects below {name}/", str(count))
    if run.saboteur.disk is None:
        figures.add_row("full disk (this user may not mount one)", "0")
    for name, count in run.hits.most_common():
        figures.add_row(f"Amazon: {name}", str(count))
    figures.add_row("runs cleared after their retries", str(run.cleared))
    console.print(figures)
    rows = Table(title="Rows", title_justify="left")
    for name in ("table", "quiet", "chaos", ""):
        rows.add_column(name, justify="right" if name in ("quiet", "chaos") else "left")
    for name in sorted(expected | found):
        before, after = expected.get(name, []), found.get(name, [])
        verdict = "identical" if before == after else f"{len(set(before) ^ set(after))} differ"
        rows.add_row(name, f"{len(before):,}", f"{len(after):,}", verdict)
    console.print(rows)
    for line in comparison.differences[:20]:
        console.print(line, markup=False, style="red")
    killed = run.saboteur.killed.total()
    console.print(f"{killed} kills; quiet {comparison.seconds_quiet:.0f} s, chaos {comparison.seconds_in_chaos:.0f} s")
