"""Forget an order or a person: everywhere, in all versions, and for good.

Only the keyed hash of what is to be forgotten is known here. It is written down first, so that no document which comes in the
meantime brings it back (`tieout.intake.erased`). An order's lines are bookkeeping facts, which tax law wants kept: they stay,
with a keyed name in place of the order's id, so that no total changes; all that its rows tell of the buyer goes.
"""

from __future__ import annotations

import datetime as dt
import logging
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tieout.documents import Decision, Document, StagedReport
from tieout.intake.erased import ErasedSubject, to_forget
from tieout.intake.load import keep_log
from tieout.intake.rebuild import rebuild_warehouse
from tieout.intake.records import Manifest, ReadingRecord
from tieout.intake.redacting import LEFT, Stored, redact
from tieout.intake.settling import judge_again, reading_of, shelve
from tieout.lake import Keys, Lake
from tieout.reports.redaction import Erased
from tieout.reports.rewriting import changed_json

if TYPE_CHECKING:
    from tieout.warehouse import Warehouse

log = logging.getLogger(__name__)

_RECORDS = (".json", ".jsonl")
LARGEST_FILE = 256 << 20
"""Bytes of a page or a log that is searched; no larger one is written by Tieout."""


def erase(
    warehouse: Warehouse, lake: Lake, decision: Decision, *, published: Path, folders: Sequence[Path], folder: Path
) -> dict[str, int]:
    """Forget what a decision names, then make the warehouse anew of what is left. Doing it again finds nothing.

    Args:
        warehouse: The warehouse, in which the decision is recorded.
        lake: The lake.
        decision: Names the keyed hash of what is to be forgotten.
        published: The read copy, which has to be seen as out of date.
        folders: Pages and logs that may name an order.
        folder: Where files may be kept while they are worked on.

    Returns:
        How many bodies, documents, records and files were changed.

    Raises:
        RuntimeError: A body holds it and could not be changed; all others were.
    """
    assert decision.subject is not None
    proof = ErasedSubject(subject=decision.subject, decision_id=decision.decision_id, asked_at=decision.decided_at)
    proof = lake.put_first(Keys.erased(decision.subject), proof)
    keep_log(warehouse, lake)
    change = to_forget(lake)
    assert change is not None
    counts: Counter[str] = Counter()
    failed: list[str] = []
    since = decision.decided_at if proof.done_at else proof.asked_at
    documents = _forget_in_bodies(lake, change, since, counts, failed, folder)
    for outcome in judge_again(lake, documents, None):
        shelve(lake, outcome)
        _follow_in_older_readings(lake, outcome.document, folder)
    if documents:
        counts["documents"] += len(documents)
    _forget_in_records(lake, change, counts)
    for each in folders:
        _forget_in_files(each, change, counts)
    rebuild_warehouse(warehouse, lake, published)
    if failed:
        raise RuntimeError(
            f"{len(failed)} bodies may still hold what is to be forgotten: delete these objects yourself\n"
            + "\n".join(failed)
        )
    done = dict(Counter(proof.counts) + counts)
    finished = proof.model_copy(update={"done_at": dt.datetime.now(dt.UTC), "counts": done})
    lake.put_record(Keys.erased(decision.subject), finished)
    log.info("%s: %s", decision.subject, dict(counts))
    return dict(counts)


def _forget_in_bodies(
    lake: Lake, change: Erased, since: dt.datetime, counts: Counter[str], failed: list[str], folder: Path
) -> list[Document]:
    """Rewrite each body that holds it, earlier versions included; return the documents whose bodies changed since an instant."""
    changed = []
    now = dt.datetime.now(dt.UTC)
    for body, manifest in list(_bodies(lake)):
        try:
            done = redact(lake, body, manifest, change, now, folder, erased=True)
        except OSError:
            raise
        except Exception as error:
            log.error("%s: %s", body.key, type(error).__name__)
            failed.append(body.key)
            continue
        if done != "unchanged":
            counts["bodies"] += 1
        before = manifest.raw.redacted  # by an erasure that was killed before it could read the document again
        again = before is not None and before.erased and before.at >= since
        if not body.before and (done != "unchanged" or again):
            changed.append(manifest.document)
    return changed


def _follow_in_older_readings(lake: Lake, document: Document, folder: Path) -> None:
    """Put the rows of now in place of those that were staged under another key of hashed values; the log of loads names them."""
    now = reading_of(lake, document)
    if now is None or not isinstance(now.staged, StagedReport):
        return
    for key in list(lake.keys(Keys.staged(document, "reading-"))):
        older = lake.get_record(key, ReadingRecord)
        staged = older.staged if older else None
        if older is None or not isinstance(staged, StagedReport) or staged.rows_key == now.staged.rows_key:
            continue
        lake.put_file(staged.rows_key, lake.get_file(now.staged.rows_key, folder / "rows.parquet"))
        staged = staged.model_copy(update={"rows_sha256": now.staged.rows_sha256})
        lake.put_record(key, older.model_copy(update={"staged": staged}))


def _bodies(lake: Lake) -> Iterator[tuple[Stored, Manifest]]:
    """Every body with its manifest; what a task that was killed has left goes, unless a task may be at work on it."""
    now = dt.datetime.now(dt.UTC)
    for prefix in (Keys.all_raw(), Keys.all_personal()):
        for key, written in list(lake.written(prefix)):
            body = Stored.at(key)
            if body.is_empty or not (body.is_body or body.is_redacted):
                continue
            manifest = lake.get_record(body.manifest_key, Manifest)
            if manifest is not None and (manifest.raw.key == key or body.before):
                yield body, manifest
            elif now - written > LEFT or (manifest is not None and manifest.raw.redacted is not None):
                lake.delete(key)


def _forget_in_records(lake: Lake, change: Erased, counts: Counter[str]) -> None:
    """Rewrite each record of the lake: reasons, outcomes, listings, the log of loads, alerts."""
    for key in list(lake.keys("")):
        if not key.endswith(_RECORDS) or key.startswith(Keys.all_erased()):
            continue
        text = (lake.get(key) or b"").decode("utf-8", "surrogateescape")
        changed = changed_json(text, change)
        if changed != text:
            lake.put(key, changed.encode("utf-8", "surrogateescape"), content_type="application/json")
            counts["records"] += 1


def _forget_in_files(folder: Path, change: Erased, counts: Counter[str]) -> None:
    """Rewrite each page and log below a folder."""
    for path in sorted(folder.rglob("*")):
        try:
            if path.is_symlink() or not path.is_file() or path.stat().st_size > LARGEST_FILE:
                continue
            text = path.read_text(encoding="utf-8")
        except (UnicodeDecodeError, FileNotFoundError):
            continue  # a picture, a database; a log that Airflow has just removed
        changed = change.text(text)
        if changed != text:
            temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
            temporary.write_text(changed, encoding="utf-8")
            os.replace(temporary, path)
            counts["files"] += 1
