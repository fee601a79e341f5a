"""Which alerts are open. The lake remembers, so that the same trouble does not alert twice and none is forgotten.

An open alert is one object under `alerts/open/`. When its trouble is gone it moves to `alerts/resolved/`; if the trouble
comes back, it is a new alert.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from pydantic import AwareDatetime

from tieout.alerts import MEANINGS, Alert, AlertKind, body
from tieout.documents import Record
from tieout.lake import Keys, Lake

if TYPE_CHECKING:
    from tieout.warehouse import Warehouse


class AlertRecord(Record):
    """An alert and what was done about telling people."""

    made_again = True

    alert: Alert
    raised_at: AwareDatetime
    resolved_at: AwareDatetime | None = None
    claimed: dict[str, AwareDatetime] = {}
    """By channel: when somebody began to tell it."""
    told: dict[str, AwareDatetime] = {}
    """By channel: when it was told."""


log = logging.getLogger(__name__)

OF_THE_WAREHOUSE = frozenset(AlertKind) - {
    AlertKind.TASK_FAILED,
    AlertKind.RUN_LATE,
    AlertKind.CLIENT_SECRET_EXPIRES,
    AlertKind.RECORD_DAMAGED,
    AlertKind.LAKE_DIFFERS,
    AlertKind.CONSENT_EXPIRES,
}
"""What mart.trouble tells."""
BEFORE_THE_LOAD = frozenset({AlertKind.DOCUMENT_QUARANTINED, AlertKind.DOCUMENT_UNACCOUNTED})
"""What a region's run may notice before the warehouse does."""
DIGEST_EVERY = dt.timedelta(hours=20)
"""How often a channel is sent the digest at most: once a day, whenever the run of that day ends."""
CLAIM = dt.timedelta(minutes=10)
"""Whoever began to tell a channel and has not said for so long that it is done was killed: somebody else may."""


def raise_alerts(lake: Lake, alerts: Iterable[Alert], now: dt.datetime) -> list[AlertRecord]:
    """Open the alerts that are not open yet, and write each into the log.

    :return: those that were opened now.
    """
    opened = []
    for alert in alerts:
        record = AlertRecord(alert=alert, raised_at=now)
        if lake.put_if(Keys.open_alert(alert.alert_id), _json(record), etag=None):
            log.error("ALERT\n%s", body([alert]))
            opened.append(record)
    return opened


def resolve(lake: Lake, alerts: Iterable[AlertRecord], now: dt.datetime) -> list[AlertRecord]:
    """Close open alerts whose trouble is gone.

    :return: the closed ones. When it is stopped half-way, an alert stays open and the next call closes it.
    """
    closed = []
    for open_alert in alerts:
        record = open_alert.model_copy(update={"resolved_at": now})
        key = Keys.resolved_alert(record.alert.alert_id, record.raised_at)
        lake.put_record(key, record)
        lake.delete(Keys.open_alert(record.alert.alert_id))
        closed.append(record)
    return closed


def open_alerts(lake: Lake, kinds: Iterable[AlertKind] = AlertKind) -> list[AlertRecord]:
    """The open alerts of some kinds, oldest first."""
    wanted = set(kinds)
    found = [record for record in _records(lake, Keys.OPEN_ALERTS) if record.alert.kind in wanted]
    return sorted(found, key=lambda record: (record.raised_at, record.alert.alert_id))


def open_alert(lake: Lake, alert: Alert) -> AlertRecord | None:
    """The record of an alert, if it is open."""
    return lake.get_record(Keys.open_alert(alert.alert_id), AlertRecord)


def resolved_alerts(
    lake: Lake, since: dt.date | None, thought_open: Iterable[tuple[str, dt.datetime]] = ()
) -> Iterator[AlertRecord]:
    """Yield alerts that are resolved, each once.

    Args:
        lake: The lake.
        since: The UTC day from which on those that were raised are listed; None: all.
        thought_open: The id and the instant of raising of others that are looked for, and may be open still.
    """
    after = Keys.resolved_alerts_of_day(since) if since else ""
    keys = set(lake.keys(Keys.RESOLVED_ALERTS, after=after))
    for key in sorted(keys | {Keys.resolved_alert(*each) for each in thought_open}):
        record = lake.get_record(key, AlertRecord)
        if record:
            yield record


def update(lake: Lake, found: Iterable[Alert], kinds: Iterable[AlertKind], now: dt.datetime) -> list[AlertRecord]:
    """Make the open alerts of some kinds those of `found`, which is all the trouble of these kinds that there is.

    :return: the alerts that were closed.
    """
    there = {alert.alert_id: alert for alert in found}
    known = {record.alert.alert_id: record for record in open_alerts(lake, kinds)}
    gone = [record for name, record in known.items() if name not in there]
    raise_alerts(lake, (alert for name, alert in there.items() if name not in known), now)
    return resolve(lake, gone, now)


