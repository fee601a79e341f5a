"""The Reporting API of the developer console, and the bucket that its URLs lead to.

Both are on the port of Login with Amazon: in Amazon's world they are `developer.amazon.com` and
`appstore-adx-reporting.s3.amazonaws.com`. Texts of errors are those of Amazon's page and of people who measured the API. For a
month without data these contradict each other, so that each is served: see `Trouble.absent_as`.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import re
import uuid
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response

from simulator.answers import Cut
from simulator.appstore.files import KINDS, Reports
from simulator.appstore.truth import truth
from simulator.appstore.world import AppstoreWorld, refreshed
from simulator.clock import VirtualClock
from simulator.downloads import s3_error

ACCOUNT = "truckworks"
DEVELOPER = "85923"
"""The developer's number, as it stands in the paths of the bucket."""
SCOPE = "adx_reporting::appstore:marketer"
APPS_SCOPE = "appstore::apps:readwrite"
TOKEN_LIFE = dt.timedelta(hours=1)
URL_LIFE = dt.timedelta(seconds=299)
"""As Amazon's example has it in X-Amz-Expires: five minutes less a second."""
EARLIEST = dt.date(2018, 1, 1)
REQUESTS_A_SECOND = 3
NOT_AUTHORIZED = "Request is not authorized."
_NO_SUCH_URI = "Unable to fetch the request scope for uri = {uri} and verb = {verb}"
NOT_AVAILABLE = (
    "Report Not Available: You are trying to copy a file, but the file with the specified name does not exist in the S3 folder:"
    " fatal error: An error occurred (403) when calling the HeadObject operation: Forbidden"
)
NOT_FOUND = "Report not found"
NO_USER = "User not authorized"
ABSENT_AS = (400, 403, 404)
"""How a month without data is answered: `NOT_FOUND`, `NOT_AVAILABLE`, or 404 with no reason."""
BUCKET = "appstore-adx-reporting"
_STAMP = "%Y%m%dT%H%M%SZ"
_REPORT = re.compile(r"/api/appstore/download/report/([a-z]+)/([0-9]{4})(?:/(0[1-9]|1[0-2]))?")


@dataclass
class Trouble:
    """What goes wrong because somebody asked for it."""

    attached: bool = True
    """Whether the security profile is attached to the Reporting API."""
    forbidden: set[tuple[str, str]] = field(default_factory=set)
    """Reports that are out of scope: kind and month like `2025-01`, or `*` for all months."""
    absent: set[tuple[str, str]] = field(default_factory=set)
    """Reports that are not in the bucket: kind and month, `*` for all months, or a year, which only earnings have."""
    absent_as: int | None = None
    """The status for a month without data, of `ABSENT_AS`; None: by seed and kind, so that a run meets each."""
    unknown: set[str] = field(default_factory=set)
    """Paths that do not exist, like `subscription/month` or `earnings/year`."""
    unknown_as: int = 400
    """The status for a path that does not exist. The page names none."""
    gone: set[tuple[str, str]] = field(default_factory=set)
    """Reports whose URL is minted and whose file is not in the bucket: S3 says no more than that."""
    server_away: bool = False
    bucket_away: bool = False
    unavailable: set[tuple[str, str]] = field(default_factory=set)
    """Reports whose server is overloaded: 503."""
    cut: int = 0
    """So many downloads are cut in the middle."""
    damaged: set[tuple[str, str]] = field(default_factory=set)
    """Reports whose archive has a wrong byte."""
    texts: dict[tuple[str, str], bytes] = field(default_factory=dict)
    """CSV that stands in a report's place."""

    def has(self, of: set[tuple[str, str]], kind: str, month: str) -> bool:
        return (kind, month) in of or (kind, "*") in of


