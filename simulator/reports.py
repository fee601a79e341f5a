"""The Reports API 2021-06-30 of one region.

Operations, limits and error bodies follow Amazon's model (models/reports-api-model/reports_2021-06-30.json) and, where
it is silent, what developers report of the live API (issues of amzn/selling-partner-api-models and -docs).
"""

from __future__ import annotations

import datetime as dt
import json
from typing import Any, NoReturn

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from simulator.clock import iso
from simulator.documents import RETENTION, SETTLEMENT_REPORT, Documents, Report
from simulator.downloads import Downloads
from simulator.gateway import (
    ApiError,
    Faults,
    Gateway,
    Operation,
    denied,
    instant,
    invalid,
    listed_values,
    missing,
    moment,
)
from simulator.login import Caller
from simulator.marketplaces import BY_ID
from simulator.parameters import LET_PASS
from simulator.requested import RequestedReport, RequestedReports
from simulator.rules import CallFault
from simulator.seller_central import SellerCentral
from simulator.sellers import Seller
from simulator.sources.kinds import KINDS

_PATH = "/reports/2021-06-30"
_STATUSES = ("CANCELLED", "DONE", "FATAL", "IN_PROGRESS", "IN_QUEUE")
# in the order in which Amazon names them when they stand beside a nextToken
_FILTERS = ("createdUntil", "createdSince", "pageSize", "marketplaceIds", "processingStatuses", "reportTypes")
_MADE_BY_AMAZON = {
    SETTLEMENT_REPORT: "1118",
    "GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE": "1117",
    "GET_V2_SETTLEMENT_REPORT_DATA_XML": "1116",
}
"""Reports that nobody can ask for, with the number that Amazon's refusal names them by."""

AnyReport = Report | RequestedReport


