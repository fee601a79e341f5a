"""Compare what the lake holds with the digests of what was received and staged, a seventh of the documents each day.

Bytes are compared whenever they are read; what nobody reads for years is compared here, once a week.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from tieout.alerts import Alert, AlertKind
from tieout.documents import StagedFiles, StagedReport
from tieout.intake.alerting import AlertRecord, open_alerts, raise_alerts, resolve
from tieout.intake.reading import sha256_of
from tieout.intake.receiving import fetch_raw
from tieout.intake.records import Manifest, ReadingRecord
from tieout.lake import Keys, Lake
from tieout.reports.errors import Misfit

log = logging.getLogger(__name__)

PARTS = 7
"""One part of the documents is audited each day."""


@dataclass
class Audit:
    """What an audit found."""

    objects: int = 0
    """Bodies and staged files that were compared."""
    size: int = 0
    """Their bytes."""
    differing: list[Alert] = field(default_factory=list)
    closed: list[AlertRecord] = field(default_factory=list)
    """Alerts of an earlier audit whose objects are what they should be again."""


def audit(lake: Lake, day: dt.date, folder: Path, now: dt.datetime) -> Audit:
    """Compare the documents whose turn it is on a day, and let the alerts follow.

    Args:
        lake: The lake.
        day: Any day; each seven in a row cover the whole lake.
        folder: Where one file at a time may be kept.
        now: When it is done.
    """
    done = Audit()
    part = day.toordinal() % PARTS
    for key in lake.keys(Keys.all_raw()):
        home, _, name = key.removeprefix(Keys.all_raw()).rpartition("/")
        if name == "manifest.json" and _part(key) == part:
            _compare_body(lake, key, folder / "object", done)
            if home.count("/") == 3:  # what was kept of an earlier fetch lies deeper
                _compare_staged(lake, home, folder / "object", done)
    found = {alert.alert_id for alert in done.differing}
    raise_alerts(lake, done.differing, now)
    known = open_alerts(lake, [AlertKind.LAKE_DIFFERS])
    gone = [each for each in known if _part(each.alert.subject) == part and each.alert.alert_id not in found]
    done.closed = resolve(lake, gone, now)
    return done


def _part(key: str) -> int:
    """Which part a key below `raw/`, `personal/` or `staged/` belongs to: all objects of a document to the same."""
    document = "/".join(key.split("/")[1:5])
    return int(hashlib.sha256(document.encode()).hexdigest()[:8], 16) % PARTS


def _compare_body(lake: Lake, key: str, path: Path, done: Audit) -> None:
    manifest = lake.get_record(key, Manifest)
    while manifest is not None and not (manifest.raw.redacted and manifest.raw.redacted.refused):
        try:
            fetch_raw(lake, manifest.raw, path)
        except Misfit as differs:
            if (again := lake.get_record(key, Manifest)) != manifest:
                manifest = again  # the bytes were redacted, or fetched again, in between
                continue
            done.differing.append(_alert(lake, manifest, manifest.raw.key, f"{differs.problem}. {differs.advice}"))
        done.objects += 1
        done.size += path.stat().st_size if path.exists() else 0
        path.unlink(missing_ok=True)
        return


def _compare_staged(lake: Lake, home: str, path: Path, done: Audit) -> None:
    for staged in _readings(lake, home):
        for key, sha256 in staged.digests.items():
            if sha256 is None:
                continue  # of an older version, which noted no digest
            try:
                found = sha256_of(lake.get_file(key, path))
            except FileNotFoundError:
                found = "no object"
            done.objects += 1
            done.size += path.stat().st_size if path.exists() else 0
            path.unlink(missing_ok=True)
            manifest = lake.get_record(f"{Keys.all_raw()}{home}/manifest.json", Manifest)
            if found != sha256 and manifest is not None and staged in _readings(lake, home):
                problem = f"{key} is not the file that was staged: its sha256 is {found}, not {sha256}"
                advice = "A load that needs it reads the document again; release the document to do so now"
                done.differing.append(_alert(lake, manifest, key, f"{problem}. {advice}"))


def _readings(lake: Lake, home: str) -> list[StagedFiles | StagedReport]:
    """How the document is staged now: by the latest version of the reader, and by each key of hashed values."""
    found: dict[str, tuple[int, StagedFiles | StagedReport]] = {}
    for key in lake.keys(f"{Keys.all_staged()}{home}/reading-"):
        reading = lake.get_record(key, ReadingRecord)
        for name in reading.staged.digests if reading and reading.staged else ():
            assert reading is not None
            assert reading.staged is not None
            if name not in found or found[name][0] < reading.reader_version:
                found[name] = reading.reader_version, reading.staged
    return list({id(staged): staged for _, staged in found.values()}.values())


def _alert(lake: Lake, manifest: Manifest, key: str, problem: str) -> Alert:
    document = manifest.document
    settlements = list(_settlements(lake, key.split("/", 1)[1].rpartition("/")[0]))
    one = settlements[0] if len(settlements) == 1 else None
    return Alert(
        kind=AlertKind.LAKE_DIFFERS,
        subject=key,
        message=f"{problem}. Received on {manifest.raw.received_at:%Y-%m-%d}; what is loaded of it stays as it is.",
        region=document.region,
        account=document.account,
        document_id=document.document_id,
        settlement_id=one[0] if one else None,
        amount=one[1] if one else None,
        currency=one[2] if one else None,
    )


def _settlements(lake: Lake, home: str) -> Iterator[tuple[str, Decimal, str]]:
    for staged in _readings(lake, home):
        if isinstance(staged, StagedFiles):
            for each in staged.reading.settlements:
                yield each.settlement_id, each.control_total, each.currency
