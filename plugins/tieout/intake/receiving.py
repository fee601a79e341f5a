"""List the settlement reports of one account, and receive documents."""

from __future__ import annotations

import datetime as dt
import hashlib
import logging
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from tieout.accounts import Account
from tieout.amazon.budget import LIMITS
from tieout.amazon.clock import Clock
from tieout.amazon.errors import AmazonUnavailable, BudgetExhausted, DocumentUnavailable, InvalidRequest
from tieout.amazon.listing import Listed
from tieout.amazon.selling_partner import RETENTION, Download, Report, ReportDocument, SellingPartner, UrlExpired
from tieout.documents import Document, RawFile, Reason, ReasonCode, Region, Source, StagedFiles, StagedReport
from tieout.intake.business_day import end_of_business_day
from tieout.intake.erased import forget_in
from tieout.intake.records import FirstListings, Listing, Manifest, NotReceived
from tieout.lake import Keys, Lake, present
from tieout.privacy import Privacy
from tieout.reports.errors import Misfit
from tieout.reports.families import is_restricted
from tieout.reports.source import read_chunks
from tieout.work import work_folder

log = logging.getLogger(__name__)

SETTLEMENT_REPORT = "GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE_V2"
_FINAL = frozenset({"DONE", "CANCELLED", "FATAL", None})
"""States that do not change any more; a file from a folder has none."""
_DOWNLOADABLE = frozenset({"DONE", "FATAL"})
REFILL = LIMITS["getReportDocument"].burst * 2 // 3
"""Calls to wait for when the budget is spent: many, so that a wait is worth it; fewer than the burst, so that none is
lost in a full bucket while the waiting task gets back to work."""
MINTS = 3
"""URLs of one document that are minted in a run, if they die before the download begins."""
MOST_FAILURES = 3
"""So many documents in a row that cannot be had mean that Amazon is down: the rest is left for a later try."""
LOOK_AGAIN_AFTER = {ReasonCode.EMPTY_FILE: dt.timedelta(hours=6), ReasonCode.NOT_RECEIVED: dt.timedelta(minutes=10)}
"""A document that came empty, or could not be had, is left alone for so long: a task that waits and goes on, or is tried
again, would spend the budget on it each time."""
STALE_LISTING = dt.timedelta(hours=1)
"""A listing that was interrupted longer ago is begun again: what it found first is out of date."""


def list_settlements(
    amazon: SellingPartner, lake: Lake, clock: Clock, account: Account, business_day: dt.date
) -> Listing:
    """Ask once what settlement reports Amazon holds at the end of a business day, and write each one down.

    The whole of Amazon's 90 days is asked for, not the one day: what an earlier run missed is found by the next.

    :raises BudgetExhausted: if the listing has to wait for the rate budget.
    """
    place = Keys.listing_in_progress(account.region, account.name, business_day)
    progress = fresh(lake.get_record(place, Listed) or Listed(), clock)
    try:
        listed = list_types(amazon, account, business_day, [SETTLEMENT_REPORT], progress)
    except BudgetExhausted:
        lake.put_record(place, progress)
        raise
    documents = write_down(lake, account, listed)
    listing = Listing(
        region=account.region,
        account=account.name,
        business_day=business_day,
        listed_at=clock.now(),
        documents=documents,
    )
    lake.put_record(Keys.listing(account.region, account.name, business_day), listing)
    lake.delete(place)
    return listing


def fresh(progress: Listed, clock: Clock) -> Listed:
    """Return how far a listing came, or a new beginning if what it found first is out of date."""
    stale = progress.begun_at is None or clock.now() - progress.begun_at > STALE_LISTING
    return Listed() if stale else progress


def list_types(
    amazon: SellingPartner, account: Account, business_day: dt.date, report_types: Sequence[str], progress: Listed
) -> list[Document]:
    """List the reports of some types that Amazon holds at the end of a business day, oldest first.

    Args:
        progress: How far an earlier call came before it had to wait; brought up to date.

    Raises:
        BudgetExhausted: The listing has to wait for the rate budget.
    """
    until = end_of_business_day(account.region, business_day)
    found = amazon.reports(report_types, created_since=until - RETENTION, created_until=until, listed=progress)
    by_id = {report.report_id: report for report in found}
    return [
        _document(account, business_day, report)
        for report in sorted(by_id.values(), key=lambda r: (r.created_at, r.report_id))
    ]


