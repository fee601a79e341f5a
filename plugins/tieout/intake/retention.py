"""Personal values have an end: some time after the window of a report, its bytes are replaced by others without them.

The bytes with personal values are under `personal/`, their manifests under `raw/`. When a body has expired, a redacted one is
put under `raw/`, the manifest then names it and both digests, and the body is deleted: in this order, so that whatever is
killed half-way goes on where it stopped. A redacted body reads to the same rows, which is proven before it takes the place of
the other. A body that no reader can read may have a name anywhere, so nothing is put in its place: its manifest keeps the
digest and the reason why it was refused, and its outcome stays what it was.
"""

from __future__ import annotations

import datetime as dt
import logging
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from tieout.documents import Document, StagedReport
from tieout.intake.receiving import tells_unknown
from tieout.intake.records import Manifest
from tieout.intake.redacting import LEFT, NotRedacted, Stored, move_to_personal, redact, remove
from tieout.intake.settling import check, is_read, read, reading_of, staged_names
from tieout.lake import Keys, Lake
from tieout.privacy import PERSONAL_REPORTS, may_hold_persons
from tieout.reports import report
from tieout.reports.errors import Misfit, where_raised
from tieout.reports.redaction import Expired

log = logging.getLogger(__name__)

WITHOUT_PERSONAL = 4
"""The first version of the reader of reports that stages no personal values."""
_RECORD = re.compile(r"/(?:reading|outcome)-([0-9]+)[^/]*$")


@dataclass
class Done:
    """What a run of the retention did."""

    counts: Counter[str] = field(default_factory=Counter)
    """`redacted`, `removed` (bodies that cannot be read), `deleted` (empty bodies, and those that no manifest names), `kept`
    (whose time is not over); of what earlier versions of Tieout left: `moved` to `personal/`, `read_again`, `passed`."""
    failed: dict[str, str] = field(default_factory=dict)
    """By key, what is wrong with a body that could not be redacted. The others were."""


def expire(lake: Lake, now: dt.datetime, after: dt.timedelta, folder: Path) -> Done:
    """Take personal values out of every body whose time is over.

    Args:
        lake: The lake.
        now: The instant.
        after: How long after the end of its window a body is kept.
        folder: Where bodies may be kept while they are worked on.
    """
    done = Done()
    _meet_older(lake, done, folder)
    for key, written in list(lake.written(Keys.all_personal())):
        _attempt(done, key, partial(_expire_one, lake, Stored.at(key), written, now, after, folder))
    return done


def _attempt(done: Done, key: str, work: Callable[[], str]) -> None:
    try:
        done.counts[work()] += 1
    except OSError:
        raise  # of this machine, or of the network
    except Exception as error:
        what = str(error) if isinstance(error, NotRedacted | Misfit) else where_raised(error)
        log.error("%s could not be redacted: %s", key, what)
        done.failed[key] = what


def _expire_one(
    lake: Lake, body: Stored, written: dt.datetime, now: dt.datetime, after: dt.timedelta, folder: Path
) -> str:
    """Redact one body if its time is over; return what was done, as `Done` counts it."""
    manifest = lake.get_record(body.manifest_key, Manifest)
    if manifest is None or body.is_empty:
        if now - written < after:
            return "kept"
        lake.delete(body.key)  # of a download that was cut off, or with nothing in it
        return "deleted"
    if manifest.raw.key != body.key and now - written < LEFT:
        return "kept"  # it may have come just now
    if manifest.raw.key != body.key:
        lake.delete(body.key)  # what a run that was killed has left
        return "deleted"
    document = manifest.document
    if now - (document.data_end_at or manifest.raw.received_at) < after:
        return "kept"
    if not body.before:
        if not is_read(lake, document):
            read(lake, [document])
            check(lake, [document], None)
        reading = reading_of(lake, document)
        if reading is not None and reading.refused is not None:
            remove(lake, body, manifest, reading.refused, now)
            return "removed"
    return redact(lake, body, manifest, Expired(lake.privacy), now, folder)


def _meet_older(lake: Lake, done: Done, folder: Path) -> None:
    """Meet what earlier versions of Tieout put into the lake, once for each version of the reader and key.

    Bodies with personal values go to `personal/`; what was staged with them is read again.
    """
    mark = Keys.older_met(f"{report.READER_VERSION}-{lake.privacy.key_id or 'no-key'}")
    if lake.get(mark) is not None:
        return
    for key in list(lake.keys(Keys.all_raw())):
        body = Stored.at(key)
        if body.is_body:
            _attempt(done, key, partial(_move_older, lake, body, folder))
    for key in list(lake.keys(Keys.all_raw())):
        body = Stored.at(key)
        if body.name == "manifest.json" and not body.before and body.report_type in PERSONAL_REPORTS:
            _attempt(done, key, partial(_read_older, lake, key, folder))
    if not done.failed:
        lake.put(mark, b"{}", content_type="application/json")


def _move_older(lake: Lake, body: Stored, folder: Path) -> str:
    manifest = lake.get_record(body.manifest_key, Manifest)
    status = manifest.document.processing_status if manifest else None
    if not may_hold_persons(body.report_type, status) and not (manifest and _has_unknown(lake, manifest.document)):
        return "passed"
    move_to_personal(lake, body, manifest, folder)
    return "moved"


def _has_unknown(lake: Lake, document: Document) -> bool:
    reading = reading_of(lake, document)
    return reading is not None and tells_unknown(reading.staged, lake.privacy)


def _read_older(lake: Lake, key: str, folder: Path) -> str:
    """Read a document again that an earlier reader staged with personal values, and forget what that one said."""
    manifest = lake.get_record(key, Manifest)
    if manifest is None:
        return "passed"  # it was damaged
    document = manifest.document
    there = list(lake.keys(Keys.staged(document, "")))
    older = [each for each in there if (found := _RECORD.search(each)) and int(found[1]) < WITHOUT_PERSONAL]
    if not older:
        return "passed"
    if not is_read(lake, document):
        read(lake, [document])
        check(lake, [document], None)
    reading = reading_of(lake, document)
    for old in there:
        if not old.endswith(".parquet") or old.rpartition("/")[2] in staged_names(lake, document):
            continue
        if reading and isinstance(reading.staged, StagedReport):  # the log of loads names it
            lake.put_file(old, lake.get_file(reading.staged.rows_key, folder / "rows.parquet"))
        else:
            lake.delete(old)
    for each in older:
        lake.delete(each)
    return "read_again"
