"""From the lake into the warehouse."""

from __future__ import annotations

import datetime as dt
import hashlib
import logging
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tieout.documents import ApiCall, Decision, ListedDay, ReasonCode, Region, State
from tieout.intake.records import Listing, Outcomes
from tieout.lake import Keys, Lake

if TYPE_CHECKING:
    from tieout.warehouse import Warehouse

log = logging.getLogger(__name__)

LOOK_BACK = dt.timedelta(days=90)
"""How far back days that were left behind are looked for: after that Amazon lists no document of theirs any more."""


def load_region(
    warehouse: Warehouse,
    lake: Lake,
    region: Region,
    business_day: dt.date,
    *,
    published: bool,
    run_id: str,
    folder: Path,
) -> dict[str, Any] | None:
    """Load what the lake has of a region and the warehouse does not know; and a business day that it published, known or not.

    What is in the lake before the region tells of it is loaded by whoever comes first, so that regions that publish one
    after the other do not have the marts built for each. What is never told of is loaded, too: one account's task failed
    while the region published the others, and only the failed task was run again; or Airflow lost the event, as 3.3.2 does
    with one that comes in the instant in which it makes a run of the same day.

    :param published: whether the region published `business_day`.
    :return: as `load_business_day`, over all days, with `days`; None if there was nothing to load.
    """
    days = days_not_loaded(warehouse, lake, region, business_day - LOOK_BACK) | ({business_day} if published else set())
    results = [load_business_day(warehouse, lake, region, day, run_id=run_id, folder=folder) for day in sorted(days)]
    if not results:
        return None
    total: dict[str, Any] = {
        name: sum(result[name] for result in results) for name in results[0] if name != "unaccounted"
    }
    unaccounted = {name: message for result in results for name, message in result["unaccounted"].items()}
    return {**total, "unaccounted": unaccounted, "days": [day.isoformat() for day in sorted(days)]}


def days_not_loaded(warehouse: Warehouse, lake: Lake, region: Region, since: dt.date) -> set[dt.date]:
    """Return the days of which the lake has an account's outcomes that are not those that were loaded."""
    loaded = warehouse.loaded_days(region)
    found = set()
    for key, tag in lake.tags(Keys.all_outcomes(), after=Keys.outcomes_of_day(since, region)):
        day, home, name = key.removeprefix(Keys.all_outcomes()).split("/")
        if day == "imports":  # they follow the days
            break
        if home == region and loaded.get((name.removesuffix(".json"), dt.date.fromisoformat(day))) != tag:
            found.add(dt.date.fromisoformat(day))
    return found


def load_business_day(
    warehouse: Warehouse, lake: Lake, region: Region, business_day: dt.date, *, run_id: str, folder: Path
) -> dict[str, Any]:
    """Load what became of every document that one region listed for one business day, and the calls it made.

    :param folder: where staged files may be kept while they are loaded.
    :return: what the warehouse says it changed, and under `unaccounted` what is wrong with each document that did not end in it.
    :raises FileNotFoundError: if the region published nothing for that day.
    """
    return load(warehouse, lake, Keys.outcomes_of_day(business_day, region), region, business_day, run_id, folder)


def load_import(
    warehouse: Warehouse, lake: Lake, import_id: str, business_day: dt.date, *, run_id: str, folder: Path
) -> list[dict[str, Any]]:
    """Load what became of every file of one import.

    :raises FileNotFoundError: if there is no such import.
    """
    results = []
    prefix = Keys.outcomes_of_import(import_id)
    for region in Region:
        if any(_found(lake, prefix, region)):
            results.append(load(warehouse, lake, prefix, region, business_day, run_id, folder))
    if not results:
        raise FileNotFoundError(f"s3://{lake.bucket}/{prefix} holds nothing: run the tasks before this one")
    return results


def load(
    warehouse: Warehouse, lake: Lake, prefix: str, region: Region, business_day: dt.date, run_id: str, folder: Path
) -> dict[str, Any]:
    """Load the outcomes under a prefix, with all decisions that the warehouse does not know yet."""
    tagged, damaged = _found(lake, prefix, region)
    if not tagged and not damaged:
        raise FileNotFoundError(f"s3://{lake.bucket}/{prefix} holds nothing: did the region's run publish it?")
    keep_log(warehouse, lake)
    found = [outcomes for outcomes, _ in tagged]
    days = list(_days(lake, tagged)) if prefix == Keys.outcomes_of_day(business_day, region) else []
    result = warehouse.load(
        [outcome for each in found for outcome in each.outcomes],
        fetcher(lake, folder),
        region=region,
        business_day=business_day,
        run_id=run_id,
        decisions=new_decisions(warehouse, lake),
        days=days,
    )
    keep_log(warehouse, lake)
    warehouse.record_calls(calls_since(lake, region, warehouse.last_call_day(region)))
    return {
        **{state.value: result.count(state) for state in (State.LOADED, State.QUARANTINED, State.SKIPPED)},
        "documents_changed": result.documents_changed,
        "settlements_written": result.settlements_written,
        "settlements_removed": result.settlements_removed,
        "lines_written": result.lines_written,
        "unaccounted": {**damaged, **dict(_unaccounted(warehouse, found, days))},
    }


