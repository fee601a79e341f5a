"""What a seller has Amazon send back or dispose of.

Each fee for removals in the ledger is that of an order which was placed one to three weeks earlier, and is posted when the
order is completed; other orders are cancelled, and cost nothing. An order is told by the day on which it was placed, in its
state of now: its units are in process, then some are gone, then all, and only then is its fee known. The inventory ledger
does not know of it.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from random import Random
from typing import Any, Literal

from simulator.activity import catalogue
from simulator.clock import iso_z
from simulator.marketplaces import MARKETPLACES
from simulator.sellers import Stream
from simulator.settlement_files import lines_of
from simulator.sources.book import Book
from simulator.sources.chance import code, hours, number, one_of
from simulator.sources.fees import shares
from simulator.sources.files import Ask, File, encoded, offset_time, plain, tsv
from simulator.sources.goods import goods
from simulator.sources.places import local_zone

Kind = Literal["Return", "Disposal"]
_COLUMNS = (
    "request-date", "order-id", "order-type", "order-status", "last-updated-date", "sku", "fnsku", "disposition",
    "requested-quantity", "cancelled-quantity", "disposed-quantity", "shipped-quantity", "in-process-quantity",
    "removal-fee", "currency",
)  # fmt: skip
_COLUMNS_EUROPE = (*_COLUMNS[:3], "service-speed", *_COLUMNS[3:])
_DISPOSITIONS = ("Unsellable", "Unsellable", "Sellable")


@dataclass(frozen=True)
class Line:
    """A product of an order, in units; the fee in the currency's smallest unit."""

    sku: str
    disposition: str
    requested: int
    cancelled: int
    first: int
    """Of those that are removed, how many go first."""
    fee: int

    @property
    def removed(self) -> int:
        """How many go at last."""
        return self.requested - self.cancelled


@dataclass(frozen=True)
class Order:
    """A removal order with all that becomes of it."""

    id: str
    country: str
    currency: str
    kind: Kind
    requested_at: dt.datetime
    begun_at: dt.datetime
    """When the first units go; of a cancelled one, when it is cancelled."""
    ended_at: dt.datetime
    """When it is completed or cancelled."""
    lines: tuple[Line, ...]

    @property
    def is_cancelled(self) -> bool:
        """Whether nothing of it is removed."""
        return not any(line.removed for line in self.lines)

    def status(self, now: dt.datetime) -> str:
        """Its state at an instant."""
        if now < self.ended_at:
            return "In Process"
        return "Cancelled" if self.is_cancelled else "Completed"

    def updated_at(self, now: dt.datetime) -> dt.datetime:
        """When it changed last."""
        return max(each for each in (self.requested_at, self.begun_at, self.ended_at) if each <= now)


@dataclass(frozen=True)
class State:
    """A line of an order as it is told at an instant: units, and the fee in the currency's smallest unit."""

    order: Order
    line: Line
    status: str
    updated_at: dt.datetime
    cancelled: int
    disposed: int
    shipped: int
    in_process: int
    fee: int | None
    """None until the order is completed."""


def removal_orders(book: Book, now: dt.datetime) -> list[State]:
    """Every line of the orders that were placed by an instant, in the state of that instant."""
    orders = (order for order in book.remember(_orders) if order.requested_at <= now)
    return [_state(order, line, now) for order in orders for line in order.lines]


def truth(book: Book, now: dt.datetime) -> list[dict[str, Any]]:
    """A row a line of an order."""
    return [
        {
            "account": book.seller.key,
            "marketplace_id": MARKETPLACES[each.order.country].id,
            "requested_at": iso_z(each.order.requested_at),
            "order_id": each.order.id,
            "order_type": each.order.kind,
            "order_status": each.status,
            "last_updated_at": iso_z(each.updated_at),
            "sku": each.line.sku,
            "fnsku": goods(book.seller.key, each.line.sku).fnsku,
            "disposition": each.line.disposition,
            "requested_quantity": each.line.requested,
            "cancelled_quantity": each.cancelled,
            "disposed_quantity": each.disposed,
            "shipped_quantity": each.shipped,
            "in_process_quantity": each.in_process,
            "removal_fee": None if each.fee is None else plain(each.fee, each.order.currency),
            "currency": None if each.fee is None else each.order.currency,
        }
        for each in removal_orders(book, now)
    ]


