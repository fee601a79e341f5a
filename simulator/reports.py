"""The Reports API 2021-06-30 of one region.

Operations, limits and error bodies follow Amazon's model (models/reports-api-model/reports_2021-06-30.json) and, where
it is silent, what developers report of the live API (issues of amzn/selling-partner-api-models and -docs).
"""

from __future__ import annotations

import asyncio
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

from simulator.answers import SLOW, Cut, server_error
from simulator.clock import VirtualClock, iso
from simulator.documents import RETENTION, SETTLEMENT_REPORT, Documents, Report
from simulator.downloads import Downloads
from simulator.login import Caller, Login, TokenRefused
from simulator.marketplaces import BY_ID, Region
from simulator.quotas import PLANS, Quotas
from simulator.requested import RequestedReport, RequestedReports
from simulator.rules import CallFault, Rule, Rules
from simulator.sellers import Seller
from simulator.sources.kinds import KINDS

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

AnyReport = Report | RequestedReport

_OF_FIRST_PAGES = frozenset({CallFault.WINDOW_TOO_LARGE, CallFault.PAGE_TOO_LARGE})
_OF_OTHER_PAGES = frozenset({CallFault.EXPIRED_PAGE_TOKEN})
_TOKEN_EXPIRED = "The provided nextToken has expired"
_QUOTA_EXCEEDED = "You exceeded your quota for the requested resource."