def new_decisions(warehouse: Warehouse, lake: Lake) -> list[Decision]:
    """Return the decisions in the lake that the warehouse does not know yet."""
    known = {Keys.decision(name) for name in warehouse.known_decisions()}
    keys = [key for key in lake.keys(Keys.decisions()) if key not in known]
    return [decision for key in keys if (decision := lake.get_record(key, Decision))]


def keep_log(warehouse: Warehouse, lake: Lake) -> None:
    """Write the loads that the lake's log lacks to it, also those of a run that died before it could."""
    records = warehouse.pending_loads()
    for record in records:
        lake.put_record(Keys.load(record.loaded_at), record)
    warehouse.forget_pending(records)


def fetcher(lake: Lake, folder: Path) -> Any:
    """Return what fetches a staged file by its key."""

    def fetch(key: str) -> Path:
        # A key may be longer than the name of a file.
        return lake.get_file(key, folder / f"{hashlib.sha256(key.encode()).hexdigest()}.parquet")

    return fetch


def calls_since(lake: Lake, region: Region, day: dt.date | None) -> Iterator[ApiCall]:
    """Return the calls to a region's Amazon since a UTC day; None: all."""
    prefix = Keys.calls_of_region(region)
    for key in lake.keys(prefix):
        if day is not None and dt.date.fromisoformat(key.removeprefix(prefix).split("/")[0]) < day:
            continue
        for line in (lake.get(key) or b"").splitlines():
            yield ApiCall.model_validate_json(line)


def _found(lake: Lake, prefix: str, region: Region) -> tuple[list[tuple[Outcomes, str]], dict[str, str]]:
    """Read the outcomes of a region under a prefix.

    Returns:
        The outcomes, each with its entity tag; and what is wrong with those that are damaged, by account and day. A power
        cut leaves an empty object: it keeps back its own account and no other.
    """
    found, damaged = [], {}
    for key in lake.keys(prefix):
        held = lake.get_with_etag(key)
        if held is None:
            continue
        try:
            outcomes = Outcomes.model_validate_json(held[0])
        except ValueError:
            day, _, account = key.removeprefix(Keys.all_outcomes()).removesuffix(".json").split("/")
            damaged[f"{account} {day}"] = (
                f"s3://{lake.bucket}/{key} ({len(held[0]):,} bytes) is damaged, and nothing of it is loaded: clear the "
                "account's check task of that day, or import, in Airflow; it is written anew"
            )
            log.error("%s", damaged[f"{account} {day}"])
            continue
        if outcomes.region is region:
            found.append((outcomes, held[1]))
    return found, damaged


def _days(lake: Lake, found: Iterable[tuple[Outcomes, str]]) -> Iterator[ListedDay]:
    """What was listed on the day of each account's outcomes; the outcomes themselves vouch for it if the listing is lost."""
    for each, tag in found:
        listing = None
        try:
            listing = lake.get_record(Keys.listing(each.region, each.account, each.business_day), Listing)
        except ValueError as damaged:
            log.error("%s: its outcomes say what was listed", damaged)
        documents = [o.document for o in each.outcomes] if listing is None else listing.documents
        yield ListedDay(
            region=each.region,
            account=each.account,
            business_day=each.business_day,
            documents=tuple(document.document_id for document in documents),
            outcomes_tag=tag,
        )


def _unaccounted(
    warehouse: Warehouse, found: Sequence[Outcomes], days: Sequence[ListedDay]
) -> Iterator[tuple[str, str]]:
    """What is wrong with every document that was listed or published and does not stand in ops.document as it should."""
    outcomes = {outcome.document.document_id: outcome for each in found for outcome in each.outcomes}
    listed = {name for day in days for name in day.documents} | outcomes.keys()
    known = warehouse.documents(sorted(listed))
    for name in sorted(listed):
        document, outcome = known.get(name), outcomes.get(name)
        if document is None:
            yield name, "It was listed, and is not in the warehouse."
        elif document.state != State.LOADED and document.reason_code is None:
            yield name, f"It is {document.state} without a reason."
        elif (
            outcome is not None
            and document.verdict != outcome.state
            and (document.verdict, document.reason_code) != (State.SKIPPED, ReasonCode.SUPERSEDED)
            and outcome.judged_at is not None
            and (document.judged_at is None or document.judged_at < outcome.judged_at)
        ):
            yield name, f"It was published as {outcome.state}, and is {document.verdict} in the warehouse."
