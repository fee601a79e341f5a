"""Dates and times as Amazon writes them, to days and UTC instants.

Seen in real files: `2025-07-31T22:07:18+00:00`, `17.07.2026 07:06:34 UTC` with `17.07.2026` beside it,
`2026/09/07 00:20:09 UTC`, `2025-06-09 05:23:19 UTC` with `09/06/25` beside it. The date convention says nothing of
the decimal convention, and columns of one file may differ. What can be read in two ways is the order of day and month
of a dashed or slashed date whose year does not come first; it is decided from all dates of a file together.
"""

from __future__ import annotations

import datetime as dt
import itertools
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
import pyarrow as pa

from tieout.documents import ReasonCode
from tieout.reports import arrow
from tieout.reports.errors import Misfit, shown

YMD, DMY, MDY = "ymd", "dmy", "mdy"
_STRFTIME = {"y": "%Y", "m": "%m", "d": "%d"}

_VALUE = re.compile(
    r"(?P<date>([0-9]{1,4})(?P<sep>[-./])([0-9]{1,2})(?P=sep)([0-9]{1,4}))"
    r"(?:(?P<t>[ T])(?P<time>[0-9]{1,2}:[0-9]{2}:[0-9]{2})(?:\.(?P<fraction>[0-9]{1,6}))?(?P<zone>.*))?",
)
_OFFSET = re.compile(r"(?:UTC|GMT)?([+-])([0-9]{1,2})(?::?([0-9]{2}))?")
# Minutes east of UTC. A name that two zones of Amazon's marketplaces share is read only with the currency that tells
# them apart: IST is Indian and Irish time, CST is North American and Chinese time.
_ZONES: dict[str, int] = {
    "": 0, "Z": 0, "UTC": 0, "GMT": 0, "WET": 0,
    "WEST": 60, "BST": 60, "CET": 60, "MET": 60, "MEZ": 60,
    "CEST": 120, "MEST": 120, "MESZ": 120, "EET": 120, "SAST": 120,
    "EEST": 180, "TRT": 180, "GST": 240, "SGT": 480, "AWST": 480,
    "JST": 540, "ACST": 570, "AEST": 600, "ACDT": 630, "AEDT": 660,
    "BRST": -120, "BRT": -180, "EDT": -240, "EST": -300, "MDT": -360, "MST": -420,
    "PDT": -420, "PST": -480, "AKDT": -480, "AKST": -540, "HST": -600,
}  # fmt: skip
_ZONES_BY_CURRENCY = {("IST", "INR"): 330} | {
    (name, currency): minutes for name, minutes in (("CST", -360), ("CDT", -300)) for currency in ("USD", "MXN", "CAD")
}
RESAVED = "If a spreadsheet re-saved the file, download it again and import it as it came"
_EPOCH = dt.date(1970, 1, 1)
_EPOCH_INSTANT = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_TIME_WIDTH = len(" 23:59:59")
_DAY_US = 86_400_000_000
_MINUTE_US = 60_000_000

_Converted = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]
"""Of each distinct value: days and microseconds since the epoch, whether it is a date, whether it has a time."""


@dataclass(frozen=True)
class DateFormat:
    """How the dates of a column are written; the time and zone of a value speak for themselves."""

    order: str
    sep: str
    year_digits: int

    @property
    def width(self) -> int:
        """Characters of a zero-padded date."""
        return 6 + self.year_digits

    def notation(self) -> str:
        """In strftime's notation, e.g. `%d.%m.%Y`."""
        year = "%Y" if self.year_digits == 4 else "%y"
        return self.sep.join(year if part == "y" else _STRFTIME[part] for part in self.order)


@dataclass(frozen=True)
class _Shape:
    """What a date looks like before the order of its parts is known."""

    sep: str
    year_first: bool
    year_digits: int

    def formats(self) -> list[DateFormat]:
        if self.year_first:
            orders = [YMD]
        elif self.sep == ".":
            orders = [DMY]  # no country that writes dots puts the month first
        elif self.year_digits == 4:
            orders = [DMY, MDY]
        else:
            orders = [DMY, MDY, YMD]
        return [DateFormat(order, self.sep, self.year_digits) for order in orders]


