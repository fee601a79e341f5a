"""A seller's ledger as the reports look at it: every event with the period it belongs to, those to come included.

What is settled is shown when it is posted. What Amazon defers (an order whose delivery it waits for, an invoice that a
business has not paid) is shown when it is shipped, and posted when it is released.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, TypeVar
from weakref import WeakKeyDictionary

from simulator.ledger import Entry, Item, Line
from simulator.marketplaces import MARKETPLACES
from simulator.sellers import Seller, Stream
from simulator.settlement_files import lines_of
from simulator.sources.chance import hours, number, one_of
from simulator.sources.places import CENTRES
from simulator.world import Period, World

AHEAD = dt.timedelta(days=35)
"""How far ahead a book looks: what is posted then may have been shipped, and what is shipped been ordered and stocked."""

_T = TypeVar("_T")
Deferral = Literal["", "DD7", "B2B"]
_DEFERRING = frozenset({"aurora_na", "borealis_na", "dorado_eu", "ember_eu", "hinode_fe", "ironbark_fe"})
"""Sellers whose money of some orders Amazon keeps until a week after their delivery."""
_CHARGED_BACK = frozenset({"A-to-z Guarantee Refund", "Chargeback Refund"})


@dataclass(frozen=True, eq=False)
class Sold:
    """The lines of one order item in an event: amounts in the currency's smallest unit."""

    item: Item
    lines: tuple[tuple[int, Line], ...]
    quantity: int
    """Units; of a refund, those that were sold."""

    def sum_of(self, amount_type: str, *descriptions: str) -> int:
        """The sum of the lines of a type, of some descriptions or of all."""
        found = (
            minor
            for minor, line in self.lines
            if line.amount_type == amount_type and (not descriptions or line.amount_description in descriptions)
        )
        return sum(found)


@dataclass(frozen=True, eq=False)
class Event:
    """An entry of the ledger. `number` is its place in its period; `shown_at` is when Amazon first shows it: before it is
    posted only if it is deferred."""

    entry: Entry
    period: Period
    number: int
    shown_at: dt.datetime
    deferral: Deferral
    purchased_at: dt.datetime
    """When an order was placed; of other events, `shown_at`."""
    sold: tuple[Sold, ...] = field(repr=False)

    @property
    def country(self) -> str:
        """Where it happened; what happens to the account as a whole is told under the first country of its stream."""
        return self.entry.marketplace or self.period.stream.countries[0]

    @property
    def stream(self) -> Stream:
        """Its line of settlements."""
        return self.period.stream

    @property
    def is_order(self) -> bool:
        """An order, of Amazon's own shop or of the seller's."""
        return self.entry.transaction_type == "Order"

    @property
    def is_multi_channel(self) -> bool:
        """An order of the seller's own shop that Amazon only fulfils."""
        return self.is_order and self.entry.marketplace_name.startswith("Non-Amazon")

    @property
    def is_refund(self) -> bool:
        """Money given back to a buyer."""
        return "Refund" in self.entry.transaction_type and self.entry.transaction_type != "Order_Retrocharge"

    @property
    def is_charged_back(self) -> bool:
        """A refund that Amazon or the buyer's bank decided, without goods coming back."""
        return self.entry.transaction_type in _CHARGED_BACK

    @property
    def by_amazon(self) -> bool:
        """Whether Amazon fulfilled it."""
        return self.entry.fulfillment_id == "AFN"


