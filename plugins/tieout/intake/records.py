"""The records that the intake keeps in the lake."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import Counter

from pydantic import AwareDatetime

from tieout.amazon.listing import Listed
from tieout.documents import Document, DocumentOutcome, RawFile, Reason, Record, Region, StagedFiles, StagedReport


class Listing(Record):
    """All that Amazon listed for one account at the end of one business day."""

    made_again = True

    region: Region
    account: str
    business_day: dt.date
    listed_at: AwareDatetime
    documents: tuple[Document, ...]
    refused: dict[str, Reason] = {}
    """By family, why its reports could not be listed."""
    verdicts: tuple[DocumentOutcome, ...] = ()
    """What became of those of the documents that are not there to be read, and why."""

    @property
    def to_be_read(self) -> tuple[Document, ...]:
        """The documents without a verdict."""
        judged = {outcome.document.document_id for outcome in self.verdicts}
        return tuple(document for document in self.documents if document.document_id not in judged)


class SellerCentralListing(Record):
    """How far the listing of the reports made in Seller Central has come, while it waits for the rate budget."""

    made_again = True

    left: tuple[tuple[str, ...], ...]
    """Names of the families that are still to be listed, in groups that are listed together."""
    part: Listed = Listed()
    """How far the first group came."""
    documents: tuple[Document, ...] = ()
    refused: dict[str, Reason] = {}


class FirstListings(Record):
    """What was known of each document of an account when it was listed first, by document id."""

    made_again = True

    documents: dict[str, Document]


class Manifest(Record):
    """One received document: what it is and what its bytes are."""

    made_again = True

    document: Document
    raw: RawFile


class Wish(Record):
    """A report that somebody wants of Amazon: its type, and all that decides what is in it."""

    region: Region
    account: str
    report_type: str
    marketplace_ids: tuple[str, ...]
    data_start: AwareDatetime
    data_end: AwareDatetime
    options: dict[str, str] = {}
    wanted_on: dt.date
    """The business day whose run wants it; the same window is asked for again on another day, when more may be known."""

    @property
    def subject(self) -> str:
        """What is asked for, whenever it is: two requests with the same subject are identical to Amazon."""
        said = [self.report_type, *sorted(self.marketplace_ids), self.data_start.isoformat(), self.data_end.isoformat()]
        said += [f"{name}={value}" for name, value in sorted(self.options.items())]
        return hashlib.sha256("\n".join(said).encode()).hexdigest()[:16]

    @property
    def request_id(self) -> str:
        """Our id of the request."""
        return f"{self.subject}-{self.wanted_on.isoformat()}"


class ReportRequest(Record):
    """A report that is or was asked for. It is written down before Amazon is asked, and completed after it."""

    made_again = True

    wish: Wish
    intended_at: AwareDatetime
    """When Amazon was about to be asked, Amazon's time."""
    asker: str
    """Who was about to ask: differs from one attempt to the next."""
    report_id: str | None = None
    """Amazon's id; None while nobody knows whether Amazon was asked."""
    reused_from: str | None = None
    """The request whose report this one takes, if it did not ask itself."""
    failed: Reason | None = None
    """Why the report will never come."""


class Asked(Record):
    """A report that was requested lately."""

    at: AwareDatetime
    made: bool = False
    """Amazon has made it; else it may still be made."""


class TypeSpacing(Record):
    """How far apart reports of a type have to be requested."""

    asked: dict[str, Asked] = {}
    """The latest, by our id of the request; without those that Amazon has not made."""
    apart: bool | None = None
    """Whether reports of different windows have to be apart; None while nobody knows."""
    found_at: AwareDatetime = dt.datetime.min.replace(tzinfo=dt.UTC)
    """When that was found, Amazon's time."""


class Spacing(Record):
    """How far apart reports of one account have to be requested, by type."""

    made_again = True

    types: dict[str, TypeSpacing] = {}


class OpenWish(Record):
    """A report that is wanted, and how often that has come to nothing."""

    family: str
    wish: Wish
    again: bool = False
    """It is to be asked for anew: what was asked for before has ended."""
    empty_answers: int = 0
    """How often Amazon said that there is nothing. It is believed when it has said so twice."""
    failures: int = 0
    """How often the report failed, or could not be read."""
    earlier: tuple[Document, ...] = ()
    """Reports of earlier tries that are in quarantine; the one that comes good takes their place."""


class Stream(Record):
    """How far a family of one marketplace was asked for."""

    until: AwareDatetime
    asked_on: dt.date
    """The business day that asked last."""
    restated_on: dt.date
    """The business day that asked last for days beyond the overlap."""


class Progress(Record):
    """How far the reports of one account were asked for, and what of it is not there yet."""

    made_again = True

    planned_on: dt.date
    """The latest business day that was planned."""
    streams: dict[str, dict[str, Stream]] = {}
    """By family and marketplace id."""
    open: tuple[OpenWish, ...] = ()
    summed_up: frozenset[str] = frozenset()
    """The settlements whose summary Amazon has given."""
    refused: dict[str, Document] = {}
    """By family, what stands for the reports that Amazon refuses to make."""


class Ended(Record):
    """How a wish ended on a business day."""

    document: Document
    reason: Reason | None = None
    """Why there is nothing to read; None if there is."""


class Collected(Record):
    """What one account wants on one business day, and what became of it so far."""

    made_again = True

    business_day: dt.date
    planned_at: AwareDatetime
    families: tuple[str, ...]
    """What is asked for at all."""
    wishes: tuple[OpenWish, ...]
    ended: dict[str, Ended] = {}
    """By the request's id."""
    refused: dict[str, Reason] = {}
    """By family, what Amazon says to the request itself."""
    answered: dict[str, tuple[str, ...]] = {}
    """By the request's id, for which of several things that it asks for Amazon had an answer."""
    healed: dict[str, Document] = {}
    """By family, what stood for the reports that Amazon refused to make, and makes now."""


class Participations(Record):
    """The marketplaces in which an account sells, as Amazon says on one business day."""

    made_again = True

    business_day: dt.date
    marketplace_ids: tuple[str, ...]


class NotReceived(Record):
    """Why a document that Amazon lists is not in the lake; it is looked at again in later runs."""

    made_again = True

    document: Document
    reason: Reason
    raw: RawFile | None = None
    """The bytes of a document that came empty."""
    tried_at: AwareDatetime
    """When it was tried last, Amazon's time."""
    tries: int = 1


class ReadingRecord(Record):
    """How reading a document ended: staged files, or the reason why it was refused."""

    made_again = True

    reader_version: int
    staged: StagedFiles | StagedReport | None = None
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

    made_again = True

    document: Document
    raw: RawFile | None
    reasons: tuple[Reason, ...]