def _bad(value: str, problem: str, advice: str, line: int, column: str) -> Misfit:
    return Misfit(ReasonCode.BAD_DATE, f"{shown(value)} {problem}", advice, line=line, column=column)


def microseconds(instant: dt.datetime) -> int:
    """Since the epoch."""
    return (instant - _EPOCH_INSTANT) // dt.timedelta(microseconds=1)


def zone_minutes(name: str, currency: str) -> int | None:
    """Minutes east of UTC of a zone as a file names it, or None for a name that is not known."""
    name = name.strip()
    if (offset := _OFFSET.fullmatch(name)) is not None:
        sign, hours, minutes = offset.groups()
        total = int(hours) * 60 + int(minutes or 0)
        return None if total > 14 * 60 else total if sign == "+" else -total
    return _ZONES.get(name, _ZONES_BY_CURRENCY.get((name, currency)))


def zone_notation(separator: str, zone: str) -> str:
    """The time and zone of a value in strftime's notation, e.g. ` %H:%M:%S UTC`."""
    return f"{separator}%H:%M:%S" + ("%z" if _OFFSET.fullmatch(zone) else zone)


@lru_cache(maxsize=1 << 14)
def read_day(text: str, form: DateFormat) -> dt.date | None:
    """The day that a date without time stands for in this format, or None."""
    match = _VALUE.fullmatch(text)
    if match is None or match["sep"] != form.sep:
        return None
    parts = dict(zip(form.order, (match[2], match[4], match[5]), strict=True))
    if len(parts["y"]) != form.year_digits or max(len(parts["m"]), len(parts["d"])) > 2:
        return None
    year = int(parts["y"]) + (2000 if form.year_digits == 2 else 0)
    try:
        return dt.date(year, int(parts["m"]), int(parts["d"]))
    except ValueError:
        return None


def read_instant(text: str, form: DateFormat, currency: str) -> tuple[dt.date, dt.datetime | None, str]:
    """One date with or without a time.

    Returns:
        The day as written, in the zone that the file writes; the instant in UTC, None without a time; the notation.
        A time without any zone is read as UTC, which is what Amazon's settlement times are.

    Raises:
        ValueError: it is not a date in this format; the message says why.
    """
    match = _VALUE.fullmatch(text.strip())
    day = read_day(match["date"], form) if match else None
    if match is None or day is None:
        raise ValueError(f"is not a date written as {form.notation()}")
    if match["time"] is None:
        return day, None, form.notation()
    minutes = zone_minutes(match["zone"], currency)
    if minutes is None:
        raise ValueError(f"has the time zone {match['zone'].strip()!r}, which is not known")
    try:
        time = dt.time.fromisoformat(match["time"].zfill(8)).replace(
            microsecond=int((match["fraction"] or "").ljust(6, "0"))
        )
        instant = dt.datetime.combine(day, time, dt.UTC) - dt.timedelta(minutes=minutes)
    except (ValueError, OverflowError):
        raise ValueError("is not a time of day") from None
    return day, instant, form.notation() + zone_notation(match["t"], match["zone"])


@dataclass
class DateColumn:
    """All that a file's profile keeps of one date column: its shape, and each day with where it was first seen."""

    name: str
    group: str
    """Columns of a group that look the same have the same order of day and month."""
    shape: _Shape | None = None
    days: dict[tuple[str, str], int] = field(default_factory=dict)
    """(settlement id, date as written) to the first line that has it."""

    def add(self, settlement_id: str, text: str, line: int, currency: str) -> str:
        """Note one value; returns its date part."""
        match = _VALUE.fullmatch(text.strip())
        if match is None:
            raise _bad(text, "is not a date", RESAVED, line, self.name)
        first, last = match[2], match[5]
        shape = _Shape(match["sep"], len(first) == 4, 4 if 4 in (len(first), len(last)) else 2)
        if {len(first), len(last)} - {1, 2, 4} or len(first) == len(last) == 4:
            raise _bad(text, "is not a date", RESAVED, line, self.name)
        if self.shape is None:
            self.shape = shape
        elif shape != self.shape:
            raise _bad(text, "is written unlike the other dates of its column", RESAVED, line, self.name)
        if match["time"] and zone_minutes(match["zone"], currency) is None:
            zone = match["zone"].strip()
            raise _bad(text, f"has the time zone {zone!r}, which is not known", RESAVED, line, self.name)
        self.days.setdefault((settlement_id, match["date"]), line)
        return match["date"]


