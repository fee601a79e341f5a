"""Which names are columns of a report that Tieout reads: such a name may be quoted, other text at the top of a file may not."""

from __future__ import annotations

from functools import cache

from tieout.privacy import normalised
from tieout.reports.families import FAMILIES
from tieout.reports.layouts import COLUMNS


def is_column(name: str) -> bool:
    """Return whether a settlement or a report family has a column of this name."""
    return normalised(name) in _known()


@cache
def _known() -> frozenset[str]:
    return frozenset({*map(normalised, COLUMNS), *(name for each in FAMILIES.values() for name in each.by_spelling)})
