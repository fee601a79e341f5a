"""The engine: loads staged documents, runs the models of `include/sql`, publishes the read copy."""

from tieout.warehouse.engine import BuildResult, Disposition, KnownDocument, LoadResult, Warehouse

__all__ = ["BuildResult", "Disposition", "KnownDocument", "LoadResult", "Warehouse"]
