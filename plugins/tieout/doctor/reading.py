"""Whether Tieout's readers know the shape of a document."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq

from tieout.doctor.findings import REPORT_IT, Finding, Verdict
from tieout.documents import ReasonCode
from tieout.reports.errors import Refused
from tieout.reports.families import OF_TYPE
from tieout.reports.family import Kind
from tieout.reports.report import stage_report
from tieout.reports.settlement import read_settlement


def read_document(
    check: str, report_type: str, path: Path, charset: str | None = None
) -> tuple[Finding, tuple[str, ...]]:
    """Read a document as the DAGs would.

    Args:
        check: The name of the check.
        report_type: Amazon's name of the report, or of the operation.
        path: The document; files beside it are temporary.
        charset: The charset of the Content-Type that it came with.

    Returns:
        What was found, and of a settlement report the ids of its settlements.
    """
    try:
        if report_type not in OF_TYPE:
            settlements = read_settlement(path, charset=charset, file_name=report_type).settlements
            lines = sum(each.lines for each in settlements)
            said = f"{_counted(len(settlements), 'settlement')} with {_counted(lines, 'line')} read"
            return Finding(check, Verdict.OK, said), tuple(each.settlement_id for each in settlements)
        reading = stage_report(
            path,
            family=OF_TYPE[report_type],
            document_id="doctor",
            charset=charset,
            file_name=report_type,
            target=path.with_suffix(".parquet"),
        )
    except Refused as refused:
        return _refused(check, refused), ()
    except Exception as error:  # whatever the reader has not foreseen is what this looks for
        said = f"the reader failed: {type(error).__name__}"
        return Finding(check, Verdict.UNKNOWN_SHAPE, said, REPORT_IT, ReasonCode.READER_FAILED), ()
    if not reading.rows:
        return Finding(check, Verdict.NOTHING, "Amazon answers, and has no rows"), ()
    if _without_amounts(report_type, path.with_suffix(".parquet")):
        said = f"{_counted(reading.rows, 'row')} read, and not one has an amount"
        return Finding(check, Verdict.UNKNOWN_SHAPE, said, REPORT_IT, ReasonCode.MISSING_AMOUNT), ()
    more = f"; columns that are not known are kept: {len(reading.unknown_columns)}" if reading.unknown_columns else ""
    return Finding(check, Verdict.OK, f"{_counted(reading.rows, 'row')} read{more}"), ()


def _without_amounts(report_type: str, rows: Path) -> bool:
    """Whether a family has columns of money, and all of them are empty: then they have other names than the reader knows."""
    names = [column.name for column in OF_TYPE[report_type].columns if column.kind is Kind.MONEY]
    table = pq.read_table(rows, columns=names)
    return bool(names) and all(table[name].null_count == table.num_rows for name in names)


def _counted(number: int, thing: str) -> str:
    return f"{number} {thing}{'s' * (number != 1)}"


def _refused(check: str, refused: Refused) -> Finding:
    reason = refused.reason
    if reason.code is ReasonCode.EMPTY_FILE:
        return Finding(check, Verdict.NOTHING, "the document is empty")
    return Finding(check, Verdict.UNKNOWN_SHAPE, f"{reason.code.value}: {reason.message}", REPORT_IT, reason.code.value)
