"""The inventory ledger: what moved a seller's goods in Amazon's fulfilment centres, and what is left of them.

Goods leave with orders, come back with returns, get lost and are found. What is sold in two weeks was received at their
beginning, so that no balance is negative. A few movements are told ten days late, and change the balances since.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any, Literal

from simulator.activity import catalogue
from simulator.clock import iso_z
from simulator.sources.book import Book, centre
from simulator.sources.chance import code, number
from simulator.sources.files import Ask, File, encoded, quoted
from simulator.sources.goods import Goods, goods
from simulator.sources.reimbursements import all_reimbursements
from simulator.sources.returns import all_fba_returns

LATE = dt.timedelta(days=10)
CYCLE = dt.timedelta(days=14)
BEFORE = dt.timedelta(days=30)
"""How long before the world opens the first goods come."""
SPARE = 12
"""Units of each product with which a country's stock begins."""

Kind = Literal["Receipts", "Shipments", "CustomerReturns", "Adjustments"]
_COLUMNS = (
    "Date", "FNSKU", "ASIN", "MSKU", "Title", "Event Type", "Reference ID", "Quantity", "Fulfillment Center",
    "Disposition", "Reason", "Country", "Reconciled Quantity", "Unreconciled Quantity", "Date and Time",
)  # fmt: skip
_SUMMARY_COLUMNS = (
    "Date", "FNSKU", "ASIN", "MSKU", "Title", "Disposition", "Starting Warehouse Balance",
    "In Transit Between Warehouses", "Receipts", "Customer Shipments", "Customer Returns", "Vendor Returns",
    "Warehouse Transfer In/Out", "Found", "Lost", "Damaged", "Disposed", "Other Events", "Ending Warehouse Balance",
    "Unknown Events", "Location",
)  # fmt: skip
_BY_REASON = {"F": "Found", "M": "Lost", "E": "Damaged"}
_COUNTED = {"Receipts": "Receipts", "Shipments": "Customer Shipments", "CustomerReturns": "Customer Returns"}


@dataclass(frozen=True)
class Movement:
    """A movement of goods: positive into a fulfilment centre."""

    at: dt.datetime
    told_at: dt.datetime
    country: str
    sku: str
    centre: str
    disposition: str
    kind: Kind
    reason: str
    reference: str
    quantity: int

    @property
    def counted_as(self) -> str:
        """The column of the summary that counts it."""
        return _COUNTED.get(self.kind) or _BY_REASON[self.reason]


@dataclass(frozen=True)
class Day:
    """A product's balance in a place on a day, and what changed it, by the column of the summary."""

    date: dt.date
    country: str
    location: str
    """The country, or a fulfilment centre of it."""
    sku: str
    disposition: str
    starting: int
    moved: dict[str, int]

    @property
    def ending(self) -> int:
        """What is there in the evening."""
        return self.starting + sum(self.moved.values())


def movements(book: Book, now: dt.datetime) -> list[Movement]:
    """Every movement that is told at an instant, in the order of its time."""
    return [each for each in book.remember(_movements) if each.told_at <= now]


def days(
    book: Book,
    now: dt.datetime,
    start: dt.date | None = None,
    end: dt.date | None = None,
    *,
    by_centre: bool = False,
) -> list[Day]:
    """Every day that is over at an instant, of all that has been there.

    :param start: the first day; by default that of the first movement.
    :param end: the last day.
    :param by_centre: of each fulfilment centre, instead of each country.
    """
    last = min(end or now.date(), now.date() - dt.timedelta(days=1))
    found = []

    def by_product(each: Movement) -> tuple[str, str, str, str]:
        return each.country, each.centre if by_centre else each.country, each.sku, each.disposition

    for (country, location, sku, disposition), of_product in groupby(
        sorted(movements(book, now), key=by_product), by_product
    ):
        by_day: defaultdict[dt.date, dict[str, int]] = defaultdict(dict)
        for each in of_product:
            moved = by_day[each.at.date()]
            moved[each.counted_as] = moved.get(each.counted_as, 0) + each.quantity
        first = min(by_day)
        day = max(first, start or first)
        balance = sum(sum(moved.values()) for date, moved in by_day.items() if date < day)
        while day <= last:
            moved = by_day.get(day, {})
            found.append(Day(day, country, location, sku, disposition, balance, moved))
            balance += sum(moved.values())
            day += dt.timedelta(days=1)
    return sorted(found, key=lambda each: (each.date, each.country, each.location, each.sku, each.disposition))


