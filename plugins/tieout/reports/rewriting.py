"""Write a received file again with some of its texts changed, in the same form: container, encoding, lines, quotation marks.

Lines keep their numbers, so that the file reads to the same rows. Memory does not grow with the file.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import json
import re
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol, cast

from tieout.documents import ReasonCode
from tieout.reports.charsets import detect_encoding
from tieout.reports.endings import tail_of
from tieout.reports.errors import Misfit
from tieout.reports.families import FAMILIES
from tieout.reports.family import Column, Family, Format
from tieout.reports.json_documents import seems_json
from tieout.reports.settlement import find_layout
from tieout.reports.source import GZIP_MAGIC, ZIP_MAGIC, read_chunks
from tieout.reports.tables import AS_AMAZON_MADE_IT, Settlement, find_table
from tieout.reports.text import text_blocks

Cells = list[str]
_JSON_TEXT = re.compile(r'"(?:[^"\\]|\\.)*"')


class Change(Protocol):
    """What to write in place of the texts of a file."""

    def cells(self, columns: Sequence[Place], cells: Cells) -> Cells:
        """Return the cells of a row, as they are or others."""
        ...

    def text(self, text: str) -> str:
        """Return a text that stands outside of a table's rows, or in JSON."""
        ...


@dataclass(frozen=True)
class Place:
    """A column of a file."""

    name: str
    """As the file spells it."""
    column: Column | None
    """What the family declares of it; None of a settlement's column, and of one that nobody declared."""
    declared: bool
    family: Family | None


@dataclass(frozen=True)
class _Table:
    header_line: int
    delimiter: str
    quoted: bool
    places: tuple[Place, ...]


def rewrite(source: Path, target: Path, change: Change, *, charset: str | None, settlement: bool) -> int:
    """Write a file again.

    Args:
        source: The file as it was received, gzipped, zipped or plain.
        target: Where it goes, in the same form.
        change: What to write in place of its texts.
        charset: The charset of the Content-Type that the file was served with, if known.
        settlement: Whether it is a settlement flat file.

    Returns:
        How many lines, or rows, were changed.

    Raises:
        Misfit: It is no text, or of no known kind, so that nobody can tell what stands where.
        OSError: A file cannot be read or written.
    """
    encoding = detect_encoding(source, charset, whole=True)
    with _container(source, target) as out:
        encoder = codecs.getincrementalencoder(encoding)()
        ends = tail_of(source).endswith((b"\n", b"\r"))
        held, count = "", 0
        if not settlement and seems_json(source, encoding):
            lines = _json_lines(source, encoding, change)
        else:
            lines = _lines(source, encoding, change, _table_of(source, encoding, settlement))
        for text, changed in lines:
            count += changed
            if held:
                out.write(encoder.encode(held))
            held = text
        out.write(encoder.encode(held if ends else held.removesuffix("\n"), final=True))
    return count


def _table_of(source: Path, encoding: str, settlement: bool) -> _Table:
    if settlement:
        layout = find_layout(source, encoding)
        known = [not name.startswith("#") for name in layout.names]
        places = tuple(
            Place(name.strip(), None, declared, None) for name, declared in zip(layout.header, known, strict=True)
        )
        return _Table(layout.header_line, "\t", False, places)
    try:
        table = find_table(source, encoding, [each for each in FAMILIES.values() if each.format is not Format.JSON])
    except Settlement:
        raise Misfit(ReasonCode.UNKNOWN_LAYOUT, "this is a settlement", AS_AMAZON_MADE_IT) from None
    by_name = {column.name: column for column in table.family.columns}
    at = {place: by_name[name] for name, place in table.columns.items()}
    places = tuple(
        Place(name.strip(), at.get(number), number in at, table.family) for number, name in enumerate(table.header)
    )
    return _Table(table.header_line, table.dialect.delimiter, table.dialect.quoted, places)


