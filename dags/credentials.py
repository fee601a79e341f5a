"""Watches the age of client secrets and of consents, once a day.

Amazon's client secrets die 180 days after they were made, and then every call is refused. From 30 days before, an alert
says which application and which accounts; another one comes when it is dead. Both are closed when the secret is rotated:
on the page Seller accounts, or in the developer console. The day on which a secret was made stands in the connection.

A seller's consent ends a year after it was given. A warning comes from 30 days before, a critical alert from 7 days before and
another one when it has ended; a new authorization on the page Seller accounts closes them. When it was given stands in the
connection, too (`authorized_at`).
"""

from __future__ import annotations

import datetime as dt

from airflow.sdk import DAG

from tieout.notifications.alert import CALLBACKS, to_end_within
from tieout.operators.credentials import CheckSecretsOperator
from tieout.roles import for_engineers
from tieout.settings import settings

with DAG(
    dag_id="credentials",
    schedule="0 6 * * *",
    start_date=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
    end_date=settings().schedule_end,
    catchup=False,
    access_control=for_engineers(),
    max_active_runs=1,
    deadline=to_end_within(dt.timedelta(hours=3)),
    default_args={
        "owner": "tieout",
        "retries": 3,
        "retry_delay": settings().retry_delay,
        "retry_exponential_backoff": True,
        "max_retry_delay": dt.timedelta(minutes=15),
        **CALLBACKS,
    },
    tags=["credentials"],
    doc_md=__doc__,
) as dag:
    CheckSecretsOperator(task_id="check_secrets")
