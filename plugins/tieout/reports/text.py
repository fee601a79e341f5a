"""Bytes to UTF-8 lines: which encoding a file is in, and blocks that end where a line ends.

Amazon names the encoding in the document's Content-Type, and sometimes does not; files of the European and American
marketplaces have been seen in UTF-8, Windows-1252 and ISO-8859-1, Japanese ones in UTF-8 and Windows-31J, and Chinese
sellers' spreadsheets save GB 18030. A decoding error is never ignored or replaced: a wrong letter in a SKU is a wrong key.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tieout.documents import ReasonCode
from tieout.reports.errors import Misfit
from tieout.reports.source import GZIP_MAGIC, read_chunks

BLOCK_BYTES = 1 << 20
"""A block of about a megabyte is parsed out of the processor's cache; larger ones were measured to be slower."""
_LONGEST_LINE = 16 << 20
_LINE_FEED = 10

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Shift_JIS lacks the NEC and IBM characters that Japanese Windows, and so Amazon, writes; ISO-8859-1 on the web means
# Windows-1252 (https://encoding.spec.whatwg.org/#names-and-labels); ASCII is a part of UTF-8.
_CHARSETS = {
    "shift_jis": "cp932",
    "shift_jis_2004": "cp932",
    "shift_jisx0213": "cp932",
    "cp932": "cp932",
    "iso8859-1": "cp1252",
    "cp1252": "cp1252",
    "ascii": "utf-8",
    "utf-8": "utf-8",
    "iso8859-15": "iso8859-15",
    "cp1250": "cp1250",
    "cp1254": "cp1254",
    "euc_jp": "euc_jp",
    "gb18030": "gb18030",
}
_ONE_BYTE = frozenset({"cp1252", "iso8859-15", "cp1250", "cp1254"})
"""Codecs that decode nearly anything: what is UTF-8 and says that it is one of these is UTF-8 all the same."""
_KANA = re.compile("[\u3041-\u30fe]")
# Whole runs of letters beyond ASCII that are pairs of bytes of GB 2312, of which nearly all Chinese text consists.
_CHINESE = re.compile(rb"(?<![\x80-\xff])(?:[\xa1-\xa3\xb0-\xf7][\xa1-\xfe])+(?![\x80-\xff])")
_ASCII = bytes(range(128))
_LAST_HALFWIDTH_KANA = 0xDF
"""Of Windows-31J, whose half-width kana are bytes that make pairs of GB 2312, too."""
_FEW_SIGNS = 6
"""Other languages have few pairs of such letters, and singles besides: German `Größe` is one."""
_JAPAN = re.compile(rb"\bJPY\b|amazon\.co\.jp", re.IGNORECASE)
_SAVE_AS_IS = "Download the report again and import it as it came, without opening and saving it"