def _document(account: Account, business_day: dt.date, report: Report) -> Document:
    return Document(
        document_id=f"{account.name}.{report.report_id}",
        source=Source.API,
        region=account.region,
        account=account.name,
        report_type=report.report_type,
        report_id=report.report_id,
        report_document_id=report.report_document_id,
        processing_status=report.processing_status,
        created_at=report.created_at,
        first_listed_on=business_day,
        data_start_at=report.data_start_at,
        data_end_at=report.data_end_at,
        # a settlement is listed under every marketplace of the account
        marketplace_ids=() if report.report_type == SETTLEMENT_REPORT else report.marketplace_ids,
    )


def write_down(lake: Lake, account: Account, documents: Sequence[Document]) -> tuple[Document, ...]:
    """Write down each document, unless it was before; return them as they were written down first.

    A report that Amazon has not finished is passed through: what is known of it still changes.
    """
    _split_first_listings(lake, account)
    parts: dict[str, list[Document]] = defaultdict(list)
    for each in documents:
        parts[Keys.first_listings(each)].append(each)
    known: dict[str, Document] = {}
    for key, listed in sorted(parts.items()):
        final = {each.document_id: each for each in listed if each.processing_status in _FINAL}
        known |= _merge_first_listings(lake, account, key, final, earlier=False)
    return tuple(known.get(each.document_id, each) for each in documents)


def _merge_first_listings(
    lake: Lake, account: Account, key: str, documents: dict[str, Document], *, earlier: bool
) -> dict[str, Document]:
    """Add documents to first listings; return all that these hold then.

    Args:
        lake: The lake.
        account: Whose documents they are.
        key: Of the first listings.
        documents: By id.
        earlier: Whether they were written down before what is there, and take its place.
    """
    while True:
        found = lake.get_record_with_etag(key, FirstListings)
        known = found[0].documents if found else _written_down_before(lake, account, key)
        together = {**known, **documents} if earlier else {**documents, **known}
        record = FirstListings(documents=together).model_dump_json(indent=1).encode()
        if together == known or lake.put_if(key, record, etag=found[1] if found else None):
            return together


def _split_first_listings(lake: Lake, account: Account) -> None:
    """Split the first listings that an earlier version of Tieout kept in one object, which is read whole every day.

    The object is removed last: a split that was cut off is done again.
    """
    whole = Keys.first_listings_of_old(account.region, account.name)
    old = lake.get_record(whole, FirstListings)
    if old is None:
        return
    parts: dict[str, dict[str, Document]] = defaultdict(dict)
    for name, document in old.documents.items():
        parts[Keys.first_listings(document)][name] = document
    for key, documents in sorted(parts.items()):
        _merge_first_listings(lake, account, key, documents, earlier=True)
    lake.delete(whole)
    log.info("%s: %s first listings were split by month", account.name, len(old.documents))


def first_listing(lake: Lake, region: Region, account: str, document_id: str) -> Document | None:
    """Return a document of an account as it was written down first; None if it never was."""
    keys = [*lake.keys(Keys.all_first_listings(region, account)), Keys.first_listings_of_old(region, account)]
    for key in reversed(keys):
        listings = lake.get_record(key, FirstListings)
        if listings is not None and document_id in listings.documents:
            return listings.documents[document_id]
    return None


def _written_down_before(lake: Lake, account: Account, key: str) -> dict[str, Document]:
    """What the listings of the account say of each document, if the record of what was known first is lost."""
    if not any(map(lake.was_put_aside, (key, Keys.first_listings_of_old(account.region, account.name)))):
        return {}
    days = list(lake.keys(Keys.listings(account.region, account.name)))
    imports = [key for key in lake.keys(Keys.all_import_listings()) if key.endswith(f"/{account.name}.json")]
    found: dict[str, Document] = {}
    for key in days + imports:
        listing = lake.get_record(key, Listing)
        for document in listing.documents if listing else ():
            if document.processing_status in _FINAL and Keys.first_listings(document) == key:
                found.setdefault(document.document_id, document)
    return found


