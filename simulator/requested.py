"""Reports that sellers ask for: createReport, a queue, a document.

What can be asked for, and how it is made, is told by `sources.kinds`.
"""

from __future__ import annotations

import datetime as dt
import gzip
import hashlib
import json
from dataclasses import dataclass, replace
from typing import Any

from simulator.clock import VirtualClock, iso_z
from simulator.documents import Documents, Download, Status
from simulator.faults import Fault
from simulator.marketplaces import BY_ID
from simulator.rules import Rules
from simulator.sellers import SELLERS, UTF8, Seller
from simulator.sources.book import book_of
from simulator.sources.files import Ask, File
from simulator.sources.kinds import KINDS, Kind

_FAILED_WITHOUT_A_WORD = frozenset({"dorado_eu"})
"""Sellers whose FBA reports end FATAL, and not CANCELLED, when they are requested too soon."""


def does_limit_span(seed: int, seller: Seller) -> bool:
    """Whether the limit of a seller's FBA reports spans windows: Amazon's pages say both."""
    return (SELLERS.index(seller) + seed) % 4 == 2


@dataclass(frozen=True)
class RequestedReport:
    """One report that was asked for. What it covers may be other than what was asked."""

    seller: Seller
    report_id: str
    report_type: str
    marketplace_ids: tuple[str, ...]
    data_start: dt.datetime
    data_end: dt.datetime
    options: tuple[tuple[str, str], ...]
    created_at: dt.datetime
    started_at: dt.datetime
    finished_at: dt.datetime
    final_status: Status
    content: Download
    rows: int
    listed_from: dt.datetime | None = None
    has_document: bool = True

    def status(self, now: dt.datetime) -> Status:
        """Amazon's processingStatus at an instant."""
        if now >= self.finished_at:
            return self.final_status
        return "IN_PROGRESS" if now >= self.started_at else "IN_QUEUE"

    @property
    def kind(self) -> Kind:
        """What it is a report of."""
        return KINDS[self.report_type]

    @property
    def document_id(self) -> str | None:
        """Amazon's id of its document; None for a cancelled report, and for one that failed without a word."""
        if self.final_status == "CANCELLED" or not self.has_document:
            return None
        code = hashlib.sha256(f"{self.seller.key}/{self.report_id}/requested".encode()).hexdigest()
        return (
            f"amzn1.spdoc.1.4.{self.seller.region.lower()}.{code[:8]}-{code[8:12]}-4{code[12:15]}-a{code[15:18]}"
            f"-{code[18:30]}.T{code[30:43].upper()}.2603"
        )

    def is_listed(self, now: dt.datetime) -> bool:
        """Whether the listing shows it."""
        kept = now <= self.created_at + self.kind.kept
        return kept and (self.listed_from is None or self.listed_from <= now)


