"""Plan a region's accounts, and account for every document of a business day."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator

from tieout.accounts import Account, load_accounts
from tieout.alerts import Alert
from tieout.documents import Region
from tieout.hooks.lake import LakeHook
from tieout.notifications.alert import TroubleTold, tell
from tieout.operators.context import business_day
from tieout.settings import settings

if TYPE_CHECKING:
    from airflow.sdk import Context

    from tieout.lake import Lake


class PlanAccountsOperator(BaseOperator):
    """Read which accounts of the region there are; everything downstream is mapped over them."""

    def __init__(self, *, region: Region, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.region = region

    def execute(self, context: Context) -> list[dict[str, Any]]:
        """Return the accounts, in name order."""
        accounts = [account for account in load_accounts(settings().accounts_file) if account.region is self.region]
        if not accounts:
            self.log.warning("no account of region %s in %s", self.region, settings().accounts_file)
        return [account.model_dump(mode="json") for account in sorted(accounts, key=lambda a: a.name)]


def fail_for(lake: Lake, trouble: Sequence[Alert], what: str) -> None:
    """Tell of each trouble, and fail if there is any.

    :raises TroubleTold: naming all of it.
    """
    if trouble:
        tell(lake, trouble)
        lines = "\n".join(f"{alert.subject}: {alert.message}" for alert in trouble)
        raise TroubleTold(f"{what}: {len(trouble)} to look at\n{lines}")


class AccountForDocumentsOperator(BaseOperator):
    """Fail unless every document that Amazon listed for the business day is ready, or skipped with a reason.

    A document that failed its checks makes the run red on the business day that listed it first. Later runs list it
    again for as long as Amazon does; they name it and stay green.

    :param accounts: (templated) the accounts, as `PlanAccountsOperator` returned them.
    """

    template_fields = ("accounts",)

    def __init__(self, *, region: Region, accounts: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.region = region
        self.accounts = accounts

    def execute(self, context: Context) -> dict[str, int]:
        """Return how many documents ended in which state.

        :raises TroubleTold: naming every document without a state and every one newly quarantined; each has its alert.
        """
        from tieout.intake.damage import damages
        from tieout.intake.settling import AccountKeys, account_for
        from tieout.lake import Keys

        accounts = [Account.model_validate(account) for account in self.accounts or ()]
        day = business_day(context)
        keys = [
            AccountKeys(
                account=account.name,
                listing=Keys.listing(account.region, account.name, day),
                outcomes=Keys.outcomes(day, account.region, account.name),
            )
            for account in accounts
        ]
        lake = LakeHook().lake()
        found = account_for(lake, keys, day)
        tell(lake, damages(lake, self.region))
        for line in found.still_quarantined:
            self.log.warning("still in quarantine: %s", line)
        fail_for(lake, found.trouble, f"{self.region} {day}")
        return dict(found.states)
