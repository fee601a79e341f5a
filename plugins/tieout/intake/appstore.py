"""Appstore reports by month: ask for each month as long as it may change, and keep every version of it.

The Reporting API lists nothing: each month has to be asked for, and what comes is the month as it stands then. A month that
comes with other rows than before is a new document, and the earlier ones stay. What Amazon answers instead of a report is a
document too (`<account>.sales-2026-08`), so that a month that is absent, forbidden or delayed stands in `ops.document` with its
reason, and none is ever taken for an empty one.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import logging
import tempfile
from collections.abc import Iterator
from pathlib import Path

from pydantic import AwareDatetime

from tieout.accounts import Account
from tieout.amazon.appstore import EARLIEST, Answer, Appstore, Refusal, Report, ReportKind
from tieout.amazon.clock import Clock
from tieout.amazon.errors import AmazonUnavailable
from tieout.documents import Document, DocumentOutcome, RawFile, Reason, ReasonCode, Record, Source, State
from tieout.intake.receiving import keep_raw, present
from tieout.intake.records import Listing, Manifest, Outcomes
from tieout.intake.settling import outcome_of, shelve
from tieout.lake import Keys, Lake
from tieout.reports.errors import Misfit
from tieout.reports.source import read_chunks

log = logging.getLogger(__name__)

LAG = {
    ReportKind.SALES: dt.timedelta(hours=48),
    ReportKind.SUBSCRIPTION: dt.timedelta(hours=48),
    # of a month's earnings the invoices are made at the end of the next, and paid about a month later
    ReportKind.EARNINGS: dt.timedelta(days=62),
}
"""How long after the end of a month its report may still be incomplete."""
SOONEST = dt.timedelta(hours=20)
"""A report is made anew every 24 hours: it is not asked for again before."""
UNSETTLED = dt.timedelta(days=35)
"""Sales are final when the month's earnings are made, at the end of the next month (page "Sales Reports")."""
RAREST = dt.timedelta(days=30)
MOST_FAILURES = 3
"""So many reports in a row that cannot be had mean that Amazon is down: the rest is left for a later try."""
ENOUGH_REFUSALS = 6
"""So many of the newest months that are refused, and none that was ever given, mean that Amazon does not give reports of this
kind: the others are not asked for in this run."""
_STATES = {
    Answer.ABSENT: (State.SKIPPED, ReasonCode.REPORT_ABSENT),
    Answer.FORBIDDEN: (State.QUARANTINED, ReasonCode.REPORT_FORBIDDEN),
    Answer.DELAYED: (State.QUARANTINED, ReasonCode.NOT_RECEIVED),
}


class Month(Record):
    """What is known of one report of one month."""

    kind: ReportKind
    month: dt.date
    """Its first day."""
    asked_at: AwareDatetime
    """When it was asked for last, Amazon's time."""
    answer: Answer | None
    """What Amazon answered instead of the report then; None if it gave it."""
    message: str = ""
    answered_at: AwareDatetime
    """When it answered so first."""
    answered_on: dt.date
    """The business day whose run was answered so first."""
    versions: tuple[Document, ...] = ()
    """Every version that was received, oldest first."""
    in_vain: bool = False
    """Whether Amazon ever answered anything else than the report: then a document tells of it."""
    content_sha256: str | None = None
    """Of the file in the archive of the newest version; the archive is packed anew each day."""

    @property
    def name(self) -> str:
        """Its name among the months of an account."""
        return f"{self.kind}-{self.month:%Y-%m}"


class Months(Record):
    """What is known of each month of an account, by name; and of each kind of report that was ever refused altogether."""

    months: dict[str, Month] = {}
    kinds: dict[str, Month] = {}

    def of(self, kind: ReportKind) -> list[Month]:
        """The months of a kind, oldest first."""
        return sorted((each for each in self.months.values() if each.kind is kind), key=lambda each: each.month)

    def refused(self, kind: ReportKind) -> bool:
        """Whether Amazon has refused each month of a kind that it was asked for."""
        found = self.of(kind)
        return bool(found) and all(each.answer is Answer.FORBIDDEN and not each.versions for each in found)


def next_month(month: dt.date) -> dt.date:
    """First day of the month after."""
    return (month + dt.timedelta(days=32)).replace(day=1)


def months_until(business_day: dt.date, since: dt.date | None) -> Iterator[dt.date]:
    """Every month that the API may have a report of, newest first.

    :param since: a day of the first month; None: of the first that the API has.
    """
    month = business_day.replace(day=1)
    first = max(EARLIEST, since.replace(day=1)) if since else EARLIEST
    while month >= first:
        yield month
        month = (month - dt.timedelta(days=1)).replace(day=1)


