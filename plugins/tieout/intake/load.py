"""From the lake into the warehouse."""

from __future__ import annotations

import datetime as dt
import hashlib
import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError
from pydantic import ValidationError

from tieout.documents import (
    ApiCall,
    Decision,
    DocumentOutcome,
    ListedDay,
    ReasonCode,
    Region,
    StagedFiles,
    StagedLost,
    State,
)
from tieout.intake.reading import sha256_of
from tieout.intake.records import Listing, Outcomes, ReadingRecord
from tieout.intake.settling import stage_again
from tieout.lake import DamagedRecord, Keys, Lake
from tieout.reports.source import is_of_the_machine

if TYPE_CHECKING:
    from tieout.warehouse import LoadResult, Warehouse

log = logging.getLogger(__name__)

_OF_ALL = (TimeoutError, MemoryError, BotoCoreError, ClientError)
"""What fails every account alike: the file is held by another process, or the lake cannot be reached."""
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
    loaded = warehouse.loaded_days(region, since)
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
    days = list(_days(lake, tagged)) if prefix == Keys.outcomes_of_day(business_day, region) else []
    parts = _Parts(warehouse, fetcher(lake, folder), region, business_day, run_id)
    loaded = parts.load([outcomes for outcomes, _ in tagged], days, new_decisions(warehouse, lake))
    keep_log(warehouse, lake)
    warehouse.record_calls(calls_since(lake, region, warehouse.last_call_day(region)))
    done = [each for each in days if each.account in {outcomes.account for outcomes in loaded}]
    return {
        **{
            state.value: sum(result.count(state) for result in parts.results)
            for state in (State.LOADED, State.QUARANTINED, State.SKIPPED)
        },
        **{name: sum(getattr(result, name) for result in parts.results) for name in _COUNTED},
        "unaccounted": {**damaged, **parts.failed, **dict(_unaccounted(warehouse, loaded, done))},
    }


_COUNTED = ("documents_changed", "settlements_written", "settlements_removed", "lines_written")


def _is_of_all(error: Exception) -> bool:
    """Whether an error would fail every account alike; DuckDB tells a full disk by its text alone."""
    return is_of_the_machine(error) or isinstance(error, _OF_ALL) or "No space left on device" in str(error)


class _Parts:
    """A load of several accounts: in one transaction, or each in its own if one of them fails."""

    def __init__(
        self, warehouse: Warehouse, fetch: Fetcher, region: Region, business_day: dt.date, run_id: str
    ) -> None:
        self._warehouse = warehouse
        self._fetch = fetch
        self._region, self._business_day, self._run_id = region, business_day, run_id
        self.results: list[LoadResult] = []
        self.failed: dict[str, str] = {}
        """By account and day, why nothing of it was loaded."""

    def load(
        self, found: Sequence[Outcomes], days: Sequence[ListedDay], decisions: Sequence[Decision]
    ) -> list[Outcomes]:
        """Load the outcomes of accounts; return those that were loaded.

        Raises:
            Exception: The machine or the lake has trouble, which would fail every account.
        """
        try:
            self._load_some(found, days, decisions)
        except Exception as error:
            if _is_of_all(error):
                raise
            log.exception("the accounts of %s are loaded one by one, since one of them fails", self._region)
        else:
            return list(found)
        self._load_some([], [], decisions)
        loaded = []
        for outcomes in found:
            try:
                self._load_some([outcomes], [day for day in days if day.account == outcomes.account], [])
            except Exception as error:
                if _is_of_all(error):
                    raise
                name = f"{outcomes.account} {outcomes.business_day}"
                self.failed[name] = self._message(outcomes, error)
                log.exception("%s: %s", name, self.failed[name])
            else:
                loaded.append(outcomes)
        return loaded

    def _load_some(self, found: Sequence[Outcomes], days: Sequence[ListedDay], decisions: Sequence[Decision]) -> None:
        outcomes = [outcome for each in found for outcome in each.outcomes]
        self._fetch.expect(outcomes)
        result = self._warehouse.load(
            outcomes,
            self._fetch,
            region=self._region,
            business_day=self._business_day,
            run_id=self._run_id,
            decisions=decisions,
            days=days,
        )
        self.results.append(result)

    def _message(self, outcomes: Outcomes, error: Exception) -> str:
        known = self._warehouse.documents([each.document.document_id for each in outcomes.outcomes])
        money: dict[str, Decimal] = {}
        count = 0
        for each in outcomes.outcomes:
            there = known.get(each.document.document_id)
            if (
                each.state is State.READY
                and isinstance(each.staged, StagedFiles)
                and (not there or there.state != "loaded")
            ):
                for settlement in each.staged.reading.settlements:
                    money[settlement.currency] = money.get(settlement.currency, Decimal(0)) + settlement.control_total
                    count += 1
        amounts = ", ".join(f"{amount:,} {currency}" for currency, amount in sorted(money.items()))
        waiting = f" {count} settlements of {amounts} wait for it." if money else ""
        return (
            f"Nothing of the account is loaded by this run, and the other accounts are: {type(error).__name__}: {error}."
            f"{waiting} What was loaded before stays. The next run tries again; if it stays so, report it."
        )


