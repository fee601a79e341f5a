"""The two layouts of a settlement flat file, recognised by their column names in any order.

Flat File V2 has one row an amount: `amount-type`, `amount-description`, `amount`. The older flat file, V1, has a pair of
columns for each kind of amount. The column names are Amazon's
(https://developer-docs.amazon.com/sp-api/docs/settlement-reports-attributes); real V2 files have 23 or 24 of them and
real V1 files 33 or 36, because the promotion columns may be missing.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from tieout.documents import ReasonCode
from tieout.privacy import normalised
from tieout.reports.errors import Misfit, form_of, shown

SETTLEMENT_ID = "settlement-id"
TOTAL_AMOUNT = "total-amount"
CURRENCY = "currency"
TRANSACTION_TYPE = "transaction-type"
QUANTITY = "quantity-purchased"
POSTED_DATE = "posted-date"
POSTED_DATE_TIME = "posted-date-time"
ORDER_ITEM_CODE = "order-item-code"
SUMMARY_DATES = ("settlement-start-date", "settlement-end-date", "deposit-date")

_SHARED = (
    SETTLEMENT_ID, *SUMMARY_DATES, TOTAL_AMOUNT, CURRENCY, TRANSACTION_TYPE, "order-id", "merchant-order-id",
    "adjustment-id", "shipment-id", "marketplace-name", "fulfillment-id", POSTED_DATE, ORDER_ITEM_CODE,
    "merchant-order-item-id", "merchant-adjustment-item-id", "sku", QUANTITY, "promotion-id",
)  # fmt: skip

_V2_AMOUNT = ("amount-type", "amount-description", "amount")

MOST_LINES_ABOVE_HEADER = 60
_SIGNS = frozenset({"totalamount", "depositdate", "settlementstartdate", "settlementenddate"})
"""Columns of a settlement that no other report with a settlement id has, as `family.normalised` returns them."""
_NOT_A_SETTLEMENT = "reporttype"
"""The report of deferred transactions has a settlement id and a total amount, too; no settlement has this column."""


@dataclass(frozen=True)
class AmountColumn:
    """One amount column, and what its lines are called in the vocabulary of Flat File V2."""

    name: str
    amount_type: str
    description_column: str | None = None
    description: str | None = None


# Amazon's field map from the flat file to Flat File V2
# (https://developer-docs.amazon.com/sp-api/changelog/update-deprecation-of-two-payment-settlement-report-types);
# where it names no description, the transaction type takes its place.
V1_AMOUNTS = (
    AmountColumn("shipment-fee-amount", "ShipmentFees", "shipment-fee-type"),
    AmountColumn("order-fee-amount", "OrderFees", "order-fee-type"),
    AmountColumn("price-amount", "ItemPrice", "price-type"),
    AmountColumn("item-related-fee-amount", "ItemFees", "item-related-fee-type"),
    AmountColumn("misc-fee-amount", "MiscFees", None, "misc-fee"),
    AmountColumn("other-fee-amount", "OtherFees", "other-fee-reason-description"),
    AmountColumn("promotion-amount", "Promotion", "promotion-type"),
    AmountColumn("direct-payment-amount", "DirectPayment", "direct-payment-type"),
    AmountColumn("other-amount", "other-transaction", TRANSACTION_TYPE),
)
COLUMNS = frozenset(
    {*_SHARED, POSTED_DATE_TIME, *_V2_AMOUNT, *(column.name for column in V1_AMOUNTS)}
    | {column.description_column for column in V1_AMOUNTS if column.description_column}
)
"""The columns of a settlement, in either layout."""
_V1_OPTIONAL = {"promotion-amount", "direct-payment-amount"}

_DOWNLOAD = "Download the settlement as Flat File V2 and import it as it came"
_SPREADSHEET = "A spreadsheet seems to have re-saved it: download it again and import it as it came"


@dataclass(frozen=True)
class Layout:
    """Where the columns of one file are."""

    version: str
    """`V1` or `V2`."""
    header: tuple[str, ...]
    """The column names as the file spells them."""
    names: tuple[str, ...]
    """The same, lower-case and trimmed; a name that is not Amazon's is replaced by `#<index>`."""
    unknown: tuple[str, ...]
    header_line: int

    def has(self, name: str) -> bool:
        return name in self.names

    @property
    def amounts(self) -> tuple[AmountColumn, ...]:
        """The file's amount columns in the file's order."""
        if self.version == "V2":
            return (AmountColumn("amount", ""),)
        return tuple(sorted((c for c in V1_AMOUNTS if c.name in self.names), key=lambda c: self.names.index(c.name)))

    def spelled(self, name: str) -> str:
        """A column's name as the file spells it."""
        return self.header[self.names.index(name)]


