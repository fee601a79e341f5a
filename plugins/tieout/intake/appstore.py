"""Appstore reports by month: ask for each month as long as it may change, and keep every version of it.

The Reporting API lists nothing: each month has to be asked for, and what comes is the month as it is then. A month that
comes with other rows than before is a new document, and the earlier ones stay. What Amazon answers instead of a report is a
document too (`<account>.sales-2026-08`), so that a month that is absent, forbidden or delayed has its row in `ops.document` with
its reason, and none is ever taken for an empty one.

Earnings are asked for by month, and by year as long as Amazon has never given a month of them.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import logging
from collections.abc import Iterator
from pathlib import Path

from tieout.accounts import Account
from tieout.amazon.appstore import Appstore
from tieout.amazon.appstore_answers import Answer, Period, Refusal, Report, ReportKind
from tieout.amazon.clock import Clock
from tieout.amazon.errors import AmazonUnavailable
from tieout.documents import Document, DocumentOutcome, RawFile, Reason, ReasonCode, Source, State
from tieout.intake.months import SOONEST, Month, Months, ask_again_at, name_of, periods_until
from tieout.intake.receiving import keep_raw
from tieout.intake.records import Listing, Manifest, Outcomes
from tieout.intake.settling import outcomes_of, shelve
from tieout.lake import Keys, Lake, present
from tieout.reports.errors import Misfit
from tieout.reports.source import read_chunks
from tieout.work import work_folder

log = logging.getLogger(__name__)

MOST_FAILURES = 3
"""So many reports of a kind in a row that cannot be had mean that it is away: the rest is left for the next run."""
ENOUGH_REFUSALS = 6
"""So many of the newest months that are refused, and none that was ever given, mean that Amazon does not give reports of this
kind: the others are not asked for in this run."""
_STATES = {
    Answer.ABSENT: (State.SKIPPED, ReasonCode.REPORT_ABSENT),
    Answer.FORBIDDEN: (State.QUARANTINED, ReasonCode.REPORT_FORBIDDEN),
    Answer.DELAYED: (State.QUARANTINED, ReasonCode.NOT_RECEIVED),
    Answer.NO_ROUTE: (State.QUARANTINED, ReasonCode.REQUEST_REFUSED),
}
_NO_ROUTE = (
    "Download these reports in the console under Reporting > Download Center and import them, and report the address: Amazon"
    " may have moved it. Each day tries again"
)


def receive_months(appstore: Appstore, lake: Lake, clock: Clock, account: Account, business_day: dt.date) -> int:
    """Ask for every month up to that of a business day that may have changed; keep what is new, and write the day's listing.

    Returns:
        How many new versions came.

    Raises:
        BudgetExhausted: If the rate budget is spent and the wait is long. What came is kept.
        LoginRefused: If Amazon refuses the security profile.
        AmazonUnavailable: If one report after the other cannot be had, and none of the developer lately was.
    """
    record = lake.get_record(Keys.months(account.name), Months) or Months()
    run = _Run(appstore, lake, clock, account, business_day, record)
    try:
        for kind in ReportKind:
            run.ask_for_kind(kind)
    finally:
        record = Months(months=dict(sorted(run.months.items())), kinds=run.kinds)
        lake.put_record(Keys.months(account.name), record)
    listing = Listing(
        region=account.region,
        account=account.name,
        business_day=business_day,
        listed_at=clock.now(),
        documents=tuple(_documents(account, record, business_day)),
    )
    lake.put_record(Keys.listing(account.region, account.name, business_day), listing)
    return run.received


class _Run:
    """One run over the reports of a developer.

    :ivar reached: whether Amazon has given the URL of a report in this run: then the API is there.
    """

    def __init__(
        self, appstore: Appstore, lake: Lake, clock: Clock, account: Account, business_day: dt.date, record: Months
    ) -> None:
        self._appstore, self._lake, self._clock = appstore, lake, clock
        self._account, self._business_day = account, business_day
        self.months, self.kinds = dict(record.months), dict(record.kinds)
        self.received = 0
        self.reached = False

    def ask_for_kind(self, kind: ReportKind) -> None:
        """Ask for what is due of a kind: by month; earnings by year as well, as long as no month of them was ever given.

        A kind whose path Amazon does not know, or that cannot be had just now, keeps no other kind out.
        """
        ended = self._ask_for(kind, yearly=False)
        by_month = ended is None or ended.answer is Answer.NO_ROUTE
        if (
            kind is ReportKind.EARNINGS
            and by_month
            and not self._known.given_by_month(kind) | self._known.refused(kind)
        ):
            by_year = self._ask_for(kind, yearly=True)
            if by_year is None or by_year.answer is not Answer.NO_ROUTE:
                ended = by_year
            elif ended is not None:
                ended = ended.model_copy(update={"message": f"{ended.message} {by_year.message}"})
        self._close(kind, ended)

    @property
    def _known(self) -> Months:
        return Months(months=self.months)

    def _ask_for(self, kind: ReportKind, *, yearly: bool) -> Month | None:
        """Ask for the due periods of a kind; return the answer that ended it before all were asked for, None without one."""
        refusals = failures = 0
        for period in periods_until(self._business_day, self._account.since, yearly=yearly):
            before = self.months.get(name_of(kind, period))
            if before is not None and self._clock.now() < ask_again_at(before):
                continue
            if refusals >= ENOUGH_REFUSALS and self._known.refused(kind):
                break
            now = self._ask(kind, period, before)
            if now.answer is Answer.NO_ROUTE:
                return now
            self.months[now.name] = now
            self.received += len(now.versions) - (len(before.versions) if before else 0)
            refusals += now.answer is Answer.FORBIDDEN
            failures = failures + 1 if now.answer is Answer.DELAYED else 0
            if failures == MOST_FAILURES:
                return self._away(now)
        return None

    def _away(self, last: Month) -> Month:
        """What a kind ends with when one report after the other cannot be had."""
        lately = self._clock.now() - SOONEST
        if not any(each.answer is None and each.asked_at > lately for each in self.months.values()):
            raise AmazonUnavailable(
                f"{MOST_FAILURES} Appstore reports of {self._account.name} in a row cannot be had; the last: {last.message}"
            )
        message = (
            f"{MOST_FAILURES} {last.kind} reports in a row cannot be had, so the others were not asked for. The next run asks"
            f" again. The last: {last.message}"
        )
        return last.model_copy(update={"message": message})

    def _close(self, kind: ReportKind, ended: Month | None) -> None:
        """Keep one entry of a kind that Amazon does not give at all, or did not, in place of its months."""
        before = self.kinds.get(kind)
        if ended is not None:
            if ended.answer is Answer.NO_ROUTE:
                message = f"{ended.message} The developer's other reports are not affected. {_NO_ROUTE}"
                ended = ended.model_copy(update={"message": message})
            if before and before.answer is ended.answer:
                ended = ended.model_copy(update={"answered_at": before.answered_at, "answered_on": before.answered_on})
            self.kinds[kind] = ended.model_copy(update={"versions": ()})
        elif self._known.refused(kind):
            if before is None or before.answer is not Answer.FORBIDDEN:
                self.kinds[kind] = self._known.of(kind)[-1]
        elif before is not None and before.answer is not None and (asked := self._known.of(kind)):
            newest = max(asked, key=lambda each: each.answered_at)
            self.kinds[kind] = before.model_copy(
                update={"answer": None, "answered_at": newest.answered_at, "answered_on": newest.answered_on}
            )

    def _ask(self, kind: ReportKind, period: Period, before: Month | None) -> Month:
        """Ask for the report of one period, and keep it if it is new."""
        with work_folder("receive") as folder:
            body = folder / "body"
            answer = self._appstore.fetch(kind, period, body)
            now = self._clock.now()
            if isinstance(answer, Refusal):
                return self._refused(kind, period, before, self._explained(answer, before), now)
            self.reached = True
            content = _content_sha256(body)
            versions = before.versions if before else ()
            if before is None or content != before.content_sha256:
                document = _keep(self._lake, self._account, kind, period, versions, answer, self._business_day, now)
                versions = (*versions, document)
        same = before is not None and before.answer is None and versions == before.versions
        return Month(
            kind=kind,
            month=period.first,
            yearly=period.yearly,
            asked_at=now,
            answer=None,
            answered_at=before.answered_at if before and same else now,
            answered_on=before.answered_on if before and same else self._business_day,
            in_vain=before is not None and before.in_vain,
            versions=versions,
            content_sha256=content,
        )

    def _refused(
        self, kind: ReportKind, period: Period, before: Month | None, refusal: Refusal, now: dt.datetime
    ) -> Month:
        """What is known of a period whose report did not come."""
        same = before is not None and (before.answer, before.message) == (refusal.answer, refusal.message)
        return Month(
            kind=kind,
            month=period.first,
            yearly=period.yearly,
            asked_at=now,
            answer=refusal.answer,
            message=refusal.message,
            answered_at=before.answered_at if before and same else now,
            answered_on=before.answered_on if before and same else self._business_day,
            in_vain=True,
            versions=before.versions if before else (),
            content_sha256=before.content_sha256 if before else None,
        )

    def _explained(self, refusal: Refusal, before: Month | None) -> Refusal:
        """What a 404 without a reason means: no such report if the API is there, and nothing is known otherwise."""
        if refusal.answer is not Answer.NOT_FOUND:
            return refusal
        if not (before and before.versions) and self._is_there():
            return Refusal(Answer.ABSENT, f"{refusal.message}. The API answers other requests: there is no such report")
        return Refusal(
            Answer.DELAYED,
            f"{refusal.message}. Whether there is none, or the server is away, is unknown: the next run asks again",
        )

    def _is_there(self) -> bool:
        """Whether the API answers: with the newest report that it has given before, or by refusing who has no token."""
        if not self.reached:
            given = [each for each in self.months.values() if each.versions]
            if given:
                newest = max(given, key=lambda each: each.month)
                self.reached = self._appstore.refusal(newest.kind, newest.period) is None
            else:
                self.reached = self._appstore.is_there()
        return self.reached


def _content_sha256(body: Path) -> str:
    """Of the file in the archive; of the archive itself, if it is damaged."""
    content = hashlib.sha256()
    try:
        for chunk in read_chunks(body):
            content.update(chunk)
    except Misfit:
        with body.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    return content.hexdigest()


def _keep(
    lake: Lake,
    account: Account,
    kind: ReportKind,
    period: Period,
    versions: tuple[Document, ...],
    report: Report,
    business_day: dt.date,
    now: dt.datetime,
) -> Document:
    """Keep a new version. What a run that died has kept under its number stays there, and the next number is taken."""
    created_at = report.made_at or now
    if versions and created_at <= versions[-1].created_at:
        created_at = now
    begins, ends = _span(period)
    number = len(versions) + 1
    while True:
        document = Document(
            document_id=f"{account.name}.{name_of(kind, period)}.v{number}",
            source=Source.API,
            region=account.region,
            account=account.name,
            report_type=kind.value,
            report_id=f"{name_of(kind, period)}.v{number}",
            processing_status="DONE",
            created_at=created_at,
            first_listed_on=business_day,
            data_start_at=begins,
            data_end_at=ends,
        )
        kept = lake.get_record(Keys.raw_manifest(document), Manifest)
        if kept is None and not lake.was_put_aside(Keys.raw_manifest(document)):
            break
        if kept is None:
            number += 1  # what was received under it is not known
            continue
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


def _span(period: Period) -> tuple[dt.datetime, dt.datetime]:
    return dt.datetime.combine(period.first, dt.time(), dt.UTC), dt.datetime.combine(period.end, dt.time(), dt.UTC)


def _documents(account: Account, record: Months, business_day: dt.date) -> Iterator[Document]:
    """What there is of the months up to a business day: each version, and what Amazon answered in place of a report."""
    for kind in ReportKind:
        whole = record.kinds.get(kind)
        if whole is not None:
            yield _in_place(account, whole, kind.value)
        if record.refused(kind):
            continue
        for each in record.of(kind):
            if each.month <= business_day:
                # the kind's document reports those that cannot be had just now
                away = whole is not None and whole.answer is each.answer is Answer.DELAYED
                if each.in_vain and not away:
                    yield _in_place(account, each, each.name, *_span(each.period))
                yield from each.versions


def _in_place(
    account: Account, answered: Month, name: str, begins: dt.datetime | None = None, ends: dt.datetime | None = None
) -> Document:
    """The document of what Amazon answered last in place of a report."""
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
    record = lake.get_record(Keys.months(account.name), Months)
    if record is None:
        key = Keys.months(account.name)
        raise FileNotFoundError(
            f"s3://{lake.bucket}/{key} does not exist, or was damaged and put aside: clear the receive task of {account.name}"
        )
    in_quarantine = present(lake, map(Keys.quarantine_of, listing.documents))
    found = Outcomes(
        region=listing.region,
        account=listing.account,
        business_day=listing.business_day,
        outcomes=tuple(
            outcomes_of(lake, [document])[0]
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
