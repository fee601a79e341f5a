"""All orders: what was bought, in the state it is in.

An order is pending, then waits for its shipment, is shipped, and may come back. Each change moves its last update, so
that a report by last update gives it again. Some are cancelled before they cost anything, and leave no trace in the
ledger.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from random import Random
from typing import Any, Literal

from simulator.activity import catalogue
from simulator.clock import iso_z
from simulator.marketplaces import MARKETPLACES
from simulator.sources.book import Book, Event, Sold
from simulator.sources.chance import code, hours, number, one_of
from simulator.sources.files import Ask, File, encoded, offset_time, plain, tsv
from simulator.sources.goods import goods
from simulator.sources.persons import buyer_of
from simulator.sources.places import PLACES, order_zone

Status = Literal["Pending", "Unshipped", "Shipped", "Shipped - Returned to Seller", "Cancelled"]

_AMOUNTS = (
    "item-price", "item-tax", "shipping-price", "shipping-tax", "gift-wrap-price", "gift-wrap-tax",
    "item-promotion-discount", "ship-promotion-discount",
)  # fmt: skip
_SHORT = (
    "amazon-order-id", "merchant-order-id", "purchase-date", "last-updated-date", "order-status", "fulfillment-channel",
    "sales-channel", "order-channel", "ship-service-level", "product-name", "sku", "asin", "item-status", "quantity",
    "currency", *_AMOUNTS, "ship-city", "ship-state", "ship-postal-code", "ship-country", "promotion-ids",
)  # fmt: skip
_AMERICAN = (*_SHORT, "is-business-order", "purchase-order-number", "price-designation")
_EUROPEAN = (
    *_SHORT[:7], "order-channel", "url", *_SHORT[8:11], "asin", "number-of-items", "item-status", "tax-collection-model",
    "tax-collection-responsible-party", "quantity", "currency", *_AMOUNTS, "vat-exclusive-item-price",
    "vat-exclusive-shipping-price", "vat-exclusive-giftwrap-price", "address-type", "ship-city", "ship-state",
    "ship-postal-code", "ship-country", "promotion-ids", "payment-method-details", "cpf", "item-extensions-data",
    "is-business-order", "purchase-order-number", "price-designation", "fulfilled-by", "buyer-company-name",
    "buyer-cst-number", "buyer-vat-number", "buyer-tax-registration-id", "buyer-tax-registration-country",
    "buyer-tax-registration-type", "buyer-citizen-name", "buyer-citizen-id", "customized-url", "customized-page",
    "is-amazon-invoiced", "is-replacement-order", "is-exchange-order", "original-order-id", "is-iba", "is-transparency",
    "is-ispu-order", "is-pickup-point-order", "pickup-point-type", "store-chain-store-id", "licensee-name",
    "license-number", "license-state", "license-expiration-date", "ioss-number", "order-invoice-type",
    "invoice-business-legal-name", "invoice-business-address", "invoice-business-tax-id", "invoice-business-tax-office",
    *(f"{kind}-ship-from-{part}" for kind in ("default", "actual") for part in (
        "address-name", "address-field-1", "address-field-2", "address-field-3", "city", "state", "country", "postal-code",
    )),
    "serial-numbers", "signature-confirmation-recommended",
)  # fmt: skip
_SPANISH = {
    "amazon-order-id": "identificador-del-pedido-de-amazon",
    "merchant-order-id": "identificador-del-pedido-del-comerciante",
    "purchase-date": "fecha-de-la-compra",
    "last-updated-date": "fecha-de-la-última-actualización",
    "order-status": "estado-del-pedido",
    "fulfillment-channel": "canal-de-gestión-logística",
    "sales-channel": "canal-de-venta",
    "order-channel": "canal-del-pedido",
    "ship-service-level": "nivel-de-servicio-de-envío",
    "product-name": "nombre-del-producto",
    "item-status": "estado-del-artículo",
    "quantity": "cantidad",
    "currency": "divisa",
    "item-price": "precio-del-artículo",
    "item-tax": "impuesto-del-artículo",
    "shipping-price": "precio-del-envío",
    "shipping-tax": "impuesto-del-envío",
    "gift-wrap-price": "precio-del-envoltorio",
    "gift-wrap-tax": "impuesto-del-envoltorio",
    "item-promotion-discount": "descuento-promocional-del-artículo",
    "ship-promotion-discount": "descuento-promocional-del-envío",
    "ship-city": "ciudad-de-envío",
    "ship-state": "provincia-de-envío",
    "ship-postal-code": "código-postal-de-envío",
    "ship-country": "país-de-envío",
    "promotion-ids": "identificadores-de-promoción",
    "is-business-order": "es-pedido-de-empresa",
    "purchase-order-number": "número-de-orden-de-compra",
    "price-designation": "designación-de-precio",
}
_SPANISH_ACCOUNT = "ember_eu"
_EUROPE = frozenset({"IE", "ES", "GB", "FR", "BE", "NL", "DE", "IT", "SE", "PL"})


@dataclass(frozen=True)
class OrderLine:
    """One item of an order as it stands. Amounts in the currency's smallest unit; None before Amazon tells them."""

    country: str
    order_id: str
    merchant_order_id: str
    purchased_at: dt.datetime
    updated_at: dt.datetime
    status: Status
    by_amazon: bool
    sales_channel: str
    sku: str
    quantity: int
    currency: str | None
    amounts: dict[str, int] | None
    promotion_ids: str
    business: bool


