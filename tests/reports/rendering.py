"""Settlements as a test knows them, written as a flat file in any convention."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

V2 = (
    "settlement-id", "settlement-start-date", "settlement-end-date", "deposit-date", "total-amount", "currency",
    "transaction-type", "order-id", "merchant-order-id", "adjustment-id", "shipment-id", "marketplace-name",
    "amount-type", "amount-description", "amount", "fulfillment-id", "posted-date", "posted-date-time",
    "order-item-code", "merchant-order-item-id", "merchant-adjustment-item-id", "sku", "quantity-purchased",
    "promotion-id",
)  # fmt: skip

ZONES = {"UTC": 0, "GMT": 0, "JST": 9, "PST": -8, "PDT": -7, "CET": 1, "CEST": 2, "BST": 1, "EST": -5, "MST": -7}


@dataclass(frozen=True)
class Line:
    """One detail line. Money in the settlement's currency; `posted_at` in UTC."""

    amount: Decimal
    posted_at: dt.datetime
    transaction_type: str = "Order"
    amount_type: str = "ItemPrice"
    amount_description: str = "Principal"
    order_id: str = ""
    sku: str = ""
    quantity: int | None = None


@dataclass(frozen=True)
class Settlement:
    """One settlement; its control total is what its lines add up to unless another is given."""

    lines: tuple[Line, ...]
    settlement_id: str = "18000000001"
    currency: str = "EUR"
    start: dt.datetime = dt.datetime(2026, 7, 17, 7, 6, 34, tzinfo=dt.UTC)
    end: dt.datetime = dt.datetime(2026, 7, 31, 7, 6, 35, tzinfo=dt.UTC)
    control_total: Decimal | None = None

    @property
    def total(self) -> Decimal:
        lines = sum((line.amount for line in self.lines), Decimal(0))
        return lines if self.control_total is None else self.control_total


@dataclass(frozen=True)
class Style:
    """How a file is written."""

    encoding: str = "utf-8"
    decimal: str = "."
    group: str = ""
    cents: bool = True
    summary_date: str = "%d.%m.%Y"
    summary_time: str = " %H:%M:%S {zone}"
    posted_date: str = "%d.%m.%Y"
    posted_time: str | None = "%d.%m.%Y %H:%M:%S {zone}"
    zone: str = "UTC"
    line_end: str = "\n"
    ends_with_line_end: bool = True
    byte_order_mark: bool = False
    trailing_fields: bool = True
    extra_tabs: int = 0
    blank_lines: int = 0
    columns: Sequence[str] = field(default=V2)
    currency_on_lines: bool = False

    def money(self, amount: Decimal) -> str:
        text = f"{amount:,.2f}" if self.cents else f"{amount:,.0f}"
        return text.replace(",", "\0").replace(".", self.decimal).replace("\0", self.group)

    def instant(self, at: dt.datetime, pattern: str) -> str:
        local = at.astimezone(dt.timezone(dt.timedelta(hours=ZONES[self.zone])))
        return local.strftime(pattern.replace("{zone}", self.zone))


def rows(settlements: Iterable[Settlement], style: Style) -> list[dict[str, str]]:
    """The rows of the file, by column name."""
    made = []
    for each in settlements:
        pattern = style.summary_date + style.summary_time
        made.append(
            {
                "settlement-id": each.settlement_id,
                "settlement-start-date": style.instant(each.start, pattern),
                "settlement-end-date": style.instant(each.end, pattern),
                "deposit-date": style.instant(each.end + dt.timedelta(days=2), pattern),
                "total-amount": style.money(each.total),
                "currency": each.currency,
            }
        )
        made.extend(
            {
                "settlement-id": each.settlement_id,
                "currency": each.currency if style.currency_on_lines else "",
                "transaction-type": line.transaction_type,
                "order-id": line.order_id,
                "amount-type": line.amount_type,
                "amount-description": line.amount_description,
                "amount": style.money(line.amount),
                "posted-date": style.instant(line.posted_at, style.posted_date),
                "posted-date-time": style.instant(line.posted_at, style.posted_time) if style.posted_time else "",
                "sku": line.sku,
                "quantity-purchased": "" if line.quantity is None else str(line.quantity),
            }
            for line in each.lines
        )
    return made


def table(rows: Iterable[dict[str, str]], style: Style) -> bytes:
    """Rows as the bytes of a file."""
    lines = ["\t".join(style.columns)]
    for row in rows:
        line = "\t".join(row.get(column, "") for column in style.columns)
        lines.append((line if style.trailing_fields else line.rstrip("\t")) + "\t" * style.extra_tabs)
    text = style.line_end.join(lines) + style.line_end * (style.ends_with_line_end + style.blank_lines)
    if style.byte_order_mark and style.encoding == "utf-8":
        return text.encode("utf-8-sig")
    return text.encode(style.encoding)


def render(settlements: Iterable[Settlement], style: Style | None = None, **changes: object) -> bytes:
    """The bytes of a file that holds these settlements."""
    style = replace(style or Style(), **changes)
    return table(rows(settlements, style), style)
