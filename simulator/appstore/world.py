"""The developer's books: every purchase, renewal, refund and chargeback in the Appstore, one double-entry ledger.

Everything is drawn from the seed, a day and a marketplace at a time, so that the past is the same whenever it is asked
for. Money is a whole number of the currency's smallest unit.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import threading
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from random import Random

from simulator.appstore.marketplaces import MARKETPLACES, AppMarketplace
from simulator.ledger import Entry, Ledger, Posting
from simulator.marketplaces import digits

OPENED = dt.date(2024, 6, 1)
"""The day on which the developer's first app is sold; before it there are no reports."""
LAG = dt.timedelta(hours=48)
"""A transaction is in the reports this long after it happened, at the latest."""
TRIAL = dt.timedelta(days=7)
PERIODS = {"Monthly": dt.timedelta(days=30), "Annually": dt.timedelta(days=365)}


@dataclass(frozen=True)
class Product:
    """Something that is sold. `cents` is its price in hundredths of a US dollar; `titles` are by language."""

    asin: str
    sku: str
    item_type: str
    titles: dict[str, str | None]
    items: dict[str, str | None]
    cents: int
    share: int
    """What the developer keeps, in hundredths."""
    term: str | None = None
    countries: frozenset[str] | None = None
    """Where it is sold; None: everywhere."""
    daily: float = 0.0
    """How many are sold a day in a marketplace of size 1."""
    underground: bool = False
    """Paid by the minute of use."""

    def title(self, language: str) -> str | None:
        """The name of its app."""
        return self.titles.get(language, self.titles.get("en"))

    def item(self, language: str) -> str | None:
        """Its own name."""
        return self.items.get(language, self.items.get("en"))


_TRUCK: dict[str, str | None] = {"en": "Smashemup Truck Game", "ja": "スマッシュトラック", "de": "Smashemup: LKW-Spaß"}
_SKY: dict[str, str | None] = {
    "en": 'Sky Atlas, "Pocket" Edition',
    "fr": "Atlas du ciel, édition de poche",
    "ja": "星図",
}
_ARENA: dict[str, str | None] = {"en": "Pixel Arena"}
_NONE: dict[str, str | None] = {"en": None}
PRODUCTS: tuple[Product, ...] = (
    Product("C00006M4PF", "com.gamevendor.fungame", "Application", _TRUCK, _TRUCK, 499, 70, daily=0.14),
    Product(
        "C00006M4PG", "com.gamevendor.fungame.coins_100", "In-App", _TRUCK,
        {"en": "Bag of 100 coins", "ja": "コイン100枚", "de": "Beutel mit 100 Münzen"}, 99, 70, daily=0.24,
    ),
    Product(
        "C00006M4PH", "com.gamevendor.fungame.golden-truck", "In-App", _TRUCK, {"en": "Golden truck"}, 299, 70, daily=0.08,
    ),
    Product("C00007A1SK", "com.skyatlas.app", "Application", _SKY, _SKY, 0, 70, daily=0.1),
    Product(
        "C00007A1SM", "com.skyatlas.monthly", "Subscription", _SKY,
        {"en": "Sky Atlas monthly", "ja": "星図 月額", "fr": "Atlas du ciel mensuel"}, 499, 80, "Monthly", daily=0.1,
    ),
    Product(
        "C00007A1SY", "com.skyatlas.annual", "Subscription", _SKY, {"en": "Sky Atlas annual"}, 3999, 80, "Annually",
        frozenset({"US", "GB", "DE", "JP"}), daily=0.03,
    ),
    Product("C00008PIXA", "com.pixelarena.game", "Game", _ARENA, _ARENA, 999, 70, countries=frozenset({"US", "DE"}), daily=0.04),
    Product(
        "C00008PIXB", "com.pixelarena.skin", "In-Game", _ARENA, {"en": "Neon skin"}, 199, 70,
        countries=frozenset({"US", "DE"}), daily=0.06,
    ),
    Product(
        "C00009UNDR", "com.quietreader.underground", "Application", {"en": "Quiet Reader"}, {"en": "Quiet Reader"}, 2, 100,
        countries=frozenset({"US", "GB"}), daily=0.05, underground=True,
    ),
    # a test ASIN: Amazon's reports have no title for it
    Product("C00000TEST", "com.gamevendor.test", "In-App", _NONE, _NONE, 99, 70, countries=frozenset({"US", "JP"}), daily=0.02),
)  # fmt: skip
BY_SKU = {product.sku: product for product in PRODUCTS}
WITHDRAWALS = {"Refund", "Chargeback"}


