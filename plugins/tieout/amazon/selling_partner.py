"""The Selling Partner API: one account in one region.

Only what this project needs of it: Reports API 2021-06-30. Every call takes its place in the shared rate budget, is
retried when a retry can help, and is written to the call log.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import random
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import httpx

from tieout.amazon.budget import Budget
from tieout.amazon.clock import Clock
from tieout.amazon.errors import AccessDenied, AmazonUnavailable, BudgetExhausted, InvalidRequest
from tieout.amazon.login import Login
from tieout.documents import ApiCall, Region

ENDPOINTS = {
    Region.NA: "https://sellingpartnerapi-na.amazon.com",
    Region.EU: "https://sellingpartnerapi-eu.amazon.com",
    Region.FE: "https://sellingpartnerapi-fe.amazon.com",
}
USER_AGENT = "Tieout/1.0 (Language=Python)"
REPORTS = "/reports/2021-06-30"
RETENTION = dt.timedelta(days=90)
"""Amazon lists reports of the last 90 days (getReports, createdSince)."""
RETENTION_MARGIN = dt.timedelta(minutes=10)
"""A window that starts this much inside the 90 days is not overtaken by the clock while it is asked for."""
TRIES = 5
LONGEST_SLEEP = 5.0
"""Seconds that a call may wait for its budget in place; a longer wait is the caller's to organise."""


@dataclass(frozen=True)
class Report:
    """One report in Amazon's listing."""

    report_id: str
    report_type: str
    processing_status: str
    created_at: dt.datetime
    report_document_id: str | None


@dataclass(frozen=True)
class ReportDocument:
    """Where a document can be fetched for the next five minutes. The URL is signed: it is never stored or logged."""

    report_document_id: str
    url: str
    compression: str | None
    request_id: str | None

    def __repr__(self) -> str:
        return f"ReportDocument({self.report_document_id!r})"


@dataclass(frozen=True)
class Download:
    """A document's bytes on disk."""

    path: Path
    size: int
    sha256: str
    content_type: str | None


class UrlExpired(Exception):
    """The signed URL is dead; a new one has to be minted."""


