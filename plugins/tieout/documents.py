"""The records that follow one document from Amazon's listing to the warehouse.

They are written to the lake as JSON and handed from room to room. Money in them is `Decimal`,
instants are UTC, business days are dates in the region's time zone.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict

LONGEST_MESSAGE = 1000
"""Characters of a message: a file may hold a value of megabytes, and a message goes into logs, mails and tables."""


def capped(text: str) -> str:
    """Return a message of at most `LONGEST_MESSAGE` characters. A longer one loses its middle: its end says what to do."""
    if len(text) <= LONGEST_MESSAGE:
        return text
    kept = LONGEST_MESSAGE // 2 - 20
    return f"{text[:kept]}… {len(text) - 2 * kept:,} characters …{text[-kept:]}"


Message = Annotated[str, AfterValidator(capped)]
"""Text of a bounded length."""


class Record(BaseModel):
    """An immutable record with an exact JSON form."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    made_again: ClassVar[bool] = False
    """Whether a record that the lake has lost is made again by those who need it, without money lost or doubled."""


class Region(StrEnum):
    """Where an account is: a Selling Partner API region, or the Appstore, which has one place for all marketplaces."""

    NA = "NA"
    EU = "EU"
    FE = "FE"
    APPSTORE = "APPSTORE"


SELLING_PARTNER_REGIONS = (Region.NA, Region.EU, Region.FE)


class Source(StrEnum):
    """How a document reached us."""

    API = "api"
    IMPORT = "import"


class State(StrEnum):
    """Where a document ends. Every document that was listed ends in one of these."""

    READY = "ready"  # read and checked; the warehouse turns it into `loaded`
    QUARANTINED = "quarantined"
    SKIPPED = "skipped"
    LOADED = "loaded"


class Severity(StrEnum):
    """Whether a failed check keeps the document out of the warehouse."""

    BLOCKING = "blocking"
    WARNING = "warning"


class ReasonCode(StrEnum):
    """Why a document is not loaded, or what to look at in one that is."""

    # quarantined by the reader: the bytes cannot be turned into exact lines
    UNREADABLE_ENCODING = "unreadable_encoding"
    DAMAGED_FILE = "damaged_file"
    UNKNOWN_LAYOUT = "unknown_layout"
    BAD_AMOUNT = "bad_amount"
    BAD_DATE = "bad_date"
    BAD_QUANTITY = "bad_quantity"
    MISSING_SUMMARY = "missing_summary"
    AMBIGUOUS_AMOUNTS = "ambiguous_amounts"
    EMPTY_FILE = "empty_file"
    READER_FAILED = "reader_failed"
    # quarantined by the checks: the lines are exact, and wrong
    CONTROL_TOTAL_MISMATCH = "control_total_mismatch"
    UNKNOWN_CURRENCY = "unknown_currency"
    MIXED_CURRENCY = "mixed_currency"
    DATE_OUTSIDE_PERIOD = "date_outside_period"
    MISSING_AMOUNT = "missing_amount"
    LINE_COUNT_MISMATCH = "line_count_mismatch"
    MISSING_CURRENCY = "missing_currency"
    DUPLICATE_KEY = "duplicate_key"
    AMOUNTS_DO_NOT_ADD_UP = "amounts_do_not_add_up"
    WRONG_SIGN = "wrong_sign"
    UNKNOWN_KIND = "unknown_kind"
    # warnings of the checks: the document is loaded
    NOT_ROLLED_FORWARD = "not_rolled_forward"
    UNKNOWN_FEE = "unknown_fee"
    MISSING_DATE = "missing_date"
    MISSING_MARKETPLACE = "missing_marketplace"
    DATE_OUTSIDE_WINDOW = "date_outside_window"
    UNKNOWN_COLUMN = "unknown_column"
    RESAVED_FILE = "resaved_file"
    QUANTITIES_DO_NOT_ADD_UP = "quantities_do_not_add_up"
    # quarantined because Amazon could not make it
    REPORT_FATAL = "report_fatal"
    # quarantined because the bytes in the lake are not those that were received
    RAW_DIFFERS = "raw_differs"
    # quarantined because the bytes could not be had; tried again in later runs
    NOT_RECEIVED = "not_received"
    # quarantined because Amazon made another report than it was asked for
    PARAMETERS_DIFFER = "parameters_differ"
    # quarantined because Amazon refuses to make it for this account
    REQUEST_REFUSED = "request_refused"
    # quarantined because Amazon does not give the report to this security profile
    REPORT_FORBIDDEN = "report_forbidden"
    # skipped
    REPORT_ABSENT = "report_absent"
    NO_DATA = "no_data"
    REPORT_CANCELLED = "report_cancelled"
    REPORT_NOT_READY = "report_not_ready"
    REPORT_TOO_SOON = "report_too_soon"
    SAME_BYTES = "same_bytes"
    SUPERSEDED = "superseded"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


