"""Takes what reports tell of persons out of the lake, once a day, when its time is over: `docs/privacy.md`.

The bytes of a report with personal columns are kept under `personal/` until 30 days after the end of its window
(`TIEOUT_PERSONAL_DAYS`). Then they are replaced by others without them, which read to the same rows: rebuilding and checking
still work. What cannot be read at all is deleted. A body that cannot be redacted fails the task, and so raises an alert; the
others are done. Whatever is killed goes on where it stopped.

Traces of what was done (calls to Amazon, resolved alerts, Data Docs) are deleted after 400 days (`TIEOUT_TRACE_DAYS`). Documents,
checks, loads, decisions and amounts stay for good.
"""

from __future__ import annotations

import datetime as dt

from airflow.sdk import DAG

from tieout.notifications.alert import CALLBACKS, to_end_within
from tieout.operators.retention import ExpirePersonalOperator, ForgetTracesOperator
from tieout.roles import for_engineers
from tieout.settings import settings

with DAG(
    dag_id="retention",
    schedule="30 6 * * *",
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
    tags=["privacy", "lake"],
    doc_md=__doc__,
) as dag:
    ExpirePersonalOperator(task_id="expire_personal")
    ForgetTracesOperator(task_id="forget_traces")
