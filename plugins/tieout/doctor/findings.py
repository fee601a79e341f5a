"""What the doctor found: one finding per check."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from tieout.amazon.errors import (
    AccessDenied,
    AmazonError,
    BudgetExhausted,
    InvalidRequest,
    LoginRefused,
)
from tieout.amazon.roles import advice
from tieout.documents import Region

REPORT_IT = "Report it, with the bundle that this command writes."


class Verdict(StrEnum):
    """How a check ended."""

    OK = "ok"
    MISSING_ROLE = "missing role"
    NO_CONSENT = "no consent"
    UNKNOWN_SHAPE = "unknown shape"
    OPEN = "open to others"
    NOTHING = "nothing to look at"
    UNREACHABLE = "unreachable"
    NOT_CHECKED = "not checked"
    """The rate budget is spent, and the wait would be long."""


@dataclass(frozen=True)
class Finding:
    """One check: what was looked at, how it ended, and what to do.

    :ivar code: the reason code of the reader, if it refused the answer.
    """

    check: str
    verdict: Verdict
    said: str
    remedy: str = ""
    code: str | None = None

    @property
    def needs_action(self) -> bool:
        """Whether a person has to do something."""
        return self.verdict not in (Verdict.OK, Verdict.NOTHING)


@dataclass
class Examination:
    """All findings of one account.

    :ivar answers: the shape of each answer of Amazon, in the order of the calls; every value is redacted.
    :ivar documents: the shape of each document that was looked at, by report type.
    """

    region: Region
    environment: str
    at: dt.datetime
    findings: list[Finding] = field(default_factory=list)
    answers: list[dict[str, Any]] = field(default_factory=list)
    documents: dict[str, Any] = field(default_factory=dict)

    def counts(self) -> dict[str, int]:
        """Return how many checks ended in which way."""
        return dict(Counter(finding.verdict.value for finding in self.findings))

    @property
    def exit_code(self) -> int:
        """0 if all is well or there was nothing to look at, 1 if a person has to do something."""
        return int(any(finding.needs_action for finding in self.findings))


def of_error(check: str, name: str, error: Exception) -> Finding:
    """Return what an error of a call means.

    Args:
        check: The name of the check.
        name: The operation or report type that the role is looked up by.
        error: An AmazonError, or the ValueError of an incomplete connection.
    """
    if isinstance(error, LoginRefused):
        return _of_login(check, error)
    if isinstance(error, AccessDenied):
        if "secret token you provided has expired" in error.said:
            remedy = "Rotate the client secret on the page Seller accounts, or store the new one in the connection."
            return Finding(check, Verdict.UNREACHABLE, f"Amazon says: {error.said}", remedy)
        if "access token you provided" in error.said:
            return Finding(check, Verdict.NO_CONSENT, f"Amazon says: {error.said}", CONSENT)
        if "MissingAuthenticationToken" in error.said:
            return Finding(check, Verdict.UNKNOWN_SHAPE, f"Amazon does not know the operation: {error.said}", REPORT_IT)
        return Finding(check, Verdict.MISSING_ROLE, f"Amazon says: {error.said}", advice(name))
    if isinstance(error, BudgetExhausted):
        said = f"the rate budget, which the DAGs share, is spent until {error.available_at:%Y-%m-%d %H:%M:%S} UTC"
        return Finding(check, Verdict.NOT_CHECKED, said, "Run the doctor again after that.")
    if isinstance(error, InvalidRequest):
        said = f"Amazon refuses the request itself: {error.status} {error.said}"
        return Finding(check, Verdict.UNKNOWN_SHAPE, said, REPORT_IT)
    if isinstance(error, AmazonError):
        remedy = "Try again in some minutes; if it stays, check the network, the proxy and the connection's region."
        return Finding(check, Verdict.UNREACHABLE, str(error), remedy)
    return Finding(check, Verdict.UNREACHABLE, str(error), "Correct the connection under Admin, Connections.")


CONSENT = (
    "Let the seller authorize the application again on the page Seller accounts: a consent ends after a year, or when the seller"
    " withdraws it."
)
ALL_DENIED = (
    f"Every call is denied, so it is not a single role. {CONSENT} If that changes nothing: the connection names another region"
    " than the seller's, or the application has none of the roles."
)


def _of_login(check: str, error: LoginRefused) -> Finding:
    said = f"Login with Amazon answers {error.error}: {error.description}"
    if error.error in ("invalid_grant", "unauthorized_client"):
        return Finding(check, Verdict.NO_CONSENT, said, error.advice)
    verdict = Verdict.MISSING_ROLE if error.error == "invalid_scope" else Verdict.UNREACHABLE
    return Finding(check, verdict, said, error.advice)