class SellingPartner:
    """Amazon's Selling Partner API for one account in one region.

    :param account: our name of the account, for the call log.
    :param login: where access tokens come from.
    :param budget: the shared rate budget of the application and the account.
    :param record: called with every call that was made.
    :param http: the client to call with; its timeouts bound every call.
    """

    def __init__(
        self,
        *,
        region: Region,
        account: str,
        login: Login,
        budget: Budget,
        clock: Clock,
        http: httpx.Client,
        record: Callable[[ApiCall], None],
        endpoint: str | None = None,
    ) -> None:
        self._region = region
        self._account = account
        self._login = login
        self._budget = budget
        self._clock = clock
        self._http = http
        self._record = record
        self._endpoint = (endpoint or ENDPOINTS[region]).rstrip("/")

    def reports(
        self, report_types: list[str], *, created_since: dt.datetime, created_until: dt.datetime
    ) -> Iterator[Report]:
        """List what Amazon holds, newest first, over all marketplaces and all processing states.

        The window is moved inside Amazon's 90 days. `nextToken` is sent alone, as Amazon demands.

        :raises BudgetExhausted: if the budget is spent and the wait is long.
        """
        oldest = self._clock.now() - RETENTION + RETENTION_MARGIN
        params: dict[str, str] = {
            "reportTypes": ",".join(report_types),
            "createdSince": _iso(max(created_since, oldest)),
            "createdUntil": _iso(min(created_until, self._clock.now())),
            "pageSize": "100",
        }
        if created_until <= oldest:
            return
        while True:
            page = self._call("getReports", "GET", f"{REPORTS}/reports", params=params).json()
            for item in page["reports"]:
                yield Report(
                    report_id=item["reportId"],
                    report_type=item["reportType"],
                    processing_status=item["processingStatus"],
                    created_at=dt.datetime.fromisoformat(item["createdTime"]),
                    report_document_id=item.get("reportDocumentId"),
                )
            if not page.get("nextToken"):
                return
            params = {"nextToken": page["nextToken"]}

    def report_document(self, report_document_id: str) -> ReportDocument:
        """Mint a URL for a document. It dies after five minutes, so mint it when the download begins.

        :raises BudgetExhausted: if the budget is spent and the wait is long.
        """
        answer = self._call("getReportDocument", "GET", f"{REPORTS}/documents/{report_document_id}")
        body = answer.json()
        return ReportDocument(
            report_document_id=body["reportDocumentId"],
            url=body["url"],
            compression=body.get("compressionAlgorithm"),
            request_id=answer.headers.get("x-amzn-RequestId"),
        )

    def documents_available_at(self, documents: int) -> dt.datetime:
        """When the budget will allow so many documents (at most a burst) to be fetched, Amazon's time, UTC."""
        return self._budget.available_at("getReportDocument", documents)

    def download(self, document: ReportDocument, path: Path) -> Download:
        """Fetch a document's bytes as they are, and verify that all of them came.

        A gzip body is verified by its own trailer too; when it is still damaged on the last try, it is kept as it
        is: the reader will say what is wrong with it.

        :raises UrlExpired: if the signed URL is dead.
        :raises AmazonUnavailable: if the bytes could not be had.
        """
        trouble = ""
        for attempt in range(TRIES):
            if attempt:
                self._back_off(attempt)
            try:
                with self._http.stream("GET", document.url) as answer:
                    if answer.status_code in (401, 403):
                        raise UrlExpired(document.report_document_id)
                    if answer.status_code != 200:
                        trouble = f"status {answer.status_code}"
                        continue
                    digest, size, gzip = hashlib.sha256(), 0, _GzipCheck()
                    with path.open("wb") as file:
                        for chunk in answer.iter_raw(1 << 20):
                            digest.update(chunk)
                            gzip.update(chunk)
                            file.write(chunk)
                            size += len(chunk)
                    expected = answer.headers.get("content-length")
                    if expected is not None and size != int(expected):
                        trouble = f"{size} of {expected} bytes came"
                        continue
                    if not gzip.whole and attempt < TRIES - 1:
                        trouble = "the gzip stream is cut or damaged"
                        continue
                    return Download(path, size, digest.hexdigest(), answer.headers.get("content-type"))
            except httpx.TransportError as error:
                trouble = type(error).__name__
        raise AmazonUnavailable(
            f"document {document.report_document_id} could not be downloaded in {TRIES} tries: {trouble}"
        )

    def _call(self, operation: str, method: str, path: str, *, params: dict[str, str] | None = None) -> httpx.Response:
        trouble = ""
        renewed = False
        for attempt in range(TRIES):
            if attempt:
                self._back_off(attempt)
            self._take(operation)
            answer = self._send(operation, method, path, params)
            if isinstance(answer, httpx.TransportError):
                trouble = f"no answer ({type(answer).__name__})"
            elif answer.status_code < 300:
                return answer
            elif answer.status_code == 429:
                self._budget.refused(operation, _retry_after(answer))
                trouble = "429 QuotaExceeded"
            elif answer.status_code in (401, 403):
                if renewed:
                    raise AccessDenied(_denied(operation, self._account, answer))
                # An access token can die or be revoked before its time; one fresh token tells which it is.
                self._login.forget()
                renewed = True
            elif answer.status_code < 500:
                raise InvalidRequest(f"{operation} for {self._account}: {answer.status_code} {_errors(answer)}")
            else:
                trouble = f"status {answer.status_code}"
        raise AmazonUnavailable(f"{operation} for {self._account} failed {TRIES} times; the last time: {trouble}")

    def _take(self, operation: str) -> None:
        while True:
            try:
                return self._budget.take(operation)
            except BudgetExhausted as exhausted:
                wait = (exhausted.available_at - self._clock.now()).total_seconds()
                if wait > LONGEST_SLEEP:
                    raise
                self._clock.sleep(wait)

    def _send(
        self, operation: str, method: str, path: str, params: dict[str, str] | None
    ) -> httpx.Response | httpx.TransportError:
        token = self._login.token()
        called_at = self._clock.now()
        started = time.monotonic()
        try:
            answer = self._http.request(
                method,
                self._endpoint + path,
                params=params,
                headers={
                    "x-amz-access-token": token,
                    "x-amz-date": called_at.strftime("%Y%m%dT%H%M%SZ"),
                    "user-agent": USER_AGENT,
                },
            )
        except httpx.TransportError as error:
            self._note(operation, method, path, called_at, started, error=type(error).__name__)
            return error
        self._note(operation, method, path, called_at, started, answer=answer)
        if rate := _rate(answer):
            self._budget.learn_rate(operation, float(rate))
        return answer

    def _note(
        self,
        operation: str,
        method: str,
        path: str,
        called_at: dt.datetime,
        started: float,
        *,
        answer: httpx.Response | None = None,
        error: str | None = None,
    ) -> None:
        self._record(
            ApiCall(
                called_at=called_at,
                region=self._region,
                account=self._account,
                operation=operation,
                method=method,
                path=path,
                status=answer.status_code if answer else None,
                request_id=answer.headers.get("x-amzn-RequestId") if answer else None,
                rate_limit=_rate(answer) if answer else None,
                duration_ms=round((time.monotonic() - started) * 1000),
                error=error,
            )
        )

    def _back_off(self, attempt: int) -> None:
        """Full jitter: up to 1, 2, 4, 8 seconds of Amazon's time."""
        self._clock.sleep(random.uniform(0.1, 1.0) * 2 ** (attempt - 1))


