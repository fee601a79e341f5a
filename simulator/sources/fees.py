"""What Amazon charges for goods in its fulfilment centres, and what it expects to charge for selling them.

The rows of a month's storage fees come to what the ledger was charged in that month; where the ledger has one fee for all
of it, a third was for goods over the limit, and stands in the report of overage fees.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from simulator.activity import catalogue, percent
from simulator.marketplaces import MARKETPLACES, digits
from simulator.sellers import Stream
from simulator.settlement_files import lines_of
from simulator.sources.book import Book, Event
from simulator.sources.chance import number
from simulator.sources.files import Ask, File, encoded, plain, tsv
from simulator.sources.goods import Goods, goods
from simulator.sources.places import CENTRES

FINE = 4
"""Decimals of fees that are told by the unit."""
TOLD_ON = 10
"""The day of the next month from which a month's storage fees are told."""
PREVIEWED_AFTER = dt.timedelta(hours=72)
"""A fee preview must begin so long ago (rtv.txt of amzn/selling-partner-api-docs)."""

_LONG_TERM = "FBA Long Term Storage Fee"
_TIERS = ("181-210 days", "241-270 days", "271-300 days", "365+ days")
_STORAGE_COLUMNS = (
    "asin", "fnsku", "product_name", "fulfillment_center", "country_code", "longest_side", "median_side", "shortest_side",
    "measurement_units", "weight", "weight_units", "item_volume", "volume_units", "product_size_tier",
    "average_quantity_on_hand", "average_quantity_pending_removal", "estimated_total_item_volume", "month_of_charge",
    "storage_rate", "currency", "estimated_monthly_storage_fee", "average_quantity_customer_orders", "base_rate",
    "utilization_surcharge_rate",
)  # fmt: skip
_LONG_TERM_COLUMNS = (
    "snapshot-date", "sku", "fnsku", "asin", "product-name", "condition", "per-unit-volume", "currency", "volume-unit",
    "country", "qty-charged", "amount-charged", "surcharge-age-tier", "rate-surcharge",
)  # fmt: skip
_OVERAGE_COLUMNS = (
    "charged_date", "country_code", "storage_type", "charge_rate", "storage_usage_volume", "storage_limit_volume",
    "overage_volume", "volume_unit", "charged_fee_amount", "currency_code",
)  # fmt: skip
_PREVIEW = (
    "product-name", "product-group", "brand", "fulfilled-by", "has-local-inventory", "your-price", "sales-price",
    "longest-side", "median-side", "shortest-side", "length-and-girth", "unit-of-dimension", "item-package-weight",
    "unit-of-weight",
)  # fmt: skip
_PREVIEW_AMERICA = (
    "sku", "fnsku", "asin", *_PREVIEW, "product-size-tier", "currency", "estimated-fee-total",
    "estimated-referral-fee-per-unit", "estimated-variable-closing-fee", "estimated-order-handling-fee-per-order",
    "estimated-pick-pack-fee-per-unit", "estimated-weight-handling-fee-per-unit", "expected-fulfillment-fee-per-unit",
)  # fmt: skip
_PREVIEW_EUROPE = (
    "sku", "fnsku", "asin", "amazon-store", *_PREVIEW, "product-size-weight-band", "currency", "estimated-fee-total",
    "estimated-referral-fee-per-unit", "estimated-variable-closing-fee", "expected-domestic-fulfilment-fee-per-unit",
    "expected-efn-fulfilment-fee-per-unit-uk", "expected-efn-fulfilment-fee-per-unit-de",
    "expected-efn-fulfilment-fee-per-unit-fr", "expected-efn-fulfilment-fee-per-unit-it",
    "expected-efn-fulfilment-fee-per-unit-es",
)  # fmt: skip


@dataclass(frozen=True)
class StorageFee:
    """What a product cost in a fulfilment centre in a month; `fee` in ten-thousandths of the currency."""

    month: str
    country: str
    centre: str
    product: Goods
    fee: int
    currency: str


@dataclass(frozen=True)
class LongTermFee:
    """What a product was charged for its age; `fee` in ten-thousandths of the currency."""

    snapshot: dt.date
    country: str
    product: Goods
    quantity: int
    fee: int
    tier: str
    currency: str


@dataclass(frozen=True)
class OverageFee:
    """What was charged for a day over the limit, in the currency's smallest unit."""

    date: dt.date
    country: str
    fee: int
    currency: str


