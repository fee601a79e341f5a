"""Settlement files, byte for byte as Amazon writes them: V2, and V1 for archives.

A file is a header, a summary row with the period, the total and the currency, and a row for every amount, which leaves
those fields empty. Fields are separated by tabs and never quoted.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Literal
from zoneinfo import ZoneInfo

from simulator.ledger import Entry, Item, Line
from simulator.marketplaces import digits
from simulator.sellers import Style
from simulator.world import Settlement

Rows = list[list[str]]
Layout = Literal["V2", "V1-33", "V1-36"]

V2_COLUMNS = (
    "settlement-id", "settlement-start-date", "settlement-end-date", "deposit-date", "total-amount", "currency",
    "transaction-type", "order-id", "merchant-order-id", "adjustment-id", "shipment-id", "marketplace-name",
    "amount-type", "amount-description", "amount", "fulfillment-id", "posted-date", "posted-date-time",
    "order-item-code", "merchant-order-item-id", "merchant-adjustment-item-id", "sku", "quantity-purchased",
    "promotion-id",
)  # fmt: skip
V1_COLUMNS = (
    "settlement-id", "settlement-start-date", "settlement-end-date", "deposit-date", "total-amount", "currency",
    "transaction-type", "order-id", "merchant-order-id", "adjustment-id", "shipment-id", "marketplace-name",
    "shipment-fee-type", "shipment-fee-amount", "order-fee-type", "order-fee-amount", "fulfillment-id", "posted-date",
    "order-item-code", "merchant-order-item-id", "merchant-adjustment-item-id", "sku", "quantity-purchased",
    "price-type", "price-amount", "item-related-fee-type", "item-related-fee-amount", "misc-fee-amount",
    "other-fee-amount", "other-fee-reason-description", "promotion-id", "promotion-type", "promotion-amount",
    "direct-payment-type", "direct-payment-amount", "other-amount",
)  # fmt: skip
_V1_WITHOUT_PROMOTIONS = tuple(name for name in V1_COLUMNS if not name.startswith("promotion-"))

DATES: dict[str, tuple[str, str]] = {
    "dashed_ymd": ("%Y-%m-%d %H:%M:%S {zone}", "%Y-%m-%d"),
    "dashed_dmy": ("%d-%m-%Y %H:%M:%S {zone}", "%d-%m-%Y"),
    "dotted": ("%d.%m.%Y %H:%M:%S {zone}", "%d.%m.%Y"),
    "slashed_dmy": ("%d/%m/%Y %H:%M:%S {zone}", "%d/%m/%Y"),
    "slashed_ymd": ("%Y/%m/%d %H:%M:%S {zone}", "%Y/%m/%d"),
    "iso": ("%Y-%m-%dT%H:%M:%S{offset}", "%Y-%m-%d"),
    # posted-date and posted-date-time differ on Amazon's own page of the report's attributes
    "amazon_page": ("%Y-%m-%d %H:%M:%S {zone}", "%m/%d/%y"),
}
"""How an instant and how a date is written, by convention."""

_ZONES: dict[str, dt.tzinfo] = {
    "UTC": dt.UTC,
    "JST": ZoneInfo("Asia/Tokyo"),
    "PST": dt.timezone(dt.timedelta(hours=-8), "PST"),
    "PT": ZoneInfo("America/Los_Angeles"),
}

_V1_COLUMNS_OF = {
    "ItemPrice": ("price-type", "price-amount"),
    "ItemFees": ("item-related-fee-type", "item-related-fee-amount"),
    "ItemWithheldTax": ("item-related-fee-type", "item-related-fee-amount"),
    "Promotion": ("promotion-type", "promotion-amount"),
    "ShipmentFees": ("shipment-fee-type", "shipment-fee-amount"),
}


def header(layout: Layout, style: Style) -> tuple[str, ...]:
    """The column names of a file."""
    if layout == "V2":
        return V2_COLUMNS[: style.columns]
    return V1_COLUMNS if layout == "V1-36" else _V1_WITHOUT_PROMOTIONS


def rows(settlement: Settlement, layout: Layout, style: Style) -> Rows:
    """The rows of a settlement without the header: first the summary, then the lines in the order of their time."""
    columns = header(layout, style)
    writer = _Writer(settlement, columns, style)
    body = writer.v2_rows() if layout == "V2" else writer.v1_rows()
    return [writer.summary(), *body]


def text(columns: Sequence[str], body: Rows, style: Style) -> str:
    """Header and rows as one text."""
    lines = ["\t".join(columns)]
    for row in body:
        line = "\t".join(row)
        lines.append(line.rstrip("\t") if style.ragged else line)
    return style.newline.join(lines) + style.newline


def amount(minor: int, currency: str, style: Style) -> str:
    """An amount as the file writes it, from the currency's smallest unit."""
    places = digits(currency)
    sign, whole = ("-" if minor < 0 else ""), str(abs(minor))
    if places == 0:
        return f"{sign}{whole}{style.decimal}00" if style.yen_cents else f"{sign}{whole}"
    whole = whole.rjust(places + 1, "0")
    return f"{sign}{whole[:-places]}{style.decimal}{whole[-places:]}"


def instant(moment: dt.datetime, style: Style) -> str:
    """An instant as the file writes it, in the file's zone."""
    local = moment.astimezone(_ZONES[style.zone])
    offset = local.strftime("%z")
    zone = local.tzname() if style.zone == "PT" else style.zone
    return local.strftime(DATES[style.dates][0]).format(zone=zone, offset=f"{offset[:3]}:{offset[3:]}")