Faults = dict[CallFault, Rule]
Operation = Callable[[Request, Caller, Faults], Awaitable[Response]]


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
        requested: RequestedReports,
        login: Login,
        quotas: Quotas,
        downloads: Downloads,
        rules: Rules,
    ) -> None:
        self._region = region
        self._clock = clock
        self._documents = documents
        self._requested = requested
        self._login = login
        self._quotas = quotas
        self._downloads = downloads
        self._rules = rules
        self._key = hashlib.sha256(f"{seed}/reports/{region}".encode()).digest()

    async def call(self, name: str, operation: Operation, request: Request) -> Response:
        """Authenticate a call, charge it to its usage plan, and answer it."""
        faults: Faults = {}
        try:
            caller = self._caller(request)
            report_id = request.path_params.get("report_id")
            cannot = _OF_FIRST_PAGES if request.query_params.get("nextToken") else _OF_OTHER_PAGES
            faults = self._rules.of_call(caller.seller.key, self._region, name, report_id, cannot)
            if slow := faults.get(CallFault.SLOW_ANSWER):
                await asyncio.sleep(slow.parameters.get("seconds", SLOW))
            self._refuse(caller, faults)
            if not self._quotas.take(caller.client_id, caller.selling_partner_id, name, self._clock.now()):
                raise ApiError(429, "QuotaExceeded", _QUOTA_EXCEEDED)
            if failed := faults.get(CallFault.SERVER_ERROR):
                answer = server_error(failed.parameters.get("status", 500))
            else:
                answer = await operation(request, caller, faults)
        except ApiError as error:
            answer = JSONResponse(error.body, status_code=error.status)
        if CallFault.THROTTLED in faults and answer.status_code == 429:
            self._throttle_headers(answer, faults[CallFault.THROTTLED])
        answer.headers["x-amzn-RequestId"] = str(uuid.uuid4())
        if answer.status_code in (200, 201, 202, 400, 404):
            # Amazon does not promise the header on 401, 403 and 429
            answer.headers["x-amzn-RateLimit-Limit"] = PLANS[name].rate
        if cut := faults.get(CallFault.CONNECTION_CUT):
            return Cut(bytes(answer.body), cut.parameters.get("where", "before_headers"), answer.headers)
        return answer

    def _refuse(self, caller: Caller, faults: Faults) -> None:
        """What faults on demand refuse before anything is looked at.

        :raises ApiError: if one does.
        """
        if CallFault.SECRET_EXPIRED in faults:
            raise denied("The LWA secret token you provided has expired.")
        if CallFault.CONSENT_WITHDRAWN in faults:
            raise denied()
        if CallFault.TOKEN_REVOKED in faults:
            self._login.revoke(caller.seller)
            raise denied("The access token you provided is revoked, malformed or invalid.")
        if CallFault.THROTTLED in faults:
            raise ApiError(429, "QuotaExceeded", _QUOTA_EXCEEDED)

    def _throttle_headers(self, answer: Response, rule: Rule) -> None:
        if (seconds := rule.parameters.get("retry_after")) is not None:
            until = self._clock.now() + dt.timedelta(seconds=seconds)
            as_date = rule.parameters.get("retry_after_as") == "date"
            answer.headers["Retry-After"] = f"{until:%a, %d %b %Y %H:%M:%S GMT}" if as_date else f"{seconds:g}"
        if rate := rule.parameters.get("rate"):
            answer.headers["x-amzn-RateLimit-Limit"] = str(rate)

    def _caller(self, request: Request) -> Caller:
        try:
            caller = self._login.caller(request.headers.get("x-amz-access-token"))
        except TokenRefused as refused:
            raise denied(str(refused)) from refused
        if caller.seller.region != self._region:
            raise denied()
        return caller

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
            if CallFault.EXPIRED_PAGE_TOKEN in faults:
                _invalid(_TOKEN_EXPIRED)
            page = self._open_token(query["nextToken"], caller, now)
        else:
            page = self._first_page(request, now)
        _refuse_size(page, faults)
        matching = [report for report in self._listed(caller.seller, now) if _matches(report, page, now)]
        matching.reverse()
        if CallFault.EMPTY_PAGE in faults and matching:
            # Amazon finds nothing on this page, and says that there are more
            return JSONResponse({"reports": [], "nextToken": self._seal_token(page, caller, now)})
        until = page["offset"] + page["pageSize"]
        body: dict[str, Any] = {"reports": [_json(r, now) for r in matching[page["offset"] : until]]}
        if until < len(matching):
            body["nextToken"] = self._seal_token(page | {"offset": until}, caller, now)
        return JSONResponse(body)

    async def get_report(self, request: Request, caller: Caller, faults: Faults) -> Response:
        """getReport."""
        return JSONResponse(_json(self._find(request, caller), self._clock.now()))

    async def get_document(self, request: Request, caller: Caller, faults: Faults) -> Response:
        """getReportDocument: a URL to download from, good for five minutes."""
        document_id = request.path_params["document_id"]
        if not document_id.startswith("amzn1.spdoc."):
            _invalid(f"Invalid reportDocumentId {document_id}")
        now = self._clock.now()
        listed = self._listed(caller.seller, now)
        report = next((r for r in listed if r.document_id == document_id and _is_final(r, now)), None)
        if report is None:
            raise ApiError(404, "NotFound", f"The report document {document_id} could not be found.")
        content_encoding = request.query_params.get("enableContentEncodingUrlHeader", "").lower() == "true"
        body = {"reportDocumentId": document_id, "url": self._downloads.mint(report, content_encoding=content_encoding)}
        compression = self._downloads.body(report).compression
        if compression:
            body["compressionAlgorithm"] = compression
        return JSONResponse(body)

    async def create_report(self, request: Request, caller: Caller, faults: Faults) -> Response:
        """createReport: what is made is written down, and is done after a while."""
        body = await _specification(request, caller, ("reportType", "marketplaceIds"))
        if body["reportType"] not in KINDS:
            _refuse_type(body["reportType"])
        now = self._clock.now()
        start, end = (_moment(name, body.get(name)) for name in ("dataStartTime", "dataEndTime"))
        start, end = start or now - dt.timedelta(days=1), end or now
        if start > end:
            _invalid("dataStartTime is after dataEndTime")
        options = body.get("reportOptions") or {}
        if not isinstance(options, dict):
            _invalid("Invalid reportOptions")
        if CallFault.PARAMETERS_CHANGED in faults:
            # it takes the window to the present, and drops the options (amzn/selling-partner-api-models#2537)
            end, options = now, {}
        marketplaces = tuple(dict.fromkeys(map(str, body["marketplaceIds"])))
        given = tuple(sorted((str(name), str(value)) for name, value in options.items()))
        report_id = self._requested.create(caller.seller, body["reportType"], marketplaces, start, end, given)
        return JSONResponse({"reportId": report_id}, status_code=202)

    async def cancel_report(self, request: Request, caller: Caller, faults: Faults) -> Response:
        """cancelReport: only what waits in the queue can be cancelled."""
        report = self._find(request, caller)
        if isinstance(report, RequestedReport) and self._requested.cancel(report):
            return JSONResponse({})
        status = report.status(self._clock.now())
        _invalid(f"Report {report.report_id} is {status}; only a report that is IN_QUEUE can be cancelled")

    async def get_schedules(self, request: Request, caller: Caller, faults: Faults) -> Response:
        """getReportSchedules: there are none."""
        if not _listed_values(request, "reportTypes"):
            _missing("reportTypes")
        return JSONResponse({"reportSchedules": []})

    async def create_schedule(self, request: Request, caller: Caller, faults: Faults) -> Response:
        """createReportSchedule: settlement reports cannot be scheduled; other reports are not simulated yet."""
        body = await _specification(request, caller, ("reportType", "marketplaceIds", "period"))
        _refuse_type(body["reportType"])

    async def schedule(self, request: Request, caller: Caller, faults: Faults) -> Response:
        """getReportSchedule and cancelReportSchedule: there are none."""
        schedule_id = request.path_params["schedule_id"]
        raise ApiError(404, "NotFound", f"The report schedule {schedule_id} could not be found.")

    # -- what they need --------------------------------------------------------------------------------------------

    def _listed(self, seller: Seller, now: dt.datetime) -> list[AnyReport]:
        """What Amazon still keeps, oldest first."""
        found: list[AnyReport] = [*self._documents.reports(seller, now), *self._requested.of(seller)]
        kept = [r for r in found if r.created_at >= now - RETENTION and r.is_listed(now)]
        return sorted(kept, key=lambda report: (report.created_at, report.report_id))

    def _find(self, request: Request, caller: Caller) -> AnyReport:
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
            _invalid(_TOKEN_EXPIRED)
        return page

    def _signature(self, body: bytes) -> bytes:
        return hmac.new(self._key, body, hashlib.sha256).digest()


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
        _invalid("Invalid Input" if window.parameters.get("mute") else said)
    if size and page["pageSize"] > (most := size.parameters.get("size", 25)):
        said = f"The response is too large; pageSize must be at most {most:g}"
        _invalid("Invalid Input" if size.parameters.get("mute") else said)


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


def _listed_values(request: Request, name: str) -> list[str]:
    """The values of a list in the query: separated by commas, in one parameter or in several."""
    given = request.query_params.getlist(name)
    return [value.strip() for text in given for value in text.split(",") if value.strip()]


def _instant(request: Request, name: str) -> dt.datetime | None:
    return _moment(name, request.query_params.get(name))


def _moment(name: str, text: str | None) -> dt.datetime | None:
    if not text:
        return None
    try:
        # an unescaped + of the offset arrives as a blank
        moment = dt.datetime.fromisoformat(text.replace(" ", "+"))
    except (AttributeError, ValueError):
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
