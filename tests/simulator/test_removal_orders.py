"""Removal orders: their fees are the ledger's, their state changes with time, and overlapping reports come to what is true."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

from simulator.app import SimulatedAmazon
from simulator.sellers import BY_KEY, SELLERS, Seller
from simulator.settlement_files import lines_of
from simulator.sources.book import book_of
from simulator.sources.files import Ask
from simulator.sources.kinds import KINDS
from simulator.sources.removal_orders import truth
from simulator.world import World
from tests.simulator.conftest import START
from tests.staged import Shelf
from tieout.documents import DocumentOutcome, Region, StagedReport, State
from tieout.quality import StagedReportInput, check_documents
from tieout.reports.families import FAMILIES
from tieout.reports.report import stage_report
from tieout.warehouse import Warehouse

FAMILY = FAMILIES["removal_orders"]
REGIONS = ("aurora_na", "ember_eu", "jade_fe")
DAYS = dt.timedelta(days=1)
UNITS = ("cancelled_quantity", "disposed_quantity", "shipped_quantity", "in_process_quantity")


def told(world: World, at: dt.datetime) -> list[dict[str, Any]]:
    return [row for seller in SELLERS for row in truth(book_of(world, seller, at), at)]


def test_the_fees_of_completed_orders_are_those_of_the_ledger(amazon: SimulatedAmazon) -> None:
    world = amazon.documents.world
    ledger: Counter[tuple[str, str]] = Counter()
    for seller in SELLERS:
        for period in world.periods(seller, START):
            for entry in period.activity:
                for minor, line in lines_of(entry):
                    charged = line.category == "removal_fees" and line.amount_description != "Tax on fee"
                    if charged and entry.posted_at <= START:
                        ledger[seller.key, entry.currency] -= Decimal(minor).scaleb(
                            -(0 if entry.currency == "JPY" else 2)
                        )
    found: Counter[tuple[str, str]] = Counter()
    for row in told(world, START):
        assert (row["removal_fee"] is None) == (row["currency"] is None) == (row["order_status"] != "Completed")
        if row["removal_fee"] is not None:
            found[row["account"], row["currency"]] += Decimal(row["removal_fee"])
    assert found == ledger
    assert len({currency for _, currency in found}) > 8


def test_an_order_changes_its_state_and_nothing_else(amazon: SimulatedAmazon) -> None:
    world = amazon.documents.world
    seen: defaultdict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
    for days in range(30, -1, -1):
        for row in told(world, START - days * DAYS):
            assert row["requested_quantity"] == sum(row[name] for name in UNITS)
            seen[row["account"], row["order_id"], row["sku"]].append(row)
    steps = Counter()
    changing = {*UNITS, "order_status", "last_updated_at", "removal_fee", "currency"}
    for rows in seen.values():
        for before, after in pairwise(rows):
            assert {name for name in before if before[name] != after[name]} <= changing
            assert before["last_updated_at"] <= after["last_updated_at"]
            assert (before == after) == (before["last_updated_at"] == after["last_updated_at"])
            assert before["order_status"] == "In Process" or before == after
            steps[before["order_status"], after["order_status"]] += before != after
    assert {step for step, times in steps.items() if times} == {
        ("In Process", each) for each in ("In Process", "Completed", "Cancelled")
    }


def received(world: World, seller: Seller, end: dt.datetime, folder: Path) -> tuple[DocumentOutcome, StagedReportInput]:
    """A report of thirty days that was asked for when they ended, read; and what its checks look at."""
    start = end - 30 * DAYS
    ask = Ask(book_of(world, seller, end), world.countries(seller, end), start, end, end)
    kind = KINDS[FAMILY.report_types[0]]
    assert kind.refusal(ask) is None
    file = kind.write(ask)
    name = f"{seller.key}.{start:%m%d}-{end:%m%d}"
    path, rows = folder / f"{name}.txt", folder / f"{name}.parquet"
    path.write_bytes(file.body)
    charset = (file.content_type or "").partition("charset=")[2] or None
    reading = stage_report(path, document_id=name, charset=charset, target=rows)
    assert (reading.family, reading.rows, reading.unknown_columns) == (FAMILY.name, file.rows, ())
    outcome = DocumentOutcome(
        document=Shelf.document(
            name,
            region=Region(seller.region),
            report_type=FAMILY.report_types[0],
            created_at=end,
            data_start_at=start,
            data_end_at=end,
            marketplace_ids=world.marketplace_ids(seller, end),
        ),
        state=State.READY,
        raw=Shelf.raw(name, name),
        staged=StagedReport(rows_key=rows.name, reading=reading),
        reader_version=1,
        suite_version=1,
    )
    return outcome, StagedReportInput(name, rows, reading, start.date(), end.date())


def test_overlapping_reports_come_to_what_is_true_whatever_their_order(amazon: SimulatedAmazon, tmp_path: Path) -> None:
    """Pain 15: a month of orders that is asked for every few days; days are cut at any hour."""
    world, since = amazon.documents.world, START - 30 * DAYS
    ends = [START - days * DAYS - days * dt.timedelta(hours=5) for days in (12, 5, 0)]
    documents = [received(world, BY_KEY[each], end, tmp_path) for each in REGIONS for end in ends]
    checked = check_documents([staged for _, staged in documents], docs_dir=None)
    assert [result for results in checked.values() for result in results if not result.passed] == []
    names = [name for name in told(world, START)[0] if name != "marketplace_id"]
    rows = [
        tuple(row[name] for name in names)
        for row in told(world, START)
        if row["account"] in REGIONS and row["requested_at"] >= f"{since:%Y-%m-%dT%H:%M:%SZ}"
    ]
    assert len(rows) > 40
    texts = {"requested_at", "last_updated_at"}
    shown = ", ".join(f"strftime({name}, '%Y-%m-%dT%H:%M:%SZ')" if name in texts else name for name in names)
    outcomes = [outcome for outcome, _ in documents]
    for number, order in enumerate((outcomes, outcomes[::-1])):
        warehouse = Warehouse(tmp_path / f"{number}.duckdb")
        for part in (order[::2], order[1::2], order[::2]):
            warehouse.load(part, lambda key: tmp_path / key, region=None, business_day=None, run_id="run-1")
        with warehouse.connect(read_only=True) as con:
            con.execute("SET TimeZone = 'UTC'")
            found = con.execute(f"SELECT {shown} FROM core.removal_order WHERE requested_at >= ?", [since]).fetchall()
        fee = names.index("removal_fee")
        exact = [tuple(v if n != fee or v is None else Decimal(v) for n, v in enumerate(row)) for row in rows]
        assert Counter(found) == Counter(exact)
