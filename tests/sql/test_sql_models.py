"""Every model by data: `tests/sql/<model>/<case>/` holds a CSV for each table that it reads, and `expected.csv`.

A column that a CSV leaves out is null in an input, and not looked at in the expected rows. An empty cell is null, or an
empty text in a column that may not be null.
"""

from __future__ import annotations

import csv
from pathlib import Path

import duckdb
import pytest

from tieout.models import models
from tieout.reports.families import FAMILIES

HERE = Path(__file__).parent
CASES = sorted(path.parent for path in HERE.glob("*/*/expected.csv"))

TEXTS = "transaction_type VARCHAR, amount_type VARCHAR, amount_description VARCHAR"
LIKE = {
    "staging.document": "ops.document",
    "staging.moved_coverage": "core.coverage",
    "staging.moved_exchange_rate": "core.exchange_rate",
    "staging.settlement_file": "staging.settlement",
    "staging.settlement_line_file": "staging.settlement_line",
}
"""Inputs that the engine makes for the time of a load, with the columns of a model."""
OTHER = {
    "staging.changed_settlement": "account VARCHAR, settlement_id VARCHAR",
    "staging.changed_version": "document_id VARCHAR, settlement_id VARCHAR",
    "staging.kind": TEXTS,
    "staging.reach": "account VARCHAR, document_id VARCHAR",
    "staging.touched_settlement": "account VARCHAR, settlement_id VARCHAR",
}
"""Inputs that the engine makes for the time of a load, with columns of their own."""


def of_family(name: str) -> str:
    """The columns of a staged report family: what its reader gives of each row, and what merging adds of its document."""
    own = "region VARCHAR, account VARCHAR, marketplace_ids VARCHAR, as_of TIMESTAMPTZ, as_of_day DATE"
    types = {
        "timestamp[us, tz=UTC]": "TIMESTAMPTZ",
        "timestamp[us]": "TIMESTAMP",
        "string": "VARCHAR",
        "int64": "BIGINT",
    }
    types |= {"date32[day]": "DATE", "bool": "BOOLEAN"}
    read = (
        f"{field.name} {types.get(str(field.type), str(field.type).replace('decimal128', 'DECIMAL'))}"
        for field in FAMILIES[name].schema
    )
    return ", ".join([own, "data_start_at TIMESTAMPTZ, data_end_at TIMESTAMPTZ", *read])


def columns(name: str) -> str:
    if name in OTHER:
        return OTHER[name]
    if name.removeprefix("staging.") in FAMILIES:
        return of_family(name.removeprefix("staging."))
    if name.startswith("staging.changed_"):
        column = name.removeprefix("staging.changed_")
        return f"account VARCHAR, {column} {'VARCHAR' if column in ('order_id', 'sku') else 'DATE'}"
    return ", ".join(f"{column.name} {column.type}" for column in models()[LIKE.get(name, name)].columns)


def may_be_null(table: str, column: str) -> bool:
    name = LIKE.get(table, table)
    return name not in models() or any(c.name == column and not c.required for c in models()[name].columns)


def insert(con: duckdb.DuckDBPyConnection, table: str, path: Path) -> list[str]:
    """Insert a CSV's rows as texts that DuckDB casts, and return its columns."""
    with path.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    marks = ", ".join("?" * len(header))
    nullable = [may_be_null(table, column) for column in header]
    for row in rows:
        values = [None if not value and null else value for value, null in zip(row, nullable, strict=True)]
        con.execute(f"INSERT INTO {table} ({', '.join(header)}) VALUES ({marks})", values)
    return header


def test_every_model_has_a_case() -> None:
    with_select = {name for name, model in models().items() if model.select}
    assert {case.parent.name for case in CASES} == with_select


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.parent.name}-{case.name}")
def test_a_model_gives_the_expected_rows(case: Path) -> None:
    name = case.parent.name
    model = models()[name]
    inputs = {part.strip() for part in model.inputs.split(",")}
    given = {path.stem for path in case.glob("*.csv")} - {"expected"}
    assert given <= inputs, f"{name} does not read {given - inputs}"
    con = duckdb.connect()
    con.execute("SET TimeZone = 'UTC'")
    for schema in ("ops", "staging", "core", "mart"):
        con.execute(f"CREATE SCHEMA {schema}")
    for table in inputs:
        con.execute(f"CREATE TABLE {table} ({columns(table)})")
        if table in given:
            insert(con, table, case / f"{table}.csv")
    con.execute(f"CREATE TABLE expected ({columns(name)})")
    compared = ", ".join(insert(con, "expected", case / "expected.csv"))
    con.execute(f"CREATE TABLE found ({columns(name)})")
    con.execute(f"INSERT INTO found {model.select}")
    found, expected = (
        con.execute(f"SELECT {compared} FROM {t} ORDER BY ALL").fetchall() for t in ("found", "expected")
    )
    assert found == expected
    key = ", ".join(model.key)
    assert not con.execute(f"SELECT {key} FROM found GROUP BY {key} HAVING count(*) > 1").fetchall()
