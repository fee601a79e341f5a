"""Takes in settlement files that a person downloaded by hand, for history beyond Amazon's 90 days.

Trigger it with the place of the files: a folder on the worker, or `s3://bucket/prefix`. The files go the same way as
those from the API, with the same readers and checks; V1 and V2 flat files are read. A file that is refused or does not
tie out goes to quarantine and turns the run red; the others are loaded. Importing the same files again changes nothing.
"""

from __future__ import annotations

import datetime as dt

from airflow.sdk import DAG, Param

from tieout.notifications.alert import AlertNotifier
from tieout.operators.imports import (
    AccountForFilesOperator,
    CheckFilesOperator,
    LoadImportOperator,
    ReadFilesOperator,
    ReceiveFilesOperator,
)
from tieout.operators.warehouse import BuildMartsOperator, PublishWarehouseOperator

FILES = {"source": "{{ params.source }}", "account": "{{ params.account }}"}

with DAG(
    dag_id="import_reports",
    schedule=None,
    start_date=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
    catchup=False,
    max_active_runs=1,
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
        "retry_delay": dt.timedelta(seconds=10),
        "on_failure_callback": [AlertNotifier()],
    },
    tags=["settlements", "import"],
    doc_md=__doc__,
) as dag:
    (
        ReceiveFilesOperator(task_id="receive", **FILES)
        >> ReadFilesOperator(task_id="read", **FILES)
        >> CheckFilesOperator(task_id="check", **FILES)
        >> LoadImportOperator(task_id="load", **FILES)
        >> BuildMartsOperator(task_id="build_marts")
        >> PublishWarehouseOperator(task_id="publish_read_copy")
        >> AccountForFilesOperator(task_id="account_for_documents", retries=0, **FILES)
    )
