"""How files are written: tables with or without quotation marks, encodings, numbers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from simulator.marketplaces import digits
from simulator.sellers import UTF8, Seller, Style
from simulator.sources.book import Book

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True)
class Ask:
    """What a report is to cover.

    :param now: the instant at which Amazon makes it.
    :param countries: of its marketplaces.
    :param options: the `reportOptions`, with what they are by default.
    """

    book: Book
    countries: tuple[str, ...]
    start: dt.datetime
    end: dt.datetime
    now: dt.datetime
    options: Mapping[str, str] = field(default_factory=dict)

    @property
    def seller(self) -> Seller:
        """Whose report it is."""
        return self.book.seller

    @property
    def style(self) -> Style:
        """How its first marketplace's files are written."""
        return self.book.stream_of(self.countries[0]).style

    def covers(self, moment: dt.datetime) -> bool:
        """Whether an instant lies in the window."""
        return self.start <= moment < self.end

    def covers_day(self, day: dt.date) -> bool:
        """Whether a day of UTC lies in the window, wholly or in part."""
        begins = dt.datetime.combine(day, dt.time(), dt.UTC)
        return begins < self.end and begins + dt.timedelta(days=1) > self.start


@dataclass(frozen=True)
class File:
    """A file as Amazon has written it. `rows` is how many facts it tells."""

    body: bytes
    content_type: str | None
    rows: int
    gzip: bool = True


def tsv(columns: Sequence[str], rows: Iterable[Sequence[str]], newline: str = "\n") -> str:
    """A table of tabs, in which a quotation mark is an ordinary letter."""
    return newline.join(["\t".join(columns), *("\t".join(row) for row in rows)]) + newline


def quoted(columns: Sequence[str], rows: Iterable[Sequence[str]], delimiter: str = ",") -> str:
    """A table in which every field stands in quotation marks."""
    lines = (delimiter.join('"' + cell.replace('"', '""') + '"' for cell in row) for row in (columns, *rows))
    return "\n".join(lines) + "\n"


def encoded(text: str, rows: int, style: Style) -> File:
    """A text in a style's encoding; in UTF-8 where that lacks a letter of it."""
    try:
        return File(text.encode(style.encoding), style.content_type, rows, style.gzip)
    except UnicodeEncodeError:
        return File(text.encode(), UTF8, rows, style.gzip)


def plain(minor: int, currency: str) -> str:
    """An amount with a point, and the currency's decimals."""
    return str(Decimal(minor).scaleb(-digits(currency)))


def offset_time(moment: dt.datetime, zone: dt.tzinfo) -> str:
    """An instant with an offset: `2026-07-01T16:20:30-07:00`."""
    return moment.astimezone(zone).isoformat(timespec="seconds")


def month_name_day(day: dt.date) -> str:
    """A day with its month's name: `29-Jun-2026`."""
    return f"{day.day:02d}-{MONTHS[day.month - 1]}-{day.year}"
