"""Temporary folders of the pipeline, in one place that is swept: a task that is killed leaves report bodies behind."""

from __future__ import annotations

import logging
import os
import platform
import re
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from tieout.settings import settings

log = logging.getLogger(__name__)

_NAME = re.compile(r"(?P<purpose>[a-z]+)-(?P<host>[^/]+)-(?P<pid>\d+)-(?P<started>\d+)-\w+")
_OF_ANOTHER_HOST = 7 * 86_400
"""Seconds after which the folder of a process that cannot be looked for, since it ran on another host, is removed."""


@contextmanager
def private_files() -> Iterator[None]:
    """Have files that are made in the block readable by this user and group alone: 0640, folders 0750."""
    before = os.umask(0o027)
    os.umask(before | 0o027)
    try:
        yield
    finally:
        os.umask(before)


@contextmanager
def work_folder(purpose: str) -> Iterator[Path]:
    """Make a folder for the time of the block, readable by this user alone.

    Args:
        purpose: One word that tells what it is for.

    Raises:
        PermissionError: If the place of all such folders belongs to another user, or others may read it.
    """
    place = _place(os.getpid())
    name = f"{purpose}-{_host()}-{os.getpid()}-{_started(os.getpid())}-"
    with tempfile.TemporaryDirectory(prefix=name, dir=place) as folder:
        yield Path(folder)


@cache
def _place(_: int) -> Path:
    """The place of the folders, swept once by each process."""
    place = settings().work
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    status = place.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid() or status.st_mode & 0o077:
        raise PermissionError(
            f"{place} has to be a folder of user {os.getuid()} that nobody else may read (mode 0700): report bodies lie in it "
            "while they are read. Change it, or name another one in TIEOUT_WORK"
        )
    sweep(place)
    return place


def sweep(place: Path) -> list[str]:
    """Remove the folders of processes that have ended; return their names."""
    swept = []
    for folder in place.iterdir():
        found = _NAME.fullmatch(folder.name)
        if found and _is_abandoned(folder, found["host"], int(found["pid"]), int(found["started"])):
            shutil.rmtree(folder, ignore_errors=True)
            swept.append(folder.name)
    if swept:
        log.info("%s folders of processes that were killed are removed from %s", len(swept), place)
    return swept


def _is_abandoned(folder: Path, host: str, pid: int, started: int) -> bool:
    if host == _host():
        return _started(pid) != started
    try:
        return time.time() - folder.stat().st_mtime > _OF_ANOTHER_HOST
    except FileNotFoundError:
        return False


def _started(pid: int) -> int | None:
    """When a process started, in hundredths of a second, so that another one of the same number is not taken for it."""
    import psutil

    try:
        return int(psutil.Process(pid).create_time() * 100)
    except psutil.NoSuchProcess:
        return None


def _host() -> str:
    return re.sub(r"[^\w.]", "_", platform.node()) or "host"
