"""Client secrets that die soon, or are dead: told of before a run fails for it."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping

from tieout.alerts import Alert, AlertKind
from tieout.amazon.applications import SECRET_LIFE, WARN_BEFORE, SecretAge, secret_age
from tieout.amazon.connection import SellerConnection


def secret_alerts(connections: Mapping[str, SellerConnection]) -> list[Alert]:
    """Return an alert for each client secret that dies within 30 days, and another one once it is dead.

    A connection that does not say when its secret was made gives none: what is unknown raises no alarm, and the Test
    button and the page Seller accounts ask for it. Each connection is judged at its own Amazon's time.

    :param connections: by account.
    """
    found: dict[tuple[dt.date, str], list[str]] = defaultdict(list)
    ages: dict[tuple[dt.date, str], SecretAge] = {}
    for account, connection in connections.items():
        age = secret_age(connection.rotated_on, connection.clock.now().date())
        if age.state in ("expires", "expired") and age.expires_on and connection.client_id:
            found[age.expires_on, connection.client_id].append(account)
            ages[age.expires_on, connection.client_id] = age
    return [
        _alert(client_id, sorted(accounts), expires_on, ages[expires_on, client_id])
        for (expires_on, client_id), accounts in sorted(found.items())
    ]


def _alert(client_id: str, accounts: list[str], expires_on: dt.date, age: SecretAge) -> Alert:
    names = ", ".join(accounts)
    dead = age.state == "expired"
    if dead:
        message = (
            f"It died on {expires_on}, {SECRET_LIFE.days} days after it was made: every call for {names} is refused. Make a "
            "new one in the developer console and store it in the connections."
        )
    else:
        message = f"It dies on {expires_on}, in {age.days_left} days; then every call for {names} is refused."
    began = expires_on if dead else expires_on - WARN_BEFORE
    return Alert(
        kind=AlertKind.CLIENT_SECRET_EXPIRES,
        # of the dead one is told again, whoever was told of the dying one
        subject=f"{client_id} (dead)" if dead else client_id,
        message=message,
        account=accounts[0] if len(accounts) == 1 else None,
        since=dt.datetime.combine(began, dt.time(), dt.UTC),
    )
