"""An application's own secret: how long it lives, and how it is changed.

A client secret dies 180 days after it was made. The Application Management API (2023-11-30) makes a new one and sends it
to an SQS queue that the developer registered in the Developer Portal; the old one goes on for seven days, and sellers'
refresh tokens stay good. Sources: Amazon's application-management-api-model, and the guide beside
use-cases/auth-lifecycle-management of github.com/amzn/selling-partner-api-samples.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Protocol

import httpx

from tieout.amazon.connection import SellerConnection
from tieout.amazon.errors import AccessDenied, AmazonUnavailable, LoginRefused
from tieout.amazon.login import Login, grantless_token
from tieout.amazon.selling_partner import USER_AGENT

SECRET_LIFE = dt.timedelta(days=180)
WARN_BEFORE = dt.timedelta(days=30)
ROTATION_SCOPE = "sellingpartnerapi::client_credential:rotation"
ROTATION_PATH = "/applications/2023-11-30/clientSecret"
NEW_SECRET = "APPLICATION_OAUTH_CLIENT_NEW_SECRET"


log = logging.getLogger(__name__)


@dataclass(frozen=True)
class SecretAge:
    """How old a client secret is.

    :ivar expires_on: the day (UTC) on which it dies; None if nobody wrote down when it was made.
    :ivar days_left: whole days until then; negative once it is dead.
    """

    state: str
    """`good`, `expires` (within 30 days), `expired`, or `unknown`."""
    expires_on: dt.date | None
    days_left: int | None


def secret_age(made_on: dt.date | None, today: dt.date) -> SecretAge:
    """Return how a client secret stands that was made on a day.

    :param made_on: the day on which it was made or last rotated, UTC; None if unknown.
    :param today: the day it is at Amazon, UTC.
    """
    if made_on is None or made_on > today:  # a day in the future says nothing
        return SecretAge("unknown", None, None)
    expires_on = made_on + SECRET_LIFE
    left = (expires_on - today).days
    state = "expired" if left <= 0 else "expires" if left <= WARN_BEFORE.days else "good"
    return SecretAge(state, expires_on, left)


def rotate_client_secret(
    http: httpx.Client, *, login_endpoint: str, endpoint: str, client_id: str, client_secret: str
) -> None:
    """Ask Amazon for a new client secret. It is not in the answer: Amazon sends it to the application's queue.

    One call a minute is allowed. Once it is accepted, the old secret has seven days left.

    :param endpoint: the Selling Partner API's base URL, of any region that the application serves.
    :raises LoginRefused: if Amazon refuses the application.
    :raises AccessDenied: if Amazon refuses the rotation, with what to do.
    :raises AmazonUnavailable: if there is no usable answer; it may have been accepted all the same: look at the queue.
    """
    token = grantless_token(
        http, login_endpoint, client_id=client_id, client_secret=client_secret, scope=ROTATION_SCOPE
    )
    headers = {"x-amz-access-token": token, "user-agent": USER_AGENT}
    try:
        answer = http.post(endpoint + ROTATION_PATH, headers=headers)
    except httpx.TransportError as error:
        raise AmazonUnavailable(
            f"the rotation was not answered ({type(error).__name__}); look whether a new secret came to the queue"
        ) from error
    if answer.status_code == 204:
        return
    if answer.status_code == 429:
        raise AmazonUnavailable("QuotaExceeded: Amazon allows one rotation a minute. Wait, and ask again.")
    if answer.status_code < 500:
        raise AccessDenied(
            f"Amazon refused the rotation with {answer.status_code}: {answer.text[:300]}. Register an SQS queue for "
            "the application in the Developer Portal, and see that the application may rotate its credentials."
        )
    raise AmazonUnavailable(f"Amazon answered the rotation with {answer.status_code}; ask again later")


@dataclass(frozen=True)
class NewSecret:
    """A new client secret, as Amazon's notification brings it. Never printed."""

    client_id: str
    client_secret: str
    expires_at: dt.datetime
    old_expires_at: dt.datetime | None
    receipt: str
    """How the queue knows the message."""

    def __repr__(self) -> str:
        return f"NewSecret(client_id={self.client_id!r}, expires_at={self.expires_at.isoformat()})"

    @property
    def made_on(self) -> dt.date:
        """The day on which it was made, UTC."""
        return (self.expires_at.astimezone(dt.UTC) - SECRET_LIFE).date()

    @classmethod
    def parse(cls, body: str, receipt: str = "") -> NewSecret | None:
        """Read a notification; None if it is another one.

        :raises ValueError: if it is one of a new secret and lacks a field; the message holds no secret.
        """
        try:
            message = _lower(json.loads(body))
        except ValueError:
            return None
        if message.get("notificationType") != NEW_SECRET:
            return None
        content = _lower(_lower(message.get("payload")).get("applicationOAuthClientNewSecret"))
        try:
            old = content.get("oldClientSecretExpiryTime")
            found = cls(
                client_id=_text(content, "clientId"),
                client_secret=_text(content, "newClientSecret"),
                expires_at=_instant(content["newClientSecretExpiryTime"]),
                old_expires_at=_instant(old) if old else None,
                receipt=receipt,
            )
            found.made_on  # noqa: B018 - a day that the calendar does not have is garbled, too
            return found
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise ValueError(f"a notification {NEW_SECRET} lacks or garbles {error.args[0]!r}") from None


