"""Read, check and settle received documents, each by what it is: all end as ready, quarantined or skipped."""

from __future__ import annotations

import datetime as dt
import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tieout.alerts import Alert, AlertKind
from tieout.alerts import Severity as AlertSeverity
from tieout.bounded import BoundedProcess, Limits
from tieout.documents import (
    CheckResult,
    Document,
    DocumentOutcome,
    Reason,
    ReasonCode,
    Severity,
    Source,
    StagedFiles,
    StagedReport,
    State,
)
from tieout.intake.reading import (
    Read,
    asked_days,
    has_hashed,
    is_settlement,
    read_bounded,
    reader_version,
    sha256_of,
    version_of,
)
from tieout.intake.receiving import fetch_raw, tells_unknown
from tieout.intake.records import Listing, Manifest, NotReceived, Outcomes, Quarantined, ReadingRecord
from tieout.intake.redacting import Stored, move_to_personal
from tieout.lake import Keys, Lake, present
from tieout.reports.errors import Misfit
from tieout.reports.families import FAMILIES
from tieout.reports.source import read_chunks
from tieout.work import work_folder

if TYPE_CHECKING:
    from tieout.quality import StagedInput, StagedReportInput

log = logging.getLogger(__name__)


def _reading_key(lake: Lake, document: Document) -> str:
    return Keys.reading(document, version_of(document, lake.privacy))


def reading_of(lake: Lake, document: Document) -> ReadingRecord | None:
    """Return how this version of the reader read a document; None if it has not."""
    return lake.get_record(_reading_key(lake, document), ReadingRecord)


def is_read(lake: Lake, document: Document) -> bool:
    """Return whether this version of the reader has read a document and it was judged."""
    return reading_of(lake, document) is not None and lake.get(_outcome_key(lake, document)) is not None


def staged_names(lake: Lake, document: Document) -> set[str]:
    """Return the names of what this version of the reader and of the checks staged of a document."""
    names = {_reading_key(lake, document).rpartition("/")[2], _outcome_key(lake, document).rpartition("/")[2]}
    reading = reading_of(lake, document)
    if reading is not None and isinstance(reading.staged, StagedReport):
        names.add(reading.staged.rows_key.rpartition("/")[2])
    return names


def read(lake: Lake, documents: Sequence[Document]) -> int:
    """Turn every received document that was not read by this version of the reader into typed Parquet.

    :return: how many were read now, refused ones included.
    """
    received = present(lake, map(Keys.raw_of, documents))
    staged = present(lake, map(Keys.staged_of, documents))
    todo = [
        document
        for document in documents
        if document.processing_status != "FATAL"
        and Keys.raw_manifest(document) in received
        and _reading_key(lake, document) not in staged
    ]
    if lake.privacy.key_id is None and any(map(has_hashed, todo)):
        log.warning(
            "there is no key for personal values, so users and buyers' tax numbers are not kept, not even as hashes, and cannot "
            "be counted. Make the Airflow connection tieout_personal_key: docs/privacy.md; these reports are then read again"
        )
    with BoundedProcess(Limits.of_reader()) as reader:
        for document in todo:
            manifest = lake.get_record(Keys.raw_manifest(document), Manifest)
            if manifest is None:
                continue  # it was damaged: the document is no longer received
            with work_folder("read") as folder:
                _read_one(lake, reader, document, manifest, folder)
    return len(todo)


def _read_one(lake: Lake, reader: BoundedProcess, document: Document, manifest: Manifest, folder: Path) -> None:
    done = _read_bytes(lake, reader, manifest, folder)
    differs = done.refused and done.refused.code is ReasonCode.RAW_DIFFERS
    if differs and (now := _manifest(lake, document)) not in (None, manifest):
        assert now is not None
        manifest = now  # the bytes were redacted, or fetched again, in between
        done = _read_bytes(lake, reader, manifest, folder)
    if done.refused and done.refused.code is ReasonCode.READER_FAILED:
        log.error("%s\n%s", done.refused.message, done.unforeseen or "")
    staged = done.staged
    if isinstance(staged, StagedFiles):
        lake.put_file(staged.lines_key, folder / "lines.parquet")
        lake.put_file(staged.settlements_key, folder / "settlements.parquet")
    elif staged:
        lake.put_file(staged.rows_key, folder / "rows.parquet")
    record = ReadingRecord(reader_version=reader_version(document), staged=staged, refused=done.refused)
    lake.put_record(_reading_key(lake, document), record)
    if tells_unknown(staged, lake.privacy) and manifest.raw.redacted is None:
        body = Stored.at(manifest.raw.key)
        if not body.is_personal:
            move_to_personal(lake, body, manifest, folder)


