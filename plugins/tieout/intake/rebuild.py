"""The warehouse file is lost: make it anew from the lake.

The log of loads says what was loaded when, and is done again with its times. What is not in the log is taken from the
outcomes that were published, and what these do not name from the received bytes alone, which are read and checked again.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from tieout.documents import Decision, Document, DocumentOutcome, ListedDay, LoadRecord, Region
from tieout.intake.load import Fetcher, calls_since, fetcher, keep_log, load_business_day, load_import, new_decisions
from tieout.intake.records import Manifest, ReadingRecord
from tieout.intake.settling import check, outcomes_of, read
from tieout.lake import DamagedRecord, Keys, Lake
from tieout.warehouse.files import REBUILD, require_room
from tieout.work import work_folder

if TYPE_CHECKING:
    from tieout.warehouse import Warehouse

log = logging.getLogger(__name__)

RUN_ID = "rebuild"
"""Names what is loaded without being in the log."""


def rebuild_warehouse(warehouse: Warehouse, lake: Lake, published: Path) -> dict[str, int]:
    """Make the warehouse anew beside the file, and put it in its place at once.

    A rebuild that is killed leaves the file as it was, or as lost as it was; doing it again begins from the start.

    :param published: the read copy, which has to be seen as out of date.
    :return: how many loads were done again, and how many documents were read again, or found without a load.
    """
    new = warehouse.beside(REBUILD)
    _require_room(warehouse, lake)
    with new.being_made():
        done = _make(new, lake)
        new.number_after(published)
        new.take_the_place_of(warehouse)
    return done


def _require_room(warehouse: Warehouse, lake: Lake) -> None:
    """Look for room for the new file: as much as the old one has, or the staged files if it is lost."""
    old = warehouse.path.stat().st_size if warehouse.path.exists() else 0
    needed = old or sum(size for key, size in lake.sizes(Keys.all_staged()) if key.endswith(".parquet"))
    advice = "beside the old file until it is replaced. Make room and clear the task: nothing was changed"
    require_room(warehouse.path.parent, needed, "the new warehouse", advice)


def _make(new: Warehouse, lake: Lake) -> dict[str, int]:
    reread = _read_again(lake)
    again = {document.document_id: outcomes_of(lake, [document])[0] for document in reread}
    log_of_loads = _Log(lake, again)
    with work_folder("rebuild") as folder:
        fetch = fetcher(lake, folder)
        loads = new.replay(log_of_loads.records(fetch), fetch, loaded=fetch.clear)
        log.info("%s loads done again", loads)
        _require_decisions(lake, log_of_loads.decisions)
        days, imports = _published(lake, latest=loads > 0 and log_of_loads.is_whole)
        for day, region in days:
            load_business_day(new, lake, region, day, run_id=RUN_ID, folder=folder)
            fetch.clear()
        for each in imports:
            load_import(new, lake, each, dt.datetime.now(dt.UTC).date(), run_id=RUN_ID, folder=folder)
            fetch.clear()
        unpublished = _load_from_bytes(new, lake, again, folder)
        for region in Region:
            new.record_calls(calls_since(lake, region, None))
        new.build_marts()
    return {"loads": loads, "read_again": len(reread), "without_a_load": unpublished}


class _Log:
    """The log of loads, read one record after the other."""

    def __init__(self, lake: Lake, again: Mapping[str, DocumentOutcome]) -> None:
        self._lake = lake
        self._again = again
        self.is_whole = True
        """Whether no record was damaged. Else what it loaded is taken from the outcomes of all days."""
        self.decisions: set[str] = set()
        """Ids of the decisions in it."""

    def records(self, fetch: Fetcher) -> Iterator[LoadRecord]:
        """Yield the loads, oldest first, with what a newer reader says of documents that were read again."""
        for key in self._lake.keys(Keys.loads()):
            try:
                record = self._lake.get_record(key, LoadRecord)
            except DamagedRecord as damaged:
                log.error("%s: what it loaded is taken from the outcomes of all days", damaged)
                self.is_whole = False
                continue
            if record:
                self.decisions |= {decision.decision_id for decision in record.decisions}
                now = _as_read_now(record, self._again)
                fetch.expect(now.outcomes)
                yield now


def _require_decisions(lake: Lake, known: set[str]) -> None:
    """Refuse to go on without a decision that the log does not have: what a person took out would be loaded again.

    Raises:
        DamagedRecord: Such a decision is damaged.
    """
    logged = {Keys.decision(name) for name in known}
    for key in lake.keys(Keys.decisions()):
        if key not in logged:
            lake.get_record(key, Decision)


def _read_again(lake: Lake) -> list[Document]:
    """Read and check every received document whose staged files are lost; return which they were."""
    lost: dict[str, list[Document]] = defaultdict(list)
    staged = _Homes(lake, Keys.all_staged())
    for key in lake.keys(Keys.all_raw()):
        home, _, name = key.removeprefix(Keys.all_raw()).rpartition("/")
        # region, account, type and document: what was kept of an earlier fetch lies deeper
        if name != "manifest.json" or home.count("/") != 3:
            continue
        left = staged.of(home)
        if left and not _lines_are_lost(lake, left):
            continue
        manifest = lake.get_record(key, Manifest)
        if manifest:
            lost[home.rpartition("/")[0]].append(manifest.document)
    for documents in lost.values():
        log.warning("%s documents of %s are read again", len(documents), documents[0].account)
        read(lake, documents)
        check(lake, documents, None)
    return [document for documents in lost.values() for document in documents]


class _Homes:
    """The keys under a prefix, document by document, read along with another listing in the same order."""

    def __init__(self, lake: Lake, prefix: str) -> None:
        self._groups = groupby(lake.keys(prefix), key=lambda key: key.removeprefix(prefix).rpartition("/")[0])
        self._next: tuple[str, list[str]] | None = ("", [])

    def of(self, home: str) -> list[str]:
        """Return the keys of one document. Ask for documents in the order of their keys."""
        while self._next is not None and f"{self._next[0]}/" < f"{home}/":
            found = next(self._groups, None)
            self._next = (found[0], list(found[1])) if found else None
        return self._next[1] if self._next is not None and self._next[0] == home else []


def _lines_are_lost(lake: Lake, left: list[str]) -> bool:
    """Whether a document was read and its lines are gone; then what is left of the reading goes too.

    Args:
        lake: The lake.
        left: The keys of what was staged of the document.
    """
    names = {key.rpartition("/")[2]: key for key in left}
    # `rows-<key id>.parquet`, too
    if any(name == "lines.parquet" or (name.startswith("rows") and name.endswith(".parquet")) for name in names):
        return False
    readings = [lake.get_record(key, ReadingRecord) for name, key in names.items() if name.startswith("reading-")]
    if any(reading is None or reading.staged for reading in readings):
        for key in left:
            lake.delete(key)
        return True
    return False


def _as_read_now(record: LoadRecord, again: Mapping[str, DocumentOutcome]) -> LoadRecord:
    """The load, with what a newer reader or newer checks said of documents whose staged files were lost."""
    outcomes = []
    for outcome in record.outcomes:
        now = again.get(outcome.document.document_id)
        newer = now and (now.reader_version, now.suite_version) != (outcome.reader_version, outcome.suite_version)
        outcomes.append(now if now and newer else outcome)
    return record.model_copy(update={"outcomes": tuple(outcomes)})


def _published(lake: Lake, *, latest: bool) -> tuple[list[tuple[dt.date, Region]], list[str]]:
    """Return the business days and the imports whose outcomes are in the lake.

    :param latest: only the latest day of each region: it lists what the days before it did.
    """
    days: dict[Region, set[dt.date]] = {region: set() for region in Region}
    imports = set()
    for key in lake.keys(Keys.all_outcomes()):
        first, second = key.removeprefix(Keys.all_outcomes()).split("/")[:2]
        if first == "imports":
            imports.add(second)
        else:
            days[Region(second)].add(dt.date.fromisoformat(first))
    found = [(day, region) for region in Region for day in sorted(days[region])[-1 if latest else 0 :]]
    return sorted(found), sorted(imports)


def _load_from_bytes(warehouse: Warehouse, lake: Lake, again: Mapping[str, DocumentOutcome], folder: Path) -> int:
    """Load documents that neither the log nor the outcomes name; return how many there were."""
    known = warehouse.documents(sorted(again))
    missing = [outcome for name, outcome in again.items() if name not in known]
    if not missing:
        return 0
    by_region: dict[Region, list[DocumentOutcome]] = defaultdict(list)
    for outcome in missing:
        by_region[outcome.document.region].append(outcome)
    for region, outcomes in by_region.items():
        # The listings are lost: the latest day on which anything was new is the latest that is known for sure.
        day = max(outcome.document.first_listed_on for outcome in outcomes)
        accounts = sorted({outcome.document.account for outcome in outcomes})
        warehouse.load(
            outcomes,
            fetcher(lake, folder),
            region=region,
            business_day=day,
            run_id=RUN_ID,
            decisions=new_decisions(warehouse, lake),
            days=[
                ListedDay(
                    region=region,
                    account=account,
                    business_day=day,
                    documents=tuple(o.document.document_id for o in outcomes if o.document.account == account),
                )
                for account in accounts
            ],
        )
        keep_log(warehouse, lake)
    return len(missing)
