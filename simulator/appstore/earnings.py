"""What Amazon pays: an invoice a marketplace and month, and payments that take several invoices together.

Numbers of an earnings report are final. They differ from the estimate of the sales report by adjustments that are in no
sales report. A month's earnings are made at the end of the next month, and paid, if they are, on the day before.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import defaultdict
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from random import Random

from simulator.appstore.marketplaces import MARKETPLACES, AppMarketplace
from simulator.appstore.world import OPENED, AppstoreWorld
from simulator.marketplaces import digits

PAID_IN = "USD"
_TAX = {"BR": 15, "IN": 10}
"""Withheld, in percent."""
_RATES = {
    "AUD": "0.66", "BRL": "0.19", "CAD": "0.73", "EUR": "1.09", "GBP": "1.28", "INR": "0.0119", "JPY": "0.0067", "USD": "1",
}  # fmt: skip
REJECTED = {("BR", dt.date(2025, 3, 1))}
"""Payments that the bank refused."""
UNPAID_BELOW = Decimal(10)
"""US dollars; less is kept for a later month."""


@dataclass(frozen=True)
class Invoice:
    """One line of the earnings report. Amounts are in the smallest unit of the marketplace's currency, but for `paid`."""

    month: dt.date
    marketplace: AppMarketplace
    invoice_id: str
    invoiced_on: dt.date
    earnings: int
    adjustments: int
    withheld: int
    rate: Decimal
    status: str
    paid_on: dt.date | None
    paid: Decimal | None
    """Of the whole payment, which may be for several invoices; in US dollars."""

    @property
    def net(self) -> int:
        return self.earnings + self.adjustments - self.withheld


def next_month(month: dt.date) -> dt.date:
    """First day of the month after."""
    return (month + dt.timedelta(days=32)).replace(day=1)


def made_on(month: dt.date) -> dt.datetime:
    """When the earnings of a month are made: on the last day but one of the next month."""
    return dt.datetime.combine(next_month(next_month(month)) - dt.timedelta(days=2), dt.time(), dt.UTC)


def invoices(world: AppstoreWorld, now: dt.datetime) -> list[Invoice]:
    """Every invoice that there is at an instant."""
    world.extend(now)
    estimated: defaultdict[tuple[str, dt.date], int] = defaultdict(int)
    for transaction in world.transactions:
        estimated[transaction.marketplace.country, transaction.month] += transaction.earnings
    found = []
    # the evening before, where the day begins later
    month = (OPENED - dt.timedelta(days=1)).replace(day=1)
    while made_on(month) <= now:
        found += _month(world, month, estimated)
        month = next_month(month)
    return found


def _month(world: AppstoreWorld, month: dt.date, estimated: dict[tuple[str, dt.date], int]) -> list[Invoice]:
    drafts: list[tuple[AppMarketplace, int, int, int, Decimal]] = []
    payments: defaultdict[str, Decimal] = defaultdict(Decimal)
    for marketplace in MARKETPLACES:
        country = marketplace.country
        earned = estimated.get((country, month), 0)
        if not earned:
            continue
        draw = Random(f"{world.seed}/earnings/{country}/{month}")
        adjustments = draw.choice((0, 0, 0, -1, 1)) * max(1, earned // draw.randint(20, 80))
        withheld = max(0, (earned + adjustments) * _TAX.get(country, 0) // 100)
        rate = Decimal(_RATES[marketplace.currency]) * (Decimal(1) + Decimal(month.month) / 200)
        rate = rate if marketplace.currency != PAID_IN else Decimal(1)
        drafts.append((marketplace, earned, adjustments, withheld, rate))
        net = Decimal(earned + adjustments - withheld).scaleb(-digits(marketplace.currency))
        payments[marketplace.currency] += (net * rate).quantize(Decimal("0.01"), ROUND_HALF_UP)
    made = made_on(month).date()
    found = []
    for marketplace, earned, adjustments, withheld, rate in drafts:
        paid: Decimal | None = payments[marketplace.currency]
        paid_on: dt.date | None = made - dt.timedelta(days=1)
        status = "rejected" if (marketplace.country, month) in REJECTED else "issued"
        assert paid is not None
        if paid < UNPAID_BELOW:
            status, paid, paid_on = "not issued", None, None
        number = hashlib.sha256(f"{world.seed}/invoice/{marketplace.country}/{month}".encode()).hexdigest()[:10].upper()
        found.append(
            Invoice(
                month, marketplace, f"APP-{number}", made, earned, adjustments, withheld, rate, status, paid_on, paid
            )
        )
    return found