@dataclass(frozen=True)
class Preview:
    """What one unit is expected to cost, in the currency's smallest unit; None where Amazon cannot tell."""

    country: str
    product: Goods
    price: int
    referral: int
    fulfilment: int | None
    currency: str

    @property
    def total(self) -> int | None:
        """All of it."""
        return None if self.fulfilment is None else self.referral + self.fulfilment


def storage_fees(book: Book, now: dt.datetime) -> list[StorageFee]:
    """Every month's storage fees that are told at an instant."""
    return [fee for fee in book.remember(_storage_fees) if told_from(fee.month) <= now]


def long_term_fees(book: Book, now: dt.datetime) -> list[LongTermFee]:
    """Every long-term fee that was charged by an instant."""
    found = []
    for event, minor in _charged(book, now):
        if lines_of(event.entry)[0][1].amount_type != _LONG_TERM:
            continue
        products = catalogue(book.world.seed, book.seller, event.stream)[:3]
        weights = [1 + number(event.entry.posted_at, product.sku, below=5) for product in products]
        fees = shares(_fine(minor, event.entry.currency), weights)
        for product, fee, weight in zip(products, fees, weights, strict=True):
            found.append(
                LongTermFee(
                    event.entry.posted_at.date(), event.country, goods(book.seller.key, product.sku), weight, fee,
                    _TIERS[weight % len(_TIERS)], event.entry.currency,
                )
            )  # fmt: skip
    return found


def overage_fees(book: Book, now: dt.datetime) -> list[OverageFee]:
    """Every day's overage fee that was charged by an instant."""
    found: defaultdict[tuple[dt.date, str, str], int] = defaultdict(int)
    for event, minor in _charged(book, now):
        if (over := _overage(event, minor)) > 0:
            found[event.entry.posted_at.date(), event.country, event.entry.currency] += over
    return [OverageFee(date, country, fee, currency) for (date, country, currency), fee in sorted(found.items())]


def previews(book: Book, countries: Sequence[str]) -> list[Preview]:
    """What one unit of each product is expected to cost in some countries."""
    found = []
    for country in countries:
        stream = book.stream_of(country)
        for product in catalogue(book.world.seed, book.seller, stream):
            unknown = number(book.seller.key, product.sku, country, "unknown fee", below=9) == 0
            found.append(
                Preview(
                    country=country,
                    product=goods(book.seller.key, product.sku),
                    price=product.price,
                    referral=percent(product.price, 1500),
                    fulfilment=None if unknown else product.fulfilment,
                    currency=stream.currency,
                )
            )
    return found


