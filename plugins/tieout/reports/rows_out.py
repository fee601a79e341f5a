"""Rows of a file as Parquet or CSV, which appear whole under their name or not at all."""

from __future__ import annotations

import csv
import os
from pathlib import Path
from typing import Protocol

import pyarrow as pa
import pyarrow.parquet as pq

from tieout.reports.sums import as_text


class _Writer(Protocol):
    def write_table(self, table: pa.Table) -> None: ...

    def close(self) -> None: ...


class RowsOut:
    """Writes batches of rows beside their target, and moves them there at the end.

    Args:
        target: Where the rows go; its name ends in `.parquet` or `.csv`.
        temporary: A name in the same folder, under which they are written first.
    """

    def __init__(self, target: Path, temporary: Path) -> None:
        self._target = target
        self._temporary = temporary
        self._writer: _Writer | None = None

    def begin(self) -> None:
        """Begin anew: a file may be read twice to find its conventions."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def write(self, rows: pa.Table) -> None:
        """Write a batch."""
        rows = rows.drop_columns(["document_id"])
        plain = pa.schema([(each.name, _plain(each.type)) for each in rows.schema])
        if self._writer is None:
            self._writer = self._open(plain)
        self._writer.write_table(rows.cast(plain))

    def finish(self, schema: pa.Schema) -> None:
        """Put the file in its place.

        Args:
            schema: What a file without rows has.
        """
        if self._writer is None:
            self._writer = self._open(pa.schema([each for each in schema if each.name != "document_id"]))
        self._writer.close()
        self._writer = None
        os.replace(self._temporary, self._target)

    def discard(self) -> None:
        """Leave nothing half-written behind."""
        self.begin()
        self._temporary.unlink(missing_ok=True)

    def _open(self, schema: pa.Schema) -> _Writer:
        if self._target.suffix.lower() == ".csv":
            return _CsvWriter(self._temporary, schema)
        return pq.ParquetWriter(self._temporary, schema, compression="zstd")


class _CsvWriter:
    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._file = path.open("w", encoding="utf-8", newline="")
        self._writer = csv.writer(self._file)
        self._writer.writerow(schema.names)

    def write_table(self, table: pa.Table) -> None:
        for row in table.to_pylist():
            self._writer.writerow(["" if value is None else as_text(value) for value in row.values()])

    def close(self) -> None:
        self._file.close()


def _plain(kind: pa.DataType) -> pa.DataType:
    return kind.value_type if pa.types.is_dictionary(kind) else kind
