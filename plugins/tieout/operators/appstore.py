"""Receive, read and check the Appstore reports of one developer and business day."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator

from tieout.accounts import Account, load_developers
from tieout.amazon.clock import Clock
from tieout.hooks.appstore import AppstoreHook
from tieout.hooks.lake import LakeHook
from tieout.operators.reports import AccountOperator
from tieout.settings import settings

if TYPE_CHECKING:
    from airflow.sdk import Context


class PlanDevelopersOperator(BaseOperator):
    """Read which developers there are; everything downstream is mapped over them."""

    def execute(self, context: Context) -> list[dict[str, Any]]:
        """Return the developers, in name order."""
        developers = load_developers(settings().accounts_file)
        if not developers:
            self.log.warning("no developer in %s", settings().accounts_file)
        return [each.model_dump(mode="json") for each in sorted(developers, key=lambda a: a.name)]


def receive_day(account: Account, business_day: dt.date) -> int:
    """Ask for every month that may have changed; return how many new versions came."""
    from tieout.intake.appstore import receive_months

    lake = LakeHook().lake()
    hook = AppstoreHook(account, lake)
    with hook.client() as appstore:
        return receive_months(appstore, lake, hook.clock, account, business_day)


class ReceiveAppstoreOperator(AccountOperator):
    """Ask for every month that may have changed, and keep what is new."""

    def clock(self, account: Account) -> Clock:
        """The clock that Amazon's limits are counted on."""
        return AppstoreHook(account, LakeHook().lake()).clock

    def work(self, account: Account, business_day: dt.date) -> int:
        """Return how many new versions came since the last wait."""
        received = receive_day(account, business_day)
        self.log.info("%s: %s new versions of months", account.name, received)
        return received


class ProveAppstoreOperator(AccountOperator):
    """Read and check what is new, quarantine what fails, and say of every listed document what became of it."""

    def clock(self, account: Account) -> Clock:
        """The clock that Amazon's limits are counted on."""
        return AppstoreHook(account, LakeHook().lake()).clock

    def list_again(self, account: Account, business_day: dt.date) -> None:
        """Make the listing of a day anew."""
        receive_day(account, business_day)

    def work(self, account: Account, business_day: dt.date) -> dict[str, int]:
        """Return how many documents ended in which state."""
        from tieout.intake.appstore import settle_months, versions_of
        from tieout.intake.receiving import read_listing
        from tieout.intake.settling import check, read
        from tieout.lake import Keys

        lake = LakeHook().lake()
        listing = read_listing(lake, account, business_day)
        versions = versions_of(listing)
        count = read(lake, versions)
        self.log.info("%s: %s documents read", account.name, count)
        check(lake, versions, settings().data_docs / account.name / business_day.isoformat())
        key = Keys.outcomes(business_day, account.region, account.name)
        return settle_months(lake, account, listing, key).states()
