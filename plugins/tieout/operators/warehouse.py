"""Load, model and publish: the only tasks that write the warehouse file."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowFailException

from tieout.alerts import Alert, AlertKind
from tieout.documents import Region, State
from tieout.hooks.lake import LakeHook
from tieout.hooks.warehouse import WarehouseHook
from tieout.notifications.alert import tell, tell_pending, tell_resolved
from tieout.operators.accounts import fail_for
from tieout.operators.context import business_day
from tieout.settings import WAREHOUSE_POOL, settings
from tieout.work import work_folder

if TYPE_CHECKING:
    from airflow.sdk import Context

ENDS = (State.LOADED, State.QUARANTINED, State.SKIPPED)


class WarehouseOperator(BaseOperator):
    """A task that writes the warehouse: one at a time over all runs."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(pool=WAREHOUSE_POOL, **kwargs)

    def pre_execute(self, context: Any) -> None:
        """See that the lake is this deployment's, and that the clocks agree, before anything is written."""
        from tieout.intake.lease import ClockDiffers, LeaseHeld, deployment_of, hold

        try:
            hold(LakeHook().lake(), deployment_of(WarehouseHook().warehouse().path, settings().deployment))
        except (LeaseHeld, ClockDiffers) as refused:
            raise AirflowFailException(str(refused)) from refused


class LoadBusinessDayOperator(WarehouseOperator):
    """Load what the regions published for the run's business day, and whatever else waits in the lake."""

    def execute(self, context: Context) -> dict[str, Any]:
        """Return what was loaded, by region."""
        from tieout.intake.load import load_region

        day = business_day(context)
        events = context["triggering_asset_events"]
        published = {Region(event.extra["region"]) for asset in events for event in events[asset]}
        warehouse, lake = WarehouseHook().warehouse(), LakeHook().lake()
        loaded = {}
        with work_folder("load") as folder:
            for region in sorted(Region, key=lambda each: each not in published):  # what was published first
                result = load_region(
                    warehouse,
                    lake,
                    region,
                    day,
                    published=region in published,
                    run_id=context["run_id"],
                    folder=folder,
                )
                if result:
                    loaded[region.value] = result
                    self.log.info("%s: %s", region, result)
        return loaded


class AccountForLoadOperator(BaseOperator):
    """Fail unless every document that the regions listed and published ended in the warehouse.

    :param loaded: (templated) what `LoadBusinessDayOperator` returned.
    """

    template_fields = ("loaded",)

    def __init__(self, *, loaded: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.loaded = loaded

    def execute(self, context: Context) -> int:
        """Return how many documents ended in the warehouse.

        :raises TroubleTold: naming every document that did not; each has its alert.
        """
        trouble = [
            Alert(kind=AlertKind.DOCUMENT_UNACCOUNTED, subject=name, message=message, region=Region(region))
            for region, result in self.loaded.items()
            for name, message in sorted(result["unaccounted"].items())
        ]
        fail_for(LakeHook().lake(), trouble, "warehouse")
        return sum(result[state.value] for result in self.loaded.values() for state in ENDS)


class RebuildWarehouseOperator(WarehouseOperator):
    """Make the warehouse file anew from the lake."""

    def execute(self, context: Context) -> dict[str, int]:
        """Return what was done again."""
        from tieout.intake.rebuild import rebuild_warehouse

        published = settings().published_warehouse
        return rebuild_warehouse(WarehouseHook().warehouse(), LakeHook().lake(), published)


class BuildMartsOperator(WarehouseOperator):
    """Build the marts for what changed since they were built last, and let the alerts follow what mart.trouble says."""

    def execute(self, context: Context) -> dict[str, Any]:
        """Return how many settlements had changed, and how many rows of each mart did."""
        from tieout.intake.alerting import follow, record
        from tieout.intake.damage import follow_damages

        warehouse, lake = WarehouseHook().warehouse(), LakeHook().lake()
        built = dataclasses.asdict(warehouse.build_marts())
        now = dt.datetime.now(dt.UTC)
        tell_resolved(lake, [*follow(warehouse, lake, now), *follow_damages(lake, now)])
        record(warehouse, lake)
        return built


class PublishWarehouseOperator(WarehouseOperator):
    """Publish the read copies, of everything and of each client, and tell the channels of open alerts they do not know.

    A channel that cannot be reached, and a client's bucket, is tried again by the next run.
    """

    def execute(self, context: Context) -> str:
        """Return the path of the read copy of everything."""
        from tieout.intake.alerting import update
        from tieout.intake.client_copies import publish_clients
        from tieout.intake.disks import disk_alerts, needed

        target = settings().published_warehouse
        warehouse, lake = WarehouseHook().warehouse(), LakeHook().lake()
        found = disk_alerts(needed(warehouse.path, target, settings().work))
        tell(lake, found)  # before the copy, which fails if there is no room at all
        warehouse.publish(target)
        tell_pending(lake)
        refused = publish_clients(warehouse, lake, target, settings().accounts_file)
        tell(lake, refused)
        kinds = [AlertKind.READ_COPY_REFUSED, AlertKind.DISK_LOW]
        tell_resolved(lake, update(lake, [*found, *refused], kinds, dt.datetime.now(dt.UTC)))
        return str(target)


def build_and_publish() -> list[BaseOperator]:
    """The tasks, one after the other, that follow whatever changed the warehouse."""
    return [BuildMartsOperator(task_id="build_marts"), PublishWarehouseOperator(task_id="publish_read_copy")]
