"""From the documents of report families to the tables of core: which rows of which document stand there.

Reports of one kind overlap: Amazon restates what it said, and a day is asked for again for weeks. `tieout.models.Merging`
says which rows a newer document outdates. Whether a row stands follows from the documents that may be loaded alone, not
from the order in which they came, so each load ends with what a load of all of them at once would give.

A load of new documents looks at them, at those that were made later, and at the rows that theirs outdate: it takes as long
with ten years of history as with one. Only when a document is taken out, or is read anew, rows that it had outdated may
stand again; then the account's table of that family is made from all staged files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tieout.models import Merging, Model, models
from tieout.warehouse.tables import built_up_to, escaped, newest_load, record_build

if TYPE_CHECKING:
    import duckdb

_SAME_DOCUMENT = " AND ".join(
    f"m.{name} IS NOT DISTINCT FROM d.{name}"
    for name in ("as_of", "data_start_at", "data_end_at", "marketplace_ids", "raw_sha256", "reader_version", "rows_key")
)
# Marketplaces that are not known are among those that are not known.
_AMONG = (
    "({a}.marketplace_ids IS NOT DISTINCT FROM {b}.marketplace_ids OR list_has_all("
    "string_split({b}.marketplace_ids, ', '), string_split({a}.marketplace_ids, ', ')))"
)


@dataclass(frozen=True)
class Merged:
    """What merging did."""

    rows_came: int = 0
    rows_went: int = 0

    def __add__(self, other: Merged) -> Merged:
        return Merged(self.rows_came + other.rows_came, self.rows_went + other.rows_went)


def merged_models() -> dict[str, list[Model]]:
    """Return the models that are made of report families, by family."""
    found: dict[str, list[Model]] = {}
    for model in models().values():
        if model.merging:
            found.setdefault(model.merging.family, []).append(model)
    return found


def changed_columns(name: str) -> list[str]:
    """Return the columns of a core table by which marts that read it are replaced; what changes of them is to be noted."""
    own = {column.name for column in models()[name].columns}
    marts = [model for model in models().values() if model.schema == "mart" and name in model.reads]
    wanted = {model.replaced_by for model in marts if model.replaced_by}
    # what a document changes of a settlement stands in ops.load
    return sorted(wanted & own - (set() if models()[name].merging else {"settlement_id"}))


def note_changes(con: duckdb.DuckDBPyConnection, name: str, rows: str) -> None:
    """Note in ops.changed what marts have to compute again, given rows of a core table that went or came.

    :param rows: a FROM clause that gives the rows.
    """
    told = ["SELECT DISTINCT 'table' AS column_name, r.account, $name AS value FROM changed_row AS r"]
    for column in changed_columns(name):
        told.append(
            f"SELECT DISTINCT '{column}', r.account, CAST(r.{column} AS VARCHAR) FROM changed_row AS r "
            f"WHERE r.{column} IS NOT NULL"
        )
    con.execute(
        f"INSERT INTO ops.changed BY NAME WITH changed_row AS (SELECT * FROM {rows}) "
        f"({' UNION '.join(told)}) EXCEPT SELECT * FROM ops.changed",
        {"name": name},
    )


def changed_tables(con: duckdb.DuckDBPyConnection) -> set[str]:
    """Return the core tables that changed since the marts were built last."""
    return {name for (name,) in con.execute("SELECT value FROM ops.changed WHERE column_name = 'table'").fetchall()}


def stage_changed(con: duckdb.DuckDBPyConnection, mart: Model, everything: bool) -> None:
    """Make `staging.changed_<column>` for a mart that is replaced by a column: what is to be computed again.

    :param everything: not what changed, but all that there is.
    """
    column = mart.replaced_by
    if column is None or column == "settlement_id":
        return
    type_ = next(each.type for each in mart.columns if each.name == column)
    told = f"SELECT account, CAST(value AS {type_}) AS {column} FROM ops.changed WHERE column_name = '{column}'"
    if everything:
        tables = [models()[name] for name in sorted(mart.reads) if not name.startswith("staging.")]
        own = [model.name for model in tables if column in {each.name for each in model.columns}]
        told = " UNION ".join(
            f"SELECT DISTINCT account, {column} FROM {name} WHERE {column} IS NOT NULL" for name in own
        )
    con.execute(f"CREATE OR REPLACE TABLE staging.changed_{column} AS {told}")


def merge(
    con: duckdb.DuckDBPyConnection, fetch: Callable[[str], Path], changed_documents: Iterable[str], run_id: str
) -> Merged:
    """Bring the tables of all report families up to ops.document, inside the transaction of a load.

    :param fetch: gives a local copy of a staged Parquet file by its key in the lake.
    :param changed_documents: ids of the documents whose row in ops.document changed.
    """
    families = merged_models()
    built = built_up_to(con, models().values())
    stale = [name for name, made in families.items() if any(model.name not in built for model in made)]
    con.execute(
        f"""
        CREATE TABLE staging.merge_change AS
        SELECT
          coalesce(d.document_id, m.document_id) AS document_id,
          coalesce(d.account, m.account) AS account,
          coalesce(d.family, m.family) AS family,
          m.document_id IS NOT NULL OR list_contains($stale, coalesce(d.family, m.family)) AS again
        FROM (
          SELECT *, created_at AS as_of
          FROM ops.document
          WHERE list_contains($families, family)
            AND state = 'loaded'
            AND (list_contains($documents, document_id) OR list_contains($stale, family))
        ) AS d
        FULL JOIN (
          SELECT *
          FROM ops.merged
          WHERE list_contains($documents, document_id) OR list_contains($stale, family)
        ) AS m
          ON m.document_id = d.document_id
        WHERE list_contains($stale, coalesce(d.family, m.family))
          OR NOT ({_SAME_DOCUMENT})
        """,
        {"stale": stale, "families": list(families), "documents": list(changed_documents)},
    )
    done = Merged()
    found = con.execute(
        "SELECT family, list(DISTINCT account) FILTER (again), list(DISTINCT account) FROM staging.merge_change "
        "GROUP BY family ORDER BY family"
    ).fetchall()
    for family, again, accounts in found:
        done += _merge_family(con, fetch, family, again or [], accounts, run_id)
    newest = newest_load(con)
    for family in stale:
        for model in families[family]:
            record_build(con, model, newest)
    con.execute("DROP TABLE staging.merge_change")
    return done


def _merge_family(
    con: duckdb.DuckDBPyConnection,
    fetch: Callable[[str], Path],
    family: str,
    again: list[str],
    accounts: list[str],
    run_id: str,
) -> Merged:
    """Merge the changed documents of one family.

    :param again: accounts whose tables are made of all their documents.
    :param accounts: all accounts that have changed documents.
    """
    con.execute(
        """
        CREATE TABLE staging.merge_document AS
        SELECT
          d.document_id,
          d.region,
          d.account,
          d.marketplace_ids,
          d.created_at AS as_of,
          CAST(d.created_at AS DATE) AS as_of_day,
          d.data_start_at,
          d.data_end_at,
          -- in whatever zone the rows' days are, from UTC+14 to UTC-12
          CAST(d.data_start_at + INTERVAL '14' HOUR - INTERVAL '1' MICROSECOND AS DATE) + 1 AS first_whole_day,
          CAST(d.data_end_at - INTERVAL '36' HOUR AS DATE) AS last_whole_day,
          row_number() OVER (PARTITION BY d.account ORDER BY d.created_at, d.document_id) AS age,
          list_contains($again, d.account) OR n.document_id IS NOT NULL AS is_new,
          d.raw_sha256,
          d.reader_version,
          d.rows_key,
          d.rows
        FROM ops.document AS d
        LEFT JOIN staging.merge_change AS n
          ON n.document_id = d.document_id
        -- the oldest that is new: later documents may outdate it, earlier ones cannot
        LEFT JOIN (
          SELECT o.account, min((o.created_at, o.document_id)) AS place
          FROM ops.document AS o
          INNER JOIN staging.merge_change AS c ON c.document_id = o.document_id
          WHERE o.family = $family
          GROUP BY o.account
        ) AS f
          ON f.account = d.account
        WHERE d.family = $family
          AND d.state = 'loaded'
          AND list_contains($accounts, d.account)
          AND (list_contains($again, d.account) OR (d.created_at, d.document_id) >= f.place)
        """,
        {"family": family, "again": again, "accounts": accounts},
    )
    con.execute(
        "DELETE FROM ops.merged AS m USING staging.merge_change AS c "
        "WHERE c.document_id = m.document_id AND c.family = ?",
        [family],
    )
    con.execute(
        "INSERT INTO ops.merged BY NAME SELECT d.* EXCLUDE (as_of_day, first_whole_day, last_whole_day, age, is_new), "
        "? AS family, ? AS run_id FROM staging.merge_document AS d "
        "INNER JOIN staging.merge_change AS c ON c.document_id = d.document_id",
        [family, run_id],
    )
    keys = con.execute("SELECT rows_key FROM staging.merge_document WHERE rows > 0 ORDER BY document_id").fetchall()
    if keys:
        paths = ", ".join(f"'{escaped(fetch(key))}'" for (key,) in keys)
        con.execute(
            f"""
            CREATE VIEW staging.{family} AS
            SELECT
              d.region, d.account, d.marketplace_ids, d.as_of, d.as_of_day, d.data_start_at, d.data_end_at, f.*
            FROM read_parquet([{paths}], hive_partitioning = FALSE, union_by_name = TRUE) AS f
            INNER JOIN staging.merge_document AS d
              ON d.document_id = f.document_id
            """
        )
    done = Merged()
    for model in merged_models()[family]:
        assert model.merging is not None
        if keys:
            con.execute(f"CREATE TABLE staging.merge_row AS {model.select}")
        else:
            con.execute(model.create("staging.merge_row"))
        done += _merge_model(con, model, model.merging, again)
        con.execute("DROP TABLE staging.merge_row")
    if keys:
        con.execute(f"DROP VIEW staging.{family}")
    con.execute("DROP TABLE staging.merge_document")
    return done


def _merge_model(con: duckdb.DuckDBPyConnection, model: Model, merging: Merging, again: list[str]) -> Merged:
    """Merge the rows in `staging.merge_row`, which a model's SELECT gave of the documents in `staging.merge_document`."""
    came = con.execute(f"CREATE TABLE staging.merge_comes AS {_standing(merging)}").fetchall()[0][0]
    outdated = _outdated(con, model, merging, again)
    went = con.execute(f"CREATE TABLE staging.merge_goes AS {outdated}", {"again": again}).fetchall()[0][0]
    if went:
        note_changes(con, model.name, "staging.merge_goes")
        con.execute(f"DELETE FROM {model.name} WHERE rowid IN (SELECT place FROM staging.merge_goes)")
    if came:
        note_changes(con, model.name, "staging.merge_comes")
        con.execute(
            f"INSERT INTO {model.name} BY NAME SELECT {model.column_names} FROM staging.merge_comes "
            f"ORDER BY {', '.join(model.key)}"
        )
    for table in ("merge_comes", "merge_goes"):
        con.execute(f"DROP TABLE staging.{table}")
    return Merged(rows_came=int(came), rows_went=int(went))