def periods(of_days: list[Day], how: str) -> list[Day]:
    """Days put together to weeks or months, each by its first day.

    :param how: `DAILY`, `WEEKLY` or `MONTHLY`.
    """
    found: dict[tuple[object, ...], Day] = {}
    for each in of_days:
        first = each.date
        if how == "WEEKLY":
            first -= dt.timedelta(days=first.weekday())
        elif how == "MONTHLY":
            first = first.replace(day=1)
        key = (first, each.location, each.sku, each.disposition)
        before = found.get(key)
        moved = dict(before.moved) if before else {}
        for name, quantity in each.moved.items():
            moved[name] = moved.get(name, 0) + quantity
        found[key] = replace(each, date=first, starting=before.starting if before else each.starting, moved=moved)
    return list(found.values())


def detail_truth(book: Book, now: dt.datetime) -> list[dict[str, Any]]:
    """A row a movement."""
    return [
        {
            "account": book.seller.key,
            "date": each.at.date().isoformat(),
            "fnsku": goods(book.seller.key, each.sku).fnsku,
            "msku": each.sku,
            "event_type": each.kind,
            "reference_id": each.reference or None,
            "fulfillment_center": each.centre,
            "disposition": each.disposition,
            "reason": each.reason or None,
            "country": each.country,
            "quantity": each.quantity,
            "moved_at": iso_z(each.at),
        }
        for each in movements(book, now)
    ]


def summary_truth(book: Book, now: dt.datetime) -> list[dict[str, Any]]:
    """A row a product, disposition, country and day."""
    return [
        {
            "account": book.seller.key,
            "date": each.date.isoformat(),
            "fnsku": goods(book.seller.key, each.sku).fnsku,
            "msku": each.sku,
            "disposition": each.disposition,
            "location": each.country,
            "starting_warehouse_balance": each.starting,
            **{_field(name): each.moved.get(name, 0) for name in (*_COUNTED.values(), *_BY_REASON.values())},
            "ending_warehouse_balance": each.ending,
        }
        for each in days(book, now)
    ]


def write_detail(ask: Ask) -> File:
    """GET_LEDGER_DETAIL_VIEW_DATA."""
    rows = []
    for each in movements(ask.book, ask.now):
        if each.country not in ask.countries or not ask.covers(each.at):
            continue
        product = goods(ask.seller.key, each.sku)
        if ask.options["eventType"] not in ("", each.kind) or not _is_wanted(ask, product, each.sku):
            continue
        lost = each.reason == "M"
        rows.append(
            (
                f"{each.at:%m/%d/%Y}", product.fnsku, product.asin, each.sku, product.title, each.kind, each.reference,
                str(each.quantity), each.centre, each.disposition, each.reason, each.country, "1" if lost else "0",
                "0", f"{each.at:%Y-%m-%dT%H:%M:%S+0000}",
            )
        )  # fmt: skip
    return encoded(quoted(_COLUMNS, rows, "\t"), len(rows), ask.style)


def write_summary(ask: Ask) -> File:
    """GET_LEDGER_SUMMARY_VIEW_DATA."""
    rows = []
    period = ask.options["aggregatedByTimePeriod"]
    by_centre = ask.options["aggregateByLocation"] == "FC"
    told = days(ask.book, ask.now, ask.start.date(), ask.end.date(), by_centre=by_centre)
    covered = [each for each in told if each.country in ask.countries and ask.covers_day(each.date)]
    for each in periods(covered, period):
        product = goods(ask.seller.key, each.sku)
        if not _is_wanted(ask, product, each.sku):
            continue
        cells = {
            "Date": f"{each.date:%m/%Y}" if period == "MONTHLY" else f"{each.date:%m/%d/%Y}",
            "FNSKU": product.fnsku,
            "ASIN": product.asin,
            "MSKU": each.sku,
            "Title": product.title,
            "Disposition": each.disposition,
            "Starting Warehouse Balance": str(each.starting),
            "Ending Warehouse Balance": str(each.ending),
            "Location": each.location,
        }
        rows.append([cells.get(name) or str(each.moved.get(name, 0)) for name in _SUMMARY_COLUMNS])
    return encoded(quoted(_SUMMARY_COLUMNS, rows, "\t"), len(rows), ask.style)


