"""Turn the bytes of a document into files that can be loaded: what the reader's process does."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import traceback
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from tieout.bounded import BoundedProcess, Stopped
from tieout.documents import Document, RawFile, Reason, ReasonCode, StagedFiles, StagedReport
from tieout.lake import Keys
from tieout.marketplaces import known_marketplaces
from tieout.privacy import Privacy
from tieout.reports import report, settlement
from tieout.reports.errors import Refused, named, where_raised
from tieout.reports.families import FAMILIES, OF_TYPE
from tieout.reports.family import Family
from tieout.reports.report import SETTLEMENT, recognise
from tieout.reports.source import is_of_the_machine

IMPORTED = "IMPORTED_"
"""What the report type of a file from a folder begins with; what it was recognised as follows."""
IMPORTED_SETTLEMENT = f"{IMPORTED}SETTLEMENT_FLAT_FILE"
IMPORTED_UNKNOWN = f"{IMPORTED}UNKNOWN"
_SETTLEMENTS = ("GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE_V2", IMPORTED_SETTLEMENT)
_PLAIN_TEXT = re.compile("[a-z ]{1,100}")
"""The text of an exception that quotes nothing, such as `list index out of range`."""


@dataclass(frozen=True)
class Read:
    """How reading a document ended: files in the folder, or why there are none."""

    staged: StagedFiles | StagedReport | None = None
    refused: Reason | None = None
    unforeseen: str | None = None
    """For the log: where the reader failed."""


def is_settlement(document: Document) -> bool:
    """Whether a document is a settlement, as its report type says."""
    return document.report_type in _SETTLEMENTS


def family_of(document: Document) -> Family | None:
    """The family that a document's report type names; None of a settlement and of a file of no known kind."""
    imported = FAMILIES.get(document.report_type.removeprefix(IMPORTED).lower())
    return imported if document.report_type.startswith(IMPORTED) else OF_TYPE.get(document.report_type)


def reader_version(document: Document) -> int:
    """The version of the reader that reads a document."""
    return settlement.READER_VERSION if is_settlement(document) else report.READER_VERSION


def version_of(document: Document, privacy: Privacy) -> str:
    """What decides how a document is staged: the reader's version, and the key if it has hashed values."""
    key = _key_of(document, privacy)
    return f"{reader_version(document)}-{key}" if key else str(reader_version(document))


def has_hashed(document: Document) -> bool:
    """Whether a document has columns of which keyed hashes are staged."""
    family = family_of(document)
    return family is not None and any(column.hashed for column in family.columns)


def _key_of(document: Document, privacy: Privacy) -> str | None:
    return privacy.key_id if has_hashed(document) else None


def read_bounded(
    reader: BoundedProcess, document: Document, raw: RawFile, body: Path, folder: Path, privacy: Privacy
) -> Read:
    """Read a document in the reader's process, into files of the folder.

    Raises:
        OSError: The machine has trouble: a retry may help.
    """
    try:
        return reader.call(stage, document, raw, body, folder, privacy)
    except Stopped as stopped:
        return Read(refused=_reader_failed(document, raw, f"{stopped}, twice"))


def stage(document: Document, raw: RawFile, body: Path, folder: Path, privacy: Privacy) -> Read:
    """Read a document as what it is, into files of the folder.

    Raises:
        OSError: The machine has trouble; of a file, an error is a reason.
        MemoryError: There is not enough memory for the file.
    """
    try:
        return Read(staged=_stage(document, raw, body, folder, privacy))
    except Refused as error:
        return Read(refused=error.reason)
    except MemoryError:
        raise
    except Exception as error:
        # A file that a reader has not foreseen must not keep all others out.
        if is_of_the_machine(error):
            raise
        # Its text may quote a value: a person's, or of a file that is no report.
        known = document.report_type != IMPORTED_UNKNOWN and _PLAIN_TEXT.fullmatch(str(error))
        what = f"the reader failed ({f'{type(error).__name__}: {error}' if known else where_raised(error)})"
        trace = "".join(traceback.format_tb(error.__traceback__)) + type(error).__name__
        return Read(refused=_reader_failed(document, raw, what), unforeseen=trace)


def _reader_failed(document: Document, raw: RawFile, what: str) -> Reason:
    message = (
        f"{named(document.file_name or raw.key)}: {what}. The file was not foreseen: report it with its header, and release"
        " the document when there is a newer version"
    )
    return Reason(code=ReasonCode.READER_FAILED, message=message)


def _stage(document: Document, raw: RawFile, body: Path, folder: Path, privacy: Privacy) -> StagedFiles | StagedReport:
    charset, file_name = charset_of(raw.content_type), document.file_name or raw.key
    if is_settlement(document):
        lines, settlements = folder / "lines.parquet", folder / "settlements.parquet"
        reading = settlement.stage_settlement(
            body,
            document_id=document.document_id,
            charset=charset,
            file_name=file_name,
            lines_path=lines,
            settlements_path=settlements,
        )
        return StagedFiles(
            lines_key=Keys.staged(document, lines.name),
            settlements_key=Keys.staged(document, settlements.name),
            reading=reading,
            lines_sha256=sha256_of(lines),
            settlements_sha256=sha256_of(settlements),
        )
    rows = folder / "rows.parquet"
    key = _key_of(document, privacy)
    reading_of_rows = report.stage_report(
        body,
        family=OF_TYPE.get(document.report_type),
        document_id=document.document_id,
        charset=charset,
        file_name=file_name,
        covers=asked_days(document),
        privacy=privacy,
        target=rows,
    )
    return StagedReport(
        rows_key=Keys.staged(document, f"rows-{key}.parquet" if key else rows.name),
        reading=reading_of_rows,
        rows_sha256=sha256_of(rows),
    )


def sha256_of(path: Path) -> str:
    """The sha256 of a file, in hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def asked_days(document: Document) -> tuple[dt.date, dt.date] | None:
    """The first and the last day that a report was asked for, in the zone of its first marketplace; None if nobody knows."""
    if document.data_start_at is None or document.data_end_at is None:
        return None
    known = known_marketplaces().marketplaces
    zone = next((ZoneInfo(known[each].time_zone) for each in document.marketplace_ids if each in known), dt.UTC)
    last = document.data_end_at - dt.timedelta(microseconds=1)
    return document.data_start_at.astimezone(zone).date(), last.astimezone(zone).date()


def charset_of(content_type: str | None) -> str | None:
    """The charset in a Content-Type; None if it names none."""
    for part in (content_type or "").split(";")[1:]:
        name, _, value = part.strip().partition("=")
        if name.lower() == "charset":
            return value.strip("\"'") or None
    return None


def imported_type(family: Family) -> str:
    """The report type of a file from a folder."""
    return f"{IMPORTED}{family.name.upper()}"


def type_of(body: Path, name: str) -> tuple[str, str | None]:
    """What a file from a folder is; one of no known kind is kept, too, and refused with the reason when it is read.

    Returns:
        Its report type; and where the recognition failed, if it did.

    Raises:
        OSError: The machine has trouble.
        MemoryError: There is not enough memory for the file.
    """
    try:
        found = recognise(body, file_name=name)
    except Refused:
        return IMPORTED_UNKNOWN, None
    except MemoryError:
        raise
    except Exception as error:
        if is_of_the_machine(error):
            raise
        return IMPORTED_UNKNOWN, where_raised(error)
    return IMPORTED_SETTLEMENT if found == SETTLEMENT else imported_type(found), None