class ReportsApi:
    """The operations of one region."""

    def __init__(
        self,
        gateway: Gateway,
        documents: Documents,
        requested: RequestedReports,
        seller_central: SellerCentral,
        downloads: Downloads,
    ) -> None:
        self.gateway = gateway
        self._clock = gateway.clock
        self._documents = documents
        self._requested = requested
        self._seller_central = seller_central
        self._downloads = downloads

    # -- operations ------------------------------------------------------------------------------------------------

    async def get_reports(self, request: Request, caller: Caller, faults: Faults) -> Response:
        """getReports: a page of the reports that match, the newest first."""
        query = request.query_params
        now = self._clock.now()
        if query.get("nextToken"):
            given = [name for name in _FILTERS if name in query]
            if given:
                message = "NextToken cannot be specified with other input parameters"
                raise ApiError(400, "InvalidInput", message, "".join(f"{name};" for name in given))
            if dead := faults.get(CallFault.EXPIRED_PAGE_TOKEN):
                self.gateway.refuse_token(dead, caller)
            page = self.gateway.open_token(query["nextToken"], caller, now)
        else:
            page = self._first_page(request, now)
            self.gateway.refuse_types(caller, "getReports", tuple(page["reportTypes"]))
        _refuse_size(page, faults)
        matching = [report for report in self._listed(caller.seller, now) if _matches(report, page, now)]
        matching.reverse()
        if CallFault.EMPTY_PAGE in faults and matching:
            # Amazon finds nothing on this page, and says that there are more
            return JSONResponse({"reports": [], "nextToken": self.gateway.seal_token(page, caller, now)})
        until = page["offset"] + page["pageSize"]
        body: dict[str, Any] = {"reports": [_json(r, now) for r in matching[page["offset"] : until]]}
        if until < len(matching):
            body["nextToken"] = self.gateway.seal_token(page | {"offset": until}, caller, now)
        return JSONResponse(body)

    async def get_report(self, request: Request, caller: Caller, faults: Faults) -> Response:
        """getReport."""
        return JSONResponse(_json(self._find(request, caller), self._clock.now()))

    async def get_document(self, request: Request, caller: Caller, faults: Faults) -> Response:
        """getReportDocument: a URL to download from, good for five minutes."""
        document_id = request.path_params["document_id"]
        if not document_id.startswith("amzn1.spdoc."):
            invalid(f"Invalid reportDocumentId {document_id}")
        now = self._clock.now()
        listed = self._listed(caller.seller, now)
        report = next((r for r in listed if r.document_id == document_id and _is_final(r, now)), None)
        if report is None:
            raise ApiError(404, "NotFound", f"The report document {document_id} could not be found.")
        if isinstance(report, RequestedReport) and report.kind.restricted and caller.paths is None:
            raise denied()
        content_encoding = request.query_params.get("enableContentEncodingUrlHeader", "").lower() == "true"
        body = {"reportDocumentId": document_id, "url": self._downloads.mint(report, content_encoding=content_encoding)}
        compression = self._downloads.body(report).compression
        if compression:
            body["compressionAlgorithm"] = compression
        return JSONResponse(body)

    async def create_report(self, request: Request, caller: Caller, faults: Faults) -> Response:
        """createReport: what is made is written down, and is done after a while."""
        body = await _specification(request, self._sold_in(caller), ("reportType", "marketplaceIds"))
        self.gateway.refuse_types(caller, "createReport", (body["reportType"],))
        if body["reportType"] not in KINDS or KINDS[body["reportType"]].by_hand:
            _refuse_type(body["reportType"])
        now = self._clock.now()
        start, end = (moment(name, body.get(name)) for name in ("dataStartTime", "dataEndTime"))
        start, end = start or now, end or now
        if start > end:
            invalid("dataStartTime is after dataEndTime")
        if end > now:
            invalid("dataEndTime is after the current date and time")
        options = body.get("reportOptions") or {}
        if wrong := KINDS[body["reportType"]].wrong_option(options):
            invalid(wrong)
        if CallFault.TIMES_ROUNDED in faults:
            start = dt.datetime.combine(start.astimezone(dt.UTC), dt.time(), dt.UTC)
            end = min(now, dt.datetime.combine(end.astimezone(dt.UTC), dt.time(), dt.UTC) + dt.timedelta(days=1))
        if CallFault.PARAMETERS_CHANGED in faults:
            # it takes the window to the present, and drops the options (amzn/selling-partner-api-models#2537)
            end, options = now, {}
        marketplaces = tuple(dict.fromkeys(map(str, body["marketplaceIds"])))
        given = tuple(sorted((str(name), str(value)) for name, value in options.items()))
        rule = faults.get(CallFault.REPORT_LIMIT)
        spans = rule.parameters.get("spans", True) if rule else None
        report_id = self._requested.create(caller.seller, body["reportType"], marketplaces, start, end, given, spans)
        return JSONResponse({"reportId": report_id}, status_code=202)

    async def cancel_report(self, request: Request, caller: Caller, faults: Faults) -> Response:
        """cancelReport: only what waits in the queue can be cancelled."""
        report = self._find(request, caller)
        if isinstance(report, RequestedReport) and self._requested.cancel(report):
            return JSONResponse({})
        status = report.status(self._clock.now())
        invalid(f"Report {report.report_id} is {status}; only a report that is IN_QUEUE can be cancelled")

    async def get_schedules(self, request: Request, caller: Caller, faults: Faults) -> Response:
        """getReportSchedules: there are none."""
        if not listed_values(request, "reportTypes"):
            missing("reportTypes")
        return JSONResponse({"reportSchedules": []})

    async def create_schedule(self, request: Request, caller: Caller, faults: Faults) -> Response:
        """createReportSchedule: settlement reports cannot be scheduled; other reports are not simulated yet."""
        body = await _specification(request, self._sold_in(caller), ("reportType", "marketplaceIds", "period"))
        _refuse_type(body["reportType"])

    async def schedule(self, request: Request, caller: Caller, faults: Faults) -> Response:
        """getReportSchedule and cancelReportSchedule: there are none."""
        schedule_id = request.path_params["schedule_id"]
        raise ApiError(404, "NotFound", f"The report schedule {schedule_id} could not be found.")

    # -- what they need --------------------------------------------------------------------------------------------

    def _sold_in(self, caller: Caller) -> tuple[str, ...]:
        return self._documents.world.marketplace_ids(caller.seller, self._clock.now())

    def _listed(self, seller: Seller, now: dt.datetime) -> list[AnyReport]:
        """What Amazon still keeps, oldest first."""
        found: list[AnyReport] = [
            *self._documents.reports(seller, now),
            *self._requested.of(seller),
            *self._seller_central.of(seller),
        ]
        kept = [r for r in found if r.created_at >= now - RETENTION and r.is_listed(now)]
        return sorted(kept, key=lambda report: (report.created_at, report.report_id))

    def _find(self, request: Request, caller: Caller) -> AnyReport:
        report_id = request.path_params["report_id"]
        if not report_id.isdigit():
            invalid(f"Invalid reportId {report_id}")
        for report in self._listed(caller.seller, self._clock.now()):
            if report.report_id == report_id:
                return report
        raise ApiError(404, "NotFound", "One or more of the provided ReportRequestIds could not be found.")

    def _first_page(self, request: Request, now: dt.datetime) -> dict[str, Any]:
        """Read and check the filters of getReports, as a page that can go into a nextToken."""
        types = listed_values(request, "reportTypes")
        if not types:
            missing("reportTypes")
        if len(types) > 10:
            invalid("reportTypes holds more than 10 values")
        statuses = listed_values(request, "processingStatuses")
        if unknown := [status for status in statuses if status not in _STATUSES]:
            invalid(f"Invalid processingStatuses {','.join(unknown)}")
        marketplaces = listed_values(request, "marketplaceIds")
        if len(marketplaces) > 10:
            invalid("marketplaceIds holds more than 10 values")
        if unknown := [marketplace for marketplace in marketplaces if marketplace not in BY_ID]:
            invalid(f"Invalid marketplaceIds {','.join(unknown)}")
        size = request.query_params.get("pageSize", "10")
        if not size.isdigit() or not 1 <= int(size) <= 100:
            invalid(f"Invalid pageSize {size}: it must be between 1 and 100")
        since = instant(request, "createdSince") or now - RETENTION
        if since < now - RETENTION:
            invalid("createdSince cannot be more than 90 days ago")
        until = min(instant(request, "createdUntil") or now, now)
        return {
            "reportTypes": types,
            "processingStatuses": statuses,
            "marketplaceIds": marketplaces,
            "pageSize": int(size),
            "createdSince": since.isoformat(),
            "createdUntil": until.isoformat(),
            "offset": 0,
        }