def read_listing(lake: Lake, account: Account, business_day: dt.date) -> Listing:
    """Return the listing that `list_settlements` wrote.

    :raises FileNotFoundError: if there is none.
    """
    key = Keys.listing(account.region, account.name, business_day)
    listing = lake.get_record(key, Listing)
    if listing is None:
        raise FileNotFoundError(
            f"s3://{lake.bucket}/{key} does not exist, or was damaged and put aside: run the task that lists {account.name} "
            "first"
        )
    return listing


def receive(amazon: SellingPartner, lake: Lake, clock: Clock, documents: Iterable[Document]) -> int:
    """Download every listed document that is not in the lake yet, and keep its bytes as they came.

    A document that comes empty, or cannot be had, is written down as not received, and the others go on. It is tried again
    when `LOOK_AGAIN_AFTER` has passed, after all others: an empty document of today may be a full one tomorrow.

    :return: how many were downloaded now.
    :raises BudgetExhausted: when the budget is spent. What was received is kept; call again at its `available_at`,
        when enough calls for a good number of the missing documents, or for all of them, are there.
    :raises AmazonUnavailable: if one document after the other cannot be had, and others were not tried yet.
    """
    missing = _missing(lake, clock, documents)
    received = in_a_row = 0
    for done, document in enumerate(missing):
        left = len(missing) - done
        if lake.get(Keys.raw_manifest(document)) is not None:
            continue  # another run has fetched it since
        try:
            received += _receive_one(amazon, lake, clock, document)
        except BudgetExhausted as exhausted:
            log.info("%s of %s documents received; the rate budget is spent", done, len(missing))
            enough = amazon.available_at("getReportDocument", min(left, REFILL))
            raise BudgetExhausted(exhausted.operation, max(enough, exhausted.available_at)) from exhausted
        except (DocumentUnavailable, InvalidRequest) as error:
            log.warning("%s could not be received: %s", document.document_id, error)
            message = f"{error}. It is tried again in later runs, for as long as Amazon lists it."
            reason = Reason(code=ReasonCode.NOT_RECEIVED, message=message)
            _write_down_failure(lake, clock, document, reason, None)
            in_a_row += 1
            if in_a_row == MOST_FAILURES and left > 1:
                text = f"{in_a_row} documents in a row could not be received; the last one: {error}"
                raise AmazonUnavailable(text) from error
        else:
            in_a_row = 0
    return received


def _missing(lake: Lake, clock: Clock, documents: Iterable[Document]) -> list[Document]:
    """What is to be downloaded now: first what was never tried."""
    wanted = [
        document
        for document in documents
        if document.processing_status in _DOWNLOADABLE and document.report_document_id
    ]
    known = present(lake, (Keys.raw_of(document) for document in wanted))
    missing = [document for document in wanted if Keys.raw_manifest(document) not in known]
    tried = [document for document in missing if Keys.not_received(document) in known]
    again = [document for document in tried if not _tried_lately(lake, clock, document)]
    return [document for document in missing if document not in tried] + again


def _tried_lately(lake: Lake, clock: Clock, document: Document) -> bool:
    last = lake.get_record(Keys.not_received(document), NotReceived)
    return last is not None and clock.now() - last.tried_at < LOOK_AGAIN_AFTER[last.reason.code]