def seems_settlement(names: Collection[str]) -> bool:
    """Whether columns are those of a settlement flat file, whether or not it can be read.

    Args:
        names: The columns of a header as `family.normalised` returns them.
    """
    return "settlementid" in names and _NOT_A_SETTLEMENT not in names and not _SIGNS.isdisjoint(names)


def is_header(line: str) -> bool:
    """Whether a line is the header of a settlement flat file, in whatever way its fields are separated."""
    return any(
        seems_settlement({normalised(cell) for cell in line.split(delimiter)}) for delimiter in ("\t", ",", ";", "|")
    )


def check_text_above(line: str, number: int, header: str) -> None:
    """Check that a line above the header is text, such as the name of who pays, and no line of the settlement.

    Raises:
        Misfit: `damaged_file` if it has about as many fields as the header.
    """
    if 2 * line.count("\t") > header.count("\t"):
        raise Misfit(
            ReasonCode.DAMAGED_FILE,
            f"the line stands above the header and has {line.count(chr(9)) + 1} fields",
            "Lines were moved: download the report again and import it as it came",
            line=number,
        )


def recognise(header_line: str, line: int) -> Layout:
    """The layout that a header line describes.

    Raises:
        Misfit: `unknown_layout`, saying what the file seems to be or which columns are missing.
    """
    header = tuple(header_line.split("\t"))
    lowered = [name.strip().lower() for name in header]
    if "settlement-id" not in lowered:
        raise _not_a_settlement(header_line, lowered, line)
    if len(header) < 3 and re.search("[,;]", header_line):
        raise _not_a_settlement(header_line, lowered, line)

    v2 = (SETTLEMENT_ID, TOTAL_AMOUNT, CURRENCY, TRANSACTION_TYPE, *_V2_AMOUNT)
    v1 = (
        SETTLEMENT_ID, TOTAL_AMOUNT, CURRENCY, TRANSACTION_TYPE, POSTED_DATE,
        *(column.name for column in V1_AMOUNTS if column.name not in _V1_OPTIONAL),
    )  # fmt: skip
    has_v2 = bool({"amount", "amount-type", "amount-description"} & set(lowered))
    has_v1 = bool({column.name for column in V1_AMOUNTS} & set(lowered))
    if has_v1 and has_v2:
        raise Misfit(
            ReasonCode.UNKNOWN_LAYOUT,
            "the header has amount columns of both Flat File V1 and Flat File V2",
            _DOWNLOAD,
            line=line,
        )
    version, required = ("V1", v1) if has_v1 else ("V2", v2)
    missing = [name for name in required if name not in lowered]
    if version == "V2" and POSTED_DATE not in lowered and POSTED_DATE_TIME not in lowered:
        missing.append(POSTED_DATE)
    if missing:
        raise Misfit(
            ReasonCode.UNKNOWN_LAYOUT,
            f"the header of this Flat File {version} lacks the column{'s' * (len(missing) > 1)} {', '.join(missing)}",
            _DOWNLOAD,
            line=line,
            column=missing[0],
        )
    known = {*_SHARED, POSTED_DATE_TIME, *_V2_AMOUNT} if version == "V2" else set(_SHARED)
    if version == "V1":
        for column in V1_AMOUNTS:
            known |= {column.name, *([column.description_column] if column.description_column else [])}
    names: list[str] = []
    for index, name in enumerate(lowered):
        if name in names:
            raise Misfit(
                ReasonCode.UNKNOWN_LAYOUT,
                f"the header has the column {shown(name)} twice",
                _DOWNLOAD,
                line=line,
                column=header[index],
            )
        names.append(name if name in known else f"#{index}")
    unknown = tuple(
        header[index].strip() for index, name in enumerate(names) if name.startswith("#") and header[index].strip()
    )
    return Layout(version, header, tuple(names), unknown, line)


def _not_a_settlement(header_line: str, lowered: list[str], line: int) -> Misfit:
    start = header_line.lstrip("\ufeff \t")
    unquoted = [name.strip('"').strip() for name in re.split("[\t,;]", header_line.lower())]
    if "settlement-id" in unquoted:
        how = "quoted" if len(lowered) > 2 else "separated by commas or semicolons instead of tabs"
        return Misfit(ReasonCode.UNKNOWN_LAYOUT, f"the fields of the header are {how}", _SPREADSHEET, line=line)
    if re.match(r"<\?xml|<amazonenvelope", start, re.IGNORECASE):
        kind = "an XML document"
    elif start.startswith("<"):
        kind = "a web page or an XML document"
    elif start.startswith(("{", "[")):
        kind = "a JSON document"
    else:
        return Misfit(
            ReasonCode.UNKNOWN_LAYOUT,
            f"the first line has no column settlement-id; it has {form_of(header_line)}",
            "This is not a settlement flat file. " + _DOWNLOAD,
            line=line,
        )
    return Misfit(
        ReasonCode.UNKNOWN_LAYOUT,
        f"this is {kind}, not a tab-delimited report",
        _DOWNLOAD,
        line=line,
    )
