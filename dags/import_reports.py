"""Takes in files that a person downloaded by hand, for history beyond Amazon's 90 days.

Trigger it with the place of the files: a folder on the worker, or `s3://bucket/prefix`. The files go the same way as
those from the API, with the same readers and checks. What a file is, it tells itself: a settlement (V1 or V2), or a report
of any family, in any language and encoding of Amazon's. A file that is refused or does not tie out goes to quarantine and
turns the run red; the others are loaded. Importing the same files again changes nothing.
"""

from __future__ import annotations

import datetime as dt

from airflow.sdk import DAG, Param, chain

from tieout.notifications.alert import CALLBACKS, to_end_within
from tieout.operators.imports import (
    AccountForFilesOperator,
    CheckFilesOperator,
    LoadImportOperator,
    ReadFilesOperator,
    ReceiveFilesOperator,
)
from tieout.operators.warehouse import build_and_publish
from tieout.roles import for_engineers
from tieout.settings import settings

FILES = {"source": "{{ params.source }}", "account": "{{ params.account }}"}

with DAG(
    dag_id="import_reports",
    schedule=None,
    start_date=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
    catchup=False,
    access_control=for_engineers(),
    max_active_runs=1,
    deadline=to_end_within(dt.timedelta(hours=12)),
    params={
        "source": Param(
            "", type="string", minLength=1, title="Files", description="A folder on the worker, or s3://bucket/prefix."
        ),
        "account": Param(
            "",
            type="string",
            title="Account",
            description="Whose files they are. Empty: each account has a sub-folder of its name.",
        ),
    },
    default_args={
        "owner": "tieout",
        "retries": 3,
        "retry_delay": settings().retry_delay,
        "retry_exponential_backoff": True,
        "max_retry_delay": dt.timedelta(minutes=15),
        **CALLBACKS,
    },
    tags=["reports", "import"],
    doc_md=__doc__,
) as dag:
    load = LoadImportOperator(task_id="load", **FILES)
    chain(
        ReceiveFilesOperator(task_id="receive", **FILES),
        ReadFilesOperator(task_id="read", **FILES),
        CheckFilesOperator(task_id="check", **FILES),
        load,
        *build_and_publish(),
        AccountForFilesOperator(task_id="account_for_documents", loaded=load.output, retries=0, **FILES),
    )
