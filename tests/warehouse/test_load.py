"""Loading documents: what is current, what is kept, and that it does not matter in which order or how often."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.staged import END, Settlement, Shelf, fee, other, sale
from tests.warehouse.conftest import content, rows
from tieout.documents import (
    ApiCall,
    CheckResult,
    DocumentOutcome,
    Reason,
    ReasonCode,
    Region,
    Severity,
    Source,
    State,
)
from tieout.warehouse import LoadResult, Warehouse

DAY = dt.timedelta(days=1)
SHORT = Reason(code=ReasonCode.CONTROL_TOTAL_MISMATCH, message="1.00 USD short", line=2, column="total-amount")
NOT_READY = Reason(code=ReasonCode.REPORT_NOT_READY, message="Amazon is still making the report (IN_QUEUE)")


def load(warehouse: Warehouse, shelf: Shelf, *outcomes: DocumentOutcome, run_id: str = "run") -> LoadResult:
    return warehouse.load(outcomes, shelf.fetch, region=Region.NA, business_day=dt.date(2026, 8, 16), run_id=run_id)


def states(warehouse: Warehouse) -> dict[str, tuple[str, str | None]]:
    found = rows(warehouse, "SELECT document_id, state, reason_code FROM ops.document")
    return {document_id: (state, reason) for document_id, state, reason in found}


def lines(warehouse: Warehouse) -> list[tuple[Any, ...]]:
    return rows(
        warehouse, "SELECT settlement_id, document_id, line_no, amount FROM core.settlement_line ORDER BY 1, 2, 3"
    )


def one(*amounts: str, settlement_id: str = "1") -> Settlement:
    return Settlement([sale(amount) for amount in amounts], settlement_id)


def skipped(document_id: str, reason: Reason = NOT_READY) -> DocumentOutcome:
    return DocumentOutcome(document=Shelf.document(document_id), state=State.SKIPPED, reasons=(reason,))


def test_a_document_is_loaded_with_every_line_to_the_cent(warehouse: Warehouse, shelf: Shelf) -> None:
    settlement = Settlement([sale("0.10"), sale("0.10"), fee("-0.03"), other("-0.05", "Current Reserve Amount")], "1")
    result = load(warehouse, shelf, shelf.ready("acme_na.1", settlement))
    assert (result.count(State.LOADED), result.settlements_written, result.lines_written) == (1, 1, 4)
    assert rows(
        warehouse,
        "SELECT line_no, amount, currency, category, is_cash_flow FROM core.settlement_line ORDER BY line_no",
    ) == [
        (3, Decimal("0.10"), "USD", "product_sales", False),
        (4, Decimal("0.10"), "USD", "product_sales", False),
        (5, Decimal("-0.03"), "USD", "selling_fees", False),
        (6, Decimal("-0.05"), "USD", "reserve_held", True),
    ]
    assert rows(warehouse, "SELECT control_total, sum_of_lines, lines FROM core.settlement") == [
        (Decimal("0.12"), Decimal("0.12"), 4)
    ]
    assert rows(warehouse, "SELECT load_id, action, document_id, control_total, lines, run_id FROM ops.load") == [
        (1, "loaded", "acme_na.1", Decimal("0.12"), 4, "run")
    ]


def test_thirty_thousand_dimes_are_three_thousand_dollars(warehouse: Warehouse, shelf: Shelf) -> None:
    load(warehouse, shelf, shelf.ready("acme_na.1", one(*["0.10"] * 30_000)))
    assert rows(warehouse, "SELECT sum_of_lines, lines FROM core.settlement") == [(Decimal("3000.00"), 30_000)]


def test_loading_again_touches_nothing(warehouse: Warehouse, shelf: Shelf) -> None:
    outcomes = (
        shelf.ready("acme_na.1", one("1.00")),
        shelf.ready("acme_na.2", one("2.00")),
        Shelf.quarantined(shelf.ready("acme_na.3", one("3.00", settlement_id="3")), SHORT),
        skipped("acme_na.4"),
    )
    load(warehouse, shelf, *outcomes, run_id="first")
    warehouse.build_marts()
    before = content(warehouse, "ops", "core", "mart", ordered=False)
    shelf.fetched.clear()
    again = load(warehouse, shelf, *reversed(outcomes), run_id="second")
    warehouse.build_marts()
    assert shelf.fetched == []
    assert (again.documents_changed, again.settlements_written, again.lines_written) == (0, 0, 0)
    assert content(warehouse, "ops", "core", "mart", ordered=False) == before


def test_a_newer_report_of_a_settlement_replaces_it_whole(warehouse: Warehouse, shelf: Shelf) -> None:
    load(warehouse, shelf, shelf.ready("acme_na.1", one("1.00", "2.00", "3.00"), one("9.00", settlement_id="2")))
    result = load(warehouse, shelf, shelf.ready("acme_na.2", one("5.00"), created_at=END + DAY), run_id="second")
    assert result.documents_changed == 1
    assert lines(warehouse) == [
        ("1", "acme_na.2", 3, Decimal("5.00")),
        ("2", "acme_na.1", 7, Decimal("9.00")),
    ]
    assert states(warehouse) == {"acme_na.1": ("loaded", None), "acme_na.2": ("loaded", None)}
    assert rows(warehouse, "SELECT load_id, settlement_id, action, document_id FROM ops.load ORDER BY load_id") == [
        (1, "1", "loaded", "acme_na.1"),
        (2, "2", "loaded", "acme_na.1"),
        (3, "1", "replaced", "acme_na.2"),
    ]


def test_an_older_report_that_comes_late_is_kept_as_a_version(warehouse: Warehouse, shelf: Shelf) -> None:
    load(warehouse, shelf, shelf.ready("acme_na.2", one("5.00"), created_at=END + DAY))
    late = load(warehouse, shelf, shelf.ready("acme_na.1", one("1.00", "2.00")))
    assert late.dispositions[0].state is State.SKIPPED
    assert late.dispositions[0].reason_code is ReasonCode.SUPERSEDED
    assert late.dispositions[0].reason == "Settlement 1 has a newer document: acme_na.2."
    assert lines(warehouse) == [("1", "acme_na.2", 3, Decimal("5.00"))]
    assert rows(
        warehouse, "SELECT document_id, status, control_total FROM core.settlement_version ORDER BY document_id"
    ) == [
        ("acme_na.1", "superseded", Decimal("3.00")),
        ("acme_na.2", "current", Decimal("5.00")),
    ]


def test_a_copy_with_the_same_bytes_is_skipped_and_moves_nothing(warehouse: Warehouse, shelf: Shelf) -> None:
    load(warehouse, shelf, shelf.ready("acme_na.1", one("1.00"), content="x"))
    before = content(warehouse, "core", ordered=False)["core.settlement_line"]
    copy = shelf.ready("acme_na.2", one("1.00"), content="x", created_at=END + DAY)
    result = load(warehouse, shelf, copy)
    assert result.dispositions[0].reason == "It has the same bytes as acme_na.1."
    assert (result.lines_written, result.count(State.SKIPPED)) == (0, 1)
    assert content(warehouse, "core", ordered=False)["core.settlement_line"] == before


def test_the_same_bytes_in_another_account_are_another_document(warehouse: Warehouse, shelf: Shelf) -> None:
    load(warehouse, shelf, shelf.ready("acme_na.1", one("1.00"), content="x"))
    load(warehouse, shelf, shelf.ready("other_na.1", one("1.00"), content="x"))
    assert set(states(warehouse).values()) == {("loaded", None)}


def test_an_imported_file_gives_way_to_the_api(warehouse: Warehouse, shelf: Shelf) -> None:
    file = shelf.ready("acme_na.import-1", one("1.00"), source=Source.IMPORT, created_at=END + 30 * DAY)
    load(warehouse, shelf, file)
    assert lines(warehouse)[0][1] == "acme_na.import-1"
    load(warehouse, shelf, shelf.ready("acme_na.1", one("1.00")))
    assert lines(warehouse) == [("1", "acme_na.1", 3, Decimal("1.00"))]
    assert states(warehouse)["acme_na.import-1"] == ("skipped", "superseded")


def documents(shelf: Shelf) -> list[DocumentOutcome]:
    """Documents that contend for three settlements in every way."""
    return [
        shelf.ready("acme_na.1", one("1.00"), one("1.50", settlement_id="2"), content="a"),
        shelf.ready("acme_na.2", one("2.00", "2.00"), content="b", created_at=END + DAY),
        shelf.ready("acme_na.3", one("1.00"), one("1.50", settlement_id="2"), content="a", created_at=END + 2 * DAY),
        shelf.ready("acme_na.4", one("4.00", settlement_id="2"), content="c", created_at=END + DAY),
        shelf.ready("acme_na.import-5", one("5.00", settlement_id="3"), content="d", source=Source.IMPORT),
        Shelf.quarantined(shelf.ready("acme_na.6", one("6.00", settlement_id="3"), content="e"), SHORT),
        Shelf.quarantined(shelf.ready("acme_na.7", one("7.00", settlement_id="4"), content="f"), SHORT),
        skipped("acme_na.8"),
    ]


@pytest.mark.parametrize("seed", range(5))
def test_the_order_in_which_documents_come_does_not_matter(
    made: Callable[[str], Warehouse], shelf: Shelf, seed: int
) -> None:
    outcomes = documents(shelf)
    at_once, in_turn = made("at-once"), made("in-turn")
    load(at_once, shelf, *outcomes)
    at_once.build_marts()
    draw = random.Random(seed)
    draw.shuffle(outcomes)
    cut = draw.randint(1, len(outcomes) - 1)
    for batch in (outcomes[:cut], outcomes[cut:], outcomes[: cut + 1]):
        load(in_turn, shelf, *batch)
        in_turn.build_marts()
    assert content(in_turn, "core", "mart") == content(at_once, "core", "mart")
    assert states(in_turn) == states(at_once)


def test_which_of_them_is_current_can_be_told_by_hand(warehouse: Warehouse, shelf: Shelf) -> None:
    load(warehouse, shelf, *documents(shelf))
    assert lines(warehouse) == [
        ("1", "acme_na.1", 3, Decimal("1.00")),
        ("2", "acme_na.1", 5, Decimal("1.50")),
        ("3", "acme_na.import-5", 3, Decimal("5.00")),
    ]
    assert states(warehouse) == {
        "acme_na.1": ("loaded", None),
        "acme_na.2": ("skipped", "superseded"),
        "acme_na.3": ("skipped", "same_bytes"),
        "acme_na.4": ("skipped", "superseded"),
        "acme_na.import-5": ("loaded", None),
        "acme_na.6": ("quarantined", "control_total_mismatch"),
        "acme_na.7": ("quarantined", "control_total_mismatch"),
        "acme_na.8": ("skipped", "report_not_ready"),
    }


def test_a_newer_reader_replaces_what_the_older_one_read(warehouse: Warehouse, shelf: Shelf) -> None:
    load(warehouse, shelf, shelf.ready("acme_na.1", one("1.00", "2.00")))
    result = load(warehouse, shelf, shelf.ready("acme_na.1", one("1.00", "2.50"), reader_version=2))
    assert (result.settlements_written, result.lines_written) == (1, 2)
    assert [line[3] for line in lines(warehouse)] == [Decimal("1.00"), Decimal("2.50")]


def test_a_document_that_newer_checks_refuse_is_taken_out_and_the_version_before_comes_back(
    warehouse: Warehouse, shelf: Shelf
) -> None:
    load(warehouse, shelf, shelf.ready("acme_na.1", one("1.00")))
    newer = shelf.ready("acme_na.2", one("2.00"), created_at=END + DAY)
    load(warehouse, shelf, newer)
    load(warehouse, shelf, Shelf.quarantined(newer, SHORT, suite_version=2))
    assert lines(warehouse) == [("1", "acme_na.1", 3, Decimal("1.00"))]
    assert states(warehouse) == {"acme_na.1": ("loaded", None), "acme_na.2": ("quarantined", "control_total_mismatch")}


def test_a_damaged_report_that_another_one_has_replaced_is_no_trouble_any_more(
    warehouse: Warehouse, shelf: Shelf
) -> None:
    """Nor when its day is run again, by a newer reader that refuses it too."""
    damaged = Shelf.quarantined(shelf.ready("acme_na.1", one("1.00")), SHORT, judged_at=END)
    replaced = DocumentOutcome(
        document=damaged.document,
        state=State.SKIPPED,
        reasons=(Reason(code=ReasonCode.SUPERSEDED, message="Amazon has made the report again"),),
        judged_at=END + DAY,
    )
    load(warehouse, shelf, damaged)
    load(warehouse, shelf, replaced)
    assert states(warehouse) == {"acme_na.1": ("skipped", "superseded")}
    for again in (damaged, damaged.model_copy(update={"judged_at": END + 2 * DAY, "suite_version": 2})):
        load(warehouse, shelf, again)
        assert states(warehouse) == {"acme_na.1": ("skipped", "superseded")}
    warehouse.build_marts()
    assert rows(warehouse, "SELECT * FROM mart.trouble WHERE kind = 'document_quarantined'") == []
    load(warehouse, shelf, shelf.ready("acme_na.1", one("1.00"), reader_version=2))
    assert states(warehouse) == {"acme_na.1": ("loaded", None)}


def test_a_document_that_a_newer_reader_refuses_leaves_nothing_behind(warehouse: Warehouse, shelf: Shelf) -> None:
    loaded = shelf.ready("acme_na.1", one("1.00"))
    load(warehouse, shelf, loaded)
    warehouse.build_marts()
    refused = DocumentOutcome(
        document=loaded.document,
        state=State.QUARANTINED,
        reasons=(Reason(code=ReasonCode.BAD_AMOUNT, message="'1,0' is no amount", line=3, column="amount"),),
        raw=loaded.raw,
        reader_version=2,
    )
    result = load(warehouse, shelf, refused)
    warehouse.build_marts()
    assert result.settlements_removed == 1
    found = content(warehouse, "core", "mart")
    assert [row[0] for row in found.pop("mart.trouble")] == ["document_quarantined"]
    rates = {"core.dated_rate", "core.exchange_rate", "core.exchange_rate_source", "core.reporting_currency"}
    reference = {"core.fee_category", "core.marketplace", *rates}
    assert [name for name in found if found[name] and name not in reference] == []
    assert rows(warehouse, "SELECT reason_line, reason_column FROM ops.document") == [(3, "amount")]
    assert rows(warehouse, "SELECT action FROM ops.load ORDER BY load_id") == [("loaded",), ("removed",)]


def test_a_quarantined_settlement_that_is_gone_leaves_the_marts(warehouse: Warehouse, shelf: Shelf) -> None:
    outcome = Shelf.quarantined(shelf.ready("acme_na.1", one("1.00")), SHORT)
    load(warehouse, shelf, outcome)
    warehouse.build_marts()
    assert rows(warehouse, "SELECT state FROM mart.settlement_tie_out") == [("quarantined",)]
    load(warehouse, shelf, outcome.model_copy(update={"staged": None, "reader_version": 2, "suite_version": None}))
    warehouse.build_marts()
    assert rows(warehouse, "SELECT state FROM mart.settlement_tie_out") == []


@pytest.mark.parametrize("newer", [{"reader_version": 2}, {"suite_version": 2}])
def test_what_an_older_reader_or_suite_said_does_not_undo_a_newer(
    warehouse: Warehouse, shelf: Shelf, newer: dict[str, Any]
) -> None:
    stale = Shelf.quarantined(shelf.ready("acme_na.1", one("1.00")), SHORT)
    load(warehouse, shelf, shelf.ready("acme_na.1", one("1.00"), **newer))
    result = load(warehouse, shelf, stale)
    assert result.documents_changed == 0
    assert states(warehouse) == {"acme_na.1": ("loaded", None)}


def test_a_report_that_was_not_ready_is_loaded_when_it_is_and_stays_loaded(warehouse: Warehouse, shelf: Shelf) -> None:
    load(warehouse, shelf, skipped("acme_na.1"))
    assert states(warehouse) == {"acme_na.1": ("skipped", "report_not_ready")}
    load(warehouse, shelf, shelf.ready("acme_na.1", one("1.00")))
    load(warehouse, shelf, skipped("acme_na.1"))
    assert states(warehouse) == {"acme_na.1": ("loaded", None)}


def test_every_listed_document_ends_in_one_state(warehouse: Warehouse, shelf: Shelf) -> None:
    result = load(warehouse, shelf, *documents(shelf))
    assert [result.count(state) for state in (State.LOADED, State.QUARANTINED, State.SKIPPED)] == [2, 2, 4]
    assert len(states(warehouse)) == 8


def test_checks_are_kept_and_replaced_by_document(warehouse: Warehouse, shelf: Shelf) -> None:
    passed = CheckResult(check="a", severity=Severity.BLOCKING, passed=True, observed="1.00 USD", why="because")
    warned = CheckResult(
        check="b",
        severity=Severity.WARNING,
        passed=False,
        reason=Reason(code=ReasonCode.UNKNOWN_FEE, message="new", line=3),
        why="because",
    )
    load(warehouse, shelf, shelf.ready("acme_na.1", one("1.00"), checks=(passed, warned)))
    query = "SELECT check_name, severity, passed, reason_code, reason_line, observed FROM ops.check_result ORDER BY 1"
    assert rows(warehouse, query) == [
        ("a", "blocking", True, None, None, "1.00 USD"),
        ("b", "warning", False, "unknown_fee", 3, None),
    ]
    assert rows(warehouse, "SELECT warnings FROM ops.document") == [(1,)]
    load(warehouse, shelf, shelf.ready("acme_na.1", one("1.00"), checks=(passed,), suite_version=2))
    assert rows(warehouse, query) == [("a", "blocking", True, None, None, "1.00 USD")]


def test_a_load_that_fails_changes_nothing(warehouse: Warehouse, shelf: Shelf) -> None:
    load(warehouse, shelf, shelf.ready("acme_na.1", one("1.00")))
    before = content(warehouse, "ops", "core")

    def broken(key: str) -> Path:
        if key == "acme_na.3-lines.parquet":
            raise OSError("the lake is gone")
        return shelf.fetch(key)

    outcomes = [shelf.ready(f"acme_na.{n}", one("9.00", settlement_id=str(n))) for n in (1, 2, 3)]
    with pytest.raises(OSError, match="the lake is gone"):
        warehouse.load(outcomes[1:], broken, region=Region.NA, business_day=None, run_id="run")
    assert content(warehouse, "ops", "core") == before
    load(warehouse, shelf, *outcomes[1:])
    assert len(lines(warehouse)) == 3


@pytest.mark.parametrize(
    ("outcome", "says"),
    [
        (lambda shelf: shelf.ready("acme_na.1", one("1.00"), region=Region.EU), "is of region EU"),
        (lambda shelf: shelf.ready("acme_na.1", one("1.00")).model_copy(update={"staged": None}), "lacks its bytes"),
        (
            lambda shelf: shelf.ready("acme_na.1", one("1.00")).model_copy(update={"state": State.LOADED}),
            "hand it in as",
        ),
        (lambda _: skipped("acme_na.1").model_copy(update={"reasons": ()}), "without a reason"),
    ],
)
def test_an_outcome_that_cannot_be_is_refused_by_name(
    warehouse: Warehouse, shelf: Shelf, outcome: Any, says: str
) -> None:
    with pytest.raises(ValueError, match=says) as refused:
        load(warehouse, shelf, outcome(shelf))
    assert "acme_na.1" in str(refused.value)


def test_a_document_that_comes_twice_is_refused(warehouse: Warehouse, shelf: Shelf) -> None:
    with pytest.raises(ValueError, match="was handed in more than once"):
        load(warehouse, shelf, skipped("acme_na.1"), skipped("acme_na.1"))


def call(request_id: str, **changes: Any) -> ApiCall:
    return ApiCall(
        **{
            "called_at": dt.datetime(2026, 8, 16, 7, tzinfo=dt.UTC),
            "region": Region.NA,
            "account": "acme_na",
            "operation": "getReports",
            "method": "GET",
            "path": "/reports/2021-06-30/reports",
            "status": 200,
            "request_id": request_id,
            "rate_limit": Decimal("0.0222"),
            "duration_ms": 120,
            **changes,
        }
    )


def test_a_call_is_kept_once(warehouse: Warehouse) -> None:
    assert warehouse.record_calls([call("1"), call("2"), call("2")]) == 2
    assert warehouse.record_calls([call("2"), call("3", status=None, rate_limit=None, error="timed out")]) == 1
    assert rows(warehouse, "SELECT request_id, status, rate_limit, error FROM ops.api_call ORDER BY 1") == [
        ("1", 200, Decimal("0.022200"), None),
        ("2", 200, Decimal("0.022200"), None),
        ("3", None, None, "timed out"),
    ]
    assert warehouse.last_call_day(Region.NA) == dt.date(2026, 8, 16)
    assert warehouse.last_call_day(Region.EU) is None