def _read_bytes(lake: Lake, reader: BoundedProcess, manifest: Manifest, folder: Path) -> Read:
    document, raw = manifest.document, manifest.raw
    if raw.redacted is not None and raw.redacted.refused is not None:
        return Read(refused=raw.redacted.refused)  # its bytes are gone: nobody could tell what they say of persons
    try:
        return read_bounded(reader, document, raw, fetch_raw(lake, raw, folder / "body"), folder, lake.privacy)
    except Misfit as differs:
        return Read(refused=differs.as_reason(document.file_name or document.document_id))


def check(lake: Lake, documents: Sequence[Document], docs: Path | None) -> int:
    """Say of every document what became of it; run the checks on those that were read.

    A document of which this version of the reader and of the checks has spoken is left alone.

    :param docs: folder for the Great Expectations Data Docs of these documents, two levels below the folder of all
        Data Docs, whose contents page is written anew; None builds none.
    :return: how many were judged now.
    """
    spoken = present(lake, map(Keys.staged_of, documents))
    missing = _not_received(lake, documents)
    todo = [
        each
        for each in documents
        if _is_final(each) and _outcome_key(lake, each) not in spoken and each.document_id not in missing
    ]
    mended: set[str] = set()
    while todo:
        try:
            _judge(lake, todo, docs)
            break
        except StagedDiffers as differs:
            if differs.document.document_id in mended:
                raise
            mended.add(differs.document.document_id)
            log.error("%s: the document is read again from its bytes", differs)
            forget(lake, differs.document)
            read(lake, [differs.document])
    return len(todo)


class StagedDiffers(Exception):
    """A staged file is not what was staged."""

    def __init__(self, document: Document, key: str) -> None:
        super().__init__(f"{key} is gone, or is not the file that was staged")
        self.document = document


def _judge(lake: Lake, todo: Sequence[Document], docs: Path | None) -> None:
    staged: list[tuple[Document, Manifest, StagedFiles | StagedReport]] = []
    for document in todo:
        judged = _without_checks(lake, document)
        if judged is None:
            continue
        if isinstance(judged, DocumentOutcome):
            lake.put_record(_outcome_key(lake, document), _now_judged(lake, judged))
        else:
            staged.append((document, *judged))
    if staged:
        for outcome in _checked(lake, staged, docs):
            lake.put_record(_outcome_key(lake, outcome.document), _now_judged(lake, outcome))


def _now_judged(lake: Lake, outcome: DocumentOutcome) -> DocumentOutcome:
    return outcome.model_copy(update={"judged_at": lake.now()})


def judge_again(lake: Lake, documents: Sequence[Document], docs: Path | None) -> list[DocumentOutcome]:
    """Read and check documents as if it were the first time; return what became of them now.

    :param docs: as for `check`.
    """
    for document in documents:
        forget(lake, document)
    read(lake, documents)
    check(lake, documents, docs)
    return outcomes_of(lake, documents)


def forget(lake: Lake, document: Document) -> None:
    """Have a document read and checked as if it were the first time."""
    lake.delete(_outcome_key(lake, document))
    lake.delete(_reading_key(lake, document))


def outcomes_of(lake: Lake, documents: Sequence[Document]) -> list[DocumentOutcome]:
    """Return what became of documents; those that are not in the lake wait in quarantine."""
    missing = _not_received(lake, documents)
    return [
        _waiting(document, missing[document.document_id])
        if document.document_id in missing
        else outcome_of(lake, document)
        for document in documents
    ]


def _waiting(document: Document, failure: NotReceived) -> DocumentOutcome:
    return DocumentOutcome(document=document, state=State.QUARANTINED, reasons=(failure.reason,), raw=failure.raw)


def _is_final(document: Document) -> bool:
    return document.source is Source.IMPORT or document.processing_status in ("DONE", "CANCELLED", "FATAL")


def _not_received(lake: Lake, documents: Sequence[Document]) -> dict[str, NotReceived]:
    """The documents that are not in the lake, because they came empty, could not be had, or their record is damaged, by id."""
    received = present(lake, map(Keys.raw_of, documents))
    found = {}
    for document in documents:
        place = Keys.not_received(document)
        if Keys.raw_manifest(document) in received or not _is_final(document):
            continue
        failure = lake.get_record(place, NotReceived) if place in received else _lost(lake, document)
        failure = failure or _lost(lake, document)
        if failure:
            found[document.document_id] = failure
    return found


