"""List and receive the settlement reports of one account."""

from __future__ import annotations

import datetime as dt
import logging
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from tieout.accounts import Account
from tieout.amazon.budget import LIMITS
from tieout.amazon.clock import Clock
from tieout.amazon.errors import BudgetExhausted
from tieout.amazon.selling_partner import RETENTION, Report, SellingPartner, UrlExpired
from tieout.documents import Document, RawFile, Source
from tieout.intake.business_day import end_of_business_day
from tieout.intake.records import FirstListings, Listing, Manifest
from tieout.lake import Keys, Lake

log = logging.getLogger(__name__)

SETTLEMENT_REPORT = "GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE_V2"
_FINAL = frozenset({"DONE", "CANCELLED", "FATAL", None})
"""States that do not change any more; a file from a folder has none."""
_DOWNLOADABLE = frozenset({"DONE", "FATAL"})
_REFILL = LIMITS["getReportDocument"].burst * 2 // 3
"""Calls to wait for when the budget is spent: many, so that a wait is worth it; fewer than the burst, so that none is
lost in a full bucket while the waiting task gets back to work."""


def list_settlements(
    amazon: SellingPartner, lake: Lake, clock: Clock, account: Account, business_day: dt.date
) -> Listing:
    """Ask once what settlement reports Amazon holds at the end of a business day, and write each one down.

    The whole of Amazon's 90 days is asked for, not the one day: what an earlier run missed is found by the next.

    :raises BudgetExhausted: if the listing has to wait for the rate budget.
    """
    until = end_of_business_day(account.region, business_day)
    found = amazon.reports([SETTLEMENT_REPORT], created_since=until - RETENTION, created_until=until)
    by_id = {report.report_id: report for report in found}
    listed = [
        _document(account, business_day, report)
        for report in sorted(by_id.values(), key=lambda r: (r.created_at, r.report_id))
    ]
    documents = write_down(lake, account, listed)
    listing = Listing(
        region=account.region,
        account=account.name,
        business_day=business_day,
        listed_at=clock.now(),
        documents=documents,
    )
    lake.put_record(Keys.listing(account.region, account.name, business_day), listing)
    return listing


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
    )


def write_down(lake: Lake, account: Account, documents: Sequence[Document]) -> tuple[Document, ...]:
    """Write down each document, unless it was before; return them as they were written down first.

    A report that Amazon has not finished is passed through: what is known of it still changes.
    """
    key = Keys.first_listings(account.region, account.name)
    while True:
        found = lake.get_with_etag(key)
        known = FirstListings.model_validate_json(found[0]).documents if found else {}
        final = {each.document_id: each for each in documents if each.processing_status in _FINAL}
        together = FirstListings(documents={**final, **known})
        etag = found[1] if found else None
        if final.keys() <= known.keys() or lake.put_if(key, together.model_dump_json(indent=1).encode(), etag=etag):
            return tuple(together.documents.get(each.document_id, each) for each in documents)


def read_listing(lake: Lake, account: Account, business_day: dt.date) -> Listing:
    """Return the listing that `list_settlements` wrote.

    :raises FileNotFoundError: if there is none.
    """
    key = Keys.listing(account.region, account.name, business_day)
    listing = lake.get_record(key, Listing)
    if listing is None:
        raise FileNotFoundError(
            f"s3://{lake.bucket}/{key} does not exist: run the task that lists {account.name} first"
        )
    return listing


def receive(amazon: SellingPartner, lake: Lake, clock: Clock, documents: Iterable[Document]) -> int:
    """Download every listed document that is not in the lake yet, and keep its bytes as they came.

    :return: how many were downloaded now.
    :raises BudgetExhausted: when the budget is spent. What was received is kept; call again at its `available_at`,
        when enough calls for a good number of the missing documents, or for all of them, are there.
    """
    wanted = [
        document
        for document in documents
        if document.processing_status in _DOWNLOADABLE and document.report_document_id
    ]
    received = present(lake, (Keys.raw_of(document) for document in wanted))
    missing = [document for document in wanted if Keys.raw_manifest(document) not in received]
    for done, document in enumerate(missing):
        try:
            _receive_one(amazon, lake, clock, document)
        except BudgetExhausted as exhausted:
            left = len(missing) - done
            log.info("%s of %s documents received; the rate budget is spent", done, len(missing))
            raise BudgetExhausted(exhausted.operation, amazon.documents_available_at(min(left, _REFILL))) from exhausted
    return len(missing)


def _receive_one(amazon: SellingPartner, lake: Lake, clock: Clock, document: Document) -> None:
    assert document.report_document_id is not None
    with tempfile.TemporaryDirectory(prefix="tieout-receive-") as folder:
        body = Path(folder) / "body"
        while True:
            minted = amazon.report_document(document.report_document_id)
            try:
                download = amazon.download(minted, body)
                break
            except UrlExpired:
                log.warning("the URL of %s died before the download; minting a new one", document.document_id)
        raw = RawFile(
            key=Keys.raw_body(document),
            size=download.size,
            sha256=download.sha256,
            content_type=download.content_type,
            compression=minted.compression,
            received_at=clock.now(),
            request_id=minted.request_id,
        )
        keep_raw(lake, document, raw, body)


def present(lake: Lake, prefixes: Iterable[str]) -> set[str]:
    """Return all keys under the prefixes: one listing tells more than many questions for single objects."""
    return {key for prefix in sorted(set(prefixes)) for key in lake.keys(prefix)}


def keep_raw(lake: Lake, document: Document, raw: RawFile, body: Path) -> None:
    """Put a document's bytes into the lake; the manifest goes last, so that it vouches for the whole body."""
    lake.put_file(raw.key, body)
    lake.put_record(Keys.raw_manifest(document), Manifest(document=document, raw=raw))