def _is_wanted(ask: Ask, product: Goods, sku: str) -> bool:
    """Whether the options leave a product in."""
    own = {"FNSKU": product.fnsku, "ASIN": product.asin, "MSKU": sku}
    return all(ask.options.get(name, value) == value for name, value in own.items())


def _field(column: str) -> str:
    return column.lower().replace(" ", "_")


def _movements(book: Book) -> list[Movement]:
    found = [*_shipments(book), *_returns(book), *_adjustments(book)]
    found += _receipts(book, found)
    return sorted(found, key=lambda each: (each.at, each.country, each.sku, each.reference))


def _shipments(book: Book) -> list[Movement]:
    found = []
    for event in book.orders:
        if not event.by_amazon:
            continue
        for sold in event.sold:
            late = LATE if number(event.entry.order_id, "late shipment", below=60) == 0 else dt.timedelta()
            found.append(
                Movement(
                    event.shown_at, event.shown_at + late, event.country, sold.item.sku,
                    centre(event.country, event.entry.order_id, "ships"), "SELLABLE", "Shipments", "", "",
                    -sold.quantity,
                )
            )  # fmt: skip
    return found


def _returns(book: Book) -> list[Movement]:
    return [
        Movement(
            each.returned_at, each.told_at, each.country, each.sku, each.centre, each.disposition, "CustomerReturns", "",
            each.order_id, each.quantity,
        )
        for each in all_fba_returns(book)
    ]  # fmt: skip


def _adjustments(book: Book) -> list[Movement]:
    """What was lost or damaged before it was reimbursed, and what was found again."""
    found = []
    for each in book.remember(all_reimbursements):
        before = each.approved_at - dt.timedelta(days=3)
        reasons = {"Lost_Warehouse": "M", "Damaged_Warehouse": "E", "Reimbursement_Reversal": "F"}
        reason = reasons.get(each.reason)
        if reason is None:
            continue
        at = each.approved_at if reason == "F" else before
        place = centre(each.country, each.id, "adjusts")
        sign = 1 if reason == "F" else -1
        found.append(Movement(at, at, each.country, each.sku, place, "SELLABLE", "Adjustments", reason, each.id, sign))
        if reason == "E":
            found.append(
                Movement(at, at, each.country, each.sku, place, "WAREHOUSE_DAMAGED", "Adjustments", reason, each.id, 1)
            )
    return found


def _receipts(book: Book, others: list[Movement]) -> list[Movement]:
    """What each country received of each product: at first some to spare, then what it needs for two weeks."""
    opened = dt.datetime.combine(book.world.opened, dt.time(4), dt.UTC) - BEFORE
    needed: defaultdict[tuple[str, str, int], int] = defaultdict(int)
    for stream in book.seller.streams:
        begins = (BEFORE + dt.timedelta(days=stream.opens)) // CYCLE if stream.opens else 0
        for country in stream.countries:
            for product in catalogue(book.world.seed, book.seller, stream):
                needed[country, product.sku, begins] = SPARE
    for each in others:
        if each.disposition == "SELLABLE" and each.quantity < 0:
            needed[each.country, each.sku, (each.at - opened) // CYCLE] -= each.quantity
    found = []
    for (country, sku, cycle), quantity in sorted(needed.items()):
        at = opened + cycle * CYCLE - dt.timedelta(minutes=number(country, sku, cycle, "receipt", below=600))
        place = centre(country, sku, cycle, "receives")
        reference = "FBA" + code(9, book.seller.key, country, sku, cycle, "inbound")
        found.append(Movement(at, at, country, sku, place, "SELLABLE", "Receipts", "", reference, quantity))
    return found
