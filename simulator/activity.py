"""What happens in a stream between two settlements: orders, refunds, fees, reimbursements.

Everything is drawn from a generator of random numbers that belongs to one settlement of one stream, so that what is
drawn later, or for another stream, changes nothing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from simulator.ledger import Entry, Item, Line, Posting
from simulator.marketplaces import MARKETPLACES
from simulator.sellers import Seller, Stream

PRICE_OF_A_CENT = {
    "USD": 1000, "CAD": 1360, "MXN": 18200, "BRL": 5250, "EUR": 920, "GBP": 790, "SEK": 10500, "PLN": 3980,
    "TRY": 33000, "EGP": 48500, "SAR": 3750, "AED": 3670, "INR": 83000, "ZAR": 18400, "SGD": 1350, "AUD": 1510, "JPY": 1490,
}  # fmt: skip
"""Thousandths of the currency's smallest unit that the world's price lists ask for a US cent."""

TAX_PERCENT = {
    "US": 8, "CA": 13, "MX": 16, "BR": 0, "IE": 23, "ES": 21, "GB": 20, "FR": 20, "BE": 21, "NL": 21, "DE": 19,
    "IT": 22, "SE": 25, "ZA": 15, "PL": 23, "EG": 14, "TR": 20, "SA": 15, "AE": 5, "IN": 18, "SG": 9, "AU": 10, "JP": 10,
}  # fmt: skip
"""The tax on a sale, rounded to whole percents."""

_SKUS = {
    "ascii": ("LAMP-OAK-01", "MUG-BLUE-350", "DESK-MAT-XL", 'FRAME-8"x10"', "CABLE-USBC-2M", "TEA-GREEN-100", "BAG-A4"),
    "cp1252": ("MÜSLI-BIO-500", "CAFÉ-MOULU-1KG", "PIÑATA-ROJA", "GRÖSSE-XL", "ÉTAGÈRE-BOIS", "JALAPEÑO-12"),
    "utf-8": ("ŻÓŁW-PLUSZ", "ŞEKER-250G", "شاي-أخضر", "चाय-500", "МЕДВЕДЬ-S", "CRÈME-50ML"),
    "cp932": ("抹茶セット-①", "表札-木製", "ソファ-2人用", "予約-能登", "ﾀｵﾙ-5枚", "和紙-A4"),
}
_PROMOTIONS = {
    "ascii": ("US-Core-Free-Shipping", "Summer Sale 2026"),
    "cp1252": ("Été – livraison gratuite", "Frühlingsaktion 10 %", "Promoción de verano"),
    "utf-8": ("Wyprzedaż letnia", "Yaz indirimi %10", "عرض الصيف"),
    "cp932": ("夏の特別セール", "送料無料キャンペーン"),
}
_NEW_CODES = {
    "ascii": ("AmazonFees", "Packaging Choice Fee", "Base fee"),
    "cp1252": ("AmazonFees", "Écologie – frais de traitement", "Base fee"),
    "utf-8": ("other-transaction", "other-transaction", "Climate Transition Surcharge"),
    "cp932": ("other-transaction", "other-transaction", "プライム感謝祭参加料"),
}
_REIMBURSEMENTS = ("REVERSAL_REIMBURSEMENT", "WAREHOUSE_DAMAGE", "WAREHOUSE_LOST", "MISSING_FROM_INBOUND")
_OTHER = "other-transaction"


@dataclass(frozen=True, slots=True)
class Product:
    """What a seller sells: the price in the currency's smallest unit, and what Amazon asks to fulfil it."""

    sku: str
    price: int
    fulfilment: int


@dataclass(frozen=True, slots=True)
class SoldItem:
    """An order item with the amounts that a refund gives back, in the currency's smallest unit."""

    order_item_code: str
    sku: str
    principal: int
    shipping: int
    tax: int
    commission: int


@dataclass(frozen=True, slots=True)
class Sale:
    """A shipped order."""

    posted_at: dt.datetime
    order_id: str
    country: str
    marketplace_name: str
    fulfillment_id: str
    items: tuple[SoldItem, ...]


def percent(minor: int, hundredths: int) -> int:
    """A share of an amount in hundredths of a percent, rounded half away from zero to a whole smallest unit."""
    product = abs(minor) * hundredths
    rounded = (product + 5000) // 10000
    return rounded if minor >= 0 else -rounded


