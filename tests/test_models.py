"""The SQL models: well formed, described, portable, and the data dictionary made from them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import sqlglot
from sqlglot import exp

from tieout.models import Model, models, read_model
from tieout.settings import PROJECT_ROOT, SQL
from tieout.warehouse.dictionary import data_dictionary

WITH_SELECT = [model for model in models().values() if model.select]
CHECKS = sorted((SQL / "checks").glob("*.sql"))
SELECTS = [(model.name, model.select or "") for model in WITH_SELECT] + [
    (path.stem, re.sub(r"(?m)^--.*\n", "", path.read_text(encoding="utf-8"))) for path in CHECKS
]


def parsed(select: str) -> exp.Expression:
    return sqlglot.parse_one(select, read="duckdb")


def test_every_folder_holds_models() -> None:
    assert {model.schema for model in models().values()} == {"ops", "staging", "core", "mart"}


@pytest.mark.parametrize("model", WITH_SELECT, ids=lambda model: model.name)
def test_a_select_gives_the_columns_that_the_header_describes(model: Model) -> None:
    assert parsed(model.select or "").named_selects == [column.name for column in model.columns]


@pytest.mark.parametrize("model", WITH_SELECT, ids=lambda model: model.name)
def test_the_header_names_the_tables_that_the_select_reads(model: Model) -> None:
    tree = parsed(model.select or "")
    read = {f"{table.db}.{table.name}" for table in tree.find_all(exp.Table) if table.db}
    assert read == {name.strip() for name in model.inputs.split(",")}


@pytest.mark.parametrize(("name", "select"), SELECTS)
@pytest.mark.parametrize("engine", ["spark", "postgres", "snowflake", "trino"])
def test_sql_can_be_carried_to_another_engine(name: str, select: str, engine: str) -> None:
    sqlglot.transpile(select, read="duckdb", write=engine, unsupported_level=sqlglot.ErrorLevel.RAISE)


@pytest.mark.parametrize(("name", "select"), SELECTS)
def test_money_is_not_averaged_nor_divided(name: str, select: str) -> None:
    tree = parsed(select)
    assert not list(tree.find_all(exp.Avg, exp.Div, exp.IntDiv)), "these turn decimals into floats"
    floats = {exp.DataType.Type.DOUBLE, exp.DataType.Type.FLOAT}
    assert not [cast for cast in tree.find_all(exp.Cast) if cast.to.this in floats]


@pytest.mark.parametrize(("name", "select"), SELECTS)
def test_sql_is_written_in_the_house_style(name: str, select: str) -> None:
    assert "GROUP BY ALL" not in select
    code = re.sub(r"--.*|'[^']*'", "", select)
    keywords = r"select|from|where|group by|order by|with|join|inner|left|on|and|or|as|case|when|then|else|end|union"
    assert not re.findall(rf"\b(?:{keywords})\b", code), "keywords are written in capitals"
    assert all(len(line) <= 130 for line in select.splitlines())


def test_money_says_its_currency_and_instants_their_zone() -> None:
    for model in models().values():
        for column in model.columns:
            if column.type == "TIMESTAMPTZ":
                assert "UTC" in column.description, f"{model.name}.{column.name}"
            if (
                column.type.startswith("DECIMAL(")
                and column.name != "rate_limit"
                and "no money" not in column.description
            ):
                assert "currency" in column.description, f"{model.name}.{column.name}"


def test_the_committed_data_dictionary_is_current() -> None:
    committed = (PROJECT_ROOT / "docs" / "data-dictionary.md").read_text(encoding="utf-8")
    assert committed == data_dictionary(), "run: python -m tieout.warehouse.dictionary > docs/data-dictionary.md"


HEADER = """\
-- core.thing
--
-- A thing.
-- It is one.
--
-- Two paragraphs.
--
-- Grain:   one row a thing
-- Key:     name
-- Inputs:  core.other
-- Written: rebuilt
--
-- Columns:
--   name   | VARCHAR NOT NULL | Its name, `a|b`.
--   price  | DECIMAL(18,2)    | Its price, in `currency`.

SELECT name, price FROM core.other
"""


def model_file(folder: Path, text: str) -> Path:
    path = folder / "core" / "thing.sql"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_a_header_gives_table_and_comments(tmp_path: Path) -> None:
    model = read_model(model_file(tmp_path, HEADER))
    assert model.purpose == "A thing. It is one.\n\nTwo paragraphs."
    assert model.create() == "CREATE TABLE core.thing (name VARCHAR NOT NULL, price DECIMAL(18,2))"
    assert model.comments()[1] == "COMMENT ON COLUMN core.thing.name IS 'Its name, `a|b`.'"
    assert model.select == "SELECT name, price FROM core.other"


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ("-- core.thing", "-- core.other", "line 1 must be '-- core.thing'"),
        ("-- Grain:   one row a thing\n", "", "the header has no Grain:"),
        ("Key:     name", "Key:     title", "title"),
        ("| DECIMAL(18,2)    |", "  DECIMAL(18,2)", "line 15 is not of the form"),
    ],
)
def test_a_broken_header_is_refused_by_file_and_line(tmp_path: Path, before: str, after: str, says: str) -> None:
    path = model_file(tmp_path, HEADER.replace(before, after, 1))
    with pytest.raises(ValueError, match=says) as refused:
        read_model(path)
    assert str(path) in str(refused.value)
