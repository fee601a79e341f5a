"""Watch the age of client secrets."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowNotFoundException

from tieout.accounts import load_accounts
from tieout.alerts import AlertKind
from tieout.hooks.lake import LakeHook
from tieout.hooks.selling_partner import SellingPartnerConnection
from tieout.notifications.alert import tell, tell_resolved
from tieout.settings import settings

if TYPE_CHECKING:
    from airflow.sdk import Context

    from tieout.amazon.connection import SellerConnection


class CheckSecretsOperator(BaseOperator):
    """Alert on every client secret that dies within 30 days or is dead; close the alerts of those that were rotated."""

    def execute(self, context: Context) -> int:
        """Return how many secrets are to be rotated.

        :raises ValueError: if a connection does not say what it must, once the others are looked at.
        """
        from tieout.intake.alerting import update
        from tieout.intake.credentials import secret_alerts

        connections: dict[str, SellerConnection] = {}
        unreadable: list[str] = []
        for account in load_accounts(settings().accounts_file):
            try:
                connections[account.name] = SellingPartnerConnection(account.connection).connection
            except AirflowNotFoundException:
                self.log.warning("%s has no connection %s yet", account.name, account.connection)
            except ValueError as error:
                unreadable.append(str(error))
        alerts = secret_alerts(connections)
        lake = LakeHook().lake()
        tell(lake, alerts)
        if unreadable:  # nothing is closed: the trouble of a connection that cannot be read may be there still
            raise ValueError("; ".join(unreadable))
        tell_resolved(lake, update(lake, alerts, [AlertKind.CLIENT_SECRET_EXPIRES], dt.datetime.now(dt.UTC)))
        return len(alerts)