def date(moment: dt.datetime, style: Style) -> str:
    """The day of an instant as the file writes it, in the file's zone."""
    return moment.astimezone(_ZONES[style.zone]).strftime(DATES[style.dates][1])


class _Writer:
    def __init__(self, settlement: Settlement, columns: Sequence[str], style: Style) -> None:
        self._settlement = settlement
        self._currency = settlement.stream.currency
        self._style = style
        self._columns = columns

    def summary(self) -> list[str]:
        settlement, style = self._settlement, self._style
        return self._row(
            {
                "settlement-start-date": instant(settlement.start, style),
                "settlement-end-date": instant(settlement.end, style),
                "deposit-date": instant(settlement.deposit_at, style),
                "total-amount": self._amount(settlement.control_minor),
                "currency": self._currency,
            }
        )

    def v2_rows(self) -> Rows:
        found = []
        for entry in self._settlement.entries:
            shared = self._entry_fields(entry)
            shared["posted-date"] = date(entry.posted_at, self._style)
            shared["posted-date-time"] = instant(entry.posted_at, self._style)
            for minor, line in lines_of(entry):
                fields = shared | self._item_fields(line.item)
                fields["quantity-purchased"] = _quantity(line.item)
                fields["amount-type"] = line.amount_type
                fields["amount-description"] = line.amount_description
                fields["amount"] = self._amount(minor)
                fields["promotion-id"] = line.promotion_id
                found.append(self._row(fields))
        return found

    def v1_rows(self) -> Rows:
        shares_rows = len(self._columns) == len(V1_COLUMNS)
        found = []
        for entry in self._settlement.entries:
            written: list[dict[str, str]] = []
            for minor, line in lines_of(entry):
                fields = self._entry_fields(entry) | self._item_fields(line.item)
                fields["posted-date"] = (instant if self._style.dates == "iso" else date)(entry.posted_at, self._style)
                if _v1_tells_quantity(entry, line) and all(
                    row.get("order-item-code") != fields["order-item-code"] for row in written
                ):
                    written.append(fields | {"quantity-purchased": _quantity(line.item)})
                amounts = self._v1_amount(minor, line)
                price_row = next((row for row in written if _takes_fee(row, fields)), None)
                if shares_rows and "item-related-fee-amount" in amounts and price_row:
                    price_row.update(amounts)
                else:
                    written.append(fields | amounts)
            found += [self._row(fields) for fields in written]
        return found

    def _v1_amount(self, minor: int, line: Line) -> dict[str, str]:
        written = self._amount(minor)
        kind, description = line.amount_type, line.amount_description
        if description == "FBAPerOrderFulfillmentFee":
            return {"order-fee-type": description, "order-fee-amount": written}
        if description == "Shipping label purchase for return":
            return {"other-fee-amount": written, "other-fee-reason-description": description}
        if description == "TransactionTotalAmount":
            return {"item-related-fee-type": kind, "item-related-fee-amount": written}
        if kind == "Promotion":
            return {"promotion-id": line.promotion_id, "promotion-type": description, "promotion-amount": written}
        if kind in _V1_COLUMNS_OF:
            type_column, amount_column = _V1_COLUMNS_OF[kind]
            return {type_column: description, amount_column: written}
        # what belongs to no order has its name in transaction-type
        return {"transaction-type": description, "other-amount": written}

    def _entry_fields(self, entry: Entry) -> dict[str, str]:
        return {
            "transaction-type": entry.transaction_type,
            "order-id": entry.order_id,
            "merchant-order-id": entry.merchant_order_id,
            "adjustment-id": entry.adjustment_id,
            "shipment-id": entry.shipment_id,
            "marketplace-name": entry.marketplace_name,
            "fulfillment-id": entry.fulfillment_id,
        }

    @staticmethod
    def _item_fields(item: Item | None) -> dict[str, str]:
        if item is None:
            return {}
        return {
            "order-item-code": item.order_item_code,
            "merchant-order-item-id": item.merchant_order_item_id,
            "merchant-adjustment-item-id": item.merchant_adjustment_item_id,
            "sku": item.sku,
        }

    def _row(self, fields: dict[str, str]) -> list[str]:
        return [self._settlement.settlement_id, *(fields.get(name, "") for name in self._columns[1:])]

    def _amount(self, minor: int) -> str:
        return amount(minor, self._currency, self._style)


def lines_of(entry: Entry) -> list[tuple[int, Line]]:
    """The lines of an entry with their amounts in the currency's smallest unit."""
    return [(posting.minor, posting.line) for posting in entry.postings if posting.line]


def _v1_tells_quantity(entry: Entry, line: Line) -> bool:
    """True if V1 tells the quantity of a line's item: in a row of its own, without an amount, before the prices."""
    return entry.transaction_type == "Order" and line.item is not None and line.item.quantity is not None


def _takes_fee(row: dict[str, str], fields: dict[str, str]) -> bool:
    """True if a price row of the same item has room for a fee: in old files one row holds both."""
    same_item = "order-item-code" in fields and row.get("order-item-code") == fields["order-item-code"]
    return same_item and "price-amount" in row and "item-related-fee-amount" not in row


def _quantity(item: Item | None) -> str:
    return "" if item is None or item.quantity is None else str(item.quantity)
