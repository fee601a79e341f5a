"""Alerts of tasks and runs, and how all alerts are told: into the log and the lake, and to the configured channels."""

from __future__ import annotations

import datetime as dt
import logging
import time
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseNotifier
from airflow.sdk.definitions.deadline import DeadlineAlert, DeadlineReference, SyncCallback
from airflow.sdk.exceptions import AirflowFailException

from tieout.alerts import Alert, AlertKind, Severity, body, digest_line, subject_line, without_secrets
from tieout.settings import settings

if TYPE_CHECKING:
    from airflow.sdk import Context

    from tieout.intake.alerting import AlertRecord
    from tieout.lake import Lake
    from tieout.notifications.channels import Channel

log = logging.getLogger(__name__)

ONE_BY_ONE = 60.0
"""Seconds for which the alerts of a message that a channel refused are sent on their own."""


class TroubleTold(AirflowFailException):
    """The task fails for trouble of which every piece has an alert of its own already."""


def tell(lake: Lake, alerts: Iterable[Alert]) -> None:
    """Open the alerts that are not open yet, and tell the channels what they have not been told.

    A channel that cannot be reached does not keep the others from being told; `tell_pending` tries it again.
    """
    from tieout.intake.alerting import open_alert, raise_alerts

    wanted = list(alerts)
    raise_alerts(lake, wanted, _now())
    records = (open_alert(lake, alert) for alert in wanted)
    _tell_channels(lake, [record for record in records if record])


def tell_pending(lake: Lake) -> None:
    """Tell the channels of every open alert that they have not been told of, and send those that are due the digest."""
    from tieout.intake.alerting import open_alerts

    records = open_alerts(lake)
    _tell_channels(lake, records)
    _send_digests(lake, records)


def _send_digests(lake: Lake, records: Sequence[AlertRecord]) -> None:
    """Send each channel, once a day, what is open and can wait: what is new first, the rest counted."""
    from tieout.intake.alerting import claim_digest, note_told, release_digest

    order = {severity: place for place, severity in enumerate(Severity)}
    for channel in _channels():
        waiting = [r for r in records if channel.wants(r.alert) and r.alert.severity not in channel.immediately]
        if not any(channel.name not in r.told for r in waiting) or not claim_digest(lake, channel.name, _now()):
            continue
        waiting.sort(key=lambda r: (channel.name in r.told, order[r.alert.severity]))
        alerts = [record.alert for record in waiting]
        told = _send_as_far_as_taken(channel, alerts, digest_line)
        for alert in told:
            note_told(lake, alert, channel.name, _now())
        if not told:
            release_digest(lake, channel.name)


def tell_resolved(lake: Lake, closed: Sequence[AlertRecord]) -> None:
    """Tell each channel that its trouble is gone, where it was told of the trouble."""
    for record in closed:
        log.info("RESOLVED %s", record.alert.title)
    for channel in _channels():
        # the end of what could wait can wait, too: it is no longer in the next digest
        alerts = [r.alert for r in closed if channel.name in r.told and r.alert.severity in channel.immediately]
        if alerts:
            _send(channel, alerts, resolved=True)


def _tell_channels(lake: Lake, records: Sequence[AlertRecord]) -> None:
    from tieout.intake.alerting import claim, give_up, note_told

    for channel in _channels():
        now = _now()
        new = [
            r.alert
            for r in records
            if channel.name not in r.told and channel.wants(r.alert) and r.alert.severity in channel.immediately
        ]
        mine = [alert for alert in new if claim(lake, alert, channel.name, now)]
        if not mine:
            continue
        told = _send_as_far_as_taken(channel, mine, subject_line)
        for alert in mine:
            if alert in told:
                note_told(lake, alert, channel.name, now)
            else:
                give_up(lake, alert, channel.name)


def _send_as_far_as_taken(
    channel: Channel, alerts: Sequence[Alert], subject: Callable[[Sequence[Alert]], str]
) -> list[Alert]:
    """Send alerts as one message, or one by one if the channel refuses that: one alert must not keep back the others.

    A channel that does not answer is not waited for longer than `ONE_BY_ONE`, which a refusal does not take.

    Returns:
        The alerts that the channel took.
    """
    if _deliver(channel, subject(alerts), alerts):
        return list(alerts)
    deadline = time.monotonic() + ONE_BY_ONE
    told = []
    for alert in alerts if len(alerts) > 1 else ():
        if time.monotonic() > deadline:
            break
        if _deliver(channel, subject([alert]), [alert]):
            told.append(alert)
    return told


def _channels() -> tuple[Channel, ...]:
    from tieout.accounts import accounts_by_client
    from tieout.notifications.channels import load_channels

    clients = None
    try:
        clients = accounts_by_client(settings().accounts_file)
    except (FileNotFoundError, ValueError) as error:
        log.warning("no client's channel is told: %s", error)
    try:
        return load_channels(settings().alerts_file, clients)
    except ValueError:
        log.exception("no channel is told: the file of channels cannot be read")
        return ()


