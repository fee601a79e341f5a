"""FBA reimbursements: those in money are entries of the ledger; those in goods cost nobody money.

Weeks later Amazon names the case that some belong to, and takes back some of those in goods because it found the unit.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from simulator.activity import catalogue
from simulator.clock import iso_z
from simulator.marketplaces import MARKETPLACES
from simulator.sources.book import Book
from simulator.sources.chance import number
from simulator.sources.files import Ask, File, encoded, offset_time, plain, tsv
from simulator.sources.goods import goods
from simulator.sources.places import local_zone

CASE_AFTER = dt.timedelta(days=20)
REVERSED_AFTER = dt.timedelta(days=24)

_REASONS = {
    "REVERSAL_REIMBURSEMENT": "CustomerReturn",
    "WAREHOUSE_DAMAGE": "Damaged_Warehouse",
    "WAREHOUSE_LOST": "Lost_Warehouse",
    "MISSING_FROM_INBOUND": "Lost_Inbound",
}
_COLUMNS = (
    "approval-date", "reimbursement-id", "case-id", "amazon-order-id", "reason", "sku", "fnsku", "asin", "product-name",
    "condition", "currency-unit", "amount-per-unit", "amount-total", "quantity-reimbursed-cash",
    "quantity-reimbursed-inventory", "quantity-reimbursed-total", "original-reimbursement-id",
    "original-reimbursement-type",
)  # fmt: skip


@dataclass(frozen=True)
class Reimbursement:
    """One reimbursement of a SKU. The amount in the currency's smallest unit."""

    country: str
    currency: str
    approved_at: dt.datetime
    id: str
    case_id: str
    reason: str
    sku: str
    amount: int
    cash: int
    inventory: int
    original_id: str = ""
    original_type: str = ""


def reimbursements(book: Book, now: dt.datetime) -> list[Reimbursement]:
    """Every reimbursement that was approved by an instant, in the order of its date."""
    found = []
    for each in book.remember(all_reimbursements):
        if each.approved_at <= now:
            known = now >= each.approved_at + CASE_AFTER
            found.append(each if known or not each.case_id else _without_case(each))
    return found


def all_reimbursements(book: Book) -> list[Reimbursement]:
    """Every reimbursement as it ends, those to come included."""
    found = []
    for event in book.events:
        for sold in event.sold:
            minor = sum(minor for minor, line in sold.lines if line.category == "reimbursements")
            if minor:
                reason = _REASONS[sold.lines[0][1].amount_description]
                identity = event.entry.adjustment_id
                case = str(7 * 10**9 + number(identity, "case", below=10**9)) if number(identity, below=5) == 0 else ""
                found.append(
                    Reimbursement(
                        event.country, event.entry.currency, event.entry.posted_at, identity, case, reason,
                        sold.item.sku, minor, 1, 0,
                    )
                )  # fmt: skip
    found += _in_goods(book)
    return sorted(found, key=lambda each: (each.approved_at, each.id))


def truth(book: Book, now: dt.datetime) -> list[dict[str, Any]]:
    """A row a reimbursement and SKU."""
    return [
        {
            "account": book.seller.key,
            "marketplace_id": MARKETPLACES[each.country].id,
            "reimbursement_id": each.id,
            "sku": each.sku,
            "fnsku": goods(book.seller.key, each.sku).fnsku,
            "reason": each.reason,
            "approved_at": iso_z(each.approved_at),
            "case_id": each.case_id or None,
            "currency_unit": each.currency,
            "amount_total": plain(each.amount, each.currency),
            "quantity_reimbursed_cash": each.cash,
            "quantity_reimbursed_inventory": each.inventory,
            "quantity_reimbursed_total": each.cash + each.inventory,
            "original_reimbursement_id": each.original_id or None,
        }
        for each in reimbursements(book, now)
    ]


def write(ask: Ask) -> File:
    """GET_FBA_REIMBURSEMENTS_DATA."""
    rows = []
    for each in reimbursements(ask.book, ask.now):
        if each.country not in ask.countries or not ask.covers(each.approved_at):
            continue
        product = goods(ask.seller.key, each.sku)
        amount = plain(each.amount, each.currency)
        rows.append(
            (
                offset_time(each.approved_at, local_zone(each.country)), each.id, each.case_id, "", each.reason, each.sku,
                product.fnsku, product.asin, product.title, "Sellable", each.currency, amount, amount, str(each.cash),
                str(each.inventory), str(each.cash + each.inventory), each.original_id, each.original_type,
            )
        )  # fmt: skip
    return encoded(tsv(_COLUMNS, rows), len(rows), ask.style)


def _in_goods(book: Book) -> list[Reimbursement]:
    """A unit for a unit, in some periods; some are taken back."""
    found = []
    for period in book.periods:
        stream = period.stream
        draw = Random(f"{book.world.seed}/{book.seller.key}/{stream.name}/{period.number}/in goods")
        if stream.invoiced or draw.random() > 0.4 * min(1, stream.cycle_days / 14):
            continue
        span = int((period.end - period.start).total_seconds())
        approved_at = period.start + dt.timedelta(seconds=draw.randrange(span))
        sku = draw.choice(catalogue(book.world.seed, book.seller, stream)).sku
        country, currency = stream.countries[0], stream.currency
        identity = str(draw.randrange(10**9, 10**10))
        found.append(Reimbursement(country, currency, approved_at, identity, "", "Lost_Warehouse", sku, 0, 0, 1))
        if draw.random() < 0.5:
            found.append(
                Reimbursement(
                    country, currency, approved_at + REVERSED_AFTER, str(draw.randrange(10**9, 10**10)), "",
                    "Reimbursement_Reversal", sku, 0, 0, -1, identity, "Lost_Warehouse",
                )
            )  # fmt: skip
    return found


def _without_case(each: Reimbursement) -> Reimbursement:
    return replace(each, case_id="")
