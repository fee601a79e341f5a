"""Date-range transactions: every movement of the balance, as the page of payments shows it.

A row is an item of an order or refund, or anything else that was charged or paid. What is deferred stands there from its
shipment on, and becomes Released with the same date. What one settlement leaves to the next (reserves, carried debts) is
no transaction; the transfer to the bank is one.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from simulator.clock import iso_z
from simulator.ledger import Entry, Line
from simulator.marketplaces import MARKETPLACES
from simulator.sellers import UTF8
from simulator.settlement_files import lines_of
from simulator.sources.book import Book, Event
from simulator.sources.chance import one_of
from simulator.sources.files import Ask, File, plain, quoted
from simulator.sources.goods import goods
from simulator.sources.languages import LANGUAGES, Language
from simulator.sources.persons import buyer_of
from simulator.sources.places import PLACES
from simulator.sources.transactions import chain
from simulator.world import Period

AMOUNTS = (
    "product_sales", "product_sales_tax", "shipping_credits", "shipping_credits_tax", "gift_wrap_credits",
    "gift_wrap_credits_tax", "regulatory_fee", "tax_on_regulatory_fee", "amazon_points", "promotional_rebates",
    "promotional_rebates_tax", "sales_tax_collected", "marketplace_facilitator_tax", "marketplace_withheld_tax",
    "low_value_goods", "sales_tax_liable", "tcs_cgst", "tcs_sgst", "tcs_igst", "tds_section_194_o", "selling_fees",
    "fba_fees", "other_transaction_fees", "other",
)  # fmt: skip
"""What the total consists of; a file has some of them."""

_FIELDS = {
    ("ItemPrice", "Principal"): "product_sales",
    ("ItemPrice", "Tax"): "product_sales_tax",
    ("ItemPrice", "Shipping"): "shipping_credits",
    ("ItemPrice", "ShippingTax"): "shipping_credits_tax",
    ("ItemPrice", "GiftWrap"): "gift_wrap_credits",
    ("ItemPrice", "GiftWrapTax"): "gift_wrap_credits_tax",
    ("Promotion", "Principal"): "promotional_rebates",
    ("Promotion", "Shipping"): "promotional_rebates",
    ("Promotion", "TaxDiscount"): "promotional_rebates_tax",
    ("ItemWithheldTax", "TCS-CGST"): "tcs_cgst",
    ("ItemWithheldTax", "TCS-SGST"): "tcs_sgst",
    ("ItemWithheldTax", "TCS-IGST"): "tcs_igst",
    ("ItemWithheldTax", "TDS (Section 194-O)"): "tds_section_194_o",
    ("Points", "PointsGranted"): "amazon_points",
}
_INSTEAD = {
    "product_sales_tax": ("sales_tax_collected", "sales_tax_liable"),
    "shipping_credits_tax": ("sales_tax_collected", "sales_tax_liable", "product_sales_tax"),
    "gift_wrap_credits_tax": ("sales_tax_collected", "sales_tax_liable", "product_sales_tax"),
    "promotional_rebates_tax": ("sales_tax_collected", "sales_tax_liable", "product_sales_tax"),
    "low_value_goods": ("marketplace_withheld_tax",),
    "marketplace_withheld_tax": ("marketplace_facilitator_tax",),
}
"""Where an amount goes in a file that lacks its column; else to `other`."""
_KINDS = {
    "Order": "Order",
    "Refund": "Refund",
    "A-to-z Guarantee Refund": "Guarantee",
    "Chargeback Refund": "Chargeback",
    "Order_Retrocharge": "Retrocharge",
    "ServiceFee": "Service",
    "AmazonFees": "Service",
    "FBAFees": "Inventory",
    "Debt Adjustment": "Debt",
}
_BY_CATEGORY = {
    "reimbursements": "Adjustment",
    "adjustments": "Adjustment",
    "storage_fees": "Inventory",
    "inbound_fees": "Inventory",
    "removal_fees": "Inventory",
    "charge_to_seller": "Debt",
    "failed_transfer": "Transfer",
    "bank_verification": "Transfer",
}
_SHOWN_CHAIN = frozenset({"charge_to_seller", "failed_transfer"})


@dataclass(frozen=True)
class Movement:
    """One row: amounts by field, in the currency's smallest unit."""

    period: Period
    country: str
    posted_at: dt.datetime
    released_at: dt.datetime
    kind: str
    order_id: str
    sku: str
    description: str
    quantity: int | None
    marketplace: str
    fulfillment: str
    amounts: dict[str, int]

    @property
    def total(self) -> int:
        """What it moves the balance by."""
        return sum(self.amounts.values())


