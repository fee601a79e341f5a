"""What Amazon holds for its sellers: report documents, and the files of older settlements that a person downloaded."""

from __future__ import annotations

import datetime as dt
import gzip
import hashlib
import json
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from simulator.faults import Fault, break_bytes, break_download, break_rows, break_text, fault_of
from simulator.sellers import UTF8, Seller
from simulator.settlement_files import Layout, header, rows, text
from simulator.world import Settlement, World

SETTLEMENT_REPORT = "GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE_V2"
RETENTION = dt.timedelta(days=90)
"""How long the Reports API lists a report (its model: "Reports are retained for a maximum of 90 days")."""

_SLOW = dt.timedelta(hours=48)
_LISTED_AGAIN_AFTER = dt.timedelta(hours=7)

Status = Literal["IN_PROGRESS", "DONE", "CANCELLED", "FATAL"]


@dataclass(frozen=True)
class Report:
    """One report of the Reports API. Its id is unique only together with the seller.

    `settlement` is None for a report that Amazon cancelled; `finished_at` is when its status becomes final.
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

    def status(self, now: dt.datetime) -> Status:
        """Amazon's processingStatus at an instant."""
        return self.final_status if self.finished_at <= now else "IN_PROGRESS"


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
    """

    def __init__(self, world: World, listed_since: dt.datetime) -> None:
        self.world = world
        self._listed_since = listed_since
        self._render = lru_cache(maxsize=64)(_render_report)

    def reports(self, seller: Seller, now: dt.datetime) -> list[Report]:
        """Every report that was ever listed for a seller, oldest first; the Reports API shows those of 90 days."""
        found = []
        for settlement in self.world.settlements(seller, now):
            if _created_at(settlement) >= self._listed_since:
                found += [report for report in _reports_of(settlement) if report.created_at <= now]
        return sorted(found, key=lambda report: (report.created_at, report.report_id))

    def download(self, report: Report) -> Download:
        """The bytes of a report's document, the same ones every time."""
        return self._render(report)

    def archive(self, seller: Seller, now: dt.datetime) -> list[ArchivedFile]:
        """The files of a seller's older settlements."""
        found = []
        for settlement in self.world.settlements(seller, now):
            if _created_at(settlement) < self._listed_since:
                name = f"{settlement.settlement_id}.txt"
                fault = fault_of(settlement)
                found.append(ArchivedFile(seller, name, settlement.stream.archive, settlement, fault))
        return found


def _created_at(settlement: Settlement) -> dt.datetime:
    """When Amazon makes the report: some hours after the settlement closes, at the latest in the afternoon."""
    return settlement.end + dt.timedelta(seconds=10800 + _number(settlement, "created", 6 * 3600))


def _reports_of(settlement: Settlement) -> list[Report]:
    fault = fault_of(settlement)
    created_at = _created_at(settlement)
    finished_at = created_at + (_SLOW if fault is Fault.SLOW else dt.timedelta())
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
    style = report.settlement.stream.style
    content_type: str | None = UTF8
    if report.fault is Fault.FATAL:
        explanation = "Error in report request: the settlement could not be exported because of an internal error."
        body = json.dumps({"errorDetails": explanation}).encode()
    else:
        body, content_type = render(report.settlement, "V2", report.fault), style.content_type
    if style.gzip:
        body = gzip.compress(body, compresslevel=6, mtime=0)
    return Download(break_download(report.fault, body), "GZIP" if style.gzip else None, content_type)


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
