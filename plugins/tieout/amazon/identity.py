"""Whom a consent belongs to, by what Amazon's API says of the account.

The address that Amazon sends a seller back to names a selling partner, and whoever sits at the browser can change it. The
Finances API 2024-06-19 names the selling partner of every transaction (`sellingPartnerMetadata.sellingPartnerId` in its
model); the Sellers API names none.
"""

from __future__ import annotations

import datetime as dt

import httpx

from tieout.amazon.connection import SellerConnection
from tieout.amazon.errors import AmazonError
from tieout.amazon.login import Login
from tieout.amazon.selling_partner import USER_AGENT
from tieout.documents import Region

TRANSACTIONS = "/finances/2024-06-19/transactions"
LOOK_BACK = dt.timedelta(days=31)


def seller_of(connection: SellerConnection, http: httpx.Client, region: Region) -> str | None:
    """Return the selling partner's id that Amazon's API names for a connection.

    Returns:
        None if it names none: the application may not ask, the account has no transaction of the last month, or Amazon does not
        answer.
    """
    try:
        endpoint = connection.endpoint(region)
        login = Login(connection.credentials(), http=http, clock=connection.clock, endpoint=connection.login_endpoint)
        answer = http.get(
            f"{endpoint}{TRANSACTIONS}",
            params={"postedAfter": f"{connection.clock.now() - LOOK_BACK:%Y-%m-%dT%H:%M:%SZ}"},
            headers={"x-amz-access-token": login.token(), "user-agent": USER_AGENT},
        )
        if answer.status_code != 200:
            return None
        transactions = answer.json()["payload"]["transactions"]
        named = {each["sellingPartnerMetadata"]["sellingPartnerId"] for each in transactions}
    except (AmazonError, httpx.TransportError, ValueError, KeyError, TypeError):
        return None
    return str(named.pop()) if len(named) == 1 else None
