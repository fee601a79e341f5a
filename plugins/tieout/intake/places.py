"""The folders and bucket prefixes from which files may be imported, and nothing beside them."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from botocore.exceptions import ClientError

from tieout.lake import Lake
from tieout.reports.errors import shown

LARGEST = 2 << 30
"""Bytes of the largest file that is imported: ten times the largest report that Amazon makes of a month."""


class NothingToImport(ValueError):
    """The place that was named holds no file that may be imported; the message says what to do."""


@dataclass(frozen=True)
class ImportPlace:
    """A folder, or a prefix of a bucket, from which files may be imported."""

    source: str
    """As the user named it."""
    root: str
    """The allowed place at or above it."""

    @property
    def is_bucket(self) -> bool:
        """Whether it is a prefix of a bucket."""
        return self.source.startswith("s3://")

    def files(self, lake: Lake) -> Iterator[str]:
        """Yield the names of the files, relative to the place, in name order; hidden files are passed over.

        Raises:
            NothingToImport: If one of them may not be read: a link, a device, a file that is too large.
        """
        found = self._listed(lake) if self.is_bucket else self._walked()
        for name in sorted(name for name in found if not _is_hidden(name)):
            if problem := found[name]:
                raise NothingToImport(f"{shown(name, 200)} under {self.source} {problem}. Nothing was imported")
            yield name

    def fetch(self, lake: Lake, name: str, target: Path) -> None:
        """Copy one of the files.

        Raises:
            NothingToImport: If it has become one that may not be read.
        """
        if self.is_bucket:
            bucket, prefix = bucket_and_prefix(self.source)
            Lake(lake.client, bucket).get_file(prefix + name, target)
            return
        path = Path(self.source).resolve() / name
        with self._opened(path) as file, target.open("wb") as copy:
            shutil.copyfileobj(file, copy, 1 << 20)

    def _opened(self, path: Path) -> BinaryIO:
        """Open a regular file below the root. The checks look at the open file: its name may point elsewhere by now."""
        try:
            number = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError as error:
            raise NothingToImport(f"{shown(str(path), 200)} cannot be opened: {error.strerror}") from error
        file = os.fdopen(number, "rb")
        there = path.resolve()
        same = os.path.samestat(os.fstat(number), os.lstat(there)) and there.is_relative_to(Path(self.root).resolve())
        problem = _problem(os.fstat(number)) if same else "is a link, or lies below one"
        if problem:
            file.close()
            raise NothingToImport(f"{shown(str(path), 200)} {problem}. Nothing was imported")
        return file

    def _walked(self) -> dict[str, str | None]:
        folder = Path(self.source).resolve()
        if not folder.is_dir():
            raise NothingToImport(
                f"there is no folder {self.source} on the worker; give a folder or s3://bucket/prefix"
            )
        found: dict[str, str | None] = {}
        for place, folders, files in os.walk(folder):
            links = [name for name in folders if os.path.islink(os.path.join(place, name))]
            for name in [*files, *links]:
                path = Path(place) / name
                found[path.relative_to(folder).as_posix()] = _problem(path.lstat())
        return found

    def _listed(self, lake: Lake) -> dict[str, str | None]:
        bucket, prefix = bucket_and_prefix(self.source)
        try:
            sizes = dict(Lake(lake.client, bucket).sizes(prefix))
        except ClientError as error:
            raise NothingToImport(f"{self.source} cannot be listed: {error}") from error
        return {
            key.removeprefix(prefix): "has a name with a part that leads elsewhere"
            if _leads_away(key)
            else _too_large(size)
            for key, size in sizes.items()
            if not key.endswith("/")
        }


def import_place(source: str, allowed: Sequence[str]) -> ImportPlace:
    """Return the place that a user named, if files may be imported from it.

    Args:
        source: A folder, or `s3://bucket/prefix`.
        allowed: Folders and `s3://bucket/prefix`.

    Raises:
        NothingToImport: If it is not at or below an allowed one, links followed; the message names these.
    """
    for root in allowed:
        if root.startswith("s3://") != source.startswith("s3://"):
            continue
        if _below_prefix(source, root) if root.startswith("s3://") else _below_folder(source, root):
            return ImportPlace(source, root)
    raise NothingToImport(
        f"files may not be imported from {shown(source, 200)}. They may lie in {', '.join(allowed) or 'no place'} or below: "
        "put them there, or have the administrator add the place to TIEOUT_IMPORT_PLACES"
    )


def bucket_and_prefix(source: str) -> tuple[str, str]:
    """Return the bucket of an `s3://bucket/prefix`, and the prefix with a slash at its end."""
    bucket, _, prefix = source.removeprefix("s3://").partition("/")
    return bucket, f"{prefix.rstrip('/')}/" if prefix.rstrip("/") else ""


def _below_prefix(source: str, root: str) -> bool:
    bucket, prefix = bucket_and_prefix(source)
    allowed_bucket, allowed_prefix = bucket_and_prefix(root)
    return bucket == allowed_bucket and prefix.startswith(allowed_prefix) and not _leads_away(prefix)


def _below_folder(source: str, root: str) -> bool:
    return Path(source).is_absolute() and Path(source).resolve().is_relative_to(Path(root).resolve())


def _leads_away(key: str) -> bool:
    """Whether a server that keeps objects as files might take a key for another: `a/../b`."""
    return any(part in (".", "..") for part in key.split("/"))


def _is_hidden(name: str) -> bool:
    return any(part.startswith(".") and part not in (".", "..") for part in PurePosixPath(name).parts)


def _problem(status: os.stat_result) -> str | None:
    if stat.S_ISLNK(status.st_mode):
        return "is a link: put the file itself into the folder"
    if not stat.S_ISREG(status.st_mode):
        return "is not a regular file: take it out of the folder"
    return _too_large(status.st_size)


def _too_large(size: int) -> str | None:
    if size <= LARGEST:
        return None
    return f"has {size:,} bytes, and the largest file that is imported has {LARGEST:,}: it is not a report of Amazon's"
