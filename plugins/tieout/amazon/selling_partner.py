"""The Selling Partner API: one account in one region.

Only what this project needs of it: Reports API 2021-06-30, restricted data tokens for its documents (Tokens API 2021-03-01),
Sellers API v1, and the answers of the Finances APIs. Every call takes its place in the shared rate budget, is retried when
a retry can help, and is written to the call log.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import random
import time
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from email.utils import parsedate_to_datetime
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from tieout.amazon.budget import Budget, Taken
from tieout.amazon.clock import Clock
from tieout.amazon.endpoints import ENDPOINTS, body_of, open_document
from tieout.amazon.errors import (
    AccessDenied,
    AmazonUnavailable,
    BudgetExhausted,
    DocumentUnavailable,
    InvalidRequest,
    MayHaveHappened,
)
from tieout.amazon.listing import Listed, MemorySizes, Size, SizeStore, Window, split
from tieout.amazon.login import PATH, Login
from tieout.documents import ApiCall, Region

USER_AGENT = "Tieout/1.0 (Language=Python)"
REPORTS = "/reports/2021-06-30"
PARTICIPATIONS = "/sellers/v1/marketplaceParticipations"
RETENTION = dt.timedelta(days=90)
"""Amazon lists reports of the last 90 days (getReports, createdSince)."""
RETENTION_MARGIN = dt.timedelta(minutes=10)
"""A window that starts this much inside the 90 days is not overtaken by the clock while it is asked for."""
TOKEN_LIFE = dt.timedelta(minutes=4, seconds=30)
"""A nextToken is good for five minutes (amzn/selling-partner-api-docs#2789); one this old is not sent any more."""
SIZES_KEPT = dt.timedelta(days=30)
"""How long a size that works is used before the largest is tried again."""
MOST_RESTARTS = 8
"""How often a listing whose page tokens die is begun again, each time with smaller windows."""
MOST_BARREN_PAGES = 20
"""So many pages in a row without a new report, each promising more, are no listing any more."""
TRIES = 5
FRESH_TOKENS = 3
"""When Amazon calls so many fresh access tokens dead, one after the other, it means the account."""
LONGEST_SLEEP = 5.0
"""Seconds that a call may wait for its budget in place; a longer wait is the caller's to organise."""


@dataclass(frozen=True)
class Report:
    """One report as Amazon lists it. The data window is what Amazon says it covers."""

    report_id: str
    report_type: str
    processing_status: str
    created_at: dt.datetime
    report_document_id: str | None
    marketplace_ids: tuple[str, ...] = ()
    data_start_at: dt.datetime | None = None
    data_end_at: dt.datetime | None = None


@dataclass(frozen=True)
class Participation:
    """A marketplace that Amazon names for a seller."""

    marketplace_id: str
    country: str
    """ISO 3166 alpha-2."""
    name: str
    participates: bool
    """Whether the seller sells there; Amazon also names where it could."""


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
    """A document's bytes on disk. `gzipped` is what they begin like, whatever Amazon says of them."""

    path: Path
    size: int
    sha256: str
    content_type: str | None
    gzipped: bool = False


class UrlExpired(Exception):
    """The signed URL is dead; a new one has to be minted."""


class SellingPartner:
    """Amazon's Selling Partner API for one account in one region.

    :param account: our name of the account, for the call log.
    :param login: where access tokens come from.
    :param budget: the shared rate budget of the application and the account.
    :param record: called with every call that was made.
    :param http: the client to call with; its timeouts bound every call.
    :param sizes: where the sizes of windows and pages are kept that work for the account.
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
        sizes: SizeStore | None = None,
    ) -> None:
        self._region = region
        self._account = account
        self._login = login
        login.note = partial(self._note, "token", "POST", PATH)
        self._budget = budget
        self._clock = clock
        self._http = http
        self._record = record
        self._endpoint = (endpoint or ENDPOINTS[region]).rstrip("/")
        self._sizes = sizes or MemorySizes()

    def reports(
        self,
        report_types: Sequence[str],
        *,
        created_since: dt.datetime,
        created_until: dt.datetime,
        listed: Listed | None = None,
    ) -> list[Report]:
        """List what Amazon holds, newest first, over all marketplaces and all processing states.

        The window is moved inside Amazon's 90 days. `nextToken` is sent alone, as Amazon demands. When a window or a page
        is refused as too large, or a nextToken dies, the window is begun again with smaller ones; each report comes once.

        :param listed: how far an earlier call came before it had to wait; it is brought up to date before
            `BudgetExhausted` is raised. Hand it in again to go on where that call stopped.
        :raises BudgetExhausted: if the budget is spent and the wait is long.
        """
        listed = listed if listed is not None else Listed()
        if listed.windows is None or listed.size is None:
            listed.begun_at = self._clock.now()
            listed.size = self._size()
            listed.windows = split([Window(created_since, min(created_until, listed.begun_at))], listed.size.days)
        while listed.windows:
            self._list_window(report_types, listed, listed.size)
        return [_report(item) for item in listed.found.values()]

    def _size(self) -> Size:
        """The size that worked last; after a month the largest is tried again."""
        kept = self._sizes.read()
        size = Size.model_validate_json(kept) if kept else Size()
        if size.found_at and self._clock.now() - size.found_at > SIZES_KEPT:
            return Size()
        return size

    def _list_window(self, report_types: Sequence[str], listed: Listed, size: Size) -> None:
        """Ask for the pages of the first window, until it is done or has to be begun again."""
        assert listed.windows
        window = listed.windows[0]
        oldest = self._clock.now() - RETENTION + RETENTION_MARGIN
        if window.until <= oldest:
            listed.next_window()
            return
        if listed.next_token and self._clock.now() - listed.token_at >= TOKEN_LIFE:
            self._begin_again(listed, size)
            return
        params = (
            {"nextToken": listed.next_token}
            if listed.next_token
            else {
                "reportTypes": ",".join(report_types),
                "createdSince": _iso(max(window.since, oldest)),
                "createdUntil": _iso(window.until),
                "pageSize": str(size.page),
            }
        )
        try:
            page = self._call("getReports", "GET", f"{REPORTS}/reports", params=params).json()
        except InvalidRequest as refused:
            if listed.next_token and refused.status == 400:
                # nothing but the token was sent: whatever Amazon says, or does not, is about it
                self._begin_again(listed, size)
            elif not listed.next_token and size.shrink(refused.said):
                listed.windows = split(listed.windows, size.days)
                listed.shrunk = True
            else:
                raise
            return
        if listed.shrunk:
            size.found_at = self._clock.now()
            self._sizes.write(size.model_dump_json(indent=1).encode())
            listed.shrunk = False
        known = len(listed.found)
        listed.found |= {item["reportId"]: item for item in page["reports"]}
        listed.barren_pages = 0 if len(listed.found) > known else listed.barren_pages + 1
        listed.next_token = page.get("nextToken")
        listed.token_at = self._clock.now()
        if not listed.next_token:
            listed.next_window()
        elif listed.barren_pages >= MOST_BARREN_PAGES:
            raise AmazonUnavailable(
                f"getReports for {self._account} gave {MOST_BARREN_PAGES} pages in a row without a new report, and"
                " promises more; nothing of this listing is used"
            )

    def _begin_again(self, listed: Listed, size: Size) -> None:
        """The page token is dead: list the same window once more, in two halves."""
        assert listed.windows
        listed.restarts += 1
        listed.next_token = None
        if listed.restarts > MOST_RESTARTS:
            raise AmazonUnavailable(
                f"getReports for {self._account}: the page token died {listed.restarts} times before the listing was done"
            )
        window = listed.windows[0]
        days = (window.until - window.since) / dt.timedelta(days=1) / 2
        listed.windows = [*split([window], max(days, Size.LEAST_DAYS)), *listed.windows[1:]]

    def report(self, report_id: str) -> Report:
        """Ask how far one report is."""
        return _report(self._call("getReport", "GET", f"{REPORTS}/reports/{report_id}").json())

    def create_report(
        self,
        report_type: str,
        marketplace_ids: Sequence[str],
        data_start: dt.datetime,
        data_end: dt.datetime,
        options: Mapping[str, str],
    ) -> str:
        """Ask for a report; return its id. It is asked for once: when no answer comes, it is not asked again.

        :raises MayHaveHappened: if Amazon may have taken the request or not.
        """
        body: dict[str, Any] = {
            "reportType": report_type,
            "marketplaceIds": list(marketplace_ids),
            "dataStartTime": _iso(data_start),
            "dataEndTime": _iso(data_end),
        }
        if options:
            body["reportOptions"] = dict(options)
        return str(self._call("createReport", "POST", f"{REPORTS}/reports", json=body, once=True).json()["reportId"])

    def marketplace_participations(self) -> list[Participation]:
        """Ask in which marketplaces of the region the seller sells, or could."""
        answer = self._call("getMarketplaceParticipations", "GET", PARTICIPATIONS)
        return [
            Participation(
                marketplace_id=item["marketplace"]["id"],
                country=item["marketplace"]["countryCode"],
                name=item["marketplace"]["name"],
                participates=item["participation"]["isParticipating"],
            )
            for item in answer.json().get("payload") or ()
        ]

    def answer(self, operation: str, path: str, params: Mapping[str, str]) -> bytes:
        """Ask for something that can be asked twice, and return the body of Amazon's answer as it came.

        :param operation: Amazon's name of it, as in `tieout.amazon.budget.LIMITS`.
        """
        return self._call(operation, "GET", path, params=dict(params)).content

    def report_document(self, report_document_id: str, *, restricted: bool = False) -> ReportDocument:
        """Mint a URL for a document. It dies after five minutes, so mint it when the download begins.

        :param restricted: people can be told in it. Amazon gives it for a token that is good for this document alone; the
            token is asked for, used for this one call, and neither kept nor logged.
        :raises BudgetExhausted: if the budget is spent and the wait is long.
        """
        path = f"{REPORTS}/documents/{report_document_id}"
        token = partial(self._restricted_token, path) if restricted else None
        answer = self._call("getReportDocument", "GET", path, token=token)
        body = answer.json()
        return ReportDocument(
            report_document_id=body["reportDocumentId"],
            url=body["url"],
            compression=body.get("compressionAlgorithm"),
            request_id=answer.headers.get("x-amzn-RequestId"),
        )

    def _restricted_token(self, path: str) -> str:
        """A token for one document."""
        body = {"restrictedResources": [{"method": "GET", "path": path}]}
        answer = self._call("createRestrictedDataToken", "POST", "/tokens/2021-03-01/restrictedDataToken", json=body)
        return str(answer.json()["restrictedDataToken"])

    def available_at(self, operation: str, calls: int) -> dt.datetime:
        """When the budget will allow so many calls (at most a burst) of an operation, Amazon's time, UTC."""
        return self._budget.available_at(operation, calls)

    def download(self, document: ReportDocument, path: Path) -> Download:
        """Fetch a document's bytes as they are, and verify that all of them came.

        A gzip body is verified by its own trailer too; when it is still damaged on the last try, it is kept as it
        is: the reader will say what is wrong with it.

        :raises UrlExpired: if the signed URL is dead.
        :raises DocumentUnavailable: if the bytes could not be had, or Amazon names an address that is not public.
        """
        trouble = ""
        for attempt in range(TRIES):
            if attempt:
                self._back_off(attempt)
            called_at, started = self._clock.now(), time.monotonic()
            try:
                with open_document(self._http, document.url) as answer:
                    done = self._body(answer, path, last=attempt == TRIES - 1)
                    error = done if isinstance(done, str) else None
                    self._note("download", "GET", document.report_document_id, called_at, started, answer, error)
            except httpx.TransportError as cut:
                trouble = type(cut).__name__
                self._note("download", "GET", document.report_document_id, called_at, started, None, trouble)
                continue
            if isinstance(done, Download):
                return done
            if answer.status_code in (401, 403):
                raise UrlExpired(document.report_document_id)
            trouble = done
        raise DocumentUnavailable(
            f"document {document.report_document_id} could not be downloaded in {TRIES} tries: {trouble}"
        )

    @staticmethod
    def _body(answer: httpx.Response, path: Path, *, last: bool) -> Download | str:
        """Write the body to a file; what is wrong with it, if it is not whole."""
        if answer.status_code != 200:
            return f"status {answer.status_code}"
        digest, size, gzip = hashlib.sha256(), 0, _GzipCheck()
        with path.open("wb") as file:
            for chunk in body_of(answer):
                digest.update(chunk)
                gzip.update(chunk)
                file.write(chunk)
                size += len(chunk)
        expected = answer.headers.get("content-length")
        if expected is not None and size != int(expected):
            return f"{size} of {expected} bytes came"
        if not gzip.whole and not last:
            return "the gzip stream is cut or damaged"
        return Download(path, size, digest.hexdigest(), answer.headers.get("content-type"), gzip.is_gzip)

    def _call(
        self,
        operation: str,
        method: str,
        path: str,
        *,
        params: dict[str, str] | None = None,
        json: Any = None,
        once: bool = False,
        token: Callable[[], str] | None = None,
    ) -> httpx.Response:
        """Call Amazon, and again when that can help.

        :param token: gives the token to call with, if it is not the seller's access token.
        :param once: the call changes something: when it may have reached Amazon and no answer came, leave it.
        """
        trouble = ""
        renewals = 0
        failures = 0
        while failures < TRIES:
            if failures:
                self._back_off(failures)
            try:
                access = self._login.token()
            except AmazonUnavailable as unavailable:
                trouble, failures = str(unavailable), failures + 1
                continue
            taken = self._take(operation, TRIES if failures else 1)
            access = token() if token else access  # not before its call may be made
            answer = self._send(operation, method, path, access, params, json)
            if isinstance(answer, httpx.TransportError):
                trouble, failures = f"no answer ({type(answer).__name__})", failures + 1
                if once and not isinstance(answer, httpx.ConnectError | httpx.ConnectTimeout):
                    raise MayHaveHappened(f"{operation} for {self._account}: {trouble}")
                continue
            if answer.status_code == 429:
                self._budget.refused(operation, self._retry_after(answer))
                continue
            self._budget.answered(taken)
            if answer.status_code < 300:
                return answer
            if answer.status_code in (401, 403):
                # An access token can die or be revoked before its time; a fresh one tells which it is.
                if renewals >= (FRESH_TOKENS if _token_dead(answer) else 1) or _secret_expired(answer):
                    raise AccessDenied(
                        _denied(operation, self._account, answer), f"{answer.status_code} {_errors(answer)}"
                    )
                self._login.forget()
                renewals += 1
            elif answer.status_code < 500:
                said = _errors(answer)
                text = f"{operation} for {self._account}: {answer.status_code} {said}"
                raise InvalidRequest(text, answer.status_code, said)
            else:
                trouble, failures = f"status {answer.status_code}", failures + 1
                if once:
                    raise MayHaveHappened(f"{operation} for {self._account}: {trouble}")
                if wait := self._retry_after(answer):
                    self._budget.refused(operation, wait)
        raise AmazonUnavailable(f"{operation} for {self._account} failed {TRIES} times; the last time: {trouble}")

    def _take(self, operation: str, calls: int) -> Taken:
        """Take one call of the budget.

        :param calls: how many to wait for if there is none: after a failure, enough to try as often as it takes to know.
        """
        while True:
            try:
                return self._budget.take(operation)
            except BudgetExhausted as exhausted:
                wait = (exhausted.available_at - self._clock.now()).total_seconds()
                if wait > LONGEST_SLEEP:
                    if calls > 1:
                        raise BudgetExhausted(operation, self._budget.available_at(operation, calls)) from exhausted
                    raise
                self._clock.sleep(wait)

    def _send(
        self, operation: str, method: str, path: str, token: str, params: dict[str, str] | None, json: Any
    ) -> httpx.Response | httpx.TransportError:
        called_at = self._clock.now()
        started = time.monotonic()
        try:
            answer = self._http.request(
                method,
                self._endpoint + path,
                params=params,
                json=json,
                headers={
                    "x-amz-access-token": token,
                    "x-amz-date": called_at.strftime("%Y%m%dT%H%M%SZ"),
                    "user-agent": USER_AGENT,
                },
            )
        except httpx.TransportError as error:
            self._note(operation, method, path, called_at, started, None, type(error).__name__)
            return error
        self._note(operation, method, path, called_at, started, answer)
        if rate := _rate(answer):
            self._budget.learn_rate(operation, float(rate))
        return answer

    def _retry_after(self, answer: httpx.Response) -> float | None:
        """Seconds that Amazon asks to wait; its header says so in seconds, or as a date."""
        said = answer.headers.get("retry-after", "")
        try:
            return float(said)
        except ValueError:
            pass
        try:
            return max(1.0, (parsedate_to_datetime(said) - self._clock.now()).total_seconds())
        except (TypeError, ValueError):
            return None

    def _note(
        self,
        operation: str,
        method: str,
        path: str,
        called_at: dt.datetime,
        started: float,
        answer: httpx.Response | None,
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
                status=None if answer is None else answer.status_code,
                request_id=None if answer is None else _request_id(answer),
                rate_limit=None if answer is None else _rate(answer),
                duration_ms=round((time.monotonic() - started) * 1000),
                error=error,
            )
        )

    def _back_off(self, attempt: int) -> None:
        """Full jitter: up to 1, 2, 4, 8 seconds of Amazon's time."""
        self._clock.sleep(random.uniform(0.1, 1.0) * 2 ** (attempt - 1))