def ask_again_at(known: Month) -> dt.datetime:
    """When a month is asked for again, Amazon's time.

    Every day until it is over, complete, and has not changed for `UNSETTLED`; then the rarer, the longer it has not: after a
    quarter of that time, and once in 30 days at least. A forbidden one is asked for every day, a delayed one by the next run.
    """
    if known.answer is Answer.DELAYED:
        return known.asked_at
    over = dt.datetime.combine(next_month(known.month), dt.time(), dt.UTC) + LAG[known.kind]
    quiet = known.asked_at - max(over, known.answered_at if known.answer is None else over)
    if known.answer is Answer.FORBIDDEN or quiet < UNSETTLED:
        return known.asked_at + SOONEST
    return known.asked_at + min(RAREST, quiet / 4)


def receive_months(appstore: Appstore, lake: Lake, clock: Clock, account: Account, business_day: dt.date) -> int:
    """Ask for every month up to that of a business day that may have changed; keep what is new, and write the day's listing.

    :return: how many new versions came.
    :raises BudgetExhausted: if the rate budget is spent and the wait is long. What came is kept.
    :raises LoginRefused: if Amazon refuses the security profile.
    :raises AmazonUnavailable: if one report after the other cannot be had, and others were not tried yet.
    """
    record = lake.get_record(Keys.months(account.name), Months) or Months()
    known = dict(record.months)
    received = failures = 0
    try:
        for kind in ReportKind:
            refusals = 0
            for month in months_until(business_day, account.since):
                before = known.get(f"{kind}-{month:%Y-%m}")
                if before is not None and clock.now() < ask_again_at(before):
                    continue
                if refusals >= ENOUGH_REFUSALS and Months(months=known).refused(kind):
                    break
                now = _ask(appstore, lake, clock, account, kind, month, before, business_day)
                known[now.name] = now
                received += len(now.versions) - (len(before.versions) if before else 0)
                refusals += now.answer is Answer.FORBIDDEN
                failures = failures + 1 if now.answer is Answer.DELAYED else 0
                if failures == MOST_FAILURES:
                    raise AmazonUnavailable(
                        f"{failures} Appstore reports of {account.name} in a row cannot be had; the last: {now.message}"
                    )
    finally:
        record = Months(months=dict(sorted(known.items())), kinds=record.kinds)
        record = record.model_copy(update={"kinds": _refused_kinds(record)})
        lake.put_record(Keys.months(account.name), record)
    listing = Listing(
        region=account.region,
        account=account.name,
        business_day=business_day,
        listed_at=clock.now(),
        documents=tuple(_documents(account, record, business_day)),
    )
    lake.put_record(Keys.listing(account.region, account.name, business_day), listing)
    return received


def _ask(
    appstore: Appstore,
    lake: Lake,
    clock: Clock,
    account: Account,
    kind: ReportKind,
    month: dt.date,
    before: Month | None,
    business_day: dt.date,
) -> Month:
    with tempfile.TemporaryDirectory(prefix="tieout-receive-") as folder:
        body = Path(folder) / "body"
        answer = appstore.fetch(kind, month, body)
        now = clock.now()
        if isinstance(answer, Refusal):
            same = before is not None and (before.answer, before.message) == (answer.answer, answer.message)
            return Month(
                kind=kind,
                month=month,
                asked_at=now,
                answer=answer.answer,
                message=answer.message,
                answered_at=before.answered_at if before and same else now,
                answered_on=before.answered_on if before and same else business_day,
                in_vain=True,
                versions=before.versions if before else (),
                content_sha256=before.content_sha256 if before else None,
            )
        content = _content_sha256(body)
        versions = before.versions if before else ()
        if before is None or content != before.content_sha256:
            versions = (*versions, _keep(lake, account, kind, month, versions, answer, business_day, now))
        same = before is not None and before.answer is None and versions == before.versions
        return Month(
            kind=kind,
            month=month,
            asked_at=now,
            answer=None,
            answered_at=before.answered_at if before and same else now,
            answered_on=before.answered_on if before and same else business_day,
            in_vain=before is not None and before.in_vain,
            versions=versions,
            content_sha256=content,
        )


def _content_sha256(body: Path) -> str:
    """Of the file in the archive; of the archive itself, if it is damaged."""
    content = hashlib.sha256()
    try:
        for chunk in read_chunks(body):
            content.update(chunk)
    except Misfit:
        content = hashlib.sha256(body.read_bytes())
    return content.hexdigest()


