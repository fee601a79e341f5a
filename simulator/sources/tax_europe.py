"""VAT of Europe: the transactions of a month, and Seller Central's tax report.

A month's transactions are told from the 3rd of the next one. Of some of them Amazon does not know the tax at first: they
stand there without any, and are restated on the 20th.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import partial
from typing import Any

from simulator.activity import TAX_PERCENT
from simulator.clock import iso_z
from simulator.marketplaces import MARKETPLACES
from simulator.sellers import UTF8
from simulator.sources.book import Book, Event, Sold
from simulator.sources.chance import code, number, one_of
from simulator.sources.files import Ask, File, encoded, month_name_day, plain, quoted, tsv
from simulator.sources.goods import goods
from simulator.sources.persons import buyer_of
from simulator.sources.places import PLACES

COUNTRIES = frozenset({"GB", "IE", "DE", "FR", "IT", "ES", "NL", "BE", "SE", "PL"})
"""Where Amazon tells the VAT of sales."""
TOLD_ON, RESTATED_ON = 3, 20
"""Days of the next month."""

_NAMES = {
    "GB": "UNITED KINGDOM", "IE": "IRELAND", "DE": "GERMANY", "FR": "FRANCE", "IT": "ITALY", "ES": "SPAIN",
    "NL": "NETHERLANDS", "BE": "BELGIUM", "SE": "SWEDEN", "PL": "POLAND",
}  # fmt: skip
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_PARTS = ("PRICE_OF_ITEMS", "SHIP_CHARGE", "GIFT_WRAP")


def _amount_columns(suffix: str) -> tuple[str, ...]:
    return tuple(f"{kind}{part}_{suffix}" for part in _PARTS for kind in ("", "PROMO_", "TOTAL_"))


_COLUMNS = (
    "UNIQUE_ACCOUNT_IDENTIFIER", "ACTIVITY_PERIOD", "SALES_CHANNEL", "MARKETPLACE", "PROGRAM_TYPE", "TRANSACTION_TYPE",
    "TRANSACTION_EVENT_ID", "ACTIVITY_TRANSACTION_ID", "TAX_CALCULATION_DATE", "TRANSACTION_DEPART_DATE",
    "TRANSACTION_ARRIVAL_DATE", "TRANSACTION_COMPLETE_DATE", "SELLER_SKU", "ASIN", "ITEM_DESCRIPTION",
    "ITEM_MANUFACTURE_COUNTRY", "QTY", "ITEM_WEIGHT", "TOTAL_ACTIVITY_WEIGHT", "COST_PRICE_OF_ITEMS",
    *_amount_columns("AMT_VAT_EXCL"), "TOTAL_ACTIVITY_VALUE_AMT_VAT_EXCL",
    *(f"{part}_VAT_RATE_PERCENT" for part in _PARTS),
    *_amount_columns("VAT_AMT"), "TOTAL_ACTIVITY_VALUE_VAT_AMT",
    *_amount_columns("AMT_VAT_INCL"), "TOTAL_ACTIVITY_VALUE_AMT_VAT_INCL",
    "TRANSACTION_CURRENCY_CODE", "COMMODITY_CODE", "STATISTICAL_CODE_DEPART", "STATISTICAL_CODE_ARRIVAL",
    "COMMODITY_CODE_SUPPLEMENTARY_UNIT", "ITEM_QTY_SUPPLEMENTARY_UNIT", "TOTAL_ACTIVITY_SUPPLEMENTARY_UNIT",
    "PRODUCT_TAX_CODE", "DEPATURE_CITY", "DEPARTURE_COUNTRY", "DEPARTURE_POST_CODE", "ARRIVAL_CITY", "ARRIVAL_COUNTRY",
    "ARRIVAL_POST_CODE", "SALE_DEPART_COUNTRY", "SALE_ARRIVAL_COUNTRY", "TRANSPORTATION_MODE", "DELIVERY_CONDITIONS",
    "SELLER_DEPART_VAT_NUMBER_COUNTRY", "SELLER_DEPART_COUNTRY_VAT_NUMBER", "SELLER_ARRIVAL_VAT_NUMBER_COUNTRY",
    "SELLER_ARRIVAL_COUNTRY_VAT_NUMBER", "TRANSACTION_SELLER_VAT_NUMBER_COUNTRY", "TRANSACTION_SELLER_VAT_NUMBER",
    "BUYER_VAT_NUMBER_COUNTRY", "BUYER_VAT_NUMBER", "VAT_CALCULATION_IMPUTATION_COUNTRY", "TAXABLE_JURISDICTION",
    "TAXABLE_JURISDICTION_LEVEL", "VAT_INV_NUMBER", "VAT_INV_CONVERTED_AMT", "VAT_INV_CURRENCY_CODE",
    "VAT_INV_EXCHANGE_RATE", "VAT_INV_EXCHANGE_RATE_DATE", "EXPORT_OUTSIDE_EU", "INVOICE_URL", "BUYER_NAME",
    "ARRIVAL_ADDRESS", "SUPPLIER_NAME", "SUPPLIER_VAT_NUMBER", "TAX_REPORTING_SCHEME", "TAX_COLLECTION_RESPONSIBILITY",
)  # fmt: skip
_TAX_PARTS = ("OUR_PRICE", "SHIPPING", "GIFTWRAP")
_TAX_AMOUNTS = (
    "Tax Inclusive Selling Price", "Tax Amount", "Tax Exclusive Selling Price", "Tax Inclusive Promo Amount",
    "Tax Amount Promo", "Tax Exclusive Promo Amount",
)  # fmt: skip
_TAX_COLUMNS = (
    "Marketplace ID", "Merchant ID", "Order Date", "Transaction Type", "Is Invoice Corrected", "Order ID",
    "Shipment Date", "Shipment ID", "Transaction ID", "ASIN", "SKU", "Quantity", "Tax Calculation Date", "Tax Rate",
    "Product Tax Code", "Currency", "Tax Type", "Tax Calculation Reason Code", "Tax Reporting Scheme",
    "Tax Collection Responsibility", "Tax Address Role", "Jurisdiction Level", "Jurisdiction Name",
    *(f"{part} {amount}" for part in _TAX_PARTS for amount in _TAX_AMOUNTS),
    "Seller Tax Registration", "Seller Tax Registration Jurisdiction", "Buyer Tax Registration",
    "Buyer Tax Registration Jurisdiction", "Buyer Tax Registration Type", "Buyer E Invoice Account Id",
    "Invoice Level Currency Code", "Invoice Level Exchange Rate", "Invoice Level Exchange Rate Date",
    "Converted Tax Amount", "VAT Invoice Number", "Invoice Url", "Export Outside EU", "Ship From City",
    "Ship From Country", "Ship From Postal Code", "Ship From Tax Location Code", "Ship To City", "Ship To Country",
    "Ship To Postal Code", "Ship To Location Code", "Return Fc Country", "Is Amazon Invoiced",
    "Original VAT Invoice Number", "Invoice Correction Details", "E-Invoice Delivery Status", "E-Invoice Error Code",
    "E-Invoice Error Description", "E-Invoice Status Last Updated Date", "E-Invoice Url",
)  # fmt: skip


@dataclass(frozen=True)
class Part:
    """What an item cost, its shipping or its wrapping: without tax, its tax, and the same of what was taken off.
    Amounts in the currency's smallest unit; of refunds negative."""

    net: int
    tax: int
    promotion_net: int = 0
    promotion_tax: int = 0

    @property
    def total_net(self) -> int:
        """Without tax, after promotions."""
        return self.net + self.promotion_net

    @property
    def total_tax(self) -> int:
        """The tax, after promotions."""
        return self.tax + self.promotion_tax


