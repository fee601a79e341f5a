"""The warehouse behind an Airflow connection of type `duckdb`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from airflow.providers.duckdb.hooks.duckdb import DuckDBHook

from tieout.settings import WAREHOUSE_CONNECTION

if TYPE_CHECKING:
    from tieout.warehouse import Warehouse


class WarehouseHook(DuckDBHook):
    """The live file: the connection's host is its path, extra `memory_limit` and `threads` bound its engine."""

    def __init__(self, duckdb_conn_id: str = WAREHOUSE_CONNECTION) -> None:
        super().__init__(duckdb_conn_id=duckdb_conn_id)

    def warehouse(self) -> Warehouse:
        """Return the warehouse.

        :raises ValueError: if the connection names no file.
        """
        from tieout.warehouse import Warehouse

        connection = self.get_connection(WAREHOUSE_CONNECTION)
        if not connection.host:
            raise ValueError(f"the Airflow connection {WAREHOUSE_CONNECTION!r} names no file: put its path into the host")
        bounds = {name: connection.extra_dejson[name] for name in ("memory_limit", "threads") if name in connection.extra_dejson}
        return Warehouse(Path(connection.host), **bounds)
