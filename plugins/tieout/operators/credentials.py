"""Watch the age of client secrets and of consents."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowNotFoundException

from tieout.accounts import Account, load_accounts
from tieout.alerts import AlertKind
from tieout.hooks.lake import LakeHook
from tieout.hooks.selling_partner import SellingPartnerConnection
from tieout.notifications.alert import tell, tell_resolved
from tieout.settings import settings

if TYPE_CHECKING:
    from airflow.sdk import Context

    from tieout.amazon.connection import SellerConnection


KINDS = (AlertKind.CLIENT_SECRET_EXPIRES, AlertKind.CONSENT_EXPIRES)


class CheckSecretsOperator(BaseOperator):
    """Alert on client secrets and consents that end within 30 days or have ended; close the alerts of those that were renewed."""

    def execute(self, context: Context) -> int:
        """Return how many secrets and consents are to be renewed.

        :raises ValueError: if a connection does not say what it must, once the others are looked at.
        """
        from tieout.intake.alerting import update
        from tieout.intake.credentials import consent_alerts, secret_alerts

        connections: dict[str, SellerConnection] = {}
        of_account: list[tuple[Account, SellerConnection]] = []
        unreadable: list[str] = []
        for account in load_accounts(settings().accounts_file):
            try:
                connections[account.name] = SellingPartnerConnection(account.connection).connection
                of_account.append((account, connections[account.name]))
            except AirflowNotFoundException:
                self.log.warning("%s has no connection %s yet", account.name, account.connection)
            except ValueError as error:
                unreadable.append(str(error))
        alerts = [*secret_alerts(connections), *consent_alerts(of_account)]
        lake = LakeHook().lake()
        tell(lake, alerts)
        if unreadable:  # nothing is closed: the trouble of a connection that cannot be read may be there still
            raise ValueError("; ".join(unreadable))
        tell_resolved(lake, update(lake, alerts, KINDS, dt.datetime.now(dt.UTC)))
        return len(alerts)
