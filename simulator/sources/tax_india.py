"""India's GST: a row an item that was shipped, refunded or cancelled, apart for consumers and for businesses."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from simulator.activity import TAX_PERCENT
from simulator.clock import iso_z
from simulator.sellers import UTF8
from simulator.sources.book import Book, Event, Sold, centre
from simulator.sources.chance import code, number, one_of
from simulator.sources.files import Ask, File, plain, quoted, tsv
from simulator.sources.goods import goods
from simulator.sources.persons import buyer_of
from simulator.sources.places import PLACES

_INDIA = dt.timezone(dt.timedelta(hours=5, minutes=30))
_PLACES_OF = ("Bill From", "Ship From", "Ship To")
_ADDRESS = ("City", "State", "Country", "Postal Code")
_TAXES = ("Cgst", "Sgst", "Utgst", "Igst", "Compensatory Cess")
_COLUMNS = (
    "Seller Gstin", "Invoice Number", "Invoice Date", "Transaction Type", "Order Id", "Shipment Id", "Shipment Date",
    "Order Date", "Shipment Item Id", "Quantity", "Item Description", "Asin", "Hsn/sac", "Sku", "Product Tax Code",
    *(f"{place} {part}" for place in _PLACES_OF for part in _ADDRESS), "Invoice Amount", "Tax Exclusive Gross",
    "Total Tax Amount", *(f"{tax} Rate" for tax in _TAXES), "Principal Amount", "Principal Amount Basis",
    *(f"{tax} Tax" for tax in _TAXES), "Shipping Amount", "Shipping Amount Basis",
    *(f"Shipping {tax} Tax" for tax in _TAXES[:4]), "Shipping Cess Tax Amount", "Gift Wrap Amount",
    "Gift Wrap Amount Basis", *(f"Gift Wrap {tax} Tax" for tax in _TAXES),
    *(f"{part} Promo {each}" for part in ("Item", "Shipping", "Gift Wrap") for each in ("Discount", "Discount Basis", "Tax")),
    *(f"Tcs {tax} {each}" for tax in _TAXES[:4] for each in ("Rate", "Amount")), "Warehouse Id", "Fulfillment Channel",
    "Payment Method Code", "Credit Note No", "Credit Note Date",
)  # fmt: skip
_BUSINESS_COLUMNS = (
    *_COLUMNS, "Bill To City", "Bill To State", "Bill To Country", "Bill To Postalcode", "Customer Bill To Gstid",
    "Customer Ship To Gstid", "Buyer Name", "Irn Number", "Irn Filing Status", "Irn Date", "Irn Error Code",
)  # fmt: skip


@dataclass(frozen=True)
class GstLine:
    """An item; amounts in paise, negative of refunds."""

    event: Event
    sold: Sold
    business: bool
    net: int
    tax: int
    within_state: bool
    tcs: int

    @property
    def at(self) -> dt.datetime:
        """When it was shipped, or refunded."""
        return self.event.shown_at

    @property
    def kind(self) -> str:
        """Shipment or Refund."""
        return "Refund" if self.event.is_refund else "Shipment"

    @property
    def invoice(self) -> str:
        """The number of the invoice."""
        return f"IN-{number(self.event.entry.order_id, self.sold.item.order_item_code, 'invoice', below=10**8)}"

    @property
    def credit_note(self) -> str:
        """The number of a refund's credit note."""
        return f"CN-{number(self.event.entry.adjustment_id, below=10**8)}" if self.event.is_refund else ""

    @property
    def half(self) -> int:
        """What of the tax is the state's, if the sale stayed within one."""
        return abs(self.tax) // 2 * (1 if self.tax >= 0 else -1)


def lines(book: Book, now: dt.datetime, *, business: bool) -> list[GstLine]:
    """Every item that was shipped or refunded in India by an instant."""
    return [line for line in book.remember(_lines) if line.at <= now and line.business is business]


def truth(book: Book, now: dt.datetime, *, business: bool) -> list[dict[str, Any]]:
    """A row an item."""
    return [
        {
            "account": book.seller.key,
            "transaction_type": line.kind,
            "invoice_number": line.invoice,
            "order_id": line.event.entry.order_id,
            "shipment_item_id": line.sold.item.order_item_code,
            "credit_note_no": line.credit_note or None,
            "at": iso_z(line.at),
            "invoiced_day": line.at.astimezone(_INDIA).date().isoformat(),
            "quantity": line.sold.quantity,
            "currency": "INR",
            "invoice_amount": plain(line.net + line.tax, "INR"),
            "tax_exclusive_gross": plain(line.net, "INR"),
            "total_tax_amount": plain(line.tax, "INR"),
            "igst_tax": plain(0 if line.within_state else line.tax, "INR"),
            "cgst_tax": plain(line.tax - line.half if line.within_state else 0, "INR"),
            "sgst_tax": plain(line.half if line.within_state else 0, "INR"),
            "tcs_amount": plain(line.tcs, "INR"),
        }
        for line in lines(book, now, business=business)
    ]


def consumers_truth(book: Book, now: dt.datetime) -> list[dict[str, Any]]:
    """Of sales to consumers."""
    return truth(book, now, business=False)


def businesses_truth(book: Book, now: dt.datetime) -> list[dict[str, Any]]:
    """Of sales to businesses."""
    return truth(book, now, business=True)


def write_consumers(ask: Ask) -> File:
    """GET_GST_MTR_B2C_CUSTOM: a CSV, whatever Amazon's page says."""
    rows = [_cells(ask, line) for line in _wanted(ask, business=False)]
    text = quoted(_COLUMNS, [[cells.get(name, "") for name in _COLUMNS] for cells in rows])
    return File(text.encode(), UTF8, len(rows))