def _lost(lake: Lake, document: Document) -> NotReceived | None:
    """What is said of a document whose manifest, or record of why it did not come, was damaged; None if neither was."""
    for key in (Keys.raw_manifest(document), Keys.not_received(document)):
        if lake.was_put_aside(key):
            message = (
                f"{key} was damaged, and is at {Keys.damaged(key)}: it is not known what was received. The next run fetches the "
                "document while Amazon lists it; else restore the object, release the document with fetch_again, or import its "
                "file again"
            )
            reason = Reason(code=ReasonCode.NOT_RECEIVED, message=message)
            return NotReceived(document=document, reason=reason, tried_at=dt.datetime.now(dt.UTC))
    return None


def _outcome_key(lake: Lake, document: Document) -> str:
    return Keys.outcome(document, version_of(document, lake.privacy), _suite_version(document))


def _suite_version(document: Document) -> int:
    from tieout.quality import REPORT_SUITE_VERSION, SUITE_VERSION

    return SUITE_VERSION if is_settlement(document) else REPORT_SUITE_VERSION


def _without_checks(
    lake: Lake, document: Document
) -> DocumentOutcome | tuple[Manifest, StagedFiles | StagedReport] | None:
    """What became of a document that needs no checks; else its bytes and its staged files.

    None if its manifest is damaged: then it is no longer received.
    """
    if document.processing_status == "CANCELLED":
        return _skipped(document, ReasonCode.REPORT_CANCELLED, "Amazon cancelled the report: it holds no data")
    if document.processing_status == "FATAL":
        manifest = lake.get_record(Keys.raw_manifest(document), Manifest)
        return DocumentOutcome(
            document=document,
            state=State.QUARANTINED,
            reasons=(Reason(code=ReasonCode.REPORT_FATAL, message=_fatal_message(lake, manifest)),),
            raw=manifest.raw if manifest else None,
        )
    manifest = _manifest(lake, document)
    if manifest is None:
        return None
    reading = lake.get_record(_reading_key(lake, document), ReadingRecord)
    if reading is None and lake.was_put_aside(_reading_key(lake, document)):
        read(lake, [document])
        reading = lake.get_record(_reading_key(lake, document), ReadingRecord)
    if reading is None:
        raise RuntimeError(f"{document.document_id} was received and not read: run its read task")
    if isinstance(reading.staged, StagedReport) and reading.staged.reading.rows == 0:
        said = "the report has no rows. Nothing is loaded of it, and nothing is replaced by it"
        return _skipped(document, ReasonCode.NO_DATA, said).model_copy(update={"raw": manifest.raw})
    if reading.staged:
        return manifest, reading.staged
    assert reading.refused is not None
    nothing = reading.refused.code is ReasonCode.NO_DATA
    return DocumentOutcome(
        document=document,
        state=State.SKIPPED if nothing else State.QUARANTINED,
        reasons=(reading.refused,),
        raw=manifest.raw,
        reader_version=reader_version(document),
    )


def _checked(
    lake: Lake, staged: Sequence[tuple[Document, Manifest, StagedFiles | StagedReport]], docs: Path | None
) -> Iterator[DocumentOutcome]:
    from tieout.quality import StagedInput, StagedReportInput, check_documents, write_contents

    with work_folder("check") as folder:
        inputs: list[StagedInput | StagedReportInput] = []
        for number, (document, _, files) in enumerate(staged):
            place = folder / str(number)
            if isinstance(files, StagedFiles):
                lines = _fetched(lake, document, files, files.lines_key, place.with_suffix(".lines.parquet"))
                settlements = _fetched(
                    lake, document, files, files.settlements_key, place.with_suffix(".settlements.parquet")
                )
                inputs.append(StagedInput(document.document_id, lines, settlements, files.reading))
            else:
                rows = _fetched(lake, document, files, files.rows_key, place.with_suffix(".rows.parquet"))
                asked = asked_days(document) or (None, None)
                inputs.append(StagedReportInput(document.document_id, rows, files.reading, *asked))
        results = check_documents(inputs, docs_dir=docs)
        latest = {each.document_id: _latest(each) for each in inputs}
    if docs:
        write_contents(docs.parents[1])
    for document, manifest, files in staged:
        checks = results[document.document_id]
        blocking = tuple(_failures(checks))
        yield DocumentOutcome(
            document=_dated(document, latest[document.document_id]),
            state=State.QUARANTINED if blocking else State.READY,
            reasons=blocking,
            raw=manifest.raw,
            staged=files,
            checks=checks,
            suite_version=_suite_version(document),
            reader_version=reader_version(document),
        )


