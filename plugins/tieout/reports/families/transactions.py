"""Transactions: every movement of the balance, deferred ones too, broken down to its leaves.

Finances API 2024-06-19, listTransactions (github.com/amzn/selling-partner-api-models models/finances-api-model/
finances_2024-06-19.json). A breakdown is a tree in which a node repeats the sum of what is below it: a row is a leaf, and
leaves alone may be added up. The leaves of the whole transaction have no `item_no`; each item tells the part of them that is
its own once more, with its `item_no`. A transaction without a breakdown is one row without a leaf.

The status of a transaction changes (DEFERRED becomes DEFERRED_RELEASED, and a RELEASED one appears), and some appear days
late. A deferred sale waits for its delivery and a week (DD7), or for a business to pay its invoice within thirty days: hence
the overlap of 31 days, and once more after 45 and 60.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Mapping
from typing import Any

from tieout.reports.family import Family, Format, Obtained, Question, Scope, currency, instant, money, text, whole
from tieout.reports.json_values import (
    Asked,
    account_type,
    amount,
    contexts,
    instant_fields,
    items,
    listed,
    numbered_leaves,
    part,
    related,
)

_RELATED = {
    "ORDER_ID": "order_id", "SETTLEMENT_ID": "settlement_id", "FINANCIAL_EVENT_GROUP_ID": "event_group_id",
    "DEFERRED_TRANSACTION_ID": "deferred_transaction_id", "RELEASE_TRANSACTION_ID": "release_transaction_id",
}  # fmt: skip


def read(answer: Any, asked: Asked | None = None) -> Iterator[dict[str, Any]]:
    """Yields the rows of an answer."""
    asked = asked or Asked()
    for each in listed(answer, "transactions"):
        common = _common(each, asked)
        for leaf in numbered_leaves(each.get("breakdowns"), common["currency"]):
            yield common | leaf
        for place, item in enumerate(items(each.get("items"), "items"), start=1):
            of_item = common | _item(item) | {"item_no": place}
            for leaf in numbered_leaves(item.get("breakdowns"), common["currency"]):
                yield of_item | leaf


def _common(each: Mapping[str, Any], asked: Asked) -> dict[str, Any]:
    code, total = amount(each.get("totalAmount"))
    identifiers = related(each.get("relatedIdentifiers"))
    deferred = contexts(each.get("contexts")).get("DeferredContext", {})
    marketplace = part(each, "marketplaceDetails")
    partner = part(each, "sellingPartnerMetadata")
    status = each.get("transactionStatus")
    others = {name: value for name, value in identifiers.items() if name not in _RELATED}
    return {
        "transaction_id": each.get("transactionId") or asked.id_of(each),
        "transaction_type": each.get("transactionType"),
        # Amazon's example has Released where its model has RELEASED
        "transaction_status": status.upper() if isinstance(status, str) else None,
        "description": each.get("description"),
        "currency": code,
        "total_amount": total,
        "marketplace_id": marketplace.get("marketplaceId") or partner.get("marketplaceId"),
        "marketplace_name": marketplace.get("marketplaceName"),
        "account_type": account_type(partner.get("accountType")),
        **{column: identifiers.get(name) for name, column in _RELATED.items()},
        "deferral_reason": deferred.get("deferralReason"),
        **instant_fields("matures", deferred.get("maturityDate")),
        **instant_fields("posted", each.get("postedDate")),
        "extra": json.dumps(others, ensure_ascii=False, default=str) if others else None,
    }


def _item(item: Mapping[str, Any]) -> dict[str, Any]:
    product = contexts(item.get("contexts")).get("ProductContext", {})
    identifiers = [
        each.get("itemRelatedIdentifierValue") for each in items(item.get("relatedIdentifiers"), "relatedIdentifiers")
    ]
    _, total = amount(item.get("totalAmount"))
    return {
        "item_id": next((each for each in identifiers if each), None),
        "item_amount": total,
        "sku": product.get("sku"),
        "asin": product.get("asin"),
        "quantity": product.get("quantityShipped"),
        "fulfillment_network": product.get("fulfillmentNetwork"),
    }


FAMILY = Family(
    name="transactions",
    title="a list of transactions",
    report_types=("listTransactions",),
    obtained=Obtained.ANSWERED,
    scope=Scope.ACCOUNT,
    format=Format.JSON,
    question=Question(
        path="/finances/2024-06-19/transactions",
        token="payload.nextToken",
        since="postedAfter",
        until="postedBefore",
    ),
    dated_by="posted_day",
    restated_after=(dt.timedelta(days=45), dt.timedelta(days=60)),
    longest_window=dt.timedelta(days=31),
    overlap=dt.timedelta(days=31),
    earliest=dt.timedelta(days=730),
    columns=(
        text("transaction_id", required=True),
        text("transaction_type"),
        text("transaction_status"),
        text("description"),
        instant("posted"),
        currency("currency"),
        money("total_amount"),
        text("marketplace_id"),
        text("marketplace_name"),
        text("account_type"),
        text("order_id"),
        text("settlement_id"),
        text("event_group_id"),
        text("deferred_transaction_id"),
        text("release_transaction_id"),
        text("deferral_reason"),
        instant("matures"),
        whole("item_no"),
        text("item_id"),
        money("item_amount"),
        text("sku"),
        text("asin"),
        whole("quantity"),
        text("fulfillment_network"),
        whole("leaf_no"),
        text("leaf_path"),
        currency("leaf_currency"),
        money("leaf_amount", currency="leaf_currency"),
    ),
    key=("transaction_id",),
    repeats=True,
    recognised_by=("transaction_id", "transaction_status"),
    json_keys=("transactions",),
    extra_names=("SHIPMENT_ID", "REFUND_ID", "INVOICE_ID", "DISBURSEMENT_ID", "TRANSFER_ID"),
    read_json=read,
)
