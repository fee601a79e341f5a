"""Does a day take longer to load when there is ten times the history?

    python benchmarks/daily_run_with_history.py            # 30 days of history against 300

Two warehouses with the same seller: one has some days of history, the other ten times as many. Then both get the same number
of new days, in turns: a settlement, orders, movements of stock, returns, a fee preview, a date-range report and the Finances
API's transactions each, of which most restate earlier days. A day is what the daily run does to the warehouse: load the
documents, build the marts, publish the read copy. A usual day of the one is divided by a usual day of the other: the mean of
the middle half of their days, as single days differ by a tenth and more. Seconds depend on the machine, the ratio does not
much.
"""

from __future__ import annotations

import argparse
import datetime as dt
import hashlib
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "plugins"))

from tieout.documents import (  # noqa: E402
    Document,
    DocumentOutcome,
    RawFile,
    Reading,
    Region,
    ReportReading,
    SettlementSummary,
    Source,
    StagedFiles,
    StagedReport,
    State,
)
from tieout.reports.families import FAMILIES  # noqa: E402
from tieout.reports.schemas import LINES_SCHEMA, SETTLEMENTS_SCHEMA  # noqa: E402
from tieout.warehouse import Warehouse  # noqa: E402

LAST_DAY = dt.date(2026, 8, 31)
ORDERS = 400
"""Orders a day; each is settled the day after, and every tenth comes back."""
MOST = 1.1
KINDS = [
    ("ItemPrice", "Principal", 2999),
    ("ItemFees", "Commission", -450),
    ("ItemFees", "FBAPerUnitFulfillmentFee", -389),
]
SKUS = np.array([f"TEA-{n}" for n in range(200)])


def order_ids(day: dt.date) -> np.ndarray:
    return np.array([f"111-{day.toordinal():07d}-{n:07d}" for n in range(ORDERS)])


def midnight(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(7), dt.UTC)


