"""What a report family is: everything that Tieout has to know of one kind of report, declared in one place.

A family is declared in a module of `tieout.reports.families`. The readers, and whoever asks Amazon for reports or loads
them, take what they need from the declaration and know no family by name.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any

import pyarrow as pa

from tieout.privacy import normalised
from tieout.reports.json_values import Asked
from tieout.reports.schemas import INSTANT, MONEY

RATE = pa.decimal128(38, 10)
"""Measures, rates and amounts finer than cents."""
LOCAL = pa.timestamp("us")
DAILY_FBA = dt.timedelta(hours=4)
"""How often Amazon makes an FBA report whose content is updated daily (report-type-values-fba)."""
FILE_CURRENCY = "*"
"""Stands for the currency that the file itself tells: see `Column.currency`."""
_CURRENCY_CODE = re.compile("[A-Z]{3}")


class Kind(StrEnum):
    """What a column holds."""

    TEXT = "text"
    MONEY = "money"
    CURRENCY = "currency"
    """ISO 4217."""
    WHOLE = "whole"
    """A whole number."""
    DECIMAL = "decimal"
    """A number that is no money: a measure, a rate."""
    INSTANT = "instant"
    """A date with, as a rule, a time and a zone."""
    DAY = "day"
    """A date without a time."""
    FLAG = "flag"
    """True or false."""


class Personal(StrEnum):
    """What a column may tell of a person: a buyer, or a seller who works from home."""

    NAME = "name"
    ADDRESS = "address"
    TAX_NUMBER = "tax number"
    IDENTIFIER = "identifier"
    """Of a user, a device, a document or a parcel, by which a person is found."""
    FREE_TEXT = "free text"
    """What a person wrote, and so may hold anything."""
    PAYMENT = "payment"
    LINK = "link"
    """An address of a document that names a person."""


class Obtained(StrEnum):
    """How Amazon comes to make a report."""

    MADE_BY_AMAZON = "made_by_amazon"
    """It cannot be requested, and is not listed by the Selling Partner API."""
    LISTED = "listed"
    """It cannot be requested: it is made in Seller Central, then listed by the Selling Partner API."""
    REQUESTED = "requested"
    SCHEDULED = "scheduled"
    """It may be asked for, or made on a schedule."""
    ANSWERED = "answered"
    """It is no report: an API answers at once. See `Question`."""


class Scope(StrEnum):
    """What one report covers."""

    ACCOUNT = "account"
    """All marketplaces of the account in the region: asking once a marketplace gives the same rows again."""
    MARKETPLACE = "marketplace"


class Format(StrEnum):
    """How Amazon writes the file."""

    TSV = "tsv"
    """Tab-separated; a quotation mark is an ordinary letter."""
    TSV_QUOTED = "tsv_quoted"
    """Tab-separated; a field may stand in quotation marks."""
    CSV = "csv"
    JSON = "json"


@dataclass(frozen=True)
class Column:
    """One column of a family."""

    name: str
    """Ours: lower case with underscores. A header that differs from it in nothing but case, accents and punctuation is
    the same name."""
    kind: Kind = Kind.TEXT
    spelled: tuple[str, ...] = ()
    """Every other name that the column is known to have in real files, in any language."""
    required: bool = False
    """A file without the column is not of the family."""
    currency: str | None = None
    """Of money: the column of the family that names its currency; or an ISO 4217 code that all rows have; or
    `FILE_CURRENCY` if the file tells its currency outside of its rows."""
    digits: int = 10
    """Of decimals: how many decimals the Parquet holds."""
    fine: bool = False
    """Of money: amounts are finer than the cents of their currency, e.g. a fee of 0.0036 a unit."""
    written: str | None = None
    """Of dates: the order in which Amazon is known to write them when it may be read in two ways, e.g. `%d-%m-%Y`."""
    zone: str | None = None
    """Of instants: the zone of those that name none, if Amazon documents it, e.g. `UTC`."""
    zone_of: str | None = None
    """Of instants: the column with the marketplace whose wall clock the times are, whatever they call its zone."""
    words: tuple[tuple[str, str], ...] = ()
    """Of texts: what a translated file has in place of Amazon's English word, and that word. Case does not count."""
    personal: Personal | None = None
    """Of texts: what it may tell of a person. Its values are not staged, nor quoted in a message."""
    hashed: bool = False
    """Of personal texts: a keyed hash of each value is staged, so that users can be counted (`tieout.privacy`)."""

    @cached_property
    def fields(self) -> tuple[pa.Field, ...]:
        """What the column becomes in Parquet.

        An instant becomes four: `<name>_day`, the day as written; `<name>_local`, the time as written, null if there
        is none; `<name>_zone`, the zone as written, null if there is none; `<name>_at`, the instant in UTC, null
        unless the zone is known.
        """
        if self.kind is Kind.INSTANT:
            return (
                pa.field(f"{self.name}_day", pa.date32()),
                pa.field(f"{self.name}_local", LOCAL),
                pa.field(f"{self.name}_zone", pa.string()),
                pa.field(f"{self.name}_at", INSTANT),
            )
        kinds = {
            Kind.TEXT: pa.string(), Kind.CURRENCY: pa.string(), Kind.WHOLE: pa.int64(),
            Kind.DECIMAL: pa.decimal128(38, self.digits),
            Kind.MONEY: RATE if self.fine else MONEY, Kind.DAY: pa.date32(), Kind.FLAG: pa.bool_(),
        }  # fmt: skip
        return (pa.field(self.name, kinds[self.kind]),)


