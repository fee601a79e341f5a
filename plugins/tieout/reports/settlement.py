"""Settlement flat files, V1 and V2, to exact lines in one schema.

A file is read in blocks of a megabyte, so memory does not grow with it. Every convention is found on its own:
encoding, layout, decimal separator, and the format of each date column. They are taken from the first block and then
held to strictly; a value further on that does not fit makes the reader look at the whole file, decide from all of it,
and read it again. What can be read in two ways is settled by the control total, or refused.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import os
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tieout.documents import Reading, Reason, ReasonCode
from tieout.reports import arrow, dates, layouts
from tieout.reports.charsets import detect_encoding
from tieout.reports.conversion import SELLER_SUPPORT, Conversion, money_array
from tieout.reports.endings import CutLine, Ending
from tieout.reports.errors import Known, Misfit, Refused, named
from tieout.reports.layouts import POSTED_DATE, POSTED_DATE_TIME, Layout
from tieout.reports.profile import Conventions, Profile
from tieout.reports.rows import RowReader
from tieout.reports.schemas import INSTANT, LINES_SCHEMA, SETTLEMENTS_SCHEMA
from tieout.reports.sinks import CallbackSink, OnLines, ParquetSink, Sink
from tieout.reports.text import table_blocks

__all__ = [
    "LINES_SCHEMA",
    "READER_VERSION",
    "SETTLEMENTS_SCHEMA",
    "find_layout",
    "read_settlement",
    "stage_settlement",
]

_PROFILE_BYTES = 256 * 1024
"""A start of a thousand lines shows nearly every file's conventions; what it does not show is noticed later."""

READER_VERSION = 3
"""Raised whenever the same bytes would be staged differently."""


def stage_settlement(
    path: Path | str,
    *,
    document_id: str,
    charset: str | None = None,
    file_name: str | None = None,
    lines_path: Path | str,
    settlements_path: Path | str,
) -> Reading:
    """Read a settlement flat file and write its lines and its settlements as Parquet.

    The files have `LINES_SCHEMA` and `SETTLEMENTS_SCHEMA`, and appear whole under their names or not at all.

    Args:
        path: The file as it was received, gzipped or not.
        document_id: Written on every row.
        charset: The charset of the Content-Type that the file was served with, if known.
        file_name: What messages call the file; by default the name of `path`.
        lines_path: Where the lines go. The folder must exist.
        settlements_path: Where the settlements go. The folder must exist.

    Returns:
        What was found: conventions, columns, and for each settlement its control total (`total-amount`) and the sum
        of its lines. They need not be equal: that is for the checks to judge.

    Raises:
        Refused: the file cannot be read exactly; nothing was written.
        OSError: the file cannot be read, or the Parquet not written.
    """
    lines_path, settlements_path = Path(lines_path), Path(settlements_path)
    temporary = [target.with_name(f".{target.name}.{os.getpid()}.tmp") for target in (lines_path, settlements_path)]
    try:
        reading = _read(Path(path), charset, file_name, document_id, lambda: ParquetSink(temporary[0]))
        pq.write_table(_settlements_table(reading, document_id), temporary[1], compression="zstd")
        for source, target in zip(temporary, (lines_path, settlements_path), strict=True):
            os.replace(source, target)
    finally:
        for each in temporary:
            each.unlink(missing_ok=True)
    return reading


def read_settlement(
    path: Path | str,
    *,
    charset: str | None = None,
    file_name: str | None = None,
    on_lines: Callable[[], OnLines] | None = None,
) -> Reading:
    """Read a settlement flat file without writing anything.

    Args:
        path: The file, gzipped or not.
        charset: The charset of the Content-Type that the file was served with, if known.
        file_name: What messages call the file; by default the name of `path`.
        on_lines: Makes a function that is called with each batch of lines (`LINES_SCHEMA`, text columns possibly as
            dictionaries, document_id empty). A file that is read twice to find its conventions gets a new one.

    Raises:
        Refused: the file cannot be read exactly.
        OSError: the file cannot be opened or read.
    """
    return _read(Path(path), charset, file_name, "", lambda: CallbackSink(on_lines() if on_lines else None))


def _read(
    path: Path,
    charset: str | None,
    file_name: str | None,
    document_id: str,
    open_sink: Callable[[], Sink],
) -> Reading:
    known = Known()
    try:
        for whole in (False, True):
            encoding, layout = None, None
            try:
                encoding = detect_encoding(path, charset, whole=whole)
                known = Known(encoding=encoding)
                layout = find_layout(path, encoding)
                known = Known(encoding=encoding, layout=layout.version)
                conventions = _conventions(path, encoding, layout, whole=whole)
                if conventions is None:
                    continue
                known = Known(
                    encoding=encoding,
                    layout=layout.version,
                    decimal=conventions.decimal,
                    dates=", ".join(dict.fromkeys(form.notation() for form in conventions.dates.values())) or None,
                )
                conversion = Conversion(layout, conventions, document_id)
                ending = Ending()
                with open_sink() as sink:
                    conversion.read(ending.watch(table_blocks(path, encoding)), sink)
                cut = ending.cut_line(path, len(layout.header))
                return _reading(
                    layout,
                    encoding,
                    conventions,
                    conversion,
                    _warnings(layout, conversion, cut, file_name or path.name),
                )
            except Misfit:
                if whole:
                    raise
        raise AssertionError("the whole file decides every convention")
    except Misfit as misfit:
        raise Refused(misfit.as_reason(file_name or path.name), known) from misfit