def _standing(merging: Merging) -> str:
    """The rows of new documents that no newer document outdates."""
    newest = "d.age"
    if merging.key:
        newest = f"max(d.age) OVER (PARTITION BY r.account, {', '.join(f'r.{name}' for name in merging.key)})"
    told_later = "FALSE"
    if merging.day:
        told_later = f"""
          EXISTS (
            SELECT 1 FROM told_later AS t
            WHERE t.document_id = r.document_id AND t.day IS NOT DISTINCT FROM r.{merging.day}
          )
        """
    # asked once a document and day, not once a row
    return f"""
      WITH
      told_later AS (
        SELECT o.document_id, o.day
        FROM (
          SELECT DISTINCT d.document_id, d.account, d.marketplace_ids, d.age, r.{merging.day or "as_of"} AS day
          FROM staging.merge_row AS r
          INNER JOIN staging.merge_document AS d ON d.document_id = r.document_id
          WHERE d.is_new
        ) AS o
        WHERE EXISTS (
          SELECT 1 FROM staging.merge_document AS d
          WHERE d.account = o.account AND d.age > o.age AND {_tells("o", "o.day", merging)}
        )
      )
      SELECT r.* EXCLUDE (is_new, age, newest)
      FROM (
        SELECT r.*, d.is_new, d.age, {newest} AS newest
        FROM staging.merge_row AS r
        INNER JOIN staging.merge_document AS d ON d.document_id = r.document_id
      ) AS r
      WHERE r.is_new AND r.age = r.newest AND NOT {told_later}
    """