def text(name: str, *spelled: str, required: bool = False, words: Mapping[str, str] | None = None) -> Column:
    return Column(name, Kind.TEXT, spelled, required, words=tuple((words or {}).items()))


def personal(name: str, tells: Personal, *spelled: str, required: bool = False, hashed: bool = False) -> Column:
    return Column(name, Kind.TEXT, spelled, required, personal=tells, hashed=hashed)


def money(name: str, *spelled: str, currency: str = "currency", required: bool = False, fine: bool = False) -> Column:
    return Column(name, Kind.MONEY, spelled, required, currency=currency, fine=fine)


def currency(name: str, *spelled: str, required: bool = False) -> Column:
    return Column(name, Kind.CURRENCY, spelled, required)


def whole(name: str, *spelled: str, required: bool = False) -> Column:
    return Column(name, Kind.WHOLE, spelled, required)


def decimal(name: str, *spelled: str, required: bool = False, digits: int = 10) -> Column:
    return Column(name, Kind.DECIMAL, spelled, required, digits=digits)


def instant(
    name: str,
    *spelled: str,
    required: bool = False,
    written: str | None = None,
    zone: str | None = None,
    zone_of: str | None = None,
) -> Column:
    return Column(name, Kind.INSTANT, spelled, required, written=written, zone=zone, zone_of=zone_of)


def day(name: str, *spelled: str, required: bool = False, written: str | None = None) -> Column:
    return Column(name, Kind.DAY, spelled, required, written=written)


def flag(name: str, *spelled: str, required: bool = False) -> Column:
    return Column(name, Kind.FLAG, spelled, required)


@dataclass(frozen=True)
class Question:
    """How an API is asked. Its answers, page by page, are a document: a JSON text sequence (RFC 7464) of their bytes as they
    came. The name of the operation is the family's report type."""

    path: str
    token: str
    """Where an answer has the token of the next page, e.g. `payload.NextToken`. Its last part is the name under which it is
    sent, together with the other parameters."""
    since: str | None = None
    """The parameter for the start of the window, which belongs to it."""
    until: str | None = None
    """The parameter for the end of the window, which does not."""
    as_of: str | None = None
    """The parameter for the business day with which the window ends, a date without a time."""
    each: str | None = None
    """The parameter for one of several things that are asked for one after the other: the settlements that are new."""
    more: Mapping[str, str] = field(default_factory=dict)
    """What else to send."""


