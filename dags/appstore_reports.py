"""What the Amazon Appstore says about the money of every developer, once a business day (UTC).

For each developer: ask for the sales, subscription and earnings report of every month since January 2018 that may have changed
(the current one every day, the others the rarer, the longer they have been the same), keep what is new, read it into typed
Parquet, check it. Then publish the day to the warehouse. A month is replaced whole when its rows differ; its versions are kept.

A month that Amazon does not have, one that it does not give and one that cannot be had just now are three different outcomes;
`account_for_documents` turns the run red for the last two.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from airflow.sdk import DAG, CronPartitionTimetable, TriggerRule, task, task_group

from tieout.assets import APPSTORE
from tieout.documents import Region
from tieout.intake.business_day import TIME_ZONES
from tieout.notifications.alert import CALLBACKS, to_end_within
from tieout.operators.accounts import AccountForDocumentsOperator
from tieout.operators.appstore import PlanDevelopersOperator, ProveAppstoreOperator, ReceiveAppstoreOperator
from tieout.roles import for_engineers
from tieout.settings import settings

with DAG(
    dag_id="appstore_reports",
    schedule=CronPartitionTimetable(
        "0 0 * * *", timezone=TIME_ZONES[Region.APPSTORE], run_offset=-1, key_format="%Y-%m-%d"
    ),
    start_date=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
    end_date=settings().schedule_end,
    catchup=False,
    access_control=for_engineers(),
    # One day after the other: the first takes all months since 2018, the next only what may have changed.
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
    tags=["appstore"],
    doc_md=__doc__,
) as dag:
    developers = PlanDevelopersOperator(task_id="plan_developers")

    @task_group
    def months(account: dict[str, Any]) -> None:
        """One developer."""
        ReceiveAppstoreOperator(task_id="receive", account=account) >> ProveAppstoreOperator(
            task_id="prove", account=account
        )

    @task(trigger_rule=TriggerRule.ALL_DONE_MIN_ONE_SUCCESS, outlets=[APPSTORE])
    def publish(*, outlet_events: Any, partition_key: str) -> None:
        """Tell the warehouse that the day can be loaded."""
        outlet_events[APPSTORE].extra = {"region": Region.APPSTORE.value, "business_day": partition_key}

    account_for_documents = AccountForDocumentsOperator(
        task_id="account_for_documents",
        region=Region.APPSTORE,
        accounts=developers.output,
        retries=0,
        trigger_rule=TriggerRule.ALL_DONE,
    )
    months.expand(account=developers.output) >> publish() >> account_for_documents
