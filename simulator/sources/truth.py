"""What is true of every source at an instant, by the name of its family.

Rows are those of the facts, at the grain of the family's key: amounts as texts beside their currency, quantities as
numbers, instants as `2026-08-31T15:00:00Z`. They hold all that Amazon tells at that instant, whatever part of it was asked
for.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

from simulator.sellers import SELLERS
from simulator.settlement_files import lines_of
from simulator.sources import (
    date_range,
    deferred,
    fees,
    groups,
    orders,
    performance,
    reimbursements,
    removal_orders,
    returns,
    stock,
    tax_europe,
    tax_india,
    transactions,
)
from simulator.sources.book import Book, book_of
from simulator.sources.files import plain
from simulator.world import World

Truth = Callable[[Book, dt.datetime], list[dict[str, Any]]]


def settled_orders(book: Book, now: dt.datetime) -> list[dict[str, Any]]:
    """What of an order was settled in which settlement: a row an order, settlement and transaction type."""
    rows = []
    for settlement in book.world.settlements(book.seller, now):
        found: defaultdict[tuple[str, str], int] = defaultdict(int)
        for entry in settlement.entries:
            if entry.order_id in book.order_of:
                found[entry.order_id, entry.transaction_type] += sum(minor for minor, _ in lines_of(entry))
        currency = settlement.stream.currency
        for (order_id, kind), minor in found.items():
            rows.append(
                {
                    "account": book.seller.key,
                    "order_id": order_id,
                    "settlement_id": settlement.settlement_id,
                    "transaction_type": kind,
                    "currency": currency,
                    "amount": plain(minor, currency),
                }
            )
    return rows


SOURCES: dict[str, Truth] = {
    "orders": orders.truth,
    "date_range": date_range.truth,
    "deferred_transactions": deferred.truth,
    "vat_transactions": tax_europe.transactions_truth,
    "fba_returns": returns.fba_truth,
    "returns": returns.truth,
    "reimbursements": reimbursements.truth,
    "removal_orders": removal_orders.truth,
    "fee_preview": fees.preview_truth,
    "storage_fees": fees.storage_truth,
    "long_term_storage_fees": fees.long_term_truth,
    "overage_fees": fees.overage_truth,
    "ledger_summary": stock.summary_truth,
    "ledger_detail": stock.detail_truth,
    "vat_tax": tax_europe.tax_truth,
    "gst_b2c": tax_india.consumers_truth,
    "gst_b2b": tax_india.businesses_truth,
    "seller_performance": performance.truth,
    "event_groups": groups.groups_truth,
    "transactions": transactions.truth,
    "balances": groups.balances_truth,
    "summaries": groups.summaries_truth,
    "payouts": groups.payouts_truth,
    "settled_orders": settled_orders,
}
"""By name: report families, what the Finances API tells, and what of each order was settled."""


DATED_BY = {
    "orders": "last_updated_at",
    "date_range": "posted_at",
    "vat_transactions": "transaction_complete_date",
    "fba_returns": "returned_at",
    "returns": "return_request_date",
    "reimbursements": "approved_at",
    "removal_orders": "requested_at",
    "storage_fees": "month_of_charge",
    "long_term_storage_fees": "snapshot_day",
    "overage_fees": "charged_date",
    "ledger_summary": "date",
    "ledger_detail": "date",
    "vat_tax": "at",
    "gst_b2c": "at",
    "gst_b2b": "at",
    "transactions": "posted_at",
}
"""Of the sources that are told by windows, the column with what decides to which a row belongs: an instant or a day of UTC, or
a month."""
MOST_ROWS = frozenset({"orders", "date_range", "ledger_summary", "ledger_detail", "transactions"})
"""Sources of which earlier rows may be left out."""


def sources(
    world: World, now: dt.datetime, names: Iterable[str] = SOURCES, since: dt.date | None = None
) -> dict[str, list[dict[str, Any]]]:
    """What is true of some sources at an instant, of all sellers.

    :param since: leave out the earlier rows of the sources in `MOST_ROWS`.
    :raises ValueError: if there is no such source.
    """
    found: dict[str, list[dict[str, Any]]] = {}
    for name in names:
        if name not in SOURCES:
            raise ValueError(f"there is no source {name!r}; there are {', '.join(SOURCES)}")
        rows = (row for seller in SELLERS for row in SOURCES[name](book_of(world, seller, now), now))
        if since and name in MOST_ROWS:
            found[name] = [row for row in rows if row[DATED_BY[name]] >= since.isoformat()]
        else:
            found[name] = list(rows)
    return found
