"""The simulated world: the ledger, and the settlements that Amazon cuts from it.

What happens in a period is drawn from random numbers of its own and from the orders before it that may be refunded; it
can be known ahead. A settlement is made when the clock has passed its end: it adds what the settlement before it left
(reserves, debts) and goes to the ledger. So the past is the same whenever and however often it is asked for.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass, field
from random import Random

from simulator.activity import Activity, Sale, catalogue, make_entry, payable, percent
from simulator.ledger import Entry, Ledger, Line, Posting
from simulator.marketplaces import MARKETPLACES
from simulator.sellers import SELLERS, Seller, Stream

HISTORY = dt.timedelta(days=150)
"""How long the world has been open when a clock starts."""

_DEPOSIT_AFTER = dt.timedelta(days=2)
"""In every real file the deposit is two days after the end of the settlement."""
_LATE = dt.timedelta(days=9)

_OTHER = "other-transaction"


@dataclass(frozen=True, eq=False)
class Settlement:
    """A closed period of a stream. `control_minor` is what the seller's payable account moved by, in the currency's
    smallest unit, before Amazon paid it out or carried it over; the file calls it total-amount."""

    seller: Seller
    stream: Stream
    number: int
    settlement_id: str
    start: dt.datetime
    end: dt.datetime
    entries: tuple[Entry, ...] = field(repr=False)
    control_minor: int

    @property
    def deposit_at(self) -> dt.datetime:
        """When the bank transfer arrives."""
        late = self.stream.events.get(self.number) == "late_deposit"
        return self.end + _DEPOSIT_AFTER + (_LATE if late else dt.timedelta(0))


@dataclass(frozen=True, eq=False)
class Period:
    """What happens in a stream between two settlements, whether or not it has been settled.

    :param activity: what is ordered, refunded and charged, oldest first; without reserves and what else one settlement
        leaves to the next.
    """

    seller: Seller
    stream: Stream
    number: int
    settlement_id: str
    start: dt.datetime
    end: dt.datetime
    activity: tuple[Entry, ...] = field(repr=False)


class World:
    """All sellers, from the day the world opened.

    :param seed: what is random is drawn from it.
    :param opened: the day on which the world opens; settlements close at fixed distances from it.
    """

    def __init__(self, seed: int, opened: dt.date) -> None:
        self.seed = seed
        self.opened = opened
        self.ledger = Ledger()
        self._histories = {
            (seller.key, stream.name): _History(self, seller, stream) for seller in SELLERS for stream in seller.streams
        }

    def settlements(self, seller: Seller, now: dt.datetime) -> list[Settlement]:
        """Every settlement of a seller that has closed, stream by stream, oldest first."""
        found: list[Settlement] = []
        for stream in seller.streams:
            found += self._histories[seller.key, stream.name].closed_by(now)
        return found

    def countries(self, seller: Seller, now: dt.datetime) -> tuple[str, ...]:
        """Where a seller sells at an instant."""
        return seller.countries_by((now.date() - self.opened).days)

    def marketplace_ids(self, seller: Seller, now: dt.datetime) -> tuple[str, ...]:
        """The ids of the marketplaces in which a seller sells at an instant."""
        return tuple(MARKETPLACES[country].id for country in self.countries(seller, now))

    def periods(self, seller: Seller, until: dt.datetime) -> list[Period]:
        """Every period of a seller that begins before an instant, stream by stream, oldest first.

        What it says of the time to come does come.
        """
        found: list[Period] = []
        for stream in seller.streams:
            found += self._histories[seller.key, stream.name].begun_by(until)
        return found

    def opening(self, seller: Seller, stream: Stream, number: int) -> tuple[Entry, ...]:
        """What the settlement before left to a period: its reserve, its debt, a transfer that the bank refused.

        :param number: of the period after the last settlement that has been made, or of an earlier one.
        """
        return self._histories[seller.key, stream.name].opening(number)


class _History:
    """The settlements of one stream, made one after the other."""

    def __init__(self, world: World, seller: Seller, stream: Stream) -> None:
        self._world = world
        self._seller = seller
        self._stream = stream
        self._products = catalogue(world.seed, seller, stream)
        self._made: list[Settlement] = []
        self._drawn: list[tuple[Period, Random]] = []
        self._openings: list[tuple[Entry, ...]] = []
        self._sales: list[Sale] = []
        self._reserve = 0
        self._carried = 0
        self._paid = 0
        opening = dt.datetime.combine(world.opened, dt.time(), dt.UTC)
        # real settlements close at an odd second of the day, the same one every time
        self._zero = opening + dt.timedelta(seconds=_number(seller.key, stream.name, "closes", below=8 * 3600))

    def closed_by(self, now: dt.datetime) -> list[Settlement]:
        while self._end(len(self._made)) <= now:
            self._made.append(self._make(len(self._made)))
        return [settlement for settlement in self._made if settlement.end <= now]

    def begun_by(self, until: dt.datetime) -> list[Period]:
        while self._start(len(self._drawn)) <= until:
            self._draw(len(self._drawn))
        return [period for period, _ in self._drawn if period.start <= until]

    def opening(self, number: int) -> tuple[Entry, ...]:
        if number < len(self._openings):
            return self._openings[number]
        assert number == len(self._made), "what a settlement leaves is known once it is made"
        return tuple(self._opening(number, self._start(number)))

    def _draw(self, number: int) -> None:
        """Draw what happens in the next period."""
        seller, stream = self._seller, self._stream
        start, end = self._start(number), self._end(number)
        draw = Random(f"{self._world.seed}/{seller.key}/{stream.name}/{number}")
        activity = Activity(draw, seller, stream, number, self._products, start, end, self._sales)
        settlement_id = str(10**10 + _number(seller.key, stream.name, str(number), below=9 * 10**10))
        period = Period(seller, stream, number, settlement_id, start, end, tuple(activity.entries()))
        self._drawn.append((period, draw))

    def _start(self, number: int) -> dt.datetime:
        return self._end(number - 1) if number else self._end(0) - dt.timedelta(days=self._stream.first_days)

    def _end(self, number: int) -> dt.datetime:
        return self._zero + dt.timedelta(days=self._stream.first_close + number * self._stream.cycle_days)

    def _make(self, number: int) -> Settlement:
        while len(self._drawn) <= number:
            self._draw(len(self._drawn))
        period, draw = self._drawn[number]
        end = period.end
        self._openings.append(tuple(self._opening(number, period.start)))
        self._reserve = self._carried = 0
        entries = [*self._openings[number], *period.activity]
        for entry in entries:
            self._world.ledger.record(entry)
        held = self._hold_reserve(number, draw, end)
        if held:
            entries.append(held)
            self._world.ledger.record(held)
        control = self._balance()
        self._pay_or_carry(control, end)
        return Settlement(
            seller=self._seller,
            stream=self._stream,
            number=number,
            settlement_id=period.settlement_id,
            start=period.start,
            end=end,
            entries=tuple(sorted(entries, key=lambda entry: entry.posted_at)),
            control_minor=control,
        )

    def _opening(self, number: int, start: dt.datetime) -> list[Entry]:
        """What the settlement before left: its reserve, its debt, or a transfer that the bank refused."""
        entries = []
        if self._reserve:
            entries.append(self._own(start, self._reserve, "reserve_released", "Previous Reserve Amount Balance"))
        if self._carried:
            entries.append(self._own(start, -self._carried, "balance_carried", "Payable to Amazon"))
            if self._stream.card:
                charged_at = start + min(dt.timedelta(days=3), (self._end(number) - start) / 2)
                entries.append(self._own(charged_at, self._carried, "charge_to_seller", "Successful charge"))
        if self._stream.events.get(number) == "failed_transfer" and self._paid:
            reason = "Transfer of funds unsuccessful: bank account details are invalid"
            entries.append(self._own(start + _DEPOSIT_AFTER, self._paid, "failed_transfer", reason))
        return entries

    def _hold_reserve(self, number: int, draw: Random, end: dt.datetime) -> Entry | None:
        event = self._stream.events.get(number)
        net = self._balance()
        if not self._stream.reserve or event == "quiet" or net <= 0:
            return None
        self._reserve = net if event == "zero" else percent(net, draw.randint(500, 3500))
        return self._own(end, -self._reserve, "reserve_held", "Current Reserve Amount")

    def _pay_or_carry(self, control: int, end: dt.datetime) -> None:
        """Empty the payable account: a positive balance goes to the bank, a debt to the next settlement."""
        self._paid = max(control, 0)
        self._carried = max(-control, 0)
        if control:
            to = f"{'bank' if control > 0 else 'carried'}/{self._seller.key}/{self._stream.name}"
            postings = (Posting(payable(self._seller, self._stream), -control), Posting(to, control))
            self._world.ledger.record(Entry(end, self._stream.currency, postings, "Transfer"))

    def _balance(self) -> int:
        return self._world.ledger.balance(payable(self._seller, self._stream), self._stream.currency)

    def _own(self, at: dt.datetime, minor: int, category: str, description: str) -> Entry:
        line = Line(category, _OTHER, description)
        return make_entry(self._seller, self._stream, at, _OTHER, [(minor, line)])


def _number(*names: str, below: int) -> int:
    """A number that is the same for the same names, in every world."""
    return int.from_bytes(hashlib.sha256("/".join(names).encode()).digest()[:8], "big") % below
