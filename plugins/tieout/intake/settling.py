"""Read, check and settle received settlement documents: each ends as ready, quarantined or skipped."""

from __future__ import annotations

import datetime as dt
import logging
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tieout.documents import (
    CheckResult,
    Document,
    DocumentOutcome,
    RawFile,
    Reason,
    ReasonCode,
    Severity,
    Source,
    StagedFiles,
    State,
)
from tieout.intake.records import CheckRecord, Listing, Manifest, Outcomes, Quarantined, ReadingRecord
from tieout.lake import Keys, Lake
from tieout.reports.errors import Misfit, Refused
from tieout.reports.settlement import READER_VERSION, stage_settlement
from tieout.reports.source import read_chunks

log = logging.getLogger(__name__)


def read(lake: Lake, documents: Iterable[Document]) -> int:
    """Turn every received document that was not read by this version of the reader into typed Parquet.

    :return: how many were read now, refused ones included.
    """
    count = 0
    for document in documents:
        manifest = _received(lake, document)
        if manifest is None or _reading(lake, document, manifest.raw) is not None:
            continue
        with tempfile.TemporaryDirectory(prefix="tieout-read-") as folder:
            _read_one(lake, document, manifest.raw, Path(folder))
        count += 1
    return count


def _read_one(lake: Lake, document: Document, raw: RawFile, folder: Path) -> None:
    body = lake.get_file(raw.key, folder / "body")
    lines, settlements = folder / "lines.parquet", folder / "settlements.parquet"
    staged: StagedFiles | None = None
    refused: Reason | None = None
    try:
        reading = stage_settlement(
            body,
            document_id=document.document_id,
            charset=_charset(raw.content_type),
            file_name=document.file_name or raw.key,
            lines_path=lines,
            settlements_path=settlements,
        )
    except Refused as error:
        refused = error.reason
    else:
        staged = StagedFiles(
            lines_key=Keys.staged(document, lines.name),
            settlements_key=Keys.staged(document, settlements.name),
            reading=reading,
        )
        lake.put_file(staged.lines_key, lines)
        lake.put_file(staged.settlements_key, settlements)
    record = ReadingRecord(raw_sha256=raw.sha256, reader_version=READER_VERSION, staged=staged, refused=refused)
    lake.put_record(Keys.staged(document, "reading.json"), record)


def check(lake: Lake, documents: Iterable[Document], docs: Path | None) -> int:
    """Run the checks on every staged document that this version of the suite has not checked.

    :param docs: folder for the Great Expectations Data Docs of these documents, two levels below the folder of all
        Data Docs, whose contents page is written anew; None builds none.
    :return: how many were checked now.
    """
    from tieout.quality import SUITE_VERSION

    todo: list[tuple[Document, RawFile, StagedFiles]] = []
    for document in documents:
        manifest = _received(lake, document)
        reading = manifest and _reading(lake, document, manifest.raw)
        if manifest and reading and reading.staged and _checks(lake, document, manifest.raw, SUITE_VERSION) is None:
            todo.append((document, manifest.raw, reading.staged))
    if not todo:
        return 0
    from tieout.quality import StagedInput, check_settlements

    with tempfile.TemporaryDirectory(prefix="tieout-check-") as folder:
        inputs = [
            StagedInput(
                document_id=document.document_id,
                lines_path=lake.get_file(staged.lines_key, Path(folder) / f"{number}-lines.parquet"),
                settlements_path=lake.get_file(staged.settlements_key, Path(folder) / f"{number}-settlements.parquet"),
                reading=staged.reading,
            )
            for number, (document, _, staged) in enumerate(todo)
        ]
        results = check_settlements(inputs, docs_dir=docs)
    for document, raw, _ in todo:
        record = CheckRecord(
            raw_sha256=raw.sha256,
            reader_version=READER_VERSION,
            suite_version=SUITE_VERSION,
            checks=results[document.document_id],
        )
        lake.put_record(Keys.checks(document), record)
    if docs:
        from tieout.quality import write_contents

        write_contents(docs.parents[1])
    return len(todo)


def outcomes(lake: Lake, documents: Iterable[Document]) -> tuple[DocumentOutcome, ...]:
    """Say of every document what became of it, from the records in the lake; keep the reasons of what failed."""
    return tuple(_outcomes(lake, documents))


def _outcomes(lake: Lake, documents: Iterable[Document]) -> Iterator[DocumentOutcome]:
    for document in documents:
        outcome = _outcome(lake, document)
        if outcome.state is State.QUARANTINED:
            lake.put_record(
                Keys.quarantine(document),
                Quarantined(document=document, raw=outcome.raw, reasons=outcome.reasons),
            )
        elif outcome.state is State.READY:
            lake.delete(Keys.quarantine(document))
        yield outcome


def _outcome(lake: Lake, document: Document) -> DocumentOutcome:
    from tieout.quality import SUITE_VERSION

    manifest = _received(lake, document)
    if document.processing_status == "CANCELLED":
        return _skipped(document, ReasonCode.REPORT_CANCELLED, "Amazon cancelled the report: it holds no data")
    if document.processing_status == "FATAL":
        return DocumentOutcome(
            document=document,
            state=State.QUARANTINED,
            reasons=(Reason(code=ReasonCode.REPORT_FATAL, message=_fatal_message(lake, manifest)),),
            raw=manifest.raw if manifest else None,
        )
    if document.source is Source.API and document.processing_status != "DONE":
        return _skipped(
            document,
            ReasonCode.REPORT_NOT_READY,
            f"Amazon is still making the report ({document.processing_status}); the next run lists it again",
        )
    if manifest is None:
        raise RuntimeError(f"{document.document_id} was listed and is not in the lake: run its receive task")
    reading = _reading(lake, document, manifest.raw)
    if reading is None:
        raise RuntimeError(f"{document.document_id} was received and not read: run its read task")
    if reading.refused:
        return DocumentOutcome(
            document=document,
            state=State.QUARANTINED,
            reasons=(reading.refused,),
            raw=manifest.raw,
            reader_version=reading.reader_version,
        )
    record = _checks(lake, document, manifest.raw, SUITE_VERSION)
    if record is None:
        raise RuntimeError(f"{document.document_id} was read and not checked: run its check task")
    blocking = tuple(_failures(record.checks))
    return DocumentOutcome(
        document=_dated(document, reading.staged),
        state=State.QUARANTINED if blocking else State.READY,
        reasons=blocking,
        raw=manifest.raw,
        staged=reading.staged,
        checks=record.checks,
        suite_version=record.suite_version,
    )


