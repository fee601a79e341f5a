"""Files of any report family but settlements: recognised by their bytes, and read to exact rows.

A file is read twice, so that memory does not grow with it and nothing is believed of its rest because of its start:
once to find its conventions from all of its rows, once to read it by them. What can be read in two ways, and is settled
by nothing in the file, is refused.
"""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pyarrow as pa

from tieout.documents import ReasonCode, ReportReading
from tieout.privacy import NO_KEY, Privacy
from tieout.reports.charsets import detect_encoding
from tieout.reports.columns import Reader, Survey, empty_table
from tieout.reports.endings import tail_of
from tieout.reports.errors import Known, Misfit, Refused, named
from tieout.reports.families import FAMILIES
from tieout.reports.family import Family, Format
from tieout.reports.json_documents import json_rows, seems_json
from tieout.reports.sinks import CallbackSink, OnLines, ParquetSink, Sink
from tieout.reports.tables import AS_AMAZON_MADE_IT, Settlement, Table, find_table, rows
from tieout.reports.text import text_blocks

__all__ = ["READER_VERSION", "SETTLEMENT", "read_report", "recognise", "stage_report"]

READER_VERSION = 4
"""Raised whenever the same bytes would be staged differently."""

SETTLEMENT: Literal["settlement"] = "settlement"
"""What `recognise` says of a settlement flat file, which `tieout.reports.settlement` reads."""

OpenSink = Callable[[Family], Sink]

_BATCH_ROWS = 8192
_BATCH_CHARACTERS = 16 << 20
"""Rows are read together until there are so many of them, or of their characters."""
_NO_DATA = ("no data", "no records", "no results", "there is no data", "データがありません")


def recognise(
    path: Path | str, *, charset: str | None = None, file_name: str | None = None
) -> Family | Literal["settlement"]:
    """What a file is, from its bytes alone.

    :param path: the file, gzipped or not.
    :param charset: the charset of the Content-Type that the file was served with, if known.
    :param file_name: what messages call the file; by default the name of `path`.
    :return: its family, or `SETTLEMENT` for a settlement flat file (V1 or V2, whether or not it can be read).
    :raises Refused: `unknown_layout` with what it seems to be and what is missing; `empty_file`; `damaged_file`;
        `unreadable_encoding`.
    :raises OSError: the file cannot be opened or read.
    """
    path = Path(path)
    known = Known()
    try:
        for whole in (False, True):
            try:
                encoding = detect_encoding(path, charset, whole=whole)
                known = Known(encoding=encoding)
                if seems_json(path, encoding):
                    return _of_json(path, encoding)[0]
                return find_table(path, encoding, _tabular()).family
            except Misfit:
                if whole:
                    raise
        raise AssertionError("the whole file decides")
    except Settlement:
        return SETTLEMENT
    except Misfit as misfit:
        raise Refused(misfit.as_reason(file_name or path.name), known) from misfit


def stage_report(
    path: Path | str,
    *,
    family: Family | None = None,
    document_id: str,
    charset: str | None = None,
    file_name: str | None = None,
    covers: tuple[dt.date, dt.date] | None = None,
    privacy: Privacy = NO_KEY,
    target: Path | str,
) -> ReportReading:
    """Read a report and write its rows as Parquet.

    The Parquet has the family's `schema` and appears whole under its name or not at all.

    :param path: the file as it was received, gzipped or not.
    :param family: what it must be; None to take what it is.
    :param document_id: written on every row.
    :param charset: the charset of the Content-Type that the file was served with, if known.
    :param file_name: what messages call the file; by default the name of `path`.
    :param covers: the first and the last day that the report covers, in the marketplace's time zone, if they are known: they
        may settle the order of day and month.
    :param privacy: the key of hashed columns, and which values of unknown columns are kept.
    :param target: where the rows go. The folder must exist.
    :return: what was found.
    :raises Refused: the file cannot be read exactly, or is not of the family; nothing was written.
    :raises OSError: the file cannot be read, or the Parquet not written.
    """
    target = Path(target)
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")

    def open_sink(found: Family) -> Sink:
        return ParquetSink(temporary, found.schema, ["line_no"])

    try:
        reading = _read(Path(path), family, document_id, charset, file_name, covers, privacy, open_sink)
        os.replace(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)
    return reading


