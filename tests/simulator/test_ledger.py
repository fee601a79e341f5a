"""The books balance, and every settlement is what they say."""

from __future__ import annotations

import datetime as dt
import itertools
from collections import defaultdict
from typing import Any

import pytest

from simulator.activity import payable, percent
from simulator.app import SimulatedAmazon
from simulator.ledger import Entry, Ledger, Posting, Unbalanced
from simulator.sellers import SELLERS
from simulator.settlement_files import lines_of
from simulator.world import Settlement, World
from tests.simulator.conftest import START, frozen_clock

NOON = dt.datetime(2026, 8, 1, 12, tzinfo=dt.UTC)


OPENED = (START - dt.timedelta(days=150)).date()


@pytest.fixture(scope="module")
def world() -> World:
    """A world of its own: what other tests make happen is not in its books."""
    return World(7, OPENED)


@pytest.fixture(scope="module")
def chains(world: World) -> list[list[Settlement]]:
    """The settlements of each stream, oldest first."""
    found = defaultdict(list)
    for seller in SELLERS:
        for settlement in world.settlements(seller, START):
            found[seller.key, settlement.stream.name].append(settlement)
    return list(found.values())


def amount_of(settlement: Settlement, description: str) -> int:
    lines = [line for entry in settlement.entries for line in lines_of(entry)]
    return sum(minor for minor, line in lines if line.amount_description == description)


def test_an_entry_that_does_not_balance_is_refused() -> None:
    ledger = Ledger()
    with pytest.raises(Unbalanced, match="1 EUR too much"):
        ledger.record(Entry(NOON, "EUR", (Posting("seller", 1000), Posting("buyers", -999)), "Order"))
    assert ledger.journal == []
    assert ledger.balance("seller", "EUR") == 0


def test_balances_are_kept_by_account_and_currency() -> None:
    ledger = Ledger()
    ledger.record(Entry(NOON, "EUR", (Posting("seller", 1000), Posting("buyers", -1000))))
    ledger.record(Entry(NOON, "EUR", (Posting("seller", -150), Posting("fees", 150))))
    ledger.record(Entry(NOON, "JPY", (Posting("seller", 7), Posting("buyers", -7))))
    assert ledger.balance("seller", "EUR") == 850
    assert ledger.balance("seller", "JPY") == 7
    assert ledger.balances()["buyers", "EUR"] == -1000


@pytest.mark.parametrize(
    ("minor", "hundredths", "share"), [(1000, 1500, 150), (101, 5000, 51), (-101, 5000, -51), (3, 1500, 0), (0, 800, 0)]
)
def test_a_share_is_rounded_half_away_from_zero(minor: int, hundredths: int, share: int) -> None:
    assert percent(minor, hundredths) == share


def test_the_books_of_the_whole_world_balance(world: World, chains: list[list[Settlement]]) -> None:
    ledger = world.ledger
    by_hand: defaultdict[tuple[str, str], int] = defaultdict(int)
    for entry in ledger.journal:
        assert sum(posting.minor for posting in entry.postings) == 0
        for posting in entry.postings:
            by_hand[posting.account, entry.currency] += posting.minor
    assert ledger.balances() == by_hand
    in_currency: defaultdict[str, int] = defaultdict(int)
    for (_, currency), balance in by_hand.items():
        in_currency[currency] += balance
    assert set(in_currency.values()) == {0}
    assert len(in_currency) == 17


def test_a_settlement_is_the_change_of_the_payable_account(chains: list[list[Settlement]]) -> None:
    for settlement in (settlement for chain in chains for settlement in chain):
        account = payable(settlement.seller, settlement.stream)
        moved = sum(p.minor for entry in settlement.entries for p in entry.postings if p.account == account)
        assert settlement.control_minor == moved
        assert moved == sum(minor for entry in settlement.entries for minor, _ in lines_of(entry))


