"""What an Airflow connection of type `selling_partner` says, read in one place."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

from tieout.amazon.clock import Clock
from tieout.amazon.endpoints import (
    ENDPOINTS,
    LOGIN_ENDPOINT,
    SANDBOX_ENDPOINTS,
    checked_endpoint,
    clock_of,
    is_simulated,
    refuse_port_and_schema,
    seller_centrals,
)
from tieout.amazon.login import Credentials
from tieout.documents import Region

_Choice = TypeVar("_Choice", bound=StrEnum)


class Environment(StrEnum):
    """Amazon's production, or its sandbox: samples without any financial report."""

    PRODUCTION = "production"
    SANDBOX = "sandbox"


@dataclass(frozen=True)
class SellerConnection:
    """An application, and one seller's consent to it.

    :ivar name: the Airflow connection's id.
    :ivar region: None where the connection does not say; the accounts file does.
    :ivar host: base URL of the API, where the connection names one: a simulated Amazon's region.
    :ivar seller_central: base URL of a simulated Seller Central; None for Amazon.
    :ivar rotated_on: the day (UTC) on which the client secret was made; None if nobody wrote it down.
    :ivar seller_verified: whether Amazon's API has named the same selling partner.
    :ivar authorized_at: when the seller gave the consent, Amazon's time, UTC; None if it was not given by the page.
    """

    name: str
    client_id: str | None
    client_secret: str | None
    refresh_token: str | None
    application_id: str | None
    region: Region | None
    environment: Environment
    draft: bool
    host: str | None
    login_endpoint: str
    seller_central: str | None
    clock: Clock
    rotated_on: dt.date | None
    selling_partner_id: str | None
    authorized_at: dt.datetime | None
    seller_verified: bool = False

    def __repr__(self) -> str:
        return f"SellerConnection({self.name!r}, client_id={self.client_id!r})"

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
    ) -> SellerConnection:
        """Read the fields of an Airflow connection; it has neither port nor schema.

        :raises ForeignEndpoint: if it names an address that is neither Amazon's nor named in `TIEOUT_SIMULATED_AMAZON`.
        :raises ValueError: naming the connection and the field that does not say what it must.
        """
        if not isinstance(extra, Mapping):
            raise ValueError(f"connection {name!r}: extra has to be a JSON object")
        refuse_port_and_schema(name, port, schema)

        def text(field: str) -> str | None:
            return str(extra.get(field) or "").strip() or None

        def one_of(field: str, kind: type[_Choice]) -> _Choice | None:
            if (given := text(field)) is None:
                return None
            try:
                return kind(given)
            except ValueError:
                raise ValueError(
                    f"connection {name!r}: {field} is {given!r} and has to be one of {', '.join(kind)}"
                ) from None

        def moment(field: str) -> dt.datetime | None:
            if (given := text(field)) is None:
                return None
            try:
                found = dt.datetime.fromisoformat(given)
            except ValueError:
                raise ValueError(
                    f"connection {name!r}: {field} is {given!r} and has to be a date like 2026-08-31"
                ) from None
            return found if found.tzinfo else found.replace(tzinfo=dt.UTC)

        rotated = moment("rotated_on")
        if host := (host or "").strip():
            host = checked_endpoint(name, "host", host, [*ENDPOINTS.values(), *SANDBOX_ENDPOINTS.values()])
        seller_central = text("seller_central")
        environment = one_of("environment", Environment) or Environment.PRODUCTION
        if host in SANDBOX_ENDPOINTS.values():
            environment = Environment.SANDBOX
        return cls(
            name=name,
            client_id=(login or "").strip() or None,
            client_secret=(password or "").strip() or None,
            refresh_token=text("refresh_token"),
            application_id=text("application_id"),
            region=one_of("region", Region),
            environment=environment,
            draft=extra.get("draft") in (True, "true", "True", "1"),
            host=host or None,
            login_endpoint=checked_endpoint(
                name, "login_endpoint", text("login_endpoint") or LOGIN_ENDPOINT, [LOGIN_ENDPOINT]
            ),
            seller_central=seller_central
            and checked_endpoint(name, "seller_central", seller_central, seller_centrals()),
            clock=clock_of(name, text("clock")),
            rotated_on=rotated.astimezone(dt.UTC).date() if rotated else None,
            selling_partner_id=text("selling_partner_id"),
            authorized_at=moment("authorized_at"),
            seller_verified=extra.get("selling_partner_verified") is True,
        )

    @property
    def simulated(self) -> bool:
        """Whether any of its endpoints is a simulated Amazon's."""
        return any(map(is_simulated, (self.host, self.login_endpoint, self.seller_central)))

    def credentials(self) -> Credentials:
        """Return what to log in with.

        :raises ValueError: naming what the connection lacks.
        """
        return Credentials(
            client_id=self._required("client id (login)", self.client_id),
            client_secret=self._required("client secret (password)", self.client_secret),
            refresh_token=self._required(
                "refresh token: let the seller authorize the application on the page Seller accounts",
                self.refresh_token,
            ),
        )

    def endpoint(self, region: Region | None = None) -> str:
        """Base URL of the Selling Partner API.

        :param region: the account's region; by default the connection's own.
        :raises ValueError: if no region is known, or the connection names another one.
        """
        if self.host:
            return self.host
        if region and self.region and region is not self.region:
            raise ValueError(
                f"connection {self.name!r} says region {self.region}, the accounts file {region}: correct the wrong one"
            )
        found = region or self.region
        if found is None:
            raise ValueError(f"connection {self.name!r} has no region: choose NA, EU or FE")
        return (SANDBOX_ENDPOINTS if self.environment is Environment.SANDBOX else ENDPOINTS)[found]

    def _required(self, what: str, value: str | None) -> str:
        if not value:
            raise ValueError(f"connection {self.name!r} has no {what}")
        return value
