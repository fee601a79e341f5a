"""Put bytes without personal values in the place of those that were received, so that nothing is lost half-way."""

from __future__ import annotations

import datetime as dt
import hashlib
import logging
import tempfile
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

import pyarrow.parquet as pq

from tieout.documents import Document, RawFile, Reason, Redaction, StagedReport
from tieout.intake.erased import mentions
from tieout.intake.reading import Read, charset_of, is_settlement, stage
from tieout.intake.receiving import fetch_raw
from tieout.intake.records import Manifest, Quarantined
from tieout.lake import Keys, Lake
from tieout.reports.rewriting import Change, rewrite

log = logging.getLogger(__name__)


LEFT = dt.timedelta(hours=1)
"""A body that no manifest names, and is older than this, was left by a task that was killed; a younger one may be on its way."""


class NotRedacted(Exception):
    """A body cannot be redacted without changing what it says: a person has to look at it."""


@dataclass(frozen=True)
class Stored:
    """A stored object of a document, by its key: `<room>/<region>/<account>/<report type>/<document>/[<before>/]<name>`."""

    key: str
    home: str
    before: str
    """`before-<occasion>/` of what was received before a document was fetched again; else nothing."""
    name: str

    @classmethod
    def at(cls, key: str) -> Stored:
        """Return what a key below `raw/` or `personal/` names."""
        _, region, account, report_type, document, *rest = key.split("/")
        home = "/".join((region, account, report_type, document))
        return cls(key, home, "".join(f"{part}/" for part in rest[:-1]), rest[-1] if rest else "")

    @property
    def report_type(self) -> str:
        """Amazon's report type."""
        return self.home.split("/")[2]

    @property
    def is_personal(self) -> bool:
        """Whether it is apart from what tells of nobody."""
        return self.key.startswith(Keys.all_personal())

    @property
    def is_empty(self) -> bool:
        """Whether it is a body in which there was nothing."""
        return self.name.startswith("empty-")

    @property
    def is_body(self) -> bool:
        """Whether it is a body, as it was received or without what was erased."""
        return self.name.split("-")[0] == "body" or self.is_empty

    @property
    def is_redacted(self) -> bool:
        """Whether it is a body without what it told of persons."""
        return self.name.split("-")[0] == "redacted"

    @property
    def manifest_key(self) -> str:
        """The key of the manifest that vouches for it."""
        return f"raw/{self.home}/{self.before}manifest.json"

    @property
    def redacted_key(self) -> str:
        """The key of the body that takes its place when its time is over."""
        return f"raw/{self.home}/{self.before}redacted"

    def key_of_erased(self, digest: str) -> str:
        """The key, in the same room, of a body of which something was erased."""
        room, kind = self.key.split("/")[0], self.name.split("-")[0]
        return f"{room}/{self.home}/{self.before}{kind}-{digest[:16]}"


def redact(
    lake: Lake,
    body: Stored,
    manifest: Manifest,
    change: Change,
    now: dt.datetime,
    folder: Path,
    *,
    erased: bool = False,
) -> str:
    """Put a redacted body in the place of another one, once it is proven to read to the same rows.

    Args:
        lake: The lake.
        body: The body as it is.
        manifest: Its manifest.
        change: What to write in place of its texts.
        now: When it is done.
        folder: Where files may be kept while they are worked on.
        erased: A person asked for it, so that rows may differ in the texts that were to be forgotten.

    Returns:
        `redacted`; `removed` if nobody can tell what stands where in it; `unchanged` if there was nothing to erase.

    Raises:
        NotRedacted: The redacted body would read differently.
        Misfit: The bytes are not those that were received.
    """
    document, raw = manifest.document, manifest.raw
    with tempfile.TemporaryDirectory(prefix="redact-", dir=folder) as place:
        source = fetch_raw(lake, raw.model_copy(update={"key": body.key}), Path(place) / "body")
        target = Path(place) / "redacted"
        as_it_was = _staged(lake, document, raw, source, Path(place) / "before")
        if as_it_was.refused is not None:
            # nobody can tell what stands where in it
            if erased and not mentions(source, change):
                return "unchanged"
            return remove(lake, body, manifest, as_it_was.refused, now)
        changes = _rewrite(document, raw, source, target, change, as_it_was)
        if erased and not changes:
            return "unchanged"
        as_it_is = _staged(lake, document, raw, target, Path(place) / "after")
        if not _same(as_it_was, as_it_is, Path(place), erased=erased):
            raise NotRedacted(
                "without what it tells of persons the body would read differently, so it was left as it is: report this with the "
                "header of the file, and delete the object yourself if its time is over"
            )
        with target.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        redaction = Redaction(at=now, erased=erased, size=target.stat().st_size, sha256=digest)
        key = body.key_of_erased(digest) if erased else body.redacted_key
        _replace(lake, body, manifest, redaction, key, target)
    return "redacted"


