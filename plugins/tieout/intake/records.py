"""The records that the intake keeps in the lake."""

from __future__ import annotations

import datetime as dt
from collections import Counter

from pydantic import AwareDatetime

from tieout.documents import Document, DocumentOutcome, RawFile, Reason, Record, Region, StagedFiles


class Listing(Record):
    """All that Amazon listed for one account at the end of one business day."""

    region: Region
    account: str
    business_day: dt.date
    listed_at: AwareDatetime
    documents: tuple[Document, ...]


class FirstListings(Record):
    """What was known of each document of an account when it was listed first, by document id."""

    documents: dict[str, Document]


class Manifest(Record):
    """One received document: what it is and what its bytes are."""

    document: Document
    raw: RawFile


class NotReceived(Record):
    """Why a document that Amazon lists is not in the lake; it is looked at again in later runs."""

    document: Document
    reason: Reason
    raw: RawFile | None = None
    """The bytes of a document that came empty."""
    tried_at: AwareDatetime
    """When it was tried last, Amazon's time."""
    tries: int = 1


class ReadingRecord(Record):
    """How reading a document ended: staged files, or the reason why it was refused."""

    reader_version: int
    staged: StagedFiles | None = None
    refused: Reason | None = None


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