def _keep(
    lake: Lake,
    account: Account,
    kind: ReportKind,
    month: dt.date,
    versions: tuple[Document, ...],
    report: Report,
    business_day: dt.date,
    now: dt.datetime,
) -> Document:
    """Keep a new version. What a run that died has kept under its number stays there, and the next number is taken."""
    created_at = report.made_at or now
    if versions and created_at <= versions[-1].created_at:
        created_at = now
    begins, ends = _period(month)
    number = len(versions) + 1
    while True:
        document = Document(
            document_id=f"{account.name}.{kind}-{month:%Y-%m}.v{number}",
            source=Source.API,
            region=account.region,
            account=account.name,
            report_type=kind.value,
            report_id=f"{kind}-{month:%Y-%m}.v{number}",
            processing_status="DONE",
            created_at=created_at,
            first_listed_on=business_day,
            data_start_at=begins,
            data_end_at=ends,
        )
        kept = lake.get_record(Keys.raw_manifest(document), Manifest)
        if kept is None:
            break
        if kept.raw.sha256 == report.sha256:
            return kept.document
        number += 1
    raw = RawFile(
        key=Keys.raw_body(document),
        size=report.size,
        sha256=report.sha256,
        content_type=report.content_type,
        received_at=now,
        request_id=report.request_id,
    )
    keep_raw(lake, document, raw, report.path)
    log.info("%s: a new version of %s", document.document_id, report.path.name)
    return document


def _period(month: dt.date) -> tuple[dt.datetime, dt.datetime]:
    return dt.datetime.combine(month, dt.time(), dt.UTC), dt.datetime.combine(next_month(month), dt.time(), dt.UTC)


def _refused_kinds(record: Months) -> dict[str, Month]:
    """Of each kind that Amazon refuses altogether, or did, one entry in place of its months."""
    found = dict(record.kinds)
    for kind in ReportKind:
        before = found.get(kind)
        if record.refused(kind) and (before is None or before.answer is None):
            found[kind] = record.of(kind)[-1]
        elif not record.refused(kind) and before is not None and before.answer is not None:
            newest = max((each for each in record.of(kind)), key=lambda each: each.answered_at)
            found[kind] = before.model_copy(
                update={"answer": None, "answered_at": newest.answered_at, "answered_on": newest.answered_on}
            )
    return found


def _documents(account: Account, record: Months, business_day: dt.date) -> Iterator[Document]:
    """What there is of the months up to a business day: each version, and what Amazon answered in place of a report."""
    for kind in ReportKind:
        if kind in record.kinds:
            yield _in_place(account, record.kinds[kind], kind.value)
        if record.refused(kind):
            continue
        for each in record.of(kind):
            if each.month <= business_day:
                if each.in_vain:
                    yield _in_place(account, each, each.name, *_period(each.month))
                yield from each.versions


def _in_place(
    account: Account, answered: Month, name: str, begins: dt.datetime | None = None, ends: dt.datetime | None = None
) -> Document:
    """The document that stands for what Amazon answered last in place of a report."""
    return Document(
        document_id=f"{account.name}.{name}",
        source=Source.API,
        region=account.region,
        account=account.name,
        report_type=answered.kind.value,
        report_id=name,
        processing_status=(answered.answer.value if answered.answer else "given").upper(),
        created_at=answered.answered_at,
        first_listed_on=answered.answered_on,
        data_start_at=begins,
        data_end_at=ends,
    )


def versions_of(listing: Listing) -> list[Document]:
    """The documents of a listing that were received; the others tell what Amazon answered instead."""
    return [document for document in listing.documents if document.processing_status == "DONE"]


def settle_months(lake: Lake, account: Account, listing: Listing, key: str) -> Outcomes:
    """Write what became of every listed document, for the warehouse, and keep quarantine up to it.

    :param key: where the outcomes go.
    """
    record = lake.get_record(Keys.months(account.name), Months) or Months()
    in_quarantine = present(lake, map(Keys.quarantine_of, listing.documents))
    found = Outcomes(
        region=listing.region,
        account=listing.account,
        business_day=listing.business_day,
        outcomes=tuple(
            outcome_of(lake, document)
            if document.processing_status == "DONE"
            else _answered(
                document, record.months.get(str(document.report_id)) or record.kinds[str(document.report_id)]
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


def _answered(document: Document, month: Month) -> DocumentOutcome:
    """What becomes of a document that stands for an answer."""
    if document.processing_status == "GIVEN":
        state, code, message = State.SKIPPED, ReasonCode.SUPERSEDED, "Amazon has given the report since"
    else:
        state, code = _STATES[Answer(str(document.processing_status).lower())]
        message = month.message
    return DocumentOutcome(
        document=document,
        state=state,
        reasons=(Reason(code=code, message=message),),
        judged_at=document.created_at,
    )
