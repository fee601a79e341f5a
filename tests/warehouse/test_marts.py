"""The marts follow what is loaded, touch nothing that is right, and come out the same when built anew."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable
from decimal import Decimal

import pytest

import tieout.models
from tests.staged import START, Settlement, Shelf, fee, other, sale
from tests.warehouse.conftest import content, rows
from tieout.documents import Reason, ReasonCode, Region
from tieout.fees import FeeDictionary, fee_dictionary
from tieout.warehouse import Warehouse, engine

FORTNIGHT = dt.timedelta(days=14)


def chain(count: int) -> list[Settlement]:
    """Settlements one after the other, each holding back 20.00 and releasing what the one before held."""
    settlements = []
    for number in range(count):
        lines = [sale("100.00"), fee("-15.00"), other("-20.00", "Current Reserve Amount")]
        if number:
            lines.append(other("20.00", "Previous Reserve Amount Balance"))
        start = START + number * FORTNIGHT
        settlements.append(Settlement(lines, str(number), start_at=start, end_at=start + FORTNIGHT))
    return settlements


def load(warehouse: Warehouse, shelf: Shelf, *settlements: Settlement, account: str = "acme_na") -> None:
    outcomes = [shelf.ready(f"{account}.{s.settlement_id}", s) for s in settlements]
    warehouse.load(outcomes, shelf.fetch, region=Region.NA, business_day=None, run_id="run")


def test_one_settlement_through_every_mart(warehouse: Warehouse, shelf: Shelf) -> None:
    load(warehouse, shelf, *chain(2))
    warehouse.build_marts()
    assert rows(
        warehouse,
        "SELECT control_total, sum_of_lines, difference, state, deposit_date FROM mart.settlement_tie_out "
        "WHERE settlement_id = '1'",
    ) == [(Decimal("85.00"), Decimal("85.00"), Decimal("0.00"), "tied_out", dt.date(2026, 8, 17))]
    assert rows(
        warehouse,
        "SELECT category, amount FROM mart.settlement_by_category WHERE settlement_id = '1' ORDER BY category",
    ) == [
        ("product_sales", Decimal("100.00")),
        ("reserve_held", Decimal("-20.00")),
        ("reserve_released", Decimal("20.00")),
        ("selling_fees", Decimal("-15.00")),
    ]
    assert rows(
        warehouse, "SELECT previous_settlement_id, reserve_difference, state FROM mart.reserve_roll_forward ORDER BY 3"
    ) == [(None, None, "first"), ("0", Decimal("0.00"), "rolled_forward")]
    assert rows(warehouse, "SELECT deposit_amount, status FROM mart.expected_deposit ORDER BY settlement_id") == [
        (Decimal("65.00"), "expected"),
        (Decimal("85.00"), "expected"),
    ]


def test_categories_of_a_settlement_add_up_to_its_control_total(warehouse: Warehouse, shelf: Shelf) -> None:
    load(warehouse, shelf, *chain(5))
    warehouse.build_marts()
    assert not rows(
        warehouse,
        "SELECT t.settlement_id FROM mart.settlement_tie_out AS t LEFT JOIN (SELECT account, settlement_id, sum(amount) "
        "AS amount FROM mart.settlement_by_category GROUP BY ALL) AS c USING (account, settlement_id) "
        "WHERE c.amount IS DISTINCT FROM t.control_total",
    )


def test_only_what_changed_is_computed_and_only_what_differs_is_written(warehouse: Warehouse, shelf: Shelf) -> None:
    load(warehouse, shelf, *chain(3))
    assert warehouse.build_marts().settlements == 3
    before = content(warehouse, "mart", ordered=False)
    load(warehouse, shelf, *chain(4)[3:])
    built = warehouse.build_marts()
    assert built.settlements == 1
    assert {mart: n for mart, n in built.rows_changed.items() if not mart.startswith("mart.appstore_")} == {
        "core.converted_payout": 0,
        "core.coverage": 2,
        "core.exchange_rate": 0,
        "mart.settlement_tie_out": 1,
        "mart.settlement_by_category": 4,
        "mart.settlement_by_month": 4,
        "mart.settlement_version_difference": 0,
        "mart.settlement_chain": 1,
        "mart.settlement_series": 2,
        "mart.reserve_roll_forward": 1,
        "mart.expected_deposit": 1,
        "mart.unknown_fee_by_settlement": 0,
        "mart.unknown_fee": 0,
        "mart.moved_since_close": 0,
        "mart.settlement_converted": 1,
        "mart.month_converted": 4,
        "mart.order_to_cash": 2,
        "mart.refund_against_return": 0,
        "mart.sku_profit": 2,
        "mart.tax_by_country": 0,
        "mart.fulfillment_fee_difference": 0,
        "mart.account_health_by_day": 0,
        "mart.transaction_by_settlement": 0,
        "mart.settlement_against_finances": 1,
        "mart.held_money_by_day": 0,
        "mart.deferred_money": 0,
        "mart.trouble": 0,
    }
    after = content(warehouse, "mart", ordered=False)
    appended = before.keys() - {"mart.settlement_series", "mart.order_to_cash", "mart.sku_profit"}
    assert all(after[name][: len(before[name])] == before[name] for name in appended)


def test_a_full_build_gives_the_same_rows_and_moves_none(warehouse: Warehouse, shelf: Shelf) -> None:
    for settlement in chain(4):
        load(warehouse, shelf, settlement)
        warehouse.build_marts()
    before = content(warehouse, "mart", ordered=False)
    built = warehouse.build_marts(rebuild=True)
    assert (built.settlements, set(built.rows_changed.values())) == (4, {0})
    assert content(warehouse, "mart", ordered=False) == before


def test_loads_whose_marts_were_never_built_are_made_good(made: Callable[[str], Warehouse], shelf: Shelf) -> None:
    built_each_time, built_once = made("each"), made("once")
    for settlement in chain(3):
        load(built_each_time, shelf, settlement)
        built_each_time.build_marts()
        load(built_once, shelf, settlement)
    built_once.build_marts()
    assert content(built_once, "mart") == content(built_each_time, "mart")


def test_a_settlement_that_goes_leaves_every_mart(warehouse: Warehouse, shelf: Shelf) -> None:
    load(warehouse, shelf, *chain(2))
    warehouse.build_marts()
    reason = Reason(code=ReasonCode.CONTROL_TOTAL_MISMATCH, message="short")
    refused = Shelf.quarantined(shelf.ready("acme_na.1", chain(2)[1]), reason, suite_version=2)
    warehouse.load([refused], shelf.fetch, region=Region.NA, business_day=None, run_id="run")
    warehouse.build_marts()
    assert rows(warehouse, "SELECT settlement_id, state, reason FROM mart.settlement_tie_out ORDER BY 1") == [
        ("0", "tied_out", None),
        ("1", "quarantined", "short"),
    ]
    for mart in ("settlement_by_category", "reserve_roll_forward", "expected_deposit"):
        assert rows(warehouse, f"SELECT DISTINCT settlement_id FROM mart.{mart}") == [("0",)]


def test_an_unknown_kind_counts_and_is_shown(warehouse: Warehouse, shelf: Shelf) -> None:
    load(warehouse, shelf, Settlement([sale("10.00"), fee("-1.00", "Surprise"), fee("-0.50", "Surprise")], "1"))
    warehouse.build_marts()
    assert rows(warehouse, "SELECT amount_description, currency, amount, lines FROM mart.unknown_fee") == [
        ("Surprise", "USD", Decimal("-1.50"), 2)
    ]
    assert rows(warehouse, "SELECT state FROM mart.settlement_tie_out") == [("tied_out",)]


def test_a_new_rule_gives_lines_that_are_there_their_category(
    warehouse: Warehouse, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(warehouse, shelf, Settlement([sale("10.00"), fee("-1.00", "Surprise")], "1"), *chain(1))
    warehouse.build_marts()
    dictionary = fee_dictionary()
    known = next(rule for rule in dictionary.rules if rule.amount_description == "commission*")
    rule = known.model_copy(update={"amount_description": "surprise", "category": "other_fees"})
    newer = FeeDictionary(categories=dictionary.categories, rules=(*dictionary.rules, rule), version="newer")
    monkeypatch.setattr(engine, "fee_dictionary", lambda: newer)
    warehouse.build_marts()
    assert rows(
        warehouse, "SELECT category, amount FROM mart.settlement_by_category WHERE settlement_id = '1' ORDER BY 1"
    ) == [("other_fees", Decimal("-1.00")), ("product_sales", Decimal("10.00"))]
    assert rows(warehouse, "SELECT * FROM mart.unknown_fee") == []
    assert rows(warehouse, "SELECT settlement_id FROM ops.load WHERE action = 'recategorised'") == [("1",)]
    assert rows(warehouse, "SELECT DISTINCT dictionary_version FROM core.fee_category") == [("newer",)]


def test_a_mart_whose_sql_changed_is_built_anew(
    warehouse: Warehouse, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(warehouse, shelf, *chain(2))
    warehouse.build_marts()
    changed = dict(tieout.models.models())
    mart = changed["mart.expected_deposit"]
    changed["mart.expected_deposit"] = dataclasses.replace(
        mart, select=(mart.select or "").replace("'expected'", "'due'")
    )
    monkeypatch.setattr(engine, "models", lambda: changed)
    built = warehouse.build_marts()
    assert built.rows_changed["mart.expected_deposit"] == 4
    assert built.rows_changed["mart.settlement_tie_out"] == 0
    assert rows(warehouse, "SELECT DISTINCT status FROM mart.expected_deposit") == [("due",)]


def test_a_line_model_whose_sql_changed_loads_every_settlement_anew(
    warehouse: Warehouse, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(warehouse, shelf, *chain(2))
    changed = dict(tieout.models.models())
    model = changed["core.settlement_line"]
    select = (model.select or "").replace("  l.sku,", "  lower(l.sku) AS sku,")
    changed["core.settlement_line"] = dataclasses.replace(model, select=select)
    monkeypatch.setattr(engine, "models", lambda: changed)
    shelf.fetched.clear()
    result = warehouse.load([], shelf.fetch, region=None, business_day=None, run_id="run")
    assert (result.settlements_written, sorted(shelf.fetched)) == (
        2,
        ["acme_na.0-lines.parquet", "acme_na.1-lines.parquet"],
    )
    assert warehouse.load([], shelf.fetch, region=None, business_day=None, run_id="run").settlements_written == 0


def test_a_query_that_gives_a_key_twice_is_refused(
    warehouse: Warehouse, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(warehouse, shelf, *chain(1))
    changed = dict(tieout.models.models())
    mart = changed["mart.expected_deposit"]
    changed["mart.expected_deposit"] = dataclasses.replace(
        mart, select=f"SELECT * FROM ({mart.select}) AS m CROSS JOIN (VALUES (1), (2)) AS twice"
    )
    monkeypatch.setattr(engine, "models", lambda: changed)
    with pytest.raises(RuntimeError, match=r"mart\.expected_deposit has more than one row"):
        warehouse.build_marts()
    assert rows(warehouse, "SELECT * FROM mart.settlement_tie_out") == []


def test_amounts_of_two_currencies_are_never_added(warehouse: Warehouse, shelf: Shelf) -> None:
    yen = Settlement([sale("1500.00"), fee("-1.00", "Surprise")], "2", currency="JPY")
    load(warehouse, shelf, Settlement([sale("10.00"), fee("-1.00", "Surprise")], "1"), yen)
    warehouse.build_marts()
    assert rows(warehouse, "SELECT currency, amount FROM mart.unknown_fee ORDER BY 1") == [
        ("JPY", Decimal("-1.00")),
        ("USD", Decimal("-1.00")),
    ]