def movements(book: Book, now: dt.datetime, ask: Ask | None = None) -> list[Movement]:
    """Every row that exists at an instant, in the order of its date.

    :param ask: only what such a report covers.
    """
    found = []
    for event in book.events:
        if event.shown_at <= now and (ask is None or (event.country in ask.countries and ask.covers(event.shown_at))):
            found += rows_of(event)
    for period, _, entry in chain(book, now):
        if lines_of(entry)[0][1].category in _SHOWN_CHAIN:
            found.append(_row(period, entry, period.stream.countries[0], entry.posted_at, lines_of(entry)))
    periods = {(each.stream.name, each.number): each for each in book.periods}
    for settlement in book.world.settlements(book.seller, now):
        if settlement.control_minor > 0:
            found.append(_transfer(periods[settlement.stream.name, settlement.number], settlement.control_minor))
    covered = (row for row in found if ask is None or (row.country in ask.countries and ask.covers(row.posted_at)))
    return sorted(covered, key=lambda row: row.posted_at)


def truth(book: Book, now: dt.datetime, ask: Ask | None = None) -> list[dict[str, Any]]:
    """What a file of each marketplace says, in its words.

    Args:
        ask: Only what such a report covers.
    """
    rows = []
    for row in movements(book, now, ask):
        language = LANGUAGES[row.country]
        if not _is_told(row, language, now):
            continue
        currency = row.period.stream.currency
        told = {field: minor for field, minor in folded(row, language).items() if minor}
        rows.append(
            {
                "account": book.seller.key,
                "marketplace_id": MARKETPLACES[row.country].id,
                "posted_at": iso_z(row.posted_at),
                "settlement_id": row.period.settlement_id if language.tells_settlement else None,
                "type": language.kind(row.kind),
                "order_id": row.order_id or None,
                "sku": row.sku or None,
                "description": row.description or None,
                "quantity": row.quantity,
                "currency": currency,
                "total": plain(row.total, currency),
                "released": row.released_at <= now,
                "amounts": {field: plain(minor, currency) for field, minor in told.items()},
            }
        )
    return rows


def write(ask: Ask) -> File:
    """GET_DATE_RANGE_FINANCIAL_TRANSACTION_DATA of a marketplace."""
    (country,) = ask.countries
    language = LANGUAGES[country]
    return table(
        ask, language, country, [row for row in movements(ask.book, ask.now, ask) if _is_told(row, language, ask.now)]
    )


def table(ask: Ask, language: Language, country: str, rows: list[Movement]) -> File:
    """A file of some rows, as Seller Central writes it."""
    above = [f'"{line.format(currency=MARKETPLACES[country].currency)}"' for line in language.above]
    header = [spelled for spelled, _ in language.columns]
    text = "\n".join(above) + "\n" + quoted(header, [cells(row, language, ask.now) for row in rows])
    if ask.style.encoding == "cp932":
        return File(text.encode("cp932"), ask.style.content_type, len(rows), ask.style.gzip)
    return File((b"\xef\xbb\xbf" if language.mark else b"") + text.encode(), UTF8, len(rows), ask.style.gzip)


def _is_told(row: Movement, language: Language, now: dt.datetime) -> bool:
    return language.tells_status or row.released_at <= now


def rows_of(event: Event) -> list[Movement]:
    """The rows of an event: one an item, if all of it is about items."""
    entry = event.entry
    lines = lines_of(entry)
    parts = event.sold if all(line.item is not None and line.item.sku for _, line in lines) else ()
    if not parts:
        return [_row(event.period, entry, event.country, event.shown_at, lines)]
    return [
        _row(
            event.period, entry, event.country, event.shown_at, list(sold.lines), sold.item.sku,
            None if event.entry.transaction_type == "Order_Retrocharge" else sold.quantity,
        )
        for sold in parts
    ]  # fmt: skip


