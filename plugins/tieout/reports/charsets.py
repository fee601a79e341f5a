"""Which encoding a file is in, by its bytes first and by what was declared of it second.

Amazon names the encoding in the document's Content-Type, sometimes does not, and sometimes names a wrong one. Files of the
European and American marketplaces have been seen in UTF-8, Windows-1252 and ISO-8859-1, Japanese ones in UTF-8 and
Windows-31J, and Chinese sellers' spreadsheets save GB 18030. An encoding of one byte per letter decodes nearly anything, so
that it decodes a file proves nothing: the text has to look like text, or the file is refused.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

from tieout.documents import ReasonCode
from tieout.reports import scripts
from tieout.reports.errors import Misfit
from tieout.reports.source import read_chunks
from tieout.reports.text import BLOCK_BYTES, OTHER_KINDS, SAVE_AS_IS, text_blocks

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Shift_JIS lacks the NEC and IBM characters that Japanese Windows, and so Amazon, writes; ISO-8859-1 on the web means
# Windows-1252, ISO-8859-9 Windows-1254 (https://encoding.spec.whatwg.org/#names-and-labels); ASCII is a part of UTF-8, and
# GBK of GB 18030.
_CHARSETS = {
    "shift_jis": "cp932",
    "shift_jis_2004": "cp932",
    "shift_jisx0213": "cp932",
    "cp932": "cp932",
    "iso8859-1": "cp1252",
    "cp1252": "cp1252",
    "ascii": "utf-8",
    "utf-8": "utf-8",
    "iso8859-2": "iso8859-2",
    "iso8859-9": "cp1254",
    "iso8859-15": "iso8859-15",
    "cp1250": "cp1250",
    "cp1254": "cp1254",
    "cp1256": "cp1256",
    "euc_jp": "euc_jp",
    "gb18030": "gb18030",
    "gbk": "gb18030",
    "gb2312": "gb18030",
}
_ONE_BYTE = frozenset({"cp1252", "iso8859-2", "iso8859-15", "cp1250", "cp1254", "cp1256"})
"""Codecs that decode nearly anything."""
_MANY_BYTES = ("euc_jp", "cp932", "gb18030")
_JAPAN = (b"JPY", b"amazon.co.jp")
_TURKEY = (b"TRY", b"amazon.com.tr")
_SEPARATOR = re.compile(b'[\t\r"]')
_LINES_OF_A_PIECE = 500
_MOST_FIELDS = 5000
_LONG_SEQUENCE = re.compile(rb"[\xe0-\xf4]")
_NAMES = {"euc_jp": "EUC-JP", "cp932": "Windows-31J (Shift_JIS)", "gb18030": "GB 18030"}


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
    """The codec that decodes the file strictly, to text that looks like text.

    In this order: what a byte-order mark says; UTF-8, unless a declared encoding of several bytes reads the same bytes as
    well; EUC-JP, Windows-31J or GB 18030, if the bytes beyond ASCII are plainly Japanese or Chinese; what was declared;
    Windows-31J, if the file is of Japan; Windows-1250 or Windows-1252, by which of them makes words.

    Args:
        path: The file, gzipped or not.
        declared: The charset of the Content-Type that the file was served with, if it is known.
        whole: Look at the whole file; otherwise at its first block alone, unless an encoding that decodes anything is left.

    Raises:
        Misfit: `unreadable_encoding` if none of them decodes the file, or the text is plainly not in the one that does;
            `damaged_file` for a damaged gzip stream.
    """
    chunks = read_chunks(path)
    first = next(chunks, b"")
    while 0 < len(first) < BLOCK_BYTES and (more := next(chunks, b"")):
        first += more
    for bom, name in _BOMS:
        if first.startswith(bom):
            return name
    other_kind = first.startswith(tuple(magic for magic, _, _ in OTHER_KINDS))
    if first[:20].count(b"\0") >= 8 and not other_kind:  # ASCII in UTF-16 without a mark: every second byte is zero
        return "utf-16-be" if first.startswith(b"\0") else "utf-16-le"
    evidence = _Evidence(python_charset(declared))
    if whole:
        evidence.look(_lines([first], chunks))
    else:
        # the block may end inside a character: only whole lines of it are judged
        evidence.look([first[: first.rfind(b"\n") + 1] or first])
    longer = not whole and len(first) >= BLOCK_BYTES
    found = evidence.judge(longer=longer)
    if found in _ONE_BYTE and longer and evidence.fields:
        return detect_encoding(path, declared, whole=True)
    if found is not None:
        return found
    # Windows-1252 has a letter for all but five bytes, so the byte it fails at is the one that is wrong everywhere.
    try:
        for _ in text_blocks(path, "cp1252"):
            pass
    except Misfit as misfit:
        if misfit.code is ReasonCode.UNREADABLE_ENCODING:
            misfit.problem += f" and the file is none of {', '.join(sorted(evidence.failed))}"
        raise
    problem = f"the file is none of {', '.join(sorted(evidence.failed))}"
    raise Misfit(ReasonCode.UNREADABLE_ENCODING, problem, SAVE_AS_IS)


def _lines(first: Iterable[bytes], chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The bytes in pieces that end where a line ends."""
    held = b""
    for part in (first, chunks):
        for chunk in part:
            data = held + chunk
            cut = data.rfind(b"\n") + 1
            held = data[cut:]
            if cut:
                yield data[:cut]
    if held:
        yield held