def _lines(source: Path, encoding: str, change: Change, table: _Table) -> Iterator[tuple[str, bool]]:
    """The lines of the new file, each with its line end, and whether it is another; a row of several lines is one text."""
    physical = _physical(source, encoding)
    for number, line in physical:
        if number == table.header_line:
            yield line, False
            break
        above = change.text(line)
        yield above, above != line
    rows = _quoted_rows(physical, table.delimiter) if table.quoted else _plain_rows(physical, table.delimiter)
    for written, cells in rows:
        changed = change.cells(table.places, cells) if cells else cells
        if changed == cells:
            yield written, False
        elif table.quoted:
            yield _quoted(changed, table.delimiter, written), True
        else:
            yield table.delimiter.join(changed) + "\n", True


def _physical(source: Path, encoding: str) -> Iterator[tuple[int, str]]:
    for block in text_blocks(source, encoding):
        for number, line in enumerate(block.data.decode().split("\n")[:-1], block.first_line):
            yield number, line + "\n"


def _plain_rows(physical: Iterator[tuple[int, str]], delimiter: str) -> Iterator[tuple[str, Cells]]:
    for _, line in physical:
        yield line, line[:-1].split(delimiter) if line.strip() else []


def _quoted_rows(physical: Iterator[tuple[int, str]], delimiter: str) -> Iterator[tuple[str, Cells]]:
    consumed: list[str] = []

    def feed() -> Iterator[str]:
        for _, line in physical:
            consumed.append(line)
            yield line

    try:
        for cells in csv.reader(feed(), delimiter=delimiter, strict=True):
            yield "".join(consumed), cells
            consumed.clear()
    except csv.Error as error:
        problem = f"a field in quotation marks does not end where it should ({error})"
        raise Misfit(ReasonCode.DAMAGED_FILE, problem, AS_AMAZON_MADE_IT) from None


def _quoted(cells: Cells, delimiter: str, written: str) -> str:
    out = io.StringIO()
    if written.startswith('"'):
        csv.writer(out, delimiter=delimiter, lineterminator="\n", quoting=csv.QUOTE_ALL).writerow(cells)
    else:
        csv.writer(out, delimiter=delimiter, lineterminator="\n").writerow(cells)
    return out.getvalue()


def _json_lines(source: Path, encoding: str, change: Change) -> Iterator[tuple[str, bool]]:
    """The lines of a JSON document. A text of JSON has no line end, so that no more than a line is looked at at once."""
    for _, line in _physical(source, encoding):
        changed = changed_json(line, change)
        yield changed, changed != line


def changed_json(written: str, change: Change) -> str:
    """Return JSON with other texts in it; all else is as it was written."""
    return _JSON_TEXT.sub(lambda found: _changed_json(found.group(), change), written)


def _changed_json(written: str, change: Change) -> str:
    try:
        text = json.loads(written)
    except ValueError:
        return written
    changed = change.text(text)
    return written if changed == text else json.dumps(changed, ensure_ascii=False)


@contextmanager
def _container(source: Path, target: Path) -> Iterator[BinaryIO]:
    """What writes a file that is compressed as another one is."""
    with source.open("rb") as file:
        start = file.read(4)
    if start.startswith(GZIP_MAGIC):
        with target.open("wb") as packed, gzip.GzipFile("", "wb", 6, packed, mtime=0) as out:
            yield cast(BinaryIO, out)
    elif start == ZIP_MAGIC:
        next(read_chunks(source), b"")  # refuses an archive that is no report
        with zipfile.ZipFile(source) as archive:
            name = next(each.filename for each in archive.infolist() if not each.is_dir())
        member = zipfile.ZipInfo(name)
        member.compress_type = zipfile.ZIP_DEFLATED
        with zipfile.ZipFile(target, "w") as made, made.open(member, "w", force_zip64=True) as out:
            yield cast(BinaryIO, out)
    else:
        with target.open("wb") as plain:
            yield plain