def _matches(report: AnyReport, page: dict[str, Any], now: dt.datetime) -> bool:
    since, until = (dt.datetime.fromisoformat(page[name]) for name in ("createdSince", "createdUntil"))
    return (
        report.report_type in page["reportTypes"]
        and since <= report.created_at <= until
        and (not page["processingStatuses"] or report.status(now) in page["processingStatuses"])
        and (not page["marketplaceIds"] or not set(page["marketplaceIds"]).isdisjoint(report.marketplace_ids))
    )


def _refuse_size(page: dict[str, Any], faults: Faults) -> None:
    """Refuse a window or a page as too large, if faults on demand say so.

    Amazon refuses some in words, and others with an error that does not say what is wrong (airbytehq/airbyte#55170,
    #86462).
    """
    since, until = (dt.datetime.fromisoformat(page[name]) for name in ("createdSince", "createdUntil"))
    window, size = faults.get(CallFault.WINDOW_TOO_LARGE), faults.get(CallFault.PAGE_TOO_LARGE)
    if window and until - since > dt.timedelta(days=(days := window.parameters.get("days", 14))):
        said = f"Date range exceeded. Reports can be listed only upto {days:g} days"
        invalid("Invalid Input" if window.parameters.get("mute") else said)
    if size and page["pageSize"] > (most := size.parameters.get("size", 25)):
        said = f"The response is too large; pageSize must be at most {most:g}"
        invalid("Invalid Input" if size.parameters.get("mute") else said)


