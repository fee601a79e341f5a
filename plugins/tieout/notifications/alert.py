"""An alert in the task's log and in the lake."""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import TYPE_CHECKING

from airflow.sdk import BaseNotifier
from pydantic import AwareDatetime

from tieout.documents import Record

if TYPE_CHECKING:
    from airflow.sdk import Context


class Alert(Record):
    """What happened, where, and since when."""

    alert_id: str
    at: AwareDatetime
    dag_id: str
    run_id: str
    task_id: str
    map_index: int | None
    partition_key: str | None
    message: str


class AlertNotifier(BaseNotifier):
    """Keeps one alert a task and run in the lake; a retry that fails again does not alert twice."""

    def notify(self, context: Context) -> None:
        """Write the alert."""
        from tieout.hooks.lake import LakeHook
        from tieout.lake import Keys

        ti = context["ti"]
        where = f"{ti.dag_id} {ti.run_id} {ti.task_id} {ti.map_index}"
        at = dt.datetime.now(dt.UTC)
        alert = Alert(
            alert_id=hashlib.sha256(where.encode()).hexdigest()[:16],
            at=at,
            dag_id=ti.dag_id,
            run_id=ti.run_id,
            task_id=ti.task_id,
            map_index=ti.map_index,
            partition_key=context.get("partition_key"),
            message=str(context.get("exception") or "failed"),
        )
        self.log.error("ALERT %s: %s", where, alert.message)
        LakeHook().lake().put_first(Keys.alert(at, alert.alert_id), alert)