def read_report(
    path: Path | str,
    *,
    charset: str | None = None,
    file_name: str | None = None,
    on_rows: Callable[[], OnLines] | None = None,
) -> ReportReading:
    """Read a report without writing anything.

    Args:
        path: The file, gzipped or not.
        charset: The charset of the Content-Type that the file was served with, if known.
        file_name: What messages call the file; by default the name of `path`.
        on_rows: Makes a function that is called with each batch of rows (the family's `schema`, document_id empty). A file
            that is read twice to find its conventions gets a new one.

    Raises:
        Refused: The file cannot be read exactly.
        OSError: The file cannot be opened or read.
    """

    def open_sink(_: Family) -> Sink:
        return CallbackSink(on_rows() if on_rows else None)

    return _read(Path(path), None, "", charset, file_name, None, NO_KEY, open_sink)


def _read(
    path: Path,
    family: Family | None,
    document_id: str,
    charset: str | None,
    file_name: str | None,
    covers: tuple[dt.date, dt.date] | None,
    privacy: Privacy,
    open_sink: OpenSink,
) -> ReportReading:
    known = Known(layout=family.name if family else None)
    try:
        for whole in (False, True):
            try:
                encoding = detect_encoding(path, charset, whole=whole)
                known = Known(layout=known.layout, encoding=encoding)
                return _stage(path, encoding, family, document_id, covers, privacy, open_sink)
            except Misfit:
                if whole:
                    raise
        raise AssertionError("the whole file decides")
    except Settlement:
        misfit = Misfit(
            ReasonCode.UNKNOWN_LAYOUT,
            f"this is a settlement{f', not {family.title}' if family else ''}",
            "Import it as a settlement",
        )
        raise Refused(misfit.as_reason(file_name or path.name), known) from None
    except Misfit as misfit:
        raise Refused(misfit.as_reason(file_name or path.name), known) from misfit


def _tabular() -> Sequence[Family]:
    return [each for each in FAMILIES.values() if each.format is not Format.JSON]


def _stage(
    path: Path,
    encoding: str,
    family: Family | None,
    document_id: str,
    covers: tuple[dt.date, dt.date] | None,
    privacy: Privacy,
    open_sink: OpenSink,
) -> ReportReading:
    if seems_json(path, encoding):
        found, made = _of_json(path, encoding, family, privacy)
        _expect(family, found)
        return _write_json(found, made, encoding, document_id, open_sink)
    if family is not None and _has_no_data(path, encoding):
        return _without_rows(family, encoding, open_sink)
    table = replace(find_table(path, encoding, _tabular()), privacy=privacy)
    if family is not None and table.family.name == family.same_columns_as:
        table = replace(table, family=family)
    _expect(family, table.family)
    survey = Survey(table)
    last = 0
    for line, cells in rows(path, encoding, table):
        survey.add(line, cells)
        last = line
    survey.finish(complete=_ends_complete(path, table), last_line=last)
    reader = Reader(table, survey.decide(covers), document_id)
    with open_sink(table.family) as sink:
        batch: list[tuple[int, list[str]]] = []
        size = 0
        for row in rows(path, encoding, table):
            batch.append(row)
            size += sum(map(len, row[1]))
            if len(batch) == _BATCH_ROWS or size > _BATCH_CHARACTERS:
                sink.write(reader.table(batch))
                batch, size = [], 0
        sink.write(reader.table(batch))
    return _reading(table, encoding, reader)


