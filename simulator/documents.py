"""What Amazon holds for its sellers: report documents, and the files of older settlements that a person downloaded."""

from __future__ import annotations

import datetime as dt
import gzip
import hashlib
import json
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

from simulator.corrections import corrected
from simulator.faults import Fault, break_bytes, break_download, break_rows, break_text, fault_of
from simulator.marketplaces import MARKETPLACES
from simulator.rules import Rule, Rules
from simulator.sellers import NO_CHARSET, UTF8, Seller
from simulator.settlement_files import Layout, header, rows, text
from simulator.world import Settlement, World

SETTLEMENT_REPORT = "GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE_V2"
RETENTION = dt.timedelta(days=90)
"""How long the Reports API lists a report (its model: "Reports are retained for a maximum of 90 days")."""

_SLOW_HOURS = 48.0
_LISTED_AGAIN_AFTER = dt.timedelta(hours=7)
_HOURS = {
    Fault.QUEUED: 30.0, Fault.SLOW: _SLOW_HOURS, Fault.UNLISTED: 30.0, Fault.EMPTY: 30.0, Fault.REISSUED: 72.0,
    Fault.CANCELLED: 24.0, Fault.FATAL: 24.0,
}  # fmt: skip
"""How long a fault on demand lasts, or how much later the next report comes, if its rule does not say."""

Status = Literal["IN_QUEUE", "IN_PROGRESS", "DONE", "CANCELLED", "FATAL"]


@dataclass(frozen=True)
class Report:
    """One settlement report of the Reports API. Its id is unique only together with the seller.

    `finished_at` is when its status becomes final, `listed_from` when the listing shows it. `again` means the same bytes
    under another id. `version` counts how often Amazon has changed what the settlement says; `made_again` is a report that
    is made because an earlier one failed.
    """

    seller: Seller
    report_id: str
    document_id: str | None
    created_at: dt.datetime
    finished_at: dt.datetime
    final_status: Status
    settlement: Settlement
    fault: Fault | None
    again: bool = False
    version: int = 1
    made_again: bool = False
    queued: bool = False
    header_only: bool = False
    charset: str | None = None
    listed_from: dt.datetime | None = None

    def status(self, now: dt.datetime) -> Status:
        """Amazon's processingStatus at an instant."""
        if self.finished_at <= now:
            return self.final_status
        return "IN_QUEUE" if self.queued else "IN_PROGRESS"

    @property
    def report_type(self) -> str:
        """Amazon's name of the type."""
        return SETTLEMENT_REPORT

    @property
    def marketplace_ids(self) -> tuple[str, ...]:
        """A settlement report belongs to the account: it is there under each of its marketplaces."""
        own = (MARKETPLACES[country].id for country in self.settlement.stream.countries)
        return tuple(dict.fromkeys((*self.seller.marketplace_ids, *own)))

    @property
    def data_start(self) -> dt.datetime:
        """The start of the period."""
        return self.settlement.start

    @property
    def data_end(self) -> dt.datetime:
        """The end of the period."""
        return self.settlement.end

    def is_listed(self, now: dt.datetime) -> bool:
        """Whether the listing shows it."""
        return self.listed_from is None or self.listed_from <= now


@dataclass(frozen=True)
class Download:
    """The bytes of a document, as they are downloaded."""

    body: bytes
    compression: str | None
    content_type: str | None


@dataclass(frozen=True)
class ArchivedFile:
    """A settlement file that a person downloaded from Seller Central before the Reports API forgot it."""

    seller: Seller
    file_name: str
    layout: Layout
    settlement: Settlement
    fault: Fault | None


