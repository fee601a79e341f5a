"""Client secrets that die soon, or are dead: found before a run fails for it."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from tieout.amazon.applications import SECRET_LIFE, WARN_BEFORE, secret_age
from tieout.amazon.connection import SellerConnection


@dataclass(frozen=True)
class SecretFinding:
    """A client secret to be rotated.

    :ivar client_id: the application.
    :ivar accounts: our names of the accounts that are reached with it, in name order.
    :ivar since: the day on which its last 30 days began, UTC.
    :ivar expires_on: the day on which it dies, UTC.
    :ivar expired: whether it is dead.
    """

    client_id: str
    accounts: tuple[str, ...]
    since: dt.date
    expires_on: dt.date
    expired: bool
    message: str


def secrets_to_rotate(connections: Mapping[str, SellerConnection]) -> list[SecretFinding]:
    """Find the client secrets that die within 30 days, or are dead; one finding an application.

    A connection that does not say when its secret was made gives no finding: what is unknown raises no alarm, and the
    Test button and the page Seller accounts ask for it. Each connection is judged at its own Amazon's time.

    :param connections: by account.
    """
    found: dict[tuple[str, dt.date], list[str]] = defaultdict(list)
    states = {}
    for account, connection in connections.items():
        age = secret_age(connection.rotated_on, connection.clock.now().date())
        if age.state in ("expires", "expired") and connection.client_id and age.expires_on:
            found[connection.client_id, age.expires_on].append(account)
            states[connection.client_id, age.expires_on] = age
    findings = []
    for (client_id, expires_on), accounts in sorted(found.items(), key=lambda item: (item[0][1], item[0][0])):
        names = ", ".join(sorted(accounts))
        age = states[client_id, expires_on]
        expired = age.state == "expired"
        message = (
            f"The client secret of {client_id} died on {expires_on}, {SECRET_LIFE.days} days after it was made: every call "
            f"for {names} is refused. Make a new one in the developer console and store it in the connections."
            if expired
            else f"The client secret of {client_id} dies on {expires_on}, in {age.days_left} days; then every call for {names} "
            "is refused. Rotate it on the page Seller accounts."
        )
        findings.append(
            SecretFinding(client_id, tuple(sorted(accounts)), expires_on - WARN_BEFORE, expires_on, expired, message)
        )
    return findings
