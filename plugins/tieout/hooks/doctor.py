"""The doctor behind Airflow's connections: the account's own, and the lake in which the rate budgets are."""

from __future__ import annotations

from tieout.accounts import Account
from tieout.amazon.queue_policy import AMAZONS_ACCOUNT
from tieout.doctor.findings import Examination, Finding, Verdict
from tieout.documents import Region
from tieout.hooks.appstore import AppstoreProfile
from tieout.hooks.lake import LakeHook
from tieout.hooks.selling_partner import SellingPartnerConnection
from tieout.lake import LakeBudgetStore
from tieout.settings import LAKE_CONNECTION, SECRET_QUEUE_CONNECTION, settings


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
    found = examine_seller(connection, account, families, _budgets(account, connection.client_id))
    found.findings += _secret_queue()
    return found


def _secret_queue() -> list[Finding]:
    """Who may send to the queue that new client secrets come by; nothing where there is no such queue."""
    from tieout.hooks.secret_queue import MissingQueue, NoQueue, who_else_may_send

    check = "secret queue"
    try:
        others = who_else_may_send()
    except MissingQueue:
        return []
    except NoQueue as error:
        return [Finding(check, Verdict.UNREACHABLE, str(error), f"Correct the connection {SECRET_QUEUE_CONNECTION}.")]
    if not others:
        return [Finding(check, Verdict.OK, "only Amazon, and the queue's own AWS account, may send to it")]
    said = f"its policy lets send: {', '.join(others)}"
    remedy = f"Allow sqs:SendMessage to Amazon's AWS account alone: arn:aws:iam::{AMAZONS_ACCOUNT}:root."
    return [Finding(check, Verdict.OPEN, said, remedy)]


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
