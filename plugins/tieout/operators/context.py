"""What the operators read from Airflow's context."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from airflow.sdk.exceptions import AirflowFailException

if TYPE_CHECKING:
    from airflow.sdk import Context


def business_day(context: Context) -> dt.date:
    """Return the run's business day: its partition key, a date in the region's time zone.

    :raises AirflowFailException: if the run has none, as one that was triggered by hand without a partition key.
    """
    key = context["partition_key"]
    try:
        return dt.date.fromisoformat(key or "")
    except ValueError as error:
        raise AirflowFailException(
            f"this run has the partition key {key!r}, and a business day like 2026-08-30 is needed. Start it with: airflow "
            f"backfill create --dag-id {context['dag'].dag_id} --from-date 2026-08-30 --to-date 2026-08-30"
        ) from error
