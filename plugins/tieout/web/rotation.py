"""Rotates the client secret of an application, and takes the new one from the queue that Amazon sends it to.

What comes by the queue is a claim: whoever may send to it could send anything. A new secret replaces the one that is stored only
if Amazon gives a token for it, and a message is deleted only when nothing in it is needed any longer.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx

from tieout.amazon.applications import NewSecret, forget, gives_token, new_secrets, rotate_client_secret
from tieout.amazon.connection import SellerConnection
from tieout.amazon.errors import AmazonUnavailable
from tieout.documents import Region
from tieout.hooks.secret_queue import NoQueue, queue
from tieout.web import store

__all__ = ["Collected", "NoQueue", "collect", "rotate"]

MOST_TRIALS = 20
"""Secrets that one look at the queue tries at Login with Amazon."""


def rotate(connection: SellerConnection, region: Region) -> None:
    """Ask Amazon for a new secret; `collect` takes it from the queue.

    :raises NoQueue: if it could not be received; then nothing is asked.
    :raises ValueError: if the connection lacks a credential.
    :raises AmazonError: if Amazon refuses, with what to do.
    """
    queue()
    if not connection.client_id or not connection.client_secret:
        raise ValueError(f"connection {connection.name!r} has no client id and secret to rotate")
    with httpx.Client(timeout=30.0) as http:
        rotate_client_secret(
            http,
            login_endpoint=connection.login_endpoint,
            endpoint=connection.endpoint(region),
            client_id=connection.client_id,
            client_secret=connection.client_secret,
        )


@dataclass
class Collected:
    """What became of the new secrets in the queue.

    :ivar stored: each secret that was stored, with the ids of the connections.
    :ivar unknown: client ids that no connection has; their messages stay in the queue.
    :ivar left: why the others stay there, a sentence each.
    """

    stored: list[tuple[NewSecret, list[str]]] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)


def collect(
    wait: dt.timedelta = dt.timedelta(seconds=10), *, may_edit: Callable[[str], bool] = lambda connection_id: True
) -> Collected:
    """Store each new secret that waits in the queue, and works, in the connections of its application.

    A message is deleted once its secret is in all of them, or older than one that is stored there and works. Every other one
    stays in the queue.

    :param may_edit: whether a connection may be changed; by default all.
    :raises NoQueue: if there is no queue to read.
    """
    client, url = queue()
    found = Collected()
    of_client: dict[str, list[NewSecret]] = defaultdict(list)
    for secret in new_secrets(client, url, wait=wait):
        of_client[secret.client_id].append(secret)
    with httpx.Client(timeout=30.0) as http:
        for secrets in of_client.values():
            application = _Application(http, may_edit, found)
            # the one that lives longest is the newest, in whatever order they come
            for secret in sorted(secrets, key=lambda each: each.expires_at, reverse=True):
                if application.settle(secret):
                    forget(client, url, secret)
    return found


class _Application:
    """The connections of one application, while its new secrets are taken from the queue, the newest first."""

    def __init__(self, http: httpx.Client, may_edit: Callable[[str], bool], found: Collected) -> None:
        self._http, self._may_edit, self._found = http, may_edit, found
        self._works: dict[str, bool] = {}
        self._newer: set[str] = set()
        """The connections that hold a newer secret of the queue."""

    def settle(self, secret: NewSecret) -> bool:
        """Store a secret where it belongs; return whether its message is needed no longer."""
        held = store.of_application(secret.client_id)
        if not held:
            self._found.unknown.append(secret.client_id)
            return False
        try:
            return self._settle(secret, held)
        except AmazonUnavailable as error:
            self._leave(secret, f"could not be tried: {error}")
            return False

    def _settle(self, secret: NewSecret, held: dict[str, store.Stored]) -> bool:
        names, done = [], True
        for name, stored in held.items():
            connection = stored.connection
            if connection is None:
                self._leave(secret, f"was not stored in {name}, which cannot be read: {stored.trouble}")
                done = False
            elif connection.client_secret == secret.client_secret:
                self._newer.add(name)
            elif secret.made_on > connection.clock.now().date():
                self._leave(secret, "says that it was made on a day that is yet to come, and was not used")
                return False
            elif not self._is_older(secret, connection):
                if self._store(secret, connection):
                    names.append(name)
                else:
                    done = False
        if names:
            self._found.stored.append((secret, names))
        return done

    def _is_older(self, secret: NewSecret, connection: SellerConnection) -> bool:
        """Whether a connection has a newer secret, which works."""
        today, made_on = connection.clock.now().date(), connection.rotated_on
        newer = connection.name in self._newer or (made_on is not None and secret.made_on < made_on <= today)
        return newer and bool(connection.client_secret) and self._try(connection, connection.client_secret or "")

    def _store(self, secret: NewSecret, connection: SellerConnection) -> bool:
        if not self._may_edit(connection.name):
            self._leave(secret, "belongs to a connection, too, that you may not edit, and stays in the queue for it")
            return False
        if not self._try(connection, secret.client_secret):
            self._leave(secret, f"was not stored in {connection.name}: Login with Amazon gives no token for it")
            return False
        if not store.replace_client_secret(connection, secret.client_secret, secret.made_on.isoformat()):
            self._leave(secret, f"was not stored in {connection.name}, which was changed meanwhile")
            return False
        self._newer.add(connection.name)
        return True

    def _try(self, connection: SellerConnection, client_secret: str) -> bool:
        """Whether a secret works; each is tried once.

        :raises AmazonUnavailable: if Amazon does not say, or so many were tried that something is wrong with the queue.
        """
        if client_secret not in self._works:
            if len(self._works) >= MOST_TRIALS:
                raise AmazonUnavailable(f"{MOST_TRIALS} others were tried before; look who sends to the queue")
            self._works[client_secret] = gives_token(connection, client_secret, self._http)
        return self._works[client_secret]

    def _leave(self, secret: NewSecret, why: str) -> None:
        sentence = f"The secret of {secret.client_id} made on {secret.made_on} {why}."
        if sentence not in self._found.left:
            self._found.left.append(sentence)
