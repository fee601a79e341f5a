"""Files that were damaged at random, and a second opinion on those that still tie out or are read.

    python -m tests.reports.mutations              # 100,000 files on all cores; some minutes
    python -m tests.reports.mutations --files 5000 --first 70000

Files with an even number are settlements, the others are of all report families. Each is read within limits of memory and time,
as the pipeline reads it.

Each file is made from its number alone, so one that shows a fault can be made again: `--files 1 --first NUMBER`.
"""

from __future__ import annotations

import argparse
import datetime as dt
import gzip
import os
import random
import re
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from pathlib import Path

from tests.reports import family_mutations
from tests.reports.rendering import V2, ZONES, Line, Settlement, Style, render
from tieout.bounded import BoundedProcess, Limits, Stopped
from tieout.check import TIED_OUT, Verdict, check_file
from tieout.reports.errors import Refused

LIMITS = Limits(memory=1 << 30, seconds=60, output=1 << 30)
"""What reading one of the files may take. None has a megabyte."""

GOLDEN = Path(__file__).parent / "golden"
START = dt.datetime(2026, 7, 17, 7, 6, 34, tzinfo=dt.UTC)
DAYS = ("%Y-%m-%d", "%d-%m-%Y", "%d.%m.%Y", "%Y/%m/%d", "%d/%m/%Y", "%m/%d/%Y")
SKUS = {"utf-8": "ABé表Ω19", "cp1252": "ABéÄß19", "cp932": "AB表ソ示19", "utf-16": "ABé表19"}
TELLING = b"\t\n\r\0.,-+ 0123456789eE()\x81\xe9'\"\xef\xbb\xbf\x1f\x8b"
"""Bytes that mean something to a reader of settlement files."""


@cache
def golden() -> tuple[bytes, ...]:
    """The golden files, V1 and V2."""
    return tuple(path.read_bytes() for path in sorted(GOLDEN.glob("*.txt")))


def whole_file(chance: random.Random) -> bytes:
    """A file that ties out: a golden one, or one or two settlements in some convention."""
    if chance.random() < 0.5:
        return chance.choice(golden())
    encoding = chance.choice(sorted(SKUS))
    currency, cents = ("JPY", False) if encoding == "cp932" else (chance.choice(("EUR", "USD", "GBP")), True)
    decimal = chance.choice((".", ","))
    columns = list(V2)
    if chance.random() < 0.3:
        chance.shuffle(columns)
    style = Style(
        encoding=encoding,
        decimal=decimal,
        group=chance.choice([group for group in ("", ".", ",", " ", "'") if group != decimal]),
        summary_date=chance.choice(DAYS),
        posted_date=(day := chance.choice(DAYS)),
        posted_time=f"{day} %H:%M:%S {{zone}}",
        zone=chance.choice(sorted(ZONES)),
        line_end=chance.choice(("\n", "\n", "\r\n", "\r")),
        ends_with_line_end=chance.random() < 0.8,
        byte_order_mark=chance.random() < 0.2,
        trailing_fields=chance.random() < 0.8,
        columns=columns,
        currency_on_lines=chance.random() < 0.3,
    )

    def line() -> Line:
        value = chance.choice((chance.randint(-99_999, 99_999), chance.randint(-9_999_999, 9_999_999)))
        return Line(
            amount=Decimal(value).scaleb(-2) if cents else Decimal(value),
            posted_at=START + dt.timedelta(seconds=chance.randint(86_400, 12 * 86_400)),
            transaction_type=chance.choice(("Order", "Refund", "other-transaction")),
            amount_description=chance.choice(("Principal", "Commission", "Current Reserve Amount")),
            order_id=chance.choice(("", "112-0000001-0000001", "FBA19CD9HGQ8")),
            sku="".join(chance.choices(SKUS[encoding], k=chance.randint(0, 6))),
            quantity=chance.choice((None, 1, 3)),
        )

    settlements = [
        Settlement(tuple(line() for _ in range(chance.randint(0, 8))), f"1800000000{number}", currency)
        for number in range(chance.choice((1, 1, 2)))
    ]
    return render(settlements, style)


