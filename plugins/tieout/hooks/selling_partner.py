"""One seller's Selling Partner API behind an Airflow connection of type `selling_partner`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import httpx
from airflow.sdk import BaseHook

from tieout.accounts import Account
from tieout.amazon.budget import Budget
from tieout.amazon.check import check_connection
from tieout.amazon.clock import Clock
from tieout.amazon.connection import SellerConnection
from tieout.amazon.login import Login
from tieout.amazon.selling_partner import SellingPartner
from tieout.lake import CallLog, Lake, LakeBudgetStore, LakeSizeStore
from tieout.provider import CONNECTION_TYPE, HOOK_NAME

TIMEOUT = httpx.Timeout(60.0, connect=10.0)


class SellingPartnerConnection(BaseHook):
    """The credentials of one account, and Airflow's Test button.

    The connection: `login` is the client id, `password` the client secret, extra `refresh_token` the seller's consent;
    `tieout.provider` describes every field. `host`, extra `login_endpoint`, `seller_central` and `clock` are only for a
    simulated Amazon that `TIEOUT_SIMULATED_AMAZON` names; others are refused.
    """

    conn_type = CONNECTION_TYPE
    conn_name_attr = "selling_partner_conn_id"
    hook_name = HOOK_NAME

    def __init__(self, selling_partner_conn_id: str) -> None:
        super().__init__()
        found = self.get_connection(selling_partner_conn_id)
        self.connection = SellerConnection.read(
            selling_partner_conn_id,
            host=found.host,
            login=found.login,
            password=found.password,
            extra=found.extra_dejson,
            port=found.port,
            schema=found.schema,
        )

    def test_connection(self) -> tuple[bool, str]:
        """Log in and make one call; say what works, or what to do."""
        with httpx.Client(timeout=20.0) as http:
            return check_connection(self.connection, http)


class SellingPartnerHook(SellingPartnerConnection):
    """The client of one account: its calls share the account's rate budget and go to its call log."""

    def __init__(self, account: Account, lake: Lake) -> None:
        super().__init__(account.connection)
        self.account = account
        self.lake = lake

    @property
    def clock(self) -> Clock:
        """The clock that Amazon's limits and tokens are counted on."""
        return self.connection.clock

    @contextmanager
    def client(self) -> Iterator[SellingPartner]:
        """Open the client.

        :raises ValueError: if the connection lacks a credential, naming it, or is of another region.
        """
        credentials = self.connection.credentials()
        endpoint = self.connection.endpoint(self.account.region)
        store = LakeBudgetStore(
            self.lake,
            application=credentials.client_id,
            region=self.account.region,
            account=self.account.name,
        )
        with httpx.Client(timeout=TIMEOUT) as http:
            yield SellingPartner(
                region=self.account.region,
                account=self.account.name,
                login=Login(credentials, http=http, clock=self.clock, endpoint=self.connection.login_endpoint),
                budget=Budget(store, self.clock),
                clock=self.clock,
                http=http,
                record=CallLog(self.lake).record,
                endpoint=endpoint,
                sizes=LakeSizeStore(self.lake, region=self.account.region, account=self.account.name),
            )
