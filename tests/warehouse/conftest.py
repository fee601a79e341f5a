"""A lake of staged files, and what a warehouse holds."""

from __future__ import annotations

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