class Reason(Record):
    """One reason for a state, in words that a person can act on.

    `line` is the 1-based physical line of the decoded file (the header is line 1); `column` is the
    column's name as the file spells it.
    """

    code: ReasonCode
    message: Message
    line: int | None = None
    column: Message | None = None


class Document(Record):
    """One document as it was listed by Amazon, or found in an import folder."""

    document_id: str
    """`<account>.<report id>` from the API, `<account>.import-<first 16 hex digits of the sha256>` from a folder."""
    source: Source
    region: Region
    account: str
    report_type: str
    report_id: str | None = None
    report_document_id: str | None = None
    processing_status: str | None = None
    file_name: str | None = None
    created_at: AwareDatetime
    """When Amazon made the report; for an imported file, the end of its latest settlement if known, else when it was imported."""
    first_listed_on: dt.date
    """The business day whose run listed it first."""
    data_start_at: AwareDatetime | None = None
    """Start of what the report covers, as Amazon lists it; None for an imported file."""
    data_end_at: AwareDatetime | None = None
    """End of what the report covers, as Amazon lists it; None for an imported file."""
    marketplace_ids: tuple[str, ...] = ()
    """The marketplaces that were asked for; none for a settlement, which is listed under all of them, and an imported file."""


class Redaction(Record):
    """What was taken out of the bytes of a document, and what there is in their place."""

    at: AwareDatetime
    erased: bool = False
    """A person asked for it; else the time for which they are kept was over."""
    size: int | None = None
    sha256: str | None = None
    """Of the bytes that there are now; None if nobody can tell what stands where in them, and they are gone."""
    refused: Reason | None = None
    """Of bytes that are gone: why they could not be read."""


class RawFile(Record):
    """The bytes as they were received, and where they are."""

    key: str
    size: int
    """Of what was received."""
    sha256: str
    """Of what was received."""
    redacted: Redaction | None = None
    """Set once personal values were taken out: the bytes at `key` are not those that were received."""
    content_type: str | None = None
    compression: str | None = None
    """What Amazon says of the bytes: `GZIP` or nothing."""
    received_at: AwareDatetime
    request_id: str | None = None


class SettlementSummary(Record):
    """The summary row of one settlement, and what its lines add up to."""

    settlement_id: str
    currency: str
    start_at: AwareDatetime | None
    end_at: AwareDatetime | None
    deposit_at: AwareDatetime | None
    control_total: Decimal
    sum_of_lines: Decimal
    lines: int
    """Lines that carry money or quantity; the summary row is not one of them."""
    summary_line_no: int
    lines_without_amount: int = 0
    """Flat File V2 lines whose amount is empty: unknown, not zero."""
    first_line_without_amount: int | None = None
    other_currencies: tuple[str, ...] = ()
    """Currencies that lines of the settlement name and its summary row does not."""


class Reading(Record):
    """How a file was read: each convention found on its own."""

    layout: str
    """`V1` or `V2`."""
    encoding: str
    decimal: str
    """`.` or `,`."""
    dates: str
    """The conventions of the dates and times in the file, e.g. `%d.%m.%Y %H:%M:%S UTC`."""
    columns: tuple[str, ...]
    unknown_columns: tuple[str, ...] = ()
    file_lines: int
    """Physical lines with content after the header, summary rows included."""
    settlements: tuple[SettlementSummary, ...]
    warnings: tuple[Reason, ...] = ()
    """What to look at in a file that was read: a last line that was cut, lines without a date."""
    reader_version: int


class ReportReading(Record):
    """How a file of a report family was read: each convention found on its own."""

    family: str
    """The family's name, e.g. `orders`."""
    dialect: str
    """How the file is written: `TSV`, `quoted TSV`, `CSV`, `CSV with semicolons`, `CSV with bars` or `JSON`."""
    resaved: bool
    """Amazon does not write the family in this form: another program saved the file."""
    encoding: str
    decimal: str | None
    """`.` or `,`; None if no number of the file tells."""
    dates: dict[str, tuple[str, ...]]
    """By column, how its dates and times are written, in strftime's notation."""
    currency: str | None
    """ISO 4217, if the file or the family tells it outside of the rows."""
    columns: tuple[str, ...]
    """As the file spells them, in its order."""
    unknown_columns: tuple[str, ...]
    """Columns that the family does not declare; `extra` keeps their names. Drift, to be looked at."""
    absent_columns: tuple[str, ...]
    """Columns that the family declares, by our name, and the file does not have. Their values are unknown."""
    rows: int
    """0 for a report that has nothing to tell, which is not the same as an empty file: that one is refused."""
    reader_version: int


class StagedFiles(Record):
    """The typed Parquet of one settlement document."""

    lines_key: str
    settlements_key: str
    reading: Reading
    lines_sha256: str | None = None
    settlements_sha256: str | None = None
    """Of the files, in hex digits; None if it was read by an older version."""

    @property
    def digests(self) -> dict[str, str | None]:
        """The sha256 of each file, by its key."""
        return {self.lines_key: self.lines_sha256, self.settlements_key: self.settlements_sha256}


