"""Received bytes, decompressed and verified.

Amazon's `compressionAlgorithm` and a file's name are both known to lie (a document announced as GZIP may be plain, and
the reverse), so the first bytes decide. A gzip stream is verified by its trailer: CRC-32 and length (RFC 1952); the one
text file in a ZIP archive, which is how the Appstore sends its reports, by its CRC-32.
"""

from __future__ import annotations

import gzip
import lzma
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

from isal import igzip, isal_zlib

from tieout.documents import ReasonCode
from tieout.reports.errors import Misfit

GZIP_MAGIC = b"\x1f\x8b"
ZIP_MAGIC = b"PK\x03\x04"
CHUNK_BYTES = 1 << 20
_DAMAGE = (gzip.BadGzipFile, zlib.error, cast(type[Exception], isal_zlib.error))
LARGEST = 16 << 30
"""Bytes that a file may have when it is decompressed: more than a hundred times the largest report that is known."""
_MOST_TIMES = 300
"""How many times its compressed size a file may have. Reports have 5 to 40 times, as their columns repeat."""
_NEVER_TOO_MANY = 64 << 20
"""Bytes that a file may have in any case, however well it is compressed."""
_DOWNLOAD_AGAIN = "Download the report again; if it stays so, open a case with Amazon's support"


def read_chunks(path: Path) -> Iterator[bytes]:
    """The bytes of a plain, gzipped or zipped file, decompressed, in chunks of a megabyte.

    Raises:
        Misfit: `damaged_file` if the gzip stream or the archive is cut, fails its checksum or length, has bytes after its
            end, or decompresses to more than a report ever has.
        OSError: the file cannot be opened or read.
    """
    most = _most_bytes(path)
    size = 0
    for chunk in _chunks(path):
        size += len(chunk)
        if size > most:
            problem = f"the file of {path.stat().st_size:,} bytes decompresses to more than {most:,}: no report does"
            raise Misfit(ReasonCode.DAMAGED_FILE, problem, _DOWNLOAD_AGAIN)
        yield chunk


def _most_bytes(path: Path) -> int:
    return min(LARGEST, max(_NEVER_TOO_MANY, _MOST_TIMES * path.stat().st_size))


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        start = file.read(4)
    if start == ZIP_MAGIC and (member := _only_member(path)) is not None:
        yield from _unzipped(path, member)
        return
    gzipped = start.startswith(GZIP_MAGIC)
    with igzip.open(path) if gzipped else path.open("rb") as file:
        while chunk := _read(cast(BinaryIO, file)):
            yield chunk


def _only_member(path: Path) -> str | None:
    """The one text file in a ZIP archive; None if the archive holds anything else, as an Excel workbook does.

    Raises:
        Misfit: `damaged_file` if the archive is cut.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            names = [each.filename for each in archive.infolist() if not each.is_dir()]
    except zipfile.BadZipFile as error:
        raise Misfit(
            ReasonCode.DAMAGED_FILE, f"the ZIP archive is cut or damaged ({error})", _DOWNLOAD_AGAIN
        ) from error
    return names[0] if len(names) == 1 and names[0].lower().endswith((".csv", ".txt", ".tsv")) else None


def _unzipped(path: Path, member: str) -> Iterator[bytes]:
    try:
        with zipfile.ZipFile(path) as archive, archive.open(member) as file:
            while chunk := file.read(CHUNK_BYTES):
                yield chunk
    except OSError as error:
        if error.errno is not None:
            raise  # of this machine; bzip2 says nothing but OSError of its own damage
        raise Misfit(ReasonCode.DAMAGED_FILE, f"the ZIP archive is damaged ({error})", _DOWNLOAD_AGAIN) from error
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, NotImplementedError, RuntimeError) as error:
        raise Misfit(ReasonCode.DAMAGED_FILE, f"the ZIP archive is damaged ({error})", _DOWNLOAD_AGAIN) from error


def _read(file: BinaryIO) -> bytes:
    try:
        return file.read(CHUNK_BYTES)
    except EOFError as error:
        problem = "the gzip stream is cut before its trailer, or bytes that are no gzip follow it"
        raise Misfit(ReasonCode.DAMAGED_FILE, problem, _DOWNLOAD_AGAIN) from error
    except _DAMAGE as error:
        raise Misfit(ReasonCode.DAMAGED_FILE, f"the gzip stream is damaged ({error})", _DOWNLOAD_AGAIN) from error
