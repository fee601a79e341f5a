"""Bytes to UTF-8 lines, in blocks that end where a line ends. `charsets.py` finds the encoding.

A decoding error is never ignored or replaced: a wrong letter in a SKU is a wrong key.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tieout.documents import ReasonCode
from tieout.reports.column_names import is_column
from tieout.reports.errors import Misfit
from tieout.reports.source import GZIP_MAGIC, read_chunks

BLOCK_BYTES = 1 << 20
"""A block of about a megabyte is parsed out of the processor's cache; larger ones were measured to be slower."""
_LONGEST_LINE = 16 << 20
_LINE_FEED = 10
LONGEST_ROW = 1 << 20
"""Bytes of a row of a table. A longer one is not of Amazon's making, and thousands of them would not fit into memory."""

SAVE_AS_IS = "Download the report again and import it as it came, without opening and saving it"

# What a file starts with when it is something else than a tab-delimited report.
OTHER_KINDS = (
    (b"PK\x03\x04", "a ZIP archive or an Excel workbook", "Unpack it, or download the report as text"),
    (b"%PDF", "a PDF", "Download the report as text instead"),
    (b"\xd0\xcf\x11\xe0", "an Excel workbook", "Download the report as text instead"),
    (GZIP_MAGIC, "compressed twice", "Unpack it once and try again"),
    (b"PAR1", "a Parquet file", "Give the file as Amazon made it"),
)


@dataclass(frozen=True)
class Block:
    """Whole lines in UTF-8, each ended by one line feed."""

    data: bytes
    first_line: int
    """1-based physical line number of the block's first line in the file."""
    lines: int

    def head(self, size: int) -> Block:
        """The whole lines in the first `size` bytes, and the first line at least."""
        cut = self.data.rfind(b"\n", 0, size) + 1 or self.data.index(b"\n") + 1
        return Block(self.data[:cut], self.first_line, self.data.count(b"\n", 0, cut))


def text_blocks(path: Path, encoding: str) -> Iterator[Block]:
    """The lines of a file in UTF-8, in blocks, with their line numbers.

    Windows line ends become line feeds, as do the lone carriage returns of a file that has no other line end. A last
    line without an end gets one.

    Raises:
        Misfit: `unreadable_encoding` at the first byte that `encoding` has no letter for; `damaged_file` for NUL
            bytes, a carriage return inside a line, a line of more than 16 MiB or a damaged gzip stream;
            `unknown_layout` for a file of another kind.
    """
    line = 1
    header: list[str] = []
    old_mac = False
    for data in _cut_at_line_ends(_as_ascii_superset(path, encoding)):
        if line == 1:
            old_mac = b"\n" not in data[:-1] and (b"\r" in data[:-2] or data.endswith(b"\r"))
            header = re.split(rb"[\r\n]", data, maxsplit=1)[0].decode("latin-1").split("\t")
        if b"\r" in data:
            data = _plain_line_ends(data, line, old_mac)
        if b"\0" in data:
            at = data.index(b"\0")
            raise Misfit(
                ReasonCode.DAMAGED_FILE,
                "there is a NUL byte in the text: the file is not the text that Amazon wrote",
                SAVE_AS_IS,
                line=line + data.count(b"\n", 0, at),
                column=_column_at(data, at, header),
            )
        if not data.isascii():
            data = _utf8(data, encoding, line, header)
        lines = int(np.count_nonzero(np.frombuffer(data, np.uint8) == _LINE_FEED))  # three times as fast as bytes.count
        yield Block(data, line, lines)
        line += lines


