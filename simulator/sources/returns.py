"""What buyers send back: to Amazon's fulfilment centres, and to the seller.

A refund that a buyer asked for has a return; one that Amazon or a bank decided has none, and some buyers keep the goods.
Some returns reach the report days after their date, and some change what becomes of them weeks later.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import Any

from simulator.clock import iso_z
from simulator.marketplaces import MARKETPLACES
from simulator.sources.book import Book, centre
from simulator.sources.chance import code, hours, number, one_of
from simulator.sources.files import Ask, File, encoded, month_name_day, offset_time, plain, tsv
from simulator.sources.goods import goods
from simulator.sources.persons import buyer_of
from simulator.sources.places import local_zone

LATE = dt.timedelta(days=9)
"""How much later than its date the report tells one return in twelve."""
GRADED_AFTER = dt.timedelta(days=4)
RESTATED_AFTER = dt.timedelta(days=25)
"""When Amazon reimburses a damaged unit that it had called returned to the inventory."""

_DISPOSITIONS = ("SELLABLE", "SELLABLE", "SELLABLE", "CUSTOMER_DAMAGED", "DEFECTIVE")
_REASONS = ("UNWANTED_ITEM", "DEFECTIVE", "NOT_AS_DESCRIBED", "ORDERED_WRONG_ITEM")
_COMMENTS = ("", "", "", 'it "broke"', "wrong size", "arrived too late")
_FBA_COLUMNS = (
    "return-date", "order-id", "sku", "asin", "fnsku", "product-name", "quantity", "fulfillment-center-id",
    "detailed-disposition", "reason", "status", "license-plate-number", "customer-comments",
)  # fmt: skip
_FBA_SPANISH = (
    "fecha-de-devolución", "identificador-del-pedido", "sku", "asin", "fnsku", "nombre-del-producto", "cantidad",
    "identificador-del-centro-logístico", "disposición-detallada", "motivo", "estado", "número-de-matrícula",
    "comentarios-del-cliente",
)  # fmt: skip
_COLUMNS = (
    "Order ID", "Order date", "Return request date", "Return request status", "Amazon RMA ID", "Merchant RMA ID",
    "Label type", "Label cost", "Currency code", "Return carrier", "Tracking ID", "Label to be paid by", "A-to-Z Claim",
    "Is prime", "ASIN", "Merchant SKU", "Item Name", "Return quantity", "Return Reason", "In policy", "Return type",
    "Resolution", "Invoice number", "Return delivery date", "Order Amount", "Order quantity", "SafeT Action reason",
    "SafeT claim id", "SafeT claim state", "SafeT claim creation time", "SafeT claim reimbursement amount",
    "Refunded Amount",
)  # fmt: skip


@dataclass(frozen=True)
class FbaReturn:
    """A unit group that came back to a fulfilment centre."""

    country: str
    returned_at: dt.datetime
    told_at: dt.datetime
    order_id: str
    sku: str
    quantity: int
    centre: str
    disposition: str
    reason: str
    status: str
    plate: str
    comments: str


@dataclass(frozen=True)
class Return:
    """What a buyer asked to send back to the seller. Amounts in the currency's smallest unit."""

    country: str
    currency: str
    order_id: str
    ordered_at: dt.datetime
    requested_at: dt.datetime
    status: str
    rma_id: str
    label_cost: int
    sku: str
    quantity: int
    reason: str
    delivered_at: dt.datetime | None
    order_amount: int
    refunded: int | None


def fba_returns(book: Book, now: dt.datetime) -> list[FbaReturn]:
    """Every return to Amazon that the report tells at an instant."""
    found = []
    for each in book.remember(_fba_returns):
        if each.told_at <= now:
            found.append(_graded(each, now))
    return found


def all_fba_returns(book: Book) -> list[FbaReturn]:
    """Every return to Amazon, those to come included; ungraded."""
    return book.remember(_fba_returns)


