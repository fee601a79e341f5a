"""What an Airflow connection of type `amazon_appstore` says, and whether it works."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from tieout.amazon.appstore import ENDPOINT, Appstore, SecurityProfile
from tieout.amazon.appstore_answers import Answer
from tieout.amazon.budget import Budget, MemoryBudgetStore
from tieout.amazon.clock import Clock
from tieout.amazon.errors import AmazonError
from tieout.amazon.login import LOGIN_ENDPOINT


@dataclass(frozen=True)
class AppstoreConnection:
    """A developer's security profile.

    :ivar name: the Airflow connection's id.
    :ivar endpoint: base URL of the developer console.
    """

    name: str
    client_id: str | None
    client_secret: str | None
    endpoint: str
    login_endpoint: str
    clock: Clock

    def __repr__(self) -> str:
        return f"AppstoreConnection({self.name!r}, client_id={self.client_id!r})"

    @classmethod
    def read(
        cls, name: str, *, host: str | None, login: str | None, password: str | None, extra: Mapping[str, Any]
    ) -> AppstoreConnection:
        """Read the fields of an Airflow connection.

        :raises ValueError: naming the connection and the field that does not say what it must.
        """
        try:
            clock = Clock.parse(str(extra.get("clock") or "").strip() or None)
        except ValueError as error:
            raise ValueError(f"connection {name!r}: {error}") from None
        return cls(
            name=name,
            client_id=(login or "").strip() or None,
            client_secret=(password or "").strip() or None,
            endpoint=(host or "").strip().rstrip("/") or ENDPOINT,
            login_endpoint=str(extra.get("login_endpoint") or "").strip().rstrip("/") or LOGIN_ENDPOINT,
            clock=clock,
        )

    def profile(self, http: httpx.Client) -> SecurityProfile:
        """Return what gives access tokens.

        :raises ValueError: naming what the connection lacks.
        """
        for what, value in (
            ("client id (login)", self.client_id),
            ("client secret (password)", self.client_secret),
        ):
            if not value:
                raise ValueError(
                    f"connection {self.name!r} has no {what}: it stands in the developer console under Apps & Services > "
                    "Security Profiles > Web Settings"
                )
        assert self.client_id
        assert self.client_secret
        return SecurityProfile(
            self.client_id, self.client_secret, http=http, clock=self.clock, endpoint=self.login_endpoint
        )


def check_appstore(connection: AppstoreConnection, http: httpx.Client) -> tuple[bool, str]:
    """Log in and ask for one report's URL; say what works, or what to do."""
    try:
        appstore = Appstore(
            account=connection.name,
            login=connection.profile(http),
            budget=Budget(MemoryBudgetStore(), connection.clock),
            clock=connection.clock,
            http=http,
            record=lambda call: None,
            endpoint=connection.endpoint,
        )
        refusal = appstore.can_report()
    except (AmazonError, ValueError) as error:
        return False, str(error)
    if refusal is None or refusal.answer is Answer.ABSENT:
        nothing = "" if refusal is None else " There is no sales report of last month."
        return True, f"The security profile is known and attached to the Reporting API.{nothing}"
    return False, refusal.message
