"""The records that the intake keeps in the lake."""

from __future__ import annotations

import datetime as dt
from collections import Counter

from pydantic import AwareDatetime

from tieout.documents import CheckResult, Document, DocumentOutcome, RawFile, Reason, Record, Region, StagedFiles


class Listing(Record):
    """All that Amazon listed for one account at the end of one business day."""

    region: Region
    account: str
    business_day: dt.date
    listed_at: AwareDatetime
    documents: tuple[Document, ...]


class Manifest(Record):
    """One received document: what it is and what its bytes are."""

    document: Document
    raw: RawFile


class ReadingRecord(Record):
    """How reading a document ended: staged files, or the reason why it was refused."""

    raw_sha256: str
    reader_version: int
    staged: StagedFiles | None = None
    refused: Reason | None = None


class CheckRecord(Record):
    """The results of the checks on one staged document."""

    raw_sha256: str
    reader_version: int
    suite_version: int
    checks: tuple[CheckResult, ...]


class Outcomes(Record):
    """What became of every document that was listed for one account and business day, or found in one import."""

    region: Region
    account: str
    business_day: dt.date
    outcomes: tuple[DocumentOutcome, ...]

    def states(self) -> dict[str, int]:
        """How many documents ended in which state."""
        return dict(Counter(outcome.state.value for outcome in self.outcomes))


class Quarantined(Record):
    """Why a document is kept out of the warehouse, and where its bytes are."""

    document: Document
    raw: RawFile | None
    reasons: tuple[Reason, ...]
