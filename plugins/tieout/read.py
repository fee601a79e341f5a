"""`python -m tieout read`: what is each of these files, does it read, and what do its amounts add up to?"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tieout.check import ALL_TIE_OUT, ONE_REFUSED, refuse_unreadable, why_not_tied_out

if TYPE_CHECKING:
    import pyarrow as pa

    from tieout.bounded import BoundedProcess
    from tieout.reports.errors import Refused
    from tieout.reports.sums import Tally

READ = "read"
REFUSED = "refused"


@dataclass(frozen=True)
class FileReading:
    """What was found in one file. What is not known is None."""

    file: str
    family: str | None
    """Name of the report family, or `settlement`."""
    verdict: str
    reason: str | None = None
    """`<reason code>: <file>, line <n>, column <name>: ...` of a file that is refused."""
    rows: int | None = None
    sums: dict[str, dict[str, str]] = field(default_factory=dict)
    """By column and currency, the exact sum of its amounts."""
    encoding: str | None = None
    decimal: str | None = None
    dates: str | None = None
    unknown_columns: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def add_command(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `read` to the subcommands of a parser."""
    parser = commands.add_parser(
        "read",
        help="say of files of any kind what they are, whether they read, and what their amounts add up to",
        description="Say of each file what it is, whether it reads or why not, and what its amounts add up to. Exit code: "
        "0 if all read, 1 if one is refused, 2 for a usage error.",
    )
    parser.add_argument(
        "files", nargs="+", type=Path, metavar="FILE",
        help="a settlement, a report or an answer of Amazon's finance APIs, gzipped, zipped or plain",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="one JSON object a line instead of text")
    parser.add_argument("--rows", type=int, default=0, metavar="N", help="show the first N rows of each file")
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="write the rows of the one file to FILE.parquet or FILE.csv"
    )
    parser.set_defaults(run=run, parser=parser)


def run(options: argparse.Namespace) -> int:
    """Read the files and print what was found as it comes; returns the exit code."""
    refuse_unreadable(options.files, options.parser)
    if options.rows < 0:
        options.parser.error(f"--rows {options.rows}: the number of rows cannot be negative")
    if options.out is not None:
        _check_out(options)
    from tieout.bounded import BoundedProcess, Limits

    refused = 0
    with BoundedProcess(Limits.of_reader()) as reader:
        for path in options.files:
            try:
                reading, rows = _read_bounded(reader, path, options.rows, options.out)
            except OSError as error:
                options.parser.error(f"{error.filename or path}: {error.strerror or error}")
            refused += reading.verdict == REFUSED
            if options.json:
                told = asdict(reading) | ({"first_rows": rows} if options.rows else {})
                print(json.dumps(told, ensure_ascii=False), flush=True)
            else:
                _print(reading, rows)
    if not options.json:
        print(f"{len(options.files) - refused} read, {refused} refused")
    return ONE_REFUSED if refused else ALL_TIE_OUT


def _read_bounded(
    reader: BoundedProcess, path: Path, first_rows: int, out: Path | None
) -> tuple[FileReading, list[dict[str, str]]]:
    """As `read_file`, in the reader's process."""
    from tieout.bounded import Stopped
    from tieout.documents import ReasonCode

    try:
        return reader.call(read_file, path, first_rows, out, tries=1)
    except Stopped as stopped:
        if out is not None:
            beside(out, stopped.pid).unlink(missing_ok=True)
        reason = f"{ReasonCode.READER_FAILED}: {path}: {stopped}. The file was not foreseen: report it with its header"
        return FileReading(file=str(path), family=None, verdict=REFUSED, reason=reason), []


def _check_out(options: argparse.Namespace) -> None:
    out: Path = options.out
    if len(options.files) > 1:
        options.parser.error(f"--out {out}: rows of one file are written, and {len(options.files)} are named")
    if out.suffix.lower() not in (".parquet", ".csv"):
        options.parser.error(f"--out {out}: the name must end in .parquet or .csv")
    if not out.parent.is_dir():
        options.parser.error(f"--out {out}: there is no folder {out.parent}")
    if out.is_dir():
        options.parser.error(f"--out {out}: is a directory")
    if out.exists() and out.samefile(options.files[0]):
        options.parser.error(f"--out {out}: is the file that is read")


def beside(target: Path, pid: int) -> Path:
    """The file into which a process writes what then becomes `target`."""
    return target.with_name(f".{target.name}.{pid}.tmp")


def read_file(path: Path, first_rows: int = 0, out: Path | None = None) -> tuple[FileReading, list[dict[str, str]]]:
    """Read one file of any kind.

    Args:
        path: The file.
        first_rows: How many rows to return.
        out: Where the rows go, as Parquet or CSV by its name; it appears whole or not at all.

    Returns:
        What was found, and the first rows with what they hold, as text.

    Raises:
        OSError: The file cannot be read, or `out` not written.
    """
    from tieout.documents import ReasonCode
    from tieout.reports.errors import Refused
    from tieout.reports.report import SETTLEMENT, recognise
    from tieout.reports.rows_out import RowsOut

    family = None
    output = RowsOut(out, beside(out, os.getpid())) if out else None
    try:
        found = recognise(path, file_name=str(path))
        family = found if found == SETTLEMENT else found.name
        read = _read_settlement if found == SETTLEMENT else _read_report
        reading, tally = read(path, first_rows, output)
        if output is not None:
            output.finish(tally.schema)
    except Refused as refusal:
        if refusal.reason.code is ReasonCode.NO_DATA:
            return _without_rows(path, refusal), []
        return _refused(path, family, refusal), []
    finally:
        if output is not None:
            output.discard()
    return reading, tally.first_rows


