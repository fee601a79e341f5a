"""The Appstore's Reporting API: one developer's monthly reports.

Paths, limits and texts of errors are those of the page "Reporting API" of Amazon's developer console
(developer.amazon.com/docs/reports-promo/reporting-API.html). Where people who measured the API report something else than the
page, both are understood: a month without data is answered with 400, 403 or 404, and a path that does not exist with 400 or 403.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import lzma
import random
import re
import time
import zipfile
import zlib
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from functools import partial
from pathlib import Path

import httpx

from tieout.amazon.appstore_answers import (
    ATTACH,
    Answer,
    Period,
    Refusal,
    Report,
    ReportKind,
    brief,
    refusal_of,
    url_in,
)
from tieout.amazon.budget import LONGEST_BACK_OFF, Budget, Taken
from tieout.amazon.clock import Clock
from tieout.amazon.endpoints import APPSTORE_ENDPOINT as ENDPOINT
from tieout.amazon.endpoints import LOGIN_ENDPOINT, RefusedAddress, TooLarge, body_of, open_document
from tieout.amazon.errors import BudgetExhausted, LoginRefused
from tieout.amazon.login import PATH, Credentials, Login
from tieout.amazon.selling_partner import USER_AGENT
from tieout.documents import ApiCall, Region

REPORTS = "/api/appstore/download/report"
OPERATION = "appstoreReport"
SCOPE = "adx_reporting::appstore:marketer"
"""The only scope that reports are given for."""
TRIES = 5
MINTS = 3
"""URLs of one report that are minted if they die before the download begins. They live for five minutes."""
LONGEST_SLEEP = 5.0
RENEW_AGAIN_AFTER = dt.timedelta(minutes=10)
"""A refusal may mean that the token is dead: a new one is asked for, but not for every report that is refused."""
_ADVICE = {
    "invalid_client": "The client id or client secret is wrong, or the security profile was deleted: copy both again from "
    "Apps & Services > Security Profiles > Web Settings into the connection.",
    "invalid_scope": f"The security profile is not attached to the Reporting API. {ATTACH}.",
    "unsupported_grant_type": "The connection is no Appstore security profile: make one in the developer console.",
    "invalid_request": "Something between here and Amazon changes the request: ask whoever runs the proxy.",
}
_EXPIRED = "Request has expired"


class SecurityProfile(Login):
    """Access tokens of a developer's security profile; each lives for an hour."""

    def __init__(
        self, client_id: str, client_secret: str, *, http: httpx.Client, clock: Clock, endpoint: str = LOGIN_ENDPOINT
    ) -> None:
        super().__init__(Credentials(client_id, client_secret, ""), http=http, clock=clock, endpoint=endpoint)

    def token(self) -> str:
        """Return an access token that is good for some minutes.

        :raises LoginRefused: if Amazon refuses the security profile; the message says which click is missing.
        :raises AmazonUnavailable: if Amazon gives no usable answer.
        """
        try:
            return super().token()
        except LoginRefused as refused:
            raise LoginRefused(refused.error, refused.description, _ADVICE.get(refused.error)) from refused

    def _grant(self) -> dict[str, str]:
        return {
            "grant_type": "client_credentials",
            "client_id": self._credentials.client_id,
            "client_secret": self._credentials.client_secret,
            "scope": SCOPE,
        }