# What a file starts with when it is something else than a tab-delimited report.
_OTHER_KINDS = (
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


def python_charset(declared: str | None) -> str | None:
    """The codec for a charset as Content-Type spells it, or None if it is not one that reports come in."""
    if not declared:
        return None
    name = declared.strip().strip("\"'").lower()
    if name in ("windows-31j", "ms932", "x-sjis", "sjis"):
        return "cp932"
    try:
        return _CHARSETS.get(codecs.lookup(name).name)
    except LookupError:
        return None


def detect_encoding(path: Path, declared: str | None, *, whole: bool) -> str:
    """The codec that decodes the file strictly.

    In this order: what a byte-order mark says; the declared charset, unless it is one of a byte a letter and the file is
    UTF-8; UTF-8; GB 18030, if what is not ASCII is Chinese; Windows-31J, if it is plausible that the file is Japanese (yen,
    amazon.co.jp, or it decodes to kana); Windows-1252.

    Args:
        path: The file, gzipped or not.
        declared: The charset of the Content-Type that the file was served with, if it is known.
        whole: Decode the whole file; otherwise only its first block, which settles it for nearly all files.

    Raises:
        Misfit: `unreadable_encoding` if none of them decodes the file; `damaged_file` for a damaged gzip stream.
    """
    chunks = read_chunks(path)
    first = next(chunks, b"")
    while 0 < len(first) < BLOCK_BYTES and (more := next(chunks, b"")):
        first += more
    for bom, name in _BOMS:
        if first.startswith(bom):
            return name
    other_kind = first.startswith(tuple(magic for magic, _, _ in _OTHER_KINDS))
    if first[:20].count(b"\0") >= 8 and not other_kind:  # ASCII in UTF-16 without a mark: every second byte is zero
        return "utf-16-be" if first.startswith(b"\0") else "utf-16-le"

    known = (python_charset(declared), "utf-8", "gb18030", "cp932", "cp1252")
    candidates = list(dict.fromkeys(name for name in known if name))
    decoders = {name: codecs.getincrementaldecoder(name)("strict") for name in candidates}
    failed: set[str] = set()
    kana = japan = False
    ascii_alone = True
    beyond_ascii = chinese = 0
    beyond_kana = False
    signs: set[bytes] = set()

    def feed(chunk: bytes, final: bool) -> None:
        nonlocal kana, japan, ascii_alone, beyond_ascii, beyond_kana, chinese
        ascii_alone = ascii_alone and chunk.isascii()
        japan = japan or _JAPAN.search(chunk) is not None
        for name, decoder in decoders.items():
            if name in failed:
                continue
            try:
                text = decoder.decode(chunk, final)
            except UnicodeDecodeError:
                failed.add(name)
            else:
                if name == "cp932" and not kana:
                    kana = _KANA.search(text) is not None
        if "utf-8" in failed and "gb18030" not in failed:
            beyond_ascii += len(chunk.translate(None, _ASCII))
            for run in _CHINESE.findall(chunk):
                chinese += len(run)
                beyond_kana = beyond_kana or max(run) > _LAST_HALFWIDTH_KANA
                if len(signs) < _FEW_SIGNS:
                    signs.update(run[at : at + 2] for at in range(0, len(run), 2))

    if whole:
        feed(first, final=False)
        for chunk in chunks:
            feed(chunk, final=False)
        feed(b"", final=True)
    else:
        # the block may end inside a character: only whole lines of it are judged
        feed(first[: first.rfind(b"\n") + 1] or first, final=False)
    # of a longer file, whose first block does not tell, UTF-8 is tried first: it fails where it is wrong
    undecided = ascii_alone and (whole or len(first) < BLOCK_BYTES)
    if python_charset(declared) in _ONE_BYTE and "utf-8" not in failed and not undecided:
        return "utf-8"
    for name in candidates:
        if name in failed:
            continue
        if name == "gb18030" and name != python_charset(declared):
            if len(signs) < _FEW_SIGNS or not beyond_kana or chinese < 0.8 * beyond_ascii:
                continue
        elif name == "cp932" and name != python_charset(declared) and not (kana or japan):
            continue
        return name
    # Windows-1252 has a letter for all but five bytes, so the byte it fails at is the one that is wrong everywhere.
    try:
        for _ in text_blocks(path, "cp1252"):
            pass
    except Misfit as misfit:
        if misfit.code is ReasonCode.UNREADABLE_ENCODING:
            misfit.problem += f" and the file is none of {', '.join(sorted(failed))}"
        raise
    raise Misfit(ReasonCode.UNREADABLE_ENCODING, f"the file is none of {', '.join(candidates)}", _SAVE_AS_IS)


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
                _SAVE_AS_IS,
                line=line + data.count(b"\n", 0, at),
                column=_column_at(data, at, header),
            )
        if not data.isascii():
            data = _utf8(data, encoding, line, header)
        lines = int(np.count_nonzero(np.frombuffer(data, np.uint8) == _LINE_FEED))  # three times as fast as bytes.count
        yield Block(data, line, lines)
        line += lines


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
            raise Misfit(ReasonCode.UNREADABLE_ENCODING, f"the text is not {encoding}", _SAVE_AS_IS) from error
        return
    first = next(chunks, b"")
    while first and len(first) < 8 and (more := next(chunks, b"")):
        first += more
    for magic, kind, advice in _OTHER_KINDS:
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
                raise Misfit(ReasonCode.DAMAGED_FILE, "there is no line end in 16 MiB of it", _SAVE_AS_IS)
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
            _SAVE_AS_IS,
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
            _SAVE_AS_IS,
            line=line + data.count(b"\n", 0, error.start),
            column=_column_at(data, error.start, header),
        ) from error
    return data if codec == "utf-8" else text.encode()


def _column_at(data: bytes, at: int, header: list[str]) -> str | None:
    field = data.count(b"\t", data.rfind(b"\n", 0, at) + 1, at)
    return header[field] if field < len(header) else None
