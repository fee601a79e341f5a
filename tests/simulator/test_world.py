"""The world of seed 7 holds everything that settlements are known to hold."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from decimal import Decimal
from typing import Any

import pytest

from simulator.app import SimulatedAmazon
from simulator.marketplaces import MARKETPLACES
from simulator.sellers import SELLERS
from simulator.settlement_files import lines_of
from simulator.world import Settlement
from tests.simulator.conftest import START

Truth = list[dict[str, Any]]


@pytest.fixture(scope="module")
def settlements(amazon: SimulatedAmazon) -> list[Settlement]:
    return [s for seller in SELLERS for s in amazon.documents.world.settlements(seller, START)]


def listed(truth: Truth, **wanted: Any) -> Truth:
    return [d for d in truth if d["source"] == "api" and all(d[name] == value for name, value in wanted.items())]


def test_there_are_enough_settlements_over_all_marketplaces(truth: Truth) -> None:
    good = listed(truth, expected_state="loaded")
    assert len(good) >= 200
    assert {marketplace for d in good for marketplace in d["marketplaces"]} == {m.id for m in MARKETPLACES.values()}
    assert len(MARKETPLACES) == 23
    assert {d["account"] for d in good} == {seller.key for seller in SELLERS}
    assert len(SELLERS) >= 8


def test_no_account_lists_more_documents_than_its_usage_plan_gives_in_half_an_hour(truth: Truth) -> None:
    # getReportDocument gives 15 at once and one a minute
    assert max(Counter(d["account"] for d in listed(truth)).values()) <= 45


def test_ids_are_unique_only_together_with_the_account(truth: Truth) -> None:
    found = listed(truth)
    assert len({(d["account"], d["report_id"]) for d in found}) == len(found)
    assert len({d["report_id"] for d in found}) < len(found)
    ids = Counter(d["settlement_id"] for d in truth if d["settlement_id"])
    # one settlement is listed twice
    assert sorted(ids.values())[-2:] == [1, 2]


def test_broken_documents_are_in_every_region_and_on_many_days(truth: Truth) -> None:
    broken = listed(truth, expected_state="quarantined")
    assert Counter(d["expected_reason"] for d in broken) == {
        "control_total_mismatch": 3,
        "unreadable_encoding": 1,
        "missing_amount": 1,
        "bad_amount": 1,
        "unknown_currency": 1,
        "mixed_currency": 1,
        "date_outside_period": 1,
        "damaged_file": 1,
        "report_fatal": 1,
    }
    assert {d["region"] for d in broken} == {"NA", "EU", "FE"}
    assert len({d["created_at"][:10] for d in broken}) >= 8
    recent = [d for d in broken if START - dt.timedelta(days=4) < dt.datetime.fromisoformat(d["created_at"]) < START]
    assert {d["region"] for d in recent} == {"NA", "EU", "FE"}
    skipped = Counter(d["expected_reason"] for d in listed(truth, expected_state="skipped"))
    assert skipped == {"report_cancelled": 2, "report_not_ready": 1, "same_bytes": 1}


def test_nothing_falls_off_the_listing_in_the_first_two_days(truth: Truth) -> None:
    edge = START - dt.timedelta(days=90)
    created = [dt.datetime.fromisoformat(d["created_at"]) for d in listed(truth)]
    assert min(created) > edge + dt.timedelta(days=2)


def test_settlements_have_every_length(settlements: list[Settlement]) -> None:
    days = Counter((s.end - s.start).days for s in settlements)
    assert set(days) == {1, 14, 56}
    assert days[56] == 1
    assert days[1] == 30
    sizes = [sum(len(lines_of(entry)) for entry in s.entries) for s in settlements]
    assert sizes.count(4) >= 4
    assert max(sizes) > 3000
    assert sum(15 <= size <= 450 for size in sizes) > len(sizes) * 8 // 10


def test_some_settlements_are_nothing_and_some_are_negative(truth: Truth) -> None:
    totals = [Decimal(d["control_total"]) for d in truth if d["control_total"]]
    assert totals.count(Decimal(0)) == 2
    assert sum(total < 0 for total in totals) > 10


def test_settlements_of_one_account_overlap_in_one_currency(truth: Truth) -> None:
    overlapping = set()
    for one in truth:
        for other in truth:
            same = one["account"] == other["account"] and one["currency"] == other["currency"]
            if same and one["period_start"] and one["period_start"] < other["period_start"] < one["period_end"]:
                overlapping.add((one["account"], one["currency"]))
    assert {("aurora_na", "USD"), ("dorado_eu", "EUR"), ("ganges_eu", "INR")} <= overlapping


def test_a_european_settlement_spans_marketplaces_and_orders_from_elsewhere(truth: Truth) -> None:
    spans = [d for d in listed(truth, account="dorado_eu", currency="EUR", expected_state="loaded")]
    assert max(len(d["marketplaces"]) for d in spans) == 7


def test_lines_hold_what_is_known_to_be_odd(settlements: list[Settlement]) -> None:
    entries = [entry for s in settlements for entry in s.entries]
    names = {entry.marketplace_name for entry in entries}
    assert {"Non-Amazon", "Non-Amazon US", "Non-Amazon DE", "Non-Amazon España", "Non-Amazon 日本"} <= names
    assert any(entry.transaction_type == "Order" and not entry.marketplace_name for entry in entries)
    assert any(entry.order_id.startswith("FBA") for entry in entries)
    assert {entry.transaction_type for entry in entries} == {
        "Order", "Refund", "A-to-z Guarantee Refund", "Chargeback Refund", "Order_Retrocharge", "ServiceFee", "FBAFees",
        "AmazonFees", "Debt Adjustment", "other-transaction",
    }  # fmt: skip
    lines = [line for entry in entries for _, line in lines_of(entry)]
    descriptions = {line.amount_description for line in lines}
    assert {
        "LowValueGoodsTax-Principal",
        "MarketplaceFacilitatorTax-Principal",
        "MarketplaceFacilitatorVAT-Shipping",
    } <= (descriptions)
    assert {
        "TCS-IGST",
        "TDS (Section 194-O)",
        "Successful charge",
        "Payable to Amazon",
        "Micro Deposit",
    } <= descriptions
    assert len({line.amount_description for line in lines if line.category == "unknown"}) >= 3
    assert any(not line.amount_description.isascii() for line in lines)


def test_some_lines_are_genuine_duplicates(settlements: list[Settlement]) -> None:
    duplicates = defaultdict(int)
    for settlement in settlements:
        for entry, count in Counter(settlement.entries).items():
            duplicates[count] += entry.transaction_type == "other-transaction"
    assert duplicates[2] > 5


def test_a_refund_comes_after_its_order_and_gives_back_no_more(settlements: list[Settlement]) -> None:
    sold: dict[str, tuple[dt.datetime, int]] = {}
    refunds = 0
    for settlement in settlements:
        for entry in settlement.entries:
            principal = sum(m for m, line in lines_of(entry) if line.amount_description == "Principal")
            if entry.transaction_type == "Order":
                sold[entry.order_id] = (entry.posted_at, principal)
            elif "Refund" in entry.transaction_type:
                at, paid = sold[entry.order_id]
                assert at < entry.posted_at
                assert -paid <= principal < 0
                refunds += 1
    assert refunds > 500


def test_yen_have_no_cents(truth: Truth) -> None:
    yen = [d for d in truth if d["currency"] == "JPY"]
    assert len(yen) > 20
    assert all("." not in value for d in yen for value in (d["control_total"], *d["by_category"].values()))


def test_the_truth_adds_up(truth: Truth) -> None:
    for document in truth:
        if document["settlement_id"]:
            total = sum(map(Decimal, document["by_category"].values()), Decimal(0))
            assert total == Decimal(document["control_total"])