class Appstore:
    """The Reporting API for one developer.

    :param account: our name of the developer, for the call log.
    :param login: where access tokens come from.
    :param budget: the shared rate budget of the security profile: 3 requests a second over all runs.
    :param record: called with every call that was made.
    """

    def __init__(
        self,
        *,
        account: str,
        login: SecurityProfile,
        budget: Budget,
        clock: Clock,
        http: httpx.Client,
        record: Callable[[ApiCall], None],
        endpoint: str = ENDPOINT,
    ) -> None:
        self._account = account
        self._login = login
        login.note = partial(self._note, "token", "POST", PATH)
        self._budget = budget
        self._clock = clock
        self._http = http
        self._record = record
        self._endpoint = endpoint.rstrip("/")
        self._renewed_at: dt.datetime | None = None

    def fetch(self, kind: ReportKind, period: Period, path: Path) -> Report | Refusal:
        """Download the report of a period as it is now.

        :param path: where the bytes go.
        :raises LoginRefused: if Amazon refuses the security profile.
        :raises BudgetExhausted: if the rate budget is spent and the wait is long.
        """
        for _ in range(MINTS):
            url = self._mint(kind, period)
            if isinstance(url, Refusal):
                return url
            found = self._download(kind, period, url, path)
            if found is not None:
                return found
        return Refusal(Answer.DELAYED, f"{MINTS} URLs of the report were dead when they were used")

    def refusal(self, kind: ReportKind, period: Period) -> Refusal | None:
        """Ask for the URL of a report and throw it away; None if Amazon gives it."""
        url = self._mint(kind, period)
        return url if isinstance(url, Refusal) else None

    def can_report(self) -> Refusal | None:
        """Ask for the URL of last month's sales report and throw it away; None if Amazon gives it.

        A 404 is an answer of the API, and last month has no report, if the API refuses who has no token.
        """
        last = (self._clock.now().date().replace(day=1) - dt.timedelta(days=1)).replace(day=1)
        refusal = self.refusal(ReportKind.SALES, Period(last))
        if refusal and refusal.answer is Answer.NOT_FOUND:
            return Refusal(Answer.ABSENT if self.is_there() else Answer.DELAYED, refusal.message)
        return refusal

    def is_there(self) -> bool:
        """Return whether the API is there at all: it refuses a request without a token ("User not authorized")."""
        path = f"{REPORTS}/{ReportKind.SALES}/{Period(self._clock.now().date().replace(day=1)).path}"
        self._take()
        called_at, started = self._clock.now(), time.monotonic()
        try:
            answer = self._http.get(self._endpoint + path, headers={"User-Agent": USER_AGENT})
        except httpx.TransportError as cut:
            self._note(OPERATION, "GET", path, called_at, started, None, type(cut).__name__)
            return False
        self._note(OPERATION, "GET", path, called_at, started, answer)
        return answer.status_code in (400, 401, 403)

    def _mint(self, kind: ReportKind, period: Period) -> str | Refusal:
        """The URL of a report, which lives for five minutes: it is never stored or logged."""
        path = f"{REPORTS}/{kind}/{period.path}"
        failures, trouble = 0, ""
        while failures < TRIES:
            if failures:
                self._back_off(failures)
            token = self._login.token()
            taken = self._take()
            called_at, started = self._clock.now(), time.monotonic()
            try:
                answer = self._http.get(
                    self._endpoint + path, headers={"Authorization": f"Bearer {token}", "User-Agent": USER_AGENT}
                )
            except httpx.TransportError as cut:
                trouble, failures = type(cut).__name__, failures + 1
                self._note(OPERATION, "GET", path, called_at, started, None, trouble)
                continue
            self._note(OPERATION, "GET", path, called_at, started, answer)
            if answer.status_code == 429:
                trouble, failures = "status 429: more than 3 requests a second", failures + 1
                self._clock.sleep(min(self._budget.refused(OPERATION, None), LONGEST_BACK_OFF))
                continue
            self._budget.answered(taken)
            if answer.status_code == 200 and (url := url_in(answer.text)):
                return url
            refusal = refusal_of(kind, period, path, answer)
            if refusal is None:
                trouble, failures = f"status {answer.status_code}", failures + 1
            elif refusal.answer is not Answer.FORBIDDEN or not self._may_be_dead_token():
                return refusal
        return Refusal(Answer.DELAYED, f"the API's server does not give its {kind} report of {period}: {trouble}")

    def _may_be_dead_token(self) -> bool:
        """Whether to try once more with a new token: one that is older than an hour is refused in the same words."""
        now = self._clock.now()
        if self._renewed_at is not None and now - self._renewed_at < RENEW_AGAIN_AFTER:
            return False
        self._renewed_at = now
        self._login.forget()
        return True

    def _download(self, kind: ReportKind, period: Period, url: str, path: Path) -> Report | Refusal | None:
        """The bytes of a URL; None if it is dead."""
        name = f"{kind}_{period.path.replace('/', '_')}.zip"
        trouble = ""
        for attempt in range(TRIES):
            if attempt:
                self._back_off(attempt)
            called_at, started = self._clock.now(), time.monotonic()
            try:
                with open_document(self._http, url) as answer:
                    if answer.status_code != 200:
                        said = answer.read().decode("utf-8", "replace")[:2000]
                        found, trouble = None, f"the bucket answers {answer.status_code}"
                    else:
                        found, trouble = _save(answer, path, last=attempt == TRIES - 1)
                        said = ""
                    self._note("download", "GET", name, called_at, started, answer, trouble or None)
            except httpx.TransportError as cut:
                trouble = type(cut).__name__
                self._note("download", "GET", name, called_at, started, None, trouble)
                continue
            except (RefusedAddress, TooLarge) as refused:
                return Refusal(Answer.DELAYED, str(refused))
            if found is not None:
                return found
            if answer.status_code in (400, 401, 403) and _EXPIRED in said:
                return None
            if answer.status_code in (401, 403) or "NoSuchKey" in said:
                return Refusal(
                    Answer.ABSENT, f"the bucket has no {kind} report of {period}: {brief(_s3_message(said))}"
                )
        return Refusal(Answer.DELAYED, f"the {kind} report of {period} could not be downloaded: {trouble}")

    def _take(self) -> Taken:
        while True:
            try:
                return self._budget.take(OPERATION)
            except BudgetExhausted as exhausted:
                wait = (exhausted.available_at - self._clock.now()).total_seconds()
                if wait > LONGEST_SLEEP:
                    raise
                self._clock.sleep(wait)

    def _back_off(self, attempt: int) -> None:
        self._clock.sleep(random.uniform(0.1, 1.0) * 2 ** (attempt - 1))

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
                region=Region.APPSTORE,
                account=self._account,
                operation=operation,
                method=method,
                path=path,
                status=None if answer is None else answer.status_code,
                request_id=None if answer is None else _request_id(answer),
                duration_ms=round((time.monotonic() - started) * 1000),
                error=error,
            )
        )


