"""Rows of strings to lines with exact types, once the conventions of a file are settled."""

from __future__ import annotations

import datetime as dt
import re
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tieout.documents import ReasonCode, SettlementSummary
from tieout.reports import amounts, arrow, dates, layouts
from tieout.reports.errors import Misfit, shown
from tieout.reports.layouts import AmountColumn, Layout
from tieout.reports.profile import DATE_COLUMNS, Conventions
from tieout.reports.rows import RowReader, Rows
from tieout.reports.schemas import INSTANT, LINES_SCHEMA, MONEY
from tieout.reports.sinks import Sink
from tieout.reports.text import Block

_PARSERS = 2
SELLER_SUPPORT = "Download the report again; if it stays so, open a case with Seller Support"
_TEXT_COLUMNS = {
    name.replace("-", "_"): name
    for name in (
        "order-id", "merchant-order-id", "adjustment-id", "shipment-id", "marketplace-name", "fulfillment-id",
        "order-item-code", "merchant-order-item-id", "merchant-adjustment-item-id", "sku", "promotion-id",
    )
}  # fmt: skip


@dataclass
class _Settlement:
    """One settlement while its lines are read."""

    settlement_id: str
    currency: str
    starts_at: dt.datetime | None
    ends_at: dt.datetime | None
    deposit_at: dt.datetime | None
    control_total: int
    line: int
    total_text: str
    sum_of_lines: int = 0
    lines: int = 0
    lines_without_amount: int = 0
    first_without_amount: int | None = None
    other_currencies: dict[str, None] = field(default_factory=dict)

    def summary(self) -> SettlementSummary:
        return SettlementSummary(
            settlement_id=self.settlement_id,
            currency=self.currency,
            start_at=self.starts_at,
            end_at=self.ends_at,
            deposit_at=self.deposit_at,
            control_total=amounts.as_decimal(self.control_total),
            sum_of_lines=amounts.as_decimal(self.sum_of_lines),
            lines=self.lines,
            summary_line_no=self.line,
            lines_without_amount=self.lines_without_amount,
            first_line_without_amount=self.first_without_amount,
            other_currencies=tuple(self.other_currencies),
        )