class Documents:
    """The reports and the archive of a world.

    :param listed_since: settlements whose report was made before are in the archive, all others are reports.
    :param rules: the faults on demand.
    """

    def __init__(self, world: World, listed_since: dt.datetime, rules: Rules) -> None:
        self.world = world
        self._listed_since = listed_since
        self._rules = rules
        self._render = lru_cache(maxsize=64)(_render_report)

    def reports(self, seller: Seller, now: dt.datetime) -> list[Report]:
        """Every report that was ever made for a seller, oldest first; the Reports API shows those of 90 days, unless a
        fault on demand hides one."""
        found = []
        for settlement in self._published(seller, now):
            if _created_at(settlement) >= self._listed_since:
                reports = _on_demand(_reports_of(settlement), self._rules, now)
                found += [report for report in reports if report.created_at <= now]
        return sorted(found, key=lambda report: (report.created_at, report.report_id))

    def download(self, report: Report) -> Download:
        """The bytes of a report's document, the same ones every time."""
        return self._render(report)

    def archive(self, seller: Seller, now: dt.datetime) -> list[ArchivedFile]:
        """The files of a seller's older settlements."""
        found = []
        for settlement in self._published(seller, now):
            if _created_at(settlement) < self._listed_since:
                name = f"{settlement.settlement_id}.txt"
                fault = fault_of(settlement)
                found.append(ArchivedFile(seller, name, settlement.stream.archive, settlement, fault))
        return found

    def _published(self, seller: Seller, now: dt.datetime) -> list[Settlement]:
        """The closed settlements of a seller, without those of which there is neither a report nor a file."""
        settlements = self.world.settlements(seller, now)
        return [each for each in settlements if each.stream.events.get(each.number) != "never_listed"]


def _created_at(settlement: Settlement) -> dt.datetime:
    """When Amazon makes the report: some hours after the settlement closes, at the latest in the afternoon."""
    return settlement.end + dt.timedelta(seconds=10800 + _number(settlement, "created", 6 * 3600))


def _reports_of(settlement: Settlement) -> list[Report]:
    fault = fault_of(settlement)
    created_at = _created_at(settlement)
    finished_at = created_at + dt.timedelta(hours=_SLOW_HOURS if fault is Fault.SLOW else 0)
    status: Status = "FATAL" if fault is Fault.FATAL else "DONE"
    report = _report(settlement, "1", created_at, finished_at, status, fault)
    found = [report]
    if fault is Fault.CANCELLED_BEFORE:
        earlier = created_at - dt.timedelta(minutes=40)
        found.append(_report(settlement, "0", earlier, earlier, "CANCELLED", None))
    if fault is Fault.LISTED_TWICE:
        later = created_at + _LISTED_AGAIN_AFTER
        found.append(_report(settlement, "2", later, later, "DONE", None, again=True))
    return found


def _on_demand(reports: list[Report], rules: Rules, now: dt.datetime) -> list[Report]:
    """The reports of one settlement with the faults that rules ask for; the first of them is the one that suffers."""
    first = reports[0]
    seller = first.seller
    for rule in rules.of_document(seller.key, seller.region, first.report_id, first.settlement.settlement_id):
        fault = Fault(rule.fault)
        then = rule.happens_at(first.created_at, _HOURS.get(fault, 0.0))
        if fault is Fault.REISSUED:
            reports += _reissued(reports, rule, then)
        elif rule.ended is None:
            reports[0], more = _suffering(reports[0], fault, rule, then, now)
            reports += more
    return reports


def _reissued(reports: list[Report], rule: Rule, at: dt.datetime) -> list[Report]:
    # what has been said once has been said, also when the rule is taken back
    if rule.ended is not None and at > rule.ended:
        return []
    version = 1 + max(report.version for report in reports)
    changed = corrected(reports[0].settlement, version)
    if changed is None:
        return []
    report = _report(changed, str(3 + version), at, at, "DONE", None)
    return [replace(report, version=version)]


def _suffering(
    report: Report, fault: Fault, rule: Rule, then: dt.datetime, now: dt.datetime
) -> tuple[Report, list[Report]]:
    """A report under a fault, and the reports that are made in its place.

    :param then: when what the fault delays comes.
    """

    def later() -> Report:
        made = _report(report.settlement, "3", then, then, "DONE", None)
        return replace(made, made_again=True)

    match fault:
        case Fault.SLOW | Fault.QUEUED:
            return replace(report, finished_at=then, queued=fault is Fault.QUEUED), []
        case Fault.UNLISTED:
            return replace(report, listed_from=then), []
        case Fault.CANCELLED:
            return replace(report, final_status="CANCELLED", document_id=None, fault=None), [later()]
        case Fault.FATAL:
            return replace(report, final_status="FATAL", fault=fault), [later()]
        case Fault.EMPTY:
            empty = replace(report, fault=fault, header_only=rule.parameters.get("header", False))
            if rule.parameters.get("full", "same_report") == "new_report":
                return empty, [later()]
            return (report if then <= now else empty), []
        case Fault.WRONG_CHARSET:
            wrong = "UTF-8" if report.settlement.stream.style.encoding == "cp1252" else "Cp1252"
            return replace(report, fault=fault, charset=rule.parameters.get("charset", wrong)), []
        case Fault.LISTED_TWICE:
            more = _report(report.settlement, "2", then + _LISTED_AGAIN_AFTER, then + _LISTED_AGAIN_AFTER, "DONE", None)
            return report, [replace(more, again=True)]
        case Fault.CANCELLED_BEFORE:
            before = report.created_at - dt.timedelta(minutes=40)
            return report, [_report(report.settlement, "0", before, before, "CANCELLED", None)]
    return replace(report, fault=fault), []