def _rewrite(document: Document, raw: RawFile, source: Path, target: Path, change: Change, as_it_was: Read) -> int:
    staged = as_it_was.staged
    if isinstance(staged, StagedReport) and not staged.reading.columns and staged.reading.dialect != "JSON":
        target.write_bytes(source.read_bytes())  # a line that says that there is nothing
        return 0
    return rewrite(source, target, change, charset=charset_of(raw.content_type), settlement=is_settlement(document))


def remove(lake: Lake, body: Stored, manifest: Manifest, refused: Reason, now: dt.datetime) -> str:
    """Delete a body that no reader can read: a name may stand anywhere in it. Its outcome stays what it was."""
    log.warning("%s cannot be read, so that nobody can tell what it says of persons: its bytes are deleted", body.key)
    _replace(lake, body, manifest, Redaction(at=now, refused=refused), body.redacted_key, None)
    return "removed"


def _replace(lake: Lake, body: Stored, manifest: Manifest, redaction: Redaction, key: str, target: Path | None) -> None:
    """Another body, then the manifest that vouches for it, then the old one goes."""
    if target is not None:
        lake.put_file(key, target)
    raw = manifest.raw.model_copy(update={"key": key, "redacted": redaction})
    lake.put_record(body.manifest_key, manifest.model_copy(update={"raw": raw}))
    shelf = Keys.quarantine(manifest.document)
    if not body.before and (held := lake.get_record(shelf, Quarantined)) is not None:
        lake.put_record(shelf, held.model_copy(update={"raw": raw}))
    if body.key != key:
        lake.delete(body.key)


def move_to_personal(lake: Lake, body: Stored, manifest: Manifest | None, folder: Path) -> None:
    """Put a body apart that tells of persons."""
    key = f"personal/{body.home}/{body.before}{body.name}"
    lake.put_file(key, lake.get_file(body.key, folder / "moved"))
    if manifest is not None and not body.is_empty:
        raw = manifest.raw.model_copy(update={"key": key})
        lake.put_record(body.manifest_key, manifest.model_copy(update={"raw": raw}))
    lake.delete(body.key)


def _staged(lake: Lake, document: Document, raw: RawFile, body: Path, folder: Path) -> Read:
    folder.mkdir()
    return stage(document, raw, body, folder, lake.privacy)


def _same(before: Read, after: Read, folder: Path, *, erased: bool) -> bool:
    """Whether two bodies read to the same: the same rows, or the same refusal. Of an erased one the texts may differ."""
    if before.refused or after.refused:
        kinds = [
            each.refused and (each.refused.code, each.refused.line, each.refused.column) for each in (before, after)
        ]
        return kinds[0] == kinds[1]
    names = sorted(path.name for path in (folder / "before").glob("*.parquet"))
    return all(_same_rows(folder / "before" / name, folder / "after" / name, erased=erased) for name in names)


def _same_rows(before: Path, after: Path, *, erased: bool) -> bool:
    old, new = pq.ParquetFile(before), pq.ParquetFile(after)
    if old.metadata.num_rows != new.metadata.num_rows or not old.schema_arrow.equals(new.schema_arrow):
        return False
    texts = {
        each.name for each in old.schema_arrow if str(each.type).endswith(("string", "string>", "string, ordered=0>"))
    }
    columns = [name for name in old.schema_arrow.names if not (erased and name in texts)]
    pairs = zip_longest(old.iter_batches(8192, columns=columns), new.iter_batches(8192, columns=columns))
    return all(one is not None and other is not None and one.equals(other) for one, other in pairs)