class _Evidence:
    """What the bytes of a file tell about its encoding."""

    def __init__(self, declared: str | None) -> None:
        self._declared = declared
        names = (declared, "utf-8", *_MANY_BYTES, "cp1252", "cp1250", "cp1254")
        self._codecs = list(dict.fromkeys(name for name in names if name))
        self.failed: set[str] = set()
        self._japan = self._turkey = False
        self.fields: dict[bytes, None] = {}
        """Fields with bytes beyond ASCII, some from each part of the file."""

    def look(self, pieces: Iterable[bytes]) -> None:
        """Look at pieces that end where a line ends.

        UTF-8 has to decode all of them; of the other encodings those are left that decode the fields that are kept.
        """
        for piece in pieces:
            self._japan = self._japan or _is_of(piece, *_JAPAN)
            self._turkey = self._turkey or _is_of(piece, *_TURKEY)
            if piece.isascii():
                continue
            if "utf-8" not in self.failed and not _decodes(piece, "utf-8"):
                self.failed.add("utf-8")
            if len(self.fields) < _MOST_FIELDS:
                self._keep_fields(piece)
        self.failed |= {name for name in self._codecs if not all(_decodes(each, name) for each in self.fields)}

    def _keep_fields(self, piece: bytes) -> None:
        beyond_ascii = (line for line in piece.split(b"\n") if not line.isascii())
        for line in islice(beyond_ascii, _LINES_OF_A_PIECE):
            self.fields |= dict.fromkeys(each for each in _SEPARATOR.split(line) if not each.isascii())

    def judge(self, *, longer: bool) -> str | None:
        """The encoding, or None if nothing decodes the file.

        Args:
            longer: The file goes on after what was looked at.

        Raises:
            Misfit: `unreadable_encoding` if the text is plainly not in the encoding that decodes it.
        """
        if not self.fields:
            # of a longer file, whose first block does not tell, UTF-8 is tried first: it fails where it is wrong
            return "utf-8" if self._declared is None or (longer and self._declared in _ONE_BYTE) else self._declared
        if "utf-8" not in self.failed and self._is_utf8():
            return "utf-8"
        if (plain := self._plainly()) is not None:
            return plain
        if self._declared in _MANY_BYTES and self._declared not in self.failed:
            return self._declared
        return self._of_one_byte()

    def _is_utf8(self) -> bool:
        """Whether what decodes as UTF-8 is UTF-8: pairs of its bytes may be a declared encoding of several bytes, too."""
        if self._declared not in _MANY_BYTES or self._declared in self.failed:
            return True
        return any(_LONG_SEQUENCE.search(each) for each in self.fields) or scripts.is_latin(self._texts("utf-8"))

    def _texts(self, codec: str) -> list[str]:
        return [each.decode(codec, "replace") for each in self.fields]

    def _plainly(self) -> str | None:
        """The encoding of several bytes that the file is plainly in."""
        declared = self._declared
        if (
            "euc_jp" not in self.failed
            and declared != "gb18030"
            and scripts.is_japanese(self._texts("euc_jp"), kana=0.3)
        ):
            spreadsheet = "gb18030" not in self.failed and scripts.has_rare_kanji(self.fields)
            return "gb18030" if spreadsheet and declared != "euc_jp" else "euc_jp"
        if "cp932" not in self.failed and scripts.is_japanese(self._texts("cp932"), kana=0.1):
            return "cp932"
        if declared in _MANY_BYTES and declared not in self.failed:
            return None
        if "gb18030" not in self.failed and scripts.is_chinese(self.fields):
            return "gb18030"
        return None

    def _of_one_byte(self) -> str | None:
        """What was declared, or what the country and the words suggest."""
        declared = self._declared if self._declared in _ONE_BYTE and self._declared not in self.failed else None
        name = declared or "cp1252"
        if name in self.failed:
            name = "cp1252" if "cp1252" not in self.failed else ""
        unlikely = not name or scripts.is_unlikely(self._texts(name))
        japanese = self._japan and "cp932" not in self.failed
        if japanese and (unlikely or (declared is None and not scripts.is_plainly_western(self.fields))):
            return "cp932"
        if name == "cp1252":
            western = self._texts("cp1252")
            if self._turkey and "cp1254" not in self.failed and scripts.has_icelandic(western):
                return "cp1254"
            if "cp1250" not in self.failed and scripts.is_eastern(western, self._texts("cp1250")):
                return "cp1250"
        if name and unlikely:
            may_be = [each for each in _MANY_BYTES if each not in self.failed and scripts.is_asian(self._texts(each))]
            if may_be:
                raise self._refused(name, may_be)
        return name or None

    def _refused(self, name: str, may_be: list[str]) -> Misfit:
        declared = f"served as {self._declared}" if self._declared else "of no declared encoding"
        return Misfit(
            ReasonCode.UNREADABLE_ENCODING,
            f"the file is {declared}, and its text is plainly not {name}. It may be "
            f"{' or '.join(_NAMES[each] for each in may_be)}",
            "Which one cannot be told: download the report again, or save it as UTF-8 and import that",
        )


def _is_of(piece: bytes, currency: bytes, site: bytes) -> bool:
    """Whether a text names a country's currency or its site."""
    return site in piece.lower() or (currency in piece and re.search(rb"\b" + currency + rb"\b", piece) is not None)


def _decodes(piece: bytes, codec: str) -> bool:
    try:
        piece.decode(codec)
    except UnicodeDecodeError:
        return False
    return True
