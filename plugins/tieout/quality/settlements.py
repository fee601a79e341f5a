"""What the checks of settlements read: the staged files of all documents of a batch, and what is known beside them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tieout.documents import Reading
from tieout.quality.checks import money

if TYPE_CHECKING:
    import duckdb

BATCH = "staging.settlement_line"


@dataclass(frozen=True)
class StagedInput:
    """One staged settlement document, as local files."""

    document_id: str
    lines_path: Path
    settlements_path: Path
    reading: Reading


def prepare(con: duckdb.DuckDBPyConnection, staged: Sequence[StagedInput]) -> None:
    """Make views that read the staged files of all documents."""
    import pyarrow as pa

    from tieout.fees import fee_dictionary
    from tieout.models import models

    con.execute("CREATE SCHEMA IF NOT EXISTS core")
    for name, paths in (
        ("staging.settlement_line", [document.lines_path for document in staged]),
        ("staging.settlement", [document.settlements_path for document in staged]),
    ):
        listed = ", ".join("'" + str(path).replace("'", "''") + "'" for path in paths)
        con.execute(f"CREATE VIEW {name}_file AS SELECT * FROM read_parquet([{listed}], hive_partitioning = FALSE)")
        con.execute(f"CREATE VIEW {name} AS {models()[name].select}")
    tables = {
        "staging.reading": [
            {
                "document_id": document.document_id,
                "file_lines": document.reading.file_lines,
                "settlements": len(document.reading.settlements),
            }
            for document in staged
        ],
        "core.fee_category": [
            dict(zip((column.name for column in models()["core.fee_category"].columns), row, strict=True))
            for row in fee_dictionary().rows()
        ],
    }
    for name, rows in tables.items():
        con.register("incoming", pa.Table.from_pylist(rows))
        con.execute(f"CREATE TABLE {name} AS SELECT * FROM incoming")
        con.unregister("incoming")
    con.execute(
        "CREATE TABLE staging.kind AS SELECT DISTINCT transaction_type, amount_type, amount_description "
        "FROM staging.settlement_line WHERE amount IS NOT NULL"
    )
    con.execute(f"CREATE TABLE staging.line_kind AS {models()['staging.line_kind'].select}")


def control_totals(con: duckdb.DuckDBPyConnection) -> dict[str, list[str]]:
    """Return the control totals of each document, in words."""
    totals: dict[str, list[str]] = defaultdict(list)
    for document_id, total, currency in con.execute(
        "SELECT document_id, control_total, currency FROM staging.settlement ORDER BY document_id, summary_line_no"
    ).fetchall():
        totals[document_id].append(money(total, currency))
    return totals