def new_decisions(warehouse: Warehouse, lake: Lake) -> list[Decision]:
    """Return the decisions in the lake that the warehouse does not know yet; a damaged one is left out, and has its alert."""
    known = {Keys.decision(name) for name in warehouse.known_decisions()}
    found = []
    for key in lake.keys(Keys.decisions()):
        if key in known:
            continue
        with suppress(DamagedRecord):
            if decision := lake.get_record(key, Decision):
                found.append(decision)
    return found


def keep_log(warehouse: Warehouse, lake: Lake) -> None:
    """Write the loads that the lake's log lacks to it, also those of a run that died before it could."""
    records = warehouse.pending_loads()
    for record in records:
        lake.put_record(Keys.load(record.loaded_at), record)
    warehouse.forget_pending(records)


class Fetcher:
    """Fetches staged files for a load, into a folder."""

    def __init__(self, lake: Lake, folder: Path) -> None:
        self._lake = lake
        self._folder = folder
        self._digests: dict[str, str | None] = {}

    def expect(self, outcomes: Iterable[DocumentOutcome]) -> None:
        """Note what the staged files of documents have to be."""
        for outcome in outcomes:
            self._digests |= outcome.staged.digests if outcome.staged else {}

    def __call__(self, key: str) -> Path:
        """Return a local copy of a staged file by its key. A damaged one is made again from the document's bytes.

        Raises:
            StagedLost: The bytes are damaged, too.
            FileNotFoundError: The document's manifest is damaged, too.
        """
        # A key may be longer than the name of a file.
        path = self._folder / f"{hashlib.sha256(key.encode()).hexdigest()}.parquet"
        if self._is_intact(key, path):
            return path
        log.error("%s is gone, or is not the file that was staged: its document is read again", key)
        home = key.removeprefix(Keys.all_staged()).rpartition("/")[0]
        outcome = stage_again(self._lake, home)
        if outcome.state is not State.READY or not outcome.staged or key not in outcome.staged.digests:
            raise StagedLost(key, outcome)
        self.expect([outcome])
        return self._lake.get_file(key, path)

    def _is_intact(self, key: str, path: Path) -> bool:
        try:
            self._lake.get_file(key, path)
        except FileNotFoundError:
            return False
        if key not in self._digests:
            self._digests[key] = next(iter(self._read_as(key)), None)
        found = self._digests[key]
        if found is None or found == (now := sha256_of(path)):
            return True
        return now in self._read_as(key)  # another version of the reader has read it since

    def _read_as(self, key: str) -> list[str]:
        """What the file was when each version of the reader had staged it."""
        home = f"{key.rpartition('/')[0]}/reading-"
        readings = [self._lake.get_record(each, ReadingRecord) for each in self._lake.keys(home)]
        digests = [each.staged.digests.get(key) for each in readings if each and each.staged]
        return [digest for digest in digests if digest]

    def clear(self) -> None:
        """Remove the copies: the load is done."""
        for file in self._folder.glob("*.parquet"):
            file.unlink()


def fetcher(lake: Lake, folder: Path) -> Fetcher:
    """Return what fetches a staged file by its key."""
    return Fetcher(lake, folder)


def calls_since(lake: Lake, region: Region, day: dt.date | None) -> Iterator[ApiCall]:
    """Yield the calls to a region's Amazon since a UTC day, and some of before; None: all."""
    # a session that began before midnight keeps its later calls with its first
    after = Keys.calls_of_day(region, day - dt.timedelta(days=1)) if day else ""
    for key in lake.keys(Keys.calls_of_region(region), after=after):
        body = lake.get(key) or b""
        calls, damaged = [], 0
        for line in body.splitlines():
            try:
                calls.append(ApiCall.model_validate_json(line))
            except ValidationError:
                damaged += 1
        if damaged or not body:
            lake.put_aside(
                key, body, f"{damaged} of its lines are no calls" if body else "it is empty", made_again=False
            )
        yield from calls


def _found(lake: Lake, prefix: str, region: Region) -> tuple[list[tuple[Outcomes, str]], dict[str, str]]:
    """Read the outcomes of a region under a prefix.

    Returns:
        The outcomes, each with its entity tag; and what is wrong with those that are damaged, by account and day. A power
        cut leaves an empty object: it keeps back its own account and no other.
    """
    found, damaged = [], {}
    for key in lake.keys(prefix):
        try:
            held = lake.get_record_with_etag(key, Outcomes)
        except DamagedRecord as broken:
            day, _, account = key.removeprefix(Keys.all_outcomes()).removesuffix(".json").split("/")
            damaged[f"{account} {day}"] = (
                f"s3://{lake.bucket}/{key} ({broken.size:,} bytes) is damaged, and nothing of it is loaded: clear the "
                "account's check task of that day, or import, in Airflow; it is written anew"
            )
            log.error("%s", damaged[f"{account} {day}"])
            continue
        if held is not None and held[0].region is region:
            found.append(held)
    return found, damaged


def _days(lake: Lake, found: Iterable[tuple[Outcomes, str]]) -> Iterator[ListedDay]:
    """What was listed on the day of each account's outcomes; the outcomes themselves vouch for it if the listing is lost."""
    for each, tag in found:
        listing = lake.get_record(Keys.listing(each.region, each.account, each.business_day), Listing)
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
