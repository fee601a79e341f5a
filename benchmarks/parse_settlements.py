"""From a gzipped Flat File V2 to typed, staged Parquet: how long, and in how much memory.

    python benchmarks/parse_settlements.py            # 5 M lines, and 1 M and 15 M for memory; some minutes
    python benchmarks/parse_settlements.py --quick    # 1 M lines, and 0.2 M and 3 M for memory

Seconds depend on the machine; the ratio to `gzip -dc`, measured in the same run, does not much. Each reader runs in a
process of its own, its start included, with the best of three runs taken. pandas and Python's csv, which
convert to exact decimals too, read fewer lines, and their time is scaled up.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import random
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parent.parent
HEADER = [
    "settlement-id",
    "settlement-start-date",
    "settlement-end-date",
    "deposit-date",
    "total-amount",
    "currency",
    "transaction-type",
    "order-id",
    "merchant-order-id",
    "adjustment-id",
    "shipment-id",
    "marketplace-name",
    "amount-type",
    "amount-description",
    "amount",
    "fulfillment-id",
    "posted-date",
    "posted-date-time",
    "order-item-code",
    "merchant-order-item-id",
    "merchant-adjustment-item-id",
    "sku",
    "quantity-purchased",
    "promotion-id",
]
SETTLEMENT_ID = "18174059732"
START = dt.datetime(2026, 7, 17, 7, 6, 34, tzinfo=dt.UTC)
MEMBERS = 5
"""The lines are compressed in this many parts, so that files of one, five and fifteen parts share the work."""

MOST_TIMES_GZIP = 1.7
MOST_MEGABYTES = 500
FLAT = 1.15
"""Memory is flat if fifteen times the lines take at most this many times the memory."""


# --- the input -------------------------------------------------------------------------------------------------------


def order_lines(rng: random.Random, skus: list[str]) -> Iterator[tuple[str, int]]:
    """The lines of one order after another, each with its amount in cents."""
    letters = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789"
    while True:
        order_id = f"{rng.randrange(100, 120)}-{rng.randrange(10**6, 10**7)}-{rng.randrange(10**6, 10**7)}"
        shipment_id = "U" + "".join(rng.choices(letters, k=8))
        posted = START + dt.timedelta(seconds=rng.randrange(14 * 86_400))
        sku = rng.choice(skus)
        quantity = 1 if rng.random() < 0.9 else 2
        price = rng.randrange(599, 8999) * quantity
        promotion = rng.random() < 0.15
        amounts = [
            ("ItemPrice", "Principal", price, ""),
            ("ItemFees", "Commission", -price * 15 // 100, ""),
            ("ItemFees", "FBAPerUnitFulfillmentFee", -rng.randrange(310, 899) * quantity, ""),
            ("ItemPrice", "Tax", price * 8 // 100, ""),
            ("ItemWithheldTax", "MarketplaceFacilitatorTax-Principal", -(price * 8 // 100), ""),
        ]
        if promotion:
            amounts.append(("Promotion", "Principal", -price // 10, "Subscribe & Save Promotion V2"))
        before = f"{SETTLEMENT_ID}\t\t\t\t\t\tOrder\t{order_id}\t{order_id}\t\t{shipment_id}\tAmazon.com\t"
        after = (
            f"\tAFN\t{posted:%Y-%m-%d}\t{posted:%Y-%m-%d %H:%M:%S} UTC\t{rng.randrange(10**13, 10**14)}\t\t\t{sku}"
            f"\t{quantity}\t"
        )
        for kind, description, cents, promotion_id in amounts:
            sign = "-" if cents < 0 else ""
            amount = f"{sign}{abs(cents) // 100}.{abs(cents) % 100:02d}"
            yield f"{before}{kind}\t{description}\t{amount}{after}{promotion_id}\n", cents


def gzipped(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """One gzip member."""
    compressor = zlib.compressobj(level=6, wbits=31)
    for chunk in chunks:
        yield compressor.compress(chunk)
    yield compressor.flush()


def write_inputs(folder: Path, lines: int) -> dict[int, Path]:
    """Files of `lines / 5`, `lines` and `3 * lines` detail lines, each one settlement that ties out."""
    rng = random.Random(20260717)
    skus = [f"BIO-S{rng.randrange(10**8, 10**9)}-{country}" for country in ("US", "CA", "MX") for _ in range(700)]
    source = order_lines(rng, skus)
    parts: list[tuple[Path, int]] = []
    for index in range(MEMBERS):
        path = folder / f"part-{index}.gz"
        cents = 0

        def chunks(count: int) -> Iterator[bytes]:
            nonlocal cents
            held: list[str] = []
            for _ in range(count):
                line, amount = next(source)
                held.append(line)
                cents += amount
                if len(held) == 5000:
                    yield "".join(held).encode()
                    held.clear()
            yield "".join(held).encode()

        with path.open("wb") as file:
            for chunk in gzipped(chunks(lines // MEMBERS)):
                file.write(chunk)
        parts.append((path, cents))
    files = {}
    for chosen in (parts[:1], parts, parts * 3):
        count = lines // MEMBERS * len(chosen)
        total = Decimal(sum(cents for _, cents in chosen)).scaleb(-2)
        end = START + dt.timedelta(days=14)
        dates = "\t".join(f"{each:%Y-%m-%d %H:%M:%S} UTC" for each in (START, end, end + dt.timedelta(days=2)))
        top = "\t".join(HEADER) + f"\n{SETTLEMENT_ID}\t{dates}\t{total}\tUSD" + "\t" * 18 + "\n"
        path = folder / f"settlement-{count}.txt.gz"
        with path.open("wb") as file:
            for chunk in gzipped(iter([top.encode()])):
                file.write(chunk)
            for part, _ in chosen:
                file.write(part.read_bytes())
        files[count] = path
    for path, _ in parts:
        path.unlink()
    return files


# --- the readers, each in a process of its own -----------------------------------------------------------------------


def child_tieout(source: Path, limit: int | None) -> None:
    from tieout.reports.settlement import stage_settlement

    lines, settlements = source.with_suffix(".lines.parquet"), source.with_suffix(".settlements.parquet")
    reading = stage_settlement(source, document_id="bench", lines_path=lines, settlements_path=settlements)
    (summary,) = reading.settlements
    if summary.sum_of_lines != summary.control_total:
        sys.exit(f"the lines sum to {summary.sum_of_lines} and not to {summary.control_total}")


def child_pandas(source: Path, limit: int | None) -> None:
    import pandas as pd

    amounts = dict.fromkeys(("total-amount", "amount"), lambda text: Decimal(text) if text else None)
    total = Decimal(0)
    for chunk in pd.read_csv(
        source,
        sep="\t",
        quoting=3,
        dtype={name: str for name in HEADER if name not in amounts},
        converters=amounts,
        nrows=limit,
        chunksize=100_000,
        keep_default_na=False,
    ):
        for column in ("settlement-start-date", "settlement-end-date", "deposit-date", "posted-date-time"):
            chunk[column] = pd.to_datetime(chunk[column], format="%Y-%m-%d %H:%M:%S UTC", utc=True, errors="coerce")
        chunk["quantity-purchased"] = pd.to_numeric(chunk["quantity-purchased"]).astype("Int32")
        total += sum(chunk["amount"].dropna())
        chunk.to_parquet(source.with_suffix(".pandas.parquet"), compression="zstd")


def child_csv(source: Path, limit: int | None) -> None:
    import csv
    import gzip

    import pyarrow as pa
    import pyarrow.parquet as pq

    def instant(text: str) -> dt.datetime | None:
        return dt.datetime.strptime(text, "%Y-%m-%d %H:%M:%S UTC").replace(tzinfo=dt.UTC) if text else None

    convert: dict[str, Callable[[str], object]] = dict.fromkeys(
        ("settlement-start-date", "settlement-end-date", "deposit-date", "posted-date-time"), instant
    )
    convert |= dict.fromkeys(("total-amount", "amount"), lambda text: Decimal(text) if text else None)
    convert |= {"quantity-purchased": lambda text: int(text) if text else None}
    rows: list[dict[str, object]] = []
    with gzip.open(source, "rt", encoding="utf-8", newline="") as file:
        for number, row in enumerate(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)):
            if number == limit:
                break
            rows.append({name: convert[name](text) if name in convert else text for name, text in row.items()})
            if len(rows) == 100_000:
                pq.write_table(pa.Table.from_pylist(rows), source.with_suffix(".csv.parquet"), compression="zstd")
                rows.clear()
    if rows:
        pq.write_table(pa.Table.from_pylist(rows), source.with_suffix(".csv.parquet"), compression="zstd")


CHILDREN = {"tieout": child_tieout, "pandas": child_pandas, "csv": child_csv}


@dataclass(frozen=True)
class Cost:
    seconds: float
    megabytes: float
    cpu_seconds: float


def run(command: list[str], runs: int) -> Cost:
    """The fastest of some runs, and the most memory that any of them held."""
    costs = []
    for _ in range(runs):
        before = dt.datetime.now(dt.UTC)
        process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, env=os.environ | {"PYTHONPATH": str(ROOT / "plugins")}
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = (dt.datetime.now(dt.UTC) - before).total_seconds()
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            sys.exit(f"{' '.join(command)} failed with {process.returncode}")
        costs.append(Cost(seconds, usage.ru_maxrss / 1024, usage.ru_utime + usage.ru_stime))
    return Cost(min(c.seconds for c in costs), max(c.megabytes for c in costs), min(c.cpu_seconds for c in costs))


def reader(name: str, source: Path, limit: int | None = None) -> list[str]:
    return [sys.executable, __file__, "--child", name, str(source), *([str(limit)] if limit else [])]


# --- the comparison --------------------------------------------------------------------------------------------------


def compare(folder: Path, lines: int, runs: int) -> bool:
    console = Console()
    console.print(f"writing a settlement of {lines:,} lines, and of {lines // 5:,} and {3 * lines:,}; seed 20260717")
    few, main, many = (write_inputs(folder, lines)[count] for count in (lines // 5, lines, 3 * lines))
    console.print(f"{main.name}: {main.stat().st_size / 1e6:.0f} MB gzipped; load average {os.getloadavg()[0]:.1f}")

    gzip = run(["gzip", "-dc", str(main)], runs)
    ours = run(reader("tieout", main), runs)
    slow = max(lines // 25, 20_000)
    scale = lines / slow
    pandas, python = (run(reader(name, main, slow), 1) for name in ("pandas", "csv"))
    small, large = run(reader("tieout", few), 1), run(reader("tieout", many), 1)

    table = Table(title=f"{lines:,} lines of gzipped Flat File V2 to typed Parquet")
    for column in ("", "seconds", "times gzip -dc", "CPU seconds", "peak MB", "lines/s"):
        table.add_column(column, justify="left" if not column else "right")

    def row(name: str, cost: Cost, count: int, factor: float = 1) -> None:
        seconds = cost.seconds * factor
        table.add_row(
            name, f"{seconds:.2f}", f"{seconds / gzip.seconds:.2f}" if count == lines else "",
            f"{cost.cpu_seconds * factor:.1f}", f"{cost.megabytes:.0f}", f"{count / seconds:,.0f}",
        )  # fmt: skip

    row("gzip -dc", gzip, lines)
    row("Tieout: read, proved and staged", ours, lines)
    row(f"pandas with Decimal, from {slow:,} lines", pandas, lines, scale)
    row(f"csv with Decimal, from {slow:,} lines", python, lines, scale)
    table.add_section()
    row(f"Tieout, {lines // 5:,} lines", small, lines // 5)
    row(f"Tieout, {3 * lines:,} lines", large, 3 * lines)
    console.print(table)

    verdicts = [
        (f"at most {MOST_TIMES_GZIP} times gzip -dc", f"{ours.seconds / gzip.seconds:.2f}",
         ours.seconds <= MOST_TIMES_GZIP * gzip.seconds),
        (f"at most {MOST_MEGABYTES} MB", f"{max(ours.megabytes, large.megabytes):.0f} MB",
         max(ours.megabytes, large.megabytes) <= MOST_MEGABYTES),
        (f"memory flat from {lines // 5:,} to {3 * lines:,} lines", f"{large.megabytes / small.megabytes:.2f} times",
         large.megabytes <= FLAT * small.megabytes),
    ]  # fmt: skip
    for claim, measured, held in verdicts:
        console.print(f"{'holds' if held else 'FAILS'}: {claim} (measured: {measured})")
    return all(held for *_, held in verdicts)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="1 M lines instead of 5 M")
    parser.add_argument("--folder", type=Path, help="where the files go, instead of a temporary folder")
    parser.add_argument("--runs", type=int, default=3, help="runs of which the fastest counts")
    parser.add_argument("--child", nargs="+", metavar="ARG", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        name, source, *limit = arguments.child
        CHILDREN[name](Path(source), int(limit[0]) if limit else None)
        return 0
    lines = 1_000_000 if arguments.quick else 5_000_000
    if arguments.folder:
        arguments.folder.mkdir(parents=True, exist_ok=True)
        return 0 if compare(arguments.folder, lines, arguments.runs) else 1
    with tempfile.TemporaryDirectory(prefix="tieout-bench-") as folder:
        return 0 if compare(Path(folder), lines, arguments.runs) else 1


if __name__ == "__main__":
    sys.exit(main())