def _row(
    period: Period,
    entry: Entry,
    country: str,
    posted_at: dt.datetime,
    lines: list[tuple[int, Line]],
    sku: str = "",
    quantity: int | None = None,
) -> Movement:
    first = lines[0][1]
    kind = _KINDS.get(entry.transaction_type) or _BY_CATEGORY.get(first.category, "Service")
    if first.category == "unknown":
        kind = entry.transaction_type
    amounts: dict[str, int] = {}
    for minor, line in lines:
        field = _field(line, kind)
        amounts[field] = amounts.get(field, 0) + minor
    named = first.amount_type if first.amount_description in ("Base fee", "TransactionTotalAmount") else ""
    return Movement(
        period=period,
        country=country,
        posted_at=posted_at,
        released_at=entry.posted_at,
        kind=kind,
        order_id=entry.order_id,
        sku=sku,
        description=goods(period.seller.key, sku).title if sku else named or first.amount_description,
        quantity=quantity,
        marketplace=(entry.marketplace_name or (MARKETPLACES[country].name if entry.marketplace else "")).lower(),
        fulfillment={"AFN": "Amazon", "MFN": "Seller"}.get(entry.fulfillment_id, ""),
        amounts=amounts,
    )


def _transfer(period: Period, minor: int) -> Movement:
    return Movement(
        period=period,
        country=period.stream.countries[0],
        posted_at=period.end,
        released_at=period.end,
        kind="Transfer",
        order_id="",
        sku="",
        description="To account ending with: 123",
        quantity=None,
        marketplace="",
        fulfillment="",
        amounts={"other": -minor},
    )


def _field(line: Line, kind: str) -> str:
    known = _FIELDS.get((line.amount_type, line.amount_description))
    if known is not None:
        return known
    if line.amount_type == "ItemWithheldTax":
        return "low_value_goods" if line.amount_description.startswith("LowValue") else "marketplace_withheld_tax"
    if line.category in ("selling_fees", "fulfillment_fees"):
        return "selling_fees" if line.category == "selling_fees" else "fba_fees"
    return "other_transaction_fees" if kind == "Service" else "other"


def folded(row: Movement, language: Language) -> dict[str, int]:
    """The amounts in the columns that the file has."""
    has = {field for _, field in language.columns}
    found: dict[str, int] = dict.fromkeys((field for _, field in language.columns if field in AMOUNTS), 0)
    for field, minor in row.amounts.items():
        into = next((each for each in (field, *_INSTEAD.get(field, ())) if each in has), "other")
        found[into] = found.get(into, 0) + minor
    return found


def cells(row: Movement, language: Language, now: dt.datetime, more: Mapping[str, str] | None = None) -> list[str]:
    """The fields of a row.

    Args:
        more: Fields that only some files have.
    """
    currency = row.period.stream.currency
    address = one_of(PLACES[row.country], row.order_id) if row.marketplace and row.order_id else None
    if address and (buyer := buyer_of(row.order_id)) is not None:
        address = replace(address, city=buyer.city)
    released = row.released_at <= now
    found = {
        **(more or {}),
        "posted": language.moment(row.posted_at),
        "settlement_id": row.period.settlement_id,
        "type": language.kind(row.kind),
        "order_id": row.order_id,
        "sku": row.sku,
        "description": row.description,
        "quantity": "" if row.quantity is None else str(row.quantity),
        "marketplace": row.marketplace,
        "account_type": "Invoiced Orders" if row.period.stream.invoiced else "Standard Orders",
        "fulfillment": row.fulfillment,
        "order_city": address.city if address else "",
        "order_state": address.state if address else "",
        "order_postal": address.postal_code if address else "",
        "tax_collection_model": "MarketplaceFacilitator" if row.amounts.get("marketplace_withheld_tax") else "",
        "total": language.number(plain(row.total, currency)),
        "transaction_status": language.status(released=released),
        "transaction_release": language.moment(row.released_at) if released and row.kind == "Order" else "",
    }
    for field, minor in folded(row, language).items():
        found[field] = language.number(plain(minor, currency)) if minor else "0"
    return [found[field] for _, field in language.columns]