def _fetched(lake: Lake, document: Document, files: StagedFiles | StagedReport, key: str, path: Path) -> Path:
    """Fetch a staged file, and compare it with what was staged.

    Raises:
        StagedDiffers: If it is another, or gone.
    """
    try:
        lake.get_file(key, path)
    except FileNotFoundError:
        raise StagedDiffers(document, key) from None
    if files.digests[key] not in (None, sha256_of(path)):
        raise StagedDiffers(document, key)
    return path


def stage_again(lake: Lake, home: str) -> DocumentOutcome:
    """Read and check a document whose staged files are damaged from its bytes; it is in quarantine if they are, too.

    Args:
        lake: The lake.
        home: Region, account, report type and document id, with slashes between them.

    Raises:
        FileNotFoundError: The document's manifest is damaged or gone.
    """
    key = f"{Keys.all_raw()}{home}/manifest.json"
    manifest = lake.get_record(key, Manifest)
    if manifest is None:
        raise FileNotFoundError(
            f"the staged files of {home} are damaged, and {key} is gone or damaged: restore it from a backup, or release "
            "the document with fetch_again, or import its file again"
        )
    (outcome,) = judge_again(lake, [manifest.document], None)
    shelve(lake, outcome)
    return outcome


def _dated(document: Document, latest: dt.datetime | None) -> Document:
    """A file from a folder has no date of its own that can be trusted: it is as old as the latest that it tells of."""
    if document.source is Source.API or latest is None:
        return document
    return document.model_copy(update={"created_at": latest})


def _latest(staged: StagedInput | StagedReportInput) -> dt.datetime | None:
    """The end of the latest settlement, or of the latest day, in a staged file; None if nothing in it has a date."""
    from tieout.quality import StagedInput

    if isinstance(staged, StagedInput):
        return max((each.end_at for each in staged.reading.settlements if each.end_at), default=None)
    column = FAMILIES[staged.reading.family].dated_by
    if column is None:
        return None
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    day = pc.max(pq.read_table(staged.rows_path, columns=[column])[column]).as_py()
    return dt.datetime.combine(day, dt.time.max, dt.UTC) if day else None


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
    with work_folder("fatal") as folder:
        try:
            said = next(read_chunks(fetch_raw(lake, manifest.raw, folder / "body")), b"")[:2000]
        except Misfit as damaged:
            return f"Amazon failed to make the report, and its explanation cannot be read: {damaged.problem}"
    text = said.decode("utf-8", errors="backslashreplace").strip()
    return f"Amazon failed to make the report and says: {text}"


def settle(lake: Lake, listing: Listing, key: str) -> Outcomes:
    """Write what became of every listed document, for the warehouse, and keep quarantine up to it.

    A document of which the listing has a verdict is not looked for.

    :param key: where the outcomes go.
    """
    in_quarantine = present(lake, map(Keys.quarantine_of, listing.documents))
    missing = _not_received(lake, listing.documents)
    verdicts = {outcome.document.document_id: outcome for outcome in listing.verdicts}
    found = Outcomes(
        region=listing.region,
        account=listing.account,
        business_day=listing.business_day,
        outcomes=tuple(
            verdicts.get(document.document_id)
            or (
                _outcome_without_bytes(document, missing, listing)
                if document.document_id in missing
                else outcome_of(lake, document)
            )
            for document in listing.documents
        ),
    )
    lake.put_record(key, found)
    for outcome in found.outcomes:
        if outcome.state is State.QUARANTINED or Keys.quarantine(outcome.document) in in_quarantine:
            shelve(lake, outcome)
        for reason in outcome.reasons:
            log.warning("%s %s: %s", outcome.document.document_id, outcome.state, reason.message)
    return found


def shelve(lake: Lake, outcome: DocumentOutcome) -> None:
    """Put a document into quarantine, or take it out, as its outcome says."""
    place = Keys.quarantine(outcome.document)
    if outcome.state is State.QUARANTINED:
        lake.put_record(place, Quarantined(document=outcome.document, raw=outcome.raw, reasons=outcome.reasons))
    else:
        lake.delete(place)


