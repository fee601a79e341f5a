"""What people asked to be forgotten: keyed hashes in the lake, by which every document that comes later is searched."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from pathlib import Path

from pydantic import AwareDatetime

from tieout.documents import Document, RawFile, Reason, ReasonCode, Record, Redaction
from tieout.intake.reading import charset_of, is_settlement
from tieout.lake import Keys, Lake
from tieout.reports.errors import Misfit, named
from tieout.reports.redaction import Erased
from tieout.reports.rewriting import Change, rewrite
from tieout.reports.source import read_chunks


class ErasedSubject(Record):
    """Proof that somebody was forgotten. It holds nothing that tells who it was without the key."""

    subject: str
    """`<key id>-<keyed hash>`."""
    decision_id: str
    asked_at: AwareDatetime
    done_at: AwareDatetime | None = None
    """When nothing was left of it; None while that is not sure."""
    counts: dict[str, int] = {}
    """How many bodies, records and files were changed."""


def to_forget(lake: Lake) -> Erased | None:
    """Return what is to be forgotten in every document; None if nobody asked."""
    subjects: dict[str, set[str]] = defaultdict(set)
    for key in lake.keys(Keys.all_erased()):
        own, _, digest = key.removeprefix(Keys.all_erased()).removesuffix(".json").partition("-")
        subjects[own].add(digest)
    if not subjects:
        return None
    return Erased({own: frozenset(digests) for own, digests in subjects.items()}, lake.privacy)


def forget_in(lake: Lake, document: Document, raw: RawFile, body: Path) -> tuple[RawFile, Path | None]:
    """Write a body that has just come without what is to be forgotten.

    Returns:
        What its manifest says, and the body to be kept: the one that came, if nothing in it is to be forgotten; None if nobody
        can tell what stands where in it, and it names what is to be forgotten.

    Raises:
        OSError: A file cannot be read or written.
    """
    change = to_forget(lake)
    if change is None or raw.redacted is not None:
        return raw, body
    target = body.with_name(f"{body.name}-erased")
    try:
        changes = rewrite(
            body, target, change, charset=charset_of(raw.content_type), settlement=is_settlement(document)
        )
    except Misfit:
        if not mentions(body, change):
            return raw, body
        message = (
            f"{named(document.file_name or document.document_id)}: it names what a person asked to be forgotten, and no reader "
            "can tell what stands where in it, so its bytes are not kept. If you need it, take the name out and import it again"
        )
        refused = Reason(code=ReasonCode.UNKNOWN_LAYOUT, message=message)
        return raw.model_copy(update={"redacted": Redaction(at=raw.received_at, erased=True, refused=refused)}), None
    if not changes:
        return raw, body
    with target.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    redaction = Redaction(at=raw.received_at, erased=True, size=target.stat().st_size, sha256=digest)
    return raw.model_copy(update={"redacted": redaction}), target


def mentions(body: Path, change: Change) -> bool:
    """Return whether bytes that nobody can read hold what is to be forgotten, as far as they are text."""
    try:
        text = b"".join(read_chunks(body)).decode("utf-8", "replace")
    except Misfit:
        return False
    return any(change.text(line) != line for line in text.splitlines())
