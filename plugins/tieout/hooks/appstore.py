"""The Appstore's Reporting API behind an Airflow connection of type `amazon_appstore`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import httpx
from airflow.sdk import BaseHook

from tieout.accounts import Account
from tieout.amazon.appstore import Appstore
from tieout.amazon.appstore_connection import AppstoreConnection, check_appstore
from tieout.amazon.budget import Budget
from tieout.amazon.clock import Clock
from tieout.documents import Region
from tieout.hooks.selling_partner import TIMEOUT
from tieout.lake import CallLog, Lake, LakeBudgetStore
from tieout.provider import APPSTORE_CONNECTION_TYPE, APPSTORE_HOOK_NAME


class AppstoreProfile(BaseHook):
    """A developer's security profile, and Airflow's Test button.

    The connection: `login` is the client id, `password` the client secret. `host`, extra `login_endpoint` and `clock` are
    only for a simulated Amazon that `TIEOUT_SIMULATED_AMAZON` names; others are refused.
    """

    conn_type = APPSTORE_CONNECTION_TYPE
    conn_name_attr = "appstore_conn_id"
    hook_name = APPSTORE_HOOK_NAME

    def __init__(self, appstore_conn_id: str) -> None:
        super().__init__()
        found = self.get_connection(appstore_conn_id)
        self.connection = AppstoreConnection.read(
            appstore_conn_id,
            host=found.host,
            login=found.login,
            password=found.password,
            extra=found.extra_dejson,
            port=found.port,
            schema=found.schema,
        )

    def test_connection(self) -> tuple[bool, str]:
        """Log in and ask for one report's URL; say what works, or what to do."""
        with httpx.Client(timeout=20.0) as http:
            return check_appstore(self.connection, http)


class AppstoreHook(AppstoreProfile):
    """The client of one developer: its calls share the security profile's rate budget and go to the call log."""

    def __init__(self, account: Account, lake: Lake) -> None:
        super().__init__(account.connection)
        self.account = account
        self.lake = lake

    @property
    def clock(self) -> Clock:
        """The clock that Amazon's limits and tokens are counted on."""
        return self.connection.clock

    @contextmanager
    def client(self) -> Iterator[Appstore]:
        """Open the client.

        :raises ValueError: if the connection lacks a credential, naming it.
        """
        with httpx.Client(timeout=TIMEOUT) as http:
            profile = self.connection.profile(http)
            store = LakeBudgetStore(
                self.lake,
                application=self.connection.client_id or "",
                region=Region.APPSTORE,
                account=self.account.name,
            )
            yield Appstore(
                account=self.account.name,
                login=profile,
                budget=Budget(store, self.clock),
                clock=self.clock,
                http=http,
                record=CallLog(self.lake).record,
                endpoint=self.connection.endpoint,
            )