def returns(book: Book, now: dt.datetime) -> list[Return]:
    """Every return to the seller that was asked for by an instant."""
    found = []
    for event in book.refunds:
        if event.by_amazon or event.is_charged_back:
            continue
        order = book.order_of.get(event.entry.order_id)
        if order is None:
            continue
        order_id = event.entry.order_id
        requested_at = max(
            event.shown_at - hours(72, 200, order_id, "requested"), order.shown_at + dt.timedelta(hours=6)
        )
        requested_at = min(requested_at, event.shown_at)
        if requested_at > now:
            continue
        delivered_at = event.shown_at - hours(2, 40, order_id, "delivered")
        delivered_at = max(delivered_at, requested_at)
        refunded = event.shown_at <= now
        status = (
            "Completed"
            if refunded
            else "Approved"
            if now > requested_at + dt.timedelta(hours=20)
            else "PendingApproval"
        )
        for sold in event.sold:
            bought = next(each for each in order.sold if each.item.order_item_code == sold.item.order_item_code)
            found.append(
                Return(
                    country=event.country,
                    currency=event.entry.currency,
                    order_id=order_id,
                    ordered_at=order.purchased_at,
                    requested_at=requested_at,
                    status=status,
                    rma_id="D" + code(9, order_id, "rma") + "RRMA",
                    label_cost=abs(bought.sum_of("ItemFees", "Commission")) // 3,
                    sku=sold.item.sku,
                    quantity=sold.quantity,
                    reason="CR-" + one_of(_REASONS, order_id, "reason"),
                    delivered_at=delivered_at if delivered_at <= now else None,
                    order_amount=bought.sum_of("ItemPrice", "Principal", "Tax"),
                    refunded=-sold.sum_of("ItemPrice", "Principal", "Tax") if refunded else None,
                )
            )
    return sorted(found, key=lambda each: (each.requested_at, each.order_id))


def fba_truth(book: Book, now: dt.datetime) -> list[dict[str, Any]]:
    """A row a return to Amazon."""
    return [
        {
            "account": book.seller.key,
            "marketplace_id": MARKETPLACES[each.country].id,
            "order_id": each.order_id,
            "sku": each.sku,
            "fnsku": goods(book.seller.key, each.sku).fnsku,
            "license_plate_number": each.plate,
            "returned_day": each.returned_at.astimezone(local_zone(each.country)).date().isoformat(),
            "returned_at": iso_z(each.returned_at),
            "quantity": each.quantity,
            "detailed_disposition": each.disposition,
            "reason": each.reason,
            "status": each.status or None,
        }
        for each in fba_returns(book, now)
    ]


def truth(book: Book, now: dt.datetime) -> list[dict[str, Any]]:
    """A row a return to the seller."""
    return [
        {
            "account": book.seller.key,
            "marketplace_id": MARKETPLACES[each.country].id,
            "order_id": each.order_id,
            "amazon_rma_id": each.rma_id,
            "merchant_sku": each.sku,
            "return_request_date": each.requested_at.date().isoformat(),
            "return_request_status": each.status,
            "return_quantity": each.quantity,
            "currency_code": each.currency,
            "label_cost": plain(each.label_cost, each.currency),
            "order_amount": plain(each.order_amount, each.currency),
            "refunded_amount": None if each.refunded is None else plain(each.refunded, each.currency),
        }
        for each in returns(book, now)
    ]


def write_fba(ask: Ask) -> File:
    """GET_FBA_FULFILLMENT_CUSTOMER_RETURNS_DATA."""
    rows = []
    for each in fba_returns(ask.book, ask.now):
        if each.country not in ask.countries or not ask.covers(each.returned_at):
            continue
        product = goods(ask.seller.key, each.sku)
        rows.append(
            (
                offset_time(each.returned_at, local_zone(each.country)), each.order_id, each.sku, product.asin,
                product.fnsku, product.title, str(each.quantity), each.centre, each.disposition, each.reason, each.status,
                each.plate, each.comments,
            )
        )  # fmt: skip
    spanish = ask.seller.key == "ember_eu" and "GB" not in ask.countries
    return encoded(tsv(_FBA_SPANISH if spanish else _FBA_COLUMNS, rows), len(rows), ask.style)