class Appstore:
    """The Reporting API for one developer.

    :param base_url: how clients reach it; URLs of reports begin so.
    """

    def __init__(self, seed: int, clock: VirtualClock) -> None:
        self._clock = clock
        self._seed = seed
        self._key = hashlib.sha256(f"{seed}/appstore".encode()).digest()
        self.client_id = "amzn1.application-oa2-client." + hashlib.sha256(f"{seed}/profile".encode()).hexdigest()[:32]
        self.client_secret = "amzn1.oa2-cs.v1." + hashlib.sha256(f"{seed}/profile/secret".encode()).hexdigest()
        self.trouble = Trouble()
        self.reports = Reports(AppstoreWorld(seed))
        self._bucket = (float(REQUESTS_A_SECOND), clock.now())
        self._dead_before: dt.datetime | None = None
        self.requests = 0

    def revoke_tokens(self) -> None:
        """Have every token that was given until now refused."""
        self._dead_before = self._clock.now()

    def truth(self) -> dict[str, Any]:
        """See `simulator.appstore.truth`."""
        return truth(ACCOUNT, self.reports, self._clock.facts_at())

    # Login with Amazon

    def knows(self, client_id: str) -> bool:
        """Whether a client id is the security profile's."""
        return client_id == self.client_id

    def token_answer(self, form: dict[str, str]) -> tuple[int, dict[str, str | int]]:
        """Answer a request of the security profile for a token."""
        if not hmac.compare_digest(form.get("client_secret", ""), self.client_secret):
            return _login_error(401, "invalid_client", "Client authentication failed")
        if form.get("grant_type") != "client_credentials":
            description = "The authorization grant type is not supported by the authorization server"
            return _login_error(400, "unsupported_grant_type", description)
        if form.get("scope") not in (SCOPE, APPS_SCOPE) or not self.trouble.attached:
            return _login_error(400, "invalid_scope", "The request has an invalid parameter : scope")
        token = f"{form['scope']} {self._clock.now().isoformat()} {uuid.uuid4().hex}"
        return 200, {
            "access_token": f"Atc|{token.encode().hex()}.{self._sign(token)}",
            "scope": form["scope"],
            "token_type": "bearer",
            "expires_in": int(TOKEN_LIFE.total_seconds()),
        }

    def _may_report(self, header: str) -> bool:
        body, _, signature = header.removeprefix("Bearer Atc|").partition(".")
        try:
            token = bytes.fromhex(body).decode()
            scope, issued, _ = token.split(" ")
        except ValueError:
            return False
        if not hmac.compare_digest(self._sign(token), signature) or scope != SCOPE or not self.trouble.attached:
            return False
        issued_at = dt.datetime.fromisoformat(issued)
        dead = self._dead_before is not None and issued_at <= self._dead_before
        return not dead and self._clock.now() < issued_at + TOKEN_LIFE

    # developer.amazon.com

    def report(self, request: Request, base_url: str) -> Response:
        """Answer a request for a report's URL."""
        self.requests += 1
        if self.trouble.server_away:
            return PlainTextResponse("Not Found", status_code=404)
        if not self._take():
            return JSONResponse({"Message": "Too many requests"}, status_code=429)
        header = request.headers.get("authorization", "")
        if not header.startswith("Bearer "):
            return JSONResponse({"Message": NO_USER}, status_code=403)
        asked = _REPORT.fullmatch(request.url.path)
        if asked is None or request.method != "GET" or not self._is_route(asked[1], asked[3]):
            message = _NO_SUCH_URI.format(uri=request.url.path, verb=request.method)
            return JSONResponse({"Message": message}, status_code=self.trouble.unknown_as)
        kind, period = asked[1], "-".join(part for part in asked.groups()[1:] if part)
        if not self._may_report(header) or self.trouble.has(self.trouble.forbidden, kind, period):
            return JSONResponse({"Message": NOT_AUTHORIZED}, status_code=403)
        if self.trouble.has(self.trouble.unavailable, kind, period):
            return PlainTextResponse("Service Unavailable", status_code=503)
        if not self.trouble.has(self.trouble.gone, kind, period) and self._body(kind, period) is None:
            return self._absent(kind)
        return PlainTextResponse(self._url(kind, period, base_url))

    def _is_route(self, kind: str, month: str | None) -> bool:
        known = kind in KINDS and (month is not None or kind == "earnings")
        return known and f"{kind}/{'month' if month else 'year'}" not in self.trouble.unknown

    def _absent(self, kind: str) -> Response:
        status = self.trouble.absent_as or ABSENT_AS[(self._seed + KINDS.index(kind)) % len(ABSENT_AS)]
        if status == 400:
            return JSONResponse({"Message": NOT_FOUND}, status_code=status)
        return PlainTextResponse(NOT_AVAILABLE if status == 403 else "Not Found", status_code=status)

    def _take(self) -> bool:
        tokens, since = self._bucket
        now = self._clock.now()
        tokens = min(float(REQUESTS_A_SECOND), tokens + (now - since).total_seconds() * REQUESTS_A_SECOND)
        self._bucket = (tokens - 1 if tokens >= 1 else tokens, now)
        return tokens >= 1

    def _body(self, kind: str, period: str) -> bytes | None:
        first = dt.date.fromisoformat(f"{period}-01" if "-" in period else f"{period}-01-01")
        if first < EARLIEST or self.trouble.has(self.trouble.absent, kind, period):
            return None
        replaced = self.trouble.texts.get((kind, period))
        now = self._clock.facts_at()
        made = self.reports.file(kind, first, now) if "-" in period else self.reports.year(first.year, now)
        body = _zip(kind, period, replaced) if replaced else made
        if body and self.trouble.has(self.trouble.damaged, kind, period):
            body = body[:60] + bytes([body[60] ^ 0xFF]) + body[61:]
        return body

    def _url(self, kind: str, period: str, base_url: str) -> str:
        now = self._clock.now()
        path = f"/{BUCKET}/{DEVELOPER}/{kind}/{kind}_{period.replace('-', '_')}.zip"
        query = {
            "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
            "X-Amz-Date": now.strftime(_STAMP),
            "X-Amz-SignedHeaders": "host",
            "X-Amz-Expires": str(int(URL_LIFE.total_seconds())),
            "X-Amz-Credential": f"AKIASIMULATED/{now:%Y%m%d}/us-east-1/s3/aws4_request",
        }
        query["X-Amz-Signature"] = self._sign(f"{path}?{urlencode(sorted(query.items()))}")
        return f"{base_url}{path}?{urlencode(query)}"

    # appstore-adx-reporting.s3.amazonaws.com

    def download(self, path: str, query: dict[str, str]) -> Response:
        """Answer a request for a URL."""
        if self.trouble.bucket_away:
            return PlainTextResponse("Not Found", status_code=404)
        signature = query.pop("X-Amz-Signature", "")
        if not hmac.compare_digest(self._sign(f"{path}?{urlencode(sorted(query.items()))}"), signature):
            return s3_error("SignatureDoesNotMatch", "The request signature we calculated does not match.")
        signed_at = dt.datetime.strptime(query["X-Amz-Date"], _STAMP).replace(tzinfo=dt.UTC)
        now = self._clock.now()
        if now > signed_at + URL_LIFE:
            return s3_error("AccessDenied", "Request has expired")
        kind, _, period = path.rsplit("/", 1)[1].removesuffix(".zip").partition("_")
        period = period.replace("_", "-")
        body = None if self.trouble.has(self.trouble.gone, kind, period) else self._body(kind, period)
        if body is None:
            # S3 does not say that a file is missing to whoever may not list the bucket
            return s3_error("AccessDenied", "Access Denied")
        headers = {
            "Last-Modified": refreshed(now).strftime("%a, %d %b %Y %H:%M:%S GMT"),
            "x-amz-request-id": uuid.uuid4().hex[:16].upper(),
            "Content-Type": "application/zip",
        }
        if self.trouble.cut:
            self.trouble.cut -= 1
            return Cut(body, "body", {**headers, "Content-Length": str(len(body))})
        return Response(body, headers=headers)

    def _sign(self, text: str) -> str:
        return hmac.new(self._key, text.encode(), hashlib.sha256).hexdigest()


def _zip(kind: str, period: str, text: bytes) -> bytes:
    import io
    import zipfile

    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{kind}_{period.replace('-', '_')}.csv", text)
    return packed.getvalue()


def _login_error(status: int, code: str, description: str) -> tuple[int, dict[str, str | int]]:
    return status, {"error_description": description, "error": code}


def router(appstore: Appstore, base_url: str) -> APIRouter:
    """The Reporting API and its bucket."""
    routes = APIRouter()

    @routes.api_route("/api/appstore/{rest:path}", methods=["GET", "POST", "PUT", "DELETE"])
    async def report(request: Request) -> Response:
        return appstore.report(request, base_url)

    @routes.get(f"/{BUCKET}/{{key:path}}")
    async def download(request: Request) -> Response:
        return appstore.download(request.url.path, dict(request.query_params))

    return routes


def account(seed: int) -> dict[str, Any]:
    """The developer's account and security profile."""
    from simulator.clock import VirtualClock

    profile = Appstore(seed, VirtualClock(dt.datetime(2026, 1, 1, tzinfo=dt.UTC)))
    return {
        "account": ACCOUNT,
        "region": "APPSTORE",
        "client_id": profile.client_id,
        "client_secret": profile.client_secret,
    }