def test_what_was_paid_held_and_carried_stands_on_its_account(world: World, chains: list[list[Settlement]]) -> None:
    balance = world.ledger.balance
    for chain in chains:
        last = chain[-1]
        place, currency = f"{last.seller.key}/{last.stream.name}", last.stream.currency
        assert balance(payable(last.seller, last.stream), currency) == 0
        assert balance(f"reserve/{place}", currency) == -amount_of(last, "Current Reserve Amount")
        assert balance(f"carried/{place}", currency) == min(0, last.control_minor)
        paid = sum(settlement.control_minor for settlement in chain if settlement.control_minor > 0)
        back = sum(
            minor
            for settlement in chain
            for entry in settlement.entries
            for minor, line in lines_of(entry)
            if line.category in ("failed_transfer", "bank_verification")
        )
        assert balance(f"bank/{place}", currency) == paid - back


def test_settlements_of_a_stream_form_a_chain(chains: list[list[Settlement]]) -> None:
    for chain in chains:
        assert amount_of(chain[0], "Previous Reserve Amount Balance") == 0
        for before, after in itertools.pairwise(chain):
            assert after.start == before.end
            held = -amount_of(before, "Current Reserve Amount")
            assert amount_of(after, "Previous Reserve Amount Balance") == held
            debt = min(0, before.control_minor)
            assert amount_of(after, "Payable to Amazon") == debt
            assert amount_of(after, "Successful charge") == (-debt if after.stream.card else 0)


def test_everything_is_posted_inside_its_period(chains: list[list[Settlement]]) -> None:
    for settlement in (settlement for chain in chains for settlement in chain):
        times = [entry.posted_at for entry in settlement.entries]
        assert times == sorted(times)
        assert settlement.start <= times[0] <= times[-1] <= settlement.end


def test_debts_between_the_streams_of_a_seller_cancel_out(world: World, truth: list[dict[str, Any]]) -> None:
    amounts = [document["by_category"].get("debt_adjustment") for document in truth]
    assert sorted(amount for amount in amounts if amount) == ["-200.00", "200.00"]
    assert world.ledger.balance("debts/aurora_na", "USD") == 0


def test_moving_the_clock_never_changes_the_past() -> None:
    stepwise = World(7, OPENED)
    seller = SELLERS[0]
    early = [stepwise.settlements(seller, START - dt.timedelta(days=days)) for days in (100, 60, 1)]
    late = World(7, OPENED).settlements(seller, START + dt.timedelta(days=30))
    for known in early:
        numbers = [settlement.settlement_id for settlement in known]
        again = [settlement for settlement in late if settlement.settlement_id in numbers]
        assert [s.control_minor for s in again] == [s.control_minor for s in known]
        assert [s.entries for s in again] == [s.entries for s in known]
    assert len(late) > len(early[-1])


def test_new_settlements_appear_and_known_ones_stay(truth: list[dict[str, Any]]) -> None:
    later = SimulatedAmazon(7, frozen_clock())
    later.clock.advance(5 * 86400)
    found = {identity(document): document for document in later.truth()["documents"]}
    for document in truth:
        key = identity(document)
        if document["expected_reason"] == "report_not_ready":
            assert found[key]["expected_state"] == "loaded"
        else:
            assert found[key] == document
    new = [d for d in found.values() if d["created_at"] > "2026-08-31T15:00:00Z"]
    assert {d["region"] for d in new} == {"NA", "EU", "FE"}
    assert "quarantined" in {d["expected_state"] for d in new}


def identity(document: dict[str, Any]) -> tuple[str, str, str]:
    return document["account"], document["source"], document["report_id"] or document["file_name"]


def test_another_seed_is_another_world(world: World) -> None:
    one, other = (found.settlements(SELLERS[0], START) for found in (world, World(8, OPENED)))
    assert [s.end for s in one] == [s.end for s in other]
    assert [s.control_minor for s in one] != [s.control_minor for s in other]