@dataclass(frozen=True)
class TaxLine:
    """An item that was sold or refunded."""

    event: Event
    sold: Sold
    parts: tuple[Part, Part, Part]
    departure: str
    rate: int
    by_marketplace: bool
    """Whether Amazon pays the tax."""

    @property
    def at(self) -> dt.datetime:
        """When it was shipped, or refunded."""
        return self.event.shown_at

    @property
    def country(self) -> str:
        """Where it went."""
        return self.event.country

    @property
    def is_refund(self) -> bool:
        """Whether it was refunded."""
        return self.event.is_refund

    @property
    def activity_id(self) -> str:
        """Amazon's id of the shipment or the refund."""
        return self.event.entry.adjustment_id or self.event.entry.shipment_id

    @property
    def net(self) -> int:
        """All of it without tax."""
        return sum(part.total_net for part in self.parts)

    @property
    def tax(self) -> int:
        """All tax."""
        return sum(part.total_tax for part in self.parts)

    def as_told(self, now: dt.datetime) -> TaxLine:
        """As Amazon tells it at an instant: of some the tax is not known yet."""
        if number(self.activity_id, "restated", below=30) or now >= next_month(self.at, RESTATED_ON):
            return self
        parts = tuple(Part(part.net + part.tax, 0, part.promotion_net + part.promotion_tax, 0) for part in self.parts)
        return TaxLine(self.event, self.sold, (parts[0], parts[1], parts[2]), self.departure, 0, self.by_marketplace)