def _outcome_without_bytes(document: Document, missing: dict[str, NotReceived], listing: Listing) -> DocumentOutcome:
    """What is known of a document that is not in the lake: it waits in quarantine, unless Amazon has made it again."""
    failure = missing[document.document_id]
    for other in listing.documents:
        same_period = document.data_end_at and (other.data_start_at, other.data_end_at) == (
            document.data_start_at,
            document.data_end_at,
        )
        later = other.created_at > document.created_at and other.processing_status == "DONE"
        if same_period and later and other.document_id not in missing:
            return _skipped(
                document,
                ReasonCode.SUPERSEDED,
                f"Amazon has made the report again: {other.document_id} covers the same period",
            )
    return _waiting(document, failure)


def outcome_of(lake: Lake, document: Document) -> DocumentOutcome:
    """Return what became of a document.

    :raises RuntimeError: if it was not judged yet.
    """
    if not _is_final(document):
        return _skipped(
            document,
            ReasonCode.REPORT_NOT_READY,
            f"Amazon is still making the report ({document.processing_status}); the next run lists it again",
        )
    outcome = lake.get_record(_outcome_key(lake, document), DocumentOutcome)
    if outcome is None and lake.was_put_aside(_outcome_key(lake, document)):
        check(lake, [document], None)
        outcome = lake.get_record(_outcome_key(lake, document), DocumentOutcome)
    if outcome is None:
        raise RuntimeError(f"{document.document_id} was listed and not judged: run the tasks before this one")
    return outcome


def _manifest(lake: Lake, document: Document) -> Manifest | None:
    """The manifest of a document; None if it was damaged."""
    manifest = lake.get_record(Keys.raw_manifest(document), Manifest)
    if manifest is None and not lake.was_put_aside(Keys.raw_manifest(document)):
        raise RuntimeError(f"{document.document_id} was listed and is not in the lake: run its receive task")
    return manifest


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
    trouble: tuple[Alert, ...]
    """An account without outcomes, a document without a state, a document newly in quarantine."""
    still_quarantined: tuple[str, ...]
    """A line each: documents that an earlier business day put into quarantine."""


def account_for(lake: Lake, keys: Iterable[AccountKeys], business_day: dt.date | None) -> Accounted:
    """Compare what was listed with what became of it: the two sets have to be the same.

    :param business_day: what an earlier day put into quarantine is not new; None: everything in quarantine is.
    """
    states: Counter[str] = Counter()
    trouble: list[Alert] = []
    still: list[str] = []
    for each in keys:
        listing = lake.get_record(each.listing, Listing)
        found = lake.get_record(each.outcomes, Outcomes)
        if listing is None or found is None:
            trouble.append(
                Alert(
                    kind=AlertKind.DOCUMENT_UNACCOUNTED,
                    subject=f"{each.account} {business_day or 'import'}",
                    message="There is no outcome; see the failed task of this account.",
                    account=each.account,
                )
            )
            continue
        listed = {document.document_id: document for document in listing.documents}
        ended = {outcome.document.document_id for outcome in found.outcomes}
        trouble += [_unaccounted(document) for name, document in sorted(listed.items()) if name not in ended]
        for outcome in found.outcomes:
            states[outcome.state.value] += 1
            if outcome.state is State.QUARANTINED:
                if business_day is None or outcome.document.first_listed_on == business_day:
                    trouble.append(_quarantined(outcome))
                else:
                    still.append(f"{outcome.document.document_id}: {_reasons(outcome)}")
    return Accounted(states, tuple(trouble), tuple(still))


def _unaccounted(document: Document) -> Alert:
    return Alert(
        kind=AlertKind.DOCUMENT_UNACCOUNTED,
        subject=document.document_id,
        message=f"Amazon listed the {document.report_type} of {document.created_at:%Y-%m-%d}, and nothing became of it.",
        region=document.region,
        account=document.account,
        document_id=document.document_id,
        since=document.created_at,
    )


def _quarantined(outcome: DocumentOutcome) -> Alert:
    document = outcome.document
    settlements = outcome.staged.reading.settlements if isinstance(outcome.staged, StagedFiles) else ()
    one = settlements[0] if len(settlements) == 1 else None
    return Alert(
        kind=AlertKind.DOCUMENT_QUARANTINED,
        subject=document.document_id,
        message=_reasons(outcome),
        region=document.region,
        account=document.account,
        document_id=document.document_id,
        settlement_id=one.settlement_id if one else None,
        amount=one.control_total if one else None,
        currency=one.currency if one else None,
        severity=AlertSeverity.CRITICAL if is_settlement(document) else AlertSeverity.WARNING,
        since=document.created_at,
    )


def _reasons(outcome: DocumentOutcome) -> str:
    return "; ".join(reason.message for reason in outcome.reasons)