@dataclass(frozen=True)
class Family:
    """One kind of report."""

    name: str
    """Ours: the name of its module, of its tables and of its files."""
    title: str
    """What a person calls it."""
    report_types: tuple[str, ...]
    """Amazon's names for it. The first is the one that is requested or listed."""
    obtained: Obtained
    scope: Scope
    format: Format
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    """Columns (of the Parquet) that identify a row."""
    recognised_by: tuple[str, ...]
    """Columns that, together, no other family has: what a person recognises a file by."""
    same_columns_as: str | None = None
    """A family whose files have the same columns: only the report type tells the two apart."""
    also_in: tuple[Format, ...] = ()
    """Other forms in which Amazon is known to write it. Seller Central offers its reports on fulfilment as CSV as well as text
    (Seller Central help, G201711700)."""
    filled: tuple[str, ...] = ()
    """Columns that no row leaves empty. A row that does was cut or shifted."""
    repeats: bool = False
    """Two rows of one document may be equal in the key and yet be two. Their identity is the key and the row's ordinal
    among its equals, by line."""
    dated_by: str | None = None
    """The day (of the Parquet) by which Amazon chooses the rows of a window; None of a snapshot, and if nobody knows."""
    countries: tuple[str, ...] = ()
    """ISO 3166 alpha-2 of the marketplaces that have it; none: all have."""
    by_month: bool = False
    """A report is of one calendar month (UTC)."""
    every: dt.timedelta = dt.timedelta(days=1)
    """How often to ask. A longer time for what changes once a month: requests are scarce."""
    made_every: dt.timedelta = dt.timedelta(minutes=30)
    """Amazon makes reports of the type at most once in this time; what is requested earlier may end CANCELLED or FATAL."""
    restated_after: tuple[dt.timedelta, ...] = ()
    """Ages at which days beyond the overlap are asked for again, because Amazon changes what it said then."""
    longest_window: dt.timedelta | None = None
    """The longest time that one report may cover; None if it has no limit or is a snapshot."""
    overlap: dt.timedelta = dt.timedelta(0)
    """How far back to ask again, because Amazon restates what it said."""
    earliest: dt.timedelta | None = None
    """How far back Amazon has data; None if it does not say."""
    delay: dt.timedelta = dt.timedelta(0)
    """How long after the end of a period its report can be asked for."""
    restricted: bool = False
    """The document is only given for a restricted data token."""
    options: Mapping[str, str] = field(default_factory=dict)
    """`reportOptions` to send."""
    site: str = "Seller Central"
    """Where a person downloads it."""
    currency_names: Mapping[str, str] = field(default_factory=dict)
    """Codes of currencies that Amazon writes in this family and that are not ISO 4217, with the one that is meant."""
    nothing: tuple[str, ...] = ()
    """What stands in columns of numbers and dates for a value that Amazon does not have, besides nothing at all."""
    question: Question | None = None
    """Of what an API answers: how to ask."""
    json_keys: tuple[str, ...] = ()
    """Of a JSON family: the names at the top of a document, or in its `payload`, of which no other family has any."""
    read_json: Callable[[Any, Asked], Iterator[dict[str, Any]]] | None = None
    """Of a JSON family: the rows in a document, numbers as int and Decimal, given what is known of the request. A row's values
    are by column; `extra` holds what has no column."""
    extra_names: tuple[str, ...] = ()
    """Of a JSON family: names that `extra` holds with their values, because Amazon's model says that they are no person's."""

    def __post_init__(self) -> None:
        names = [column.name for column in self.columns]
        fields = [each.name for each in self.schema]
        assert len(set(fields)) == len(fields), f"{self.name}: two columns have one name"
        for name in (*self.recognised_by, *self.filled):
            assert name in names, f"{self.name}: {name} is no column"
        for name in (*self.key, *([self.dated_by] if self.dated_by else ())):
            assert name in fields, f"{self.name}: {name} of the key, or of the date, is no column"
        for column in self.columns:
            if column.kind is Kind.MONEY:
                own = column.currency or ""
                known = own == FILE_CURRENCY or _CURRENCY_CODE.fullmatch(own) or own in names
                assert known, f"{self.name}: {column.name} has no currency"
            if column.personal or column.hashed:
                assert column.kind is Kind.TEXT, f"{self.name}: {column.name} is personal and no text"
                assert column.personal, f"{self.name}: {column.name} is hashed, and tells of nobody"
                assert column.name not in self.filled, f"{self.name}: {column.name} is personal, and may be emptied"
                if not column.hashed:
                    assert column.name not in self.key, f"{self.name}: {column.name} is in the key and is not kept"
        assert (self.obtained is Obtained.ANSWERED) == (self.question is not None), f"{self.name}: how is it asked?"
        spellings: dict[str, str] = {}
        for column in self.columns:
            for spelling in (column.name, *column.spelled):
                other = spellings.setdefault(normalised(spelling), column.name)
                assert other == column.name, f"{self.name}: {spelling!r} is both {other} and {column.name}"

    @cached_property
    def by_spelling(self) -> dict[str, Column]:
        """Every known spelling, normalised, to its column."""
        return {normalised(each): column for column in self.columns for each in (column.name, *column.spelled)}

    @cached_property
    def personal_columns(self) -> tuple[Column, ...]:
        """The columns that may tell of a person."""
        return tuple(column for column in self.columns if column.personal)

    @cached_property
    def schema(self) -> pa.Schema:
        """What the family's rows have in Parquet.

        `document_id` and `line_no` (the 1-based physical line on which the row starts; of JSON, the row's number) come
        first; `currency` follows if the currency is told outside of the rows; `extra` comes last: a JSON object of the
        columns that are not declared and hold something in the row, null if there is none. Their values are texts if they
        are known to be no person's (`tieout.privacy`), else null. Personal columns that are not hashed are null.
        """
        own = [each for column in self.columns for each in column.fields]
        outside = [] if "currency" in {each.name for each in own} or not self.outside_currency else ["currency"]
        return pa.schema(
            [
                pa.field("document_id", pa.string()),
                pa.field("line_no", pa.int64()),
                *(pa.field(name, pa.string()) for name in outside),
                *own,
                pa.field("extra", pa.string()),
            ]
        )

    @cached_property
    def outside_currency(self) -> str | None:
        """The code, or `FILE_CURRENCY`, if the currency of the family's money does not stand in a column."""
        names = {column.name for column in self.columns}
        return next((c.currency for c in self.columns if c.currency is not None and c.currency not in names), None)

    def currency_of(self, name: str) -> str:
        """The column of the Parquet that holds the currency of a money column."""
        column = next(each for each in self.columns if each.name == name)
        assert column.currency is not None, f"{name} is no money"
        return column.currency if any(each.name == column.currency for each in self.columns) else "currency"