def next_month(moment: dt.datetime, day: int) -> dt.datetime:
    """A day of the month after an instant's, UTC."""
    return dt.datetime(moment.year + moment.month // 12, moment.month % 12 + 1, day, tzinfo=dt.UTC)


def tax_lines(book: Book, now: dt.datetime) -> list[TaxLine]:
    """Every item that was sold or refunded in Europe by an instant."""
    return [line for line in book.remember(_tax_lines) if line.at <= now]


def transactions(book: Book, now: dt.datetime) -> list[TaxLine]:
    """The lines of the months that are told at an instant, as they are told then."""
    return [line.as_told(now) for line in tax_lines(book, now) if next_month(line.at, TOLD_ON) <= now]


def transactions_truth(book: Book, now: dt.datetime) -> list[dict[str, Any]]:
    """A row an item."""
    return [
        {
            "account": book.seller.key,
            "activity_period": _period(line),
            "transaction_type": "REFUND" if line.is_refund else "SALE",
            "transaction_event_id": line.event.entry.order_id,
            "activity_transaction_id": line.activity_id,
            "seller_sku": line.sold.item.sku,
            "departure_country": line.departure,
            "arrival_country": line.country,
            "transaction_complete_date": line.at.date().isoformat(),
            "qty": line.sold.quantity,
            "transaction_currency_code": line.event.entry.currency,
            "total_activity_value_amt_vat_excl": plain(line.net, line.event.entry.currency),
            "total_activity_value_vat_amt": plain(line.tax, line.event.entry.currency),
            "total_activity_value_amt_vat_incl": plain(line.net + line.tax, line.event.entry.currency),
            "tax_collection_responsibility": "MARKETPLACE" if line.by_marketplace else "SELLER",
        }
        for line in transactions(book, now)
    ]


def tax_truth(book: Book, now: dt.datetime) -> list[dict[str, Any]]:
    """A row an item of the tax report."""
    return [
        {
            "account": book.seller.key,
            "marketplace_id": line.country,
            "transaction_type": "REFUND" if line.is_refund else "SHIPMENT",
            "transaction_id": line.activity_id,
            "order_id": line.event.entry.order_id,
            "shipment_id": line.event.entry.shipment_id or None,
            "sku": line.sold.item.sku,
            "jurisdiction_name": _NAMES[line.country],
            "tax_calculation_date": line.at.date().isoformat(),
            "at": iso_z(line.at),
            "quantity": line.sold.quantity,
            "currency": line.event.entry.currency,
            "our_price_tax_amount": plain(line.parts[0].tax, line.event.entry.currency),
            "our_price_tax_exclusive_selling_price": plain(line.parts[0].net, line.event.entry.currency),
            "tax_amount": plain(line.tax, line.event.entry.currency),
            "tax_collection_responsibility": "Marketplace" if line.by_marketplace else "Seller",
        }
        for line in tax_lines(book, now)
    ]


def refuse_early(ask: Ask) -> str | None:
    """Why the transactions of a window are not told yet."""
    if ask.now < next_month(ask.end - dt.timedelta(microseconds=1), TOLD_ON):
        return "Report data is not available yet. A month can be requested from the 3rd day of the following month"
    return None


def write_transactions(ask: Ask) -> File:
    """GET_VAT_TRANSACTION_DATA."""
    rows = [
        _transaction_cells(ask, line)
        for line in transactions(ask.book, ask.now)
        if line.country in ask.countries and ask.covers(line.at)
    ]
    return encoded(tsv(_COLUMNS, [[cells.get(name, "") for name in _COLUMNS] for cells in rows]), len(rows), ask.style)


def write_tax(ask: Ask) -> File:
    """SC_VAT_TAX_REPORT."""
    rows = [
        _tax_cells(ask, line)
        for line in tax_lines(ask.book, ask.now)
        if line.country in ask.countries and ask.start.date() <= line.at.date() <= ask.end.date()
    ]
    text = quoted(_TAX_COLUMNS, [[cells.get(name, "") for name in _TAX_COLUMNS] for cells in rows])
    return File(text.encode(), UTF8, len(rows))


def _tax_lines(book: Book) -> list[TaxLine]:
    found = []
    for event in book.events:
        sale = event.is_order and not event.is_multi_channel
        if event.country not in COUNTRIES or not (sale or event.is_refund):
            continue
        for sold in event.sold:
            withheld = sold.sum_of("ItemWithheldTax")
            tax = sold.sum_of("ItemPrice", "Tax", "ShippingTax", "GiftWrapTax")
            parts = (
                Part(
                    sold.sum_of("ItemPrice", "Principal"), sold.sum_of("ItemPrice", "Tax"),
                    sold.sum_of("Promotion", "Principal"), sold.sum_of("Promotion", "TaxDiscount"),
                ),
                Part(
                    sold.sum_of("ItemPrice", "Shipping"), sold.sum_of("ItemPrice", "ShippingTax"),
                    sold.sum_of("Promotion", "Shipping"), 0,
                ),
                Part(sold.sum_of("ItemPrice", "GiftWrap"), sold.sum_of("ItemPrice", "GiftWrapTax")),
            )  # fmt: skip
            found.append(
                TaxLine(event, sold, parts, _departure(event), TAX_PERCENT[event.country] if tax else 0, withheld != 0)
            )
    return found


def _departure(event: Event) -> str:
    """Goods for the continent come from its east as often as from the country itself."""
    if event.country == "GB" or not event.by_amazon:
        return event.country
    return one_of(("DE", "PL", "CZ", event.country), event.entry.order_id, "departure")


def _period(line: TaxLine) -> str:
    return f"{line.at.year}-{_MONTHS[line.at.month - 1]}"


def _transaction_cells(ask: Ask, line: TaxLine) -> dict[str, str]:
    entry, product = line.event.entry, goods(ask.seller.key, line.sold.item.sku)
    text = partial(plain, currency=entry.currency)
    date = f"{line.at:%d-%m-%Y}"
    address = one_of(PLACES[line.country], entry.order_id)
    cells = {
        "UNIQUE_ACCOUNT_IDENTIFIER": "A" + code(13, ask.seller.key, "merchant"),
        "ACTIVITY_PERIOD": _period(line),
        "SALES_CHANNEL": line.event.entry.fulfillment_id,
        "MARKETPLACE": MARKETPLACES[line.country].name.lower(),
        "PROGRAM_TYPE": "REGULAR",
        "TRANSACTION_TYPE": "REFUND" if line.is_refund else "SALE",
        "TRANSACTION_EVENT_ID": entry.order_id,
        "ACTIVITY_TRANSACTION_ID": line.activity_id,
        "TAX_CALCULATION_DATE": date,
        "TRANSACTION_DEPART_DATE": "" if line.is_refund else date,
        "TRANSACTION_COMPLETE_DATE": date,
        "SELLER_SKU": product.sku,
        "ASIN": product.asin,
        "ITEM_DESCRIPTION": product.title,
        "QTY": str(line.sold.quantity),
        "ITEM_WEIGHT": f"{product.grams / 1000:.3f}",
        "TOTAL_ACTIVITY_VALUE_AMT_VAT_EXCL": text(line.net),
        "TOTAL_ACTIVITY_VALUE_VAT_AMT": text(line.tax),
        "TOTAL_ACTIVITY_VALUE_AMT_VAT_INCL": text(line.net + line.tax),
        "TRANSACTION_CURRENCY_CODE": entry.currency,
        "PRODUCT_TAX_CODE": "A_GEN_STANDARD",
        "DEPARTURE_COUNTRY": line.departure,
        "ARRIVAL_CITY": address.city,
        "ARRIVAL_COUNTRY": line.country,
        "ARRIVAL_POST_CODE": address.postal_code,
        "SALE_DEPART_COUNTRY": line.departure,
        "SALE_ARRIVAL_COUNTRY": line.country,
        "TRANSACTION_SELLER_VAT_NUMBER_COUNTRY": line.country,
        "TRANSACTION_SELLER_VAT_NUMBER": _vat_number(ask, line.country),
        "TAXABLE_JURISDICTION": _NAMES[line.country],
        "TAXABLE_JURISDICTION_LEVEL": "Country",
        "EXPORT_OUTSIDE_EU": "NO",
        "TAX_REPORTING_SCHEME": "DEEMED_RESELLER" if line.by_marketplace else "REGULAR",
        "TAX_COLLECTION_RESPONSIBILITY": "MARKETPLACE" if line.by_marketplace else "SELLER",
    }
    if (buyer := buyer_of(entry.order_id)) is not None:
        cells |= {
            "BUYER_NAME": buyer.name,
            "ARRIVAL_ADDRESS": buyer.street,
            "ARRIVAL_CITY": buyer.city,
            "BUYER_VAT_NUMBER_COUNTRY": line.country,
            "BUYER_VAT_NUMBER": buyer.tax_number,
            "INVOICE_URL": f"https://example.com/invoices/{buyer.email}",
        }
    for name, part in zip(_PARTS, line.parts, strict=True):
        if part == Part(0, 0):
            continue
        cells[f"{name}_VAT_RATE_PERCENT"] = f"0.{line.rate:02d}"
        for suffix, own, promotion in (
            ("AMT_VAT_EXCL", part.net, part.promotion_net),
            ("VAT_AMT", part.tax, part.promotion_tax),
            ("AMT_VAT_INCL", part.net + part.tax, part.promotion_net + part.promotion_tax),
        ):
            cells |= {
                f"{name}_{suffix}": text(own),
                f"PROMO_{name}_{suffix}": text(promotion),
                f"TOTAL_{name}_{suffix}": text(own + promotion),
            }
    return cells


def _tax_cells(ask: Ask, line: TaxLine) -> dict[str, str]:
    entry, product = line.event.entry, goods(ask.seller.key, line.sold.item.sku)
    text = partial(plain, currency=entry.currency)
    order = ask.book.order_of.get(entry.order_id, line.event)
    address = one_of(PLACES[line.country], entry.order_id)
    date = month_name_day(line.at.date()) + " UTC"
    cells = {
        "Marketplace ID": line.country,
        "Merchant ID": "A" + code(13, ask.seller.key, "merchant"),
        "Order Date": month_name_day(order.purchased_at.date()) + " UTC",
        "Transaction Type": "REFUND" if line.is_refund else "SHIPMENT",
        "Is Invoice Corrected": "false",
        "Order ID": entry.order_id,
        "Shipment Date": month_name_day(order.shown_at.date()) + " UTC",
        "Shipment ID": entry.shipment_id,
        "Transaction ID": line.activity_id,
        "ASIN": product.asin,
        "SKU": product.sku,
        "Quantity": str(line.sold.quantity),
        "Tax Calculation Date": date,
        "Tax Rate": f"0.{line.rate:02d}00",
        "Product Tax Code": "A_GEN_STANDARD",
        "Currency": entry.currency,
        "Tax Type": "VAT",
        "Tax Calculation Reason Code": "Taxable" if line.rate else "NotTaxable",
        "Tax Reporting Scheme": "VCS_EU_OSS",
        "Tax Collection Responsibility": "Marketplace" if line.by_marketplace else "Seller",
        "Tax Address Role": "ShipTo",
        "Jurisdiction Level": "Country",
        "Jurisdiction Name": _NAMES[line.country],
        "Seller Tax Registration": _vat_number(ask, line.country),
        "Seller Tax Registration Jurisdiction": line.country,
        "VAT Invoice Number": f"INV-{line.country}-{number(line.activity_id, 'invoice', below=10**7)}",
        "Export Outside EU": "false",
        "Ship From Country": line.departure,
        "Ship To City": address.city,
        "Ship To Country": line.country,
        "Ship To Postal Code": address.postal_code,
        "Is Amazon Invoiced": "true",
    }
    for name, part in zip(_TAX_PARTS, line.parts, strict=True):
        values = (
            part.net + part.tax, part.tax, part.net, part.promotion_net + part.promotion_tax, part.promotion_tax,
            part.promotion_net,
        )  # fmt: skip
        cells |= {f"{name} {label}": text(minor) for label, minor in zip(_TAX_AMOUNTS, values, strict=True)}
    if (buyer := buyer_of(entry.order_id)) is not None:
        cells |= {
            "Buyer Tax Registration": buyer.tax_number,
            "Buyer Tax Registration Type": "VAT",
            "Ship To City": buyer.city,
            "Invoice Url": f"https://example.com/invoices/{buyer.email}",
        }
    return cells


def _vat_number(ask: Ask, country: str) -> str:
    return f"{country}{number(ask.seller.key, country, 'vat number', below=10**9):09d}"