class RequestedReports:
    """What was asked for since the program started."""

    def __init__(self, clock: VirtualClock, documents: Documents, rules: Rules) -> None:
        self._clock = clock
        self._documents = documents
        self._rules = rules
        self._reports: list[RequestedReport] = []

    def create(
        self,
        seller: Seller,
        report_type: str,
        marketplace_ids: tuple[str, ...],
        data_start: dt.datetime,
        data_end: dt.datetime,
        options: tuple[tuple[str, str], ...],
        limit_spans: bool | None = None,
    ) -> str:
        """Take a request; return the id of its report.

        Args:
            limit_spans: Whether the limit of FBA reports spans windows; None: as it is for the seller.
        """
        now = self._clock.now()
        number = len(self._reports) + 1
        report_id = f"{70000 + number}0190{number % 10}7"
        code = hashlib.sha256(f"{seller.key}/{report_id}".encode()).digest()
        started = now + dt.timedelta(seconds=10 + code[0] % 20)
        countries = tuple(BY_ID[each].country for each in marketplace_ids)
        facts_at = self._clock.facts_at()
        kind = KINDS[report_type]
        book = book_of(self._documents.world, seller, facts_at)
        ask = Ask(book, countries, data_start, data_end, facts_at, kind.with_defaults(dict(options)))
        what = (report_type, marketplace_ids, options)
        status, file = self._make(kind, ask, what, limit_spans=limit_spans)
        self._reports.append(
            RequestedReport(
                seller=seller,
                report_id=report_id,
                report_type=report_type,
                marketplace_ids=marketplace_ids,
                data_start=data_start,
                data_end=data_end,
                options=options,
                created_at=now,
                started_at=started,
                finished_at=started + dt.timedelta(seconds=30 + code[1] % 60),
                final_status=status,
                content=content_of(file or _NOTHING),
                rows=file.rows if file else 0,
                has_document=file is not None,
            )
        )
        return report_id

    def _make(
        self, kind: Kind, ask: Ask, what: tuple[object, ...], *, limit_spans: bool | None
    ) -> tuple[Status, File | None]:
        """How a report ends: done, refused with or without an explanation as its document, or cancelled without one."""
        refused = kind.refusal(ask)
        if refused is not None:
            return "FATAL", _explanation(refused)
        spans = does_limit_span(self._documents.world.seed, ask.seller) if limit_spans is None else limit_spans
        if kind.made_every and self._was_made_since(self._clock.now() - kind.made_every, ask, what, spans=spans):
            # reporters meet either (amzn/selling-partner-api-docs#82)
            return ("FATAL" if ask.seller.key in _FAILED_WITHOUT_A_WORD else "CANCELLED"), None
        file = kind.write(ask)
        return ("DONE", file) if file.rows else ("CANCELLED", None)

    def _was_made_since(self, oldest: dt.datetime, ask: Ask, what: tuple[object, ...], *, spans: bool) -> bool:
        """Whether a report of the type, or the very same one if the limit does not span windows, was made lately."""
        return any(
            each.seller is ask.seller
            and each.report_type == what[0]
            and each.final_status == "DONE"
            and each.created_at > oldest
            and (
                spans
                or (each.marketplace_ids, each.options, each.data_start, each.data_end)
                == (*what[1:], ask.start, ask.end)
            )
            for each in self._reports
        )

    def cancel(self, report: RequestedReport) -> bool:
        """Cancel a report that is in the queue; False if it no longer is."""
        now = self._clock.now()
        if report.status(now) != "IN_QUEUE":
            return False
        place = next(i for i, each in enumerate(self._reports) if each.report_id == report.report_id)
        self._reports[place] = replace(self._reports[place], finished_at=now, final_status="CANCELLED")
        return True

    def of(self, seller: Seller) -> list[RequestedReport]:
        """What a seller asked for, with the faults on demand, oldest first."""
        now = self._clock.now()
        return [suffering(report, self._rules, now) for report in self._reports if report.seller is seller]

    def of_document(self, document_id: str) -> RequestedReport | None:
        """The report of a document."""
        now = self._clock.now()
        found = (suffering(report, self._rules, now) for report in self._reports)
        return next((report for report in found if report.document_id == document_id), None)

    def truth(self, now: dt.datetime) -> list[dict[str, Any]]:
        """Every report that was asked for."""
        return [
            {
                "account": report.seller.key,
                "report_id": report.report_id,
                "report_type": report.report_type,
                "marketplaces": list(report.marketplace_ids),
                "data_start": iso_z(report.data_start),
                "data_end": iso_z(report.data_end),
                "created_at": iso_z(report.created_at),
                "status": report.status(now),
                "lines": report.rows,
            }
            for report in (suffering(each, self._rules, now) for each in self._reports)
        ]


def suffering(report: RequestedReport, rules: Rules, now: dt.datetime) -> RequestedReport:
    """A report with the faults on demand."""
    for rule in rules.of_document(report.seller.key, report.seller.region, report.report_id, None):
        if rule.ended is not None:
            continue
        then = rule.happens_at(report.created_at, 30.0)
        match Fault(rule.fault):
            case Fault.QUEUED:
                report = replace(report, started_at=then, finished_at=then)
            case Fault.SLOW:
                report = replace(report, finished_at=then)
            case Fault.CANCELLED:
                report = replace(report, final_status="CANCELLED")
            case Fault.FATAL:
                file = _explanation("Error in report request: an internal error occurred.")
                report = replace(report, final_status="FATAL", content=content_of(file), has_document=True)
            case Fault.EMPTY if now < then:
                report = replace(report, content=content_of(File(b"", UTF8, 0)))
            case Fault.UNLISTED:
                report = replace(report, listed_from=then)
    return report


def content_of(file: File) -> Download:
    """The bytes of a file as they are downloaded."""
    if not file.gzip:
        return Download(file.body, None, file.content_type)
    return Download(gzip.compress(file.body, mtime=0), "GZIP", file.content_type)


_NOTHING = File(b"", None, 0)


def _explanation(text: str) -> File:
    return File(json.dumps({"errorDetails": text}).encode(), UTF8, 0)
