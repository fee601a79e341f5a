"""Received bytes, decompressed and verified.

Amazon's `compressionAlgorithm` and a file's name are both known to lie (a document announced as GZIP may be plain, and
the reverse), so the first bytes decide. A gzip stream is verified by its trailer: CRC-32 and length (RFC 1952).
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from tieout.documents import ReasonCode
from tieout.reports.errors import Misfit

try:  # three times faster than zlib, and optional
    from isal import isal_zlib

    _inflate: ModuleType = isal_zlib
except ImportError:
    _inflate = zlib

_InflateError = (zlib.error, getattr(_inflate, "error", zlib.error))

GZIP_MAGIC = b"\x1f\x8b"
_GZIP_WINDOW = 31  # zlib's way to say: a gzip header and trailer, window of 32 KiB
PLAIN_CHUNK = 1 << 20
GZIP_CHUNK = 96 * 1024  # of compressed bytes; they unfold to about ten times as many
_DOWNLOAD_AGAIN = "Download the report again; if it stays so, open a case with Seller Support"


def read_chunks(path: Path) -> Iterator[bytes]:
    """The bytes of a plain or gzipped file, decompressed, in chunks of about a megabyte.

    Raises:
        Misfit: `damaged_file` if the gzip stream is cut, fails its checksum or length, or has bytes after its end.
        OSError: the file cannot be opened or read.
    """
    with path.open("rb") as file:
        head = file.read(2)
        file.seek(0)
        if head != GZIP_MAGIC:
            while chunk := file.read(PLAIN_CHUNK):
                yield chunk
            return
        member = _inflate.decompressobj(wbits=_GZIP_WINDOW)
        while compressed := file.read(GZIP_CHUNK):
            while compressed:
                try:
                    data = member.decompress(compressed)
                except _InflateError as error:
                    raise Misfit(
                        ReasonCode.DAMAGED_FILE, f"the gzip stream is damaged ({error})", _DOWNLOAD_AGAIN
                    ) from error
                if data:
                    yield data
                if not member.eof:
                    break
                compressed = member.unused_data or file.read(GZIP_CHUNK)
                if not compressed:
                    return
                if not compressed.startswith(GZIP_MAGIC[: len(compressed)]):
                    # zero padding after the last member is allowed and carries nothing
                    if not compressed.strip(b"\0") and not file.read().strip(b"\0"):
                        return
                    raise Misfit(
                        ReasonCode.DAMAGED_FILE,
                        "there are bytes after the end of the gzip stream",
                        _DOWNLOAD_AGAIN,
                    )
                member = _inflate.decompressobj(wbits=_GZIP_WINDOW)
        raise Misfit(
            ReasonCode.DAMAGED_FILE, "the gzip stream ends before its trailer: the file was cut", _DOWNLOAD_AGAIN
        )
