"""What the Appstore's Reporting API has reports of, and what its answers mean.

Where people who measured the API report something else than Amazon's page "Reporting API", both are understood: a month without
data is answered with 400, 403 or 404, and a path that does not exist with 400 or 403.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import httpx

EARLIEST = dt.date(2018, 1, 1)
"""The month of the oldest report that the API has."""
ATTACH = (
    "In the developer console open My Settings > API Access > Reporting API, choose the security profile from the list and"
    " click Attach; it has to stand under Security Profile(s) in use"
)
_NO_REPORT = re.compile(r"report not (available|found)|\bno data\b", re.IGNORECASE)
"""A month without data: 403 "Report Not Available" on the page, 400 "Report not found" by those who measured."""
_NO_SUCH_URI = "unable to fetch the request scope"
"""The path does not exist, whatever the status: the page names none, those who measured saw 400."""


class ReportKind(StrEnum):
    """A report of the API, as its path names it."""

    SALES = "sales"
    SUBSCRIPTION = "subscription"
    EARNINGS = "earnings"


class Answer(StrEnum):
    """What Amazon says instead of giving a report."""

    ABSENT = "absent"
    """There is no such report: Amazon has nothing to tell of the month, or has not made it yet."""
    FORBIDDEN = "forbidden"
    """Amazon does not give it to this security profile. That says nothing about what is in it."""
    DELAYED = "delayed"
    """It cannot be had just now: the server or the bucket is away."""
    NOT_FOUND = "not_found"
    """404 without a reason: there is no such report, or the server is away. See `Appstore.is_there`."""
    NO_ROUTE = "no_route"
    """Amazon does not know the path: it has no reports of this kind at all, or has moved them."""


@dataclass(frozen=True)
class Period:
    """What a report is of: a month, or a year, which only earnings reports are of."""

    first: dt.date
    """Its first day."""
    yearly: bool = False

    def __str__(self) -> str:
        return f"{self.first:%Y}" if self.yearly else f"{self.first:%Y-%m}"

    @property
    def path(self) -> str:
        """Return how a path of the API names it."""
        return f"{self.first:%Y}" if self.yearly else f"{self.first:%Y/%m}"

    @property
    def end(self) -> dt.date:
        """Return the first day after it."""
        return (self.first + dt.timedelta(days=366 if self.yearly else 31)).replace(
            **({"month": 1} if self.yearly else {}), day=1
        )


@dataclass(frozen=True)
class Refusal:
    """A report that did not come."""

    answer: Answer
    message: str
    """What Amazon said, and what to do."""


@dataclass(frozen=True)
class Report:
    """A report's bytes on disk, as they came."""

    path: Path
    size: int
    sha256: str
    content_type: str | None
    made_at: dt.datetime | None
    """When Amazon put it into the bucket, UTC; None if it does not say."""
    request_id: str | None


def url_in(text: str) -> str | None:
    """Return the URL in an answer, which is plain text, a JSON string, or a JSON object with one URL; None without one."""
    said = text.strip()
    try:
        parsed = json.loads(said)
    except ValueError:
        parsed = said
    values = parsed.values() if isinstance(parsed, dict) else [parsed]
    return next((each for each in values if isinstance(each, str) and each.startswith("http")), None)


def refusal_of(kind: ReportKind, period: Period, path: str, answer: httpx.Response) -> Refusal | None:
    """What an answer without a URL means; None if the same request may be answered well a moment later."""
    status, said = answer.status_code, " ".join(answer.text.split())[:300]
    if _NO_SUCH_URI in said.lower():
        return Refusal(Answer.NO_ROUTE, f"Amazon does not know the address {path}: {status} {brief(said)}")
    if status in (400, 403, 404) and _NO_REPORT.search(said):
        return Refusal(Answer.ABSENT, f"Amazon has no {kind} report of {period}: {brief(said)}")
    if status == 404:
        return Refusal(
            Answer.NOT_FOUND, f"Amazon answers 404 to the request for the {kind} report of {period}, without a reason"
        )
    if status == 200 and not said:
        return Refusal(Answer.ABSENT, f"Amazon has no {kind} report of {period}: its answer is empty.")
    if status in (400, 401, 403):
        return Refusal(Answer.FORBIDDEN, _forbidden(kind, period, status, said))
    return None


def _forbidden(kind: ReportKind, period: Period, status: int, said: str) -> str:
    unknown = f"What the {'year' if period.yearly else 'month'} holds is unknown"
    return (
        f"Amazon does not give the {kind} report of {period} to this security profile: {status} {brief(said)} {unknown}. Either"
        f" the profile is not attached to the Reporting API: {ATTACH}. Or the report is out of its scope: then download it in"
        " the console under Reporting > Download Center, and import it"
    )


def brief(said: str) -> str:
    text = re.sub(r'^\{"Message":\s*"(.*)"\}$', r"\1", said.strip())[:200]
    return text if text.endswith(".") else f"{text}."
