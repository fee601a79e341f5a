"""Amazon's books about its sellers: one double-entry ledger.

Money is a whole number of the currency's smallest unit: cents, or yen. Every entry is in one currency and its postings
add up to nothing. A posting on a seller's payable account may carry a `Line`: what the settlement file says about it.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class Item:
    """The order item that a line is about. `quantity` is None where the file gives none (refunds)."""

    order_item_code: str = ""
    merchant_order_item_id: str = ""
    merchant_adjustment_item_id: str = ""
    sku: str = ""
    quantity: int | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """How a settlement names a posting, and what it means (`category`, the truth that a reader has to find)."""

    category: str
    amount_type: str
    amount_description: str
    item: Item | None = None
    promotion_id: str = ""


class Posting(NamedTuple):
    """An amount on an account, in the smallest unit; positive raises what Amazon owes the account's owner."""

    account: str
    minor: int
    line: Line | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One event: an order that shipped, a refund, a fee, a reserve, a bank transfer.

    `marketplace` is the country code of where it happened, None for what happens to the account as a whole;
    `marketplace_name` is what the file says, which may be nothing or `Non-Amazon`.
    """

    posted_at: dt.datetime
    currency: str
    postings: tuple[Posting, ...]
    transaction_type: str = ""
    order_id: str = ""
    merchant_order_id: str = ""
    adjustment_id: str = ""
    shipment_id: str = ""
    marketplace: str | None = None
    marketplace_name: str = ""
    fulfillment_id: str = ""


class Unbalanced(ValueError):
    """An entry whose postings do not add up to nothing."""


class Ledger:
    """The journal, and the balance of every account in every currency."""

    def __init__(self) -> None:
        self.journal: list[Entry] = []
        self._balances: defaultdict[tuple[str, str], int] = defaultdict(int)

    def record(self, entry: Entry) -> None:
        """Post an entry.

        :raises Unbalanced: if its postings do not add up to nothing.
        """
        left_over = sum(posting.minor for posting in entry.postings)
        if left_over:
            raise Unbalanced(f"{entry.transaction_type} of {entry.posted_at}: {left_over} {entry.currency} too much")
        for posting in entry.postings:
            self._balances[posting.account, entry.currency] += posting.minor
        self.journal.append(entry)

    def balance(self, account: str, currency: str) -> int:
        """What stands on an account now, in the currency's smallest unit."""
        return self._balances[account, currency]

    def balances(self) -> dict[tuple[str, str], int]:
        """Every (account, currency) that was ever posted to, with its balance."""
        return dict(self._balances)
