"""The checks as a Great Expectations suite, and its Data Docs."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tieout.documents import Severity
from tieout.quality.checks import BATCH, Check


def validate(database: Path, checks: Sequence[Check], *, docs_dir: Path | None, documents: int) -> dict[str, bool]:
    """Run the suite on a DuckDB file whose view `staging.settlement_line` is the batch.

    :return: by check, whether it passed for every document.
    :raises RuntimeError: if Great Expectations could not run a check.
    """
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    with _quiet():
        import great_expectations as gx
        from great_expectations.expectations import UnexpectedRowsExpectation

        from tieout.quality.dialect import register

        register()
        context = gx.get_context(mode="ephemeral")
        context.variables.progress_bars = {"globally": False}
        source = context.data_sources.add_sql("staged_files", connection_string=f"duckdb+gx:///{database}")
        schema, view = BATCH.split(".")
        asset = source.add_table_asset(view, table_name=view, schema_name=schema)
        batch = asset.add_batch_definition_whole_table("all_documents")
        suite = context.suites.add(gx.ExpectationSuite(name="settlements"))
        for check in checks:
            suite.add_expectation(
                UnexpectedRowsExpectation(
                    unexpected_rows_query=_for_batch(check.select),
                    description=check.claim,
                    severity="critical" if check.severity is Severity.BLOCKING else "warning",
                    meta={"check": check.name, "notes": {"format": "string", "content": [check.why]}},
                )
            )
        definition = context.validation_definitions.add(
            gx.ValidationDefinition(name="settlements", data=batch, suite=suite)
        )
        result = definition.run(result_format={"result_format": "COMPLETE"})
        engine = source.get_engine()
        engine.dispose()
    passed = {}
    for one in result.results:
        if one.exception_info.get("raised_exception"):
            raise RuntimeError(f"Great Expectations could not run {one.expectation_config.meta['check']}: {one.exception_info}")
        passed[one.expectation_config.meta["check"]] = bool(one.success)
    return passed


def _for_batch(select: str) -> str:
    """Name the batch as Great Expectations wants it; braces of the query's own are doubled."""
    return select.replace("{", "{{").replace("}", "}}").replace(f"FROM {BATCH}\n", "FROM {batch}\n")


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep Great Expectations' own log lines out of the task log; warnings stay."""
    names = ("great_expectations", "alembic", "matplotlib")
    before = {name: logging.getLogger(name).level for name in names}
    for name in names:
        logging.getLogger(name).setLevel(logging.WARNING)
    try:
        yield
    finally:
        for name, level in before.items():
            logging.getLogger(name).setLevel(level)