class Book:
    """The events of one seller, in the order in which they are shown."""

    def __init__(self, world: World, seller: Seller, periods: list[Period], earlier: Book | None = None) -> None:
        self.world = world
        self.seller = seller
        self.periods = periods
        # what an earlier book knows of the periods that it has is taken over
        self._sold: dict[tuple[str, str], int] = earlier._sold if earlier else {}
        self._by_period: dict[Period, list[Event]] = earlier._by_period if earlier else {}
        self._remembered: dict[Callable[[Book], Any], Any] = {}
        for period in periods:
            if period not in self._by_period:
                entries = enumerate(period.activity)
                self._by_period[period] = [_event(period, place, entry, self._sold) for place, entry in entries]
        events = (event for period in periods for event in self._by_period[period])
        self.events: list[Event] = sorted(events, key=lambda event: event.shown_at)

    @cached_property
    def orders(self) -> list[Event]:
        """Orders of Amazon's shops and of the seller's own."""
        return [event for event in self.events if event.is_order and event.entry.marketplace]

    @cached_property
    def refunds(self) -> list[Event]:
        """Refunds, in the order of their time."""
        return [event for event in self.events if event.is_refund]

    @cached_property
    def refund_of(self) -> dict[str, Event]:
        """The refund of an order, by the order's id."""
        return {event.entry.order_id: event for event in reversed(self.refunds)}

    @cached_property
    def order_of(self) -> dict[str, Event]:
        """An order by its id."""
        return {event.entry.order_id: event for event in self.orders}

    @cached_property
    def by_country(self) -> dict[str, list[Event]]:
        """The events of a country."""
        found = defaultdict(list)
        for event in self.events:
            found[event.country].append(event)
        return dict(found)

    def remember(self, made_by: Callable[[Book], _T]) -> _T:
        """What a function makes of this book, made once."""
        if made_by not in self._remembered:
            self._remembered[made_by] = made_by(self)
        return self._remembered[made_by]

    def stream_of(self, country: str) -> Stream:
        """The first stream that sells in a country: its files' style is that of the country's reports."""
        return next(stream for stream in self.seller.streams if country in stream.countries)


_BOOKS: WeakKeyDictionary[World, dict[str, Book]] = WeakKeyDictionary()


def book_of(world: World, seller: Seller, now: dt.datetime) -> Book:
    """The book of a seller: what has happened by an instant, and what is ahead of it.

    What has begun never changes, so a book is good until another period begins.
    """
    books = _BOOKS.setdefault(world, {})
    periods = world.periods(seller, now + AHEAD)
    known = books.get(seller.key)
    if known is None or len(known.periods) < len(periods):
        known = books[seller.key] = Book(world, seller, periods, known)
    return known


def _event(period: Period, place: int, entry: Entry, sold: dict[tuple[str, str], int]) -> Event:
    grouped: dict[str, list[tuple[int, Line]]] = {}
    for minor, line in lines_of(entry):
        if line.item is not None and line.item.sku:
            grouped.setdefault(line.item.order_item_code or line.item.sku, []).append((minor, line))
    parts = []
    for item_code, lines in grouped.items():
        item = lines[0][1].item
        assert item is not None
        if item.quantity is not None:
            sold[entry.order_id, item_code] = item.quantity
        parts.append(Sold(item, tuple(lines), item.quantity or sold.get((entry.order_id, item_code), 1)))
    deferral = _deferral(period, entry)
    shown_at = entry.posted_at
    if deferral:
        shown_at -= hours(7 * 24, 12 * 24, entry.order_id, "deferred")
    purchased_at = shown_at
    if entry.transaction_type == "Order":
        purchased_at -= hours(3, 70, entry.order_id, "purchase")
    return Event(entry, period, place, shown_at, deferral, purchased_at, tuple(parts))


def _deferral(period: Period, entry: Entry) -> Deferral:
    if entry.transaction_type != "Order" or not entry.marketplace or entry.marketplace_name.startswith("Non-Amazon"):
        return ""
    drawn = number(entry.order_id, "is deferred", below=100)
    if period.stream.invoiced:
        return "B2B" if drawn < 60 else ""
    return "DD7" if period.seller.key in _DEFERRING and drawn < 25 else ""


def marketplace_name(country: str) -> str:
    """A marketplace as files name it, e.g. `Amazon.de`."""
    return MARKETPLACES[country].name


def centre(country: str, *names: object) -> str:
    """A fulfilment centre of a country."""
    return one_of(CENTRES[country], *names)