def _is_final(report: AnyReport, now: dt.datetime) -> bool:
    return report.status(now) not in ("IN_QUEUE", "IN_PROGRESS")


def _json(report: AnyReport, now: dt.datetime) -> dict[str, Any]:
    status = report.status(now)
    body: dict[str, Any] = {
        "reportType": report.report_type,
        "processingStatus": status,
        "marketplaceIds": list(report.marketplace_ids),
        "reportId": report.report_id,
        "dataStartTime": iso(report.data_start),
        "dataEndTime": iso(report.data_end),
        "createdTime": iso(report.created_at),
    }
    if status != "IN_QUEUE":
        body["processingStartTime"] = iso(report.created_at)
    if _is_final(report, now):
        body["processingEndTime"] = iso(report.finished_at)
        if report.document_id:
            body["reportDocumentId"] = report.document_id
    return body


async def _specification(request: Request, sold_in: tuple[str, ...], required: tuple[str, ...]) -> dict[str, Any]:
    try:
        body = json.loads(await request.body())
    except ValueError:
        body = None
    if not isinstance(body, dict):
        invalid("The request body is not valid JSON")
    if lacking := [name for name in required if not body.get(name)]:
        missing(*lacking)
    _check_form(body)
    if unknown := [m for m in body["marketplaceIds"] if m not in sold_in]:
        invalid(f"Invalid marketplaceIds {','.join(map(str, unknown))}")
    return body


_TEXTS = ("reportType", "dataStartTime", "dataEndTime", "period", "nextReportCreationTime")


def _check_form(body: dict[str, Any]) -> None:
    """Refuse a body that is not of the form of Amazon's model."""
    if unknown := body.keys() - {*_TEXTS, "marketplaceIds", "reportOptions", *LET_PASS}:
        invalid(f"Invalid parameter {min(unknown)}")
    if wrong := [name for name in _TEXTS if not isinstance(body.get(name, ""), str)]:
        invalid(f"Invalid {wrong[0]} {body[wrong[0]]}")
    marketplaces = body["marketplaceIds"]
    if not isinstance(marketplaces, list) or not all(isinstance(each, str) for each in marketplaces):
        invalid("Invalid marketplaceIds: it must be a list of texts")
    if len(marketplaces) > 25:
        invalid("marketplaceIds holds more than 25 values")
    options = body.get("reportOptions", {})
    if not isinstance(options, dict) or not all(isinstance(each, str) for each in options.values()):
        invalid("Invalid reportOptions: it must hold texts")


def _refuse_type(report_type: str) -> NoReturn:
    if number := _MADE_BY_AMAZON.get(report_type) or (report_type in KINDS and KINDS[report_type].by_hand):
        invalid(f"Request for report type {number} is not allowed at this time")
    if report_type in KINDS:
        invalid(f"The simulated Amazon does not make reports of type {report_type} on a schedule")
    invalid(f"Invalid Report Type {report_type}")


def router(api: ReportsApi) -> APIRouter:
    """The paths of the Reports API."""
    routes = APIRouter()
    table: tuple[tuple[str, str, str, Operation], ...] = (
        ("GET", "/reports", "getReports", api.get_reports),
        ("POST", "/reports", "createReport", api.create_report),
        ("GET", "/reports/{report_id}", "getReport", api.get_report),
        ("DELETE", "/reports/{report_id}", "cancelReport", api.cancel_report),
        ("GET", "/schedules", "getReportSchedules", api.get_schedules),
        ("POST", "/schedules", "createReportSchedule", api.create_schedule),
        ("GET", "/schedules/{schedule_id}", "getReportSchedule", api.schedule),
        ("DELETE", "/schedules/{schedule_id}", "cancelReportSchedule", api.schedule),
        ("GET", "/documents/{document_id}", "getReportDocument", api.get_document),
    )
    for method, path, name, operation in table:
        api.gateway.route(routes, method, _PATH + path, name, operation)
    return routes
