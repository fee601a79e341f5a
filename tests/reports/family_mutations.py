"""Files of the report families that were damaged at random, and a second opinion on the amounts of those that are read."""

from __future__ import annotations

import csv
import gzip
import io
import random
import re
import zipfile
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa

from tieout.reports.families import FAMILIES
from tieout.reports.family import Kind
from tieout.reports.report import read_report
from tieout.reports.tables import find_table

GOLDEN = Path(__file__).parent / "golden_families"
READ = "read"


@cache
def golden() -> tuple[tuple[str, bytes], ...]:
    """The golden files of every family and locale."""
    files = sorted(path for path in GOLDEN.iterdir() if not path.name.endswith(".expected.json"))
    return tuple((path.name, path.read_bytes()) for path in files)


def whole_file(chance: random.Random) -> bytes:
    """A file that is read: a golden one, perhaps with its rows several times."""
    name, body = chance.choice(golden())
    if name.endswith(".json") or chance.random() < 0.6:
        return body
    head, *rows = body.splitlines(keepends=True)
    return head + b"".join(rows) + b"".join(chance.choices(rows, k=chance.randint(1, 40))) if rows else body


def packed(chance: random.Random, body: bytes) -> bytes:
    """The file as it is, gzipped, or in a ZIP archive."""
    kind = chance.random()
    if kind < 0.8:
        return body
    if kind < 0.9:
        return gzip.compress(body, mtime=0)
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(zipfile.ZipInfo("report.csv"), body)
    return archive.getvalue()


def verdict_of(path: Path) -> tuple[str, list[str]]:
    """Read a file of any family.

    Returns:
        `read`; and what the second opinion has against it.

    Raises:
        Refused: It is refused with a reason.
    """
    batches: list[pa.Table] = []

    def begin() -> Any:
        batches.clear()
        return batches.append

    reading = read_report(path, on_rows=begin)
    family = FAMILIES[reading.family]
    money = [column.name for column in family.columns if column.kind is Kind.MONEY]
    rows = pa.concat_tables([each.select(money) for each in batches]).to_pylist() if batches and money else []
    if reading.dialect == "JSON":
        return READ, _invented(path, reading.encoding, rows)
    return READ, _wrong_sums(path, reading.encoding, reading.decimal or ".", rows, reading.rows)


def _unpacked(path: Path) -> bytes:
    body = path.read_bytes()
    if body.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            return archive.read(archive.namelist()[0])
    return gzip.decompress(body) if body.startswith(b"\x1f\x8b") else body


def _invented(path: Path, encoding: str, rows: list[dict[str, Decimal | None]]) -> list[str]:
    """Amounts of rows that the document does not state."""
    stated = {
        abs(Decimal(each)) for each in re.findall(r"\d+(?:\.\d+)?(?:[eE][-+]?\d+)?", _unpacked(path).decode(encoding))
    }
    found = {abs(value) for row in rows for value in row.values() if value is not None}
    return [f"the amount {value} is not in the document" for value in sorted(found - stated)]


def _wrong_sums(
    path: Path, encoding: str, decimal: str, rows: list[dict[str, Decimal | None]], count: int
) -> list[str]:
    """Columns whose amounts add up to something else than a reader without any wit finds."""
    if not count:
        return []
    table = find_table(path, encoding, [each for each in FAMILIES.values()])
    text = re.sub("\r\r\n|\r\n|\r", "\n", _unpacked(path).decode(encoding).lstrip("\ufeff"))
    below = "\n".join(text.split("\n")[table.header_line :])
    delimiter = table.dialect.delimiter
    lines = (
        list(csv.reader(io.StringIO(below), delimiter=delimiter))
        if table.dialect.quoted
        else [line.split(delimiter) for line in below.split("\n")]
    )
    header = [cell.strip() for cell in table.header]
    lines = [cells for cells in lines if any(cells) and [cell.strip() for cell in cells] != header]
    wrong = []
    for name, place in table.columns.items():
        if name not in (rows[0] if rows else {}):
            continue
        mine = sum((_money(cells[place], decimal) for cells in lines if place < len(cells)), Decimal(0))
        found = sum((row[name] for row in rows if row[name] is not None), Decimal(0))
        if mine != found:
            wrong.append(f"{table.family.name}.{name} adds up to {found}, and the second opinion to {mine}")
    return wrong


def _money(text: str, decimal: str) -> Decimal:
    whole, _, fraction = text.partition(decimal)
    digits = re.sub(r"\D", "", whole) + re.sub(r"\D", "", fraction)
    value = Decimal(digits or "0").scaleb(-len(re.sub(r"\D", "", fraction)))
    return -value if re.search(r"[-\u2212(]", text) else value
