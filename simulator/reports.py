"""The Reports API 2021-06-30 of one region.

Operations, limits and error bodies follow Amazon's model (models/reports-api-model/reports_2021-06-30.json) and, where
it is silent, what developers report of the live API (issues of amzn/selling-partner-api-models and -docs).
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import hashlib
import hmac
import json
import uuid
from collections.abc import Awaitable, Callable
from typing import Any, NoReturn

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from simulator.clock import VirtualClock, iso
from simulator.documents import RETENTION, SETTLEMENT_REPORT, Documents, Report
from simulator.downloads import Downloads
from simulator.login import Caller, Login, TokenRefused
from simulator.marketplaces import BY_ID, Region
from simulator.quotas import PLANS, Quotas
from simulator.sellers import Seller

TOKEN_LIFE = dt.timedelta(minutes=5)
"""How long a nextToken is good (amzn/selling-partner-api-docs#2789)."""

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

Operation = Callable[[Request, Caller], Awaitable[Response]]


class ApiError(Exception):
    """An answer of Amazon's in which `errors` says what is wrong."""

    def __init__(self, status: int, code: str, message: str, details: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.body = {"errors": [{"code": code, "message": message, "details": details}]}


def denied(details: str = "", code: str = "Unauthorized") -> ApiError:
    """Amazon's answer to whoever may not call."""
    return ApiError(403, code, "Access to requested resource is denied.", details)


class ReportsApi:
    """The operations of one region."""

    def __init__(
        self,
        region: Region,
        seed: int,
        clock: VirtualClock,
        documents: Documents,
        login: Login,
        quotas: Quotas,
        downloads: Downloads,
    ) -> None:
        self._region = region
        self._clock = clock
        self._documents = documents
        self._login = login
        self._quotas = quotas
        self._downloads = downloads
        self._key = hashlib.sha256(f"{seed}/reports/{region}".encode()).digest()

    async def call(self, name: str, operation: Operation, request: Request) -> Response:
        """Authenticate a call, charge it to its usage plan, and answer it."""
        try:
            caller = self._caller(request)
            if not self._quotas.take(caller.client_id, caller.selling_partner_id, name, self._clock.now()):
                raise ApiError(429, "QuotaExceeded", "You exceeded your quota for the requested resource.")
            answer = await operation(request, caller)
        except ApiError as error:
            answer = JSONResponse(error.body, status_code=error.status)
        answer.headers["x-amzn-RequestId"] = str(uuid.uuid4())
        if answer.status_code in (200, 201, 202, 400, 404):
            # Amazon does not promise the header on 401, 403 and 429
            answer.headers["x-amzn-RateLimit-Limit"] = PLANS[name].rate
        return answer

    def _caller(self, request: Request) -> Caller:
        try:
            caller = self._login.caller(request.headers.get("x-amz-access-token"))
        except TokenRefused as refused:
            raise denied(str(refused)) from refused
        if caller.seller.region != self._region:
            raise denied()
        return caller

    # -- operations ------------------------------------------------------------------------------------------------

    async def get_reports(self, request: Request, caller: Caller) -> Response:
        """getReports: a page of the reports that match, the newest first."""
        query = request.query_params
        now = self._clock.now()
        if query.get("nextToken"):
            given = [name for name in _FILTERS if name in query]
            if given:
                message = "NextToken cannot be specified with other input parameters"
                raise ApiError(400, "InvalidInput", message, "".join(f"{name};" for name in given))
            page = self._open_token(query["nextToken"], caller, now)
        else:
            page = self._first_page(request, now)
        matching = [report for report in self._listed(caller.seller, now) if _matches(report, page, now)]
        matching.reverse()
        until = page["offset"] + page["pageSize"]
        body: dict[str, Any] = {"reports": [_json(r, now) for r in matching[page["offset"] : until]]}
        if until < len(matching):
            body["nextToken"] = self._seal_token(page | {"offset": until}, caller, now)
        return JSONResponse(body)

    async def get_report(self, request: Request, caller: Caller) -> Response:
        """getReport."""
        return JSONResponse(_json(self._find(request, caller), self._clock.now()))

    async def get_document(self, request: Request, caller: Caller) -> Response:
        """getReportDocument: a URL to download from, good for five minutes."""
        document_id = request.path_params["document_id"]
        if not document_id.startswith("amzn1.spdoc."):
            _invalid(f"Invalid reportDocumentId {document_id}")
        now = self._clock.now()
        listed = self._listed(caller.seller, now)
        report = next((r for r in listed if r.document_id == document_id and r.status(now) != "IN_PROGRESS"), None)
        if report is None:
            raise ApiError(404, "NotFound", f"The report document {document_id} could not be found.")
        content_encoding = request.query_params.get("enableContentEncodingUrlHeader", "").lower() == "true"
        body = {"reportDocumentId": document_id, "url": self._downloads.mint(report, content_encoding=content_encoding)}
        compression = self._documents.download(report).compression
        if compression:
            body["compressionAlgorithm"] = compression
        return JSONResponse(body)

    async def create_report(self, request: Request, caller: Caller) -> Response:
        """createReport: settlement reports cannot be asked for; other reports are not simulated yet."""
        body = await _specification(request, caller, ("reportType", "marketplaceIds"))
        _refuse_type(body["reportType"])

    async def cancel_report(self, request: Request, caller: Caller) -> Response:
        """cancelReport: nothing waits in a queue, so nothing can be cancelled."""
        report = self._find(request, caller)
        status = report.status(self._clock.now())
        _invalid(f"Report {report.report_id} is {status}; only a report that is IN_QUEUE can be cancelled")

    async def get_schedules(self, request: Request, caller: Caller) -> Response:
        """getReportSchedules: there are none."""
        if not _listed_values(request, "reportTypes"):
            _missing("reportTypes")
        return JSONResponse({"reportSchedules": []})

    async def create_schedule(self, request: Request, caller: Caller) -> Response:
        """createReportSchedule: settlement reports cannot be scheduled; other reports are not simulated yet."""
        body = await _specification(request, caller, ("reportType", "marketplaceIds", "period"))
        _refuse_type(body["reportType"])

    async def schedule(self, request: Request, caller: Caller) -> Response:
        """getReportSchedule and cancelReportSchedule: there are none."""
        schedule_id = request.path_params["schedule_id"]
        raise ApiError(404, "NotFound", f"The report schedule {schedule_id} could not be found.")

    # -- what they need --------------------------------------------------------------------------------------------

    def _listed(self, seller: Seller, now: dt.datetime) -> list[Report]:
        """What Amazon still keeps, oldest first."""
        return [r for r in self._documents.reports(seller, now) if r.created_at >= now - RETENTION]

    def _find(self, request: Request, caller: Caller) -> Report:
        report_id = request.path_params["report_id"]
        if not report_id.isdigit():
            _invalid(f"Invalid reportId {report_id}")
        for report in self._listed(caller.seller, self._clock.now()):
            if report.report_id == report_id:
                return report
        raise ApiError(404, "NotFound", "One or more of the provided ReportRequestIds could not be found.")

    def _first_page(self, request: Request, now: dt.datetime) -> dict[str, Any]:
        """Read and check the filters of getReports, as a page that can go into a nextToken."""
        types = _listed_values(request, "reportTypes")
        if not types:
            _missing("reportTypes")
        if len(types) > 10:
            _invalid("reportTypes holds more than 10 values")
        statuses = _listed_values(request, "processingStatuses")
        if unknown := [status for status in statuses if status not in _STATUSES]:
            _invalid(f"Invalid processingStatuses {','.join(unknown)}")
        marketplaces = _listed_values(request, "marketplaceIds")
        if len(marketplaces) > 10:
            _invalid("marketplaceIds holds more than 10 values")
        if unknown := [marketplace for marketplace in marketplaces if marketplace not in BY_ID]:
            _invalid(f"Invalid marketplaceIds {','.join(unknown)}")
        size = request.query_params.get("pageSize", "10")
        if not size.isdigit() or not 1 <= int(size) <= 100:
            _invalid(f"Invalid pageSize {size}: it must be between 1 and 100")
        since = _instant(request, "createdSince") or now - RETENTION
        if since < now - RETENTION:
            _invalid("createdSince cannot be more than 90 days ago")
        until = min(_instant(request, "createdUntil") or now, now)
        return {
            "reportTypes": types,
            "processingStatuses": statuses,
            "marketplaceIds": marketplaces,
            "pageSize": int(size),
            "createdSince": since.isoformat(),
            "createdUntil": until.isoformat(),
            "offset": 0,
        }

    def _seal_token(self, page: dict[str, Any], caller: Caller, now: dt.datetime) -> str:
        content = page | {"seller": caller.selling_partner_id, "dies_at": (now + TOKEN_LIFE).isoformat()}
        body = json.dumps(content).encode()
        return base64.urlsafe_b64encode(self._signature(body) + body).decode()

    def _open_token(self, token: str, caller: Caller, now: dt.datetime) -> dict[str, Any]:
        try:
            sealed = base64.urlsafe_b64decode(token)
        except (binascii.Error, ValueError):
            _invalid("Invalid nextToken")
        signature, body = sealed[:32], sealed[32:]
        if not hmac.compare_digest(signature, self._signature(body)):
            _invalid("Invalid nextToken")
        page: dict[str, Any] = json.loads(body)
        if page.pop("seller") != caller.selling_partner_id:
            _invalid("Invalid nextToken")
        if now >= dt.datetime.fromisoformat(page.pop("dies_at")):
            _invalid("The provided nextToken has expired")
        return page

    def _signature(self, body: bytes) -> bytes:
        return hmac.new(self._key, body, hashlib.sha256).digest()


def _matches(report: Report, page: dict[str, Any], now: dt.datetime) -> bool:
    since, until = (dt.datetime.fromisoformat(page[name]) for name in ("createdSince", "createdUntil"))
    return (
        SETTLEMENT_REPORT in page["reportTypes"]
        and since <= report.created_at <= until
        and (not page["processingStatuses"] or report.status(now) in page["processingStatuses"])
        # a settlement report belongs to the account: it is there under each of its marketplaces
        and (not page["marketplaceIds"] or not set(page["marketplaceIds"]).isdisjoint(report.seller.marketplace_ids))
    )


def _json(report: Report, now: dt.datetime) -> dict[str, Any]:
    status = report.status(now)
    body: dict[str, Any] = {
        "reportType": SETTLEMENT_REPORT,
        "processingStatus": status,
        "marketplaceIds": list(report.seller.marketplace_ids),
        "reportId": report.report_id,
        "dataStartTime": iso(report.settlement.start),
        "dataEndTime": iso(report.settlement.end),
        "createdTime": iso(report.created_at),
        "processingStartTime": iso(report.created_at),
    }
    if status != "IN_PROGRESS":
        body["processingEndTime"] = iso(report.finished_at)
        if report.document_id:
            body["reportDocumentId"] = report.document_id
    return body


def _listed_values(request: Request, name: str) -> list[str]:
    """The values of a list in the query: separated by commas, in one parameter or in several."""
    given = request.query_params.getlist(name)
    return [value.strip() for text in given for value in text.split(",") if value.strip()]


def _instant(request: Request, name: str) -> dt.datetime | None:
    text = request.query_params.get(name)
    if not text:
        return None
    try:
        # an unescaped + of the offset arrives as a blank
        moment = dt.datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError:
        _invalid(f"Invalid {name} {text}")
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)


async def _specification(request: Request, caller: Caller, required: tuple[str, ...]) -> dict[str, Any]:
    try:
        body = json.loads(await request.body())
    except ValueError:
        body = None
    if not isinstance(body, dict):
        _invalid("The request body is not valid JSON")
    if missing := [name for name in required if not body.get(name)]:
        _missing(*missing)
    if unknown := [m for m in body["marketplaceIds"] if m not in caller.seller.marketplace_ids]:
        _invalid(f"Invalid marketplaceIds {','.join(map(str, unknown))}")
    return body


def _refuse_type(report_type: str) -> NoReturn:
    if report_type in _MADE_BY_AMAZON:
        _invalid(f"Request for report type {_MADE_BY_AMAZON[report_type]} is not allowed at this time")
    _invalid(f"The simulated Amazon does not make reports of type {report_type}")


def _missing(*names: str) -> NoReturn:
    details = "".join(f"{name};" for name in names)
    raise ApiError(400, "InvalidInput", "One or more required parameters missing", details)


def _invalid(message: str) -> NoReturn:
    raise ApiError(400, "InvalidInput", message)


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
        routes.add_api_route(_PATH + path, _endpoint(api, name, operation), methods=[method], name=name)
    return routes


def _endpoint(api: ReportsApi, name: str, operation: Operation) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        return await api.call(name, operation, request)

    return answer