def damage(chance: random.Random, body: bytes) -> bytes:
    """The same file with one to four things wrong with it."""
    for _ in range(chance.randint(1, 4)):
        if not body:
            break
        at = chance.randrange(len(body))
        match chance.choice(
            ("flip", "flip", "flip", "insert", "remove", "cut", "digit", "digit", "line", "line", "cell", "separators")
        ):
            case "flip":
                byte = chance.choice(TELLING) if chance.random() < 0.7 else chance.randrange(256)
                body = body[:at] + bytes([byte]) + body[at + 1 :]
            case "insert":
                body = body[:at] + bytes(chance.choices(TELLING, k=chance.randint(1, 3))) + body[at:]
            case "remove":
                body = body[:at] + body[at + chance.randint(1, 5) :]
            case "cut":
                body = body[:at]
            case "digit":
                places = [match.start() for match in re.finditer(rb"\d", body)]
                if places:
                    at = chance.choice(places)
                    body = body[:at] + str(chance.randrange(10)).encode() + body[at + 1 :]
            case "line":
                lines = body.split(b"\n")
                row = chance.randrange(len(lines))
                kind = chance.choice(("remove", "double", "swap", "header again"))
                if kind == "remove":
                    del lines[row]
                elif kind == "double":
                    lines.insert(chance.randrange(len(lines) + 1), lines[row])
                elif kind == "swap":
                    other = chance.randrange(len(lines))
                    lines[row], lines[other] = lines[other], lines[row]
                else:
                    lines.insert(row, lines[0])
                body = b"\n".join(lines)
            case "cell":
                lines = body.split(b"\n")
                row = chance.randrange(len(lines))
                cells = lines[row].split(b"\t")
                one, other = chance.randrange(len(cells)), chance.randrange(len(cells))
                kind = chance.choice(("swap", "empty", "drop", "double"))
                if kind == "swap":
                    cells[one], cells[other] = cells[other], cells[one]
                elif kind == "empty":
                    cells[one] = b""
                elif kind == "drop":
                    del cells[one]
                else:
                    cells.insert(one, cells[other])
                lines[row] = b"\t".join(cells)
                body = b"\n".join(lines)
            case "separators":
                body = body.translate(bytes.maketrans(b".,", b",."))
    return body


def damaged_file(number: int) -> bytes:
    """The file of a number: always the same one."""
    chance = random.Random(number)
    body = damage(chance, whole_file(chance))
    if chance.random() < 0.15:
        body = gzip.compress(body, mtime=0)
        if chance.random() < 0.5:
            body = damage(chance, body)
    return body


def second_opinion(body: bytes, encoding: str, decimal: str) -> dict[str, tuple[Decimal, Decimal]]:
    """Control total and sum of lines of each settlement, as a reader without any wit finds them."""
    if body.startswith(b"\x1f\x8b"):
        body = gzip.decompress(body)
    lines = [line for line in re.split("\r\r\n|\r\n|\n|\r", body.decode(encoding)) if line.strip()]
    while "settlement-id" not in lines[0].lower():  # what stands above the header is no part of the table
        del lines[0]
    header = lines.pop(0)
    names = [name.strip().lower() for name in header.lstrip("\ufeff").split("\t")]
    amounts = ["amount"] if "amount" in names else [n for n in names if n.endswith("-amount") and n != "total-amount"]
    totals: dict[str, tuple[Decimal, Decimal]] = {}
    for line in lines:
        if line.rstrip() == header.rstrip():
            continue
        row = dict(zip(names, (cell.strip() for cell in line.split("\t")), strict=False))
        control, total = totals.get(row["settlement-id"], (Decimal(0), Decimal(0)))
        if row.get("total-amount") and not row.get("transaction-type"):
            control = _money(row["total-amount"], decimal)
        else:
            total += sum((_money(row[name], decimal) for name in amounts if row.get(name)), Decimal(0))
        totals[row["settlement-id"]] = (control, total)
    return totals


def _money(text: str, decimal: str) -> Decimal:
    whole, _, fraction = text.partition(decimal)
    digits = re.sub(r"\D", "", whole) + re.sub(r"\D", "", fraction)
    value = Decimal(digits or "0").scaleb(-len(re.sub(r"\D", "", fraction)))
    return -value if re.search(r"[-\u2212(]", text) else value


def damaged_report(number: int) -> bytes:
    """The file of a number, of any report family: always the same one."""
    chance = random.Random(number)
    body = family_mutations.packed(chance, damage(chance, family_mutations.whole_file(chance)))
    return damage(chance, body) if chance.random() < 0.1 else body