def _tells(row: str, day: str, merging: Merging) -> str:
    """Whether document `d` must tell of a row that an older document has."""
    if merging.day is None:
        return "FALSE"
    of_day = f"d.as_of_day = {day}" if merging.snapshot else f"{day} BETWEEN d.first_whole_day AND d.last_whole_day"
    return f"{of_day} AND {_AMONG.format(a=row, b='d')}"


def _outdated(con: duckdb.DuckDBPyConnection, model: Model, merging: Merging, again: list[str]) -> str:
    """The rows of the table that go, by their place in it: those that new documents outdate, and all of accounts whose
    table is made anew."""
    older = "(t.as_of, t.document_id) < (d.as_of, d.document_id)"
    gone = ", ".join(f"t.{name}" for name in dict.fromkeys(["rowid AS place", "account", *changed_columns(model.name)]))
    parts = [f"SELECT {gone} FROM {model.name} AS t WHERE {'list_contains($again, t.account)' if again else 'FALSE'}"]
    if merging.key:
        same = " AND ".join(f"t.{name} IS NOT DISTINCT FROM d.{name}" for name in ("account", *merging.key))
        parts.append(
            f"""
            SELECT {gone}
            FROM {model.name} AS t
            INNER JOIN (
              SELECT DISTINCT r.account, {", ".join(f"r.{name}" for name in merging.key)}, d.as_of, d.document_id
              FROM staging.merge_row AS r
              INNER JOIN staging.merge_document AS d ON d.document_id = r.document_id
              WHERE d.is_new AND NOT list_contains($again, r.account)
            ) AS d
              ON {same} AND {older}
            {_bounds(con, merging)}
            """
        )
    windows = con.execute(
        "SELECT min(first_whole_day), max(last_whole_day), min(as_of_day), max(as_of_day) "
        "FROM staging.merge_document WHERE is_new"
    ).fetchall()[0]
    first, last = windows[2:] if merging.snapshot else windows[:2]
    if merging.day and first and last:
        parts.append(
            f"""
            SELECT {gone}
            FROM {model.name} AS t
            INNER JOIN staging.merge_document AS d
              ON d.account = t.account AND {older} AND {_tells("t", f"t.{merging.day}", merging)}
            WHERE d.is_new
              AND NOT list_contains($again, t.account)
              AND t.{merging.day} BETWEEN DATE '{first}' AND DATE '{last}'
            """
        )
    return " UNION ".join(parts)


def _bounds(con: duckdb.DuckDBPyConnection, merging: Merging) -> str:
    """Where to look for rows with the same key, if the key tells the day: DuckDB leaves out what lies outside."""
    if merging.day is None or merging.day not in merging.key:
        return ""
    first, last, unknown = con.execute(
        f"SELECT min({merging.day}), max({merging.day}), count(*) FILTER ({merging.day} IS NULL) FROM staging.merge_row"
    ).fetchall()[0]
    return "" if unknown or first is None else f"WHERE t.{merging.day} BETWEEN DATE '{first}' AND DATE '{last}'"
