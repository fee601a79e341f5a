"""Rows out of a text file: which separator, which quoting, which line is the header, and which family it is of.

Nothing here is believed that the file does not show: a comma-separated file with the columns of a tab-separated report
is what a spreadsheet makes of one, and is read as what it is.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from tieout.documents import ReasonCode
from tieout.privacy import NO_KEY, Privacy, normalised
from tieout.reports import layouts, unsupported
from tieout.reports.dates import zone_minutes
from tieout.reports.errors import Misfit, form_of, shown, shown_if_plain
from tieout.reports.family import Column, Family, Format, Kind
from tieout.reports.layouts import MOST_LINES_ABOVE_HEADER
from tieout.reports.text import LONGEST_ROW, text_blocks

AS_AMAZON_MADE_IT = "Download the report again and import it as Amazon made it, without opening and saving it"
_DELIMITERS = ("\t", ",", ";", "|")
_LOOKED_AT = 512 * 1024
_SUFFIX = re.compile(r"(.*[^\s])\s*[(（]([^()（）]+)[)）]\s*")


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
    zones: dict[str, str]
    """The time zones that the header names, by column: `Transaction Time (UTC)`."""
    privacy: Privacy = NO_KEY

    @cached_property
    def may_hold_persons(self) -> bool:
        """Whether a column is personal, or not known: then a shifted line may bring a name anywhere."""
        return bool(self.family.personal_columns) or not all(map(self.privacy.keeps_unknown, self.unknown))

    def quoted(self, value: str) -> str:
        """A value for a message."""
        return shown_if_plain(value) if self.may_hold_persons else shown(value)

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
    nearest: _Nearest | None = None
    for index, line in enumerate(lines[:MOST_LINES_ABOVE_HEADER]):
        if not line.strip():
            continue
        for delimiter in _DELIMITERS:
            if delimiter not in line:
                continue
            header = Header(_cells(line, delimiter))
            if layouts.seems_settlement(header.names):
                raise Settlement
            matches = []
            for family in families:
                found = header.columns(family)[0]
                missing = _needed(family) - found.keys()
                if not missing:
                    matches.append((len(found), family))
                    continue
                share = 1 - len(missing) / len(_needed(family))
                if _resembles(share, len(found), header) and (nearest is None or share > nearest.share):
                    nearest = _Nearest(share, family, sorted(missing), index)
            if matches:
                best = _best(matches, index + 1)
                quoted = _is_quoted(delimiter, encoding, line, lines[index + 1 :], best)
                return _table(best, Dialect(delimiter, quoted), header, index, lines)
            if (title := unsupported.title_of(header.names)) is not None:
                problem = f"this is {title}, which Tieout does not read"
                raise Misfit(ReasonCode.UNKNOWN_LAYOUT, problem, _what_is_read(families), line=index + 1)
    raise _in_one_field(lines, families) or _unknown(lines, nearest, families)


class Header:
    """The fields of a line that may be a header."""

    def __init__(self, cells: Sequence[str]) -> None:
        self.cells = cells
        self.names = {normalised(cell): place for place, cell in reversed(list(enumerate(cells)))}
        self._spellings = [(normalised(cell), _SUFFIX.fullmatch(cell)) for cell in cells]
        self._suffixed = [
            (normalised(match[1]), match[2].strip(), place)
            for place, (_, match) in enumerate(self._spellings)
            if match is not None
        ]

    def columns(self, family: Family) -> tuple[dict[str, list[int]], dict[str, str]]:
        """The family's columns in the header: their places by name, and the time zones that it names.

        A name counts without what follows it in brackets, as in `Sales Price (Marketplace Currency)`, if that does not
        change what the column means, no field has the bare name, and no other differs in its brackets alone.
        """
        found: dict[str, list[int]] = {}
        for place, (name, _) in enumerate(self._spellings):
            if (column := family.by_spelling.get(name)) is not None:
                found.setdefault(column.name, []).append(place)
        zones: dict[str, str] = {}
        suffixed: dict[str, list[tuple[int, str]]] = {}
        for name, suffix, place in self._suffixed:
            column = family.by_spelling.get(name)
            spelled_in_full = self._spellings[place][0] in family.by_spelling
            if column is not None and not spelled_in_full and _means_the_same(family, column, suffix):
                suffixed.setdefault(column.name, []).append((place, suffix))
        for name, places in suffixed.items():
            if name in found or len(places) > 1:
                continue
            place, suffix = places[0]
            found[name] = [place]
            if zone_minutes(suffix, "") is not None:
                zones[name] = suffix
        return found, zones


def _means_the_same(family: Family, column: Column, suffix: str) -> bool:
    """Whether a column is the one that it is called, for all that its header adds in brackets.

    An amount may be in another currency, and is the family's only if the brackets name the column of its currency.
    """
    if column.kind is Kind.MONEY:
        named = family.by_spelling.get(normalised(suffix))
        return named is not None and named.name == column.currency
    return column.kind is not Kind.INSTANT or column.zone_of is not None or zone_minutes(suffix, "") is not None


@dataclass(frozen=True)
class _Nearest:
    """The family that a header resembles most."""

    share: float
    """Of the columns that the family must have, how much is there."""
    family: Family
    missing: list[str]
    index: int


def _needed(family: Family) -> set[str]:
    """The columns that a file of the family must have."""
    return {*family.recognised_by, *(each.name for each in family.columns if each.required)}


def _resembles(share: float, known: int, header: Header) -> bool:
    """Whether a header is that of a family with a fault: it has half of what it must, and little else."""
    return known > 2 and share >= 0.5 and known >= 0.5 * sum(1 for cell in header.cells if cell.strip())


def _best(matches: list[tuple[int, Family]], line: int) -> Family:
    most = max(count for count, _ in matches)
    best = [family for count, family in matches if count == most]
    if len(best) > 1:
        problem = f"the columns are those of {' and of '.join(each.title for each in best)}"
        raise Misfit(ReasonCode.UNKNOWN_LAYOUT, problem, AS_AMAZON_MADE_IT, line=line)
    return best[0]


def _what_is_read(families: Sequence[Family]) -> str:
    titles = ", ".join(each.title for each in families)
    return f"Tieout reads settlements (Flat File V2 and V1), {titles}, and the answers of Amazon's finance APIs"


def _in_one_field(lines: list[str], families: Sequence[Family]) -> Misfit | None:
    """The refusal of a report whose lines are each a single field in quotation marks: a spreadsheet that expects semicolons
    makes this of commas."""
    for index, line in enumerate(lines[:MOST_LINES_ABOVE_HEADER]):
        field = _cells(line, "\t")
        if len(field) != 1 or field[0] == line:
            continue
        header = Header(_cells(field[0], ","))
        for family in families:
            if _needed(family) <= header.columns(family)[0].keys():
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


def _table(family: Family, dialect: Dialect, header: Header, index: int, lines: list[str]) -> Table:
    cells = header.cells
    found, zones = header.columns(family)
    for name, places in found.items():
        if len(places) > 1:
            raise Misfit(
                ReasonCode.UNKNOWN_LAYOUT,
                f"the columns {shown(cells[places[0]])} and {shown(cells[places[1]])} both are {name}",
                AS_AMAZON_MADE_IT,
                line=index + 1,
                column=cells[places[1]].strip(),
            )
    known = {places[0] for places in found.values()}
    unknown: dict[str, int] = {}
    for place, cell in enumerate(cells):
        if place not in known:
            name = cell.strip() or f"#{place + 1}"
            unknown[f"{name}#{place + 1}" if name in unknown else name] = place
    columns = {name: places[0] for name, places in found.items()}
    return Table(family, dialect, tuple(cells), index + 1, tuple(lines[:index]), columns, unknown, zones)


def _unknown(lines: list[str], nearest: _Nearest | None, families: Sequence[Family]) -> Misfit:
    at, line = next((index, line) for index, line in enumerate(lines) if line.strip())
    start = line.lstrip("\ufeff \t")
    if start.startswith("<"):
        problem, advice = "this is a web page or an XML document, not a table", "Download the report as a flat file"
    elif nearest is not None:
        missing, at = nearest.missing, nearest.index
        problem = (
            f"this seems to be {nearest.family.title}, but lacks the column{'s' * (len(missing) > 1)} "
            f"{', '.join(missing)}"
        )
        advice = (
            "If the header is in a language that is not known yet, download the report with "
            f"{nearest.family.site} set to English; otherwise download it again with all its columns"
        )
    else:
        problem = f"no line looks like the header of a known report; the first has {form_of(line)}"
        advice = (
            f"{_what_is_read(families)}. If it is one of these, download it in English; docs/adding-a-report-family.md "
            "explains how a new kind is added"
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
        if (length := sum(map(len, cells))) > LONGEST_ROW:
            problem = f"the row has {length:,} characters, and a row of a report has {LONGEST_ROW:,} at most"
            raise Misfit(ReasonCode.DAMAGED_FILE, problem, AS_AMAZON_MADE_IT, line=line)
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