def table_blocks(path: Path, encoding: str) -> Iterator[Block]:
    """As `text_blocks`, of a table: none of its lines has more than `LONGEST_ROW` bytes.

    Raises:
        Misfit: `damaged_file` for a longer one. Nobody at Amazon wrote it, and thousands of them would not fit into memory.
    """
    for block in text_blocks(path, encoding):
        # a line of that length crosses one of these places
        for place in range(LONGEST_ROW // 2, len(block.data), LONGEST_ROW // 2):
            begins, ends = block.data.rfind(b"\n", 0, place) + 1, block.data.find(b"\n", place)
            if ends - begins > LONGEST_ROW:
                problem = f"the line has {ends - begins:,} bytes, and a line of a report has {LONGEST_ROW:,} at most"
                line = block.first_line + block.data.count(b"\n", 0, begins)
                raise Misfit(ReasonCode.DAMAGED_FILE, problem, SAVE_AS_IS, line=line)
        yield block


def _as_ascii_superset(path: Path, encoding: str) -> Iterator[bytes]:
    """The file's bytes without a mark; UTF-16, in which a line feed is not one byte, becomes UTF-8."""
    chunks = read_chunks(path)
    if encoding.startswith("utf-16"):
        decoder = codecs.getincrementaldecoder(encoding)("strict")
        try:
            for chunk in chunks:
                yield decoder.decode(chunk).encode()
            yield decoder.decode(b"", final=True).encode()
        except UnicodeError as error:
            raise Misfit(ReasonCode.UNREADABLE_ENCODING, f"the text is not {encoding}", SAVE_AS_IS) from error
        return
    first = next(chunks, b"")
    while first and len(first) < 8 and (more := next(chunks, b"")):
        first += more
    for magic, kind, advice in OTHER_KINDS:
        if first.startswith(magic):
            raise Misfit(ReasonCode.UNKNOWN_LAYOUT, f"this is not a report but {kind}", advice)
    yield first.removeprefix(codecs.BOM_UTF8) if encoding == "utf-8-sig" else first
    yield from chunks


def _cut_at_line_ends(chunks: Iterable[bytes]) -> Iterator[bytes]:
    held: list[bytes | memoryview] = []
    size = 0
    line_feeds = False
    for chunk in chunks:
        size += len(chunk)
        cut = chunk.rfind(b"\n") + 1
        line_feeds = line_feeds or cut > 0
        if not line_feeds and b"\r" in chunk:
            # lines that end in a lone carriage return; after the last byte a line feed may follow
            cut = chunk.rfind(b"\r", 0, -1) + 1
        if size < BLOCK_BYTES or cut == 0:
            if size > _LONGEST_LINE:
                raise Misfit(ReasonCode.DAMAGED_FILE, "there is no line end in 16 MiB of it", SAVE_AS_IS)
            held.append(chunk)
            continue
        held.append(memoryview(chunk)[:cut])
        yield b"".join(held)
        held = [chunk[cut:]]
        size = len(chunk) - cut
    rest = b"".join(held)
    if rest:
        yield rest if rest.endswith(b"\n") else rest.removesuffix(b"\r") + b"\n"


def _plain_line_ends(data: bytes, line: int, old_mac: bool) -> bytes:
    if old_mac:
        return data.replace(b"\r", b"\n")
    # "\r\r\n" is what a program leaves that writes a Windows file as text on Windows
    data = data.replace(b"\r\r\n", b"\n").replace(b"\r\n", b"\n")
    if b"\r" in data:
        raise Misfit(
            ReasonCode.DAMAGED_FILE,
            "there is a carriage return in the middle of a line, so it is not clear where the line ends",
            SAVE_AS_IS,
            line=line + data.count(b"\n", 0, data.index(b"\r")),
        )
    return data


def _utf8(data: bytes, encoding: str, line: int, header: list[str]) -> bytes:
    codec = "utf-8" if encoding.startswith("utf") else encoding
    try:
        text = data.decode(codec)
    except UnicodeDecodeError as error:
        raise Misfit(
            ReasonCode.UNREADABLE_ENCODING,
            f"the byte 0x{data[error.start]:02x} is not {codec}",
            SAVE_AS_IS,
            line=line + data.count(b"\n", 0, error.start),
            column=_column_at(data, error.start, header),
        ) from error
    return data if codec == "utf-8" else text.encode()


def _column_at(data: bytes, at: int, header: list[str]) -> str | None:
    field = data.count(b"\t", data.rfind(b"\n", 0, at) + 1, at)
    name = header[field] if field < len(header) else None
    # The first line of a file that is no report is content, not a name that a message may quote.
    return name if name is not None and is_column(name) else None