class StagedReport(Record):
    """The typed Parquet of one document of a report family."""

    rows_key: str
    reading: ReportReading
    rows_sha256: str | None = None
    """Of the file, in hex digits; None if it was read by an older version."""

    @property
    def digests(self) -> dict[str, str | None]:
        """The sha256 of each file, by its key."""
        return {self.rows_key: self.rows_sha256}


class CheckResult(Record):
    """One check of one document."""

    check: str
    severity: Severity
    passed: bool
    reason: Reason | None = None
    observed: Message | None = None
    expected: Message | None = None
    why: str
    """Why this check exists."""


class DocumentOutcome(Record):
    """All that a run knows of one document: what the warehouse records, and loads if it is ready."""

    made_again = True
    document: Document
    state: State
    reasons: tuple[Reason, ...] = ()
    raw: RawFile | None = None
    staged: StagedFiles | StagedReport | None = None
    checks: tuple[CheckResult, ...] = ()
    reader_version: int | None = None
    """Version of the reader that read or refused the document; None if it was not read."""
    suite_version: int | None = None
    judged_at: AwareDatetime | None = None
    """When it was judged; of two judgements of a document the later one stands. None if it was not."""


class StagedLost(Exception):
    """A staged file is not what was staged, and its document cannot be read again.

    Attributes:
        outcome: What becomes of the document instead: it is in quarantine.
    """

    def __init__(self, key: str, outcome: DocumentOutcome) -> None:
        super().__init__(f"{key} is damaged, and {outcome.document.document_id} cannot be read again from its bytes")
        self.outcome = outcome


class Action(StrEnum):
    """What a person can decide."""

    RELEASE = "release"  # a quarantined document: prove it again
    REJECT = "reject"  # a quarantined document: close its case
    WITHDRAW = "withdraw"  # a document, or all of a load: take it out of the warehouse
    RESTORE = "restore"  # put back what was withdrawn or rejected
    CLOSE = "close"  # a month
    REOPEN = "reopen"  # a closed month
    ERASE = "erase"  # an order or a person, for good


class ClosedAmount(Record):
    """One amount of a month, as it was when the month was closed."""

    region: Region
    account: str
    settlement_id: str
    document_id: str
    currency: str
    category: str
    amount: Decimal


class Decision(Record):
    """What a person decided, about documents or about a month. It is never changed; a later one overrules it."""

    decision_id: str
    decided_at: AwareDatetime
    action: Action
    owner: str
    """Who stands for it, as the form says."""
    decided_by: str | None = None
    """The user whom Airflow had signed in; None for a decision of a version that did not keep it."""
    reason: str
    documents: tuple[str, ...] = ()
    """Ids of the documents it is about; none for a month."""
    run_id: str | None = None
    """The load whose documents these are; None if single documents were named."""
    account: str | None = None
    """Whose month it is; None for all accounts."""
    month: dt.date | None = None
    """First day of the month; None for documents."""
    amounts: tuple[ClosedAmount, ...] = ()
    """What the month was closed on."""
    subject: str | None = None
    """What is to be forgotten, as `python -m tieout erase` prints it: a key's id and a keyed hash; None for all else."""


class ListedDay(Record):
    """A business day of an account that is loaded: how much was listed, and what of it is missing."""

    region: Region
    account: str
    business_day: dt.date
    documents: tuple[str, ...]
    """Ids of all documents that were listed."""
    outcomes_tag: str | None = None
    """Entity tag of the outcomes of the day in the lake; None if they were not there."""


class SettlementChange(Record):
    """What a load did to a settlement: a row of ops.load without its number."""

    region: Region
    account: str
    settlement_id: str
    action: str
    document_id: str | None
    currency: str | None
    control_total: Decimal | None
    lines: int | None


class LoadRecord(Record):
    """One load, as the log of loads in the lake keeps it: all that is needed to do it again."""

    loaded_at: AwareDatetime
    run_id: str
    region: Region | None
    business_day: dt.date | None
    outcomes: tuple[DocumentOutcome, ...] = ()
    """What was new to the warehouse."""
    decisions: tuple[Decision, ...] = ()
    days: tuple[ListedDay, ...] = ()
    changes: tuple[SettlementChange, ...] = ()
    """The rows that it added to ops.load, in order."""


class ApiCall(Record):
    """One call to Amazon, kept for audit. It holds no token, no secret and no signed URL."""

    called_at: AwareDatetime
    region: Region
    account: str
    operation: str
    method: str
    path: str
    status: int | None
    """HTTP status; None when no answer came."""
    request_id: str | None = None
    rate_limit: Decimal | None = None
    """Requests a second, from x-amzn-RateLimit-Limit."""
    duration_ms: int
    error: str | None = None
