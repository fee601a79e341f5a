"""From staged Parquet to tied-out marts: how long beside a plain copy into a table, and in how much memory.

    python benchmarks/load_settlements.py            # 1 M lines in 20 documents
    python benchmarks/load_settlements.py --lines 5000000

Seconds depend on the machine; the ratio to `CREATE TABLE AS SELECT` over the same Parquet, by the same DuckDB in the same
run, does not much. Every step runs in a process of its own, its start included; the best of three runs is taken.
"""

from __future__ import annotations

import argparse
import datetime as dt
import hashlib
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = 20
START = dt.datetime(2026, 8, 1, 6, tzinfo=dt.UTC)
END = START + dt.timedelta(days=14)
KINDS = [
    ("ItemPrice", "Principal", 2999),
    ("ItemPrice", "Tax", 240),
    ("ItemWithheldTax", "MarketplaceFacilitatorTax-Principal", -240),
    ("ItemFees", "Commission", -450),
    ("ItemFees", "FBAPerUnitFulfillmentFee", -389),
]


# --- the input -------------------------------------------------------------------------------------------------------


def write_document(folder: Path, number: int, lines: int) -> None:
    """Write one staged document, and its outcome as JSON."""
    from tieout.documents import Document, DocumentOutcome, RawFile, Reading, SettlementSummary, StagedFiles
    from tieout.reports.settlement import LINES_SCHEMA, SETTLEMENTS_SCHEMA

    rng = np.random.default_rng(number)
    document_id, settlement_id = f"bench_na.{number}", str(18_000_000_000 + number)
    kind = np.arange(lines) % len(KINDS)
    order = np.arange(lines) // len(KINDS)
    cents = np.array([each[2] for each in KINDS])[kind] * rng.integers(1, 4, lines // len(KINDS) + 1)[order]
    each_amount = {int(value): Decimal(int(value)).scaleb(-2) for value in np.unique(cents)}
    amounts = pa.array([each_amount[value] for value in cents.tolist()], pa.decimal128(18, 2))
    days = rng.integers(0, 13, lines // len(KINDS) + 1)[order]

    def repeated(value: str) -> pa.Array:
        return pa.repeat(pa.scalar(value), lines)

    columns: dict[str, pa.Array] = {
        "document_id": repeated(document_id),
        "line_no": pa.array(np.arange(lines) + 3),
        "source_column": repeated("amount"),
        "settlement_id": repeated(settlement_id),
        "currency": repeated("USD"),
        "transaction_type": repeated("Order"),
        "order_id": pa.array([f"111-{number:07d}-{n:07d}" for n in range(order[-1] + 1)]).take(pa.array(order)),
        "marketplace_name": repeated("Amazon.com"),
        "amount_type": pa.array([each[0] for each in KINDS]).take(pa.array(kind)),
        "amount_description": pa.array([each[1] for each in KINDS]).take(pa.array(kind)),
        "amount": amounts,
        "fulfillment_id": repeated("AFN"),
        "posted_date": pa.array(np.datetime64("2026-08-01") + days),
        "posted_at": pa.array(np.datetime64("2026-08-01T07:00:00", "us") + days.astype("timedelta64[D]")),
        "sku": pa.array([f"BIO-S{n}-US" for n in range(700)]).take(pa.array(rng.integers(0, 700, lines))),
        "quantity_purchased": pa.array(np.ones(lines, dtype="int32")),
    }
    table = pa.table(
        [columns[f.name].cast(f.type) if f.name in columns else pa.nulls(lines, f.type) for f in LINES_SCHEMA],
        schema=LINES_SCHEMA,
    )
    pq.write_table(table, folder / f"{document_id}.lines.parquet", compression="zstd")
    total = Decimal(int(cents.sum())).scaleb(-2)
    summary = {
        "document_id": document_id,
        "settlement_id": settlement_id,
        "currency": "USD",
        "settlement_start_at": START,
        "settlement_end_at": END,
        "deposit_at": END + dt.timedelta(days=2),
        "control_total": total,
        "sum_of_lines": total,
        "lines": lines,
        "summary_line_no": 2,
    }
    settlements = pa.Table.from_pylist([summary], schema=SETTLEMENTS_SCHEMA)
    pq.write_table(settlements, folder / f"{document_id}.settlements.parquet", compression="zstd")
    outcome = DocumentOutcome(
        document=Document(
            document_id=document_id,
            source="api",
            region="NA",
            account="bench_na",
            report_type="GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE_V2",
            created_at=END,
            first_listed_on=END.date(),
        ),
        state="ready",
        raw=RawFile(key=document_id, size=0, sha256=hashlib.sha256(document_id.encode()).hexdigest(), received_at=END),
        staged=StagedFiles(
            lines_key=f"{document_id}.lines.parquet",
            settlements_key=f"{document_id}.settlements.parquet",
            reading=Reading(
                layout="V2",
                encoding="utf-8",
                decimal=".",
                dates="%Y-%m-%d %H:%M:%S UTC",
                columns=(),
                file_lines=lines + 1,
                settlements=(
                    SettlementSummary(
                        settlement_id=settlement_id,
                        currency="USD",
                        start_at=START,
                        end_at=END,
                        deposit_at=END,
                        control_total=total,
                        sum_of_lines=total,
                        lines=lines,
                        summary_line_no=2,
                    ),
                ),
                reader_version=1,
            ),
        ),
        suite_version=1,
    )
    (folder / f"{document_id}.json").write_text(outcome.model_dump_json(), encoding="utf-8")


# --- the steps, each in a process of its own -------------------------------------------------------------------------


def child_plain(folder: Path, database: Path) -> None:
    import duckdb

    database.unlink(missing_ok=True)
    with duckdb.connect(str(database), config={"memory_limit": "2GB", "threads": 2}) as con:
        con.execute(f"CREATE TABLE lines AS SELECT * FROM read_parquet('{folder}/*.lines.parquet')")


def child_load(folder: Path, database: Path) -> None:
    from tieout.warehouse import Warehouse

    database.unlink(missing_ok=True)
    _load(Warehouse(database), folder)
    with Warehouse(database).connect() as con:
        states = con.execute("SELECT state, count(*) FROM mart.settlement_tie_out GROUP BY state").fetchall()
    if states != [("tied_out", DOCUMENTS)]:
        sys.exit(f"not every settlement ties out: {states}")


def child_again(folder: Path, database: Path) -> None:
    from tieout.warehouse import Warehouse

    _load(Warehouse(database), folder)


def child_publish(folder: Path, database: Path) -> None:
    from tieout.warehouse import Warehouse

    target = database.with_name("published.duckdb")
    target.unlink(missing_ok=True)
    Warehouse(database).publish(target)


def child_check(folder: Path, database: Path) -> None:
    from tieout.quality import StagedInput, check_documents

    inputs = [
        StagedInput(each.document.document_id, folder / s.lines_key, folder / s.settlements_key, s.reading)
        for each in _outcomes(folder)
        if (s := each.staged)
    ]
    failed = [check for found in check_documents(inputs, docs_dir=None).values() for check in found if not check.passed]
    if failed:
        sys.exit(f"a check failed: {failed[0]}")


def child_import(folder: Path, database: Path) -> None:
    import great_expectations  # noqa: F401 - its start is what is measured


def _outcomes(folder: Path) -> list:
    from tieout.documents import DocumentOutcome

    return [DocumentOutcome.model_validate_json(path.read_text("utf-8")) for path in sorted(folder.glob("*.json"))]


def _load(warehouse: object, folder: Path) -> None:
    warehouse.load(_outcomes(folder), lambda key: folder / key, region=None, business_day=None, run_id="bench")
    warehouse.build_marts()


CHILDREN = {name.removeprefix("child_"): call for name, call in globals().items() if name.startswith("child_")}


@dataclass(frozen=True)
class Cost:
    seconds: float
    megabytes: float


def run(name: str, folder: Path, runs: int) -> Cost:
    """The fastest of some runs of a step, and the most memory that any of them held."""
    costs = []
    for _ in range(runs):
        before = dt.datetime.now(dt.UTC)
        process = subprocess.Popen(
            [sys.executable, __file__, "--child", name, str(folder)],
            env=os.environ | {"PYTHONPATH": str(ROOT / "plugins")},
            stderr=subprocess.DEVNULL if name == "check" else None,  # DuckDB's binding reports leaks at exit
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = (dt.datetime.now(dt.UTC) - before).total_seconds()
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            sys.exit(f"the step {name!r} failed with {process.returncode}")
        costs.append(Cost(seconds, usage.ru_maxrss / 1024))
    return Cost(min(cost.seconds for cost in costs), max(cost.megabytes for cost in costs))


def compare(folder: Path, lines: int, runs: int) -> None:
    console = Console()
    console.print(f"writing {DOCUMENTS} staged documents of {lines // DOCUMENTS:,} lines each")
    for number in range(DOCUMENTS):
        write_document(folder, number, lines // DOCUMENTS)
    size = sum(path.stat().st_size for path in folder.glob("*.parquet"))
    console.print(f"{size / 1e6:.0f} MB of Parquet; load average {os.getloadavg()[0]:.1f}")
    plain = run("plain", folder, runs)
    steps = [
        ("DuckDB: CREATE TABLE AS SELECT", plain, plain.seconds),
        ("Tieout: load and build the marts", run("load", folder, runs), plain.seconds),
        ("Tieout: the same once more, nothing to do", run("again", folder, runs), plain.seconds),
        ("Tieout: publish the read copy", run("publish", folder, runs), plain.seconds),
        ("Tieout: check with Great Expectations", run("check", folder, 1), plain.seconds),
        ("of which Great Expectations' own start", run("import", folder, 1), plain.seconds),
    ]
    table = Table(title=f"{lines:,} staged lines to tied-out marts")
    for column in ("", "seconds", "times the plain copy", "peak MB", "lines/s"):
        table.add_column(column, justify="left" if not column else "right")
    for name, cost, base in steps:
        table.add_row(
            name,
            f"{cost.seconds:.2f}",
            f"{cost.seconds / base:.2f}",
            f"{cost.megabytes:.0f}",
            f"{lines / cost.seconds:,.0f}",
        )
    console.print(table)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=1_000_000, help="staged lines")
    parser.add_argument("--runs", type=int, default=3, help="runs of which the fastest counts")
    parser.add_argument("--child", nargs=2, metavar="ARG", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        name, folder = arguments.child
        database = Path(folder) / ("plain.duckdb" if name == "plain" else "warehouse.duckdb")
        CHILDREN[name](Path(folder), database)
        return 0
    sys.path.insert(0, str(ROOT / "plugins"))
    with tempfile.TemporaryDirectory(prefix="tieout-bench-") as folder:
        compare(Path(folder), arguments.lines, arguments.runs)
    return 0


if __name__ == "__main__":
    sys.exit(main())
