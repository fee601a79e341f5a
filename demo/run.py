"""Run the demo: three regions, several business days, one import of old files, and the tie-out at the end."""

from __future__ import annotations

import datetime as dt
import json
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Collection
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any
from urllib.parse import urlencode
from urllib.request import urlopen

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from demo.airflow_api import AirflowApi
from demo.layout import CLOCK_INSTANT, LAST_BUSINESS_DAY, ROOT, SEED, DemoError, Layout
from demo.planted import defect_key
from demo.report import report
from demo.services import Services
from demo.sources import COMPARED_FROM, SOURCES
from tieout.documents import SELLING_PARTNER_REGIONS, Region
from tieout.intake.business_day import end_of_business_day

DAYS = 2
REGIONS = ("na", "eu", "fe")
APPSTORE = "appstore_reports"
DAGS = {"warehouse", "import_reports", APPSTORE, *(f"marketplace_reports_{region}" for region in REGIONS)}
ENDED = ("success", "failed")
Board = dict[str, list[dict[str, Any]]]
"""The runs of each DAG, oldest first."""
PATIENCE = 1200.0
"""Seconds that the runs may take altogether."""


def run(services: Services) -> int:
    """Start what is not running, run what has not run, show what tied out.

    :return: 0 if the warehouse says of every settlement what the simulated Amazon's own books say, else 1.
    :raises DemoError: if something does not come up or does not end.
    """
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 150)
    started = time.monotonic()
    demo = Demo(services, console)
    demo.start()
    demo.run()
    equal = report(console, services)
    console.print(f"\n[dim]{time.monotonic() - started:.0f} seconds[/]")
    return 0 if equal else 1


class Demo:
    """Three regions, some business days, one import.

    :param days: how many business days, the last one being the newest that has ended in every region.
    :param compared: whether the simulated Amazon's own books are written down, for `report`.
    """

    def __init__(self, services: Services, console: Console, days: int = DAYS, *, compared: bool = True) -> None:
        self.services = services
        self.compared = compared
        self.console = console
        last = dt.date.fromisoformat(LAST_BUSINESS_DAY)
        self.days = [(last - dt.timedelta(days=back)).isoformat() for back in reversed(range(days))]

    def start(self) -> None:
        """Start the servers that are not running.

        :raises DemoError: if one does not come up.
        """
        layout = self.services.layout
        with ThreadPoolExecutor() as beside:
            archive = beside.submit(_write_archive, layout, self.services.accounts)
            if not self.services.running():
                self.services.start(lambda text: self.console.print(f"[dim]{text}[/]"))
            archive.result()
        self.console.print(
            f"Simulated Amazon: it is {layout.clock_instant}, and its clock runs {layout.scale:g} times as fast as yours.\n"
            "The rates are Amazon's own (one document a minute and account), only the waiting is shorter."
        )

    def run(self) -> None:
        """Run what has not run, and wait until all of it is in the warehouse.

        :raises DemoError: if a DAG cannot be parsed, or the runs do not end.
        """
        layout = self.services.layout
        airflow = AirflowApi(self.services.airflow_url)
        _wait_for_dags(airflow)
        airflow.make_pool("duckdb_writer", 1, "One task at a time writes the DuckDB warehouse")
        for region in REGIONS:
            dag_id = f"marketplace_reports_{region}"
            if not set(self.days) <= {run["partition_key"] for run in airflow.runs(dag_id)}:
                airflow.backfill(dag_id, self.days[0], self.days[-1])
        if not airflow.runs("import_reports"):
            airflow.trigger("import_reports", {"source": str(layout.archive)})
        # all months at once: the run of one day takes the whole history
        if not self.services.accounts and not airflow.runs(APPSTORE):
            airflow.backfill(APPSTORE, self.days[-1], self.days[-1])
        wanted = {"import_reports"} if self.services.accounts else {"import_reports", APPSTORE}
        with ThreadPoolExecutor() as beside:
            truth: list[Future[None]] = []

            def write_truth() -> None:  # while the warehouse takes in what came last
                if self.compared:
                    truth.append(beside.submit(self._write_truth))

            _follow(airflow, self.days, self.console, wanted, write_truth)
            for each in truth:
                each.result()

    def _write_truth(self) -> None:
        truth = self._truth(",".join([*SOURCES, "appstore"]), self.services.layout.clock_instant)
        # balances are asked for by the day: the simulated Amazon takes its end in UTC
        truth["sources"] |= self._truth("balances", f"{self.days[-1]}T23:59:59Z")["sources"]
        truth["planted"] = [defect for region in SELLING_PARTNER_REGIONS for defect in self._planted(region)]
        self.services.layout.truth.write_text(json.dumps(_of_accounts(truth, self.services.accounts)))

    def _planted(self, region: Region) -> list[dict[str, Any]]:
        """What is wrong with a region's sellers at the end of the last business day."""
        until = end_of_business_day(region, dt.date.fromisoformat(self.days[-1]))
        query = urlencode({"region": region, "until": until.isoformat(), "at": self.services.layout.clock_instant})
        with urlopen(f"{self.services.amazon_url(region)}/simulator/planted?{query}") as answer:
            found: list[dict[str, Any]] = json.load(answer)
            return found

    def _truth(self, sources: str, at: str) -> dict[str, Any]:
        query = urlencode({"sources": sources, "at": at, "since": COMPARED_FROM.isoformat()})
        with urlopen(f"{self.services.amazon_url('NA')}/simulator/truth?{query}") as answer:
            return json.load(answer)


