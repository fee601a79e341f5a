"""Rows out of a text file: which separator, which quoting, which line is the header, and which family it is of.

Nothing here is believed that the file does not show: a comma-separated file with the columns of a tab-separated report
is what a spreadsheet makes of one, and is read as what it is.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tieout.documents import ReasonCode
from tieout.reports.errors import Misfit, shown
from tieout.reports.family import Family, Format, normalised
from tieout.reports.text import text_blocks

AS_AMAZON_MADE_IT = "Download the report again and import it as Amazon made it, without opening and saving it"
_DELIMITERS = ("\t", ",", ";", "|")
_MOST_LINES_ABOVE_HEADER = 60
_LOOKED_AT = 512 * 1024
_SETTLEMENT = frozenset({"settlementid", "totalamount", "depositdate"})


@dataclass(frozen=True)
class Dialect:
    """How the fields of a file are told apart."""

    delimiter: str
    quoted: bool

    def __str__(self) -> str:
        name = {"\t": "TSV", ",": "CSV", ";": "CSV with semicolons", "|": "CSV with bars"}[self.delimiter]
        return f"quoted {name}" if self.quoted and self.delimiter == "\t" else name


_WRITTEN = {
    Format.TSV: {("\t", False)},
    Format.TSV_QUOTED: {("\t", True), ("\t", False)},
    Format.CSV: {(",", True)},
    Format.JSON: set[tuple[str, bool]](),
}


@dataclass(frozen=True)
class Table:
    """A file that is a table of one family."""

    family: Family
    dialect: Dialect
    header: tuple[str, ...]
    """The column names as the file spells them."""
    header_line: int
    preamble: tuple[str, ...]
    """The lines above the header."""
    columns: dict[str, int]
    """The family's columns that the file has, by name, and where they stand."""
    unknown: dict[str, int]
    """Columns that the family does not declare, as the file spells them."""

    @property
    def resaved(self) -> bool:
        """Whether the file is not in the form in which Amazon writes the family: some other program wrote it."""
        written = (self.dialect.delimiter, self.dialect.quoted)
        return not any(written in _WRITTEN[each] for each in (self.family.format, *self.family.also_in))

    def spelled(self, name: str) -> str:
        """A column's name as the file spells it."""
        return self.header[self.columns[name]].strip()


class Settlement(Exception):
    """The file is a settlement flat file, which is no family's table."""


def find_table(path: Path, encoding: str, families: Sequence[Family]) -> Table:
    """The table in a text file.

    :param families: the families it may be of.
    :raises Settlement: it is a settlement flat file.
    :raises Misfit: `empty_file`, `damaged_file`, or `unknown_layout` with what the file seems to be.
    """
    data = b""
    for block in text_blocks(path, encoding):
        data += block.head(_LOOKED_AT).data
        if len(data) >= _LOOKED_AT:
            break
    if not data:
        raise Misfit(ReasonCode.EMPTY_FILE, "the file is empty", AS_AMAZON_MADE_IT)
    lines = data.decode().split("\n")[:-1]
    if not any(line.strip() for line in lines):
        raise Misfit(ReasonCode.EMPTY_FILE, "the file has no text", AS_AMAZON_MADE_IT)
    nearest: tuple[float, Family, list[str], int] | None = None
    for index, line in enumerate(lines[:_MOST_LINES_ABOVE_HEADER]):
        if not line.strip():
            continue
        for delimiter in _DELIMITERS:
            if delimiter not in line:
                continue
            cells = _cells(line, delimiter)
            names = [normalised(cell) for cell in cells]
            if set(names) >= _SETTLEMENT:
                raise Settlement
            matches = []
            for family in families:
                found, needed = _columns(family, names)
                if needed <= found:
                    matches.append((len(found), family))
                    continue
                share = len(found & needed) / len(needed)
                if len(found) > 2 and share >= 0.5 and (nearest is None or share > nearest[0]):
                    nearest = share, family, sorted(needed - found), index
            if matches:
                most = max(count for count, _ in matches)
                best = [family for count, family in matches if count == most]
                if len(best) > 1:
                    raise Misfit(
                        ReasonCode.UNKNOWN_LAYOUT,
                        f"the columns are those of {' and of '.join(each.title for each in best)}",
                        AS_AMAZON_MADE_IT,
                        line=index + 1,
                    )
                quoted = _is_quoted(delimiter, encoding, line, lines[index + 1 :], best[0])
                return _table(best[0], Dialect(delimiter, quoted), line, cells, index, lines)
    raise _in_one_field(lines, families) or _unknown(lines, nearest)


def _columns(family: Family, names: Sequence[str]) -> tuple[set[str], set[str]]:
    """The family's columns among normalised names, and those that it must have."""
    found = {family.by_spelling[name].name for name in names if name in family.by_spelling}
    return found, {*family.recognised_by, *(each.name for each in family.columns if each.required)}


