"""What shows of an answer or a file in a bundle: names and constants of Amazon's, and the forms of all else."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from tieout.doctor.shapes import shape_of, shape_of_body, shape_of_file
from tieout.doctor.words import enumeration, form, shown_name


@pytest.mark.parametrize(
    "name", ["transactionId", "postedDate", "sellingPartnerMetadata", "FinancialEventGroupList", "amount-description",
             "order-id", "Transaction Time", "交易时间", "posted-date-time", "Quantité", "payoutStatusV2", "address line2"]
)  # fmt: skip
def test_names_of_amazons_show(name: str) -> None:
    assert shown_name(name) == name


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Jane", "<Aa 4>"),
        ("Jane Doe", "<Aa Aa 8>"),
        ("jane.doe@example.com", "<a.a@a.a 20>"),
        ("111-2222222-3333333", "<9-9-9 19>"),
        ("Atzr|IwEBIHidden", "<Aa|AaAa 16>"),
        ("A2NODRKZP88ZB8", "<A9A9A9 14>"),
        ("janesPayoutStatus", "<a>PayoutStatus"),
        # a word of Amazon's beside one that is not
        ("transaction-janes-amount", "transaction-<a>-amount"),
        ("ヤマダ", "<x 3>"),
    ],
)
def test_what_may_be_a_persons_does_not_show_as_a_name(name: str, shown: str) -> None:
    assert shown_name(name) == shown


@pytest.mark.parametrize(
    "value", ["DONE", "STANDARD_ORDERS", "Standard Orders", "EUR", "ATVPDKIKX0DER", "RESERVE_PENDING"]
)
def test_constants_of_amazons_show(value: str) -> None:
    assert enumeration(value)


@pytest.mark.parametrize(
    "value",
    ["JANE", "JANE_DOE", "Jane", "BERLIN", "A2NODRKZP88ZB8", "12.34", "2026-08-31", "111-2222222-3333333", "SKU-1", ""],
)
def test_values_are_no_constants(value: str) -> None:
    assert not enumeration(value)


def test_a_form_tells_how_a_date_is_written_and_not_which() -> None:
    assert form("2026-08-31T15:00:00Z") == "9-9-9A9:9:9A"
    assert form("-1.234,56 €") == "-9.9,9 x"


def test_a_shape_counts_types_and_keeps_no_value() -> None:
    shape = shape_of([{"amount": 12.5, "id": None}, {"amount": "12,5", "status": "DONE"}, {"amount": True}])
    fields = shape["list"]["items"]["object"]["fields"]
    assert shape["list"]["items"]["object"]["seen"] == 3
    assert fields["amount"] == {
        "number": {"seen": 1, "lengths": [4, 4], "forms": ["9.9"]},
        "text": {"seen": 1, "lengths": [4, 4], "forms": ["9,9"]},
        "boolean": {"seen": 1},
    }
    assert fields["status"]["text"]["constants"] == ["DONE"]
    assert fields["id"] == {"null": 1}


def test_an_answer_that_is_no_json_is_described() -> None:
    assert shape_of_body(b"<html>Jane</html>") == {
        "no_json": {"length": 17, "form": "xaxAaxxax".replace("xxax", "x/ax")}
    }
    assert shape_of_body(b"") == {"empty": True}


def test_the_shape_of_a_table(tmp_path: Path) -> None:
    path = tmp_path / "report"
    path.write_bytes(gzip.compress(b"order-id\tcurrency\tjanes-note\n111-2222222-3333333\tEUR\tcall Jane\n\t\t\n"))
    assert shape_of_file(path) == {
        "encoding": "utf-8",
        "delimiter": "\t",
        "header_line": 1,
        "rows_looked_at": 2,
        "cells_in_a_row": [3],
        "columns": {
            "1: order-id": {"text": {"seen": 1, "lengths": [19, 19], "forms": ["9-9-9"]}, "null": 1},
            "2: currency": {"text": {"seen": 1, "lengths": [3, 3], "constants": ["EUR"]}, "null": 1},
            "3: <a-a 10>": {"text": {"seen": 1, "lengths": [9, 9], "forms": ["a Aa"]}, "null": 1},
        },
    }


def test_a_file_without_a_header_shows_no_value(tmp_path: Path) -> None:
    path = tmp_path / "report"
    path.write_text("Jane Doe\tjane@example.com\t10115\nJohn Roe\tjohn@example.com\t20095\n")
    shown = json.dumps(shape_of_file(path))
    assert not [value for value in ("Jane", "Doe", "example", "10115", "John") if value in shown]
