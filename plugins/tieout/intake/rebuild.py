"""The warehouse file is lost: make it anew from the lake.

The log of loads says what was loaded when, and is done again with its times. What is not in the log is taken from the
outcomes that were published, and what these do not name from the received bytes alone, which are read and checked again.
"""

from __future__ import annotations

import datetime as dt
import logging
import tempfile
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from tieout.documents import Document, DocumentOutcome, ListedDay, LoadRecord, Region
from tieout.intake.load import calls_since, fetcher, keep_log, load_business_day, load_import, new_decisions
from tieout.intake.records import Manifest, ReadingRecord
from tieout.intake.settling import check, outcomes_of, read
from tieout.lake import Keys, Lake
from tieout.warehouse.files import REBUILD

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
    with new.being_made():
        done = _make(new, lake)
        new.number_after(published)
        new.take_the_place_of(warehouse)
    return done


def _make(new: Warehouse, lake: Lake) -> dict[str, int]:
    reread = _read_again(lake)
    records = [record for key in lake.keys(Keys.loads()) if (record := lake.get_record(key, LoadRecord))]
    with tempfile.TemporaryDirectory(prefix="tieout-rebuild-") as folder:
        fetch = fetcher(lake, Path(folder))
        again = {document.document_id: outcomes_of(lake, [document])[0] for document in reread}
        loads = new.replay((_as_read_now(record, again) for record in records), fetch)
        log.info("%s loads done again", loads)
        days, imports = _published(lake, latest=bool(records))
        for day, region in days:
            load_business_day(new, lake, region, day, run_id=RUN_ID, folder=Path(folder))
        for name in imports:
            load_import(new, lake, name, dt.datetime.now(dt.UTC).date(), run_id=RUN_ID, folder=Path(folder))
        unpublished = _load_from_bytes(new, lake, again, Path(folder))
        for region in Region:
            new.record_calls(calls_since(lake, region, None))
        new.build_marts()
    return {"loads": loads, "read_again": len(reread), "without_a_load": unpublished}


def _read_again(lake: Lake) -> list[Document]:
    """Read and check every received document whose staged files are lost; return which they were."""
    staged = set(lake.keys(Keys.all_staged()))
    homes = {key.rpartition("/")[0] for key in staged}
    # `rows-<key id>.parquet`, too
    with_lines = {
        home
        for home, _, name in (key.rpartition("/") for key in staged)
        if name == "lines.parquet" or (name.startswith("rows") and name.endswith(".parquet"))
    }
    lost: dict[str, list[Document]] = defaultdict(list)
    for key in lake.keys(Keys.all_raw()):
        home, _, name = key.removeprefix(Keys.all_raw()).rpartition("/")
        # region, account, type and document: what was kept of an earlier fetch lies deeper
        if name != "manifest.json" or home.count("/") != 3:
            continue
        place = f"{Keys.all_staged()}{home}"
        if place in homes and (place in with_lines or not _lines_are_lost(lake, staged, place)):
            continue
        manifest = lake.get_record(key, Manifest)
        if manifest:
            lost[home.rpartition("/")[0]].append(manifest.document)
    for documents in lost.values():
        log.warning("%s documents of %s are read again", len(documents), documents[0].account)
        read(lake, documents)
        check(lake, documents, None)
    return [document for documents in lost.values() for document in documents]


def _lines_are_lost(lake: Lake, staged: set[str], place: str) -> bool:
    """Whether a document that has no lines was read with some; then what is left of the reading goes too."""
    left = [key for key in staged if key.startswith(f"{place}/")]
    readings = [lake.get_record(key, ReadingRecord) for key in left if key.startswith(f"{place}/reading-")]
    if any(reading and reading.staged for reading in readings):
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
