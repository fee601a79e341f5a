"""Check staged settlement documents with Great Expectations, inside DuckDB, on the staged Parquet itself.

One validation judges a whole batch of documents, because Great Expectations costs seconds to start and next to nothing a
document. It keeps only samples of what it finds, so the same queries are run once more for the complete findings, and both
must agree.
"""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tieout.documents import CheckResult, Reading, Reason
from tieout.quality.checks import Check, Finding, money, settlement_checks

if TYPE_CHECKING:
    import duckdb

SUITE_VERSION = 1
"""Raise it with every change of a check: documents that passed an older suite are then checked again. A new rule of the fee
dictionary needs none: the warehouse gives loaded lines their new category itself."""

MEMORY_LIMIT = "2GB"
_SHOWN = 3


@dataclass(frozen=True)
class StagedInput:
    """One staged document, as local files."""

    document_id: str
    lines_path: Path
    settlements_path: Path
    reading: Reading


def check_settlements(staged: Sequence[StagedInput], *, docs_dir: Path | None) -> dict[str, tuple[CheckResult, ...]]:
    """Run every check on every document.

    :param docs_dir: folder in which Great Expectations' Data Docs of this batch are built, replacing what it holds; None
        builds none.
    :return: by document id, one result for every check: the blocking ones first.
    :raises ValueError: if a document comes twice.
    :raises RuntimeError: if Great Expectations and the exact findings disagree, or it could not run a check.
    """
    if not staged:
        return {}
    if len({document.document_id for document in staged}) < len(staged):
        raise ValueError("a document was handed in more than once")
    checks = settlement_checks()
    with tempfile.TemporaryDirectory(prefix="tieout-checks-") as folder:
        database = Path(folder) / "checks.duckdb"
        with _scratch(database, staged) as con:
            found = {check.name: _find(con, check) for check in checks}
            totals = _control_totals(con)
        from tieout.quality.suite import validate

        built = Path(folder) / "docs" if docs_dir else None
        counted = validate(database, checks, docs=built)
        for check in checks:
            exact = sum(map(len, found[check.name].values()))
            if counted[check.name] != exact:
                raise RuntimeError(f"{check.name}: Great Expectations has {counted[check.name]} findings, not {exact}")
        results = {
            document.document_id: tuple(
                _result(check, found[check.name].get(document.document_id, []), totals.get(document.document_id))
                for check in checks
            )
            for document in staged
        }
        if docs_dir and built:
            from tieout.quality.pages import finish

            finish(built, docs_dir, results)
    return results


def _scratch(database: Path, staged: Sequence[StagedInput]) -> duckdb.DuckDBPyConnection:
    """Open a database whose views read the staged files of all documents."""
    import duckdb
    import pyarrow as pa

    from tieout.fees import fee_dictionary
    from tieout.marketplaces import known_marketplaces
    from tieout.models import models

    con = duckdb.connect(str(database), config={"memory_limit": MEMORY_LIMIT})
    con.execute("SET TimeZone = 'UTC'")
    con.execute("CREATE SCHEMA staging")
    con.execute("CREATE SCHEMA core")
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
        "staging.currency": [{"code": code} for code in known_marketplaces().currencies],
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
    return con


def _find(con: duckdb.DuckDBPyConnection, check: Check) -> dict[str, list[Finding]]:
    """Return all that is wrong, by document."""
    cursor = con.execute(check.select)
    names = [column[0] for column in cursor.description]
    found: dict[str, list[Finding]] = defaultdict(list)
    for values in cursor.fetchall():
        row = dict(zip(names, values, strict=True))
        found[row["document_id"]].append(check.explain(row))
    return dict(found)


def _control_totals(con: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Return the control totals of each document, in words."""
    totals: dict[str, list[str]] = defaultdict(list)
    for document_id, total, currency in con.execute(
        "SELECT document_id, control_total, currency FROM staging.settlement ORDER BY document_id, summary_line_no"
    ).fetchall():
        totals[document_id].append(money(total, currency))
    return {document_id: _joined(amounts) for document_id, amounts in totals.items()}


def _result(check: Check, found: list[Finding], totals: str | None) -> CheckResult:
    if not found:
        of_totals = totals if check.name == "control_total_equals_sum_of_lines" else None
        return CheckResult(
            check=check.name,
            severity=check.severity,
            passed=True,
            observed=of_totals,
            expected=of_totals,
            why=check.why,
        )
    reason = Reason(
        code=check.code,
        message=_joined([finding.message for finding in found]),
        line=found[0].line,
        column=found[0].column,
    )
    return CheckResult(
        check=check.name,
        severity=check.severity,
        passed=False,
        reason=reason,
        observed=_joined([finding.observed for finding in found]),
        expected=_joined(list(dict.fromkeys(finding.expected for finding in found))),
        why=check.why,
    )


def _joined(texts: list[str]) -> str:
    shown = "; ".join(texts[:_SHOWN])
    return shown if len(texts) <= _SHOWN else f"{shown}; and {len(texts) - _SHOWN} more"