class Conversion:
    """One pass over a file whose conventions are settled."""

    def __init__(self, layout: Layout, conventions: Conventions, document_id: str) -> None:
        self._layout = layout
        self._decimal = conventions.decimal
        self._reader = RowReader(layout)
        self._dates = {name: dates.DateReader(layout.spelled(name), form) for name, form in conventions.dates.items()}
        self._document_id = document_id
        self._settlements: dict[str, _Settlement] = {}
        self._currency = ""
        self.content_lines = 0
        """Lines with content after the header, summary rows included."""
        self.undated = 0
        """Lines without a posted date."""
        self.first_undated: int | None = None

    def read(self, blocks: Iterator[Block], sink: Sink) -> None:
        """Lines reach the sink in file order.

        This thread decompresses, cuts and converts; two others split blocks into fields, which is half of the work and
        needs nothing but the block.
        """
        pending: deque[Future[Rows]] = deque()
        with ThreadPoolExecutor(_PARSERS, thread_name_prefix="settlement-parser") as parsers:
            try:
                for block in blocks:
                    pending.append(parsers.submit(self._reader.rows, block))
                    while len(pending) > _PARSERS + 1:
                        sink.write(self._lines(pending.popleft().result()))
                while pending:
                    sink.write(self._lines(pending.popleft().result()))
            finally:
                for future in pending:
                    future.cancel()
        for each in self._settlements.values():
            if abs(each.sum_of_lines) > amounts.LARGEST:
                raise Misfit(
                    ReasonCode.BAD_AMOUNT,
                    f"the lines of settlement {each.settlement_id} add up to {amounts.as_decimal(each.sum_of_lines)}",
                    "No settlement has so much: download the report again",
                    line=each.line,
                )
        if not self._settlements:
            raise Misfit(ReasonCode.EMPTY_FILE, "the file has a header and no settlement", SELLER_SUPPORT, line=1)

    def summaries(self) -> tuple[SettlementSummary, ...]:
        """The settlements in the file's order."""
        return tuple(each.summary() for each in self._settlements.values())

    def date_notations(self) -> list[str]:
        """How the dates that were read are written, in strftime's notation."""
        columns = [self._dates[name] for name in DATE_COLUMNS if name in self._dates]
        return list(dict.fromkeys(notation for column in columns for notation in column.notations))

    def _misfit(self, code: ReasonCode, problem: str, rows: Rows, row: int, column: str, advice: str) -> Misfit:
        return Misfit(code, problem, advice, line=int(rows.lines[row]), column=self._layout.spelled(column))

    def _lines(self, rows: Rows) -> pa.Table:
        self.content_lines += len(rows)
        if not len(rows):
            return _EMPTY
        rows = self._take_summaries(rows)
        if not len(rows):
            return _EMPTY
        of_row, settlements = self._settlements_of(rows)
        currency = self._currencies(rows, of_row, settlements)
        return (self._v2 if self._layout.version == "V2" else self._v1)(rows, of_row, settlements, currency)

    def _take_summaries(self, rows: Rows) -> Rows:
        """Note the summary rows of a block; returns its other rows."""
        totals = rows.columns[layouts.TOTAL_AMOUNT]
        if totals.null_count == len(rows):
            return rows
        details = np.ones(len(rows), bool)
        for row in np.flatnonzero(~arrow.is_null(totals)).tolist():
            if rows.text(layouts.TRANSACTION_TYPE, row) is None:
                details[row] = False
                self._note_summary(rows, row)
            else:
                self._check_repeated_total(rows, row)
        return rows.select(np.flatnonzero(details))

    def _note_summary(self, rows: Rows, row: int) -> None:
        settlement_id = rows.text(layouts.SETTLEMENT_ID, row)
        assert settlement_id is not None
        if (other := self._settlements.get(settlement_id)) is not None:
            raise self._misfit(
                ReasonCode.DAMAGED_FILE,
                f"settlement {settlement_id} has a second summary row; the first is line {other.line}",
                rows, row, layouts.TOTAL_AMOUNT,
                "The file holds the settlement twice: download it again and import it as it came",
            )  # fmt: skip
        for column in self._layout.amounts:
            if (text := rows.text(column.name, row)) is not None and text.strip():
                raise self._misfit(
                    ReasonCode.DAMAGED_FILE, f"the summary row of settlement {settlement_id} has the amount {shown(text)}",
                    rows, row, column.name, "Fields were shifted or edited: download the report again",
                )  # fmt: skip
        currency = rows.text(layouts.CURRENCY, row)
        if currency is None:
            raise self._misfit(
                ReasonCode.MISSING_SUMMARY, f"the summary row of settlement {settlement_id} has no currency",
                rows, row, layouts.CURRENCY, SELLER_SUPPORT,
            )  # fmt: skip
        self._currency = self._currency or currency
        text = rows.text(layouts.TOTAL_AMOUNT, row) or ""
        total = amounts.hundredths(text, self._decimal, amounts.exponent(currency))
        if total is None:
            raise self._bad_amount(text, currency, rows, row, layouts.TOTAL_AMOUNT)
        starts_at, ends_at, deposit_at = (
            self._summary_instant(name, rows, row, currency) for name in layouts.SUMMARY_DATES
        )
        self._settlements[settlement_id] = _Settlement(
            settlement_id,
            currency,
            starts_at,
            ends_at,
            deposit_at,
            control_total=total,
            line=int(rows.lines[row]),
            total_text=text,
        )

    def _summary_instant(self, name: str, rows: Rows, row: int, currency: str) -> dt.datetime | None:
        text = rows.text(name, row)
        if text is None:
            return None
        reader = self._dates.get(name)
        if reader is None:
            raise self._unseen_date(text, rows, row, name)
        try:
            day, instant, notation = dates.read_instant(text, reader.form, currency)
        except ValueError as error:
            raise self._misfit(ReasonCode.BAD_DATE, f"{shown(text)} {error}", rows, row, name, dates.RESAVED) from None
        reader.notations[notation] = None
        return instant or dt.datetime.combine(day, dt.time(), dt.UTC)

    def _unseen_date(self, text: str, rows: Rows, row: int, name: str) -> Misfit:
        return self._misfit(
            ReasonCode.BAD_DATE, f"{shown(text)} stands in a column that had no date before", rows, row, name,
            dates.RESAVED,
        )  # fmt: skip

    def _check_repeated_total(self, rows: Rows, row: int) -> None:
        settlement = self._settlements.get(rows.text(layouts.SETTLEMENT_ID, row) or "")
        text = rows.text(layouts.TOTAL_AMOUNT, row)
        if settlement is not None and settlement.total_text == text:
            return
        raise self._misfit(
            ReasonCode.MISSING_SUMMARY,
            f"the line has the total-amount {shown(text or '')} but is no summary row",
            rows, row, layouts.TOTAL_AMOUNT,
            "Import the file as Amazon made it: the summary row stands before the lines of its settlement",
        )  # fmt: skip

    def _settlements_of(self, rows: Rows) -> tuple[np.ndarray | None, list[_Settlement]]:
        """The settlements of the rows, and which one each row belongs to (None if there is only one)."""
        ids = rows.columns[layouts.SETTLEMENT_ID]
        names = ids.dictionary.to_pylist()
        if len(names) == 1:
            used, firsts, of_row = np.array([0]), np.array([0]), None
        else:
            used, firsts, of_row = np.unique(arrow.codes(ids), return_index=True, return_inverse=True)
        settlements = []
        for code, first in zip(used, firsts, strict=True):
            settlement = self._settlements.get(names[code])
            if settlement is None or settlement.line > rows.lines[first]:
                raise self._no_summary(names[code], rows, int(first))
            settlements.append(settlement)
        return (None if len(used) == 1 else of_row), settlements

    def _no_summary(self, settlement_id: str, rows: Rows, row: int) -> Misfit:
        if rows.text(layouts.TRANSACTION_TYPE, row) is None:
            self._check_says_something(rows, row, tuple(column.name for column in self._layout.amounts))
        return self._misfit(
            ReasonCode.MISSING_SUMMARY,
            f"settlement {settlement_id} has lines but no summary row with a total-amount above them",
            rows, row, layouts.SETTLEMENT_ID,
            "Without its control total nothing can be proved: import the whole file as Amazon made it",
        )  # fmt: skip

    def _currencies(self, rows: Rows, of_row: np.ndarray | None, settlements: list[_Settlement]) -> pa.DictionaryArray:
        """Each row's own currency if it has one, else that of its settlement."""
        names = list(dict.fromkeys(each.currency for each in settlements))
        carried = np.array([names.index(each.currency) for each in settlements], np.int32)
        codes = np.zeros(len(rows), np.int32) if of_row is None else carried[of_row]
        own = rows.get(layouts.CURRENCY)
        if own is not None and own.null_count < len(rows):
            spelled = own.dictionary.to_pylist()
            names += [name for name in spelled if name not in names]
            renumber = np.array([names.index(name) for name in spelled], np.int32)
            written = arrow.codes(own)
            codes = np.where(written < 0, codes, renumber[written])
            for index, settlement in enumerate(settlements):
                here = codes if of_row is None else codes[of_row == index]
                settlement.other_currencies |= dict.fromkeys(
                    names[code] for code in np.unique(here) if names[code] != settlement.currency
                )
        return arrow.dictionary(codes, names)

    def _bad_amount(self, text: str, currency: str, rows: Rows, row: int, column: str) -> Misfit:
        decimals = amounts.exponent(currency)
        readable = any(amounts.hundredths(text, each, decimals) is not None for each in amounts.CONVENTIONS)
        return self._misfit(
            ReasonCode.BAD_AMOUNT,
            f"{shown(text)} is not an amount" + (f" with the decimal separator {self._decimal!r}" if readable else "")
            + f" in {currency}",
            rows, row, column, amounts.advice(text, decimals),
        )  # fmt: skip

    def _money(self, rows: Rows, column: str, currency: pa.DictionaryArray) -> pa.Array:
        """An amount column, exact; null where it is blank."""
        strings = rows.columns[column]
        if strings.null_count == len(strings):
            return pa.nulls(len(strings), MONEY)
        money = self._plain_money(strings)
        if money is not None and not (self._any_without_cents(currency) and _has_cents(money)):
            return money
        values = np.zeros(len(strings), np.int64)
        null = np.zeros(len(strings), bool)
        names = currency.dictionary.to_pylist()
        codes = arrow.codes(currency)
        for row, text in enumerate(strings.to_pylist()):
            if text is None or not text.strip():
                null[row] = True
                continue
            name = names[codes[row]]
            value = amounts.hundredths(text, self._decimal, amounts.exponent(name))
            if value is None:
                raise self._bad_amount(text, name, rows, row, column)
            values[row] = value
        return money_array(values, null)

    def _plain_money(self, strings: pa.StringArray) -> pa.Array | None:
        """Amounts of digits, one separator and a minus, read by Arrow; None if there is any other character.

        Arrow refuses an amount that does not fit two decimals instead of rounding it.
        """
        _, _, data = strings.buffers()
        text = data.to_pybytes() if data is not None else b""
        if text.translate(None, b"0123456789-" + self._decimal.encode()):
            return None
        if self._decimal == amounts.COMMA:
            validity, offsets, _ = strings.buffers()
            point = pa.py_buffer(text.translate(_COMMA_TO_POINT))
            strings = pa.StringArray.from_buffers(
                len(strings), offsets, point, validity, strings.null_count, strings.offset
            )
        try:
            return strings.cast(MONEY)
        except pa.ArrowInvalid:
            return None

    @staticmethod
    def _any_without_cents(currency: pa.DictionaryArray) -> bool:
        return any(amounts.exponent(name) == 0 for name in currency.dictionary.to_pylist())

    def _quantities(self, rows: Rows) -> pa.Array:
        column = rows.get(layouts.QUANTITY)
        if column is None or column.null_count == len(column):
            return pa.nulls(len(rows), pa.int32())
        codes = arrow.codes(column)
        values = np.zeros(len(column.dictionary), np.int32)
        for code, text in enumerate(column.dictionary.to_pylist()):
            match = _QUANTITY.fullmatch(text)
            value = int(match[1]) if match else None
            if value is None or not -(2**31) <= value < 2**31:
                row = int(np.flatnonzero(codes == code)[0])
                raise self._misfit(
                    ReasonCode.BAD_QUANTITY, f"{shown(text)} is not a whole number of units",
                    rows, row, layouts.QUANTITY, SELLER_SUPPORT,
                )  # fmt: skip
            values[code] = value
        return arrow.from_numpy(values.take(codes), pa.int32(), codes < 0)

    def _posted(self, rows: Rows) -> tuple[pa.Array, pa.Array]:
        """posted_date as the file writes it, and posted_at in UTC where it writes a time."""
        read = []
        for name in (layouts.POSTED_DATE, layouts.POSTED_DATE_TIME):
            column = rows.get(name)
            if column is None or column.null_count == len(column):
                read.append((pa.nulls(len(rows), pa.date32()), pa.nulls(len(rows), INSTANT)))
                continue
            reader = self._dates.get(name)
            if reader is None:
                row = int(np.flatnonzero(~arrow.is_null(column))[0])
                raise self._unseen_date(rows.text(name, row) or "", rows, row, name)
            read.append(reader.convert(column, rows.lines, self._currency))
        (date, at), (date_of_time, time) = read
        if date.null_count:
            date = pc.coalesce(date, date_of_time)
        if date.null_count:
            self.undated += date.null_count
            if self.first_undated is None:
                self.first_undated = int(rows.lines[np.flatnonzero(arrow.is_null(date))[0]])
        if time.null_count:
            time = pc.coalesce(time, at)
        return date, time

    def _count(
        self,
        rows: Rows,
        of_row: np.ndarray | None,
        settlements: list[_Settlement],
        money: pa.Array,
        money_rows: np.ndarray | None = None,
    ) -> None:
        """Add the block to its settlements. `money_rows` says which row each amount is of, None for one to one."""
        hundredths = _low_words(money)
        # two halves of each amount, so that no sum of a block can overflow
        halves = np.stack([hundredths >> 32, hundredths & 0xFFFFFFFF])
        sums = np.zeros((2, len(settlements)), np.int64)
        lines = np.array([len(rows)])
        if of_row is None:
            sums[:, 0] = halves.sum(axis=1)
        else:
            of_money = of_row if money_rows is None else of_row[money_rows]
            for half, total in zip(halves, sums, strict=True):
                np.add.at(total, of_money, half)
            lines = np.bincount(of_row, minlength=len(settlements))
        for settlement, high, low, count in zip(settlements, *sums.tolist(), lines.tolist(), strict=True):
            settlement.sum_of_lines += (high << 32) + low
            settlement.lines += count

    def _v2(
        self, rows: Rows, of_row: np.ndarray | None, settlements: list[_Settlement], currency: pa.DictionaryArray
    ) -> pa.Table:
        money = self._money(rows, "amount", currency)
        if money.null_count:
            self._note_missing(rows, of_row, settlements, money)
        self._count(rows, of_row, settlements, money)
        date, time = self._posted(rows)
        return self._table(
            len(rows),
            line_no=arrow.positions(rows.lines),
            source_column=_constant("amount", len(rows)),
            settlement_id=rows.columns[layouts.SETTLEMENT_ID],
            currency=currency,
            transaction_type=rows.columns[layouts.TRANSACTION_TYPE],
            amount_type=rows.columns["amount-type"],
            amount_description=rows.columns["amount-description"],
            amount=money,
            posted_date=date,
            posted_at=time,
            quantity_purchased=self._quantities(rows),
            **{name: rows.get(column) for name, column in _TEXT_COLUMNS.items()},
        )

    def _note_missing(
        self, rows: Rows, of_row: np.ndarray | None, settlements: list[_Settlement], money: pa.Array
    ) -> None:
        """A V2 line without an amount is staged as unknown, never as zero; a row that says nothing is damage."""
        for row in np.flatnonzero(arrow.is_null(money)).tolist():
            self._check_says_something(rows, row, (layouts.TRANSACTION_TYPE, "amount-type", "amount-description"))
            settlement = settlements[0 if of_row is None else of_row[row]]
            settlement.lines_without_amount += 1
            if settlement.first_without_amount is None:
                settlement.first_without_amount = int(rows.lines[row])

    def _check_says_something(self, rows: Rows, row: int, columns: tuple[str, ...]) -> None:
        if any(rows.text(column, row) is not None for column in columns):
            return
        settlement_id = rows.text(layouts.SETTLEMENT_ID, row)
        if any(rows.text(name, row) is not None for name in layouts.SUMMARY_DATES):
            raise self._misfit(
                ReasonCode.MISSING_SUMMARY, f"the summary row of settlement {settlement_id} has no total-amount",
                rows, row, layouts.TOTAL_AMOUNT, SELLER_SUPPORT,
            )  # fmt: skip
        raise self._misfit(
            ReasonCode.DAMAGED_FILE, f"the line of settlement {settlement_id} has neither a type nor an amount",
            rows, row, layouts.TRANSACTION_TYPE, "It was cut or edited: download the report again",
        )  # fmt: skip

    def _v1(
        self, rows: Rows, of_row: np.ndarray | None, settlements: list[_Settlement], currency: pa.DictionaryArray
    ) -> pa.Table:
        """One line an amount; a row that has no amount keeps one line for its quantity, as V1 writes it."""
        columns = self._layout.amounts
        money = {column.name: self._money(rows, column.name, currency) for column in columns}
        places = [np.flatnonzero(~arrow.is_null(money[column.name])) for column in columns]
        has_amount = np.zeros(len(rows), bool)
        for place in places:
            has_amount[place] = True
        without = np.flatnonzero(~has_amount)
        for row in without.tolist():
            self._check_says_something(rows, row, (layouts.TRANSACTION_TYPE, layouts.QUANTITY))
        at = np.concatenate([*places, without])
        which = np.concatenate([np.full(len(place), index) for index, place in enumerate([*places, without])])
        order = np.lexsort((which, at))
        at, which = at[order], which[order]

        def gather(pieces: list[pa.Array], kind: pa.DataType) -> pa.Array:
            """One piece an amount column, the last for the rows without amount; in file order."""
            joined = pa.concat_arrays([piece.cast(kind) for piece in pieces])
            return joined.take(arrow.positions(order))

        def described(column: AmountColumn, place: np.ndarray) -> pa.Array:
            if column.description_column is None:
                return arrow.strings([column.description] * len(place))
            found = rows.get(column.description_column)
            return found.take(arrow.positions(place)) if found is not None else pa.nulls(len(place), pa.string())

        nothing = pa.nulls(len(without), pa.string())
        amount = gather(
            [
                *(money[c.name].take(arrow.positions(p)) for c, p in zip(columns, places, strict=True)),
                nothing.cast(MONEY),
            ],
            MONEY,
        )
        self._count(rows, of_row, settlements, amount, at)
        date, time = self._posted(rows)
        line = arrow.positions(at)
        return self._table(
            len(at),
            line_no=arrow.positions(rows.lines[at]),
            source_column=_from_codes(which, [*(column.name for column in columns), layouts.QUANTITY]),
            settlement_id=rows.columns[layouts.SETTLEMENT_ID].take(line),
            currency=currency.take(line),
            transaction_type=rows.columns[layouts.TRANSACTION_TYPE].take(line),
            amount_type=_from_codes(which, [*(column.amount_type for column in columns), None]),
            amount_description=gather(
                [*(described(c, p) for c, p in zip(columns, places, strict=True)), nothing], pa.string()
            ).dictionary_encode(),
            amount=amount,
            posted_date=date.take(line),
            posted_at=time.take(line),
            quantity_purchased=self._quantities(rows).take(line),
            **{
                name: found.take(line) if (found := rows.get(column)) is not None else None
                for name, column in _TEXT_COLUMNS.items()
            },
        )

    def _table(self, count: int, **columns: pa.Array | None) -> pa.Table:
        columns["document_id"] = _constant(self._document_id, count)
        return pa.table(
            {
                name: columns[name] if columns[name] is not None else _constant(None, count)
                for name in LINES_SCHEMA.names
            }
        )