@dataclass(frozen=True)
class Period:
    """The dates of one summary row as the file writes them; None where it has none."""

    settlement_id: str
    start: str | None
    end: str | None
    deposit: str | None


_Assignment = dict[str, DateFormat]


def decide_formats(
    columns: Iterable[DateColumn], periods: Iterable[Period], pairs: Iterable[tuple[str, str]]
) -> tuple[_Assignment, str | None]:
    """The format of each date column, from all dates of the file.

    An order of day and month is dropped if it makes a date that does not exist or a period that ends before it
    starts. Of what remains, in this order: posted-date lies within a day of posted-date-time; posted dates lie in
    their settlement's period; the deposit follows the end of the period within a month (two days in every real file
    seen); columns that look alike are alike.

    Args:
        columns: The date columns that have values.
        periods: The summary rows.
        pairs: The (posted-date, posted-date-time) date parts that stand side by side.

    Returns:
        Column name to format, and None; or any of the possible assignments and the name of the column in which two
        orders are possible and give different days.

    Raises:
        Misfit: `bad_date` if no order reads all dates of a column.
    """
    columns = [column for column in columns if column.shape is not None]
    periods = list(periods)
    pairs = list(pairs)
    kinds: dict[tuple[str, _Shape], list[DateColumn]] = {}
    for column in columns:
        assert column.shape is not None
        kinds.setdefault((column.group, column.shape), []).append(column)
    choices: list[list[DateFormat]] = []
    for (_, shape), members in kinds.items():
        possible = [
            form
            for form in shape.formats()
            if all(read_day(text, form) is not None for column in members for _, text in column.days)
        ]
        if not possible:
            raise _impossible(members, shape)
        choices.append(possible)

    survivors = [
        {column.name: form for form, members in zip(forms, kinds.values(), strict=True) for column in members}
        for forms in itertools.product(*choices)
    ]
    tests = (
        lambda forms: _backwards(forms, periods),
        lambda forms: _apart(forms, pairs),
        lambda forms: _outside(forms, columns, periods),
        lambda forms: _late_deposits(forms, periods),
        lambda forms: len({(kind[1].sep, kind[1].year_digits, forms[m[0].name].order) for kind, m in kinds.items()}),
    )
    for test in tests:
        if _undecided(survivors, columns) is None:
            break
        faults = [test(forms) for forms in survivors]
        least = min(faults)
        clear = [forms for forms, count in zip(survivors, faults, strict=True) if count < 2 * max(least, 0.5)]
        survivors = clear or survivors
    return survivors[0], _undecided(survivors, columns)


def ambiguous_dates(column: DateColumn) -> Misfit:
    """The refusal of dates that can be read in two ways, both inside the period."""
    (_, text), line = next(iter(column.days.items()))
    return _bad(
        text,
        "may be day/month or month/day, and nothing in the file tells which",
        "Download the report in another language setting of Seller Central, or fetch it through the API",
        line,
        column.name,
    )


def _impossible(members: list[DateColumn], shape: _Shape) -> Misfit:
    first = shape.formats()[0]
    for column in members:
        for (_, text), line in column.days.items():
            if all(read_day(text, form) is None for form in shape.formats()):
                return _bad(text, "is not a day of the calendar", RESAVED, line, column.name)
    column, text, line = next(
        (column, text, line)
        for column in members
        for (_, text), line in column.days.items()
        if read_day(text, first) is None
    )
    return _bad(text, "can only be month/day and others of its column only day/month", RESAVED, line, column.name)


