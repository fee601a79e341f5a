"""What the checks of report families read: views that follow from the families' declarations.

| view | a row |
|---|---|
| `staging.<family>` | of the staged files, as they are |
| `staging.report` | a document: `family`, `file_rows` (the reader's count), `resaved`, `dialect`, `asked_from`, `asked_to` |
| `staging.report_row` | a row of any family: `line_no` |
| `staging.report_amount` | an amount that a row has: `column_name`, `currency`; a zero without a currency is not one |
| `staging.report_key` | the key of a row, as text, of families in which it does not repeat |
| `staging.report_day` | the day by which Amazon chose a row: `column_name`, `day` |
| `staging.report_column` | a column that the family does not declare: `column_name` |
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tieout.documents import ReportReading
from tieout.reports.families import FAMILIES
from tieout.reports.family import Family, Kind

if TYPE_CHECKING:
    import duckdb

BATCH = "staging.report"


@dataclass(frozen=True)
class StagedReportInput:
    """One staged document of a report family, as a local file."""

    document_id: str
    rows_path: Path
    reading: ReportReading
    asked_from: dt.date | None = None
    asked_to: dt.date | None = None
    """The first and the last day that were asked for; None of an imported file."""


def prepare(con: duckdb.DuckDBPyConnection, staged: Sequence[StagedReportInput]) -> None:
    """Make views that read the staged files of all documents."""
    import pyarrow as pa

    paths: dict[str, list[Path]] = defaultdict(list)
    for document in staged:
        paths[document.reading.family].append(document.rows_path)
    for name, of_family in paths.items():
        listed = ", ".join("'" + str(path).replace("'", "''") + "'" for path in of_family)
        con.execute(
            f'CREATE VIEW staging."{name}" AS SELECT * FROM read_parquet([{listed}], hive_partitioning = FALSE)'
        )
    report = {
        "document_id": pa.array([each.document_id for each in staged]),
        "family": pa.array([each.reading.family for each in staged]),
        "file_rows": pa.array([each.reading.rows for each in staged]),
        "resaved": pa.array([each.reading.resaved for each in staged]),
        "dialect": pa.array([each.reading.dialect for each in staged]),
        "asked_from": pa.array([each.asked_from for each in staged], pa.date32()),
        "asked_to": pa.array([each.asked_to for each in staged], pa.date32()),
    }
    unknown = [(each.document_id, name) for each in staged for name in each.reading.unknown_columns]
    columns = {
        "document_id": pa.array([document_id for document_id, _ in unknown], pa.string()),
        "column_name": pa.array([name for _, name in unknown], pa.string()),
    }
    for table, content in (("report", report), ("report_column", columns)):
        con.register("incoming", pa.table(content))
        con.execute(f"CREATE TABLE staging.{table} AS SELECT * FROM incoming")
        con.unregister("incoming")
    families = [FAMILIES[name] for name in paths]
    none = "SELECT NULL::VARCHAR AS document_id, NULL::BIGINT AS line_no"
    amounts = [select for family in families for select in _amounts(family)]
    days = [select for family in families for select in _days(family)]
    for kind, name, selects, more in (
        ("VIEW", "report_row", map(_row, families), ""),
        # a table: it reads every family once for each of its columns of money, and several checks read it
        ("TABLE", "report_amount", amounts, "NULL::VARCHAR AS column_name, NULL::VARCHAR AS currency"),
        ("VIEW", "report_key", (_key(each) for each in families if not each.repeats), "NULL::VARCHAR AS key"),
        ("VIEW", "report_day", days, "NULL::VARCHAR AS column_name, NULL::DATE AS day"),
    ):
        nothing = f"{none}{', ' if more else ''}{more} WHERE FALSE"
        con.execute(f"CREATE {kind} staging.{name} AS {_union([nothing, *selects])}")


def _union(selects: Iterable[str]) -> str:
    return " UNION ALL BY NAME ".join(selects)


def _row(family: Family) -> str:
    return f'SELECT document_id, line_no FROM staging."{family.name}"'


def _amounts(family: Family) -> Iterator[str]:
    for column in family.columns:
        if column.kind is Kind.MONEY:
            known = family.currency_of(column.name)
            yield (
                f"SELECT document_id, line_no, '{column.name}' AS column_name, \"{known}\" AS currency "
                f'FROM staging."{family.name}" WHERE "{column.name}" IS NOT NULL '
                f'AND ("{known}" IS NOT NULL OR "{column.name}" <> 0)'
            )


def _key(family: Family) -> str:
    parts = ", ".join(f'"{name}"' for name in family.key)
    return f'SELECT document_id, line_no, CAST(({parts},) AS VARCHAR) AS key FROM staging."{family.name}"'


def _days(family: Family) -> Iterator[str]:
    if family.dated_by:
        yield (
            f"SELECT document_id, line_no, '{family.dated_by}' AS column_name, \"{family.dated_by}\" AS day "
            f'FROM staging."{family.name}" WHERE "{family.dated_by}" IS NOT NULL'
        )