_QUANTITY = re.compile(r"(-?[0-9]{1,10})(?:[.,]0{1,2})?")
_COMMA_TO_POINT = bytes.maketrans(b",", b".")
_EMPTY = pa.Table.from_arrays([pa.nulls(0, field.type) for field in LINES_SCHEMA], schema=LINES_SCHEMA)


def _has_cents(money: pa.Array) -> bool:
    return bool((_low_words(money) % 100).any())


def _low_words(money: pa.Array) -> np.ndarray:
    """The hundredths of a DECIMAL(18,2) array: the low 64 bits of its 128-bit integers."""
    words = np.frombuffer(money.buffers()[1], np.int64)[2 * money.offset : 2 * (money.offset + len(money)) : 2]
    return np.where(arrow.is_null(money), 0, words)


def money_array(hundredths: np.ndarray, null: np.ndarray) -> pa.Array:
    """Hundredths as DECIMAL(18,2)."""
    words = np.empty((len(hundredths), 2), np.int64)
    words[:, 0] = hundredths
    words[:, 1] = hundredths >> 63
    valid = pa.py_buffer(np.packbits(~null, bitorder="little"))
    return pa.Array.from_buffers(MONEY, len(hundredths), [valid, pa.py_buffer(words)])


def _constant(value: str | None, count: int) -> pa.DictionaryArray:
    codes = np.zeros(count, np.int32)
    return arrow.dictionary(codes, [value or ""], np.ones(count, bool) if value is None else None)


def _from_codes(codes: np.ndarray, names: list[str | None]) -> pa.DictionaryArray:
    """Names by code. A None is a null."""
    unnamed = [code for code, name in enumerate(names) if name is None]
    return arrow.dictionary(codes, [name or "" for name in names], np.isin(codes, unnamed))
