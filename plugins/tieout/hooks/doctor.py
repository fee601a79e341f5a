"""The doctor behind Airflow's connections: the account's own, and the lake in which the rate budgets are."""

from __future__ import annotations

from tieout.accounts import Account
from tieout.doctor.findings import Examination
from tieout.documents import Region
from tieout.hooks.appstore import AppstoreProfile
from tieout.hooks.lake import LakeHook
from tieout.hooks.selling_partner import SellingPartnerConnection
from tieout.lake import LakeBudgetStore
from tieout.settings import LAKE_CONNECTION, settings


def examine(account: Account) -> Examination:
    """Make one read-only call per operation and report family, within the rate budgets that the DAGs use.

    Nothing is written to the lake but the state of these budgets.

    Raises:
        AirflowNotFoundException: If the account's connection is not there.
        ValueError: If the connection cannot be read, the lake cannot be reached, or `TIEOUT_FAMILIES` names an unknown family.
    """
    from tieout.doctor.developer import examine_developer
    from tieout.doctor.seller import examine_seller
    from tieout.reports.families import chosen

    if account.region is Region.APPSTORE:
        profile = AppstoreProfile(account.connection).connection
        return examine_developer(profile, account, _budgets(account, profile.client_id))
    connection = SellingPartnerConnection(account.connection).connection
    families = chosen(settings().families)
    return examine_seller(connection, account, families, _budgets(account, connection.client_id))


def _budgets(account: Account, application: str | None) -> LakeBudgetStore:
    """The rate budgets of an account.

    Raises:
        ValueError: If the lake cannot be reached.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    store = LakeBudgetStore(
        LakeHook().lake(), application=application or "", region=account.region, account=account.name
    )
    try:
        store.read("getReports")
    except (BotoCoreError, ClientError) as error:
        raise ValueError(
            f"the lake, in which the DAGs keep the rate budgets, cannot be reached ({error}): check the connection"
            f" {LAKE_CONNECTION} and TIEOUT_LAKE_BUCKET"
        ) from error
    return store