def find_layout(path: Path, encoding: str) -> Layout:
    """The layout by the header: the first line with a settlement's columns, or else the first with any text.

    Text may stand above the header: the name of the company that pays, in files of Singapore.
    """
    above: list[tuple[int, str]] = []
    blocks = 0
    for block in table_blocks(path, encoding):
        blocks += 1
        lines = block.data.split(b"\n", layouts.MOST_LINES_ABOVE_HEADER)[: layouts.MOST_LINES_ABOVE_HEADER]
        for number, data in enumerate(lines, block.first_line):
            line = data.decode()
            if number > layouts.MOST_LINES_ABOVE_HEADER or not line.strip():
                continue
            if layouts.is_header(line):
                for at, text in above:
                    layouts.check_text_above(text, at, line)
                return layouts.recognise(line, number)
            above.append((number, line))
        if block.first_line + block.lines > layouts.MOST_LINES_ABOVE_HEADER:
            break
    if above:
        return layouts.recognise(above[0][1], above[0][0])
    problem = "the file has no text" if blocks else "the file is empty"
    raise Misfit(ReasonCode.EMPTY_FILE, problem, SELLER_SUPPORT)


def _conventions(path: Path, encoding: str, layout: Layout, *, whole: bool) -> Conventions | None:
    """The conventions by the start of the file, or by the whole of it; None if the start does not tell."""
    reader = RowReader(layout)
    profile = Profile(layout)
    blocks = table_blocks(path, encoding)
    first = next(blocks)
    if not whole:
        with contextlib.suppress(Misfit):  # what is wrong there is found, and told, when it is read
            whole = next(blocks, None) is None
        blocks = iter(())
    profile.add(reader.rows(first if whole else first.head(_PROFILE_BYTES)))
    for block in blocks:
        profile.add(reader.rows(block))
    return profile.decide(whole=whole)


def _warnings(layout: Layout, conversion: Conversion, cut: CutLine | None, file_name: str) -> tuple[Reason, ...]:
    """What to look at in a file that was read."""
    found = []
    if cut is not None:
        problem = f"the last line has {cut.fields} of {cut.of} fields and no line end, so it was cut behind its amount"
        missing = "What stood there is missing, the posted date perhaps among it: download the report again"
        found.append(Misfit(ReasonCode.MISSING_DATE, problem, missing, line=cut.line))
    if conversion.undated and (cut is None or conversion.undated > 1):
        more = f", as have {conversion.undated - 1} more" if conversion.undated > 1 else ""
        found.append(
            Misfit(
                ReasonCode.MISSING_DATE,
                f"the line has no posted date{more}",
                "It can be put into no month: download the report again",
                line=conversion.first_undated,
                column=next(layout.spelled(n) for n in (POSTED_DATE, POSTED_DATE_TIME) if layout.has(n)),
            )
        )
    return tuple(each.as_reason(file_name) for each in found)


def _reading(
    layout: Layout, encoding: str, conventions: Conventions, conversion: Conversion, warnings: tuple[Reason, ...]
) -> Reading:
    return Reading(
        layout=layout.version,
        encoding=encoding,
        decimal=conventions.decimal,
        dates=", ".join(conversion.date_notations()),
        columns=tuple(named(name.strip()) for name in layout.header),
        unknown_columns=tuple(map(named, layout.unknown)),
        file_lines=conversion.content_lines,
        settlements=conversion.summaries(),
        warnings=warnings,
        reader_version=READER_VERSION,
    )


def _settlements_table(reading: Reading, document_id: str) -> pa.Table:
    rows = reading.settlements
    never_null = np.zeros(len(rows), bool)

    def instants(at: Sequence[dt.datetime | None]) -> pa.Array:
        microseconds = [dates.microseconds(each) if each else 0 for each in at]
        return arrow.from_numpy(
            np.array(microseconds, np.int64), INSTANT, np.array([each is None for each in at], bool)
        )

    def money(values: Sequence[Decimal]) -> pa.Array:
        return money_array(np.array([int(each.scaleb(2)) for each in values], np.int64), never_null)

    def whole(values: Sequence[int]) -> pa.Array:
        return arrow.from_numpy(np.array(values, np.int64), pa.int64())

    return pa.table(
        {
            "document_id": arrow.strings([document_id] * len(rows)),
            "settlement_id": arrow.strings([each.settlement_id for each in rows]),
            "currency": arrow.strings([each.currency for each in rows]),
            "settlement_start_at": instants([each.start_at for each in rows]),
            "settlement_end_at": instants([each.end_at for each in rows]),
            "deposit_at": instants([each.deposit_at for each in rows]),
            "control_total": money([each.control_total for each in rows]),
            "sum_of_lines": money([each.sum_of_lines for each in rows]),
            "lines": whole([each.lines for each in rows]),
            "summary_line_no": whole([each.summary_line_no for each in rows]),
        },
        schema=SETTLEMENTS_SCHEMA,
    )
