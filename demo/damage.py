"""What chaos damages beside processes: objects of the lake, and the disk of temporary files."""

from __future__ import annotations

import contextlib
import os
import random
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tieout.lake import Lake

DAMAGED = ("staged/", "requested/", "budget/", "sizes/", "quarantine/", "alerts/", "listed/")
"""Prefixes of objects that are made again without a person: what is damaged there must not be seen in the books."""
_LISTED = "/first/"
"""Of what was listed, the records that are made again from the listings of all days."""
DISK_BYTES = 256 << 20


def damage_object(lake: Lake, chance: random.Random) -> str | None:
    """Empty, cut or overwrite a random object of the lake.

    Returns:
        Its key; None if there is nothing that may be damaged.
    """
    prefix = chance.choice(DAMAGED)
    keys = [key for key in lake.keys(prefix) if prefix != "listed/" or _LISTED in key]
    if not keys:
        return None
    key = chance.choice(keys)
    body = lake.get(key)
    if body is None:
        return None
    lake.put(key, chance.choice((b"", body[: chance.randrange(len(body) + 1) // 2], b"\0" * len(body))))
    return key


class Disk:
    """A small disk of temporary files, which can be filled.

    Args:
        place: Where it is mounted.
    """

    def __init__(self, place: Path) -> None:
        self.place = place
        self._filling = place / ".filling"

    def fill(self) -> None:
        """Leave no byte free."""
        with contextlib.suppress(OSError), self._filling.open("wb") as file:
            while True:
                file.write(b"\0" * (1 << 20))
                file.flush()

    def free(self) -> None:
        """Give the room back."""
        self._filling.unlink(missing_ok=True)


@contextmanager
def small_disk(place: Path) -> Iterator[Disk | None]:
    """Mount a small disk in memory for the time of the block; None if this user may not, and then no disk is filled."""
    place.mkdir(mode=0o700, parents=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES},mode=0700,uid={os.getuid()}", "tieout", str(place)]
    if subprocess.run(command, check=False, capture_output=True).returncode:
        yield None
        return
    try:
        yield Disk(place)
    finally:
        subprocess.run(["umount", "-l", str(place)], check=False)
