"""The arrows of the house: which room may import which. A new arrow is a decision, and is made here."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "plugins" / "tieout"

SHARED = {"documents", "alerts", "accounts", "roles", "settings", "marketplaces", "fees", "models", "work", "privacy"}
"""Vocabulary and configuration, which every room may use. `models` reads what `include/sql` says."""
ROOMS = {
    "amazon": SHARED,
    "lake": SHARED,
    "reports": {"documents", "marketplaces", "privacy"},
    "quality": SHARED | {"reports"},  # what every family has to hold follows from its declaration
    "warehouse": SHARED | {"reports"},  # of a document that was not read, the family follows from its type
    "intake": SHARED | {"amazon", "lake", "reports", "quality", "warehouse", "bounded"},
    # one call per operation and report family, each answer read as the DAGs do
    "doctor": SHARED | {"amazon", "reports", "intake"},
    "commands": SHARED | {"doctor", "hooks"},
    "hooks": SHARED | {"amazon", "lake", "warehouse", "provider", "doctor", "reports"},
    "triggers": SHARED,
    "notifications": SHARED | {"hooks", "lake", "intake"},
    "provider": set(),
    "cli": SHARED | {"amazon", "web"},
    "web": SHARED | {"amazon", "provider", "doctor", "hooks"},
    "operators": SHARED | {"amazon", "lake", "intake", "hooks", "triggers", "notifications"},
}
AIRFLOW_AWARE = {"cli", "commands", "web", "hooks", "triggers", "notifications", "operators", "assets"}
NETWORK = {"httpx", "requests", "urllib", "boto3", "botocore", "socket", "http"}


def imports(path: Path) -> Iterator[str]:
    """The dotted names that a file imports, wherever in the file it does."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


def room(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


FILES = sorted(PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_room_imports_only_what_it_may(path: Path) -> None:
    here = room(path)
    names = set(imports(path))
    others = {name.split(".")[1] for name in names if name.startswith("tieout.")} - {here}
    if here in ROOMS:
        assert others <= ROOMS[here], f"{here} may not import {sorted(others - ROOMS[here])}"
    tops = {name.split(".")[0] for name in names}
    if here not in AIRFLOW_AWARE:
        assert "airflow" not in tops, f"{here} may not know Airflow"
    if here != "quality":
        assert "great_expectations" not in tops, "Great Expectations lives in quality alone"
    if here == "reports":
        assert not tops & NETWORK, "reports read what they are given and open no connection"
    assert not tops & {"simulator", "demo"}


@pytest.mark.parametrize("path", sorted((ROOT / "simulator").rglob("*.py")), ids=lambda path: path.name)
def test_the_simulated_amazon_knows_nothing_of_tieout(path: Path) -> None:
    assert not {name.split(".")[0] for name in imports(path)} & {"tieout", "airflow", "demo"}


@pytest.mark.parametrize("path", sorted((ROOT / "dags").glob("*.py")), ids=lambda path: path.name)
def test_a_dag_file_is_wiring_of_one_screen(path: Path) -> None:
    tops = {name.split(".")[0] for name in imports(path)}
    assert tops <= {"__future__", "airflow", "datetime", "typing", "tieout"}
    assert {name for name in imports(path) if name.startswith("airflow")} <= {"airflow.sdk"}
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 120
