"""What an Airflow connection of type `amazon_appstore` says, and whether it works."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from tieout.amazon.appstore import Appstore, SecurityProfile
from tieout.amazon.appstore_answers import Answer
from tieout.amazon.budget import Budget, MemoryBudgetStore
from tieout.amazon.clock import Clock
from tieout.amazon.endpoints import (
    APPSTORE_ENDPOINT,
    LOGIN_ENDPOINT,
    checked_endpoint,
    clock_of,
    refuse_port_and_schema,
)
from tieout.amazon.errors import AmazonError


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
        cls,
        name: str,
        *,
        host: str | None,
        login: str | None,
        password: str | None,
        extra: Mapping[str, Any],
        port: int | None = None,
        schema: str | None = None,
    ) -> AppstoreConnection:
        """Read the fields of an Airflow connection; it has neither port nor schema.

        :raises ForeignEndpoint: if it names an address that is neither Amazon's nor named in `TIEOUT_SIMULATED_AMAZON`.
        :raises ValueError: naming the connection and the field that does not say what it must.
        """
        if not isinstance(extra, Mapping):
            raise ValueError(f"connection {name!r}: extra has to be a JSON object")
        refuse_port_and_schema(name, port, schema)

        def text(field: str) -> str | None:
            return str(extra.get(field) or "").strip() or None

        return cls(
            name=name,
            client_id=(login or "").strip() or None,
            client_secret=(password or "").strip() or None,
            endpoint=checked_endpoint(name, "host", (host or "").strip() or APPSTORE_ENDPOINT, [APPSTORE_ENDPOINT]),
            login_endpoint=checked_endpoint(
                name, "login_endpoint", text("login_endpoint") or LOGIN_ENDPOINT, [LOGIN_ENDPOINT]
            ),
            clock=clock_of(name, text("clock")),
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