def catalogue(seed: int, seller: Seller, stream: Stream) -> tuple[Product, ...]:
    """The products of a seller, priced for a stream."""
    draw = Random(f"{seed}/{seller.key}/{stream.name}/catalogue")
    products = []
    for kind in dict.fromkeys(("ascii", stream.style.encoding)):
        for sku in _SKUS[kind]:
            cents = draw.randint(699, 8999)
            price = max(1, cents * PRICE_OF_A_CENT[stream.currency] // 1000)
            products.append(Product(sku, price, percent(price, draw.randint(1100, 2300))))
    return tuple(products)


class Activity:
    """One settlement period of one stream.

    :param draw: the random numbers of this settlement.
    :param start: when the period begins.
    :param end: when it ends; everything is posted before.
    :param earlier: sales of earlier periods that were not refunded yet; refunds are taken out of it, sales added.
    """

    def __init__(
        self,
        draw: Random,
        seller: Seller,
        stream: Stream,
        number: int,
        products: tuple[Product, ...],
        start: dt.datetime,
        end: dt.datetime,
        earlier: list[Sale],
    ) -> None:
        self._draw = draw
        self._seller = seller
        self._stream = stream
        self._number = number
        self._products = products
        self._start = start
        self._end = end
        self._earlier = earlier
        self._days = max(1, (end - start).days)
        self._share = min(1.0, self._days / 14)
        self._typical = sorted(product.price for product in products)[len(products) // 2]

    def entries(self) -> list[Entry]:
        """Everything that happens, in the order of its time."""
        event = self._stream.events.get(self._number)
        if event == "quiet":
            found = list(self._quiet())
        else:
            found = [*self._orders(event == "negative"), *self._refunds(), *self._fees(event == "negative")]
            found += [*self._reimbursements(), *self._rarities(event)]
        return sorted(found, key=lambda entry: entry.posted_at)

    # -- orders and refunds ----------------------------------------------------------------------------------------

    def _orders(self, few: bool) -> Iterator[Entry]:
        mean = max(1, self._stream.orders * self._days // 14)
        count = 1 if few else max(len(self._stream.countries), self._draw.randint(mean * 3 // 4, mean * 5 // 4))
        refundable = []
        for index in range(count):
            # every marketplace of the stream sells something in every settlement
            countries = self._stream.countries
            country = countries[index] if index < len(countries) else self._draw.choice(countries)
            sale, entry = self._order(country)
            refundable.append(sale)
            yield entry
        if self._stream.non_amazon:
            for _ in range(1 + count // 40):
                yield self._multi_channel_order()
        del self._earlier[: max(0, len(self._earlier) - 60)]
        self._earlier.extend(refundable)

    def _order(self, country: str) -> tuple[Sale, Entry]:
        draw = self._draw
        by_amazon = draw.random() < 0.8
        # Amazon leaves the name out now and then, even on orders (amzn/selling-partner-api-models#5291)
        name = "" if draw.random() < 0.01 else MARKETPLACES[country].name
        order_id = self._order_id(country)
        sold, postings = [], []
        for _ in range(1 if draw.random() < 0.75 else draw.randint(2, 3)):
            item, lines = self._order_item(country, by_amazon)
            sold.append(item)
            postings += lines
        sale = Sale(self._moment(), order_id, country, name, "AFN" if by_amazon else "MFN", tuple(sold))
        entry = self._entry(
            sale.posted_at,
            "Order",
            postings,
            order_id=order_id,
            merchant_order_id=order_id if by_amazon else "",
            shipment_id="D" + self._code(8),
            marketplace=country,
            marketplace_name=name,
            fulfillment_id=sale.fulfillment_id,
        )
        return sale, entry

    def _order_item(self, country: str, by_amazon: bool) -> tuple[SoldItem, list[tuple[int, Line]]]:
        draw, stream = self._draw, self._stream
        product = draw.choice(self._products)
        quantity = 1 if draw.random() < 0.85 else draw.randint(2, 4)
        item = Item(self._digits(14), "", "", product.sku, quantity)
        lines: list[tuple[int, Line]] = []

        def add(minor: int, category: str, kind: str, description: str, promotion: str = "") -> None:
            if minor:
                lines.append((minor, Line(category, kind, description, item, promotion)))

        principal = product.price * quantity
        shipping = percent(principal, draw.randint(300, 1200)) if draw.random() < 0.3 else 0
        wrap = percent(product.price, 600) if draw.random() < 0.04 else 0
        discount = percent(principal, 1000) if stream.promotions and draw.random() < 0.18 else 0
        free_shipping = stream.promotions and shipping > 0 and draw.random() < 0.4
        taxed = stream.tax != "none" and draw.random() < 0.85
        rate = TAX_PERCENT[country] * 100 if taxed else 0
        tax, shipping_tax, wrap_tax = percent(principal, rate), percent(shipping, rate), percent(wrap, rate)
        discount_tax = percent(discount, rate)

        add(principal, "product_sales", "ItemPrice", "Principal")
        add(tax, "tax_collected", "ItemPrice", "Tax")
        add(shipping, "shipping_credits", "ItemPrice", "Shipping")
        add(shipping_tax, "tax_collected", "ItemPrice", "ShippingTax")
        add(wrap, "gift_wrap_credits", "ItemPrice", "GiftWrap")
        add(wrap_tax, "tax_collected", "ItemPrice", "GiftWrapTax")
        if discount or free_shipping:
            promotion = draw.choice(_PROMOTIONS[stream.style.encoding if draw.random() < 0.6 else "ascii"])
            add(-discount, "promotions", "Promotion", "Principal", promotion)
            add(-discount_tax, "tax_collected", "Promotion", "TaxDiscount", promotion)
            if free_shipping:
                add(-shipping, "promotions", "Promotion", "Shipping", promotion)
        for minor, description in self._withheld(principal, tax + wrap_tax - discount_tax, shipping_tax, taxed):
            add(minor, "tax_withheld", "ItemWithheldTax", description)
        commission = percent(principal + shipping - discount, draw.choice((800, 1500, 1500, 1500)))
        add(-commission, "selling_fees", "ItemFees", "Commission")
        if by_amazon:
            add(-product.fulfilment * quantity, "fulfillment_fees", "ItemFees", self._fulfilment_fee())
            add(-shipping, "fulfillment_fees", "ItemFees", "ShippingChargeback")
            add(-wrap, "fulfillment_fees", "ItemFees", "GiftwrapChargeback")
        if country == "IN":
            add(-25 * 100, "selling_fees", "ItemFees", "FixedClosingFee")
        if country in ("CA", "GB", "FR", "ES", "IT"):
            add(-percent(commission, 300), "selling_fees", "ItemFees", "DigitalServicesFee")
        if country == "JP" and draw.random() < 0.5:
            add(-percent(principal, 100), "points", "Points", "PointsGranted")
        sold = SoldItem(item.order_item_code, item.sku, principal - discount, shipping, tax - discount_tax, commission)
        return sold, lines

    def _fulfilment_fee(self) -> str:
        # the fee of a whole order has a column of its own in V1 (US file of 2015)
        return "FBAPerOrderFulfillmentFee" if self._draw.random() < 0.1 else "FBAPerUnitFulfillmentFee"

    def _withheld(self, principal: int, tax: int, shipping_tax: int, taxed: bool) -> list[tuple[int, str]]:
        """What Amazon pays to the tax office itself, as (amount, amount-description)."""
        if not taxed:
            return []
        match self._stream.tax:
            case "facilitator" | "facilitator_vat" | "low_value_goods":
                if self._stream.tax != "facilitator" and self._draw.random() < 0.4:
                    return []  # this sale's tax is the seller's own to pay
                prefix = {
                    "facilitator": "MarketplaceFacilitatorTax",
                    "facilitator_vat": "MarketplaceFacilitatorVAT",
                    "low_value_goods": "LowValueGoodsTax",
                }[self._stream.tax]
                return [(-tax, f"{prefix}-Principal"), (-shipping_tax, f"{prefix}-Shipping")]
            case "india":
                tds = (-percent(principal, 10), "TDS (Section 194-O)")
                if self._draw.random() < 0.3:
                    return [(-percent(principal, 25), "TCS-CGST"), (-percent(principal, 25), "TCS-SGST"), tds]
                return [(-percent(principal, 50), "TCS-IGST"), tds]
        return []

    def _multi_channel_order(self) -> Entry:
        """An order from the seller's own shop that Amazon only fulfils: no price, a fee."""
        country = self._draw.choice(self._stream.countries)
        item = Item(self._digits(14), "", "", self._draw.choice(self._products).sku, 1)
        fee = Line("fulfillment_fees", "ShipmentFees", "FBA transportation fee", item)
        return self._entry(
            self._moment(),
            "Order",
            [(-percent(self._typical, 2500), fee)],
            order_id=f"S{self._digits(2)}-{self._digits(7)}-{self._digits(7)}",
            merchant_order_id=f"SHOP-{self._digits(5)}",
            shipment_id="D" + self._code(8),
            marketplace=country,
            marketplace_name=self._stream.non_amazon,
            fulfillment_id="AFN",
        )

    def _refunds(self) -> Iterator[Entry]:
        share = self._draw.randint(3, 8)
        count = min(len(self._earlier), max(1, len(self._earlier) * share // 100))
        for _ in range(count):
            sale = self._earlier.pop(self._draw.randrange(len(self._earlier)))
            yield self._refund(sale)

    def _refund(self, sale: Sale) -> Entry:
        draw = self._draw
        kind = draw.choices(("Refund", "A-to-z Guarantee Refund", "Chargeback Refund"), (90, 6, 4))[0]
        postings: list[tuple[int, Line]] = []
        for sold in sale.items:
            item = Item(sold.order_item_code, "", self._digits(14), sold.sku, None)
            fee_kept = percent(sold.commission, 2000)
            parts = [
                (-sold.principal, "refunds", "ItemPrice", "Principal"),
                (-sold.tax, "tax_collected", "ItemPrice", "Tax"),
                (-sold.shipping, "shipping_credits", "ItemPrice", "Shipping"),
                (sold.commission, "selling_fees", "ItemFees", "Commission"),
                (-fee_kept, "selling_fees", "ItemFees", "RefundCommission"),
            ]
            if self._stream.tax == "facilitator":
                parts.append((sold.tax, "tax_withheld", "ItemWithheldTax", "MarketplaceFacilitatorTax-Principal"))
            if draw.random() < 0.1:
                parts.append((percent(sold.principal, 2000), "other_income", "ItemPrice", "RestockingFee"))
            elif draw.random() < 0.1:
                parts.append((-percent(sold.principal, 500), "other_income", "ItemPrice", "Goodwill"))
            postings += [(m, Line(category, kind_, text, item)) for m, category, kind_, text in parts if m]
        return self._entry(
            self._moment(after=sale.posted_at),
            kind,
            postings,
            order_id=sale.order_id,
            merchant_order_id=sale.order_id if sale.fulfillment_id == "AFN" else "",
            adjustment_id="amzn1:crow:" + self._code(22),
            marketplace=sale.country,
            marketplace_name=sale.marketplace_name,
            fulfillment_id=sale.fulfillment_id,
        )

    # -- fees, reimbursements and what is rare ---------------------------------------------------------------------

    def _quiet(self) -> Iterator[Entry]:
        yield self._fee(-percent(self._typical, 9000), "subscription_fees", _OTHER, "Subscription Fee")
        yield self._fee(-percent(self._typical, 1300), "storage_fees", _OTHER, "Storage Fee")
        yield self._inbound("Inbound Transportation Fee", percent(self._typical, 4000))
        yield self._reimbursement(percent(self._typical, 31000))

    def _fees(self, many: bool) -> Iterator[Entry]:
        draw, stream = self._draw, self._stream
        if not stream.invoiced and self._often(1):
            yield self._fee(-percent(self._typical, 9000), "subscription_fees", _OTHER, "Subscription Fee")
        for _ in range(draw.randint(1, 2)):
            spend = (draw.randint(3000, 9000) + stream.orders * 20) * self._days // 14 * (12 if many else 1)
            yield self._service_fee("Cost of Advertising", -percent(self._typical, spend))
        storage = -percent(self._typical, draw.randint(800, 3000))
        if stream.v1_only:
            yield self._fee(storage, "storage_fees", _OTHER, "Storage Fee")
        elif self._often(1):
            yield self._fba_fee("FBA Inventory Storage Fee", "storage_fees", storage)
        if self._often(0.5):
            cost = percent(self._typical, draw.randint(2000, 6000))
            kind = "Inbound Transportation Fee" if draw.random() < 0.5 else "FBAInboundTransportationFee"
            shipment = self._inbound(kind, cost)
            yield shipment
            if draw.random() < 0.6:
                yield shipment  # two cartons of the same size: a genuine duplicate, line for line
        if self._often(0.4):
            kind = draw.choice(("RemovalComplete", "DisposalComplete"))
            yield self._fee(-percent(self._typical, 700), "removal_fees", _OTHER, kind)
        if self._often(0.35):
            yield self._fee(-percent(self._typical, 450), "other_fees", _OTHER, "Shipping label purchase for return")
        if not stream.v1_only:
            yield from self._newer_fees()

    def _newer_fees(self) -> Iterator[Entry]:
        """Fees that V1 files never knew."""
        draw = self._draw
        if self._often(0.5):
            coupons = percent(self._typical, draw.randint(300, 2000))
            yield self._amazon_fee("Coupon Performance Based Fee", "promotion_fees", -coupons)
        if self._often(0.2):
            yield self._amazon_fee("Vine Enrollment Fee", "promotion_fees", -percent(self._typical, 20000))
        if self._often(0.3):
            yield self._fba_fee("FBA Inbound Placement Service Fee", "inbound_fees", -percent(self._typical, 1900))
        if self._often(0.2):
            yield self._fba_fee("FBA Long Term Storage Fee", "storage_fees", -percent(self._typical, 600))
        if self._often(0.2):
            yield self._fba_fee("FBA Removal Order: Disposal Fee", "removal_fees", -percent(self._typical, 350))
        if self._often(0.15):
            yield self._service_fee("Refund for Advertiser", percent(self._typical, 900))

    def _reimbursements(self) -> Iterator[Entry]:
        for _ in range(self._draw.randint(0, 2 + self._stream.orders // 100) if self._often(1) else 0):
            yield self._reimbursement(percent(self._typical, self._draw.randint(5000, 11000)))

    def _rarities(self, event: str | None) -> Iterator[Entry]:
        draw, stream = self._draw, self._stream
        if stream.micro_deposit and self._number == 0:
            yield self._fee(-1, "bank_verification", _OTHER, "Micro Deposit")
        if event == "new_code":
            for transaction, amount_type, description in (_NEW_CODES["ascii"], _NEW_CODES[stream.style.encoding]):
                line = Line("unknown", amount_type, description)
                yield self._entry(self._moment(), transaction, [(-percent(self._typical, 2100), line)])
        if event in ("debt_from", "debt_to"):
            debt = percent(20000, PRICE_OF_A_CENT[stream.currency] * 10)
            line = Line("debt_adjustment", "Cross-Account Debt Adjustment", "Cross-Account Debt Adjustment")
            yield self._entry(self._moment(), "Debt Adjustment", [(-debt if event == "debt_from" else debt, line)])
        if stream.tax == "facilitator" and self._earlier and self._often(0.4):
            yield self._retrocharge(draw.choice(self._earlier))
        if self._often(0.08):
            yield self._fee(percent(self._typical, 700), "adjustments", _OTHER, "MiscAdjustment")

    def _retrocharge(self, sale: Sale) -> Entry:
        """A tax that was collected too late, and went to the tax office at once."""
        sold = sale.items[0]
        item = Item(sold.order_item_code, "", "", sold.sku, None)
        tax = percent(sold.principal, 150) or 1
        postings = [
            (tax, Line("tax_collected", "ItemPrice", "Tax", item)),
            (-tax, Line("tax_withheld", "ItemWithheldTax", "MarketplaceFacilitatorTax-Principal", item)),
        ]
        return self._entry(
            self._moment(after=sale.posted_at),
            "Order_Retrocharge",
            postings,
            order_id=sale.order_id,
            marketplace=sale.country,
            marketplace_name=sale.marketplace_name,
            fulfillment_id=sale.fulfillment_id,
        )

    def _inbound(self, kind: str, cost: int) -> Entry:
        # the order id of these holds an FBA shipment id (amzn/selling-partner-api-models#5353)
        line = Line("inbound_fees", _OTHER, kind)
        return self._entry(self._moment(), _OTHER, [(-cost, line)], order_id="FBA" + self._code(9))

    def _reimbursement(self, minor: int) -> Entry:
        item = Item("", "", "", self._draw.choice(self._products).sku, 1)
        line = Line("reimbursements", "FBA Inventory Reimbursement", self._draw.choice(_REIMBURSEMENTS), item)
        return self._entry(self._moment(), _OTHER, [(minor, line)], adjustment_id=self._digits(10))

    def _service_fee(self, kind: str, minor: int) -> Entry:
        line = Line("advertising", kind, "TransactionTotalAmount")
        return self._entry(self._moment(), "ServiceFee", [(minor, line)])

    def _fee(self, minor: int, category: str, amount_type: str, description: str) -> Entry:
        return self._entry(self._moment(), _OTHER, [(minor, Line(category, amount_type, description))])

    def _fba_fee(self, kind: str, category: str, minor: int) -> Entry:
        return self._fee_with_tax("FBAFees", kind, category, minor)

    def _amazon_fee(self, kind: str, category: str, minor: int) -> Entry:
        return self._fee_with_tax("AmazonFees", kind, category, minor)

    def _fee_with_tax(self, transaction: str, kind: str, category: str, minor: int) -> Entry:
        postings = [(minor, Line(category, kind, "Base fee"))]
        if self._stream.tax not in ("none", "facilitator"):
            tax = percent(minor, TAX_PERCENT[self._stream.countries[0]] * 100)
            postings += [(tax, Line(category, kind, "Tax on fee"))] if tax else []
        return self._entry(self._moment(), transaction, postings)

    # -- small things ----------------------------------------------------------------------------------------------

    def _entry(self, at: dt.datetime, kind: str, lines: list[tuple[int, Line]], **fields: str | None) -> Entry:
        return make_entry(self._seller, self._stream, at, kind, lines, **fields)

    def _moment(self, after: dt.datetime | None = None) -> dt.datetime:
        since = max(self._start, after) if after else self._start
        seconds = int((self._end - since).total_seconds())
        return since + dt.timedelta(seconds=self._draw.randint(30, seconds - 30))

    def _often(self, chance: float) -> bool:
        """True with a chance that is meant for 14 days."""
        return self._draw.random() < chance * self._share

    def _order_id(self, country: str) -> str:
        prefix = self._draw.choice(MARKETPLACES[country].order_prefixes)
        return f"{prefix}-{self._digits(7)}-{self._digits(7)}"

    def _digits(self, count: int) -> str:
        return str(self._draw.randrange(10 ** (count - 1), 10**count))

    def _code(self, count: int) -> str:
        return "".join(self._draw.choices("ABCDEFGHJKLMNPQRSTUVWXYZ23456789", k=count))


def payable(seller: Seller, stream: Stream) -> str:
    """The ledger account of what Amazon owes a seller in a stream."""
    return f"seller_payable/{seller.key}/{stream.name}"


def make_entry(
    seller: Seller, stream: Stream, at: dt.datetime, kind: str, lines: list[tuple[int, Line]], **fields: str | None
) -> Entry:
    """An entry on the seller's payable account, each line against the account that its category names."""
    account = payable(seller, stream)
    postings: list[Posting] = []
    for minor, line in lines:
        postings.append(Posting(account, minor, line))
        postings.append(Posting(_counter_account(seller, stream, line.category), -minor))
    return Entry(at, stream.currency, tuple(postings), kind, **fields)  # type: ignore[arg-type]


_BUYERS = frozenset(
    ("product_sales", "refunds", "shipping_credits", "gift_wrap_credits", "tax_collected", "promotions", "points")
)
_OWN = {
    "reserve_held": "reserve",
    "reserve_released": "reserve",
    "balance_carried": "carried",
    "charge_to_seller": "card",
    "bank_verification": "bank",
    "failed_transfer": "bank",
}


def _counter_account(seller: Seller, stream: Stream, category: str) -> str:
    if category in _OWN:
        return f"{_OWN[category]}/{seller.key}/{stream.name}"
    if category == "debt_adjustment":
        return f"debts/{seller.key}"
    if category in _BUYERS:
        return "buyers"
    return "tax_offices" if category == "tax_withheld" else f"amazon/{category}"
