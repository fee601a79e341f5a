"""Compares the lake with its digests: each day a seventh of all documents, so that a week covers the whole lake.

A body has to be what was received, or what retention and erasure left of it; a staged file what was staged. An object that is
not, or is gone, has an alert with its key and the money of its settlement, and turns the run red. Nothing is changed.
"""

from __future__ import annotations

import datetime as dt

from airflow.sdk import DAG

from tieout.notifications.alert import CALLBACKS, to_end_within
from tieout.operators.audit import AuditLakeOperator
from tieout.roles import for_engineers
from tieout.settings import settings

with DAG(
    dag_id="audit",
    schedule="30 4 * * *",
    start_date=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
    end_date=settings().schedule_end,
    catchup=False,
    access_control=for_engineers(),
    max_active_runs=1,
    deadline=to_end_within(dt.timedelta(hours=12)),
    default_args={
        "owner": "tieout",
        "retries": 3,
        "retry_delay": settings().retry_delay,
        "retry_exponential_backoff": True,
        "max_retry_delay": dt.timedelta(minutes=15),
        **CALLBACKS,
    },
    tags=["lake"],
    doc_md=__doc__,
) as dag:
    AuditLakeOperator(task_id="audit_lake")
