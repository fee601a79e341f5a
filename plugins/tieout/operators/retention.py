"""End what has its time: personal values in the bytes of reports, and traces of what was done long ago."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from airflow.sdk import BaseOperator

from tieout.hooks.lake import LakeHook
from tieout.hooks.warehouse import WarehouseHook
from tieout.operators.warehouse import WarehouseOperator
from tieout.settings import settings
from tieout.work import work_folder

if TYPE_CHECKING:
    from airflow.sdk import Context


class ExpirePersonalOperator(BaseOperator):
    """Replace each body whose time is over by one without personal values."""

    def execute(self, context: Context) -> dict[str, int]:
        """Return how many bodies were redacted, removed, deleted and kept.

        :raises RuntimeError: naming each body that could not be redacted, once the others are done.
        """
        from tieout.intake.retention import expire

        with work_folder("retention") as folder:
            done = expire(LakeHook().lake(), dt.datetime.now(dt.UTC), settings().personal_time, folder)
        self.log.info("%s", dict(done.counts))
        if done.failed:
            lines = "\n".join(f"{key}: {what}" for key, what in sorted(done.failed.items()))
            raise RuntimeError(
                f"{len(done.failed)} bodies keep personal values for longer than {settings().personal_time.days} days\n{lines}"
            )
        return dict(done.counts)


class ForgetTracesOperator(WarehouseOperator):
    """Delete calls to Amazon, resolved alerts and Data Docs whose time is over. What proves money is kept for good."""

    def execute(self, context: Context) -> dict[str, int]:
        """Return how many objects, rows and sites went."""
        from tieout.intake.traces import forget_sites, forget_traces

        before = dt.datetime.now(dt.UTC) - settings().trace_time
        # the lake first: the warehouse would take from it what it had forgotten
        gone = forget_traces(LakeHook().lake(), before.date())
        gone |= WarehouseHook().warehouse().forget_traces(dt.datetime.combine(before.date(), dt.time(), dt.UTC))
        gone["sites"] = forget_sites(settings().data_docs, before)
        self.log.info("%s", gone)
        return gone