@dataclass(frozen=True)
class Transaction:
    """One line of the sales report. Amounts are signed, in the currency's smallest unit."""

    marketplace: AppMarketplace
    product: Product
    at: dt.datetime
    """UTC."""
    kind: str
    adjustment: bool
    price: int
    earnings: int
    units: int
    invoice_id: str
    transaction_id: int
    digital_order_id: str
    country: str
    device: str
    user_id: str | None = None
    receipt_id: str | None = None
    status: str | None = None
    usage_seconds: int | None = None
    reported_after: dt.timedelta = dt.timedelta(hours=6)
    restated_after: dt.timedelta | None = None
    """When Amazon corrects the earnings that it gave first; None: never."""
    first_earnings: int = 0
    """What it gives until then."""

    @property
    def local(self) -> dt.datetime:
        """When it happened, in the marketplace's time zone."""
        return self.at.astimezone(self.marketplace.zone)

    @property
    def month(self) -> dt.date:
        """First day of the month that it is booked in, in the marketplace's time zone."""
        return self.local.date().replace(day=1)

    def as_of(self, now: dt.datetime) -> Transaction:
        """What Amazon says of it at an instant."""
        if self.restated_after and now < self.at + self.restated_after:
            return replace(self, earnings=self.first_earnings)
        return self


@dataclass(frozen=True)
class Change:
    """A subscription that starts, ends or is refunded."""

    marketplace: AppMarketplace
    product: Product
    kind: str
    """`trial` or `paid`."""
    what: str
    """`started`, `ended` or `refunded`."""
    at: dt.datetime


