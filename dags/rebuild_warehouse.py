"""Makes the warehouse file anew from the lake: `airflow dags trigger rebuild_warehouse`.

The new file is made beside the old one and takes its place at once. A rebuild that is killed leaves everything as it was,
and can be run again. While it works, no other task writes the warehouse.
"""

from __future__ import annotations

import datetime as dt

from airflow.sdk import DAG, chain

from tieout.notifications.alert import CALLBACKS, to_end_within
from tieout.operators.warehouse import RebuildWarehouseOperator, build_and_publish
from tieout.roles import for_engineers

with DAG(
    dag_id="rebuild_warehouse",
    schedule=None,
    start_date=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
    catchup=False,
    access_control=for_engineers(),
    max_active_runs=1,
    deadline=to_end_within(dt.timedelta(hours=12)),
    default_args={
        "owner": "tieout",
        "retries": 3,
        "retry_delay": dt.timedelta(seconds=10),
        **CALLBACKS,
    },
    tags=["warehouse"],
    doc_md=__doc__,
) as dag:
    chain(RebuildWarehouseOperator(task_id="rebuild"), *build_and_publish())
