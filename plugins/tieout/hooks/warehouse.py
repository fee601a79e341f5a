"""The warehouse behind an Airflow connection of type `duckdb`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from airflow.sdk import BaseHook

from tieout.settings import WAREHOUSE_CONNECTION, settings

if TYPE_CHECKING:
    from tieout.warehouse import Warehouse


class WarehouseHook(BaseHook):
    """The live file: the connection's host is its path; extra `memory_limit` and `threads` bound the engine."""

    def __init__(self, duckdb_conn_id: str = WAREHOUSE_CONNECTION) -> None:
        super().__init__()
        self.duckdb_conn_id = duckdb_conn_id

    def warehouse(self) -> Warehouse:
        """Return the warehouse.

        :raises ValueError: if the connection names no file.
        """
        from tieout.warehouse import Warehouse

        connection = self.get_connection(self.duckdb_conn_id)
        if not connection.host:
            raise ValueError(
                f"the Airflow connection {self.duckdb_conn_id!r} names no file: put the path of the DuckDB file into its host"
            )
        bounds = {name: value for name, value in connection.extra_dejson.items() if name in ("memory_limit", "threads")}
        return Warehouse(Path(connection.host), published=settings().published_warehouse, **bounds)