class Lake:
    """The staged documents of each day, in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def day(self, day: dt.date) -> list[DocumentOutcome]:
        """What is listed on a day."""
        days = [day - dt.timedelta(days=n) for n in range(1, 15)]
        # by last update: an order is told when it is placed, shipped and brought back
        orders = [row for at in days[:3] for row in self._orders(at)]
        moved = [row for at in days for row in self._movements(at)]
        came_back = [row for at in days for row in self._returns(at)]
        ranged = [row for at in days[:7] for row in self._ranged(at)]
        transactions = [row for at in days[:7] for row in self._transactions(at)]
        preview = [{"sku": str(sku), "currency": "USD", "estimated_fee_total": Decimal("8.39")} for sku in SKUS]
        return [
            self._settlement(day),
            self._report(day, "orders", orders, 3),
            self._report(day, "ledger_detail", moved, 14),
            self._report(day, "fba_returns", came_back, 14),
            self._report(day, "fee_preview", preview, 0),
            self._report(day, "date_range", ranged, 7),
            self._report(day, "transactions", transactions, 7),
        ]

    @staticmethod
    def _orders(day: dt.date) -> Iterator[dict[str, Any]]:
        for n, order_id in enumerate(order_ids(day)):
            yield {
                "amazon_order_id": order_id, "sku": SKUS[n % len(SKUS)], "purchase_day": day, "order_status": "Shipped",
                "quantity": 1, "currency": "USD", "item_price": Decimal("29.99"),
            }  # fmt: skip

    @staticmethod
    def _movements(day: dt.date) -> Iterator[dict[str, Any]]:
        for n in range(ORDERS // 4):
            yield {
                "date": day, "fnsku": f"X{n}", "msku": SKUS[n % len(SKUS)], "event_type": "Shipments",
                "reference_id": f"{day}-{n}", "quantity": -1,
            }  # fmt: skip

    @staticmethod
    def _returns(day: dt.date) -> Iterator[dict[str, Any]]:
        for n, order_id in enumerate(order_ids(day - dt.timedelta(days=7))[::10]):
            yield {"returned_day": day, "order_id": order_id, "sku": SKUS[n * 10 % len(SKUS)], "quantity": 1}

    @staticmethod
    def _ranged(day: dt.date) -> Iterator[dict[str, Any]]:
        for n, order_id in enumerate(order_ids(day)):
            yield {
                "posted_day": day, "posted_at": midnight(day), "posted_local": midnight(day).replace(tzinfo=None),
                "settlement_id": f"{day + dt.timedelta(days=1):%Y%m%d}", "type": "Order", "order_id": order_id,
                "sku": SKUS[n % len(SKUS)], "description": "Tea", "quantity": 1, "currency": "USD",
                "total": Decimal("21.60"),
            }  # fmt: skip

    @staticmethod
    def _transactions(day: dt.date) -> Iterator[dict[str, Any]]:
        for order_id in order_ids(day):
            for number, (_, path, cents) in enumerate(KINDS, start=1):
                yield {
                    "transaction_id": f"T-{order_id}", "posted_day": day, "posted_at": midnight(day),
                    "settlement_id": f"{day + dt.timedelta(days=1):%Y%m%d}", "order_id": order_id,
                    "transaction_type": "Shipment", "transaction_status": "RELEASED", "currency": "USD",
                    "total_amount": Decimal("21.60"), "leaf_no": number, "leaf_path": path, "leaf_currency": "USD",
                    "leaf_amount": Decimal(cents).scaleb(-2),
                }  # fmt: skip

    def _report(self, day: dt.date, family: str, rows: list[dict[str, Any]], days: int) -> DocumentOutcome:
        document_id = f"bench_na.{family}-{day}"
        own = [{"document_id": document_id, "line_no": n + 2, **row} for n, row in enumerate(rows)]
        key = f"{document_id}.parquet"
        pq.write_table(pa.Table.from_pylist(own, schema=FAMILIES[family].schema), self.folder / key)
        reading = ReportReading(
            family=family, dialect="TSV", resaved=False, encoding="utf-8", decimal=".", dates={}, currency=None, columns=(),
            unknown_columns=(), absent_columns=(), rows=len(own), reader_version=1,
        )  # fmt: skip
        return self._outcome(
            day, document_id, FAMILIES[family].report_types[0], StagedReport(rows_key=key, reading=reading), days
        )

    def _settlement(self, day: dt.date) -> DocumentOutcome:
        document_id, settlement_id = f"bench_na.settlement-{day}", f"{day:%Y%m%d}"
        posted = day - dt.timedelta(days=1)
        lines = ORDERS * len(KINDS)
        kind = np.arange(lines) % len(KINDS)
        order = np.arange(lines) // len(KINDS)
        cents = np.array([each[2] for each in KINDS])[kind]
        columns = {
            "document_id": pa.repeat(pa.scalar(document_id), lines),
            "line_no": pa.array(np.arange(lines) + 3),
            "source_column": pa.repeat(pa.scalar("amount"), lines),
            "settlement_id": pa.repeat(pa.scalar(settlement_id), lines),
            "currency": pa.repeat(pa.scalar("USD"), lines),
            "transaction_type": pa.repeat(pa.scalar("Order"), lines),
            "order_id": pa.array(order_ids(posted)[order]),
            "marketplace_name": pa.repeat(pa.scalar("Amazon.com"), lines),
            "amount_type": pa.array(np.array([each[0] for each in KINDS])[kind]),
            "amount_description": pa.array(np.array([each[1] for each in KINDS])[kind]),
            "amount": pa.array([Decimal(int(each)).scaleb(-2) for each in cents]),
            "posted_date": pa.repeat(pa.scalar(posted), lines),
            "sku": pa.array(SKUS[order % len(SKUS)]),
            "quantity_purchased": pa.array(np.ones(lines, dtype="int32")),
        }
        table = pa.table(
            [columns[f.name].cast(f.type) if f.name in columns else pa.nulls(lines, f.type) for f in LINES_SCHEMA],
            schema=LINES_SCHEMA,
        )
        pq.write_table(table, self.folder / f"{document_id}.lines.parquet")
        total = Decimal(int(cents.sum())).scaleb(-2)
        start, end = midnight(posted), midnight(day)
        summary = {
            "document_id": document_id, "settlement_id": settlement_id, "currency": "USD", "settlement_start_at": start,
            "settlement_end_at": end, "deposit_at": end + dt.timedelta(days=2), "control_total": total,
            "sum_of_lines": total, "lines": lines, "summary_line_no": 2,
        }  # fmt: skip
        pq.write_table(
            pa.Table.from_pylist([summary], schema=SETTLEMENTS_SCHEMA),
            self.folder / f"{document_id}.settlements.parquet",
        )
        reading = Reading(
            layout="V2", encoding="utf-8", decimal=".", dates="%Y-%m-%d", columns=("amount",), file_lines=lines + 1,
            settlements=(
                SettlementSummary(
                    settlement_id=settlement_id, currency="USD", start_at=start, end_at=end, deposit_at=end,
                    control_total=total, sum_of_lines=total, lines=lines, summary_line_no=2,
                ),
            ),
            reader_version=1,
        )  # fmt: skip
        staged = StagedFiles(
            lines_key=f"{document_id}.lines.parquet",
            settlements_key=f"{document_id}.settlements.parquet",
            reading=reading,
        )
        return self._outcome(day, document_id, "GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE_V2", staged, 0)

    @staticmethod
    def _outcome(
        day: dt.date, document_id: str, report_type: str, staged: StagedFiles | StagedReport, days: int
    ) -> DocumentOutcome:
        content = hashlib.sha256(document_id.encode()).hexdigest()
        return DocumentOutcome(
            document=Document(
                document_id=document_id,
                source=Source.API,
                region=Region.NA,
                account="bench_na",
                report_type=report_type,
                created_at=midnight(day),
                first_listed_on=day,
                data_start_at=midnight(day - dt.timedelta(days=days + 1)) if days else None,
                data_end_at=midnight(day) if days else None,
                marketplace_ids=("ATVPDKIKX0DER",) if days else (),
            ),
            state=State.READY,
            raw=RawFile(key=f"raw/{document_id}", size=1, sha256=content, received_at=midnight(day)),
            staged=staged,
            reader_version=1,
            suite_version=1,
        )


def run_day(warehouse: Warehouse, lake: Lake, day: dt.date) -> float:
    """Load a day, build the marts and publish them; return the seconds that it took."""
    outcomes = lake.day(day)
    began = time.perf_counter()
    warehouse.load(outcomes, lambda key: lake.folder / key, region=Region.NA, business_day=day, run_id=str(day))
    warehouse.build_marts()
    warehouse.publish(warehouse.path.with_name(f"published.{warehouse.path.name}"))
    return time.perf_counter() - began


def with_history(path: Path, lake: Lake, days: int) -> Warehouse:
    """A warehouse that has some days, loaded a month at a time."""
    warehouse = Warehouse(path)
    first = LAST_DAY - dt.timedelta(days=days)
    for start in range(0, days, 30):
        outcomes = [o for n in range(start, min(start + 30, days)) for o in lake.day(first + dt.timedelta(days=n + 1))]
        warehouse.load(
            outcomes, lambda key: lake.folder / key, region=Region.NA, business_day=LAST_DAY, run_id="history"
        )
    warehouse.build_marts()
    return warehouse


def usual_day(seconds: list[float]) -> float:
    """The mean of the middle half."""
    quarter = len(seconds) // 4
    return statistics.mean(sorted(seconds)[quarter : len(seconds) - quarter])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=int, default=30, help="days of the shorter history")
    parser.add_argument("--times", type=int, default=10, help="how many times as long the longer one is")
    parser.add_argument("--runs", type=int, default=40, help="new days, of which the middle half counts")
    arguments = parser.parse_args()
    console = Console()
    with tempfile.TemporaryDirectory(prefix="tieout-bench-") as name:
        lake = Lake(Path(name))
        histories = [arguments.days, arguments.days * arguments.times]
        warehouses = [with_history(Path(name) / f"{days}.duckdb", lake, days) for days in histories]
        seconds: list[list[float]] = [[], []]
        for n in range(arguments.runs + 1):
            for which in (0, 1) if n % 2 else (1, 0):
                taken = run_day(warehouses[which], lake, LAST_DAY + dt.timedelta(days=n + 1))
                if n:  # the first new day is not counted: it finds cold caches
                    seconds[which].append(taken)
        rows = []
        for warehouse in warehouses:
            with warehouse.connect(read_only=True) as con:
                tables = ("core.settlement_line", "core.order_item", "core.transaction_leaf", "ops.document")
                rows.append([con.execute(f"SELECT count(*) FROM {table}").fetchall()[0][0] for table in tables])
    usual = [usual_day(each) for each in seconds]
    table = Table(title="A day's load and marts, by the length of the history")
    for column in ("days before", "lines", "orders", "leaves", "documents", "usual day s", "times"):
        table.add_column(column, justify="right")
    for days, counts, day in zip(histories, rows, usual, strict=True):
        table.add_row(str(days), *(f"{n:,}" for n in counts), f"{day:.3f}", f"{day / usual[0]:.2f}")
    console.print(table)
    ratio = usual[1] / usual[0]
    console.print(f"{'held' if ratio <= MOST else 'NOT held'}: at most {MOST} times")
    return 0 if ratio <= MOST else 1


if __name__ == "__main__":
    sys.exit(main())
