"""Cells to columns with exact types: what a family's columns hold, found from all rows, then read by it."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pyarrow as pa

from tieout.documents import ReasonCode
from tieout.marketplaces import known_marketplaces
from tieout.reports import amounts, arrow
from tieout.reports.errors import Misfit, described, shown
from tieout.reports.family import FILE_CURRENCY, Column, Family, Kind
from tieout.reports.moments import RESAVED, DateEvidence, DateReading, decide
from tieout.reports.tables import AS_AMAZON_MADE_IT, Table

_NUMBERS = frozenset({Kind.MONEY, Kind.WHOLE, Kind.DECIMAL})
_DATES = frozenset({Kind.INSTANT, Kind.DAY})
_FINE = 10
"""Decimals of `family.RATE`."""
_LARGEST_FINE = 10**38 - 1
_LARGEST_WHOLE = 2**63 - 1
_DOWNLOAD_AGAIN = AS_AMAZON_MADE_IT[0].lower() + AS_AMAZON_MADE_IT[1:]
_NOT_TOLD = (
    "neither the lines above the header nor the marketplaces of the rows tell it. Download the report again with the lines "
    "above its header"
)
_FLAGS = {
    **dict.fromkeys(("true", "yes", "y", "1", "ja", "oui", "sì", "si", "sí", "はい", "是"), True),
    **dict.fromkeys(("false", "no", "n", "0", "nein", "non", "いいえ", "否"), False),
}
_SCIENTIFIC = re.compile(r"[0-9]([.,][0-9]+)?[eE]\+[0-9]+")
_CODE = re.compile(r"[A-Z]{3}")
_WORD = re.compile(r"(?<![A-Z])[A-Z]{3}(?![A-Z])")
# what files say above their header instead of a code: German and Japanese ones
_CURRENCY_WORDS = {"EUR": re.compile(r"\bEuro\b"), "JPY": re.compile("円")}
_ANY_DIGIT = str.maketrans("0123456789", "9999999999")
_CACHED = 1 << 16
_EPOCH = dt.date(1970, 1, 1)
_EPOCH_TIME = dt.datetime(1970, 1, 1)  # noqa: DTZ001 - times as written have no zone
_MICROSECOND = dt.timedelta(microseconds=1)


@dataclass(frozen=True)
class Conventions:
    """What the rows of a file settle."""

    decimal: str | None
    """None if all numbers of the file read the same either way."""
    dates: dict[str, dict[tuple[str, str, int], str]]
    currency: str | None
    """Of all rows, if the file or the family tells it outside of the rows."""


def _decimals(column: Column, currency: str | None) -> int:
    """How many decimals a number of a column may have.

    :param currency: of all rows; None if each row names its own.
    """
    if column.kind is Kind.WHOLE:
        return 0
    return _FINE if column.kind is Kind.DECIMAL or column.fine else amounts.exponent(currency or "")


def _shape(text: str) -> str:
    """A number with its digits blurred, but for what tells how it may be read: a leading zero and the last group."""
    cut = max(text.rfind("."), text.rfind(","))
    head, tail = (text, "") if cut < 0 else (text[:cut], text[cut:])
    blurred = re.sub("[0-9]", "9", head)
    first = re.search("[0-9]", head)
    if first is not None and head[first.start()] == "0":
        blurred = blurred[: first.start()] + "0" + blurred[first.start() + 1 :]
    return blurred + re.sub("[1-9]", "9", tail)


def _ending(date: str) -> str:
    """How a date ends, its digits blurred: of those that are written alike, a cut one ends differently.

    Empty if it ends in one digit, of which nobody can tell.
    """
    blurred = date.strip().translate(_ANY_DIGIT)
    return blurred[-6:] if blurred[-2:].isalnum() else ""


class Survey:
    """One pass over a file, to find its conventions. It does not grow with the file."""

    def __init__(self, table: Table) -> None:
        self._table = table
        family = table.family
        self._width = len(table.header)
        self._columns = [
            (column, table.columns[column.name]) for column in family.columns if column.name in table.columns
        ]
        self._told = _currency_above(table)
        self._numbers = [
            (c, at, _decimals(c, self._told), None if c.fine else table.columns.get(c.currency or ""))
            for c, at in self._columns
            if c.kind in _NUMBERS
        ]
        self._dates = [
            (DateEvidence(table.spelled(c.name), c.written, table.quoted), c, at)
            for c, at in self._columns
            if c.kind in _DATES
        ]
        # a row may have lost empty fields at its end, as long as nothing that counts stood there
        counts = {*family.filled, *(c.name for c, _ in self._columns if c.kind is not Kind.TEXT or c.required)}
        self._least = 1 + max((table.columns[name] for name in counts if name in table.columns), default=0)
        self._filled = [(name, table.columns[name]) for name in family.filled if name in table.columns]
        self._nothing = frozenset(family.nothing)
        self._shapes: dict[tuple[str, int], tuple[str, int, Column]] = {}  # a number of each, and where it stands
        self._seen: set[tuple[str, int]] = set()  # what has told what it can, by the decimals or the column (past 100)
        self._short: list[int] = []
        self._market = table.columns.get("marketplace") if family.outside_currency == FILE_CURRENCY else None
        self._markets: set[str] = set()
        self._last_cells: list[str] = []
        last = [c for c, at in self._columns if at == self._width - 1 and c.kind in _NUMBERS | _DATES]
        self._last = last[0] if last else None
        self._endings: set[str] = set()  # of the dates in the last column, but for the last row's

    def add(self, line: int, cells: list[str]) -> None:
        """Look at one row.

        :raises Misfit: `damaged_file` for a row that does not fit the header, `bad_date` for what is no date.
        """
        if len(cells) != self._width:
            self._check_width(line, cells)
            cells = cells + [""] * (self._width - len(cells))
        for name, at in self._filled:
            if not cells[at].strip():
                raise Misfit(
                    ReasonCode.DAMAGED_FILE, f"the line has no {name}: it was cut or shifted", AS_AMAZON_MADE_IT,
                    line=line, column=self._table.spelled(name),
                )  # fmt: skip
        for column, at, decimals, paid_in in self._numbers:
            if paid_in is not None:
                decimals = amounts.exponent(cells[paid_in].strip())
            if (cells[at], decimals) in self._seen:
                continue
            self._seen.add((cells[at], decimals))
            text = cells[at].strip()
            if text and text not in self._nothing:
                key = (_shape(text), decimals)
                if key not in self._shapes:
                    self._shapes[key] = (text, line, column)
        for evidence, _, at in self._dates:
            if (cells[at], at + 100) in self._seen:
                continue
            self._seen.add((cells[at], at + 100))
            text = cells[at].strip()
            if text and text not in self._nothing:
                evidence.add(text, line)
        if len(self._seen) > _CACHED:
            self._seen.clear()
        if self._market is not None and (name := cells[self._market].strip()) and len(self._markets) < 1000:
            self._markets.add(name)
        if self._last and self._last.kind in _DATES and self._last_cells:
            self._endings.add(_ending(self._last_cells[-1]))
        self._last_cells = cells

    def _check_width(self, line: int, cells: list[str]) -> None:
        if len(cells) > self._width:
            if any(cell.strip() for cell in cells[self._width :]):
                problem = (
                    f"the line has {len(cells)} fields and the header {self._width}: a separator inside a field has "
                    "shifted it"
                )
                raise Misfit(ReasonCode.DAMAGED_FILE, problem, AS_AMAZON_MADE_IT, line=line)
            return
        if len(cells) < self._least:
            problem = f"the line has {len(cells)} fields and the header {self._width}: it was cut, or broken in two"
            raise Misfit(ReasonCode.DAMAGED_FILE, problem, AS_AMAZON_MADE_IT, line=line)
        if len(self._short) < 2:
            self._short.append(line)

    def finish(self, *, complete: bool, last_line: int) -> None:
        """Look at the end of the file.

        A date is whole if it ends as all others of its column do. Of a number nobody can tell: digits may be missing, or a
        minus after it.

        :param complete: whether the file ends where a line or a field in quotation marks does.
        :raises Misfit: `damaged_file` if the file may have been cut in its last line.
        """
        if complete or not last_line:
            return
        if self._short == [last_line]:
            raise Misfit(ReasonCode.DAMAGED_FILE, "the last line is cut", AS_AMAZON_MADE_IT, line=last_line)
        if self._last is None:
            return
        text = self._last_cells[-1]
        ending = _ending(text)
        if ending and self._endings == {ending}:
            return
        last_value = self._table.quoted(text) if text.strip() else "an empty value"
        raise Misfit(
            ReasonCode.DAMAGED_FILE,
            f"the file ends with {last_value} and without a line end, so it may be cut",
            f"{AS_AMAZON_MADE_IT}; if you know that nothing is missing, add the line end",
            line=last_line,
            column=self._table.spelled(self._last.name),
        )

    def decide(self, covers: tuple[dt.date, dt.date] | None = None) -> Conventions:
        """The file's conventions.

        :param covers: the first and the last day that the report covers, if they are known.
        :raises Misfit: `bad_amount` or `bad_quantity` if no convention reads all numbers, `bad_date` likewise,
            `ambiguous_amounts` if two do.
        """
        found = decide([evidence for evidence, _, _ in self._dates], covers)
        orders = {column.name: found[evidence.column] for evidence, column, _ in self._dates}
        return Conventions(self._decimal(), orders, self._currency())

    def _decimal(self) -> str | None:
        unreadable: dict[str, list[tuple[str, int, Column, int]]] = {each: [] for each in amounts.CONVENTIONS}
        telling: tuple[str, int, Column] | None = None
        for (_, decimals), (text, line, column) in self._shapes.items():
            values = {each: amounts.units(text, each, decimals, _FINE) for each in amounts.CONVENTIONS}
            for convention, value in values.items():
                if value is None:
                    unreadable[convention].append((text, line, column, decimals))
            if telling is None and len(set(values.values())) > 1:
                telling = text, line, column
        fitting = [each for each in amounts.CONVENTIONS if not unreadable[each]]
        if len(fitting) == 1:
            return fitting[0]
        if fitting:
            if telling is None:
                return None
            text, line, column = telling
            raise Misfit(
                ReasonCode.AMBIGUOUS_AMOUNTS,
                f"{self._table.quoted(text)} may have a decimal point or a decimal comma, and nothing in the file tells which",
                f"Fetch the report through the API, or download it with {self._table.family.site} set to English",
                line=line, column=self._table.spelled(column.name),
            )  # fmt: skip
        usual = min(amounts.CONVENTIONS, key=lambda each: len(unreadable[each]))
        text, line, column, decimals = min(unreadable[usual], key=lambda each: each[1])
        spelled, whole = self._table.spelled(column.name), column.kind is Kind.WHOLE
        raise _bad_number(self._table, text, line, spelled, decimals, usual, whole=whole)

    def _currency(self) -> str | None:
        outside = self._table.family.outside_currency
        if outside != FILE_CURRENCY:
            return outside
        if self._told is not None:
            return self._told
        of_markets = {code for name in self._markets if (code := _currency_of_marketplace(name)) is not None}
        return of_markets.pop() if len(of_markets) == 1 else None


def _currency_above(table: Table) -> str | None:
    """The currency that the lines above the header tell, if the family has it there."""
    if table.family.outside_currency != FILE_CURRENCY:
        return None
    codes = known_marketplaces().currencies
    for line in table.preamble:
        said = {word for word in _WORD.findall(line) if word in codes}
        said |= {code for code, word in _CURRENCY_WORDS.items() if word.search(line)}
        if len(said) == 1:
            return said.pop()
    return None


def _currency_of_marketplace(name: str) -> str | None:
    found = known_marketplaces().named(name.strip())
    return found.currency if found is not None else None


def _bad_number(
    table: Table, text: str, line: int, column: str, decimals: int, decimal: str | None, *, whole: bool = False
) -> Misfit:
    """The refusal of what is no number.

    :param decimals: how many it may have.
    :param whole: whether it is no money, but a count.
    """
    if whole:
        return Misfit(
            ReasonCode.BAD_QUANTITY, f"{table.quoted(text)} is not a whole number", AS_AMAZON_MADE_IT, line=line,
            column=column,
        )  # fmt: skip
    readable = any(amounts.units(text, each, decimals, _FINE) is not None for each in amounts.CONVENTIONS)
    how = f" with the decimal separator {decimal!r} of other numbers in the file" if readable and decimal else ""
    return Misfit(
        ReasonCode.BAD_AMOUNT,
        f"{table.quoted(text)} is not a number{how}",
        amounts.advice(text, decimals),
        line=line,
        column=column,
    )


class Reader:
    """Reads batches of rows by the file's conventions.

    A zero needs no currency: it is the same in every one. Any other amount without a currency is refused.
    """

    def __init__(self, table: Table, conventions: Conventions, document_id: str) -> None:
        self._table = table
        self.conventions = conventions
        self.rows = 0
        self.dates = {
            column.name: DateReading(
                table.spelled(column.name), conventions.dates[column.name], table.zones.get(column.name, column.zone)
            )
            for column in table.family.columns
            if column.name in conventions.dates
        }
        self._decimal = conventions.decimal or amounts.POINT
        self._document_id = document_id
        self._width = len(table.header)
        self._nothing = frozenset({"", *table.family.nothing})
        self._currency_names = dict(table.family.currency_names)
        self._words = {
            column.name: {word.casefold(): meant for word, meant in column.words}
            for column in table.family.columns
            if column.words
        }
        self._caches: dict[str, dict[tuple[str, str], object]] = {}

    def table(self, batch: Sequence[tuple[int, list[str]]]) -> pa.Table:
        """The rows with exact types.

        :param batch: rows with their lines.
        :raises Misfit: `bad_amount`, `bad_quantity`, `bad_date`, `unknown_currency` or `damaged_file` with line and
            column.
        """
        if not batch:
            return empty_table(self._table.family)
        lines = [line for line, _ in batch]
        width = self._width
        cells = list(
            zip(*(row if len(row) == width else (row + [""] * width)[:width] for _, row in batch), strict=True)
        )
        currencies = self._currencies(cells, lines)
        markets = {
            column.zone_of: cells[self._table.columns[column.zone_of]]
            for column in self._table.family.columns
            if column.zone_of and column.zone_of in self._table.columns
        }
        made: dict[str, pa.Array] = {
            "document_id": arrow.strings([self._document_id] * len(lines)),
            "line_no": arrow.from_numpy(np.array(lines, np.int64), pa.int64()),
            "extra": self._extra(cells, len(lines)),
        }
        for column in self._table.family.columns:
            at = self._table.columns.get(column.name)
            if at is None:
                made |= {field.name: pa.nulls(len(lines), field.type) for field in column.fields}
            else:
                made |= self._column(column, cells[at], lines, currencies, markets)
        if "currency" not in made:
            own = currencies.get(FILE_CURRENCY) or currencies.get(self._table.family.outside_currency or "")
            made["currency"] = arrow.strings([each or None for each in own or [""] * len(lines)])
        self.rows += len(lines)
        return pa.table({name: made[name] for name in self._table.family.schema.names}, self._table.family.schema)

    def _currencies(self, cells: Sequence[tuple[str, ...]], lines: list[int]) -> dict[str, Sequence[str]]:
        """The currency of each row by what names it: a column, a code, or the file. Empty where there is none."""
        found: dict[str, Sequence[str]] = {}
        for column in self._table.family.columns:
            name = column.currency
            if name is None or name in found:
                continue
            if name in self._table.columns:
                found[name] = [self._currency_code(each) for each in cells[self._table.columns[name]]]
                for row, code in enumerate(found[name]):
                    if code and not _CODE.fullmatch(code):
                        raise Misfit(
                            ReasonCode.UNKNOWN_CURRENCY, f"{self._table.quoted(code)} is not a currency (ISO 4217)",
                            AS_AMAZON_MADE_IT, line=lines[row], column=self._table.spelled(name),
                        )  # fmt: skip
            elif name == FILE_CURRENCY and self.conventions.currency is None and "marketplace" in self._table.columns:
                markets = cells[self._table.columns["marketplace"]]
                found[name] = [_currency_of_marketplace(each) or "" for each in markets]
            elif name == FILE_CURRENCY or _CODE.fullmatch(name):
                found[name] = [self.conventions.currency or ""] * len(lines)
            else:
                found[name] = [""] * len(lines)
        return found

    def _currency_code(self, text: str) -> str:
        code = text.strip().upper()
        return "" if code in self._nothing else self._currency_names.get(code, code)

    def _column(
        self,
        column: Column,
        texts: tuple[str, ...],
        lines: list[int],
        currencies: dict[str, Sequence[str]],
        markets: dict[str, tuple[str, ...]],
    ) -> dict[str, pa.Array]:
        spelled = self._table.spelled(column.name)
        if column.personal and not column.hashed:
            return {column.name: pa.nulls(len(texts), pa.string())}
        if column.kind is Kind.TEXT:
            return {column.name: self._texts(column, texts, lines)}
        if column.kind is Kind.CURRENCY:
            return {column.name: arrow.strings([self._currency_code(text) or None for text in texts])}
        if column.kind is Kind.INSTANT:
            # what tells zones apart that share a name: the marketplace, or the row's currency
            own = markets.get(column.zone_of or "") or next(iter(currencies.values()), [""] * len(texts))
            return self._instants(column, texts, lines, own)
        per_row: Sequence[str] = currencies[column.currency] if column.currency else [""] * len(texts)
        read: Callable[[str, str, int, str], object]
        if column.kind is Kind.DAY:
            read = partial(self._day, self.dates[column.name])
        elif column.kind is Kind.FLAG:
            read = partial(_flag, self._table)
        elif column.kind is Kind.WHOLE:
            read = self._whole
        elif column.kind is Kind.DECIMAL:
            read = self._measure
        else:
            read = partial(self._money, column.fine)
        values = self._read(column.name, texts, per_row, lines, spelled, read)
        kind = column.fields[0].type
        null = np.fromiter((each is None for each in values), bool, len(values))
        if column.kind is Kind.FLAG:
            bits = np.packbits([bool(each) for each in values], bitorder="little")
            valid = pa.py_buffer(np.packbits(~null, bitorder="little"))
            return {column.name: pa.Array.from_buffers(kind, len(values), [valid, pa.py_buffer(bits)])}
        if column.kind in (Kind.MONEY, Kind.DECIMAL):
            words = b"".join(_ZERO if each is None else each for each in values)  # type: ignore[misc]
            valid = pa.py_buffer(np.packbits(~null, bitorder="little"))
            return {column.name: pa.Array.from_buffers(kind, len(values), [valid, pa.py_buffer(words)])}
        numbers = np.array([0 if each is None else each for each in values], np.int64)
        if column.kind is Kind.DAY:
            numbers = numbers.astype(np.int32)
        return {column.name: arrow.from_numpy(numbers, kind, null)}

    def _texts(self, column: Column, texts: tuple[str, ...], lines: list[int]) -> pa.Array:
        """A column of texts; of a hashed one the keyed hashes, unless this deployment keeps it as it is."""
        hashed = column.hashed and f"{self._table.family.name}.{column.name}" not in self._table.privacy.kept
        for row, text in enumerate(texts):
            if "E+" in text and _SCIENTIFIC.fullmatch(text.strip()):
                raise Misfit(
                    ReasonCode.DAMAGED_FILE,
                    f"{described(text) if column.personal else shown(text)} was an identifier before a "
                    "spreadsheet wrote it in scientific notation",
                    "It has lost digits: " + _DOWNLOAD_AGAIN, line=lines[row], column=self._table.spelled(column.name),
                )  # fmt: skip
        if (meant := self._words.get(column.name)) is not None:
            texts = tuple(meant.get(text.strip().casefold(), text) for text in texts)
        if hashed:
            kept = {text: self._table.privacy.hashed(text) for text in set(texts) if text and not text.isspace()}
            return arrow.strings([kept.get(text) for text in texts])
        return arrow.strings([text if text and not text.isspace() else None for text in texts])

    def _read(
        self,
        name: str,
        texts: Iterable[str],
        currencies: Iterable[str],
        lines: list[int],
        spelled: str,
        read: Callable[[str, str, int, str], object],
    ) -> list[object]:
        """Every cell, each distinct value of a column once."""
        cache = self._caches.setdefault(name, {})
        if len(cache) > _CACHED:
            cache.clear()
        values = []
        for row, key in enumerate(zip(texts, currencies, strict=True)):
            try:
                values.append(cache[key])
            except KeyError:
                text = key[0].strip()
                value = None if text in self._nothing else read(text, key[1], lines[row], spelled)
                cache[key] = value
                values.append(value)
        return values

    def _money(self, fine: bool, text: str, currency: str, line: int, column: str) -> bytes:
        if not currency:
            # a cancelled order and a transfer of stock have 0.00 and no currency
            if amounts.units(text, self._decimal, _FINE, _FINE) == 0:
                return _ZERO
            raise Misfit(
                ReasonCode.UNKNOWN_CURRENCY,
                f"{self._table.quoted(text)} is an amount without a currency",
                "An amount whose currency is unknown cannot be booked: "
                + (_NOT_TOLD if self._table.family.outside_currency == FILE_CURRENCY else _DOWNLOAD_AGAIN),
                line=line, column=column,
            )  # fmt: skip
        if fine:
            return self._measure(text, currency, line, column)
        decimals = amounts.exponent(currency)
        value = amounts.hundredths(text, self._decimal, decimals)
        if value is None:
            raise _bad_number(self._table, text, line, column, decimals, self._decimal)
        return value.to_bytes(16, "little", signed=True)

    def _measure(self, text: str, _currency: str, line: int, column: str) -> bytes:
        value = amounts.units(text, self._decimal, _FINE, _FINE)
        if value is None or abs(value) > _LARGEST_FINE:
            raise _bad_number(self._table, text, line, column, _FINE, self._decimal)
        return value.to_bytes(16, "little", signed=True)

    def _whole(self, text: str, _currency: str, line: int, column: str) -> int:
        value = amounts.units(text, self._decimal, 0, 0)
        if value is None or abs(value) > _LARGEST_WHOLE:
            raise _bad_number(self._table, text, line, column, 0, self._decimal, whole=True)
        return value

    def _day(self, dates: DateReading, text: str, currency: str, line: int, column: str) -> int:
        try:
            return (dates.read(text, currency)[0] - _EPOCH).days
        except ValueError as error:
            problem = f"{self._table.quoted(text)} {error}"
            raise Misfit(ReasonCode.BAD_DATE, problem, RESAVED, line=line, column=column) from None

    def _instants(
        self, column: Column, texts: tuple[str, ...], lines: list[int], own: Sequence[str]
    ) -> dict[str, pa.Array]:
        dates = self.dates[column.name]

        def read(text: str, own: str, line: int, spelled: str) -> object:
            try:
                return dates.read_in(text, own) if column.zone_of else dates.read(text, own)
            except ValueError as error:
                raise Misfit(
                    ReasonCode.BAD_DATE, f"{self._table.quoted(text)} {error}", RESAVED, line=line, column=spelled
                ) from None

        values = self._read(column.name, texts, own, lines, self._table.spelled(column.name), read)
        nothing = (None, None, None, None)
        days, local, zones, at = zip(*(nothing if each is None else each for each in values), strict=True)
        fields = column.fields
        return {
            fields[0].name: _array([None if d is None else (d - _EPOCH).days for d in days], np.int32, fields[0].type),
            fields[1].name: _array(
                [None if each is None else (each - _EPOCH_TIME) // _MICROSECOND for each in local],
                np.int64, fields[1].type,
            ),
            fields[2].name: arrow.strings(zones),
            fields[3].name: _array(
                [None if each is None else (each.replace(tzinfo=None) - _EPOCH_TIME) // _MICROSECOND for each in at],
                np.int64, fields[3].type,
            ),
        }  # fmt: skip

    def _extra(self, cells: Sequence[tuple[str, ...]], count: int) -> pa.Array:
        keeps = self._table.privacy.keeps_unknown
        unknown = [(name, at, keeps(name)) for name, at in self._table.unknown.items()]
        if not unknown:
            return pa.nulls(count, pa.string())
        kept = []
        for row in range(count):
            values = {name: cells[at][row] if keep else None for name, at, keep in unknown if cells[at][row].strip()}
            kept.append(json.dumps(values, ensure_ascii=False) if values else None)
        return arrow.strings(kept)


_ZERO = bytes(16)


def _flag(table: Table, text: str, _currency: str, line: int, column: str) -> bool:
    value = _FLAGS.get(text.lower())
    if value is None:
        raise Misfit(
            ReasonCode.DAMAGED_FILE, f"{table.quoted(text)} is neither true nor false", AS_AMAZON_MADE_IT, line=line,
            column=column,
        )  # fmt: skip
    return value


def _array(values: list[int | None], dtype: type[np.generic], kind: pa.DataType) -> pa.Array:
    null = np.fromiter((each is None for each in values), bool, len(values))
    return arrow.from_numpy(np.array([each or 0 for each in values], dtype), kind, null)


def empty_table(family: Family) -> pa.Table:
    """No rows."""
    return pa.table({each.name: pa.nulls(0, each.type) for each in family.schema}, family.schema)