def _dated(document: Document, staged: StagedFiles | None) -> Document:
    """A file from a folder has no date of its own that can be trusted: it is as old as its latest settlement."""
    if document.source is Source.API or staged is None:
        return document
    ends = [summary.end_at for summary in staged.reading.settlements if summary.end_at]
    return document.model_copy(update={"created_at": max(ends)}) if ends else document


def _failures(checks: Iterable[CheckResult]) -> Iterator[Reason]:
    for result in checks:
        if result.severity is Severity.BLOCKING and not result.passed:
            assert result.reason is not None
            yield result.reason


def _skipped(document: Document, code: ReasonCode, message: str) -> DocumentOutcome:
    return DocumentOutcome(document=document, state=State.SKIPPED, reasons=(Reason(code=code, message=message),))


def _fatal_message(lake: Lake, manifest: Manifest | None) -> str:
    if manifest is None:
        return (
            "Amazon failed to make the report and gave no explanation; ask Selling Partner Support with its report id"
        )
    with tempfile.TemporaryDirectory(prefix="tieout-fatal-") as folder:
        path = lake.get_file(manifest.raw.key, Path(folder) / "body")
        try:
            said = b"".join(read_chunks(path))[:2000]
        except Misfit as damaged:
            return f"Amazon failed to make the report, and its explanation cannot be read: {damaged.problem}"
    text = said.decode("utf-8", errors="backslashreplace").strip()
    return f"Amazon failed to make the report and says: {text}"


def settle(lake: Lake, listing: Listing, key: str) -> Outcomes:
    """Write what became of every listed document, for the warehouse.

    :param key: where the outcomes go.
    """
    found = Outcomes(
        region=listing.region,
        account=listing.account,
        business_day=listing.business_day,
        outcomes=outcomes(lake, listing.documents),
    )
    lake.put_record(key, found)
    for outcome in found.outcomes:
        for reason in outcome.reasons:
            log.warning("%s %s: %s", outcome.document.document_id, outcome.state, reason.message)
    return found


def _received(lake: Lake, document: Document) -> Manifest | None:
    return lake.get_record(Keys.raw_manifest(document), Manifest)


def _reading(lake: Lake, document: Document, raw: RawFile) -> ReadingRecord | None:
    if document.processing_status == "FATAL":
        return None
    record = lake.get_record(Keys.staged(document, "reading.json"), ReadingRecord)
    current = record and record.raw_sha256 == raw.sha256 and record.reader_version == READER_VERSION
    return record if current else None


def _checks(lake: Lake, document: Document, raw: RawFile, suite_version: int) -> CheckRecord | None:
    record = lake.get_record(Keys.checks(document), CheckRecord)
    current = (
        record
        and record.raw_sha256 == raw.sha256
        and record.reader_version == READER_VERSION
        and record.suite_version == suite_version
    )
    return record if current else None


def _charset(content_type: str | None) -> str | None:
    for part in (content_type or "").split(";")[1:]:
        name, _, value = part.strip().partition("=")
        if name.lower() == "charset":
            return value.strip("\"'") or None
    return None


@dataclass(frozen=True)
class AccountKeys:
    """Where the lake keeps what was listed for an account, and what became of it."""

    account: str
    listing: str
    outcomes: str


@dataclass(frozen=True)
class Accounted:
    """What became of all documents of a region's accounts on one business day."""

    states: Counter[str]
    trouble: tuple[str, ...]
    """A line each: an account without outcomes, a document without a state, a document newly in quarantine."""
    still_quarantined: tuple[str, ...]
    """Documents that an earlier business day put into quarantine."""


def account_for(lake: Lake, keys: Iterable[AccountKeys], business_day: dt.date | None) -> Accounted:
    """Compare what was listed with what became of it: the two sets have to be the same.

    :param business_day: what an earlier day put into quarantine is not new; None: everything in quarantine is.
    """
    states: Counter[str] = Counter()
    trouble: list[str] = []
    still: list[str] = []
    for each in keys:
        listing = lake.get_record(each.listing, Listing)
        found = lake.get_record(each.outcomes, Outcomes)
        if listing is None or found is None:
            trouble.append(f"{each.account}: no outcome; see the failed task of this account")
            continue
        listed = {document.document_id for document in listing.documents}
        ended = {outcome.document.document_id for outcome in found.outcomes}
        trouble += [f"{document_id}: listed, and nothing became of it" for document_id in sorted(listed - ended)]
        for outcome in found.outcomes:
            states[outcome.state.value] += 1
            if outcome.state is State.QUARANTINED:
                line = f"{outcome.document.document_id}: {'; '.join(reason.message for reason in outcome.reasons)}"
                new = business_day is None or outcome.document.first_listed_on == business_day
                (trouble if new else still).append(line)
    return Accounted(states, tuple(trouble), tuple(still))