class AppstoreWorld:
    """All that happens in the Appstore, up to any instant.

    :ivar ledger: the books of what has been made so far.
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.ledger = Ledger()
        self.transactions: list[Transaction] = []
        self.changes: list[Change] = []
        self._until = OPENED
        self._lock = threading.Lock()

    def extend(self, now: dt.datetime) -> None:
        """Make the world up to an instant, if it is not made yet."""
        with self._lock:
            while self._until <= now.date() + dt.timedelta(days=2):
                for marketplace in MARKETPLACES:
                    self._day(marketplace, self._until)
                self._until += dt.timedelta(days=1)

    def _day(self, marketplace: AppMarketplace, day: dt.date) -> None:
        draw = Random(f"{self.seed}/appstore/{marketplace.country}/{day}")
        for product in PRODUCTS:
            if product.countries and marketplace.country not in product.countries:
                continue
            rate = product.daily * marketplace.size
            for number in range(int(rate) + (draw.random() < rate - int(rate))):
                second = draw.randrange(86_400)
                at = dt.datetime.combine(day, dt.time(), dt.UTC) + dt.timedelta(seconds=second)
                name = f"{marketplace.country}/{product.sku}/{day}/{number}"
                if product.term:
                    self._subscribe(Random(f"{self.seed}/{name}"), marketplace, product, at, name)
                else:
                    self._buy(Random(f"{self.seed}/{name}"), marketplace, product, at, name)

    def _buy(self, draw: Random, marketplace: AppMarketplace, product: Product, at: dt.datetime, name: str) -> None:
        units, usage = 1, None
        price = local_price(marketplace, product.cents)
        if product.underground:
            units = draw.randint(1, 90)
            usage, price = units * 60, local_price(marketplace, product.cents * units)
        sale = self._transaction(draw, marketplace, product, at, name, price, units=units, usage_seconds=usage)
        self._record(sale)
        if price and not product.underground:
            self._afterwards(draw, sale)

    def _subscribe(
        self, draw: Random, marketplace: AppMarketplace, product: Product, at: dt.datetime, name: str
    ) -> None:
        assert product.term
        price = local_price(marketplace, product.cents)
        if draw.random() < 0.7:
            self._change(marketplace, product, "trial", "started", at)
            self._record(self._transaction(draw, marketplace, product, at, f"{name}/trial", 0, status="TRIAL"))
            at += TRIAL
            self._change(marketplace, product, "trial", "ended", at)
            if draw.random() < 0.4:
                return
        self._change(marketplace, product, "paid", "started", at)
        reduced = draw.random()
        for number in range(200):
            status, charged = "PAID", price
            if number == 0 and reduced < 0.1:
                status, charged = "Introductory Price - All Customers", local_price(marketplace, product.cents // 2)
            elif number == 0 and reduced < 0.15:
                status, charged = (
                    "Promotional Price - Lapsed Customers",
                    local_price(marketplace, product.cents * 3 // 4),
                )
            sale = self._transaction(draw, marketplace, product, at, f"{name}/{number}", charged, status=status)
            self._record(sale)
            if draw.random() < 0.03:
                back = at + dt.timedelta(hours=draw.randint(2, 200))
                self._record(self._after(draw, sale, "Refund", back))
                self._change(marketplace, product, "paid", "refunded", back)
                self._change(marketplace, product, "paid", "ended", back)
                return
            self._afterwards(draw, sale, refunds=False)
            at += PERIODS[product.term]
            if draw.random() < 0.13:
                self._change(marketplace, product, "paid", "ended", at)
                return

    def _change(self, marketplace: AppMarketplace, product: Product, kind: str, what: str, at: dt.datetime) -> None:
        self.changes.append(Change(marketplace, product, kind, what, at))

    def _transaction(
        self,
        draw: Random,
        marketplace: AppMarketplace,
        product: Product,
        at: dt.datetime,
        name: str,
        price: int,
        *,
        units: int = 1,
        status: str | None = None,
        usage_seconds: int | None = None,
    ) -> Transaction:
        digest = hashlib.sha256(f"{self.seed}/{name}".encode()).hexdigest()
        earnings = share(price, product.share)
        restated = earnings > 10 and draw.random() < 0.01
        number = int(digest[:12], 16) % 10**14
        order = f"d01-{number % 10**7:07d}-{number // 10**7 % 10**7:07d}"
        has_ids = product.item_type != "Application"
        return Transaction(
            marketplace=marketplace, product=product, at=at, kind="Charge", adjustment=False, price=price,
            earnings=earnings, units=units, invoice_id=f"{digest[:9]}-{digest[9:23]}-{digest[23:37]}",
            transaction_id=10**13 + number, digital_order_id=order,
            country=marketplace.country if draw.random() < 0.95 else "AT" if marketplace.country == "DE" else "NZ",
            device=draw.choice(("Fire TV", "Fire Tablet", "Android Phone", "Others")),
            user_id=f"{digest[37:58]}+{digest[58:63]}=" if has_ids else None,
            receipt_id=f"{digest[5:45]}=:1:13" if has_ids else None,
            status=status, usage_seconds=usage_seconds, reported_after=dt.timedelta(hours=draw.randint(2, 47)),
            restated_after=dt.timedelta(days=draw.randint(4, 40)) if restated else None,
            first_earnings=earnings - 3 if restated else 0,
        )  # fmt: skip

    def _afterwards(self, draw: Random, sale: Transaction, *, refunds: bool = True) -> None:
        """A refund, a chargeback and its reversal, or an adjustment that is made in a later month."""
        fate = draw.random()
        if refunds and fate < 0.04:
            self._record(self._after(draw, sale, "Refund", sale.at + dt.timedelta(hours=draw.randint(3, 480))))
        elif fate < 0.06:
            back = sale.at + dt.timedelta(days=draw.randint(15, 50), minutes=draw.randint(1, 900))
            self._record(self._after(draw, sale, "Chargeback", back))
            if draw.random() < 0.5:
                won = back + dt.timedelta(days=draw.randint(10, 40))
                self._record(self._after(draw, sale, "Chargeback reversal", won))
        elif fate < 0.09 and sale.earnings > 20:
            later = sale.at + dt.timedelta(days=draw.randint(20, 70), minutes=draw.randint(1, 900))
            part = max(1, sale.earnings * draw.randint(10, 60) // 100)
            kind = "Refund" if draw.random() < 0.8 else "Charge"
            partial = self._after(draw, sale, kind, later)
            self._record(
                replace(
                    partial,
                    adjustment=True,
                    earnings=-part if kind == "Refund" else part,
                    user_id=None,
                    receipt_id=None,
                )
            )

    def _after(self, draw: Random, sale: Transaction, kind: str, at: dt.datetime) -> Transaction:
        sign = -1 if kind in WITHDRAWALS else 1
        return replace(
            sale, at=at, kind=kind, price=sign * sale.price, earnings=sign * sale.earnings, restated_after=None,
            reported_after=dt.timedelta(hours=draw.randint(2, 47)),
        )  # fmt: skip

    def _record(self, transaction: Transaction) -> None:
        """Post a transaction: what the customer pays, or gets back, goes to the developer and to Amazon.

        An adjustment moves money between Amazon and the developer alone.
        """
        country = transaction.marketplace.country
        customer = 0 if transaction.adjustment else transaction.price
        postings = (
            Posting(f"appstore/{country}/customers", -customer),
            Posting(f"appstore/{country}/amazon", customer - transaction.earnings),
            Posting(f"appstore/{country}/developer", transaction.earnings),
        )
        self.ledger.record(Entry(transaction.at, transaction.marketplace.currency, postings, transaction.kind))
        self.transactions.append(transaction)

    def visible(self, now: dt.datetime) -> list[Transaction]:
        """The transactions that the reports of an instant hold, as Amazon gives them then, in their order.

        Reports are made anew at midnight UTC, and a transaction comes into them up to 48 hours late.
        """
        self.extend(now)
        made = refreshed(now)
        found = [each.as_of(made) for each in self.transactions if each.at + each.reported_after <= made]
        return sorted(found, key=lambda each: (each.at, each.transaction_id, each.kind, each.adjustment))

    def subscription_days(self, now: dt.datetime) -> Iterator[SubscriptionDay]:
        """Every subscription on every day (UTC) since it was sold first, up to two days before an instant."""
        self.extend(now)
        last = (refreshed(now) - LAG).date()
        moves: defaultdict[tuple[str, str, str], defaultdict[dt.date, dict[str, int]]] = defaultdict(
            lambda: defaultdict(lambda: {"started": 0, "ended": 0, "refunded": 0})
        )
        for change in self.changes:
            if change.at.date() <= last:
                key = (change.marketplace.country, change.product.sku, change.kind)
                moves[key][change.at.date()][change.what] += 1
        markets = {each.country: each for each in MARKETPLACES}
        for (country, sku, kind), by_day in sorted(moves.items()):
            active, day = 0, min(by_day)
            while day <= last:
                moved = by_day.get(day, {"started": 0, "ended": 0, "refunded": 0})
                active += moved["started"] - moved["ended"]
                yield SubscriptionDay(day, markets[country], BY_SKU[sku], kind, active, **moved)
                day += dt.timedelta(days=1)


@dataclass(frozen=True)
class SubscriptionDay:
    """One line of the subscription report."""

    day: dt.date
    marketplace: AppMarketplace
    product: Product
    kind: str
    active: int
    started: int
    ended: int
    refunded: int


def refreshed(now: dt.datetime) -> dt.datetime:
    """When the reports of an instant were made: the midnight (UTC) before it."""
    return now.astimezone(dt.UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def local_price(marketplace: AppMarketplace, cents: int) -> int:
    """A price in the marketplace's smallest unit, of one in hundredths of a US dollar."""
    hundredths = cents * marketplace.price // 100
    return hundredths if digits(marketplace.currency) else hundredths // 100


def share(price: int, hundredths: int) -> int:
    """The developer's part of a price, rounded half up."""
    return int((Decimal(price * hundredths) / 100).to_integral_value(ROUND_HALF_UP))
