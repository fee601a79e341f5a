"""Files beside the warehouse: copied whole or not at all, and cleared away when the process that wrote them is gone."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

REBUILD = "rebuild"
"""Names the file beside the warehouse that a rebuild makes."""


def half_copy(target: Path) -> Path:
    """Return the name under which a file is copied before it takes the place of `target`."""
    return target.with_name(f".{target.name}.new")


def replace_by_copy(source: Path, target: Path) -> None:
    """Replace `target` by a copy of `source`, whole or not at all. What was copied of it goes when the copy fails.

    Raises:
        OSError: If the disk has less room than the copy takes, with both figures, or the copy fails.
    """
    copy = half_copy(target)
    remove_database(copy)
    require_room(
        target.parent,
        source.stat().st_size,
        "the read copy",
        "beside the one that is there until it is replaced. Make room; the read copy stays as it was, and the next run publishes",
    )
    try:
        # By a process of its own: a process that opens and closes the file gives up DuckDB's lock of it.
        done = subprocess.run(["cp", str(source), str(copy)], check=False, stderr=subprocess.PIPE)
        if done.returncode:
            said = os.fsdecode(done.stderr or b"").strip() or f"cp ended with {done.returncode}"
            raise OSError(
                f"{source} could not be copied to {target.parent} ({said}); {_free(target):,} bytes are free there. "
                "Make room; the read copy stays as it was, and the next run publishes"
            )
        with open(copy, "rb") as written:
            os.fsync(written.fileno())
        os.replace(copy, target)
    finally:
        remove_database(copy)
    sync_folder(target.parent)


def require_room(folder: Path, needed: int, what: str, advice: str) -> None:
    """Look for room before something is written.

    Args:
        folder: Where it is written; it need not exist.
        needed: Bytes that it takes.
        what: What takes them.
        advice: What to do, and what becomes of it.

    Raises:
        OSError: If the disk has less; the message has both figures.
    """
    there = next(each for each in (folder, *folder.parents) if each.exists())
    free = shutil.disk_usage(there).free
    if free < needed:
        raise OSError(
            errno.ENOSPC,
            f"the disk of {folder} has {free:,} bytes free, and {what} takes {needed:,}, {advice}",
        )


def _free(target: Path) -> int:
    return shutil.disk_usage(target.parent).free


def remove_database(path: Path) -> None:
    """Remove a DuckDB file with its log of changes and its folder of temporary files, as far as they exist."""
    for file in (path, path.with_name(f"{path.name}.wal")):
        file.unlink(missing_ok=True)
    remove_temporary(path)


def remove_temporary(path: Path) -> None:
    """Remove what a killed process moved out of memory for a DuckDB file. Only for a file that no process has open."""
    shutil.rmtree(path.with_name(f"{path.name}.tmp"), ignore_errors=True)


@contextmanager
def being_made(path: Path) -> Iterator[None]:
    """Show other processes, for the time of the block, that a DuckDB file is being made; remove it if the block fails.

    The lock is the system's, so that it ends with the process, however that ends.
    """
    marker = _marker(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with marker.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        remove_database(path)
        try:
            yield
        finally:
            remove_database(path)
            marker.unlink(missing_ok=True)


def remove_if_abandoned(path: Path) -> None:
    """Remove a DuckDB file that a process began to make and left, because it was killed."""
    marker = _marker(path)
    try:
        file = marker.open("r+")
    except FileNotFoundError:
        return
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        remove_database(path)
        marker.unlink(missing_ok=True)


def _marker(path: Path) -> Path:
    return path.with_name(f"{path.name}.lock")


def sync_folder(path: Path) -> None:
    """Have the disk keep which files a folder has."""
    folder = os.open(path, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
