"""Dates and times of any report family: with month names of Amazon's languages, a 12 h clock, or no zone at all.

Settlements have their own, stricter reader of dates (`dates.py`), whose numeric notations and zones this one shares.
Seen besides in other reports: `29 June 2026 5:39:32 pm GMT+9`, `3 mag 2021 22.13.05 GMT+00:00`, `Jan 15, 2024 10:30:00 AM
PST`, `2 juil. 2026 13:04:05 UTC`, `2026/06/01 0:12:13JST`, `28-Aug-2026 UTC`. What can be read in two ways is, as there, the
order of day and month in numbers.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from zoneinfo import ZoneInfo

from tieout.documents import ReasonCode
from tieout.marketplaces import known_marketplaces
from tieout.reports.dates import DMY, MDY, RESAVED, YMD, DateFormat, zone_minutes
from tieout.reports.errors import Misfit, shown

_ORDERS = {"%Y": "y", "%y": "y", "%m": "m", "%d": "d"}

# One line a language: full names, then what they are cut to. No two languages give one name to two months.
_MONTHS_BY_LANGUAGE = """
january february march april may june july august september october november december
jan feb mar apr may jun jul aug sep oct nov dec
januar februar marz april mai juni juli august september oktober november dezember
jan feb mrz apr mai jun jul aug sep okt nov dez
janvier fevrier mars avril mai juin juillet aout septembre octobre novembre decembre
janv fevr mars avr mai juin juil aout sept oct nov dec
gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre
gen feb mar apr mag giu lug ago set ott nov dic
enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre
ene feb mar abr may jun jul ago sept oct nov dic
janeiro fevereiro marco abril maio junho julho agosto setembro outubro novembro dezembro
jan fev mar abr mai jun jul ago set out nov dez
januari februari maart april mei juni juli augustus september oktober november december
jan feb mrt apr mei jun jul aug sep okt nov dec
januari februari mars april maj juni juli augusti september oktober november december
jan feb mars apr maj juni juli aug sep okt nov dec
stycznia lutego marca kwietnia maja czerwca lipca sierpnia wrzesnia pazdziernika listopada grudnia
sty lut mar kwi maj cze lip sie wrz paz lis gru
ocak subat mart nisan mayis haziran temmuz agustos eylul ekim kasim aralik
oca sub mar nis may haz tem agu eyl eki kas ara
"""
_MONTHS = {
    name: month for line in _MONTHS_BY_LANGUAGE.strip().splitlines() for month, name in enumerate(line.split(), start=1)
}

_NUMERIC = re.compile(r"([0-9]{1,4})(?P<sep>[-./])([0-9]{1,2})(?P=sep)([0-9]{1,4})")
_DAY_FIRST = re.compile(r"([0-9]{1,2})(?:\.|º)?[ -](?:de )?([^\W\d_]{3,12})\.?,?[ -](?:de )?([0-9]{4})")
_MONTH_FIRST = re.compile(r"([^\W\d_]{3,12})\.? ([0-9]{1,2}),? ([0-9]{4})")
_JAPANESE = re.compile(r"([0-9]{4})年([0-9]{1,2})月([0-9]{1,2})日")
_TIME = re.compile(
    r"(?:T|,?[ ]+)(?P<hour>[0-9]{1,2})(?P<by>[:.])(?P<minute>[0-9]{2})"
    r"(?:(?P=by)(?P<second>[0-9]{2})(?:[.,](?P<fraction>[0-9]{1,6}))?)?"
    r"(?:[ ]*(?P<half>[aApP])\.?[ ]?[mM]\b\.?)?(?P<zone>.*)"
)
_ZONE_NAME = re.compile(r"[A-Z]{2,5}")
_OFFSET = re.compile(r"(?:UTC|GMT)?[+-][0-9]{1,2}(?::?[0-9]{2})?")
_CONTINENT = dt.timedelta(hours=4)
_SPACES = re.compile(r"[ \t\u00a0\u2009\u202f\u3000]+")


@dataclass(frozen=True)
class _Numbers:
    """A date in numbers, before the order of its parts is known."""

    parts: tuple[str, str, str]
    sep: str

    @property
    def shape(self) -> tuple[str, str, int]:
        """What dates of one notation share: the separator, where the year stands, and with how many digits."""
        first, _, last = self.parts
        if len(first) == 4:
            return self.sep, "first", 4
        return self.sep, "last", 4 if len(last) == 4 else 2


@dataclass(frozen=True)
class Moment:
    """One date as a file writes it."""

    date: dt.date | _Numbers
    notation: str
    """Of a date with a month's name, how it is written; of one in numbers, empty until the order is known."""
    time: dt.time | None = None
    clock: str = ""
    zone: str | None = None
    """As the file names it; None if it names none."""

    @property
    def is_dotted(self) -> bool | None:
        """Whether dots part its hours, minutes and seconds, as in `22.13.05`; None without a time."""
        return None if self.time is None else ":" not in self.clock


