"""Loads what the regions publish into the DuckDB warehouse, builds core and marts, publishes the read copy.

A run belongs to one business day and takes the regions that published it; a region that is late, or is run again,
gets a run of its own. This DAG owns the warehouse file: one run at a time, and every writing task holds the only slot
of the pool `duckdb_writer`.
"""

from __future__ import annotations

import datetime as dt

from airflow.sdk import DAG, PartitionedAssetTimetable, StartOfDayMapper

from tieout.assets import SETTLEMENTS
from tieout.documents import Region
from tieout.notifications.alert import AlertNotifier
from tieout.operators.warehouse import BuildMartsOperator, LoadBusinessDayOperator, PublishWarehouseOperator

with DAG(
    dag_id="warehouse",
    schedule=PartitionedAssetTimetable(
        assets=SETTLEMENTS[Region.NA] | SETTLEMENTS[Region.EU] | SETTLEMENTS[Region.FE],
        default_partition_mapper=StartOfDayMapper(input_format="%Y-%m-%d"),
    ),
    start_date=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
    catchup=False,
    max_active_runs=1,
    default_args={
        "owner": "tieout",
        "retries": 3,
        "retry_delay": dt.timedelta(seconds=10),
        "on_failure_callback": [AlertNotifier()],
        # What is fetched goes into the warehouse before more is fetched.
        "priority_weight": 100,
    },
    tags=["warehouse"],
    doc_md=__doc__,
) as dag:
    (
        LoadBusinessDayOperator(task_id="load")
        >> BuildMartsOperator(task_id="build_marts")
        >> PublishWarehouseOperator(task_id="publish_read_copy")
    )
