"""Received bytes, decompressed and verified.

Amazon's `compressionAlgorithm` and a file's name are both known to lie (a document announced as GZIP may be plain, and
the reverse), so the first bytes decide. A gzip stream is verified by its trailer: CRC-32 and length (RFC 1952).
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

from isal import igzip, isal_zlib

from tieout.documents import ReasonCode
from tieout.reports.errors import Misfit

GZIP_MAGIC = b"\x1f\x8b"
CHUNK_BYTES = 1 << 20
_DAMAGE = (gzip.BadGzipFile, zlib.error, cast(type[Exception], isal_zlib.error))
_DOWNLOAD_AGAIN = "Download the report again; if it stays so, open a case with Seller Support"


def read_chunks(path: Path) -> Iterator[bytes]:
    """The bytes of a plain or gzipped file, decompressed, in chunks of a megabyte.

    Raises:
        Misfit: `damaged_file` if the gzip stream is cut, fails its checksum or length, or has bytes after its end.
        OSError: the file cannot be opened or read.
    """
    with path.open("rb") as file:
        gzipped = file.read(2) == GZIP_MAGIC
    with igzip.open(path) if gzipped else path.open("rb") as file:
        while chunk := _read(cast(BinaryIO, file)):
            yield chunk


def _read(file: BinaryIO) -> bytes:
    try:
        return file.read(CHUNK_BYTES)
    except EOFError as error:
        problem = "the gzip stream is cut before its trailer, or bytes that are no gzip follow it"
        raise Misfit(ReasonCode.DAMAGED_FILE, problem, _DOWNLOAD_AGAIN) from error
    except _DAMAGE as error:
        raise Misfit(ReasonCode.DAMAGED_FILE, f"the gzip stream is damaged ({error})", _DOWNLOAD_AGAIN) from error