def shape_orders(shape: tuple[str, str, int]) -> frozenset[str]:
    """The orders in which dates of a shape may be meant."""
    sep, year, digits = shape
    if year == "first":
        return frozenset({YMD})
    if sep == "." and digits == 4:
        return frozenset({DMY})  # no country that writes dots puts the month first
    return frozenset({DMY, MDY}) if digits == 4 else frozenset({DMY, MDY, YMD})


@lru_cache(maxsize=1 << 12)
def _without_accents(name: str) -> str:
    decomposed = unicodedata.normalize("NFKD", name.casefold())
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter)).replace("ı", "i")


@lru_cache(maxsize=1 << 14)
def parse(value: str) -> Moment | None:
    """Take a date apart, or None if it is not one in any notation."""
    value = _SPACES.sub(" ", value).strip()
    named = False
    if (match := _NUMERIC.match(value)) is not None:
        first, last = match[1], match[4]
        if len(first) == 3 or len(last) == 3 or len(first) == len(last) == 4:
            return None
        date: dt.date | _Numbers = _Numbers((first, match[3], last), match["sep"])
        notation = ""
    else:
        parts: tuple[str, str, str] | None = None
        if (match := _JAPANESE.match(value)) is not None:
            parts, notation = (match[1], match[2], match[3]), "%Y年%m月%d日"
        elif (match := _DAY_FIRST.match(value)) is not None:
            parts, notation, named = (match[3], match[2], match[1]), "%d %B %Y", True
        elif (match := _MONTH_FIRST.match(value)) is not None:
            parts, notation, named = (match[3], match[1], match[2]), "%B %d, %Y", True
        if match is None or parts is None:
            return None
        month = _MONTHS.get(_without_accents(parts[1])) if named else int(parts[1])
        if month is None:
            return None
        try:
            date = dt.date(int(parts[0]), month, int(parts[2]))
        except ValueError:
            return None
    rest = value[match.end() :]
    if not rest:
        return Moment(date, notation)
    clock = _TIME.fullmatch(rest)
    if clock is None:
        zone = rest.strip()
        return Moment(date, notation, zone=zone) if _is_zone(zone) else None
    zone = clock["zone"].strip()
    if zone and not _is_zone(zone):
        return None
    hour = int(clock["hour"])
    if clock["half"]:
        if hour > 12:
            return None
        hour = hour % 12 + 12 * (clock["half"] in "pP")
    try:
        time = dt.time(
            hour, int(clock["minute"]), int(clock["second"] or 0), int((clock["fraction"] or "").ljust(6, "0"))
        )
    except ValueError:
        return None
    by = clock["by"]
    written = ("T" if rest.startswith("T") else " ") + ("%I" if clock["half"] else "%H") + f"{by}%M"
    written += ("" if clock["second"] is None else f"{by}%S") + (" %p" if clock["half"] else "")
    return Moment(date, notation, time, written, zone or None)


def _is_zone(text: str) -> bool:
    return bool(_OFFSET.fullmatch(text) or _ZONE_NAME.fullmatch(text) or text == "Z")


@lru_cache(maxsize=1 << 14)
def in_order(numbers: _Numbers, order: str) -> dt.date | None:
    """The day that three numbers stand for in an order, or None."""
    parts = dict(zip(order, numbers.parts, strict=True))
    if len(parts["y"]) not in (2, 4) or max(len(parts["m"]), len(parts["d"])) > 2:
        return None
    year = int(parts["y"]) + (2000 if len(parts["y"]) == 2 else 0)
    try:
        return dt.date(year, int(parts["m"]), int(parts["d"]))
    except ValueError:
        return None


