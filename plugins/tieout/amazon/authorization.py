"""The website authorization workflow: a seller's consent, from the link to the code that comes back.

Amazon's "Website authorization workflow" (developer-docs.amazon.com/sp-api/docs/website-authorization-workflow): the
seller is sent to Seller Central, confirms, and comes back with a code that is exchanged within five minutes for a
refresh token. `state` goes along, so that an answer is known to belong to a question that this user asked.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from tieout.amazon.errors import LoginRefused

STATE_LIFE = dt.timedelta(minutes=30)
"""How long a seller may take in Seller Central, with signing in and a second factor."""


CONSENT_WARN_BEFORE = dt.timedelta(days=30)
CONSENT_LAST_DAYS = dt.timedelta(days=7)


@dataclass(frozen=True)
class ConsentAge:
    """How long a seller's consent is still good. It ends a year after it was given.

    :ivar state: `good`, `expires` (within 30 days), `last_days` (within 7 days), `expired`, or `unknown`.
    :ivar ends_at: when it ends, UTC; None if it is not known when it was given.
    :ivar days_left: whole days until the day on which it ends; negative once that is past.
    """

    state: str
    ends_at: dt.datetime | None
    days_left: int | None


def consent_age(authorized_at: dt.datetime | None, now: dt.datetime) -> ConsentAge:
    """Return how long a consent is still good.

    :param authorized_at: when it was given; None if unknown. A time in the future says nothing.
    :param now: Amazon's time.
    """
    if authorized_at is None or authorized_at > now:
        return ConsentAge("unknown", None, None)
    given_at = authorized_at.astimezone(dt.UTC)
    try:
        ends_at = given_at.replace(year=given_at.year + 1)
    except ValueError:  # 29 February
        ends_at = given_at.replace(year=given_at.year + 1, day=28)
    left = (ends_at.date() - now.astimezone(dt.UTC).date()).days
    if now >= ends_at:
        state = "expired"
    elif left <= CONSENT_LAST_DAYS.days:
        state = "last_days"
    else:
        state = "expires" if left <= CONSENT_WARN_BEFORE.days else "good"
    return ConsentAge(state, ends_at, left)


def consent_url(seller_central: str, *, application_id: str, state: str, redirect_uri: str, draft: bool) -> str:
    """Return the link to the consent page.

    :param seller_central: base URL of the marketplace's Seller Central.
    :param redirect_uri: where Amazon sends the seller back to; registered in the developer console to the letter.
    :param draft: whether the application is not published: Amazon answers MD1000 unless it is asked for as beta.
    """
    query = {"application_id": application_id, "state": state, "redirect_uri": redirect_uri}
    if draft:
        query["version"] = "beta"
    return f"{seller_central.rstrip('/')}/apps/authorize/consent?{urlencode(query)}"


class SealBroken(Exception):
    """A sealed text that was not sealed here, not for this purpose, or not lately.

    :ivar expired: whether nothing is wrong with it but its age.
    """

    def __init__(self, message: str, *, expired: bool = False) -> None:
        super().__init__(message)
        self.expired = expired


@dataclass(frozen=True)
class Seal:
    """Signs what goes through a browser and comes back: HMAC-SHA256, compared in constant time.

    :param key: the deployment's secret.
    """

    key: bytes

    def __repr__(self) -> str:
        return "Seal()"

    def close(self, purpose: str, content: dict[str, Any], until: dt.datetime) -> str:
        """Return the content as text that `open` knows again until then; it is signed, not hidden."""
        body = json.dumps([purpose, int(until.timestamp()), content], separators=(",", ":")).encode()
        return f"{_text(body)}.{_text(self._signature(body))}"

    def open(self, purpose: str, text: str, now: dt.datetime) -> dict[str, Any]:
        """Return the content.

        :raises SealBroken: unless it was sealed here for this purpose and is in time.
        """
        try:
            body, signature = (_bytes(part) for part in text.split("."))
        except ValueError:
            raise SealBroken("it is not of the form that is sent out") from None
        if not hmac.compare_digest(self._signature(body), signature):
            raise SealBroken("it was not signed here, or was changed on the way")
        sealed_for, until, content = json.loads(body)
        if sealed_for != purpose:
            raise SealBroken(f"it was made for {sealed_for}, not for {purpose}")
        if now.timestamp() >= until:
            raise SealBroken("it has expired", expired=True)
        return content

    def _signature(self, body: bytes) -> bytes:
        return hmac.new(self.key, body, hashlib.sha256).digest()


def fingerprint(nonce: str) -> str:
    """Return what is kept of a nonce, so that who reads it cannot make the `state` of it."""
    return hashlib.sha256(nonce.encode()).hexdigest()


def same(one: str | None, other: str | None) -> bool:
    """Whether two texts are there and equal, in constant time."""
    return bool(one) and bool(other) and hmac.compare_digest(str(one).encode(), str(other).encode())


def _text(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass(frozen=True)
class Trouble:
    """What went wrong, in words: what it is, and what to do."""

    title: str
    advice: str


TROUBLES = {
    # Amazon shows these two on its own page and does not send the seller back; the person looks them up.
    "MD1000": Trouble(
        "MD1000: Amazon does not show a draft application",
        "The application is not published in the Appstore. Tick “draft application” in the connection, so that "
        "consent is asked for with version=beta, or publish the application.",
    ),
    "MD5101": Trouble(
        "MD5101: the redirect address is not registered",
        "Open the application in the developer console, Edit App, OAuth Redirect URIs, and enter the redirect address "
        "of this page to the letter: scheme, host, port, path, no slash more or less.",
    ),
    "access_denied": Trouble(
        "The seller did not consent",
        "Nothing was changed. Begin again when the seller agrees; the primary user of the selling account has to "
        "confirm, other users lack the right.",
    ),
    "state_missing": Trouble(
        "The answer does not say which question it belongs to",
        "It came without a state and was not used. Begin on the page Seller accounts; a link that was kept or sent on "
        "does not work.",
    ),
    "state_wrong": Trouble(
        "The answer does not belong to a question that you asked here",
        "Its state was not made by this Airflow for you, and the code was not used. Begin again on the page Seller "
        "accounts, and finish in the same browser as the same Airflow user.",
    ),
    "state_expired": Trouble(
        "The consent took too long",
        "The link was good for 30 minutes. Nothing was changed; begin again.",
    ),
    "state_used": Trouble(
        "This answer was used before",
        "An answer of Amazon's works once, and a newer attempt replaces an older one. If the account is not connected, "
        "begin again.",
    ),
    "code_missing": Trouble(
        "Amazon sent no code",
        "Nothing was changed. Begin again; if it happens again, look up the application in the developer console.",
    ),
    "code_refused": Trouble(
        "Amazon did not take the code",
        "A code works once, within five minutes, and only with the redirect address that it was asked for with. Begin "
        "again; if it happens again, compare the redirect address with the one in the developer console.",
    ),
    "client_refused": Trouble(
        "Amazon does not know the application by this client id and secret",
        "Copy both again from the developer console (View LWA credentials) into the connection. A secret dies 180 days "
        "after it was made.",
    ),
    "unavailable": Trouble(
        "Login with Amazon did not answer",
        "The code may be spent by now. Begin again in some minutes.",
    ),
    "another_seller": Trouble(
        "Another seller consented",
        "The account belongs to another selling partner id, and nothing was changed. Sign out of Seller Central, sign in "
        "as the right seller and begin again. If the account is to change hands, remove the selling partner id from "
        "the connection first.",
    ),
    "seller_differs": Trouble(
        "The answer names another seller than the API does",
        "The consent is not of the seller that the address names, and was not stored. Begin again on the page Seller "
        "accounts, and leave the address as it is.",
    ),
    "taken_seller": Trouble(
        "This seller is connected under another name",
        "Another account of the accounts file has the same selling partner id in the same region; its settlements would "
        "be counted twice. Nothing was changed.",
    ),
}
"""By the code that is shown with it."""


def login_trouble(refused: LoginRefused) -> str:
    """Return the trouble's code for a refused exchange."""
    return "client_refused" if refused.error in ("invalid_client", "unauthorized_client") else "code_refused"