def _day(forms: _Assignment, column: str, text: str | None) -> dt.date | None:
    return read_day(text, forms[column]) if text is not None and column in forms else None


def _dates(forms: _Assignment, period: Period) -> tuple[dt.date | None, dt.date | None, dt.date | None]:
    return (
        _day(forms, "settlement-start-date", period.start),
        _day(forms, "settlement-end-date", period.end),
        _day(forms, "deposit-date", period.deposit),
    )


def _backwards(forms: _Assignment, periods: list[Period]) -> int:
    faults = 0
    for period in periods:
        start, end, deposit = _dates(forms, period)
        faults += bool(start and end and end < start) + bool(end and deposit and deposit < end - dt.timedelta(1))
    return faults


def _apart(forms: _Assignment, pairs: list[tuple[str, str]]) -> int:
    faults = 0
    for posted, posted_time in pairs:
        day, other = _day(forms, "posted-date", posted), _day(forms, "posted-date-time", posted_time)
        faults += bool(day and other and abs((day - other).days) > 1)
    return faults


def _outside(forms: _Assignment, columns: list[DateColumn], periods: list[Period]) -> int:
    slack = dt.timedelta(1)
    ends = {period.settlement_id: _dates(forms, period) for period in periods}
    faults = 0
    for column in columns:
        if not column.name.startswith("posted-date"):
            continue
        for settlement_id, text in column.days:
            start, end, _ = ends.get(settlement_id, (None, None, None))
            day = _day(forms, column.name, text)
            faults += bool(day and ((start and day < start - slack) or (end and day > end + slack)))
    return faults


def _late_deposits(forms: _Assignment, periods: list[Period]) -> int:
    faults = 0
    for period in periods:
        _, end, deposit = _dates(forms, period)
        faults += bool(end and deposit and (deposit - end).days > 31)
    return faults


def _undecided(survivors: list[_Assignment], columns: list[DateColumn]) -> str | None:
    """The first column whose days differ between the surviving assignments."""
    for column in columns:
        readings = {tuple(read_day(text, forms[column.name]) for _, text in column.days) for forms in survivors}
        if len(readings) > 1:
            return column.name
    return None


