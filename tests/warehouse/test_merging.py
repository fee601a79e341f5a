"""Documents of report families in the tables of core: the newest wins, whatever came when and however often."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import pytest

from tests.staged import Settlement, Shelf, sale
from tests.warehouse.conftest import content, rows
from tieout.documents import Action, Decision, DocumentOutcome, Reason, ReasonCode, Region, State
from tieout.warehouse import LoadResult, Warehouse

NOON = dt.datetime(2026, 8, 20, 12, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)


def day(number: int) -> dt.date:
    return dt.date(2026, 8, number)


def load(
    warehouse: Warehouse,
    shelf: Shelf,
    *outcomes: DocumentOutcome,
    run_id: str = "run",
    decided: Sequence[Decision] = (),
) -> LoadResult:
    return warehouse.load(
        outcomes, shelf.fetch, region=Region.NA, business_day=day(21), run_id=run_id, decisions=decided
    )


def ordered(order_id: str, price: str | None, sku: str = "TEA", status: str = "Shipped") -> dict[str, Any]:
    """An item of an order."""
    return {
        "amazon_order_id": order_id,
        "purchase_day": day(3),
        "order_status": status,
        "sku": sku,
        "quantity": 1,
        "currency": price and "USD",
        "item_price": price and Decimal(price),
    }


def moved(number: int, quantity: int, reference: str = "R1") -> dict[str, Any]:
    """A movement of stock on a day of August."""
    return {
        "date": day(number),
        "fnsku": "X1",
        "msku": "TEA",
        "event_type": "Adjustments",
        "reference_id": reference,
        "quantity": quantity,
    }


def fee(sku: str, total: str) -> dict[str, Any]:
    return {"sku": sku, "currency": "USD", "estimated_fee_total": Decimal(total)}


def decide(action: Action, *documents: str, at: dt.datetime = NOON) -> Decision:
    return Decision(
        decision_id=f"{action}-{documents}-{at}",
        decided_at=at,
        action=action,
        owner="ann",
        reason="test",
        documents=documents,
    )


def items(warehouse: Warehouse) -> list[tuple[Any, ...]]:
    return rows(warehouse, "SELECT order_id, sku, item_price, document_id FROM core.order_item ORDER BY ALL")


def movements(warehouse: Warehouse) -> list[tuple[Any, ...]]:
    return rows(warehouse, "SELECT day, reference_id, quantity, document_id FROM core.stock_movement ORDER BY ALL")


def test_all_rows_of_a_key_are_replaced_together(warehouse: Warehouse, shelf: Shelf) -> None:
    first = shelf.report(
        "acme_na.1", "orders", [ordered("A", "10.00"), ordered("A", "5.00", "MUG"), ordered("B", "7.00")]
    )
    result = load(warehouse, shelf, first)
    assert (result.rows_merged, result.dispositions[0].state) == (3, State.LOADED)
    newer = shelf.report("acme_na.2", "orders", [ordered("A", "4.00", "MUG")], created_at=NOON)
    assert load(warehouse, shelf, newer).rows_merged == 1
    assert items(warehouse) == [
        ("A", "MUG", Decimal("4.00"), "acme_na.2"),
        ("B", "TEA", Decimal("7.00"), "acme_na.1"),
    ]


def test_equal_rows_of_one_document_are_two_and_none_is_lost(warehouse: Warehouse, shelf: Shelf) -> None:
    load(warehouse, shelf, shelf.report("acme_na.1", "ledger_detail", [moved(3, 1), moved(3, 1)]))
    assert [quantity for _, _, quantity, _ in movements(warehouse)] == [1, 1]


def test_a_row_that_amazon_takes_back_is_gone_within_the_days_that_a_newer_report_covers(
    warehouse: Warehouse, shelf: Shelf
) -> None:
    """The first and the last day of a window are not whole: what stands on them stays unless the key comes again."""
    before = [moved(number, 1, f"R{number}") for number in (1, 2, 3, 4, 5)]
    load(warehouse, shelf, shelf.report("acme_na.1", "ledger_detail", before, days=(day(1), day(6))))
    newer = shelf.report("acme_na.2", "ledger_detail", [moved(2, 9, "R2")], days=(day(2), day(6)), created_at=NOON)
    load(warehouse, shelf, newer)
    assert movements(warehouse) == [
        (day(1), "R1", 1, "acme_na.1"),
        (day(2), "R2", 9, "acme_na.2"),
        (day(5), "R5", 1, "acme_na.1"),
    ]


def test_a_day_is_covered_when_it_is_in_every_time_zone(warehouse: Warehouse, shelf: Shelf) -> None:
    """Pain 5: a window of Australian days begins at 14:00 UTC; what happened there before, on the same day of UTC, is not
    told again, and is not lost."""
    before = [moved(number, 1, f"R{number}") for number in (1, 2, 3, 4, 5, 6)]
    load(warehouse, shelf, shelf.report("acme_na.1", "ledger_detail", before, days=(day(1), day(9))))
    start = dt.datetime(2026, 8, 2, 10, tzinfo=dt.UTC)
    end = dt.datetime(2026, 8, 6, 12, tzinfo=dt.UTC)
    for number, window in ((2, (start + HOUR, end - HOUR)), (3, (start, end))):
        at = NOON + number * HOUR
        load(warehouse, shelf, shelf.report(f"acme_na.{number}", "ledger_detail", [], days=window, created_at=at))
        stands = [reference for _, reference, _, _ in movements(warehouse)]
        # 3 August begins at 10:00 UTC of the second in UTC+14; 5 August ends at 12:00 UTC of the sixth in UTC-12
        assert stands == (["R1", "R2", "R3", "R5", "R6"] if number == 2 else ["R1", "R2", "R6"])


def test_a_report_that_has_nothing_to_tell_takes_back_what_the_one_before_told(
    warehouse: Warehouse, shelf: Shelf
) -> None:
    load(warehouse, shelf, shelf.report("acme_na.1", "ledger_detail", [moved(3, 1)], days=(day(1), day(6))))
    load(warehouse, shelf, shelf.report("acme_na.2", "ledger_detail", [], days=(day(1), day(6)), created_at=NOON))
    assert movements(warehouse) == []


def test_a_report_tells_of_its_own_marketplaces_alone(warehouse: Warehouse, shelf: Shelf) -> None:
    window = (day(1), day(6))
    load(
        warehouse,
        shelf,
        shelf.report("acme_na.1", "ledger_detail", [moved(3, 1, "US")], days=window, marketplaces=("US",)),
        shelf.report("acme_na.2", "ledger_detail", [moved(3, 2, "CA")], days=window, marketplaces=("CA",)),
        shelf.report("acme_na.import-3", "ledger_detail", [moved(3, 3, "file")]),
    )
    empty = shelf.report("acme_na.4", "ledger_detail", [], days=window, marketplaces=("MX", "US"), created_at=NOON)
    load(warehouse, shelf, empty)
    assert [reference for _, reference, _, _ in movements(warehouse)] == ["CA", "file"]


def test_snapshots_stand_side_by_side_by_day_and_the_latest_of_a_day_counts(warehouse: Warehouse, shelf: Shelf) -> None:
    load(
        warehouse,
        shelf,
        shelf.report("acme_na.1", "fee_preview", [fee("TEA", "3.00"), fee("MUG", "4.00")], created_at=NOON - 24 * HOUR),
        shelf.report("acme_na.2", "fee_preview", [fee("TEA", "3.10"), fee("MUG", "4.10")], created_at=NOON),
        shelf.report("acme_na.3", "fee_preview", [fee("TEA", "3.20")], created_at=NOON + HOUR),
    )
    assert rows(warehouse, "SELECT as_of_day, sku, estimated_fee_total FROM core.fee_preview ORDER BY ALL") == [
        (day(19), "MUG", Decimal("4.00")),
        (day(19), "TEA", Decimal("3.00")),
        (day(20), "TEA", Decimal("3.20")),
    ]


def test_what_was_outdated_stands_again_when_the_newer_document_is_withdrawn(
    warehouse: Warehouse, shelf: Shelf
) -> None:
    load(warehouse, shelf, shelf.report("acme_na.1", "orders", [ordered("A", "10.00")]))
    newer = shelf.report("acme_na.2", "orders", [ordered("A", "0.01"), ordered("B", "1.00")], created_at=NOON)
    load(warehouse, shelf, newer, run_id="second")
    assert warehouse.documents_of_run("second") == ["acme_na.2"]
    load(warehouse, shelf, decided=[decide(Action.WITHDRAW, "acme_na.2")])
    assert items(warehouse) == [("A", "TEA", Decimal("10.00"), "acme_na.1")]
    load(warehouse, shelf, decided=[decide(Action.RESTORE, "acme_na.2", at=NOON + HOUR)])
    assert [order for order, *_ in items(warehouse)] == ["A", "B"]


def test_a_document_that_is_read_anew_replaces_its_own_rows(warehouse: Warehouse, shelf: Shelf) -> None:
    load(warehouse, shelf, shelf.report("acme_na.1", "orders", [ordered("A", "10.00"), ordered("B", "1.00")]))
    load(warehouse, shelf, shelf.report("acme_na.1", "orders", [ordered("A", "10.50")], reader_version=2))
    assert items(warehouse) == [("A", "TEA", Decimal("10.50"), "acme_na.1")]


def test_an_older_report_that_comes_late_gives_only_what_no_newer_one_tells(warehouse: Warehouse, shelf: Shelf) -> None:
    load(
        warehouse,
        shelf,
        shelf.report("acme_na.2", "orders", [ordered("A", "2.00"), ordered("B", "2.00")], created_at=NOON),
    )
    load(warehouse, shelf, shelf.report("acme_na.3", "orders", [ordered("A", "3.00")], created_at=NOON + HOUR))
    late = shelf.report("acme_na.1", "orders", [ordered("A", "1.00"), ordered("B", "1.00"), ordered("C", "1.00")])
    assert load(warehouse, shelf, late).rows_merged == 1
    assert [(order, document) for order, _, _, document in items(warehouse)] == [
        ("A", "acme_na.3"),
        ("B", "acme_na.2"),
        ("C", "acme_na.1"),
    ]


def test_a_daily_load_opens_no_file_of_the_history(warehouse: Warehouse, shelf: Shelf) -> None:
    for number in range(1, 6):
        window = (day(number), day(number + 3))
        at = NOON + number * HOUR
        load(
            warehouse,
            shelf,
            shelf.report(f"acme_na.{number}", "ledger_detail", [moved(number + 1, 1)], days=window, created_at=at),
        )
    assert shelf.fetched == [f"acme_na.{number}-1-rows.parquet" for number in range(1, 6)]


def test_loading_again_touches_nothing(warehouse: Warehouse, shelf: Shelf) -> None:
    outcome = shelf.report("acme_na.1", "orders", [ordered("A", "10.00")])
    load(warehouse, shelf, outcome)
    before = content(warehouse, "ops", "core", ordered=False)
    assert load(warehouse, shelf, outcome, run_id="second").rows_merged == 0
    assert content(warehouse, "ops", "core", ordered=False) == before


def test_marts_built_after_each_load_are_those_built_at_once(made: Callable[[str], Warehouse], shelf: Shelf) -> None:
    """What changed is noted by order, month and day; nothing else is computed again, and nothing is missed."""
    step_by_step, at_once = made("steps"), made("once")
    sold = [sale("10.00", order_id=f"111-0000000-000000{n}", sku="TEA", quantity_purchased=1) for n in range(4)]
    back = [
        sale("-10.00", order_id="111-0000000-0000001", sku="TEA", transaction_type="Refund", posted_date=day(9)),
        sale("5.00", order_id="111-0000000-0000002", sku="MUG", posted_date=dt.date(2026, 7, 31)),
    ]
    returned = {"order_id": "111-0000000-0000001", "sku": "TEA", "quantity": 1, "returned_day": day(12)}
    orders = [ordered(f"111-0000000-000000{n}", "10.00") for n in range(1, 6)]
    window = (dt.date(2026, 7, 1), dt.date(2026, 8, 31))
    loads = [
        (shelf.report("acme_na.1", "orders", orders[:3], days=window),),
        (shelf.ready("acme_na.s1", Settlement(sold, "1")),),
        (shelf.report("acme_na.2", "orders", [ordered("111-0000000-0000001", "12.00")], created_at=NOON),),
        (
            shelf.report("acme_na.3", "fba_returns", [returned], days=window),
            shelf.ready("acme_na.s2", Settlement(back, "2")),
        ),
        (shelf.report("acme_na.4", "orders", orders, created_at=NOON + HOUR),),
        (shelf.ready("acme_na.s3", Settlement(sold[:2], "1"), created_at=NOON),),
    ]
    for outcomes in loads:
        for warehouse in (step_by_step, at_once):
            load(warehouse, shelf, *outcomes)
        step_by_step.build_marts()
    for warehouse in (step_by_step, at_once):
        load(warehouse, shelf, decided=[decide(Action.WITHDRAW, "acme_na.4")])
        warehouse.build_marts()
    assert content(step_by_step, "mart") == content(at_once, "mart")
    assert set(step_by_step.build_marts(rebuild=True).rows_changed.values()) == {0}
    found = rows(
        at_once, "SELECT right(order_id, 1), ordered_amount, settled_sales, state FROM mart.order_to_cash ORDER BY 1"
    )
    assert found == [
        ("0", None, Decimal("10.00"), "not_in_orders"),
        ("1", Decimal("12.00"), Decimal("10.00"), "differs"),
        ("2", Decimal("10.00"), Decimal("5.00"), "differs"),
        ("3", Decimal("10.00"), None, "open"),
    ]


def test_a_quarantined_report_is_in_trouble_and_not_in_core(warehouse: Warehouse, shelf: Shelf) -> None:
    load(warehouse, shelf, shelf.ready("acme_na.s1", Settlement([sale("10.00")], "1")))
    warehouse.build_marts()
    reason = Reason(code=ReasonCode.DAMAGED_FILE, message="The file was cut.")
    load(warehouse, shelf, Shelf.quarantined(shelf.report("acme_na.1", "orders", [ordered("A", "1.00")]), reason))
    warehouse.build_marts()
    assert items(warehouse) == []
    assert rows(warehouse, "SELECT kind, subject FROM mart.trouble") == [("document_quarantined", "acme_na.1")]


def test_a_second_source_is_compared_when_it_comes_after_the_settlement(warehouse: Warehouse, shelf: Shelf) -> None:
    """The settlement does not change when the Finances API tells of it: what changed is told by the transactions."""

    def told(total: str, leaf: str) -> dict[str, Any]:
        own = {"transaction_id": "T1", "posted_day": day(3), "settlement_id": "1", "currency": "USD", "leaf_no": 1}
        return {**own, "total_amount": Decimal(total), "leaf_currency": "USD", "leaf_amount": Decimal(leaf)}

    def compared() -> list[tuple[Any, ...]]:
        warehouse.build_marts()
        return rows(warehouse, "SELECT transactions, state, differences FROM mart.settlement_against_finances")

    load(warehouse, shelf, shelf.ready("acme_na.s1", Settlement([sale("10.00")], "1")))
    assert compared() == [(0, "not_covered", None)]
    window = (dt.date(2026, 7, 1), dt.date(2026, 8, 31))
    load(warehouse, shelf, shelf.report("acme_na.1", "transactions", [told("9.99", "9.99")], days=window))
    assert compared() == [(1, "differs", "transactions -0.01")]
    corrected = shelf.report("acme_na.2", "transactions", [told("10.00", "10.00")], created_at=NOON, days=window)
    load(warehouse, shelf, corrected)
    assert compared() == [(1, "agrees", None)]
    assert rows(warehouse, "SELECT amount FROM core.transaction_leaf") == [(Decimal("10.00"),)]


def some_documents(shelf: Shelf, chance: random.Random, salt: str) -> list[DocumentOutcome]:
    """Documents that overlap in every way: keys, windows, marketplaces, days, times of making."""
    made = []
    for number in range(chance.randint(4, 9)):
        family = chance.choice(["orders", "ledger_detail", "ledger_detail", "fee_preview"])
        some = range(chance.randint(0, 5))
        if family == "orders":
            told = [ordered(chance.choice("ABCD"), str(chance.randint(1, 9)), chance.choice("xy")) for _ in some]
        elif family == "ledger_detail":
            told = [moved(chance.randint(1, 8), chance.randint(1, 9), chance.choice("RS")) for _ in some]
        else:
            told = [fee(chance.choice("xy"), str(chance.randint(1, 9))) for _ in some]
        start = dt.datetime.combine(day(chance.randint(1, 6)), dt.time(chance.randint(0, 23)), dt.UTC)
        made.append(
            shelf.report(
                f"acme_na.{salt}-{number}",
                family,
                told,
                days=chance.choice([None, (start, start + chance.randint(20, 150) * HOUR)]),
                marketplaces=chance.choice([(), ("US",), ("CA",), ("CA", "US")]),
                created_at=NOON + chance.randint(0, 60) * HOUR,
            )
        )
    return made


def outdates(b: DocumentOutcome, their: list[dict[str, Any]], a: DocumentOutcome, row: dict[str, Any]) -> bool:
    """The rule in plain words, as the documentation of `Merging` has it."""
    new, old = b.document, a.document
    if (new.created_at, new.document_id) <= (old.created_at, old.document_id):
        return False
    family = a.staged.reading.family  # type: ignore[union-attr]
    among = set(old.marketplace_ids) <= set(new.marketplace_ids) and (
        bool(old.marketplace_ids) or not new.marketplace_ids
    )
    if family == "fee_preview":
        return among and new.created_at.date() == old.created_at.date()
    if family == "orders":
        return any(row["amazon_order_id"] == other["amazon_order_id"] for other in their)
    key = ("date", "reference_id")
    begins = dt.datetime.combine(row["date"], dt.time(), dt.timezone(dt.timedelta(hours=14)))
    ends = dt.datetime.combine(row["date"] + dt.timedelta(days=1), dt.time(), dt.timezone(dt.timedelta(hours=-12)))
    covered = new.data_start_at and new.data_start_at <= begins and ends <= new.data_end_at
    return any(all(row[name] == other[name] for name in key) for other in their) or bool(among and covered)


@pytest.mark.parametrize("seed", range(5))
def test_any_order_any_repeats_and_any_withdrawals_give_the_same_rows(
    made: Callable[[str], Warehouse], shelf: Shelf, seed: int
) -> None:
    chance = random.Random(seed)
    documents = some_documents(shelf, chance, str(seed))
    told = {o.document.document_id: _told(shelf, o) for o in documents}
    withdrawn = {o.document.document_id for o in documents if chance.random() < 0.3}
    standing = [o for o in documents if o.document.document_id not in withdrawn]
    expected = sorted(
        (o.document.document_id, line)
        for o in standing
        for line, row in enumerate(told[o.document.document_id], start=2)
        if not any(
            outdates(b, told[b.document.document_id], o, row)
            for b in standing
            if b.staged.reading.family == o.staged.reading.family  # type: ignore[union-attr]
        )
    )
    found = []
    for order in range(2):
        warehouse = made(f"{seed}-{order}")
        queue = documents * 2
        chance.shuffle(queue)
        decisions = [decide(Action.WITHDRAW, name) for name in sorted(withdrawn)]
        # some that are restored in between
        back = [decide(Action.RESTORE, name, at=NOON + HOUR) for name in sorted(withdrawn)]
        again = [decide(Action.WITHDRAW, name, at=NOON + 2 * HOUR) for name in sorted(withdrawn)]
        for decided in (decisions, back, again):
            while queue and chance.random() < 0.8:
                batch = [queue.pop() for _ in range(min(len(queue), chance.randint(1, 4)))]
                load(warehouse, shelf, *{o.document.document_id: o for o in batch}.values())
            load(warehouse, shelf, decided=decided)
        load(warehouse, shelf, *{o.document.document_id: o for o in queue}.values())
        query = " UNION ALL ".join(
            f"SELECT document_id, line_no FROM core.{name}" for name in ("order_item", "stock_movement", "fee_preview")
        )
        found.append(rows(warehouse, f"{query} ORDER BY ALL"))
    assert found == [expected, expected]


def _told(shelf: Shelf, outcome: DocumentOutcome) -> list[dict[str, Any]]:
    import pyarrow.parquet as pq

    return pq.read_table(shelf.folder / outcome.staged.rows_key).to_pylist()  # type: ignore[union-attr]