def told_from(month: str) -> dt.datetime:
    """When a month's storage fees are told first."""
    year, number_of = (int(part) for part in month.split("-"))
    return dt.datetime(year + number_of // 12, number_of % 12 + 1, TOLD_ON, tzinfo=dt.UTC)


def shares(total: int, weights: Sequence[int]) -> list[int]:
    """A total in whole parts by weight; they come to it exactly."""
    whole = sum(weights)
    found, so_far, given = [], 0, 0
    for weight in weights:
        so_far += weight
        part = total * so_far // whole - given
        given += part
        found.append(part)
    return found


def storage_truth(book: Book, now: dt.datetime) -> list[dict[str, Any]]:
    """A row a product, fulfilment centre and month."""
    return [
        {
            "account": book.seller.key,
            "marketplace_id": MARKETPLACES[each.country].id,
            "month_of_charge": each.month,
            "asin": each.product.asin,
            "fnsku": each.product.fnsku,
            "fulfillment_center": each.centre,
            "country_code": each.country,
            "currency": each.currency,
            "estimated_monthly_storage_fee": fine_text(each.fee),
        }
        for each in storage_fees(book, now)
    ]


def long_term_truth(book: Book, now: dt.datetime) -> list[dict[str, Any]]:
    """A row a product and day."""
    return [
        {
            "account": book.seller.key,
            "marketplace_id": MARKETPLACES[each.country].id,
            "snapshot_day": each.snapshot.isoformat(),
            "sku": each.product.sku,
            "fnsku": each.product.fnsku,
            "country": each.country,
            "surcharge_age_tier": each.tier,
            "qty_charged": each.quantity,
            "currency": each.currency,
            "amount_charged": fine_text(each.fee),
        }
        for each in long_term_fees(book, now)
    ]


def overage_truth(book: Book, now: dt.datetime) -> list[dict[str, Any]]:
    """A row a country and day."""
    return [
        {
            "account": book.seller.key,
            "marketplace_id": MARKETPLACES[each.country].id,
            "charged_date": each.date.isoformat(),
            "country_code": each.country,
            "storage_type": "Standard-Size",
            "currency_code": each.currency,
            "charged_fee_amount": plain(each.fee, each.currency),
        }
        for each in overage_fees(book, now)
    ]


def preview_truth(book: Book, now: dt.datetime) -> list[dict[str, Any]]:
    """A row a product and country."""
    return [
        {
            "account": book.seller.key,
            "marketplace_id": MARKETPLACES[each.country].id,
            "sku": each.product.sku,
            "fnsku": each.product.fnsku,
            "amazon_store": each.country if MARKETPLACES[each.country].region == "EU" else None,
            "currency": each.currency,
            "your_price": plain(each.price, each.currency),
            "estimated_referral_fee_per_unit": plain(each.referral, each.currency),
            "estimated_fee_total": None if each.total is None else plain(each.total, each.currency),
        }
        for each in previews(book, book.world.countries(book.seller, now))
    ]


def write_storage(ask: Ask) -> File:
    """GET_FBA_STORAGE_FEE_CHARGES_DATA: the months that begin before the window's end and end after its start."""
    comma = ask.style.decimal
    rows = []
    for each in storage_fees(ask.book, ask.now):
        year, month = (int(part) for part in each.month.split("-"))
        begins = dt.datetime(year, month, 1, tzinfo=dt.UTC)
        ends = dt.datetime(year + month // 12, month % 12 + 1, 1, tzinfo=dt.UTC)
        if each.country not in ask.countries or not (begins < ask.end and ends > ask.start):
            continue
        product = each.product
        on_hand = 100 + number(product.sku, each.month, each.centre, below=4000)
        volume = (product.volume * on_hand / 100).quantize(Decimal("0.0001"))
        cells = {
            "asin": product.asin,
            "fnsku": product.fnsku,
            "product_name": product.title,
            "fulfillment_center": each.centre,
            "country_code": each.country,
            "longest_side": _side(product.sides[0]),
            "median_side": _side(product.sides[1]),
            "shortest_side": _side(product.sides[2]),
            "measurement_units": "centimeters",
            "weight": str(Decimal(product.grams) / 1000 + Decimal("0.0000")),
            "weight_units": "kilograms",
            "item_volume": str(product.volume),
            "volume_units": "cubic decimeters",
            "product_size_tier": "Standard-Size",
            "average_quantity_on_hand": str(Decimal(on_hand).scaleb(-2)),
            "average_quantity_pending_removal": "0.00",
            "estimated_total_item_volume": str(volume),
            "month_of_charge": each.month,
            "storage_rate": "0.69",
            "currency": each.currency,
            "estimated_monthly_storage_fee": fine_text(each.fee),
            "average_quantity_customer_orders": "0.02",
            "base_rate": "0.69",
            "utilization_surcharge_rate": "--" if number(product.sku, below=7) == 0 else "",
        }
        for name in _STORAGE_COLUMNS[5:23]:
            if name not in ("month_of_charge", "currency", "product_size_tier"):
                cells[name] = cells[name].replace(".", comma)
        rows.append([cells[name] for name in _STORAGE_COLUMNS])
    return encoded(tsv(_STORAGE_COLUMNS, rows), len(rows), ask.style)


def write_long_term(ask: Ask) -> File:
    """GET_FBA_FULFILLMENT_LONGTERM_STORAGE_FEE_CHARGES_DATA."""
    rows = [
        (
            f"{each.snapshot.isoformat()}T00:00:00+00:00", each.product.sku, each.product.fnsku, each.product.asin,
            each.product.title, "Sellable", str(each.product.volume), each.currency, "cubic decimeters", each.country,
            str(each.quantity), fine_text(each.fee), each.tier, "4.00",
        )
        for each in long_term_fees(ask.book, ask.now)
        if each.country in ask.countries and ask.covers(dt.datetime.combine(each.snapshot, dt.time(), dt.UTC))
    ]  # fmt: skip
    return encoded(tsv(_LONG_TERM_COLUMNS, rows), len(rows), ask.style)


def write_overage(ask: Ask) -> File:
    """GET_FBA_OVERAGE_FEE_CHARGES_DATA."""
    rows = [
        (
            each.date.isoformat(), each.country, "Standard-Size", "0.3226", "600", "500", "100", "cubic decimeters",
            plain(each.fee, each.currency), each.currency,
        )
        for each in overage_fees(ask.book, ask.now)
        if each.country in ask.countries and ask.covers_day(each.date)
    ]  # fmt: skip
    return encoded(tsv(_OVERAGE_COLUMNS, rows), len(rows), ask.style)


def write_preview(ask: Ask) -> File:
    """GET_FBA_ESTIMATED_FBA_FEES_TXT_DATA."""
    columns = _PREVIEW_EUROPE if ask.seller.region == "EU" else _PREVIEW_AMERICA
    rows = []
    for each in previews(ask.book, ask.countries):
        product = each.product
        price, referral = plain(each.price, each.currency), plain(each.referral, each.currency)
        fulfilment = "--" if each.fulfilment is None else plain(each.fulfilment, each.currency)
        girth = product.sides[0] + 2 * (product.sides[1] + product.sides[2])
        cells = {
            "sku": product.sku,
            "fnsku": product.fnsku,
            "asin": product.asin,
            "amazon-store": each.country,
            "product-name": product.title,
            "product-group": "Kitchen",
            "brand": "Northwind",
            "fulfilled-by": f"AMAZON_{ask.seller.region}",
            "has-local-inventory": "Yes",
            "your-price": price,
            "sales-price": price,
            "longest-side": _side(product.sides[0]),
            "median-side": _side(product.sides[1]),
            "shortest-side": _side(product.sides[2]),
            "length-and-girth": _side(girth),
            "unit-of-dimension": "centimeters",
            "item-package-weight": f"{product.grams}.00",
            "unit-of-weight": "grams",
            "product-size-tier": "Standard-Size",
            "product-size-weight-band": "Small parcel",
            "currency": each.currency,
            "estimated-fee-total": "--" if each.total is None else plain(each.total, each.currency),
            "estimated-referral-fee-per-unit": referral,
            "estimated-variable-closing-fee": plain(0, each.currency),
            "estimated-order-handling-fee-per-order": "--",
            "estimated-pick-pack-fee-per-unit": "--",
            "estimated-weight-handling-fee-per-unit": "--",
            "expected-fulfillment-fee-per-unit": fulfilment,
            "expected-domestic-fulfilment-fee-per-unit": fulfilment,
        }
        rows.append([cells.get(name, "--") for name in columns])
    return encoded(tsv(columns, rows), len(rows), ask.style)


def refuse_preview(ask: Ask) -> str | None:
    """Why a fee preview is not made."""
    if ask.start > ask.now - PREVIEWED_AFTER:
        return "The dataStartTime of the report must be at least 72 hours prior to the request"
    return None


def fine_text(fee: int) -> str:
    """An amount of ten-thousandths of a currency."""
    return str(Decimal(fee).scaleb(-FINE))


def _storage_fees(book: Book) -> list[StorageFee]:
    charged: defaultdict[tuple[str, Stream], int] = defaultdict(int)
    for event, minor in _charged(book, dt.datetime.max.replace(tzinfo=dt.UTC)):
        if lines_of(event.entry)[0][1].amount_type != _LONG_TERM:
            charged[f"{event.entry.posted_at:%Y-%m}", event.stream] += minor - _overage(event, minor)
    found = []
    for (month, stream), minor in sorted(charged.items(), key=lambda each: (each[0][0], each[0][1].name)):
        places = [(country, centre) for country in stream.countries[:3] for centre in CENTRES[country]]
        wanted = [
            (country, centre, goods(book.seller.key, product.sku))
            for country, centre in places
            for product in catalogue(book.world.seed, book.seller, stream)
        ]
        weights = [1 + number(month, centre, product.sku, below=20) for _, centre, product in wanted]
        for (country, centre, product), fee in zip(wanted, shares(_fine(minor, stream.currency), weights), strict=True):
            found.append(StorageFee(month, country, centre, product, fee, stream.currency))
    return found


def _charged(book: Book, now: dt.datetime) -> list[tuple[Event, int]]:
    """What the ledger was charged for storage by an instant, without the tax on it, in the smallest unit."""
    found = []
    for event in book.events:
        if event.entry.posted_at <= now:
            lines = [(minor, line) for minor, line in lines_of(event.entry) if line.category == "storage_fees"]
            minor = -sum(minor for minor, line in lines if line.amount_description != "Tax on fee")
            if minor:
                found.append((event, minor))
    return found


def _overage(event: Event, minor: int) -> int:
    """The part of a storage fee that was for goods over the limit."""
    return minor // 3 if lines_of(event.entry)[0][1].amount_description == "Storage Fee" else 0


def _fine(minor: int, currency: str) -> int:
    return minor * 10 ** (FINE - digits(currency))


def _side(tenths: int) -> str:
    return str(Decimal(tenths).scaleb(-2))