def follow(warehouse: Warehouse, lake: Lake, now: dt.datetime) -> list[AlertRecord]:
    """Open an alert for each row of mart.trouble, and close those whose row is gone.

    A region's run may alert of a document or a day before the warehouse has loaded it; such an alert stays open until
    then.

    :return: the alerts that were closed.
    """
    found = {alert.alert_id: alert for alert in map(_of_trouble, warehouse.trouble())}
    known = {each.alert.alert_id: each for each in open_alerts(lake, OF_THE_WAREHOUSE)}
    raise_alerts(lake, (alert for name, alert in found.items() if name not in known), now)
    gone = [each for name, each in known.items() if name not in found]
    loaded = warehouse.loaded_subjects([each.alert.subject for each in gone if each.alert.kind in BEFORE_THE_LOAD])
    return resolve(lake, [e for e in gone if e.alert.kind not in BEFORE_THE_LOAD or e.alert.subject in loaded], now)


def _of_trouble(row: dict[str, Any]) -> Alert:
    return Alert(**{name: value for name, value in row.items() if name in Alert.model_fields})


class Digest(Record):
    """When a channel was last sent the daily digest."""

    made_again = True

    sent_at: AwareDatetime


def claim_digest(lake: Lake, channel: str, now: dt.datetime) -> bool:
    """Take it on to send a channel the digest of the day.

    Returns:
        False if it was sent, or another process is sending it, less than `DIGEST_EVERY` ago.
    """
    key = Keys.digest(channel)
    held = lake.get_record_with_etag(key, Digest)
    if held and now - held[0].sent_at < DIGEST_EVERY:
        return False
    record = Digest(sent_at=now).model_dump_json(indent=1).encode()
    return lake.put_if(key, record, etag=held[1] if held else None) is not None


def release_digest(lake: Lake, channel: str) -> None:
    """Note that the digest could not be sent, so that the next run tries again."""
    lake.delete(Keys.digest(channel))


def record(warehouse: Warehouse, lake: Lake) -> int:
    """Bring ops.alert up to the alerts in the lake.

    :return: how many rows went or came.
    """
    there = open_alerts(lake)
    open_now = {(each.alert.alert_id, each.raised_at) for each in there}
    newest, thought_open = warehouse.known_alerts()
    # one that was raised a moment before the newest may have been written a moment after it was kept
    since = newest - dt.timedelta(days=1) if newest else None
    resolved = resolved_alerts(lake, since, thought_open - open_now)
    # one whose closing was cut off is in both places, and open until it is closed again
    known = [*there, *(each for each in resolved if (each.alert.alert_id, each.raised_at) not in open_now)]
    return warehouse.record_alerts([_row(each) for each in known])


def _row(record: AlertRecord) -> dict[str, Any]:
    alert = record.alert
    told = {channel: at.isoformat() for channel, at in sorted(record.told.items())}
    return {
        "alert_id": alert.alert_id,
        "raised_at": record.raised_at,
        "resolved_at": record.resolved_at,
        "kind": alert.kind,
        "severity": alert.severity,
        "subject": alert.subject,
        "title": alert.title,
        "message": alert.message,
        "what_to_do": MEANINGS[alert.kind].what_to_do,
        "region": alert.region,
        "account": alert.account,
        "settlement_id": alert.settlement_id,
        "document_id": alert.document_id,
        "amount": alert.amount,
        "currency": alert.currency,
        "since": alert.since,
        "noticed_by": alert.where,
        "told": json.dumps(told) if told else None,
    }


def claim(lake: Lake, alert: Alert, channel: str, now: dt.datetime) -> bool:
    """Take it on to tell a channel of an open alert.

    :return: False if the channel was told, or somebody else is at it, or the alert is not open any more.
    """

    def begin(record: AlertRecord) -> AlertRecord | None:
        begun = record.claimed.get(channel)
        if channel in record.told or (begun and now - begun < CLAIM):
            return None
        return record.model_copy(update={"claimed": {**record.claimed, channel: now}})

    return _change(lake, alert, begin)


def note_told(lake: Lake, alert: Alert, channel: str, now: dt.datetime) -> None:
    """Note that a channel was told of an open alert."""
    _change(lake, alert, lambda record: record.model_copy(update={"told": {**record.told, channel: now}}))


def give_up(lake: Lake, alert: Alert, channel: str) -> None:
    """Note that a channel could not be told, so that the next run tries again at once."""

    def drop(record: AlertRecord) -> AlertRecord:
        claimed = {name: at for name, at in record.claimed.items() if name != channel}
        return record.model_copy(update={"claimed": claimed})

    _change(lake, alert, drop)


def _change(lake: Lake, alert: Alert, change: Callable[[AlertRecord], AlertRecord | None]) -> bool:
    key = Keys.open_alert(alert.alert_id)
    while True:
        held = lake.get_record_with_etag(key, AlertRecord)
        changed = change(held[0]) if held else None
        if held is None or changed is None:
            return False
        if lake.put_if(key, _json(changed), etag=held[1]):
            return True


def _records(lake: Lake, prefix: str) -> Iterator[AlertRecord]:
    for key in lake.keys(prefix):
        record = lake.get_record(key, AlertRecord)
        if record:  # else it was resolved since the keys were listed
            yield record


def _json(record: AlertRecord) -> bytes:
    return record.model_dump_json(indent=1).encode()