def _report(
    settlement: Settlement,
    copy: str,
    created_at: dt.datetime,
    finished_at: dt.datetime,
    status: Status,
    fault: Fault | None,
    again: bool = False,
) -> Report:
    seller = settlement.seller
    # ids are unique only in combination with a seller: those of two sellers meet, and clients have to cope
    place = seller.streams.index(settlement.stream)
    report_id = f"{50000 + place * 1000 + settlement.number}0{copy}019{600 + place}"
    code = hashlib.sha256(f"{seller.key}/{settlement.stream.name}/{settlement.number}/{copy}".encode()).hexdigest()
    document_id = (
        f"amzn1.spdoc.1.4.{seller.region.lower()}.{code[:8]}-{code[8:12]}-4{code[12:15]}-a{code[15:18]}-{code[18:30]}"
        f".T{code[30:43].upper()}.1118"
    )
    return Report(
        seller=seller,
        report_id=report_id,
        document_id=None if status == "CANCELLED" else document_id,
        created_at=created_at,
        finished_at=finished_at,
        final_status=status,
        settlement=settlement,
        fault=fault,
        again=again,
    )


def _render_report(report: Report) -> Download:
    style, fault = report.settlement.stream.style, report.fault
    content_type = style.content_type
    if fault is Fault.FATAL:
        explanation = "Error in report request: the settlement could not be exported because of an internal error."
        body, content_type = json.dumps({"errorDetails": explanation}).encode(), UTF8
    elif fault is Fault.EMPTY and not report.header_only:
        body = b""
    else:
        body = render(report.settlement, "V2", fault)
    if fault is Fault.NO_CHARSET:
        content_type = NO_CHARSET
    elif report.charset:
        content_type = f"{NO_CHARSET};charset={report.charset}"
    zipped = style.gzip or fault is Fault.SAYS_PLAIN_IS_GZIP or fault is Fault.TRUNCATED_GZIP
    says = zipped or fault is Fault.SAYS_GZIP_IS_PLAIN
    if fault is Fault.SAYS_GZIP_IS_PLAIN:
        zipped = False
    elif fault is Fault.SAYS_PLAIN_IS_GZIP:
        says = False
    if zipped:
        body = gzip.compress(body, compresslevel=6, mtime=0)
    return Download(break_download(fault, body), "GZIP" if says else None, content_type)


def render(settlement: Settlement, layout: Layout, fault: Fault | None) -> bytes:
    """The bytes of a settlement file, broken as the fault says."""
    style = settlement.stream.style
    columns = header(layout, style)
    body = rows(settlement, layout, style)
    break_rows(fault, settlement, columns, body, style)
    whole = break_text(fault, text(columns, body, style), style)
    return break_bytes(fault, whole.encode(style.encoding))


def render_archived(file: ArchivedFile) -> bytes:
    """The bytes of an archived file: as Amazon wrote them, or with the line ends and the byte-order mark that a Windows
    program left."""
    body = render(file.settlement, file.layout, file.fault)
    if file.settlement.stream.archive_windows:
        body = body.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        if file.settlement.stream.style.encoding == "utf-8":
            body = b"\xef\xbb\xbf" + body
    return body


def _number(settlement: Settlement, kind: str, below: int) -> int:
    name = f"{settlement.seller.key}/{settlement.stream.name}/{settlement.number}/{kind}"
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big") % below
