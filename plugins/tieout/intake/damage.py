"""Objects of the lake that were damaged: an alert for each, with its key, until it is there again or a person has looked."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from tieout.alerts import Alert, AlertKind, Severity
from tieout.documents import Region
from tieout.intake.alerting import AlertRecord, update
from tieout.lake import Keys, Lake

_MADE_AGAIN = {
    "raw": "The document is fetched again by the next run while Amazon lists it; until then it is in quarantine, and what is "
    "loaded of it stays. Of a file that was imported, import it again",
    "staged": "The document is read or checked again from its bytes",
    "listed": "It is made anew from the listings of all days, or by listing again",
    "requested": "Amazon's listing tells whether the report was asked for; else it is asked for again",
    "collected": "What the account wants is planned again; reports that were asked for are taken up under their ids",
    "budget": "The rate budget begins as a full one",
    "sizes": "The size that Amazon accepts is found again",
    "quarantine": "The next check of the document writes it",
    "alerts": "Trouble that is still there is reported once more",
}
"""By the first part of the key, what becomes of an object that was moved away."""
_STAYS = {
    "outcomes": "Nothing of the account and day, or import, is loaded, and the other accounts are: clear the account's check "
    "task of that day in Airflow; it writes the object anew",
    "decisions": "The decision is not applied: restore the object from a backup, or decide again under a new run and delete it",
    "loads": "A rebuild takes what this load brought from the outcomes of all days; restore the object from a backup",
    "calls": "Calls that cannot be read are missing in ops.api_call; nothing else depends on them",
}
"""By the first part of the key, what becomes of an object that nothing makes again; it is left where it is."""


def damages(lake: Lake, region: Region | None = None) -> Iterator[Alert]:
    """Yield an alert for each damaged object that is not there again.

    Args:
        lake: The lake.
        region: Whose objects alone; None: all.
    """
    for copy, size in lake.sizes(Keys.DAMAGED):
        key = copy.removeprefix(Keys.DAMAGED)
        alert = _alert(lake, key, size)
        if region not in (None, alert.region):
            continue
        now = lake.get(key)
        if now is None or now == lake.get(copy):
            yield alert


def follow_damages(lake: Lake, now: dt.datetime) -> list[AlertRecord]:
    """Open an alert for each damaged object, and close those of objects that are there again.

    Returns:
        The alerts that were closed.
    """
    return update(lake, damages(lake), [AlertKind.RECORD_DAMAGED], now)


def _alert(lake: Lake, key: str, size: int) -> Alert:
    first, *rest = key.split("/")
    what = _STAYS.get(first) or _MADE_AGAIN.get(first, "Restore the object from a backup")
    copy = f"s3://{lake.bucket}/{Keys.damaged(key)}"
    region = next((Region(part) for part in rest if part in Region.__members__), None)
    account = rest[rest.index(region) + 1] if region and rest.index(region) + 1 < len(rest) else None
    return Alert(
        kind=AlertKind.RECORD_DAMAGED,
        subject=key,
        message=(
            f"s3://{lake.bucket}/{key} ({size:,} bytes) is not the record that it should be. {what}. A copy is at {copy}: "
            "delete it when nothing is left to do, and the alert closes."
        ),
        region=region,
        account=account.removesuffix(".json") if account else None,
        severity=Severity.CRITICAL if first in _STAYS else Severity.WARNING,
    )
