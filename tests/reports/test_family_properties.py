"""Known rows of any family, in any convention that can hold them, are read back exactly; damaged ones never wrongly."""

from __future__ import annotations

import csv
import datetime as dt
import io
import tempfile
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tieout.documents import ReportReading
from tieout.reports import report, source, text
from tieout.reports.errors import Refused
from tieout.reports.families import FAMILIES
from tieout.reports.family import FILE_CURRENCY, Column, Family, Format, Kind

TABULAR = sorted(name for name, family in FAMILIES.items() if family.format is not Format.JSON)
RELAXED = settings(
    deadline=None, max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
WORDS = {
    "utf-8": ["Tasse", 'a"b', "表示ソ", "naïve", "x, y; z"],
    "cp1252": ["Tasse", "Größe", "naïve façade", "x, y; z"],
    "cp932": ["ソ表示", "①号のカップ", "Tasse", "x, y; z"],
    "utf-16": ["Tasse", "表示", "Größe"],
}
DAYS = ["%Y-%m-%d", "%d.%m.%Y", "%d-%m-%Y", "%m-%d-%Y", "%m/%d/%Y", "%d/%m/%Y", "%d %B %Y", "%d-%b-%Y"]
OTHER_ORDER = {"%m/%d/%Y": "%d/%m/%Y", "%d-%m-%Y": "%m-%d-%Y"}
TIMES = ["T%H:%M:%S+00:00", " %H:%M:%S UTC", " %I:%M:%S %p GMT+0", " %H:%M:%S"]


def read(data: bytes, family: Family | None = None) -> tuple[ReportReading, list[dict[str, Any]]]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "report")
        path.write_bytes(data)
        reading = report.stage_report(path, family=family, document_id="d", target=Path(folder, "rows.parquet"))
        return reading, pq.read_table(Path(folder, "rows.parquet")).to_pylist()


def attempt(data: bytes, family: Family | None = None) -> tuple[ReportReading, list[dict[str, Any]]] | Refused:
    try:
        return read(data, family)
    except Refused as refusal:
        return refusal


class Style:
    """How a file is written."""

    def __init__(self, draw: st.DrawFn, family: Family) -> None:
        self.family = family
        self.encoding = draw(st.sampled_from(sorted(WORDS)))
        self.decimal = draw(st.sampled_from(".,"))
        self.group = draw(st.sampled_from(["", *(each for each in ".," if each != self.decimal), "'"]))
        self.quoted = family.format is not Format.TSV
        self.delimiter = draw(st.sampled_from(",;\t")) if family.format is Format.CSV else "\t"
        self.end = draw(st.sampled_from(["\n", "\r\n"]))
        # where a family says how Amazon is known to write a date, nobody writes it in the other order
        written = {each.written for each in family.columns} & set(OTHER_ORDER)
        self.day = draw(st.sampled_from([each for each in DAYS if each not in {OTHER_ORDER[w] for w in written}]))
        self.time = draw(st.sampled_from(TIMES))
        optional = [each for each in family.columns if not each.required]
        columns = [each for each in family.columns if each.required]
        columns += draw(st.lists(st.sampled_from(optional), max_size=6, unique=True))
        needed = {*family.recognised_by, *family.filled}
        columns += [each for each in family.columns if each.name in needed and each not in columns]
        own = {each.currency for each in columns}
        columns += [each for each in family.columns if each.name in own and each not in columns]
        self.columns: Sequence[Column] = draw(st.permutations(columns))
        self.preamble = "All amounts in EUR" if FILE_CURRENCY in own else None

    def number(self, value: Decimal, decimals: int) -> str:
        body = f"{value:,.{decimals}f}"
        return body.replace(",", "\0").replace(".", self.decimal).replace("\0", self.group)

    def cell(self, column: Column, value: Any) -> str:
        if value is None:
            return ""
        if column.kind is Kind.MONEY:
            return self.number(value, 2)
        if column.kind is Kind.DECIMAL:
            return self.number(value, 4)
        if column.kind is Kind.INSTANT:
            return value.strftime(self.day + self.time)
        if column.kind is Kind.DAY:
            return value.strftime(self.day)
        return str(value).lower() if column.kind is Kind.FLAG else str(value)

    def render(self, rows: Sequence[dict[str, Any]]) -> bytes:
        table = [
            [each.spelled[-1] if each.spelled and self.encoding == "utf-8" else each.name for each in self.columns]
        ]
        table += [[self.cell(each, row[each.name]) for each in self.columns] for row in rows]
        out = io.StringIO()
        if self.preamble:
            out.write(self.preamble + self.end)
        if self.quoted:
            writer = csv.writer(out, delimiter=self.delimiter, lineterminator=self.end, quoting=csv.QUOTE_ALL)
            writer.writerows(table)
        else:
            out.write("".join("\t".join(row) + self.end for row in table))
        return out.getvalue().encode(self.encoding)