def write(ask: Ask) -> File:
    """GET_FLAT_FILE_RETURNS_DATA_BY_RETURN_DATE."""
    rows = []
    for each in returns(ask.book, ask.now):
        if each.country not in ask.countries or not ask.covers(each.requested_at):
            continue
        product = goods(ask.seller.key, each.sku)
        cells = {
            "Order ID": each.order_id,
            "Order date": month_name_day(each.ordered_at.date()),
            "Return request date": month_name_day(each.requested_at.date()),
            "Return request status": each.status,
            "Amazon RMA ID": each.rma_id,
            "Label type": "AmazonUnPaidLabel",
            "Label cost": plain(each.label_cost, each.currency),
            "Currency code": each.currency,
            "Return carrier": "DHL",
            "Tracking ID": "00340000" + str(number(each.order_id, "tracking", below=10**9)),
            "Label to be paid by": "Customer",
            "A-to-Z Claim": "N",
            "Is prime": "N",
            "ASIN": product.asin,
            "Merchant SKU": each.sku,
            "Item Name": product.title,
            "Return quantity": str(each.quantity),
            "Return Reason": each.reason,
            "In policy": "Y",
            "Return type": "C-Returns",
            "Resolution": "StandardRefund",
            "Return delivery date": month_name_day(each.delivered_at.date()) if each.delivered_at else "",
            "Order Amount": plain(each.order_amount, each.currency),
            "Order quantity": str(each.quantity),
            "Refunded Amount": "" if each.refunded is None else plain(each.refunded, each.currency),
        }
        if (buyer := buyer_of(each.order_id)) is not None:
            cells["SafeT Action reason"] = buyer.comment
        rows.append([cells.get(name, "") for name in _COLUMNS])
    return encoded(tsv(_COLUMNS, rows), len(rows), ask.style)


def _fba_returns(book: Book) -> list[FbaReturn]:
    found = []
    for event in book.refunds:
        order = book.order_of.get(event.entry.order_id)
        if order is None or not event.by_amazon or event.is_charged_back:
            continue
        order_id = event.entry.order_id
        if number(order_id, "keeps the goods", below=100) < 12:
            continue
        returned_at = max(event.shown_at - hours(5, 50, order_id, "returned"), order.shown_at + dt.timedelta(hours=4))
        late = LATE if number(order_id, "late return", below=12) == 0 else dt.timedelta(hours=3)
        for sold in event.sold:
            found.append(
                FbaReturn(
                    country=event.country,
                    returned_at=returned_at,
                    told_at=returned_at + late,
                    order_id=order_id,
                    sku=sold.item.sku,
                    quantity=sold.quantity,
                    centre=centre(event.country, order_id, sold.item.sku),
                    disposition=one_of(_DISPOSITIONS, order_id, sold.item.sku, "disposition"),
                    reason=one_of(_REASONS, order_id, "reason"),
                    status="",
                    plate="LPNRR" + code(8, order_id, sold.item.order_item_code, "plate"),
                    comments=buyer.comment if (buyer := buyer_of(order_id)) else one_of(_COMMENTS, order_id, "comment"),
                )
            )
    return sorted(found, key=lambda each: (each.returned_at, each.order_id))


def _graded(each: FbaReturn, now: dt.datetime) -> FbaReturn:
    if now < each.returned_at + GRADED_AFTER:
        return each
    damaged = each.disposition != "SELLABLE" and number(each.order_id, "reimbursed", below=3) == 0
    status = "Reimbursed" if damaged and now >= each.returned_at + RESTATED_AFTER else "Unit returned to inventory"
    return replace(each, status=status)
