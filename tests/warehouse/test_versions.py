"""Versions of a settlement: what a reissue changed, to the cent, and what a person takes out and puts back."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from tests.staged import END, Settlement, Shelf, fee, sale
from tests.warehouse.conftest import content, rows
from tieout.documents import Action, Decision, DocumentOutcome, Reason, ReasonCode, Region
from tieout.warehouse import Warehouse

DAY = dt.timedelta(days=1)
NOON = dt.datetime(2026, 9, 1, 12, tzinfo=dt.UTC)
SHORT = Reason(code=ReasonCode.CONTROL_TOTAL_MISMATCH, message="1.00 USD short")


def one(*amounts: str, settlement_id: str = "1") -> Settlement:
    return Settlement([sale(amount) for amount in amounts], settlement_id)


def load(warehouse: Warehouse, shelf: Shelf, *outcomes: DocumentOutcome, run_id: str = "run") -> None:
    warehouse.load(outcomes, shelf.fetch, region=Region.NA, business_day=None, run_id=run_id)
    warehouse.build_marts()


def decide(warehouse: Warehouse, shelf: Shelf, *decisions: Decision) -> None:
    warehouse.load([], shelf.fetch, region=None, business_day=None, run_id="decisions", decisions=decisions)
    warehouse.build_marts()


def decision(action: Action, *documents: str, hours: int = 0, **changes: object) -> Decision:
    return Decision(
        **{
            "decision_id": f"{action}-{hours}",
            "decided_at": NOON + dt.timedelta(hours=hours),
            "action": action,
            "owner": "ana",
            "reason": "Amazon says so",
            "documents": documents,
            **changes,
        }
    )


def ends(warehouse: Warehouse) -> dict[str, tuple[str, str | None]]:
    found = rows(warehouse, "SELECT document_id, state, reason_code FROM ops.document")
    return {document_id: (state, code) for document_id, state, code in found}


def test_a_reissue_is_reversed_and_booked_again_to_the_cent(warehouse: Warehouse, shelf: Shelf) -> None:
    """Pain 9: Amazon published wrong settlements, then reissued them; the difference is there as reversing entries."""
    wrong = Settlement([sale("10.00"), sale("10.00"), fee("-1.50")], "1")
    right = Settlement([sale("10.00"), fee("-1.50"), fee("-0.25", "RefundCommission")], "1")
    load(warehouse, shelf, shelf.ready("acme_na.1", wrong))
    load(warehouse, shelf, shelf.ready("acme_na.2", right, created_at=END + DAY))
    assert rows(
        warehouse,
        "SELECT version, change, amount, currency, line_document_id, line_no, category "
        "FROM mart.settlement_version_difference ORDER BY amount",
    ) == [
        (2, "removed", Decimal("-10.00"), "USD", "acme_na.1", 4, "product_sales"),
        (2, "added", Decimal("-0.25"), "USD", "acme_na.2", 5, "selling_fees"),
    ]
    assert rows(warehouse, "SELECT document_id, count(*), sum(amount) FROM core.superseded_line GROUP BY ALL") == [
        ("acme_na.1", 3, Decimal("18.50"))
    ]


@pytest.mark.parametrize("seed", range(2))
def test_old_total_and_differences_are_the_new_total(warehouse: Warehouse, shelf: Shelf, seed: int) -> None:
    draw = random.Random(seed)
    totals = []
    for version in range(4):
        amounts = [draw.choice(["0.10", "0.10", "7.77", "-3.33"]) for _ in range(draw.randint(1, 30))]
        totals.append(sum(map(Decimal, amounts)))
        outcome = shelf.ready(f"acme_na.{version}", one(*amounts), created_at=END + version * DAY)
        warehouse.load([outcome], shelf.fetch, region=Region.NA, business_day=None, run_id="run")
    warehouse.build_marts()
    differences = rows(
        warehouse,
        "SELECT version, sum(amount) FROM mart.settlement_version_difference GROUP BY version ORDER BY version",
    )
    moved = {version: amount for version, amount in differences}
    assert [totals[n] + moved.get(n + 2, Decimal(0)) for n in range(3)] == totals[1:]


def test_what_is_withdrawn_falls_back_and_what_is_restored_is_the_same_rows(warehouse: Warehouse, shelf: Shelf) -> None:
    """Pain 36: a load can be taken back and put back, and nothing is doubled or lost."""
    first = shelf.ready("acme_na.1", one("1.00"), one("9.00", settlement_id="2"))
    second = shelf.ready("acme_na.2", one("1.00", "0.50"), created_at=END + DAY)
    load(warehouse, shelf, first)
    load(warehouse, shelf, second)
    before = content(warehouse, "core", "mart")
    decide(warehouse, shelf, decision(Action.WITHDRAW, "acme_na.2"))
    assert ends(warehouse) == {"acme_na.1": ("loaded", None), "acme_na.2": ("skipped", "withdrawn")}
    assert rows(warehouse, "SELECT reason FROM ops.document WHERE state = 'skipped'") == [
        ("Withdrawn by ana on 2026-09-01: Amazon says so",)
    ]
    assert rows(warehouse, "SELECT settlement_id, control_total, document_id FROM core.settlement ORDER BY 1") == [
        ("1", Decimal("1.00"), "acme_na.1"),
        ("2", Decimal("9.00"), "acme_na.1"),
    ]
    assert rows(warehouse, "SELECT * FROM mart.settlement_version_difference") == []
    decide(warehouse, shelf, decision(Action.WITHDRAW, "acme_na.1", hours=1))
    assert rows(warehouse, "SELECT settlement_id, state FROM mart.settlement_tie_out ORDER BY 1") == [
        ("1", "withdrawn"),
        ("2", "withdrawn"),
    ]
    assert rows(warehouse, "SELECT * FROM core.settlement_line") == []
    decide(warehouse, shelf, decision(Action.RESTORE, "acme_na.1", "acme_na.2", hours=2))
    assert content(warehouse, "core", "mart") == before
    assert [row[0] for row in rows(warehouse, "SELECT action FROM ops.decision ORDER BY decided_at, subject")] == [
        "withdraw",
        "withdraw",
        "restore",
        "restore",
    ]


def test_later_runs_respect_what_was_decided(warehouse: Warehouse, shelf: Shelf) -> None:
    outcome = shelf.ready("acme_na.1", one("1.00"), content="x")
    bad = Shelf.quarantined(shelf.ready("acme_na.3", one("3.00", settlement_id="3")), SHORT)
    load(warehouse, shelf, outcome, bad)
    assert rows(warehouse, "SELECT kind, subject, amount, currency FROM mart.trouble") == [
        ("document_quarantined", "acme_na.3", Decimal("3.00"), "USD")
    ]
    decide(
        warehouse, shelf, decision(Action.WITHDRAW, "acme_na.1"), decision(Action.REJECT, "acme_na.3", decision_id="r")
    )
    copy = shelf.ready("acme_na.2", one("1.00"), content="x", created_at=END + DAY)
    load(warehouse, shelf, outcome, copy, bad)
    assert ends(warehouse) == {
        "acme_na.1": ("skipped", "withdrawn"),
        "acme_na.2": ("skipped", "withdrawn"),
        "acme_na.3": ("skipped", "rejected"),
    }
    assert rows(warehouse, "SELECT * FROM core.settlement") == []
    assert rows(warehouse, "SELECT * FROM mart.trouble") == []
    decide(warehouse, shelf, decision(Action.RESTORE, "acme_na.3", hours=1))
    assert ends(warehouse)["acme_na.3"] == ("quarantined", "control_total_mismatch")
    assert rows(warehouse, "SELECT reason FROM ops.document WHERE state = 'quarantined'") == [("1.00 USD short",)]


def test_a_document_that_was_proved_again_stays_loaded_when_an_older_day_is_loaded_again(
    warehouse: Warehouse, shelf: Shelf
) -> None:
    ready = shelf.ready("acme_na.1", one("1.00")).model_copy(update={"judged_at": NOON})
    refused = Shelf.quarantined(ready, SHORT, judged_at=NOON - DAY)
    load(warehouse, shelf, refused)
    load(warehouse, shelf, ready)
    load(warehouse, shelf, refused)
    assert ends(warehouse) == {"acme_na.1": ("loaded", None)}


@pytest.mark.parametrize("seed", range(2))
def test_the_order_of_documents_and_decisions_does_not_matter(
    made: Callable[[str], Warehouse], shelf: Shelf, seed: int
) -> None:
    outcomes = [
        shelf.ready("acme_na.1", one("1.00"), content="a"),
        shelf.ready("acme_na.2", one("2.00", "2.00"), content="b", created_at=END + DAY),
        shelf.ready("acme_na.3", one("1.00"), content="a", created_at=END + 2 * DAY),
        Shelf.quarantined(shelf.ready("acme_na.4", one("4.00", settlement_id="4")), SHORT),
    ]
    decisions = [
        decision(Action.WITHDRAW, "acme_na.1", hours=1),
        decision(Action.REJECT, "acme_na.4", hours=2),
        decision(Action.RESTORE, "acme_na.3", hours=3),
        decision(Action.WITHDRAW, "acme_na.2", hours=4),
    ]
    at_once, in_turn = made("at-once"), made("in-turn")
    everything: dict[str, Any] = {"region": None, "business_day": None, "run_id": "run"}
    at_once.load(outcomes, shelf.fetch, decisions=decisions, **everything)
    at_once.build_marts()
    things: list[DocumentOutcome | Decision] = [*outcomes, *decisions]
    random.Random(seed).shuffle(things)
    for thing in things:
        if isinstance(thing, Decision):
            in_turn.load([], shelf.fetch, decisions=[thing], **everything)
        else:
            in_turn.load([thing], shelf.fetch, **everything)
    in_turn.build_marts()
    assert content(in_turn, "core", "mart") == content(at_once, "core", "mart")
    assert ends(in_turn) == ends(at_once)
    assert ends(at_once)["acme_na.1"] == ("loaded", None)


def month(warehouse: Warehouse, action: Action, hours: int, account: str | None = None) -> Decision:
    august = dt.date(2026, 8, 1)
    amounts = warehouse.amounts_of_month(august, account) if action is Action.CLOSE else ()
    return decision(action, hours=hours, month=august, account=account, amounts=amounts)


def test_what_moves_after_the_close_is_named_with_settlement_and_document(warehouse: Warehouse, shelf: Shelf) -> None:
    """Pain 15: what arrives or changes after the books were closed is listed, category by category."""
    crossing = [sale("4.00", posted_date=dt.date(2026, 8, 31)), sale("5.00", posted_date=dt.date(2026, 9, 1))]
    load(warehouse, shelf, shelf.ready("acme_na.1", Settlement([sale("10.00"), fee("-1.00")], "1")))
    decide(warehouse, shelf, month(warehouse, Action.CLOSE, 0))
    query = (
        "SELECT settlement_id, category, amount_at_close, amount_now, difference, document_at_close, document_now "
        "FROM mart.moved_since_close ORDER BY ALL"
    )
    assert rows(warehouse, query) == []
    reissued = Settlement([sale("10.00"), fee("-1.25")], "1")
    load(warehouse, shelf, shelf.ready("acme_na.2", reissued, created_at=END + DAY))
    load(warehouse, shelf, shelf.ready("acme_na.3", Settlement(crossing, "3"), created_at=END + 20 * DAY))
    assert rows(warehouse, query) == [
        ("1", "selling_fees", Decimal("-1.00"), Decimal("-1.25"), Decimal("-0.25"), "acme_na.1", "acme_na.2"),
        ("3", "product_sales", Decimal("0.00"), Decimal("4.00"), Decimal("4.00"), None, "acme_na.3"),
    ]
    assert rows(warehouse, "SELECT settlement_id, amount, currency FROM mart.trouble ORDER BY 1") == [
        ("1", Decimal("-0.25"), "USD"),
        ("3", Decimal("4.00"), "USD"),
    ]
    decide(warehouse, shelf, decision(Action.WITHDRAW, "acme_na.2", hours=1))
    assert [row[0] for row in rows(warehouse, query)] == ["3"]
    decide(warehouse, shelf, month(warehouse, Action.CLOSE, 2))
    assert rows(warehouse, query) == []
    decide(warehouse, shelf, decision(Action.RESTORE, "acme_na.2", hours=3))
    assert [row[0] for row in rows(warehouse, query)] == ["1"]
    decide(warehouse, shelf, month(warehouse, Action.REOPEN, 4, "acme_na"))
    assert rows(warehouse, query) == rows(warehouse, "SELECT kind FROM mart.trouble") == []
