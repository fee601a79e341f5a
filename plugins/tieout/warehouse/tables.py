"""What every writer of the warehouse does with its tables: make them, write rows into them, note what is built."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tieout.models import PERSISTENT, Model, models

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa


def utc_now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def digest(text: str, length: int) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:length]


def escaped(path: Path) -> str:
    return str(path).replace("'", "''")


def database(con: duckdb.DuckDBPyConnection) -> str:
    """Return the path of the open file."""
    return str(
        con.execute("SELECT path FROM duckdb_databases() WHERE database_name = current_database()").fetchall()[0][0]
    )


@contextmanager
def transaction(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    con.execute("BEGIN")
    try:
        yield
    except BaseException:
        con.execute("ROLLBACK")
        raise
    con.execute("COMMIT")


def make_tables(con: duckdb.DuckDBPyConnection) -> None:
    """Make the tables that are missing, and follow changes of the models as far as that loses nothing."""
    import duckdb

    kept = [model for model in models().values() if model.schema in PERSISTENT]
    wanted = digest("\n".join(model.ddl for model in kept), 16)
    try:
        if con.execute("SELECT definition FROM ops.build WHERE model = 'tables'").fetchall() == [(wanted,)]:
            return
    except duckdb.CatalogException:
        pass  # a new file
    with transaction(con):
        for schema in PERSISTENT:
            con.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
        there = _columns(con)
        for model in kept:
            _make_table(con, model, there.get(model.name, {}))
            con.execute(";\n".join(model.comments()))
        if not con.execute("SELECT count(*) FROM ops.revision").fetchall()[0][0]:
            con.execute("INSERT INTO ops.revision VALUES (0, ?)", [utc_now()])
        bump(con)
        con.execute("DELETE FROM ops.build WHERE model = 'tables'")
        con.execute("INSERT INTO ops.build VALUES ('tables', ?, 0, ?)", [wanted, utc_now()])


def _columns(con: duckdb.DuckDBPyConnection) -> dict[str, dict[str, tuple[str, bool]]]:
    """The columns of each table that there is: by name, the type and whether a value is required."""
    found: dict[str, dict[str, tuple[str, bool]]] = {}
    for table, column, type_, nullable in con.execute(
        "SELECT schema_name || '.' || table_name, column_name, data_type, is_nullable FROM duckdb_columns() "
        "WHERE database_name = current_database() ORDER BY schema_name, table_name, column_index"
    ).fetchall():
        found.setdefault(table, {})[column] = (_plain_type(type_), not nullable)
    return found


def _make_table(con: duckdb.DuckDBPyConnection, model: Model, there: dict[str, tuple[str, bool]]) -> None:
    if not there:
        con.execute(model.create())
        return
    missing = [column for column in model.columns if column.name not in there]
    same = all(there.get(c.name, (c.type, c.required)) == (c.type, c.required) for c in model.columns)
    if not missing and same and len(there) == len(model.columns):
        return
    if model.is_built:
        con.execute(f"DROP TABLE {model.name}")
        con.execute(model.create())
        con.execute("DELETE FROM ops.build WHERE model = ?", [model.name])
        return
    if not same or any(column.required for column in missing) or len(there) + len(missing) > len(model.columns):
        raise RuntimeError(
            f"{model.name} in {database(con)} has the columns {there}, and cannot become {model.column_names} without "
            "loss: move the file away, and load the outcomes of the lake again"
        )
    # made anew, so that its columns are in the order of the model
    con.execute(f"ALTER TABLE {model.name} RENAME TO {model.table}_before")
    con.execute(model.create())
    con.execute(f"INSERT INTO {model.name} BY NAME SELECT * FROM {model.schema}.{model.table}_before")
    con.execute(f"DROP TABLE {model.schema}.{model.table}_before")


def _plain_type(type_: str) -> str:
    return "TIMESTAMPTZ" if type_ == "TIMESTAMP WITH TIME ZONE" else type_


def arrow(model: Model, rows: list[dict[str, Any]]) -> pa.Table:
    import pyarrow as pa

    types = {
        "VARCHAR": pa.string(),
        "BOOLEAN": pa.bool_(),
        "INTEGER": pa.int32(),
        "BIGINT": pa.int64(),
        "DATE": pa.date32(),
        "TIMESTAMPTZ": pa.timestamp("us", "UTC"),
        "DECIMAL(18,2)": pa.decimal128(18, 2),
        "DECIMAL(18,6)": pa.decimal128(18, 6),
        "DECIMAL(38,2)": pa.decimal128(38, 2),
        "DECIMAL(20,12)": pa.decimal128(20, 12),
    }
    schema = pa.schema([(column.name, types[column.type]) for column in model.columns])
    return pa.Table.from_pylist(rows, schema=schema)


def insert(con: duckdb.DuckDBPyConnection, model: Model, rows: list[dict[str, Any]]) -> None:
    if rows:
        con.register("incoming", arrow(model, rows))
        con.execute(f"INSERT INTO {model.name} BY NAME SELECT * FROM incoming")
        con.unregister("incoming")


def write(
    con: duckdb.DuckDBPyConnection, model: Model, scope: str, *, select: str | None = None, keep_moved: bool = False
) -> int:
    """Make the rows of `model` within `scope` those of its SELECT, and touch no row that is right already.

    :param scope: which rows of the table, called `t`, the SELECT speaks of.
    :param keep_moved: leave the rows that went and came in `staging.moved`.
    :return: how many rows went and came.
    :raises RuntimeError: if the SELECT gives two rows for one key.
    """
    con.execute(f"CREATE TABLE staging.desired AS {select or model.select}")
    con.execute(f"CREATE TABLE staging.present AS SELECT t.* FROM {model.name} AS t WHERE {scope}")
    key = ", ".join(model.key)
    twice = con.execute(
        f"SELECT {key} FROM staging.desired GROUP BY {key} HAVING count(*) > 1 ORDER BY {key} LIMIT 1"
    ).fetchall()
    if twice:
        raise RuntimeError(f"{model.name} has more than one row for {key} = {twice[0]}")
    desired, present = (f"SELECT {model.column_names} FROM staging.{name}" for name in ("desired", "present"))
    went = con.execute(f"CREATE TABLE staging.goes AS {present} EXCEPT {desired}").fetchall()[0][0]
    came = con.execute(f"CREATE TABLE staging.comes AS {desired} EXCEPT {present}").fetchall()[0][0]
    if keep_moved:
        con.execute("CREATE TABLE staging.moved AS FROM staging.goes UNION ALL BY NAME FROM staging.comes")
    if went:
        matches = " AND ".join(f"g.{name} IS NOT DISTINCT FROM t.{name}" for name in model.key)
        con.execute(f"DELETE FROM {model.name} AS t USING staging.goes AS g WHERE {matches}")
    if came:
        con.execute(f"INSERT INTO {model.name} BY NAME SELECT * FROM staging.comes ORDER BY {key}")
    for table in ("desired", "present", "goes", "comes"):
        con.execute(f"DROP TABLE staging.{table}")
    return int(went) + int(came)


def drop_staging(con: duckdb.DuckDBPyConnection) -> None:
    """Drop what a load made for itself. One by one: DuckDB cannot commit a schema that is made and dropped with its tables."""
    for kind, column in (("VIEW", "view_name"), ("TABLE", "table_name")):
        listed = con.execute(
            f"SELECT {column} FROM duckdb_{kind.lower()}s() "
            "WHERE schema_name = 'staging' AND database_name = current_database()"
        ).fetchall()
        for (name,) in listed:
            con.execute(f"DROP {kind} staging.{name}")


def newest_load(con: duckdb.DuckDBPyConnection) -> int:
    """The number of the last row of ops.load; 0 before the first."""
    return int(con.execute("SELECT coalesce(max(load_id), 0) FROM ops.load").fetchall()[0][0])


def built_up_to(con: duckdb.DuckDBPyConnection, wanted: Iterable[Model]) -> dict[str, int]:
    """Up to which load models are built, by name; those that are not, or from another text, are left out."""
    definitions = {model.name: model.definition for model in wanted}
    found = con.execute("SELECT model, definition, built_load_id FROM ops.build").fetchall()
    return {name: int(load_id) for name, text, load_id in found if definitions.get(name) == text}


def record_build(con: duckdb.DuckDBPyConnection, model: Model, load_id: int) -> None:
    """Note that a model is built up to a load."""
    con.execute("DELETE FROM ops.build WHERE model = ?", [model.name])
    con.execute("INSERT INTO ops.build VALUES (?, ?, ?, ?)", [model.name, model.definition, load_id, utc_now()])


def bump(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("UPDATE ops.revision SET revision = revision + 1, changed_at = ?", [utc_now()])


def revision(con: duckdb.DuckDBPyConnection) -> int:
    return int(con.execute("SELECT revision FROM ops.revision").fetchall()[0][0])