def order_lines(book: Book, now: dt.datetime, ask: Ask | None = None, *, by: str = "updated_at") -> list[OrderLine]:
    """Every item that was ordered by an instant, in the order of its last update.

    :param ask: only what such a report covers.
    :param by: the date that decides about it: `updated_at` or `purchased_at`.
    """
    found = []
    for event in book.orders:
        if event.purchased_at > now or (ask and event.country not in ask.countries):
            continue
        status, updated_at = _status(book, event, now)
        if ask is None or ask.covers(updated_at if by == "updated_at" else event.purchased_at):
            found += _lines(event, status, updated_at)
    for line in _cancelled_by(book, now):
        if ask is None or (line.country in ask.countries and ask.covers(getattr(line, by))):
            found.append(line)
    return sorted(found, key=lambda line: (line.updated_at, line.order_id))


def truth(book: Book, now: dt.datetime) -> list[dict[str, Any]]:
    """What a report of all orders says, a row an item."""
    return [
        {
            "account": book.seller.key,
            "amazon_order_id": line.order_id,
            "sku": line.sku,
            "asin": goods(book.seller.key, line.sku).asin,
            "marketplace_id": MARKETPLACES[line.country].id,
            "purchase_at": iso_z(line.purchased_at),
            "last_updated_at": iso_z(line.updated_at),
            "order_status": line.status,
            "quantity": line.quantity,
            "currency": line.currency,
            **{
                name.replace("-", "_"): None if line.amounts is None else plain(line.amounts[name], line.currency or "")
                for name in _AMOUNTS
            },
        }
        for line in order_lines(book, now)
    ]


def by_last_update(ask: Ask) -> File:
    """GET_FLAT_FILE_ALL_ORDERS_DATA_BY_LAST_UPDATE_GENERAL."""
    return _write(ask, order_lines(ask.book, ask.now, ask))


def by_order_date(ask: Ask) -> File:
    """GET_FLAT_FILE_ALL_ORDERS_DATA_BY_ORDER_DATE_GENERAL."""
    return _write(ask, order_lines(ask.book, ask.now, ask, by="purchased_at"))


def _write(ask: Ask, lines: list[OrderLine]) -> File:
    names = _columns(ask)
    header = [_SPANISH.get(name, name) for name in names] if _is_spanish(ask) else names
    rows = [_cells(ask.seller.key, line, names) for line in lines]
    return encoded(tsv(header, rows), len(rows), ask.style)


def _is_spanish(ask: Ask) -> bool:
    return ask.seller.key == _SPANISH_ACCOUNT and "GB" not in ask.countries


def _columns(ask: Ask) -> tuple[str, ...]:
    if _is_spanish(ask):
        return (*_AMERICAN[:10], "sku", "asin", *_AMERICAN[12:])
    if ask.countries[0] == "JP":
        return _SHORT
    return _EUROPEAN if ask.countries[0] in _EUROPE else _AMERICAN


def _lines(event: Event, status: Status, updated_at: dt.datetime) -> list[OrderLine]:
    entry = event.entry
    told = status != "Pending" and not event.is_multi_channel
    found = []
    for sold in event.sold:
        # what Amazon does not sell itself has no price
        amounts = _amounts(sold) if told else None
        found.append(
            OrderLine(
                country=event.country,
                order_id=entry.order_id,
                merchant_order_id=entry.merchant_order_id,
                purchased_at=event.purchased_at,
                updated_at=updated_at,
                status=status,
                by_amazon=event.by_amazon,
                sales_channel=entry.marketplace_name or MARKETPLACES[event.country].name,
                sku=sold.item.sku,
                quantity=sold.quantity,
                currency=entry.currency if told else None,
                amounts=amounts,
                promotion_ids=",".join(dict.fromkeys(line.promotion_id for _, line in sold.lines if line.promotion_id)),
                business=event.deferral == "B2B",
            )
        )
    return found


def _status(book: Book, event: Event, now: dt.datetime) -> tuple[Status, dt.datetime]:
    history: list[tuple[dt.datetime, Status]] = [
        (event.purchased_at, "Pending"),
        (
            event.purchased_at + dt.timedelta(seconds=1800 + number(event.entry.order_id, "payment", below=3600)),
            "Unshipped",
        ),
        (event.shown_at, "Shipped"),
    ]
    refund = book.refund_of.get(event.entry.order_id)
    if refund is not None:
        came_back = not event.by_amazon and not refund.is_charged_back
        history.append((refund.shown_at, "Shipped - Returned to Seller" if came_back else "Shipped"))
    at, status = next((at, status) for at, status in reversed(history) if at <= now)
    return status, at