def _without_rows(path: Path, refusal: Refused) -> FileReading:
    """An answer of Amazon that holds nothing: it reads, and nobody can tell which operation it answers."""
    warning = refusal.reason.message
    return FileReading(
        file=str(path), family=None, verdict=READ, rows=0, encoding=refusal.known.encoding, warnings=(warning,)
    )


def _refused(path: Path, family: str | None, refusal: Refused) -> FileReading:
    known = refusal.known
    return FileReading(
        file=str(path),
        family=family,
        verdict=REFUSED,
        reason=f"{refusal.reason.code}: {refusal.reason.message}",
        encoding=known.encoding,
        decimal=known.decimal,
        dates=known.dates,
    )


def _attempts(make: Callable[[], Tally], output: Any) -> tuple[list[Tally], Callable[[], Callable[[pa.Table], None]]]:
    """A list whose last tally is of the reading that counts, and what makes one for each reading of a file."""
    tallies: list[Tally] = []

    def begin() -> Callable[[pa.Table], None]:
        tally = make()
        tallies[:] = [tally]
        if output is not None:
            output.begin()

        def take(rows: pa.Table) -> None:
            tally.add(rows)
            if output is not None:
                output.write(rows)

        return take

    return tallies, begin


def _read_settlement(path: Path, first_rows: int, output: Any) -> tuple[FileReading, Tally]:
    from tieout.reports.settlement import LINES_SCHEMA, read_settlement
    from tieout.reports.sums import Tally

    tallies, begin = _attempts(lambda: Tally.of_settlement(LINES_SCHEMA, first_rows), output)
    reading = read_settlement(path, file_name=str(path), on_lines=begin)
    not_tied = (why_not_tied_out(str(path), each) for each in reading.settlements)
    tally = tallies[0]
    return (
        FileReading(
            file=str(path),
            family="settlement",
            verdict=READ,
            rows=tally.rows,
            sums=tally.sums(),
            encoding=reading.encoding,
            decimal=reading.decimal,
            dates=reading.dates or None,
            unknown_columns=reading.unknown_columns,
            warnings=(*filter(None, not_tied), *(each.message for each in reading.warnings)),
        ),
        tally,
    )


def _read_report(path: Path, first_rows: int, output: Any) -> tuple[FileReading, Tally]:
    from tieout.reports.families import FAMILIES
    from tieout.reports.report import read_report, recognise
    from tieout.reports.sums import Tally

    found = recognise(path)
    assert found != "settlement"
    tallies, begin = _attempts(lambda: Tally.of_family(found, first_rows), output)
    reading = read_report(path, file_name=str(path), on_rows=begin)
    tally = tallies[0]
    notations = (notation for column in reading.dates.values() for notation in column)
    resaved = f"{path}: another program has saved the file (it is {reading.dialect}): prefer the file as downloaded"
    return (
        FileReading(
            file=str(path),
            family=FAMILIES[reading.family].name,
            verdict=READ,
            rows=reading.rows,
            sums=tally.sums(),
            encoding=reading.encoding,
            decimal=reading.decimal,
            dates=", ".join(dict.fromkeys(notations)) or None,
            unknown_columns=reading.unknown_columns,
            warnings=(resaved,) if reading.resaved else (),
        ),
        tally,
    )


def _print(reading: FileReading, rows: list[dict[str, str]]) -> None:
    """Print one file's facts as text."""
    if reading.verdict == REFUSED:
        kind = f" ({reading.family})" if reading.family else ""
        print(f"{reading.file}: refused{kind}\n  {reading.reason}", flush=True)
        return
    print(f"{reading.file}: {reading.family}, {reading.rows:,} row{'' if reading.rows == 1 else 's'}")
    facts = (("encoding", reading.encoding), ("decimal", reading.decimal), ("dates", reading.dates))
    print("  " + ", ".join(f"{name} {value}" for name, value in facts if value))
    width = max((len(name) for name in reading.sums), default=0)
    for column, by_currency in reading.sums.items():
        for currency, amount in by_currency.items():
            print(f"  {column:<{width}}  {amount:>16} {currency}")
    if reading.unknown_columns:
        print(f"  unknown columns: {', '.join(reading.unknown_columns)}")
    for warning in reading.warnings:
        print(f"  warning: {warning}")
    for number, row in enumerate(rows, start=1):
        print(f"  row {number}")
        names = max(len(name) for name in row)
        for name, value in row.items():
            print(f"    {name:<{names}}  {value}")
    sys.stdout.flush()
