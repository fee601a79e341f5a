"""Transactions as the Finances API 2024-06-19 tells them: every event, with what it consists of as a tree.

A deferred event is told twice: when it is shipped, and when it is released. Only what is released belongs to an event
group, and to a settlement once that has closed. The API is late with some of them.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from simulator.clock import iso_z
from simulator.ledger import Entry, Line
from simulator.marketplaces import MARKETPLACES
from simulator.settlement_files import lines_of
from simulator.sources.book import Book, Event, Sold
from simulator.sources.chance import code, number
from simulator.sources.files import plain
from simulator.sources.goods import goods
from simulator.variants import Variant
from simulator.world import Period, Settlement

LATE = dt.timedelta(hours=30)
"""How much later than it is posted the API tells some transactions (its page: "might not include orders from the last 48
hours")."""

Path = tuple[str, ...]
_CHAIN = {
    "reserve_held": "ReserveDebit",
    "reserve_released": "ReserveCredit",
    "balance_carried": "DebtRecovery",
    "charge_to_seller": "ChargeToSeller",
    "failed_transfer": "FailedTransfer",
}
"""What one settlement leaves to the next, by category, with the transaction's type."""
_TYPES = {
    "Order": "Shipment",
    "Refund": "Refund",
    "A-to-z Guarantee Refund": "GuaranteeClaim",
    "Chargeback Refund": "Chargeback",
    "Order_Retrocharge": "Retrocharge",
    "ServiceFee": "ProductAdsPayment",
    "FBAFees": "ServiceFee",
    "AmazonFees": "ServiceFee",
    "Debt Adjustment": "DebtRecovery",
}
_OF_ITEMS: dict[tuple[str, str], Path] = {
    ("ItemPrice", "Principal"): ("Sales", "ProductCharges", "OurPricePrincipal"),
    ("ItemPrice", "Shipping"): ("Sales", "Shipping", "ShippingPrincipal"),
    ("ItemPrice", "GiftWrap"): ("Sales", "GiftWrap", "GiftWrapPrincipal"),
    ("ItemPrice", "Tax"): ("Tax", "TaxCollected", "OurPriceTax"),
    ("ItemPrice", "ShippingTax"): ("Tax", "TaxCollected", "ShippingTax"),
    ("ItemPrice", "GiftWrapTax"): ("Tax", "TaxCollected", "GiftWrapTax"),
    ("Promotion", "Principal"): ("Promotions", "OurPriceDiscount"),
    ("Promotion", "Shipping"): ("Promotions", "ShippingDiscount"),
    ("Promotion", "TaxDiscount"): ("Tax", "TaxCollected", "TaxDiscount"),
}


@dataclass(frozen=True, eq=False)
class Transaction:
    """One transaction. `settlement_id` and `group_id` are None for what belongs to none (yet)."""

    id: str
    type: str
    status: str
    description: str
    posted_at: dt.datetime
    visible_at: dt.datetime
    entry: Entry
    period: Period
    country: str
    sold: tuple[Sold, ...]
    group_id: str | None
    settlement_id: str | None
    deferral: str = ""
    matures_at: dt.datetime | None = None
    deferred_id: str | None = None
    release_id: str | None = None

    @property
    def total(self) -> int:
        """What all its lines come to, in the currency's smallest unit."""
        return sum(minor for minor, _ in lines_of(self.entry))

    @property
    def account_type(self) -> str:
        """Amazon's name of the line of settlements."""
        return account_type(self.period)


def account_type(period: Period | Settlement) -> str:
    """Amazon's name of a line of settlements."""
    if period.stream.name.endswith("_cod"):
        return "Cash on Delivery"
    return "Invoiced Orders" if period.stream.invoiced else "Standard Orders"


def group_id(period: Period) -> str:
    """The id of the event group of a period."""
    return code(43, period.seller.key, period.stream.name, period.number, "event group")


def transactions(
    book: Book, now: dt.datetime, after: dt.datetime | None = None, before: dt.datetime | None = None
) -> list[Transaction]:
    """Every transaction that the API tells at an instant, in the order of their time.

    :param after: only what is posted then or later.
    :param before: only what is posted earlier.
    """
    begin, end = after or dt.datetime.min.replace(tzinfo=dt.UTC), min(before or now + LATE, now + LATE)
    found = []
    for event in book.events:
        if event.shown_at < end and begin <= event.entry.posted_at:
            found += _of_event(event, now)
    for period, place, entry in chain(book, now):
        if not begin <= entry.posted_at < end:
            continue
        kind = _CHAIN[lines_of(entry)[0][1].category]
        found.append(_transaction(period, f"chain-{place}", entry, kind, now))
    told = [each for each in found if each.visible_at <= now and begin <= each.posted_at < end]
    return sorted(told, key=lambda each: (each.posted_at, each.id))


def chain(book: Book, now: dt.datetime) -> list[tuple[Period, int, Entry]]:
    """What settlements leave to one another: reserves, debts, transfers that came back; with a number in its period."""
    found = []
    closed = {(each.stream.name, each.number): each for each in book.world.settlements(book.seller, now)}
    for period in book.periods:
        settlement = closed.get((period.stream.name, period.number))
        if settlement is not None:
            entries = _chain_of(settlement)
        elif period.start <= now:
            opening = book.world.opening(book.seller, period.stream, period.number)
            entries = tuple(entry for entry in opening if entry.posted_at <= now)
        else:
            continue
        found += [(period, place, entry) for place, entry in enumerate(entries)]
    return found


@lru_cache(maxsize=10_000)
def _chain_of(settlement: Settlement) -> tuple[Entry, ...]:
    return tuple(entry for entry in settlement.entries if lines_of(entry)[0][1].category in _CHAIN)


def leaves(lines: list[tuple[int, Line]]) -> dict[Path, int]:
    """The leaves of a breakdown by their path, in the order of the lines."""
    found: dict[Path, int] = {}
    for minor, line in lines:
        path = path_of(line)
        found[path] = found.get(path, 0) + minor
    return found


def path_of(line: Line) -> Path:
    """Where the amount of a line stands in a breakdown."""
    known = _OF_ITEMS.get((line.amount_type, line.amount_description))
    if known is not None:
        return known
    match line.amount_type:
        case "ItemWithheldTax":
            return "Tax", "TaxWithheld", line.amount_description
        case "ItemFees":
            fba = line.category == "fulfillment_fees"
            return "Expenses", "FBAFees" if fba else "AmazonFees", line.amount_description
        case "ItemPrice" | "Points":
            return "Other", line.amount_description
        case "other-transaction":
            return (
                "Other" if line.category in ("reimbursements", "adjustments") else "Expenses",
                line.amount_description,
            )
    return "Expenses", line.amount_type, line.amount_description


def truth(book: Book, now: dt.datetime) -> list[dict[str, Any]]:
    """A row a leaf of a transaction, `item_no` None, and once more a row a leaf of each of its items."""
    rows = []
    for each in transactions(book, now):
        head: dict[str, Any] = {
            "account": book.seller.key,
            "transaction_id": each.id,
            "transaction_type": each.type,
            "transaction_status": each.status,
            "posted_at": iso_z(each.posted_at),
            "currency": each.entry.currency,
            "total_amount": plain(each.total, each.entry.currency),
            "settlement_id": each.settlement_id,
            "event_group_id": each.group_id,
            "order_id": each.entry.order_id or None,
            "deferral_reason": each.deferral or None,
            "deferred_transaction_id": each.deferred_id,
            "release_transaction_id": each.release_id,
            "marketplace_id": MARKETPLACES[each.country].id,
        }
        parts: list[tuple[int | None, str | None, list[tuple[int, Line]]]]
        parts = [(None, None, lines_of(each.entry))]
        parts += [(place, sold.item.sku, list(sold.lines)) for place, sold in enumerate(each.sold, start=1)]
        for item_no, sku, lines in parts:
            for path, minor in leaves(lines).items():
                amount = plain(minor, each.entry.currency)
                leaf = {"item_no": item_no, "sku": sku, "leaf_path": "/".join(path), "leaf_amount": amount}
                rows.append(head | leaf)
    return rows


def as_json(each: Transaction, partner: str, variant: Variant) -> dict[str, Any]:
    """A transaction in the shape of Amazon's model; amounts are marked with `MARK`.

    :param partner: the selling partner's id.
    :param variant: how Amazon writes the seller's answers.
    """
    currency = each.entry.currency
    marketplace = MARKETPLACES[each.country]
    contexts: list[dict[str, Any]] = []
    if each.deferral:
        assert each.matures_at is not None
        matures = each.matures_at.date().isoformat() if variant.has_days else iso_z(each.matures_at)
        contexts.append({"contextType": "DeferredContext", "deferralReason": each.deferral, "maturityDate": matures})
    body: dict[str, Any] = {
        "sellingPartnerMetadata": {
            "sellingPartnerId": partner,
            "accountType": "PAYABLE" if variant.is_payable else each.account_type,
            "marketplaceId": marketplace.id,
        },
        "relatedIdentifiers": _related(each),
        "transactionType": each.type,
        "transactionId": each.id,
        "transactionStatus": each.status,
        "description": each.description,
        "postedDate": iso_z(each.posted_at),
        "totalAmount": amount_json(each.total, currency),
        "marketplaceDetails": {
            "marketplaceId": marketplace.id,
            "marketplaceName": each.entry.marketplace_name or marketplace.name,
        },
        "items": [_item(each, sold, variant) for sold in each.sold],
        "contexts": contexts,
        "breakdowns": tree(leaves(lines_of(each.entry)), currency, variant),
    }
    return variant.without(body, "items", "contexts", "breakdowns")


MARK = "\x01"
"""Begins a text that JSON is to write as a number, digit by digit."""


def amount_json(minor: int, currency: str) -> dict[str, Any]:
    """An amount as the Finances API writes it."""
    return {"currencyCode": currency, "currencyAmount": MARK + plain(minor, currency)}


def tree(found: dict[Path, int], currency: str, variant: Variant) -> list[dict[str, Any]]:
    """A breakdown: each node says what the nodes below it come to."""
    children: dict[str, dict[Path, int]] = {}
    for path, minor in found.items():
        children.setdefault(path[0], {})[path[1:]] = minor
    nodes = []
    for name, below in children.items():
        node: dict[str, Any] = {
            "breakdownType": name,
            "breakdownAmount": amount_json(sum(below.values()), currency),
            "breakdowns": tree({path: minor for path, minor in below.items() if path}, currency, variant),
        }
        nodes.append(variant.without(node, "breakdowns"))
    return nodes


def _of_event(event: Event, now: dt.datetime) -> list[Transaction]:
    entry = event.entry
    category = lines_of(entry)[0][1].category
    kind = _TYPES.get(entry.transaction_type)
    if kind is None:
        kind = "Adjustment" if category in ("reimbursements", "adjustments") else "ServiceFee"
        if entry.transaction_type != "other-transaction":
            kind = entry.transaction_type
    found = []
    release_id = _id(event.period, event.number)
    deferred_id = _id(event.period, f"{event.number}-deferred") if event.deferral else None
    if deferred_id is not None:
        released = entry.posted_at <= now
        found.append(
            Transaction(
                id=deferred_id,
                type=kind,
                status="DEFERRED_RELEASED" if released else "DEFERRED",
                description="Order Payment",
                posted_at=event.shown_at,
                visible_at=event.shown_at,
                entry=entry,
                period=event.period,
                country=event.country,
                sold=event.sold,
                group_id=None,
                settlement_id=None,
                deferral=event.deferral,
                matures_at=entry.posted_at.replace(minute=0, second=0),
                release_id=release_id if released else None,
            )
        )
    if entry.posted_at <= now:
        found.append(_transaction(event.period, event.number, entry, kind, now, event.sold, deferred_id))
    return found


def _transaction(
    period: Period,
    place: int | str,
    entry: Entry,
    kind: str,
    now: dt.datetime,
    sold: tuple[Sold, ...] = (),
    deferred_id: str | None = None,
) -> Transaction:
    identity = _id(period, place)
    late = kind == "Shipment" and number(identity, "late", below=25) == 0
    line = lines_of(entry)[0][1]
    return Transaction(
        id=identity,
        type=kind,
        status="RELEASED",
        description="Order Payment" if kind == "Shipment" else line.amount_description,
        posted_at=entry.posted_at,
        visible_at=entry.posted_at + (LATE if late else dt.timedelta()),
        entry=entry,
        period=period,
        country=entry.marketplace or period.stream.countries[0],
        # a tree of the whole is all there is where an item does not hold all lines
        sold=sold if all(line.item is not None and line.item.sku for _, line in lines_of(entry)) else (),
        group_id=group_id(period),
        settlement_id=period.settlement_id if period.end <= now else None,
        deferred_id=deferred_id,
    )


def _id(period: Period, place: int | str) -> str:
    return code(43, period.seller.key, period.stream.name, period.number, place, "transaction")


def _related(each: Transaction) -> list[dict[str, str]]:
    found = {
        "ORDER_ID": each.entry.order_id,
        "SHIPMENT_ID": each.entry.shipment_id,
        "REFUND_ID": each.entry.adjustment_id if each.type == "Refund" else "",
        "FINANCIAL_EVENT_GROUP_ID": each.group_id,
        "SETTLEMENT_ID": each.settlement_id,
        "DEFERRED_TRANSACTION_ID": each.deferred_id,
        "RELEASE_TRANSACTION_ID": each.release_id,
    }
    return [{"relatedIdentifierName": n, "relatedIdentifierValue": value} for n, value in found.items() if value]


def _item(each: Transaction, sold: Sold, variant: Variant) -> dict[str, Any]:
    product = goods(each.period.seller.key, sold.item.sku)
    currency = each.entry.currency
    identity = sold.item.merchant_adjustment_item_id or sold.item.order_item_code
    related = [{"itemRelatedIdentifierName": "ORDER_ADJUSTMENT_ITEM_ID", "itemRelatedIdentifierValue": identity}]
    body: dict[str, Any] = {
        "description": product.title,
        "relatedIdentifiers": related if identity else [],
        "totalAmount": amount_json(sum(minor for minor, _ in sold.lines), currency),
        "breakdowns": tree(leaves(list(sold.lines)), currency, variant),
        "contexts": [
            {
                "contextType": "ProductContext",
                "asin": product.asin,
                "sku": product.sku,
                "quantityShipped": sold.quantity,
                "fulfillmentNetwork": each.entry.fulfillment_id or "AFN",
            }
        ],
    }
    return variant.without(body, "relatedIdentifiers")
