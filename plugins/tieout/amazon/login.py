"""Login with Amazon: access tokens for the Selling Partner API."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from dataclasses import dataclass

import httpx

from tieout.amazon.clock import Clock
from tieout.amazon.endpoints import LOGIN_ENDPOINT
from tieout.amazon.errors import AmazonUnavailable, LoginRefused

RENEW_BEFORE = dt.timedelta(seconds=120)
"""A token this close to its end is not used for another call."""


PATH = "/auth/o2/token"

Note = Callable[[dt.datetime, float, httpx.Response | None, str | None], None]
"""Takes one call to the log: when (Amazon's time, UTC), `time.monotonic()` then, the answer, the error in its place."""


@dataclass(frozen=True)
class Credentials:
    """An application's credentials and one seller's consent. Never printed."""

    client_id: str
    client_secret: str
    refresh_token: str

    def __repr__(self) -> str:
        return f"Credentials(client_id={self.client_id!r})"


class Login:
    """Access tokens of one seller, renewed before they die.

    :param http: the client to call with.
    :param clock: the clock that tokens age on.
    :param endpoint: Login with Amazon's base URL.
    """

    def __init__(
        self, credentials: Credentials, *, http: httpx.Client, clock: Clock, endpoint: str = LOGIN_ENDPOINT
    ) -> None:
        self._credentials = credentials
        self._http = http
        self._clock = clock
        self._endpoint = endpoint.rstrip("/")
        self._token: str | None = None
        self._dies_at = dt.datetime.min.replace(tzinfo=dt.UTC)
        self.note: Note | None = None
        """Whoever uses the tokens notes the calls for them in its own log."""

    def token(self) -> str:
        """Return an access token that is good for some minutes.

        :raises LoginRefused: if Amazon refuses the credentials; a retry does not help.
        :raises AmazonUnavailable: if Amazon gives no usable answer.
        """
        if self._token is None or self._clock.now() >= self._dies_at - RENEW_BEFORE:
            self._renew()
        assert self._token is not None
        return self._token

    def forget(self) -> None:
        """Drop the token: Amazon no longer takes it."""
        self._token = None

    def _renew(self) -> None:
        asked_at, started = self._clock.now(), time.monotonic()

        def note(answer: httpx.Response | None, error: str | None) -> None:
            if self.note:
                self.note(asked_at, started, answer, error)

        body = _token(self._http, self._endpoint, note, **self._grant())
        self._token = str(body["access_token"])
        self._dies_at = asked_at + dt.timedelta(seconds=int(body.get("expires_in", 3600)))

    def _grant(self) -> dict[str, str]:
        """What a token is asked for with."""
        return {
            "grant_type": "refresh_token",
            "refresh_token": self._credentials.refresh_token,
            "client_id": self._credentials.client_id,
            "client_secret": self._credentials.client_secret,
        }


def exchange_code(
    http: httpx.Client, endpoint: str, *, client_id: str, client_secret: str, code: str, redirect_uri: str
) -> str:
    """Turn the code of a seller's consent into a refresh token. The code dies after five minutes and works once.

    :param redirect_uri: the one that consent was asked for with, to the letter.
    :raises LoginRefused: if Amazon refuses the code or the application.
    :raises AmazonUnavailable: if Amazon gives no usable answer.
    """
    body = _token(
        http,
        endpoint,
        grant_type="authorization_code",
        code=code,
        redirect_uri=redirect_uri,
        client_id=client_id,
        client_secret=client_secret,
    )
    if not body.get("refresh_token"):
        raise AmazonUnavailable("Login with Amazon answered without a refresh token")
    return str(body["refresh_token"])


def grantless_token(http: httpx.Client, endpoint: str, *, client_id: str, client_secret: str, scope: str) -> str:
    """Return an access token of the application itself, for operations that no seller has to consent to.

    :raises LoginRefused: if Amazon refuses the application or the scope.
    :raises AmazonUnavailable: if Amazon gives no usable answer.
    """
    body = _token(
        http,
        endpoint,
        grant_type="client_credentials",
        scope=scope,
        client_id=client_id,
        client_secret=client_secret,
    )
    return str(body["access_token"])


def _token(
    http: httpx.Client,
    endpoint: str,
    note: Callable[[httpx.Response | None, str | None], None] = lambda answer, error: None,
    **form: str,
) -> dict:
    try:
        answer = http.post(f"{endpoint}{PATH}", data=form)
    except httpx.TransportError as error:
        note(None, type(error).__name__)
        raise AmazonUnavailable(f"Login with Amazon did not answer: {error}") from error
    note(answer, None)
    body = _json_object(answer)
    if answer.status_code in (400, 401, 403) and "error" in body:
        raise LoginRefused(str(body["error"]), str(body.get("error_description", "")))
    if answer.status_code != 200 or "access_token" not in body:
        raise AmazonUnavailable(f"Login with Amazon answered {answer.status_code} without a token")
    return body


def _json_object(answer: httpx.Response) -> dict:
    try:
        body = answer.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
