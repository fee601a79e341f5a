"""Loads what the regions publish into the DuckDB warehouse, builds core and marts, publishes the read copy.

A run belongs to one business day and loads what the regions published of it, and with it whatever else the lake has and
the warehouse does not know; a region that is late, or is run again, gets a run of its own. This DAG owns the warehouse file:
one run at a time, and every writing task holds the only slot of the pool `duckdb_writer`. At the end `account_for_documents`
turns the run red if a document that was listed did not end in the warehouse.
"""

from __future__ import annotations

import datetime as dt

from airflow.sdk import DAG, PartitionedAssetTimetable, StartOfDayMapper, chain

from tieout.assets import APPSTORE, SETTLEMENTS
from tieout.documents import Region
from tieout.notifications.alert import CALLBACKS, to_end_within
from tieout.operators.warehouse import AccountForLoadOperator, LoadBusinessDayOperator, build_and_publish
from tieout.roles import for_engineers
from tieout.settings import settings

with DAG(
    dag_id="warehouse",
    schedule=PartitionedAssetTimetable(
        assets=SETTLEMENTS[Region.NA] | SETTLEMENTS[Region.EU] | SETTLEMENTS[Region.FE] | APPSTORE,
        default_partition_mapper=StartOfDayMapper(input_format="%Y-%m-%d"),
    ),
    start_date=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
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
        # What is fetched goes into the warehouse before more is fetched.
        "priority_weight": 100,
    },
    tags=["warehouse"],
    doc_md=__doc__,
) as dag:
    load = LoadBusinessDayOperator(task_id="load")
    chain(
        load,
        *build_and_publish(),
        AccountForLoadOperator(task_id="account_for_documents", loaded=load.output, retries=0),
    )