def _send(channel: Channel, alerts: Sequence[Alert], *, resolved: bool = False) -> bool:
    return _deliver(channel, subject_line(alerts, resolved=resolved), alerts, resolved=resolved)


def _deliver(channel: Channel, subject: str, alerts: Sequence[Alert], *, resolved: bool = False) -> bool:
    """Send one message; return whether the channel took it."""
    from tieout.notifications.channels import LONGEST, send

    try:
        send(channel, subject, body(alerts, resolved=resolved, limit=LONGEST[channel.via]))
    except Exception as error:  # whatever a mail server or a network can do: the pipeline must go on
        log.error(
            "channel %r (%s, connection %r) could not be told: %s: %s",
            channel.name, channel.via, channel.connection, type(error).__name__, without_secrets(str(error)),
        )  # fmt: skip
        return False
    return True


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def _lake() -> Lake:
    from tieout.hooks.lake import LakeHook

    return LakeHook().lake()


class AlertNotifier(BaseNotifier):
    """Alerts when a task has failed for good, or a run has missed its deadline; a retry that fails does not alert."""

    def notify(self, context: Context) -> None:
        """Open the alert and tell the channels."""
        facts: dict[str, Any] = dict(context)
        if "deadline" in facts:
            _tell_whatever_happens(_run_late(facts["dag_run"], facts["deadline"]))
            return
        if not isinstance(context.get("exception"), TroubleTold):
            _tell_whatever_happens(_task_failed(context))
        if _is_last(context):
            _resolve([_late_run(context["ti"].dag_id, context["ti"].run_id)])


def _tell_whatever_happens(alert: Alert) -> None:
    """Tell of an alert even if the lake, which remembers what was told, cannot be reached: then perhaps twice."""
    try:
        tell(_lake(), [alert])
    except Exception as error:  # the lake's server, its credentials, the network: the alert may be about just that
        log.error("ALERT, and the lake cannot be reached (%s)\n%s", type(error).__name__, body([alert]))
        for channel in _channels():
            if channel.wants(alert):
                _send(channel, [alert])


class RecoveryNotifier(BaseNotifier):
    """Closes the alert of a task that has succeeded after all, and of a late run that has ended."""

    def notify(self, context: Context) -> None:
        """Close what was open. A task that succeeds at once has nothing to close and asks the lake nothing."""
        alerts = []
        if context["ti"].try_number > 1:
            alerts.append(_task_failed(context))
        if _is_last(context):
            alerts.append(_late_run(context["ti"].dag_id, context["ti"].run_id))
        if alerts:
            _resolve(alerts)


def _resolve(alerts: Iterable[Alert]) -> None:
    from tieout.intake.alerting import open_alert, resolve

    lake = _lake()
    records = (open_alert(lake, alert) for alert in alerts)
    tell_resolved(lake, resolve(lake, [record for record in records if record], _now()))


def _is_last(context: Context) -> bool:
    return not context["task"].downstream_task_ids


def _task_failed(context: Context) -> Alert:
    ti = context["ti"]
    account = getattr(context["task"], "account", None)
    name = account["name"] if isinstance(account, dict) else None
    return Alert(
        kind=AlertKind.TASK_FAILED,
        subject=" ".join(filter(None, (ti.dag_id, context.get("partition_key") or ti.run_id, ti.task_id, name))),
        message=without_secrets(str(context.get("exception") or "Airflow names no cause; see the task's log")),
        region=account["region"] if isinstance(account, dict) else None,
        account=name,
        since=ti.start_date,
        where=f"{ti.dag_id}, run {ti.run_id}, task {ti.task_id}",
    )


def _late_run(dag_id: str, run_id: str) -> Alert:
    return Alert(kind=AlertKind.RUN_LATE, subject=f"{dag_id} {run_id}", message="")


def _run_late(run: dict[str, Any], deadline: dict[str, Any]) -> Alert:
    at = deadline["deadline_time"]
    return _late_run(run["dag_id"], run["dag_run_id"]).model_copy(
        update={
            "message": f"The run was to end by {at} and is {run['state']}.",
            "since": dt.datetime.fromisoformat(at) if isinstance(at, str) else at,
            "where": f"{run['dag_id']}, run {run['dag_run_id']}",
        }
    )


CALLBACKS: dict[str, Any] = {"on_failure_callback": [AlertNotifier()], "on_success_callback": [RecoveryNotifier()]}
"""For the `default_args` of every DAG."""


def to_end_within(limit: dt.timedelta) -> DeadlineAlert:
    """The deadline of a DAG: an alert when a run takes so much longer than its successful runs do on average.

    Not `DAGRUN_QUEUED_AT`: Airflow 3.3.2 cannot clear a failed run that has such a deadline, since it takes the stored
    interval for a number (`_recalculate_dagrun_queued_at_deadlines` raises TypeError, and the API answers 500).
    """
    return DeadlineAlert(
        reference=DeadlineReference.AVERAGE_RUNTIME(max_runs=10, min_runs=1),
        interval=limit,
        callback=SyncCallback(AlertNotifier),
    )
