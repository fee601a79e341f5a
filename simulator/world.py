"""The simulated world: the ledger, and the settlements that Amazon cuts from it.

A settlement is made when the clock has passed its end, from random numbers of its own and from what the settlements
before it left (reserves, debts, orders to refund). So the past is the same whenever and however often it is asked for.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass, field
from random import Random

from simulator.activity import Activity, Sale, catalogue, make_entry, payable, percent
from simulator.ledger import Entry, Ledger, Line, Posting
from simulator.sellers import SELLERS, Seller, Stream

HISTORY = dt.timedelta(days=150)
"""How long the world has been open when a clock starts."""

_DEPOSIT_AFTER = dt.timedelta(days=2)
"""In every real file the deposit is two days after the end of the settlement."""

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
        return self.end + _DEPOSIT_AFTER


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


class _History:
    """The settlements of one stream, made one after the other."""

    def __init__(self, world: World, seller: Seller, stream: Stream) -> None:
        self._world = world
        self._seller = seller
        self._stream = stream
        self._products = catalogue(world.seed, seller, stream)
        self._made: list[Settlement] = []
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

    def _end(self, number: int) -> dt.datetime:
        return self._zero + dt.timedelta(days=self._stream.first_close + number * self._stream.cycle_days)

    def _make(self, number: int) -> Settlement:
        seller, stream = self._seller, self._stream
        end = self._end(number)
        start = self._end(number - 1) if number else end - dt.timedelta(days=stream.first_days)
        draw = Random(f"{self._world.seed}/{seller.key}/{stream.name}/{number}")
        activity = Activity(draw, seller, stream, number, self._products, start, end, self._sales)
        entries = [*self._opening(number, start), *activity.entries()]
        for entry in entries:
            self._world.ledger.record(entry)
        held = self._hold_reserve(number, draw, end)
        if held:
            entries.append(held)
            self._world.ledger.record(held)
        control = self._balance()
        self._pay_or_carry(control, end)
        return Settlement(
            seller=seller,
            stream=stream,
            number=number,
            settlement_id=str(10**10 + _number(seller.key, stream.name, str(number), below=9 * 10**10)),
            start=start,
            end=end,
            entries=tuple(sorted(entries, key=lambda entry: entry.posted_at)),
            control_minor=control,
        )

    def _opening(self, number: int, start: dt.datetime) -> list[Entry]:
        """What the settlement before left: its reserve, its debt, or a transfer that the bank refused."""
        entries = []
        if self._reserve:
            entries.append(self._own(start, self._reserve, "reserve_released", "Previous Reserve Amount Balance"))
            self._reserve = 0
        if self._carried:
            entries.append(self._own(start, -self._carried, "balance_carried", "Payable to Amazon"))
            if self._stream.card:
                charged_at = start + min(dt.timedelta(days=3), (self._end(number) - start) / 2)
                entries.append(self._own(charged_at, self._carried, "charge_to_seller", "Successful charge"))
            self._carried = 0
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
