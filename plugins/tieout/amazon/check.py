"""Whether a connection works: one login and one call, and what to do if not."""

from __future__ import annotations

import httpx

from tieout.amazon.applications import secret_age
from tieout.amazon.authorization import consent_age
from tieout.amazon.connection import Environment, SellerConnection
from tieout.amazon.errors import AmazonError
from tieout.amazon.login import Login
from tieout.amazon.selling_partner import PARTICIPATIONS, REPORTS, USER_AGENT
from tieout.documents import Region

SETTLEMENT_REPORT = "GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE_V2"
SANDBOX_WARNING = (
    "This is the sandbox: it answers with samples and has no financial reports, so nothing can be tied out with it. "
    "Use production for real work."
)


def check_connection(
    connection: SellerConnection, http: httpx.Client, region: Region | None = None
) -> tuple[bool, str]:
    """Log in and list once (one getReports, ten reports); return whether it works, and a sentence for a person.

    The static sandbox answers only what its sample asks for, parameter by parameter. It is asked where the seller sells
    (getMarketplaceParticipations), whose sample has no parameters.

    A 429 is no fault of the credentials: Amazon knew the caller, and its rate is spent for the moment.

    :param region: the account's region, if it is known; by default the connection's own.
    """
    try:
        endpoint = connection.endpoint(region)
        login = Login(connection.credentials(), http=http, clock=connection.clock, endpoint=connection.login_endpoint)
        token = login.token()
    except (ValueError, AmazonError) as error:
        return False, _sentence(str(error).replace(f"{connection.name!r} ", "", 1))
    is_sandbox = connection.environment is Environment.SANDBOX
    path, params = f"{REPORTS}/reports", {"reportTypes": SETTLEMENT_REPORT, "pageSize": "10"}
    if is_sandbox:
        path, params = PARTICIPATIONS, {}
    try:
        answer = http.get(
            f"{endpoint}{path}",
            params=params,
            headers={"x-amz-access-token": token, "user-agent": USER_AGENT},
        )
    except httpx.TransportError as error:
        return False, (
            f"Login with Amazon works, but {endpoint} did not answer ({type(error).__name__}). Check the network, and "
            "that the region is right."
        )
    if answer.status_code == 429:
        found = "the listing's rate is spent for the moment (QuotaExceeded), which is no fault of the credentials"
    elif answer.status_code == 200:
        try:
            count = len(answer.json()["payload" if is_sandbox else "reports"])
        except (ValueError, KeyError, TypeError):
            return False, f"{endpoint} did not answer as Amazon does. Check the endpoint."
        many = "10 or more settlement reports" if count >= 10 else f"{count} settlement report{'s' * (count != 1)}"
        found = "it answers" if is_sandbox else f"Amazon lists {many}"
    else:
        return False, _refused(answer)
    parts = [f"Works: Login with Amazon gives tokens, and {found}."]
    if is_sandbox:
        parts.append(SANDBOX_WARNING)
    consent = consent_age(connection.authorized_at, connection.clock.now())
    if consent.ends_at and consent.state in ("expires", "last_days"):
        parts.append(
            f"The seller's consent ends on {consent.ends_at.date()}: let the seller authorize the application again."
        )
    age = secret_age(connection.rotated_on, connection.clock.now().date())
    if age.state == "unknown":
        parts.append("Write down when the client secret was made, so that you are told before it dies after 180 days.")
    elif age.state == "expires":
        parts.append(f"The client secret dies on {age.expires_on}, in {age.days_left} days: rotate it.")
    elif age.state == "expired":
        parts.append(f"By the date in the connection the client secret died on {age.expires_on}: correct it or rotate.")
    return True, " ".join(parts)


def _refused(answer: httpx.Response) -> str:
    try:
        error = answer.json()["errors"][0]
        said = " ".join(filter(None, (error["code"], error["message"], error.get("details"))))
    except (ValueError, KeyError, TypeError, IndexError):
        said = answer.text[:200]
    if "secret token you provided has expired" in said:
        advice = "The client secret is older than 180 days: rotate it, and store the new one in the connection."
    elif answer.status_code in (401, 403):
        advice = (
            "Login with Amazon works, the API says no. Check that the region is the seller's, that the application has "
            "the role Finance and Accounting, and that the seller's consent stands (it ends after a year)."
        )
    elif answer.status_code >= 500:
        advice = "Amazon has trouble of its own; test again in some minutes."
    else:
        advice = "Compare the connection with the application's page in the developer console."
    return _sentence(f"Amazon answered {answer.status_code} {said}. {advice}")


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