def write(ask: Ask) -> File:
    """GET_FBA_FULFILLMENT_REMOVAL_ORDER_DETAIL_DATA."""
    rows = []
    for each in removal_orders(ask.book, ask.now):
        order = each.order
        if order.country not in ask.countries or not ask.covers(order.requested_at):
            continue
        zone = local_zone(order.country)
        rows.append(
            {
                "request-date": offset_time(order.requested_at, zone),
                "order-id": order.id,
                "order-type": order.kind,
                "service-speed": "Standard",
                "order-status": each.status,
                "last-updated-date": offset_time(each.updated_at, zone),
                "sku": each.line.sku,
                "fnsku": goods(ask.seller.key, each.line.sku).fnsku,
                "disposition": each.line.disposition,
                "requested-quantity": str(each.line.requested),
                "cancelled-quantity": str(each.cancelled),
                "disposed-quantity": str(each.disposed),
                "shipped-quantity": str(each.shipped),
                "in-process-quantity": str(each.in_process),
                "removal-fee": "" if each.fee is None else plain(each.fee, order.currency),
                "currency": "" if each.fee is None else order.currency,
            }
        )
    columns = _COLUMNS_EUROPE if ask.seller.region == "EU" else _COLUMNS
    return encoded(tsv(columns, ([row[name] for name in columns] for row in rows)), len(rows), ask.style)


def _state(order: Order, line: Line, now: dt.datetime) -> State:
    ended = now >= order.ended_at
    cancelled = line.cancelled if ended else 0
    gone = line.removed if ended else line.first if now >= order.begun_at else 0
    return State(
        order=order,
        line=line,
        status=order.status(now),
        updated_at=order.updated_at(now),
        cancelled=cancelled,
        disposed=gone if order.kind == "Disposal" else 0,
        shipped=gone if order.kind == "Return" else 0,
        in_process=line.requested - cancelled - gone,
        fee=line.fee if ended and not order.is_cancelled else None,
    )


def _orders(book: Book) -> list[Order]:
    found = [*_charged(book), *_cancelled(book)]
    return sorted(found, key=lambda each: (each.requested_at, each.id))


def _charged(book: Book) -> list[Order]:
    """The orders whose fees stand in the ledger."""
    found = []
    for event in book.events:
        of_removals = [(minor, line) for minor, line in lines_of(event.entry) if line.category == "removal_fees"]
        fee = -sum(minor for minor, line in of_removals if line.amount_description != "Tax on fee")
        if fee <= 0:
            continue
        names = (book.seller.key, event.period.settlement_id, event.number, "removal")
        ended_at = event.entry.posted_at
        requested_at = ended_at - hours(7 * 24, 21 * 24, *names)
        if event.stream.opens:
            requested_at = max(requested_at, event.period.start)
        found.append(
            Order(
                id=code(10, *names),
                country=event.country,
                currency=event.entry.currency,
                kind="Return" if of_removals[0][1].amount_description == "RemovalComplete" else "Disposal",
                requested_at=requested_at,
                begun_at=requested_at + (ended_at - requested_at) / 2,
                ended_at=ended_at,
                lines=_lines(book, event.stream, fee, *names),
            )
        )
    return found


def _lines(book: Book, stream: Stream, fee: int, *names: object) -> tuple[Line, ...]:
    """Some products of a stream, of most of them all that was requested; their fees come to the fee of the order."""
    products = catalogue(book.world.seed, book.seller, stream)
    first = number(*names, "first product", below=len(products))
    chosen = [products[(first + n) % len(products)].sku for n in range(min(1 + number(*names, below=3), len(products)))]
    requested = [2 + number(*names, sku, "requested", below=6) for sku in chosen]
    cancelled = [1 if number(*names, sku, "cancelled", below=4) == 0 else 0 for sku in chosen]
    removed = [wanted - kept for wanted, kept in zip(requested, cancelled, strict=True)]
    fees = shares(fee, removed)
    return tuple(
        Line(sku, one_of(_DISPOSITIONS, *names, sku), wanted, kept, gone // 2, part)
        for sku, wanted, kept, gone, part in zip(chosen, requested, cancelled, removed, fees, strict=True)
    )


def _cancelled(book: Book) -> list[Order]:
    """Orders of which nothing comes, in some periods."""
    found = []
    for period in book.periods:
        stream = period.stream
        draw = Random(f"{book.world.seed}/{book.seller.key}/{stream.name}/{period.number}/cancelled removal")
        if stream.invoiced or draw.random() > 0.3 * min(1, stream.cycle_days / 14):
            continue
        span = int((period.end - period.start).total_seconds())
        requested_at = period.start + dt.timedelta(seconds=draw.randrange(span))
        ended_at = requested_at + dt.timedelta(seconds=draw.randrange(86400, 4 * 86400))
        sku = draw.choice(catalogue(book.world.seed, book.seller, stream)).sku
        units = draw.randrange(1, 9)
        order_id = code(10, book.seller.key, stream.name, period.number, "cancelled removal")
        line = Line(sku, draw.choice(_DISPOSITIONS), units, units, 0, 0)
        found.append(
            Order(order_id, stream.countries[0], stream.currency, "Return", requested_at, ended_at, ended_at, (line,))
        )
    return found