class _GzipCheck:
    """Whether a stream of bytes that begins like gzip also ends like it."""

    def __init__(self) -> None:
        self._inflate: Any = None
        self._start = b""
        self._damaged = False

    def update(self, chunk: bytes) -> None:
        if self._inflate is None:
            self._start += chunk
            if len(self._start) < 2:
                return
            self._inflate = zlib.decompressobj(wbits=31) if self._start.startswith(b"\x1f\x8b") else False
            chunk = self._start
        if self._inflate and not self._damaged:
            try:
                self._inflate.decompress(chunk)
                while self._inflate.eof and self._inflate.unused_data.startswith(b"\x1f\x8b"):
                    rest = self._inflate.unused_data
                    self._inflate = zlib.decompressobj(wbits=31)
                    self._inflate.decompress(rest)
            except zlib.error:
                self._damaged = True

    @property
    def whole(self) -> bool:
        return not self._inflate or (self._inflate.eof and not self._damaged)


def _iso(instant: dt.datetime) -> str:
    return instant.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _rate(answer: httpx.Response) -> Decimal | None:
    try:
        return Decimal(answer.headers["x-amzn-RateLimit-Limit"])
    except (KeyError, InvalidOperation):
        return None


def _retry_after(answer: httpx.Response) -> float | None:
    try:
        return float(answer.headers["retry-after"])
    except (KeyError, ValueError):
        return None


def _errors(answer: httpx.Response) -> str:
    try:
        errors = answer.json()["errors"]
        return "; ".join(" ".join(filter(None, (e["code"], e["message"], e.get("details")))) for e in errors)
    except (ValueError, KeyError, TypeError):
        return answer.text[:300]


def _denied(operation: str, account: str, answer: httpx.Response) -> str:
    said = _errors(answer)
    advice = (
        "The client secret has expired: rotate it in the developer console and store the new one in the connection."
        if "secret token you provided has expired" in said
        else "Check that the seller's consent stands, that the application has the Finance and Accounting role, and "
        "that the account belongs to this region."
    )
    return f"{operation} for {account}: {answer.status_code} {said} {advice}"