def _save(answer: httpx.Response, path: Path, *, last: bool) -> tuple[Report | None, str]:
    """Write the body to a file; what is wrong with it, if it is not whole."""
    digest, size = hashlib.sha256(), 0
    with path.open("wb") as file:
        for chunk in body_of(answer):
            digest.update(chunk)
            file.write(chunk)
            size += len(chunk)
    expected = answer.headers.get("content-length")
    if expected is not None and size != int(expected):
        return None, f"{size} of {expected} bytes came"
    if not last and not _is_whole(path):
        return None, "the archive is cut or damaged"
    modified = answer.headers.get("last-modified")
    made_at = parsedate_to_datetime(modified) if modified else None
    content_type = answer.headers.get("content-type")
    return Report(path, size, digest.hexdigest(), content_type, made_at, _request_id(answer)), ""


def _is_whole(path: Path) -> bool:
    """Whether an archive's members have their checksums; what is no archive is left to the reader."""
    with path.open("rb") as file:
        if file.read(4) != b"PK\x03\x04":
            return True
    try:
        with zipfile.ZipFile(path) as archive:
            plain = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
            if any(each.compress_type not in plain for each in archive.infolist()):
                return True  # zipfile unpacks others without a bound; the reader refuses them
            return archive.testzip() is None
    except OSError as error:
        if error.errno is not None:
            raise  # of this machine; bzip2 says nothing but OSError of its own damage
        return False
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, NotImplementedError, RuntimeError):
        return False


def _request_id(answer: httpx.Response) -> str | None:
    return answer.headers.get("x-amzn-RequestId") or answer.headers.get("x-amz-request-id")


def _s3_message(xml: str) -> str:
    found = re.search(r"<Message>(.*?)</Message>", xml)
    return found[1] if found else xml
