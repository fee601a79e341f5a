"""Lines of text to columns of strings, one physical line a row."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.csv as csv

from tieout.documents import ReasonCode
from tieout.reports import arrow, layouts
from tieout.reports.errors import Misfit, shown
from tieout.reports.layouts import Layout
from tieout.reports.text import Block

# Columns whose values repeat: as dictionaries each is converted once a block, and Parquet gets the vocabulary ready.
_VOCABULARY = frozenset(
    {
        layouts.SETTLEMENT_ID, *layouts.SUMMARY_DATES, layouts.TOTAL_AMOUNT, layouts.CURRENCY,
        layouts.TRANSACTION_TYPE, layouts.QUANTITY, "marketplace-name", "amount-type", "amount-description",
        "fulfillment-id", *(column.description_column for column in layouts.V1_AMOUNTS if column.description_column),
    }
)  # fmt: skip
_REPEATED = _VOCABULARY | {
    layouts.POSTED_DATE, layouts.POSTED_DATE_TIME,
    "adjustment-id", "merchant-order-item-id", "merchant-adjustment-item-id", "promotion-id",
}  # fmt: skip
DICTIONARY = pa.dictionary(pa.int32(), pa.string())
_SCIENTIFIC = re.compile(r"[0-9]([.,][0-9]+)?[eE]\+[0-9]+")
_EXCEL = "A spreadsheet has re-saved the file and lost digits: download it again and import it as it came"


@dataclass
class Rows:
    """The rows of one block. `columns` holds string or dictionary arrays, null where a field is empty or blank."""

    columns: dict[str, pa.Array]
    lines: np.ndarray
    """The physical line number of each row."""

    def __len__(self) -> int:
        return len(self.lines)

    def get(self, name: str) -> pa.Array | None:
        return self.columns.get(name)

    def text(self, name: str, row: int) -> str | None:
        column = self.columns.get(name)
        return column[row].as_py() if column is not None else None

    def select(self, keep: np.ndarray) -> Rows:
        """The rows at these positions; a dictionary holds no value that only the other rows had."""
        at = arrow.positions(keep)
        columns = {name: column.take(at) for name, column in self.columns.items()}
        for name, column in columns.items():
            if isinstance(column, pa.DictionaryArray):
                columns[name] = column.dictionary_decode().dictionary_encode()
        return Rows(columns, self.lines[keep])


class RowReader:
    """Reads blocks of one layout. It keeps nothing of a block, so that threads may share it.

    There is no quoting in these files: a lone `"` in a SKU is data. Rows that lost their trailing empty fields are
    padded, empty fields too many are dropped, blank lines and repeated header lines are skipped.
    """

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._width = len(layout.names)
        wanted = [name for name in layout.names if not name.startswith("#")]
        self._convert = csv.ConvertOptions(
            column_types={name: DICTIONARY if name in _REPEATED else pa.string() for name in wanted},
            include_columns=wanted,
            null_values=[""],
            strings_can_be_null=True,
            check_utf8=False,  # text_blocks has done it
        )
        self._wanted = wanted
        self._header_bytes = "\t".join(layout.header).encode()

    def rows(self, block: Block) -> Rows:
        """The rows of a block, the header line and the text above it left out.

        Raises:
            Misfit: `damaged_file` for a line with more fields than the header has names, or with an identifier in
                scientific notation; `missing_summary` for a line without settlement id.
        """
        data, first, lines = block.data, block.first_line, block.lines
        if first + lines <= self._layout.header_line:
            data = b""  # all of it is above the header
        elif first <= self._layout.header_line:
            for _ in range(self._layout.header_line - first + 1):
                data = data[data.index(b"\n") + 1 :]
                first += 1
                lines -= 1
        if not data:
            return Rows({name: pa.nulls(0, pa.string()) for name in self._wanted}, np.empty(0, np.int64))
        columns = self._parse(data, lines)
        if columns is None:
            data, numbers = self._repair(data, first)
            if not data:
                return Rows({name: pa.nulls(0, pa.string()) for name in self._wanted}, np.empty(0, np.int64))
            columns = self._parse(data, len(numbers))
            assert columns is not None, "every repaired line has the fields of the header"
        else:
            numbers = np.arange(first, first + lines, dtype=np.int64)
        rows = Rows(
            {name: _clean(column) if name in _VOCABULARY else column for name, column in columns.items()}, numbers
        )
        self._check_identifiers(rows)
        return rows

    def _parse(self, data: bytes, lines: int) -> dict[str, pa.Array] | None:
        irregular = False

        def note(_row: csv.InvalidRow) -> str:
            nonlocal irregular
            irregular = True
            return "skip"

        table = csv.read_csv(
            pa.BufferReader(data),
            # one block for Arrow too, so that each column is one chunk
            csv.ReadOptions(column_names=self._layout.names, use_threads=False, block_size=len(data) + 1),
            csv.ParseOptions(
                delimiter="\t", quote_char=False, double_quote=False, ignore_empty_lines=False, invalid_row_handler=note
            ),
            self._convert,
        )
        if irregular or table.num_rows != lines:
            return None
        columns = {name: table.column(name).chunk(0) for name in self._wanted}
        ids = columns[layouts.SETTLEMENT_ID]
        if ids.null_count or layouts.SETTLEMENT_ID in ids.dictionary.to_pylist():
            blank = self._repair(data, 0)[1]
            if len(blank) != lines:
                return None
        return columns

    def _repair(self, data: bytes, first: int) -> tuple[bytes, np.ndarray]:
        """The block with every line as wide as the header, and the line numbers of what is left."""
        kept: list[bytes] = []
        numbers: list[int] = []
        for number, line in enumerate(data.split(b"\n")[:-1], first):
            if not line.strip() or line.rstrip(b"\t ") == self._header_bytes.rstrip(b"\t "):
                continue
            fields = line.count(b"\t") + 1
            if fields > self._width:
                cells = line.split(b"\t")
                if any(cell.strip() for cell in cells[self._width :]):
                    raise Misfit(
                        ReasonCode.DAMAGED_FILE,
                        f"the line has {fields} fields and the header {self._width}: a tab inside a field has shifted it",
                        "Download the report again and import it as it came",
                        line=number,
                    )
                line = b"\t".join(cells[: self._width])
            kept.append(line + b"\t" * (self._width - fields))
            numbers.append(number)
        return b"".join(line + b"\n" for line in kept), np.array(numbers, np.int64)

    def _check_identifiers(self, rows: Rows) -> None:
        ids = rows.columns[layouts.SETTLEMENT_ID]
        spelled = self._layout.spelled(layouts.SETTLEMENT_ID)
        if ids.null_count:
            line = int(rows.lines[np.flatnonzero(arrow.is_null(ids))[0]])
            raise Misfit(
                ReasonCode.MISSING_SUMMARY,
                "the line has no settlement id, so it belongs to no settlement",
                "Download the report again; if it stays so, open a case with Seller Support",
                line=line,
                column=spelled,
            )
        for name in (layouts.SETTLEMENT_ID, layouts.ORDER_ITEM_CODE):
            column = rows.get(name)
            if column is None or not len(column):
                continue
            values = column.dictionary if isinstance(column, pa.DictionaryArray) else column
            buffer = values.buffers()[2]
            if buffer is None or b"E+" not in memoryview(buffer).tobytes():
                continue
            for row, text in enumerate(column.to_pylist()):
                if text and _SCIENTIFIC.fullmatch(text):
                    raise Misfit(
                        ReasonCode.DAMAGED_FILE,
                        f"{shown(text)} was an identifier before a spreadsheet wrote it in scientific notation",
                        _EXCEL,
                        line=int(rows.lines[row]),
                        column=self._layout.spelled(name),
                    )


def _clean(column: pa.Array) -> pa.Array:
    """Vocabulary columns without padding around their values; a blank value is null."""
    if not isinstance(column, pa.DictionaryArray):
        return column
    values = column.dictionary.to_pylist()
    if all(value == value.strip() and value for value in values):
        return column
    stripped = arrow.strings([value.strip() or None for value in values])
    return stripped.take(column.indices).dictionary_encode()