def _expect(wanted: Family | None, found: Family) -> None:
    if wanted is not None and found is not wanted:
        raise Misfit(
            ReasonCode.UNKNOWN_LAYOUT,
            f"this is {found.title}, not {wanted.title}",
            "Ask for the report again; if it stays so, open a case with Amazon's support",
        )


def _reading(table: Table, encoding: str, reader: Reader) -> ReportReading:
    declared = [column.name for column in table.family.columns]
    return ReportReading(
        family=table.family.name,
        dialect=str(table.dialect),
        resaved=table.resaved,
        encoding=encoding,
        decimal=reader.conventions.decimal,
        dates={name: tuple(each.notations) for name, each in reader.dates.items() if each.notations},
        currency=reader.conventions.currency,
        columns=tuple(named(name.strip()) for name in table.header),
        unknown_columns=tuple(named(name) for name in table.unknown if not name.startswith("#")),
        absent_columns=tuple(name for name in declared if name not in table.columns),
        rows=reader.rows,
        reader_version=READER_VERSION,
    )


def _has_no_data(path: Path, encoding: str) -> bool:
    """Whether the file says, in a line or two instead of a table, that there is nothing to tell."""
    lines: list[str] = []
    for block in text_blocks(path, encoding):
        lines += [line for line in block.data.decode().split("\n") if line.strip()]
        if len(lines) > 3:
            return False
    text = " ".join(lines).lower()
    return "\t" not in text and any(each in text for each in _NO_DATA)


def _without_rows(family: Family, encoding: str, open_sink: OpenSink) -> ReportReading:
    with open_sink(family):
        pass
    return ReportReading(
        family=family.name, dialect="TSV", resaved=False, encoding=encoding, decimal=None, dates={}, currency=None,
        columns=(), unknown_columns=(), absent_columns=tuple(each.name for each in family.columns), rows=0,
        reader_version=READER_VERSION,
    )  # fmt: skip


def _ends_complete(path: Path, table: Table) -> bool:
    """Whether the file ends with a line end, or with a quotation mark that closes its last field."""
    tail = tail_of(path)
    return tail.endswith((b"\n", b"\r")) or (table.dialect.quoted and tail.endswith(b'"'))


def _of_json(
    path: Path, encoding: str, wanted: Family | None = None, privacy: Privacy = NO_KEY
) -> tuple[Family, Iterator[dict[str, object]]]:
    families = [each for each in FAMILIES.values() if each.format is Format.JSON]
    return json_rows(path, encoding, families, wanted if wanted in families else None, privacy)


def _write_json(
    family: Family, made: Iterator[dict[str, object]], encoding: str, document_id: str, open_sink: OpenSink
) -> ReportReading:
    count = 0
    names: dict[str, None] = {}
    lines: list[dict[str, object]] = []

    def write() -> None:
        try:
            sink.write(pa.Table.from_pylist(lines, schema=family.schema) if lines else empty_table(family))
        except (pa.ArrowInvalid, OverflowError) as error:  # a number finer or larger than its column holds
            problem = f"a number cannot be held exactly ({error})"
            raise Misfit(ReasonCode.BAD_AMOUNT, problem, AS_AMAZON_MADE_IT) from error
        lines.clear()

    with open_sink(family) as sink:
        size = 0
        for count, row in enumerate(made, start=1):
            names |= dict.fromkeys(name for name, value in row.items() if value is not None and name != "extra")
            lines.append({"document_id": document_id, "line_no": count, **row})
            size += sum(len(value) for value in row.values() if isinstance(value, str))
            if len(lines) == _BATCH_ROWS or size > _BATCH_CHARACTERS:
                write()
                size = 0
        write()
    return ReportReading(
        family=family.name, dialect="JSON", resaved=False, encoding=encoding, decimal=".", dates={}, currency=None,
        columns=tuple(names), unknown_columns=(), absent_columns=(), rows=count, reader_version=READER_VERSION,
    )  # fmt: skip