_PIECE = 1 << 20
"""Bytes that are decompressed at a time."""


class _GzipCheck:
    """Whether a stream of bytes that begins like gzip also ends like it."""

    def __init__(self) -> None:
        self._inflate: Any = None
        self._start = b""
        self._behind = b""
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
                self._pass(chunk)
            except zlib.error:
                self._damaged = True

    def _pass(self, data: bytes) -> None:
        """Decompress piece by piece: a megabyte of gzip may hold a gigabyte. One gzip may follow another."""
        while data:
            if self._inflate.eof:
                data, self._behind = self._behind + data, b""
                if not data.startswith(b"\x1f\x8b"):
                    self._behind = data[:2]
                    return
                self._inflate = zlib.decompressobj(wbits=31)
            self._inflate.decompress(data, _PIECE)
            data = self._inflate.unused_data if self._inflate.eof else self._inflate.unconsumed_tail

    @property
    def is_gzip(self) -> bool:
        return bool(self._inflate)

    @property
    def whole(self) -> bool:
        return not self._inflate or (self._inflate.eof and not self._damaged)


def _iso(instant: dt.datetime) -> str:
    return instant.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _report(item: dict[str, Any]) -> Report:
    def instant(name: str) -> dt.datetime | None:
        return dt.datetime.fromisoformat(item[name]) if item.get(name) else None

    return Report(
        report_id=item["reportId"],
        report_type=item["reportType"],
        processing_status=item["processingStatus"],
        created_at=dt.datetime.fromisoformat(item["createdTime"]),
        report_document_id=item.get("reportDocumentId"),
        marketplace_ids=tuple(item.get("marketplaceIds", ())),
        data_start_at=instant("dataStartTime"),
        data_end_at=instant("dataEndTime"),
    )


