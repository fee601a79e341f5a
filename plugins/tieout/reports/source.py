"""Received bytes, decompressed and verified.

Amazon's `compressionAlgorithm` and a file's name are both known to lie (a document announced as GZIP may be plain, and
the reverse), so the first bytes decide. A gzip stream is verified by its trailer: CRC-32 and length (RFC 1952); the one
text file in a ZIP archive, which is how the Appstore sends its reports, by its CRC-32.
"""

from __future__ import annotations

import errno
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

from isal import igzip

from tieout.documents import ReasonCode
from tieout.reports.errors import Misfit

GZIP_MAGIC = b"\x1f\x8b"
ZIP_MAGIC = b"PK\x03\x04"
CHUNK_BYTES = 1 << 20
_OF_THE_MACHINE = frozenset(
    {errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ESTALE, errno.EFBIG}
)
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
        OSError: the file cannot be opened, or the machine cannot read it: `is_of_the_machine`.
    """
    most = _most_bytes(path)
    size = 0
    for chunk in _chunks(path):
        size += len(chunk)
        if size > most:
            problem = f"the file of {path.stat().st_size:,} bytes decompresses to more than {most:,}: no report does"
            raise Misfit(ReasonCode.DAMAGED_FILE, problem, _DOWNLOAD_AGAIN)
        yield chunk


def is_of_the_machine(error: BaseException) -> bool:
    """Whether an error is trouble of this machine, which may have passed when a task is tried again, and not of a file."""
    return isinstance(error, OSError) and error.errno in _OF_THE_MACHINE


def _most_bytes(path: Path) -> int:
    return min(LARGEST, max(_NEVER_TOO_MANY, _MOST_TIMES * path.stat().st_size))


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        start = b""
        try:
            start = file.read(4)
            file.seek(0)
            if start == ZIP_MAGIC and (member := _only_member(file)) is not None:
                with zipfile.ZipFile(file) as archive, archive.open(member) as unzipped:
                    yield from _pieces(cast(BinaryIO, unzipped))
            elif start.startswith(GZIP_MAGIC):
                with igzip.open(file) as unzipped:
                    yield from _pieces(cast(BinaryIO, unzipped))
            else:
                file.seek(0)
                yield from _pieces(file)
        except (Misfit, MemoryError):
            raise
        except Exception as error:
            # Each library has errors of its own for damage, and bzip2 says nothing but OSError.
            if is_of_the_machine(error):
                raise
            raise Misfit(ReasonCode.DAMAGED_FILE, _damage(start, error), _DOWNLOAD_AGAIN) from error


def _damage(start: bytes, error: Exception) -> str:
    if start == ZIP_MAGIC:
        return f"the ZIP archive is cut or damaged ({error})"
    if isinstance(error, EOFError):
        return "the gzip stream is cut before its trailer, or bytes that are no gzip follow it"
    return f"the {'gzip stream' if start.startswith(GZIP_MAGIC) else 'file'} is damaged ({error})"


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    while piece := file.read(CHUNK_BYTES):
        yield piece


def _only_member(file: BinaryIO) -> zipfile.ZipInfo | None:
    """The one text file in a ZIP archive; None if the archive holds anything else, as an Excel workbook does.

    Raises:
        Misfit: `damaged_file` for a method of which zipfile decompresses without a bound whatever it has read.
    """
    with zipfile.ZipFile(file) as archive:
        members = [each for each in archive.infolist() if not each.is_dir()]
    one = members[0] if len(members) == 1 else None
    if one is None or not one.filename.lower().endswith((".csv", ".txt", ".tsv")):
        return None
    if one.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        method = {zipfile.ZIP_BZIP2: "bzip2", zipfile.ZIP_LZMA: "lzma"}.get(one.compress_type, "an unknown method")
        problem = f"the file in the ZIP archive is compressed by {method}, as none of Amazon's is"
        raise Misfit(ReasonCode.DAMAGED_FILE, problem, "Unpack it, and import the text file")
    return one
