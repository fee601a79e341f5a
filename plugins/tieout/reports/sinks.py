"""Where the lines of a report go, batch by batch."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

import pyarrow as pa
import pyarrow.parquet as pq

from tieout.reports.schemas import LINES_SCHEMA

ROW_GROUP = 122_880
"""Rows of a Parquet row group: DuckDB's own size."""
ROW_GROUP_BYTES = 128 << 20
"""Or so many bytes, if they are fewer rows: rows of a megabyte are not held by the hundred thousand."""
_RANGED_COLUMNS = ["line_no", "settlement_id", "currency", "amount", "posted_date", "posted_at"]

OnLines = Callable[[pa.Table], None]


class Sink(Protocol):
    """Takes the lines of one reading of a file, in file order. Leaving it with an error discards them."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def write(self, lines: pa.Table) -> None: ...


class CallbackSink:
    """Hands each batch to a function, in the thread that reads."""

    def __init__(self, on_lines: OnLines | None) -> None:
        self._on_lines = on_lines

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def write(self, lines: pa.Table) -> None:
        if self._on_lines is not None and lines.num_rows:
            self._on_lines(lines)


class ParquetSink:
    """Writes lines to a Parquet file, compressing them in a thread of its own.

    Args:
        path: Where the file goes.
        schema: What a file without lines has.
        ranged: Columns whose range in a row group lets a query skip it.
    """

    def __init__(
        self, path: Path, schema: pa.Schema = LINES_SCHEMA, ranged: Sequence[str] = tuple(_RANGED_COLUMNS)
    ) -> None:
        self._path = path
        self._schema = schema
        self._ranged = list(ranged)
        self._queue: queue.Queue[pa.Table | None] = queue.Queue(maxsize=1)
        self._thread = threading.Thread(target=self._encode, name="parquet-encoder")
        self._error: BaseException | None = None
        self._held: list[pa.Table] = []
        self._rows = self._bytes = 0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None and self._held:
            self._flush()
        self._queue.put(None)
        self._thread.join()
        if kind is None and self._error is not None:
            raise self._error

    def write(self, lines: pa.Table) -> None:
        if lines.num_rows:
            self._held.append(lines)
            self._rows += lines.num_rows
            self._bytes += lines.nbytes
        if self._rows >= ROW_GROUP or self._bytes >= ROW_GROUP_BYTES:
            self._flush()

    def _flush(self) -> None:
        if self._error is not None:
            raise self._error
        self._queue.put(pa.concat_tables(self._held))
        self._held, self._rows, self._bytes = [], 0, 0

    def _encode(self) -> None:
        writer = None
        while (lines := self._queue.get()) is not None:
            if self._error is not None:
                continue  # the thread that reads must not be left waiting for room in the queue
            try:
                lines = lines.unify_dictionaries()
                writer = writer or self._open(lines.schema)
                writer.write_table(lines, row_group_size=lines.num_rows)
            except BaseException as error:
                self._error = error
        try:
            writer = writer or self._open(self._schema)
            writer.close()
        except BaseException as error:
            self._error = self._error or error

    def _open(self, schema: pa.Schema) -> pq.ParquetWriter:
        return pq.ParquetWriter(
            self._path,
            schema,
            compression="zstd",
            compression_level=1,
            store_schema=False,  # so that a reader sees the schema and not the dictionaries
            use_dictionary=[name for name in schema.names if name != "line_no"],
            write_statistics=self._ranged,
        )
