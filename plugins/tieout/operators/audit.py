"""Compare the lake with its digests."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from airflow.sdk import BaseOperator

from tieout.hooks.lake import LakeHook
from tieout.notifications.alert import tell_resolved
from tieout.operators.accounts import fail_for
from tieout.work import work_folder

if TYPE_CHECKING:
    from airflow.sdk import Context


class AuditLakeOperator(BaseOperator):
    """Compare a seventh of the lake's bodies and staged files with their digests: the whole lake in a week."""

    def execute(self, context: Context) -> dict[str, int]:
        """Return how many objects were compared, and their bytes.

        :raises TroubleTold: naming every object that differs; each has its alert.
        """
        from tieout.intake.audit import audit

        now = dt.datetime.now(dt.UTC)
        lake = LakeHook().lake()
        with work_folder("audit") as folder:
            done = audit(lake, now.date(), folder, now)
        self.log.info("%s objects of %s bytes are compared, %s differ", done.objects, done.size, len(done.differing))
        tell_resolved(lake, done.closed)
        fail_for(lake, done.differing, "audit of the lake")
        return {"objects": done.objects, "bytes": done.size}