def _of_accounts(truth: dict[str, Any], accounts: Collection[str]) -> dict[str, Any]:
    """The truth of some accounts, or of all if none is named."""

    def chosen(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [row for row in rows if not accounts or row["account"] in accounts]

    sources = {name: chosen(rows) for name, rows in truth["sources"].items()}
    # a fee code, or a currency without a rate, is one defect in however many accounts
    planted = list({defect_key(defect): defect for defect in chosen(truth["planted"])}.values())
    return {**truth, "documents": chosen(truth["documents"]), "planted": planted, "sources": sources}


def _wait_for_dags(airflow: AirflowApi) -> None:
    deadline = time.monotonic() + 120
    while not airflow.dag_ids() >= DAGS:
        if errors := airflow.import_errors():
            raise DemoError("a DAG file cannot be parsed:\n" + errors[0])
        if time.monotonic() > deadline:
            raise DemoError("Airflow did not find the DAGs within two minutes; see .tieout/demo/logs/airflow-dags.log")
        time.sleep(0.5)


def _write_archive(layout: Layout, accounts: Collection[str]) -> None:
    if layout.archive.exists():
        return
    command = [sys.executable, "-m", "simulator", "archive", "--clock", CLOCK_INSTANT, "--seed", str(SEED)]
    subprocess.run([*command, "--out", str(layout.archive)], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    for folder in layout.archive.iterdir():
        if accounts and folder.name not in accounts:
            shutil.rmtree(folder)


def _follow(
    airflow: AirflowApi, days: list[str], console: Console, wanted: set[str], when_fetched: Callable[[], None]
) -> None:
    """Show the runs until all have ended and the warehouse has taken in what they published.

    :param wanted: other DAGs that have to run once.
    :param when_fetched: called once, when nothing but the warehouse is at work.
    :raises DemoError: if they do not get there.
    """
    fetched = False
    deadline = time.monotonic() + PATIENCE
    plain: set[str] = set()
    with Live(console=console, refresh_per_second=4, transient=True) as live:
        while True:
            board = _board(airflow, progress=console.is_terminal)
            live.update(Group(_table(board, days)))
            if not console.is_terminal:
                for line in _lines(board):
                    if line not in plain:
                        plain.add(line)
                        console.print(line)
            ended = {dag_id for dag_id, runs in board.items() if all(run["state"] in ENDED for run in runs)}
            if not fetched and _all_ran(board, days, wanted) and ended >= DAGS - {"warehouse"}:
                fetched = True
                when_fetched()
            if fetched and ended == DAGS and airflow.everything_loaded():
                break
            if time.monotonic() > deadline:
                raise DemoError(f"the runs did not end within {PATIENCE:.0f} seconds; look at Airflow's pages")
            time.sleep(3)
    console.print(_table(board, days))


def _board(airflow: AirflowApi, *, progress: bool) -> Board:
    board: Board = {dag_id: [] for dag_id in DAGS}
    for run in airflow.runs():
        if run["dag_id"] in board:
            board[run["dag_id"]].append(run)
        if progress and run["state"] == "running":
            states = Counter(task["state"] for task in airflow.tasks(run["dag_id"], run["dag_run_id"]))
            run["done"] = f"{states['success'] + states['failed']}/{states.total()}"
    return board


def _all_ran(board: Board, days: list[str], wanted: set[str]) -> bool:
    regions = [board[f"marketplace_reports_{region}"] for region in REGIONS]
    return all({run["partition_key"] for run in runs} >= set(days) for runs in regions) and all(
        board[dag_id] for dag_id in wanted
    )


def _table(board: Board, days: list[str]) -> Table:
    table = Table(title="Runs by business day", title_justify="left")
    table.add_column("DAG")
    for day in days:
        table.add_column(day)
    for region in REGIONS:
        runs = {run["partition_key"]: run for run in board[f"marketplace_reports_{region}"]}
        table.add_row(f"marketplace_reports_{region}", *(_cell(runs.get(day)) for day in days))
    for dag_id in (APPSTORE, "warehouse"):
        latest = {run["partition_key"]: run for run in board[dag_id]}
        table.add_row(dag_id, *(_cell(latest.get(day)) for day in days))
    imports = board["import_reports"]
    table.add_row("import_reports", _cell(imports[-1] if imports else None))
    return table


def _cell(run: dict[str, Any] | None) -> Text:
    if run is None:
        return Text("-", style="dim")
    style = {"success": "green", "failed": "red", "running": "yellow"}.get(run["state"], "dim")
    return Text(f"{run['state']} {run.get('done', '')}".strip(), style=style)


def _lines(board: Board) -> list[str]:
    return [
        f"{dag_id} {run['partition_key'] or ''}: {run['state']}"
        for dag_id, runs in sorted(board.items())
        for run in runs
        if run["state"] in ENDED
    ]