def gives_token(connection: SellerConnection, client_secret: str, http: httpx.Client) -> bool:
    """Return whether Login with Amazon gives a token for a client secret of a connection's application.

    It is asked with the seller's consent, if there is one. A consent that was withdrawn says nothing about the secret: then, and
    without one, a token of the application itself is asked for.

    :raises AmazonUnavailable: if there is no usable answer.
    """
    if connection.refresh_token:
        credentials = replace(connection, client_secret=client_secret).credentials()
        try:
            Login(credentials, http=http, clock=connection.clock, endpoint=connection.login_endpoint).token()
            return True
        except LoginRefused as refused:
            if refused.error == "invalid_client":
                return False
    try:
        grantless_token(
            http,
            connection.login_endpoint,
            client_id=connection.client_id or "",
            client_secret=client_secret,
            scope=ROTATION_SCOPE,
        )
    except LoginRefused:
        return False
    return True


class Queue(Protocol):
    """What is used of boto3's SQS client."""

    def receive_message(self, **kwargs: Any) -> dict[str, Any]:
        """Amazon's ReceiveMessage."""

    def delete_message(self, **kwargs: Any) -> Any:
        """Amazon's DeleteMessage."""

    def get_queue_attributes(self, **kwargs: Any) -> dict[str, Any]:
        """Amazon's GetQueueAttributes."""


def new_secrets(queue: Queue, queue_url: str, *, wait: dt.timedelta = dt.timedelta(seconds=10)) -> Iterator[NewSecret]:
    """Take the new secrets that wait in the queue; other notifications stay there.

    A message is not deleted here: store the secret, then call `forget`. What is not forgotten comes again.

    :param wait: how long to wait for the first one; at most 20 seconds.
    """
    seconds, seen = min(int(wait.total_seconds()), 20), set()
    while True:
        answer = queue.receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10, WaitTimeSeconds=seconds)
        messages = [each for each in answer.get("Messages") or [] if each["MessageId"] not in seen]
        if not messages:  # none left, or only such as a short visibility timeout shows again
            return
        for message in messages:
            seen.add(message["MessageId"])
            try:
                found = NewSecret.parse(message["Body"], message["ReceiptHandle"])
            except ValueError as error:
                log.error("%s; it stays in the queue", error)
                continue
            if found:
                yield found
        seconds = 0


def forget(queue: Queue, queue_url: str, secret: NewSecret) -> None:
    """Delete the message of a secret that is stored, or older than one that is stored and works."""
    queue.delete_message(QueueUrl=queue_url, ReceiptHandle=secret.receipt)


def _lower(content: Any) -> dict[str, Any]:
    """Amazon's older notifications begin their keys with a capital, the newer ones do not."""
    return {key[:1].lower() + key[1:]: value for key, value in content.items()} if isinstance(content, dict) else {}


def _text(content: dict[str, Any], name: str) -> str:
    found = content[name]
    if not isinstance(found, str) or not found:
        raise TypeError(name)
    return found


def _instant(text: str) -> dt.datetime:
    found = dt.datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=dt.UTC)
