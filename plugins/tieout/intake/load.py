"""From the lake into the warehouse."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tieout.documents import ApiCall, Region, State
from tieout.intake.records import Outcomes
from tieout.lake import Keys, Lake

if TYPE_CHECKING:
    from tieout.warehouse import Warehouse


def load_business_day(
    warehouse: Warehouse, lake: Lake, region: Region, business_day: dt.date, *, run_id: str, folder: Path
) -> dict[str, Any]:
    """Load what became of every document that one region listed for one business day, and the calls it made.

    :param folder: where staged files may be kept while they are loaded.
    :return: what the warehouse says it changed.
    :raises FileNotFoundError: if the region published nothing for that day.
    """
    return _load(warehouse, lake, Keys.outcomes_of_day(business_day, region), region, business_day, run_id, folder)


def load_import(
    warehouse: Warehouse, lake: Lake, import_id: str, business_day: dt.date, *, run_id: str, folder: Path
) -> list[dict[str, Any]]:
    """Load what became of every file of one import.

    :raises FileNotFoundError: if there is no such import.
    """
    results = []
    prefix = Keys.outcomes_of_import(import_id)
    for region in Region:
        if any(True for _ in _found(lake, prefix, region)):
            results.append(_load(warehouse, lake, prefix, region, business_day, run_id, folder))
    if not results:
        raise FileNotFoundError(f"s3://{lake.bucket}/{prefix} holds nothing: run the tasks before this one")
    return results


def _load(
    warehouse: Warehouse, lake: Lake, prefix: str, region: Region, business_day: dt.date, run_id: str, folder: Path
) -> dict[str, Any]:
    found = list(_found(lake, prefix, region))
    if not found:
        raise FileNotFoundError(f"s3://{lake.bucket}/{prefix} holds nothing: did the region's run publish it?")

    def fetch(key: str) -> Path:
        return lake.get_file(key, folder / key.replace("/", "_"))

    result = warehouse.load(
        [outcome for each in found for outcome in each.outcomes],
        fetch,
        region=region,
        business_day=business_day,
        run_id=run_id,
    )
    warehouse.record_calls(_calls_since(lake, region, warehouse.last_call_day(region)))
    return {
        **{state.value: result.count(state) for state in (State.LOADED, State.QUARANTINED, State.SKIPPED)},
        "documents_changed": result.documents_changed,
        "settlements_written": result.settlements_written,
        "settlements_removed": result.settlements_removed,
        "lines_written": result.lines_written,
    }


def _found(lake: Lake, prefix: str, region: Region) -> Iterator[Outcomes]:
    for key in lake.keys(prefix):
        outcomes = lake.get_record(key, Outcomes)
        if outcomes and outcomes.region is region:
            yield outcomes


def _calls_since(lake: Lake, region: Region, day: dt.date | None) -> Iterator[ApiCall]:
    prefix = Keys.calls_of_region(region)
    for key in lake.keys(prefix):
        if day is not None and dt.date.fromisoformat(key.removeprefix(prefix).split("/")[0]) < day:
            continue
        for line in (lake.get(key) or b"").splitlines():
            yield ApiCall.model_validate_json(line)
