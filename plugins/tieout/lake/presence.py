"""Which objects of some documents, or of some requests, are in the lake: at a price that does not grow with its history."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator

from tieout.lake.store import Lake

FEW = 10
"""So many homes of one shelf are asked for one by one: as many requests, whatever else the shelf holds."""


def present(lake: Lake, homes: Iterable[str]) -> set[str]:
    """Return the keys that begin with one of some prefixes.

    A shelf, the folder of the homes, holds all that an account ever had of a type. It is not listed whole: of many homes, a
    page of up to 1,000 keys begins at the first of them, and the next page at the first that this one did not tell of. That is
    one request per home at most.

    Args:
        homes: Prefixes of which none begins with another: of a document, with `/` at the end; or whole keys.
    """
    shelves: dict[str, set[str]] = defaultdict(set)
    for home in homes:
        shelves[f"{home.rstrip('/').rpartition('/')[0]}/"].add(home)
    found: set[str] = set()
    for shelf, wanted in sorted(shelves.items()):
        left = sorted(wanted)
        if len(left) > FEW:
            found.update(_in_pages(lake, shelf, left))
        else:
            found.update(key for home in left for key in lake.keys(home))
    return found


def _in_pages(lake: Lake, shelf: str, homes: list[str]) -> Iterator[str]:
    """Yield the keys of sorted homes of one shelf."""
    left, passed_over = homes, set()
    after = _before(homes[0])
    while left:
        keys, more = lake.page(shelf, after=after)
        for key in keys:
            place = bisect_right(homes, key) - 1
            if place >= 0 and key.startswith(homes[place]):
                yield key
        last = keys[-1] if more else None
        begun = [home for home in left if last is not None and last.startswith(home)]
        later = [home for home in left[1:] if last is not None and home > last]
        told = (home for home in left[1:] if home not in begun and _between(after, home, last))
        passed_over |= set(left[1:]) - set(begun) - set(later) - set(told)
        left = begun + later
        if left:
            after = last if begun and last is not None else _before(left[0])
    for home in sorted(passed_over):
        yield from lake.keys(home)


def _before(home: str) -> str:
    """Return what comes before the keys of a home: S3 lists what comes after it."""
    return home if home.endswith("/") else home[:-1]


def _between(after: str, home: str, last: str | None) -> bool:
    """Return whether a page tells of a home, in whichever of two orders it is: by bytes (Amazon) or by folder (SeaweedFS)."""
    if last is None:
        return after <= home and after.split("/") <= home.split("/")
    return after <= home < last and after.split("/") <= home.split("/") < last.split("/")
