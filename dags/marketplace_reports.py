"""What Amazon says about the money of every account of a marketplace region, once a business day.

For each account: list the settlements and the reports made in Seller Central that Amazon holds; ask where the account sells,
ask for the reports of every family, and receive all of them as they are made; read them into typed Parquet; check that they
tie out and hold what their family has to hold. Then publish the region's day to the warehouse. The run's partition key is
the business day in the region's time zone; `airflow backfill create` and reruns use the same key.

A report that Amazon has not made when the day gives up is taken up by the next run, under the same id; an empty answer is
asked for once more before it is believed. A document that fails its checks goes to quarantine, the others go on, and
`account_for_documents` turns the run red.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from airflow.sdk import DAG, CronPartitionTimetable, TriggerRule, task, task_group

from tieout.assets import SETTLEMENTS
from tieout.documents import SELLING_PARTNER_REGIONS, Region
from tieout.intake.business_day import TIME_ZONES
from tieout.notifications.alert import CALLBACKS, to_end_within
from tieout.operators.accounts import AccountForDocumentsOperator, PlanAccountsOperator
from tieout.operators.reports import (
    CheckReportsOperator,
    CollectReportsOperator,
    ListReportsOperator,
    ReadReportsOperator,
)
from tieout.roles import for_engineers
from tieout.settings import settings


def marketplace_reports(region: Region) -> DAG:
    """Return the DAG of one region."""
    with DAG(
        dag_id=f"marketplace_reports_{region.value.lower()}",
        schedule=CronPartitionTimetable("0 0 * * *", timezone=TIME_ZONES[region], run_offset=-1, key_format="%Y-%m-%d"),
        start_date=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
        end_date=settings().schedule_end,
        catchup=False,
        access_control=for_engineers(),
        # One day after the other: the first takes Amazon's whole history, the next only what is new.
        max_active_runs=1,
        deadline=to_end_within(dt.timedelta(hours=12)),
        default_args={
            "owner": "tieout",
            "retries": 4,
            "retry_delay": settings().retry_delay,
            "retry_exponential_backoff": True,
            "max_retry_delay": dt.timedelta(minutes=15),
            **CALLBACKS,
        },
        tags=["reports", region.value],
        doc_md=__doc__,
    ) as dag:
        accounts = PlanAccountsOperator(task_id="plan_accounts", region=region)

        @task_group
        def reports(account: dict[str, Any]) -> None:
            (
                ListReportsOperator(task_id="list", account=account)
                >> CollectReportsOperator(task_id="collect", account=account)
                >> ReadReportsOperator(task_id="read", account=account)
                >> CheckReportsOperator(task_id="check", account=account)
            )

        @task(trigger_rule=TriggerRule.ALL_DONE_MIN_ONE_SUCCESS, outlets=[SETTLEMENTS[region]])
        def publish(*, outlet_events: Any, partition_key: str) -> None:
            """Tell the warehouse that the region's day can be loaded."""
            outlet_events[SETTLEMENTS[region]].extra = {"region": region.value, "business_day": partition_key}

        account_for_documents = AccountForDocumentsOperator(
            task_id="account_for_documents",
            region=region,
            accounts=accounts.output,
            retries=0,
            trigger_rule=TriggerRule.ALL_DONE,
        )
        reports.expand(account=accounts.output) >> publish() >> account_for_documents
    return dag


for each in SELLING_PARTNER_REGIONS:
    globals()[f"marketplace_reports_{each.value.lower()}"] = marketplace_reports(each)
