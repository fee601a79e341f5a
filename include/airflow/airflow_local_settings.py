"""Airflow imports this module in each of its processes, when its folder is on PYTHONPATH.

The scheduler (LocalExecutor) and the Celery worker fork a process for each task. What they have imported before, a task
need not import again: about five seconds for one that runs Great Expectations.
"""

from __future__ import annotations

import importlib
import logging
import sys

__all__: list[str] = []
"""Airflow copies what is named here into its settings: nothing."""

FORKS_TASKS = {"scheduler", "worker"}
USED_BY_TASKS = (
    "airflow.providers.amazon.aws.hooks.s3",
    "duckdb",
    "great_expectations",
    "pyarrow.csv",
    "pyarrow.parquet",
    "tieout.intake.appstore",
    "tieout.intake.imports",
    "tieout.intake.load",
    "tieout.intake.receiving",
    "tieout.intake.settling",
    "tieout.operators.accounts",
    "tieout.operators.appstore",
    "tieout.operators.credentials",
    "tieout.operators.imports",
    "tieout.operators.reports",
    "tieout.operators.warehouse",
    "tieout.quality.suite",
    "tieout.warehouse",
)

if FORKS_TASKS & set(sys.argv):
    logging.getLogger("great_expectations").setLevel(logging.WARNING)  # or it logs a thousand lines when imported
    for module in USED_BY_TASKS:
        importlib.import_module(module)
