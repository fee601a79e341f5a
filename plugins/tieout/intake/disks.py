"""Whether the disks have room for what comes next, told of before a run fails for it."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from tieout.alerts import Alert, AlertKind, Severity

WORK = 1 << 30
"""Bytes that the folder of temporary files has to have free: bodies, staged files and rows of the tasks that run at once."""


def needed(live: Path, published: Path, work: Path) -> dict[Path, int]:
    """Return the bytes that each folder needs free.

    The warehouse may be made anew beside itself by a rebuild. The read copy is made beside the one that is there, and the copies
    of clients, which are parts of it, likewise; both grow, so that twice the warehouse is asked for.
    """
    size = live.stat().st_size if live.exists() else 0
    return {live.parent: size, published.parent: 2 * size, work: WORK}


def disk_alerts(folders: Mapping[Path, int]) -> list[Alert]:
    """Return an alert for each disk that has less room than its folders need: a warning, and critical below half of it.

    Args:
        folders: The bytes that each folder needs free; those on one disk need their sum.
    """
    disks: dict[int, list[Path]] = {}
    for folder in folders:
        there = next(each for each in (folder, *folder.parents) if each.exists())
        disks.setdefault(there.stat().st_dev, []).append(folder)
    found = []
    for on_disk in disks.values():
        wanted = sum(folders[folder] for folder in on_disk)
        there = next(each for each in (on_disk[0], *on_disk[0].parents) if each.exists())
        free = shutil.disk_usage(there).free
        if free < wanted:
            names = ", ".join(str(folder) for folder in on_disk)
            found.append(
                Alert(
                    kind=AlertKind.DISK_LOW,
                    subject=names,
                    message=f"The disk of {names} has {free:,} bytes free. The next publish, a rebuild and the tasks that run at "
                    f"once may need {wanted:,}.",
                    severity=Severity.CRITICAL if free < wanted // 2 else Severity.WARNING,
                )
            )
    return found