@dataclass
class DateEvidence:
    """What the dates of one column leave possible. It does not grow with the file."""

    column: str
    written: str | None
    shown: Callable[[str], str] = shown
    """How a message quotes a value."""
    orders: dict[tuple[str, str, int], set[str]] = field(default_factory=dict)
    """By shape, the orders that read every date of the shape."""
    doubtful: dict[tuple[str, str, int], tuple[str, int]] = field(default_factory=dict)
    """By shape, the first date that two orders read differently, and its line."""
    spans: dict[tuple[tuple[str, str, int], str], tuple[dt.date, dt.date]] = field(default_factory=dict)
    """By shape and order, the first and the last day that the order reads."""
    dotted: bool | None = None
    """Whether the times have dots; None before the first."""

    def add(self, value: str, line: int) -> None:
        """Note one value.

        :raises Misfit: `bad_date` if it is no date, or if no order reads it and those before it.
        """
        moment = parse(value)
        if moment is None:
            raise Misfit(
                ReasonCode.BAD_DATE, f"{self.shown(value)} is not a date", RESAVED, line=line, column=self.column
            )
        if moment.is_dotted is not None:
            if self.dotted not in (None, moment.is_dotted):
                problem = f"{self.shown(value)} is a time with {'dots' if moment.is_dotted else 'colons'}, unlike those before it"
                raise Misfit(ReasonCode.BAD_DATE, problem, RESAVED, line=line, column=self.column)
            self.dotted = moment.is_dotted
        if isinstance(moment.date, dt.date):
            return
        shape = moment.date.shape
        possible = self.orders.get(shape)
        if possible is None:
            possible = self.orders[shape] = set(shape_orders(shape))
        days = {order: in_order(moment.date, order) for order in possible}
        for order, day in days.items():
            if day is None:
                possible.discard(order)
            else:
                first, last = self.spans.get((shape, order), (day, day))
                self.spans[shape, order] = min(first, day), max(last, day)
        if not possible:
            problem = f"{self.shown(value)} is not a day of the calendar"
            if any(in_order(moment.date, order) for order in shape_orders(shape)):
                problem = (
                    f"{self.shown(value)} and other dates of its column cannot all be in one order of day and month"
                )
            raise Misfit(ReasonCode.BAD_DATE, problem, RESAVED, line=line, column=self.column)
        if shape not in self.doubtful and len({day for day in days.values() if day is not None}) > 1:
            self.doubtful[shape] = (value, line)


_Shape = tuple[str, str, int]


def decide(columns: list[DateEvidence], covers: tuple[dt.date, dt.date] | None = None) -> dict[str, dict[_Shape, str]]:
    """The order of day and month of every column, by the shape of its dates.

    Columns that look alike are alike: an order that another column rules out is ruled out. Where two orders are left,
    the one is taken that alone puts all dates of a column into the days that the report covers; then the one that Amazon
    is known to write in this column. No other evidence is used.

    :param covers: the first and the last day that the report covers, if they are known; a day either way is allowed, for
        time zones.

    :raises Misfit: `bad_date` if two orders remain that give different days.
    """
    shared: dict[_Shape, set[str]] = {}
    for column in columns:
        for shape, orders in column.orders.items():
            shared[shape] = shared.get(shape, orders) & orders
    if covers is not None:
        for column in columns:
            for shape in column.orders:
                inside = {each for each in shared[shape] if _covered(column.spans[shape, each], covers)}
                if len(inside) == 1:
                    shared[shape] = inside
    decided: dict[str, dict[_Shape, str]] = {}
    for column in columns:
        mine = decided[column.column] = {}
        for shape, own in column.orders.items():
            orders = shared[shape] or own
            if len(orders) > 1 and shape in column.doubtful:
                known = _order_of(column.written, shape)
                if known not in orders:
                    value, line = column.doubtful[shape]
                    raise Misfit(
                        ReasonCode.BAD_DATE,
                        f"{column.shown(value)} may be day/month or month/day, and nothing in the file tells which",
                        "Fetch the report through the API, or download it for a period that goes past the 12th of a "
                        "month",
                        line=line,
                        column=column.column,
                    )
                orders = {known}
            mine[shape] = min(orders)
    return decided


def _covered(span: tuple[dt.date, dt.date], covers: tuple[dt.date, dt.date]) -> bool:
    slack = dt.timedelta(days=1)
    return covers[0] - slack <= span[0] and span[1] <= covers[1] + slack


