"""List, collect, read and check the reports of one account and business day."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowFailException

from tieout.accounts import Account
from tieout.amazon.clock import Clock
from tieout.amazon.errors import AmazonError, NotYet
from tieout.hooks.lake import LakeHook
from tieout.hooks.selling_partner import SellingPartnerHook
from tieout.operators.context import business_day
from tieout.settings import settings
from tieout.triggers.instant import InstantTrigger

if TYPE_CHECKING:
    from airflow.sdk import Context


class AccountOperator(BaseOperator):
    """Works on one account and one business day.

    :param account: (templated) the account, as the JSON form of `tieout.accounts.Account`.
    """

    template_fields: Sequence[str] = ("account",)

    def __init__(self, *, account: dict[str, Any], **kwargs: Any) -> None:
        super().__init__(map_index_template="{{ task.account['name'] }}", **kwargs)
        self.account = account

    def clock(self, account: Account) -> Clock:
        """The clock that Amazon's limits are counted on."""
        return SellingPartnerHook(account, LakeHook().lake()).clock

    def work(self, account: Account, business_day: dt.date) -> Any:
        """Do the work. Called again after each wait."""
        raise NotImplementedError

    def execute(self, context: Context) -> Any:
        """Do the work; when what it needs is not there yet, wait for it without holding a worker slot.

        :raises AirflowFailException: if Amazon refuses, and trying again does not help.
        """
        account = Account.model_validate(self.account)
        try:
            return self._work_listed(account, business_day(context))
        except NotYet as early:
            clock = self.clock(account)
            wait = clock.machine_seconds((early.available_at - clock.now()).total_seconds())
            self.log.info("%s; waiting %.0f s", early, max(wait, 0.0))
            self.defer(trigger=InstantTrigger(time.time() + wait), method_name="execute_complete")
        except AmazonError as error:
            if error.retry_helps:
                raise
            raise AirflowFailException(str(error)) from error

    def _work_listed(self, account: Account, business_day: dt.date) -> Any:
        """Do the work; if the day's listing was damaged and put aside, list again first."""
        from tieout.lake import Keys

        try:
            return self.work(account, business_day)
        except FileNotFoundError:
            key = Keys.listing(account.region, account.name, business_day)
            lake = LakeHook().lake()
            if lake.get(key) is not None or not lake.was_put_aside(key):
                raise
        self.list_again(account, business_day)
        return self.work(account, business_day)

    def list_again(self, account: Account, business_day: dt.date) -> None:
        """Make the listing of a day anew."""
        list_day(account, business_day)

    def execute_complete(self, context: Context, event: dict[str, Any]) -> Any:
        """Go on after a wait."""
        return self.execute(context)


def list_day(account: Account, business_day: dt.date) -> int:
    """List what Amazon holds of an account at the end of a business day; return how many reports that is."""
    from tieout.intake.seller_central import list_reports

    lake = LakeHook().lake()
    hook = SellingPartnerHook(account, lake)
    with hook.client() as amazon:
        listing = list_reports(amazon, lake, hook.clock, account, business_day, settings().families)
    return len(listing.documents)


class ListReportsOperator(AccountOperator):
    """Write down every settlement, and every report made in Seller Central, that Amazon holds at the end of the day."""

    def work(self, account: Account, business_day: dt.date) -> int:
        """Return how many were listed."""
        count = list_day(account, business_day)
        self.log.info("%s: Amazon lists %s reports", account.name, count)
        return count


class CollectReportsOperator(AccountOperator):
    """Ask for the reports of every family, and receive them and the listed settlements as they are there."""

    def work(self, account: Account, business_day: dt.date) -> int:
        """Return how many were received since the last wait."""
        from tieout.intake.collecting import collect

        lake = LakeHook().lake()
        hook = SellingPartnerHook(account, lake)
        known = settings()
        with hook.client() as amazon:
            received = collect(
                amazon,
                lake,
                hook.clock,
                account,
                business_day,
                families=known.families,
                history=known.history,
            )
        self.log.info("%s: %s documents received", account.name, received)
        return received


class ReadReportsOperator(AccountOperator):
    """Turn every received document into typed Parquet."""

    def work(self, account: Account, business_day: dt.date) -> int:
        """Return how many were read now."""
        from tieout.intake.collecting import listing_of_day
        from tieout.intake.settling import read

        lake = LakeHook().lake()
        count = read(lake, listing_of_day(lake, account, business_day).to_be_read)
        self.log.info("%s: %s documents read", account.name, count)
        return count


class CheckReportsOperator(AccountOperator):
    """Check every staged document, quarantine what fails, and say of every document what became of it."""

    def work(self, account: Account, business_day: dt.date) -> dict[str, int]:
        """Return how many documents ended in which state."""
        from tieout.intake.collecting import listing_of_day, settle_day
        from tieout.intake.settling import check

        lake = LakeHook().lake()
        documents = listing_of_day(lake, account, business_day).to_be_read
        check(lake, documents, settings().data_docs / account.name / business_day.isoformat())
        return settle_day(lake, account, business_day).states()