def write_businesses(ask: Ask) -> File:
    """GET_GST_MTR_B2B_CUSTOM."""
    rows = [_cells(ask, line) for line in _wanted(ask, business=True)]
    text = tsv(_BUSINESS_COLUMNS, [[cells.get(name, "") for name in _BUSINESS_COLUMNS] for cells in rows])
    return File(text.encode(), UTF8, len(rows))


def _wanted(ask: Ask, *, business: bool) -> list[GstLine]:
    if "IN" not in ask.countries:
        return []
    return [line for line in lines(ask.book, ask.now, business=business) if ask.covers(line.at)]


def _lines(book: Book) -> list[GstLine]:
    found = []
    for event in book.events:
        if event.country != "IN" or not (event.is_order or event.is_refund) or event.is_multi_channel:
            continue
        for sold in event.sold:
            tax = sold.sum_of("ItemPrice", "Tax", "ShippingTax", "GiftWrapTax") + sold.sum_of(
                "Promotion", "TaxDiscount"
            )
            net = sold.sum_of("ItemPrice", "Principal", "Shipping", "GiftWrap") + sold.sum_of(
                "Promotion", "Principal", "Shipping"
            )
            within = sold.sum_of("ItemWithheldTax", "TCS-CGST") != 0
            tcs = -sold.sum_of("ItemWithheldTax", "TCS-IGST", "TCS-CGST", "TCS-SGST")
            business = number(event.entry.order_id, "is a business", below=100) < 20
            found.append(GstLine(event, sold, business, net, tax, within, tcs))
    return found


def _local(moment: dt.datetime) -> str:
    """An instant in India's time, which the file does not name."""
    return f"{moment.astimezone(_INDIA):%Y-%m-%d %H:%M:%S}"


def _cells(ask: Ask, line: GstLine) -> dict[str, str]:
    entry, product = line.event.entry, goods(ask.seller.key, line.sold.item.sku)
    order = ask.book.order_of.get(entry.order_id, line.event)
    to = one_of(PLACES["IN"], entry.order_id)
    warehouse = centre("IN", entry.order_id, "ships")
    rate = Decimal(TAX_PERCENT["IN"] if line.tax else 0).scaleb(-2)
    halved = rate / 2 if line.within_state else Decimal(0)
    tcs_half = line.tcs // 2
    cells = {
        "Seller Gstin": f"29{code(5, ask.seller.key, 'pan')}1234F1Z5",
        "Invoice Number": line.invoice,
        "Invoice Date": _local(line.at),
        "Transaction Type": line.kind,
        "Order Id": entry.order_id,
        "Shipment Id": order.entry.shipment_id,
        "Shipment Date": _local(order.shown_at),
        "Order Date": _local(order.purchased_at),
        "Shipment Item Id": line.sold.item.order_item_code,
        "Quantity": str(line.sold.quantity),
        "Item Description": product.title,
        "Asin": product.asin,
        "Hsn/sac": "6911",
        "Sku": product.sku,
        "Product Tax Code": "A_GEN_STANDARD",
        "Bill From City": "BENGALURU",
        "Bill From State": "KARNATAKA",
        "Bill From Country": "IN",
        "Bill From Postal Code": "560001",
        "Ship From City": "BENGALURU",
        "Ship From State": "KARNATAKA",
        "Ship From Country": "IN",
        "Ship From Postal Code": "560001",
        "Ship To City": to.city,
        "Ship To State": to.state,
        "Ship To Country": "IN",
        "Ship To Postal Code": to.postal_code,
        "Invoice Amount": plain(line.net + line.tax, "INR"),
        "Tax Exclusive Gross": plain(line.net, "INR"),
        "Total Tax Amount": plain(line.tax, "INR"),
        "Cgst Rate": str(halved),
        "Sgst Rate": str(halved),
        "Utgst Rate": "0",
        "Igst Rate": "0" if line.within_state else str(rate),
        "Principal Amount": plain(line.net + line.tax, "INR"),
        "Principal Amount Basis": plain(line.net, "INR"),
        "Cgst Tax": plain(line.tax - line.half if line.within_state else 0, "INR"),
        "Sgst Tax": plain(line.half if line.within_state else 0, "INR"),
        "Utgst Tax": "0",
        "Igst Tax": plain(0 if line.within_state else line.tax, "INR"),
        "Tcs Cgst Rate": "0.0025" if line.within_state else "0",
        "Tcs Cgst Amount": plain(line.tcs - tcs_half if line.within_state else 0, "INR"),
        "Tcs Sgst Rate": "0.0025" if line.within_state else "0",
        "Tcs Sgst Amount": plain(tcs_half if line.within_state else 0, "INR"),
        "Tcs Igst Rate": "0" if line.within_state else "0.005",
        "Tcs Igst Amount": plain(0 if line.within_state else line.tcs, "INR"),
        "Warehouse Id": warehouse,
        "Fulfillment Channel": line.event.entry.fulfillment_id,
        "Payment Method Code": "COD" if line.event.stream.name.endswith("cod") else "Other",
        "Credit Note No": line.credit_note,
        "Credit Note Date": _local(line.at) if line.credit_note else "",
    }
    if line.business:
        cells |= {
            "Bill To City": to.city,
            "Bill To State": to.state,
            "Bill To Country": "IN",
            "Bill To Postalcode": to.postal_code,
            "Customer Bill To Gstid": f"29{code(10, entry.order_id, 'buyer')}2ZE",
            "Buyer Name": "Shop & Co",
        }
    if (buyer := buyer_of(entry.order_id)) is not None:
        cells["Ship To City"] = buyer.city
        if line.business:
            cells |= {"Buyer Name": buyer.name, "Bill To City": buyer.city, "Customer Ship To Gstid": buyer.tax_number}
    return cells