def _order_of(written: str | None, shape: _Shape) -> str:
    """The order of a notation in strftime's terms, if dates of this shape are written in it; else nothing."""
    if written is None:
        return ""
    sep, year, digits = shape
    parts = written.split(sep)
    order = "".join(_ORDERS.get(part, "") for part in parts)
    if len(order) != 3 or (order[0] == "y") != (year == "first") or ("%y" in parts) != (digits == 2):
        return ""
    return order


def _is_near(offset: dt.timedelta, clocks: Iterable[dt.timedelta | None]) -> bool:
    """Whether an offset from UTC is one of the continent of a marketplace, whose own offsets are given."""
    return any(own is not None and abs(offset - own) <= _CONTINENT for own in clocks)


@dataclass
class DateReading:
    """Reads the dates of one column whose orders are decided."""

    column: str
    orders: dict[_Shape, str]
    assumed_zone: str | None = None
    notations: dict[str, None] = field(default_factory=dict)

    def read(self, value: str, currency: str) -> tuple[dt.date, dt.datetime | None, str | None, dt.datetime | None]:
        """The day, the local time, the zone, and the instant in UTC, each None if it is not known.

        :param currency: tells zones apart that share a name.
        :raises ValueError: it is no date as the column has them; the message says why.
        """
        moment = parse(value)
        if moment is None:
            raise ValueError("is not a date")
        if isinstance(moment.date, dt.date):
            day, notation = moment.date, moment.notation
        else:
            order = self.orders.get(moment.date.shape)
            found = in_order(moment.date, order) if order else None
            if order is None or found is None:
                raise ValueError("is not a date as the others of its column")
            day = found
            notation = DateFormat(order, moment.date.sep, moment.date.shape[2]).notation()
        zone = moment.zone or (self.assumed_zone if moment.time is not None else None)
        self.notations[notation + moment.clock + (self._zone_notation(zone) if moment.zone else "")] = None
        if moment.time is None:
            return day, None, zone, None
        local = dt.datetime.combine(day, moment.time)
        minutes = zone_minutes(zone, currency) if zone else None
        try:
            at = None if minutes is None else local.replace(tzinfo=dt.UTC) - dt.timedelta(minutes=minutes)
        except OverflowError:
            raise ValueError("is not a time of day") from None
        return day, local, zone, at

    def read_in(
        self, value: str, marketplace: str
    ) -> tuple[dt.date, dt.datetime | None, str | None, dt.datetime | None]:
        """As `read`, of a time that is a marketplace's wall clock.

        The zone's name says which clock is meant and not whether it is summer: `05/21/18 14:39 PST` is 14:39 in Los Angeles,
        where it is summer then. Only in the hour that comes twice in autumn the name decides: `PDT` is the first, any
        other the second. A time in the hour that is left out in spring is counted on from the time before it. A zone that is
        not the marketplace's, but of its continent, is meant as it is named: `EST` of Amazon.com is five hours behind UTC.

        :param marketplace: as `include/config/marketplaces.yaml` spells it.
        :raises ValueError: it is no date as the column has them, or its zone is of another continent.
        """
        found = known_marketplaces().named(marketplace.strip())
        day, local, zone, at = self.read(value, found.currency if found else "")
        if local is None or found is None:
            return day, local, zone, at
        wall = local.replace(tzinfo=ZoneInfo(found.time_zone))
        first, second = wall.replace(fold=0), wall.replace(fold=1)
        if at is not None:
            offset = local.replace(tzinfo=dt.UTC) - at
            year = [wall.replace(month=month, day=1).utcoffset() for month in range(1, 13)]
            if offset not in year:
                if zone and (_OFFSET.fullmatch(zone) or zone in ("UTC", "GMT", "Z") or _is_near(offset, year)):
                    return day, local, zone, at
                raise ValueError(f"names the zone {zone}, and {found.names[0]} is in {found.time_zone}")
        summer = first.utcoffset() != second.utcoffset() and at is not None and first.astimezone(dt.UTC) == at
        left_out = first.astimezone(dt.UTC).astimezone(first.tzinfo).replace(tzinfo=None) != local
        moment = first if summer or left_out else second
        return day, local, zone, moment.astimezone(dt.UTC)

    @staticmethod
    def _zone_notation(zone: str | None) -> str:
        return "%z" if zone is None or _OFFSET.fullmatch(zone) else f" {zone}"
