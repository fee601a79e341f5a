"""A SQLAlchemy dialect, `duckdb+gx://`, through which Great Expectations can read DuckDB.

Great Expectations fetches rows after it has given its connection back to the pool, which closes DuckDB's result: it then
sees none. This dialect fetches all rows as soon as a statement has run.
"""

from __future__ import annotations

from typing import Any

from duckdb_sqlalchemy import Dialect as DuckDBDialect
from sqlalchemy.dialects import registry
from sqlalchemy.engine.cursor import FullyBufferedCursorFetchStrategy

_Context: Any = DuckDBDialect.execution_ctx_cls


class _BufferedContext(_Context):
    def post_exec(self) -> None:
        super().post_exec()
        if self.cursor is not None and self.cursor.description is not None:
            self.cursor_fetch_strategy = FullyBufferedCursorFetchStrategy(
                self.cursor, initial_buffer=self.cursor.fetchall()
            )


class Dialect(DuckDBDialect):
    """DuckDB for reading: rows are buffered, and days are those of UTC."""

    name = "duckdb"
    driver = "gx"
    supports_statement_cache = False
    execution_ctx_cls = _BufferedContext

    def connect(self, *args: Any, **kwargs: Any) -> Any:
        """Connect, and set the time zone."""
        connection = super().connect(*args, **kwargs)
        cursor = connection.cursor()
        cursor.execute("SET TimeZone = 'UTC'")
        cursor.close()
        return connection


def register() -> None:
    """Make `duckdb+gx://` known to SQLAlchemy."""
    registry.register("duckdb.gx", __name__, Dialect.__name__)