@dataclass
class DateReader:
    """Converts one date column, block by block, and keeps the notations that it met."""

    column: str
    form: DateFormat
    notations: dict[str, None] = field(default_factory=dict)

    def convert(self, array: pa.DictionaryArray, lines: np.ndarray, currency: str) -> tuple[pa.Array, pa.Array]:
        """The days as the file writes them, and the instants in UTC where it writes times.

        Args:
            array: One value a row, null where there is none.
            lines: The line number of each row.
            currency: Tells zones apart that share a name.

        Raises:
            Misfit: `bad_date` at the first value that is no date in the column's format.
        """
        distinct = array.dictionary
        read = self._read_fixed_width(distinct, currency) or self._read_one_by_one(array, distinct, lines, currency)
        days, instants, dated, timed = read
        codes = arrow.codes(array)
        null = (codes < 0) | ~dated.take(codes)
        return (
            arrow.from_numpy(days.take(codes), pa.date32(), null),
            arrow.from_numpy(instants.take(codes), pa.timestamp("us", "UTC"), null | ~timed.take(codes)),
        )

    def _read_one_by_one(
        self, array: pa.DictionaryArray, distinct: pa.StringArray, lines: np.ndarray, currency: str
    ) -> _Converted:
        texts = distinct.to_pylist()
        days, instants = np.zeros(len(texts), np.int32), np.zeros(len(texts), np.int64)
        dated, timed = np.zeros(len(texts), bool), np.zeros(len(texts), bool)
        for code, text in enumerate(texts):
            if not text.strip():
                continue
            try:
                day, instant, notation = read_instant(text, self.form, currency)
            except ValueError as error:
                row = int(np.flatnonzero(arrow.codes(array) == code)[0])
                raise _bad(text, str(error), RESAVED, int(lines[row]), self.column) from None
            self.notations[notation] = None
            dated[code], days[code] = True, (day - _EPOCH).days
            if instant is not None:
                timed[code], instants[code] = True, microseconds(instant)
        return days, instants, dated, timed

    def _read_fixed_width(self, distinct: pa.StringArray, currency: str) -> _Converted | None:
        """Zero-padded dates are rewritten to ISO 8601 column by column and read by Arrow; None if some are not."""
        count = len(distinct)
        offsets = np.frombuffer(distinct.buffers()[1], np.int32, count + 1, 4 * distinct.offset)
        data = np.frombuffer(distinct.buffers()[2], np.uint8)
        lengths = np.diff(offsets)
        local, shift, timed = np.zeros(count, np.int64), np.zeros(count, np.int64), np.zeros(count, bool)
        width = self.form.width
        notations: dict[str, None] = {}
        for length in np.unique(lengths).tolist():
            rows = np.flatnonzero(lengths == length)
            if length != width and length < width + _TIME_WIDTH:
                return None
            if len(rows) == count:
                cells = data[offsets[0] : offsets[-1]].reshape(count, length)
            else:
                cells = data[offsets[rows, None] + np.arange(length)]
            iso = self._iso(cells)
            if iso is None:
                return None
            try:
                local[rows] = _parse_iso(iso)
            except pa.ArrowInvalid:
                return None
            if length == width:
                notations[self.form.notation()] = None
                continue
            timed[rows] = True
            marks = cells[:, [width, *range(width + _TIME_WIDTH, length)]]
            which: np.ndarray | int = 0
            if (marks == marks[0]).all():
                marks = marks[:1]
            else:
                marks, inverse = np.unique(marks, axis=0, return_inverse=True)
                which = inverse.reshape(-1)
            minutes = np.zeros(len(marks), np.int64)
            for index, mark in enumerate(marks):
                separator, zone = chr(mark[0]), mark[1:].tobytes().decode("utf-8", "replace")
                known = zone_minutes(zone, currency)
                if known is None:
                    return None
                minutes[index] = known
                notations[self.form.notation() + zone_notation(separator, zone)] = None
            shift[rows] = minutes[which] * _MINUTE_US
        self.notations |= notations
        return (local // _DAY_US).astype(np.int32), local - shift, np.ones(count, bool), timed

    def _iso(self, cells: np.ndarray) -> np.ndarray | None:
        """Rows of characters to rows of `YYYY-MM-DD HH:MM:SS`, or None if a separator is not where it belongs."""
        form = self.form
        at = 0
        iso = np.empty((len(cells), 19), np.uint8)
        iso[:, 10:] = np.frombuffer(b" 00:00:00", np.uint8)
        iso[:, 4] = iso[:, 7] = ord("-")
        for index, part in enumerate(form.order):
            if index:
                if not (cells[:, at] == ord(form.sep)).all():
                    return None
                at += 1
            if part == "y":
                if form.year_digits == 2:
                    iso[:, 0:2] = np.frombuffer(b"20", np.uint8)
                iso[:, 4 - form.year_digits : 4] = cells[:, at : at + form.year_digits]
                at += form.year_digits
            else:
                to = 5 if part == "m" else 8
                iso[:, to : to + 2] = cells[:, at : at + 2]
                at += 2
        if cells.shape[1] > at:
            if not ((cells[:, at] == ord(" ")) | (cells[:, at] == ord("T"))).all():
                return None
            iso[:, 11:] = cells[:, at + 1 : at + 9]
        return iso


def _parse_iso(iso: np.ndarray) -> np.ndarray:
    """Microseconds since the epoch of `YYYY-MM-DD HH:MM:SS` rows. Arrow refuses what is no date or time of day."""
    offsets = np.arange(0, iso.size + 1, iso.shape[1], dtype=np.int32)
    strings = pa.StringArray.from_buffers(len(iso), pa.py_buffer(offsets), pa.py_buffer(iso))
    return arrow.to_numpy(strings.cast(pa.timestamp("us")), np.int64)
