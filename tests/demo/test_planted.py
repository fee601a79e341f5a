"""The comparison of open exceptions with planted defects: neither side may have what the other lacks."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from demo.layout import CLOCK_INSTANT, SEED
from demo.planted import compare_planted, defect_key
from simulator.clock import VirtualClock
from simulator.documents import RETENTION, Documents
from simulator.planted import planted
from simulator.rules import Rules
from simulator.world import HISTORY, World

NOTHING = {
    "account": None,
    "settlement_id": None,
    "currency": None,
    "amount": None,
    "report_id": None,
    "file_name": None,
}
DEFECTS: list[dict[str, Any]] = [
    {"defect": "damaged_document", "account": "acme_eu", "report_id": "77", "file_name": None},
    {"defect": "damaged_document", "account": "acme_eu", "report_id": None, "file_name": "old.txt"},
    {"defect": "missing_settlement", "account": "acme_eu", "settlement_id": "12"},
    {"defect": "late_deposit", "account": "acme_eu", "settlement_id": "13", "amount": "9.50"},
    {"defect": "other_summary", "account": "acme_eu", "settlement_id": "14", "amount": "-2.50"},
    {"defect": "unknown_code", "transaction_type": "A", "amount_type": "B", "description": "C"},
    {"defect": "unhealthy_account", "account": "acme_eu"},
    {"defect": "currency_without_rate", "currency": "EGP"},
]
EXCEPTIONS: list[dict[str, Any]] = [
    {**NOTHING, "kind": "document_quarantined", "account": "acme_eu", "report_id": "77", "subject": "acme_eu.77"},
    {**NOTHING, "kind": "document_quarantined", "account": "acme_eu", "file_name": "/in/old.txt", "subject": "x"},
    {**NOTHING, "kind": "chain_hole", "account": "acme_eu", "settlement_id": "12", "subject": "12"},
    {**NOTHING, "kind": "deposit_late", "account": "acme_eu", "settlement_id": "13", "amount": "9.50", "subject": "13"},
    {
        **NOTHING,
        "kind": "second_source_differs",
        "account": "acme_eu",
        "settlement_id": "14",
        "amount": "-2.50",
        "subject": "14",
    },
    {**NOTHING, "kind": "unknown_fee", "subject": "A / B / C"},
    {**NOTHING, "kind": "account_health", "account": "acme_eu", "subject": "acme_eu since 2026-08-31"},
    {**NOTHING, "kind": "exchange_rate_missing", "currency": "EGP", "subject": "EGP EUR"},
]


def test_each_planted_defect_is_an_exception_and_each_exception_is_planted() -> None:
    assert compare_planted(EXCEPTIONS, DEFECTS) == ([], [])


@pytest.mark.parametrize("place", range(len(DEFECTS)))
def test_what_one_side_lacks_is_named(place: int) -> None:
    assert compare_planted(EXCEPTIONS, DEFECTS[:place] + DEFECTS[place + 1 :]) == ([EXCEPTIONS[place]], [])
    assert compare_planted(EXCEPTIONS[:place] + EXCEPTIONS[place + 1 :], DEFECTS) == ([], [DEFECTS[place]])


def test_an_exception_of_another_kind_is_never_planted() -> None:
    other = {**NOTHING, "kind": "reserve_differs", "subject": "12", "settlement_id": "12", "account": "acme_eu"}
    assert compare_planted([other], DEFECTS)[0] == [other]


def test_the_simulated_world_plants_every_kind_of_defect() -> None:
    now = dt.datetime.fromisoformat(CLOCK_INSTANT)
    documents = Documents(World(SEED, (now - HISTORY).date()), now - RETENTION, Rules(SEED, VirtualClock(now)))
    found = [defect for region in ("NA", "EU", "FE") for defect in planted(documents, region, now, now)]
    assert {defect["defect"] for defect in found} == {defect["defect"] for defect in DEFECTS}
    assert len({defect_key(defect) for defect in found}) >= 20
