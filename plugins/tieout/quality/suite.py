"""The checks as a Great Expectations suite."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tieout.documents import Severity
from tieout.quality.checks import Check


@dataclass(frozen=True)
class Suite:
    """Checks that are run together on one batch."""

    name: str
    batch: str
    """The view that Great Expectations calls the batch."""
    checks: Sequence[Check]


def validate(database: Path, suites: Sequence[Suite], *, docs: Path | None) -> dict[str, int]:
    """Run the suites on a DuckDB file that has the views which their checks read.

    :param docs: folder in which the pages are built; None builds none.
    :return: by the id of the check, how many findings there are.
    :raises RuntimeError: if Great Expectations could not run a check.
    """
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    with _quiet():
        import great_expectations as gx
        from great_expectations.data_context.types.base import ProgressBarsConfig
        from great_expectations.expectations.metadata_types import FailureSeverity

        from tieout.quality.dialect import register
        from tieout.quality.expectation import ExpectNoFindings

        register()
        context = gx.get_context(mode="ephemeral")
        context.variables.progress_bars = ProgressBarsConfig(globally=False)
        source = context.data_sources.add_sql("staged_documents", connection_string=f"duckdb+gx:///{database}")
        found: dict[str, int] = {}
        for each in suites:
            schema, view = each.batch.split(".")
            asset = source.add_table_asset(view, table_name=view, schema_name=schema)
            suite = context.suites.add(gx.ExpectationSuite(name=each.name))
            suite.expectations = [
                ExpectNoFindings(
                    unexpected_rows_query=_for_batch(check.select),
                    description=None,
                    severity=FailureSeverity.CRITICAL
                    if check.severity is Severity.BLOCKING
                    else FailureSeverity.WARNING,
                    meta={"check": check.id, "why": check.why},
                )
                for check in each.checks
            ]
            suite.save()
            definition = context.validation_definitions.add(
                gx.ValidationDefinition(
                    name=each.name, data=asset.add_batch_definition_whole_table("all_documents"), suite=suite
                )
            )
            result = definition.run(result_format="COMPLETE", run_id=gx.RunIdentifier(run_name="staged"))
            for one in result.results:
                assert one.expectation_config is not None
                name = one.expectation_config.meta["check"]
                if "observed_value" not in one.result:
                    raise RuntimeError(f"Great Expectations could not run the check {name}: {one.exception_info}")
                found[name] = int(one.result["observed_value"])
        source.get_engine().dispose()
        if docs is not None:
            from tieout.quality.data_docs import site_config

            context.add_data_docs_site("checks", site_config(docs))
            context.build_data_docs(site_names=["checks"])
    return found


def _for_batch(select: str) -> str:
    """Name the batch, as Great Expectations wants it, and double the query's own braces.

    The file holds the documents of the batch and nothing else, so that a comment is enough.
    """
    return "/* {batch} */ " + select.replace("{", "{{").replace("}", "}}")


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep Great Expectations' own chatter out of the task log; warnings stay."""
    names = ("great_expectations", "alembic", "matplotlib")
    before = {name: logging.getLogger(name).level for name in names}
    for name in names:
        logging.getLogger(name).setLevel(logging.WARNING)
    try:
        yield
    finally:
        for name, level in before.items():
            logging.getLogger(name).setLevel(level)
