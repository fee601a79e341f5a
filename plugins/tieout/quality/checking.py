"""Check staged documents with Great Expectations, inside DuckDB, on the staged Parquet itself.

One run judges a whole batch of documents, settlements and reports of all families, because Great Expectations costs seconds
to start and next to nothing a document. It keeps only samples of what it finds, so the same queries are run once more for
the complete findings, and both must agree.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tieout.documents import CheckResult, Reason
from tieout.marketplaces import known_marketplaces
from tieout.quality import reports, settlements
from tieout.quality.checks import OF_SETTLEMENTS, Check, Finding, family_checks, settlement_checks
from tieout.quality.reports import StagedReportInput
from tieout.quality.settlements import StagedInput
from tieout.quality.suite import Suite, validate
from tieout.work import private_files, work_folder

if TYPE_CHECKING:
    import duckdb

SUITE_VERSION = 1
"""Of settlements. Raise it with every change of a check: documents that passed an older suite are then checked again. A new
rule of the fee dictionary needs none: the warehouse gives loaded lines their new category itself."""
REPORT_SUITE_VERSION = 2
"""Of the report families; raised in the same way."""

MEMORY_LIMIT = "2GB"
_SHOWN = 3


@private_files()
def check_documents(
    staged: Sequence[StagedInput | StagedReportInput], *, docs_dir: Path | None
) -> dict[str, tuple[CheckResult, ...]]:
    """Run on every document the checks of what it is.

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
    of = {document.document_id: _checks(document) for document in staged}
    suites = _suites(staged)
    checks = {check.id: check for suite in suites for check in suite.checks}
    with work_folder("checks") as folder:
        database = folder / "checks.duckdb"
        with _scratch(database, staged) as con:
            found = {check.id: _find(con, check) for check in checks.values()}
            totals = settlements.control_totals(con) if suites[0].name == OF_SETTLEMENTS else {}
        built = folder / "docs" if docs_dir else None
        counted = validate(database, suites, docs=built)
        for check in checks.values():
            exact = sum(map(len, found[check.id].values()))
            if counted[check.id] != exact:
                raise RuntimeError(f"{check.id}: Great Expectations has {counted[check.id]} findings, not {exact}")
        results = {
            name: tuple(_result(check, found[check.id].get(name, []), totals.get(name)) for check in checks_of_it)
            for name, checks_of_it in of.items()
        }
        if docs_dir and built:
            from tieout.quality.pages import finish

            finish(built, docs_dir, results)
    return results


def _checks(document: StagedInput | StagedReportInput) -> tuple[Check, ...]:
    return settlement_checks() if isinstance(document, StagedInput) else family_checks(document.reading.family)


def _suites(staged: Sequence[StagedInput | StagedReportInput]) -> list[Suite]:
    """Settlements first; then all families together, each check once."""
    found = []
    if any(isinstance(document, StagedInput) for document in staged):
        found.append(Suite(OF_SETTLEMENTS, settlements.BATCH, settlement_checks()))
    families = sorted({document.reading.family for document in staged if isinstance(document, StagedReportInput)})
    if families:
        checks = {check.id: check for family in families for check in family_checks(family)}
        found.append(Suite("reports", reports.BATCH, list(checks.values())))
    return found


def _scratch(database: Path, staged: Sequence[StagedInput | StagedReportInput]) -> duckdb.DuckDBPyConnection:
    """Open a database whose views read the staged files of all documents."""
    import duckdb
    import pyarrow as pa

    con = duckdb.connect(str(database), config={"memory_limit": MEMORY_LIMIT})
    con.execute("SET TimeZone = 'UTC'")
    con.execute("CREATE SCHEMA staging")
    con.register("incoming", pa.table({"code": pa.array(list(known_marketplaces().currencies))}))
    con.execute("CREATE TABLE staging.currency AS SELECT * FROM incoming")
    con.unregister("incoming")
    if of_settlements := [document for document in staged if isinstance(document, StagedInput)]:
        settlements.prepare(con, of_settlements)
    if of_families := [document for document in staged if isinstance(document, StagedReportInput)]:
        reports.prepare(con, of_families)
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


def _result(check: Check, found: list[Finding], totals: list[str] | None) -> CheckResult:
    if not found:
        of_totals = _joined(totals) if totals and check.name == "control_total_equals_sum_of_lines" else None
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
