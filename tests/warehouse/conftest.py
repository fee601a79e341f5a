"""A warehouse in an empty folder, and a lake beside it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.staged import Shelf
from tieout.models import models
from tieout.warehouse import Warehouse

Rows = list[tuple[Any, ...]]


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "lake")


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of which nothing is loaded, made once because making it takes longer than most tests."""
    path = tmp_path_factory.mktemp("empty") / "warehouse.duckdb"
    Warehouse(path).build_marts()
    return path


@pytest.fixture
def made(empty: Path, tmp_path: Path) -> Callable[[str], Warehouse]:
    """Makes an empty warehouse of a name."""

    def make(name: str) -> Warehouse:
        path = tmp_path / f"{name}.duckdb"
        shutil.copyfile(empty, path)
        return Warehouse(path, memory_limit="500MB")

    return make


@pytest.fixture
def warehouse(made: Callable[[str], Warehouse]) -> Warehouse:
    return made("warehouse")


def rows(warehouse: Warehouse, query: str) -> Rows:
    """The rows of a query on the live file."""
    with warehouse.connect(read_only=True) as con:
        return con.execute(query).fetchall()


def content(warehouse: Warehouse, *schemas: str, ordered: bool = True) -> dict[str, Rows]:
    """All rows of the tables of some schemas, sorted, or as they lie in the file."""
    order = "ORDER BY ALL" if ordered else "ORDER BY rowid"
    with warehouse.connect(read_only=True) as con:
        return {
            name: con.execute(f"SELECT * FROM {name} {order}").fetchall()
            for name, model in models().items()
            if model.schema in schemas
        }
