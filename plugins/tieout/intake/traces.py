"""What is only a trace of what was done long ago goes from the lake: calls to Amazon, and alerts whose trouble is gone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

from tieout.documents import Region
from tieout.lake import Keys, Lake


def forget_traces(lake: Lake, before: dt.date) -> dict[str, int]:
    """Delete the calls and the resolved alerts of the UTC days before a day; return how many objects of each.

    Keys begin with the day, so that only what goes is listed. Outcomes and loads stay: a rebuild needs them.
    """
    prefixes = {"calls": [Keys.calls_of_region(region) for region in Region], "alerts": [Keys.RESOLVED_ALERTS]}
    counts = {}
    for what, of_what in prefixes.items():
        keys = [key for prefix in of_what for key in _of_days_before(lake, prefix, before)]
        for key in keys:
            lake.delete(key)
        counts[what] = len(keys)
    return counts


def _of_days_before(lake: Lake, prefix: str, before: dt.date) -> Iterator[str]:
    for key in lake.keys(prefix):
        if key.removeprefix(prefix)[:10] >= before.isoformat():
            return
        yield key


def forget_sites(data_docs: Path, before: dt.datetime) -> int:
    """Remove the sites of Data Docs from before an instant, and their lines in the contents; return how many."""
    from tieout.quality.pages import remove_sites, write_contents

    removed = remove_sites(data_docs, before)
    if removed:
        write_contents(data_docs)
    return removed