def _rate(answer: httpx.Response) -> Decimal | None:
    try:
        return Decimal(answer.headers["x-amzn-RateLimit-Limit"])
    except (KeyError, InvalidOperation):
        return None


def _request_id(answer: httpx.Response) -> str | None:
    """Amazon's id of a request; the storage of documents has a header of its own."""
    return answer.headers.get("x-amzn-RequestId") or answer.headers.get("x-amz-request-id")


def _errors(answer: httpx.Response) -> str:
    try:
        errors = answer.json()["errors"]
        words = [[each.get(name) for name in ("code", "message", "details")] for each in errors]
        return "; ".join(" ".join(str(word) for word in of_one if word) for of_one in words)
    except (ValueError, KeyError, TypeError, AttributeError):
        return answer.text[:300]


def _token_dead(answer: httpx.Response) -> bool:
    """Whether Amazon says no to the access token, and not to what was asked for."""
    return "access token you provided" in _errors(answer)


def _secret_expired(answer: httpx.Response) -> bool:
    return "secret token you provided has expired" in _errors(answer)


def _denied(operation: str, account: str, answer: httpx.Response) -> str:
    said = _errors(answer)
    advice = (
        "The client secret has expired: rotate it in the developer console and store the new one in the connection."
        if _secret_expired(answer)
        else "Check that the seller's consent stands, that the application has the Finance and Accounting role, and "
        "that the account belongs to this region."
    )
    return f"{operation} for {account}: {answer.status_code} {said} {advice}"