def _amounts(sold: Sold) -> dict[str, int]:
    return {
        "item-price": sold.sum_of("ItemPrice", "Principal"),
        "item-tax": sold.sum_of("ItemPrice", "Tax"),
        "shipping-price": sold.sum_of("ItemPrice", "Shipping"),
        "shipping-tax": sold.sum_of("ItemPrice", "ShippingTax"),
        "gift-wrap-price": sold.sum_of("ItemPrice", "GiftWrap"),
        "gift-wrap-tax": sold.sum_of("ItemPrice", "GiftWrapTax"),
        "item-promotion-discount": -sold.sum_of("Promotion", "Principal"),
        "ship-promotion-discount": -sold.sum_of("Promotion", "Shipping"),
    }


def _cancelled_by(book: Book, now: dt.datetime) -> list[OrderLine]:
    """Orders that were placed by an instant and are cancelled sooner or later."""
    found = []
    for each in book.remember(_cancelled):
        line = each
        if line.purchased_at > now:
            continue
        if line.updated_at > now:
            line = replace(line, updated_at=line.purchased_at, status="Pending", quantity=1)
        found.append(line)
    return found


def _cancelled(book: Book) -> list[OrderLine]:
    """Orders that were cancelled: a few a period, drawn apart from what the ledger is drawn from."""
    found = []
    for period in book.periods:
        stream = period.stream
        draw = Random(f"{book.world.seed}/{book.seller.key}/{stream.name}/{period.number}/cancelled")
        products = catalogue(book.world.seed, book.seller, stream)
        days = max(1, (period.end - period.start).days)
        for index in range(max(1, stream.orders * days // 14 * 3 // 100) if days > 1 or draw.random() < 0.2 else 0):
            country = draw.choice(stream.countries)
            purchased_at = period.start + dt.timedelta(seconds=draw.randrange(days * 86400))
            prefix = draw.choice(MARKETPLACES[country].order_prefixes)
            order_id = f"{prefix}-{draw.randrange(10**6, 10**7)}-{draw.randrange(10**6, 10**7)}"
            found.append(
                OrderLine(
                    country=country,
                    order_id=order_id,
                    merchant_order_id="",
                    purchased_at=purchased_at,
                    updated_at=purchased_at + hours(2, 30, order_id, "cancelled"),
                    status="Cancelled",
                    by_amazon=index % 2 == 0,
                    sales_channel=MARKETPLACES[country].name,
                    sku=draw.choice(products).sku,
                    quantity=0,
                    currency=None,
                    amounts=None,
                    promotion_ids="",
                    business=False,
                )
            )
    return found


def _cells(account: str, line: OrderLine, names: tuple[str, ...]) -> list[str]:
    zone = order_zone(line.country)
    address = one_of(PLACES[line.country], line.order_id)
    cells = {
        "amazon-order-id": line.order_id,
        "merchant-order-id": line.merchant_order_id,
        "purchase-date": offset_time(line.purchased_at, zone),
        "last-updated-date": offset_time(line.updated_at, zone),
        "order-status": line.status,
        "item-status": line.status.split(" - ")[0],
        "fulfillment-channel": "Amazon" if line.by_amazon else "Merchant",
        "sales-channel": line.sales_channel,
        "ship-service-level": "Expedited" if line.by_amazon else "Standard",
        "product-name": goods(account, line.sku).title,
        "sku": line.sku,
        "asin": goods(account, line.sku).asin,
        "quantity": str(line.quantity),
        "number-of-items": str(line.quantity),
        "currency": line.currency or "",
        "ship-city": address.city,
        "ship-state": address.state,
        "ship-postal-code": address.postal_code,
        "ship-country": line.country,
        "promotion-ids": line.promotion_ids,
        "is-business-order": "true" if line.business else "false",
        "purchase-order-number": "PO-" + code(6, line.order_id) if line.business else "",
        **dict.fromkeys(("is-iba", "is-replacement-order", "is-exchange-order", "is-transparency"), "false"),
    }
    if (buyer := buyer_of(line.order_id)) is not None:
        cells |= {
            "ship-city": buyer.city,
            "buyer-citizen-name": buyer.name,
            "buyer-vat-number": buyer.tax_number,
            "invoice-business-legal-name": buyer.name,
            "invoice-business-address": buyer.street,
            "customized-url": f"https://example.com/{buyer.email}",
        }
        if line.business:
            cells["purchase-order-number"] = buyer.phone
    if line.amounts is not None:
        cells |= {name: plain(minor, line.currency or "") for name, minor in line.amounts.items()}
    return [cells.get(name, "") for name in names]
