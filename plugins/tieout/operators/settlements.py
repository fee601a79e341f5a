"""List, receive, read and check the settlement reports of one account and business day."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowFailException

from tieout.accounts import Account
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

    def work(self, account: Account, business_day: dt.date) -> Any:
        """Do the work. Called again after each wait."""
        raise NotImplementedError

    def execute(self, context: Context) -> Any:
        """Do the work; when what it needs is not there yet, wait for it without holding a worker slot.

        :raises AirflowFailException: if Amazon refuses, and trying again does not help.
        """
        account = Account.model_validate(self.account)
        try:
            return self.work(account, business_day(context))
        except NotYet as early:
            clock = SellingPartnerHook(account, LakeHook().lake()).clock
            wait = clock.machine_seconds((early.available_at - clock.now()).total_seconds())
            self.log.info("%s; waiting %.0f s", early, max(wait, 0.0))
            self.defer(trigger=InstantTrigger(time.time() + wait), method_name="execute_complete")
        except AmazonError as error:
            if error.retry_helps:
                raise
            raise AirflowFailException(str(error)) from error

    def execute_complete(self, context: Context, event: dict[str, Any]) -> Any:
        """Go on after a wait."""
        return self.execute(context)


class ListSettlementsOperator(AccountOperator):
    """Write down every settlement report that Amazon holds at the end of the business day."""

    def work(self, account: Account, business_day: dt.date) -> int:
        """Return how many were listed."""
        from tieout.intake.receiving import list_settlements

        lake = LakeHook().lake()
        hook = SellingPartnerHook(account, lake)
        with hook.client() as amazon:
            listing = list_settlements(amazon, lake, hook.clock, account, business_day)
        self.log.info("%s: Amazon lists %s settlement reports", account.name, len(listing.documents))
        return len(listing.documents)


class ReceiveSettlementsOperator(AccountOperator):
    """Download every listed document that is not in the lake yet."""

    def work(self, account: Account, business_day: dt.date) -> int:
        """Return how many were downloaded since the last wait."""
        from tieout.intake.fetching_again import fetch_doubtful
        from tieout.intake.receiving import read_listing, receive

        lake = LakeHook().lake()
        hook = SellingPartnerHook(account, lake)
        listing = read_listing(lake, account, business_day)
        with hook.client() as amazon:
            received = receive(amazon, lake, hook.clock, listing.documents)
            received += fetch_doubtful(amazon, lake, hook.clock, listing.documents)
        self.log.info("%s: %s documents received", account.name, received)
        return received


class ReadSettlementsOperator(AccountOperator):
    """Turn every received document into typed Parquet."""

    def work(self, account: Account, business_day: dt.date) -> int:
        """Return how many were read now."""
        from tieout.intake.receiving import read_listing
        from tieout.intake.settling import read

        lake = LakeHook().lake()
        count = read(lake, read_listing(lake, account, business_day).documents)
        self.log.info("%s: %s documents read", account.name, count)
        return count


class CheckSettlementsOperator(AccountOperator):
    """Check every staged document, quarantine what fails, and say of every listed document what became of it."""

    def work(self, account: Account, business_day: dt.date) -> dict[str, int]:
        """Return how many documents ended in which state."""
        from tieout.intake.receiving import read_listing
        from tieout.intake.settling import check, settle
        from tieout.lake import Keys

        lake = LakeHook().lake()
        listing = read_listing(lake, account, business_day)
        check(lake, listing.documents, settings().data_docs / account.name / business_day.isoformat())
        return settle(lake, listing, Keys.outcomes(business_day, account.region, account.name)).states()