def check_file_of(body: bytes) -> list[Verdict]:
    """The verdicts on the settlements of a file with these bytes."""
    with tempfile.TemporaryDirectory(prefix="tieout-mutation-") as folder:
        path = Path(folder) / "settlement.txt"
        path.write_bytes(body)
        return list(check_file(path))


@dataclass
class Tally:
    """What became of many files."""

    verdicts: Counter[str] = field(default_factory=Counter)
    """Files by the code of their first reason, or `tied_out`."""
    faults: list[str] = field(default_factory=list)
    """Files that were accepted with a wrong total, ended in an error without a class, or took too much memory or time."""
    peak: int = 0
    """Bytes: the most memory that the process had which read them."""

    def add(self, other: Tally) -> None:
        """Count another tally's files too."""
        self.verdicts += other.verdicts
        self.faults += other.faults
        self.peak = max(self.peak, other.peak)


def tally(numbers: range) -> Tally:
    """Read the files of some numbers, each within limits."""
    found = Tally()
    with BoundedProcess(LIMITS) as reader:
        for number in numbers:
            try:
                verdict, problems = reader.call(read_one, number, tries=1)
            except Stopped as stopped:
                verdict, problems = "stopped", [str(stopped)]
            except Exception as error:  # the very thing that is looked for
                verdict, problems = "unclassified error", [f"{type(error).__name__}: {error}"]
            found.verdicts[verdict] += 1
            found.faults += [f"{number}: {problem}" for problem in problems]
        found.peak = reader.peak
    return found


def read_one(number: int) -> tuple[str, list[str]]:
    """Read the file of a number; return what became of it, and what the second opinion has against that."""
    if number % 2 == 0:
        body = damaged_file(number)
        verdicts = check_file_of(body)
        refused = [each for each in verdicts if each.verdict != TIED_OUT]
        return (refused[0].reason or "").split(":")[0] if refused else TIED_OUT, wrong_verdicts(body, verdicts)
    with tempfile.TemporaryDirectory(prefix="tieout-mutation-") as folder:
        path = Path(folder) / "report"
        path.write_bytes(damaged_report(number))
        try:
            return family_mutations.verdict_of(path)
        except Refused as refused:
            return refused.reason.code.value, []


def wrong_verdicts(body: bytes, verdicts: list[Verdict]) -> list[str]:
    """What the second opinion has against the verdicts on a file."""
    tied = [each for each in verdicts if each.verdict == TIED_OUT]
    if not tied:
        return []
    try:
        totals = second_opinion(body, tied[0].encoding or "", tied[0].decimal or "")
    except Exception as error:
        return [f"accepted, and the second opinion ends in {type(error).__name__}: {error}"]
    wrong = []
    for each in tied:
        control, total = totals.get(each.settlement_id or "", (None, None))
        if not (str(control) and control == total == Decimal(each.control_total or "NaN")):
            wrong.append(
                f"settlement {each.settlement_id} accepted with {each.control_total}, is {control} and {total}"
            )
    return wrong


def main() -> int:
    """Read many files on all cores; the exit code is 1 if one of them shows a fault."""
    parser = argparse.ArgumentParser(prog="python -m tests.reports.mutations", description=__doc__)
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--first", type=int, default=0)
    options = parser.parse_args()
    started = time.monotonic()
    last = options.first + options.files
    parts = [range(first, min(first + 1000, last)) for first in range(options.first, last, 1000)]
    found = Tally()
    with ProcessPoolExecutor(os.cpu_count()) as workers:
        for done, part in enumerate(workers.map(tally, parts), start=1):
            found.add(part)
            if done % 10 == 0:
                print(f"{done * 1000:>7,} files, {len(found.faults)} faults", flush=True)
    for verdict, count in found.verdicts.most_common():
        print(f"{count:>9,}  {verdict}")
    for fault in found.faults[:50]:
        print(f"FAULT in file {fault}")
    print(f"{found.peak / (1 << 20):,.0f} MiB: the most memory that a process had which read them")
    print(f"{options.files:,} mutated files, {len(found.faults)} faults, {time.monotonic() - started:.0f} s")
    return 1 if found.faults else 0


if __name__ == "__main__":
    sys.exit(main())
