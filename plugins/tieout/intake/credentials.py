"""Client secrets and consents that end soon, or have ended: alerts come before a run fails for it."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping

from tieout.accounts import Account
from tieout.alerts import Alert, AlertKind, Severity
from tieout.amazon.applications import SECRET_LIFE, WARN_BEFORE, SecretAge, secret_age
from tieout.amazon.authorization import CONSENT_WARN_BEFORE, consent_age
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


def consent_alerts(connections: Iterable[tuple[Account, SellerConnection]]) -> list[Alert]:
    """Return an alert for each consent that ends within 30 days, or has ended.

    It is a warning first, and critical from 7 days before. Where it is not known when the seller consented there is none; the
    page Seller accounts says so. Each connection is judged at its own Amazon's time.
    """
    found = []
    for account, connection in connections:
        age = consent_age(connection.authorized_at, connection.clock.now())
        if not connection.refresh_token or not age.ends_at or age.state == "good":
            continue
        day = age.ends_at.date()
        if age.state == "expired":
            message = f"The seller's consent ended on {day}, a year after it was given: Amazon refuses every call."
        else:
            left = f"in {age.days_left} day{'s' * (age.days_left != 1)}" if age.days_left else "today"
            message = f"The seller's consent ends on {day}, {left}; then Amazon refuses the calls for {account.name}."
        # each stage is an alert of its own, so that whoever was told of the one before it is told again
        stage = {"expires": "", "last_days": " (last days)", "expired": " (ended)"}[age.state]
        found.append(
            Alert(
                kind=AlertKind.CONSENT_EXPIRES,
                subject=f"{account.name}{stage}",
                message=f"{message} It is renewed by a new authorization, and nothing else changes.",
                region=account.region,
                account=account.name,
                severity=Severity.WARNING if age.state == "expires" else Severity.CRITICAL,
                since=age.ends_at if age.state == "expired" else age.ends_at - CONSENT_WARN_BEFORE,
            )
        )
    return found