def _receive_one(amazon: SellingPartner, lake: Lake, clock: Clock, document: Document) -> int:
    """Download one document; return 1, or 0 if it is empty.

    :raises DocumentUnavailable: if its bytes cannot be had.
    """
    with work_folder("receive") as folder:
        body = folder / "body"
        minted, download = _download(amazon, document, body)
        if (minted.compression == "GZIP") != download.gzipped:
            said = "GZIP" if minted.compression == "GZIP" else "not compressed"
            log.warning(
                "%s: Amazon says %s, and the bytes are %s; the bytes decide",
                document.document_id,
                said,
                "gzip" if download.gzipped else "plain",
            )
        empty = document.processing_status == "DONE" and _is_empty(
            body, header=document.report_type == SETTLEMENT_REPORT
        )
        raw = RawFile(
            key=Keys.raw_empty(document, download.sha256) if empty else Keys.raw_body(document),
            size=download.size,
            sha256=download.sha256,
            content_type=download.content_type,
            compression=minted.compression,
            received_at=clock.now(),
            request_id=minted.request_id,
        )
        if empty:
            lake.put_file(raw.key, body)
            message = (
                "Amazon delivered an empty document. That is no proof that there is nothing: the document is looked at again"
                " in later runs, for as long as Amazon lists it."
            )
            _write_down_failure(lake, clock, document, Reason(code=ReasonCode.EMPTY_FILE, message=message), raw)
            return 0
        keep_raw(lake, document, raw, body)
        return 1


def _download(amazon: SellingPartner, document: Document, body: Path) -> tuple[ReportDocument, Download]:
    assert document.report_document_id is not None
    for _ in range(MINTS):
        minted = amazon.report_document(document.report_document_id, restricted=is_restricted(document.report_type))
        try:
            return minted, amazon.download(minted, body)
        except UrlExpired:
            log.warning("the URL of %s died before the download; minting a new one", document.document_id)
    raise DocumentUnavailable(f"{MINTS} URLs of document {document.report_document_id} were dead when they were used")


def _is_empty(body: Path, *, header: bool) -> bool:
    """Whether there is nothing in it.

    :param header: a line with a header is nothing; other reports say so that they have no rows, or are one line of JSON.
    """
    try:
        head = next(read_chunks(body), b"")
    except Misfit:
        return False
    return sum(1 for line in head.splitlines()[:100] if line.strip()) <= int(header) and len(head) < 10_000


def _write_down_failure(lake: Lake, clock: Clock, document: Document, reason: Reason, raw: RawFile | None) -> None:
    key = Keys.not_received(document)
    before = lake.get_record(key, NotReceived)
    tries = before.tries + 1 if before else 1
    failure = NotReceived(document=document, reason=reason, raw=raw, tried_at=clock.now(), tries=tries)
    lake.put_record(key, failure)


def fetch_raw(lake: Lake, raw: RawFile, path: Path) -> Path:
    """Download the bytes of a document, and compare them with what was received.

    Raises:
        Misfit: `raw_differs` if they are others, or gone: nothing may tie out with bytes that Amazon did not send.
    """
    try:
        lake.get_file(raw.key, path)
    except FileNotFoundError:
        problem = f"the bytes that were received are no longer at {raw.key}"
    else:
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        known = raw.redacted.sha256 if raw.redacted else raw.sha256
        if sha256 == known:
            return path
        problem = f"the bytes at {raw.key} are not those that were received: their sha256 is {sha256}, not {known}"
    advice = (
        "Find out who can write to the lake, restore the object from a backup or an earlier version, and release the document; "
        "or release it with fetch_again, or import its file again"
    )
    raise Misfit(ReasonCode.RAW_DIFFERS, problem, advice)


def tells_unknown(staged: StagedFiles | StagedReport | None, privacy: Privacy) -> bool:
    """Whether a document has columns of which nobody knows what they tell of persons."""
    return staged is not None and not all(map(privacy.keeps_unknown, staged.reading.unknown_columns))


def keep_raw(lake: Lake, document: Document, raw: RawFile, body: Path) -> None:
    """Put a document's bytes into the lake; the manifest goes last, so that it vouches for the whole body.

    What people asked to be forgotten does not come back with it.
    """
    raw, kept = forget_in(lake, document, raw, body)
    if kept is not None:
        lake.put_file(raw.key, kept)
    lake.put_record(Keys.raw_manifest(document), Manifest(document=document, raw=raw))