def _in_one_field(lines: list[str], families: Sequence[Family]) -> Misfit | None:
    """The refusal of a report whose lines are each a single field in quotation marks: a spreadsheet that expects semicolons
    makes this of commas."""
    for index, line in enumerate(lines[:_MOST_LINES_ABOVE_HEADER]):
        field = _cells(line, "\t")
        if len(field) != 1 or field[0] == line:
            continue
        names = [normalised(cell) for cell in _cells(field[0], ",")]
        for family in families:
            found, needed = _columns(family, names)
            if needed <= found:
                problem = f"this is {family.title}, and another program has made one field of each line"
                return Misfit(ReasonCode.UNKNOWN_LAYOUT, problem, AS_AMAZON_MADE_IT, line=index + 1)
    return None


def _cells(line: str, delimiter: str) -> list[str]:
    if '"' not in line:
        return line.split(delimiter)
    try:
        return next(csv.reader([line], delimiter=delimiter))
    except csv.Error:
        return []


def _is_quoted(delimiter: str, encoding: str, header: str, rest: list[str], family: Family) -> bool:
    if delimiter != "\t" or header.lstrip("\ufeff ").startswith('"'):
        return True
    if encoding.startswith("utf-16"):  # Amazon writes none; a spreadsheet's "Unicode text" quotes where it must
        return True
    return family.format is Format.TSV_QUOTED and any(line.startswith('"') for line in rest)


def _table(family: Family, dialect: Dialect, line: str, cells: list[str], index: int, lines: list[str]) -> Table:
    columns: dict[str, int] = {}
    unknown: dict[str, int] = {}
    for place, cell in enumerate(cells):
        column = family.by_spelling.get(normalised(cell))
        if column is None:
            name = cell.strip() or f"#{place + 1}"
            unknown[f"{name}#{place + 1}" if name in unknown else name] = place
            continue
        if column.name in columns:
            raise Misfit(
                ReasonCode.UNKNOWN_LAYOUT,
                f"the columns {shown(cells[columns[column.name]])} and {shown(cell)} both are {column.name}",
                AS_AMAZON_MADE_IT,
                line=index + 1,
                column=cell.strip(),
            )
        columns[column.name] = place
    return Table(family, dialect, tuple(cells), index + 1, tuple(lines[:index]), columns, unknown)


def _unknown(lines: list[str], nearest: tuple[float, Family, list[str], int] | None) -> Misfit:
    at, line = next((index, line) for index, line in enumerate(lines) if line.strip())
    start = line.lstrip("\ufeff \t")
    if start.startswith("<"):
        problem, advice = "this is a web page or an XML document, not a table", "Download the report as a flat file"
    elif nearest is not None:
        _, family, missing, at = nearest
        problem = (
            f"this seems to be {family.title}, but lacks the column{'s' * (len(missing) > 1)} {', '.join(missing)}"
        )
        advice = (
            "If the header is in a language that is not known yet, download the report with Seller Central set to "
            "English; otherwise download it again with all its columns"
        )
    else:
        problem = f"no line looks like the header of a known report; the first is {shown(line, 100)}"
        advice = (
            "If it is a report of Amazon's, download it with Seller Central set to English; docs/adding-a-report-family.md "
            "says how a new kind is added"
        )
    return Misfit(ReasonCode.UNKNOWN_LAYOUT, problem, advice, line=at + 1)


def rows(path: Path, encoding: str, table: Table) -> Iterator[tuple[int, list[str]]]:
    """The rows below the header, each with the line on which it starts. Blank lines and repeated headers are left out.

    :raises Misfit: `damaged_file` for a quotation mark that is not closed, or text after one that is.
    """
    header = [cell.strip() for cell in table.header]
    for line, cells in _rows(path, encoding, table.dialect, table.header_line):
        if not cells or (cells[0].strip() == header[0] and [cell.strip() for cell in cells] == header):
            continue
        if any(cells) and not "".join(cells).isspace():
            yield line, cells


def _rows(path: Path, encoding: str, dialect: Dialect, header_line: int) -> Iterator[tuple[int, list[str]]]:
    if not dialect.quoted:
        for line, text in _lines(path, encoding, header_line):
            yield line, text.split(dialect.delimiter)
        return
    current = header_line

    def count() -> Iterator[str]:
        nonlocal current
        for line, text in _lines(path, encoding, header_line):
            current = line
            yield text + "\n"

    start = header_line + 1
    reader = csv.reader(count(), delimiter=dialect.delimiter, strict=True)
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise Misfit(
                ReasonCode.DAMAGED_FILE,
                f"a field in quotation marks does not end where it should ({error})",
                AS_AMAZON_MADE_IT,
                line=start,
            ) from None
        yield start, cells
        start = current + 1


def _lines(path: Path, encoding: str, header_line: int) -> Iterator[tuple[int, str]]:
    for block in text_blocks(path, encoding):
        line = block.first_line
        for text in block.data.decode().split("\n")[:-1]:
            if line > header_line:
                yield line, text
            line += 1
