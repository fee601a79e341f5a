"""The truth: what every document must sum to, and what should become of it."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from decimal import Decimal
from functools import lru_cache
from typing import Any

from simulator.clock import iso_z
from simulator.documents import ArchivedFile, Documents, Report
from simulator.faults import REASONS, Fault
from simulator.marketplaces import MARKETPLACES, digits
from simulator.sellers import SELLERS
from simulator.settlement_files import Layout, header, lines_of, rows
from simulator.world import Settlement


def truth(documents: Documents, now: dt.datetime) -> dict[str, Any]:
    """Every document that exists at an instant. Amounts are texts, in the currency of their document.

    `lines` counts the rows of the file after its summary row. A broken document is listed with what its settlement really
    is: the numbers of the ledger, not of the file. A reissued settlement is listed once a version, each with the numbers
    that Amazon gave then. `expected_state` is `unlisted` for a report that the listing does not show yet.
    """
    found: list[dict[str, Any]] = []
    for seller in SELLERS:
        reports = documents.reports(seller, now)
        together = defaultdict(list)
        for report in reports:
            together[report.settlement.settlement_id].append(report)
        found += [_of_report(report, together[report.settlement.settlement_id], now) for report in reports]
        found += [_of_file(file) for file in documents.archive(seller, now)]
    return {"now": iso_z(now), "seed": documents.world.seed, "documents": found}


def _of_report(report: Report, together: list[Report], now: dt.datetime) -> dict[str, Any]:
    good = [each for each in together if _is_good(each, now)]
    current = good[-1] if good else None
    state, reason = _expected(report, current, now)
    status = report.status(now)
    return {
        "account": report.seller.key,
        "region": report.seller.region,
        "source": "api",
        "report_id": report.report_id,
        "report_document_id": report.document_id if status in ("DONE", "FATAL") else None,
        "file_name": None,
        "created_at": iso_z(report.created_at),
        **(_no_settlement() if status == "CANCELLED" else _settlement(report.settlement, "V2")),
        "version": report.version,
        "current_version": current.version if current else None,
        "current_report_id": current.report_id if current else None,
        "earlier_versions": sorted({each.report_id for each in good if each.version < report.version}),
        "expected_state": state,
        "expected_reason": reason,
        "fault": _broken(report.fault),
    }


def _is_good(report: Report, now: dt.datetime) -> bool:
    return report.is_listed(now) and report.status(now) == "DONE" and not _broken(report.fault)


def _expected(report: Report, current: Report | None, now: dt.datetime) -> tuple[str, str | None]:
    status = report.status(now)
    if not report.is_listed(now):
        return "unlisted", None
    if status in ("IN_QUEUE", "IN_PROGRESS"):
        return "skipped", "report_not_ready"
    if status == "CANCELLED":
        return "skipped", "report_cancelled"
    if report.again:
        return "skipped", "same_bytes"
    newer = current is not None and current.created_at > report.created_at
    if report.fault is Fault.EMPTY and newer:
        return "skipped", "superseded"
    if not _broken(report.fault) and current is not None and current.version != report.version:
        return "skipped", "superseded"
    return _state_of(report.fault)


def _of_file(file: ArchivedFile) -> dict[str, Any]:
    state, reason = _state_of(file.fault)
    return {
        "account": file.seller.key,
        "region": file.seller.region,
        "source": "import",
        "report_id": None,
        "report_document_id": None,
        "file_name": file.file_name,
        "created_at": iso_z(file.settlement.end),
        **_settlement(file.settlement, file.layout),
        **_ONE_VERSION,
        "expected_state": state,
        "expected_reason": reason,
        "fault": _broken(file.fault),
    }


_ONE_VERSION: dict[str, Any] = {
    "version": 1,
    "current_version": None,
    "current_report_id": None,
    "earlier_versions": [],
}


def _broken(fault: Fault | None) -> Fault | None:
    """The fault, if it breaks the document that has it."""
    return fault if fault in REASONS else None


def _state_of(fault: Fault | None) -> tuple[str, str | None]:
    reason = REASONS.get(fault) if fault else None
    return ("quarantined", reason) if reason else ("loaded", None)


@lru_cache(maxsize=10_000)
def _settlement(settlement: Settlement, layout: Layout) -> dict[str, Any]:
    by_category: defaultdict[str, int] = defaultdict(int)
    marketplaces: set[str] = set()
    lines = 0
    for entry in settlement.entries:
        if entry.marketplace:
            marketplaces.add(MARKETPLACES[entry.marketplace].id)
        for minor, line in lines_of(entry):
            by_category[line.category] += minor
            lines += 1
    stream, style = settlement.stream, settlement.stream.style
    return {
        "settlement_id": settlement.settlement_id,
        "currency": stream.currency,
        "marketplaces": sorted(marketplaces),
        "period_start": iso_z(settlement.start),
        "period_end": iso_z(settlement.end),
        "deposit_date": iso_z(settlement.deposit_at),
        "control_total": money(settlement.control_minor, stream.currency),
        # a row of V1 may hold several amounts, or none
        "lines": lines if layout == "V2" else len(rows(settlement, layout, style)) - 1,
        "by_category": {name: money(by_category[name], stream.currency) for name in sorted(by_category)},
        "layout": layout[:2],
        "columns": len(header(layout, style)),
        "encoding": style.encoding,
        "decimal": style.decimal,
        "dates_style": f"{style.dates} {style.zone}",
    }


def _no_settlement() -> dict[str, Any]:
    nothing = ("settlement_id", "currency", "period_start", "period_end", "deposit_date", "control_total")
    written = ("layout", "columns", "encoding", "decimal", "dates_style")
    return {
        **dict.fromkeys(nothing),
        "marketplaces": [],
        "lines": 0,
        "by_category": {},
        **dict.fromkeys(written),
    }


def money(minor: int, currency: str) -> str:
    """An amount of the currency's smallest unit as a text with the currency's decimals."""
    return str(Decimal(minor).scaleb(-digits(currency)))
