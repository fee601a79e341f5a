"""Where documents are downloaded from: URLs that are signed, and die after five minutes of the virtual clock.

The query of the URL and the XML of the errors are those of Amazon S3.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
import hmac
import uuid
from urllib.parse import quote, urlencode
from xml.sax.saxutils import escape

from fastapi import APIRouter, Request
from fastapi.responses import Response

from simulator.answers import SLOW, Cut, server_error
from simulator.clock import VirtualClock, iso_z
from simulator.documents import Documents, Download, Report
from simulator.marketplaces import Region
from simulator.requested import RequestedReport, RequestedReports
from simulator.rules import DOWNLOAD, CallFault, Rule, Rules
from simulator.seller_central import SellerCentral
from simulator.sellers import SELLERS

LIFE = dt.timedelta(minutes=5)
"""How long a URL lives (model of the Reports API: "This URL expires after 5 minutes")."""

_STAMP = "%Y%m%dT%H%M%SZ"
_AWS_REGION = {"NA": "us-east-1", "EU": "eu-west-1", "FE": "us-west-2"}


class Downloads:
    """Mints and serves the URLs of one region."""

    def __init__(
        self,
        region: Region,
        seed: int,
        clock: VirtualClock,
        documents: Documents,
        requested: RequestedReports,
        seller_central: SellerCentral,
        rules: Rules,
        base_url: str,
    ) -> None:
        self._region = region
        self._clock = clock
        self._documents = documents
        self._requested = requested
        self._seller_central = seller_central
        self._rules = rules
        self._base_url = base_url
        self._key = hashlib.sha256(f"{seed}/downloads/{region}".encode()).digest()

    def mint(self, report: Report | RequestedReport, *, content_encoding: bool) -> str:
        """A URL of a report's document that works for five minutes.

        :param content_encoding: whether the download names its compression in the header Content-Encoding.
        """
        assert report.document_id is not None
        now = self._clock.now()
        is_gzip = self.body(report).compression == "GZIP"
        query = {
            "response-content-encoding": "gzip" if content_encoding and is_gzip else "identity",
            "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
            "X-Amz-Date": now.strftime(_STAMP),
            "X-Amz-SignedHeaders": "host",
            "X-Amz-Expires": str(int(LIFE.total_seconds())),
            "X-Amz-Credential": f"AKIASIMULATED/{now:%Y%m%d}/{_AWS_REGION[self._region]}/s3/aws4_request",
        }
        path = f"/tortuga-prod-{self._region.lower()}/{quote(report.document_id)}"
        query["X-Amz-Signature"] = self._signature(path, query)
        return f"{self._base_url}{path}?{urlencode(query)}"

    def body(self, report: Report | RequestedReport) -> Download:
        """The bytes of a report's document."""
        return report.content if isinstance(report, RequestedReport) else self._documents.download(report)

    async def serve(self, path: str, query: dict[str, str]) -> Response:
        """Answer a request for a URL."""
        stamp = query.get("X-Amz-Date", "")
        signature = query.get("X-Amz-Signature")
        if not stamp or not signature:
            return s3_error("AccessDenied", "Access Denied")
        signed = {name: value for name, value in query.items() if name != "X-Amz-Signature"}
        if not hmac.compare_digest(self._signature(path, signed), signature):
            text = "The request signature we calculated does not match the signature you provided."
            return s3_error("SignatureDoesNotMatch", f"{text} Check your key and signing method.")
        now = self._clock.now()
        report = self._report(path.rsplit("/", 1)[-1], now)
        faults: dict[CallFault, Rule] = {}
        if report is not None:
            faults = self._rules.of_call(report.seller.key, self._region, DOWNLOAD, report.report_id)
        if slow := faults.get(CallFault.SLOW_ANSWER):
            await asyncio.sleep(slow.parameters.get("seconds", SLOW))
        expires = dt.datetime.strptime(stamp, _STAMP).replace(tzinfo=dt.UTC) + LIFE
        if now > expires or CallFault.DEAD_URL in faults:
            more = {"X-Amz-Expires": query["X-Amz-Expires"], "Expires": iso_z(expires), "ServerTime": iso_z(now)}
            return s3_error("AccessDenied", "Request has expired", more)
        if report is None:
            return s3_error("NoSuchKey", "The specified key does not exist.", status=404)
        if failed := faults.get(CallFault.SERVER_ERROR):
            status = failed.parameters.get("status", 503)
            return server_error(status) if status in (502, 504) else _s3_failure(status)
        return self._file(report, query, faults)

    def _report(self, document_id: str, now: dt.datetime) -> Report | RequestedReport | None:
        for seller in SELLERS:
            if seller.region != self._region:
                continue
            for report in self._documents.reports(seller, now):
                if report.document_id == document_id:
                    return report
        return self._requested.of_document(document_id) or self._seller_central.of_document(document_id)

    def _file(self, report: Report | RequestedReport, query: dict[str, str], faults: dict[CallFault, Rule]) -> Response:
        download = self.body(report)
        body = download.body
        headers = {
            "ETag": f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"',
            "Last-Modified": report.finished_at.strftime("%a, %d %b %Y %H:%M:%S GMT"),
            "x-amz-request-id": uuid.uuid4().hex[:16].upper(),
        }
        if query["response-content-encoding"] == "gzip":
            headers["Content-Encoding"] = "gzip"
        if download.content_type:
            headers["Content-Type"] = download.content_type
        if cut := faults.get(CallFault.CONNECTION_CUT):
            return Cut(body, cut.parameters.get("where", "body"), headers)
        if CallFault.TRUNCATED_DOWNLOAD in faults:
            body = body[: len(body) * 2 // 3]
        return Response(body, headers=headers)

    def _signature(self, path: str, query: dict[str, str]) -> str:
        text = f"{path}?{urlencode(sorted(query.items()))}"
        return hmac.new(self._key, text.encode(), hashlib.sha256).hexdigest()


def s3_error(code: str, message: str, more: dict[str, str] | None = None, status: int = 403) -> Response:
    fields = {"Code": code, "Message": message, **(more or {}), "RequestId": uuid.uuid4().hex[:16].upper()}
    inside = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in fields.items())
    xml = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error>{inside}<HostId>simulated</HostId></Error>'
    return Response(xml, status_code=status, media_type="application/xml")


def _s3_failure(status: int) -> Response:
    if status == 503:
        return s3_error("SlowDown", "Please reduce your request rate.", status=503)
    return s3_error("InternalError", "We encountered an internal error. Please try again.", status=500)


def router(region: Region, downloads: Downloads) -> APIRouter:
    """The storage of a region."""
    routes = APIRouter()

    @routes.get(f"/tortuga-prod-{region.lower()}/{{key:path}}")
    async def download(request: Request) -> Response:
        return await downloads.serve(request.url.path, dict(request.query_params))

    return routes