def values(draw: st.DrawFn, column: Column, encoding: str, filled: bool) -> Any:
    if not filled and column.kind is not Kind.CURRENCY and draw(st.integers(0, 4)) == 0:
        return None
    if column.kind is Kind.MONEY:
        return Decimal(draw(st.integers(-9_999_999, 9_999_999))).scaleb(-2)
    if column.kind is Kind.DECIMAL:
        return Decimal(draw(st.integers(0, 9_999_999))).scaleb(-4)
    if column.kind is Kind.WHOLE:
        return draw(st.integers(-50, 50))
    if column.kind is Kind.INSTANT:
        return dt.datetime(2026, 1, 1, tzinfo=dt.UTC) + dt.timedelta(seconds=draw(st.integers(0, 31_000_000)))
    if column.kind is Kind.DAY:
        return dt.date(2026, 1, 1) + dt.timedelta(days=draw(st.integers(0, 360)))
    if column.kind is Kind.FLAG:
        return draw(st.booleans())
    if column.kind is Kind.CURRENCY:
        return draw(st.sampled_from(["EUR", "GBP"]))
    return draw(st.sampled_from(WORDS[encoding]))


@st.composite
def files(draw: st.DrawFn, family: Family) -> tuple[Style, list[dict[str, Any]]]:
    style = Style(draw, family)
    rows = [
        {each.name: values(draw, each, style.encoding, each.name in family.filled) for each in style.columns}
        for _ in range(draw(st.integers(1, 4)))
    ]
    for row in rows:
        if all(value is None for value in row.values()):
            row[style.columns[0].name] = values(draw, style.columns[0], style.encoding, True)
    return style, rows


def known(style: Style, row: dict[str, Any]) -> dict[str, Any]:
    """What must be read of a row, by column of the Parquet."""
    found: dict[str, Any] = {}
    for column in style.columns:
        value = None if column.personal else row[column.name]  # and there is no key to hash it
        if column.kind is Kind.INSTANT:
            zoned = "%z" in style.time or style.time.endswith(("UTC", "0"))
            found[f"{column.name}_day"] = value.date() if value else None
            found[f"{column.name}_local"] = value.replace(tzinfo=None) if value else None
            found[f"{column.name}_at"] = value if zoned else None
        else:
            found[column.name] = value
    return found


@pytest.fixture(scope="module", params=["whole", "in pieces"], autouse=True)
def blocks(request: pytest.FixtureRequest) -> Any:
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "in pieces":
            patch.setattr(source, "CHUNK_BYTES", 400)
            patch.setattr(text, "BLOCK_BYTES", 400)
            patch.setattr(report, "_BATCH_ROWS", 2)
        yield


