"""One seller's Selling Partner API behind an Airflow connection of type `selling_partner`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import httpx
from airflow.sdk import BaseHook

from tieout.accounts import Account
from tieout.amazon.budget import Budget
from tieout.amazon.clock import Clock
from tieout.amazon.login import LOGIN_ENDPOINT, Credentials, Login
from tieout.amazon.selling_partner import SellingPartner
from tieout.lake import CallLog, Lake, LakeBudgetStore


class SellingPartnerHook(BaseHook):
    """The credentials and the client of one account.

    The connection: `login` is the client id, `password` the client secret, extra `refresh_token` the seller's consent.
    `host` (the API's base URL), extra `login_endpoint` and extra `clock` stand only where a simulated Amazon is meant.
    """

    conn_type = "selling_partner"
    hook_name = "Amazon Selling Partner API"

    def __init__(self, account: Account, lake: Lake) -> None:
        super().__init__()
        self.account = account
        self.lake = lake
        self._connection = self.get_connection(account.connection)
        self._extra = self._connection.extra_dejson

    @property
    def clock(self) -> Clock:
        """The clock that Amazon's limits and tokens are counted on."""
        return Clock.parse(self._extra.get("clock"))

    @contextmanager
    def client(self) -> Iterator[SellingPartner]:
        """Open the client; its calls share the account's rate budget and go to its call log.

        :raises ValueError: if the connection lacks a credential, naming it.
        """
        credentials = Credentials(
            client_id=self._required("login (the client id)", self._connection.login),
            client_secret=self._required("password (the client secret)", self._connection.password),
            refresh_token=self._required("extra refresh_token", self._extra.get("refresh_token")),
        )
        clock = self.clock
        store = LakeBudgetStore(
            self.lake,
            application=credentials.client_id,
            region=self.account.region,
            account=self.account.name,
        )
        with httpx.Client(timeout=httpx.Timeout(60.0, connect=10.0)) as http:
            yield SellingPartner(
                region=self.account.region,
                account=self.account.name,
                login=Login(
                    credentials,
                    http=http,
                    clock=clock,
                    endpoint=self._extra.get("login_endpoint", LOGIN_ENDPOINT),
                ),
                budget=Budget(store, clock),
                clock=clock,
                http=http,
                record=CallLog(self.lake).record,
                endpoint=self._connection.host or None,
            )

    def _required(self, what: str, value: str | None) -> str:
        if not value:
            raise ValueError(f"the Airflow connection {self.account.connection!r} has no {what}")
        return value
