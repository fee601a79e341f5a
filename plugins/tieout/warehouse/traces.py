"""Rows that are only a trace of what was done long ago: calls to Amazon, and alerts whose trouble is gone."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

_OLD = {
    "ops.api_call": "called_at < ?",
    "ops.alert": "resolved_at IS NOT NULL AND resolved_at < ?",
}


def forget_traces(con: duckdb.DuckDBPyConnection, before: dt.datetime) -> dict[str, int]:
    """Delete the rows from before an instant; return how many, by table.

    What proves money stays for good: documents, checks, loads, decisions and amounts.
    """
    return {
        table: int(con.execute(f"DELETE FROM {table} WHERE {old}", [before]).fetchall()[0][0])
        for table, old in _OLD.items()
    }