@pytest.mark.parametrize("name", TABULAR)
@RELAXED
@given(st.data())
def test_rows_in_any_convention_are_read_back_exactly_or_refused(name: str, data: st.DataObject) -> None:
    """Pain 4: a file is read by the right convention, or it is refused because it may be read in two ways."""
    family = FAMILIES[name]
    style, rows = data.draw(files(family))
    body = style.render(rows)
    outcome = attempt(body, family)
    if isinstance(outcome, Refused):
        code = str(outcome.reason.code)
        numbers = [each for each in style.columns if each.kind in (Kind.MONEY, Kind.DECIMAL, Kind.WHOLE)]
        cells = [style.cell(each, row[each.name]) for each in numbers for row in rows if each.kind is not Kind.WHOLE]
        if code == "ambiguous_amounts":
            # nothing shows which: no number has both separators, or a fraction that is no group of three
            assert not any("." in cell and "," in cell for cell in cells), cells
        else:
            assert code == "bad_date", outcome
            assert style.day in ("%d-%m-%Y", "%m-%d-%Y", "%m/%d/%Y", "%d/%m/%Y")
        return
    reading, found = outcome
    assert reading.rows == len(rows)
    for row, wanted in zip(found, (known(style, row) for row in rows), strict=True):
        assert {key: row[key] for key in wanted} == wanted
    if style.preamble:
        assert {row["currency"] for row in found} == {"EUR"}


@st.composite
def damage(draw: st.DrawFn, body: bytes) -> bytes:
    kind = draw(st.sampled_from(["cut", "flip", "remove a line", "join lines", "tab"]))
    at = draw(st.integers(1, len(body) - 1))
    if kind == "cut":
        return body[:at]
    if kind == "flip":
        return body[:at] + bytes([draw(st.sampled_from(b'\t\n\0.,"- \xff'))]) + body[at + 1 :]
    if kind == "tab":
        return body[:at] + draw(st.sampled_from([b"\t", b"\n", b",", b'"'])) + body[at:]
    lines = body.split(b"\n")
    row = draw(st.integers(0, len(lines) - 1))
    if kind == "remove a line":
        return b"\n".join(lines[:row] + lines[row + 1 :])
    return b"\n".join(lines[:row]) + b"".join(lines[row : row + 2]) + b"\n".join(lines[row + 2 :])


@pytest.mark.parametrize("name", TABULAR)
@RELAXED
@given(st.data())
def test_a_cut_file_has_no_wrong_number(name: str, data: st.DataObject) -> None:
    """What is left of a file that was cut anywhere is read as it stood in the whole file, or the file is refused."""
    family = FAMILIES[name]
    style, rows = data.draw(files(family))
    assume(style.encoding != "utf-16")
    body = style.render(rows)
    try:
        _, whole = read(body, family)
        _, left = read(body[: data.draw(st.integers(1, len(body) - 1))], family)
    except Refused:
        return
    numbers = [each.name for each in style.columns if each.kind in (Kind.MONEY, Kind.DECIMAL, Kind.WHOLE)]
    for row, original in zip(left, whole, strict=False):
        assert {name: row[name] for name in numbers} == {name: original[name] for name in numbers}
    assert len(left) <= len(whole)


@pytest.mark.parametrize("name", TABULAR)
@RELAXED
@given(st.data())
def test_no_damage_makes_the_reader_fail_in_any_other_way(name: str, data: st.DataObject) -> None:
    """Damaged bytes are read or refused with a reason; a number that is read stands in the file as it was read."""
    style, rows = data.draw(files(FAMILIES[name]))
    body = data.draw(damage(style.render(rows)))
    outcome = attempt(body)
    if isinstance(outcome, Refused):
        assert outcome.reason.message
        return
    reading, found = outcome
    digits = Counter(body.decode("utf-16" if reading.encoding == "utf-16" else reading.encoding, "replace"))
    for row in found:
        for column in FAMILIES[reading.family].columns:
            value = row.get(column.name)
            if column.kind is Kind.MONEY and value is not None:
                assert all(f"{abs(value):f}".count(digit) <= digits[digit] for digit in "123456789")


@RELAXED
@given(st.binary(max_size=300))
def test_any_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(Refused):
        read(data)
